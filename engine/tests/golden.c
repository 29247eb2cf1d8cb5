/* engine/tests/golden.c -- see golden.h. */
#include "engine/tests/golden.h"

#include <stdio.h>
#include <string.h>

enum { NUMBERS = 90, GONE_FIRST = 10, GONE_END = 30, LONG_KEYS = 8, SHORT_KEYS = 3 };
enum { SIDE = 120, SIDE_GONE_FIRST = 20, SIDE_GONE_END = 60, DENSE = 70, LARGE = 3, LATE = 2 };

tl_env_options golden_options(void)
{
    return (tl_env_options){.flags = TL_OPEN_DETERMINISTIC,
                            .page_bytes = GOLDEN_PAGE_BYTES,
                            .growth_bytes = 8 * GOLDEN_PAGE_BYTES,
                            .log_bytes = 8192,
                            .log_value_max = 1000,
                            .seed = 7};
}

static golden_record number(unsigned i)
{
    golden_record record = {.key_bytes = 8, .value_bytes = i % 7 * 5};
    char digits[16];
    snprintf(digits, sizeof digits, "%08u", i);
    memcpy(record.key, digits, 8);
    memset(record.value, 'a' + (int)(i % 26), record.value_bytes);
    return record;
}

static golden_record long_key(unsigned i)
{
    static const char shared[] = "a long key that shares its beginning with seven others, so that "
                                 "separators are long ";
    golden_record record = {.key_bytes = sizeof shared, .value = "long", .value_bytes = 4};
    memcpy(record.key, shared, sizeof shared - 1);
    record.key[sizeof shared - 1] = (uint8_t)('0' + i);
    return record;
}

static golden_record short_key(unsigned i) /* "~", "~\0", "~\0\0" */
{
    return (golden_record){.key = "~", .key_bytes = 1 + i, .value = "short", .value_bytes = 5};
}

/* Of the named trees: keys that share a beginning, values of one size or too large for a leaf. */
static golden_record numbered(const char *beginning, unsigned i, size_t value_bytes)
{
    golden_record record = {.value_bytes = value_bytes};
    char text[32];
    record.key_bytes = (size_t)snprintf(text, sizeof text, "%s%05u", beginning, i);
    memcpy(record.key, text, record.key_bytes);
    for (size_t b = 0; b < value_bytes; b++)
        record.value[b] = (uint8_t)(b * 7 + b / 256 + i);
    return record;
}

static golden_record side(unsigned i)
{
    return numbered("beside ", i, 12);
}

static golden_record dense(unsigned i)
{
    return numbered("", i, 8);
}

static golden_record large(unsigned i) /* 1500, 2250 and 3000 bytes */
{
    return numbered("large ", i, 1500 + 750 * (size_t)i);
}

static golden_record late(unsigned i)
{
    return numbered("late ", i, i);
}

static void put_into(tl_txn *txn, tl_tree tree, golden_record record)
{
    assert_int_equal(tl_put(txn, tree, unit_slice(record.key, record.key_bytes),
                            unit_slice(record.value, record.value_bytes), 0),
                     TL_OK);
}

static void put(tl_txn *txn, golden_record record)
{
    put_into(txn, TL_TREE_MAIN, record);
}

static void del(tl_txn *txn, golden_record record)
{
    assert_int_equal(tl_del(txn, TL_TREE_MAIN, unit_slice(record.key, record.key_bytes)), TL_OK);
}

static tl_tree tree_of(tl_txn *txn, const char *name)
{
    tl_tree tree = 0;
    assert_int_equal(tl_tree_open(txn, unit_text(name), TL_TREE_CREATE, &tree), TL_OK);
    return tree;
}

static tl_txn *begin(tl_env *env)
{
    tl_txn *txn = NULL;
    assert_int_equal(tl_txn_begin(env, 0, &txn), TL_OK);
    return txn;
}

static golden_record updated(void)
{
    golden_record record = number(0);
    memcpy(record.value, "updated", 7);
    record.value_bytes = 7;
    return record;
}

