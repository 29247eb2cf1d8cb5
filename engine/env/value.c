/* engine/env/value.c -- putting, fetching, logging and replaying values that lie in extents.
 *
 * A value is written once when it is as long as log_value_max: to its extent, before the frame,
 * which then only names it.  Shorter ones are in the frame like any value, and their extent goes
 * out with the next checkpoint: one sync instead of two.  Under durability none nothing is synced,
 * so every one is written once; and so it is when no frame will be written at all.
 */
#include "engine/env/value.h"
#include "engine/env/edit.h"

struct tl_value_block { /* a joined value behind it */
    tl_value_block *next;
    size_t block_bytes;
};

static void encode_named(uint8_t *at, const tl_pager *pager, const tl_extent *extent)
{
    tl_store32(at, extent->pgno);
    tl_store32(at + 4, extent->pages);
    tl_store32(at + 8, extent->bytes);
    tl_store32(at + 12, tl_load32(tl_pager_at(pager, extent->pgno) + TL_AT_CRC));
}

static void record_named(tl_env *env, tl_tree tree, tl_slice key, const tl_extent *extents,
                         size_t count)
{
    uint8_t names[TL_NAMED_EXTENTS_MAX * TL_NAMED_EXTENT_BYTES];
    for (size_t i = 0; i < count; i++)
        encode_named(names + i * TL_NAMED_EXTENT_BYTES, &env->pager, &extents[i]);
    tl_ops_record(env, TL_OP_CODE_PUT_EXTENTS, tree, key,
                  tl_slice_of(names, count * TL_NAMED_EXTENT_BYTES));
}

bool tl_value_goes_direct(const tl_env *env, const tl_value_maker *maker, bool bytes_at_hand)
{
    return env->protocol->logs && !env->ops_dropped &&
           (env->durability == TL_DURABILITY_NONE || maker->bytes >= env->log_value_max ||
            !bytes_at_hand) &&
           maker->extents.count <= TL_NAMED_EXTENTS_MAX; /* a frame has room for their names */
}

void tl_value_log(tl_env *env, tl_tree tree, tl_slice key, const tl_made_value *made)
{
    if (made->direct)
        record_named(env, tree, key, made->extents, made->extent_count);
    else if (made->bytes.data != NULL && made->bytes.size_bytes <= TL_LOG_VALUE_MAX)
        tl_ops_record(env, TL_OP_CODE_PUT, tree, key, made->bytes);
    else
        tl_txn_drop_ops(env); /* it is in no frame: the txn commits by a checkpoint */
}

tl_status tl_value_make_for(tl_env *env, tl_value_maker *maker, tl_tree tree, uint64_t bytes)
{
    size_t others = tl_tree_pages_needed(&env->writer.root) + tl_tree_pages_left(&env->writer);
    tl_status status = tl_value_make(maker, &env->pager, tree, bytes, others);
    if (status != TL_OK)
        return status;
    status = tl_direct_secure(&env->pager, maker);
    if (status != TL_OK)
        tl_value_unmake(maker);
    return status;
}

/* The value in fresh extents, not sealed yet. */
static tl_status make_value(tl_env *env, tl_tree tree, tl_slice value)
{
    tl_status status = tl_value_make_for(env, &env->maker, tree, value.size_bytes);
    if (status == TL_OK)
        tl_value_append(&env->maker, value.data, value.size_bytes);
    return status;
}

tl_status tl_value_enter(tl_txn *txn, tl_tree tree, tl_value_maker *maker, tl_slice key,
                         tl_slice value, unsigned flags)
{
    tl_env *env = txn->env;
    bool direct = tl_value_goes_direct(env, maker, value.data != NULL);
    tl_value_ref ref = tl_value_seal(maker, direct);
    tl_status status = tl_tree_put_ref(&env->writer, key, ref, flags);
    if (status != TL_OK) {
        tl_value_unmake(maker);
        return status;
    }
    env->pager.stats.user_bytes += key.size_bytes + maker->bytes;
    if (direct)
        tl_direct_note(&env->pager, maker);
    env->pager.stats.values_direct += direct;
    tl_value_log(env, tree, key,
                 &(tl_made_value){maker->extents.at, maker->extents.count, value, direct});
    return TL_OK;
}

