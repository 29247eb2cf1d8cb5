/* engine/tests/test_outside.c -- one writer at a time, whatever became of the lock file; and what
 * a file looks like from outside: cut short, closed cleanly. */
#include "engine/tests/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const tl_env_options small = {
    .flags = TL_OPEN_DETERMINISTIC, .page_bytes = 4096, .log_bytes = 8192, .seed = 9};

static void a_removed_lock_file_admits_nobody(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env *env = unit_open(&place, &small);
    assert_int_equal(unlink(unit_in(&place, "x.lock")), 0);
    unit_refused(place.path, small, TL_BUSY, "open elsewhere");
    unit_put(env, "still", "mine");
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

static void a_second_name_of_the_file_admits_nobody(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env *env = unit_open(&place, &small);
    static const char *const endings[] = {"tl", "log.0", "log.1"};
    char from[sizeof place.dir + 16], to[sizeof place.dir + 16];
    for (size_t i = 0; i < 3; i++) {
        snprintf(from, sizeof from, "%s/x.%s", place.dir, endings[i]);
        snprintf(to, sizeof to, "%s/other.%s", place.dir, endings[i]);
        assert_int_equal(link(from, to), 0);
    }
    snprintf(to, sizeof to, "%s/other.tl", place.dir);
    unit_refused(to, small, TL_BUSY, "another name");
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

static void a_page_file_cut_short_is_corrupt_even_if_only_free_pages_are_gone(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env *env = unit_open(&place, &small);
    unit_put(env, "k", "v");
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files files = unit_files_read(&place);
    assert_int_equal(truncate(place.path, (off_t)files.page.size_bytes - 4096), 0);
    unit_refused(place.path, small, TL_CORRUPT, "cut short");
    unit_files_free(&files);
    unit_place_remove(&place);
}

/* Old frames lie in both logs; their payload crosses many sectors. */
static void a_clean_close_leaves_no_torn_tail_to_report(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env *env = unit_open(&place, &small);
    for (unsigned i = 0; i < 4; i++) {
        unit_put_numbers(env, 500 * i, 500 * (i + 1), 100);
        assert_int_equal(tl_env_checkpoint(env), TL_OK);
    }
    assert_int_equal(tl_env_close(env), TL_OK);
    env = unit_open(&place, &small);
    tl_env_info info;
    tl_env_info_get(env, &info);
    assert_int_equal(info.tail_bytes_dropped, 0);
    assert_int_equal(info.frames_replayed, 0);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

static void an_unknown_put_flag_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env *env = unit_open(&place, &small);
    tl_txn *txn = NULL;
    tl_slice key = {"k", 1};
    uint64_t count = 7;
    assert_int_equal(tl_txn_begin(env, 0, &txn), TL_OK);
    assert_int_equal(tl_put(txn, TL_TREE_MAIN, key, key, 0xff00), TL_INVALID);
    assert_int_equal(tl_count(txn, TL_TREE_MAIN, &count), TL_OK);
    assert_int_equal(count, 0);
    assert_int_equal(tl_put(txn, TL_TREE_MAIN, key, key, TL_PUT_INSERT), TL_OK);
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_removed_lock_file_admits_nobody),
        cmocka_unit_test(a_second_name_of_the_file_admits_nobody),
        cmocka_unit_test(a_page_file_cut_short_is_corrupt_even_if_only_free_pages_are_gone),
        cmocka_unit_test(a_clean_close_leaves_no_torn_tail_to_report),
        cmocka_unit_test(an_unknown_put_flag_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests_name("outside", tests, NULL, NULL);
}
