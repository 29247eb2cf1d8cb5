/* engine/env/checkpoint.c -- making the file hold a commit: pages, zones, sync, meta, sync.
 *
 * Nothing that the durable checkpoint reaches is written over, so a crash at any point leaves
 * either the old meta with all its pages or the new one with all its pages.  The meta goes out only
 * after everything it names is durable; the log before it is dead only after the meta is.
 */
#include "engine/base/mutant.h"
#include "engine/env/env.h"

#include <string.h>

static const char catalog_main[] = "main"; /* the name of TL_TREE_MAIN */

enum { /* value of a catalog record */
       CATALOG_AT_TREE_ID = 0,
       CATALOG_AT_ROOT = 4, /* pgno, tag */
       CATALOG_AT_DEPTH = 12,
       CATALOG_AT_FLAGS = 14,
       CATALOG_AT_COUNT = 16,
       CATALOG_VALUE_BYTES = 24,
};

void tl_catalog_build(uint8_t *page, uint32_t page_bytes, uint32_t pgno, uint64_t birth,
                      const tl_root *root)
{
    uint8_t value[CATALOG_VALUE_BYTES] = {0};
    tl_store32(value + CATALOG_AT_TREE_ID, root->tree_id);
    tl_store32(value + CATALOG_AT_ROOT, root->ref.pgno);
    tl_store32(value + CATALOG_AT_ROOT + 4, root->ref.tag);
    tl_store16(value + CATALOG_AT_DEPTH, root->depth);
    tl_store64(value + CATALOG_AT_COUNT, root->count);
    tl_page_identity identity = {.page_bytes = page_bytes,
                                 .pgno = pgno,
                                 .tree_id = TL_TREE_CATALOG,
                                 .birth = birth,
                                 .kind = TL_PAGE_LEAF,
                                 .level = 0};
    tl_builder builder;
    tl_slice none = {NULL, 0};
    tl_build_begin(&builder, page, &identity, none, none, 1);
    tl_build_record(&builder, tl_slice_of(catalog_main, sizeof catalog_main - 1), none,
                    tl_slice_of(value, sizeof value), 0);
    tl_build_end(&builder);
}

tl_status tl_catalog_load(tl_env *env, tl_root *root)
{
    tl_root catalog = {.ref = env->meta.catalog, .tree_id = TL_TREE_CATALOG, .depth = 1};
    tl_search_counts counts = {0};
    tl_slice value = {NULL, 0};
    tl_status status = tl_tree_get(
        &env->pager, &catalog, tl_slice_of(catalog_main, sizeof catalog_main - 1), &value, &counts);
    if (status != TL_OK && status != TL_NOT_FOUND)
        return status;
    const uint8_t *at = value.data;
    if (status == TL_NOT_FOUND || value.size_bytes != CATALOG_VALUE_BYTES)
        return tl_pager_fail(&env->pager, TL_CORRUPT, env->meta.catalog.pgno,
                             "the catalog has no entry for the main tree");
    *root = (tl_root){
        .ref = {tl_load32(at + CATALOG_AT_ROOT), tl_load32(at + CATALOG_AT_ROOT + 4)},
        .tree_id = tl_load32(at + CATALOG_AT_TREE_ID),
        .depth = tl_load16(at + CATALOG_AT_DEPTH),
        .count = tl_load64(at + CATALOG_AT_COUNT),
    };
    if (root->depth == 0 || root->depth > TL_TREE_DEPTH_MAX || root->tree_id != TL_TREE_MAIN)
        return tl_pager_fail(&env->pager, TL_CORRUPT, env->meta.catalog.pgno,
                             "the catalog describes an impossible tree");
    return TL_OK;
}

tl_status tl_env_poison(tl_env *env, tl_status status)
{
    atomic_store(&env->poisoned, true);
    return status == TL_CORRUPT ? TL_CORRUPT : TL_IO;
}

