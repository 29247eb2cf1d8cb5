/* engine/tests/acceptance/test_accept_space.c -- pages come back: churn, deletes, updates, readers.
 */
#include "engine/base/hash.h"
#include "engine/page/zone.h"
#include "engine/tests/acceptance/acceptance.h"

static uint64_t live(const acceptance *on)
{
    return info_of(on->rig.env).pages_live;
}

static uint64_t file_pages(acceptance *on)
{
    check_ok(tl_env_checkpoint(on->rig.env));
    return info_of(on->rig.env).page_count;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Six sizes x 100, half deleted, again and again: what is live stays, and so does the file.  A
 * split that packs ascending keys leaves the first rounds denser than any later one can be: how
 * full leaves stay in the long run shows after some 50 rounds. */
static void churn_does_not_grow(acceptance *on)
{
    static const unsigned sizes[] = {50, 100, 300, 700, 1200, 2000};
    u64_key key;
    bool halves = strcmp(on->rig.options.split, "half_bytes") == 0;
    uint64_t rounds = acceptance_size(12, 100), settled = halves ? 2 : acceptance_size(8, 50);
    uint64_t live_then = 0, pages_then = 0;
    on->random = 12345;
    for (uint64_t round = 1; round <= rounds; round++) {
        for (uint64_t i = 0; i < 600; i++)
            acceptance_put(on, u64_of(i, &key), acceptance_value(on, i + round, sizes[i % 6]));
        acceptance_commit(on);
        uint64_t live_now = live(on), pages_now = file_pages(on);
        for (uint64_t i = 0; i < 600; i++)
            if (acceptance_below(on, 2) == 0)
                acceptance_del(on, u64_of(i, &key));
        acceptance_commit(on);
        if (round > settled) {
            /* A tenth; or three leaves where there are so few (64 KiB pages: eight to twelve), each
             * of them in the three states that a file holds. */
            assert_in_range(live_now, 1, live_then + larger(live_then / 10, 3));
            assert_in_range(pages_now, 1, pages_then + larger(pages_then / 10, 9));
        } else if (round > 1) {
            live_then = larger(live_then, live_now);
            pages_then = larger(pages_then, pages_now);
        }
    }
}

typedef enum order { IN_ORDER, REVERSED, RANDOM, ORDER_COUNT } order;

static uint64_t nth_to_go(order how, uint64_t i, uint64_t count)
{
    if (how == IN_ORDER)
        return i;
    return how == REVERSED ? count - 1 - i : i * 7919 % count; /* 7919 is a prime: a permutation */
}

/* Delete all, in any order: one leaf is left, and filling it again needs no more file. */
static void deleting_all_gives_everything_back(acceptance *on)
{
    u64_key key;
    uint64_t count = acceptance_size(2000, 100000), pages = 0, live_empty = live(on);
    /* shadow1 reuses pages one commit later: the last one's leaf, catalog and manifest are still
     * there, and the manifest before. */
    uint64_t kept = strcmp(on->rig.options.commit, "shadow1") == 0 ? 4 : 0;
    for (order how = IN_ORDER; how < ORDER_COUNT; how++) {
        for (uint64_t i = 0; i < count; i++)
            acceptance_put(on, u64_of(i * 3, &key), acceptance_value(on, i, 60));
        acceptance_commit(on);
        uint64_t pages_now = file_pages(on);
        if (how != IN_ORDER) /* the file held them before */
            assert_in_range(pages_now, 1, pages + kept);
        for (uint64_t i = 0; i < count; i++)
            acceptance_del(on, u64_of(nth_to_go(how, i, count) * 3, &key));
        acceptance_commit(on);
        pages = file_pages(on);
        tl_env_info info = info_of(on->rig.env);
        assert_int_equal(1, info.depth);
        assert_int_equal(0, info.count);
        uint64_t zones_more = tl_zone_count(info.page_bytes, info.page_count) - 1;
        /* The longer file has more zones, and their own two pages stay. */
        assert_int_equal(live_empty + 2 * zones_more, info.pages_live);
    }
}

/* 10 000 updates of 100 keys, growing and shrinking: no byte of a removed value is lost. */
static void updates_of_any_size_reclaim_dead_bytes(acceptance *on)
{
    u64_key key;
    uint64_t most = 0, first_peak = 0, rounds = acceptance_size(2000, 10000);
    size_t limit = on->rig.options.page_bytes / 8;
    for (uint64_t i = 0; i < rounds; i++) {
        size_t size = (size_t)acceptance_below(on, limit);
        acceptance_put(on, u64_of(acceptance_below(on, 100), &key), acceptance_value(on, i, size));
        if (i % 100 != 99)
            continue;
        acceptance_commit(on);
        uint64_t now = live(on);
        most = now > most ? now : most;
        first_peak = i < rounds / 4 ? most : first_peak;
    }
    /* 100 records of page/16 on average: whatever the fill, a bounded number of pages */
    assert_true(most <= 2 * first_peak);
    assert_true(most <= 60);
}

/* One txn that splits and merges thousands of times: freed pages serve it again. */
static void splits_and_merges_in_one_txn(acceptance *on)
{
    u64_key key;
    uint64_t target = 10000, n = 0, waves = 0, waves_most = acceptance_size(6, UINT64_MAX);
    tl_stats now = stats_of(on->rig.env);
    for (; now.splits + now.merges < target && waves < waves_most; waves++) {
        for (uint64_t i = 0; i < 2000; i++, n++)
            acceptance_put(on, u64_of(tl_mix64(n), &key), acceptance_value(on, n, 100));
        for (uint64_t i = 0; i < 2000; i++)
            acceptance_del(on, u64_of(tl_mix64(n - 2000 + i), &key));
        now = stats_of(on->rig.env);
    }
    acceptance_commit(on);
    uint64_t pages = info_of(on->rig.env).page_count, page_bytes = on->rig.options.page_bytes;
    assert_true(now.loose_reuse > 0);
    /* the peak of live pages: one wave, leaves half full at least, and what grew around it */
    uint64_t peak = 2 * (2000 * UINT64_C(130) / page_bytes + 8);
    assert_true(pages <= 3 * peak + 64);
}

/* What a reader saw when it began, it sees to its end. */
static uint64_t seen_by(tl_txn *txn)
{
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    uint64_t hash = 0;
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
    while (tl_cursor_next(cursor, &key, &value) == TL_OK)
        hash += tl_record_hash(key, value);
    tl_cursor_close(cursor);
    return hash;
}

static void rewrite_all(acceptance *on, uint64_t round)
{
    u64_key key;
    for (uint64_t i = 0; i < 400; i++)
        acceptance_put(on, u64_of(i, &key), acceptance_value(on, round * 400 + i, 80));
    acceptance_commit(on);
}

/* A file under a pinned reader, `pages` long, `live` of them in each state: it holds the reader's
 * state, the durable one, the running txn's, and under `log` the newest committed one; beside them
 * what an edit asks for and what it leaves alone (tree.h), and what the last growth had too much.
 * The states before the reader came were there before, so the protocols whose commits are durable
 * grow by 2.1 at most. */
static void expect_few_states(acceptance *on, uint64_t pages, uint64_t pages_pinned, uint64_t live)
{
    tl_env_info info = info_of(on->rig.env);
    bool logs = strcmp(info.commit, "log") == 0;
    uint64_t edit = 4 * info.depth + 4,
             growth = larger(on->rig.options.growth_bytes / info.page_bytes, 1);
    assert_in_range(pages, 1, (logs ? 4 : 3) * live + 2 * edit + growth);
    if (!logs)
        assert_true((pages - pages_pinned) * 10 <= live * 21);
}

static void a_pinned_reader_sees_the_same_bytes(acceptance *on)
{
    tl_txn *reader = NULL;
    uint64_t rounds = acceptance_size(60, 1000);
    on->rig.options.ckpt_bytes = 64 << 10; /* so that checkpoints come often */
    rig_close(&on->rig);
    rig_open(&on->rig);
    rewrite_all(on, 0);
    uint64_t before = live(on), pages_quarter = 0;
    check_ok(tl_txn_begin(on->rig.env, TL_TXN_READ_ONLY, &reader));
    uint64_t seen = seen_by(reader), pages_pinned = info_of(on->rig.env).page_count;
    for (uint64_t round = 1; round <= rounds; round++) {
        rewrite_all(on, round);
        if (round == rounds / 4)
            pages_quarter = info_of(on->rig.env).page_count;
        if (round % 16 == 0)
            assert_true(seen == seen_by(reader));
    }
    assert_true(seen == seen_by(reader));
    uint64_t pages = info_of(on->rig.env).page_count;
    assert_in_range(pages, 1, pages_quarter + pages_quarter / 20); /* flat in time, within 5 % */
    expect_few_states(on, pages, pages_pinned, before);
    tl_txn_abort(reader);
    rewrite_all(on, rounds + 1);
    check_ok(tl_env_checkpoint(on->rig.env));
    check_ok(tl_env_checkpoint(on->rig.env));
    assert_int_equal(0, stats_of(on->rig.env).pages_pinned);
    assert_true(live(on) <= before + before / 4 + 4);
}

int main(void)
{
    const scenario scenarios[] = {
        {"churn does not grow",                    churn_does_not_grow,                    NULL, NULL},
        {"deleting all gives everything back",     deleting_all_gives_everything_back,     NULL, NULL},
        {"updates of any size reclaim dead bytes", updates_of_any_size_reclaim_dead_bytes, NULL,
         NULL                                                                                        },
        {"splits and merges in one txn",           splits_and_merges_in_one_txn,           NULL, NULL},
        {"a pinned reader sees the same bytes",    a_pinned_reader_sees_the_same_bytes,    NULL, NULL},
    };
    return acceptance_run(scenarios, sizeof scenarios / sizeof scenarios[0]);
}
