/* harness/drivers/tests/test_conformance.c -- one meaning for all drivers that read back.
 *
 * Every test runs over every such driver of the build and its variants; labels on the command line
 * choose some.  Drivers that write blindly say so, and are held to what they say. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void a_put_is_read_back_replaced_and_deleted(void **state)
{
    tl_fixture *fixture = *state;
    if (tl_tested_is_blind())
        skip();
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    tl_want_value(txn, "fig", NULL);
    assert_status(tl_put_text(txn, "fig", "green", 0), TL_OK);
    tl_want_value(txn, "fig", "green");
    assert_status(tl_put_text(txn, "fig", "violet and ripe", 0), TL_OK);
    tl_want_value(txn, "fig", "violet and ripe");
    tl_want_count(txn, 1);
    assert_status(tl_tested->del(txn, tl_text("fi")), TL_NOT_FOUND);
    assert_status(tl_tested->del(txn, tl_text("fig")), TL_OK);
    assert_status(tl_tested->del(txn, tl_text("fig")), TL_NOT_FOUND);
    tl_want_value(txn, "fig", NULL);
    tl_want_count(txn, 0);
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void a_blind_txn_shows_what_is_committed_and_tells_nothing(void **state)
{
    tl_fixture *fixture = *state;
    if (!tl_tested_is_blind())
        skip();
    tl_fixture_put(fixture, "fig", "green");
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    assert_status(tl_put_text(txn, "fig", "violet", 0), TL_OK);
    assert_status(tl_put_text(txn, "pear", "yellow", 0), TL_OK);
    assert_status(tl_tested->del(txn, tl_text("apple")), TL_OK); /* there was none */
    assert_status(tl_put_text(txn, "fig", "red", TL_PUT_INSERT), TL_UNSUPPORTED);
    tl_store_cursor *cursor = NULL;
    assert_status(tl_tested->cursor_open(txn, &cursor), TL_UNSUPPORTED);
    tl_want_value(txn, "fig", "green");
    tl_want_value(txn, "pear", NULL);
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, false);
    assert_status(tl_tested->del(txn, tl_text("pear")), TL_OK);
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    tl_want_scan(txn, "", 99, "fig=violet ");
    tl_tested->abort(txn);
}

