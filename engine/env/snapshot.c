/* engine/env/snapshot.c -- published snapshots, reader slots, and who pins what. */
#include "engine/base/mutant.h"
#include "engine/env/value.h"

#include <sched.h>
#include <string.h>

enum { SLOT_FREE = 0, SLOT_CLAIMED = 1 };

static uint64_t pack(uint64_t txn, unsigned index)
{
    return txn << 16 | index;
}

tl_status tl_snapshots_open(tl_env *env, unsigned reader_count)
{
    tl_memory *memory = env->pager.memory;
    env->reader_count = reader_count;
    /* each reader one, the published one, the one in flight, the newest, the next */
    env->snapshot_count = reader_count + 4;
    env->snapshots = memory->allocate(memory, env->snapshot_count * sizeof *env->snapshots);
    env->pins = memory->allocate(memory, (reader_count + TL_PINS_MORE) * sizeof *env->pins);
    env->readers_block = memory->allocate(memory, reader_count * sizeof *env->readers + 64);
    if (env->snapshots != NULL)
        memset(env->snapshots, 0, env->snapshot_count * sizeof *env->snapshots);
    if (env->snapshots == NULL || env->pins == NULL || env->readers_block == NULL)
        return TL_NO_MEMORY;
    uintptr_t start = ((uintptr_t)env->readers_block + 63) & ~(uintptr_t)63;
    env->readers = (tl_reader *)start; /* slots are initialised when first used */
    return TL_OK;
}

void tl_snapshots_close(tl_env *env)
{
    tl_memory *memory = env->pager.memory;
    for (unsigned i = 0; env->snapshots != NULL && i < env->snapshot_count; i++)
        tl_forest_release(&env->snapshots[i].trees, memory);
    if (env->snapshots != NULL)
        memory->release(memory, env->snapshots, env->snapshot_count * sizeof *env->snapshots);
    if (env->pins != NULL)
        memory->release(memory, env->pins, (env->reader_count + TL_PINS_MORE) * sizeof *env->pins);
    if (env->readers_block != NULL)
        memory->release(memory, env->readers_block, env->reader_count * sizeof *env->readers + 64);
}

/* The snapshots that must stay readable: those that readers announced, those that new readers may
 * still be given, and those of checkpoints.
 *
 * First what is published, then the readers: one whose announcement is not seen here looks at
 * `published` again after this did, and finds what is pinned here or something newer.  Commits
 * between the one in flight and the newest are never published, so nobody can come to need them. */
static size_t pins_gather(tl_env *env)
{
    size_t count = 0;
    uint64_t packed[3];
    if (env->groups)
        pthread_mutex_lock(&env->mutex);
    packed[0] = atomic_load(&env->published);
    packed[1] = env->in_flight;
    packed[2] = env->newest_packed;
    if (env->groups)
        pthread_mutex_unlock(&env->mutex);
    env->pins_published = packed[0];
    if (!TL_MUTANT(free_before_durable))
        env->pins[count++] = env->meta.txn;
    if (atomic_load(&env->ckpt_state) != TL_CHECKPOINT_NONE && !TL_MUTANT(checkpoint_without_pin))
        env->pins[count++] = env->ckpt.meta.txn;
    for (unsigned i = 0; i < 3; i++)
        if (packed[i] != 0)
            env->pins[count++] = packed[i] >> 16;
    unsigned high = atomic_load(&env->readers_high);
    for (unsigned i = 0; i < high; i++) {
        uint64_t seen = atomic_load(&env->readers[i].seen);
        if (seen > SLOT_CLAIMED && !TL_MUTANT(reader_not_pinned))
            env->pins[count++] = seen >> 16;
    }
    return count;
}

static bool names_entry(uint64_t packed, unsigned index)
{
    return packed > SLOT_CLAIMED && (packed & 0xffff) == index;
}

/* A snapshot entry that nobody can be looking at. */
static unsigned snapshot_free(tl_env *env)
{
    uint64_t published = atomic_load(&env->published);
    unsigned high = atomic_load(&env->readers_high);
    for (unsigned index = 0;; index++) { /* ends: there is one more entry than users */
        bool used = names_entry(published, index) || names_entry(env->in_flight, index) ||
                    names_entry(env->newest_packed, index);
        for (unsigned i = 0; i < high && !used; i++)
            used = names_entry(atomic_load(&env->readers[i].seen), index);
        if (!used)
            return index;
    }
}

void tl_snapshot_commit_space(tl_env *env)
{
    size_t pin_count = pins_gather(env);
    uint64_t pin_min = UINT64_MAX;
    for (size_t i = 0; i < pin_count; i++)
        pin_min = env->pins[i] < pin_min ? env->pins[i] : pin_min;
    tl_space_commit(&env->pager.space, env->newest_txn, env->pins, pin_count);
    tl_names_sweep(&env->names, env->pager.memory, pin_min);
}

