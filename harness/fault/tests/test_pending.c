/* harness/fault/tests/test_pending.c -- logs made by hand, and every state they allow, by hand too.
 */
#include "harness/fault/pending.h"
#include "harness/fault/simdisk_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
    tl_simdisk *disk;
    tl_io *io;
    tl_file *file;
    tl_possible possible;
} fixture;

static void must(tl_status status)
{
    assert_int_equal(status, TL_OK);
}

static void begin(fixture *f)
{
    must(tl_simdisk_create(TL_SIMDISK_RECORD | TL_SIMDISK_ONE_THREAD, &f->disk));
    f->io = tl_simdisk_io(f->disk);
    must(f->io->open(f->io, "d/x", TL_IO_WRITE | TL_IO_CREATE, &f->file));
    tl_possible_init(&f->possible, f->disk);
}

static void end(fixture *f)
{
    tl_possible_clear(&f->possible);
    tl_simdisk_destroy(f->disk);
}

static void put(fixture *f, uint64_t offset, int byte, size_t size)
{
    uint8_t bytes[16384];
    memset(bytes, byte, size);
    must(f->io->pwritev(f->io, f->file, offset, &(tl_io_span){bytes, size}, 1));
}

static void sync_all(fixture *f)
{
    must(f->io->fdatasync(f->io, f->file));
    must(f->io->fsync_dir(f->io, "d"));
}

/* States at a crash point: outcomes, and the product of what their sectors may hold. */
static uint64_t states(fixture *f, tl_profile profile, size_t at, uint64_t *outcomes)
{
    tl_pending *pending = NULL;
    uint64_t sum = 0;
    must(tl_pending_create(f->disk, profile, &pending));
    must(tl_pending_to(pending, at));
    *outcomes = tl_pending_outcome_count(pending);
    for (uint64_t i = 0; i < *outcomes; i++) {
        uint64_t product = 1;
        must(tl_pending_show(pending, i, &f->possible));
        for (uint32_t s = 0; s < f->possible.open_count; s++)
            product *= f->possible.open[s].count;
        sum += product;
    }
    tl_pending_destroy(pending);
    return sum;
}

typedef struct row {
    tl_profile profile;
    uint64_t outcomes, states;
} row;

static void expect(fixture *f, size_t at, const row *rows, size_t row_count)
{
    for (size_t i = 0; i < row_count; i++) {
        uint64_t outcomes, sum = states(f, rows[i].profile, at, &outcomes);
        if (sum != rows[i].states || outcomes != rows[i].outcomes)
            fail_msg("%s at %zu: %llu states in %llu outcomes, not %llu in %llu",
                     tl_profile_at(rows[i].profile)->name, at, (unsigned long long)sum,
                     (unsigned long long)outcomes, (unsigned long long)rows[i].states,
                     (unsigned long long)rows[i].outcomes);
    }
}

#define EXPECT(f, at, ...)                                                                         \
    do {                                                                                           \
        const row rows[] = {__VA_ARGS__};                                                          \
        expect(f, at, rows, sizeof rows / sizeof rows[0]);                                         \
    } while (0)

static void a_write_in_flight_over_old_bytes_leaves_each_sector_old_or_new(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    put(&f, 0, 1, 2048);
    sync_all(&f);
    put(&f, 512, 2, 1536); /* operation 4, three sectors */
    EXPECT(&f, 4, {TL_PROFILE_SIGKILL, 1, 1}, {TL_PROFILE_PREFIX, 3, 3}, {TL_PROFILE_JOURNAL, 1, 8},
           {TL_PROFILE_POSIX, 1, 8});
    EXPECT(&f, 5, {TL_PROFILE_SIGKILL, 1, 1}, {TL_PROFILE_PREFIX, 4, 4}, {TL_PROFILE_JOURNAL, 1, 8},
           {TL_PROFILE_POSIX, 1, 8});
    end(&f);
}

static void a_size_that_persisted_brings_its_data_under_journal_alone(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    put(&f, 0, 1, 4096);
    sync_all(&f);
    put(&f, 3584, 2, 1024); /* the last sector again, and one in a new block */
    /* journal: old size, sector 7 old or new; new size, sector 7 likewise, sector 8 new
     * posix: the same, but sector 8 may also be a hole */
    EXPECT(&f, 5, {TL_PROFILE_PREFIX, 3, 3}, {TL_PROFILE_JOURNAL, 2, 4}, {TL_PROFILE_POSIX, 2, 6});
    end(&f);
}

static void a_long_write_grows_the_file_page_by_page(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    sync_all(&f);
    put(&f, 0, 1, 9000); /* sizes 4096, 8192, 9000; 18 sectors */
    EXPECT(&f, 3, {TL_PROFILE_SIGKILL, 3, 3}, {TL_PROFILE_PREFIX, 18, 18},
           {TL_PROFILE_JOURNAL, 4, 4}, {TL_PROFILE_POSIX, 4, 1 + (1 << 8) + (1 << 16) + (1 << 18)});
    end(&f);
}

