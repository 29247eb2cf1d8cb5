/* harness/run/tests/test_run_threads.c -- phases shared by threads, gets asked together, and the
 * life of a store around its phases.
 *
 * The stores are our engine, which several threads may use, and copies of its table in which one
 * call is wrong or busy now and then. */
#include "harness/run/cell.h"
#include "harness/run/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { OPS = 1000, SETTINGS_MAX = 3 };

typedef struct fixture {
    char dir[64];
    tl_driver driver; /* the one that runs: a copy of tree's */
    tl_run_arm arm;
    tl_run_load load;
    tl_workload_setting settings[SETTINGS_MAX];
    tl_run_request request;
    tl_cell_tools tools;
    tl_truth *truths;
    tl_run_cell cell;
} fixture;

static const tl_driver *tree;
static atomic_uint calls; /* of the wrapped function, over all threads */

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->dir, "/tmp/treelab-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(tl_cell_tools_make(&f->tools), TL_OK);
    tree = tl_driver_find("tree");
    assert_non_null(tree);
    f->driver = *tree;
    f->settings[0] = (tl_workload_setting){"phases", "insert_threads,get_threads"};
    f->settings[1] = (tl_workload_setting){"threads", "8"};
    f->settings[2] = (tl_workload_setting){"verb", "put"};
    f->arm = (tl_run_arm){.driver = &f->driver, .label = "tree"};
    f->load = (tl_run_load){.workload = tl_workload_find("random"),
                            .settings = f->settings,
                            .setting_count = SETTINGS_MAX};
    f->request = (tl_run_request){.arms = &f->arm,
                                  .arm_count = 1,
                                  .loads = &f->load,
                                  .load_count = 1,
                                  .ops = OPS,
                                  .seed = 7,
                                  .durability = TL_DURABILITY_NONE,
                                  .page_bytes = 8192,
                                  .repeat = 1,
                                  .batch_given = true,
                                  .batch = 1,
                                  .value_bytes_max = 2000,
                                  .data_dir = f->dir};
    f->cell = (tl_run_cell){.arm = &f->arm, .load = &f->load};
    atomic_store(&calls, 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    free(f->truths);
    tl_cell_release(&f->cell);
    tl_cell_tools_release(&f->tools);
    int left = rmdir(f->dir); /* fails when a cell left something behind */
    free(f);
    return left;
}

static void run_cell(fixture *f)
{
    char error[TL_RUN_TEXT_MAX];
    size_t count;
    tl_workload_spec spec = tl_cell_spec(&f->request, &f->load);
    assert_int_equal(
        tl_truth_find(f->load.workload, &spec, &f->truths, &count, error, sizeof error), TL_OK);
    assert_true(tl_cell_run(&f->request, &f->tools, f->truths, &f->cell));
}

static const tl_run_phase *phase_named(const tl_run_cell *cell, const char *name)
{
    for (size_t i = 0; i < cell->phase_count; i++)
        if (strcmp(cell->phases[i].name, name) == 0)
            return &cell->phases[i];
    fail_msg("no phase %s; the cell says: %s", name, cell->error);
    return NULL;
}

static void every_acknowledged_put_of_eight_writers_is_there_after_close_and_open(void **state)
{
    fixture *f = *state;
#if defined(__SANITIZE_THREAD__) /* it cannot see how libraries it did not build take turns */
    static const char *const names[] = {"tree"};
#else
    static const char *const names[] = {"tree",       "lmdb",    "sqlite", "bdb",
                                        "wiredtiger", "leveldb", "rocksdb"};
#endif
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const tl_driver *driver = tl_driver_find(names[i]);
        if (driver == NULL)
            continue;
        assert_true((driver->capabilities & TL_DRIVER_THREADS) != 0);
        f->driver = *driver;
        f->arm.label = names[i];
        run_cell(f);
        if (f->cell.status != TL_RUN_CELL_OK) /* the audit reads all of it */
            fail_msg("%s: %s", names[i], f->cell.error);
        const tl_run_phase *insert = phase_named(&f->cell, "insert_threads");
        assert_int_equal(insert->threads, 8);
        assert_int_equal(insert->ops, OPS);
        assert_int_equal(insert->transactions, OPS);
        assert_in_range(insert->latency[TL_OP_COMMIT].count, OPS, OPS + insert->retries);
        const tl_run_phase *get = phase_named(&f->cell, "get_threads");
        assert_int_equal(get->ops, OPS);
        assert_int_equal(get->answers_checked, OPS);
        assert_int_equal(get->transactions, 8); /* one each */
        assert_int_equal(phase_named(&f->cell, "audit")->answers_checked, OPS);
        assert_int_equal(phase_named(&f->cell, "audit")->threads, 1);
        free(f->truths);
        f->truths = NULL;
        tl_cell_release(&f->cell);
    }
}

