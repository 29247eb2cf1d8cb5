/* workloads/tests/test_options.c -- claims of options.h, through a table and the workloads. */
#include "workloads/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const tl_workload_option options[] = {
    {"value_bytes", "bytes", "100",     "0..64k",         ""  },
    {"count",       "count", "7",       "1..1e6",         ""  },
    {"verb",        "word",  "insert",  "insert|put",     ""  },
    {"phases",      "list",  "get,put", "get|put|delete", ""  },
    {NULL,          NULL,    NULL,      NULL,             NULL},
};

/* Settings for one given pair; a NULL name gives none. */
typedef struct given {
    tl_workload_setting pair;
    tl_workload_spec spec;
    char error[256];
    tl_options settings;
} given;

static tl_options *give(given *g, const char *name, const char *value)
{
    *g = (given){
        .pair = {name, value}
    };
    g->spec = (tl_workload_spec){.ops = 1,
                                 .value_bytes_max = SIZE_MAX,
                                 .settings = &g->pair,
                                 .setting_count = name == NULL ? 0 : 1};
    g->settings = (tl_options){options, &g->spec, g->error, sizeof g->error};
    return &g->settings;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' does not contain '%s'", text, part);
}

static void numbers_are_read_with_their_suffixes(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {
        {"0",     0    },
        {"100",   100  },
        {"4k",    4096 },
        {"64K",   65536},
        {"4KiB",  4096 },
        {"1e3",   1000 },
        {"0m",    0    },
        {"65536", 65536}
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        given g;
        uint64_t value = 1;
        assert_true(
            tl_options_number(give(&g, "value_bytes", cases[i].text), "value_bytes", &value));
        assert_int_equal(value, cases[i].value);
    }
}

static void what_is_not_given_falls_back_to_the_table(void **state)
{
    given g;
    uint64_t value;
    size_t index, list[4], list_count;
    (void)state;
    give(&g, NULL, NULL);
    assert_true(tl_options_known(&g.settings));
    assert_true(tl_options_number(&g.settings, "value_bytes", &value));
    assert_int_equal(value, 100);
    assert_true(tl_options_word(&g.settings, "verb", &index));
    assert_int_equal(index, 0);
    assert_true(tl_options_list(&g.settings, "phases", list, 4, &list_count));
    assert_int_equal(list_count, 2);
    assert_int_equal(list[0], 0);
    assert_int_equal(list[1], 1);
}

static void the_last_of_two_given_values_wins(void **state)
{
    static const tl_workload_setting pairs[] = {
        {"count", "3"},
        {"count", "5"}
    };
    const tl_workload_spec spec = {.ops = 1, .settings = pairs, .setting_count = 2};
    const tl_options settings = {options, &spec, NULL, 0};
    uint64_t value;
    (void)state;
    assert_true(tl_options_number(&settings, "count", &value));
    assert_int_equal(value, 5);
}

static void bad_numbers_are_refused_and_named(void **state)
{
    static const char *const texts[] = {"",     "abc",
                                        "-1",   "1x",
                                        "4kk",  "1e",
                                        "1e30", "99999999999999999999",
                                        "1 ",   "18446744073709551615g"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        given g;
        uint64_t value = 77;
        assert_false(tl_options_number(give(&g, "value_bytes", texts[i]), "value_bytes", &value));
        assert_int_equal(value, 77);
        assert_contains(g.error, "; write for example value_bytes=100");
    }
}

static void numbers_out_of_range_are_refused_with_the_range(void **state)
{
    given g;
    uint64_t value;
    (void)state;
    assert_false(tl_options_number(give(&g, "value_bytes", "65537"), "value_bytes", &value));
    assert_string_equal(g.error, "value_bytes=65537 is outside 0..64k");
    assert_false(tl_options_number(give(&g, "count", "0"), "count", &value));
    assert_string_equal(g.error, "count=0 is outside 1..1e6");
}

