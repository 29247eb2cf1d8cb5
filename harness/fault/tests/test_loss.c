/* harness/fault/tests/test_loss.c -- what a crash leaves, rule by rule; see ../README.md. */
#include "harness/fault/simdisk.h"

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

static void fill(tl_file *file, uint64_t offset, int byte, size_t size)
{
    uint8_t bytes[8192];
    memset(bytes, byte, size);
    tl_io_span span = {bytes, size};
    assert_int_equal(io->pwritev(io, file, offset, &span, 1), TL_OK);
}

/* A file whose name and content are durable: `size` bytes of `byte`. */
static tl_file *durable(const char *path, int byte, size_t size)
{
    tl_file *file = create(path);
    fill(file, 0, byte, size);
    assert_int_equal(io->fdatasync(io, file), TL_OK);
    assert_int_equal(io->fsync_dir(io, "."), TL_OK);
    return file;
}

/* The content of a file as runs, "a512 b100", "absent". */
static const char *content(const char *path)
{
    static char text[256];
    uint8_t bytes[16384];
    tl_file *file = NULL;
    if (io->open(io, path, 0, &file) == TL_NOT_FOUND)
        return "absent";
    size_t got = 0, used = 0;
    assert_int_equal(io->pread(io, file, 0, bytes, sizeof bytes, &got), TL_OK);
    io->close(io, file);
    text[0] = '\0';
    for (size_t i = 0; i < got;) {
        size_t run = i;
        while (run < got && bytes[run] == bytes[i])
            run++;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%c%zu", i == 0 ? "" : " ",
                                 bytes[i] == 0 ? '0' : bytes[i], run - i);
        i = run;
    }
    return text;
}

static void power_loss(size_t at, bool keep, const size_t *units, size_t unit_count, uint32_t torn)
{
    tl_simdisk_loss loss = {at, true, keep, units, unit_count, torn};
    assert_int_equal(tl_simdisk_crash(disk, &loss), TL_OK);
    assert_int_equal(tl_simdisk_op_count(disk), 0);
}

static void killed(size_t at, uint32_t torn)
{
    tl_simdisk_loss loss = {.at = at, .torn_sectors = torn};
    assert_int_equal(tl_simdisk_crash(disk, &loss), TL_OK);
}

static size_t now(void)
{
    return tl_simdisk_op_count(disk);
}

static void only_a_finished_sync_survives_a_power_loss(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 1024);
    fill(file, 512, 'b', 1024);
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "a1024");
}

static void everything_issued_survives_a_killed_process(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 1024);
    fill(file, 512, 'b', 1024);
    create("b");
    killed(now(), 0);
    assert_string_equal(content("a"), "a512 b1024");
    assert_string_equal(content("b"), "");
}

static void a_sync_in_flight_has_done_nothing(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 512);
    fill(file, 0, 'b', 512);
    size_t sync = now();
    assert_int_equal(io->fdatasync(io, file), TL_OK);
    power_loss(sync, true, NULL, 0, 0);
    assert_string_equal(content("a"), "a512");
}

/* A file of 1024 'a', then 'b' over the first sector, whose sync fails in this way. */
static tl_file *failed(tl_sync_failure failure)
{
    tl_file *file = durable("a", 'a', 1024);
    fill(file, 0, 'b', 512);
    tl_simdisk_fail_sync(disk, 1, failure, false);
    assert_int_equal(io->fdatasync(io, file), failure == TL_SYNC_FAILED_LATE ? TL_OK : TL_IO);
    assert_int_equal(tl_simdisk_op_at(disk, now() - 1)->kind, TL_SIMDISK_SYNC_FAILED);
    return file;
}

static void after_a_failed_sync_that_left_pages_dirty_the_next_one_covers_them(void **state)
{
    (void)state;
    tl_file *file = failed(TL_SYNC_FAILED_DIRTY);
    assert_int_equal(io->fdatasync(io, file), TL_OK);
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "b512 a512");
    failed(TL_SYNC_FAILED_DIRTY);
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "a1024");
}

