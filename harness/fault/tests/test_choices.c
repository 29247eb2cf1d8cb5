/* harness/fault/tests/test_choices.c -- deciding late changes nothing but how often one has to run.
 *
 * A small reader stands for a store: what it reads, and whether it writes, follows from what it has
 * seen.  On random logs every state of every outcome is shown to it whole, and then the outcomes by
 * choices that it decides itself.  Each end that it can come to must stand for as many states
 * either way.
 */
#include "harness/fault/choices.h"
#include "harness/fault/simdisk_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENDS_MAX = 1 << 16, STATES_MAX = 6000, FILE_BYTES_MAX = 5120 };

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
    if (status != TL_OK)
        fail_msg("status %d", (int)status);
}

/* A random log.  Few different bytes, so that versions of equal content come up. */

static const char *const names[] = {"d/a", "d/b", "e/c"};

static void random_write(tl_io *io, tl_file *file, uint64_t *random)
{
    uint8_t bytes[2048];
    uint64_t offset = next_random(random) % 4 == 0 ? 3500 + next_random(random) % 900
                                                   : next_random(random) % 1200;
    size_t size = 1 + (size_t)(next_random(random) % 1100);
    memset(bytes, (int)(next_random(random) % 3), size);
    bytes[0] = (uint8_t)(next_random(random) % 3);
    must(io->pwritev(io, file, offset, &(tl_io_span){bytes, size}, 1));
}

static void random_op(tl_simdisk *disk, uint64_t *random)
{
    tl_io *io = tl_simdisk_io(disk);
    const char *name = names[next_random(random) % 3], *other = names[next_random(random) % 3];
    tl_file *file = NULL;
    uint64_t kind = next_random(random) % 12;
    if (kind == 0 && io->rename(io, name, other) == TL_OK)
        return;
    if (kind == 1 && io->unlink(io, name) == TL_OK)
        return;
    if (kind == 2) {
        must(io->fsync_dir(io, next_random(random) % 2 == 0 ? "d" : "e"));
        return;
    }
    must(io->open(io, name, TL_IO_WRITE | TL_IO_CREATE, &file));
    if (kind == 3 || kind == 4)
        must(io->fdatasync(io, file));
    else if (kind == 5)
        must(io->truncate(io, file, next_random(random) % 1300));
    else if (kind == 6)
        must(io->fallocate(io, file, next_random(random) % 600, 1 + next_random(random) % 1000));
    else
        random_write(io, file, random);
    io->close(io, file);
}

/* The reader. */

typedef struct taste { /* what a verify function accepts: one sum in `modulus` */
    uint64_t modulus, wanted;
} taste;

static bool tastes(void *context, const void *bytes, size_t size_bytes)
{
    const taste *likes = context;
    uint64_t sum = 0;
    for (size_t i = 0; i < size_bytes; i++)
        sum += ((const uint8_t *)bytes)[i] * (1 + i % 7);
    if (size_bytes > 0 && ((const uint8_t *)bytes)[0] > 2)
        return false; /* poison */
    return sum % likes->modulus == likes->wanted;
}

static uint64_t see(uint64_t seen, const void *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        seen = (seen ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return seen ^ seen >> 31;
}

static tl_status read_one(tl_io *io, tl_file *file, uint64_t *seen, uint64_t *random)
{
    uint8_t bytes[2560];
    uint64_t offset = next_random(random) % 3 * 256; /* so that reads overlap */
    size_t size = 600 + (size_t)(next_random(random) % 1000), got = 0;
    if (next_random(random) % 5 == 0) {
        offset = next_random(random) % 2 * 3000 + next_random(random) % 1400;
        size = 1 + (size_t)(next_random(random) % 1500);
    }
    taste likes = {1 + next_random(random) % 4, 0};
    likes.wanted = next_random(random) % likes.modulus;
    tl_status status;
    switch (next_random(random) % 8) {
    case 0:
        status = io->pread(io, file, offset, bytes, size, &got);
        *seen = status == TL_OK ? see(*seen, bytes, got) : *seen;
        return status;
    case 1:
        offset -= offset % 512;
        status = io->read_units(io, file, offset, bytes, size, 512, tastes, &likes, &got);
        for (size_t at = 0; at < got && status == TL_OK; at += 512) {
            size_t part = got - at < 512 ? got - at : 512;
            *seen = *seen * 31 + tastes(&likes, bytes + at, part);
            if (tastes(&likes, bytes + at, part))
                *seen = see(*seen, bytes + at, part);
        }
        return status;
    default:
        status = io->read_verified(io, file, offset, bytes, size, tastes, &likes);
        *seen = *seen * 31 + (status == TL_CORRUPT);
        *seen = status == TL_OK ? see(*seen, bytes, size) : *seen;
        return status == TL_CORRUPT ? TL_OK : status;
    }
}

static tl_status write_one(tl_io *io, tl_file *file, uint64_t *random)
{
    uint8_t bytes[1100];
    size_t size = 1 + (size_t)(next_random(random) % sizeof bytes);
    memset(bytes, (int)(next_random(random) % 3), size);
    if (next_random(random) % 4 == 0)
        return io->truncate(io, file, next_random(random) % 1500);
    return io->pwritev(io, file, next_random(random) % 900, &(tl_io_span){bytes, size}, 1);
}

/* What it saw, or 0 when a call failed. */
static uint64_t reader(tl_io *io, uint64_t seed)
{
    uint64_t seen = seed;
    for (int step = 0; step < 12; step++) {
        uint64_t random = seen ^ (uint64_t)step << 56;
        tl_file *file = NULL;
        tl_status status = io->open(io, names[next_random(&random) % 3], TL_IO_WRITE, &file);
        if (status == TL_NOT_FOUND) {
            seen = seen * 31 + 7;
            continue;
        }
        uint64_t size = 0;
        if (status == TL_OK)
            status = io->size(io, file, &size);
        seen = see(seen, &size, sizeof size);
        if (status == TL_OK && next_random(&random) % 8 == 0)
            status = write_one(io, file, &random);
        else if (status == TL_OK)
            status = read_one(io, file, &seen, &random);
        io->close(io, file);
        if (status != TL_OK)
            return 0;
    }
    return seen;
}

/* Ends, and how many states come to each. */

typedef struct ends {
    uint64_t seen[ENDS_MAX], states[ENDS_MAX];
    size_t count;
} ends;

static void ends_add(ends *all, uint64_t seen, uint64_t states)
{
    size_t i = 0;
    while (i < all->count && all->seen[i] != seen)
        i++;
    if (i == all->count) {
        assert_true(all->count < ENDS_MAX);
        all->seen[all->count] = seen;
        all->states[all->count++] = 0;
    }
    all->states[i] += states;
}

static uint64_t ends_of(const ends *all, uint64_t seen)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->seen[i] == seen)
            return all->states[i];
    }
    return 0;
}

