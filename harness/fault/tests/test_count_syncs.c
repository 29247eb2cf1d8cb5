/* harness/fault/tests/test_count_syncs.c -- sentence by sentence through the rules of the profiles,
 * with numbers worked out by hand: writes through and syncs that fail.
 *
 * Unless said otherwise the crash comes when all operations are done, and "4 x 2" is a sum over
 * names and sizes of products over sectors. */
#include "count_fixture.h"

/* Sector 1 is overwritten, sector 0 through.  In flight it is a write like any other. */
static void a_write_through_is_a_sync_of_itself_alone(void **state)
{
    (void)state;
    tl_file *a = durable("a", 4096);
    fill(a, 512, 512);
    fill_through("a", 0, 512);
    expect_all(now() - 1, 1, 2, 4, 4);
    expect_all(now(), 1, 1, 2, 2);
}

/* 16 sectors, then one behind them through: its size is sure, what lies before it is not.  In
 * flight: 0, 4096 and 8192 with all they show in a journal, 8704 with its own sector.
 * journal: 3 + 2^16, posix: 1 + 2^8 + 2^16 + 2^17. */
static void a_size_made_through_leaves_older_data_behind(void **state)
{
    (void)state;
    tl_file *a = durable("a", 0);
    fill(a, 0, 8192);
    fill_through("a", 8192, 512);
    expect_all(now() - 1, 1, 17, 65539, 1 + 256 + 65536 + 131072);
    expect_all(now(), 1, 1, 65536, 65536);
}

/* It makes no size, but 0 would not show it.  At 4096 and at 8192, with or without b.  posix: 7 and
 * 15 sectors are free. */
static void a_write_through_demands_a_size_that_shows_it(void **state)
{
    (void)state;
    tl_file *a = durable("a", 0);
    fill(a, 0, 8192);
    create("b");
    fill_through("a", 0, 512);
    expect_all(now(), 1, 1, 4, 2 * (128 + 32768));
}

/* Its size needs c, which was created before it, and not d. */
static void a_write_through_drags_the_journal_along_that_its_size_needs(void **state)
{
    (void)state;
    durable("a", 0);
    create("c");
    fill_through("a", 0, 512);
    create("d");
    expect_all(now(), 1, 2, 2, 4);
}

/* Cut to 100 and grown again: the cut has happened, or the bytes would have gone with it. */
static void a_write_through_behind_a_shrink_demands_the_shrink(void **state)
{
    (void)state;
    tl_file *a = durable("a", 9000);
    cut(a, 100);
    fill_through("a", 0, 600);
    expect_all(now(), 1, 1, 1, 1);
    a = durable("b", 9000);
    cut(a, 100);
    cut(a, 9000);
    fill_through("b", 0, 600);
    expect_all(now(), 1, 1, 1, 1);
}

/* Cut at 4096, behind it: at 9000 or at 4096. */
static void a_write_through_before_a_shrink_leaves_it_free(void **state)
{
    (void)state;
    tl_file *a = durable("a", 9000);
    cut(a, 4096);
    fill_through("a", 0, 512);
    expect_all(now(), 1, 1, 2, 2);
}

/* Sectors 0 and 1 are overwritten, and given up; sector 0 is written again.  The failed sync is one
 * more operation of a prefix. */
static void what_a_failed_sync_gave_up_no_later_one_covers(void **state)
{
    (void)state;
    tl_file *a = durable("a", 1024);
    fill(a, 0, 1024);
    sync_fails(a, TL_SYNC_FAILED_CLEAN);
    expect_all(now(), 1, 4, 4, 4);
    fill(a, 0, 512);
    sync_file(a);
    expect_all(now(), 1, 1, 2, 2);
    sync_file(a);
    expect_all(now(), 1, 1, 2, 2);
    fill(a, 512, 512);
    sync_file(a);
    expect_all(now(), 1, 1, 1, 1);
}

/* A new block: at 512 a journal had its data.  Given up, it is there or not; the size is covered by
 * the next sync, which the disk fails once more after a late one. */