static void a_shrink_that_persisted_leaves_nothing_older_behind_it(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    put(&f, 0, 1, 1024);
    sync_all(&f);
    put(&f, 512, 2, 512); /* 4: sector 1 again */
    must(f.io->truncate(f.io, f.file, 600));
    must(f.io->truncate(f.io, f.file, 1024));
    /* sizes 1024: sector 1 is 1 or 2 or cut in place; 600: the cut one; 1024 again: the cut one,
     * zeros behind */
    EXPECT(&f, 7, {TL_PROFILE_JOURNAL, 3, 5}, {TL_PROFILE_POSIX, 3, 5});
    tl_pending *pending = NULL;
    must(tl_pending_create(f.disk, TL_PROFILE_POSIX, &pending));
    must(tl_pending_to(pending, 7));
    must(tl_pending_show(pending, 2, &f.possible));
    uint8_t bytes[1024];
    tl_image_read(&f.possible.image, 0, 0, bytes, sizeof bytes);
    assert_int_equal(bytes[599], 2); /* what the process had there when it cut */
    assert_int_equal(bytes[600], 0);
    tl_pending_destroy(pending);
    end(&f);
}

static void bytes_behind_a_size_that_persisted_are_hidden(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    put(&f, 0, 1, 100);
    sync_all(&f);
    put(&f, 100, 2, 300); /* the same sector */
    tl_pending *pending = NULL;
    must(tl_pending_create(f.disk, TL_PROFILE_POSIX, &pending));
    must(tl_pending_to(pending, 5));
    must(tl_pending_show(pending, 0, &f.possible)); /* the old size */
    assert_int_equal(f.possible.open_count, 1);
    const tl_open_sector *open = &f.possible.open[0];
    for (uint32_t v = 0; v < open->count; v++) {
        const uint8_t *bytes =
            tl_version_bytes(f.possible.image.versions, f.possible.shown[open->first + v]);
        assert_int_equal(bytes[99], 1);
        assert_int_equal(bytes[100], 0);
    }
    assert_int_not_equal(f.possible.shown[open->first + 1], f.possible.logged[open->first + 1]);
    tl_pending_destroy(pending);
    end(&f);
}

static void a_rename_shows_both_names_under_posix_and_never_under_journal(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    sync_all(&f);
    must(f.io->rename(f.io, "d/x", "d/y")); /* 3 */
    must(f.io->unlink(f.io, "d/y"));        /* 4 */
    /* journal: x; y; nothing.  posix: y none, x; y, x; y, none; gone again: x or none */
    EXPECT(&f, 3, {TL_PROFILE_JOURNAL, 2, 2}, {TL_PROFILE_POSIX, 3, 3}, {TL_PROFILE_PREFIX, 1, 1},
           {TL_PROFILE_SIGKILL, 1, 1});
    EXPECT(&f, 5, {TL_PROFILE_JOURNAL, 3, 3}, {TL_PROFILE_POSIX, 5, 5}, {TL_PROFILE_PREFIX, 3, 3});
    end(&f);
}

static void a_synced_directory_demands_what_its_renames_need_elsewhere(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    sync_all(&f);
    must(f.io->rename(f.io, "d/x", "e/y"));  /* 3 */
    must(f.io->fsync_dir(f.io, "d"));        /* 4 */
    EXPECT(&f, 4, {TL_PROFILE_POSIX, 3, 3}); /* the sync in flight did nothing */
    EXPECT(&f, 5, {TL_PROFILE_POSIX, 1, 1}, {TL_PROFILE_JOURNAL, 1, 1});
    end(&f);
}

static void a_synced_file_takes_the_journal_along_as_far_as_its_size_needs(void **state)
{
    (void)state;
    fixture f;
    tl_file *other = NULL;
    begin(&f);                                                         /* 0: create d/x */
    must(f.io->open(f.io, "d/z", TL_IO_WRITE | TL_IO_CREATE, &other)); /* 1: create d/z */
    put(&f, 0, 1, 512);                     /* 2: a size of x, which needs both */
    must(f.io->rename(f.io, "d/z", "d/w")); /* 3 */
    /* nothing; x; x and z, x perhaps grown; x and w, likewise */
    EXPECT(&f, 4, {TL_PROFILE_JOURNAL, 6, 6});
    must(f.io->fdatasync(f.io, f.file)); /* 4 */
    EXPECT(&f, 5, {TL_PROFILE_JOURNAL, 2, 2}, {TL_PROFILE_PREFIX, 1, 1});
    /* posix demands no name for it: x is there or not, z and w in four ways less one */
    EXPECT(&f, 5, {TL_PROFILE_POSIX, 2 * 5, 2 * 5});
    end(&f);
}