static tl_status dropping_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    return atomic_fetch_add(&calls, 1) == OPS / 2 ? TL_OK : tree->put(txn, key, value, flags);
}

static void a_put_that_one_of_eight_writers_lost_is_found_missing(void **state)
{
    fixture *f = *state;
    f->driver.put = dropping_put;
    f->settings[0].value = "insert_threads";
    run_cell(f);
    assert_int_equal(f->cell.status, TL_RUN_CELL_WRONG);
    assert_non_null(strstr(f->cell.error, "1000 records were written and kept, the store has 999"));
}

static tl_status wrong_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    tl_status status = tree->get(txn, key, value);
    if (status == TL_OK && atomic_fetch_add(&calls, 1) == OPS / 2)
        value->size_bytes--;
    return status;
}

static void a_wrong_answer_to_one_of_eight_readers_is_told(void **state)
{
    fixture *f = *state;
    f->driver.get = wrong_get;
    run_cell(f);
    assert_int_equal(f->cell.status, TL_RUN_CELL_WRONG);
    assert_non_null(strstr(f->cell.error, "get of key 0x"));
    assert_int_equal(phase_named(&f->cell, "get_threads")->wrong, 1);
}

static tl_status busy_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    return atomic_fetch_add(&calls, 1) % 5 == 4 ? TL_BUSY : tree->put(txn, key, value, flags);
}

static tl_status busy_commit(tl_store_txn *txn)
{
    if (atomic_fetch_add(&calls, 1) % 5 != 4)
        return tree->commit(txn);
    tree->abort(txn); /* it ends the txn, whatever the status */
    return TL_BUSY;
}

static void what_another_thread_made_busy_is_done_again(void **state)
{
    fixture *f = *state;
    f->settings[0].value = "insert_threads";
    for (int which = 0; which < 2; which++) {
        f->driver = *tree;
        if (which == 0)
            f->driver.put = busy_put;
        else
            f->driver.commit = busy_commit;
        atomic_store(&calls, 0);
        run_cell(f);
        assert_int_equal(f->cell.status, TL_RUN_CELL_OK);
        const tl_run_phase *insert = phase_named(&f->cell, "insert_threads");
        assert_int_equal(insert->ops, OPS);
        assert_int_equal(insert->transactions, OPS);
        assert_int_equal(insert->errors, 0);
        assert_in_range(insert->retries, OPS / 5, OPS / 2); /* one call of five */
        free(f->truths);
        f->truths = NULL;
        tl_cell_release(&f->cell);
    }
}

static void busy_is_a_failure_where_one_thread_is_alone_or_a_txn_has_more_to_lose(void **state)
{
    fixture *f = *state;
    f->driver.put = busy_put;
    f->settings[0].value = "insert";
    run_cell(f);
    assert_int_equal(f->cell.status, TL_RUN_CELL_FAILED);
    assert_int_equal(f->cell.failure, TL_BUSY);
    tl_cell_release(&f->cell);
    free(f->truths);
    f->truths = NULL;
    f->cell = (tl_run_cell){.arm = &f->arm, .load = &f->load};
    f->settings[0].value = "insert_threads";
    f->request.batch = 10;
    run_cell(f);
    assert_int_equal(f->cell.status, TL_RUN_CELL_FAILED);
    assert_int_equal(f->cell.failure, TL_BUSY);
}

static void a_driver_for_one_thread_is_unsupported_not_broken(void **state)
{
    fixture *f = *state;
    f->driver.capabilities &= ~(unsigned)TL_DRIVER_THREADS;
    run_cell(f);
    assert_int_equal(f->cell.status, TL_RUN_CELL_UNSUPPORTED);
    assert_string_equal(f->cell.error,
                        "phase insert_threads: the driver takes one thread at a time");
}

static void gets_asked_together_are_one_call_and_one_latency(void **state)
{
    fixture *f = *state;
    f->settings[0].value = "insert,get_many";
    for (int looped = 0; looped < 2; looped++) {
        f->driver = *tree;
        if (looped)
            f->driver.get_many = NULL;
        assert_true(looped || f->driver.get_many != NULL);
        run_cell(f);
        assert_int_equal(f->cell.status, TL_RUN_CELL_OK);
        const tl_run_phase *many = phase_named(&f->cell, "get_many");
        assert_int_equal(many->ops, OPS);
        assert_int_equal(many->answers_checked, OPS);
        assert_int_equal(many->latency[TL_OP_GET_MANY].count, (OPS + 15) / 16);
        assert_int_equal(many->latency[TL_OP_GET].count, 0);
        assert_int_equal(many->many_looped, looped);
        assert_false(phase_named(&f->cell, "insert")->many_looped);
        free(f->truths);
        f->truths = NULL;
        tl_cell_release(&f->cell);
    }
}

