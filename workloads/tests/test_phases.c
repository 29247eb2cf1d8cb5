/* workloads/tests/test_phases.c -- the composed workload, against a sorted array. */
#include "workloads/phases.h"
#include "workloads/tests/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SETTINGS_MAX = 24, TEXT_MAX = 600, CAPACITY = 32 };

typedef struct asked { /* "phases=load,run run.keys=zipf:0.99" taken apart */
    char text[TEXT_MAX];
    tl_workload_setting settings[SETTINGS_MAX];
    tl_workload_spec spec;
} asked;

static void ask(asked *a, const char *text, uint64_t ops, uint64_t seed)
{
    a->spec = replay_spec(ops, seed);
    (void)snprintf(a->text, sizeof a->text, "%s", text);
    char *rest = NULL;
    for (char *word = strtok_r(a->text, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        assert_non_null(equals);
        *equals = '\0';
        a->settings[a->spec.setting_count++] = (tl_workload_setting){word, equals + 1};
        assert_true(a->spec.setting_count <= SETTINGS_MAX);
    }
    a->spec.settings = a->settings;
}

static const tl_workload *phases(void)
{
    return tl_workload_find("phases");
}

static replay_result play(const char *text, uint64_t ops, uint64_t seed, size_t capacity)
{
    asked a;
    ask(&a, text, ops, seed);
    return replay(phases(), &a.spec, capacity);
}

static const char *const mixes[] = {
    "phases=load,run",
    "phases=load,run "
    "run.mix=get:3,get_absent:2,put:2,insert:2,delete:2,scan:1,scan_reverse:1,rmw:1",
    "phases=load,run run.mix=insert,delete,reinsert,get reinsert=random keys=zipf:0.99",
    "phases=load,run run.mix=delete:3,insert:1,get:1,delete_absent:1 victims=hotspot:0.1@0.9",
    "phases=run,delete run.mix=upsert:5,get:2,scan_reverse:1,delete:2 run.records=50%",
    "phases=load,run,run_2,verify,delete run.mix=upsert,insert run.records=10% "
    "run_2.mix=get:2,put,scan run_2.values=uniform:0-300 resize=yes",
    "phases=load,run run.mix=insert:5,delete:1 run.cycle=yes run.victims=lag:5 load.records=7",
    "phases=load,run run.mix=insert,delete run.cycle=yes run.victims=newest order=ascending",
    "phases=load,run run.mix=insert,delete,get run.victims=oldest run.keys=latest:1.2",
    "phases=load,delete,load_2,delete_2,load_3,crash,warm delete.keys=sequential "
    "delete_2.keys=sequential:desc delete.ops=80%live",
    "phases=load,run,load_2 load.order=descending run.mix=insert,get,scan load_2.place=among "
    "run.order=zigzag run.place=before load_2.order=runs:3 run.keys=exponential:0.1@0.9",
    "phases=load,run keys=scrambled_zipf:1 key_shape=user run.mix=get,rmw:2,delete,insert",
    "phases=load,run key_shape=padded order=local:8 run.mix=scan,insert,get_absent "
    "scan_len=uniform:0-1",
    "phases=load,run key_shape=decimal run.mix=scan,put,get_absent run.scan_len=all",
    "phases=load,run key_shape=prefix:50 key_bytes=64 order=almost:0.2@8 append=no "
    "run.mix=get,insert,scan_reverse run.keys=sequential",
    "phases=load,run key_shape=dense key_bytes=8 order=inside_out run.keys=shuffled "
    "run.mix=get_absent,get,scan",
    "phases=run run.mix=insert,delete:3,get,put,rmw,scan,reinsert,get_absent,delete_absent",
    "phases=load,run values=bimodal:10@0.9,2k@0.1 run.values=page:26% "
    "run.mix=put,get,delete,insert",
    "phases=load,run,delete run.mix=insert,delete,reinsert delete.victims=oldest verb=put",
    "phases=load,churn,run run.mix=scan churn.ops=300% run.keys=sequential:desc",
    "phases=load,run,warm load.threads=3 warm.threads=5 warm.keys=zipf:0.9 warm.many=7 "
    "warm.mix=get,get_absent run.mix=put,insert,delete",
    "phases=load,run run.mix=delete:9,put:1,reinsert:3 run.victims=shuffled run.keys=newest",
    "phases=run,run_2 run.mix=insert:1,get:99 run_2.mix=upsert,delete,get_absent "
    "run_2.keys=shuffled",
    "phases=load,run,run_2 values=uniform:0-300 run.resize=yes run.mix=put run_2.mix=get,rmw",
};
enum { MIXES = sizeof mixes / sizeof mixes[0] };

static void every_answer_of_every_mix_is_the_models(void **state)
{
    static const uint64_t ops[] = {1, 2, 3, 64, 65, 1500};
    (void)state;
    for (size_t m = 0; m < MIXES; m++)
        for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
            for (uint64_t seed = 0; seed < 3; seed++)
                play(mixes[m], ops[i], seed, CAPACITY); /* asserts inside */
}

static void the_stream_does_not_depend_on_how_many_operations_are_asked_for(void **state)
{
    static const size_t capacities[] = {1, 7, 64, 1000};
    (void)state;
    for (size_t m = 0; m < MIXES; m++) {
        uint64_t hash = play(mixes[m], 300, 5, CAPACITY).hash;
        for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++)
            assert_true(hash == play(mixes[m], 300, 5, capacities[i]).hash);
        assert_true(hash != play(mixes[m], 300, 6, CAPACITY).hash);
    }
}

