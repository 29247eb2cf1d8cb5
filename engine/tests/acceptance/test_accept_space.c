/* engine/tests/acceptance/test_accept_space.c -- pages come back: churn, deletes, updates, readers.
 */
#include "engine/base/hash.h"
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

/* Six sizes x 100, half deleted, again and again: what is live stays, and so does the file.  A
 * split that packs ascending keys leaves the first rounds denser than any later one can be. */
static void churn_does_not_grow(acceptance *on)
{
    static const unsigned sizes[] = {50, 100, 300, 700, 1200, 2000};
    u64_key key;
    bool halves = strcmp(on->rig.options.split, "half_bytes") == 0;
    uint64_t rounds = acceptance_size(12, 100), settled = halves ? 2 : 8;
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
        if (round == settled) {
            live_then = live_now;
            pages_then = pages_now;
        }
        if (round > settled) {
            assert_true(live_now * 10 <= live_then * 11 + 10);
            assert_true(pages_now * 10 <= pages_then * 11 + 320); /* growth comes by 32 pages */
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
    for (order how = IN_ORDER; how < ORDER_COUNT; how++) {
        for (uint64_t i = 0; i < count; i++)
            acceptance_put(on, u64_of(i * 3, &key), acceptance_value(on, i, 60));
        acceptance_commit(on);
        uint64_t pages_now = file_pages(on);
        if (how != IN_ORDER) /* the file held them before; shadow1 reuses one commit later */
            assert_in_range(pages_now, 1, pages + 4);
        for (uint64_t i = 0; i < count; i++)
            acceptance_del(on, u64_of(nth_to_go(how, i, count) * 3, &key));
        acceptance_commit(on);
        pages = file_pages(on);
        tl_env_info info = info_of(on->rig.env);
        assert_int_equal(1, info.depth);
        assert_int_equal(0, info.count);
        assert_true(info.pages_live <= live_empty + 1);
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
    uint64_t seen = seen_by(reader);
    for (uint64_t round = 1; round <= rounds; round++) {
        rewrite_all(on, round);
        if (round == rounds / 4)
            pages_quarter = info_of(on->rig.env).page_count;
        if (round % 16 == 0)
            assert_true(seen == seen_by(reader));
    }
    assert_true(seen == seen_by(reader));
    uint64_t pages = info_of(on->rig.env).page_count;
    assert_true(pages <= pages_quarter + 32); /* flat in time: one growth at most */
    /* the reader's pages, the newest, those a checkpoint still writes, and room to grow */
    assert_true(pages <= 6 * before + 128);
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
