/* harness/run/tests/test_run_truth.c -- the replayed truth equals what a plain list of records
 * would hold, and workloads that break their own rules are refused. */
#include "harness/run/truth.h"

#include "tl/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A workload given as a list of operations. */
typedef struct script {
    const tl_phase *phases;
    size_t phase_count;
    const tl_op *const *ops; /* by phase */
    uint64_t yields_less;    /* operations withheld from the last phase */
    size_t phase;
    uint64_t issued;
} script;

static script script_now; /* create takes no pointer of ours */

static void *script_create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                           size_t error_bytes)
{
    (void)host, (void)spec, (void)error, (void)error_bytes;
    script *made = malloc(sizeof *made);
    assert_non_null(made);
    *made = script_now;
    return made;
}

static const tl_phase *script_phases(void *generator, size_t *count)
{
    const script *s = generator;
    *count = s->phase_count;
    return s->phases;
}

static void script_start(void *generator, size_t index)
{
    script *s = generator;
    s->phase = index;
    s->issued = 0;
}

static size_t script_next_n(void *generator, tl_op *ops, size_t capacity)
{
    script *s = generator;
    uint64_t left = s->phases[s->phase].ops - s->yields_less - s->issued;
    size_t count = left < capacity ? (size_t)left : capacity;
    memcpy(ops, s->ops[s->phase] + s->issued, count * sizeof *ops);
    s->issued += count;
    return count;
}

static const tl_workload script_workload = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof(tl_workload),
    .name = "script",
    .create = script_create,
    .destroy = free,
    .phases = script_phases,
    .start = script_start,
    .next_n = script_next_n,
};

#define OP(kind_, key_, value_)                                                                    \
    {                                                                                              \
        .kind = TL_OP_##kind_, .key = key_, .key_bytes = sizeof(key_) - 1, .value = value_,        \
        .value_bytes = sizeof(value_) - 1                                                          \
    }

static uint64_t hash_of(const char *key, const char *value)
{
    return tl_record_hash((tl_slice){key, strlen(key)}, (tl_slice){value, strlen(value)});
}

static tl_status find(tl_truth **truths, size_t *count, char error[256])
{
    tl_workload_spec spec = {.ops = 1};
    return tl_truth_find(&script_workload, &spec, truths, count, error, 256);
}

static void overwrites_deletes_and_returns_are_followed_exactly(void **state)
{
    (void)state;
    static const tl_op load[] = {OP(INSERT, "a", "1"), OP(INSERT, "b", "22"), OP(PUT, "c", "")};
    static const tl_op churn[] = {OP(PUT, "a", "333"), OP(DEL, "b", ""), OP(DEL, "x", ""),
                                  OP(DEL, "c", ""), OP(INSERT, "c", "4444")};
    static const tl_op read[] = {OP(GET, "a", "333")};
    static const tl_phase phases[] = {
        {.name = "load",     .ops = 3},
        {              .name = "churn",          .ops = 5        },
        { .name = "read", .ops = 1,         .read_only = true}
    };
    static const tl_op *const ops[] = {load, churn, read};
    script_now = (script){.phases = phases, .phase_count = 3, .ops = ops};
    tl_truth *truths = NULL;
    size_t count = 0;
    char error[256];
    assert_int_equal(find(&truths, &count, error), TL_OK);
    assert_int_equal(count, 3);
    assert_int_equal(truths[0].record_count, 3);
    assert_int_equal(truths[0].logical_bytes, 6);
    assert_true(truths[0].content_hash ==
                hash_of("a", "1") + hash_of("b", "22") + hash_of("c", ""));
    assert_int_equal(truths[1].record_count, 2);
    assert_int_equal(truths[1].logical_bytes, 9);
    assert_true(truths[1].content_hash == hash_of("a", "333") + hash_of("c", "4444"));
    assert_memory_equal(&truths[2], &truths[1], sizeof truths[2]);
    free(truths);
}

static bool stop_at_third_asking(void *context)
{
    return ++*(unsigned *)context == 3;
}

/* With values of a gigabyte the replay before the first cell took minutes and heard nobody. */
static void a_replay_can_be_stopped(void **state)
{
    (void)state;
    static const tl_op load[] = {OP(PUT, "a", "1"), OP(PUT, "b", "2")};
    static const tl_phase phases[] = {
        {.name = "one",   .ops = 2},
        {.name = "two",   .ops = 2},
        {.name = "three", .ops = 2}
    };
    static const tl_op *const ops[] = {load, load, load};
    script_now = (script){.phases = phases, .phase_count = 3, .ops = ops};
    unsigned asked = 0;
    tl_truth *truths = NULL;
    size_t count = 7;
    char error[256];
    tl_workload_spec spec = {.ops = 1};
    const tl_truth_limits limits = {
        .last_ops = UINT64_MAX, .stop = stop_at_third_asking, .context = &asked};
    assert_int_equal(
        tl_truth_find_within(&script_workload, &spec, &limits, &truths, &count, error, 256),
        TL_BUSY);
    assert_int_equal(asked, 3);
    assert_null(truths);
    assert_int_equal(count, 7);
}

static void many_records_survive_the_growth_of_the_table(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static char keys[COUNT][8];
    static tl_op load[COUNT], clear[COUNT];
    static const tl_phase phases[] = {
        {.name = "load",  .ops = COUNT    },
        {.name = "clear", .ops = COUNT - 1}
    };
    static const tl_op *const ops[] = {load, clear};
    uint64_t hash = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        memcpy(keys[i], &i, sizeof i);
        load[i] = (tl_op){.kind = TL_OP_INSERT, .key = keys[i], .key_bytes = sizeof keys[i]};
        clear[i] = (tl_op){.kind = TL_OP_DEL, .key = keys[i], .key_bytes = sizeof keys[i]};
        hash += tl_record_hash((tl_slice){keys[i], sizeof keys[i]}, (tl_slice){NULL, 0});
    }
    script_now = (script){.phases = phases, .phase_count = 2, .ops = ops};
    tl_truth *truths = NULL;
    size_t count = 0;
    char error[256];
    assert_int_equal(find(&truths, &count, error), TL_OK);
    assert_int_equal(truths[0].record_count, COUNT);
    assert_true(truths[0].content_hash == hash);
    assert_int_equal(truths[1].record_count, 1);
    assert_true(truths[1].content_hash ==
                tl_record_hash((tl_slice){keys[COUNT - 1], 8}, (tl_slice){NULL, 0}));
    free(truths);
}

static void a_workload_that_yields_less_than_it_announces_is_refused(void **state)
{
    (void)state;
    static const tl_op load[] = {OP(INSERT, "a", "1"), OP(INSERT, "b", "2")};
    static const tl_phase phases[] = {
        {.name = "load", .ops = 2}
    };
    static const tl_op *const ops[] = {load};
    script_now = (script){.phases = phases, .phase_count = 1, .ops = ops, .yields_less = 1};
    tl_truth *truths = NULL;
    size_t count = 0;
    char error[256] = "";
    assert_int_equal(find(&truths, &count, error), TL_INVALID);
    assert_non_null(strstr(error, "announces 2 operations in phase load and yields 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overwrites_deletes_and_returns_are_followed_exactly),
        cmocka_unit_test(a_replay_can_be_stopped),
        cmocka_unit_test(many_records_survive_the_growth_of_the_table),
        cmocka_unit_test(a_workload_that_yields_less_than_it_announces_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
