/* engine/env/manifest.c -- a meta that names a manifest: does it count?
 *
 * Such a meta shared one sync with all it names.  When it is found after a crash, each listed page
 * is read and compared; a single one that is not what was written, or a file that is too short,
 * says that the sync never returned, and that the commit was never acknowledged.
 */
#include "engine/page/manifest.h"
#include "engine/base/mutant.h"
#include "engine/env/env.h"

typedef struct expectation {
    const tl_meta *meta;
    uint32_t crc; /* of a listed page */
} expectation;

static bool manifest_verify(void *context, const void *bytes, size_t size_bytes)
{
    const tl_meta *meta = ((const expectation *)context)->meta;
    const uint8_t *page = bytes;
    uint32_t crc = tl_page_checksum(page, (uint32_t)size_bytes);
    return crc == meta->manifest_crc && tl_load32(page + TL_AT_CRC) == crc &&
           tl_page_pgno(page) == meta->manifest_pgno && tl_page_birth(page) == meta->ckpt_no &&
           tl_page_kind_of(page) == TL_PAGE_MANIFEST &&
           tl_manifest_count(page) <= tl_manifest_capacity((uint32_t)size_bytes);
}

static bool listed_verify(void *context, const void *bytes, size_t size_bytes)
{
    return tl_crc32c(0, bytes, size_bytes) == ((const expectation *)context)->crc;
}

/* Verify every listed page; with `settle` also write each again, byte for byte. */
static tl_status check_all(tl_env *env, tl_file *file, const tl_meta *meta, uint8_t *manifest,
                           bool settle)
{
    tl_io *io = env->pager.io;
    uint32_t page_bytes = meta->page_bytes;
    uint8_t *listed = manifest + page_bytes;
    expectation wanted = {.meta = meta};
    tl_status status = io->read_verified(io, file, (uint64_t)meta->manifest_pgno * page_bytes,
                                         manifest, page_bytes, manifest_verify, &wanted);
    if (status != TL_OK)
        return status;
    uint32_t count = tl_manifest_count(manifest);
    for (uint32_t i = 0; i < count && status == TL_OK; i++) {
        const uint8_t *entry = tl_manifest_entry(manifest, i);
        wanted.crc = tl_load32(entry + 4);
        uint64_t offset = (uint64_t)tl_load32(entry) * page_bytes;
        status = io->read_verified(io, file, offset, listed, page_bytes, listed_verify, &wanted);
        if (status == TL_OK && settle)
            status = io->pwritev(io, file, offset, &(tl_io_span){listed, page_bytes}, 1);
    }
    return status;
}

static tl_status with_pages(tl_env *env, tl_file *file, const tl_meta *meta, bool settle)
{
    tl_memory *memory = env->pager.memory;
    uint8_t *pages = memory->allocate(memory, 2 * (size_t)meta->page_bytes);
    if (pages == NULL)
        return TL_NO_MEMORY;
    tl_status status = check_all(env, file, meta, pages, settle);
    memory->release(memory, pages, 2 * (size_t)meta->page_bytes);
    return status;
}

tl_status tl_manifest_check(tl_env *env, tl_file *file, const tl_meta *meta, bool *whole)
{
    uint64_t size = 0;
    *whole = true;
    if (meta->manifest_pgno == 0 || TL_MUTANT(believe_any_manifest))
        return TL_OK;
    tl_status status = env->pager.io->size(env->pager.io, file, &size);
    if (status != TL_OK)
        return status;
    *whole = size >= meta->page_count * meta->page_bytes;
    if (!*whole)
        return TL_OK;
    status = with_pages(env, file, meta, false);
    *whole = status == TL_OK;
    return status == TL_CORRUPT ? TL_OK : status;
}

tl_status tl_manifest_settle(tl_env *env)
{
    if (TL_MUTANT(believe_any_manifest)) /* its pages may be anything */
        return env->pager.io->fdatasync(env->pager.io, env->pager.file);
    tl_status status = with_pages(env, env->pager.file, &env->meta, true);
    return status == TL_OK ? env->pager.io->fdatasync(env->pager.io, env->pager.file) : status;
}

tl_status tl_manifest_leave(tl_env *env)
{
    if (env->meta.manifest_pgno == 0)
        return TL_OK;
    tl_status status = tl_checkpoint(env, env->newest_txn, &env->newest);
    bool no_room = status == TL_NO_SPACE || status == TL_NO_MEMORY;
    return no_room ? TL_OK : status; /* the store is whole with it, too */
}
