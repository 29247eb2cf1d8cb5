/* engine/env/create.c -- a new database appears whole or not at all.
 *
 * Log files first, under their final names; then x.tl.tmp, complete and synced; then the rename to
 * x.tl, which is the moment of creation.  Logs without x.tl are leftovers of a crash and may be
 * replaced.  Under durability none nothing is synced.
 */
#include "engine/base/mutant.h"
#include "engine/env/env.h"
#include "engine/page/zone.h"

#include <string.h>

static tl_site site_of(tl_env *env)
{
    return (tl_site){env->pager.io, &env->paths, env->durability != TL_DURABILITY_NONE};
}

tl_status tl_site_sync(const tl_site *site, tl_file *file)
{
    return site->synced ? site->io->fdatasync(site->io, file) : TL_OK;
}

tl_status tl_site_sync_dir(const tl_site *site)
{
    return site->synced && !TL_MUTANT(create_without_dir_sync)
               ? site->io->fsync_dir(site->io, site->paths->dir)
               : TL_OK;
}

static tl_status make_log(const tl_site *site, const uint8_t uuid[16], unsigned file_no,
                          uint64_t bytes)
{
    static const uint8_t zeros[32768];
    tl_io *io = site->io;
    tl_file *file = NULL;
    uint8_t block[TL_LOG_HEADER_BYTES];
    tl_status status = io->open(io, site->paths->log[file_no], TL_IO_WRITE | TL_IO_CREATE, &file);
    if (status != TL_OK)
        return status;
    status = io->truncate(io, file, 0);
    tl_log_header_encode(block, uuid, file_no);
    if (status == TL_OK)
        status = io->pwritev(io, file, 0, &(tl_io_span){block, sizeof block}, 1);
    uint64_t at = sizeof block;
    while (status == TL_OK && at < bytes && site->synced) {
        size_t piece = bytes - at < sizeof zeros ? (size_t)(bytes - at) : sizeof zeros;
        status = io->pwritev(io, file, at, &(tl_io_span){zeros, piece}, 1);
        at += piece;
    }
    if (status == TL_OK)
        status = tl_site_sync(site, file);
    io->close(io, file);
    return status;
}

tl_status tl_site_make_logs(const tl_site *site, tl_meta *fresh, uint64_t bytes)
{
    for (unsigned i = 0; i < 2; i++) {
        tl_status status = make_log(site, fresh->uuid, i, bytes);
        if (status != TL_OK)
            return status;
        fresh->log_bytes[i] = site->synced ? bytes : 0; /* unsynced, a power loss may leave less */
    }
    return TL_OK;
}

