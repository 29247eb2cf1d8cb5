/* engine/tests/support/committers.c -- see committers.h. */
#include "engine/tests/support/committers.h"
#include "engine/base/bytes.h"
#include "engine/base/hash.h"
#include "engine/tests/support/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WRITERS = 8 };

static const tl_slice shared = {"shared", 6};

static tl_slice numbered_key(uint64_t number, char text[24])
{
    int size = snprintf(text, 24, "key %08llu", (unsigned long long)number);
    return (tl_slice){text, (size_t)size};
}

static uint64_t shared_number(tl_txn *txn)
{
    tl_slice value = {NULL, 0};
    return tl_get(txn, TL_TREE_MAIN, shared, &value) == TL_OK ? tl_load64(value.data) : 0;
}

tl_status commit_next(tl_env *env, uint64_t *number)
{
    tl_txn *txn = NULL;
    char text[24];
    tl_status status = tl_txn_begin(env, 0, &txn);
    if (status != TL_OK)
        return status;
    *number = shared_number(txn) + 1;
    tl_slice bytes = {number, sizeof *number};
    status = tl_put(txn, TL_TREE_MAIN, shared, bytes, 0);
    if (status == TL_OK)
        status = tl_put(txn, TL_TREE_MAIN, numbered_key(*number, text), bytes, 0);
    if (status == TL_OK)
        return tl_txn_commit(txn);
    tl_txn_abort(txn);
    return status;
}

static void *committer_body(void *context)
{
    committer *self = context;
    while (self->limit == 0 || self->count < self->limit) {
        uint64_t number = 0;
        self->status = commit_next(self->env, &number);
        if (self->status != TL_OK)
            break;
        self->acknowledged = number;
        self->count++;
    }
    return NULL;
}

void committers_start(committer *all, unsigned count, tl_env *env, uint64_t limit)
{
    for (unsigned i = 0; i < count; i++) {
        all[i] = (committer){.env = env, .limit = limit, .status = TL_OK};
        if (pthread_create(&all[i].thread, NULL, committer_body, &all[i]) != 0)
            abort();
    }
}

uint64_t committers_join(committer *all, unsigned count)
{
    uint64_t acknowledged = 0;
    for (unsigned i = 0; i < count; i++) {
        pthread_join(all[i].thread, NULL);
        if (all[i].acknowledged > acknowledged)
            acknowledged = all[i].acknowledged;
    }
    return acknowledged;
}

uint64_t committers_prefix(tl_env *env)
{
    tl_txn *txn = NULL;
    tl_slice value = {NULL, 0};
    char text[24];
    uint64_t count = 0;
    if (tl_txn_begin(env, TL_TXN_READ_ONLY, &txn) != TL_OK ||
        tl_count(txn, TL_TREE_MAIN, &count) != TL_OK)
        return UINT64_MAX;
    uint64_t number = shared_number(txn);
    bool whole = count == (number == 0 ? 0 : number + 1);
    for (uint64_t i = 1; i <= number && whole; i++)
        whole = tl_get(txn, TL_TREE_MAIN, numbered_key(i, text), &value) == TL_OK;
    tl_txn_abort(txn);
    return whole ? number : UINT64_MAX;
}

tl_env_options committers_options(tl_io *io)
{
    return (tl_env_options){.page_bytes = 1024,
                            .map_bytes = UINT64_C(256) << 20,
                            .growth_bytes = 32 << 10,
                            .log_bytes = 8192,
                            .readers_max = 8,
                            .io = io};
}

/* Open what is there: a sound prefix that holds all `acknowledged` ones. */
static bool look(tl_env *env, uint64_t acknowledged, uint64_t *found)
{
    tl_verify_summary summary;
    *found = committers_prefix(env);
    return *found != UINT64_MAX && *found >= acknowledged &&
           tl_verify(env, NULL, NULL, &summary) == TL_OK;
}

static bool all_were_told(const committer *all)
{
    for (unsigned i = 0; i < WRITERS; i++)
        if (all[i].status != TL_IO && all[i].status != TL_POISONED)
            return false;
    return true;
}

/* Commit until the power is cut; *disk is what is left. */
static bool round_run(unsigned round, uint64_t *seed, uint64_t *acknowledged, memdisk **disk)
{
    gate *at = gate_create(*disk);
    committer all[WRITERS];
    tl_env_options options = committers_options(gate_io(at));
    tl_env *env = NULL;
    uint64_t found = 0;
    options.ckpt_bytes = round % 3 == 0 ? 0 : 16 << 10; /* with checkpoints under way, too */
    options.log_pad_bytes = round % 2 == 0 ? 512 : 4096;
    options.publish_early = round % 4 == 3;
    bool good = tl_env_open("group", &options, &env) == TL_OK && look(env, *acknowledged, &found);
    if (good) {
        gate_delay(at, GATE_LOGS, round % 5 == 0 ? 200 : 0);
        committers_start(all, WRITERS, env, 0);
        long pause_ns = (long)(tl_random_next(seed) % 20000000);
        nanosleep(&(struct timespec){.tv_nsec = pause_ns}, NULL);
        gate_cut(at);
        *acknowledged = committers_join(all, WRITERS);
        *acknowledged = *acknowledged > found ? *acknowledged : found;
        good = all_were_told(all);
    }
    if (env != NULL)
        tl_env_abandon(env);
    *disk = gate_remains(at, tl_random_next(seed));
    gate_destroy(at);
    return good;
}

bool committers_lose_power(uint64_t seed, unsigned rounds, uint64_t *survived)
{
    memdisk *disk = NULL;
    bool good = true;
    *survived = 0;
    for (unsigned round = 0; round < rounds && good; round++)
        good = round_run(round, &seed, survived, &disk);
    gate *at = gate_create(disk);
    tl_env_options options = committers_options(gate_io(at));
    tl_env *env = NULL;
    uint64_t found = 0;
    good = good && tl_env_open("group", &options, &env) == TL_OK && look(env, *survived, &found);
    if (env != NULL && tl_env_close(env) != TL_OK)
        good = false;
    gate_destroy(at);
    return good;
}