/* The constants are what gcc 12 at -O3 gave; every other build must give them too. */
static void the_same_seed_gives_the_same_stream_on_every_compiler(void **state)
{
    static const uint64_t golden[MIXES] = {
        0xec5eb86ff6839ab8u, 0x2a8b538541ae5496u, 0xd72a3c06644c89a3u, 0x25b09e2f115c3ea7u,
        0x275218ba5b647e3cu, 0x96dd1460b02a4e72u, 0x2595bbdce3565548u, 0x06da4f0bc512fe08u,
        0x84a181210c95b982u, 0x31675a658e50e1f8u, 0x69bab65f9c887696u, 0xe72f107285d5c816u,
        0x696effc7b9054ccau, 0x988dff489f681e00u, 0x67d74fe09eef053eu, 0x2e5a043f54b4ea33u,
        0x791a19420e7c9b0fu, 0x5001295345008bf9u, 0xd48b646acb0accdbu, 0x486682fb13fb5010u,
        0x36bc5af5d7672c39u, 0x524023f6398928f1u, 0x703aecd205092c71u, 0x98ea7d0b17e99199u,
    };
    (void)state;
    size_t off = 0;
    for (size_t m = 0; m < MIXES; m++) {
        uint64_t hash = play(mixes[m], 500, 42, CAPACITY).hash;
        if (hash == golden[m])
            continue;
        print_error("%zu: 0x%016llxu,\n", m, (unsigned long long)hash);
        off++;
    }
    assert_int_equal(off, 0);
}

static void a_mix_has_the_shares_of_its_weights(void **state)
{
    (void)state;
    replay_result r = play("phases=load,run run.mix=get:70,put:20,insert:10 load.records=1000",
                           20000, 3, CAPACITY);
    assert_in_range(r.kind_counts[TL_OP_GET], 14000 - 330, 14000 + 330);
    assert_in_range(r.kind_counts[TL_OP_PUT], 4000 - 290, 4000 + 290);
    assert_in_range(r.kind_counts[TL_OP_INSERT], 3000 - 220, 3000 + 220);
    assert_int_equal(r.record_count, r.kind_counts[TL_OP_INSERT]);
}

/* Five inserts, then a delete of the record inserted five before the newest: none is deleted
 * twice, and those that stay are known. */
static void a_cycle_with_a_lag_is_the_pattern_itself(void **state)
{
    (void)state;
    replay_result r = play("phases=run run.mix=insert:5,delete:1 run.cycle=yes run.victims=lag:4 "
                           "run.order=ascending values=500",
                           6000, 1, CAPACITY);
    assert_int_equal(r.kind_counts[TL_OP_INSERT], 5000);
    assert_int_equal(r.kind_counts[TL_OP_DEL], 1000);
    assert_int_equal(r.absent_count, 0);
    assert_int_equal(r.record_count, 4000);
}

