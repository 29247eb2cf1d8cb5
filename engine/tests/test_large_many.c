/* engine/tests/test_large_many.c -- values that lie in extents, put by batches and loads: all or
 * nothing, no page lost, in the log as a plain put has them.
 */
#include "engine/base/hash.h"
#include "engine/tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>

enum { BYTES = 1 << 20, RECORDS_MAX = 200, KEY_ROOM = 16 };

static uint8_t *the_bytes; /* BYTES of them, no two stretches alike */

static int bytes_make(void **state)
{
    (void)state;
    uint64_t random = 1;
    the_bytes = malloc(BYTES + 64);
    if (the_bytes == NULL)
        return -1;
    for (size_t i = 0; i < BYTES + 64; i++)
        the_bytes[i] = (uint8_t)(tl_random_next(&random) >> 56);
    return 0;
}

static int bytes_free(void **state)
{
    (void)state;
    free(the_bytes);
    return 0;
}

static tl_slice value_of(size_t size, size_t number)
{
    return tl_slice_of(the_bytes + number % 64, size);
}

typedef struct many { /* records in order, as a batch or as a stream */
    tl_record records[RECORDS_MAX];
    char keys[RECORDS_MAX][KEY_ROOM];
    size_t count, given;
} many;

static void many_add(many *to, size_t number, tl_slice value)
{
    assert_true(to->count < RECORDS_MAX);
    int size = snprintf(to->keys[to->count], KEY_ROOM, "key %06zu", number);
    to->records[to->count] = (tl_record){tl_slice_of(to->keys[to->count], (size_t)size), value};
    to->count++;
}

static tl_status many_next(void *context, tl_record *record)
{
    many *from = context;
    if (from->given == from->count)
        return TL_NOT_FOUND;
    *record = from->records[from->given++];
    return TL_OK;
}

static void many_tell_model(const many *from, model *truth)
{
    for (size_t i = 0; i < from->count; i++)
        model_put(truth, from->records[i].key, from->records[i].value);
}

typedef enum how { UPSERT, INSERT, LOAD, HOWS } how;

static tl_status many_put(tl_txn *txn, how way, many *from, tl_batch_result *result)
{
    from->given = 0;
    if (way == LOAD)
        return tl_bulk_load(txn, TL_TREE_MAIN, many_next, from, NULL, result);
    return (way == INSERT ? tl_insert_sorted : tl_upsert_sorted)(txn, TL_TREE_MAIN, from->records,
                                                                 from->count, result);
}

static tl_txn *begin(rig *on)
{
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    return txn;
}

static size_t below(uint64_t *random, size_t bound)
{
    return (size_t)(tl_random_next(random) % bound);
}

/* Of a leaf, around what just fits into one, logged whole, and longer than is ever logged. */
static size_t size_somewhere(uint64_t *random, const tl_env_info *info)
{
    size_t inline_most = info->inline_value_bytes_max + info->max_key_bytes - 10; /* "key 000042" */
    switch (below(random, 10)) {
    case 0:
    case 1:
        return inline_most - 2 + below(random, 5);
    case 2:
        return info->page_bytes - 100 + below(random, 3 * info->page_bytes);
    case 3:
        return 32768 - 2 + below(random, 4);
    case 4:
        return below(random, 6) == 0 ? 60000 + below(random, 100000) : 16; /* as a reference has */
    default:
        return below(random, 60);
    }
}

/* What the model says of it. */
static tl_status foresee(const model *truth, how way, const many *what, size_t *failed_at)
{
    bool equal;
    for (*failed_at = 0; way == INSERT && *failed_at < what->count; ++*failed_at) {
        model_find(truth, what->records[*failed_at].key, &equal);
        if (equal)
            return TL_EXISTS;
    }
    *failed_at = what->count;
    return TL_OK;
}