static tl_status swapped_get_many(tl_store_txn *txn, const tl_slice *keys, size_t count,
                                  tl_slice *values, size_t *found)
{
    tl_status status = tree->get_many(txn, keys, count, values, found);
    if (status == TL_OK && atomic_fetch_add(&calls, 1) == 3) {
        tl_slice first = values[0];
        values[0] = values[1];
        values[1] = first;
    }
    return status;
}

static void values_given_to_the_wrong_keys_are_told(void **state)
{
    fixture *f = *state;
    f->settings[0].value = "insert,get_many";
    f->driver.get_many = swapped_get_many;
    run_cell(f);
    assert_int_equal(f->cell.status, TL_RUN_CELL_WRONG);
    assert_int_equal(phase_named(&f->cell, "get_many")->wrong, 2);
}

static tl_status forgetful_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    return atomic_fetch_add(&calls, 1) % 3 == 0 ? TL_NOT_FOUND : tree->get(txn, key, value);
}

static void gets_of_a_blind_txn_may_miss_what_it_wrote_but_not_answer_wrongly(void **state)
{
    fixture *f = *state;
    f->load.workload = tl_workload_find("mixed");
    f->settings[0] = (tl_workload_setting){"get_percent", "50"};
    f->load.setting_count = 1;
    f->request.batch = 50;
    f->driver.get = forgetful_get;
    run_cell(f);
    assert_int_equal(f->cell.status, TL_RUN_CELL_WRONG); /* it does not say that it is blind */
    assert_false(phase_named(&f->cell, "run")->blind_gets);
    for (int lies = 0; lies < 2; lies++) {
        tl_cell_release(&f->cell);
        free(f->truths);
        f->truths = NULL;
        f->cell = (tl_run_cell){.arm = &f->arm, .load = &f->load};
        f->driver.capabilities |= TL_DRIVER_BLIND_WRITES;
        f->driver.get = lies ? wrong_get : forgetful_get;
        atomic_store(&calls, lies ? OPS / 2 - 50 : 0); /* among the first hundred answers */
        run_cell(f);
        assert_int_equal(f->cell.status, lies ? TL_RUN_CELL_WRONG : TL_RUN_CELL_OK);
        assert_true(phase_named(&f->cell, "run")->blind_gets);
        assert_false(phase_named(&f->cell, "load")->blind_gets); /* it has no gets */
    }
}

static void the_life_of_a_store_is_timed_and_its_files_counted(void **state)
{
    fixture *f = *state;
    f->settings[0].value = "insert";
    f->request.batch = 0;
    run_cell(f);
    assert_int_equal(f->cell.status, TL_RUN_CELL_OK);
    const tl_run_life *life = &f->cell.life;
    assert_true(life->open_ns > 0);
    assert_true(life->close_ns > 0);
    assert_true(life->data_bytes >= OPS * 116); /* keys and values */
    assert_true(life->log_bytes > 0);
    assert_int_equal(life->compact_ns, 0);
}

static _Thread_local int readers; /* open read txns of this thread */
static int readers_seen;

static tl_status counting_begin(tl_store *store, bool read_only, tl_store_txn **txn)
{
    tl_status status = tree->begin(store, read_only, txn);
    readers += status == TL_OK && read_only;
    return status;
}

static void counting_abort(tl_store_txn *txn)
{
    readers--; /* the loop and the cell end read txns so, and no other */
    tree->abort(txn);
}

static tl_status watching_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    if (readers > readers_seen)
        readers_seen = readers;
    return tree->put(txn, key, value, flags);
}

static void a_pinned_reader_stays_open_while_the_phases_run_and_no_longer(void **state)
{
    fixture *f = *state;
    f->settings[0].value = "insert,update";
    f->driver.begin = counting_begin;
    f->driver.abort = counting_abort;
    f->driver.put = watching_put;
    for (int pinned = 0; pinned < 2; pinned++) {
        readers_seen = readers = 0;
        f->request.pin_reader = pinned == 1;
        run_cell(f);
        assert_int_equal(f->cell.status, TL_RUN_CELL_OK);
        assert_int_equal(readers_seen, pinned);
        assert_int_equal(readers, 0);
        free(f->truths);
        f->truths = NULL;
        tl_cell_release(&f->cell);
    }
}

