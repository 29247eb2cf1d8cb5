/* workloads/tests/test_lengths.c -- sizes of values and scans, against their formulas. */
#include "workloads/keys.h"
#include "workloads/lengths.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DRAWS = 200000, PAGE = 4096 };

static tl_lengths lengths_of(const char *text)
{
    tl_lengths lengths;
    char error[512] = "";
    if (!tl_lengths_parse(text, PAGE, &lengths, error, sizeof error))
        fail_msg("%s: %s", text, error);
    return lengths;
}

static uint64_t *counts_of(const tl_lengths *lengths)
{
    uint64_t *counts = calloc(lengths->max - lengths->min + 1, sizeof *counts);
    assert_non_null(counts);
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint64_t size = tl_lengths_at(lengths, tl_stream(5, i));
        assert_true(size >= lengths->min && size <= lengths->max);
        counts[size - lengths->min]++;
    }
    return counts;
}

static void sizes_that_follow_the_page_are_counted_from_it(void **state)
{
    static const struct {
        const char *text;
        uint64_t size;
    } cases[] = {
        {"0",           0           },
        {"100",         100         },
        {"4k",          4096        },
        {"constant:1m", 1048576     },
        {"page",        PAGE        },
        {"page+1",      PAGE + 1    },
        {"page-1",      PAGE - 1    },
        {"page:51%",    2088        },
        {"page:26%",    1064        },
        {"page:51%-8",  2080        },
        {"page*2",      2 * PAGE    },
        {"page*2+1",    2 * PAGE + 1},
        {"page:12.5%",  512         },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tl_lengths lengths = lengths_of(cases[i].text);
        assert_true(tl_lengths_constant(&lengths));
        assert_int_equal(tl_lengths_at(&lengths, i), cases[i].size);
    }
}

/* Distribution functions at a few points, in deviations of the share seen from the share due. */
static void share_is(const char *text, uint64_t up_to, double expected)
{
    tl_lengths lengths = lengths_of(text);
    uint64_t *counts = counts_of(&lengths), seen = 0;
    for (uint64_t size = lengths.min; size <= up_to && size <= lengths.max; size++)
        seen += counts[size - lengths.min];
    double off =
        ((double)seen - DRAWS * expected) / (sqrt(DRAWS * expected * (1 - expected)) + 1e-9);
    free(counts);
    if (fabs(off) > 4)
        fail_msg("%s: a share of %.5f is up to %llu, expected %.5f (%.1f deviations)", text,
                 (double)seen / DRAWS, (unsigned long long)up_to, expected, off);
}

static double normal_below(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static void sizes_follow_the_formula_of_their_law(void **state)
{
    (void)state;
    share_is("uniform:50-2000", 50, 1.0 / 1951);
    share_is("uniform:50-2000", 1024, 975.0 / 1951);
    share_is("uniform:50..2000", 1999, 1950.0 / 1951);
    share_is("bimodal:100@0.9,64k@0.1", 100, 0.9);
    share_is("bimodal:100@0.9,64k@0.1", 65535, 0.9);
    share_is("histogram:10@1,20-29@3,page@4", 19, 1.0 / 8);
    share_is("histogram:10@1,20-29@3,page@4", 24, 1.0 / 8 + 3.0 / 16);
    share_is("histogram:10@1,20-29@3,page@4", PAGE - 1, 0.5);
    share_is("log:4k-64k", 8191, 0.25);
    share_is("log:4k-64k", 32767, 0.75);
    for (uint64_t size = 100; size <= 10000; size *= 2) {
        /* whole numbers: a size is s when the real one lies in [s, s + 1) */
        double cut = 1 - pow(100 / 1e4, 1.2);
        share_is("pareto:1.2@100-10000", size, (1 - pow(100 / ((double)size + 1), 1.2)) / cut);
    }
    for (int size = 40; size <= 160; size += 20)
        share_is("normal:100~20", (uint64_t)size, normal_below((size + 0.5 - 100) / 20.0));
    double total = 0, below = 0;
    for (int k = 1; k <= 1000; k++)
        total += pow(k, -0.99);
    for (int k = 1; k <= 10; k++)
        below += pow(k, -0.99);
    share_is("zipf:0.99@1-1000", 10, below / total);
    share_is("zipf:0.99@1-1000", 1, 1 / total);
}

static void every_size_of_a_range_comes_up(void **state)
{
    (void)state;
    static const char *const laws[] = {"uniform:0-9", "log:4-64", "zipf:0.5@3-40",
                                       "histogram:1-3@1,4-8@0.5"};
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        tl_lengths lengths = lengths_of(laws[i]);
        uint64_t *counts = counts_of(&lengths);
        for (uint64_t k = 0; k <= lengths.max - lengths.min; k++)
            assert_true(counts[k] > 0);
        free(counts);
    }
}

static void a_weight_of_nothing_is_never_drawn(void **state)
{
    (void)state;
    share_is("histogram:5@0,6@1,7@0", 5, 0);
    share_is("histogram:5@0,6@1,7@0", 6, 1);
}

static void texts_that_are_no_size_are_refused_in_words(void **state)
{
    static const char *const cases[][2] = {
        {"unifrom:1-2",   "did you mean 'uniform'?"                            },
        {"many",          "'many' is no size and no law of sizes; write for ex"},
        {"100x",          "'100x' is no size"                                  },
        {"",              "is no size"                                         },
        {"page:51",       "'page:51' is no size"                               },
        {"page-9999",     "is no size"                                         },
        {"uniform:9-3",   "cannot be read"                                     },
        {"uniform:1",     "write for example uniform:50-2000"                  },
        {"bimodal:100",   "write for example bimodal:100@0.9,64k@0.1"          },
        {"histogram:1@0", "cannot be read"                                     },
        {"pareto:0@1-2",  "write for example pareto"                           },
        {"pareto:1@0-2",  "write for example pareto"                           },
        {"log:0-4",       "write for example log"                              },
        {"zipf:1@1-2,",   "cannot be read from ',' on"                         },
        {"9999999999999", "is no size"                                         },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[512] = "";
        tl_lengths lengths;
        assert_false(tl_lengths_parse(cases[i][0], PAGE, &lengths, error, sizeof error));
        if (strstr(error, cases[i][1]) == NULL)
            fail_msg("%s: '%s' lacks '%s'", cases[i][0], error, cases[i][1]);
        assert_false(tl_lengths_parse(cases[i][0], PAGE, &lengths, NULL, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_follow_the_page_are_counted_from_it),
        cmocka_unit_test(sizes_follow_the_formula_of_their_law),
        cmocka_unit_test(every_size_of_a_range_comes_up),
        cmocka_unit_test(a_weight_of_nothing_is_never_drawn),
        cmocka_unit_test(texts_that_are_no_size_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
