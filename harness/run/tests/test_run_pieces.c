/* harness/run/tests/test_run_pieces.c -- a phase that is applied chunk by chunk does what the same
 * phase does in one go. */
#include "harness/run/loop.h"
#include "harness/run/tests/memory_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { OPS = 1000, PIECE = 37, BATCH = 50 };

typedef struct outcome {
    uint64_t ops, transactions, hash, wrong, commits;
} outcome;

static tl_status in_one_go(tl_loop *loop)
{
    return tl_loop_run(loop);
}

static tl_status in_pieces(tl_loop *loop)
{
    tl_op ops[PIECE];
    tl_loop_begin(loop);
    for (size_t count; (count = loop->workload->next_n(loop->generator, ops, PIECE)) > 0;) {
        tl_status status = tl_loop_apply(loop, ops, count);
        if (status != TL_OK)
            return status;
    }
    return tl_loop_end(loop);
}

/* Insert, then get, in a store of its own. */
static tl_status run(tl_status (*phase_run)(tl_loop *loop), const char *fault, outcome *seen)
{
    static const tl_workload_setting phases_setting = {"phases", "insert,get"};
    const tl_driver_setting setting = {"fault", fault};
    const tl_workload *workload = tl_workload_find("random");
    tl_workload_spec spec = {
        .ops = OPS, .seed = 7, .settings = &phases_setting, .setting_count = 1};
    tl_driver_options options = {.dir = "/tmp", .settings = &setting, .setting_count = 1};
    tl_histogram *histograms = calloc(TL_OP_KIND_COUNT, sizeof *histograms);
    tl_scan *scan = calloc(1, sizeof *scan);
    tl_store *store = NULL;
    char error[256] = "";
    size_t count = 0;
    assert_non_null(histograms);
    assert_non_null(scan);
    memory_calls_seen = (memory_calls){0};
    *seen = (outcome){0};
    assert_int_equal(memory_driver.open(&options, &store), TL_OK);
    void *generator = workload->create(NULL, &spec, error, sizeof error);
    assert_non_null(generator);
    const tl_phase *phases = workload->phases(generator, &count);
    assert_int_equal(count, 2);
    tl_status status = TL_OK;
    for (size_t i = 0; i < count && status == TL_OK; i++) {
        tl_check check = {.enabled = true};
        tl_scan_list scans = {0};
        tl_loop loop = {
            .driver = &memory_driver,
            .store = store,
            .workload = workload,
            .generator = generator,
            .phase = &phases[i],
            .batch = BATCH,
            .clock = tl_clock_plain(),
            .histograms = histograms,
            .check = &check,
            .scan = scan,
            .scans = &scans,
        };
        workload->start(generator, i);
        status = phase_run(&loop);
        assert_null(loop.txn);
        seen->ops += loop.ops;
        seen->transactions += loop.transactions;
        seen->hash += check.hash;
        seen->wrong += check.wrong;
    }
    seen->commits = memory_calls_seen.commits;
    workload->destroy(generator);
    assert_int_equal(memory_driver.close(store), TL_OK);
    free(histograms);
    free(scan);
    return status;
}

static void pieces_make_the_same_phase_with_the_same_transactions(void **state)
{
    (void)state;
    outcome whole, pieces;
    assert_int_equal(run(in_one_go, "0", &whole), TL_OK);
    assert_int_equal(run(in_pieces, "0", &pieces), TL_OK);
    assert_int_equal(whole.ops, 2 * OPS);
    assert_int_equal(whole.commits, OPS / BATCH); /* no piece ends a transaction early */
    assert_memory_equal(&whole, &pieces, sizeof whole);
}

static void a_failing_commit_ends_the_pieces_without_an_open_transaction(void **state)
{
    (void)state;
    char fault[16];
    outcome seen;
    snprintf(fault, sizeof fault, "%d", (int)MEMORY_COMMIT_FAILS);
    assert_int_equal(run(in_pieces, fault, &seen), TL_IO);
    snprintf(fault, sizeof fault, "%d", (int)MEMORY_DISK_FULL);
    assert_int_equal(run(in_pieces, fault, &seen), TL_NO_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_make_the_same_phase_with_the_same_transactions),
        cmocka_unit_test(a_failing_commit_ends_the_pieces_without_an_open_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
