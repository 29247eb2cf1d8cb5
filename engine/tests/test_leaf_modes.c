/* engine/tests/test_leaf_modes.c -- what every leaf mode promises of a whole database.
 *
 * The modes differ in how, not in what: the same content, whoever wrote the pages before.
 */
#include "engine/base/hash.h"
#include "engine/tests/support/rig.h"

#include <stdio.h>

enum { VALUE_MAX = 200 };

static tl_txn *begin(rig *on)
{
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    return txn;
}

/* A big-endian number. */
static tl_slice number_key(uint64_t number, uint64_t *bytes)
{
    *bytes = __builtin_bswap64(number);
    return tl_slice_of(bytes, sizeof *bytes);
}

static void put(rig *on, tl_txn *txn, uint64_t number, size_t value_bytes)
{
    uint8_t value[VALUE_MAX];
    uint64_t bytes;
    memset(value, (int)(number % 251), value_bytes);
    tl_slice key = number_key(number, &bytes);
    check_ok(tl_put(txn, TL_TREE_MAIN, key, tl_slice_of(value, value_bytes), 0));
    model_put(&on->truth, key, tl_slice_of(value, value_bytes));
}

static void del(rig *on, tl_txn *txn, uint64_t number)
{
    uint64_t bytes;
    tl_slice key = number_key(number, &bytes);
    tl_status status = tl_del(txn, TL_TREE_MAIN, key);
    check_status(model_del(&on->truth, key) ? TL_OK : TL_NOT_FOUND, status);
}

static uint64_t below(uint64_t *random, uint64_t limit)
{
    return tl_random_next(random) % limit;
}

static void random_edits(rig *on, uint64_t *random, unsigned count, uint64_t numbers, size_t least,
                         size_t most)
{
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < count; i++)
        if (below(random, 3) == 0)
            del(on, txn, below(random, numbers));
        else
            put(on, txn, below(random, numbers), least + below(random, most - least + 1));
    check_ok(tl_txn_commit(txn));
}

static void pages_of_every_mode_are_edited_under_every_other(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1024, 4096, 16384};
    uint64_t random = check_seed(1);
    const char *const *modes = tl_leaf_modes();
    for (unsigned s = 0; s < 3; s++)
        for (unsigned first = 0; modes[first] != NULL; first++)
            for (unsigned second = 0; modes[second] != NULL; second++) {
                rig on;
                rig_make(&on);
                on.options.page_bytes = sizes[s];
                on.options.leaf = modes[first];
                rig_open(&on);
                random_edits(&on, &random, 1500, 1200, 12, 12);
                check_sound(on.env, &on.truth);
                on.options.leaf = modes[second];
                rig_reopen(&on);
                random_edits(&on, &random, 400, 1200, 12, 12);
                random_edits(&on, &random, 600, 1200, 0, 60);
                check_sound(on.env, &on.truth);
                on.options.leaf = modes[first];
                rig_reopen(&on);
                random_edits(&on, &random, 400, 1200, 12, 40);
                rig_compare(&on);
                assert_int_equal(0, stats_of(on.env).alloc_failures);
                rig_drop(&on);
            }
}

typedef struct leaf_count {
    unsigned dense, slotted;
} leaf_count;

static void count_leaf(void *context, const char *line)
{
    leaf_count *count = context;
    count->dense += strstr(line, ": dense leaf, level 0, tree 1,") != NULL;
    count->slotted += strstr(line, ": leaf, level 0, tree 1,") != NULL;
}

