/* engine/tests/test_model.c -- random operations over the whole API against a sorted array.
 *
 * TL_TEST_SEED=n runs other operations and TL_TEST_ROUNDS=n more of them; a failure prints the seed
 * that repeats it.
 */
#include "engine/tests/support/rig.h"
#include "engine/tests/support/storm.h"

static void counters_prove_that_it_went_everywhere(const tl_stats *all)
{
    assert_true(all->leaf_splits > 0 && all->branch_splits > 0 && all->splits_rightmost > 0);
    assert_true(all->root_grows > 0 && all->root_collapses > 0);
    assert_true(all->leaf_merges > 0 && all->branch_merges > 0);
    assert_true(all->leaf_moves > 0 && all->branch_moves > 0);
    assert_true(all->leaf_emptied > 0 && all->leaf_freed > 0);
    assert_true(all->merge_refused_size > 0);
    assert_true(all->leaves_erased > 0 && all->leaves_divided > 0);
    assert_true(all->inplace_edits > 0 && all->cow_copies > 0 && all->append_hits > 0);
    assert_true(all->alloc_fit_gap > 0 && all->alloc_compactions > 0 && all->alloc_rebuilds > 0);
    assert_true(all->alloc_fit_freeblock > 0 && all->alloc_scans > 0 && all->head_shift_bytes > 0);
    assert_true(all->soft_reencodes > 0 && all->soft_breaks > 0);
    assert_true(all->dense_given_up > 0);
    assert_true(all->sidecar_builds > 0 && all->sidecar_reuse > 0);
    assert_true(all->head_ties > 0 && all->overwrites_same_size > 0);
    assert_true(all->loose_reuse > 0 && all->recycle_reuse > 0 && all->bitmap_alloc > 0);
    assert_true(all->grows > 0 && all->pages_freed > 0 && all->pages_loaded > 0);
    assert_true(all->checkpoints > 0 && all->aborts > 0);
    assert_true(all->log_frames > 0 && all->log_growths > 0);
    assert_true(all->dirtied_edit > 0 && all->dirtied_sibling > 0); /* what is left of all copies: */
    assert_true(all->dirtied_parent > 0 && all->dirtied_parent < all->cow_copies);
    assert_int_equal(0, all->alloc_failures);
    assert_int_equal(0, all->sum_failures);
    assert_int_equal(0, all->ckpt_no_space);
}

static void run(const storm_config *config, uint64_t seed, tl_arena *arena, storm_report *report)
{
    if (!storm_run(config, seed, arena, report))
        fail_msg("%s", report->text);
}

static void random_operations_agree_with_the_model(void **state)
{
    (void)state;
    uint64_t seed = check_seed(1), rounds = check_rounds(2);
    tl_stats all = {0};
    for (uint64_t round = 0; round < rounds; round++)
        for (unsigned i = 0; i < storm_config_count; i++) {
            storm_report report;
            run(&storm_configs[i], seed + round, NULL, &report);
            assert_true(report.opens > 2 && report.commits > 20 && report.snapshots_compared > 5);
            assert_true(report.depth_max > 1 && report.stats.checkpoints > 2);
            for (size_t c = 0; c < TL_STATS_COUNT; c++)
                ((uint64_t *)&all)[c] += ((const uint64_t *)&report.stats)[c];
        }
    counters_prove_that_it_went_everywhere(&all);
}

static void expect_equal(const storm_report *one, const storm_report *other)
{
    assert_true(one->disk_hash == other->disk_hash);
    for (size_t c = 0; c < TL_STATS_COUNT; c++)
        if (strcmp(tl_stats_rows()[c].class_, "exact") == 0)
            assert_int_equal(((const uint64_t *)&one->stats)[c],
                             ((const uint64_t *)&other->stats)[c]);
}

/* Files and exact counters are equal, though the second run finds the first one's pages in its
 * memory. */
