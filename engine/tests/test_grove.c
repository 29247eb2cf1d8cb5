/* engine/tests/test_grove.c -- random edits of several trees, under savepoints, against one model
 * per tree.
 *
 * The whole state is a grove: names, ids and models.  The running txn has one, each open savepoint
 * one, each read txn one, and so has the newest commit; a rollback, an abort or a kill brings the
 * env back to the matching one.  TL_TEST_SEED=n repeats a failure, TL_TEST_ROUNDS=n runs longer.
 */
#include "engine/base/hash.h"
#include "engine/tests/support/rig.h"

#include <stdio.h>

enum { TREES_MAX = 7, SAVES_MAX = 9, READERS_MAX = 3, STEPS = 3000, VALUE_BYTES_MAX = 9000 };

typedef struct grove {
    tl_tree ids[TREES_MAX]; /* 0: no such tree now; the first is the main tree */
    model trees[TREES_MAX];
} grove;

typedef struct wood {
    rig *on;
    uint64_t random;
    tl_txn *txn, *readers[READERS_MAX];
    grove committed, current, kept[SAVES_MAX], seen[READERS_MAX];
    tl_save saves[SAVES_MAX];
    unsigned save_count;
    tl_tree id_max; /* the highest id that a commit or the running txn was given */
    unsigned rollbacks, releases, drops, snapshots;
    tl_cursor *cursor;
} wood;

static void grove_copy(grove *to, const grove *from)
{
    for (unsigned i = 0; i < TREES_MAX; i++) {
        to->ids[i] = from->ids[i];
        model_copy(&to->trees[i], &from->trees[i]);
    }
}

static void grove_clear(grove *gone)
{
    for (unsigned i = 0; i < TREES_MAX; i++)
        model_clear(&gone->trees[i]);
}

static unsigned below(wood *in, unsigned limit)
{
    return (unsigned)(tl_random_next(&in->random) % limit);
}

static tl_slice name_of(unsigned tree, char name[24])
{
    snprintf(name, 24, tree == 0 ? "main" : "tree number %u", tree);
    return slice_of_text(name);
}

static void expect_tree(tl_txn *txn, tl_tree tree, const model *truth)
{
    uint64_t count = 0;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    check_ok(tl_count(txn, tree, &count));
    assert_int_equal(truth->count, count);
    check_ok(tl_cursor_open(txn, tree, &cursor));
    for (size_t i = 0; i < truth->count; i++) {
        check_ok(tl_cursor_next(cursor, &key, &value));
        assert_int_equal(0, tl_slice_compare(key, model_key(truth, i)));
        assert_int_equal(0, tl_slice_compare(value, model_value(truth, i)));
    }
    check_status(TL_NOT_FOUND, tl_cursor_next(cursor, &key, &value));
    tl_cursor_close(cursor);
}

static void expect_grove(tl_txn *txn, const grove *truth)
{
    char name[24];
    for (unsigned i = 0; i < TREES_MAX; i++) {
        tl_tree tree = 0;
        tl_status status = tl_tree_open(txn, name_of(i, name), 0, &tree);
        check_status(truth->ids[i] != 0 ? TL_OK : TL_NOT_FOUND, status);
        assert_int_equal(truth->ids[i], tree);
        if (tree != 0)
            expect_tree(txn, tree, &truth->trees[i]);
    }
}

static uint64_t hash_of(const grove *truth)
{
    char name[24];
    uint64_t hash = 0;
    for (unsigned i = 0; i < TREES_MAX; i++)
        if (truth->ids[i] != 0)
            hash += tl_mix64(truth->trees[i].hash ^
                             tl_record_hash(name_of(i, name), tl_slice_of(NULL, 0)));
    return hash;
}

static void verify(wood *in)
{
    tl_verify_summary summary;
    check_ok(tl_verify(in->on->env, NULL, NULL, &summary));
    assert_true(summary.trees_hash == hash_of(&in->committed));
    assert_true(summary.content_hash == in->committed.trees[0].hash);
}

static void cursor_drop(wood *in)
{
    tl_cursor_close(in->cursor);
    in->cursor = NULL;
}