static void many_somewhere(many *into, uint64_t *random, how way, const rig *on, const model *truth)
{
    tl_env_info info = info_of(on->env);
    size_t count = 1 + below(random, below(random, 3) == 0 ? 100 : 12), number = below(random, 900);
    if (way == LOAD && truth->count != 0) {
        tl_slice last = model_key(truth, truth->count - 1);
        number = (size_t)strtoul((const char *)last.data + 4, NULL, 10) + 1;
    }
    for (into->count = 0; into->count < count; number += 1 + below(random, 9))
        many_add(into, number, value_of(size_somewhere(random, &info), number + count));
}

/* One txn of a few batches and loads; some are rolled back, and sometimes the whole. */
static void random_txn(rig *on, uint64_t *random, many *what)
{
    model next = {0}, saved = {0};
    tl_save save = 0;
    tl_txn *txn = begin(on);
    model_copy(&next, &on->truth);
    for (size_t left = 1 + below(random, 3); left != 0; left--) {
        how way = (how)below(random, HOWS);
        tl_batch_result result = {.failed_at = SIZE_MAX};
        size_t failed_at;
        many_somewhere(what, random, way, on, &next);
        if (below(random, 4) == 0) {
            check_ok(tl_savepoint(txn, &save));
            model_copy(&saved, &next);
        }
        tl_status wanted = foresee(&next, way, what, &failed_at);
        check_status(wanted, many_put(txn, way, what, &result));
        assert_int_equal(failed_at, result.failed_at);
        if (wanted == TL_OK)
            many_tell_model(what, &next);
        if (save != 0 && below(random, 3) == 0) {
            check_ok(tl_rollback_to(txn, save));
            model_copy(&next, &saved);
            save = 0;
        }
    }
    check_content(txn, &next);
    if (below(random, 6) == 0) {
        tl_txn_abort(txn);
    } else {
        check_ok(tl_txn_commit(txn));
        model_copy(&on->truth, &next);
    }
    model_clear(&next);
    model_clear(&saved);
}

/* A tree that is emptied gives all its pages back. */
static void shrink(rig *on, uint64_t empty)
{
    uint64_t deleted;
    tl_txn *txn = begin(on);
    check_ok(tl_del_range(txn, TL_TREE_MAIN, NULL, &deleted));
    assert_int_equal(on->truth.count, deleted);
    check_ok(tl_txn_commit(txn));
    model_clear(&on->truth);
    check_ok(tl_env_checkpoint(on->env));
    put_range(on->env, &on->truth, 1, 1, 'x', 10); /* what the old checkpoint pinned comes back */
    check_ok(tl_env_checkpoint(on->env));
    assert_int_equal(empty, info_of(on->env).pages_live);
}

static void values_of_all_sizes_go_in_many_at_a_time(void **state)
{
    (void)state;
    static const uint32_t pages[] = {1024, 4096, 8192, 65536};
    static const char *const commits[] = {"log", "shadow1", "shadow2"};
    static const char *const leaves[] = {"freelist", "dense", "sidecar", "bump", "rebuild"};
    static const tl_durability durabilities[] = {TL_DURABILITY_COMMIT, TL_DURABILITY_NONE};
    many *what = calloc(1, sizeof *what);
    uint64_t random = check_seed(11), rounds = check_rounds(24);
    for (unsigned i = 0; i < 24; i++) {
        rig on;
        rig_make(&on);
        on.options.page_bytes = pages[i % 4];
        on.options.growth_bytes = 16 * pages[i % 4];
        on.options.commit = commits[i / 4 % 3];
        on.options.durability = durabilities[i / 12];
        on.options.leaf = leaves[i % 5];
        on.options.space = i % 2 == 0 ? "simple" : "segregated";
        rig_open(&on);
        uint64_t empty = info_of(on.env).pages_live;
        for (uint64_t round = 0; round < rounds; round++) {
            random_txn(&on, &random, what);
            rig_compare(&on);
            if (below(&random, 3) == 0)
                rig_reopen(&on); /* abandoned: from the log */
            if (on.truth.count > 400)
                shrink(&on, empty);
        }
        rig_close(&on);
        rig_open(&on); /* from the pages */
        rig_compare(&on);
        shrink(&on, empty);
        rig_reopen(&on);
        rig_drop(&on);
    }
    free(what);
}

