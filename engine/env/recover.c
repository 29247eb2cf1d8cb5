/* engine/env/recover.c -- from what a crash left to a running env.
 *
 *   1  the newest valid meta
 *   2  its identical bytes written again and everything synced, names too: what was read may so far
 *      exist only in the kernel's cache, left by a killed process.  Written, not only synced: after
 *      a sync that failed the kernel may take for written what the disk never got.  So with all
 *      that no successful sync is known to have covered: pages of a manifest, extents of the log
 *   3  the bitmaps and the catalog it names
 *   4  every whole txn of the log after it, replayed as an ordinary txn
 *   5  a checkpoint, with a new salt, so that frames of the earlier life never match again
 *
 * Replay starts from a consistent tree and nothing that the meta reaches is written over before
 * step 5 is durable; a crash during recovery simply starts it again.
 */
#include "engine/base/hash.h"
#include "engine/base/mutant.h"
#include "engine/env/value.h"
#include "engine/tree/range.h"

#include <string.h>

typedef struct meta_context {
    tl_meta meta;
    tl_meta_verdict verdict;
} meta_context;

static bool meta_verify(void *opaque, const void *bytes, size_t size_bytes)
{
    meta_context *context = opaque;
    (void)size_bytes;
    context->verdict = tl_meta_decode_copy(bytes, &context->meta);
    return context->verdict == TL_META_VALID;
}

/* What is wrong with a block of which neither copy is valid, for the message. */
static tl_status block_look_closer(tl_env *env, tl_file *file, uint64_t offset,
                                   meta_context *context)
{
    tl_io *io = env->pager.io;
    uint8_t block[TL_META_BLOCK_BYTES] = {0};
    tl_status status = TL_OK;
    for (unsigned at = 0; at <= TL_META_COPY_AT && status == TL_OK; at += TL_META_COPY_AT) {
        size_t got = 0;
        status = io->pread(io, file, offset + at, block + at, TL_META_RECORD_BYTES, &got);
    }
    if (status == TL_OK)
        context->verdict = tl_meta_decode(block, &context->meta);
    return status;
}

/* Read the meta block at `offset`: both copies, for an intact one may be older than the other.
 * TL_OK also when neither is valid: see the verdict. */
static tl_status block_read(tl_env *env, tl_file *file, uint64_t offset, meta_context *context)
{
    tl_io *io = env->pager.io;
    uint8_t record[TL_META_RECORD_BYTES];
    context->verdict = TL_META_DAMAGED;
    for (unsigned at = 0; at <= TL_META_COPY_AT; at += TL_META_COPY_AT) {
        meta_context copy = {.verdict = TL_META_DAMAGED};
        tl_status status =
            io->read_verified(io, file, offset + at, record, sizeof record, meta_verify, &copy);
        if (status != TL_OK && status != TL_CORRUPT)
            return status;
        if (status == TL_OK &&
            (context->verdict != TL_META_VALID || tl_meta_is_newer(&copy.meta, &context->meta)))
            *context = copy;
    }
    return context->verdict == TL_META_VALID ? TL_OK
                                             : block_look_closer(env, file, offset, context);
}

static tl_status verdict_status(tl_env *env, tl_meta_verdict verdict)
{
    const char *path = env->paths.page;
    switch (verdict) {
    case TL_META_NOT_OURS:
        return tl_pager_fail(&env->pager, TL_NOT_OURS, 0, "'%s' is not a treelab file", path);
    case TL_META_NEWER:
        return tl_pager_fail(&env->pager, TL_VERSION, 0,
                             "'%s' was written by a newer treelab; open it with that one", path);
    default:
        return tl_pager_fail(&env->pager, TL_CORRUPT, 0, "'%s': neither meta is intact", path);
    }
}

/* With the first meta gone its page size is unknown: try the second at each place it could be. */
static tl_status second_meta_search(tl_env *env, tl_file *file, meta_context *found)
{
    for (uint32_t page = TL_META_BLOCK_BYTES; page <= TL_PAGE_BYTES_MAX; page *= 2) {
        meta_context second;
        tl_status status = block_read(env, file, tl_meta_offset(page, 1), &second);
        if (status != TL_OK)
            return status;
        if (second.verdict == TL_META_VALID &&
            tl_meta_offset(second.meta.page_bytes, 1) == tl_meta_offset(page, 1)) {
            *found = second;
            return TL_OK;
        }
        if (second.verdict > found->verdict)
            found->verdict = second.verdict; /* "damaged" says more than "not ours" */
    }
    return TL_OK;
}

static tl_status nothing_whole(tl_env *env)
{
    return tl_pager_fail(&env->pager, TL_CORRUPT, 0,
                         "'%s': pages that the newest checkpoint wrote are damaged or missing",
                         env->paths.page);
}

