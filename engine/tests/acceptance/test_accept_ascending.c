/* engine/tests/acceptance/test_accept_ascending.c -- ascending keys and forced middle splits. */
#include "engine/tests/acceptance/acceptance.h"

enum { ASCENDING = 10000 };

/* 10 000 ascending u64 -> u64 in one txn.  Whatever the split does, a leaf holds at most what its
 * bytes allow, and no reservation that was promised is refused. */
static void ascending_keys_in_one_txn(acceptance *on)
{
    u64_key key, value;
    for (uint64_t i = 0; i < ASCENDING; i++)
        acceptance_put(on, u64_of(i, &key), u64_of(i * 7, &value));
    acceptance_commit(on);
    tl_stats stats = stats_of(on->rig.env);
    tl_env_info info = info_of(on->rig.env);
    assert_int_equal(0, stats.alloc_failures);
    assert_int_equal(ASCENDING, info.count);
    /* each record is 18 bytes at least; a split leaves no side below a quarter of its bytes */
    uint64_t leaf_most = 4 * ASCENDING * UINT64_C(28) / (info.page_bytes - 100) + 2;
    assert_true(stats.leaf_splits + 1 >= ASCENDING * UINT64_C(16) / info.page_bytes);
    assert_true(stats.leaf_splits <= leaf_most);
}

static bool keeps_full_pages(const tl_env_options *options)
{
    bool fills_up =
        strcmp(options->split, "rightmost") == 0 || strcmp(options->split, "adaptive") == 0;
    bool leaves_room =
        strcmp(options->fill, "bulk90") == 0 || strcmp(options->fill, "bulk_jitter") == 0;
    return fills_up && !leaves_room && strcmp(options->leaf, "rebuild") != 0;
}

static void pages_of_8192(tl_env_options *options)
{
    options->page_bytes = 8192;
    options->max_key_bytes = 0;
}

enum { SPLITS_LEAST = 20, SPLITS_MOST = 28, FILL_PERCENT = 95 };

/* The same at 8 KiB with a split that sees the pattern: full leaves, nothing rebuilt. */
static void ascending_keys_leave_full_leaves(acceptance *on)
{
    ascending_keys_in_one_txn(on);
    tl_stats stats = stats_of(on->rig.env);
    tl_verify_summary summary = {0};
    check_ok(tl_verify(on->rig.env, NULL, NULL, &summary));
    assert_in_range(stats.leaf_splits, SPLITS_LEAST, SPLITS_MOST);
    assert_int_equal(0, stats.alloc_rebuilds);
    /* All leaves but the last one, which is still being filled. */
    uint64_t full = summary.leaf_bytes_capacity / summary.leaves * (summary.leaves - 1);
    assert_true(summary.bytes_used * 100 >= full * FILL_PERCENT);
}

/* Keys spread over the whole range, so that pages share no prefix: each record costs 8 bytes of
 * head and slot, 2 of length, 8 of key and 8 of value.  8192 - 64 bytes hold 312 of them and leave
 * 16 for the fences; the 313th splits 157 to 156, and the right half takes 157 more. */
enum { RECORD_COST = 26, LEAF_HOLDS = (8192 - 64) / RECORD_COST };

static bool has_plain_cells(const tl_env_options *options)
{
    return strcmp(options->leaf, "dense") != 0;
}

static void halves_of_8192(tl_env_options *options)
{
    pages_of_8192(options);
    options->split = "half_bytes";
}

static void middle_splits_follow_the_closed_formula(acceptance *on)
{
    u64_key key, value;
    for (uint64_t i = 0; i < ASCENDING; i++)
        acceptance_put(on, u64_of(i * (UINT64_MAX / ASCENDING), &key), u64_of(i, &value));
    acceptance_commit(on);
    unsigned left = (LEAF_HOLDS + 2) / 2; /* of two equal cuts the later one */
    uint64_t wanted = 1 + (ASCENDING - (LEAF_HOLDS + 1)) / left;
    assert_int_equal(wanted, stats_of(on->rig.env).leaf_splits);
}

int main(void)
{
    const scenario scenarios[] = {
        {"ascending keys in one txn",               ascending_keys_in_one_txn,               NULL,          NULL           },
        {"ascending keys leave full leaves",        ascending_keys_leave_full_leaves,        pages_of_8192,
         keeps_full_pages                                                                                                  },
        {"middle splits follow the closed formula", middle_splits_follow_the_closed_formula,
         halves_of_8192,                                                                                    has_plain_cells},
    };
    return acceptance_run(scenarios, sizeof scenarios / sizeof scenarios[0]);
}
