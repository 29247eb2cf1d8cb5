/* harness/fault/tests/test_states_twice.c -- what is enumerated and what is counted is as much.
 *
 * pending.h and count.h follow the same rules and share no code.  Random logs, with renames between
 * directories, shrinks, writes through, failed syncs and lives that began after a kill: at each
 * crash point, under each profile, both have the same number of outcomes and of states.
 */
#include "harness/fault/count.h"
#include "harness/fault/pending.h"
#include "harness/fault/simdisk_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 200, OPS = 14, OUTCOMES_MAX = 3000 };

static const char *const names[] = {"d/a", "d/b", "e/c", "e/d"};

static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t word = *state;
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

static void must(tl_status status)
{
    assert_int_equal(status, TL_OK);
}

static void random_op(tl_simdisk *disk, uint64_t *random)
{
    static const uint8_t bytes[10000];
    tl_io *io = tl_simdisk_io(disk);
    const char *name = names[next_random(random) % 4], *other = names[next_random(random) % 4];
    tl_file *file = NULL;
    uint64_t kind = next_random(random) % 14;
    if (kind < 2 && io->rename(io, name, other) == TL_OK)
        return;
    if (kind == 2 && io->unlink(io, name) == TL_OK)
        return;
    if (kind == 3) {
        must(io->fsync_dir(io, next_random(random) % 2 == 0 ? "d" : "e"));
        return;
    }
    must(io->open(io, name, TL_IO_WRITE | TL_IO_CREATE, &file));
    uint64_t offset = next_random(random) % 6000, size = 1 + next_random(random) % 3000;
    if (kind == 4 || kind == 5) {
        static const tl_sync_failure failures[] = {TL_SYNC_FAILED_DIRTY, TL_SYNC_FAILED_CLEAN,
                                                   TL_SYNC_FAILED_LATE, TL_SYNC_FAILED_REVERTED};
        if (kind == 4 && next_random(random) % 2 == 0)
            tl_simdisk_fail_sync(disk, 1, failures[next_random(random) % 4], false);
        (void)!io->fdatasync(io, file); /* a late one fails now */
    } else if (kind == 6 || kind == 7)
        must(io->truncate(io, file, offset));
    else if (kind == 8)
        must(io->fallocate(io, file, offset, size));
    else {
        if (next_random(random) % 5 == 0)
            tl_simdisk_write_through(disk, file);
        must(io->pwritev(io, file, offset, &(tl_io_span){bytes, (size_t)size}, 1));
    }
    io->close(io, file);
}

typedef struct both {
    mpz_t states, one, other;
    uint64_t compared;
} both;

static void point_compare(tl_simdisk *disk, tl_pending *pending, tl_profile profile, uint64_t seed,
                          tl_possible *possible, both *sums)
{
    size_t at = tl_pending_at(pending);
    uint64_t count = tl_pending_outcome_count(pending);
    must(tl_count_outcomes(disk, at, profile, &sums->other));
    if (mpz_cmp_ui(sums->other, count) != 0)
        fail_msg("seed %llu, %s at %zu: %llu outcomes", (unsigned long long)seed,
                 tl_profile_at(profile)->name, at, (unsigned long long)count);
    if (count > OUTCOMES_MAX)
        return;
    mpz_set_ui(sums->states, 0);
    uint32_t mark = tl_simdisk_mark(disk);
    for (uint64_t i = 0; i < count; i++) {
        must(tl_pending_show(pending, i, possible));
        mpz_set_ui(sums->one, 1);
        for (uint32_t s = 0; s < possible->open_count; s++)
            mpz_mul_ui(sums->one, sums->one, possible->open[s].count);
        mpz_add(sums->states, sums->states, sums->one);
        tl_simdisk_release(disk, mark);
    }
    must(tl_count_states(disk, at, profile, &sums->other));
    if (mpz_cmp(sums->states, sums->other) != 0)
        fail_msg("seed %llu, %s at %zu: other states than counted", (unsigned long long)seed,
                 tl_profile_at(profile)->name, at);
    sums->compared++;
}

static void enumerated_and_counted_are_as_many(void **state)
{
    (void)state;
    both sums = {.compared = 0};
    mpz_inits(sums.states, sums.one, sums.other, NULL);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t random = seed;
        tl_simdisk *disk = NULL;
        tl_possible possible;
        must(tl_simdisk_create(TL_SIMDISK_RECORD | TL_SIMDISK_ONE_THREAD, &disk));
        while (tl_simdisk_op_count(disk) < OPS)
            random_op(disk, &random);
        if (seed % 2 == 0) { /* a kill, and another life */
            tl_simdisk_loss kill = {.at = tl_simdisk_op_count(disk) - 2};
            must(tl_simdisk_crash(disk, &kill));
            while (tl_simdisk_op_count(disk) < OPS / 2)
                random_op(disk, &random);
        }
        tl_possible_init(&possible, disk);
        for (unsigned p = 0; p < TL_PROFILE_COUNT; p++) {
            tl_pending *pending = NULL;
            if (!tl_profile_at((tl_profile)p)->exact)
                continue;
            must(tl_pending_create(disk, (tl_profile)p, &pending));
            for (size_t at = 0; at <= tl_simdisk_op_count(disk); at++) {
                must(tl_pending_to(pending, at));
                point_compare(disk, pending, (tl_profile)p, seed, &possible, &sums);
            }
            tl_pending_destroy(pending);
        }
        tl_possible_clear(&possible);
        tl_simdisk_destroy(disk);
    }
    assert_true(sums.compared > 6000);
    mpz_clears(sums.states, sums.one, sums.other, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enumerated_and_counted_are_as_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
