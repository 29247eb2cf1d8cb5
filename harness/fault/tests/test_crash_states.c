/* harness/fault/tests/test_crash_states.c -- the fast walk gives the states that the slow, spelled
 * out crash gives, all of them, and its hash names them. */
#include "harness/fault/crash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FILES = 4, OPS = 120 };
static const char *const paths[FILES] = {"a", "b", "d/c", "d/e"};

static void random_write(tl_io *io, tl_file *file)
{
    uint8_t bytes[10000];
    size_t size = (size_t)rand() % sizeof bytes + 1;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)rand();
    tl_io_span span = {bytes, size};
    assert_int_equal(io->pwritev(io, file, (uint64_t)(rand() % 20000), &span, 1), TL_OK);
}

/* Do OPS random things to a disk with a log; the same for the same seed. */
static void run_trace(tl_simdisk *disk, unsigned seed)
{
    srand(seed);
    tl_io *io = tl_simdisk_io(disk);
    for (int i = 0; i < OPS; i++) {
        const char *path = paths[rand() % FILES];
        tl_file *file = NULL;
        assert_int_equal(io->open(io, path, TL_IO_WRITE | TL_IO_CREATE, &file), TL_OK);
        switch (rand() % 10) {
        case 0:
            (void)io->rename(io, path, paths[rand() % FILES]);
            break;
        case 1:
            assert_int_equal(io->unlink(io, path), TL_OK);
            break;
        case 2:
            assert_int_equal(io->truncate(io, file, (uint64_t)(rand() % 20000)), TL_OK);
            break;
        case 3:
            assert_int_equal(io->fsync_dir(io, rand() % 2 == 0 ? "." : "d"), TL_OK);
            break;
        case 4:
            tl_simdisk_fail_sync(disk, 1, (tl_sync_failure)(rand() % TL_SYNC_FAILURE_COUNT), false);
            (void)io->fdatasync(io, file);
            break;
        case 5:
            (void)io->fdatasync(io, file); /* fails after a late one */
            break;
        case 6:
            assert_int_equal(io->fallocate(io, file, (uint64_t)(rand() % 20000), 4096), TL_OK);
            break;
        default:
            random_write(io, file);
        }
        io->close(io, file);
    }
}

/* Every byte a process can see, as one number computed without the disk's own hash. */
static uint64_t visible(tl_simdisk *disk)
{
    static uint8_t bytes[65536];
    tl_io *io = tl_simdisk_io(disk);
    uint64_t sum = 1469598103934665603u;
    for (int i = 0; i < FILES; i++) {
        tl_file *file = NULL;
        sum = (sum ^ (uint64_t)i) * 1099511628211u;
        if (io->open(io, paths[i], 0, &file) != TL_OK)
            continue;
        size_t got = 0;
        assert_int_equal(io->pread(io, file, 0, bytes, sizeof bytes, &got), TL_OK);
        io->close(io, file);
        for (size_t b = 0; b < got; b++)
            sum = (sum ^ bytes[b]) * 1099511628211u;
        sum = (sum ^ got) * 1099511628211u;
    }
    return sum;
}

static tl_simdisk *recorded(unsigned seed)
{
    tl_simdisk *disk = NULL;
    assert_int_equal(tl_simdisk_create(TL_SIMDISK_RECORD, &disk), TL_OK);
    run_trace(disk, seed);
    return disk;
}

static uint64_t slow_state(unsigned seed, const tl_simdisk_loss *loss)
{
    tl_simdisk *disk = recorded(seed);
    assert_int_equal(tl_simdisk_crash(disk, loss), TL_OK);
    uint64_t seen = visible(disk);
    tl_simdisk_destroy(disk);
    return seen;
}

static void the_walk_and_the_spelled_out_crash_agree_on_every_state(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 3; seed++) {
        print_message("seed %u\n", seed);
        tl_simdisk *trace = recorded(seed), *show = NULL;
        tl_crash_walk *walk = NULL;
        assert_int_equal(tl_simdisk_create_beside(trace, 0, &show), TL_OK);
        assert_int_equal(tl_crash_walk_create(trace, &walk), TL_OK);
        size_t units[4 * OPS], counts[TL_CRASH_VARIANT_COUNT] = {0};
        for (size_t at = 0; at <= tl_simdisk_op_count(trace); at++) {
            assert_int_equal(tl_crash_walk_to(walk, at), TL_OK);
            for (tl_crash_variant v = 0; v < TL_CRASH_VARIANT_COUNT; v++) {
                size_t count = tl_crash_state_count(walk, v);
                counts[v] += count;
                for (size_t i = 0; i < count; i += 1 + count / 3) {
                    tl_hash128 hash;
                    tl_simdisk_loss loss;
                    assert_int_equal(tl_crash_load(walk, v, i, show, &hash), TL_OK);
                    tl_crash_loss(walk, v, i, units, &loss);
                    assert_int_equal(visible(show), slow_state(seed, &loss));
                }
            }
        }
        for (size_t v = 0; v < TL_CRASH_VARIANT_COUNT; v++)
            assert_true(counts[v] >= OPS);
        tl_crash_walk_destroy(walk);
        tl_simdisk_destroy(show);
        tl_simdisk_destroy(trace);
    }
}

typedef struct named {
    tl_hash128 hash;
    uint64_t seen;
} named;

