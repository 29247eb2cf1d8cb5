/* engine/tests/acceptance/test_accept_random.c -- random keys: nothing is lost, however they are
 * committed. */
#include "engine/base/hash.h"
#include "engine/tests/acceptance/acceptance.h"

#include <inttypes.h>

/* Keys 0..count-1 scrambled by a bijection: distinct, random, and found again without a list. */
static tl_slice scrambled(uint64_t i, uint64_t seed, u64_key *key)
{
    return u64_of(tl_mix64(i ^ tl_mix64(seed)), key);
}

static void read_all_back(acceptance *on, uint64_t count, uint64_t seed)
{
    tl_txn *txn = NULL;
    u64_key key, wanted;
    check_ok(tl_txn_begin(on->rig.env, TL_TXN_READ_ONLY, &txn));
    for (uint64_t i = 0; i < count; i++) {
        tl_slice value = {NULL, 0};
        check_ok(tl_get(txn, TL_TREE_MAIN, scrambled(i, seed, &key), &value));
        assert_int_equal(0, tl_slice_compare(value, u64_of(i, &wanted)));
    }
    tl_txn_abort(txn);
}

/* Put `count` random keys in `txn_count` txns.  Returns the content hash, which the keys alone
 * decide. */
static uint64_t fill(acceptance *on, uint64_t count, uint64_t txn_count, uint64_t seed)
{
    u64_key key, value;
    uint64_t each = count / txn_count, hash = 0;
    for (uint64_t i = 0; i < count; i++) {
        tl_slice k = scrambled(i, seed, &key), v = u64_of(i, &value);
        acceptance_begin(on);
        check_ok(tl_put(on->txn, TL_TREE_MAIN, k, v, TL_PUT_INSERT));
        hash += tl_record_hash(k, v);
        if ((i + 1) % each == 0)
            acceptance_commit(on);
    }
    if (on->txn != NULL)
        acceptance_commit(on);
    return hash;
}

static void forget(acceptance *on)
{
    rig_abandon(&on->rig);
    memdisk_remove(on->rig.disk, "rig.tl");
    memdisk_remove(on->rig.disk, "rig.log.0");
    memdisk_remove(on->rig.disk, "rig.log.1");
    rig_open(&on->rig);
}

/* One txn or a thousand: the same content, and every key is there. */
static void random_keys_are_all_there(acceptance *on)
{
    uint64_t sizes[] = {acceptance_size(3000, 100000), acceptance_size(0, 1000000)};
    uint64_t seeds = acceptance_size(1, 20);
    for (size_t s = 0; s < 2 && sizes[s] != 0; s++)
        for (uint64_t seed = 1; seed <= seeds; seed++)
            for (uint64_t txns = 1; txns <= 1000; txns *= acceptance_size(100, 1000)) {
                forget(on);
                uint64_t wanted = fill(on, sizes[s], txns, seed);
                tl_verify_summary summary = {0};
                check_ok(tl_verify(on->rig.env, NULL, NULL, &summary));
                assert_int_equal(sizes[s], summary.records);
                assert_true(wanted == summary.content_hash);
                read_all_back(on, sizes[s], seed);
            }
    forget(on); /* the model has none of these */
}

/* 5 000 x 500 bytes with a delete of key i - 5 after each fifth put, in one txn. */
static void steady_inserts_and_deletes_in_one_txn(acceptance *on)
{
    u64_key key;
    uint64_t count = acceptance_size(1500, 5000);
    for (uint64_t i = 0; i < count; i++) {
        acceptance_put(on, u64_of(i, &key), acceptance_value(on, i, 500));
        if (i % 5 == 4 && i >= 5)
            acceptance_del(on, u64_of(i - 5, &key));
    }
    acceptance_commit(on);
    assert_int_equal(count - (count / 5 - 1), info_of(on->rig.env).count);
    assert_int_equal(0, stats_of(on->rig.env).alloc_failures);
}

/* Values of 26, 34, 49, 51 and 99 % of a page: 500 inserts, then a random 80 % go. */
static void values_that_hardly_share_a_page(acceptance *on)
{
    static const unsigned percents[] = {26, 34, 49, 51, 99};
    u64_key key;
    uint64_t count = acceptance_size(150, 500);
    for (uint64_t i = 0; i < count; i++) {
        size_t size = (size_t)on->rig.options.page_bytes * percents[i % 5] / 100;
        acceptance_put(on, scrambled(i, 7, &key), acceptance_value(on, i, size));
    }
    acceptance_commit(on);
    for (uint64_t i = 0; i < count; i++)
        if (acceptance_below(on, 100) < 80)
            acceptance_del(on, scrambled(i, 7, &key));
    if (on->txn != NULL)
        acceptance_commit(on);
    rig_reopen(&on->rig);
}

/* The first key grows and shrinks again and again, and with it what the leftmost leaf begins with.
 */
static void a_first_key_that_changes_its_length(acceptance *on)
{
    u64_key other;
    uint8_t first[2040] = {0};
    size_t most = info_of(on->rig.env).max_key_bytes, held = 0;
    for (uint64_t i = 0; i < 300; i++)
        acceptance_put(on, u64_of((i + 1) << 32, &other), acceptance_value(on, i, 40));
    for (uint64_t round = 0; round < acceptance_size(150, 2000); round++) {
        if (held != 0)
            acceptance_del(on, tl_slice_of(first, held));
        held = 1 + (size_t)acceptance_below(on, most < 100 ? most : 100);
        if (round % 16 == 0)
            held = round % 32 == 0 ? most : 1;
        acceptance_put(on, tl_slice_of(first, held), acceptance_value(on, round, round % 90));
        if (round % 10 == 9)
            acceptance_commit(on);
    }
}

int main(void)
{
    const scenario scenarios[] = {
        {"random keys are all there",             random_keys_are_all_there,             NULL, NULL},
        {"steady inserts and deletes in one txn", steady_inserts_and_deletes_in_one_txn, NULL,
         NULL                                                                                      },
        {"values that hardly share a page",       values_that_hardly_share_a_page,       NULL, NULL},
        {"a first key that changes its length",   a_first_key_that_changes_its_length,   NULL, NULL},
    };
    return acceptance_run(scenarios, sizeof scenarios / sizeof scenarios[0]);
}
