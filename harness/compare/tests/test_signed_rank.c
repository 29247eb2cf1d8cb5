/* harness/compare/tests/test_signed_rank.c -- the distribution of T is the one of the textbooks. */
#include "harness/compare/signed_rank.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static tl_signed_rank *made(unsigned n)
{
    tl_signed_rank *t = NULL;
    assert_int_equal(tl_signed_rank_make(n, &t), TL_OK);
    return t;
}

/* Largest w with P(T <= w) <= level, one-sided: Wilcoxon and Wilcox, Some Rapid Approximate
 * Statistical Procedures (1964), in the exact form of McCornack, JASA 60 (1965), 864-871. */
static void critical_values_are_those_of_the_published_tables(void **state)
{
    (void)state;
    static const struct {
        unsigned n;
        int w05, w025, w01, w005; /* -1: not attainable */
    } table[] = {
        {4,  -1,  -1,  -1,  -1 },
        {5,  0,   -1,  -1,  -1 },
        {6,  2,   0,   -1,  -1 },
        {7,  3,   2,   0,   -1 },
        {8,  5,   3,   1,   0  },
        {9,  8,   5,   3,   1  },
        {10, 10,  8,   5,   3  },
        {12, 17,  13,  9,   7  },
        {15, 30,  25,  19,  15 },
        {20, 60,  52,  43,  37 },
        {25, 100, 89,  76,  68 },
        {30, 151, 137, 120, 109},
        {50, 466, 434, 397, 373},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        tl_signed_rank *t = made(table[i].n);
        assert_int_equal((int)tl_signed_rank_critical(t, 0.05) - 1, table[i].w05);
        assert_int_equal((int)tl_signed_rank_critical(t, 0.025) - 1, table[i].w025);
        assert_int_equal((int)tl_signed_rank_critical(t, 0.01) - 1, table[i].w01);
        assert_int_equal((int)tl_signed_rank_critical(t, 0.005) - 1, table[i].w005);
        tl_signed_rank_free(t);
    }
}

static void probabilities_are_those_of_all_sign_patterns_counted_one_by_one(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 14; n++) {
        uint32_t max = n * (n + 1) / 2;
        uint32_t *ways = calloc(max + 1, sizeof *ways);
        assert_non_null(ways);
        for (uint32_t signs = 0; signs < 1u << n; signs++) {
            uint32_t sum = 0;
            for (uint32_t rank = 1; rank <= n; rank++)
                sum += (signs >> (rank - 1) & 1) != 0 ? rank : 0;
            ways[sum]++;
        }
        tl_signed_rank *t = made(n);
        assert_int_equal(tl_signed_rank_max(t), max);
        uint32_t at_most = 0;
        for (uint32_t sum = 0; sum <= max; sum++) {
            long double all = (long double)(1u << n);
            assert_true(tl_signed_rank_at_least(t, sum) ==
                        (long double)((1u << n) - at_most) / all);
            at_most += ways[sum];
            assert_true(tl_signed_rank_at_most(t, sum) == (long double)at_most / all);
        }
        assert_true(tl_signed_rank_at_least(t, max + 1) == 0);
        tl_signed_rank_free(t);
        free(ways);
    }
}

/* Ways to a sum of exactly half: the sign patterns whose signed ranks cancel, sequence A063865 of
 * the On-Line Encyclopedia of Integer Sequences. */
static void ways_to_the_middle_are_the_known_numbers(void **state)
{
    (void)state;
    static const struct {
        unsigned n;
        long double ways;
    } known[] = {
        {3,  2    },
        {4,  2    },
        {7,  8    },
        {8,  14   },
        {11, 70   },
        {12, 124  },
        {19, 8220 },
        {20, 15272}
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        tl_signed_rank *t = made(known[i].n);
        uint32_t middle = tl_signed_rank_max(t) / 2;
        long double share =
            tl_signed_rank_at_most(t, middle) - tl_signed_rank_at_most(t, middle - 1);
        assert_true(ldexpl(share, (int)known[i].n) == known[i].ways);
        tl_signed_rank_free(t);
    }
}

/* At n = 128 the numbers of ways need all of 128 bits: the law must still be whole, symmetric and
 * close to the normal one of mean n(n+1)/4 and variance n(n+1)(2n+1)/24. */
static void the_largest_n_is_whole_and_symmetric(void **state)
{
    (void)state;
    tl_signed_rank *t = made(TL_SIGNED_RANK_N_MAX);
    uint32_t max = tl_signed_rank_max(t);
    assert_true(tl_signed_rank_at_most(t, 0) == ldexpl(1, -128));
    assert_true(fabsl(tl_signed_rank_at_most(t, max / 2) + tl_signed_rank_at_most(t, max / 2 - 1) -
                      1) < 1e-15L);
    for (uint32_t sum = 1; sum <= max; sum++)
        assert_true(tl_signed_rank_at_most(t, sum) >= tl_signed_rank_at_most(t, sum - 1));
    double sigma = sqrt(128.0 * 129 * 257 / 24), mean = 128.0 * 129 / 4;
    for (double z = -3; z <= 3; z += 0.5) {
        double exact = (double)tl_signed_rank_at_most(t, (uint32_t)floor(mean + z * sigma));
        double normal = 0.5 * erfc(-(floor(mean + z * sigma) + 0.5 - mean) / sigma / sqrt(2));
        assert_true(fabs(exact - normal) < 0.001);
    }
    tl_signed_rank_free(t);
}

static void sizes_outside_of_the_table_are_refused(void **state)
{
    (void)state;
    tl_signed_rank *t = NULL;
    assert_int_equal(tl_signed_rank_make(0, &t), TL_INVALID);
    assert_int_equal(tl_signed_rank_make(TL_SIGNED_RANK_N_MAX + 1, &t), TL_INVALID);
    assert_null(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critical_values_are_those_of_the_published_tables),
        cmocka_unit_test(probabilities_are_those_of_all_sign_patterns_counted_one_by_one),
        cmocka_unit_test(ways_to_the_middle_are_the_known_numbers),
        cmocka_unit_test(the_largest_n_is_whole_and_symmetric),
        cmocka_unit_test(sizes_outside_of_the_table_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
