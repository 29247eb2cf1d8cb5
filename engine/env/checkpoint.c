/* engine/env/checkpoint.c -- making the file hold a commit: pages, zones, sync, meta, sync.
 *
 * Nothing that the durable checkpoint reaches is written over, so a crash at any point leaves
 * either the old meta with all its pages or the new one with all its pages.  The meta goes out only
 * after everything it names is durable; the log before it is dead only after the meta is.
 *
 *   pin      in the writer's turn, behind a commit C: what has to be written is noted, bitmaps are
 *            copied, frames from here on go to the other log file.  C counts as a reader
 *   write    by any thread, while the writer goes on: no page of C is edited any more, later txns
 *            copy it, and as C is pinned none is used again
 *   settle   in a turn again: C is the durable checkpoint, the one before it pins nothing any more.
 *            The writing thread does not come back for this: whoever has the turn next does it
 *
 * A disk without room stops only this checkpoint: the one before stays, its log and what followed
 * in the other file are kept, and the next try writes what this one would have.  Its frames then
 * stand behind those that the failed one left in that file: the meta says where (log_begin).
 */
#include "engine/base/mutant.h"
#include "engine/env/env.h"
#include "engine/page/manifest.h"

#include <assert.h>

tl_status tl_env_poison(tl_env *env, tl_status status)
{
    atomic_store(&env->poisoned, true);
    return status == TL_CORRUPT ? TL_CORRUPT : TL_IO;
}

/* ---- pin ---- */

static void note_no_space(tl_env *env)
{
    env->pager.stats.ckpt_no_space++;
    env->retry_log_bytes = env->log_bytes_since + env->ckpt_bytes / 8;
}

/* Nothing happened, or nothing is known any more of the catalog. */
static tl_status pin_undo(tl_env *env, tl_status status)
{
    tl_catalog_settle(env, NULL);
    if (status != TL_NO_SPACE && status != TL_NO_MEMORY)
        return tl_env_poison(env, status);
    note_no_space(env);
    return status;
}

/* Frames behind the pinned commit go to the other file, unless an earlier try has switched. */
static void log_turn(tl_env *env, tl_meta *next)
{
    if (env->log.ckpt_no != next->ckpt_no || TL_MUTANT(retry_rewinds_log))
        tl_log_switch(&env->log, next->ckpt_no);
    next->log_begin = env->log.tail;
    env->log_reached = env->log.tail;
    atomic_store(&env->log_active, env->log.active);
}

/* What the checkpoint of (txn, forest) says, but for what its catalog and bitmaps add. */
static tl_meta meta_begin(const tl_env *env, uint64_t txn)
{
    tl_meta next = env->meta;
    next.version = TL_FORMAT_VERSION; /* whichever it was */
    next.ckpt_no++;
    next.txn = txn;
    next.log_salt = env->log.salt;
    next.log_chain = env->log.chain;
    next.log_pad_bytes = env->log.pad_bytes;
    next.manifest_pgno = next.manifest_crc = 0;
    for (unsigned i = 0; i < 2; i++) /* no more than a power loss leaves when this meta is read */
        next.log_bytes[i] = atomic_load(
            TL_MUTANT(say_unsynced_log_sizes) ? &env->log.sizes[i] : &env->log.sizes_synced[i]);
    return next;
}

/* A page for the manifest, if there is one and it can list all there is to write.  It is not live:
 * when the next meta is durable nobody needs it. */
static void manifest_begin(tl_env *env, tl_checkpoint_run *run)
{
    run->one_sync = run->one_sync &&
                    tl_write_set_count(&run->set) <= tl_manifest_capacity(env->pager.page_bytes);
    if (run->one_sync)
        run->meta.manifest_pgno = tl_space_hold(&env->pager.space);
}

/* The manifest of a meta that is replaced, or never was. */
static void manifest_end(tl_env *env, const tl_meta *meta)
{
    if (meta->manifest_pgno != 0)
        tl_space_unhold(&env->pager.space, meta->manifest_pgno);
}