static void deletes_of_all_that_lives_leave_nothing(void **state)
{
    static const char *const laws[] = {"shuffled", "sequential", "sequential:desc", "oldest",
                                       "newest",   "uniform",    "zipf:1"};
    (void)state;
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text,
                       "phases=load,churn,delete delete.victims=%s churn.mix=insert:3,delete:2",
                       laws[i]);
        replay_result r = play(text, 700, 2, CAPACITY);
        assert_int_equal(r.record_count, 0);
        assert_int_equal(r.kind_counts[TL_OP_DEL], r.kind_counts[TL_OP_INSERT]);
    }
    replay_result r = play("phases=load,delete delete.ops=80%live", 500, 2, CAPACITY);
    assert_int_equal(r.record_count, 100);
}

/* The first key that a phase of gets by `law` asks for, and whether all its keys are that one. */
static bool gets_are_of_one_key(const char *law, unsigned char first[16])
{
    asked a;
    tl_op ops[CAPACITY];
    char text[100];
    bool same = true;
    (void)snprintf(text, sizeof text, "phases=load,run order=ascending run.mix=get keys=%s", law);
    ask(&a, text, CAPACITY, 1);
    void *generator = phases()->create(NULL, &a.spec, NULL, 0);
    assert_non_null(generator);
    for (size_t phase = 0; phase < 2; phase++) {
        phases()->start(generator, phase);
        assert_int_equal(phases()->next_n(generator, ops, CAPACITY), CAPACITY);
    }
    memcpy(first, ops[0].key, 16);
    for (size_t i = 0; i < CAPACITY; i++)
        same = same && memcmp(ops[i].key, first, 16) == 0;
    phases()->destroy(generator);
    return same;
}

static void the_oldest_and_the_newest_stay_so_while_only_read(void **state)
{
    unsigned char oldest[16], newest[16], lagging[16], all[16];
    (void)state;
    assert_true(gets_are_of_one_key("oldest", oldest));
    assert_true(gets_are_of_one_key("newest", newest));
    assert_true(gets_are_of_one_key("lag:1", lagging));
    assert_false(gets_are_of_one_key("sequential", all));
    assert_true(memcmp(oldest, lagging, 16) < 0 && memcmp(lagging, newest, 16) < 0);
    assert_memory_equal(oldest, all, 16);
}

typedef struct key_list {
    unsigned char keys[4000][16];
    size_t count;
} key_list;

static void list_phase(const tl_workload_spec *spec, size_t phase, int share, key_list *list)
{
    tl_op ops[CAPACITY];
    size_t count;
    void *generator = phases()->create(NULL, spec, NULL, 0);
    assert_non_null(generator);
    if (share >= 0)
        phases()->start_share(generator, phase, (uint32_t)share);
    for (size_t p = 0; p <= phase && share < 0; p++) {
        phases()->start(generator, p);
        while (p < phase && phases()->next_n(generator, ops, CAPACITY) > 0)
            ;
    }
    while ((count = phases()->next_n(generator, ops, CAPACITY)) > 0)
        for (size_t i = 0; i < count; i++) {
            assert_true(list->count < 4000);
            memcpy(list->keys[list->count], ops[i].key, 8);
            memcpy(list->keys[list->count++] + 8, &ops[i].value_bytes, 8);
        }
    phases()->destroy(generator);
}

/* Also after a phase that a thread's own generator never ran. */
static void the_shares_of_a_phase_are_the_phase(void **state)
{
    static const uint64_t ops[] = {1, 3, 64, 1003};
    (void)state;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        for (size_t phase = 0; phase < 4; phase += phase + 1) {
            asked a;
            ask(&a,
                "phases=load,run,warm,warm_2 load.threads=3 warm.threads=3 run.mix=put,delete "
                "values=uniform:1-500 resize=yes warm.keys=zipf:0.99 warm_2.keys=shuffled "
                "run.keys=hotspot:0.1@0.5 warm_2.threads=3",
                ops[i], 4);
            key_list *whole = calloc(1, sizeof *whole), *shares = calloc(1, sizeof *shares);
            assert_non_null(whole);
            assert_non_null(shares);
            if (phase != 1) {
                list_phase(&a.spec, phase, -1, whole);
                for (int share = 0; share < 3; share++)
                    list_phase(&a.spec, phase, share, shares);
                assert_int_equal(whole->count, shares->count);
                assert_memory_equal(whole, shares, sizeof *whole);
            }
            free(whole);
            free(shares);
        }
}

