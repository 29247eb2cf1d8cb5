/* harness/measure/tests/test_hdr.c -- layouts, interval histograms, and the codec against damage.
 */
#include "harness/measure/hdr_codec.h"
#include "harness/measure/tests/random_hdr.h"

#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 300, DAMAGES = 20000 };

static tl_hdr *new_hdr(const tl_hdr_layout *layout)
{
    tl_hdr *hdr = tl_hdr_new(layout);
    assert_non_null(hdr);
    return hdr;
}

static tl_hdr *random_hdr(uint64_t *random)
{
    tl_hdr_layout layout = random_layout(random);
    tl_hdr *hdr = new_hdr(&layout);
    random_fill(random, hdr);
    return hdr;
}

static void assert_same(const tl_hdr *left, const tl_hdr *right)
{
    assert_true(left->layout.lowest == right->layout.lowest);
    assert_true(left->layout.highest == right->layout.highest);
    assert_true(left->layout.figures == right->layout.figures);
    assert_true(left->layout.slot_count == right->layout.slot_count);
    assert_true(left->count == right->count);
    assert_memory_equal(left->slots, right->slots, left->layout.slot_count * sizeof left->slots[0]);
}

static void the_layout_at_three_figures_is_the_recorder_s(void **state)
{
    (void)state;
    uint64_t random = test_seed(1);
    tl_hdr_layout layout = tl_hdr_layout_of_histogram();
    assert_int_equal(layout.slot_count, TL_HISTOGRAM_SLOT_COUNT);
    for (int i = 0; i < 100000; i++) {
        uint64_t value = random_value(&random, 41);
        assert_int_equal(tl_hdr_slot(&layout, value), tl_histogram_slot(value));
    }
    for (size_t slot = 0; slot < layout.slot_count; slot++) {
        assert_true(tl_hdr_slot_low(&layout, slot) == tl_histogram_slot_low(slot));
        assert_true(tl_hdr_slot_high(&layout, slot) == tl_histogram_slot_high(slot));
    }
}

static void buckets_tile_the_range_at_the_promised_precision(void **state)
{
    (void)state;
    uint64_t random = test_seed(2);
    for (int round = 0; round < ROUNDS; round++) {
        tl_hdr_layout layout = random_layout(&random);
        double wide = pow(10, -(double)layout.figures);
        uint64_t expected_low = 0;
        for (size_t slot = 0; slot < layout.slot_count; slot++) {
            uint64_t low = tl_hdr_slot_low(&layout, slot), high = tl_hdr_slot_high(&layout, slot);
            assert_true(low == expected_low);
            assert_int_equal(tl_hdr_slot(&layout, low), slot);
            assert_int_equal(tl_hdr_slot(&layout, high), slot);
            assert_true((double)(high - low) <= (double)low * wide || high - low < layout.lowest);
            expected_low = high + 1;
        }
        assert_true(expected_low > layout.highest);
    }
}

static void impossible_layouts_are_refused(void **state)
{
    (void)state;
    tl_hdr_layout layout;
    assert_false(tl_hdr_layout_init(&layout, 0, 1000, 3));
    assert_false(tl_hdr_layout_init(&layout, 10, 19, 3));
    assert_false(tl_hdr_layout_init(&layout, 1, 1000, 0));
    assert_false(tl_hdr_layout_init(&layout, 1, 1000, 6));
    assert_false(tl_hdr_layout_init(&layout, 1, UINT64_C(1) << 63, 3));
    assert_false(tl_hdr_layout_init(&layout, UINT64_C(1) << 52, INT64_MAX, 3));
    assert_true(tl_hdr_layout_init(&layout, UINT64_C(1) << 51, INT64_MAX, 3));
    assert_true(tl_hdr_layout_init(&layout, 1, INT64_MAX, 5));
}

static void what_was_encoded_is_decoded_count_by_count(void **state)
{
    (void)state;
    uint64_t random = test_seed(3);
    for (int round = 0; round < ROUNDS; round++) {
        tl_hdr *hdr = random_hdr(&random), *back = NULL;
        char *text = NULL;
        const char *problem;
        assert_int_equal(tl_hdr_encode(hdr, &text), TL_OK);
        assert_memory_equal(text, "HISTF", 5);
        assert_int_equal(tl_hdr_decode(text, strlen(text), &back, &problem), TL_OK);
        assert_same(hdr, back);
        free(text);
        tl_hdr_free(hdr);
        tl_hdr_free(back);
    }
}

static void a_recorder_s_counts_survive_as_they_are(void **state)
{
    (void)state;
    uint64_t random = test_seed(4);
    tl_histogram *histogram = tl_histogram_new();
    tl_hdr *back = NULL;
    char *text = NULL;
    const char *problem;
    assert_non_null(histogram);
    for (int i = 0; i < 5000; i++)
        tl_histogram_record(histogram, random_value(&random, 50)); /* some are clamped */
    assert_int_equal(tl_histogram_encode(histogram, &text), TL_OK);
    assert_int_equal(tl_hdr_decode(text, strlen(text), &back, &problem), TL_OK);
    assert_true(back->count == histogram->count);
    assert_memory_equal(back->slots, histogram->slots, sizeof histogram->slots);
    free(text);
    tl_hdr_free(back);
    tl_histogram_free(histogram);
}