static void equal_hashes_mean_equal_disks_and_only_they(void **state)
{
    (void)state;
    enum { NAMED_MAX = 8000 };
    static named all[NAMED_MAX];
    size_t count = 0, equal = 0;
    tl_simdisk *trace = recorded(99), *show = NULL;
    tl_crash_walk *walk = NULL;
    assert_int_equal(tl_simdisk_create_beside(trace, 0, &show), TL_OK);
    assert_int_equal(tl_crash_walk_create(trace, &walk), TL_OK);
    for (size_t at = 0; at <= tl_simdisk_op_count(trace); at++) {
        assert_int_equal(tl_crash_walk_to(walk, at), TL_OK);
        for (tl_crash_variant v = 0; v < TL_CRASH_VARIANT_COUNT; v++)
            for (size_t i = 0; i < tl_crash_state_count(walk, v) && count < NAMED_MAX; i++) {
                assert_int_equal(tl_crash_load(walk, v, i, show, &all[count].hash), TL_OK);
                all[count++].seen = visible(show);
            }
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            bool low = all[i].hash.low == all[j].hash.low;
            bool high = all[i].hash.high == all[j].hash.high;
            bool same = all[i].seen == all[j].seen;
            equal += same;
            if (low != same || high != same)
                fail_msg("states %zu and %zu: disks %s, hashes %s %s", i, j,
                         same ? "equal" : "differ", low ? "equal" : "differ",
                         high ? "equal" : "differ");
        }
    assert_true(count > 400 && equal > 100);
    tl_crash_walk_destroy(walk);
    tl_simdisk_destroy(show);
    tl_simdisk_destroy(trace);
}

static void a_state_that_writes_harms_no_other_state(void **state)
{
    (void)state;
    tl_simdisk *trace = recorded(5), *show = NULL;
    tl_crash_walk *walk = NULL;
    assert_int_equal(tl_simdisk_create_beside(trace, 0, &show), TL_OK);
    assert_int_equal(tl_crash_walk_create(trace, &walk), TL_OK);
    assert_int_equal(tl_crash_walk_to(walk, OPS / 2), TL_OK);
    tl_hash128 first, again;
    uint32_t mark = tl_simdisk_mark(show);
    assert_int_equal(tl_crash_load(walk, TL_CRASH_ALL_ISSUED, 0, show, &first), TL_OK);
    uint64_t seen = visible(show);
    run_trace(show, 1234);
    assert_true(visible(show) != seen);
    tl_simdisk_release(show, mark);
    assert_int_equal(tl_crash_load(walk, TL_CRASH_ALL_ISSUED, 0, show, &again), TL_OK);
    assert_true(visible(show) == seen);
    assert_true(first.low == again.low && first.high == again.high);
    assert_int_equal(tl_simdisk_mark(show), mark);
    tl_crash_walk_destroy(walk);
    tl_simdisk_destroy(show);
    tl_simdisk_destroy(trace);
}

static void a_recovery_is_a_trace_that_begins_with_both_sides_of_the_disk(void **state)
{
    (void)state;
    tl_simdisk *trace = recorded(6), *again = NULL, *show = NULL;
    tl_crash_walk *walk = NULL, *nested = NULL;
    assert_int_equal(tl_simdisk_create_beside(trace, TL_SIMDISK_RECORD, &again), TL_OK);
    assert_int_equal(tl_simdisk_create_beside(trace, 0, &show), TL_OK);
    assert_int_equal(tl_crash_walk_create(trace, &walk), TL_OK);
    assert_int_equal(tl_crash_walk_create(again, &nested), TL_OK);
    size_t units[4 * OPS];
    for (size_t at = 10; at <= OPS; at += 25) {
        uint32_t mark = tl_simdisk_mark(trace);
        tl_hash128 hash;
        assert_int_equal(tl_crash_walk_to(walk, at), TL_OK);
        assert_int_equal(tl_crash_load(walk, TL_CRASH_ALL_ISSUED, 0, again, &hash), TL_OK);
        run_trace(again, 77);
        assert_int_equal(tl_crash_walk_rewind(nested), TL_OK);
        for (size_t n = 0; n <= tl_simdisk_op_count(again); n += 9) {
            tl_simdisk_loss loss;
            assert_int_equal(tl_crash_walk_to(nested, n), TL_OK);
            assert_int_equal(tl_crash_load(nested, TL_CRASH_UNSYNCED_DROPPED, 0, show, &hash),
                             TL_OK);
            tl_crash_loss(nested, TL_CRASH_UNSYNCED_DROPPED, 0, units, &loss);

            tl_simdisk *slow = recorded(6);
            assert_int_equal(tl_simdisk_crash(slow, &(tl_simdisk_loss){.at = at}), TL_OK);
            run_trace(slow, 77);
            assert_int_equal(tl_simdisk_crash(slow, &loss), TL_OK);
            assert_true(visible(show) == visible(slow));
            tl_simdisk_destroy(slow);
        }
        tl_simdisk_release(trace, mark);
    }
    tl_crash_walk_destroy(nested);
    tl_crash_walk_destroy(walk);
    tl_simdisk_destroy(show);
    tl_simdisk_destroy(again);
    tl_simdisk_destroy(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_walk_and_the_spelled_out_crash_agree_on_every_state),
        cmocka_unit_test(equal_hashes_mean_equal_disks_and_only_they),
        cmocka_unit_test(a_state_that_writes_harms_no_other_state),
        cmocka_unit_test(a_recovery_is_a_trace_that_begins_with_both_sides_of_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
