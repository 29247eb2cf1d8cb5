/* workloads/tests/test_distributions.c -- what laws draw, against their formulas. */
#include "workloads/distributions.h"
#include "workloads/lengths.h"
#include "workloads/real.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DRAWS = 1000000 };

static tl_law law_of(const char *text)
{
    tl_law law;
    char error[512] = "";
    if (!tl_law_parse(text, &law, error, sizeof error))
        fail_msg("%s", error);
    return law;
}

static uint64_t *counts_of(const char *text, uint64_t ids, uint64_t draws, uint64_t seed)
{
    tl_law law = law_of(text);
    tl_chooser chooser;
    tl_chooser_init(&chooser, &law, ids, seed);
    uint64_t *counts = calloc(ids, sizeof *counts);
    assert_non_null(counts);
    for (uint64_t i = 0; i < draws; i++) {
        uint64_t id = tl_chooser_draw(&chooser, ids);
        assert_true(id < ids);
        counts[id]++;
    }
    return counts;
}

/* The probabilities of ids 0..n-1, in the C library's arithmetic. */
static double *expected_of(const char *text, uint64_t ids)
{
    tl_law law = law_of(text);
    double *p = calloc(ids, sizeof *p), total = 0, n = (double)ids;
    assert_non_null(p);
    uint64_t hot = (uint64_t)(law.fraction * n + 0.5);
    double decay = -log(1 - law.probability) / (law.fraction * n);
    for (uint64_t k = 0; k < ids; k++) {
        uint64_t rank = law.kind == TL_LAW_LATEST ? ids - 1 - k : k;
        switch (law.kind) {
        case TL_LAW_ZIPF:
        case TL_LAW_LATEST:
        case TL_LAW_SCRAMBLED_ZIPF:
            p[k] = pow((double)rank + 1, -law.theta);
            break;
        case TL_LAW_HOTSPOT:
            p[k] = k < hot ? law.probability / (double)hot
                           : (1 - law.probability) / (double)(ids - hot);
            break;
        case TL_LAW_EXPONENTIAL:
            p[k] = exp(-decay * (double)k) - exp(-decay * (double)(k + 1));
            break;
        default:
            p[k] = 1;
        }
        total += p[k];
    }
    for (uint64_t k = 0; k < ids; k++)
        p[k] /= total;
    return p;
}

/* Kolmogorov and Smirnov's statistic times the root of the number of draws; for a discrete law
 * values above 1.95 are rarer than one in a thousand. */
static double kolmogorov(const uint64_t *counts, const double *p, uint64_t ids, uint64_t draws)
{
    double seen = 0, expected = 0, worst = 0;
    for (uint64_t k = 0; k < ids; k++) {
        seen += (double)counts[k];
        expected += p[k];
        worst = fmax(worst, fabs(seen / (double)draws - expected));
    }
    return worst * sqrt((double)draws);
}

/* Pearson's statistic in standard deviations over its mean; cells of few expected draws are put
 * together with their neighbours. */
static double pearson(const uint64_t *counts, const double *p, uint64_t ids, uint64_t draws)
{
    double statistic = 0, seen = 0, expected = 0;
    uint64_t cells = 0;
    for (uint64_t k = 0; k < ids; k++) {
        seen += (double)counts[k];
        expected += p[k] * (double)draws;
        if (expected < 20)
            continue;
        statistic += (seen - expected) * (seen - expected) / expected;
        seen = expected = 0;
        cells++;
    }
    if (cells < 2) /* all draws belong to one id: nothing to test */
        return 0;
    double degrees = (double)cells - 1;
    return (statistic - degrees) / sqrt(2 * degrees);
}