tl_status tl_txn_put_large(tl_txn *txn, tl_tree tree, tl_slice key, tl_slice value, unsigned flags)
{
    tl_env *env = txn->env;
    if ((flags & TL_PUT_INSERT) != 0) { /* before the bytes are copied */
        tl_slice present;
        tl_status status =
            tl_tree_get(&env->pager, &env->writer.root, key, &present, &env->writer.counts);
        if (status != TL_NOT_FOUND)
            return status == TL_OK ? TL_EXISTS : status;
    }
    tl_status status = TL_OK;
    if (env->pager.direct_waiting_bytes >= TL_DIRECT_WAIT_BYTES)
        status = tl_direct_write(&env->pager);
    if (status == TL_OK)
        status = make_value(env, tree, value);
    return status == TL_OK ? tl_value_enter(txn, tree, &env->maker, key, value, flags) : status;
}

/* A chain as one piece of memory that lives as long as the txn. */
static tl_status join(tl_txn *txn, tl_tree tree, tl_value_ref ref, tl_slice *value)
{
    tl_env *env = txn->env;
    tl_memory *memory = env->pager.memory;
    size_t bytes = sizeof(tl_value_block) + ref.bytes;
    tl_value_block *block = memory->allocate(memory, bytes);
    if (block == NULL)
        return TL_NO_MEMORY;
    tl_status status = tl_value_copy(&env->pager, ref, tree, (uint8_t *)(block + 1));
    if (status != TL_OK) {
        memory->release(memory, block, bytes);
        return status;
    }
    *block = (tl_value_block){txn->values, bytes};
    txn->values = block;
    *value = tl_slice_of(block + 1, ref.bytes);
    atomic_fetch_add_explicit(&env->pager.values_joined, 1, memory_order_relaxed);
    return TL_OK;
}

tl_status tl_txn_fetch_slow(tl_txn *txn, tl_tree tree, tl_slice *value)
{
    tl_pager *pager = &txn->env->pager;
    tl_value_ref ref = tl_value_ref_load(value->data);
    tl_extent extent;
    const uint8_t *head = NULL;
    tl_status status = tl_value_first(pager, ref, &extent);
    if (status != TL_OK)
        return status;
    if (extent.bytes != ref.bytes)
        return join(txn, tree, ref, value);
    status = tl_extent_get(pager, &extent, tree, &head);
    if (status == TL_OK)
        *value = tl_slice_of(head + tl_extent_data_at(extent.bytes), extent.bytes);
    return status;
}

void tl_txn_values_release(tl_txn *txn)
{
    tl_memory *memory = txn->env->pager.memory;
    while (txn->values != NULL) {
        tl_value_block *block = txn->values;
        txn->values = block->next;
        memory->release(memory, block, block->block_bytes);
    }
}

tl_status tl_values_settle(tl_env *env)
{
    tl_pager *pager = &env->pager;
    tl_status status = pager->direct.count != 0 ? tl_direct_write(pager) : TL_OK;
    if (status != TL_OK || pager->direct_bytes == 0 || env->durability != TL_DURABILITY_COMMIT)
        return status;
    return tl_direct_sync(pager, &pager->stats.syncs_values);
}

tl_status tl_written_sync(tl_env *env, unsigned active, tl_sync_counts *counts)
{
    tl_status status = tl_direct_sync(&env->pager, &counts->values);
    return status == TL_OK ? tl_log_sync(&env->log, active, &counts->log) : status;
}

/* The `i`th extent that an op names, as txn `txn` made it. */
static tl_extent named_extent(const tl_log_op *op, size_t i, uint64_t txn)
{
    const uint8_t *at = (const uint8_t *)op->value.data + i * TL_NAMED_EXTENT_BYTES;
    return (tl_extent){.pgno = tl_load32(at),
                       .tag = (uint32_t)txn,
                       .pages = tl_load32(at + 4),
                       .bytes = tl_load32(at + 8)};
}

static size_t named_count(const tl_log_op *op)
{
    return op->value.size_bytes / TL_NAMED_EXTENT_BYTES;
}

