/* workloads/tests/test_workloads.c -- claims of every built-in workload, against a model. */
#include "workloads/tests/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAPACITY = 32 };

static const tl_workload *workload_named(const char *name)
{
    const tl_workload *workload = tl_workload_find(name);
    assert_non_null(workload);
    return workload;
}

static replay_result replay_with(const char *name, uint64_t ops, uint64_t seed,
                                 const tl_workload_setting *settings, size_t setting_count)
{
    tl_workload_spec spec = replay_spec(ops, seed);
    spec.settings = settings;
    spec.setting_count = setting_count;
    return replay(workload_named(name), &spec, CAPACITY);
}

static void every_answer_of_every_workload_is_the_models(void **state)
{
    static const uint64_t ops[] = {1, 2, 3, 63, 64, 65, 1000};
    (void)state;
    for (size_t w = 0; w < tl_workload_count(); w++) {
        for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
            for (uint64_t seed = 0; seed < 3; seed++) {
                tl_workload_spec spec = replay_spec(ops[i], seed);
                replay(tl_workload_at(w), &spec, CAPACITY); /* asserts inside */
            }
        }
    }
}

/* The constants are what gcc 12 at -O3 gave; every other build must give them too. */
static void the_same_seed_gives_the_same_stream_on_every_compiler(void **state)
{
    static const struct {
        const char *name;
        uint64_t hash;
    } golden[] = {
        {"sequential", 0x156d0ec586e4b0aeu},
        {"random",     0x619d9216e8e9e878u},
        {"mixed",      0xead4c029435b7998u},
        {"large",      0x31fc0b2227b20ca6u},
    };
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        replay_result result = replay_with(golden[i].name, 500, 42, NULL, 0);
        if (result.hash != golden[i].hash)
            fail_msg("%s: stream hash 0x%016llx, expected 0x%016llx", golden[i].name,
                     (unsigned long long)result.hash, (unsigned long long)golden[i].hash);
    }
}

static void the_stream_does_not_depend_on_how_many_operations_are_asked_for(void **state)
{
    static const size_t capacities[] = {1, 7, 64, 1000};
    (void)state;
    for (size_t w = 0; w < tl_workload_count(); w++) {
        tl_workload_spec spec = replay_spec(300, 5);
        uint64_t hash = replay(tl_workload_at(w), &spec, CAPACITY).hash;
        for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++)
            assert_true(hash == replay(tl_workload_at(w), &spec, capacities[i]).hash);
    }
}

static void different_seeds_give_different_streams(void **state)
{
    enum { SEEDS = 8 };
    (void)state;
    for (size_t w = 0; w < tl_workload_count(); w++) {
        uint64_t hashes[SEEDS];
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            tl_workload_spec spec = replay_spec(50, seed);
            hashes[seed] = replay(tl_workload_at(w), &spec, CAPACITY).hash;
            for (uint64_t other = 0; other < seed; other++)
                assert_true(hashes[seed] != hashes[other]);
        }
    }
}

static void sequential_u64_to_u64_is_plain_big_endian(void **state)
{
    static const tl_workload_setting settings[] = {
        {"key_bytes",   "8"},
        {"value_bytes", "8"}
    };
    tl_workload_spec spec = replay_spec(10000, 42);
    tl_op ops[CAPACITY];
    uint64_t next = 0;
    size_t count;
    (void)state;
    spec.settings = settings;
    spec.setting_count = 2;
    const tl_workload *workload = workload_named("sequential");
    void *generator = workload->create(NULL, &spec, NULL, 0);
    assert_non_null(generator);
    workload->start(generator, 0);
    while ((count = workload->next_n(generator, ops, CAPACITY)) > 0) {
        for (size_t i = 0; i < count; i++, next++) {
            const unsigned char *key = ops[i].key;
            uint64_t number = 0;
            assert_int_equal(ops[i].key_bytes, 8);
            assert_int_equal(ops[i].value_bytes, 8);
            for (int b = 0; b < 8; b++)
                number = number << 8 | key[b];
            assert_int_equal(number, next);
            assert_int_equal(ops[i].flags, TL_OP_APPEND);
        }
    }
    assert_int_equal(next, 10000);
    workload->destroy(generator);
}

