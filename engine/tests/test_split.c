/* engine/tests/test_split.c -- splits and merges under keys and values chosen to be awkward.
 *
 * Every put within the limits must succeed, every delete must, and the verifier must find nothing
 * and the model nothing missing, whatever the fences, prefixes and sizes.  Small pages make the
 * corners frequent; larger ones see that nothing depends on 1 KiB.
 */
#include "engine/base/hash.h"
#include "engine/base/slice.h"
#include "engine/tests/unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 2040, MODEL_MAX = 6000 };

typedef struct record {
    size_t key_bytes;
    uint64_t hash; /* of key and value */
    uint8_t key[];
} record;

typedef struct model { /* sorted; owns its records */
    record *at[MODEL_MAX];
    size_t count;
    uint64_t hash;
} model;

static size_t model_find(const model *m, tl_slice key, bool *equal)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const record *r = m->at[middle];
        if (tl_slice_compare(tl_slice_of(r->key, r->key_bytes), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *equal = low < m->count &&
             tl_slice_compare(tl_slice_of(m->at[low]->key, m->at[low]->key_bytes), key) == 0;
    return low;
}

static void model_put(model *m, tl_slice key, tl_slice value)
{
    bool equal;
    size_t index = model_find(m, key, &equal);
    if (!equal) {
        assert_true(m->count < MODEL_MAX);
        record *r = malloc(sizeof *r + key.size_bytes);
        assert_non_null(r);
        r->key_bytes = key.size_bytes;
        r->hash = 0;
        memcpy(r->key, key.data, key.size_bytes);
        memmove(&m->at[index + 1], &m->at[index], (m->count - index) * sizeof m->at[0]);
        m->at[index] = r;
        m->count++;
    }
    m->hash -= m->at[index]->hash;
    m->at[index]->hash = tl_record_hash(key, value);
    m->hash += m->at[index]->hash;
}

static void model_del(model *m, size_t index)
{
    m->hash -= m->at[index]->hash;
    free(m->at[index]);
    m->count--;
    memmove(&m->at[index], &m->at[index + 1], (m->count - index) * sizeof m->at[0]);
}

static void model_free(model *m)
{
    while (m->count != 0)
        model_del(m, m->count - 1);
}

typedef struct maker { /* of keys */
    uint64_t *random;
    size_t key_max;
    uint64_t counter;
} maker;

/* All but the last bytes shared: every fence is as long as a key can be. */
static size_t key_long_prefix(maker *m, uint8_t *key)
{
    memset(key, 'p', m->key_max);
    for (size_t i = 0; i < 3; i++)
        key[m->key_max - 1 - i] = (uint8_t)unit_below(m->random, 256);
    return m->key_max;
}

/* Longest keys in ascending order, so that a full last leaf splits again and again. */
static size_t key_long_ascending(maker *m, uint8_t *key)
{
    uint64_t number = m->counter++;
    memset(key, 'p', m->key_max);
    for (size_t i = 0; i < 4; i++, number >>= 8)
        key[m->key_max - 1 - i] = (uint8_t)number;
    return m->key_max;
}

/* A few bytes, zeros among them: "a", "a\0", "a\0\0" ... */
static size_t key_short(maker *m, uint8_t *key)
{
    size_t size = 1 + unit_below(m->random, 6);
    for (size_t i = 0; i < size; i++)
        key[i] = unit_below(m->random, 2) == 0 ? 0 : (uint8_t)unit_below(m->random, 256);
    return size < m->key_max ? size : m->key_max;
}

/* Prefixes nested to any depth.  Neighbours share much or nothing, separators are one byte
 * or nearly a whole key, and merging shortens prefixes. */
static size_t key_nested(maker *m, uint8_t *key)
{
    size_t depth = unit_below(m->random, (uint32_t)m->key_max - 1);
    size_t tail =
        1 + unit_below(m->random, (uint32_t)(m->key_max - depth < 8 ? m->key_max - depth : 8));
    memset(key, 'x', depth);
    for (size_t i = 0; i < tail; i++)
        key[depth + i] = (uint8_t)unit_below(m->random, 256);
    return depth + tail;
}

/* One byte against all of them: "m", then "mzzzz...z?" between short neighbours. */
static size_t key_short_among_long(maker *m, uint8_t *key)
{
    key[0] = (uint8_t)unit_below(m->random, 256);
    key[1] = (uint8_t)unit_below(m->random, 4);
    if (unit_below(m->random, 2) == 0)
        return m->key_max < 2 ? 1 : 2;
    memset(key + 2, 'z', m->key_max - 2);
    key[m->key_max - 1] = (uint8_t)unit_below(m->random, 256);
    return m->key_max;
}

static size_t key_uniform(maker *m, uint8_t *key)
{
    size_t size = 1 + unit_below(m->random, (uint32_t)(m->key_max < 40 ? m->key_max : 40));
    for (size_t i = 0; i < size; i++)
        key[i] = (uint8_t)unit_below(m->random, 256);
    return size;
}

typedef size_t (*key_fn)(maker *m, uint8_t *key);
static const struct {
    const char *name;
    key_fn make;
} key_kinds[] = {
    {"long_prefix",      key_long_prefix     },
    {"long_ascending",   key_long_ascending  },
    {"short",            key_short           },
    {"nested",           key_nested          },
    {"short_among_long", key_short_among_long},
    {"uniform",          key_uniform         },
};

typedef struct trial {
    const char *leaf, *split, *fill;
    uint32_t page_bytes, max_key_bytes;
    size_t kind;
    unsigned ops, txn_ops;
} trial;

typedef struct run_state {
    tl_env *env;
    model *model;
    maker maker;
    uint64_t random;
    uint32_t record_max; /* bytes of key and value together */
    uint8_t *value;
} run_state;

/* Mostly at the limits: nothing, or all that fits beside the key. */
static size_t value_bytes(run_state *r, size_t key_bytes)
{
    uint32_t most = r->record_max - (uint32_t)key_bytes;
    switch (unit_below(&r->random, 4)) {
    case 0:
        return 0;
    case 1:
        return most;
    default:
        return unit_below(&r->random, (most < 60 ? most : 60) + 1);
    }
}

static void put_one(run_state *r, tl_txn *txn, key_fn make)
{
    uint8_t bytes[KEY_MAX];
    tl_slice key = tl_slice_of(bytes, make(&r->maker, bytes));
    tl_slice value = tl_slice_of(r->value, value_bytes(r, key.size_bytes));
    memset(r->value, (int)unit_below(&r->random, 256), value.size_bytes);
    tl_status status = tl_put(txn, TL_TREE_MAIN, key, value, 0);
    if (status != TL_OK)
        fail_msg("a put of %zu + %zu bytes: %s", key.size_bytes, value.size_bytes,
                 tl_status_name(status));
    model_put(r->model, key, value);
}

/* Delete a random record, or one next to the last deleted, which empties whole leaves. */
static void del_one(run_state *r, tl_txn *txn, size_t *near)
{
    model *m = r->model;
    if (unit_below(&r->random, 8) == 0)
        *near = unit_below(&r->random, (uint32_t)m->count);
    size_t index = *near < m->count ? *near : m->count - 1;
    tl_slice key = tl_slice_of(m->at[index]->key, m->at[index]->key_bytes);
    assert_int_equal(tl_del(txn, TL_TREE_MAIN, key), TL_OK);
    model_del(m, index);
}

static void expect_model(run_state *r)
{
    tl_verify_summary summary = unit_expect_clean(r->env);
    assert_int_equal(summary.records, r->model->count);
    assert_true(summary.content_hash == r->model->hash);
}

static void edit_in_txns(run_state *r, const trial *t, unsigned ops, unsigned put_percent)
{
    size_t near = 0;
    for (unsigned done = 0; done < ops; done += t->txn_ops) {
        tl_txn *txn = NULL;
        assert_int_equal(tl_txn_begin(r->env, 0, &txn), TL_OK);
        for (unsigned i = 0; i < t->txn_ops; i++)
            if (r->model->count == 0 || unit_below(&r->random, 100) < put_percent)
                put_one(r, txn, key_kinds[t->kind].make);
            else
                del_one(r, txn, &near);
        uint64_t count = 0;
        assert_int_equal(tl_count(txn, TL_TREE_MAIN, &count), TL_OK);
        assert_int_equal(count, r->model->count);
        assert_int_equal(tl_txn_commit(txn), TL_OK);
        expect_model(r);
    }
}

/* Walk both ways and compare every key with the model. */
static void expect_order(run_state *r)
{
    tl_txn *txn = NULL;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    const model *m = r->model;
    assert_int_equal(tl_txn_begin(r->env, TL_TXN_READ_ONLY, &txn), TL_OK);
    assert_int_equal(tl_cursor_open(txn, TL_TREE_MAIN, &cursor), TL_OK);
    for (size_t i = 0; i < m->count; i++) {
        assert_int_equal(tl_cursor_next(cursor, &key, &value), TL_OK);
        assert_int_equal(tl_slice_compare(key, tl_slice_of(m->at[i]->key, m->at[i]->key_bytes)), 0);
        assert_true(tl_record_hash(key, value) == m->at[i]->hash);
    }
    assert_int_equal(tl_cursor_next(cursor, &key, &value), TL_NOT_FOUND);
    for (size_t i = m->count; i-- > 0;) {
        assert_int_equal(tl_cursor_prev(cursor, &key, &value), TL_OK);
        assert_true(tl_record_hash(key, value) == m->at[i]->hash);
    }
    assert_int_equal(tl_cursor_prev(cursor, &key, &value), TL_NOT_FOUND);
    tl_cursor_close(cursor);
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

static void stats_add(tl_stats *sum, const tl_stats *one)
{
    for (size_t i = 0; i < TL_STATS_COUNT; i++)
        ((uint64_t *)sum)[i] += ((const uint64_t *)one)[i];
}

/* A strategy without sense: any kind, known or not, cut anywhere or nowhere, whatever it sees. */
static void garbage_choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    uint64_t random = tl_mix64(input->weights[input->count] ^ input->new_index << 17);
    for (size_t i = 0; i < input->lower.size_bytes; i++)
        random = tl_mix64(random ^ ((const uint8_t *)input->lower.data)[i]);
    plan->kind = unit_below(&random, TL_SPLIT_KIND_COUNT + 2);
    plan->at = unit_below(&random, 8) == 0 ? UINT_MAX - unit_below(&random, 9)
                                           : unit_below(&random, 2 * input->count + 3);
    plan->at2 = unit_below(&random, 8) == 0 ? UINT_MAX - unit_below(&random, 9)
                                            : plan->at + unit_below(&random, input->count + 3);
    plan->window = unit_below(&random, 4) == 0 ? unit_below(&random, 400) : 0;
    plan->mode = unit_below(&random, TL_MODE_COUNT + 2);
}

static const tl_split_strategy garbage = {
    .name = "garbage", .summary = "", .siblings = TL_SIBLINGS_ANY, .choose = garbage_choose};
static const tl_split_strategy *const garbage_rows[] = {&garbage, NULL};

static void trial_run(const trial *t, uint64_t seed, tl_stats *sum)
{
    static model the_model;
    unit_place place;
    unit_place_make(&place);
    tl_env_options options = {.flags = TL_OPEN_DETERMINISTIC,
                              .durability = TL_DURABILITY_NONE,
                              .page_bytes = t->page_bytes,
                              .max_key_bytes = t->max_key_bytes,
                              .leaf = t->leaf,
                              .split = t->split,
                              .fill = t->fill,
                              .extra_splits = garbage_rows,
                              .map_bytes = UINT64_C(1) << 30,
                              .seed = seed};
    run_state r = {.env = unit_open(&place, &options), .model = &the_model, .random = seed};
    tl_env_info info;
    tl_stats stats;
    tl_env_info_get(r.env, &info);
    r.record_max = info.max_key_bytes + info.inline_value_bytes_max;
    r.value = malloc(r.record_max);
    assert_non_null(r.value);
    r.maker = (maker){.random = &r.random, .key_max = info.max_key_bytes};

    edit_in_txns(&r, t, t->ops, 85);
    expect_order(&r);
    edit_in_txns(&r, t, t->ops / 2, 45);
    edit_in_txns(&r, t, t->ops, 8);
    expect_order(&r);
    edit_in_txns(&r, t, t->ops / 4, 70);
    tl_env_stats(r.env, &stats);
    stats_add(sum, &stats);
    assert_int_equal(stats.alloc_failures, 0);
    tl_env_abandon(r.env); /* all of it replays from the log: the tree is built a second time */
    r.env = unit_open(&place, &options);
    expect_model(&r);
    assert_int_equal(tl_env_close(r.env), TL_OK);
    free(r.value);
    model_free(&the_model);
    unit_place_remove(&place);
}

enum { KINDS = sizeof key_kinds / sizeof key_kinds[0], NAMES_MAX = 64 };

static size_t names_list(const char *const *rows, const char *extra, const char *names[NAMES_MAX])
{
    size_t count = 0;
    for (; *rows != NULL; rows++)
        names[count++] = *rows;
    if (extra != NULL)
        names[count++] = extra;
    return count;
}

/* Every split strategy with `kinds_each` kinds of keys; leaf modes and fills take turns. */
static void trials_at(uint32_t page_bytes, uint32_t max_key_bytes, unsigned ops, unsigned txn_ops,
                      size_t kinds_each, tl_stats *sum)
{
    uint64_t seed = unit_seed(__func__);
    const char *splits[NAMES_MAX], *fills[NAMES_MAX], *leaves[NAMES_MAX];
    size_t split_count = names_list(tl_splits(), "garbage", splits);
    size_t fill_count = names_list(tl_fills(), NULL, fills);
    size_t leaf_count = names_list(tl_leaf_modes(), NULL, leaves), turn = 0;
    for (size_t split = 0; split < split_count; split++)
        for (size_t kind = 0; kind < kinds_each; kind++, turn++) {
            trial t = {.leaf = leaves[turn % leaf_count],
                       .split = splits[split],
                       .fill = fills[turn / 2 % fill_count],
                       .page_bytes = page_bytes,
                       .max_key_bytes = max_key_bytes,
                       .kind = (split + kind) % KINDS,
                       .ops = ops,
                       .txn_ops = txn_ops};
            trial_run(&t, seed ^ (kind << 8 | split), sum);
        }
}

static void every_legal_edit_succeeds_at_1_kib_and_the_verifier_is_clean(void **state)
{
    (void)state;
    tl_stats sum = {0};
    trials_at(1024, 0, 1600, 60, KINDS, &sum);
    /* the hazards were met, not merely passed by */
    assert_true(sum.leaf_splits > 0 && sum.branch_splits > 0 && sum.splits_rightmost > 0);
    assert_true(sum.soft_reencodes > 0 && sum.soft_breaks > 0);
    /* Plans that forgot their fences, and all else that can be wrong with a plan.  How often is
     * what `garbage` happens to draw and no promise; that each was met and answered is. */
    assert_true(sum.split_fallback_fences > 0 && sum.split_fallback_record > 0);
    assert_true(sum.split_fallback_parent > 0 && sum.split_fallback_sibling > 0);
    assert_true(sum.splits_shift_left > 0 && sum.splits_shift_right > 0 && sum.splits_2to3 > 0);
    assert_true(sum.splits_newright > 0 && sum.siblings_copied > 0);
    assert_true(sum.split_mode_changes > 0);
    assert_true(sum.leaf_merges > 0 && sum.branch_merges > 0);
    assert_true(sum.leaf_moves > 0);
    assert_true(sum.merge_refused_size > 0);      /* both pages do not fit one */
    assert_true(sum.merge_refused_separator > 0); /* the parent cannot take the separator */
    assert_true(sum.root_grows > 0 && sum.root_collapses > 0);
}

static void every_legal_edit_succeeds_at_4_and_8_kib(void **state)
{
    (void)state;
    tl_stats sum = {0};
    trials_at(4096, 0, 1600, 80, 1, &sum);
    trials_at(8192, 1023, 1200, 100, 1, &sum);
    assert_true(sum.leaf_splits > 0 && sum.leaf_merges > 0);
}

static void every_legal_edit_succeeds_at_16_and_64_kib(void **state)
{
    (void)state;
    tl_stats sum = {0};
    trials_at(16384, 2040, 900, 150, 1, &sum);
    trials_at(65536, 2040, 600, 200, 1, &sum);
    assert_true(sum.leaf_splits > 0 && sum.leaf_merges > 0);
}

/* Single-edit txns on tiny pages: each commits and copies its path, and is verified now and then.
 */
static void a_tree_drained_key_by_key_gives_its_pages_back(void **state)
{
    (void)state;
    uint64_t leaves_left = 0; /* also below parents of two children, which long keys make many of */
    static model the_model;
    uint64_t seed = unit_seed(__func__);
    for (size_t kind = 0; kind < KINDS; kind++) {
        unit_place place;
        unit_place_make(&place);
        tl_env_options options = {.flags = TL_OPEN_DETERMINISTIC,
                                  .durability = TL_DURABILITY_NONE,
                                  .page_bytes = 1024,
                                  .map_bytes = UINT64_C(1) << 30};
        uint8_t value[1024];
        run_state r = {.env = unit_open(&place, &options),
                       .model = &the_model,
                       .random = seed + kind,
                       .record_max = 279,
                       .value = value};
        r.maker = (maker){.random = &r.random, .key_max = 127};
        trial t = {.kind = kind, .txn_ops = 50};
        edit_in_txns(&r, &t, 800, 100);
        while (the_model.count != 0) {
            size_t near = unit_below(&r.random, (uint32_t)the_model.count);
            tl_txn *txn = NULL;
            assert_int_equal(tl_txn_begin(r.env, 0, &txn), TL_OK);
            del_one(&r, txn, &near);
            assert_int_equal(tl_txn_commit(txn), TL_OK);
            if (the_model.count % 32 == 0)
                expect_model(&r);
        }
        /* Neither spare slots nor long fences make an emptied branch look full. */
        tl_verify_summary summary = unit_expect_clean(r.env);
        assert_int_equal(summary.records, 0);
        leaves_left += summary.leaves;
        assert_int_equal(tl_env_close(r.env), TL_OK);
        unit_place_remove(&place);
    }
    assert_int_equal(leaves_left, KINDS); /* one for each tree */
}

static void sizes_beyond_the_limits_are_refused_and_change_nothing(void **state)
{
    (void)state;
    static const struct {
        uint32_t page_bytes, max_key, record_max;
    } rows[] = {
  /* head, slot and value length (10 bytes), key and value together */
        {1024,  127, 289  },
        {4096,  511, 1249 },
        {8192,  511, 3297 },
        {65536, 511, 31969},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unit_place place;
        unit_place_make(&place);
        tl_env_options options = {.page_bytes = rows[i].page_bytes,
                                  .durability = TL_DURABILITY_NONE};
        tl_env *env = unit_open(&place, &options);
        tl_txn *txn = NULL;
        static uint8_t bytes[70000];
        uint32_t most = rows[i].record_max - 10;
        uint32_t max_key = rows[i].max_key;
        uint64_t count = 0;
        assert_int_equal(tl_txn_begin(env, 0, &txn), TL_OK);
        tl_slice longest = tl_slice_of(bytes, max_key), none = tl_slice_of(NULL, 0), got;
        assert_int_equal(tl_put(txn, 1, none, none, 0), TL_KEY_SIZE);
        assert_int_equal(tl_put(txn, 1, tl_slice_of(bytes, max_key + 1), none, 0), TL_KEY_SIZE);
        assert_int_equal(tl_put(txn, 1, longest, tl_slice_of(bytes, SIZE_MAX), 0), TL_VALUE_SIZE);
        assert_int_equal(tl_get(txn, 1, none, &got), TL_KEY_SIZE);
        assert_int_equal(tl_del(txn, 1, tl_slice_of(bytes, max_key + 1)), TL_KEY_SIZE);
        assert_int_equal(tl_count(txn, 1, &count), TL_OK);
        assert_int_equal(count, 0);
        assert_int_equal(tl_put(txn, 1, longest, tl_slice_of(bytes, most - max_key), 0), TL_OK);
        assert_int_equal(tl_put(txn, 1, unit_text("k"), tl_slice_of(bytes, most - 1), 0), TL_OK);
        assert_int_equal(tl_txn_commit(txn), TL_OK);
        assert_int_equal(unit_expect_clean(env).records, 2);
        assert_int_equal(tl_env_close(env), TL_OK);
        unit_place_remove(&place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_legal_edit_succeeds_at_1_kib_and_the_verifier_is_clean),
        cmocka_unit_test(every_legal_edit_succeeds_at_4_and_8_kib),
        cmocka_unit_test(every_legal_edit_succeeds_at_16_and_64_kib),
        cmocka_unit_test(a_tree_drained_key_by_key_gives_its_pages_back),
        cmocka_unit_test(sizes_beyond_the_limits_are_refused_and_change_nothing),
    };
    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
