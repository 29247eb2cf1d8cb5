/* harness/run/tests/test_run_scan.c -- scans downwards, which no driver has a call for. */
#include "harness/run/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { COUNT = 50 };

typedef struct fixture {
    const tl_driver *driver;
    tl_store *store;
    tl_store_txn *txn;
} fixture;

/* Keys "k00", "k02" ... "k98". */
static int filled(void **state)
{
    static fixture f;
    f.driver = tl_driver_find("model");
    assert_non_null(f.driver);
    assert_int_equal(f.driver->open(&(tl_driver_options){0}, &f.store), TL_OK);
    assert_int_equal(f.driver->begin(f.store, false, &f.txn), TL_OK);
    for (int i = 0; i < COUNT; i++) {
        char key[8];
        int bytes = snprintf(key, sizeof key, "k%02d", 2 * i);
        tl_slice slice = {key, (size_t)bytes};
        assert_int_equal(f.driver->put(f.txn, slice, slice, 0), TL_OK);
    }
    *state = &f;
    return 0;
}

static int emptied(void **state)
{
    fixture *f = *state;
    f->driver->abort(f->txn);
    return f->driver->close(f->store) == TL_OK ? 0 : 1;
}

static tl_scan scan_down(const fixture *f, const char *from, size_t from_bytes, uint64_t wanted)
{
    tl_scan scan;
    tl_op op = {.kind = TL_OP_SCAN,
                .flags = TL_OP_REVERSE,
                .key = from,
                .key_bytes = from_bytes,
                .scan_count = wanted};
    assert_int_equal(tl_scan_run(f->driver, f->txn, &op, true, &scan), TL_OK);
    assert_false(scan.out_of_order);
    return scan;
}

static uint64_t hash_between(int low, int high)
{
    uint64_t hash = 0;
    for (int i = low; i <= high; i += 2) {
        char key[8];
        int bytes = snprintf(key, sizeof key, "k%02d", i);
        hash += tl_record_hash((tl_slice){key, (size_t)bytes}, (tl_slice){key, (size_t)bytes});
    }
    return hash;
}

static void a_scan_downwards_begins_at_the_last_key_that_is_not_above(void **state)
{
    const fixture *f = *state;
    assert_true(scan_down(f, "k20", 3, 5).hash == hash_between(12, 20));
    assert_true(scan_down(f, "k21", 3, 5).hash == hash_between(12, 20));
    assert_true(scan_down(f, "zzz", 3, 5).hash == hash_between(90, 98));
    assert_true(scan_down(f, NULL, 0, UINT64_MAX).hash == hash_between(0, 98));
    assert_int_equal(scan_down(f, "k04", 3, 5).seen, 3);
    assert_int_equal(scan_down(f, "a", 1, 5).seen, 0);
}

static void scans_both_ways_meet_the_same_records_in_another_order(void **state)
{
    const fixture *f = *state;
    tl_scan up, down = scan_down(f, NULL, 0, COUNT);
    tl_op op = {.kind = TL_OP_SCAN, .scan_count = COUNT};
    assert_int_equal(tl_scan_run(f->driver, f->txn, &op, true, &up), TL_OK);
    assert_true(up.hash == down.hash && up.fold != down.fold);
}

/* A store whose cursor does not move back where it is told to. */
static tl_driver stuck;
static tl_status stuck_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return tl_driver_find("model")->cursor_next(cursor, key, value);
}

static void keys_that_do_not_descend_are_told(void **state)
{
    fixture *f = *state;
    tl_scan scan;
    tl_op op = {
        .kind = TL_OP_SCAN, .flags = TL_OP_REVERSE, .key = "k20", .key_bytes = 3, .scan_count = 5};
    stuck = *f->driver;
    stuck.cursor_prev = stuck_prev;
    assert_int_equal(tl_scan_run(&stuck, f->txn, &op, false, &scan), TL_OK);
    assert_true(scan.out_of_order);
    stuck.cursor_open = NULL;
    assert_int_equal(tl_scan_run(&stuck, f->txn, &op, false, &scan), TL_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_downwards_begins_at_the_last_key_that_is_not_above),
        cmocka_unit_test(scans_both_ways_meet_the_same_records_in_another_order),
        cmocka_unit_test(keys_that_do_not_descend_are_told),
    };
    return cmocka_run_group_tests(tests, filled, emptied);
}