static void a_size_does_not_wait_for_data_that_was_given_up(void **state)
{
    (void)state;
    tl_file *a = durable("a", 0);
    fill(a, 0, 512);
    expect_all(now(), 1, 2, 2, 3);
    sync_fails(a, TL_SYNC_FAILED_LATE);
    expect_all(now(), 1, 3, 3, 3);
    assert_int_equal(io->fdatasync(io, a), TL_IO);
    expect_all(now(), 1, 4, 3, 3);
    sync_file(a);
    expect_all(now(), 1, 1, 2, 2);
}

static void a_failed_sync_that_left_all_dirty_did_nothing(void **state)
{
    (void)state;
    tl_file *a = durable("a", 512);
    fill(a, 0, 512);
    sync_fails(a, TL_SYNC_FAILED_DIRTY);
    expect_all(now(), 1, 3, 2, 2);
    sync_file(a);
    expect_all(now(), 1, 1, 1, 1);
}

/* Sectors 0 and 1 are overwritten, and gone: only the order of operations counts them still. */
static void a_file_that_went_back_has_one_state_until_it_is_written(void **state)
{
    (void)state;
    tl_file *a = durable("a", 1024);
    fill(a, 0, 1024);
    sync_fails(a, TL_SYNC_FAILED_REVERTED);
    expect_all(now() - 1, 1, 3, 4, 4); /* in flight it has done nothing */
    expect_all(now(), 1, 4, 1, 1);
    fill(a, 0, 512);
    expect_all(now(), 1, 5, 2, 2);
    sync_file(a);
    expect_all(now(), 1, 1, 1, 1);
}

/* Journal: the cut, then b.  The cut has its place there and does nothing; a later sync of a does
 * not ask for it. */
static void a_cut_that_was_undone_is_demanded_by_no_sync(void **state)
{
    (void)state;
    tl_file *a = durable("a", 9000);
    cut(a, 100);
    create("b");
    sync_fails(a, TL_SYNC_FAILED_REVERTED);
    expect_all(now(), 1, 4, 3, 2);
    sync_file(a);
    expect_all(now(), 1, 1, 3, 2);
}

/* b and c are created in this order; a file that went back is still not there without its name. */
static void a_file_that_went_back_was_created_all_the_same(void **state)
{
    (void)state;
    create("b");
    tl_file *c = create("c");
    fill(c, 0, 512);
    sync_fails(c, TL_SYNC_FAILED_REVERTED);
    expect_all(now(), 1, 5, 3, 4);
    sync_file(c);
    expect_all(now(), 1, 1, 1, 4);
}

/* Given up, then taken back: nothing is left of it, and the size waits for its data once more. */
static void what_was_given_up_is_gone_when_the_file_goes_back(void **state)
{
    (void)state;
    tl_file *a = durable("a", 0);
    fill(a, 0, 512);
    sync_fails(a, TL_SYNC_FAILED_CLEAN);
    expect_all(now(), 1, 3, 3, 3);
    sync_fails(a, TL_SYNC_FAILED_REVERTED);
    expect_all(now(), 1, 4, 1, 1);
    fill(a, 0, 512);
    expect_all(now(), 1, 5, 2, 3);
    sync_file(a);
    expect_all(now(), 1, 1, 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_write_through_is_a_sync_of_itself_alone),
        CASE(a_size_made_through_leaves_older_data_behind),
        CASE(a_write_through_demands_a_size_that_shows_it),
        CASE(a_write_through_drags_the_journal_along_that_its_size_needs),
        CASE(a_write_through_behind_a_shrink_demands_the_shrink),
        CASE(a_write_through_before_a_shrink_leaves_it_free),
        CASE(what_a_failed_sync_gave_up_no_later_one_covers),
        CASE(a_size_does_not_wait_for_data_that_was_given_up),
        CASE(a_failed_sync_that_left_all_dirty_did_nothing),
        CASE(a_file_that_went_back_has_one_state_until_it_is_written),
        CASE(a_cut_that_was_undone_is_demanded_by_no_sync),
        CASE(a_file_that_went_back_was_created_all_the_same),
        CASE(what_was_given_up_is_gone_when_the_file_goes_back),
    };
    return cmocka_run_group_tests_name("count_syncs", tests, NULL, NULL);
}