static void keys_of_each_shape_are_as_long_as_asked_for(void **state)
{
    static const struct {
        const char *text;
        size_t min, max;
        const char *begins;
    } cases[] = {
        {"phases=load key_bytes=40",                     40, 40, ""                },
        {"phases=load key_shape=user key_bytes=24",      24, 24, "user00000000"    },
        {"phases=load key_shape=prefix:12 key_bytes=20", 20, 20, "treelab/tree"    },
        {"phases=load key_shape=dense key_bytes=16",     16, 16, "treelab/"        },
        {"phases=load key_shape=padded",                 20, 20, "0000000000000000"},
        {"phases=load key_shape=decimal",                1,  3,  ""                },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        asked a;
        tl_op ops[CAPACITY];
        ask(&a, cases[i].text, CAPACITY, 1);
        void *generator = phases()->create(NULL, &a.spec, NULL, 0);
        assert_non_null(generator);
        phases()->start(generator, 0);
        assert_int_equal(phases()->next_n(generator, ops, CAPACITY), CAPACITY);
        for (size_t k = 0; k < CAPACITY; k++) {
            assert_in_range(ops[k].key_bytes, cases[i].min, cases[i].max);
            assert_memory_equal(ops[k].key, cases[i].begins, strlen(cases[i].begins));
        }
        phases()->destroy(generator);
    }
}

static void phases_carry_what_the_run_needs(void **state)
{
    asked a;
    size_t count;
    (void)state;
    ask(&a,
        "phases=load,run,crash,verify,delete run.rate=poisson:20000 run.until=30s run.batch=50 "
        "run.mix=get load.records=10%<30",
        1000, 1);
    void *generator = phases()->create(NULL, &a.spec, NULL, 0);
    assert_non_null(generator);
    const tl_phase *all = phases()->phases(generator, &count);
    assert_int_equal(count, 5);
    assert_true(!all[0].measured && all[1].measured && !all[2].measured && all[4].measured);
    assert_int_equal(all[0].ops, 30);
    assert_int_equal(all[1].ops, 1000);
    assert_int_equal(all[4].ops, 30);
    assert_int_equal(all[1].batch, 50);
    assert_true(all[1].read_only && !all[0].read_only && !all[4].read_only);
    assert_string_equal(all[1].rate, "poisson:20000");
    assert_string_equal(all[1].until, "30s");
    assert_null(all[0].rate);
    assert_int_equal(all[1].kind, TL_PHASE_OPS);
    assert_int_equal(all[2].kind, TL_PHASE_CRASH);
    assert_int_equal(all[3].kind, TL_PHASE_VERIFY);
    assert_int_equal(all[2].ops, 0);
    phases()->destroy(generator);
}

static void values_follow_the_page_and_the_stores_limit(void **state)
{
    asked a;
    (void)state;
    ask(&a, "phases=load values=page:51%", 10, 1);
    a.spec.page_bytes = 4096;
    assert_int_equal(replay(phases(), &a.spec, CAPACITY).value_bytes_max, 2088);
    ask(&a, "phases=load values=page+1", 10, 1);
    a.spec.value_bytes_max = 1000;
    assert_int_equal(replay(phases(), &a.spec, CAPACITY).value_bytes_max, 1000);
    void *generator = phases()->create(NULL, &a.spec, NULL, 0);
    assert_non_null(generator);
    assert_non_null(strstr(phases()->note(generator), "longer than the 1000 bytes"));
    phases()->destroy(generator);
}

