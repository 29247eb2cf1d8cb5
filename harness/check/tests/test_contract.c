/* harness/check/tests/test_contract.c -- the table of contracts says what it seems to say. */
#include "harness/check/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const tl_driver_setting log_512[] = {
    {"log_pad_bytes", "4096"},
    {"log_pad_bytes", "512" },
    {"commit",        "log" }
};
static const tl_driver_setting log_4096[] = {
    {"commit",        "log"},
    {"log_pad_bytes", "4k" }
};

static tl_contract_case tree(const tl_driver_setting *settings, size_t count,
                             tl_durability durability, tl_profile profile)
{
    return (tl_contract_case){"tree", settings, count, 0, durability, profile};
}

static void the_built_in_table_promises_what_the_engine_says(void **state)
{
    (void)state;
    const tl_contracts *table = tl_contracts_builtin();
    for (unsigned p = 0; p < TL_PROFILE_COUNT; p++) {
        tl_profile profile = (tl_profile)p;
        bool killed = profile == TL_PROFILE_SIGKILL, liar = profile == TL_PROFILE_LIAR;
        tl_contract_case whose = tree(log_4096, 2, TL_DURABILITY_COMMIT, profile);
        tl_contract contract = tl_contract_find(table, &whose);
        assert_int_equal(contract.durable, liar ? TL_DURABLE_NO : TL_DURABLE_ACK);
        assert_int_equal(contract.refuses, liar);
        assert_true(contract.atomic && contract.ordered);
        whose.durability = TL_DURABILITY_NONE;
        contract = tl_contract_find(table, &whose);
        assert_int_equal(contract.durable, killed ? TL_DURABLE_ACK : TL_DURABLE_NO);
        assert_int_equal(contract.refuses, !killed);
    }
}

static void small_padding_of_the_log_is_excused_under_garbage_and_nowhere_else(void **state)
{
    (void)state;
    const tl_contracts *table = tl_contracts_builtin();
    tl_contract_case whose = tree(log_512, 3, TL_DURABILITY_COMMIT, TL_PROFILE_GARBAGE);
    const tl_contract_row *known = tl_contract_known(table, &whose, TL_RULE_LOST_COMMITTED);
    assert_non_null(known);
    assert_non_null(strstr(known->reason, "log_pad_bytes=4096"));
    assert_null(tl_contract_known(table, &whose, TL_RULE_STRUCTURE));
    whose.profile = TL_PROFILE_POSIX;
    assert_null(tl_contract_known(table, &whose, TL_RULE_LOST_COMMITTED));
    whose = tree(log_4096, 2, TL_DURABILITY_COMMIT, TL_PROFILE_GARBAGE);
    assert_null(tl_contract_known(table, &whose, TL_RULE_LOST_COMMITTED));
    whose = tree(log_4096, 1, TL_DURABILITY_COMMIT, TL_PROFILE_GARBAGE);
    assert_non_null(tl_contract_known(table, &whose, TL_RULE_LOST_COMMITTED)); /* the default */
}

static void pages_smaller_than_what_a_device_spoils_are_outside_the_contract(void **state)
{
    (void)state;
    const tl_contracts *table = tl_contracts_builtin();
    static const tl_driver_setting padded[] = {
        {"commit",        "log" },
        {"log_pad_bytes", "4096"}
    };
    tl_contract_case whose = tree(padded, 2, TL_DURABILITY_COMMIT, TL_PROFILE_GARBAGE);
    static const struct {
        uint32_t page_bytes;
        bool known;
    } rows[] = {
        {1024,  true },
        {2048,  true },
        {4096,  false},
        {65536, false},
        {0,     false}
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        whose.page_bytes = rows[i].page_bytes;
        assert_int_equal(tl_contract_known(table, &whose, TL_RULE_STRUCTURE) != NULL,
                         rows[i].known);
    }
    whose = tree(padded, 2, TL_DURABILITY_COMMIT, TL_PROFILE_POSIX);
    whose.page_bytes = 1024;
    assert_null(tl_contract_known(table, &whose, TL_RULE_STRUCTURE));
}