static void equal_seeds_give_equal_bytes_and_counters_whatever_lay_in_the_arena(void **state)
{
    (void)state;
    tl_arena *arena = NULL;
    uint64_t seed = check_seed(1);
    check_ok(tl_arena_create(STORM_MAP_BYTES, &arena));
    for (unsigned i = 0; i < storm_config_count; i++) {
        storm_report own, lent;
        run(&storm_configs[i], seed, NULL, &own);
        run(&storm_configs[i], seed, arena, &lent);
        expect_equal(&own, &lent);
    }
    tl_arena_destroy(arena);
}

/* Is this way to search on this processor? */
static bool way_opens(const char *simd)
{
    rig on;
    rig_make(&on);
    on.options.simd = simd;
    tl_status status = rig_try_open(&on);
    assert_true(status == TL_OK || (status == TL_INVALID && strstr(on.error.text, "simd") != NULL));
    rig_drop(&on);
    return status == TL_OK;
}

static void every_way_to_search_gives_equal_bytes_and_counters(void **state)
{
    (void)state;
    static const unsigned chosen[] = {0, 3, 10}; /* random, short and prefixed keys */
    unsigned ways = 0;
    for (size_t i = 0; i < sizeof chosen / sizeof chosen[0]; i++) {
        storm_config config = storm_configs[chosen[i]];
        storm_report wanted, got;
        config.simd = "scalar";
        run(&config, 3, NULL, &wanted);
        for (const char *const *way = tl_simds(); *way != NULL; way++) {
            if (!way_opens(*way))
                continue;
            config.simd = *way;
            run(&config, 3, NULL, &got);
            expect_equal(&wanted, &got);
            ways++;
        }
    }
    assert_true(ways >= 2 * sizeof chosen / sizeof chosen[0]);
}

static void another_seed_gives_other_bytes(void **state)
{
    (void)state;
    storm_report one, two;
    run(&storm_configs[0], 1, NULL, &one);
    run(&storm_configs[0], 2, NULL, &two);
    assert_true(one.disk_hash != two.disk_hash);
}

static size_t rows_count(const char *const *rows)
{
    size_t count = 0;
    while (rows[count] != NULL)
        count++;
    return count;
}

/* Each split strategy at each page size, with keys, leaf modes and fill strategies taking turns;
 * twice, for equal counters. */
static void every_strategy_agrees_with_the_model_and_with_itself(void **state)
{
    (void)state;
    static const uint32_t pages[] = {1024, 4096, 8192, 16384, 65536};
    enum { PAGES = sizeof pages / sizeof pages[0] };
    const char *const *splits = tl_splits(), *const *fills = tl_fills(),
                      *const *leaves = tl_leaf_modes();
    size_t fill_count = rows_count(fills), leaf_count = rows_count(leaves);
    uint64_t seed = check_seed(1);
    for (size_t split = 0; splits[split] != NULL; split++)
        for (size_t page = 0; page < PAGES; page++) {
            size_t turn = split * PAGES + page;
            storm_config config = {
                .name = splits[split],
                .page_bytes = pages[page],
                .keys = (storm_keys)(turn % (STORM_KEYS_ALL + 1)),
                .leaf = leaves[turn % leaf_count],
                .split = splits[split],
                .fill = fills[turn % fill_count],
                .durability = TL_DURABILITY_NONE,
                .long_keys_allowed = turn % 2 == 0,
                .value_bytes = pages[page] / 12,
                .log_pad_bytes = 512,
                .steps = pages[page] > 8192 ? 900 : 1800,
                .records = 500,
            };
            storm_report one, other;
            run(&config, seed + turn, NULL, &one);
            run(&config, seed + turn, NULL, &other);
            assert_true(one.stats.leaf_splits > 0 && one.disk_hash == other.disk_hash);
            assert_int_equal(0, one.stats.alloc_failures);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_the_model),
        cmocka_unit_test(equal_seeds_give_equal_bytes_and_counters_whatever_lay_in_the_arena),
        cmocka_unit_test(every_way_to_search_gives_equal_bytes_and_counters),
        cmocka_unit_test(another_seed_gives_other_bytes),
        cmocka_unit_test(every_strategy_agrees_with_the_model_and_with_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
