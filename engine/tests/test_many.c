/* engine/tests/test_many.c -- looking up many keys at a time says what one by one would say. */
#include "engine/tests/support/rig.h"

#include "engine/base/hash.h"

#include <stdlib.h>

enum { KEYS = 2000, ASKED_MAX = 200 };

static const uint32_t page_sizes[] = {1024, 4096, 8192, 16384, 65536};
enum { PAGE_SIZES = sizeof page_sizes / sizeof page_sizes[0] };

/* Ask for `count` keys, present ones and absent ones, some of them twice, and compare with tl_get.
 */
static void check_many_like_one(tl_txn *txn, size_t count, uint64_t *random)
{
    key_buffer buffers[ASKED_MAX];
    tl_slice keys[ASKED_MAX] =
        {
            {NULL, 0}
    },
             values[ASKED_MAX];
    size_t found = SIZE_MAX, wanted = 0;
    for (size_t i = 0; i < count; i++) {
        keys[i] = key_of((unsigned)(tl_random_next(random) % (2 * KEYS)), &buffers[i]);
        if (i != 0 && tl_random_next(random) % 4 == 0)
            keys[i] = keys[i - 1];
    }
    check_ok(tl_get_many(txn, TL_TREE_MAIN, keys, count, values, &found));
    for (size_t i = 0; i < count; i++) {
        tl_slice value = {NULL, 0};
        tl_status status = tl_get(txn, TL_TREE_MAIN, keys[i], &value);
        check_status(values[i].data != NULL ? TL_OK : TL_NOT_FOUND, status);
        if (status != TL_OK)
            continue;
        wanted++;
        assert_ptr_equal(value.data, values[i].data);
        assert_int_equal(value.size_bytes, values[i].size_bytes);
    }
    assert_int_equal(wanted, found);
}

static void many_keys_give_what_each_alone_gives(void **state)
{
    (void)state;
    for (unsigned p = 0; p < PAGE_SIZES; p++) {
        rig on;
        rig_make(&on);
        on.options.page_bytes = page_sizes[p];
        on.options.growth_bytes = 8 * page_sizes[p];
        rig_open(&on);
        uint64_t random = p;
        for (unsigned round = 0; round < 2; round++) { /* an empty tree, then a full one */
            tl_txn *reader = NULL, *writer = NULL;
            check_ok(tl_txn_begin(on.env, TL_TXN_READ_ONLY, &reader));
            check_ok(tl_txn_begin(on.env, 0, &writer));
            for (size_t count = 0; count <= ASKED_MAX; count += count < 36 ? 1 : 41) {
                check_many_like_one(reader, count, &random);
                check_many_like_one(writer, count, &random);
            }
            tl_txn_abort(writer);
            tl_txn_abort(reader);
            if (round == 0)
                for (unsigned first = 0; first < 2 * KEYS; first += 100)
                    put_range(on.env, &on.truth, first, 50, 'v', first % 90);
        }
        rig_drop(&on);
    }
}

static void a_write_txn_finds_its_own_changes(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    key_buffer buffers[3];
    tl_slice keys[3], values[3];
    size_t found = 0;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'a', 20);
    for (unsigned i = 0; i < 3; i++)
        keys[i] = key_of(100 * i, &buffers[i]);
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_put(txn, TL_TREE_MAIN, keys[0], slice_of_text("new"), 0));
    check_ok(tl_del(txn, TL_TREE_MAIN, keys[1]));
    check_ok(tl_get_many(txn, TL_TREE_MAIN, keys, 3, values, &found));
    assert_int_equal(2, found);
    assert_int_equal(0, tl_slice_compare(slice_of_text("new"), values[0]));
    assert_null(values[1].data);
    assert_int_equal(20, values[2].size_bytes);
    tl_txn_abort(txn);
}

/* Values in one extent come from where they lie, chains are put together. */
static void large_values_come_among_short_ones(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 20, 'a', 20);
    put_range(on->env, &on->truth, 5, 5, 'b', 3000);
    put_range(on->env, &on->truth, 12, 3, 'c', 70000);
    put_range(on->env, &on->truth, 17, 1, 'd', 9 << 20); /* no zone of 1 KiB pages holds it */
    rig_close(on);
    rig_open(on);
    for (unsigned i = 0; i < 2; i++) {
        key_buffer buffers[20];
        tl_slice keys[20], values[20];
        size_t found = 0;
        tl_txn *txn = NULL;
        check_ok(tl_txn_begin(on->env, i == 0 ? TL_TXN_READ_ONLY : 0, &txn));
        for (unsigned k = 0; k < 20; k++)
            keys[k] = key_of(k * 7 % 20, &buffers[k]);
        check_ok(tl_get_many(txn, TL_TREE_MAIN, keys, 20, values, &found));
        assert_int_equal(20, found);
        for (unsigned k = 0; k < 20; k++) {
            bool equal;
            size_t at = model_find(&on->truth, keys[k], &equal);
            assert_true(equal && tl_slice_compare(model_value(&on->truth, at), values[k]) == 0);
        }
        tl_txn_abort(txn);
    }
    assert_int_equal(2, stats_of(on->env).values_joined);
}

static void one_bad_size_refuses_all_keys(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    uint8_t bytes[2048] = {0};
    size_t found = 4711;
    tl_slice keys[2] =
        {
            slice_of_text("good"), {bytes, 0}
    },
             values[2];
    rig_open(on);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
    check_status(TL_KEY_SIZE, tl_get_many(txn, TL_TREE_MAIN, keys, 2, values, &found));
    keys[1].size_bytes = info_of(on->env).max_key_bytes + 1;
    check_status(TL_KEY_SIZE, tl_get_many(txn, TL_TREE_MAIN, keys, 2, values, &found));
    assert_int_equal(4711, found);
    keys[1].size_bytes--;
    check_ok(tl_get_many(txn, TL_TREE_MAIN, keys, 2, values, &found));
    assert_int_equal(0, found);
    tl_txn_abort(txn);
}

/* A page that cannot be read is reported, and the txn goes on once it can. */
static void a_failing_read_is_told_and_forgotten(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    uint64_t reads = 0;
    rig_open(on);
    put_range(on->env, &on->truth, 0, KEYS, 'a', 20);
    rig_close(on);
    for (uint64_t nth = 1; nth < 1000; nth++, reads++) {
        key_buffer buffers[ASKED_MAX];
        tl_slice keys[ASKED_MAX] =
            {
                {NULL, 0}
        },
                 values[ASKED_MAX];
        size_t found = 0;
        rig_open(on);
        check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
        for (unsigned i = 0; i < ASKED_MAX; i++)
            keys[i] = key_of(i * (KEYS / ASKED_MAX), &buffers[i]);
        faultio_plan(&on->faults, FAULTIO_READ, nth, TL_IO, false);
        tl_status status = tl_get_many(txn, TL_TREE_MAIN, keys, ASKED_MAX, values, &found);
        bool fired = atomic_load(&on->faults.fired) != 0;
        faultio_heal(&on->faults);
        check_status(fired ? TL_IO : TL_OK, status);
        check_ok(tl_get_many(txn, TL_TREE_MAIN, keys, ASKED_MAX, values, &found));
        assert_int_equal(ASKED_MAX, found);
        tl_txn_abort(txn);
        rig_close(on);
        if (!fired)
            break;
    }
    assert_true(reads > 20 && reads < 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_keys_give_what_each_alone_gives),
        rig_test(a_write_txn_finds_its_own_changes),
        rig_test(large_values_come_among_short_ones),
        rig_test(one_bad_size_refuses_all_keys),
        rig_test(a_failing_read_is_told_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