typedef struct draft { /* a checkpoint on its way */
    tl_meta meta;
    tl_ref old_catalog;
    bool catalog_moved;
} draft;

/* Write the catalog of `root` to a fresh page, unless the one in the file already says it. */
static tl_status catalog_move(tl_env *env, draft *next, const tl_root *root)
{
    tl_pager *pager = &env->pager;
    next->old_catalog = env->meta.catalog;
    if (next->meta.txn == env->meta.txn)
        return TL_OK;
    tl_status status = tl_pager_secure(pager, 1);
    if (status != TL_OK)
        return status;
    uint32_t pgno = tl_space_take_plain(&pager->space);
    tl_pager_set_resident(pager, pgno);
    tl_catalog_build(tl_pager_at(pager, pgno), pager->page_bytes, pgno, next->meta.txn, root);
    tl_space_set_live(&pager->space, next->old_catalog.pgno, false);
    next->meta.catalog = (tl_ref){pgno, (uint32_t)next->meta.txn};
    next->catalog_moved = true;
    return TL_OK;
}

static void catalog_settle(tl_env *env, const draft *next, bool durable)
{
    tl_space *space = &env->pager.space;
    if (!next->catalog_moved)
        return;
    if (durable) {
        tl_space_free_plain(space, next->old_catalog.pgno);
    } else {
        tl_space_set_live(space, next->old_catalog.pgno, true);
        tl_space_free_plain(space, next->meta.catalog.pgno);
    }
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
static tl_status write_body(tl_env *env, draft *next)
{
    tl_status status =
        tl_pager_write_zones(&env->pager, next->meta.ckpt_no, &next->meta.zone_digest);
    if (status == TL_OK && TL_MUTANT(meta_before_data))
        status = write_meta(env, &next->meta);
    if (status == TL_OK)
        status = tl_pager_write_dirty(&env->pager);
    if (status == TL_OK && !TL_MUTANT(skip_data_sync) && !TL_MUTANT(meta_before_data))
        status = sync_file(env, &env->pager.stats.syncs_page);
    return status;
}

static void take_effect(tl_env *env, const draft *next)
{
    env->meta = next->meta;
    catalog_settle(env, next, true);
    tl_pager_zones_written(&env->pager, next->meta.ckpt_no);
    tl_space_checkpointed(&env->pager.space);
    tl_log_switch(&env->log, next->meta.ckpt_no);
    atomic_store(&env->log_active, env->log.active);
    env->log_bytes_since = 0;
    if (env->durability != TL_DURABILITY_NONE)
        atomic_store(&env->durable_txn, next->meta.txn);
    env->pager.stats.checkpoints++;
}

tl_status tl_checkpoint(tl_env *env, uint64_t txn, const tl_root *root)
{
    uint64_t begin = tl_clock_ns();
    draft next = {.meta = env->meta};
    next.meta.version = TL_FORMAT_VERSION;
    next.meta.ckpt_no++;
    next.meta.txn = txn;
    next.meta.count = root->count;
    next.meta.log_salt = env->log.salt;
    next.meta.log_chain = env->log.chain;
    next.meta.log_pad_bytes = env->log.pad_bytes;
    tl_status status = catalog_move(env, &next, root);
    next.meta.page_count = env->pager.space.page_count;
    if (status == TL_OK)
        status = write_body(env, &next);
    if (status == TL_NO_SPACE || status == TL_NO_MEMORY) {
        catalog_settle(env, &next, false); /* the file still holds the old checkpoint, whole */
        env->pager.stats.ckpt_no_space++;
        return status;
    }
    if (status == TL_OK && !TL_MUTANT(meta_before_data))
        status = write_meta(env, &next.meta);
    if (status == TL_OK)
        status = sync_file(env, &env->pager.stats.syncs_meta);
    if (status != TL_OK)
        return tl_env_poison(env, status);
    take_effect(env, &next);
    env->pager.stats.ckpt_ns += tl_clock_ns() - begin;
    return TL_OK;
}
