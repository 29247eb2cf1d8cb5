/* harness/fault/tests/test_count_cases.c -- sentence by sentence through the rules of the profiles,
 * with numbers worked out by hand: what data and sizes leave.
 *
 * Unless said otherwise the crash comes when all operations are done, and "4 x 2" is a sum over
 * names and sizes of products over sectors. */
#include "count_fixture.h"

static void what_is_synced_has_one_state(void **state)
{
    (void)state;
    expect_all(0, 1, 1, 1, 1);
    durable("a", 5000);
    expect_all(now(), 1, 1, 1, 1);
}

/* Sizes 0, 4096, 8192, 10000 with 0, 8, 16, 20 sectors; a journal has all of them once visible.
 * posix: 1 + 2^8 + 2^16 + 2^20.  In flight a kill stops it at 4096 or 8192 or before it began;
 * prefix: none, or its first 1..19 sectors; done: whole, too. */
static void a_growing_write_is_a_size_for_each_4096_bytes(void **state)
{
    (void)state;
    tl_file *a = durable("a", 0);
    size_t write = now();
    fill(a, 0, 10000);
    expect_all(write, 3, 20, 4, 1 + 256 + 65536 + 1048576);
    expect_all(now(), 1, 21, 4, 1 + 256 + 65536 + 1048576);
}

/* "Strictly between": a write that ends at 8192 exactly, from 4096, has one size event.
 * posix: 2^0 at 4096, 2^8 at 8192.  As a write in place it is one state to a kill. */
static void a_write_between_two_multiples_of_4096_is_one_size(void **state)
{
    (void)state;
    tl_file *a = durable("a", 4096);
    size_t write = now();
    fill(a, 4096, 4096);
    expect_all(write, 1, 8, 2, 1 + 256);
}

/* Sector 0 is overwritten, sectors 8 and 9 are new.  journal: at 4096, sector 0 has 2 versions; at
 * 5120 the new ones must be there: 2 + 2 x 1 x 1.  posix: 2 + 2 x 2 x 2. */
static void appended_sizes_wait_for_their_data_in_a_journal(void **state)
{
    (void)state;
    tl_file *a = durable("a", 4096);
    fill(a, 0, 512);
    fill(a, 4096, 1024);
    expect_all(now(), 1, 4, 4, 10);
}

/* The block that the old end cuts is there already: nothing waits for its sectors.  2 + 2. */
static void an_append_within_a_block_waits_for_nothing(void **state)
{
    (void)state;
    tl_file *a = durable("a", 100);
    fill(a, 100, 100);
    expect_all(now(), 1, 2, 4, 4);
}

/* [0, 4608) over an end at 700.  At 700 two sectors are visible, at 4096 eight, all free: 4 + 256.
 * At 4608 sector 8 is new, in a new block: x 1 in a journal, x 2 in posix. */
static void an_append_waits_for_new_blocks_only(void **state)
{
    (void)state;
    tl_file *a = durable("a", 700);
    fill(a, 0, 4608);
    expect_all(now(), 1, 10, 4 + 256 + 256, 4 + 256 + 512);
}

/* a may have grown when b is there, and only then: {} 1, {b} 2.  posix: 2 x (1 + 2). */
static void a_size_needs_the_journal_before_its_write(void **state)
{
    (void)state;
    tl_file *a = durable("a", 0);
    create("b");
    fill(a, 0, 512);
    expect_all(now(), 1, 3, 3, 6);
}

/* The truncate is journaled at once and takes no data with it: {} 0 or 512 with its data: 2;
 * {truncate} 1000 with or without: 2.  posix: 1 + 2 + 2. */
static void a_truncate_does_not_wait_for_older_writes(void **state)
{
    (void)state;
    tl_file *a = durable("a", 0);
    fill(a, 0, 512);
    cut(a, 1000);
    expect_all(now(), 1, 3, 4, 5);
}

/* A truncate that grows makes no write wait.  Sector 0 has 2 versions at 100 and at 300. */
static void a_truncate_that_grows_is_one_size_and_orders_nothing(void **state)
{
    (void)state;
    tl_file *a = durable("a", 100);
    fill(a, 0, 50);
    cut(a, 300);
    expect_all(now(), 1, 3, 4, 4);
}

/* fallocate(0, 100) leaves the size 1024 alone and is a size of its own all the same; the second
 * passes 4096 and 8192 in one event. */
static void a_fallocate_is_always_one_size(void **state)
{
    (void)state;
    tl_file *a = durable("a", 1024);
    assert_int_equal(io->fallocate(io, a, 0, 100), TL_OK);
    expect_all(now(), 1, 2, 2, 2);
    assert_int_equal(io->fallocate(io, a, 0, 10000), TL_OK);
    expect_all(now(), 1, 3, 3, 3);
}

/* Three versions of one sector; then one that a sync found, and one more. */
static void a_sector_holds_any_version_since_the_last_sync(void **state)
{
    (void)state;
    tl_file *a = durable("a", 512);
    fill(a, 0, 512);
    fill(a, 0, 512); /* the same bytes, another version */
    expect_all(now(), 1, 3, 3, 3);
    sync_file(a);
    expect_all(now() - 1, 1, 3, 3, 3); /* in flight, a sync has done nothing */
    expect_all(now(), 1, 1, 1, 1);
    fill(a, 0, 10);
    expect_all(now(), 1, 2, 2, 2);
}

