/* harness/run/tests/test_run_plan.c -- who runs when. */
#include "harness/run/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void drivers_of_one_workload_and_repetition_are_neighbours(void **state)
{
    (void)state;
    enum { ARMS = 3, LOADS = 2, REPEAT = 4 };
    tl_plan_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(tl_plan_make(ARMS, LOADS, REPEAT, &rows, &count), TL_OK);
    assert_int_equal(count, ARMS * LOADS * REPEAT);
    for (size_t i = 0; i < count; i += ARMS) {
        unsigned seen = 0;
        for (size_t j = i; j < i + ARMS; j++) {
            assert_int_equal(rows[j].load, rows[i].load);
            assert_int_equal(rows[j].repetition, rows[i].repetition);
            assert_int_equal(rows[j].order, j % (ARMS * LOADS));
            seen |= 1u << rows[j].arm;
        }
        assert_int_equal(seen, 7);
    }
    free(rows);
}

static void each_driver_runs_once_in_every_place_as_repetitions_rotate(void **state)
{
    (void)state;
    enum { ARMS = 4 };
    tl_plan_row *rows = NULL;
    size_t count = 0;
    unsigned places[ARMS] = {0};
    assert_int_equal(tl_plan_make(ARMS, 1, ARMS, &rows, &count), TL_OK);
    for (size_t i = 0; i < count; i++)
        places[rows[i].arm] |= 1u << rows[i].order;
    for (size_t arm = 0; arm < ARMS; arm++)
        assert_int_equal(places[arm], (1u << ARMS) - 1);
    free(rows);
}

static void a_plan_too_large_to_count_is_refused(void **state)
{
    (void)state;
    tl_plan_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(tl_plan_make(3, 3, UINT64_MAX, &rows, &count), TL_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drivers_of_one_workload_and_repetition_are_neighbours),
        cmocka_unit_test(each_driver_runs_once_in_every_place_as_repetitions_rotate),
        cmocka_unit_test(a_plan_too_large_to_count_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