/* Short and long values, some in place of those that `before` put. */
static many *mixed_many(size_t first, size_t count)
{
    static const size_t sizes[] = {30, 700, 39000, 3000, 60, 50000};
    many *made = calloc(1, sizeof *made);
    assert_non_null(made);
    for (size_t i = 0; i < count; i++)
        many_add(made, first + i, value_of(sizes[(i + first) % 6], i + first));
    return made;
}

static void put_before(rig *on)
{
    many *before = mixed_many(100, 30);
    tl_txn *txn = begin(on);
    check_ok(many_put(txn, UPSERT, before, NULL));
    check_ok(tl_txn_commit(txn));
    many_tell_model(before, &on->truth);
    free(before);
}

typedef struct fault {
    bool memory;
    faultio_call call;
    tl_status status;
    bool sticky;
} fault;

/* Everything is in the file and nothing in memory when the many come.  True: the fault was reached.
 */
static bool run_with_fault(const fault *plan, uint64_t nth, how way, const char *commit)
{
    rig on;
    rig_make(&on);
    on.options.commit = commit;
    on.options.page_bytes = 4096;
    on.options.growth_bytes = 4096;
    rig_open(&on);
    put_before(&on);
    rig_close(&on);
    rig_open(&on);
    uint64_t live = info_of(on.env).pages_live;
    many *what = way == UPSERT ? mixed_many(97, 33) : mixed_many(200, 33);
    tl_txn *txn = begin(&on);
    if (plan->memory)
        faultmem_plan(&on.memory, nth, plan->sticky);
    else
        faultio_plan(&on.faults, plan->call, nth, plan->status, plan->sticky);
    tl_status status = many_put(txn, way, what, NULL);
    bool fired = plan->memory ? on.memory.fired != 0 : atomic_load(&on.faults.fired) != 0;
    faultmem_plan(&on.memory, 0, false);
    faultio_heal(&on.faults);
    check_status(fired ? plan->status : TL_OK, status);
    if (status == TL_OK)
        many_tell_model(what, &on.truth);
    if (status == TL_OK || status == TL_NO_SPACE) {
        check_content(txn, &on.truth);
        check_ok(tl_txn_commit(txn));
    } else {
        tl_txn_abort(txn);
    }
    if (status != TL_OK)
        assert_int_equal(live, info_of(on.env).pages_live);
    rig_compare(&on);
    rig_reopen(&on);
    free(what);
    rig_drop(&on);
    return fired;
}

static void whichever_call_fails_all_is_there_or_nothing(void **state)
{
    (void)state;
    static const fault faults[] = {
        {true,  FAULTIO_OPEN,     TL_NO_MEMORY, false},
        {true,  FAULTIO_OPEN,     TL_NO_MEMORY, true },
        {false, FAULTIO_ALLOCATE, TL_NO_SPACE,  true },
        {false, FAULTIO_READ,     TL_IO,        false},
        {false, FAULTIO_WRITE,    TL_IO,        false},
        {false, FAULTIO_WRITE,    TL_NO_SPACE,  true },
    };
    for (unsigned f = 0; f < sizeof faults / sizeof faults[0]; f++)
        for (unsigned i = 0; i < 2 * HOWS; i++) {
            how way = (how)(i % HOWS);
            const char *commit = i / HOWS == 0 ? "log" : "shadow2";
            bool writes = faults[f].call == FAULTIO_WRITE;
            uint64_t nth = 1;
            while (run_with_fault(&faults[f], nth, way, commit)) {
                nth++;
                assert_true(nth < 400);
            }
            assert_true(nth > 1 || (writes && i / HOWS != 0)); /* no log: none is written early */
        }
}

