/* harness/fault/tests/test_count.c -- the closed form against every state built one by one, and
 * how the profiles contain each other. */
#include "harness/fault/count.h"
#include "harness/fault/tests/brute.h"
#include "harness/fault/tests/slow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { TRACES = SLOW ? 50 : 200, EXACT = TL_PROFILE_POSIX + 1, STATES_MAX = 1 << 21 };

/* Most traces are small; some have as much pending as the enumerator bears. */
static tl_simdisk *trace_make(uint64_t seed)
{
    tl_simdisk *disk = NULL;
    unsigned units = 8 + (unsigned)(seed % 9);
    assert_int_equal(tl_brute_trace(seed, units, &disk), TL_OK);
    return disk;
}

static void explain(const tl_simdisk *trace, size_t at, const char *what)
{
    char line[160];
    for (size_t i = 0; i < tl_simdisk_op_count(trace) && i <= at; i++) {
        tl_simdisk_op_text(trace, i, line, sizeof line);
        print_message("  %s%s\n", line, i == at ? "   <- in flight" : "");
    }
    print_message("crash point %zu: %s\n", at, what);
}

/* The number of states that are not among `in`, as sets. */
static size_t missing(const tl_brute_set *set, const tl_brute_set *in)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (i > 0 && tl_brute_hash_compare(&set->hashes[i], &set->hashes[i - 1]) == 0)
            continue;
        count += bsearch(&set->hashes[i], in->hashes, in->count, sizeof *in->hashes,
                         tl_brute_hash_compare) == NULL;
    }
    return count;
}

static void expect_inside(const tl_simdisk *trace, size_t at, const char *claim,
                          const tl_brute_set *set, const tl_brute_set *in)
{
    size_t count = missing(set, in);
    if (count == 0)
        return;
    explain(trace, at, claim);
    fail_msg("%zu of %zu states are outside of %zu", count, set->count, in->count);
}

static void sets_make(const tl_simdisk *trace, size_t at, tl_brute_set sets[EXACT])
{
    for (tl_profile p = 0; p <= TL_PROFILE_POSIX; p++)
        assert_int_equal(tl_brute_images(trace, at, p, STATES_MAX, &sets[p]), TL_OK);
}

static void sets_free(tl_brute_set sets[EXACT])
{
    for (tl_profile p = 0; p <= TL_PROFILE_POSIX; p++)
        free(sets[p].hashes);
}

typedef struct comparison {
    const tl_simdisk *trace;
    tl_profile profile;
    size_t points;
    double states;
} comparison;

static bool compare_point(void *context, size_t at, mpz_srcptr states, mpz_srcptr outcomes)
{
    comparison *c = context;
    tl_brute_set set;
    assert_int_equal(at, c->points++);
    assert_int_equal(tl_brute_images(c->trace, at, c->profile, STATES_MAX, &set), TL_OK);
    if (mpz_cmp_ui(states, set.count) != 0 || mpz_cmp_ui(outcomes, set.outcomes) != 0) {
        explain(c->trace, at, tl_profile_at(c->profile)->name);
        fail_msg("counted %lu states in %lu outcomes, built %zu in %zu", mpz_get_ui(states),
                 mpz_get_ui(outcomes), set.count, set.outcomes);
    }
    c->states += (double)set.count;
    free(set.hashes);
    return true;
}

static void every_state_is_counted_once(void **state)
{
    (void)state;
    double states = 0;
    size_t points = 0;
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        tl_simdisk *trace = trace_make(seed);
        for (tl_profile p = 0; p <= TL_PROFILE_POSIX; p++) {
            comparison c = {trace, p, 0, 0};
            assert_int_equal(tl_count_trace(trace, p, compare_point, &c), TL_OK);
            assert_int_equal(c.points, tl_simdisk_op_count(trace) + 1);
            states += c.states;
            points += c.points;
        }
        tl_simdisk_destroy(trace);
    }
    print_message("%d traces, %zu crash points, %.0f states\n", TRACES, points, states);
}

