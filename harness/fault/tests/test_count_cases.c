/* harness/fault/tests/test_count_cases.c -- sentence by sentence through the rules of the profiles,
 * with numbers worked out by hand.
 *
 * Unless said otherwise the crash comes when all operations are done, and "4 x 2" is a sum over
 * names and sizes of products over sectors. */
#include "harness/fault/count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static tl_simdisk *disk;
static tl_io *io;

static int setup(void **state)
{
    (void)state;
    if (tl_simdisk_create(TL_SIMDISK_RECORD, &disk) != TL_OK)
        return -1;
    io = tl_simdisk_io(disk);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tl_simdisk_destroy(disk);
    return 0;
}

static tl_file *create(const char *path)
{
    tl_file *file = NULL;
    assert_int_equal(io->open(io, path, TL_IO_WRITE | TL_IO_CREATE, &file), TL_OK);
    return file;
}

static void fill(tl_file *file, uint64_t offset, size_t size)
{
    static const uint8_t bytes[16384] = {1};
    tl_io_span span = {bytes, size};
    assert_int_equal(io->pwritev(io, file, offset, &span, 1), TL_OK);
}

/* The same through another handle, opened with O_DSYNC. */
static void fill_through(const char *path, uint64_t offset, size_t size)
{
    tl_file *file = NULL;
    assert_int_equal(io->open(io, path, TL_IO_WRITE, &file), TL_OK);
    tl_simdisk_write_through(disk, file);
    fill(file, offset, size);
    io->close(io, file);
}

static void sync_file(tl_file *file)
{
    assert_int_equal(io->fdatasync(io, file), TL_OK);
}

static void sync_fails(tl_file *file, tl_sync_failure failure)
{
    tl_simdisk_fail_sync(disk, 1, failure, false);
    tl_status status = io->fdatasync(io, file);
    assert_int_equal(status, failure == TL_SYNC_FAILED_LATE ? TL_OK : TL_IO);
}

static void sync_dir(const char *dir)
{
    assert_int_equal(io->fsync_dir(io, dir), TL_OK);
}

static void cut(tl_file *file, uint64_t size)
{
    assert_int_equal(io->truncate(io, file, size), TL_OK);
}

static void move(const char *from, const char *to)
{
    assert_int_equal(io->rename(io, from, to), TL_OK);
}

/* A file whose name and content are durable. */
static tl_file *durable(const char *path, size_t size)
{
    tl_file *file = create(path);
    if (size > 0)
        fill(file, 0, size);
    sync_file(file);
    sync_dir(".");
    return file;
}

static size_t now(void)
{
    return tl_simdisk_op_count(disk);
}

static void killed(void)
{
    assert_int_equal(tl_simdisk_crash(disk, &(tl_simdisk_loss){.at = now()}), TL_OK);
}

static void expect(size_t at, tl_profile profile, unsigned long expected)
{
    mpz_t states;
    mpz_init(states);
    assert_int_equal(tl_count_states(disk, at, profile, &states), TL_OK);
    if (mpz_cmp_ui(states, expected) != 0)
        fail_msg("%s: %lu states, not %lu", tl_profile_at(profile)->name, mpz_get_ui(states),
                 expected);
    mpz_clear(states);
}

static void expect_all(size_t at, unsigned long sigkill, unsigned long prefix,
                       unsigned long journal, unsigned long posix)
{
    expect(at, TL_PROFILE_SIGKILL, sigkill);
    expect(at, TL_PROFILE_PREFIX, prefix);
    expect(at, TL_PROFILE_JOURNAL, journal);
    expect(at, TL_PROFILE_POSIX, posix);
}

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

/* One overwritten sector.  Names: a; both; b.  Never neither.  A journal knows no "both". */
static void a_rename_shows_either_name_or_in_posix_both(void **state)
{
    (void)state;
    tl_file *a = durable("a", 512);
    fill(a, 0, 512);
    move("a", "b");
    expect_all(now(), 1, 3, 4, 6); /* the file has one content, under two names too */
}