typedef struct lab {
    tl_simdisk *trace, *state;
    tl_pending *pending;
    tl_possible possible;
    tl_choices *choices;
    ends whole, lazy;
    uint64_t seed, states, runs;
} lab;

/* Every version of every open sector, one state after the other. */
static void states_whole(lab *in)
{
    tl_possible *possible = &in->possible;
    uint32_t at[256] = {0};
    assert_true(possible->open_count < 256);
    for (;;) {
        uint32_t mark = tl_simdisk_mark(in->state);
        must(tl_image_copy(&in->state->image, &possible->image));
        for (uint32_t i = 0; i < possible->open_count; i++)
            tl_image_set_sector(&in->state->image, possible->open[i].file, possible->open[i].sector,
                                possible->shown[possible->open[i].first + at[i]]);
        must(tl_simdisk_begin_life(in->state, &in->state->image));
        uint64_t seen = reader(tl_simdisk_io(in->state), in->seed);
        assert_int_not_equal(seen, 0);
        ends_add(&in->whole, seen, 1);
        in->states++;
        tl_simdisk_release(in->state, mark);
        uint32_t i = 0;
        while (i < possible->open_count && ++at[i] == possible->open[i].count)
            at[i++] = 0;
        if (i == possible->open_count)
            return;
    }
}

static void states_lazily(lab *in)
{
    mpz_t weight;
    mpz_init(weight);
    must(tl_choices_load(in->choices, &in->possible));
    do {
        uint32_t mark = tl_simdisk_mark(in->state);
        must(tl_choices_begin(in->choices, in->state, 0xa5));
        uint64_t seen = reader(tl_simdisk_io(in->state), in->seed);
        tl_run_end end = tl_choices_end(in->choices);
        if (end != TL_RUN_WHOLE)
            fail_msg("seed %llu: a run ended with %d", (unsigned long long)in->seed, (int)end);
        tl_choices_weight(in->choices, weight);
        assert_true(mpz_sgn(weight) > 0);
        ends_add(&in->lazy, seen, mpz_get_ui(weight));
        in->runs++;
        uint64_t trace = tl_choices_trace(in->choices);
        tl_simdisk_release(in->state, mark);
        must(tl_choices_begin(in->choices, in->state, 0x5a)); /* another poison, the same run */
        assert_true(reader(tl_simdisk_io(in->state), in->seed) == seen);
        assert_int_equal(tl_choices_end(in->choices), TL_RUN_WHOLE);
        assert_true(tl_choices_trace(in->choices) == trace);
        tl_simdisk_release(in->state, mark);
    } while (tl_choices_next(in->choices));
    mpz_clear(weight);
}

static uint64_t product_of(const tl_possible *possible)
{
    uint64_t product = 1;
    for (uint32_t i = 0; i < possible->open_count && product <= STATES_MAX; i++)
        product *= possible->open[i].count;
    return product;
}

