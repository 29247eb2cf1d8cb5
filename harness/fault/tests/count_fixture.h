/* harness/fault/tests/count_fixture.h -- a recording disk, and short words for what is done to it.
 *
 * For test programs that work states out by hand: test_count_*.c. */
#ifndef TL_HARNESS_FAULT_TESTS_COUNT_FIXTURE_H
#define TL_HARNESS_FAULT_TESTS_COUNT_FIXTURE_H

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

static inline int setup(void **state)
{
    (void)state;
    if (tl_simdisk_create(TL_SIMDISK_RECORD, &disk) != TL_OK)
        return -1;
    io = tl_simdisk_io(disk);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    tl_simdisk_destroy(disk);
    return 0;
}

static inline tl_file *create(const char *path)
{
    tl_file *file = NULL;
    assert_int_equal(io->open(io, path, TL_IO_WRITE | TL_IO_CREATE, &file), TL_OK);
    return file;
}

static inline void fill(tl_file *file, uint64_t offset, size_t size)
{
    static const uint8_t bytes[16384] = {1};
    tl_io_span span = {bytes, size};
    assert_int_equal(io->pwritev(io, file, offset, &span, 1), TL_OK);
}

/* The same through another handle, opened with O_DSYNC. */
static inline void fill_through(const char *path, uint64_t offset, size_t size)
{
    tl_file *file = NULL;
    assert_int_equal(io->open(io, path, TL_IO_WRITE, &file), TL_OK);
    tl_simdisk_write_through(disk, file);
    fill(file, offset, size);
    io->close(io, file);
}

static inline void sync_file(tl_file *file)
{
    assert_int_equal(io->fdatasync(io, file), TL_OK);
}

static inline void sync_fails(tl_file *file, tl_sync_failure failure)
{
    tl_simdisk_fail_sync(disk, 1, failure, false);
    tl_status status = io->fdatasync(io, file);
    assert_int_equal(status, failure == TL_SYNC_FAILED_LATE ? TL_OK : TL_IO);
}

static inline void sync_dir(const char *dir)
{
    assert_int_equal(io->fsync_dir(io, dir), TL_OK);
}

static inline void cut(tl_file *file, uint64_t size)
{
    assert_int_equal(io->truncate(io, file, size), TL_OK);
}

static inline void move(const char *from, const char *to)
{
    assert_int_equal(io->rename(io, from, to), TL_OK);
}

/* A file whose name and content are durable. */
static inline tl_file *durable(const char *path, size_t size)
{
    tl_file *file = create(path);
    if (size > 0)
        fill(file, 0, size);
    sync_file(file);
    sync_dir(".");
    return file;
}

static inline size_t now(void)
{
    return tl_simdisk_op_count(disk);
}

static inline void killed(void)
{
    assert_int_equal(tl_simdisk_crash(disk, &(tl_simdisk_loss){.at = now()}), TL_OK);
}

static inline void expect(size_t at, tl_profile profile, unsigned long expected)
{
    mpz_t states;
    mpz_init(states);
    assert_int_equal(tl_count_states(disk, at, profile, &states), TL_OK);
    if (mpz_cmp_ui(states, expected) != 0)
        fail_msg("%s: %lu states, not %lu", tl_profile_at(profile)->name, mpz_get_ui(states),
                 expected);
    mpz_clear(states);
}

static inline void expect_all(size_t at, unsigned long sigkill, unsigned long prefix,
                              unsigned long journal, unsigned long posix)
{
    expect(at, TL_PROFILE_SIGKILL, sigkill);
    expect(at, TL_PROFILE_PREFIX, prefix);
    expect(at, TL_PROFILE_JOURNAL, journal);
    expect(at, TL_PROFILE_POSIX, posix);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
