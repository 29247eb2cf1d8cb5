/* engine/tests/test_bytes.c -- stored integers, order of byte strings, heads, vectors, hashes. */
#include "engine/base/bytes.h"
#include "engine/base/hash.h"
#include "engine/base/slice.h"
#include "engine/base/vector.h"
#include "engine/page/page.h"
#include "engine/tests/unit.h"

static void stored_integers_are_little_endian_at_any_alignment(void **state)
{
    (void)state;
    static const uint8_t wanted[8] = {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};
    uint8_t bytes[24];
    for (size_t at = 0; at < 8; at++) {
        memset(bytes, 0xee, sizeof bytes);
        tl_store64(bytes + at, UINT64_C(0x1122334455667788));
        assert_memory_equal(bytes + at, wanted, 8);
        assert_true(tl_load64(bytes + at) == UINT64_C(0x1122334455667788));
        assert_int_equal(tl_load32(bytes + at), 0x55667788);
        assert_int_equal(tl_load16(bytes + at), 0x7788);
        tl_store16(bytes + at, 0xabcd);
        tl_store32(bytes + at + 2, 0x01020304);
        assert_int_equal(bytes[at], 0xcd);
        assert_int_equal(bytes[at + 1], 0xab);
        assert_int_equal(bytes[at + 2], 0x04);
        assert_int_equal(bytes[at + 8], 0xee);
    }
}

/* Short strings over few letters, so that equal beginnings and equal strings are frequent. */
static tl_slice random_string(uint64_t *random, uint8_t *buffer, uint32_t length_max)
{
    static const uint8_t letters[] = {0x00, 0x01, 'a', 0x7f, 0x80, 0xff};
    uint32_t length = unit_below(random, length_max + 1);
    for (uint32_t i = 0; i < length; i++)
        buffer[i] = letters[unit_below(random, sizeof letters)];
    return tl_slice_of(buffer, length);
}

