/* workloads/tests/test_places.c -- orders and places are bijections of the shape they are called.
 */
#include "workloads/places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const orders[] = {"ascending",   "descending", "random",     "runs:1",
                                     "runs:7",      "local:1",    "local:16",   "almost:0.1@3",
                                     "almost:1@40", "zigzag",     "inside_out", "runs:1000"};
enum { ORDERS = sizeof orders / sizeof orders[0] };

static tl_order order_of(const char *text)
{
    tl_order order;
    char error[256] = "";
    if (!tl_order_parse(text, &order, error, sizeof error))
        fail_msg("%s", error);
    return order;
}

static void every_order_visits_each_number_once(void **state)
{
    static const uint64_t counts[] = {1, 2, 3, 4, 5, 7, 15, 16, 17, 63, 64, 65, 1000, 1237};
    (void)state;
    for (size_t o = 0; o < ORDERS; o++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            tl_order order = order_of(orders[o]);
            tl_order_fit(&order, counts[c], 5);
            bool *seen = calloc(counts[c], sizeof *seen);
            assert_non_null(seen);
            for (uint64_t i = 0; i < counts[c]; i++) {
                uint64_t number = tl_order_at(&order, i);
                if (number >= counts[c] || seen[number])
                    fail_msg("%s of %llu: %llu gives %llu", orders[o],
                             (unsigned long long)counts[c], (unsigned long long)i,
                             (unsigned long long)number);
                seen[number] = true;
            }
            free(seen);
        }
}

static void order_is(const char *text, uint64_t count, const char *expected)
{
    char got[256] = "";
    tl_order order = order_of(text);
    tl_order_fit(&order, count, 5);
    for (uint64_t i = 0; i < count; i++)
        (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%llu ",
                       (unsigned long long)tl_order_at(&order, i));
    assert_string_equal(got, expected);
}

static void orders_are_what_they_are_called(void **state)
{
    (void)state;
    order_is("descending", 4, "3 2 1 0 ");
    order_is("runs:3", 8, "0 3 6 1 4 7 2 5 ");
    order_is("zigzag", 5, "0 4 1 3 2 ");
    order_is("inside_out", 6, "3 2 4 1 5 0 ");
    tl_order local = order_of("local:16");
    tl_order_fit(&local, 1000, 5);
    uint64_t breaks = 0;
    for (uint64_t i = 1; i < 1000; i++)
        breaks += tl_order_at(&local, i) != tl_order_at(&local, i - 1) + 1;
    assert_in_range(breaks, 50, 62);
    tl_order almost = order_of("almost:0.1@8");
    tl_order_fit(&almost, 100000, 5);
    uint64_t off = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t number = tl_order_at(&almost, i);
        assert_true(number + 8 >= i && number <= i + 8);
        off += number != i;
    }
    assert_in_range(off, 3000, 10000); /* of the pairs within reach a tenth */
}

/* Three blocks, each of every place: ids and numbers are in bijection, and each block lies where
 * it is said to lie. */
static void blocks_share_the_numbers_between_them(void **state)
{
    static const uint64_t sizes[][3] = {
        {1,    1,   1   },
        {5,    1,   3   },
        {100,  37,  200 },
        {1,    500, 77  },
        {64,   64,  0   },
        {1000, 3,   1000}
    };
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (unsigned mix = 0; mix < 64; mix++) {
            tl_places places = {0};
            for (unsigned b = 0; b < 3; b++) {
                tl_place place = (tl_place)(mix >> 2 * b & 3);
                tl_order order = order_of(place == TL_PLACE_ANYWHERE ? "random" : "ascending");
                tl_places_add(&places, sizes[s][b], place, &order);
            }
            tl_places_fit(&places, 9);
            assert_true(places.births <= 4096);
            uint64_t ids[4096];
            memset(ids, 0xff, sizeof ids);
            for (uint64_t id = 0; id < places.births; id++) {
                uint64_t number = tl_places_number(&places, id);
                assert_true(number < places.births && ids[number] == UINT64_MAX);
                ids[number] = id;
            }
            uint64_t first_last = places.births - sizes[s][2]; /* ids of the last block */
            for (uint64_t n = 0; n < places.births; n++) {
                if ((mix >> 4 & 3) == TL_PLACE_AFTER)
                    assert_int_equal(ids[n] >= first_last, n >= first_last);
                if ((mix >> 4 & 3) == TL_PLACE_BEFORE)
                    assert_int_equal(ids[n] >= first_last, n < sizes[s][2]);
            }
        }
}

static void records_among_others_are_spread_evenly(void **state)
{
    tl_places places = {0};
    tl_order ascending = order_of("ascending");
    (void)state;
    tl_places_add(&places, 1000, TL_PLACE_AFTER, &ascending);
    tl_places_add(&places, 100, TL_PLACE_AMONG, &ascending);
    tl_places_fit(&places, 1);
    for (uint64_t j = 0; j < 100; j++)
        assert_int_equal(tl_places_number(&places, 1000 + j) / 11, j);
    for (uint64_t id = 1; id < 1000; id++)
        assert_true(tl_places_number(&places, id - 1) < tl_places_number(&places, id));
}

static void four_thousand_million_births_fit(void **state)
{
    tl_places places = {0};
    tl_order ascending = order_of("ascending");
    (void)state;
    tl_places_add(&places, TL_BIRTHS_MAX / 2, TL_PLACE_AFTER, &ascending);
    tl_places_add(&places, TL_BIRTHS_MAX / 2, TL_PLACE_AMONG, &ascending);
    tl_places_fit(&places, 1);
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t id = i * (TL_BIRTHS_MAX / 2 - 1) / 999;
        assert_true(tl_places_number(&places, id) / 2 == id);
        assert_true(tl_places_number(&places, TL_BIRTHS_MAX / 2 + id) / 2 == id);
    }
}

static void texts_that_are_no_order_are_refused_in_words(void **state)
{
    static const char *const cases[][2] = {
        {"acsending",  "did you mean 'ascending'?"        },
        {"upwards",    "choose from ascending, descending"},
        {"runs",       "'runs' is not runs:N"             },
        {"runs:0",     "'runs:0' is not runs:N"           },
        {"random:3",   "'random:3' is not random"         },
        {"almost:2@8", "P above 0, up to 1"               },
        {"local:8x",   "is not local:LENGTH"              },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[256] = "";
        tl_order order;
        assert_false(tl_order_parse(cases[i][0], &order, error, sizeof error));
        if (strstr(error, cases[i][1]) == NULL)
            fail_msg("%s: '%s' lacks '%s'", cases[i][0], error, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_visits_each_number_once),
        cmocka_unit_test(orders_are_what_they_are_called),
        cmocka_unit_test(blocks_share_the_numbers_between_them),
        cmocka_unit_test(records_among_others_are_spread_evenly),
        cmocka_unit_test(four_thousand_million_births_fit),
        cmocka_unit_test(texts_that_are_no_order_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