static void what_a_directory_occupies_is_told_logs_apart(void **state)
{
    fixture *f = *state;
    char path[128];
    static const struct {
        const char *name;
        size_t bytes;
    } files[] = {
        {"data",      5000},
        {"log.1",     700 },
        {"other.log", 300 }
    };
    uint64_t data_bytes = 1, log_bytes = 1;
    assert_int_equal(tl_directory_bytes(f->dir, "log.", &data_bytes, &log_bytes), TL_OK);
    assert_int_equal(data_bytes + log_bytes, 0);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", f->dir, files[i].name);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        for (size_t b = 0; b < files[i].bytes; b++)
            fputc('x', file);
        assert_int_equal(fclose(file), 0);
    }
    assert_int_equal(tl_directory_bytes(f->dir, "nothing log.", &data_bytes, &log_bytes), TL_OK);
    assert_int_equal(data_bytes, 5300);
    assert_int_equal(log_bytes, 700);
    assert_int_equal(tl_directory_bytes(f->dir, NULL, &data_bytes, &log_bytes), TL_OK);
    assert_int_equal(data_bytes, 6000);
    snprintf(path, sizeof path, "%s/hole", f->dir); /* as long as a map, and empty */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, 1 << 30), 0);
    assert_int_equal(tl_directory_bytes(f->dir, NULL, &data_bytes, &log_bytes), TL_OK);
    assert_int_equal(data_bytes, 6000);
    snprintf(path, sizeof path, "%s/nothing", f->dir);
    assert_int_equal(tl_directory_bytes(path, NULL, &data_bytes, &log_bytes), TL_NOT_FOUND);
    assert_int_equal(tl_directory_remove(f->dir), TL_OK);
    assert_int_equal(tl_directory_make_fresh(f->dir), TL_OK);
}

/* Rows are shared by all threads; what each adds is in the one where its operations ended. */
static void intervals_of_all_threads_add_up_to_the_phase(void **state)
{
    fixture *f = *state;
    f->driver = *tl_driver_find("tree");
    f->request.interval_ns = 1000000;
    f->request.rate = (tl_rate){TL_RATE_POISSON, 1000000};
    run_cell(f);
    if (f->cell.status != TL_RUN_CELL_OK)
        fail_msg("%s", f->cell.error);
    const tl_run_phase *get = phase_named(&f->cell, "get_threads");
    assert_int_equal(get->schedule.rate.mode, TL_RATE_POISSON);
    assert_int_equal(get->response[TL_OP_GET].count, OPS);
    uint64_t ops = 0, service = 0, response = 0;
    for (size_t i = 0; i < get->series.count; i++) {
        ops += get->series.rows[i].ops;
        service += get->series.rows[i].latency[TL_OP_GET].count;
        response += get->series.rows[i].latency[TL_SERIES_RESPONSE + TL_OP_GET].count;
    }
    assert_int_equal(ops, OPS);
    assert_int_equal(service, OPS);
    assert_int_equal(response, OPS);
    const tl_run_phase *insert = phase_named(&f->cell, "insert_threads");
    uint64_t log_bytes = 0;
    for (size_t i = 0; i < insert->series.count; i++)
        log_bytes += insert->series.rows[i].counters[TL_SERIES_log_bytes];
    for (size_t i = 0; i < insert->counter_count; i++)
        if (strcmp(insert->counters[i].name, "log_bytes") == 0)
            assert_in_range(log_bytes, 1, insert->counters[i].value);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(intervals_of_all_threads_add_up_to_the_phase),
        CLAIM(every_acknowledged_put_of_eight_writers_is_there_after_close_and_open),
        CLAIM(a_put_that_one_of_eight_writers_lost_is_found_missing),
        CLAIM(a_wrong_answer_to_one_of_eight_readers_is_told),
        CLAIM(what_another_thread_made_busy_is_done_again),
        CLAIM(busy_is_a_failure_where_one_thread_is_alone_or_a_txn_has_more_to_lose),
        CLAIM(a_driver_for_one_thread_is_unsupported_not_broken),
        CLAIM(gets_asked_together_are_one_call_and_one_latency),
        CLAIM(values_given_to_the_wrong_keys_are_told),
        CLAIM(gets_of_a_blind_txn_may_miss_what_it_wrote_but_not_answer_wrongly),
        CLAIM(the_life_of_a_store_is_timed_and_its_files_counted),
        CLAIM(a_pinned_reader_stays_open_while_the_phases_run_and_no_longer),
        CLAIM(what_a_directory_occupies_is_told_logs_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