/* Or instructions of a later phase's allocations would depend on times: see hdr_codec.c. */
static void a_text_takes_the_same_memory_whatever_was_counted(void **state)
{
    (void)state;
    uint64_t random = test_seed(5);
    size_t bytes = 0;
    for (int i = 1; i <= 300; i += 13) {
        tl_histogram *histogram = tl_histogram_new();
        char *text = NULL;
        assert_non_null(histogram);
        for (int k = 0; k < i; k++)
            tl_histogram_record(histogram, random_value(&random, 30));
        assert_int_equal(tl_histogram_encode(histogram, &text), TL_OK);
        assert_true(bytes == 0 || malloc_usable_size(text) == bytes);
        bytes = malloc_usable_size(text);
        free(text);
        tl_histogram_free(histogram);
    }
}

static void counts_beyond_the_format_are_not_written(void **state)
{
    (void)state;
    tl_hdr_layout layout = tl_hdr_layout_of_interval();
    tl_hdr *hdr = new_hdr(&layout);
    char *text = NULL;
    tl_hdr_record(hdr, 7, UINT64_C(1) << 63);
    assert_int_equal(tl_hdr_encode(hdr, &text), TL_INVALID);
    assert_null(text);
    tl_hdr_free(hdr);
}

/* An interval is what was recorded since the last look, at two figures. */
static void an_interval_is_what_came_since_to_one_percent(void **state)
{
    (void)state;
    static const double percentiles[] = {1, 50, 90, 99, 99.9, 100};
    uint64_t random = test_seed(5);
    tl_histogram *all = tl_histogram_new(), *before = tl_histogram_new();
    tl_histogram *alone = tl_histogram_new();
    assert_true(all != NULL && before != NULL && alone != NULL);
    tl_hdr_layout layout = tl_hdr_layout_of_interval();
    tl_hdr *interval = new_hdr(&layout), *sum = new_hdr(&layout);
    assert_true(layout.slot_count * sizeof interval->slots[0] <= 40000);
    for (int round = 0; round < 20; round++) {
        *before = *all;
        tl_histogram_reset(alone);
        for (uint64_t n = next_random(&random) % 3000; n > 0; n--) {
            uint64_t value = random_value(&random, 43);
            tl_histogram_record(all, value);
            tl_histogram_record(alone, value);
        }
        tl_hdr_reset(interval);
        tl_hdr_add_since(interval, all, before);
        tl_hdr_merge(sum, interval);
        assert_true(interval->count == alone->count && interval->clamped == alone->clamped);
        for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
            uint64_t truth = tl_histogram_percentile(alone, percentiles[i]);
            uint64_t told = tl_hdr_percentile(interval, percentiles[i]);
            if (truth > TL_HISTOGRAM_NS_MAX)
                truth = TL_HISTOGRAM_NS_MAX; /* clamped */
            assert_true(fabs((double)told - (double)truth) <= 0.0101 * (double)truth);
        }
    }
    tl_hdr_reset(interval);
    tl_hdr_add_since(interval, all, NULL);
    assert_same(sum, interval); /* the intervals are the whole */
    tl_hdr_free(interval);
    tl_hdr_free(sum);
    tl_histogram_free(all);
    tl_histogram_free(before);
    tl_histogram_free(alone);
}

static void merging_is_commutative_and_associative(void **state)
{
    (void)state;
    uint64_t random = test_seed(6);
    for (int round = 0; round < ROUNDS; round++) {
        tl_hdr_layout layout = random_layout(&random);
        tl_hdr *part[3], *left = new_hdr(&layout), *right = new_hdr(&layout);
        for (int i = 0; i < 3; i++)
            random_fill(&random, part[i] = new_hdr(&layout));
        for (int i = 0; i < 3; i++)
            tl_hdr_merge(left, part[i]); /* (a + b) + c */
        tl_hdr_merge(part[2], part[1]);  /* (c + b) + a */
        tl_hdr_merge(right, part[2]);
        tl_hdr_merge(right, part[0]);
        assert_same(left, right);
        for (int i = 0; i < 3; i++)
            tl_hdr_free(part[i]);
        tl_hdr_free(left);
        tl_hdr_free(right);
    }
}

static void values_beyond_the_last_bucket_are_clamped_and_counted(void **state)
{
    (void)state;
    tl_hdr_layout layout = tl_hdr_layout_of_interval();
    tl_hdr *hdr = new_hdr(&layout);
    tl_hdr_record(hdr, UINT64_C(1) << 60, 3);
    assert_true(hdr->count == 3 && hdr->clamped == 3);
    assert_true(hdr->slots[layout.slot_count - 1] == 3);
    tl_hdr_free(hdr);
}

