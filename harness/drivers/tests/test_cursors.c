/* harness/drivers/tests/test_cursors.c -- cursors mean the same to all drivers that read back. */
#include "fixture.h"

#include <stdio.h>

static void want_seek(tl_store_cursor *cursor, const char *from, const char *want)
{
    tl_slice key = {"untouched", 9}, value = key;
    tl_status status = tl_tested->cursor_seek(cursor, tl_text(from), &key, &value);
    if (want == NULL) {
        assert_status(status, TL_NOT_FOUND);
        assert_slice(key, "untouched");
    } else {
        assert_status(status, TL_OK);
        assert_slice(key, want);
        assert_slice(value, want);
    }
}

/* a ab abc b ba d f, walked in a write txn and in a read txn. */
static void walk_letters(tl_store_txn *txn)
{
    tl_store_cursor *cursor = tl_open_cursor(txn);
    tl_want_step(cursor, tl_tested->cursor_next, "a"); /* stands nowhere: next is the first */
    tl_want_step(cursor, tl_tested->cursor_prev, NULL);
    tl_want_step(cursor, tl_tested->cursor_prev, "f"); /* nowhere again: prev is the last */
    tl_want_step(cursor, tl_tested->cursor_next, NULL);
    tl_want_step(cursor, tl_tested->cursor_next, "a");
    tl_want_step(cursor, tl_tested->cursor_next, "ab");
    tl_want_step(cursor, tl_tested->cursor_next, "abc");
    tl_want_step(cursor, tl_tested->cursor_prev, "ab");
    tl_want_step(cursor, tl_tested->cursor_next, "abc");
    tl_want_step(cursor, tl_tested->cursor_last, "f");
    tl_want_step(cursor, tl_tested->cursor_prev, "d");
    tl_want_step(cursor, tl_tested->cursor_first, "a");
    want_seek(cursor, "c", "d"); /* between keys */
    tl_want_step(cursor, tl_tested->cursor_prev, "ba");
    want_seek(cursor, "ba", "ba");
    tl_want_step(cursor, tl_tested->cursor_next, "d");
    want_seek(cursor, "", "a");
    want_seek(cursor, "fa", NULL); /* past the end: nowhere */
    tl_want_step(cursor, tl_tested->cursor_prev, "f");
    want_seek(cursor, "zzz", NULL);
    tl_want_step(cursor, tl_tested->cursor_next, "a");
    tl_tested->cursor_close(cursor);
}