/* tl_count_trace says the same as tl_count_states and tl_count_outcomes at each point. */
static bool compare_with_one_point(void *context, size_t at, mpz_srcptr states, mpz_srcptr outcomes)
{
    const comparison *c = context;
    mpz_t alone;
    mpz_init(alone);
    assert_int_equal(tl_count_states(c->trace, at, c->profile, &alone), TL_OK);
    assert_int_equal(mpz_cmp(alone, states), 0);
    assert_int_equal(tl_count_outcomes(c->trace, at, c->profile, &alone), TL_OK);
    assert_int_equal(mpz_cmp(alone, outcomes), 0);
    mpz_clear(alone);
    return true;
}

static void a_walk_and_a_single_point_agree(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        tl_simdisk *trace = trace_make(seed);
        for (tl_profile p = 0; p <= TL_PROFILE_POSIX; p++) {
            comparison c = {trace, p, 0, 0};
            assert_int_equal(tl_count_trace(trace, p, compare_with_one_point, &c), TL_OK);
        }
        tl_simdisk_destroy(trace);
    }
}

/* How many torn writes of `prefix` at this point stop at a size that no journal knows: grown, but
 * not to a multiple of 4096. */
static size_t odd_tears(const tl_simdisk *trace, size_t at)
{
    size_t count = 0;
    for (size_t q = 0; q <= at && q < tl_simdisk_op_count(trace); q++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(trace, q);
        if (tl_simdisk_op_syncs(op) && q < at)
            count = 0;
        if (op->kind != TL_SIMDISK_WRITE)
            continue;
        uint64_t size = tl_simdisk_base_size(trace, false, op->file);
        for (size_t i = 0; i < q; i++) {
            const tl_simdisk_op *before = tl_simdisk_op_at(trace, i);
            if (before->kind != TL_SIMDISK_SYNC_DIR && before->file == op->file)
                size = before->size_after;
        }
        for (uint32_t n = 1; n < op->sector_count; n++) {
            uint64_t reach = (op->first_sector + n) * TL_SECTOR_BYTES;
            count += reach > size && reach % 4096 != 0;
        }
    }
    return count;
}

static bool flies_nothing(const tl_simdisk *trace, size_t i)
{
    if (i >= tl_simdisk_op_count(trace))
        return true;
    tl_simdisk_op_kind kind = tl_simdisk_op_at(trace, i)->kind;
    return kind == TL_SIMDISK_SYNC || kind == TL_SIMDISK_SYNC_DIR;
}

static void weaker_profiles_contain_stronger_ones(void **state)
{
    (void)state;
    size_t odd = 0;
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        tl_simdisk *trace = trace_make(seed);
        for (size_t at = 0; at <= tl_simdisk_op_count(trace); at++) {
            tl_brute_set sets[EXACT];
            sets_make(trace, at, sets);
            const tl_brute_set *sigkill = &sets[TL_PROFILE_SIGKILL];
            const tl_brute_set *prefix = &sets[TL_PROFILE_PREFIX];
            const tl_brute_set *journal = &sets[TL_PROFILE_JOURNAL];
            expect_inside(trace, at, "sigkill in prefix", sigkill, prefix);
            expect_inside(trace, at, "sigkill in journal", sigkill, journal);
            expect_inside(trace, at, "journal in posix", journal, &sets[TL_PROFILE_POSIX]);
            /* the one exception: a torn write that grows the file shows each sector's size */
            size_t outside = missing(prefix, journal);
            if (outside > odd_tears(trace, at)) {
                explain(trace, at, "prefix in journal");
                fail_msg("%zu prefixes outside, %zu tears explain", outside, odd_tears(trace, at));
            }
            odd += outside;
            sets_free(sets);
        }
        tl_simdisk_destroy(trace);
    }
    print_message("%zu torn prefixes at sizes that no journal knows\n", odd);
}

/* In journal and posix what was possible stays possible until a sync finishes, or one takes its
 * file back; a sync that finishes only takes away.  After one that failed sizes may wait for no
 * data. */