/* The definition, byte by byte. */
static int order_of(tl_slice a, tl_slice b)
{
    const uint8_t *left = a.data, *right = b.data;
    for (size_t i = 0;; i++) {
        if (i == a.size_bytes || i == b.size_bytes)
            return (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void slices_compare_as_unsigned_bytes_then_by_length(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    uint8_t left[32], right[32]; /* more than 8: gcc 12 at -O3 does not see the limit */
    for (unsigned round = 0; round < 20000; round++) {
        tl_slice a = random_string(&random, left, 8), b = random_string(&random, right, 8);
        assert_int_equal(sign(tl_slice_compare(a, b)), order_of(a, b));
        size_t common = tl_slice_common(a, b);
        assert_true(common <= a.size_bytes && common <= b.size_bytes);
        assert_memory_equal(left, right, common);
        if (common < a.size_bytes && common < b.size_bytes)
            assert_int_not_equal(left[common], right[common]);
    }
}

/* Eight bytes are compared at a time; every place of the first difference, every length. */
static void the_common_beginning_ends_at_the_first_byte_that_differs(void **state)
{
    (void)state;
    uint8_t left[40], right[40];
    memset(left, 0xa5, sizeof left);
    for (size_t bytes = 0; bytes <= sizeof left; bytes++)
        for (size_t differs = 0; differs <= bytes; differs++)
            for (size_t cut = 0; cut <= bytes; cut++) {
                memcpy(right, left, sizeof right);
                if (differs < bytes)
                    right[differs] ^= 0x10;
                size_t expected = differs < cut ? differs : cut;
                tl_slice a = tl_slice_of(left, bytes), b = tl_slice_of(right, cut);
                assert_int_equal(tl_slice_common(a, b), expected);
                assert_int_equal(tl_slice_common(b, a), expected);
            }
}

static void a_head_orders_like_its_key_unless_it_ties(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    uint8_t left[8], right[8];
    unsigned ties = 0;
    for (unsigned round = 0; round < 50000; round++) {
        tl_slice a = random_string(&random, left, 7), b = random_string(&random, right, 7);
        uint32_t head_a = tl_head_of(left, a.size_bytes), head_b = tl_head_of(right, b.size_bytes);
        if (head_a != head_b)
            assert_int_equal(head_a < head_b ? -1 : 1, order_of(a, b));
        else
            ties += order_of(a, b) != 0;
    }
    assert_true(ties > 100); /* different keys with equal heads did occur */
}

static void a_head_of_a_short_key_is_padded_with_zeros(void **state)
{
    (void)state;
    assert_int_equal(tl_head_of((const uint8_t *)"", 0), 0);
    assert_int_equal(tl_head_of((const uint8_t *)"a", 1), 0x61000000);
    assert_int_equal(tl_head_of((const uint8_t *)"a\0", 2), 0x61000000);
    assert_int_equal(tl_head_of((const uint8_t *)"ab", 2), 0x61620000);
    assert_int_equal(tl_head_of((const uint8_t *)"abc", 3), 0x61626300);
    assert_int_equal(tl_head_of((const uint8_t *)"abcd", 4), 0x61626364);
    assert_int_equal(tl_head_of((const uint8_t *)"abcde", 5), 0x61626364);
}

static void a_vector_keeps_what_was_pushed_while_it_grows(void **state)
{
    (void)state;
    TL_VECTOR(uint32_t) vector = {NULL, 0, 0};
    for (uint32_t i = 0; i < 10000; i++) {
        assert_int_equal(tl_vector_reserve(&vector, tl_memory_default(), 1), TL_OK);
        tl_vector_push(&vector, i * 3);
    }
    assert_int_equal(vector.count, 10000);
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(vector.at[i], i * 3);
    tl_vector_release(&vector, tl_memory_default());
    assert_null(vector.at);
}

static void secured_room_is_room_without_memory(void **state)
{
    (void)state;
    TL_VECTOR(uint64_t) vector = {NULL, 0, 0};
    assert_int_equal(tl_vector_reserve(&vector, tl_memory_default(), 500), TL_OK);
    uint64_t *block = vector.at;
    for (uint64_t i = 0; i < 500; i++)
        tl_vector_push(&vector, i);
    assert_ptr_equal(vector.at, block);
    tl_vector_release(&vector, tl_memory_default());
}

/* Seeded sequences must stay what they are: golden files and stored seeds depend on them. */
static void the_generator_gives_the_published_sequence(void **state)
{
    (void)state;
    uint64_t random = 1234567;
    static const uint64_t wanted[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                      UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                      UINT64_C(16408922859458223821)};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_true(tl_random_next(&random) == wanted[i]);
}

static void record_hashes_tell_the_key_from_the_value(void **state)
{
    (void)state;
    uint64_t joined = tl_record_hash(unit_text("ab"), unit_text("c"));
    assert_true(joined != tl_record_hash(unit_text("a"), unit_text("bc")));
    assert_true(joined != tl_record_hash(unit_text("abc"), unit_text("")));
    assert_true(joined == tl_record_hash(unit_text("ab"), unit_text("c")));
    assert_true(tl_record_hash(unit_text("a"), unit_slice("\0", 1)) !=
                tl_record_hash(unit_text("a"), unit_text("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_integers_are_little_endian_at_any_alignment),
        cmocka_unit_test(slices_compare_as_unsigned_bytes_then_by_length),
        cmocka_unit_test(the_common_beginning_ends_at_the_first_byte_that_differs),
        cmocka_unit_test(a_head_orders_like_its_key_unless_it_ties),
        cmocka_unit_test(a_head_of_a_short_key_is_padded_with_zeros),
        cmocka_unit_test(a_vector_keeps_what_was_pushed_while_it_grows),
        cmocka_unit_test(secured_room_is_room_without_memory),
        cmocka_unit_test(the_generator_gives_the_published_sequence),
        cmocka_unit_test(record_hashes_tell_the_key_from_the_value),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