tl_status tl_snapshot_secure(tl_env *env, const tl_forest *forest)
{
    if (env->groups)
        pthread_mutex_lock(&env->mutex);
    env->snapshot_next = snapshot_free(env); /* nobody but the writer makes a free one used */
    if (env->groups)
        pthread_mutex_unlock(&env->mutex);
    return tl_forest_reserve(&env->snapshots[env->snapshot_next].trees, env->pager.memory, forest);
}

void tl_snapshot_refresh_pins(tl_env *env)
{
    size_t pin_count = pins_gather(env);
    tl_space_set_pins(&env->pager.space, env->pins, pin_count);
}

void tl_snapshot_advance(tl_env *env)
{
    tl_snapshot *snapshot = &env->snapshots[env->snapshot_next];
    snapshot->txn = env->newest_txn;
    snapshot->page_count = env->pager.space.page_count;
    tl_forest_copy(&snapshot->trees, &env->newest);
    env->newest_packed = pack(env->newest_txn, env->snapshot_next);
}

void tl_snapshot_publish(tl_env *env)
{
    tl_snapshot_advance(env);
    atomic_store(&env->published, env->newest_packed);
    tl_snapshot_commit_space(env); /* after the store: a reader that missed it is seen here */
}

/* Claim a free slot, enlarging the range in use when all are taken. */
static tl_reader *slot_claim(tl_env *env)
{
    for (;;) {
        unsigned high = atomic_load(&env->readers_high);
        for (unsigned i = 0; i < high; i++) {
            uint64_t free_value = SLOT_FREE;
            if (atomic_load_explicit(&env->readers[i].seen, memory_order_relaxed) == SLOT_FREE &&
                atomic_compare_exchange_strong(&env->readers[i].seen, &free_value, SLOT_CLAIMED))
                return &env->readers[i];
        }
        pthread_mutex_lock(&env->mutex); /* rare: once per reader at a time */
        bool grown = atomic_load(&env->readers_high) == high;
        if (grown && high == env->reader_count) {
            pthread_mutex_unlock(&env->mutex);
            return NULL;
        }
        if (grown) {
            atomic_init(&env->readers[high].seen, SLOT_CLAIMED);
            atomic_store(&env->readers_high, high + 1);
        }
        pthread_mutex_unlock(&env->mutex);
        if (grown)
            return &env->readers[high];
    }
}

tl_status tl_reader_begin(tl_env *env, tl_txn **out)
{
    tl_reader *reader = slot_claim(env);
    if (reader == NULL)
        return tl_pager_fail(&env->pager, TL_BUSY, 0, "all %u reader slots are in use",
                             env->reader_count);
    uint64_t seen = atomic_load(&env->published);
    for (;;) { /* ends when no commit comes between the announcement and the second look */
        if (TL_MUTANT(slow_reader) || TL_MUTANT(reader_looks_once))
            sched_yield(); /* gives a commit the time to come between */
        atomic_store(&reader->seen, seen);
        uint64_t again = atomic_load(&env->published);
        if (again == seen || TL_MUTANT(reader_looks_once))
            break;
        seen = again;
    }
    const tl_snapshot *snapshot = &env->snapshots[seen & 0xffff];
    reader->txn = (tl_txn){.env = env,
                           .root = tl_forest_main(&snapshot->trees),
                           .trees = &snapshot->trees,
                           .number = snapshot->txn,
                           .read_only = true,
                           .doomed = TL_OK,
                           .cursors = NULL,
                           .values = NULL,
                           .counts = {.lower = env->pager.search->lower}};
    *out = &reader->txn;
    return TL_OK;
}

const tl_snapshot *tl_snapshot_of(const tl_txn *txn)
{
    return (const tl_snapshot *)((const char *)txn->trees - offsetof(tl_snapshot, trees));
}

void tl_reader_end(tl_txn *txn)
{
    tl_env *env = txn->env;
    if (txn->values != NULL)
        tl_txn_values_release(txn);
    const uint64_t counts[4] = {txn->counts.descents, txn->counts.levels, txn->counts.head_ties,
                                txn->counts.full_compares};
    for (size_t i = 0; i < 4; i++)
        if (counts[i] != 0)
            atomic_fetch_add_explicit(&env->read_counts[i], counts[i], memory_order_relaxed);
    tl_reader *reader = (tl_reader *)((char *)txn - offsetof(tl_reader, txn));
    atomic_store(&reader->seen, SLOT_FREE);
}

bool tl_readers_active(tl_env *env)
{
    unsigned high = atomic_load(&env->readers_high);
    for (unsigned i = 0; i < high; i++)
        if (atomic_load(&env->readers[i].seen) != SLOT_FREE)
            return true;
    return false;
}