static bool is_newer(const tl_meta *meta, const tl_meta *other)
{
    if (TL_MUTANT(choose_older_meta))
        return meta->ckpt_no < other->ckpt_no;
    if (TL_MUTANT(compare_metas_by_txn))
        return meta->txn > other->txn;
    return meta->ckpt_no > other->ckpt_no;
}

/* The newer of two metas; when its manifest does not hold, its commit was never acknowledged and
 * the one before counts. */
static tl_status meta_choose(tl_env *env, tl_file *file, const meta_context *first,
                             const meta_context *second, tl_meta *newest)
{
    bool both = second->verdict == TL_META_VALID, whole = false;
    const tl_meta *newer = &first->meta, *older = &second->meta;
    if (both && is_newer(&second->meta, &first->meta)) {
        newer = &second->meta;
        older = &first->meta;
    }
    tl_status status = tl_manifest_check(env, file, newer, &whole);
    if (status == TL_OK && !whole && both && older->ckpt_no + 1 == newer->ckpt_no) {
        newer = older;
        status = tl_manifest_check(env, file, newer, &whole);
    }
    if (status != TL_OK)
        return status;
    if (!whole)
        return nothing_whole(env);
    *newest = *newer;
    return TL_OK;
}

tl_status tl_meta_read(tl_env *env, tl_file *file, tl_meta *newest)
{
    meta_context first, second;
    tl_status status = block_read(env, file, 0, &first);
    if (status != TL_OK)
        return status;
    if (first.verdict != TL_META_VALID) {
        status = second_meta_search(env, file, &first);
        if (status != TL_OK)
            return status;
        if (first.verdict != TL_META_VALID)
            return verdict_status(env, first.verdict);
        second.verdict = TL_META_DAMAGED; /* there is only this one */
        return meta_choose(env, file, &first, &second, newest);
    }
    status = block_read(env, file, tl_meta_offset(first.meta.page_bytes, 1), &second);
    if (status != TL_OK)
        return status;
    return meta_choose(env, file, &first, &second, newest);
}

static tl_status settle_status(tl_env *env, tl_status status)
{
    return status == TL_OK
               ? TL_OK
               : tl_pager_fail(&env->pager, status, 0, "recovery could not sync what it found: %s",
                               tl_status_text(status));
}

static tl_status meta_write_again(tl_env *env)
{
    uint8_t block[TL_META_BLOCK_BYTES];
    tl_meta_encode(&env->meta, block);
    return env->pager.io->pwritev(env->pager.io, env->pager.file,
                                  tl_meta_offset(env->meta.page_bytes, env->meta.ckpt_no & 1),
                                  &(tl_io_span){block, sizeof block}, 1);
}

/* Make what was read durable before anything is written over.  Step 2 above. */
static tl_status settle_what_was_read(tl_env *env)
{
    tl_io *io = env->pager.io;
    tl_status status = TL_OK;
    bool listed = env->meta.manifest_pgno != 0, syncs = env->durability != TL_DURABILITY_NONE;
    if (listed && syncs) /* first what the meta stands for, then it stands alone */
        status = tl_manifest_settle(env);
    env->meta.manifest_pgno = env->meta.manifest_crc = 0;
    syncs = syncs && !TL_MUTANT(trust_what_was_read);
    if (status == TL_OK && (listed || syncs))
        status = meta_write_again(env);
    if (status != TL_OK || !syncs)
        return settle_status(env, status);
    status = io->fdatasync(io, env->pager.file);
    if (status == TL_OK)
        status = tl_log_settle(&env->log);
    /* the creator may have been killed between rename and directory sync */
    if (status == TL_OK && !TL_MUTANT(recover_without_dir_sync))
        status = io->fsync_dir(io, env->paths.dir);
    return settle_status(env, status);
}

static tl_status replay_begin(void *context, uint64_t txn)
{
    tl_writer_begin(context, txn);
    return TL_OK;
}

static bool op_fits(const tl_pager *pager, const tl_log_op *op)
{
    return op->key.size_bytes != 0 && op->key.size_bytes <= pager->max_key_bytes &&
           (op->code == TL_OP_CODE_PUT || op->code == TL_OP_CODE_PUT_EXTENTS ||
            tl_record_fits(pager, op->key.size_bytes, op->value.size_bytes));
}