/* The extent is whole and the one that the op means?  TL_NOT_FOUND: no. */
static tl_status survey_extent(tl_env *env, const tl_log_op *op, size_t i, uint64_t txn)
{
    tl_pager *pager = &env->pager;
    tl_extent extent = named_extent(op, i, txn);
    uint64_t end = (uint64_t)extent.pgno + extent.pages, size = 0;
    tl_status status = pager->io->size(pager->io, pager->file, &size);
    if (status != TL_OK)
        return status;
    if (extent.pages == 0 || extent.bytes == 0 || extent.bytes > TL_VALUE_BYTES_MAX ||
        end > size >> pager->page_shift || end > pager->map_pages)
        return TL_NOT_FOUND;
    if (end > pager->space.page_count) /* the file had grown */
        status = tl_space_extend(&pager->space, (uint32_t)end);
    if (status == TL_OK)
        status = tl_space_reserve_run(&pager->space, extent.pgno, extent.pages);
    if (status == TL_CORRUPT)
        return tl_pager_fail(pager, TL_CORRUPT, extent.pgno,
                             "the log names pages from %u for a value, but they are in use",
                             extent.pgno);
    const uint8_t *head = NULL;
    if (status == TL_OK)
        status = tl_extent_get(pager, &extent, op->tree, &head);
    bool meant = status == TL_OK &&
                 tl_load32(head + TL_AT_CRC) ==
                     tl_load32((const uint8_t *)op->value.data + i * TL_NAMED_EXTENT_BYTES + 12);
    return status == TL_CORRUPT || (status == TL_OK && !meant) ? TL_NOT_FOUND : status;
}

tl_status tl_values_survey(tl_env *env, uint64_t txn, const tl_log_op *op)
{
    tl_status status = TL_OK;
    for (size_t i = 0; i < named_count(op) && status == TL_OK; i++)
        status = survey_extent(env, op, i, txn);
    return status;
}

/* What was read may be in the kernel's cache alone, and count as written there because a sync of
 * an earlier process failed: then only a write brings it to the disk, and no sync does. */
static tl_status extent_settle(tl_env *env, const tl_extent *extent)
{
    tl_pager *pager = &env->pager;
    if (pager->read_only || env->durability == TL_DURABILITY_NONE)
        return TL_OK;
    tl_io_span span = {tl_pager_at(pager, extent->pgno), tl_extent_size(extent->bytes)};
    tl_status status = pager->io->pwritev(pager->io, pager->file,
                                          (uint64_t)extent->pgno << pager->page_shift, &span, 1);
    pager->stats.value_bytes_written += span.size_bytes;
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(pager, status, extent->pgno,
                                           "a value of the log could not be written again: %s",
                                           tl_status_text(status));
}

tl_status tl_values_replay(tl_env *env, const tl_log_op *op)
{
    size_t count = named_count(op);
    uint64_t txn = env->pager.txn, bytes = 0;
    tl_extent first = {0};
    for (size_t i = 0; i < count; i++) {
        tl_extent extent = named_extent(op, i, txn);
        tl_status status = tl_space_adopt_run(&env->pager.space, extent.pgno, extent.pages);
        if (status == TL_OK)
            status = extent_settle(env, &extent); /* the survey has loaded it */
        if (status != TL_OK)
            return status;
        bytes += extent.bytes;
        first = i == 0 ? extent : first;
    }
    if (bytes > TL_VALUE_BYTES_MAX)
        return TL_CORRUPT;
    tl_value_ref ref = {first.pgno, first.tag, (uint32_t)bytes, count > 1 ? first.pages : 0};
    return tl_tree_put_ref(&env->writer, op->key, ref, 0);
}

tl_status tl_values_replay_put(tl_env *env, const tl_log_op *op)
{
    tl_status status = make_value(env, op->tree, op->value);
    if (status != TL_OK)
        return status;
    status = tl_tree_put_ref(&env->writer, op->key, tl_value_seal(&env->maker, false), 0);
    if (status != TL_OK)
        tl_value_unmake(&env->maker);
    return status;
}
