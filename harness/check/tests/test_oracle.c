/* harness/check/tests/test_oracle.c -- the history is a function of its spec, and what it says. */
#include "harness/check/oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static tl_oracle *oracle_of(uint64_t seed, uint32_t page_bytes, size_t commits)
{
    tl_oracle *oracle = NULL;
    tl_oracle_spec spec = {seed, page_bytes, commits, NULL};
    assert_int_equal(tl_oracle_create(&spec, &oracle), TL_OK);
    return oracle;
}

typedef struct pair {
    uint8_t key[TL_ORACLE_KEY_MAX], value[TL_ORACLE_VALUE_MAX];
    size_t key_bytes, value_bytes;
} pair;

/* The slow truth: a list without order, searched from its begin. */
static void list_apply(const tl_oracle *oracle, const tl_oracle_op *op, pair *list, size_t *count)
{
    uint8_t key[TL_ORACLE_KEY_MAX], value[TL_ORACLE_VALUE_MAX];
    tl_slice name = tl_oracle_key(oracle, op, key);
    size_t i = 0;
    while (i < *count && (list[i].key_bytes != name.size_bytes ||
                          memcmp(list[i].key, name.data, name.size_bytes) != 0))
        i++;
    if (op->del) {
        assert_true(i < *count); /* the history deletes only what is there */
        list[i] = list[--*count];
        return;
    }
    tl_slice content = tl_oracle_value(op, value);
    *count += i == *count;
    memcpy(list[i].key, name.data, name.size_bytes);
    memcpy(list[i].value, content.data, content.size_bytes);
    list[i].key_bytes = name.size_bytes;
    list[i].value_bytes = content.size_bytes;
}

static void the_truth_is_the_sum_over_a_replayed_history(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1024, 4096, 65536};
    for (size_t s = 0; s < 3; s++) {
        tl_oracle *oracle = oracle_of(7, sizes[s], 40);
        pair *list = calloc(2048, sizeof *list);
        assert_non_null(list);
        size_t count = 0;
        for (size_t n = 1; n <= 40; n++) {
            size_t op_count = 0;
            const tl_oracle_op *ops = tl_oracle_ops(oracle, n, &op_count);
            assert_true(op_count >= 2); /* a change and the marker */
            for (size_t i = 0; i < op_count; i++)
                list_apply(oracle, &ops[i], list, &count);
            uint64_t hash = 0;
            for (size_t i = 0; i < count; i++)
                hash += tl_record_hash((tl_slice){list[i].key, list[i].key_bytes},
                                       (tl_slice){list[i].value, list[i].value_bytes});
            tl_truth truth = tl_oracle_truth(oracle, (tl_content){n, 0});
            assert_int_equal(truth.count, count);
            assert_int_equal(truth.hash, hash);
        }
        free(list);
        tl_oracle_destroy(oracle);
    }
}

static void no_two_contents_are_alike(void **state)
{
    (void)state;
    tl_oracle *oracle = oracle_of(42, 4096, 60);
    for (size_t n = 0; n <= 60; n++)
        for (uint64_t round = 0; round < 3; round++)
            for (size_t m = 0; m <= n; m++)
                for (uint64_t other = 0; other < 3; other++) {
                    if (n == m && round == other)
                        continue;
                    assert_int_not_equal(tl_oracle_truth(oracle, (tl_content){n, round}).hash,
                                         tl_oracle_truth(oracle, (tl_content){m, other}).hash);
                }
    tl_oracle_destroy(oracle);
}

static void equal_specs_give_equal_histories_and_other_seeds_others(void **state)
{
    (void)state;
    tl_oracle *one = oracle_of(42, 4096, 30), *two = oracle_of(42, 4096, 30);
    tl_oracle *other = oracle_of(43, 4096, 30);
    for (size_t n = 1; n <= 30; n++) {
        tl_content content = {n, 0};
        uint64_t hash = tl_oracle_truth(one, content).hash;
        assert_int_equal(hash, tl_oracle_truth(two, content).hash);
        assert_int_not_equal(hash, tl_oracle_truth(other, content).hash);
    }
    tl_oracle_destroy(one);
    tl_oracle_destroy(two);
    tl_oracle_destroy(other);
}

static void the_script_text_of_a_record_spells_its_bytes(void **state)
{
    (void)state;
    tl_oracle *oracle = oracle_of(1, 4096, 10);
    size_t op_count = 0;
    const tl_oracle_op *op = tl_oracle_ops(oracle, 1, &op_count);
    uint8_t key[TL_ORACLE_KEY_MAX], value[TL_ORACLE_VALUE_MAX];
    tl_slice key_bytes = tl_oracle_key(oracle, op, key), bytes = tl_oracle_value(op, value);
    char text[128];
    unsigned letter = 0, length = 0;
    unsigned long long number = 0;
    tl_oracle_key_text(oracle, op, text, sizeof text);
    assert_int_equal(sscanf(text, "rep(%u,%u)+u64(%llu)", &letter, &length, &number), 3);
    assert_int_equal(length + 8, key_bytes.size_bytes);
    for (unsigned i = 0; i < length; i++)
        assert_int_equal(key[i], letter);
    assert_int_equal(key[length + 7], number & 255);
    assert_int_equal(key[length + 6], number >> 8);
    tl_oracle_value_text(op, text, sizeof text);
    assert_int_equal(sscanf(text, "u64(%llu)+rep(%u,%u)", &number, &letter, &length), 3);
    assert_int_equal(length + 8, bytes.size_bytes);
    assert_int_equal(value[8], letter);
    assert_int_equal(value[bytes.size_bytes - 1], letter);
    assert_int_equal(value[7], number & 255);
    tl_oracle_destroy(oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_truth_is_the_sum_over_a_replayed_history),
        cmocka_unit_test(no_two_contents_are_alike),
        cmocka_unit_test(equal_specs_give_equal_histories_and_other_seeds_others),
        cmocka_unit_test(the_script_text_of_a_record_spells_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