/* Sync of the directory that a left: `to` is demanded with it.  Sync of the one it went to: a may
 * still be there, in posix. */
static void a_directory_sync_of_from_raises_to(void **state)
{
    (void)state;
    durable("a", 512);
    durable("b", 512);
    move("a", "d/a");
    sync_dir(".");
    expect_all(now(), 1, 1, 1, 1);
    move("b", "d/b");
    sync_dir("d");
    expect_all(now(), 1, 1, 1, 2);
}

/* a -> b -> c.  Versions: a 2, b 3 (none, file, none), c 2.  a gone needs b >= 1, b >= 2 needs c.
 * a there: b 0: c 0; b 1: c 0; b 2: c 1; also c 1 with b 0 or b 1 (c's half alone): 5.
 * a gone: b 1: c 0, 1; b 2: c 1: 3. */
static void renames_in_a_row_hang_on_each_other(void **state)
{
    (void)state;
    durable("a", 0);
    move("a", "b");
    move("b", "c");
    expect_all(now(), 1, 3, 3, 8);
}

/* b is replaced: its old file loses its name.  Both have one overwritten sector.
 * posix: a, old b: 2 x 2; a and b both the new: 2; b alone: 2.  journal: 4 + 2. */
static void a_file_without_a_name_is_not_chosen(void **state)
{
    (void)state;
    tl_file *a = durable("a", 512), *b = durable("b", 512);
    fill(a, 0, 512);
    fill(b, 0, 512);
    move("a", "b");
    expect_all(now(), 1, 4, 6, 8);
    assert_int_equal(io->unlink(io, "b"), TL_OK);
    /* b's chain: old, new, none.  a there: old 4, new 2, none 2; a gone: new 2, none 1. */
    expect_all(now(), 1, 5, 7, 11);
}

/* Three sectors, then two in flight.  prefix: before W1 1, torn 2, W1 1, torn W2 1.
 * posix, journal: (2^1 x ... ) sectors 0 and 1 have 3 versions, sector 2 has 2. */
static void a_prefix_is_cut_at_any_sector(void **state)
{
    (void)state;
    tl_file *a = durable("a", 1536);
    fill(a, 0, 1536);
    size_t second = now();
    fill(a, 0, 1024);
    expect_all(second, 1, 5, 18, 18);
    expect_all(now(), 1, 6, 18, 18);
}

/* Partial sectors at both ends: bytes [500, 1100) are 3 sectors, a prefix may stop after 1 or 2. */
static void a_partial_write_counts_the_sectors_that_it_touches(void **state)
{
    (void)state;
    tl_file *a = durable("a", 2048);
    fill(a, 500, 600);
    expect_all(now() - 1, 1, 3, 8, 8);
}

/* [4000, 12400) is cut by a kill at 4096, 8192 and 12288. */
static void a_kill_stops_a_write_at_file_offsets(void **state)
{
    (void)state;
    tl_file *a = durable("a", 16000);
    fill(a, 4000, 8400);
    expect(now() - 1, TL_PROFILE_SIGKILL, 4);
    expect(now(), TL_PROFILE_SIGKILL, 1);
}

/* Killed with a grown by 2 sectors and b created.  prefix: nothing of it, or all.
 * journal: nothing 1, or all: b, and 2 x 2 as no write of this log orders them.
 * posix: b or not, times a at 512 (1) or at 1536 (4). */
static void what_a_killed_process_left_is_an_operation_before_the_first(void **state)
{
    (void)state;
    tl_file *a = durable("a", 512);
    fill(a, 512, 1024);
    create("b");
    killed();
    expect_all(0, 1, 2, 5, 10);
    a = create("a");
    sync_file(a); /* a's size is part of the one event: b comes with it */
    expect_all(now(), 1, 1, 1, 2);
}

/* Killed after a truncate from 2048 to 700 and an overwrite of sector 0.  journal and posix: at
 * 2048, 2 x 2 x 2 x 2, zeroed in place or not; at 700, 2 (sector 1 is what the cut left). */