static void what_must_be_there_follows_the_word_for_durable(void **state)
{
    (void)state;
    size_t begun[] = {0, 4, 8, 12}, acknowledged[] = {3, 6, 10, 14};
    size_t checkpointed[] = {SIZE_MAX, SIZE_MAX, 11, 20};
    const tl_trace trace = {
        .begun = begun, .acknowledged = acknowledged, .checkpointed = checkpointed, .commits = 3};
    static const struct {
        size_t at, high, low[TL_DURABLE_COUNT];
    } rows[] = {
        {3,  0, {0, 0, 0}},
        {7,  1, {0, 0, 1}},
        {10, 2, {0, 0, 2}},
        {11, 2, {0, 2, 2}},
        {14, 3, {0, 2, 3}},
        {20, 3, {0, 3, 3}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned d = 0; d < TL_DURABLE_COUNT; d++) {
            tl_contract contract = {(tl_durable)d, true, true, false};
            tl_allowed allowed = tl_contract_allowed(&contract, &trace, rows[i].at);
            assert_int_equal(allowed.low, rows[i].low[d]);
            assert_int_equal(allowed.high, rows[i].high);
        }
    }
}

static void more_kept_than_promised_is_said_only_when_nothing_fell_short(void **state)
{
    (void)state;
    size_t begun[] = {0, 4, 8}, acknowledged[] = {3, 6, 10};
    size_t checkpointed[] = {SIZE_MAX, 7, SIZE_MAX};
    const tl_trace trace = {
        .begun = begun, .acknowledged = acknowledged, .checkpointed = checkpointed, .commits = 2};
    const tl_contract weak = {TL_DURABLE_NO, true, true, true};
    tl_contract_seen seen = {{0}, 0};
    tl_verdict verdict = {
        .rule = TL_RULE_NONE, .content = {1, 0}
    };
    char text[128];
    tl_contract_see(&seen, &trace, 7, &verdict);
    assert_true(tl_contract_stronger(&weak, &seen, text, sizeof text));
    assert_string_equal(text, "durable: ack, not only no; it never refused");
    tl_contract_see(&seen, &trace, 10, &verdict); /* commit 2 is missing, no checkpoint is */
    assert_true(tl_contract_stronger(&weak, &seen, text, sizeof text));
    assert_string_equal(text, "durable: checkpoint, not only no; it never refused");
    verdict.refused = true;
    tl_contract_see(&seen, &trace, 10, &verdict);
    verdict = (tl_verdict){
        .rule = TL_RULE_NONE, .content = {0, 0}
    };
    tl_contract_see(&seen, &trace, 10, &verdict);
    assert_false(tl_contract_stronger(&weak, &seen, text, sizeof text));
}

static void a_wrong_line_is_named_with_what_is_wanted(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"",                                              "no row"    },
        {"promise a b c",                                 "line 1"    },
        {"# fine\ncontract tree * commit * ack yes",      "line 2"    },
        {"contract tree * sometimes * ack yes yes no",    "durability"},
        {"contract tree * commit ext4 ack yes yes no",    "a profile" },
        {"contract tree * commit * perhaps yes yes no",   "ack, check"},
        {"contract tree * commit * ack yes yes maybe",    "yes or no" },
        {"contract tree * commit * ack yes yes no more",  "eighth"    },
        {"known tree * commit * no_such_rule - because",  "rules of"  },
        {"known tree * commit * * log_pad_bytes because", "NAME=VALUE"},
        {"known tree * commit * * -",                     "a reason"  },
    };
    static tl_contracts table;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char error[160] = "";
        tl_status status = tl_contracts_parse(rows[i].text, &table, error, sizeof error);
        assert_int_equal(status, TL_INVALID);
        if (strstr(error, rows[i].error) == NULL)
            fail_msg("'%s': %s", rows[i].text, error);
    }
    char error[160] = "";
    assert_int_equal(tl_contracts_parse("contract * * * * no no no yes\n"
                                        "known x log none garbage * a=b it is so\n",
                                        &table, error, sizeof error),
                     TL_OK);
    assert_int_equal(table.count, 2);
    assert_string_equal(table.rows[1].reason, "it is so");
    assert_false(table.rows[0].contract.atomic || table.rows[0].contract.ordered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_table_promises_what_the_engine_says),
        cmocka_unit_test(small_padding_of_the_log_is_excused_under_garbage_and_nowhere_else),
        cmocka_unit_test(pages_smaller_than_what_a_device_spoils_are_outside_the_contract),
        cmocka_unit_test(what_must_be_there_follows_the_word_for_durable),
        cmocka_unit_test(more_kept_than_promised_is_said_only_when_nothing_fell_short),
        cmocka_unit_test(a_wrong_line_is_named_with_what_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