static void a_million_draws_follow_the_formula_of_their_law(void **state)
{
    static const char *const laws[] = {
        "uniform",
        "zipf:0.5",
        "zipf:0.99",
        "zipf:1",
        "zipf:1.0001",
        "zipf:1.2",
        "zipf:3",
        "latest:0.5",
        "latest:0.99",
        "latest:1",
        "latest:1.2",
        "hotspot:0.2@0.8",
        "hotspot:0.01@0.99",
        "exponential:0.1@0.9",
        "exponential:0.85714@0.95",
    };
    static const uint64_t ids[] = {7, 1000, 100000};
    (void)state;
    for (size_t l = 0; l < sizeof laws / sizeof laws[0]; l++) {
        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
            if (ids[i] < 100 && strncmp(laws[l], "hotspot", 7) == 0)
                continue; /* one of few ids is hot, whatever the fraction */
            uint64_t draws = ids[i] == 1000 ? DRAWS : DRAWS / 4;
            uint64_t *counts = counts_of(laws[l], ids[i], draws, 7);
            double *p = expected_of(laws[l], ids[i]);
            double ks = kolmogorov(counts, p, ids[i], draws);
            double chi = pearson(counts, p, ids[i], draws);
            if (ks > 1.95 || chi > 4.5)
                fail_msg("%s over %llu ids: KS %.3f, chi-squared %.1f deviations", laws[l],
                         (unsigned long long)ids[i], ks, chi);
            free(counts);
            free(p);
        }
    }
}

/* The tests above can fail: a law that is off by little is told apart. */
static void laws_that_are_nearly_alike_are_told_apart(void **state)
{
    (void)state;
    uint64_t *counts = counts_of("zipf:0.99", 1000, DRAWS, 7);
    double *p = expected_of("zipf:1", 1000);
    assert_true(kolmogorov(counts, p, 1000, DRAWS) > 1.95);
    assert_true(pearson(counts, p, 1000, DRAWS) > 4.5);
    free(counts);
    free(p);
}

static int descending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

/* Scrambling deals zipf's frequencies to other ids and changes none of them: with one seed both
 * see the same ranks. */
static void scrambled_zipf_has_exactly_the_frequencies_of_zipf(void **state)
{
    static const char *const pairs[][2] = {
        {"zipf:0.5",  "scrambled_zipf:0.5" },
        {"zipf:0.99", "scrambled_zipf:0.99"},
        {"zipf:1",    "scrambled_zipf:1"   },
        {"zipf:1.2",  "scrambled_zipf:1.2" },
    };
    enum { IDS = 5003 };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        uint64_t *plain = counts_of(pairs[i][0], IDS, DRAWS, 11);
        uint64_t *scrambled = counts_of(pairs[i][1], IDS, DRAWS, 11);
        assert_memory_not_equal(plain, scrambled, IDS * sizeof *plain);
        qsort(plain, IDS, sizeof *plain, descending);
        qsort(scrambled, IDS, sizeof *scrambled, descending);
        assert_memory_equal(plain, scrambled, IDS * sizeof *plain);
        free(plain);
        free(scrambled);
    }
}

static void shuffled_and_sequential_visit_each_id_once_a_round(void **state)
{
    static const char *const laws[] = {"shuffled", "sequential", "sequential:desc"};
    (void)state;
    for (size_t l = 0; l < sizeof laws / sizeof laws[0]; l++) {
        uint64_t *counts = counts_of(laws[l], 1237, 3 * 1237, 5);
        for (size_t k = 0; k < 1237; k++)
            assert_int_equal(counts[k], 3);
        free(counts);
    }
}

/* A store that grows: each draw is of the ids there are, and the newest stay the hot ones. */
static void laws_follow_a_growing_number_of_ids(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < TL_LAW_COUNT; kind++) {
        static const char *const tails[TL_LAW_COUNT] = {
            [TL_LAW_ZIPF] = ":0.99",           [TL_LAW_SCRAMBLED_ZIPF] = ":0.99",
            [TL_LAW_LATEST] = ":1.2",          [TL_LAW_HOTSPOT] = ":0.2@0.8",
            [TL_LAW_EXPONENTIAL] = ":0.2@0.8", [TL_LAW_LAG] = ":5",
        };
        char text[40];
        (void)snprintf(text, sizeof text, "%s%s", tl_law_name((tl_law_kind)kind),
                       tails[kind] == NULL ? "" : tails[kind]);
        tl_law law = law_of(text);
        tl_chooser chooser;
        tl_chooser_init(&chooser, &law, 1, 3);
        uint64_t near_newest = 0;
        for (uint64_t ids = 1; ids <= 20000; ids++) {
            uint64_t id = tl_chooser_draw(&chooser, ids);
            assert_true(id < ids);
            near_newest += ids - 1 - id < 10;
        }
        if (kind == TL_LAW_LATEST || kind == TL_LAW_NEWEST || kind == TL_LAW_LAG)
            assert_true(near_newest > 10000);
        for (uint64_t ids = 20000; ids >= 1; ids -= ids > 7 ? 7 : 1) /* and a shrinking one */
            assert_true(tl_chooser_draw(&chooser, ids) < ids);
    }
}

