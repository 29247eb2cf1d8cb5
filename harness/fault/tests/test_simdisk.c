/* harness/fault/tests/test_simdisk.c -- to a process the disk is a disk: files, names, locks, and
 * the faults asked for. */
#include "harness/fault/simdisk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
    tl_simdisk *disk;
    tl_io *io;
} fixture;

static int setup_with(void **state, unsigned flags)
{
    fixture *f = calloc(1, sizeof *f);
    if (f == NULL || tl_simdisk_create(flags, &f->disk) != TL_OK)
        return -1;
    f->io = tl_simdisk_io(f->disk);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, TL_SIMDISK_RECORD);
}

static int setup_without_log(void **state)
{
    return setup_with(state, 0);
}

static int teardown(void **state)
{
    fixture *f = *state;
    tl_simdisk_destroy(f->disk);
    free(f);
    return 0;
}

static tl_file *open_file(fixture *f, const char *path)
{
    tl_file *file = NULL;
    assert_int_equal(f->io->open(f->io, path, TL_IO_WRITE | TL_IO_CREATE, &file), TL_OK);
    return file;
}

static tl_status write_at(fixture *f, tl_file *file, uint64_t offset, const void *data, size_t size)
{
    tl_io_span span = {data, size};
    return f->io->pwritev(f->io, file, offset, &span, 1);
}

static size_t read_at(fixture *f, tl_file *file, uint64_t offset, void *buffer, size_t size)
{
    size_t got = SIZE_MAX;
    assert_int_equal(f->io->pread(f->io, file, offset, buffer, size, &got), TL_OK);
    return got;
}

/* Random writes, truncates and reads, on the disk and on a plain array. */
static void a_file_behaves_like_an_array_of_bytes(void **state)
{
    enum { SIZE_MAX_BYTES = 40000, STEPS = 4000 };
    fixture *f = *state;
    static uint8_t truth[SIZE_MAX_BYTES + 1], bytes[SIZE_MAX_BYTES], seen[SIZE_MAX_BYTES];
    unsigned seed = 20261121;
    print_message("seed %u\n", seed);
    srand(seed);
    memset(truth, 0, sizeof truth);
    size_t size = 0;
    tl_file *file = open_file(f, "a");
    for (int step = 0; step < STEPS; step++) {
        size_t offset = (size_t)rand() % 30000;
        size_t count = (size_t)rand() % (step % 3 == 0 ? 9000 : 700) + 1;
        for (size_t i = 0; i < count; i++)
            bytes[i] = (uint8_t)rand();
        switch (rand() % 8) {
        case 0:
            assert_int_equal(f->io->truncate(f->io, file, offset), TL_OK);
            if (offset < size)
                memset(truth + offset, 0, size - offset);
            size = offset;
            break;
        case 1:
            assert_int_equal(f->io->fallocate(f->io, file, offset, count), TL_OK);
            size = offset + count > size ? offset + count : size;
            break;
        case 2: {
            size_t cut = (size_t)rand() % count;
            tl_io_span spans[3] = {
                {bytes,       cut        },
                {NULL,        0          },
                {bytes + cut, count - cut}
            };
            assert_int_equal(f->io->pwritev(f->io, file, offset, spans, 3), TL_OK);
            memcpy(truth + offset, bytes, count);
            size = offset + count > size ? offset + count : size;
            break;
        }
        default:
            assert_int_equal(write_at(f, file, offset, bytes, count), TL_OK);
            memcpy(truth + offset, bytes, count);
            size = offset + count > size ? offset + count : size;
        }
        uint64_t now = 0;
        assert_int_equal(f->io->size(f->io, file, &now), TL_OK);
        assert_int_equal(now, size);
        assert_int_equal(tl_simdisk_used_bytes(f->disk), size);
        size_t from = (size_t)rand() % 40000;
        size_t expected = from < size ? size - from : 0;
        assert_int_equal(read_at(f, file, from, seen, SIZE_MAX_BYTES - from), expected);
        assert_memory_equal(seen, truth + from, expected);
    }
    f->io->close(f->io, file);
}

