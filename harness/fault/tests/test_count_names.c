/* harness/fault/tests/test_count_names.c -- sentence by sentence through the rules of the profiles,
 * with numbers worked out by hand: names, prefixes and kills.
 *
 * Unless said otherwise the crash comes when all operations are done, and "4 x 2" is a sum over
 * names and sizes of products over sectors. */
#include "count_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    return cmocka_run_group_tests_name("count_names", tests, NULL, NULL);
}
