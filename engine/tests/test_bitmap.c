/* engine/tests/test_bitmap.c -- the bitmap against a plain array of truths. */
#include "engine/base/bitmap.h"
#include "engine/tests/unit.h"

#include <string.h>

enum { BITS = 20000 }; /* more than 64 * 64, so that summaries have several words */

static uint32_t first_zero(const bool *model, uint32_t limit)
{
    for (uint32_t i = 0; i < limit; i++)
        if (!model[i])
            return i;
    return TL_BITMAP_NONE;
}

static uint32_t next_one(const bool *model, uint32_t from, uint32_t limit)
{
    for (uint32_t i = from; i < limit; i++)
        if (model[i])
            return i;
    return TL_BITMAP_NONE;
}

static uint32_t count_ones(const bool *model, uint32_t limit)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < limit; i++)
        count += model[i];
    return count;
}

/* Set or clear a stretch: long ones make words and summaries full and empty. */
static void change_stretch(tl_bitmap *map, bool *model, uint32_t size, uint64_t *random)
{
    uint32_t from = unit_below(random, size);
    uint32_t length = unit_below(random, 3) == 0 ? unit_below(random, size) : 1;
    bool value = unit_below(random, 2) == 0;
    for (uint32_t i = from; i < size && i - from < length; i++) {
        if (value)
            tl_bitmap_set(map, i);
        else
            tl_bitmap_clear(map, i);
        model[i] = value;
    }
}

static void compare(tl_bitmap *map, const bool *model, uint32_t size, uint64_t *random)
{
    uint32_t limit = unit_below(random, size + 1), from = unit_below(random, size);
    assert_int_equal(tl_bitmap_first_zero(map, limit), first_zero(model, limit));
    assert_int_equal(tl_bitmap_first_zero(map, size), first_zero(model, size));
    assert_int_equal(tl_bitmap_next_one(map, from, limit), next_one(model, from, limit));
    assert_int_equal(tl_bitmap_count(map, limit), count_ones(model, limit));
    assert_int_equal(tl_bitmap_get(map, from), model[from]);
}

static void bitmap_answers_like_an_array_of_bools(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    static bool model[BITS];
    memset(model, 0, sizeof model);
    tl_bitmap map = {0};
    uint32_t size = 1;
    assert_int_equal(tl_bitmap_reserve(&map, tl_memory_default(), size), TL_OK);
    for (unsigned round = 0; round < 3000; round++) {
        if (size < BITS && unit_below(&random, 20) == 0) { /* grows while in use */
            size += 1 + unit_below(&random, 600);
            size = size < BITS ? size : BITS;
            assert_int_equal(tl_bitmap_reserve(&map, tl_memory_default(), size), TL_OK);
        }
        change_stretch(&map, model, size, &random);
        compare(&map, model, size, &random);
    }
    assert_int_equal(size, BITS);
    for (uint32_t i = 0; i < size; i++)
        assert_int_equal(tl_bitmap_get(&map, i), model[i]);
    tl_bitmap_release(&map, tl_memory_default());
}

static void storing_a_word_equals_storing_its_bits(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    static bool model[BITS];
    memset(model, 0, sizeof model);
    tl_bitmap map = {0};
    assert_int_equal(tl_bitmap_reserve(&map, tl_memory_default(), BITS), TL_OK);
    for (unsigned round = 0; round < 1000; round++) {
        uint32_t word = unit_below(&random, BITS / 64);
        uint64_t kinds[] = {0, UINT64_MAX, (uint64_t)unit_below(&random, UINT32_MAX) << 17};
        uint64_t value = kinds[unit_below(&random, 3)];
        tl_bitmap_store_word(&map, word, value);
        for (uint32_t i = 0; i < 64; i++)
            model[word * 64 + i] = ((value >> i) & 1) != 0;
        compare(&map, model, BITS, &random);
    }
    tl_bitmap_release(&map, tl_memory_default());
}