static void a_write_through_that_the_disk_lied_about_is_a_plain_write(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    put(&f, 0, 1, 512);
    sync_all(&f);
    tl_simdisk_write_through(f.disk, f.file);
    put(&f, 0, 2, 512); /* 4 */
    tl_pending *pending = NULL;
    must(tl_pending_create(f.disk, TL_PROFILE_JOURNAL, &pending));
    for (int lied = 0; lied < 2; lied++) {
        tl_pending_leave_out(pending, lied ? 4 : SIZE_MAX);
        must(tl_pending_rewind(pending));
        must(tl_pending_to(pending, 5));
        must(tl_pending_show(pending, 0, &f.possible));
        assert_int_equal(f.possible.open_count, lied);
    }
    tl_pending_destroy(pending);
    end(&f);
}

/* Which of the first three units are in flight, as bits. */
static unsigned flying(fixture *f, size_t at)
{
    tl_pending *pending = NULL;
    unsigned units = 0;
    must(tl_pending_create(f->disk, TL_PROFILE_POSIX, &pending));
    must(tl_pending_to(pending, at));
    for (unsigned unit = 0; unit < 3; unit++)
        units |= (unsigned)tl_pending_unit_flies(pending, 0, unit) << unit;
    tl_pending_destroy(pending);
    return units;
}

static void a_write_is_in_flight_until_a_sync_of_its_file_has_finished(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    put(&f, 0, 1, 12000);
    sync_all(&f);
    assert_int_equal(flying(&f, 4), 0);
    put(&f, 4000, 2, 200);               /* 4: two units */
    must(f.io->fsync_dir(f.io, "d"));    /* 5: not of the file */
    must(f.io->fdatasync(f.io, f.file)); /* 6 */
    assert_int_equal(flying(&f, 4), 3);
    assert_int_equal(flying(&f, 6), 3); /* the sync has not finished */
    assert_int_equal(flying(&f, 7), 0);
    must(f.io->truncate(f.io, f.file, 5000)); /* 7: zeroes the rest of unit 1 */
    must(f.io->truncate(f.io, f.file, 4096)); /* 8: cuts no unit */
    assert_int_equal(flying(&f, 8), 2);
    assert_int_equal(flying(&f, 9), 2);
    must(f.io->fdatasync(f.io, f.file)); /* 9 */
    tl_simdisk_write_through(f.disk, f.file);
    put(&f, 8192, 3, 100); /* 10 */
    assert_int_equal(flying(&f, 10), 4);
    assert_int_equal(flying(&f, 11), 0); /* it returned */
    end(&f);
}

static void what_went_back_is_in_flight_no_more(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    put(&f, 0, 1, 4096);
    sync_all(&f);
    put(&f, 4000, 2, 200); /* 4 */
    tl_simdisk_fail_sync(f.disk, 1, TL_SYNC_FAILED_REVERTED, false);
    assert_int_equal(f.io->fdatasync(f.io, f.file), TL_IO); /* 5 */
    assert_int_equal(flying(&f, 5), 3);
    assert_int_equal(flying(&f, 6), 0);
    EXPECT(&f, 6, {TL_PROFILE_JOURNAL, 1, 1}, {TL_PROFILE_POSIX, 1, 1});
    end(&f);
}

static void zeros_are_certain_that_a_sync_saw_and_no_cut_took(void **state)
{
    (void)state;
    fixture f;
    tl_pending *pending = NULL;
    begin(&f);
    must(f.io->fallocate(f.io, f.file, 0, 9000));  /* 1 */
    sync_all(&f);                                  /* 2, 3 */
    must(f.io->fallocate(f.io, f.file, 0, 20000)); /* 4 */
    must(f.io->truncate(f.io, f.file, 5000));      /* 5 */
    must(f.io->truncate(f.io, f.file, 20000));     /* 6 */
    must(tl_pending_create(f.disk, TL_PROFILE_POSIX, &pending));
    must(tl_pending_to(pending, 1));
    assert_int_equal(tl_pending_certain_bytes(pending, 0), 0);
    must(tl_pending_to(pending, 4));
    assert_int_equal(tl_pending_certain_bytes(pending, 0), 9000);
    must(tl_pending_to(pending, 7));
    assert_int_equal(tl_pending_certain_bytes(pending, 0), 5000);
    tl_pending_destroy(pending);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_in_flight_over_old_bytes_leaves_each_sector_old_or_new),
        cmocka_unit_test(a_size_that_persisted_brings_its_data_under_journal_alone),
        cmocka_unit_test(a_long_write_grows_the_file_page_by_page),
        cmocka_unit_test(a_shrink_that_persisted_leaves_nothing_older_behind_it),
        cmocka_unit_test(bytes_behind_a_size_that_persisted_are_hidden),
        cmocka_unit_test(a_rename_shows_both_names_under_posix_and_never_under_journal),
        cmocka_unit_test(a_synced_directory_demands_what_its_renames_need_elsewhere),
        cmocka_unit_test(a_synced_file_takes_the_journal_along_as_far_as_its_size_needs),
        cmocka_unit_test(a_write_through_that_the_disk_lied_about_is_a_plain_write),
        cmocka_unit_test(a_write_is_in_flight_until_a_sync_of_its_file_has_finished),
        cmocka_unit_test(what_went_back_is_in_flight_no_more),
        cmocka_unit_test(zeros_are_certain_that_a_sync_saw_and_no_cut_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