static void insert_refuses_a_present_key_and_keeps_its_value(void **state)
{
    tl_fixture *fixture = *state;
    if (tl_tested_is_blind())
        skip();
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    assert_status(tl_put_text(txn, "fig", "first", TL_PUT_INSERT), TL_OK);
    assert_status(tl_put_text(txn, "fig", "second", TL_PUT_INSERT), TL_EXISTS);
    assert_status(tl_put_text(txn, "fig", "third", TL_PUT_INSERT | TL_PUT_APPEND), TL_EXISTS);
    tl_want_value(txn, "fig", "first");
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    tl_want_value(txn, "fig", "first");
    tl_want_count(txn, 1);
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void append_is_a_hint_that_may_be_wrong(void **state)
{
    tl_fixture *fixture = *state;
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    assert_status(tl_put_text(txn, "m", "1", TL_PUT_APPEND), TL_OK);
    assert_status(tl_put_text(txn, "n", "2", TL_PUT_APPEND), TL_OK);
    assert_status(tl_put_text(txn, "a", "3", TL_PUT_APPEND), TL_OK);
    assert_status(tl_put_text(txn, "n", "4", TL_PUT_APPEND), TL_OK);
    unsigned insert = tl_tested_is_blind() ? 0 : TL_PUT_INSERT;
    assert_status(tl_put_text(txn, "b", "5", TL_PUT_APPEND | insert), TL_OK);
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    tl_want_value(txn, "a", "3");
    tl_want_value(txn, "b", "5");
    tl_want_value(txn, "m", "1");
    tl_want_value(txn, "n", "4");
    tl_want_count(txn, 4);
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void keys_of_the_wrong_size_and_long_values_are_refused_and_change_nothing(void **state)
{
    tl_fixture *fixture = *state;
    static char long_key[4096];
    memset(long_key, 'k', sizeof long_key);
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    tl_slice value = tl_text("v");
    assert_status(tl_tested->put(txn, (tl_slice){NULL, 0}, value, 0), TL_KEY_SIZE);
    assert_status(tl_tested->put(txn, (tl_slice){"", 0}, value, TL_PUT_INSERT), TL_KEY_SIZE);
    assert_status(tl_tested->put(txn, (tl_slice){long_key, 512}, value, 0), TL_KEY_SIZE);
    assert_status(tl_tested->put(txn, (tl_slice){long_key, 4096}, value, 0), TL_KEY_SIZE);
    assert_status(tl_tested->get(txn, (tl_slice){NULL, 0}, &value), TL_KEY_SIZE);
    assert_status(tl_tested->get(txn, (tl_slice){long_key, 512}, &value), TL_KEY_SIZE);
    assert_status(tl_tested->del(txn, (tl_slice){NULL, 0}), TL_KEY_SIZE);
    assert_status(tl_tested->del(txn, (tl_slice){long_key, 512}), TL_KEY_SIZE);
    size_t limit_bytes = tl_tested->value_bytes_max(fixture->store);
    if (limit_bytes < SIZE_MAX) { /* refused by its size: the bytes are never looked at */
        value = (tl_slice){long_key, limit_bytes + 1};
        assert_status(tl_tested->put(txn, (tl_slice){long_key, 511}, value, 0), TL_VALUE_SIZE);
    }
    tl_want_count(txn, 0);
    assert_status(tl_put_text(txn, "key", "the txn goes on", 0), TL_OK);
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    tl_want_scan(txn, "", 99, "key=the txn goes on ");
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void the_longest_value_fits_beside_the_longest_key(void **state)
{
    tl_fixture *fixture = *state;
    static char bytes[100000];
    memset(bytes, 'x', sizeof bytes);
    size_t limit_bytes = tl_tested->value_bytes_max(fixture->store);
    if (limit_bytes > sizeof bytes) /* stores without a limit worth naming */
        limit_bytes = sizeof bytes;
    tl_slice key = {bytes, 511}, value = {bytes, limit_bytes};
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    assert_status(tl_tested->put(txn, key, value, 0), TL_OK);
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    assert_status(tl_tested->get(txn, key, &value), TL_OK);
    assert_int_equal(value.size_bytes, limit_bytes);
    assert_memory_equal(value.data, bytes, limit_bytes);
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void empty_values_binary_zeros_and_the_longest_keys_are_kept_exactly(void **state)
{
    tl_fixture *fixture = *state;
    static char zeros[511], mixed[511];
    memset(mixed, 0xff, sizeof mixed);
    mixed[510] = 0;
    const tl_slice keys[] = {
        {zeros, 1  },
        {zeros, 2  },
        {zeros, 511},
        {mixed, 510},
        {mixed, 511}
    };
    const tl_slice values[] = {
        {NULL,  0  },
        {zeros, 7  },
        {mixed, 300},
        {"",    0  },
        {mixed, 511}
    };
    enum { COUNT = sizeof keys / sizeof keys[0] };
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    unsigned insert = tl_tested_is_blind() ? 0 : TL_PUT_INSERT;
    for (size_t i = 0; i < COUNT; i++)
        assert_status(tl_tested->put(txn, keys[i], values[i], insert), TL_OK);
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    tl_want_count(txn, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        tl_slice value = {NULL, 99};
        assert_status(tl_tested->get(txn, keys[i], &value), TL_OK);
        assert_int_equal(value.size_bytes, values[i].size_bytes);
        if (value.size_bytes != 0)
            assert_memory_equal(value.data, values[i].data, value.size_bytes);
    }
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void scans_go_in_memcmp_order_with_prefixes_first(void **state)
{
    tl_fixture *fixture = *state;
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    tl_want_scan(txn, "", 99, "");
    tl_put_letters(txn);
    tl_want_scan(txn, "", 99, tl_tested_is_blind() ? "" : "a=a ab=ab abc=abc b=b ba=ba d=d f=f ");
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    for (int again = 0; again < 2; again++) { /* drivers keep cursors between scans */
        tl_want_scan(txn, "", 99, "a=a ab=ab abc=abc b=b ba=ba d=d f=f ");
        tl_want_scan(txn, "abb", 3, "abc=abc b=b ba=ba ");
        tl_want_scan(txn, "d", 1, "d=d ");
        tl_want_scan(txn, "g", 99, "");
    }
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    tl_want_scan(txn, "c", 99, "d=d f=f ");
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void get_many_answers_as_get_does(void **state)
{
    tl_fixture *fixture = *state;
    if (tl_tested->get_many == NULL)
        skip();
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    tl_put_letters(txn);
    assert_status(tl_put_text(txn, "empty", "", 0), TL_OK);
    assert_status(tl_tested->commit(txn), TL_OK);
    static const char *const words[] = {"f", "absent", "a", "abc", "empty", "b", "b", "zz"};
    enum { COUNT = sizeof words / sizeof words[0] };
    tl_slice keys[COUNT], values[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        keys[i] = tl_text(words[i]);
    txn = tl_fixture_begin(fixture, true);
    for (size_t count = 0; count <= COUNT; count++) {
        size_t found = 99, want = 0;
        memset(values, 0x55, sizeof values);
        assert_status(tl_tested->get_many(txn, keys, count, values, &found), TL_OK);
        for (size_t i = 0; i < count; i++) {
            if (strcmp(words[i], "absent") == 0 || strcmp(words[i], "zz") == 0) {
                assert_null(values[i].data);
                continue;
            }
            want++;
            assert_non_null(values[i].data);
            assert_slice(values[i], strcmp(words[i], "empty") == 0 ? "" : words[i]);
        }
        assert_int_equal(found, want);
    }
    tl_tested->abort(txn);
}

static void abort_leaves_no_trace(void **state)
{
    tl_fixture *fixture = *state;
    tl_fixture_put(fixture, "kept", "old");
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    assert_status(tl_put_text(txn, "kept", "new", 0), TL_OK);
    assert_status(tl_put_text(txn, "more", "new", 0), TL_OK);
    tl_tested->abort(txn);
    txn = tl_fixture_begin(fixture, false);
    tl_want_value(txn, "kept", "old");
    tl_want_value(txn, "more", NULL);
    assert_status(tl_tested->del(txn, tl_text("kept")), TL_OK);
    tl_tested->abort(txn);
    txn = tl_fixture_begin(fixture, true);
    tl_want_value(txn, "kept", "old");
    tl_want_count(txn, 1);
    tl_tested->abort(txn);
}

static void a_read_txn_sees_what_was_committed_when_it_began(void **state)
{
    tl_fixture *fixture = *state;
    if (!tl_tested_has_snapshots())
        skip();
    tl_fixture_put(fixture, "a", "1");
    tl_store_txn *before = tl_fixture_begin(fixture, true); /* reads nothing before the commit */
    tl_store_txn *writer = tl_fixture_begin(fixture, false);
    assert_status(tl_put_text(writer, "a", "2", 0), TL_OK);
    assert_status(tl_put_text(writer, "b", "2", 0), TL_OK);
    tl_store_txn *during = tl_fixture_begin(fixture, true);
    tl_want_value(during, "a", "1");
    assert_status(tl_tested->commit(writer), TL_OK);
    tl_store_txn *after = tl_fixture_begin(fixture, true);
    tl_want_value(before, "a", "1");
    tl_want_value(before, "b", NULL);
    tl_want_count(before, 1);
    tl_want_value(during, "b", NULL);
    tl_want_value(after, "a", "2");
    tl_want_count(after, 2);
    assert_status(tl_tested->commit(before), TL_OK);
    assert_status(tl_tested->commit(during), TL_OK);
    assert_status(tl_tested->commit(after), TL_OK);
    after = tl_fixture_begin(fixture, true); /* a reader used again sees the newest */
    tl_want_count(after, 2);
    assert_status(tl_tested->commit(after), TL_OK);
}

static void a_read_txn_refuses_to_write(void **state)
{
    tl_fixture *fixture = *state;
    tl_fixture_put(fixture, "a", "a");
    tl_store_txn *txn = tl_fixture_begin(fixture, true);
    assert_status(tl_put_text(txn, "b", "b", 0), TL_READ_ONLY);
    assert_status(tl_tested->del(txn, tl_text("a")), TL_READ_ONLY);
    tl_store_cursor *cursor = tl_open_cursor(txn);
    tl_want_step(cursor, tl_tested->cursor_first, "a");
    assert_status(tl_tested->cursor_del(cursor), TL_READ_ONLY);
    tl_tested->cursor_close(cursor);
    tl_want_value(txn, "a", "a");
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void a_second_writer_is_refused_not_kept_waiting(void **state)
{
    tl_fixture *fixture = *state;
    tl_store_txn *txn = tl_fixture_begin(fixture, false), *second = NULL;
    assert_status(tl_tested->begin(fixture->store, false, &second), TL_BUSY);
    assert_null(second);
    assert_status(tl_put_text(txn, "a", "a", 0), TL_OK);
    assert_status(tl_tested->commit(txn), TL_OK);
    tl_fixture_put(fixture, "b", "b");
}

static void closing_with_a_txn_open_is_refused_and_harmless(void **state)
{
    tl_fixture *fixture = *state;
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    assert_status(tl_tested->close(fixture->store), TL_BUSY);
    assert_status(tl_put_text(txn, "a", "a", 0), TL_OK);
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    assert_status(tl_tested->close(fixture->store), TL_BUSY);
    tl_want_value(txn, "a", "a");
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void committed_records_are_there_after_close_and_open(void **state)
{
    tl_fixture *fixture = *state;
    if (!(tl_tested->capabilities & TL_DRIVER_PERSISTENT))
        skip();
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    tl_put_letters(txn);
    assert_status(tl_tested->commit(txn), TL_OK);
    for (int again = 0; again < 2; again++) {
        tl_fixture_reopen(fixture);
        txn = tl_fixture_begin(fixture, true);
        tl_want_scan(txn, "", 99, "a=a ab=ab abc=abc b=b ba=ba d=d f=f ");
        assert_status(tl_tested->commit(txn), TL_OK);
    }
    fixture->options.read_only = true;
    tl_fixture_reopen(fixture);
    assert_status(tl_tested->begin(fixture->store, false, &txn), TL_READ_ONLY);
    txn = tl_fixture_begin(fixture, true);
    tl_want_count(txn, 7);
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void an_abandoned_store_keeps_its_commits_and_loses_the_open_txn(void **state)
{
    tl_fixture *fixture = *state;
    if (tl_tested->abandon == NULL)
        skip();
    tl_fixture_put(fixture, "kept", "kept");
    tl_store_txn *reader = tl_fixture_begin(fixture, true);
    tl_want_value(reader, "kept", "kept");
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    assert_status(tl_put_text(txn, "lost", "lost", 0), TL_OK);
    if (!tl_tested_is_blind())
        tl_want_step(tl_open_cursor(txn), tl_tested->cursor_first,
                     "kept"); /* dies with the store */
    tl_tested->abandon(fixture->store);
    assert_status(tl_tested->open(&fixture->options, &fixture->store), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    tl_want_value(txn, "kept", "kept");
    tl_want_count(txn, 1);
    assert_status(tl_tested->commit(txn), TL_OK);
}

static void checkpoint_is_refused_inside_a_write_txn_only(void **state)
{
    tl_fixture *fixture = *state;
    if (tl_tested->checkpoint == NULL)
        skip();
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    tl_put_letters(txn);
    assert_status(tl_tested->checkpoint(fixture->store), TL_BUSY);
    assert_status(tl_tested->commit(txn), TL_OK);
    txn = tl_fixture_begin(fixture, true);
    assert_status(tl_tested->checkpoint(fixture->store), TL_OK);
    tl_want_count(txn, 7);
    assert_status(tl_tested->commit(txn), TL_OK);
}

static bool print_finding(void *context, const tl_finding *finding)
{
    (void)context;
    print_error("%s: %s\n", finding->rule, finding->text);
    return true;
}

static void space_verify_and_counters_tell_the_truth_about_a_small_store(void **state)
{
    tl_fixture *fixture = *state;
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    tl_put_letters(txn);
    assert_status(tl_tested->commit(txn), TL_OK);
    tl_driver_space space;
    assert_status(tl_tested->space(fixture->store, &space), TL_OK);
    if (tl_tested->count != NULL)
        assert_int_equal(space.record_count, 7);
    else
        assert_true(space.record_count == TL_DRIVER_UNKNOWN);
    assert_true(space.file_bytes >= 22); /* the keys and values alone */
    uint32_t own_bytes = tl_tested_is_named("wiredtiger") ? 32768 : 0; /* it takes no wish */
    assert_true(space.page_bytes == own_bytes || space.page_bytes == 4096);
    if (tl_tested->verify != NULL) {
        uint64_t finding_count = UINT64_MAX;
        assert_status(tl_tested->verify(fixture->store, print_finding, NULL, &finding_count),
                      TL_OK);
        assert_int_equal(finding_count, 0);
    }
    if (tl_tested->counters != NULL) {
        tl_driver_counter counters[TL_STATS_COUNT];
        size_t count = tl_tested->counters(fixture->store, counters, TL_STATS_COUNT);
        assert_in_range(count, 1, TL_STATS_COUNT);
        for (size_t i = 0; i < count; i++)
            assert_true(strlen(counters[i].name) > 0 && strlen(counters[i].unit) > 0);
        assert_int_equal(tl_tested->counters(fixture->store, NULL, 0), count);
    }
}

static void every_durability_opens_commits_and_reopens(void **state)
{
    tl_fixture *fixture = *state;
    static const tl_durability levels[] = {TL_DURABILITY_COMMIT, TL_DURABILITY_ASYNC,
                                           TL_DURABILITY_NONE};
    static const char *const keys[] = {"commit", "async", "none"};
    for (size_t i = 0; i < 3; i++) {
        fixture->options.durability = levels[i];
        tl_fixture_reopen(fixture);
        tl_fixture_put(fixture, keys[i], keys[i]);
    }
    tl_fixture_reopen(fixture);
    tl_store_txn *txn = tl_fixture_begin(fixture, true);
    tl_want_scan(txn, "", 99, "async=async commit=commit none=none ");
    assert_status(tl_tested->commit(txn), TL_OK);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, tl_fixture_set_up, tl_fixture_tear_down)

static const struct CMUnitTest tests[] = {
    CLAIM(a_put_is_read_back_replaced_and_deleted),
    CLAIM(a_blind_txn_shows_what_is_committed_and_tells_nothing),
    CLAIM(get_many_answers_as_get_does),
    CLAIM(insert_refuses_a_present_key_and_keeps_its_value),
    CLAIM(append_is_a_hint_that_may_be_wrong),
    CLAIM(keys_of_the_wrong_size_and_long_values_are_refused_and_change_nothing),
    CLAIM(the_longest_value_fits_beside_the_longest_key),
    CLAIM(empty_values_binary_zeros_and_the_longest_keys_are_kept_exactly),
    CLAIM(scans_go_in_memcmp_order_with_prefixes_first),
    CLAIM(abort_leaves_no_trace),
    CLAIM(a_read_txn_sees_what_was_committed_when_it_began),
    CLAIM(a_read_txn_refuses_to_write),
    CLAIM(a_second_writer_is_refused_not_kept_waiting),
    CLAIM(closing_with_a_txn_open_is_refused_and_harmless),
    CLAIM(committed_records_are_there_after_close_and_open),
    CLAIM(an_abandoned_store_keeps_its_commits_and_loses_the_open_txn),
    CLAIM(checkpoint_is_refused_inside_a_write_txn_only),
    CLAIM(space_verify_and_counters_tell_the_truth_about_a_small_store),
    CLAIM(every_durability_opens_commits_and_reopens),
};

static int suite(const char *label)
{
    return cmocka_run_group_tests_name(label, tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    return tl_fixture_run_all(argc, argv, suite);
}