/* Both metas say the same, as checkpoints 0 and 1. */
tl_status tl_site_write_metas(const tl_site *site, tl_file *file, tl_meta *fresh)
{
    uint8_t block[TL_META_BLOCK_BYTES];
    for (unsigned slot = 0; slot < 2; slot++) {
        fresh->ckpt_no = slot;
        tl_meta_encode(fresh, block);
        tl_status status =
            site->io->pwritev(site->io, file, tl_meta_offset(fresh->page_bytes, slot),
                              &(tl_io_span){block, sizeof block}, 1);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

tl_status tl_site_publish(const tl_site *site)
{
    tl_status status = tl_site_sync_dir(site);
    if (status == TL_OK && !TL_MUTANT(create_in_place))
        status = site->io->rename(site->io, site->paths->temporary, site->paths->page);
    return status == TL_OK ? tl_site_sync_dir(site) : status;
}

void tl_meta_begin_life(tl_meta *fresh, bool deterministic, uint64_t seed)
{
    uint64_t state = deterministic ? seed : tl_random_seed();
    fresh->log_salt = tl_random_next(&state) | 1;
    fresh->log_chain = tl_mix64(fresh->log_salt);
    fresh->log_begin = TL_LOG_HEADER_BYTES;
    tl_store64(fresh->uuid, tl_random_next(&state));
    tl_store64(fresh->uuid + 8, tl_random_next(&state));
}

/* Where things lie in a new file: metas, the first zone's slots, the root leaf, the catalog. */
typedef struct layout {
    uint32_t root, catalog;
} layout;

static layout layout_of(uint32_t page_bytes)
{
    uint32_t first = tl_zone_slot_pgno(page_bytes, 0, 1) + 1;
    return (layout){first, first + 1};
}

static tl_status write_page(tl_env *env, tl_file *file, uint8_t *page, uint32_t page_bytes,
                            uint32_t pgno)
{
    if (tl_page_kind_of(page) != TL_PAGE_ZONE)
        tl_store32(page + TL_AT_CRC, tl_page_checksum(page, page_bytes));
    return env->pager.io->pwritev(env->pager.io, file, (uint64_t)pgno * page_bytes,
                                  &(tl_io_span){page, page_bytes}, 1);
}

static tl_status write_pages(tl_env *env, tl_file *file, tl_meta *fresh, uint8_t *page)
{
    uint32_t page_bytes = fresh->page_bytes;
    layout at = layout_of(page_bytes);
    tl_root root = {
        .ref = {at.root, 1},
          .tree_id = TL_TREE_MAIN, .depth = 1, .count = 0
    };
    tl_tree_plant(page, page_bytes, at.root, 1, TL_TREE_MAIN);
    tl_status status = write_page(env, file, page, page_bytes, at.root);
    tl_catalog_plant(page, page_bytes, at.catalog, 1, &root);
    fresh->catalog = (tl_ref){at.catalog, 1};
    if (status == TL_OK)
        status = write_page(env, file, page, page_bytes, at.catalog);
    memset(page, 0, page_bytes);
    for (uint32_t pgno = 0; pgno <= at.catalog; pgno++)
        page[TL_PAGE_HEADER_BYTES + pgno / 8] |= (uint8_t)(1u << (pgno & 7));
    uint32_t zone_pgno = tl_zone_slot_pgno(page_bytes, 0, 0);
    uint32_t crc = tl_zone_seal(page, page_bytes, zone_pgno, 0, 0);
    fresh->zone_digest = tl_zone_mix(0, 0, crc);
    return status == TL_OK ? write_page(env, file, page, page_bytes, zone_pgno) : status;
}

static tl_status create_page_file(tl_env *env, const tl_site *site, tl_meta *fresh)
{
    tl_io *io = env->pager.io;
    tl_memory *memory = env->pager.memory;
    tl_file *file = NULL;
    uint8_t *page = memory->allocate(memory, fresh->page_bytes);
    if (page == NULL)
        return TL_NO_MEMORY;
    const char *name = TL_MUTANT(create_in_place) ? env->paths.page : env->paths.temporary;
    tl_status status = io->open(io, name, TL_IO_WRITE | TL_IO_CREATE, &file);
    if (status != TL_OK)
        goto done;
    status = io->truncate(io, file, 0);
    if (status == TL_OK)
        status = io->fallocate(io, file, 0, fresh->page_count * fresh->page_bytes);
    if (status == TL_OK)
        status = write_pages(env, file, fresh, page);
    if (status == TL_OK)
        status = tl_site_write_metas(site, file, fresh);
    if (status == TL_OK && !TL_MUTANT(rename_unsynced))
        status = tl_site_sync(site, file);
    io->close(io, file);

done:
    memory->release(memory, page, fresh->page_bytes);
    return status;
}

tl_status tl_env_create_files(tl_env *env, const tl_meta *wanted, uint64_t log_bytes)
{
    tl_site site = site_of(env);
    tl_meta fresh = *wanted;
    fresh.txn = 1;
    fresh.catalog_depth = 1;
    fresh.tree_id_next = TL_TREE_MAIN + 1;
    fresh.page_count = TL_FILE_PAGES_MIN;
    tl_meta_begin_life(&fresh, (env->flags & TL_OPEN_DETERMINISTIC) != 0, env->seed);
    uint64_t least = 2 * fresh.page_count * fresh.page_bytes; /* the reserve for deletes and more */
    if (env->pager.max_bytes < least || env->pager.arena->map_bytes < least)
        return tl_pager_fail(&env->pager, TL_INVALID, 0,
                             "max_bytes and map_bytes must hold %u pages at least",
                             2u * TL_FILE_PAGES_MIN);
    tl_status status = tl_site_make_logs(&site, &fresh, log_bytes);
    if (status == TL_OK)
        status = create_page_file(env, &site, &fresh);
    if (status == TL_OK)
        status = tl_site_publish(&site);
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(&env->pager, status, 0, "'%s' could not be created: %s",
                                           env->paths.page, tl_status_text(status));
}