static void pages_marked_clean_are_never_synced_unless_written_again(void **state)
{
    (void)state;
    tl_file *file = failed(TL_SYNC_FAILED_CLEAN);
    assert_string_equal(content("a"), "b512 a512"); /* the cache has them */
    fill(file, 512, 'c', 1024);
    assert_int_equal(io->fdatasync(io, file), TL_OK); /* and this says all is well */
    size_t write = now() - 4;
    assert_int_equal(tl_simdisk_op_at(disk, write)->kind, TL_SIMDISK_WRITE);
    assert_false(tl_simdisk_is_covered(disk, write, now()));
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "a512 c1024");
}

static void pages_marked_clean_and_written_again_are_synced(void **state)
{
    (void)state;
    tl_file *file = failed(TL_SYNC_FAILED_CLEAN);
    fill(file, 0, 'b', 512);
    assert_int_equal(io->fdatasync(io, file), TL_OK);
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "b512 a512");
}

static void a_page_marked_clean_may_have_arrived_all_the_same(void **state)
{
    (void)state;
    failed(TL_SYNC_FAILED_CLEAN);
    power_loss(now(), false, NULL, 0, 0);
    assert_string_equal(content("a"), "b512 a512");
}

static void a_reverted_file_is_what_the_disk_has(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 1024);
    fill(file, 0, 'b', 2048);
    tl_simdisk_fail_sync(disk, 1, TL_SYNC_FAILED_REVERTED, false);
    assert_int_equal(io->fdatasync(io, file), TL_IO);
    assert_string_equal(content("a"), "a1024");
    fill(file, 512, 'c', 512);
    killed(now(), 0);
    assert_string_equal(content("a"), "a512 c512");
}

static void what_went_back_stays_away_whatever_a_power_loss_keeps(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 1024);
    fill(file, 0, 'b', 2048);
    tl_simdisk_fail_sync(disk, 1, TL_SYNC_FAILED_REVERTED, false);
    assert_int_equal(io->fdatasync(io, file), TL_IO);
    power_loss(now(), false, NULL, 0, 0); /* nothing dropped */
    assert_string_equal(content("a"), "a1024");
}

/* The disk has the sector of a write through as it was in the cache, longer than the file there. */
static void a_file_that_went_back_grows_with_zeros(void **state)
{
    (void)state;
    uint8_t byte = 1;
    size_t got = 0;
    tl_file *file = durable("a", 'a', 100);
    fill(file, 0, 'b', 300);
    tl_simdisk_write_through(disk, file);
    fill(file, 0, 'c', 50);
    tl_simdisk_fail_sync(disk, 1, TL_SYNC_FAILED_REVERTED, false);
    assert_int_equal(io->fdatasync(io, file), TL_IO);
    assert_string_equal(content("a"), "c50 b50");
    assert_int_equal(io->truncate(io, file, 300), TL_OK);
    assert_int_equal(io->pread(io, file, 200, &byte, 1, &got), TL_OK);
    assert_int_equal(byte, 0);
}

static void a_late_error_comes_with_the_next_sync_and_once(void **state)
{
    (void)state;
    tl_file *file = failed(TL_SYNC_FAILED_LATE);
    assert_int_equal(io->fdatasync(io, file), TL_IO);
    assert_int_equal(io->fdatasync(io, file), TL_OK);
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "a1024");
}

static void a_sync_covers_its_own_file_only(void **state)
{
    (void)state;
    tl_file *a = durable("a", 'a', 512), *b = durable("b", 'b', 512);
    fill(a, 0, 'x', 512);
    fill(b, 0, 'y', 512);
    assert_int_equal(io->fdatasync(io, b), TL_OK);
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "a512");
    assert_string_equal(content("b"), "y512");
}

static void a_name_needs_its_directory_synced(void **state)
{
    (void)state;
    durable("a", 'a', 512);
    tl_file *file = create("d/new");
    fill(file, 0, 'n', 512);
    assert_int_equal(io->fdatasync(io, file), TL_OK);
    assert_int_equal(io->rename(io, "a", "b"), TL_OK);
    assert_int_equal(io->fsync_dir(io, "d/"), TL_OK); /* another directory than that of a, b */
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("d/new"), "n512");
    assert_string_equal(content("a"), "a512");
    assert_string_equal(content("b"), "absent");
    assert_int_equal(io->unlink(io, "a"), TL_OK);
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "a512");
    assert_int_equal(io->unlink(io, "a"), TL_OK);
    assert_int_equal(io->fsync_dir(io, "."), TL_OK);
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "absent");
}

