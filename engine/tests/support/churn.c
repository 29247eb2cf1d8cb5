/* engine/tests/support/churn.c -- see churn.h. */
#include "engine/tests/support/churn.h"
#include "engine/base/bytes.h"
#include "engine/tests/support/gate.h"

#include <stdlib.h>

enum { KEYS = 600, PUTS = 12, COMMITS = 300 };

static tl_slice churn_key(unsigned i, uint8_t bytes[4])
{
    tl_store32(bytes, i * 0x9e3779b1u); /* all over the tree */
    return (tl_slice){bytes, 4};
}

/* Commit `number` writes itself under PUTS keys that follow from it, and under key 0. */
static tl_status commit_number(tl_env *env, uint64_t number)
{
    tl_txn *txn = NULL;
    uint8_t bytes[4], value[6000] = {0};
    tl_store64(value, number);
    tl_status status = tl_txn_begin(env, 0, &txn);
    for (unsigned i = 0; i < PUTS && status == TL_OK; i++) {
        unsigned key = i == 0 ? 0 : 1 + (unsigned)((number * PUTS + i) % KEYS);
        size_t size = key == 0 ? 8 : 60 + (size_t)(number * 7 + i) % 60;
        if (key % 97 == 5) /* a few are long: extents come and go too */
            size = 600 + 100 * (size_t)(number % 50);
        status = tl_put(txn, TL_TREE_MAIN, churn_key(key, bytes), (tl_slice){value, size}, 0);
    }
    if (status == TL_OK)
        return tl_txn_commit(txn);
    tl_txn_abort(txn);
    return status;
}

static bool sound(tl_env *env, uint64_t number)
{
    tl_txn *txn = NULL;
    tl_slice value = {NULL, 0};
    uint8_t bytes[4];
    tl_verify_summary summary;
    if (tl_verify(env, NULL, NULL, &summary) != TL_OK ||
        tl_txn_begin(env, TL_TXN_READ_ONLY, &txn) != TL_OK)
        return false;
    tl_status status = tl_get(txn, TL_TREE_MAIN, churn_key(0, bytes), &value);
    uint64_t found = status == TL_OK ? tl_load64(value.data) : 0;
    tl_txn_abort(txn);
    return found == number && (status == TL_OK || number == 0);
}

/* One life: look, commit, and die at any moment. */
static bool live(const tl_env_options *options, uint64_t *number, churn_report *report)
{
    tl_env *env = NULL;
    if (tl_env_open("churn", options, &env) != TL_OK)
        return false;
    bool good = sound(env, *number);
    tl_stats stats;
    for (unsigned i = 0; i < COMMITS && good; i++) {
        good = commit_number(env, *number + 1) == TL_OK;
        *number += good;
    }
    tl_env_stats(env, &stats);
    report->checkpoints += stats.checkpoints;
    report->beside += stats.txns - stats.log_waits;
    tl_env_abandon(env);
    return good;
}

bool churn_run(tl_durability durability, unsigned lives, churn_report *report)
{
    gate *at = gate_create(NULL);
    tl_env_options options = {.durability = durability,
                              .page_bytes = 1024,
                              .map_bytes = UINT64_C(256) << 20,
                              .ckpt_bytes = 40 << 10,
                              .log_value_max = 4000, /* some in the frame, some ahead of it */
                              .readers_max = 8,
                              .io = gate_io(at)};
    gate_delay(at, GATE_PAGES, 100);
    uint64_t number = 0;
    bool good = true;
    for (unsigned i = 0; i < lives && good; i++)
        good = live(&options, &number, report);
    gate_destroy(at);
    return good;
}
