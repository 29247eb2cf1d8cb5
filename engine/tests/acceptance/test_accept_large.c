/* engine/tests/acceptance/test_accept_large.c -- values longer than a page: every boundary, and
 * pages side by side in a fragmented file. */
#include "engine/tests/acceptance/acceptance.h"

#include <stdlib.h>

enum { VALUE_BYTES_MAX = 6 << 20 };

/* `size` bytes that follow from `seed`; good until the next call. */
static tl_slice large_value(uint64_t seed, size_t size)
{
    static uint8_t *bytes;
    if (bytes == NULL)
        bytes = malloc(VALUE_BYTES_MAX);
    assert_non_null(bytes);
    assert_true(size <= VALUE_BYTES_MAX);
    uint64_t word = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (size_t i = 0; i < size; i++) {
        if (i % 509 == 0)
            word = word * UINT64_C(6364136223846793005) + 1442695040888963407u;
        bytes[i] = (uint8_t)(word >> (8 * (i % 8)));
    }
    return (tl_slice){bytes, size};
}

static bool takes_large(const acceptance *on)
{
    return info_of(on->rig.env).value_bytes_max >= 1 << 20;
}

/* Where something changes: what a leaf takes, whole pages with and without headers. */
static size_t boundaries(const acceptance *on, size_t sizes[32])
{
    size_t page = on->rig.options.page_bytes, count = 0;
    size_t key_most = info_of(on->rig.env).max_key_bytes;
    size_t record_most = (page - 64) / 2 - (3 * key_most + 1) / 2;
    const size_t middles[] = {record_most - 10 - 8, record_most, page - 64,     page - 32, page,
                              2 * page - 64,        2 * page,    3 * page - 64, 8 * page};
    for (size_t i = 0; i < sizeof middles / sizeof middles[0]; i++)
        for (size_t off = 0; off < 3; off++)
            sizes[count++] = middles[i] - 1 + off;
    return count;
}

/* Put, overwrite by a longer, a shorter and a small one, delete, abort: at every boundary. */
static void values_at_every_boundary(acceptance *on)
{
    u64_key key;
    size_t sizes[32], count = boundaries(on, sizes);
    assert_true(takes_large(on));
    for (size_t i = 0; i < count; i++)
        acceptance_put(on, u64_of(i, &key), large_value(i, sizes[i]));
    acceptance_commit(on);
    rig_reopen(&on->rig); /* out of the log */
    for (size_t i = 0; i < count; i++) {
        size_t other = sizes[(i + 1 + i % 5) % count];
        acceptance_put(on, u64_of(i, &key), large_value(i + 100, i % 4 == 0 ? 20 : other));
        if (i % 4 == 3)
            acceptance_del(on, u64_of(i, &key));
    }
    acceptance_commit(on);
    check_ok(tl_env_checkpoint(on->rig.env));
    rig_compare(&on->rig);
}

static void five_million_bytes(acceptance *on)
{
    u64_key key;
    acceptance_put(on, u64_of(1, &key), large_value(1, 5000000));
    acceptance_put(on, u64_of(2, &key), large_value(2, 100));
    acceptance_commit(on);
    check_ok(tl_env_checkpoint(on->rig.env));
    uint64_t with = info_of(on->rig.env).pages_live;
    acceptance_put(on, u64_of(1, &key), large_value(3, 4999999));
    acceptance_commit(on);
    rig_reopen(&on->rig);
    acceptance_put(on, u64_of(1, &key), large_value(4, 10));
    acceptance_commit(on);
    check_ok(tl_env_checkpoint(on->rig.env));
    assert_true(info_of(on->rig.env).pages_live + 5000000 / on->rig.options.page_bytes <= with + 4);
}

/* An aborted txn that wrote, replaced and deleted large values leaves no page behind. */
static void an_abort_leaks_no_page(acceptance *on)
{
    u64_key key;
    size_t sizes[32], count = boundaries(on, sizes);
    for (size_t i = 0; i < count; i++)
        acceptance_put(on, u64_of(i, &key), large_value(i, sizes[i]));
    acceptance_commit(on);
    check_ok(tl_env_checkpoint(on->rig.env));
    tl_env_info before = info_of(on->rig.env);
    for (unsigned round = 0; round < 3; round++) {
        tl_txn *txn = NULL;
        check_ok(tl_txn_begin(on->rig.env, 0, &txn));
        for (size_t i = 0; i < count; i++) {
            tl_slice value = large_value(i + round, sizes[(i + round) % count]);
            check_ok(tl_put(txn, TL_TREE_MAIN, u64_of(i + 20 * round, &key), value, 0));
            if (i % 3 == round)
                check_ok(tl_del(txn, TL_TREE_MAIN, u64_of(i + 20 * round, &key)));
        }
        tl_txn_abort(txn);
        assert_int_equal(before.pages_live, info_of(on->rig.env).pages_live);
    }
    check_sound(on->rig.env, &on->rig.truth);
}

/* Runs of 2 to 65 pages in a file of which 10, 50 and 90 % are holes of one to three pages. */
static void runs_in_a_fragmented_file(acceptance *on)
{
    static const unsigned percents[] = {10, 50, 90};
    u64_key key;
    size_t page = on->rig.options.page_bytes;
    unsigned pieces = (unsigned)acceptance_size(page > 8192 ? 40 : 120, 400);
    uint64_t runs_most = acceptance_size(page > 8192 ? 20 : 65, 65);
    for (size_t p = 0; p < 3; p++) {
        uint64_t base = p << 32;
        for (unsigned i = 0; i < pieces; i++)
            acceptance_put(on, u64_of(base + i, &key), large_value(i, page * (1 + i % 3)));
        acceptance_commit(on);
        check_ok(tl_env_checkpoint(on->rig.env));
        for (unsigned i = 0; i < pieces; i++)
            if (i * 37 % 100 < percents[p])
                acceptance_del(on, u64_of(base + i, &key));
        acceptance_commit(on);
        check_ok(tl_env_checkpoint(on->rig.env));
        for (uint64_t run = 2; run <= runs_most; run += 1 + run / 4) {
            acceptance_put(on, u64_of(base + 1000 + run, &key),
                           large_value(run, (size_t)run * page - 100));
            acceptance_commit(on);
        }
        check_ok(tl_env_checkpoint(on->rig.env));
        check_sound(on->rig.env, &on->rig.truth);
        for (uint64_t run = 2; run <= runs_most; run += 1 + run / 4)
            acceptance_del(on, u64_of(base + 1000 + run, &key));
        acceptance_commit(on);
    }
}

int main(void)
{
    const scenario scenarios[] = {
        {"values at every boundary",  values_at_every_boundary,  NULL, NULL},
        {"five million bytes",        five_million_bytes,        NULL, NULL},
        {"an abort leaks no page",    an_abort_leaks_no_page,    NULL, NULL},
        {"runs in a fragmented file", runs_in_a_fragmented_file, NULL, NULL},
    };
    return acceptance_run(scenarios, sizeof scenarios / sizeof scenarios[0]);
}