/* Damage. */

static tl_status decode(const char *text, const char **problem)
{
    tl_hdr *hdr = NULL;
    tl_status status = tl_hdr_decode(text, strlen(text), &hdr, problem);
    tl_hdr_free(hdr);
    return status;
}

/* Written by HdrHistogram's Java library 2.1.11: 1, 2 and 1000 of 1..3600000000 at 3 figures. */
static const char golden[] = "HISTFAAAACV4nJNpmSzMwMDAxgABzFCaEURcm7yEwf4DVISJ6SQ/EwBvewVr";

static void a_known_text_of_another_library_is_read(void **state)
{
    (void)state;
    tl_hdr *hdr = NULL;
    const char *problem;
    assert_int_equal(tl_hdr_decode(golden, strlen(golden), &hdr, &problem), TL_OK);
    assert_true(hdr->layout.highest == 3600000000u && hdr->layout.figures == 3);
    assert_true(hdr->count == 3 && hdr->slots[1] == 1 && hdr->slots[2] == 1);
    assert_true(hdr->slots[1000] == 1);
    tl_hdr_free(hdr);
}

static void damage_is_told_apart_from_other_encodings(void **state)
{
    (void)state;
    const char *problem;
    char text[sizeof golden];
    assert_int_equal(decode("", &problem), TL_CORRUPT);
    assert_int_equal(decode("HISTF", &problem), TL_CORRUPT);
    assert_int_equal(decode("no base64 at all!", &problem), TL_CORRUPT);
    assert_string_equal(problem, "not base64");
    assert_int_equal(decode("AAAAAAAAAAAAAAAA", &problem), TL_CORRUPT);
    assert_string_equal(problem, "not a histogram: the first bytes are other ones");
    memcpy(text, golden, sizeof text);
    memcpy(text, "HISTE", 5); /* V1 */
    assert_int_equal(decode(text, &problem), TL_UNSUPPORTED);
    memcpy(text, golden, sizeof text);
    text[sizeof text - 5] = '\0'; /* cut at a whole group of base64 */
    assert_int_equal(decode(text, &problem), TL_CORRUPT);
    assert_string_equal(problem, "its length is not the one it was written with");
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    const char *problem;
    char text[sizeof golden];
    for (size_t length = 0; length + 1 < sizeof golden; length++) {
        memcpy(text, golden, length);
        text[length] = '\0';
        assert_int_equal(decode(text, &problem), TL_CORRUPT);
        assert_true(problem[0] != '\0');
    }
}

/* Any damage ends in a message or in a sound histogram, whose counts add up. */
static void damaged_texts_never_give_an_unsound_histogram(void **state)
{
    (void)state;
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    uint64_t random = test_seed(7), refused = 0;
    for (int round = 0; round < DAMAGES / 100; round++) {
        tl_hdr *hdr = random_hdr(&random);
        char *text = NULL;
        assert_int_equal(tl_hdr_encode(hdr, &text), TL_OK);
        size_t length = strlen(text);
        for (int i = 0; i < 100; i++) {
            char *damaged = strdup(text);
            assert_non_null(damaged);
            for (uint64_t n = 1 + next_random(&random) % 3; n > 0; n--)
                damaged[next_random(&random) % length] = letters[next_random(&random) % 65];
            tl_hdr *back = NULL;
            const char *problem;
            tl_status status = tl_hdr_decode(damaged, length, &back, &problem);
            refused += status != TL_OK;
            assert_true(status == TL_OK || (back == NULL && problem[0] != '\0'));
            uint64_t count = 0;
            for (size_t slot = 0; status == TL_OK && slot < back->layout.slot_count; slot++)
                count += back->slots[slot];
            assert_true(status != TL_OK || count == back->count);
            tl_hdr_free(back);
            free(damaged);
        }
        free(text);
        tl_hdr_free(hdr);
    }
    assert_true(refused > DAMAGES * 9 / 10); /* zlib's checksum sees nearly all of it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_at_three_figures_is_the_recorder_s),
        cmocka_unit_test(buckets_tile_the_range_at_the_promised_precision),
        cmocka_unit_test(impossible_layouts_are_refused),
        cmocka_unit_test(a_text_takes_the_same_memory_whatever_was_counted),
        cmocka_unit_test(what_was_encoded_is_decoded_count_by_count),
        cmocka_unit_test(a_recorder_s_counts_survive_as_they_are),
        cmocka_unit_test(counts_beyond_the_format_are_not_written),
        cmocka_unit_test(an_interval_is_what_came_since_to_one_percent),
        cmocka_unit_test(merging_is_commutative_and_associative),
        cmocka_unit_test(values_beyond_the_last_bucket_are_clamped_and_counted),
        cmocka_unit_test(a_known_text_of_another_library_is_read),
        cmocka_unit_test(damage_is_told_apart_from_other_encodings),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(damaged_texts_never_give_an_unsound_histogram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