static void names_follow_create_rename_and_unlink(void **state)
{
    fixture *f = *state;
    tl_file *file = NULL;
    assert_int_equal(f->io->open(f->io, "d/a", TL_IO_WRITE, &file), TL_NOT_FOUND);
    file = open_file(f, "d/a");
    assert_int_equal(write_at(f, file, 0, "one", 3), TL_OK);
    f->io->close(f->io, file);
    file = open_file(f, "d/b");
    assert_int_equal(write_at(f, file, 0, "three", 5), TL_OK);

    assert_int_equal(f->io->rename(f->io, "d/a", "./d//b"), TL_OK);
    char bytes[8] = "";
    assert_int_equal(read_at(f, file, 0, bytes, 8), 5); /* an open file outlives its name */
    f->io->close(f->io, file);
    assert_int_equal(f->io->open(f->io, "d/a", 0, &file), TL_NOT_FOUND);
    assert_int_equal(f->io->open(f->io, "d/b", 0, &file), TL_OK);
    assert_int_equal(read_at(f, file, 0, bytes, 8), 3);
    assert_memory_equal(bytes, "one", 3);
    assert_int_equal(write_at(f, file, 0, "x", 1), TL_INVALID); /* opened for reading */
    f->io->close(f->io, file);
    assert_int_equal(f->io->unlink(f->io, "d/b"), TL_OK);
    assert_int_equal(f->io->unlink(f->io, "d/b"), TL_NOT_FOUND);
    assert_int_equal(f->io->rename(f->io, "d/b", "d/c"), TL_NOT_FOUND);
}

static void a_lock_excludes_a_second_holder_until_it_is_closed(void **state)
{
    fixture *f = *state;
    tl_file *first = NULL, *second = NULL;
    uint64_t pid = 0;
    assert_int_equal(f->io->lock(f->io, "l", false, &first, &pid), TL_NOT_FOUND);
    assert_int_equal(f->io->lock(f->io, "l", true, &first, &pid), TL_OK);
    assert_int_equal(f->io->lock(f->io, "l", true, &second, &pid), TL_BUSY);
    assert_int_not_equal(pid, 0);
    assert_int_equal(f->io->lock(f->io, "l", false, &second, &pid), TL_BUSY);
    f->io->close(f->io, first);
    assert_int_equal(f->io->lock(f->io, "l", false, &first, &pid), TL_OK);
    assert_int_equal(f->io->lock(f->io, "l", false, &second, &pid), TL_OK);
    f->io->close(f->io, first);
    assert_int_equal(f->io->lock(f->io, "l", true, &first, &pid), TL_BUSY);
    tl_simdisk_restart(f->disk); /* a dead process holds nothing */
    assert_int_equal(f->io->lock(f->io, "l", true, &first, &pid), TL_OK);
}

static bool is_abc(void *context, const void *bytes, size_t size_bytes)
{
    (void)context;
    return size_bytes == 3 && memcmp(bytes, "abc", 3) == 0;
}

static void a_verified_read_is_whole_and_right_or_corrupt(void **state)
{
    fixture *f = *state;
    tl_file *file = open_file(f, "a");
    assert_int_equal(write_at(f, file, 0, "abcab", 5), TL_OK);
    char bytes[4];
    assert_int_equal(f->io->read_verified(f->io, file, 0, bytes, 3, is_abc, NULL), TL_OK);
    assert_int_equal(f->io->read_verified(f->io, file, 1, bytes, 3, is_abc, NULL), TL_CORRUPT);
    assert_int_equal(f->io->read_verified(f->io, file, 3, bytes, 3, is_abc, NULL), TL_CORRUPT);
}