tl_status tl_checkpoint_pin(tl_env *env, uint64_t txn, const tl_forest *forest)
{
    tl_checkpoint_run *run = &env->ckpt;
    assert(atomic_load(&env->ckpt_state) == TL_CHECKPOINT_NONE);
    /* What writers have staged belongs to the file of the log that is in use until now. */
    tl_status status = tl_flush_all(env);
    if (status != TL_OK)
        return status;
    run->begin_ns = tl_clock_ns();
    run->log_bytes = env->log_bytes_since;
    run->syncs_page = run->syncs_meta = run->meta_bytes = 0;
    run->status = TL_OK;
    run->meta = meta_begin(env, txn);
    status = tl_forest_reserve(&run->forest, env->pager.memory, forest);
    if (status == TL_OK)
        status = tl_catalog_update(env, &run->meta, forest);
    run->one_sync =
        status == TL_OK && env->one_sync_wanted && tl_pager_secure(&env->pager, 1) == TL_OK;
    run->meta.page_count = env->pager.space.page_count;
    if (status == TL_OK)
        status =
            tl_write_set_take(&env->pager, &run->set, run->meta.ckpt_no, &run->meta.zone_digest);
    if (status != TL_OK)
        return pin_undo(env, status);
    manifest_begin(env, run);
    tl_forest_copy(&run->forest, forest);
    log_turn(env, &run->meta);
    atomic_store(&env->ckpt_state, TL_CHECKPOINT_RUNNING);
    return TL_OK;
}

/* ---- write ---- */

static tl_status sync_file(tl_env *env, uint64_t *counter)
{
    if (env->durability == TL_DURABILITY_NONE)
        return TL_OK;
    ++*counter;
    tl_status status = env->pager.io->fdatasync(env->pager.io, env->pager.file);
    return status == TL_OK || TL_MUTANT(ignore_page_sync_error)
               ? TL_OK
               : tl_pager_fail(&env->pager, TL_IO, 0,
                               "the page file could not be "
                               "synced; reopen to recover");
}

static tl_status write_meta(tl_env *env, tl_checkpoint_run *run)
{
    uint8_t block[TL_META_BLOCK_BYTES];
    tl_meta_encode(&run->meta, block);
    tl_io_span span = {block, sizeof block};
    run->meta_bytes += sizeof block;
    unsigned slot = TL_MUTANT(one_meta_slot) ? 0 : run->meta.ckpt_no & 1;
    tl_status status = env->pager.io->pwritev(env->pager.io, env->pager.file,
                                              tl_meta_offset(run->meta.page_bytes, slot), &span, 1);
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(&env->pager, TL_IO, 0,
                                           "the meta could not be written; "
                                           "reopen to recover");
}

static bool is_recovering(tl_env *env)
{
    return atomic_load(&env->published) == 0;
}

/* Seeded bugs: the meta goes out first, and one sync behind all; everywhere, or in recovery. */
static bool meta_goes_first(tl_env *env)
{
    return TL_MUTANT(meta_before_data) || (TL_MUTANT(recovery_meta_first) && is_recovering(env));
}

/* Seeded bugs: the meta is not waited for. */
static bool meta_stays_unsynced(tl_env *env)
{
    return TL_MUTANT(skip_meta_sync) || (TL_MUTANT(recovery_unsynced) && is_recovering(env));
}

/* A seeded bug's: the log of the checkpoint before is empty as soon as its pages are written. */
static tl_status log_reset(tl_env *env)
{
    static const uint8_t zeros[TL_LOG_FRAME_HEADER_BYTES];
    tl_io_span span = {zeros, sizeof zeros};
    return env->pager.io->pwritev(env->pager.io, env->log.files[1 - env->log.active],
                                  env->meta.log_begin, &span, 1);
}

/* A seeded bug's: the file grows when its new pages are synced already. */
static tl_status grow_late(tl_env *env, const tl_checkpoint_run *run)
{
    return env->pager.io->fallocate(env->pager.io, env->pager.file, 0,
                                    run->meta.page_count * run->meta.page_bytes);
}

/* Pages, extents and bitmaps; when this returns TL_OK, all the meta will name is durable, or listed
 * in its manifest. */
