/* engine/tests/test_space_policies.c -- runs of pages under each policy, at every fragmentation.
 *
 * Both policies must find a run whenever there is one, hand out no page twice, and give everything
 * back; `segregated` besides keeps long runs whole for longer.
 */
#include "engine/page/zone.h"
#include "engine/store/space.h"
#include "engine/tests/unit.h"

#include <string.h>

enum { PAGES = 15000, PAGE_BYTES = 1024, HELD_MAX = 4000 };

typedef struct lab {
    tl_space space;
    tl_stats stats;
    uint64_t random;
    tl_space_run held[HELD_MAX];
    size_t held_count;
    uint8_t owner[PAGES]; /* 1: fragmentation, 2: a run */
} lab;

static lab the_lab;

/* A file of which `percent` of the pages are taken, one here and one there. */
static lab *lab_make(const char *policy, unsigned percent, uint64_t seed)
{
    static const uint64_t pin = 1;
    lab *l = &the_lab;
    memset(l, 0, sizeof *l);
    l->random = seed;
    assert_int_equal(tl_space_open(&l->space, tl_memory_default(), &l->stats, PAGE_BYTES, 4),
                     TL_OK);
    l->space.policy = tl_space_policy_find(policy);
    assert_int_equal(tl_space_extend(&l->space, PAGES), TL_OK);
    tl_space_set_pins(&l->space, &pin, 1);
    for (uint32_t pgno = 10; pgno < PAGES; pgno++)
        if (!tl_bitmap_get(&l->space.busy, pgno) && unit_below(&l->random, 100) < percent) {
            tl_bitmap_set(&l->space.busy, pgno);
            l->space.free_count--;
            l->owner[pgno] = 1;
        }
    return l;
}

static bool run_exists(const lab *l, uint32_t count)
{
    uint32_t length = 0;
    for (uint32_t pgno = 0; pgno < PAGES; pgno++) {
        length = tl_bitmap_get(&l->space.busy, pgno) ? 0 : length + 1;
        if (length == count)
            return true;
    }
    return false;
}

static bool take(lab *l, uint32_t count)
{
    bool exists = run_exists(l, count);
    assert_int_equal(tl_space_secure(&l->space, 2), TL_OK);
    uint32_t pgno = tl_space_take_run(&l->space, count);
    assert_int_equal(exists, pgno != TL_BITMAP_NONE); /* never refused while there is one */
    if (!exists)
        return false;
    assert_int_equal(pgno / tl_zone_pages(PAGE_BYTES),
                     (pgno + count - 1) / tl_zone_pages(PAGE_BYTES));
    for (uint32_t page = pgno; page < pgno + count; page++) {
        assert_int_equal(0, l->owner[page]);
        assert_true(tl_bitmap_get(&l->space.busy, page) && tl_bitmap_get(&l->space.live, page));
        l->owner[page] = 2;
    }
    assert_true(l->held_count < HELD_MAX);
    l->held[l->held_count++] = (tl_space_run){pgno, count};
    return true;
}

static void give(lab *l, size_t index)
{
    tl_space_run run = l->held[index];
    l->held[index] = l->held[--l->held_count];
    memset(l->owner + run.pgno, 0, run.count);
    tl_space_set_live_run(&l->space, run.pgno, run.count, false);
    tl_space_clear_busy_run(&l->space, run.pgno, run.count);
}

static void expect_counts(const lab *l)
{
    uint32_t busy = tl_bitmap_count(&l->space.busy, PAGES);
    assert_int_equal(PAGES - busy, l->space.free_count);
}

static void every_run_that_exists_is_found_at_10_50_and_90_percent(void **state)
{
    (void)state;
    static const unsigned percents[] = {10, 50, 90};
    static const char *const policies[] = {"simple", "segregated"};
    uint64_t seed = unit_seed(__func__);
    for (unsigned p = 0; p < 2; p++)
        for (unsigned i = 0; i < 3; i++) {
            lab *l = lab_make(policies[p], percents[i], seed + i);
            uint32_t free_count = l->space.free_count;
            unsigned refused = 0;
            for (unsigned round = 0; round < 1500; round++) {
                refused += !take(l, 2 + unit_below(&l->random, 64));
                if (l->held_count > 20 && unit_below(&l->random, 3) != 0)
                    give(l, unit_below(&l->random, (uint32_t)l->held_count));
                tl_vector_release(&l->space.edits.born, tl_memory_default());
            }
            assert_true(percents[i] < 90 || refused > 1000);
            assert_true(percents[i] > 10 || refused < 1000);
            while (l->held_count != 0)
                give(l, 0);
            assert_int_equal(free_count, l->space.free_count);
            expect_counts(l);
            tl_space_close(&l->space);
        }
}

/* Runs of two and of 65 pages come and go: how many long ones fit while short ones are held. */
static unsigned long_runs_beside_short_ones(const char *policy)
{
    lab *l = lab_make(policy, 1, 5);
    unsigned count = 0;
    for (unsigned i = 0; i < 600; i++)
        take(l, 2);
    for (size_t i = 0; i < l->held_count; i += 2)
        give(l, i); /* every other one, about */
    for (unsigned i = 0; i < 200; i++)
        take(l, 2);
    while (take(l, 65))
        count++;
    expect_counts(l);
    tl_space_close(&l->space);
    return count;
}

static void small_runs_come_from_small_holes(void **state)
{
    (void)state;
    assert_true(long_runs_beside_short_ones("segregated") >= long_runs_beside_short_ones("simple"));
    lab *l = lab_make("segregated", 0, 1);
    uint32_t second = tl_zone_pages(PAGE_BYTES) + 2, beyond = PAGES - second;
    tl_bitmap_set_run(&l->space.busy, second, beyond); /* one zone is enough */
    l->space.free_count -= beyond;
    assert_true(take(l, 100) && take(l, 3) && take(l, 100) && take(l, 9) && take(l, 100));
    uint32_t three = l->held[1].pgno, nine = l->held[3].pgno;
    give(l, 3);
    give(l, 1);
    /* what is free now is told from the bitmap when nothing listed fits better */
    l->space.policy->close(&l->space);
    assert_true(take(l, 9));
    assert_int_equal(nine, l->held[l->held_count - 1].pgno);
    assert_true(take(l, 2));
    assert_int_equal(three, l->held[l->held_count - 1].pgno);
    tl_space_close(&l->space);
}

static void neighbours_that_come_back_are_one_run(void **state)
{
    (void)state;
    static const char *const policies[] = {"simple", "segregated"};
    for (unsigned p = 0; p < 2; p++) {
        lab *l = lab_make(policies[p], 0, 1);
        while (take(l, 16))
            ;
        while (l->held_count > 100)
            give(l, 100);
        unsigned large = 0;
        while (take(l, 64))
            large++;
        assert_true(large > (PAGES - 1700) / 64 - 6);
        tl_space_close(&l->space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_that_exists_is_found_at_10_50_and_90_percent),
        cmocka_unit_test(small_runs_come_from_small_holes),
        cmocka_unit_test(neighbours_that_come_back_are_one_run),
    };
    return cmocka_run_group_tests_name("space_policies", tests, NULL, NULL);
}