static void a_name_kept_without_its_data_names_an_empty_file(void **state)
{
    (void)state;
    tl_file *file = create("a.tmp");
    fill(file, 0, 'a', 512);
    assert_int_equal(io->rename(io, "a.tmp", "a"), TL_OK);
    size_t units[] = {0, 2}; /* create and rename, not the write */
    power_loss(now(), true, units, 2, 0);
    assert_string_equal(content("a"), "");
    assert_string_equal(content("a.tmp"), "absent");
}

static void a_torn_write_keeps_its_first_sectors(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 2048);
    fill(file, 512, 'b', 512); /* unsynced, before the torn one */
    size_t torn = now();
    fill(file, 1000, 'c', 1100);
    power_loss(torn, true, NULL, 0, 2); /* nothing unsynced but sectors 1 and 2 of the write */
    assert_string_equal(content("a"), "a512 b488 c536 a512");
}

static void a_torn_write_grows_the_file_as_far_as_it_came(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 100);
    size_t torn = now();
    fill(file, 1024, 'b', 1500);
    killed(torn, 1);
    assert_string_equal(content("a"), "a100 0924 b512");
}

static void a_sector_never_mixes_versions(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 512);
    fill(file, 0, 'b', 100);
    fill(file, 200, 'c', 100);
    size_t units[] = {now() - 2}; /* the first write is dropped, the second kept */
    power_loss(now(), false, units, 1, 0);
    /* the second write's version of the sector had read the first one's bytes */
    assert_string_equal(content("a"), "b100 a100 c100 a212");
}

static void a_dropped_write_leaves_older_versions(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 1536);
    fill(file, 0, 'b', 1536);
    fill(file, 512, 'c', 512);
    size_t units[] = {now() - 2};
    power_loss(now(), false, units, 1, 0);
    assert_string_equal(content("a"), "a512 c512 a512");
}

static void bytes_behind_a_shrink_read_as_zero_after_growing_again(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 2048);
    assert_int_equal(io->truncate(io, file, 700), TL_OK);
    assert_int_equal(io->truncate(io, file, 1600), TL_OK);
    assert_string_equal(content("a"), "a700 0900");
    size_t end = now();
    size_t units[] = {end - 2, end - 1};
    power_loss(end, true, units, 2, 0);
    assert_string_equal(content("a"), "a700 0900");
    file = create("a");
    assert_int_equal(io->truncate(io, file, 100), TL_OK);
    power_loss(now(), true, NULL, 0, 0); /* an unsynced shrink is undone */
    assert_string_equal(content("a"), "a700 0900");
}

static void page_cache_content_vanishes_in_a_power_loss_after_a_kill(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 512);
    fill(file, 0, 'b', 512);
    killed(now(), 0);
    assert_string_equal(content("a"), "b512"); /* the next process reads it */
    file = create("b");
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "a512"); /* but nobody had synced it */

    file = create("a");
    fill(file, 0, 'c', 512);
    killed(now(), 0);
    file = create("a");
    assert_int_equal(io->fdatasync(io, file), TL_OK); /* a sync covers what others wrote */
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "c512");
}