static tl_status write_body(tl_env *env, tl_checkpoint_run *run)
{
    tl_status status = tl_write_set_zones(&env->pager, &run->set);
    if (status == TL_OK && meta_goes_first(env))
        status = write_meta(env, run);
    if (status == TL_OK)
        status = tl_write_set_pages(&env->pager, &run->set, &env->ckpt_stop);
    if (status == TL_OK)
        status = tl_write_set_values(&env->pager, &run->set, &env->ckpt_stop);
    if (status == TL_OK && TL_MUTANT(reset_log_before_sync))
        status = log_reset(env);
    if (status == TL_OK && run->one_sync)
        return tl_write_set_manifest(&env->pager, &run->set, run->meta.manifest_pgno,
                                     run->meta.ckpt_no, &run->meta.manifest_crc);
    if (status == TL_OK && !TL_MUTANT(skip_data_sync) && !meta_goes_first(env))
        status = sync_file(env, &run->syncs_page);
    return status;
}

/* After a failure elsewhere nothing that is not durable may come to look so. */
static bool given_up(tl_env *env)
{
    return atomic_load(&env->poisoned) || atomic_load(&env->ckpt_stop);
}

tl_status tl_checkpoint_write(tl_env *env)
{
    tl_checkpoint_run *run = &env->ckpt;
    tl_status status = write_body(env, run);
    bool no_room = status == TL_NO_SPACE || status == TL_NO_MEMORY;
    if (status == TL_BUSY || (status == TL_OK && given_up(env)))
        status = TL_POISONED;
    if (status == TL_OK && TL_MUTANT(size_after_sync))
        status = grow_late(env, run);
    if (status == TL_OK && !meta_goes_first(env))
        status = write_meta(env, run);
    if (status == TL_OK && !meta_stays_unsynced(env))
        status = sync_file(env, &run->syncs_meta);
    if (status == TL_OK && env->durability != TL_DURABILITY_NONE)
        tl_durable_advance(env, run->meta.txn);
    if (status != TL_OK && status != TL_POISONED && !no_room)
        status = tl_env_poison(env, status);
    run->status = status;
    pthread_mutex_lock(&env->mutex);
    atomic_store(&env->ckpt_state, TL_CHECKPOINT_WRITTEN);
    pthread_cond_broadcast(&env->ckpt_done);
    pthread_mutex_unlock(&env->mutex);
    return status;
}

/* ---- settle ---- */

static void take_effect(tl_env *env, tl_checkpoint_run *run)
{
    manifest_end(env, &env->meta);
    env->meta = run->meta;
    tl_catalog_settle(env, &run->forest);
    tl_write_set_done(&env->pager, &run->set, run->meta.ckpt_no);
    tl_space_checkpointed(&env->pager.space);
    tl_space_release_retired(&env->pager.space, run->meta.txn);
    env->pager.refused_pages = 0;
    tl_log_forget(&env->log, 1 - env->log.active);
    env->log_bytes_since -= run->log_bytes;
    env->retry_log_bytes = 0;
    env->pager.stats.checkpoints++;
    env->pager.stats.ckpt_ns += tl_clock_ns() - run->begin_ns;
}

void tl_checkpoint_settle(tl_env *env)
{
    tl_checkpoint_run *run = &env->ckpt;
    tl_stats *stats = &env->pager.stats;
    stats->syncs_page += run->syncs_page;
    stats->syncs_meta += run->syncs_meta;
    stats->meta_bytes_written += run->meta_bytes;
    if (run->status == TL_OK) {
        take_effect(env, run);
    } else {
        tl_write_set_undo(&env->pager, &run->set);
        manifest_end(env, &run->meta);
        tl_catalog_settle(env, NULL); /* the file still holds the old checkpoint, whole */
        if (run->status == TL_NO_SPACE || run->status == TL_NO_MEMORY)
            note_no_space(env);
    }
    atomic_store(&env->ckpt_state, TL_CHECKPOINT_NONE);
    tl_snapshot_refresh_pins(env);
}