static void bits_beyond_the_size_read_as_zero(void **state)
{
    (void)state;
    tl_bitmap map = {0};
    assert_false(tl_bitmap_get(&map, 0));
    assert_int_equal(tl_bitmap_next_one(&map, 0, 1000), TL_BITMAP_NONE);
    assert_int_equal(tl_bitmap_count(&map, 1000), 0);
    assert_int_equal(tl_bitmap_reserve(&map, tl_memory_default(), 64), TL_OK);
    tl_bitmap_set(&map, 63);
    assert_false(tl_bitmap_get(&map, 1u << 20));
    assert_int_equal(tl_bitmap_count(&map, 1u << 20), 1);
    assert_int_equal(tl_bitmap_next_one(&map, 0, 1u << 20), 63);
    tl_bitmap_release(&map, tl_memory_default());
}

static void *refuse(tl_memory *memory, size_t size_bytes)
{
    (void)memory;
    (void)size_bytes;
    return NULL;
}

static void refused_memory_changes_nothing(void **state)
{
    (void)state;
    tl_memory none = {refuse, tl_memory_default()->release};
    tl_bitmap map = {0};
    assert_int_equal(tl_bitmap_reserve(&map, tl_memory_default(), 100), TL_OK);
    tl_bitmap_set(&map, 77);
    assert_int_equal(tl_bitmap_reserve(&map, &none, 100000), TL_NO_MEMORY);
    assert_true(tl_bitmap_get(&map, 77));
    assert_int_equal(tl_bitmap_count(&map, 100), 1);
    tl_bitmap_release(&map, tl_memory_default());
}

/* The first place of `count` false ones side by side. */
static uint32_t find_run(const bool *model, uint32_t from, uint32_t limit, uint32_t count)
{
    uint32_t length = 0;
    for (uint32_t i = from; i < limit; i++) {
        length = model[i] ? 0 : length + 1;
        if (length == count)
            return i + 1 - count;
    }
    return TL_BITMAP_NONE;
}

static void runs_are_found_set_and_cleared_like_bit_by_bit(void **state)
{
    (void)state;
    static bool model[BITS];
    uint64_t random = unit_seed(__func__);
    tl_bitmap map = {0};
    memset(model, 0, sizeof model);
    assert_int_equal(tl_bitmap_reserve(&map, tl_memory_default(), BITS), TL_OK);
    for (unsigned round = 0; round < 3000; round++) {
        uint32_t from = unit_below(&random, BITS);
        uint32_t count = 1 + unit_below(&random, round % 5 == 0 ? BITS - from : 70);
        count = count < BITS - from ? count : BITS - from;
        bool value = unit_below(&random, 3) != 0;
        if (value)
            tl_bitmap_set_run(&map, from, count);
        else
            tl_bitmap_clear_run(&map, from, count);
        memset(model + from, value, count);
        if (round % 7 != 0)
            continue;
        uint32_t at = unit_below(&random, BITS), wanted = 1 + unit_below(&random, 200);
        uint32_t limit = at + unit_below(&random, BITS - at);
        assert_int_equal(count_ones(model, BITS), tl_bitmap_count(&map, BITS));
        assert_int_equal(find_run(model, at, limit, 1), tl_bitmap_next_zero(&map, at, limit));
        assert_int_equal(find_run(model, at, limit, wanted),
                         tl_bitmap_find_run(&map, at, limit, wanted));
        assert_int_equal(first_zero(model, BITS), tl_bitmap_first_zero(&map, BITS));
    }
    tl_bitmap_release(&map, tl_memory_default());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bitmap_answers_like_an_array_of_bools),
        cmocka_unit_test(storing_a_word_equals_storing_its_bits),
        cmocka_unit_test(bits_beyond_the_size_read_as_zero),
        cmocka_unit_test(runs_are_found_set_and_cleared_like_bit_by_bit),
        cmocka_unit_test(refused_memory_changes_nothing),
    };
    return cmocka_run_group_tests_name("bitmap", tests, NULL, NULL);
}