static void sequential_writes_with_the_verb_and_hint_of_its_settings(void **state)
{
    static const tl_workload_setting settings[] = {
        {"verb",   "put"},
        {"append", "no" }
    };
    (void)state;
    replay_result plain = replay_with("sequential", 100, 1, NULL, 0);
    assert_int_equal(plain.kind_counts[TL_OP_INSERT], 100);
    assert_int_equal(plain.kind_counts[TL_OP_GET], 100);
    assert_int_equal(plain.kind_counts[TL_OP_SCAN], 1);
    replay_result put = replay_with("sequential", 100, 1, settings, 2);
    assert_int_equal(put.kind_counts[TL_OP_PUT], 100);
    assert_int_equal(put.kind_counts[TL_OP_INSERT], 0);
}

static void random_updates_are_expected_by_later_gets_and_deletes_empty_the_store(void **state)
{
    static const tl_workload_setting settings[] = {
        {"phases", "insert,get,update,get,scan,delete,get,scan,insert,get,get_absent"}
    };
    (void)state;
    replay_result result = replay_with("random", 200, 9, settings, 1);
    assert_int_equal(result.kind_counts[TL_OP_INSERT], 400);
    assert_int_equal(result.kind_counts[TL_OP_PUT], 200);
    assert_int_equal(result.kind_counts[TL_OP_DEL], 200);
    assert_int_equal(result.kind_counts[TL_OP_GET], 5 * 200);
    assert_int_equal(result.absent_count, 2 * 200); /* after the delete, and get_absent */
    assert_int_equal(result.record_count, 200);
}

static void random_phases_are_the_ones_asked_for_under_distinct_names(void **state)
{
    static const tl_workload_setting setting = {"phases", "insert,get,update,get,delete"};
    static const char *const names[] = {"insert", "get", "update", "get_2", "delete"};
    tl_workload_spec spec = replay_spec(10, 1);
    size_t count;
    (void)state;
    spec.settings = &setting;
    spec.setting_count = 1;
    const tl_workload *workload = workload_named("random");
    void *generator = workload->create(NULL, &spec, NULL, 0);
    assert_non_null(generator);
    const tl_phase *phases = workload->phases(generator, &count);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(phases[i].name, names[i]);
        assert_int_equal(phases[i].ops, 10);
        assert_int_equal(phases[i].batch, 0);
        assert_true(phases[i].measured);
        assert_int_equal(phases[i].read_only, strncmp(names[i], "get", 3) == 0);
    }
    workload->destroy(generator);
}

static void random_visits_its_keys_in_another_order_each_time(void **state)
{
    enum { OPS = 64 };
    tl_workload_spec spec = replay_spec(OPS, 3);
    static const tl_workload_setting setting = {"phases", "insert,get,get"};
    unsigned char keys[3][OPS][16];
    tl_op ops[OPS];
    (void)state;
    spec.settings = &setting;
    spec.setting_count = 1;
    const tl_workload *workload = workload_named("random");
    void *generator = workload->create(NULL, &spec, NULL, 0);
    assert_non_null(generator);
    for (size_t phase = 0; phase < 3; phase++) {
        workload->start(generator, phase);
        assert_int_equal(workload->next_n(generator, ops, OPS), OPS);
        for (size_t i = 0; i < OPS; i++)
            memcpy(keys[phase][i], ops[i].key, 16);
        for (size_t other = 0; other < phase; other++)
            assert_memory_not_equal(keys[phase], keys[other], sizeof keys[phase]);
    }
    workload->destroy(generator);
}

static void mixed_keeps_its_size_and_shares(void **state)
{
    static const tl_workload_setting settings[] = {
        {"working_set", "100"},
        {"get_percent", "20" }
    };
    (void)state;
    replay_result result = replay_with("mixed", 5000, 4, settings, 2);
    uint64_t inserted = result.kind_counts[TL_OP_INSERT] - 100; /* less the load */
    uint64_t deleted = result.kind_counts[TL_OP_DEL];
    uint64_t got = result.kind_counts[TL_OP_GET];
    assert_in_range(result.record_count_min, 100, 100);
    assert_in_range(result.record_count_max, 101, 101);
    assert_in_range(inserted - deleted, 0, 1);
    assert_int_equal(inserted + deleted + got, 5000);
    assert_in_range(got, 1000 - 142, 1000 + 142); /* five standard deviations */
    assert_in_range(result.absent_count, got / 2 - 90, got / 2 + 90);
    assert_int_equal(result.value_bytes_max, 500);
}

