/* engine/env/stream.c -- large values piece by piece: written before they are whole, read in parts.
 *
 * The pages of the value are taken at the beginning, so that no later piece can find the file full;
 * the record appears at the end.  Until then nobody sees anything of it.
 */
#include "engine/env/edit.h"
#include "engine/env/value.h"

struct tl_value_writer {
    tl_txn *txn;
    tl_tree tree;
    unsigned flags;
    size_t block_bytes;   /* of this */
    uint64_t value_bytes; /* announced */
    uint64_t written;
    bool in_leaf;         /* a value short enough is collected in `bytes`, behind the key */
    tl_value_maker maker; /* else its extents */
    size_t key_bytes;
    uint8_t bytes[];
};

static void writer_release(tl_value_writer *writer)
{
    tl_env *env = writer->txn->env;
    env->value_writer = NULL;
    tl_value_maker_release(&writer->maker);
    env->pager.memory->release(env->pager.memory, writer, writer->block_bytes);
}

static tl_status check_begin(tl_txn *txn, tl_tree tree, tl_slice key, uint64_t value_bytes,
                             unsigned flags)
{
    tl_env *env = txn->env;
    tl_slice present;
    tl_status status = tl_txn_check_writable(txn);
    if (status != TL_OK)
        return status;
    if ((flags & ~(unsigned)(TL_PUT_INSERT | TL_PUT_APPEND)) != 0)
        return TL_INVALID;
    if (key.size_bytes == 0 || key.size_bytes > env->pager.max_key_bytes)
        return TL_KEY_SIZE;
    if (value_bytes > TL_VALUE_BYTES_MAX)
        return TL_VALUE_SIZE;
    status = tl_writer_turn(env, tree);
    if (status != TL_OK || (flags & TL_PUT_INSERT) == 0)
        return status;
    status = tl_tree_get(&env->pager, &env->writer.root, key, &present, &env->writer.counts);
    return status == TL_OK ? TL_EXISTS : status == TL_NOT_FOUND ? TL_OK : status;
}

tl_status tl_value_begin(tl_txn *txn, tl_tree tree, tl_slice key, uint64_t value_bytes,
                         unsigned flags, tl_value_writer **out)
{
    tl_env *env = txn->env;
    tl_memory *memory = env->pager.memory;
    tl_status status = check_begin(txn, tree, key, value_bytes, flags);
    if (status != TL_OK)
        return status;
    bool in_leaf = tl_record_fits(&env->pager, key.size_bytes, (size_t)value_bytes);
    size_t bytes = sizeof(tl_value_writer) + key.size_bytes + (in_leaf ? (size_t)value_bytes : 0);
    tl_value_writer *writer = memory->allocate(memory, bytes);
    if (writer == NULL)
        return TL_NO_MEMORY;
    *writer = (tl_value_writer){.txn = txn,
                                .tree = tree,
                                .flags = flags,
                                .block_bytes = bytes,
                                .value_bytes = value_bytes,
                                .in_leaf = in_leaf,
                                .key_bytes = key.size_bytes};
    memcpy(writer->bytes, key.data, key.size_bytes);
    if (!in_leaf)
        status = tl_value_make_for(env, &writer->maker, tree, value_bytes);
    if (status != TL_OK) {
        writer_release(writer);
        return status;
    }
    env->value_writer = writer;
    *out = writer;
    return TL_OK;
}

tl_status tl_value_write(tl_value_writer *writer, const void *bytes, size_t size_bytes)
{
    if (size_bytes > writer->value_bytes - writer->written)
        return TL_INVALID;
    if (writer->in_leaf)
        tl_copy(writer->bytes + writer->key_bytes + writer->written, bytes, size_bytes);
    else
        tl_value_append(&writer->maker, bytes, size_bytes);
    writer->written += size_bytes;
    return TL_OK;
}

tl_status tl_value_end(tl_value_writer *writer)
{
    tl_txn *txn = writer->txn;
    tl_env *env = txn->env;
    if (writer->written != writer->value_bytes)
        return TL_INVALID;
    env->value_writer = NULL; /* edits are allowed again */
    tl_slice key = tl_slice_of(writer->bytes, writer->key_bytes);
    tl_status status;
    if (writer->in_leaf) {
        tl_slice value = tl_slice_of(writer->bytes + writer->key_bytes, writer->written);
        status = tl_txn_put(txn, writer->tree, key, value, writer->flags);
    } else {
        status = tl_writer_turn(env, writer->tree);
        if (status == TL_OK)
            status = tl_txn_settle(txn, tl_value_enter(txn, writer->tree, &writer->maker, key,
                                                       tl_slice_of(NULL, 0), writer->flags));
        else
            tl_value_unmake(&writer->maker);
    }
    writer_release(writer);
    return status;
}

void tl_value_cancel(tl_value_writer *writer)
{
    if (writer == NULL)
        return;
    if (!writer->in_leaf)
        tl_value_unmake(&writer->maker);
    writer_release(writer);
}

void tl_value_writer_abandon(tl_env *env)
{
    if (env->value_writer != NULL)
        writer_release(env->value_writer);
}

/* The record's value, which may be a reference. */
static tl_status find(tl_txn *txn, tl_tree tree, tl_slice key, tl_slice *value)
{
    tl_env *env = txn->env;
    const tl_root *root = tl_txn_root(txn, tree);
    if (root == NULL)
        return TL_NOT_FOUND;
    if (key.size_bytes == 0 || key.size_bytes > env->pager.max_key_bytes)
        return TL_KEY_SIZE;
    return tl_tree_get(&env->pager, root, key, value,
                       txn->read_only ? &txn->counts : &env->writer.counts);
}

tl_status tl_value_size(tl_txn *txn, tl_tree tree, tl_slice key, uint64_t *bytes)
{
    tl_slice value;
    tl_status status = find(txn, tree, key, &value);
    if (status == TL_OK)
        *bytes = value.size_bytes == TL_VALUE_IS_REF ? tl_value_ref_load(value.data).bytes
                                                     : value.size_bytes;
    return status;
}

tl_status tl_value_read(tl_txn *txn, tl_tree tree, tl_slice key, uint64_t offset, void *buffer,
                        size_t size, size_t *got)
{
    tl_slice value;
    tl_status status = find(txn, tree, key, &value);
    if (status != TL_OK)
        return status;
    bool in_leaf = value.size_bytes != TL_VALUE_IS_REF;
    tl_value_ref ref = {0};
    if (!in_leaf)
        ref = tl_value_ref_load(value.data);
    uint64_t all = in_leaf ? value.size_bytes : ref.bytes;
    uint64_t left = offset < all ? all - offset : 0;
    size_t piece = size < left ? size : (size_t)left;
    if (piece != 0 && in_leaf)
        memcpy(buffer, (const uint8_t *)value.data + offset, piece);
    else if (piece != 0)
        status = tl_value_read_part(&txn->env->pager, ref, tree, (uint32_t)offset, buffer,
                                    (uint32_t)piece);
    if (status == TL_OK)
        *got = piece;
    return status;
}