static void an_unknown_name_gets_the_nearest_or_the_whole_list(void **state)
{
    given g;
    (void)state;
    assert_false(tl_options_known(give(&g, "value_byte", "1")));
    assert_string_equal(g.error, "unknown setting 'value_byte'; did you mean 'value_bytes'?");
    assert_false(tl_options_known(give(&g, "cuont", "1")));
    assert_string_equal(g.error, "unknown setting 'cuont'; did you mean 'count'?");
    assert_false(tl_options_known(give(&g, "zzzzzz", "1")));
    assert_string_equal(
        g.error, "unknown setting 'zzzzzz'; the settings are: value_bytes, count, verb, phases");
}

static void an_unknown_word_gets_the_nearest_or_the_choices(void **state)
{
    given g;
    size_t index, list[4], list_count;
    (void)state;
    assert_false(tl_options_word(give(&g, "verb", "inset"), "verb", &index));
    assert_string_equal(g.error, "verb has no 'inset'; did you mean 'insert'?");
    assert_false(tl_options_word(give(&g, "verb", "q"), "verb", &index));
    assert_contains(g.error, "choose from insert|put");
    assert_false(tl_options_list(give(&g, "phases", "get,delte"), "phases", list, 4, &list_count));
    assert_string_equal(g.error, "phases has no 'delte'; did you mean 'delete'?");
    assert_false(tl_options_list(give(&g, "phases", ""), "phases", list, 4, &list_count));
    assert_false(tl_options_list(give(&g, "phases", "get,"), "phases", list, 4, &list_count));
}

static void lists_take_both_separators_and_end_at_their_capacity(void **state)
{
    given g;
    size_t list[3] = {9, 9, 9}, list_count;
    (void)state;
    assert_true(
        tl_options_list(give(&g, "phases", "put+delete,get"), "phases", list, 3, &list_count));
    assert_int_equal(list_count, 3);
    assert_int_equal(list[0], 1);
    assert_int_equal(list[1], 2);
    assert_int_equal(list[2], 0);
    assert_false(
        tl_options_list(give(&g, "phases", "put,put,put,put"), "phases", list, 3, &list_count));
    assert_string_equal(g.error, "phases takes at most 3 words");
}

static void values_beyond_every_store_are_refused_with_the_way_out(void **state)
{
    given g;
    uint64_t value;
    (void)state;
    give(&g, "value_bytes", "5000");
    g.spec.value_bytes_max = 3297;
    assert_false(tl_options_value_bytes(&g.settings, "value_bytes", &value));
    assert_contains(g.error, "value_bytes=5000 is more than the 3297 bytes");
    assert_contains(g.error, "--set value_bytes=3297");
    g.spec.value_bytes_max = 5000;
    assert_true(tl_options_value_bytes(&g.settings, "value_bytes", &value));
    assert_int_equal(value, 5000);
}

static void ops_out_of_range_are_refused(void **state)
{
    given g;
    (void)state;
    give(&g, NULL, NULL);
    g.spec.ops = 0;
    assert_false(tl_options_known(&g.settings));
    assert_contains(g.error, "--ops 0 is outside 1..");
    g.spec.ops = TL_OPS_MAX + 1;
    assert_false(tl_options_known(&g.settings));
}

static void long_texts_are_cut_to_the_buffer(void **state)
{
    char word[5000], error[40];
    given g;
    (void)state;
    memset(word, 'w', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    give(&g, word, "1");
    g.settings.error = error;
    g.settings.error_bytes = sizeof error;
    assert_false(tl_options_known(&g.settings));
    assert_int_equal(strlen(error), sizeof error - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_with_their_suffixes),
        cmocka_unit_test(what_is_not_given_falls_back_to_the_table),
        cmocka_unit_test(the_last_of_two_given_values_wins),
        cmocka_unit_test(bad_numbers_are_refused_and_named),
        cmocka_unit_test(numbers_out_of_range_are_refused_with_the_range),
        cmocka_unit_test(an_unknown_name_gets_the_nearest_or_the_whole_list),
        cmocka_unit_test(an_unknown_word_gets_the_nearest_or_the_choices),
        cmocka_unit_test(lists_take_both_separators_and_end_at_their_capacity),
        cmocka_unit_test(values_beyond_every_store_are_refused_with_the_way_out),
        cmocka_unit_test(ops_out_of_range_are_refused),
        cmocka_unit_test(long_texts_are_cut_to_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