void tl_checkpoint_wait(tl_env *env)
{
    if (atomic_load(&env->ckpt_state) == TL_CHECKPOINT_NONE)
        return;
    pthread_mutex_lock(&env->mutex);
    while (atomic_load(&env->ckpt_state) == TL_CHECKPOINT_RUNNING)
        pthread_cond_wait(&env->ckpt_done, &env->mutex);
    pthread_mutex_unlock(&env->mutex);
    tl_checkpoint_settle(env);
}

tl_status tl_checkpoint(tl_env *env, uint64_t txn, const tl_forest *forest)
{
    tl_checkpoint_wait(env);
    tl_status status = tl_checkpoint_pin(env, txn, forest);
    if (status != TL_OK)
        return status;
    status = tl_checkpoint_write(env);
    tl_checkpoint_settle(env);
    return status;
}

/* ---- when ---- */

enum { PINNED_PAGES_MIN = 256 };

/* Pages that the next txn may take, if it is like the last. */
static size_t pages_wanted(const tl_env *env)
{
    return tl_tree_pages_needed(&env->writer.root) + tl_tree_pages_left(&env->writer) +
           env->pager.refused_pages + env->pager.space.born_last;
}

/* Old pages that only the last checkpoint holds make the file grow, to twice its live pages at
 * most. A checkpoint gives them back, and is worth it once it writes no more than the commits since
 * have logged: before, a small busy store would do little else than checkpoints.
 */
static bool is_due(const tl_env *env)
{
    const tl_space *space = &env->pager.space;
    size_t pinned = tl_space_dead_count(space, env->meta.txn) + space->retired_pages;
    size_t used = space->page_count - space->free_count;
    return (env->log_bytes_since >= env->ckpt_bytes &&
            (env->checkpoints_inline || env->log_bytes_since >= env->retry_log_bytes)) ||
           (pinned != 0 && tl_pager_is_full(&env->pager, pages_wanted(env))) ||
           (pinned >= PINNED_PAGES_MIN && pinned > (used - pinned) / 4 &&
            env->log_bytes_since >= space->dirty_count << env->pager.page_shift);
}

/* A txn is committed whatever becomes of the checkpoint behind it: a full disk puts that off, any
 * other failure poisons the env, which the next txn learns. */
void tl_checkpoint_if_due(tl_env *env)
{
    if (atomic_load(&env->ckpt_state) == TL_CHECKPOINT_RUNNING)
        return;
    tl_checkpoint_wait(env); /* does not wait: settles what is written */
    if (!is_due(env))
        return;
    if (tl_checkpoint_pin(env, env->newest_txn, &env->newest) != TL_OK)
        return;
    if (env->checkpoints_inline || tl_checkpointer_start(env) != TL_OK) {
        (void)tl_checkpoint_write(env);
        tl_checkpoint_settle(env);
    }
}

/* The running checkpoint and the one before it both hold pages, which alone could take the file
 * beyond one copy of the live pages for each snapshot that is wanted: readers' and the durable one.
 * The file does not grow for that.  Only a checkpoint without syncs is short enough to wait for. */
static bool would_bloat(const tl_env *env)
{
    const tl_space *space = &env->pager.space;
    if (env->durability != TL_DURABILITY_NONE || tl_space_available(space) >= pages_wanted(env))
        return false;
    uint64_t busy = space->page_count - space->free_count - space->recycled.count;
    uint64_t live = busy - space->pinned_count - space->retired_pages, copies = 1;
    for (size_t i = 0; i < space->pins.count; i++)
        copies += space->pins.at[i].txn < env->ckpt.meta.txn;
    return space->page_count >= copies * live;
}

/* Twice the usual distance is as far as the log may run ahead of the file: it bounds how long the
 * next open takes. */
void tl_checkpoint_press(tl_env *env)
{
    if (atomic_load(&env->ckpt_state) != TL_CHECKPOINT_RUNNING ||
        (env->log_bytes_since <= 2 * env->ckpt_bytes &&
         !tl_pager_is_full(&env->pager, pages_wanted(env)) && !would_bloat(env)))
        return;
    uint64_t begin = tl_clock_ns();
    tl_checkpoint_wait(env);
    env->pager.stats.log_waits++;
    env->pager.stats.log_wait_ns += tl_clock_ns() - begin;
}