static void states_grow_until_a_sync(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        tl_simdisk *trace = trace_make(seed);
        for (tl_profile p = TL_PROFILE_JOURNAL; p <= TL_PROFILE_POSIX; p++) {
            tl_brute_set now, next;
            assert_int_equal(tl_brute_images(trace, 0, p, STATES_MAX, &now), TL_OK);
            for (size_t at = 0; at < tl_simdisk_op_count(trace); at++) {
                assert_int_equal(tl_brute_images(trace, at + 1, p, STATES_MAX, &next), TL_OK);
                const tl_simdisk_op *op = tl_simdisk_op_at(trace, at);
                bool reverts = tl_simdisk_op_reverts(op);
                if (!tl_simdisk_op_syncs(op) && !reverts)
                    expect_inside(trace, at, "no sync: now in next", &now, &next);
                if (op->kind != TL_SIMDISK_SYNC_FAILED && flies_nothing(trace, at + 1))
                    expect_inside(trace, at, "nothing in flight: next in now", &next, &now);
                free(now.hashes);
                now = next;
            }
            free(now.hashes);
        }
        tl_simdisk_destroy(trace);
    }
}

static bool add_up(void *context, size_t at, mpz_srcptr states, mpz_srcptr outcomes)
{
    (void)at;
    (void)outcomes;
    mpz_add(*(mpz_t *)context, *(mpz_t *)context, states);
    return true;
}

/* 200 operations on four files, thousands of sectors, a sync each `gap` operations. */
static void long_trace_fill(tl_simdisk *disk, unsigned gap)
{
    static const uint8_t bytes[60 * 512];
    static const char *const names[] = {"a", "b", "c", "d/e"};
    tl_io *io = tl_simdisk_io(disk);
    tl_file *files[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(io->open(io, names[i], TL_IO_WRITE | TL_IO_CREATE, &files[i]), TL_OK);
    unsigned random = 1;
    for (unsigned i = 4; i < 200; i++) {
        random = random * 1103515245 + 12345;
        tl_io_span span = {bytes, 512 * (1 + random / 65536 % 60)};
        tl_file *file = files[random / 256 % 4];
        if (i % gap == gap - 1)
            assert_int_equal(io->fdatasync(io, file), TL_OK);
        else if (i % 50 == 0)
            assert_int_equal(io->truncate(io, file, random % 100000), TL_OK);
        else
            assert_int_equal(io->pwritev(io, file, random / 7 % 1000000, &span, 1), TL_OK);
    }
}

static void a_long_trace_is_counted_quickly(void **state)
{
    (void)state;
    unsigned gaps[] = {5, 1000}; /* with syncs, and with none: everything stays pending */
    for (int g = 0; g < 2; g++) {
        tl_simdisk *trace = NULL;
        assert_int_equal(tl_simdisk_create(TL_SIMDISK_RECORD, &trace), TL_OK);
        long_trace_fill(trace, gaps[g]);
        clock_t begin = clock();
        mpz_t sum;
        mpz_init(sum);
        for (tl_profile p = 0; p <= TL_PROFILE_POSIX; p++)
            assert_int_equal(tl_count_trace(trace, p, add_up, &sum), TL_OK);
        double ms = (double)(clock() - begin) * 1000 / CLOCKS_PER_SEC;
        print_message("a sync each %u: all points and profiles in %.0f ms, 10^%zu states\n",
                      gaps[g], ms, mpz_sizeinbase(sum, 10) - 1);
        assert_true(ms < 20000); /* a wide bound: instrumented builds and shared machines */
        mpz_clear(sum);
        tl_simdisk_destroy(trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_is_counted_once),
        cmocka_unit_test(a_walk_and_a_single_point_agree),
        cmocka_unit_test(weaker_profiles_contain_stronger_ones),
        cmocka_unit_test(states_grow_until_a_sync),
        cmocka_unit_test(a_long_trace_is_counted_quickly),
    };
    return cmocka_run_group_tests_name("count", tests, NULL, NULL);
}