/* Cut at 4096, grown to 4608 by a write of sector 8, which begins with zeros.  Sectors 0 and 8 had
 * been overwritten.  posix: at 8192 the old epoch, 2 x 2; at 4096, 2; at 4608, 2 x 2.
 * journal: 4, 2, and 2 as the append needs its data. */
static void a_shrink_ends_what_lay_behind_it(void **state)
{
    (void)state;
    tl_file *a = durable("a", 8192);
    fill(a, 0, 512);
    fill(a, 4096, 512);
    cut(a, 4096);
    fill(a, 4096, 512);
    expect_all(now(), 1, 5, 8, 10);
}

/* Cut at 700: the block stays, its sectors 1 to 3 are zeroed in place, at the old size too.
 * At 2048: sector 0 has 2, sector 1 base or cut, sector 2 base, write, zeros, write, sector 3 base
 * or zeros: 2 x 2 x 4 x 2.  At 700: 2 x 1.  At 1536: 2 x 1 x 2, in a journal too. */
static void a_block_that_is_cut_is_zeroed_in_place(void **state)
{
    (void)state;
    tl_file *a = durable("a", 2048);
    fill(a, 0, 512);
    fill(a, 1024, 512);
    cut(a, 700);
    fill(a, 1024, 512);
    expect_all(now(), 1, 5, 38, 38);
}

/* Sector 0 is cut at 100, then written.  At 512: base, cut or write; at 100 and at 300: cut or
 * write. */
static void a_sector_that_is_cut_holds_what_the_cut_left(void **state)
{
    (void)state;
    tl_file *a = durable("a", 512);
    cut(a, 100);
    fill(a, 100, 200);
    expect_all(now(), 1, 3, 7, 7);
}

/* In flight, the cut may have happened: at 1024 sectors 0 and 1 have 3 versions each, zeroed
 * included; at 100 sector 0 holds what the cut names. */
static void a_shrink_in_flight_may_have_happened(void **state)
{
    (void)state;
    tl_file *a = durable("a", 1024);
    fill(a, 0, 1024);
    cut(a, 100);
    expect_all(now() - 1, 1, 3, 10, 10);
    expect_all(now(), 1, 4, 10, 10);
}

/* Creation of b, growth of a, sync of a: the size needs b's creation, which stood before it in the
 * journal.  In posix b is there or not, empty. */
static void a_sync_drags_the_journal_before_it_along(void **state)
{
    (void)state;
    tl_file *a = durable("a", 512);
    create("b");
    fill(a, 512, 512);
    sync_file(a);
    expect_all(now(), 1, 1, 1, 2);
}

/* As before, but a did not grow: the sync of a demands nothing of the journal. */
static void a_sync_without_a_size_demands_no_journal(void **state)
{
    (void)state;
    tl_file *a = durable("a", 512);
    create("b");
    fill(a, 0, 512);
    sync_file(a);
    expect_all(now(), 1, 1, 2, 2);
}

/* b is created and grows by a write of 1 sector, c is created.  A sync of directory d, where
 * nothing changed, demands nothing; one of "." both names, but not b's size.
 * journal before: {} 1, {b} at 0 or 512: 2, {b, c} 2.  posix: b (1 + (1 + 2)) x c 2 = 8. */
static void a_directory_sync_leaves_sizes_alone(void **state)
{
    (void)state;
    durable("a", 0);
    tl_file *b = create("b");
    fill(b, 0, 512);
    create("c");
    expect_all(now(), 1, 4, 5, 8);
    sync_dir("d");
    expect_all(now(), 1, 1, 5, 8);
    sync_dir(".");
    expect_all(now(), 1, 1, 2, 3); /* posix: at 0 (1) or at 512 (2) */
}

/* tmp is written and renamed over a, the directory synced, tmp never: a may be empty. */
static void a_rename_without_a_sync_of_its_file_may_name_an_empty_file(void **state)
{
    (void)state;
    durable("a", 512);
    tl_file *tmp = create("tmp");
    fill(tmp, 0, 512);
    move("tmp", "a");
    sync_dir(".");
    expect_all(now(), 1, 1, 2, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_synced_has_one_state),
        CASE(a_growing_write_is_a_size_for_each_4096_bytes),
        CASE(a_write_between_two_multiples_of_4096_is_one_size),
        CASE(appended_sizes_wait_for_their_data_in_a_journal),
        CASE(an_append_within_a_block_waits_for_nothing),
        CASE(an_append_waits_for_new_blocks_only),
        CASE(a_size_needs_the_journal_before_its_write),
        CASE(a_truncate_does_not_wait_for_older_writes),
        CASE(a_truncate_that_grows_is_one_size_and_orders_nothing),
        CASE(a_fallocate_is_always_one_size),
        CASE(a_sector_holds_any_version_since_the_last_sync),
        CASE(a_shrink_ends_what_lay_behind_it),
        CASE(a_block_that_is_cut_is_zeroed_in_place),
        CASE(a_sector_that_is_cut_holds_what_the_cut_left),
        CASE(a_shrink_in_flight_may_have_happened),
        CASE(a_sync_drags_the_journal_before_it_along),
        CASE(a_sync_without_a_size_demands_no_journal),
        CASE(a_directory_sync_leaves_sizes_alone),
        CASE(a_rename_without_a_sync_of_its_file_may_name_an_empty_file),
    };
    return cmocka_run_group_tests_name("count_data", tests, NULL, NULL);
}