static void settings_that_make_no_sense_are_refused_in_words(void **state)
{
    static const char *const cases[][2] = {
        {"phases=load,run rum.keys=uniform",
         "rum.keys: there is no phase 'rum'; did you mean 'run'?; phases=load,run"                                     },
        {"run.keyz=uniform",                    "phase run: unknown setting 'keyz'; did you mean 'keys'?"              },
        {"keyz=uniform",                        "unknown setting 'keyz'; did you mean 'keys'?"                         },
        {"run.keys=zip:1",                      "phase run: keys: there is no distribution 'zip'; did you mean 'zipf'?"},
        {"run.mix=get:95,putt:5",               "mix has no 'putt'; did you mean 'put'?"                               },
        {"run.mix=get:0",                       "has no weight at all"                                                 },
        {"run.mix=get:x",                       "write for example get:5"                                              },
        {"run.mix=",                            "mix has no ''"                                                        },
        {"run.mix=get:1.5,put:1 run.cycle=yes", "a cycle wants whole numbers"                                          },
        {"values=uniform:9",                    "values: 'uniform:9' cannot be read"                                   },
        {"scan_len=lots",                       "did you mean 'log'?"                                                  },
        {"order=upwards",                       "order: there is no order 'upwards'"                                   },
        {"order=ascending place=anywhere",      "place=anywhere goes with order=random only"                           },
        {"run.ops=many",                        "ops=many is no amount; write for example"                             },
        {"run.ops=0",                           "nothing to do"                                                        },
        {"run.ops=live run.mix=insert",         "cannot follow what is alive"                                          },
        {"load.records=live",                   "no share of the live ones"                                            },
        {"phases=load,run,run",                 "run is there twice; call one run_2"                                   },
        {"phases=load,,run",                    "'' is no name"                                                        },
        {"phases=fill",                         "phase fill: its name says nothing; call it run_fill"                  },
        {"run.key_bytes=8",                     "key_bytes is the same in all phases; write key_bytes=8"               },
        {"key_shape=hex",                       "choose from binary, dense, user"                                      },
        {"key_shape=prefix:10",                 "leaves less than 8 bytes of key_bytes=16"                             },
        {"key_shape=user key_bytes=15",         "key_shape=user wants key_bytes of 16 or more"                         },
        {"key_shape=decimal run.mix=scan",      "scans want padded, or scan_len=all"                                   },
        {"run.threads=2",                       "nobody knows the right answers"                                       },
        {"run.many=4",                          "gets alone are asked together, and the mix has put"                   },
        {"load.records=9e9",                    "more than 4294967296 records"                                         },
        {"run.measured=maybe",                  "measured has no 'maybe'"                                              },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[400] = "";
        asked a;
        ask(&a, cases[i][0], 10, 1);
        assert_null(phases()->create(NULL, &a.spec, error, sizeof error));
        if (strstr(error, cases[i][1]) == NULL)
            fail_msg("%s: '%s' lacks '%s'", cases[i][0], error, cases[i][1]);
    }
}

static void a_kind_of_its_own_name_is_found_by_the_key_kind(void **state)
{
    (void)state;
    replay_result a = play("phases=fill,drain fill.kind=load drain.kind=delete", 100, 1, CAPACITY);
    replay_result b = play("phases=load,delete", 100, 1, CAPACITY);
    assert_true(a.hash == b.hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_of_every_mix_is_the_models),
        cmocka_unit_test(the_stream_does_not_depend_on_how_many_operations_are_asked_for),
        cmocka_unit_test(the_same_seed_gives_the_same_stream_on_every_compiler),
        cmocka_unit_test(a_mix_has_the_shares_of_its_weights),
        cmocka_unit_test(a_cycle_with_a_lag_is_the_pattern_itself),
        cmocka_unit_test(deletes_of_all_that_lives_leave_nothing),
        cmocka_unit_test(the_oldest_and_the_newest_stay_so_while_only_read),
        cmocka_unit_test(the_shares_of_a_phase_are_the_phase),
        cmocka_unit_test(keys_of_each_shape_are_as_long_as_asked_for),
        cmocka_unit_test(phases_carry_what_the_run_needs),
        cmocka_unit_test(values_follow_the_page_and_the_stores_limit),
        cmocka_unit_test(settings_that_make_no_sense_are_refused_in_words),
        cmocka_unit_test(a_kind_of_its_own_name_is_found_by_the_key_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