/* The main tree up to its first checkpoint. */
static void make_main(tl_env *env)
{
    tl_txn *txn = begin(env);
    for (unsigned i = 0; i < 60; i++)
        put(txn, number(i));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    txn = begin(env);
    for (unsigned i = 0; i < LONG_KEYS; i++)
        put(txn, long_key(i));
    for (unsigned i = 0; i < SHORT_KEYS; i++)
        put(txn, short_key(i));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

static void change_main(tl_env *env)
{
    tl_txn *txn = begin(env);
    for (unsigned i = GONE_FIRST; i < GONE_END; i++)
        del(txn, number(i));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    txn = begin(env);
    for (unsigned i = 60; i < NUMBERS; i++)
        put(txn, number(i));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

/* Trees of keys that come in order, so that pages at the right edge get a soft prefix; of values in
 * extents; and one that will be dropped. */
static void make_named_trees(tl_env *env)
{
    tl_txn *txn = begin(env);
    tl_tree tree = tree_of(txn, "side");
    for (unsigned i = 0; i < SIDE; i++)
        put_into(txn, tree, side(i));
    tree = tree_of(txn, "large");
    for (unsigned i = 0; i + 1 < LARGE; i++)
        put_into(txn, tree, large(i));
    put_into(txn, tree_of(txn, "gone"), side(0));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

static void make_dense_tree(tl_env *env)
{
    tl_txn *txn = begin(env);
    tl_tree tree = tree_of(txn, "dense");
    for (unsigned i = 0; i < DENSE; i++)
        put_into(txn, tree, dense(i));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

/* Frames that wait for replay: with every operation that there is. */
static void leave_frames(tl_env *env)
{
    golden_record low = side(SIDE_GONE_FIRST), high = side(SIDE_GONE_END);
    tl_range range = {.lower = unit_slice(low.key, low.key_bytes),
                      .upper = unit_slice(high.key, high.key_bytes)};
    uint64_t deleted = 0;
    tl_txn *txn = begin(env);
    put(txn, updated());
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    txn = begin(env);
    del(txn, short_key(1));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    txn = begin(env);
    tl_tree tree = tree_of(txn, "late");
    for (unsigned i = 0; i < LATE; i++)
        put_into(txn, tree, late(i));
    assert_int_equal(tl_del_range(txn, tree_of(txn, "side"), &range, &deleted), TL_OK);
    assert_int_equal(deleted, SIDE_GONE_END - SIDE_GONE_FIRST);
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    txn = begin(env);
    put_into(txn, tree_of(txn, "large"), large(LARGE - 1));
    assert_int_equal(tl_tree_drop(txn, tree_of(txn, "gone")), TL_OK);
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

void golden_make(const unit_place *place)
{
    tl_env_options options = golden_options(), in_dense_mode = golden_options();
    in_dense_mode.leaf = "dense";
    tl_env *env = unit_open(place, &options);
    make_main(env);
    assert_int_equal(tl_env_checkpoint(env), TL_OK);
    make_named_trees(env);
    change_main(env);
    tl_env_abandon(env);

    env = unit_open(place, &in_dense_mode); /* recovery's checkpoint, and a new life of the log */
    make_dense_tree(env);
    assert_int_equal(tl_env_close(env), TL_OK);

    env = unit_open(place, &options);
    leave_frames(env);
    tl_env_abandon(env);
}

static golden_tree *tree_begin(golden_tree *tree, const char *name)
{
    *tree = (golden_tree){.count = 0};
    snprintf(tree->name, sizeof tree->name, "%s", name);
    return tree;
}

static void tree_add(golden_tree *tree, golden_record record)
{
    tree->records[tree->count++] = record;
}

static void main_contents(golden_tree *tree)
{
    for (unsigned i = 0; i < NUMBERS; i++)
        if (i < GONE_FIRST || i >= GONE_END)
            tree_add(tree, i == 0 ? updated() : number(i));
    for (unsigned i = 0; i < LONG_KEYS; i++)
        tree_add(tree, long_key(i));
    for (unsigned i = 0; i < SHORT_KEYS; i += 2)
        tree_add(tree, short_key(i));
}

size_t golden_contents(unsigned version, golden_tree trees[GOLDEN_TREES_MAX])
{
    size_t count = 0;
    golden_tree *tree;
    if (version == 1) {
        main_contents(tree_begin(&trees[0], "main"));
        return 1;
    }
    tree = tree_begin(&trees[count++], "dense");
    for (unsigned i = 0; i < DENSE; i++)
        tree_add(tree, dense(i));
    tree = tree_begin(&trees[count++], "large");
    for (unsigned i = 0; i < LARGE; i++)
        tree_add(tree, large(i));
    tree = tree_begin(&trees[count++], "late");
    for (unsigned i = 0; i < LATE; i++)
        tree_add(tree, late(i));
    main_contents(tree_begin(&trees[count++], "main"));
    tree = tree_begin(&trees[count++], "side");
    for (unsigned i = 0; i < SIDE; i++)
        if (i < SIDE_GONE_FIRST || i >= SIDE_GONE_END)
            tree_add(tree, side(i));
    return count;
}

unsigned golden_frames(unsigned version)
{
    return version == 1 ? 2 : 4;
}

static unit_bytes kept_file(unsigned version, const char *name)
{
    char path[80]; /* tests run at the root of the source tree */
    snprintf(path, sizeof path, "engine/tests/golden/v%u/%s", version, name);
    return unit_file_read(path);
}

void golden_copy(const unit_place *place, unsigned version)
{
    unit_files files = {
        kept_file(version, "x.tl"), {kept_file(version, "x.log.0"), kept_file(version, "x.log.1")}
    };
    unit_files_write(place, &files);
    unit_files_free(&files);
}
