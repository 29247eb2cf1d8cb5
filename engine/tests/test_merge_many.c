/* engine/tests/test_merge_many.c -- several underfull leaves become one fewer: what that saves, and
 * that nobody else notices. */
#include "engine/base/hash.h"
#include "engine/tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned sixty(void *self)
{
    (void)self;
    return 60;
}

static unsigned seventy(void *self)
{
    (void)self;
    return 70;
}

static unsigned ninety_five(void *self)
{
    (void)self;
    return 95;
}

static unsigned fill_sixty_five(void *self, uint64_t nth_page, unsigned level)
{
    (void)self, (void)nth_page, (void)level;
    return 65;
}

/* leanstore60 but for one thing each. */
static const tl_fill_strategy pairs = {.name = "pairs",
                                       .summary = "two leaves at most",
                                       .no_moves = true,
                                       .merge_below = sixty,
                                       .merge_upto = ninety_five};
static const tl_fill_strategy threes = {.name = "threes",
                                        .summary = "three leaves at most",
                                        .no_moves = true,
                                        .merge_among = 3,
                                        .merge_below = sixty,
                                        .merge_upto = ninety_five};
static const tl_fill_strategy loose = {.name = "loose",
                                       .summary = "leaves stay below 70 %",
                                       .no_moves = true,
                                       .merge_among = 1000,
                                       .leaf_fill = fill_sixty_five,
                                       .merge_below = sixty,
                                       .merge_upto = seventy};
static const tl_fill_strategy *const rows[] = {&pairs, &threes, &loose, NULL};

static void open_with(rig *on, const char *fill)
{
    on->options.extra_fills = rows;
    on->options.fill = fill;
    rig_open(on);
}

static tl_txn *begin(rig *on)
{
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    return txn;
}

static void del(rig *on, tl_txn *txn, unsigned number)
{
    key_buffer buffer;
    tl_slice key = key_of(number, &buffer);
    check_ok(tl_del(txn, TL_TREE_MAIN, key));
    assert_true(model_del(&on->truth, key));
}

/* The i-th of `count` numbers in an order that jumps about; `count` is no multiple of 4999. */
static unsigned scattered(unsigned i, unsigned count)
{
    return (unsigned)((uint64_t)i * 4999 % count);
}

enum { RECORDS = 3000, PER_TXN = 50 };

static uint64_t leaves_of(rig *on)
{
    tl_verify_summary summary;
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    return summary.leaves;
}

/* Ascending puts, then deletes in random order until `kept` records are left.  Returns the leaves
 * there were behind each txn, summed up. */
static uint64_t thin_out(rig *on, unsigned kept)
{
    static unsigned order[RECORDS];
    uint64_t random = 5, leaves = 0;
    for (unsigned i = 0; i < RECORDS; i++) {
        unsigned other = (unsigned)(tl_random_next(&random) % (i + 1));
        order[i] = order[other];
        order[other] = i;
    }
    put_range(on->env, &on->truth, 0, RECORDS, 'a', 60);
    for (unsigned i = 0; i < RECORDS - kept; i += PER_TXN) {
        tl_txn *txn = begin(on);
        for (unsigned j = i; j < i + PER_TXN && j < RECORDS - kept; j++)
            del(on, txn, order[j]);
        check_ok(tl_txn_commit(txn));
        leaves += leaves_of(on);
    }
    rig_compare(on);
    return leaves;
}

static uint64_t leaves_while_thinning(const char *fill, tl_stats *stats)
{
    rig on;
    rig_make(&on);
    open_with(&on, fill);
    uint64_t leaves = thin_out(&on, RECORDS / 10);
    *stats = stats_of(on.env);
    rig_close(&on);
    rig_drop(&on);
    return leaves;
}