/* Leaves of numbers stay dense through splits, merges and moves. */
static void leaves_of_records_of_one_size_are_dense(void **state)
{
    rig *on = *state;
    uint64_t random = check_seed(2);
    on->options.leaf = "dense";
    rig_open(on);
    for (unsigned round = 0; round < 20; round++)
        random_edits(on, &random, 400, 3000, 8, 8);
    tl_stats stats = stats_of(on->env);
    assert_true(stats.leaf_splits > 20);
    assert_int_equal(0, stats.dense_given_up);
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < 3000; i++)
        if (i % 40 != 0)
            del(on, txn, i);
    check_ok(tl_txn_commit(txn));
    assert_true(stats_of(on->env).leaf_merges > 10);
    rig_reopen(on);
    leaf_count count = {0, 0};
    tl_env_info info = info_of(on->env);
    rig_compare(on); /* loads every live page */
    for (uint32_t pgno = 0; pgno < info.page_count; pgno++)
        check_ok(tl_dump_page(on->env, pgno, count_leaf, &count));
    assert_true(count.dense > 0);
    txn = begin(on);
    put(on, txn, 40, 9); /* another size: this leaf gets slots, the others stay */
    check_ok(tl_txn_commit(txn));
    assert_int_equal(1, stats_of(on->env).dense_given_up);
    rig_compare(on);
}

/* A full leaf loses a record and gains one, again and again: no mode but rebuild writes pages anew
 * for it more often than now and then, and none refuses what it promised. */
static void alternating_deletes_and_inserts_at_a_full_page_do_not_thrash(void **state)
{
    (void)state;
    enum { ROUNDS = 3000 };
    const char *const *modes = tl_leaf_modes();
    for (unsigned m = 0; modes[m] != NULL; m++) {
        rig on;
        rig_make(&on);
        on.options.page_bytes = 4096;
        on.options.leaf = modes[m];
        rig_open(&on);
        tl_txn *txn = begin(&on);
        uint64_t random = check_seed(3), count = 0;
        while (stats_of(on.env).leaf_splits == 0)
            put(&on, txn, count++, 40);
        tl_stats before = stats_of(on.env);
        for (unsigned i = 0; i < ROUNDS; i++) {
            uint64_t number = below(&random, count - 1); /* of the full leaf, not the last */
            del(&on, txn, number);
            put(&on, txn, number, 40);
        }
        tl_stats after = stats_of(on.env);
        check_ok(tl_txn_commit(txn));
        rig_compare(&on);
        uint64_t compactions = after.alloc_compactions - before.alloc_compactions;
        uint64_t rebuilds = after.alloc_rebuilds - before.alloc_rebuilds;
        bool in_place = strcmp(modes[m], "bump") != 0 && strcmp(modes[m], "rebuild") != 0;
        if (in_place && compactions > 2)
            fail_msg("%s compacted %d times", modes[m], (int)compactions);
        assert_true(compactions <= ROUNDS); /* bump: whenever the hole is the only room */
        assert_true(strcmp(modes[m], "rebuild") == 0 ? rebuilds >= ROUNDS : rebuilds == 0);
        assert_int_equal(0, after.alloc_failures);
        assert_true(after.leaf_splits - before.leaf_splits <= 1);
        rig_drop(&on);
    }
}

/* The pool of sidecars can be refused at any time; the mode then does without. */
static void sidecar_opens_without_memory_for_its_pool(void **state)
{
    (void)state;
    bool went_without = false;
    for (uint64_t nth = 1; nth < 60 && !went_without; nth++) {
        rig on;
        rig_make(&on);
        uint64_t random = check_seed(4);
        on.options.leaf = "sidecar";
        faultmem_plan(&on.memory, nth, false);
        tl_status status = rig_try_open(&on);
        faultmem_plan(&on.memory, 0, false);
        if (status == TL_OK) {
            random_edits(&on, &random, 3000, 300, 0, 100);
            rig_compare(&on);
            went_without = stats_of(on.env).sidecar_reuse == 0;
        } else {
            check_status(TL_NO_MEMORY, status);
        }
        rig_drop(&on);
    }
    assert_true(went_without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_of_every_mode_are_edited_under_every_other),
        rig_test(leaves_of_records_of_one_size_are_dense),
        cmocka_unit_test(alternating_deletes_and_inserts_at_a_full_page_do_not_thrash),
        cmocka_unit_test(sidecar_opens_without_memory_for_its_pool),
    };
    return cmocka_run_group_tests_name("leaf_modes", tests, NULL, NULL);
}