static void edit(wood *in, unsigned tree)
{
    key_buffer buffer;
    static char value[VALUE_BYTES_MAX];
    tl_slice key = key_of(below(in, 60) * below(in, 12), &buffer);
    model *truth = &in->current.trees[tree];
    if (below(in, 3) == 0) {
        bool there = model_del(truth, key);
        check_status(there ? TL_OK : TL_NOT_FOUND, tl_del(in->txn, in->current.ids[tree], key));
        return;
    }
    bool large = below(in, 12) == 0; /* in an extent, which no page holds */
    size_t size = large ? below(in, VALUE_BYTES_MAX) : below(in, 150);
    memset(value, 'a' + (int)below(in, 26), size);
    tl_slice bytes = tl_slice_of(value, size);
    check_ok(tl_put(in->txn, in->current.ids[tree], key, bytes, 0));
    model_put(truth, key, bytes);
}

static void op_edit(wood *in)
{
    unsigned tree = below(in, TREES_MAX);
    bool alternate = below(in, 4) == 0;
    for (unsigned i = below(in, 40); i > 0; i--) {
        if (in->current.ids[tree] != 0)
            edit(in, tree);
        if (alternate)
            tree = below(in, TREES_MAX);
    }
}

static void op_make(wood *in)
{
    char name[24];
    unsigned i = below(in, TREES_MAX);
    tl_tree tree = 0, had = in->current.ids[i];
    check_ok(tl_tree_open(in->txn, name_of(i, name), TL_TREE_CREATE, &tree));
    if (had != 0)
        assert_int_equal(had, tree);
    else
        assert_true(tree > in->id_max);
    in->id_max = tree > in->id_max ? tree : in->id_max;
    in->current.ids[i] = tree;
}

static void op_drop(wood *in)
{
    unsigned i = 1 + below(in, TREES_MAX - 1);
    if (in->current.ids[i] == 0)
        return;
    check_ok(tl_tree_drop(in->txn, in->current.ids[i]));
    in->current.ids[i] = 0;
    model_clear(&in->current.trees[i]);
    in->drops++;
}

static void op_save(wood *in)
{
    if (in->save_count == SAVES_MAX)
        return;
    grove_copy(&in->kept[in->save_count], &in->current);
    check_ok(tl_savepoint(in->txn, &in->saves[in->save_count++]));
}

static void op_rollback(wood *in)
{
    if (in->save_count == 0)
        return;
    unsigned to = below(in, in->save_count);
    check_ok(tl_rollback_to(in->txn, in->saves[to]));
    grove_copy(&in->current, &in->kept[to]);
    in->save_count = to;
    in->rollbacks++;
    if (in->cursor != NULL) {
        tl_slice key, value;
        check_status(TL_INVALID, tl_cursor_next(in->cursor, &key, &value));
    }
    cursor_drop(in);
}

static void op_release(wood *in)
{
    if (in->save_count == 0)
        return;
    unsigned to = below(in, in->save_count);
    check_ok(tl_savepoint_release(in->txn, in->saves[to]));
    in->save_count = to;
    in->releases++;
}

static void op_cursor(wood *in)
{
    tl_slice key, value;
    unsigned tree = below(in, TREES_MAX);
    if (in->cursor == NULL && in->current.ids[tree] != 0)
        check_ok(tl_cursor_open(in->txn, in->current.ids[tree], &in->cursor));
    for (unsigned i = 0; in->cursor != NULL && i < 5; i++) {
        tl_status status = tl_cursor_next(in->cursor, &key, &value);
        assert_true(status == TL_OK || status == TL_NOT_FOUND);
    }
}

static void op_look(wood *in)
{
    expect_grove(in->txn, &in->current);
}

static void op_end(wood *in)
{
    cursor_drop(in);
    in->save_count = 0;
    if (below(in, 4) == 0) {
        tl_txn_abort(in->txn);
        grove_copy(&in->current, &in->committed);
    } else {
        check_ok(tl_txn_commit(in->txn));
        grove_copy(&in->committed, &in->current);
    }
    in->id_max = 1; /* what an aborted txn was given is void */
    for (unsigned i = 0; i < TREES_MAX; i++)
        in->id_max = in->committed.ids[i] > in->id_max ? in->committed.ids[i] : in->id_max;
    in->txn = NULL;
}

