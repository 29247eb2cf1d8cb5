/* harness/check/tests/test_mutant_promises.c -- the engine as it is keeps what mutant_promises.h
 * asks.
 */
#include "harness/check/tests/mutant_promises.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ROUNDS = 20 };

static void readers_of_large_values_see_them_to_their_end(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        assert_true(old_values_stay(TL_DURABILITY_NONE, seed));
        assert_true(old_values_stay(TL_DURABILITY_COMMIT, seed));
    }
}

static void what_a_reader_saw_survives_a_power_loss(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++)
        assert_true(what_was_seen_stays(seed));
}

static void what_was_synced_survives_a_power_loss(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++)
        assert_true(what_was_synced_stays(seed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_of_large_values_see_them_to_their_end),
        cmocka_unit_test(what_a_reader_saw_survives_a_power_loss),
        cmocka_unit_test(what_was_synced_survives_a_power_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