/* Refused when some values are made already: the record is named, every page comes back, and what
 * was to be written ahead is not. */
static void a_batch_that_finds_no_room_in_the_middle_gives_all_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * HOWS; i++) {
        rig on;
        how way = (how)(i % HOWS);
        rig_make(&on);
        on.options.max_bytes = 2 << 20;
        on.options.page_bytes = 4096;
        on.options.commit = i / HOWS == 0 ? "log" : "shadow1";
        rig_open(&on);
        put_before(&on);
        uint64_t live = info_of(on.env).pages_live;
        many *what = calloc(1, sizeof *what), *small = mixed_many(300, 8);
        for (size_t k = 0; k < 100; k++)
            many_add(what, 200 + k, value_of(k % 3 == 0 ? 40 : 40000, k));
        tl_txn *txn = begin(&on);
        check_ok(tl_put(txn, TL_TREE_MAIN, slice_of_text("key 000150"), value_of(45000, 3), 0));
        model_put(&on.truth, slice_of_text("key 000150"), value_of(45000, 3));
        tl_batch_result result = {.inserted = 4711};
        check_status(TL_NO_SPACE, many_put(txn, way, what, &result));
        assert_int_equal(4711, result.inserted);
        assert_in_range(result.failed_at, 20, 60);
        assert_true(result.failed_at % 3 != 0);
        check_content(txn, &on.truth);
        check_ok(many_put(txn, way, small, NULL)); /* into the same pages */
        many_tell_model(small, &on.truth);
        check_ok(tl_txn_commit(txn));
        rig_compare(&on);
        rig_reopen(&on);
        txn = begin(&on);
        check_ok(tl_del_range(txn, TL_TREE_MAIN, NULL, NULL));
        check_ok(tl_txn_commit(txn));
        model_clear(&on.truth);
        check_ok(tl_env_checkpoint(on.env));
        assert_true(info_of(on.env).pages_live < live);
        rig_reopen(&on);
        free(what);
        free(small);
        rig_drop(&on);
    }
}

static void a_bad_record_behind_large_ones_is_named(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_before(on);
    many *what = mixed_many(200, 30);
    tl_record good = what->records[20];
    tl_txn *txn = begin(on);
    tl_batch_result result;
    for (unsigned i = 0; i < 3 * HOWS; i++) {
        how way = (how)(i % HOWS);
        tl_status wanted = TL_VALUE_SIZE;
        what->records[20] = good;
        if (i / HOWS == 0) { /* refused before a byte is looked at */
            what->records[20].value.size_bytes = (size_t)INT32_MAX + 1;
        } else if (i / HOWS == 1) {
            wanted = TL_INVALID;
            what->records[20].key = what->records[19].key;
        } else {
            wanted = TL_KEY_SIZE;
            what->records[20].key.size_bytes = 0;
        }
        check_status(wanted, many_put(txn, way, what, &result));
        assert_int_equal(20, result.failed_at);
        check_content(txn, &on->truth);
    }
    what->records[20] = good;
    uint64_t taken = stats_of(on->env).run_alloc;
    what->records[29].key = slice_of_text("key 000300");
    check_ok(tl_put(txn, TL_TREE_MAIN, slice_of_text("key 000300"), value_of(5, 1), 0));
    check_status(TL_EXISTS, many_put(txn, INSERT, what, &result));
    assert_int_equal(29, result.failed_at);
    assert_int_equal(taken, stats_of(on->env).run_alloc); /* before any value was copied */
    tl_txn_abort(txn);
    rig_reopen(on);
    free(what);
}