static void zipf_is_drawn_over_a_million_million_ids(void **state)
{
    tl_zipf zipf;
    (void)state;
    for (double theta = 0.25; theta <= 16; theta *= 2) {
        tl_zipf_init(&zipf, (uint64_t)1 << 40, theta);
        for (uint64_t i = 0; i < 2000; i++) {
            uint64_t k = tl_zipf_at(&zipf, tl_scramble(i));
            assert_true(k >= 1 && k <= (uint64_t)1 << 40);
        }
    }
}

static void texts_that_are_no_law_are_refused_in_words(void **state)
{
    static const char *const cases[][2] = {
        {"zip:0.99",      "did you mean 'zipf'?"                                 },
        {"zipf",          "'zipf' is not zipf:THETA with THETA above 0, up to 16"},
        {"zipf:0",        "THETA above 0"                                        },
        {"zipf:-1",       "THETA above 0"                                        },
        {"zipf:1x",       "THETA above 0"                                        },
        {"uniform:3",     "'uniform:3' is not uniform"                           },
        {"hotspot:0.2",   "hotspot:F@P with F and P between 0 and 1"             },
        {"hotspot:20@80", "between 0 and 1"                                      },
        {"sequential:up", "sequential[:desc]"                                    },
        {"quicksilver",   "choose from uniform, sequential[:desc], shuffled"     },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[512] = "";
        tl_law law;
        assert_false(tl_law_parse(cases[i][0], &law, error, sizeof error));
        if (strstr(error, cases[i][1]) == NULL)
            fail_msg("%s: '%s' lacks '%s'", cases[i][0], error, cases[i][1]);
        assert_false(tl_law_parse(cases[i][0], &law, NULL, 0));
    }
}

/* Own logarithm and exponential against the C library's, to a few units in the last place. */
static void real_functions_are_right_to_the_last_places(void **state)
{
    (void)state;
    for (double x = 1e-300; x < 1e300; x *= 1.37) {
        double expected = log(x);
        assert_true(fabs(tl_real_log(x) - expected) <= 4e-16 * fabs(expected) + 4e-17);
    }
    for (double x = 0.5; x < 2; x += 0.000173)
        assert_true(fabs(tl_real_log(x) - log(x)) <= 1e-15 * fabs(log(x)));
    for (double x = -600; x < 600; x += 0.0737)
        assert_true(fabs(tl_real_exp(x) / exp(x) - 1) <= 1e-15);
    for (double x = 1e-12; x < 0.5; x *= 1.1) {
        assert_true(fabs(tl_real_exp_slope(x) / (expm1(x) / x) - 1) <= 1e-13);
        assert_true(fabs(tl_real_exp_slope(-x) / (expm1(-x) / -x) - 1) <= 1e-13);
        assert_true(fabs(tl_real_log_slope(x) / (log1p(x) / x) - 1) <= 1e-13);
        assert_true(fabs(tl_real_log_slope(-x) / (log1p(-x) / -x) - 1) <= 1e-13);
    }
    for (double x = -6; x <= 6; x += 0.01) /* the quantile is the inverse of the distribution */
        assert_true(fabs(tl_real_normal(erfc(-x / sqrt(2)) / 2) - x) <= (x < 3 ? 1e-12 : 1e-6));
    assert_true(tl_real_exp(-701) == 0);
}

