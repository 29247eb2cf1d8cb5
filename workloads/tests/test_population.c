/* workloads/tests/test_population.c -- the live records, against an array of booleans. */
#include "workloads/keys.h"
#include "workloads/population.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t naive_count(const bool *live, uint64_t capacity, uint64_t number, bool down,
                            uint64_t limit)
{
    uint64_t count = 0;
    for (uint64_t n = number; n < capacity && count < limit; n = down ? n - 1 : n + 1)
        count += live[n];
    return count;
}

static uint64_t naive_step(const bool *live, uint64_t capacity, uint64_t number, bool down)
{
    while (!live[number])
        number = down ? (number == 0 ? capacity - 1 : number - 1) : (number + 1) % capacity;
    return number;
}

/* Dense, sparse and nearly empty populations, over the borders of words and blocks. */
static void counts_and_neighbours_are_those_of_an_array(void **state)
{
    static const uint64_t capacities[] = {1, 2, 63, 64, 65, 4095, 4096, 4097, 20000};
    static const uint64_t shares[] = {1, 2, 100, 5000};
    (void)state;
    for (size_t c = 0; c < sizeof capacities / sizeof capacities[0]; c++)
        for (size_t s = 0; s < sizeof shares / sizeof shares[0]; s++) {
            uint64_t capacity = capacities[c], expected = 0;
            tl_population p;
            bool *live = calloc(capacity, sizeof *live);
            assert_non_null(live);
            assert_true(tl_population_open(&p, capacity));
            for (uint64_t n = 0; n < capacity; n++) {
                live[n] = tl_scramble(n) % shares[s] == 0 || n == capacity / 2;
                tl_population_write(&p, n, (uint32_t)n & 0x7fff);
                if (!live[n])
                    tl_population_kill(&p, n);
                expected += live[n];
            }
            assert_int_equal(p.live_count, expected);
            for (uint64_t i = 0; i < 500; i++) {
                uint64_t n = tl_scramble(i) % capacity, limit = tl_scramble(~i) % 300;
                assert_int_equal(tl_population_live(&p, n), live[n]);
                assert_int_equal(tl_population_tag(&p, n), n & 0x7fff);
                for (int down = 0; down < 2; down++) {
                    assert_int_equal(tl_population_count(&p, n, down, limit),
                                     naive_count(live, capacity, n, down, limit));
                    assert_int_equal(tl_population_count(&p, n, down, UINT64_MAX),
                                     naive_count(live, capacity, n, down, UINT64_MAX));
                }
                assert_int_equal(tl_population_next(&p, n), naive_step(live, capacity, n, false));
                assert_int_equal(tl_population_previous(&p, n),
                                 naive_step(live, capacity, n, true));
            }
            tl_population_clear(&p);
            assert_int_equal(p.live_count, 0);
            assert_int_equal(tl_population_count(&p, 0, false, UINT64_MAX), 0);
            tl_population_free(&p);
            free(live);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_neighbours_are_those_of_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