/* A load is the one call that can fail by its records when values are made already. */
static void values_of_a_load_that_broke_off_are_not_written(void **state)
{
    rig *on = *state;
    on->options.log_value_max = 3000;
    rig_open(on);
    many *what = calloc(1, sizeof *what);
    for (size_t k = 0; k < 60; k++)
        many_add(what, k, value_of(k % 2 == 0 ? 3000 : 2000, k));
    many_add(what, 59, value_of(2000, 0));
    uint64_t live = info_of(on->env).pages_live;
    tl_stats before = stats_of(on->env);
    tl_txn *txn = begin(on);
    check_status(TL_INVALID, many_put(txn, LOAD, what, NULL));
    check_ok(tl_put(txn, TL_TREE_MAIN, slice_of_text("small"), value_of(5, 1), 0));
    model_put(&on->truth, slice_of_text("small"), value_of(5, 1));
    check_ok(tl_txn_commit(txn));
    check_ok(tl_env_checkpoint(on->env));
    assert_int_equal(before.value_bytes_written, stats_of(on->env).value_bytes_written);
    assert_int_equal(before.values_direct, stats_of(on->env).values_direct);
    assert_in_range(info_of(on->env).pages_live, live, live + 4);
    rig_reopen(on);
    free(what);
}

/* Values that lie in extents, and in leaves, which the very batch replaces. */
static void values_may_change_places(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        rig on;
        rig_make(&on);
        on.options.durability = i % 2 == 0 ? TL_DURABILITY_COMMIT : TL_DURABILITY_NONE;
        on.options.page_bytes = i / 2 == 0 ? 1024 : 8192;
        rig_open(&on);
        put_before(&on);
        many *what = mixed_many(100, 30);
        tl_txn *txn = begin(&on);
        for (unsigned turn = 1; turn < 4; turn++) { /* in later turns they are the txn's own */
            model before = {0};
            model_copy(&before, &on.truth);
            for (size_t k = 0; k < 30; k++)
                check_ok(tl_get(txn, TL_TREE_MAIN, what->records[(k + turn) % 30].key,
                                &what->records[k].value));
            check_ok(many_put(txn, UPSERT, what, NULL));
            for (size_t k = 0; k < 30; k++) {
                bool equal;
                size_t at = model_find(&before, what->records[(k + turn) % 30].key, &equal);
                assert_true(equal);
                model_put(&on.truth, what->records[k].key, model_value(&before, at));
            }
            check_content(txn, &on.truth);
            model_clear(&before);
        }
        check_ok(tl_txn_commit(txn));
        rig_reopen(&on);
        free(what);
        rig_drop(&on);
    }
}

/* Each byte of a long value goes to the page file once, and one sync is enough for all; what is
 * short goes to the log. */
static void long_values_are_written_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * HOWS; i++) {
        rig on;
        rig_make(&on);
        on.options.page_bytes = 4096;
        on.options.durability = i / HOWS == 0 ? TL_DURABILITY_COMMIT : TL_DURABILITY_NONE;
        rig_open(&on);
        uint64_t empty = info_of(on.env).pages_live;
        many *what = calloc(1, sizeof *what);
        for (size_t k = 0; k < 10; k++)
            many_add(what, k, value_of(64000, k));
        tl_stats before = stats_of(on.env);
        tl_txn *txn = begin(&on);
        check_ok(many_put(txn, (how)(i % HOWS), what, NULL));
        check_ok(tl_txn_commit(txn));
        many_tell_model(what, &on.truth);
        tl_stats after = stats_of(on.env);
        assert_int_equal(10 * 65536, after.value_bytes_written - before.value_bytes_written);
        assert_true(after.log_bytes - before.log_bytes < 4096);
        assert_int_equal(10, after.values_direct - before.values_direct);
        assert_int_equal(i / HOWS == 0, after.syncs_values - before.syncs_values);
        assert_int_equal(10 * 64010, after.user_bytes - before.user_bytes);
        what->count = 0;
        for (size_t k = 0; k < 10; k++)
            many_add(what, 10 + k, value_of(20000, k));
        txn = begin(&on);
        check_ok(many_put(txn, (how)(i % HOWS), what, NULL));
        check_ok(tl_txn_commit(txn));
        many_tell_model(what, &on.truth);
        tl_stats later = stats_of(on.env);
        assert_int_equal(i / HOWS == 0 ? 0 : 10, later.values_direct - after.values_direct);
        assert_int_equal(i / HOWS == 0, later.log_bytes - after.log_bytes > 200000);
        rig_compare(&on);
        shrink(&on, empty);
        rig_reopen(&on);
        free(what);
        rig_drop(&on);
    }
}