static void mixed_loads_unmeasured_and_runs_by_fifties(void **state)
{
    tl_workload_spec spec = replay_spec(1000, 4);
    size_t count;
    (void)state;
    const tl_workload *workload = workload_named("mixed");
    void *generator = workload->create(NULL, &spec, NULL, 0);
    assert_non_null(generator);
    const tl_phase *phases = workload->phases(generator, &count);
    assert_true(count >= 2);
    assert_string_equal(phases[0].name, "load");
    assert_false(phases[0].measured);
    assert_int_equal(phases[0].ops, 100); /* a tenth of ops */
    assert_string_equal(phases[1].name, "run");
    assert_true(phases[1].measured);
    assert_int_equal(phases[1].ops, 1000);
    assert_int_equal(phases[1].batch, 50);
    workload->destroy(generator);
}

/* The remark of `large` under a limit; "" when there is none. */
static void large_note(uint64_t ops, size_t value_bytes_max, char *note, size_t note_bytes)
{
    tl_workload_spec spec = replay_spec(ops, 42);
    spec.value_bytes_max = value_bytes_max;
    spec.page_bytes = 65536;
    const tl_workload *workload = workload_named("large");
    void *generator = workload->create(NULL, &spec, NULL, 0);
    assert_non_null(generator);
    const char *text = workload->note(generator);
    snprintf(note, note_bytes, "%s", text == NULL ? "" : text);
    workload->destroy(generator);
}

/* The number of distinct sizes over the limit, counted from the stream itself. */
static uint64_t large_count_over(uint64_t ops, size_t limit_bytes)
{
    tl_workload_spec spec = replay_spec(ops, 42);
    const tl_workload *workload = workload_named("large");
    void *generator = workload->create(NULL, &spec, NULL, 0);
    tl_op batch[CAPACITY];
    uint64_t over_count = 0;
    size_t count;
    assert_non_null(generator);
    workload->start(generator, 0);
    while ((count = workload->next_n(generator, batch, CAPACITY)) > 0)
        for (size_t i = 0; i < count; i++)
            over_count += batch[i].value_bytes > limit_bytes;
    workload->destroy(generator);
    return over_count;
}

static void large_says_how_many_values_a_limit_shortened(void **state)
{
    char note[400], expected[400];
    (void)state;
    large_note(100, 31969, note, sizeof note);
    uint64_t over_count = large_count_over(100, 31969);
    assert_in_range(over_count, 5, 60);
    snprintf(expected, sizeof expected,
             "values stop at the inline limit of 31969 bytes until overflow values exist: %llu of "
             "100 were shortened",
             (unsigned long long)over_count);
    assert_string_equal(note, expected);
    large_note(100, SIZE_MAX, note, sizeof note);
    assert_string_equal(note, "");
    large_note(100, 65536, note, sizeof note);
    assert_string_equal(note, "");
}

static void large_says_when_its_values_are_fewer_than_ops(void **state)
{
    char note[400];
    (void)state;
    large_note(10001, SIZE_MAX, note, sizeof note);
    assert_string_equal(note, "10000 values stand for --ops 10001; raise values_max for more");
}

static void large_leaves_no_value_out_and_none_over_the_limit(void **state)
{
    tl_workload_spec spec = replay_spec(200, 42);
    (void)state;
    spec.value_bytes_max = 3297;
    replay_result result = replay(workload_named("large"), &spec, CAPACITY);
    assert_int_equal(result.kind_counts[TL_OP_PUT], 200);
    assert_int_equal(result.kind_counts[TL_OP_GET], 200);
    assert_int_equal(result.kind_counts[TL_OP_DEL], 200);
    assert_int_equal(result.value_bytes_max, 3297);
    assert_int_equal(result.record_count, 0);
    spec.value_bytes_max = SIZE_MAX;
    result = replay(workload_named("large"), &spec, CAPACITY);
    assert_in_range(result.value_bytes_max, 60000, 65536);
}