static void more_leaves_together_need_fewer_pages(void **state)
{
    (void)state;
    tl_stats two, three, five;
    uint64_t with_two = leaves_while_thinning("pairs", &two);
    uint64_t with_three = leaves_while_thinning("threes", &three);
    uint64_t with_five = leaves_while_thinning("leanstore60", &five);
    print_message("%llu, %llu, %llu leaves\n", (unsigned long long)with_two,
                  (unsigned long long)with_three, (unsigned long long)with_five);
    assert_true(with_three < with_two && with_five < with_three);
    assert_int_equal(two.merges_many, 0);
    assert_int_equal(three.merges_many_leaves, 3 * three.merges_many);
    assert_true(five.merges_many_leaves > 3 * five.merges_many);
    assert_true(five.merges_many_leaves <= 5 * five.merges_many);
    assert_true(five.leaf_merges >= five.merges_many && five.merges >= five.leaf_merges);
    assert_int_equal(five.leaf_moves, 0);
}

/* Leaves begin at 65 %, and only merges fill them further. */
static void no_merge_fills_a_leaf_beyond_what_the_strategy_says(void **state)
{
    rig *on = *state;
    tl_shape shape;
    open_with(on, "loose");
    (void)thin_out(on, RECORDS / 3);
    assert_true(stats_of(on->env).merges_many > 0);
    tl_txn *txn = begin(on);
    check_ok(tl_tree_shape(txn, TL_TREE_MAIN, &shape));
    for (unsigned bin = 14; bin < TL_SHAPE_BINS; bin++) /* from 70 % on */
        assert_int_equal(shape.levels[0].fill[bin], 0);
    tl_txn_abort(txn);
}

static void a_snapshot_keeps_its_records_while_leaves_merge(void **state)
{
    rig *on = *state;
    tl_txn *reader = NULL;
    model before = {0};
    open_with(on, "leanstore60");
    put_range(on->env, &on->truth, 0, 600, 'a', 60);
    model_copy(&before, &on->truth);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &reader));
    uint64_t copied = stats_of(on->env).siblings_copied;
    for (unsigned i = 0; i < 600; i++) {
        unsigned number = scattered(i, 600);
        if (number % 2 == 0)
            continue;
        tl_txn *txn = begin(on);
        del(on, txn, number);
        check_ok(tl_txn_commit(txn));
        if (i % 60 == 0)
            check_content(reader, &before);
    }
    check_content(reader, &before);
    assert_true(stats_of(on->env).merges_many > 0);
    assert_true(stats_of(on->env).siblings_copied > copied);
    tl_txn_abort(reader);
    model_clear(&before);
    rig_reopen(on);
}

static void an_abort_and_a_rollback_undo_such_merges(void **state)
{
    rig *on = *state;
    model before = {0};
    tl_save save = 0;
    open_with(on, "leanstore60");
    put_range(on->env, &on->truth, 0, 600, 'a', 60);
    model_copy(&before, &on->truth);
    for (unsigned round = 0; round < 2; round++) {
        uint64_t merges = stats_of(on->env).merges_many;
        tl_txn *txn = begin(on);
        check_ok(tl_savepoint(txn, &save));
        for (unsigned i = 0; i < 600; i++)
            if (scattered(i, 600) % 2 != 0)
                del(on, txn, scattered(i, 600));
        check_content(txn, &on->truth);
        if (round == 0)
            check_ok(tl_rollback_to(txn, save));
        model_copy(&on->truth, &before);
        if (round == 0)
            check_content(txn, &before);
        tl_txn_abort(txn);
        assert_true(stats_of(on->env).merges_many > merges);
        rig_compare(on);
    }
    model_clear(&before);
}

/* Keys of many lengths that share beginnings, so that separators differ in length, and values that
 * fill a leaf by three: many groups do not fit after all. */