/* 1 KiB pages have zones of 7680: 9 MB take two of them. */
static void a_value_longer_than_a_zone_is_a_chain(void **state)
{
    (void)state;
    uint8_t *bytes = malloc(9 << 20);
    assert_non_null(bytes);
    for (size_t at = 0; at < 9 << 20; at += 1 << 16)
        memcpy(bytes + at, the_bytes + at % BYTES + at / BYTES, 1 << 16);
    for (unsigned i = 0; i < 2 * HOWS; i++) {
        rig on;
        rig_make(&on);
        on.options.growth_bytes = 0;
        on.options.commit = i / HOWS == 0 ? "log" : "shadow2";
        rig_open(&on);
        uint64_t empty = info_of(on.env).pages_live;
        many *what = calloc(1, sizeof *what);
        many_add(what, 1, value_of(2000, 1));
        many_add(what, 2, tl_slice_of(bytes, 9 << 20));
        many_add(what, 3, value_of(60000, 3));
        tl_txn *txn = begin(&on);
        check_ok(many_put(txn, (how)(i % HOWS), what, NULL));
        check_ok(tl_txn_commit(txn));
        many_tell_model(what, &on.truth);
        rig_reopen(&on);
        assert_true(stats_of(on.env).values_joined > 0);
        shrink(&on, empty + 2); /* the bitmaps of the second zone */
        free(what);
        rig_drop(&on);
    }
    free(bytes);
}

/* A file that can no longer grow: values short enough for the log are put into its holes. */
static void a_full_file_takes_values_in_pieces(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HOWS; i++) {
        rig on;
        key_buffer buffer;
        rig_make(&on);
        on.options.max_bytes = 1 << 20;
        rig_open(&on);
        tl_txn *txn = begin(&on);
        unsigned count = 0;
        for (tl_slice value = value_of(3000, 0);
             tl_put(txn, TL_TREE_MAIN, key_of(count, &buffer), value, 0) == TL_OK; count++)
            model_put(&on.truth, key_of(count, &buffer), value);
        check_ok(tl_txn_commit(txn));
        for (unsigned k = 0; k < count; k += 3) /* holes of three pages */
            del_range(on.env, &on.truth, k, 1);
        check_ok(tl_env_checkpoint(on.env));
        many *what = calloc(1, sizeof *what);
        for (size_t k = 0; k < 3; k++)
            many_add(what, 2000 + k, value_of(20000, k));
        txn = begin(&on);
        check_ok(many_put(txn, (how)i, what, NULL));
        check_ok(tl_txn_commit(txn));
        many_tell_model(what, &on.truth);
        rig_compare(&on);
        assert_true(stats_of(on.env).values_joined > 0);
        assert_int_equal(i == LOAD, stats_of(on.env).values_direct != 0);
        rig_reopen(&on);
        free(what);
        rig_drop(&on);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_all_sizes_go_in_many_at_a_time),
        cmocka_unit_test(whichever_call_fails_all_is_there_or_nothing),
        cmocka_unit_test(a_batch_that_finds_no_room_in_the_middle_gives_all_back),
        rig_test(a_bad_record_behind_large_ones_is_named),
        rig_test(values_of_a_load_that_broke_off_are_not_written),
        cmocka_unit_test(values_may_change_places),
        cmocka_unit_test(long_values_are_written_once),
        cmocka_unit_test(a_value_longer_than_a_zone_is_a_chain),
        cmocka_unit_test(a_full_file_takes_values_in_pieces),
    };
    return cmocka_run_group_tests(tests, bytes_make, bytes_free);
}
