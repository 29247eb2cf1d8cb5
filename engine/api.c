/* engine/api.c -- the calls of tl/engine.h that only choose a tree and look around. */
#include "engine/env/edit.h"
#include "engine/env/value.h"

tl_status tl_get(tl_txn *txn, tl_tree tree, tl_slice key, tl_slice *value)
{
    tl_env *env = txn->env;
    const tl_root *root = tl_txn_root(txn, tree);
    if (root == NULL)
        return TL_NOT_FOUND;
    if (key.size_bytes == 0 || key.size_bytes > env->pager.max_key_bytes)
        return TL_KEY_SIZE;
    tl_slice found;
    tl_status status = tl_tree_get(&env->pager, root, key, &found,
                                   txn->read_only ? &txn->counts : &env->writer.counts);
    if (status == TL_OK)
        status = tl_txn_fetch(txn, tree, &found);
    if (status == TL_OK)
        *value = found;
    return status;
}

tl_status tl_get_many(tl_txn *txn, tl_tree tree, const tl_slice *keys, size_t count,
                      tl_slice *values, size_t *found)
{
    tl_env *env = txn->env;
    const tl_root *root = tl_txn_root(txn, tree);
    if (root == NULL)
        return TL_NOT_FOUND;
    for (size_t i = 0; i < count; i++)
        if (keys[i].size_bytes == 0 || keys[i].size_bytes > env->pager.max_key_bytes)
            return TL_KEY_SIZE;
    size_t found_count = 0;
    tl_status status = tl_tree_get_many(&env->pager, root, keys, count, values, &found_count,
                                        txn->read_only ? &txn->counts : &env->writer.counts);
    for (size_t i = 0; i < count && status == TL_OK; i++)
        status = tl_txn_fetch(txn, tree, &values[i]);
    if (status == TL_OK)
        *found = found_count;
    return status;
}

tl_status tl_put(tl_txn *txn, tl_tree tree, tl_slice key, tl_slice value, unsigned flags)
{
    return tl_txn_put(txn, tree, key, value, flags);
}

tl_status tl_del(tl_txn *txn, tl_tree tree, tl_slice key)
{
    return tl_txn_del(txn, tree, key);
}

tl_status tl_count(tl_txn *txn, tl_tree tree, uint64_t *count)
{
    const tl_root *root = tl_txn_root(txn, tree);
    if (root == NULL)
        return TL_NOT_FOUND;
    *count = root->count;
    return TL_OK;
}

tl_status tl_tree_shape(tl_txn *txn, tl_tree tree, tl_shape *shape)
{
    const tl_root *root = tl_txn_root(txn, tree);
    return root == NULL ? TL_NOT_FOUND : tl_tree_measure(&txn->env->pager, root, shape);
}

tl_status tl_env_checkpoint(tl_env *env)
{
    if (env->pager.read_only)
        return TL_READ_ONLY;
    if (tl_turn_is_mine(env))
        return TL_BUSY;
    tl_status status = tl_turn_take(env, 0);
    if (status != TL_OK)
        return status;
    tl_checkpoint_wait(env);
    status = atomic_load(&env->poisoned) ? TL_POISONED : TL_OK;
    bool needed = status == TL_OK && env->newest_txn != env->meta.txn;
    if (needed)
        status = tl_checkpoint_pin(env, env->newest_txn, &env->newest);
    else if (status == TL_OK)
        tl_snapshot_refresh_pins(env);
    tl_turn_give(env);
    if (!needed || status != TL_OK)
        return status;
    status = tl_checkpoint_write(env);
    if (tl_turn_take(env, TL_TXN_TRY) == TL_OK) /* else whoever has it settles the checkpoint */
        tl_turn_give(env);
    return status;
}

/* Under none nothing was ever synced: neither pages and metas nor the files' names. */
static tl_status sync_everything(tl_env *env)
{
    tl_io *io = env->pager.io;
    tl_status status = io->fdatasync(io, env->pager.file);
    for (unsigned i = 0; i < 2 && status == TL_OK; i++) {
        status = io->fdatasync(io, env->log.files[i]);
        env->pager.stats.syncs_log++;
    }
    return status == TL_OK ? io->fsync_dir(io, env->paths.dir) : status;
}

