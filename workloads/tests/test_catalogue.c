/* workloads/tests/test_catalogue.c -- every built-in spec, against a sorted array. */
#include "workloads/catalogue.h"
#include "workloads/keys.h"
#include "workloads/tests/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SETTINGS_MAX = 40, TEXT_BYTES = 2000, CAPACITY = 32 };

typedef struct asked {
    char names[SETTINGS_MAX][64], values[SETTINGS_MAX][120], phases[200];
    tl_workload_setting settings[SETTINGS_MAX];
    tl_workload_spec spec;
} asked;

static char *trimmed(char *text)
{
    while (*text == ' ')
        text++;
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ')
        text[--length] = '\0';
    return text;
}

static void add(asked *a, const char *section, const char *name, const char *value)
{
    size_t at = a->spec.setting_count++;
    assert_true(at < SETTINGS_MAX);
    bool all = section[0] == '\0' || strcmp(section, "global") == 0;
    (void)snprintf(a->names[at], sizeof a->names[at], "%s%s%s", all ? "" : section, all ? "" : ".",
                   name);
    (void)snprintf(a->values[at], sizeof a->values[at], "%s", value);
    a->settings[at] = (tl_workload_setting){a->names[at], a->values[at]};
}

/* As much of INI as the catalogue uses: comments, sections, keys. */
static void ask(asked *a, const tl_catalogue_row *row, uint64_t ops, uint64_t seed)
{
    char text[TEXT_BYTES], section[40] = "", *rest = NULL;
    assert_true(strlen(row->text) < sizeof text);
    (void)snprintf(text, sizeof text, "%s", row->text);
    memset(a, 0, sizeof *a);
    a->spec = replay_spec(ops, seed);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *equals = strchr(line, '=');
        if (line[0] == '#')
            continue;
        if (line[0] == '[') {
            (void)snprintf(section, sizeof section, "%.*s", (int)strcspn(line + 1, "]"), line + 1);
            if (strcmp(section, "global") != 0)
                (void)snprintf(a->phases + strlen(a->phases), sizeof a->phases - strlen(a->phases),
                               "%s%s", a->phases[0] == '\0' ? "" : ",", section);
            continue;
        }
        assert_non_null(equals);
        *equals = '\0';
        add(a, section, trimmed(line), trimmed(equals + 1));
    }
    add(a, "", "phases", a->phases);
    a->spec.settings = a->settings;
}

static replay_result play(const char *name, uint64_t ops, uint64_t seed, uint32_t page_bytes,
                          size_t capacity)
{
    asked a;
    const tl_catalogue_row *row = tl_catalogue_find(name);
    if (row == NULL)
        fail_msg("no %s in the catalogue", name);
    ask(&a, row, ops, seed);
    a.spec.page_bytes = page_bytes;
    return replay(tl_workload_find("phases"), &a.spec, capacity);
}

static void every_answer_of_every_spec_is_the_models(void **state)
{
    static const uint64_t ops[] = {1, 2, 63, 1500};
    static const uint32_t page_bytes[] = {1024, 4096, 65536, 0};
    (void)state;
    for (size_t i = 0; i < tl_catalogue_count(); i++)
        for (size_t o = 0; o < sizeof ops / sizeof ops[0]; o++)
            play(tl_catalogue_at(i)->name, ops[o], o, page_bytes[o], CAPACITY); /* asserts */
}

static void the_stream_does_not_depend_on_how_many_operations_are_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < tl_catalogue_count(); i++) {
        const char *name = tl_catalogue_at(i)->name;
        uint64_t hash = play(name, 300, 5, 4096, 64).hash;
        assert_true(hash == play(name, 300, 5, 4096, 1).hash);
        assert_true(hash == play(name, 300, 5, 4096, 7).hash);
    }
}

/* One hash of the streams of all specs, as gcc 12 at -O3 gave it; the message lists them. */
static void the_same_seed_gives_the_same_streams_on_every_compiler(void **state)
{
    static const uint64_t golden = 0xaf4c98cb6b51303fu;
    uint64_t all = 0;
    (void)state;
    for (size_t i = 0; i < tl_catalogue_count(); i++)
        all = tl_scramble(all ^ play(tl_catalogue_at(i)->name, 400, 42, 8192, CAPACITY).hash);
    if (all != golden)
        fail_msg("hash 0x%016llxu", (unsigned long long)all);
}