static void the_nth_call_fails_once_or_from_then_on(void **state)
{
    fixture *f = *state;
    tl_file *file = open_file(f, "a");
    tl_simdisk_fail(f->disk, TL_SIMDISK_CALL_PWRITEV, 2, TL_IO, false);
    assert_int_equal(write_at(f, file, 0, "a", 1), TL_OK);
    assert_int_equal(write_at(f, file, 0, "b", 1), TL_IO);
    assert_int_equal(write_at(f, file, 1, "c", 1), TL_OK);
    char bytes[4];
    assert_int_equal(read_at(f, file, 0, bytes, 4), 2);
    assert_memory_equal(bytes, "ac", 2);
    assert_int_equal(tl_simdisk_op_count(f->disk), 3); /* create and two writes */

    tl_simdisk_fail(f->disk, TL_SIMDISK_CALL_FDATASYNC, 1, TL_NO_SPACE, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(f->io->fdatasync(f->io, file), TL_NO_SPACE);
    assert_int_equal(tl_simdisk_faults_fired(f->disk), 4);
    tl_simdisk_clear_faults(f->disk);
    assert_int_equal(f->io->fdatasync(f->io, file), TL_OK);
    assert_int_equal(tl_simdisk_call_count(f->disk, TL_SIMDISK_CALL_FDATASYNC), 4);

    tl_simdisk_call call;
    assert_true(tl_simdisk_call_find("fallocate", &call));
    assert_int_equal(call, TL_SIMDISK_CALL_FALLOCATE);
    assert_false(tl_simdisk_call_find("fsync", &call));
}

static void a_full_disk_keeps_whole_sectors_of_what_fitted(void **state)
{
    fixture *f = *state;
    static const uint8_t ones[4096] = {1, 1, 1};
    tl_file *file = open_file(f, "a"), *other = open_file(f, "b");
    assert_int_equal(write_at(f, other, 0, ones, 1000), TL_OK);
    tl_simdisk_set_quota(f->disk, 3000);
    assert_int_equal(write_at(f, file, 0, ones, 2001), TL_NO_SPACE);
    uint64_t size = 0;
    assert_int_equal(f->io->size(f->io, file, &size), TL_OK);
    assert_int_equal(size, 1536); /* 2000 bytes were free: three sectors */
    assert_int_equal(f->io->fallocate(f->io, file, 1536, 465), TL_NO_SPACE);
    assert_int_equal(f->io->truncate(f->io, file, 2001), TL_NO_SPACE);
    assert_int_equal(f->io->truncate(f->io, file, 2000), TL_OK);
    assert_int_equal(write_at(f, other, 0, ones, 1000), TL_OK); /* no growth, no need */
    assert_int_equal(write_at(f, other, 1000, ones, 1), TL_NO_SPACE);
    assert_int_equal(f->io->unlink(f->io, "a"), TL_OK);
    assert_int_equal(write_at(f, other, 1000, ones, 1), TL_OK);
}

static void a_disk_without_a_log_reuses_the_memory_of_its_sectors(void **state)
{
    fixture *f = *state;
    tl_file *file = open_file(f, "a");
    uint8_t page[4096];
    uint32_t mark = 0;
    for (int round = 0; round < 100; round++) {
        memset(page, round, sizeof page);
        assert_int_equal(write_at(f, file, 0, page, sizeof page), TL_OK);
        assert_int_equal(write_at(f, file, 4096 + 100, page, 700), TL_OK);
        if (round == 0)
            mark = tl_simdisk_mark(f->disk);
    }
    assert_int_equal(tl_simdisk_mark(f->disk), mark);
    assert_int_equal(tl_simdisk_op_count(f->disk), 0);
    assert_int_equal(tl_simdisk_crash(f->disk, &(tl_simdisk_loss){.at = 0}), TL_UNSUPPORTED);
}

#define WITH_LOG(test)    cmocka_unit_test_setup_teardown(test, setup, teardown)
#define WITHOUT_LOG(test) cmocka_unit_test_setup_teardown(test, setup_without_log, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOG(a_file_behaves_like_an_array_of_bytes),
        WITHOUT_LOG(a_file_behaves_like_an_array_of_bytes),
        WITH_LOG(names_follow_create_rename_and_unlink),
        WITH_LOG(a_lock_excludes_a_second_holder_until_it_is_closed),
        WITH_LOG(a_verified_read_is_whole_and_right_or_corrupt),
        WITH_LOG(the_nth_call_fails_once_or_from_then_on),
        WITH_LOG(a_full_disk_keeps_whole_sectors_of_what_fitted),
        WITHOUT_LOG(a_disk_without_a_log_reuses_the_memory_of_its_sectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
