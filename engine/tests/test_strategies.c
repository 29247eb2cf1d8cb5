/* engine/tests/test_strategies.c -- what each strategy is for, seen in counters and page counts;
 * and a strategy from outside. */
#include "engine/base/hash.h"
#include "engine/tests/unit.h"

#include <stdlib.h>
#include <string.h>

extern const tl_split_strategy *const example_splits[];
extern const tl_fill_strategy *const example_fills[];

enum { VALUE_BYTES = 100 };

typedef struct load {
    unit_place place;
    tl_env *env;
    tl_txn *txn;
} load;

static void load_begin(load *l, tl_env_options options)
{
    unit_place_make(&l->place);
    options.flags |= TL_OPEN_DETERMINISTIC;
    options.durability = TL_DURABILITY_NONE;
    options.map_bytes = UINT64_C(1) << 30;
    l->env = unit_open(&l->place, &options);
    assert_int_equal(tl_txn_begin(l->env, 0, &l->txn), TL_OK);
}

static void load_put(load *l, uint64_t high, uint64_t low, size_t value_bytes)
{
    uint8_t key[16], value[512] = {0};
    for (unsigned i = 0; i < 8; i++) {
        key[i] = (uint8_t)(high >> (56 - 8 * i));
        key[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
    memcpy(value, key, sizeof key);
    assert_int_equal(
        tl_put(l->txn, TL_TREE_MAIN, unit_slice(key, 16), unit_slice(value, value_bytes), 0),
        TL_OK);
}

static void load_commit(load *l)
{
    assert_int_equal(tl_txn_commit(l->txn), TL_OK);
    l->txn = NULL;
}

static void load_next_txn(load *l)
{
    load_commit(l);
    assert_int_equal(tl_txn_begin(l->env, 0, &l->txn), TL_OK);
}

typedef struct outcome {
    tl_stats stats;
    tl_verify_summary summary;
    double fill; /* of the leaves */
} outcome;

static outcome load_end(load *l)
{
    outcome seen;
    if (l->txn != NULL)
        load_commit(l);
    seen.summary = unit_expect_clean(l->env);
    tl_env_stats(l->env, &seen.stats);
    seen.fill = (double)seen.summary.bytes_used / (double)seen.summary.leaf_bytes_capacity;
    assert_int_equal(seen.stats.alloc_failures, 0);
    assert_int_equal(tl_env_close(l->env), TL_OK);
    unit_place_remove(&l->place);
    return seen;
}

static outcome load_random(const char *split, unsigned count, unsigned per_txn, uint64_t seed)
{
    load l;
    load_begin(&l, (tl_env_options){.page_bytes = 4096, .split = split, .seed = seed});
    for (unsigned i = 0; i < count; i++) {
        load_put(&l, tl_random_next(&seed), i, VALUE_BYTES);
        if (i % per_txn == per_txn - 1 && i + 1 < count)
            load_next_txn(&l);
    }
    return load_end(&l);
}

enum { RANDOM_COUNT = 30000 };

static void sharing_with_neighbours_fills_pages_better_than_halving(void **state)
{
    (void)state;
    outcome half = load_random("half_bytes", RANDOM_COUNT, RANDOM_COUNT, 3);
    outcome shift = load_random("shift_first", RANDOM_COUNT, RANDOM_COUNT, 3);
    outcome bstar = load_random("bstar23", RANDOM_COUNT, RANDOM_COUNT, 3);
    outcome adaptive = load_random("adaptive", RANDOM_COUNT, RANDOM_COUNT, 3);
    assert_true(half.fill < 0.75 && half.fill > 0.60);
    assert_true(shift.fill > half.fill + 0.05);
    assert_true(bstar.fill > 0.80);
    assert_true(adaptive.fill > half.fill + 0.04);
    assert_true(half.stats.shift_records_moved == 0 && half.stats.siblings_read == 0);
    assert_true(bstar.stats.splits_2to3 > 0 && bstar.stats.splits_shift_left > 0);
    assert_true(shift.stats.splits_2to3 == 0 && shift.stats.splits_shift_right > 0);
}

/* Small txns: neighbours are clean. */
static void a_clean_neighbour_is_copied_only_for_those_who_ask(void **state)
{
    (void)state;
    outcome half = load_random("half_bytes", RANDOM_COUNT / 3, 10, 4);
    outcome bstar = load_random("bstar23", RANDOM_COUNT / 3, 10, 4);
    outcome shift = load_random("shift_first", RANDOM_COUNT / 3, 10, 4);
    outcome adaptive = load_random("adaptive", RANDOM_COUNT / 3, 10, 4);
    assert_true(bstar.stats.siblings_copied > 0 && bstar.fill > 0.80);
    assert_true(adaptive.stats.siblings_copied > 0 && adaptive.fill > half.fill + 0.04);
    assert_true(bstar.stats.dirtied_parent < bstar.stats.dirtied_edit); /* of some hundred leaves */
    assert_int_equal(shift.stats.siblings_copied, 0);
    assert_true(shift.stats.siblings_clean > 0);
    /* Fewer pages take the same inserts: what is copied for sharing is saved elsewhere. */
    uint64_t half_dirtied = half.stats.cow_copies + half.stats.dirtied_split;
    uint64_t dirtied = adaptive.stats.cow_copies + adaptive.stats.dirtied_split;
    assert_true(dirtied * 100 < half_dirtied * 103);
}

/* Twenty runs that grow side by side, as orders of twenty customers do. */
static outcome load_runs(const char *split, bool ascending)
{
    load l;
    load_begin(&l, (tl_env_options){.page_bytes = 4096, .split = split});
    for (uint64_t round = 0; round < 40; round++)
        for (uint64_t run = 0; run < 20; run++)
            for (uint64_t i = 0; i < 25; i++) {
                uint64_t number = round * 25 + i;
                load_put(&l, run, ascending ? number : UINT64_MAX - number, VALUE_BYTES);
            }
    return load_end(&l);
}

static void runs_inside_the_tree_leave_full_pages_behind(void **state)
{
    (void)state;
    assert_true(load_runs("half_bytes", true).fill < 0.60);
    assert_true(load_runs("after_insert", true).fill > 0.87);
    outcome adaptive = load_runs("adaptive", true);
    assert_true(adaptive.fill > 0.87);
    assert_true(adaptive.stats.predictions_right > adaptive.stats.predictions_wrong);
}

static void adaptive_serves_descending_runs_as_well(void **state)
{
    (void)state;
    assert_true(load_runs("half_bytes", false).fill < 0.60);
    assert_true(load_runs("after_insert", false).fill < 0.70);
    assert_true(load_runs("adaptive", false).fill > 0.87);
}

static void adaptive_notices_that_the_load_has_changed(void **state)
{
    (void)state;
    load l;
    uint64_t random = 5;
    load_begin(&l, (tl_env_options){.page_bytes = 1024, .split = "adaptive"});
    for (uint64_t i = 0; i < 1000; i++)
        load_put(&l, 7, i, 20);
    for (uint64_t i = 0; i < 1000; i++)
        load_put(&l, tl_random_next(&random), i, 20);
    for (uint64_t i = 0; i < 1000; i++)
        load_put(&l, 7, UINT64_MAX - i, 20);
    assert_true(load_end(&l).stats.split_mode_changes >= 2);
}

/* Keys whose neighbours share long beginnings here and there. */
static outcome load_words(const char *split)
{
    load l;
    uint64_t random = 11;
    load_begin(&l, (tl_env_options){.page_bytes = 1024, .split = split});
    for (unsigned i = 0; i < 8000; i++) {
        char key[64];
        memset(key, 'a' + (char)unit_below(&random, 3), sizeof key);
        size_t size = 1 + unit_below(&random, 12);
        for (size_t at = size; at > 0 && unit_below(&random, 4) != 0; at--)
            key[at - 1] = (char)('a' + unit_below(&random, 26));
        assert_int_equal(tl_put(l.txn, TL_TREE_MAIN, unit_slice(key, size + 20),
                                unit_slice(key, unit_below(&random, 20)), 0),
                         TL_OK);
    }
    return load_end(&l);
}

static void a_window_around_the_middle_shortens_separators(void **state)
{
    (void)state;
    outcome half = load_words("rightmost"), shorter = load_words("short_sep");
    double mean = (double)half.stats.separator_bytes / (double)half.stats.separators;
    assert_true((double)shorter.stats.separator_bytes / (double)shorter.stats.separators <
                0.9 * mean);
}

static void cuts_at_prefix_borders_save_key_bytes(void **state)
{
    (void)state;
    outcome half = load_words("rightmost"), kept = load_words("never_at_prefix_break");
    assert_int_equal(half.summary.records, kept.summary.records);
    double half_each = (double)half.summary.bytes_used / (double)half.summary.records;
    assert_true((double)kept.summary.bytes_used / (double)kept.summary.records < half_each);
}

static void jitter_follows_from_the_seed(void **state)
{
    (void)state;
    outcome one = load_random("random_jitter", 5000, 500, 8);
    outcome same = load_random("random_jitter", 5000, 500, 8);
    assert_memory_equal(&one.stats, &same.stats, offsetof(tl_stats, ckpt_ns));
    load l;
    uint64_t seed = 8;
    load_begin(&l, (tl_env_options){.page_bytes = 4096, .split = "random_jitter", .seed = 9});
    for (unsigned i = 0; i < 5000; i++)
        load_put(&l, tl_random_next(&seed), i, VALUE_BYTES);
    assert_true(load_end(&l).stats.split_bytes_moved != one.stats.split_bytes_moved);
}

static void the_fill_strategy_packs_pages_of_an_append(void **state)
{
    (void)state;
    static const struct {
        const char *fill;
        double least, most;
    } rows[] = {
        {"bulk100",     0.90, 1.00},
        {"bulk90",      0.80, 0.92},
        {"bulk_jitter", 0.72, 0.92},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        load l;
        load_begin(&l, (tl_env_options){.page_bytes = 4096, .fill = rows[i].fill});
        for (uint64_t number = 0; number < 10000; number++)
            load_put(&l, number, number, 60);
        double fill = load_end(&l).fill;
        if (fill < rows[i].least || fill > rows[i].most)
            fail_msg("%s packs to %.3f", rows[i].fill, fill);
    }
}

/* Fill, then delete all but every fourth record; what each fill strategy leaves. */
static outcome load_thinned(const char *fill)
{
    load l;
    uint64_t random = 21;
    load_begin(&l, (tl_env_options){.page_bytes = 4096, .fill = fill});
    for (uint64_t i = 0; i < 8000; i++)
        load_put(&l, i, i, 60);
    for (uint64_t i = 0; i < 8000; i++) {
        uint8_t key[16];
        uint64_t number = i * 4999 % 8000; /* 4999 is prime: every number once */
        for (unsigned byte = 0; byte < 16; byte++)
            key[byte] = (uint8_t)(number >> (56 - 8 * (byte % 8)));
        if (unit_below(&random, 4) != 0)
            assert_int_equal(tl_del(l.txn, TL_TREE_MAIN, unit_slice(key, 16)), TL_OK);
    }
    return load_end(&l);
}

static void fill_strategies_differ_in_when_they_merge(void **state)
{
    (void)state;
    outcome quarter = load_thinned("lmdb25"), half = load_thinned("half");
    outcome never = load_thinned("free_at_empty"), eager = load_thinned("leanstore60");
    assert_true(half.summary.leaves < quarter.summary.leaves);
    assert_true(eager.summary.leaves < quarter.summary.leaves);
    assert_true(quarter.summary.leaves < never.summary.leaves);
    assert_true(never.stats.leaf_merges < 3 && never.stats.leaf_moves == 0);
    assert_int_equal(eager.stats.leaf_moves, 0);
    assert_true(half.stats.leaf_moves > 0 && half.stats.merge_records_moved > 0);
}

/* 16 records come and go, 50 times, in one txn or each time in txns of their own. */
static outcome load_back_and_forth(bool in_one_txn)
{
    load l;
    load_begin(&l, (tl_env_options){.page_bytes = 1024, .split = "half_bytes", .fill = "half"});
    for (unsigned round = 0; round < 50; round++) {
        for (uint64_t i = 0; i < 16; i++)
            load_put(&l, 1, i, 60);
        if (!in_one_txn)
            load_next_txn(&l);
        for (uint64_t i = 0; i < 16; i++) {
            uint8_t key[16] = {0};
            key[7] = 1;
            key[15] = (uint8_t)i;
            assert_int_equal(tl_del(l.txn, TL_TREE_MAIN, unit_slice(key, 16)), TL_OK);
        }
        if (!in_one_txn)
            load_next_txn(&l);
    }
    return load_end(&l);
}

static void alternating_puts_and_deletes_at_a_border_count_as_thrash(void **state)
{
    (void)state;
    outcome seen = load_back_and_forth(true);
    assert_true(seen.stats.thrash_split > 20 && seen.stats.thrash_merge > 20);
}

/* Edits were numbered anew in each txn, and splits were compared with merges of another count. */
static void thrash_is_the_same_in_one_txn_and_over_many(void **state)
{
    (void)state;
    outcome one = load_back_and_forth(true), many = load_back_and_forth(false);
    assert_int_equal(many.stats.thrash_split, one.stats.thrash_split);
    assert_int_equal(many.stats.thrash_merge, one.stats.thrash_merge);
}

static void find_histogram(void *context, const char *line)
{
    bool *found = context;
    *found = *found || strstr(line, "pages by fill") != NULL;
}

static void the_shape_of_a_tree_agrees_with_the_verifier(void **state)
{
    (void)state;
    load l;
    uint64_t seed = 31;
    load_begin(&l, (tl_env_options){.page_bytes = 1024});
    for (unsigned i = 0; i < 4000; i++)
        load_put(&l, tl_random_next(&seed), i, 20);
    tl_shape shape;
    assert_int_equal(tl_tree_shape(l.txn, 77, &shape), TL_NOT_FOUND);
    assert_int_equal(tl_tree_shape(l.txn, TL_TREE_MAIN, &shape), TL_OK);
    load_commit(&l);
    tl_verify_summary summary = unit_expect_clean(l.env);
    assert_true(shape.depth > 2 && shape.records == 4000);
    uint64_t branches = 0;
    for (unsigned number = 0; number < shape.depth; number++) {
        const tl_level_shape *level = &shape.levels[number];
        uint64_t pages = 0;
        for (unsigned i = 0; i < TL_SHAPE_BINS; i++)
            pages += level->fill[i];
        assert_int_equal(pages, level->pages);
        assert_true(level->next_adjacent < level->pages);
        assert_true(level->next_distance >= level->pages - 1);
        branches += number > 0 ? level->pages : 0;
        if (number > 0) /* every page but the root has one parent */
            assert_int_equal(level->entries + level->pages, shape.levels[number - 1].pages);
    }
    assert_int_equal(shape.levels[0].pages, summary.leaves);
    assert_int_equal(shape.levels[0].entries, 4000);
    assert_int_equal(shape.levels[0].key_bytes, 4000 * 16);
    assert_int_equal(shape.levels[0].used_bytes, summary.bytes_used);
    assert_int_equal(shape.levels[0].usable_bytes, summary.leaf_bytes_capacity);
    assert_int_equal(branches, summary.branches);
    bool found = false;
    assert_int_equal(tl_dump_shape(l.env, find_histogram, &found), TL_OK);
    assert_true(found);
    load_end(&l);
}

static void a_strategy_from_outside_is_one_file(void **state)
{
    (void)state;
    load l;
    tl_env_options options = {.page_bytes = 4096,
                              .extra_splits = example_splits,
                              .split = "share",
                              .extra_fills = example_fills,
                              .fill = "airy"};
    uint64_t seed = 3;
    load_begin(&l, options);
    tl_env_info info;
    tl_env_info_get(l.env, &info);
    assert_string_equal(info.split, "share");
    assert_string_equal(info.fill, "airy");
    for (unsigned i = 0; i < 10000; i++)
        load_put(&l, tl_random_next(&seed), i, VALUE_BYTES);
    assert_true(load_end(&l).stats.splits_shift_left > 0);

    options.split = "two_thirds";
    load_begin(&l, options);
    for (unsigned i = 0; i < 5000; i++)
        load_put(&l, 0, UINT64_MAX - i, VALUE_BYTES); /* nothing fills the right sides again */
    outcome seen = load_end(&l);
    assert_true(seen.fill > 0.30 && seen.fill < 0.36);
    unit_place_make(&l.place);
    unit_refused(l.place.path, (tl_env_options){.split = "share"}, TL_INVALID, "one of");
    unit_place_remove(&l.place);
}

static unsigned sparse_below(void *self)
{
    (void)self;
    return 5;
}

static unsigned sparse_fill(void *self, uint64_t nth_page, unsigned level)
{
    (void)self, (void)nth_page, (void)level;
    return 10;
}

/* A batch secures its pages beforehand; a fill strategy that wastes them must not outrun it. */
static void a_batch_needs_no_more_pages_than_it_secured_whatever_the_fill(void **state)
{
    (void)state;
    enum { COUNT = 6000, KEY_BYTES = 100 };
    static const tl_fill_strategy sparse = {
        .name = "sparse", .summary = "", .leaf_fill = sparse_fill, .merge_below = sparse_below};
    static const tl_fill_strategy *const rows[] = {&sparse, NULL};
    static uint8_t keys[COUNT][KEY_BYTES];
    static tl_record records[COUNT];
    load l;
    load_begin(&l, (tl_env_options){.page_bytes = 1024, .extra_fills = rows, .fill = "sparse"});
    load_commit(&l);
    for (unsigned i = 0; i < COUNT; i++) { /* neighbours differ at their ends: long separators */
        memset(keys[i], 'k', KEY_BYTES);
        keys[i][KEY_BYTES - 2] = (uint8_t)(i >> 8);
        keys[i][KEY_BYTES - 1] = (uint8_t)i;
        records[i] = (tl_record){unit_slice(keys[i], KEY_BYTES), unit_slice(keys[i], 100)};
    }
    tl_stats before, behind;
    tl_env_stats(l.env, &before);
    assert_int_equal(tl_txn_begin(l.env, 0, &l.txn), TL_OK);
    assert_int_equal(tl_upsert_sorted(l.txn, TL_TREE_MAIN, records, COUNT, NULL), TL_OK);
    load_commit(&l);
    tl_env_stats(l.env, &behind);
    assert_int_equal(behind.splits_newright, before.splits_newright);
    load_end(&l);
}

static tl_status open_fails(const tl_strategy_config *config, void **self)
{
    (void)config, (void)self;
    return TL_NO_MEMORY;
}

static void never_chosen(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self, (void)input, (void)plan;
    fail_msg("a strategy that did not open was asked");
}

static void never_closed(void *self)
{
    (void)self;
    fail_msg("a strategy that did not open was closed");
}

static void a_strategy_that_does_not_open_fails_the_env(void **state)
{
    (void)state;
    static const tl_split_strategy broken = {.name = "broken",
                                             .summary = "",
                                             .open = open_fails,
                                             .choose = never_chosen,
                                             .close = never_closed};
    static const tl_split_strategy *const rows[] = {&broken, NULL};
    unit_place place;
    unit_place_make(&place);
    tl_env *env = NULL;
    tl_env_options options = {.extra_splits = rows, .split = "broken"};
    assert_int_equal(tl_env_open(place.path, &options, &env), TL_NO_MEMORY);
    assert_null(env);
    unit_place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sharing_with_neighbours_fills_pages_better_than_halving),
        cmocka_unit_test(a_clean_neighbour_is_copied_only_for_those_who_ask),
        cmocka_unit_test(runs_inside_the_tree_leave_full_pages_behind),
        cmocka_unit_test(adaptive_serves_descending_runs_as_well),
        cmocka_unit_test(adaptive_notices_that_the_load_has_changed),
        cmocka_unit_test(a_window_around_the_middle_shortens_separators),
        cmocka_unit_test(cuts_at_prefix_borders_save_key_bytes),
        cmocka_unit_test(jitter_follows_from_the_seed),
        cmocka_unit_test(the_fill_strategy_packs_pages_of_an_append),
        cmocka_unit_test(fill_strategies_differ_in_when_they_merge),
        cmocka_unit_test(alternating_puts_and_deletes_at_a_border_count_as_thrash),
        cmocka_unit_test(thrash_is_the_same_in_one_txn_and_over_many),
        cmocka_unit_test(the_shape_of_a_tree_agrees_with_the_verifier),
        cmocka_unit_test(a_strategy_from_outside_is_one_file),
        cmocka_unit_test(a_batch_needs_no_more_pages_than_it_secured_whatever_the_fill),
        cmocka_unit_test(a_strategy_that_does_not_open_fails_the_env),
    };
    return cmocka_run_group_tests_name("strategies", tests, NULL, NULL);
}