static void op_reader(wood *in)
{
    unsigned i = below(in, READERS_MAX);
    if (in->readers[i] == NULL) {
        check_ok(tl_txn_begin(in->on->env, TL_TXN_READ_ONLY, &in->readers[i]));
        grove_copy(&in->seen[i], &in->committed);
        return;
    }
    expect_grove(in->readers[i], &in->seen[i]);
    tl_txn_abort(in->readers[i]);
    in->readers[i] = NULL;
    in->snapshots++;
}

static void op_reopen(wood *in)
{
    for (unsigned i = 0; i < READERS_MAX; i++) {
        tl_txn_abort(in->readers[i]);
        in->readers[i] = NULL;
    }
    if (below(in, 2) == 0)
        rig_close(in->on);
    else
        rig_abandon(in->on);
    rig_open(in->on);
    verify(in);
}

typedef struct operation {
    unsigned weight;
    bool in_txn;
    void (*run)(wood *in);
} operation;

static const operation operations[] = {
    {60, true,  op_edit    },
    {12, true,  op_make    },
    {5,  true,  op_drop    },
    {16, true,  op_save    },
    {9,  true,  op_rollback},
    {3,  true,  op_release },
    {6,  true,  op_cursor  },
    {3,  true,  op_look    },
    {8,  true,  op_end     },
    {8,  false, op_reader  },
};

static void step(wood *in)
{
    unsigned ticket = below(in, 130);
    const operation *at = operations, *end = at + sizeof operations / sizeof operations[0];
    for (; at < end && ticket >= at->weight; at++)
        ticket -= at->weight;
    if (at == end)
        return;
    if (at->in_txn && in->txn == NULL)
        check_ok(tl_txn_begin(in->on->env, 0, &in->txn));
    at->run(in);
    if (in->txn != NULL)
        return;
    if (below(in, 8) == 0)
        check_ok(tl_env_checkpoint(in->on->env));
    if (below(in, 4) == 0)
        verify(in);
    if (below(in, 12) == 0)
        op_reopen(in);
}

static void wander(rig *on, const char *commit, const char *leaf, uint32_t page_bytes,
                   uint64_t seed)
{
    static wood in;
    memset(&in, 0, sizeof in);
    in.on = on;
    in.random = seed;
    in.id_max = 1;
    in.committed.ids[0] = in.current.ids[0] = TL_TREE_MAIN;
    on->options.commit = commit;
    on->options.leaf = leaf;
    on->options.page_bytes = page_bytes;
    on->options.log_value_max = seed % 2 == 0 ? 2000 : 0; /* some are written once, or none */
    on->options.space = seed % 3 == 0 ? "segregated" : "simple";
    on->options.ckpt_bytes = 64 << 10;
    rig_open(on);
    for (unsigned i = 0; i < STEPS; i++)
        step(&in);
    if (in.txn != NULL)
        op_end(&in);
    verify(&in);
    op_reopen(&in);
    assert_true(in.rollbacks > 20 && in.releases > 5 && in.drops > 5 && in.snapshots > 10);
    rig_abandon(on);
    grove_clear(&in.committed);
    grove_clear(&in.current);
    for (unsigned i = 0; i < SAVES_MAX; i++)
        grove_clear(&in.kept[i]);
    for (unsigned i = 0; i < READERS_MAX; i++)
        grove_clear(&in.seen[i]);
}

static void random_trees_under_savepoints_agree_with_their_models(void **state)
{
    (void)state;
    uint64_t seed = check_seed(1), rounds = check_rounds(2);
    static const struct {
        const char *commit, *leaf;
        uint32_t page_bytes;
    } rows[] = {
        {"log",     NULL,      1024},
        {"log",     "bump",    2048},
        {"shadow2", "rebuild", 1024},
        {"shadow2", NULL,      4096},
        {"log",     "sidecar", 1024},
    };
    for (uint64_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            rig on;
            print_message("TL_TEST_SEED=%llu, row %zu\n", (unsigned long long)(seed + round), i);
            rig_make(&on);
            wander(&on, rows[i].commit, rows[i].leaf, rows[i].page_bytes, seed + round);
            rig_drop(&on);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_trees_under_savepoints_agree_with_their_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