static tl_status sync_written(tl_env *env)
{
    tl_status status = TL_OK;
    if (env->durability == TL_DURABILITY_NONE) {
        tl_checkpoint_wait(env); /* half of one may not come to look whole */
        status = sync_everything(env);
    } else {
        tl_sync_counts counts = {0, 0};
        status = tl_written_sync(env, env->log.active, &counts);
        env->pager.stats.syncs_log += counts.log;
        env->pager.stats.syncs_values += counts.values;
    }
    if (status != TL_OK) {
        tl_pager_fail(&env->pager, TL_IO, 0, "the files could not be synced; reopen to recover");
        return tl_env_poison(env, status);
    }
    tl_durable_advance(env, env->newest_txn);
    return TL_OK;
}

tl_status tl_env_sync(tl_env *env)
{
    if (env->pager.read_only)
        return TL_OK;
    tl_status status = tl_turn_take(env, 0);
    if (status != TL_OK)
        return status;
    status = tl_flush_all(env);
    if (status == TL_OK)
        status = sync_written(env);
    tl_turn_give(env);
    return status;
}

void tl_env_error(tl_env *env, tl_error *error)
{
    pthread_mutex_lock(&env->pager.error_mutex);
    *error = env->pager.error;
    pthread_mutex_unlock(&env->pager.error_mutex);
}

/* Look at the writer's state: wait for its turn, unless it is this thread's own. */
static bool look_begin(tl_env *env)
{
    return !tl_turn_is_mine(env) && tl_turn_take(env, 0) == TL_OK;
}

void tl_env_info_get(tl_env *env, tl_env_info *info)
{
    bool taken = look_begin(env);
    const tl_space *space = &env->pager.space;
    *info = (tl_env_info){
        .page_bytes = env->pager.page_bytes,
        .max_key_bytes = env->pager.max_key_bytes,
        .value_bytes_max = TL_VALUE_BYTES_MAX,
        .inline_value_bytes_max = env->pager.record_bytes_max - TL_ENTRY_BYTES -
                                  TL_CELL_HEADER_BYTES - env->pager.max_key_bytes,
        .depth = tl_forest_main(&env->newest)->depth,
        .count = tl_forest_main(&env->newest)->count,
        .txn = env->newest_txn,
        .durable_txn = atomic_load(&env->durable_txn),
        .checkpoint_no = env->meta.ckpt_no,
        .page_count = space->page_count,
        .pages_live = tl_bitmap_count(&space->live, space->page_count),
        .pages_free = tl_space_available(space),
        .frames_replayed = env->recovery.frames,
        .tail_bytes_dropped = env->recovery.tail_bytes,
        .commit = env->protocol->name,
        .leaf = env->writer.mode->name,
        .split = env->writer.split.row->name,
        .fill = env->writer.fill.row->name,
        .space = space->policy->name,
        .simd = env->pager.search->name,
        .durability = env->durability,
    };
    memcpy(info->uuid, env->meta.uuid, sizeof info->uuid);
    if (taken)
        tl_turn_give(env);
}

/* What follows from other counters is not counted by every edit but worked out for who asks. */
static void stats_complete(tl_stats *stats)
{
    stats->inplace_edits += stats->append_hits; /* each is one */
    stats->splits = stats->leaf_splits + stats->branch_splits;
    stats->merges = stats->leaf_merges + stats->branch_merges;
    stats->dirtied_sibling = stats->siblings_copied;
    stats->dirtied_parent = stats->cow_copies - stats->siblings_copied - stats->dirtied_edit;
}

void tl_env_stats(tl_env *env, tl_stats *stats)
{
    bool taken = look_begin(env);
    *stats = env->pager.stats;
    stats_complete(stats);
    stats->descents += atomic_load(&env->read_counts[0]);
    stats->levels += atomic_load(&env->read_counts[1]);
    stats->head_ties += atomic_load(&env->read_counts[2]);
    stats->full_compares += atomic_load(&env->read_counts[3]);
    stats->pages_loaded = atomic_load(&env->pager.pages_loaded);
    stats->values_loaded = atomic_load(&env->pager.values_loaded);
    stats->values_joined = atomic_load(&env->pager.values_joined);
    stats->sum_failures = atomic_load(&env->pager.sum_failures);
    if (taken)
        tl_turn_give(env);
    pthread_mutex_lock(&env->mutex);
    const tl_flush_counts *flushed = &env->flush_counts;
    stats->syncs_log += flushed->flushes;
    stats->log_bytes += flushed->bytes;
    stats->log_sync_ns += flushed->sync_ns;
    stats->group_flushes = flushed->flushes;
    stats->group_txns = flushed->txns;
    stats->group_largest = flushed->largest;
    pthread_mutex_unlock(&env->mutex);
}