static void a_write_through_is_durable_when_it_returned_and_nothing_earlier_is(void **state)
{
    (void)state;
    tl_file *plain = durable("a", 'a', 2048), *through = create("a");
    tl_simdisk_write_through(disk, through);
    fill(plain, 0, 'b', 512);
    size_t in_flight = now();
    fill(through, 1024, 'c', 1536); /* grows the file */
    fill(plain, 1024, 'd', 512);
    size_t end = now();
    assert_false(tl_simdisk_is_covered(disk, in_flight - 1, end));
    assert_true(tl_simdisk_is_covered(disk, in_flight, end));
    tl_simdisk_loss dropped = {.at = end, .power = true, .units = &in_flight, .unit_count = 1};
    assert_int_equal(tl_simdisk_crash(disk, &dropped), TL_INVALID);
    power_loss(end, true, NULL, 0, 0);
    assert_string_equal(content("a"), "a1024 c1536");

    through = create("a"); /* in flight it is a write like any other */
    tl_simdisk_write_through(disk, through);
    in_flight = now();
    fill(through, 0, 'e', 1024);
    power_loss(in_flight, true, NULL, 0, 1);
    assert_string_equal(content("a"), "e512 a512 c1536");
    plain = create("a"); /* another handle is not through */
    fill(plain, 0, 'f', 512);
    power_loss(now(), true, NULL, 0, 0);
    assert_string_equal(content("a"), "e512 a512 c1536");
}

static void an_impossible_loss_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 512); /* create write sync sync_dir */
    fill(file, 0, 'b', 512);
    size_t covered[] = {1}, behind[] = {5};
    const tl_simdisk_loss impossible[] = {
        {.at = 6          }, /* behind the log */
        {                 .at = 5,             .power = true, .units = covered, .unit_count = 1}, /* synced */
        {  .at = 5,                     .power = true, .units = behind, .unit_count = 1}, /* not yet issued */
        {  .at = 5,.units = covered, .unit_count = 1}, /* a kill loses nothing */
        {.at = 2,                         .power = true, .torn_sectors = 1}, /* a sync does not tear */
        {     .at = 4,.power = true, .torn_sectors = 2}, /* one sector long */
        {.at = 5,                   .power = true, .torn_sectors = 1}, /* nothing in flight */
    };
    for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++)
        assert_int_equal(tl_simdisk_crash(disk, &impossible[i]), TL_INVALID);
    assert_string_equal(content("a"), "b512");
    assert_int_equal(tl_simdisk_op_count(disk), 5);
}

static void the_log_can_be_read_by_people(void **state)
{
    (void)state;
    tl_file *file = durable("a", 'a', 100);
    fill(file, 512, 'b', 1024);
    char text[128];
    tl_simdisk_op_text(disk, 4, text, sizeof text);
    assert_string_equal(text, "4 write a [512, 1536) 2 sectors");
    tl_simdisk_op_text(disk, 2, text, sizeof text);
    assert_string_equal(text, "2 sync a");
    tl_simdisk_op_text(disk, 3, text, sizeof text);
    assert_string_equal(text, "3 sync_dir .");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_a_finished_sync_survives_a_power_loss),
        TEST(everything_issued_survives_a_killed_process),
        TEST(a_sync_in_flight_has_done_nothing),
        TEST(after_a_failed_sync_that_left_pages_dirty_the_next_one_covers_them),
        TEST(pages_marked_clean_are_never_synced_unless_written_again),
        TEST(pages_marked_clean_and_written_again_are_synced),
        TEST(a_page_marked_clean_may_have_arrived_all_the_same),
        TEST(a_reverted_file_is_what_the_disk_has),
        TEST(what_went_back_stays_away_whatever_a_power_loss_keeps),
        TEST(a_file_that_went_back_grows_with_zeros),
        TEST(a_late_error_comes_with_the_next_sync_and_once),
        TEST(a_sync_covers_its_own_file_only),
        TEST(a_name_needs_its_directory_synced),
        TEST(a_name_kept_without_its_data_names_an_empty_file),
        TEST(a_torn_write_keeps_its_first_sectors),
        TEST(a_torn_write_grows_the_file_as_far_as_it_came),
        TEST(a_sector_never_mixes_versions),
        TEST(a_dropped_write_leaves_older_versions),
        TEST(bytes_behind_a_shrink_read_as_zero_after_growing_again),
        TEST(page_cache_content_vanishes_in_a_power_loss_after_a_kill),
        TEST(a_write_through_is_durable_when_it_returned_and_nothing_earlier_is),
        TEST(an_impossible_loss_is_refused_and_changes_nothing),
        TEST(the_log_can_be_read_by_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
