/* engine/tests/acceptance/test_accept_load.c -- a load into an empty tree: each level has the pages
 * that arithmetic says, and each page is written once.
 *
 * A record is made to weigh 2/21 of what a page takes, so that a page packed to 100, 90 or 50 %
 * holds 10, 9 or 5 of them whatever its fences weigh and its prefix saves.  Separators are so short
 * that their heads hold them: an entry of a branch costs 16 bytes.
 */
#include "engine/tests/acceptance/acceptance.h"

enum { RECORDS = 6000, HEADER = 64, KEY = 8, VALUE_MAX = 6300, CHILD = 8, ENTRY = 16 };

static unsigned half_full(void *self, uint64_t nth_page, unsigned level)
{
    (void)self, (void)nth_page, (void)level;
    return 50;
}

static unsigned below_a_quarter(void *self)
{
    (void)self;
    return 25;
}

static const tl_fill_strategy half = {.name = "half_full",
                                      .summary = "pack to 50 %",
                                      .leaf_fill = half_full,
                                      .merge_below = below_a_quarter};
static const tl_fill_strategy *const extra[] = {&half, NULL};

typedef struct source { /* keys spread evenly over all there are */
    acceptance *on;
    uint64_t given;
    size_t value_bytes;
    u64_key key;
    uint8_t value[VALUE_MAX];
} source;

static tl_status source_next(void *context, tl_record *record)
{
    source *from = context;
    if (from->given == RECORDS)
        return TL_NOT_FOUND;
    memset(from->value, (int)(from->given % 251), from->value_bytes);
    record->key = u64_of(from->given++ * (UINT64_MAX / RECORDS), &from->key);
    record->value = (tl_slice){from->value, from->value_bytes};
    model_put(&from->on->rig.truth, record->key, record->value);
    return TL_OK;
}

static uint64_t quotient_up(uint64_t total, uint64_t each)
{
    return (total + each - 1) / each;
}

static void expect_pages(uint64_t wanted, uint64_t got)
{
    assert_in_range(got, wanted - (wanted > 1), wanted + 1);
}

/* Pages of each level against the formula; returns their sum. */
static uint64_t check_levels(const tl_shape *shape, uint64_t page_bytes, unsigned percent)
{
    uint64_t target = (page_bytes - HEADER) * percent / 100;
    uint64_t wanted = quotient_up(RECORDS, percent / 10), sum = 0;
    for (unsigned level = 0; level < shape->depth; level++) {
        expect_pages(wanted, shape->levels[level].pages);
        sum += shape->levels[level].pages;
        /* a page of n separators has n + 1 children */
        wanted = quotient_up(shape->levels[level].pages, (target - CHILD) / ENTRY + 1);
    }
    assert_int_equal(1, shape->levels[shape->depth - 1].pages);
    return sum;
}

static void load_packed_to(acceptance *on, const char *fill, unsigned percent)
{
    static source from;
    tl_env *env = on->rig.env;
    uint64_t page_bytes = info_of(env).page_bytes, written = stats_of(env).ckpt_pages;
    tl_batch_result result = {.inserted = 0};
    tl_shape shape = {.depth = 0};
    size_t record = (size_t)(page_bytes - HEADER) * 2 / 21;
    from = (source){.on = on, .value_bytes = record - 10 - KEY};
    acceptance_begin(on);
    check_ok(tl_bulk_load(on->txn, TL_TREE_MAIN, source_next, &from, fill, &result));
    check_ok(tl_tree_shape(on->txn, TL_TREE_MAIN, &shape));
    acceptance_commit(on);
    assert_int_equal(RECORDS, result.inserted);
    assert_int_equal(result.leaves, shape.levels[0].pages);
    uint64_t pages = check_levels(&shape, page_bytes, percent);
    assert_int_equal(pages + 1, stats_of(env).ckpt_pages - written); /* 1: the catalog */
}

static void a_load_at_fill_50(acceptance *on)
{
    load_packed_to(on, "half_full", 50);
}

static void a_load_at_fill_90(acceptance *on)
{
    load_packed_to(on, "bulk90", 90);
}

static void a_load_at_fill_100(acceptance *on)
{
    load_packed_to(on, "bulk100", 100);
}

static void with_half_full(tl_env_options *options)
{
    options->extra_fills = extra;
}

/* What a txn wrote goes to the file with its commit, so that pages written can be counted. */
static bool commits_pages(const tl_env_options *options)
{
    return strncmp(options->commit, "shadow", 6) == 0;
}

int main(void)
{
    const scenario scenarios[] = {
        {"a load at fill 50",  a_load_at_fill_50,  with_half_full, commits_pages},
        {"a load at fill 90",  a_load_at_fill_90,  NULL,           commits_pages},
        {"a load at fill 100", a_load_at_fill_100, NULL,           commits_pages},
    };
    return acceptance_run(scenarios, sizeof scenarios / sizeof scenarios[0]);
}