static void a_shrink_before_the_log_cuts_too(void **state)
{
    (void)state;
    tl_file *a = durable("a", 2048);
    fill(a, 0, 512);
    cut(a, 700);
    killed();
    expect_all(0, 1, 2, 18, 18);
}

/* Only contents differ: no event, but an operation. */
static void a_difference_of_contents_is_no_event(void **state)
{
    (void)state;
    tl_file *a = durable("a", 1024);
    fill(a, 0, 1024);
    killed();
    expect_all(0, 1, 2, 4, 4);
    create("b");
    expect_all(0, 1, 2, 8, 8);
    sync_dir("."); /* a sync of any kind holds the order of all before it, in prefix */
    expect_all(now(), 1, 1, 4, 4);
}

/* 100 names that nothing ties: 2^100, and 101 journals. */
static void independent_names_multiply(void **state)
{
    (void)state;
    char name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "f%d", i);
        create(name);
    }
    expect(now(), TL_PROFILE_JOURNAL, 101);
    mpz_t states, expected;
    mpz_inits(states, expected, NULL);
    mpz_ui_pow_ui(expected, 2, 100);
    assert_int_equal(tl_count_states(disk, now(), TL_PROFILE_POSIX, &states), TL_OK);
    assert_int_equal(mpz_cmp(states, expected), 0);
    mpz_clears(states, expected, NULL);
}

static void too_many_tied_names_are_refused(void **state)
{
    (void)state;
    char name[16];
    for (int i = 0; i < 24; i++) {
        snprintf(name, sizeof name, "f%d", i);
        create(name);
        move(name, "to");
    }
    mpz_t states;
    mpz_init(states);
    assert_int_equal(tl_count_states(disk, now(), TL_PROFILE_POSIX, &states), TL_UNSUPPORTED);
    assert_int_equal(tl_count_states(disk, 0, TL_PROFILE_GARBAGE, &states), TL_UNSUPPORTED);
    assert_int_equal(tl_count_states(disk, 0, TL_PROFILE_LIAR, &states), TL_UNSUPPORTED);
    assert_int_equal(tl_count_states(disk, now() + 1, TL_PROFILE_PREFIX, &states), TL_INVALID);
    mpz_clear(states);
    expect(now(), TL_PROFILE_JOURNAL, 49);
}

/* Names and sizes alone: sizes 0, 4096, 8192, 10000, times names: 2 in a journal, 3 in posix. */
static void outcomes_are_names_and_sizes(void **state)
{
    (void)state;
    tl_file *a = durable("a", 0);
    fill(a, 0, 10000);
    move("a", "b");
    mpz_t outcomes;
    mpz_init(outcomes);
    assert_int_equal(tl_count_outcomes(disk, now(), TL_PROFILE_JOURNAL, &outcomes), TL_OK);
    assert_int_equal(mpz_get_ui(outcomes), 2 * 4);
    assert_int_equal(tl_count_outcomes(disk, now(), TL_PROFILE_POSIX, &outcomes), TL_OK);
    assert_int_equal(mpz_get_ui(outcomes), 3 * 4);
    mpz_clear(outcomes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        CASE(a_rename_shows_either_name_or_in_posix_both),
        CASE(a_directory_sync_of_from_raises_to),
        CASE(renames_in_a_row_hang_on_each_other),
        CASE(a_file_without_a_name_is_not_chosen),
        CASE(a_prefix_is_cut_at_any_sector),
        CASE(a_partial_write_counts_the_sectors_that_it_touches),
        CASE(a_kill_stops_a_write_at_file_offsets),
        CASE(what_a_killed_process_left_is_an_operation_before_the_first),
        CASE(a_shrink_before_the_log_cuts_too),
        CASE(a_difference_of_contents_is_no_event),
        CASE(independent_names_multiply),
        CASE(too_many_tied_names_are_refused),
        CASE(outcomes_are_names_and_sizes),
    };
    return cmocka_run_group_tests_name("count_cases", tests, NULL, NULL);
}