static tl_slice odd_key(unsigned number, uint8_t bytes[120])
{
    uint64_t hash = tl_mix64(number + 1);
    size_t shared = (hash & 3) * 25, more = 4 + (hash >> 8) % 20;
    memset(bytes, 'p', shared);
    for (size_t i = 0; i < more; i++)
        bytes[shared + i] = (uint8_t)('a' + (tl_mix64(hash + i / 4) >> (8 * (i % 4))) % 26);
    bytes[shared + more] = (uint8_t)(number >> 8);
    bytes[shared + more + 1] = (uint8_t)number;
    return tl_slice_of(bytes, shared + more + 2);
}

static void odd_steps(rig *on, uint64_t *random, unsigned steps, unsigned deletes)
{
    uint8_t key_bytes[120], value[300];
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < steps; i++) {
        tl_slice key = odd_key((unsigned)(tl_random_next(random) % 2000), key_bytes);
        if (tl_random_next(random) % 100 < deletes) {
            bool there = model_del(&on->truth, key);
            check_status(there ? TL_OK : TL_NOT_FOUND, tl_del(txn, TL_TREE_MAIN, key));
            continue;
        }
        size_t most = tl_random_next(random) % 4 == 0 ? 200 : 30;
        tl_slice bytes = tl_slice_of(value, (size_t)(tl_random_next(random) % most));
        memset(value, (int)i, bytes.size_bytes);
        check_ok(tl_put(txn, TL_TREE_MAIN, key, bytes, 0));
        model_put(&on->truth, key, bytes);
    }
    check_ok(tl_txn_commit(txn));
    rig_compare(on);
}

static void any_keys_and_values_stay_what_the_model_says(void **state)
{
    (void)state;
    uint64_t random = check_seed(77), merges = 0, refused = 0;
    const char *const *modes = tl_leaf_modes();
    for (size_t mode = 0; modes[mode] != NULL; mode++) {
        rig on;
        rig_make(&on);
        on.options.leaf = modes[mode];
        open_with(&on, "leanstore60");
        for (unsigned round = 0; round < 60; round++)
            odd_steps(&on, &random, 150, round / 10 % 2 == 0 ? 10 : 90);
        tl_stats stats = stats_of(on.env);
        merges += stats.merges_many;
        refused += stats.merges_many_refused;
        rig_reopen(&on);
        rig_drop(&on);
    }
    print_message("%llu merges, %llu refused\n", (unsigned long long)merges,
                  (unsigned long long)refused);
    assert_true(merges > 100 && refused > 10);
}

/* Four records each share 90 bytes that no others have.  Splits cut between such groups, where one
 * or two bytes tell the sides apart, and so parents hold as many children as they have slots for;
 * merges cut where the bytes end, inside a group. */
static tl_slice group_key(unsigned number, uint8_t bytes[120])
{
    uint64_t group = tl_mix64(number / 4 + 1);
    for (unsigned i = 0; i < 90; i++)
        bytes[i] = (uint8_t)(tl_mix64(group + i / 8) >> (8 * (i % 8)));
    bytes[90] = (uint8_t)number;
    return tl_slice_of(bytes, 91);
}

static void a_parent_without_room_for_a_separator_keeps_its_leaves(void **state)
{
    enum { NUMBERS = 8000 };
    rig *on = *state;
    uint8_t bytes[120];
    on->options.split = "short_sep";
    open_with(on, "leanstore60");
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < NUMBERS; i++) {
        tl_slice key = group_key(scattered(i, NUMBERS), bytes), none = {NULL, 0};
        check_ok(tl_put(txn, TL_TREE_MAIN, key, none, 0));
        model_put(&on->truth, key, none);
    }
    for (unsigned i = 0; i < NUMBERS; i++) {
        tl_slice key = group_key(scattered(i, NUMBERS) ^ 2, bytes);
        check_ok(tl_del(txn, TL_TREE_MAIN, key));
        model_del(&on->truth, key);
        if (i % 500 != 499)
            continue;
        check_ok(tl_txn_commit(txn));
        check_sound(on->env, &on->truth);
        txn = begin(on);
    }
    tl_txn_abort(txn);
    tl_stats stats = stats_of(on->env);
    print_message("%llu merges, %llu refused by the parent\n",
                  (unsigned long long)stats.merges_many,
                  (unsigned long long)stats.merge_refused_separator);
    assert_true(stats.merges_many > 0 && stats.merge_refused_separator > 0);
    assert_true(stats.merges_many_refused >= stats.merge_refused_separator);
}