static void decimal_texts_are_read_as_the_compiler_reads_them(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0.99",             0.99            },
        {"1",                1               },
        {"1e-3",             1e-3            },
        {"2.5e4",            2.5e4           },
        {".5",               0.5             },
        {"123456.789012345", 123456.789012345},
        {"0.8571428571",     0.8571428571    },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *at = cases[i].text;
        double value;
        assert_true(tl_real_read(&at, &value));
        assert_true(*at == '\0' && value == cases[i].value);
    }
    const char *bad = "x", *range = "10..20";
    double value;
    assert_false(tl_real_read(&bad, &value));
    assert_true(tl_real_read(&range, &value) && value == 10 && strcmp(range, "..20") == 0);
}

/* A hash of everything that reals decide.  The constants are what gcc 12 at -O3 gave; each other
 * compiler, level of optimisation and C library must give them too. */
static uint64_t hash_more(uint64_t hash, uint64_t x)
{
    return tl_scramble(hash ^ x);
}

static void the_same_seed_draws_the_same_on_every_compiler(void **state)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } golden[] = {
        {"zipf:0.5",                 0xbc2043cafeca9f16u},
        {"zipf:0.99",                0xa80b4f48e782ef61u},
        {"zipf:1",                   0xa9da851b3321464au},
        {"zipf:1.2",                 0xa3809428bfc84120u},
        {"scrambled_zipf:0.99",      0x69116523b2bf841bu},
        {"latest:0.99",              0x3ec2e2e2f3c0d131u},
        {"hotspot:0.2@0.8",          0xd07f8f24a447b06eu},
        {"exponential:0.1@0.9",      0x2129afb64cddc62du},
        {"uniform",                  0xeaf62037fb1c6f53u},
        {"shuffled",                 0x0faa69d8556a8433u},
        {"!zipf:0.99@1-1000",        0x23e8604cf4038eb9u},
        {"!pareto:1.2@64-64k",       0x322a5bc4509761c1u},
        {"!normal:1000~200",         0x9d905a5c6a725d4au},
        {"!bimodal:100@0.9,64k@0.1", 0x98c871d7af981c9au},
        {"!log:4k-64k",              0x3bc601c1e48537fcu},
    };
    size_t off = 0;
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        uint64_t hash = 0;
        bool key_law = strchr(golden[i].text, '!') == NULL;
        if (key_law) {
            tl_law law = law_of(golden[i].text);
            tl_chooser chooser;
            tl_chooser_init(&chooser, &law, 50000, 42);
            for (uint64_t n = 50000; n < 70000; n++)
                hash = hash_more(hash, tl_chooser_draw(&chooser, n & ~(uint64_t)63));
        } else {
            tl_lengths lengths;
            assert_true(tl_lengths_parse(golden[i].text + 1, 4096, &lengths, NULL, 0));
            for (uint64_t n = 0; n < 20000; n++)
                hash = hash_more(hash, tl_lengths_at(&lengths, tl_scramble(n)));
        }
        if (hash == golden[i].hash)
            continue;
        print_error("%s: hash 0x%016llx, expected 0x%016llx\n", golden[i].text,
                    (unsigned long long)hash, (unsigned long long)golden[i].hash);
        off++;
    }
    assert_int_equal(off, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_draws_follow_the_formula_of_their_law),
        cmocka_unit_test(laws_that_are_nearly_alike_are_told_apart),
        cmocka_unit_test(scrambled_zipf_has_exactly_the_frequencies_of_zipf),
        cmocka_unit_test(shuffled_and_sequential_visit_each_id_once_a_round),
        cmocka_unit_test(laws_follow_a_growing_number_of_ids),
        cmocka_unit_test(zipf_is_drawn_over_a_million_million_ids),
        cmocka_unit_test(texts_that_are_no_law_are_refused_in_words),
        cmocka_unit_test(real_functions_are_right_to_the_last_places),
        cmocka_unit_test(decimal_texts_are_read_as_the_compiler_reads_them),
        cmocka_unit_test(the_same_seed_draws_the_same_on_every_compiler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
