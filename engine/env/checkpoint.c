/* engine/env/checkpoint.c -- making the file hold a commit: pages, zones, sync, meta, sync.
 *
 * Nothing that the durable checkpoint reaches is written over, so a crash at any point leaves
 * either the old meta with all its pages or the new one with all its pages.  The meta goes out only
 * after everything it names is durable; the log before it is dead only after the meta is.
 */
#include "engine/base/mutant.h"
#include "engine/env/env.h"

tl_status tl_env_poison(tl_env *env, tl_status status)
{
    atomic_store(&env->poisoned, true);
    return status == TL_CORRUPT ? TL_CORRUPT : TL_IO;
}

static tl_status sync_file(tl_env *env, uint64_t *counter)
{
    if (env->durability == TL_DURABILITY_NONE)
        return TL_OK;
    ++*counter;
    tl_status status = env->pager.io->fdatasync(env->pager.io, env->pager.file);
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(&env->pager, TL_IO, 0,
                                           "the page file could not be "
                                           "synced; reopen to recover");
}

static tl_status write_meta(tl_env *env, const tl_meta *meta)
{
    uint8_t block[TL_META_BLOCK_BYTES];
    tl_meta_encode(meta, block);
    tl_io_span span = {block, sizeof block};
    env->pager.stats.meta_bytes_written += sizeof block;
    tl_status status =
        env->pager.io->pwritev(env->pager.io, env->pager.file,
                               tl_meta_offset(meta->page_bytes, meta->ckpt_no & 1), &span, 1);
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(&env->pager, TL_IO, 0,
                                           "the meta could not be written; "
                                           "reopen to recover");
}

/* Pages and zones; when this returns TL_OK, all the meta will name is durable. */
static tl_status write_body(tl_env *env, tl_meta *next)
{
    tl_status status = tl_pager_write_zones(&env->pager, next->ckpt_no, &next->zone_digest);
    if (status == TL_OK && TL_MUTANT(meta_before_data))
        status = write_meta(env, next);
    if (status == TL_OK)
        status = tl_pager_write_dirty(&env->pager);
    if (status == TL_OK)
        status = tl_pager_write_raw(&env->pager);
    if (status == TL_OK && !TL_MUTANT(skip_data_sync) && !TL_MUTANT(meta_before_data))
        status = sync_file(env, &env->pager.stats.syncs_page);
    return status;
}

static void take_effect(tl_env *env, const tl_meta *next, const tl_forest *forest)
{
    env->meta = *next;
    tl_catalog_settle(env, forest);
    tl_pager_zones_written(&env->pager, next->ckpt_no);
    tl_space_checkpointed(&env->pager.space);
    tl_space_release_retired(&env->pager.space, next->txn);
    env->pager.refused_pages = 0;
    tl_log_switch(&env->log, next->ckpt_no);
    atomic_store(&env->log_active, env->log.active);
    env->log_bytes_since = 0;
    if (env->durability != TL_DURABILITY_NONE)
        atomic_store(&env->durable_txn, next->txn);
    env->pager.stats.checkpoints++;
}

tl_status tl_checkpoint(tl_env *env, uint64_t txn, const tl_forest *forest)
{
    uint64_t begin = tl_clock_ns();
    tl_meta next = env->meta;
    next.version = TL_FORMAT_VERSION; /* whichever it was */
    next.ckpt_no++;
    next.txn = txn;
    next.log_salt = env->log.salt;
    next.log_chain = env->log.chain;
    next.log_pad_bytes = env->log.pad_bytes;
    tl_status status = tl_catalog_update(env, &next, forest);
    next.page_count = env->pager.space.page_count;
    if (status == TL_OK)
        status = write_body(env, &next);
    if (status == TL_NO_SPACE || status == TL_NO_MEMORY) {
        tl_catalog_settle(env, NULL); /* the file still holds the old checkpoint, whole */
        env->pager.stats.ckpt_no_space++;
        return status;
    }
    if (status == TL_OK && !TL_MUTANT(meta_before_data))
        status = write_meta(env, &next);
    if (status == TL_OK)
        status = sync_file(env, &env->pager.stats.syncs_meta);
    if (status != TL_OK)
        return tl_env_poison(env, status);
    take_effect(env, &next, forest);
    env->pager.stats.ckpt_ns += tl_clock_ns() - begin;
    return TL_OK;
}