/* Deletes in one txn, in an order that makes groups merge; the first status but TL_OK. */
static tl_status delete_odd_numbers(rig *on, tl_txn *txn)
{
    for (unsigned i = 0; i < 400; i++) {
        key_buffer buffer;
        unsigned number = scattered(i, 400);
        if (number % 2 == 0)
            continue;
        tl_status status = tl_del(txn, TL_TREE_MAIN, key_of(number, &buffer));
        if (status != TL_OK)
            return status;
        model_del(&on->truth, key_of(number, &buffer));
    }
    return TL_OK;
}

static void whichever_allocation_fails_no_record_is_lost(void **state)
{
    (void)state;
    for (uint64_t nth = 1;; nth++) {
        rig on;
        model before = {0};
        rig_make(&on);
        open_with(&on, "leanstore60");
        put_range(on.env, &on.truth, 0, 400, 'a', 60);
        model_copy(&before, &on.truth);
        tl_txn *txn = begin(&on);
        faultmem_plan(&on.memory, nth, false);
        tl_status status = delete_odd_numbers(&on, txn);
        bool fired = on.memory.fired != 0;
        faultmem_plan(&on.memory, 0, false);
        assert_true(status == TL_OK || status == TL_NO_MEMORY);
        if (status == TL_OK) {
            check_content(txn, &on.truth);
            check_ok(tl_txn_commit(txn));
        } else { /* it can only be aborted */
            model_copy(&on.truth, &before);
            tl_txn_abort(txn);
        }
        rig_compare(&on);
        assert_true(fired || stats_of(on.env).merges_many > 0);
        model_clear(&before);
        rig_drop(&on);
        if (!fired)
            return;
        assert_true(nth < 1000);
    }
}

/* What a delete may take is set aside, however many neighbours it copies. */
static void a_full_file_takes_such_deletes(void **state)
{
    rig *on = *state;
    on->options.max_bytes = 256 << 10;
    open_with(on, "leanstore60");
    unsigned count = 0;
    for (;; count++) { /* ends: the file is full some time */
        key_buffer buffer;
        uint8_t value[60] = {0};
        tl_slice key = key_of(count, &buffer), bytes = tl_slice_of(value, sizeof value);
        tl_txn *txn = begin(on);
        tl_status status = tl_put(txn, TL_TREE_MAIN, key, bytes, 0);
        if (status == TL_OK)
            status = tl_txn_commit(txn);
        else
            tl_txn_abort(txn);
        if (status != TL_OK) {
            check_status(TL_NO_SPACE, status);
            break;
        }
        model_put(&on->truth, key, bytes);
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned number = (unsigned)((uint64_t)i * 99991 % count); /* a prime: each once */
        tl_txn *txn = begin(on);
        del(on, txn, number);
        check_ok(tl_txn_commit(txn));
    }
    assert_true(stats_of(on->env).merges_many > 0);
    assert_int_equal(on->truth.count, 0);
    rig_compare(on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(more_leaves_together_need_fewer_pages),
        rig_test(no_merge_fills_a_leaf_beyond_what_the_strategy_says),
        rig_test(a_snapshot_keeps_its_records_while_leaves_merge),
        rig_test(an_abort_and_a_rollback_undo_such_merges),
        cmocka_unit_test(any_keys_and_values_stay_what_the_model_says),
        rig_test(a_parent_without_room_for_a_separator_keeps_its_leaves),
        cmocka_unit_test(whichever_allocation_fails_no_record_is_lost),
        rig_test(a_full_file_takes_such_deletes),
    };
    return cmocka_run_group_tests_name("merge_many", tests, NULL, NULL);
}