static void cursors_walk_both_ways_and_stand_nowhere_past_the_ends(void **state)
{
    tl_fixture *fixture = *state;
    /* Where a write txn has no cursors, the empty store is walked in a read txn. */
    tl_store_txn *txn = tl_fixture_begin(fixture, tl_tested_is_blind());
    tl_store_cursor *cursor = tl_open_cursor(txn);
    tl_want_step(cursor, tl_tested->cursor_first, NULL);
    tl_want_step(cursor, tl_tested->cursor_last, NULL);
    tl_want_step(cursor, tl_tested->cursor_next, NULL);
    want_seek(cursor, "a", NULL);
    tl_tested->cursor_close(cursor);
    if (tl_tested_is_blind()) {
        assert_status(tl_tested->commit(txn), TL_OK);
        txn = tl_fixture_begin(fixture, false);
    }
    tl_put_letters(txn);
    if (!tl_tested_is_blind())
        walk_letters(txn);
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    walk_letters(txn);
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void deleting_at_the_cursor_leaves_it_between_the_neighbours(void **state)
{
    tl_fixture *fixture = *state;
    if (tl_tested_is_blind())
        skip();
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    tl_put_letters(txn);
    tl_store_cursor *cursor = tl_open_cursor(txn), *other = tl_open_cursor(txn);
    assert_status(tl_tested->cursor_del(cursor), TL_NOT_FOUND); /* stands nowhere */
    want_seek(cursor, "b", "b");
    want_seek(other, "b", "b");
    assert_status(tl_tested->cursor_del(cursor), TL_OK);
    tl_want_step(cursor, tl_tested->cursor_next, "ba");
    tl_want_step(other, tl_tested->cursor_prev, "abc"); /* another cursor at the same record */
    tl_want_step(cursor, tl_tested->cursor_prev, "abc");
    assert_status(tl_tested->cursor_del(cursor), TL_OK);
    assert_status(tl_tested->cursor_del(cursor), TL_NOT_FOUND); /* its record is gone */
    tl_want_step(cursor, tl_tested->cursor_prev, "ab");
    want_seek(cursor, "f", "f"); /* the last */
    assert_status(tl_tested->cursor_del(cursor), TL_OK);
    tl_want_step(cursor, tl_tested->cursor_next, NULL);
    tl_want_step(cursor, tl_tested->cursor_prev, "d");
    assert_status(tl_tested->cursor_del(cursor), TL_OK);
    tl_want_step(cursor, tl_tested->cursor_prev, "ba");
    tl_want_step(cursor, tl_tested->cursor_first, "a"); /* the first */
    assert_status(tl_tested->cursor_del(cursor), TL_OK);
    tl_want_step(cursor, tl_tested->cursor_prev, NULL);
    tl_want_step(cursor, tl_tested->cursor_next, "ab");
    tl_tested->cursor_close(other);
    tl_tested->cursor_close(cursor);
    tl_want_scan(txn, "", 99, "ab=ab ba=ba ");
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void deleting_every_record_through_a_cursor_empties_the_store(void **state)
{
    tl_fixture *fixture = *state;
    if (tl_tested_is_blind())
        skip();
    enum { COUNT = 3000 };
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    for (unsigned i = 0; i < COUNT; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%08u", i * 7919 % COUNT);
        assert_status(tl_put_text(txn, key, key, TL_PUT_INSERT), TL_OK);
    }
    tl_store_cursor *cursor = tl_open_cursor(txn);
    for (unsigned i = 0; i < COUNT; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%08u", i);
        tl_want_step(cursor, tl_tested->cursor_next, key);
        assert_status(tl_tested->cursor_del(cursor), TL_OK);
    }
    tl_want_step(cursor, tl_tested->cursor_next, NULL);
    tl_tested->cursor_close(cursor);
    tl_want_count(txn, 0);
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void a_cursor_finds_its_place_after_its_txn_changed_the_tree(void **state)
{
    tl_fixture *fixture = *state;
    if (tl_tested_is_blind())
        skip();
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    tl_put_letters(txn);
    tl_store_cursor *cursor = tl_open_cursor(txn);
    want_seek(cursor, "b", "b");
    assert_status(tl_put_text(txn, "b1", "b1", 0), TL_OK); /* just after it */
    tl_want_step(cursor, tl_tested->cursor_next, "b1");
    assert_status(tl_put_text(txn, "b0", "b0", 0), TL_OK); /* just before it */
    tl_want_step(cursor, tl_tested->cursor_prev, "b0");
    assert_status(tl_tested->del(txn, tl_text("b0")), TL_OK); /* under it */
    assert_status(tl_put_text(txn, "b00", "b00", 0), TL_OK);  /* into the gap it stands in */
    tl_want_step(cursor, tl_tested->cursor_next, "b00");
    assert_status(tl_tested->del(txn, tl_text("b00")), TL_OK);
    assert_status(tl_put_text(txn, "b00", "b00", 0),
                  TL_OK); /* gone and back: it stands there again */
    tl_want_step(cursor, tl_tested->cursor_next, "b1");
    for (unsigned i = 0; i < 2000; i++) { /* pages split around it */
        char key[16];
        (void)snprintf(key, sizeof key, "%c%06u", i % 2 ? 'a' : 'c', i * 7919 % 2000);
        assert_status(tl_put_text(txn, key, key, 0), TL_OK);
    }
    tl_want_step(cursor, tl_tested->cursor_prev, "b00");
    tl_tested->cursor_close(cursor);
    assert_status(tl_tested->commit(txn), TL_OK);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, tl_fixture_set_up, tl_fixture_tear_down)

static const struct CMUnitTest tests[] = {
    CLAIM(cursors_walk_both_ways_and_stand_nowhere_past_the_ends),
    CLAIM(deleting_at_the_cursor_leaves_it_between_the_neighbours),
    CLAIM(deleting_every_record_through_a_cursor_empties_the_store),
    CLAIM(a_cursor_finds_its_place_after_its_txn_changed_the_tree),
};

static int suite(const char *label)
{
    return cmocka_run_group_tests_name(label, tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    return tl_fixture_run_all(argc, argv, suite);
}