static void settings_that_make_no_sense_are_refused_in_words(void **state)
{
    static const struct {
        const char *workload, *name, *value, *message;
    } cases[] = {
        {"sequential", "key_byte",     "8",                    "did you mean 'key_bytes'?"             },
        {"sequential", "key_bytes",    "7",                    "key_bytes=7 is outside 8..511"         },
        {"random",     "phase",        "insert",               "did you mean 'phases'?"                },
        {"random",     "phases",       "get,insert",           "insert comes first"                    },
        {"random",     "phases",       "insert,insert",        "insert at place 2 finds the records pr"},
        {"random",     "phases",       "insert,delete,update", "update at place 3 finds the rec"       },
        {"random",     "phases",       "insert,gett",          "did you mean 'get'?"                   },
        {"mixed",      "working_sets", "3",                    "did you mean 'working_set'?"           },
        {"mixed",      "get_percent",  "101",                  "outside 0..100"                        },
        {"large",      "min_bytes",    "70000",                "min_bytes=70000 is more than max_byt"  },
        {"large",      "value_bytes",  "9",                    "unknown setting 'value_bytes'"         },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const tl_workload_setting setting = {cases[i].name, cases[i].value};
        tl_workload_spec spec = replay_spec(10, 1);
        char error[256] = "";
        spec.settings = &setting;
        spec.setting_count = 1;
        assert_null(workload_named(cases[i].workload)->create(NULL, &spec, error, sizeof error));
        if (strstr(error, cases[i].message) == NULL)
            fail_msg("%s %s=%s: '%s' lacks '%s'", cases[i].workload, cases[i].name, cases[i].value,
                     error, cases[i].message);
    }
}

/* Each option of each workload: its fallback is accepted when written out, so table and code agree
 * on names, types and ranges. */
static void every_fallback_of_every_table_is_accepted(void **state)
{
    (void)state;
    for (size_t w = 0; w < tl_workload_count(); w++) {
        const tl_workload *workload = tl_workload_at(w);
        for (const tl_workload_option *option = workload->options; option->name; option++) {
            const tl_workload_setting setting = {option->name, option->fallback};
            tl_workload_spec spec = replay_spec(70, 1), plain = spec;
            spec.settings = &setting;
            spec.setting_count = 1;
            assert_true(option->type && option->range && option->doc);
            assert_true(replay(workload, &spec, CAPACITY).hash ==
                        replay(workload, &plain, CAPACITY).hash);
        }
    }
}

static void the_registry_finds_each_row_by_its_name(void **state)
{
    (void)state;
    assert_int_equal(tl_workload_count(), 5);
    for (size_t w = 0; w < tl_workload_count(); w++) {
        const tl_workload *workload = tl_workload_at(w);
        assert_ptr_equal(tl_workload_find(workload->name), workload);
        assert_int_equal(workload->abi, TL_WORKLOAD_ABI);
        assert_int_equal(workload->size_bytes, sizeof *workload);
        assert_true(strlen(workload->summary) > 0);
        workload->destroy(NULL);
    }
    assert_null(tl_workload_find("sequentiel"));
    assert_null(tl_workload_at(tl_workload_count()));
}

static void kinds_have_the_names_of_the_table(void **state)
{
    (void)state;
    assert_string_equal(tl_op_kind_name(TL_OP_GET), "get");
    assert_string_equal(tl_op_kind_name(TL_OP_COMMIT), "commit");
    assert_string_equal(tl_op_kind_name(TL_OP_KIND_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_of_every_workload_is_the_models),
        cmocka_unit_test(the_same_seed_gives_the_same_stream_on_every_compiler),
        cmocka_unit_test(the_stream_does_not_depend_on_how_many_operations_are_asked_for),
        cmocka_unit_test(different_seeds_give_different_streams),
        cmocka_unit_test(sequential_u64_to_u64_is_plain_big_endian),
        cmocka_unit_test(sequential_writes_with_the_verb_and_hint_of_its_settings),
        cmocka_unit_test(random_updates_are_expected_by_later_gets_and_deletes_empty_the_store),
        cmocka_unit_test(random_phases_are_the_ones_asked_for_under_distinct_names),
        cmocka_unit_test(random_visits_its_keys_in_another_order_each_time),
        cmocka_unit_test(mixed_keeps_its_size_and_shares),
        cmocka_unit_test(mixed_loads_unmeasured_and_runs_by_fifties),
        cmocka_unit_test(large_says_how_many_values_a_limit_shortened),
        cmocka_unit_test(large_says_when_its_values_are_fewer_than_ops),
        cmocka_unit_test(large_leaves_no_value_out_and_none_over_the_limit),
        cmocka_unit_test(settings_that_make_no_sense_are_refused_in_words),
        cmocka_unit_test(every_fallback_of_every_table_is_accepted),
        cmocka_unit_test(the_registry_finds_each_row_by_its_name),
        cmocka_unit_test(kinds_have_the_names_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