static void outcome_compare(lab *in, uint64_t outcome)
{
    uint32_t mark = tl_simdisk_mark(in->state);
    must(tl_pending_show(in->pending, outcome, &in->possible));
    if (product_of(&in->possible) <= STATES_MAX) {
        in->whole.count = in->lazy.count = 0;
        states_whole(in);
        states_lazily(in);
        assert_int_equal(in->whole.count, in->lazy.count);
        for (size_t i = 0; i < in->whole.count; i++) {
            if (ends_of(&in->lazy, in->whole.seen[i]) != in->whole.states[i])
                fail_msg("seed %llu, point %zu, outcome %llu: an end of %llu states weighs %llu",
                         (unsigned long long)in->seed, tl_pending_at(in->pending),
                         (unsigned long long)outcome, (unsigned long long)in->whole.states[i],
                         (unsigned long long)ends_of(&in->lazy, in->whole.seen[i]));
        }
    }
    tl_simdisk_release(in->state, mark);
}

static void log_compare(lab *in, tl_profile profile, uint32_t mixtures_max)
{
    tl_choices_options options = {.mixtures_max = mixtures_max};
    must(tl_choices_create(in->trace, &options, &in->choices));
    must(tl_pending_create(in->trace, profile, &in->pending));
    for (size_t at = 0; at <= tl_simdisk_op_count(in->trace); at++) {
        must(tl_pending_to(in->pending, at));
        uint64_t count = tl_pending_outcome_count(in->pending);
        for (uint64_t outcome = 0; outcome < count; outcome += 1 + count / 6)
            outcome_compare(in, outcome);
    }
    tl_pending_destroy(in->pending);
    tl_choices_destroy(in->choices);
}

static void every_end_stands_for_as_many_states_decided_late_as_one_by_one(void **state)
{
    (void)state;
    static lab in;
    for (uint64_t seed = 1; seed <= 120; seed++) {
        uint64_t random = seed;
        in.seed = seed;
        must(tl_simdisk_create(TL_SIMDISK_RECORD | TL_SIMDISK_ONE_THREAD, &in.trace));
        while (tl_simdisk_op_count(in.trace) < 9)
            random_op(in.trace, &random);
        must(tl_simdisk_create_beside(in.trace, TL_SIMDISK_ONE_THREAD, &in.state));
        tl_possible_init(&in.possible, in.trace);
        log_compare(&in, TL_PROFILE_JOURNAL, 4096);
        log_compare(&in, TL_PROFILE_POSIX, 4096);
        tl_possible_clear(&in.possible);
        tl_simdisk_destroy(in.state);
        tl_simdisk_destroy(in.trace);
    }
    assert_true(in.states > 10000);
    assert_true(in.runs < in.states); /* or nothing is gained */
}

/* A disk with one sector that was written `count` times and never synced, at its end. */
static void sector_of_many(lab *in, unsigned count)
{
    uint8_t byte;
    tl_file *file = NULL;
    must(tl_simdisk_create(TL_SIMDISK_RECORD | TL_SIMDISK_ONE_THREAD, &in->trace));
    tl_io *io = tl_simdisk_io(in->trace);
    must(io->open(io, names[0], TL_IO_WRITE | TL_IO_CREATE, &file));
    must(io->fsync_dir(io, "d"));
    for (unsigned i = 0; i < count; i++) {
        byte = (uint8_t)(i % 200);
        must(io->pwritev(io, file, 0, &(tl_io_span){&byte, 1}, 1));
    }
    io->close(io, file);
    must(tl_simdisk_create_beside(in->trace, TL_SIMDISK_ONE_THREAD, &in->state));
    tl_possible_init(&in->possible, in->trace);
    tl_choices_options options = {.mixtures_max = 0};
    must(tl_choices_create(in->trace, &options, &in->choices));
    must(tl_pending_create(in->trace, TL_PROFILE_JOURNAL, &in->pending));
    must(tl_pending_to(in->pending, tl_simdisk_op_count(in->trace)));
    must(tl_pending_show(in->pending, tl_pending_newest_outcome(in->pending), &in->possible));
}

static void lab_clear(lab *in)
{
    tl_pending_destroy(in->pending);
    tl_choices_destroy(in->choices);
    tl_possible_clear(&in->possible);
    tl_simdisk_destroy(in->state);
    tl_simdisk_destroy(in->trace);
}

static void more_contents_of_a_sector_than_can_be_told_apart_are_refused(void **state)
{
    (void)state;
    static lab in;
    sector_of_many(&in, 65);
    assert_int_equal(tl_choices_load(in.choices, &in.possible), TL_UNSUPPORTED);
    lab_clear(&in);
    sector_of_many(&in, 64); /* the last size brings its data: versions from the first write on */
    must(tl_choices_load(in.choices, &in.possible));
    mpz_t weight;
    mpz_init(weight);
    uint32_t mark = tl_simdisk_mark(in.state);
    must(tl_choices_begin(in.choices, in.state, 0));
    assert_int_equal(tl_choices_end(in.choices), TL_RUN_WHOLE);
    tl_choices_weight(in.choices, weight);
    assert_int_equal(mpz_cmp_ui(weight, 64), 0); /* a run that reads nothing stands for all */
    assert_false(tl_choices_next(in.choices));
    tl_simdisk_release(in.state, mark);
    mpz_clear(weight);
    lab_clear(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_stands_for_as_many_states_decided_late_as_one_by_one),
        cmocka_unit_test(more_contents_of_a_sector_than_can_be_told_apart_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