static tl_status op_apply(tl_env *env, const tl_log_op *op)
{
    if (op->code == TL_OP_CODE_TREE_CREATE) {
        bool fresh = op->tree >= env->running.id_next && op->tree < UINT32_MAX &&
                     tl_forest_find_name(&env->running, op->key) == NULL;
        return fresh ? tl_env_tree_create(env, op->key, op->tree) : TL_CORRUPT;
    }
    tl_status status = tl_writer_turn(env, op->tree);
    if (status != TL_OK)
        return status;
    if (op->code == TL_OP_CODE_PUT_EXTENTS)
        return tl_values_replay(env, op);
    if (!tl_record_fits(&env->pager, op->key.size_bytes, op->value.size_bytes))
        return tl_values_replay_put(env, op);
    return op->code == TL_OP_CODE_PUT ? tl_tree_put(&env->writer, op->key, op->value, 0)
                                      : tl_tree_del(&env->writer, op->key);
}

/* The bounds are half-open, and may have one byte more than a key. */
static tl_status range_erase(tl_env *env, const tl_log_op *op)
{
    tl_bounds range = {op->key, op->value};
    uint64_t deleted;
    if (op->key.size_bytes > TL_BOUND_BYTES_MAX || op->value.size_bytes > TL_BOUND_BYTES_MAX)
        return TL_CORRUPT;
    tl_status status = tl_writer_turn(env, op->tree);
    return status == TL_OK ? tl_tree_del_range(&env->writer, &range, &deleted) : status;
}

static tl_status replay_op(void *context, const tl_log_op *op)
{
    tl_env *env = context;
    tl_status status = TL_CORRUPT;
    if (op->code == TL_OP_CODE_TREE_DROP)
        status = op->tree != TL_TREE_MAIN ? tl_env_tree_drop(env, op->tree) : TL_CORRUPT;
    else if (op->code == TL_OP_CODE_DEL_RANGE)
        status = range_erase(env, op);
    else if (op_fits(&env->pager, op))
        status = op_apply(env, op);
    if (status == TL_CORRUPT || status == TL_NOT_FOUND)
        return tl_pager_fail(&env->pager, TL_CORRUPT, env->pager.error.pgno,
                             "txn %llu of the log cannot be replayed",
                             (unsigned long long)env->pager.txn);
    return status;
}

static tl_status replay_commit(void *context)
{
    tl_env *env = context;
    tl_status status = tl_commit_secure(env);
    if (status != TL_OK)
        return status;
    tl_commit_take_effect(env);
    tl_writer_forget(&env->writer);
    tl_space_commit(&env->pager.space, env->newest_txn, &env->meta.txn,
                    TL_MUTANT(recover_without_pin) ? 0 : 1);
    return TL_OK;
}

static void replay_abort(void *context)
{
    tl_env *env = context;
    tl_writer_forget(&env->writer);
    tl_space_abort(&env->pager.space);
    tl_names_abort(&env->names, env->pager.memory);
}

static tl_status replay_extents(void *context, uint64_t txn, const tl_log_op *op)
{
    return tl_values_survey(context, txn, op);
}

/* The log of the new life: other salt, the pad this opener wants. */
static void log_begin_life(tl_env *env)
{
    bool deterministic = (env->flags & TL_OPEN_DETERMINISTIC) != 0;
    uint64_t state = deterministic ? env->seed ^ tl_mix64(env->meta.ckpt_no) : tl_random_seed();
    uint64_t salt = tl_random_next(&state) | 1;
    env->log.salt = salt != env->meta.log_salt ? salt : salt + 2;
    env->log.chain = tl_mix64(env->log.salt);
    env->log.pad_bytes = env->log_pad_bytes;
    env->log.zero_fill = env->durability != TL_DURABILITY_NONE;
}

tl_status tl_env_recover(tl_env *env)
{
    static const tl_log_replayer steps = {.begin = replay_begin,
                                          .op = replay_op,
                                          .commit = replay_commit,
                                          .abort = replay_abort,
                                          .extents = replay_extents};
    tl_log_replayer replayer = steps;
    replayer.context = env;
    bool read_only = env->pager.read_only;
    tl_status status = read_only ? TL_OK : settle_what_was_read(env);
    if (status == TL_OK)
        status = tl_pager_read_zones(&env->pager, &env->meta);
    if (status == TL_OK)
        status = tl_catalog_load(env, &env->newest);
    if (status == TL_OK)
        status = tl_forest_reserve(&env->running, env->pager.memory, &env->newest);
    if (status != TL_OK)
        return status;
    env->newest_txn = env->pager.space.ckpt_txn = env->meta.txn;
    env->log.pad_bytes = env->meta.log_pad_bytes;
    uint64_t max_bytes = env->pager.max_bytes; /* the limit is for users, not for recovery */
    env->pager.max_bytes = UINT64_MAX;
    status = tl_log_replay(&env->log, &env->pager, &env->meta, &replayer, &env->recovery);
    tl_space_reservations_end(&env->pager.space);
    if (status == TL_OK && !read_only) {
        log_begin_life(env);
        status = tl_checkpoint(env, env->newest_txn, &env->newest);
    }
    env->pager.max_bytes = max_bytes;
    return status;
}