static void every_family_that_was_asked_for_is_there(void **state)
{
    static const char *const names[] = {
        "ascending",       "descending",       "permutation",   "replacement",     "zipf",
        "scrambled_zipf",  "latest",           "hotspot",       "exponential",     "steady_lag",
        "steady_set",      "steady_full_page", "large_1k",      "large_4k_less_1", "large_4k",
        "large_4k_plus_1", "large_16k",        "large_64k",     "large_1m",        "large_bimodal",
        "page_26",         "page_34",          "page_49",       "page_51",         "page_99",
        "update_in_place", "update_resize",    "delete_order",  "delete_reverse",  "delete_random",
        "queue",           "sawtooth",         "almost_sorted", "shared_prefix",   "long_keys",
        "local_runs",      "scan_short",       "scan_long",     "scan_reverse",    "read_mostly",
        "ageing",          "split_adversary",  "merge_thrash",  "merge_runs",      "ycsb_a",
        "ycsb_b",          "ycsb_c",           "ycsb_d",        "ycsb_e",          "ycsb_f",
        "compare_reads",   "compare_inserts",  "compare_mixed",
    };
    enum { COUNT = sizeof names / sizeof names[0] };
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        if (tl_catalogue_find(names[i]) == NULL)
            fail_msg("no %s", names[i]);
    assert_int_equal(tl_catalogue_count(), COUNT);
    assert_null(tl_catalogue_at(COUNT));
    assert_null(tl_catalogue_find("ycsb_g"));
    for (size_t i = 0; i < COUNT; i++) {
        const tl_catalogue_row *row = tl_catalogue_at(i);
        assert_null(tl_workload_find(row->name)); /* names of both kinds are words of one list */
        assert_true(strlen(row->summary) > 10 && strlen(row->summary) < 100);
        assert_ptr_equal(tl_catalogue_find(row->name), row);
    }
}

/* What the names promise, counted. */
static void specs_do_what_their_names_say(void **state)
{
    (void)state;
    replay_result r = play("steady_lag", 6000, 1, 8192, CAPACITY);
    assert_int_equal(r.kind_counts[TL_OP_INSERT], 5000);
    assert_int_equal(r.record_count, 4000);
    assert_int_equal(r.absent_count, 0);
    assert_int_equal(r.value_bytes_max, 500);
    r = play("queue", 2001, 1, 8192, CAPACITY);
    assert_int_equal(r.record_count, 201);
    assert_in_range(r.record_count_max - r.record_count_min, 0, 1);
    r = play("steady_full_page", 1000, 1, 8192, CAPACITY);
    assert_int_equal(r.record_count, 200);
    r = play("delete_random", 500, 1, 8192, CAPACITY);
    assert_int_equal(r.kind_counts[TL_OP_DEL], 500);
    assert_int_equal(r.record_count, 500);
    assert_int_equal(r.absent_count, 0);
    r = play("ycsb_f", 4000, 1, 8192, CAPACITY);
    assert_in_range(r.kind_counts[TL_OP_PUT], 1333 - 150, 1333 + 150); /* one of three */
    r = play("ycsb_e", 10000, 1, 8192, CAPACITY);
    assert_in_range(r.kind_counts[TL_OP_SCAN], 900, 990);
    r = play("compare_mixed", 10000, 42, 8192, CAPACITY);
    assert_in_range(r.kind_counts[TL_OP_PUT], 7000 - 230, 7000 + 230);
    assert_int_equal(r.record_count, r.kind_counts[TL_OP_PUT]);
    r = play("replacement", 10000, 1, 8192, CAPACITY);
    assert_in_range(r.record_count, 6321 - 200, 6321 + 200);
    r = play("sawtooth", 1000, 1, 8192, CAPACITY);
    assert_in_range(r.record_count, 90, 110);
    r = play("page_51", 5000, 1, 4096, CAPACITY);
    assert_int_equal(r.value_bytes_max, 2088);
    r = play("large_1m", 400, 1, 8192, CAPACITY);
    assert_int_equal(r.value_bytes_max, 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_of_every_spec_is_the_models),
        cmocka_unit_test(the_stream_does_not_depend_on_how_many_operations_are_asked_for),
        cmocka_unit_test(the_same_seed_gives_the_same_streams_on_every_compiler),
        cmocka_unit_test(every_family_that_was_asked_for_is_there),
        cmocka_unit_test(specs_do_what_their_names_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
