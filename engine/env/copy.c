/* engine/env/copy.c -- a copy of the database, taken while readers and the writer go on.
 *
 * The copy is what one read txn sees: its pages cannot change while it is pinned, whatever is
 * committed meanwhile.  They are read from memory where they are there and from the file where they
 * are not, without bringing them in, and go into a new database step by step as a fresh one is
 * created (create.c): it is there whole, or not at all.
 *
 * A plain copy keeps every page where it is.  A compact one gives the pages new numbers without
 * gaps, a tree at a time, children before their parent: so leaves lie in the order of their keys.
 * A page's birth stays, so the tags in its parent do.  Bitmaps and catalog are made anew, and so is
 * the uuid: log files of the one will never be taken for those of the other.
 *
 * Files are made, named and removed in the writer's turn, because a tl_io takes such calls from
 * one thread at a time; pages are written beside everybody.
 */
#include "engine/env/copy.h"
#include "engine/base/hash.h"
#include "engine/page/zone.h"

#include <string.h>

enum { LOG_BYTES = 65536 };

/* ---- pages of the copy ---- */

static bool is_zone_slot(uint32_t page_bytes, uint32_t pgno)
{
    uint32_t slot = tl_zone_slot_pgno(page_bytes, pgno / tl_zone_pages(page_bytes), 0);
    return pgno == slot || pgno == slot + 1;
}

uint32_t tl_copy_number(tl_hot_copy *copy)
{
    while (is_zone_slot(copy->env->pager.page_bytes, copy->end))
        copy->end++;
    return copy->end;
}

static uint8_t *zone_page(const tl_hot_copy *copy, uint32_t zone_no)
{
    return copy->zones + (size_t)zone_no * copy->env->pager.page_bytes;
}

/* Note that the page is in use.  False: it was already. */
static bool mark_used(tl_hot_copy *copy, uint32_t pgno)
{
    uint32_t zone_pages = tl_zone_pages(copy->env->pager.page_bytes), bit = pgno % zone_pages;
    uint8_t *byte = zone_page(copy, pgno / zone_pages) + TL_PAGE_HEADER_BYTES + bit / 8;
    uint8_t mask = (uint8_t)(1u << (bit & 7));
    bool fresh = (*byte & mask) == 0;
    *byte |= mask;
    return fresh;
}

tl_status tl_copy_claim(tl_hot_copy *copy, uint32_t pgno, uint32_t count)
{
    const tl_pager *pager = &copy->env->pager;
    uint64_t most = (uint64_t)copy->zones_most * tl_zone_pages(pager->page_bytes);
    for (uint32_t i = pgno; i - pgno < count; i++)
        if (i >= most || is_zone_slot(pager->page_bytes, i) || !mark_used(copy, i))
            return tl_pager_fail(&copy->env->pager, TL_CORRUPT, i,
                                 "page %u is reached from two places", i);
    if (pgno + count > copy->end)
        copy->end = pgno + count;
    return TL_OK;
}

tl_status tl_copy_write(tl_hot_copy *copy, uint32_t pgno, uint64_t offset, const uint8_t *bytes,
                        size_t size_bytes)
{
    tl_io *io = copy->env->pager.io;
    return io->pwritev(io, copy->file, ((uint64_t)pgno << copy->env->pager.page_shift) + offset,
                       &(tl_io_span){bytes, size_bytes}, 1);
}

tl_status tl_copy_flush(tl_hot_copy *copy)
{
    size_t bytes = (size_t)copy->run_count << copy->env->pager.page_shift;
    copy->run_count = 0;
    return bytes == 0 ? TL_OK : tl_copy_write(copy, copy->run_first, 0, copy->run, bytes);
}

tl_status tl_copy_place(tl_hot_copy *copy, uint8_t *page)
{
    const tl_pager *pager = &copy->env->pager;
    uint32_t pgno = tl_page_pgno(page);
    tl_status status = tl_copy_claim(copy, pgno, 1);
    if (status == TL_OK &&
        (pgno != copy->run_first + copy->run_count || copy->run_count == copy->run_most))
        status = tl_copy_flush(copy);
    if (status != TL_OK)
        return status;
    if (copy->run_count == 0)
        copy->run_first = pgno;
    tl_store32(page + TL_AT_CRC, tl_page_checksum(page, pager->page_bytes));
    memcpy(copy->run + ((size_t)copy->run_count++ << pager->page_shift), page, pager->page_bytes);
    return TL_OK;
}

/* ---- trees ---- */

/* The reference to a value in cell `index` of a leaf in our buffer. */
static uint8_t *ref_at(uint8_t *leaf, unsigned index)
{
    return leaf + ((const uint8_t *)tl_leaf_value(leaf, index).data - leaf);
}

static tl_status subtree_copy(tl_hot_copy *copy, uint32_t tree_id, tl_ref from, unsigned level,
                              tl_ref *to)
{
    tl_pager *pager = &copy->env->pager;
    uint8_t *page = copy->levels + ((size_t)level << pager->page_shift);
    if (from.pgno >= copy->page_count_max || copy->copied++ >= copy->page_count_max)
        return tl_pager_fail(pager, TL_CORRUPT, from.pgno,
                             "page %u is named but cannot be of this tree", from.pgno);
    tl_status status = tl_pager_copy(pager, from, level, tree_id, page);
    for (unsigned i = 0; status == TL_OK && level > 0 && i <= tl_page_count(page); i++) {
        tl_ref child = tl_branch_child(page, i);
        status = subtree_copy(copy, tree_id, child, level - 1, &child);
        if (status == TL_OK)
            tl_branch_set_child(page, i, child);
    }
    for (unsigned i = 0; status == TL_OK && level == 0 && i < tl_page_count(page); i++)
        if (tl_leaf_has_overflow(page, i))
            status = tl_copy_value(copy, tree_id, ref_at(page, i));
    if (status != TL_OK)
        return status;
    if (copy->compact)
        tl_store32(page + TL_AT_PGNO, tl_copy_number(copy));
    *to = tl_page_ref(page);
    return tl_copy_place(copy, page);
}

/* Copy all trees; trees[i].root becomes the root in the copy. */
static tl_status trees_copy(tl_hot_copy *copy, tl_copy_tree *trees, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tl_root *root = &trees[i].root;
        tl_status status =
            subtree_copy(copy, root->tree_id, root->ref, root->depth - 1, &root->ref);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* ---- the rest of the file ---- */

static void mark_fixed(tl_hot_copy *copy, const tl_meta *meta)
{
    for (uint32_t pgno = 0; pgno < tl_meta_pages(meta->page_bytes); pgno++)
        mark_used(copy, pgno);
    for (uint32_t zone = 0; zone < tl_zone_count(meta->page_bytes, meta->page_count); zone++)
        for (unsigned slot = 0; slot < 2; slot++)
            mark_used(copy, tl_zone_slot_pgno(meta->page_bytes, zone, slot));
}

static tl_status zones_write(tl_hot_copy *copy, tl_meta *meta)
{
    mark_fixed(copy, meta);
    for (uint32_t zone = 0; zone < tl_zone_count(meta->page_bytes, meta->page_count); zone++) {
        uint8_t *page = zone_page(copy, zone);
        uint32_t pgno = tl_zone_slot_pgno(meta->page_bytes, zone, 0);
        uint32_t crc = tl_zone_seal(page, meta->page_bytes, pgno, zone, 0);
        meta->zone_digest += tl_zone_mix(zone, 0, crc);
        tl_status status = tl_copy_write(copy, pgno, 0, page, meta->page_bytes);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

static tl_meta meta_of(const tl_hot_copy *copy)
{
    const tl_env *env = copy->env;
    uint64_t seed = env->seed ^ tl_mix64(copy->from->number);
    tl_meta meta = {.version = TL_FORMAT_VERSION,
                    .page_bytes = env->pager.page_bytes,
                    .txn = copy->from->number,
                    .discipline = TL_DISCIPLINE_SHADOW,
                    .sum_kind = TL_SUM_CRC32C,
                    .max_key_bytes = env->pager.max_key_bytes,
                    .record_bytes_max = env->pager.record_bytes_max,
                    .count = tl_forest_records(copy->from->trees),
                    .log_pad_bytes = env->log_pad_bytes,
                    .tree_id_next = copy->from->trees->id_next};
    tl_meta_begin_life(&meta, (env->flags & TL_OPEN_DETERMINISTIC) != 0, seed);
    return meta;
}

/* Everything that x.tl holds, synced. */
static tl_status file_fill(tl_hot_copy *copy, const tl_site *site, tl_copy_tree *trees,
                           tl_meta *meta)
{
    size_t count = copy->from->trees->trees.count;
    tl_status status = trees_copy(copy, trees, count);
    if (status == TL_OK)
        status = tl_copy_catalog(copy, trees, count, meta);
    if (status == TL_OK)
        status = tl_copy_flush(copy);
    meta->page_count = copy->end > TL_FILE_PAGES_MIN ? copy->end : TL_FILE_PAGES_MIN;
    if (status == TL_OK)
        status = zones_write(copy, meta);
    if (status == TL_OK) /* what was left out has blocks too, for pages to come */
        status = site->io->fallocate(site->io, copy->file, 0, meta->page_count * meta->page_bytes);
    if (status == TL_OK)
        status = tl_site_write_metas(site, copy->file, meta);
    return status == TL_OK ? tl_site_sync(site, copy->file) : status;
}

/* ---- memory ---- */

static size_t trees_bytes(const tl_hot_copy *copy)
{
    return copy->from->trees->trees.count * sizeof(tl_copy_tree);
}

static tl_status buffers_take(tl_hot_copy *copy, tl_copy_tree **trees)
{
    const tl_pager *pager = &copy->env->pager;
    tl_memory *memory = pager->memory;
    const tl_forest *forest = copy->from->trees;
    copy->level_count = 1;
    for (size_t i = 0; i < forest->trees.count; i++)
        if (forest->trees.at[i].root.depth > copy->level_count)
            copy->level_count = forest->trees.at[i].root.depth;
    /* The catalog takes a page for each tree at most, and half as many above. */
    uint64_t most = (uint64_t)copy->page_count_max + 2 * forest->trees.count + TL_TREE_DEPTH_MAX;
    /* Extents that do not cross zones may leave up to half of each free. */
    copy->zones_most = 2 * (size_t)tl_zone_count(pager->page_bytes, most) + 2;
    copy->run_most = TL_COPY_RUN_BYTES >> pager->page_shift;
    copy->run = memory->allocate(memory, TL_COPY_RUN_BYTES);
    copy->levels = memory->allocate(memory, copy->level_count << pager->page_shift);
    copy->zones = memory->allocate(memory, copy->zones_most << pager->page_shift);
    *trees = memory->allocate(memory, trees_bytes(copy));
    if (copy->run == NULL || copy->levels == NULL || copy->zones == NULL || *trees == NULL)
        return TL_NO_MEMORY;
    memset(copy->zones, 0, copy->zones_most << pager->page_shift);
    for (size_t i = 0; i < forest->trees.count; i++)
        (*trees)[i] =
            (tl_copy_tree){tl_name_slice(forest->trees.at[i].name), forest->trees.at[i].root};
    return TL_OK;
}

static void buffers_give(tl_hot_copy *copy, tl_copy_tree *trees)
{
    const tl_pager *pager = &copy->env->pager;
    tl_memory *memory = pager->memory;
    memory->release(memory, trees, trees_bytes(copy));
    memory->release(memory, copy->zones, copy->zones_most << pager->page_shift);
    memory->release(memory, copy->levels, copy->level_count << pager->page_shift);
    memory->release(memory, copy->run, TL_COPY_RUN_BYTES);
}

/* ---- names of files: in the writer's turn ---- */

static tl_status site_refuse(tl_env *env, const tl_site *site, tl_status status, uint64_t holder)
{
    if (status == TL_BUSY)
        return tl_pager_fail(&env->pager, status, 0, "'%s' is held by process %llu",
                             site->paths->lock, (unsigned long long)holder);
    return tl_pager_fail(&env->pager, status, 0, "'%s' could not be made: %s", site->paths->page,
                         tl_status_text(status));
}

/* Hold the lock of the new database, and see that there is none yet. */
static tl_status site_enter(tl_env *env, const tl_site *site, tl_file **lock)
{
    tl_io *io = site->io;
    uint64_t holder = 0;
    tl_file *other = NULL;
    tl_status status = io->lock(io, site->paths->lock, true, lock, &holder);
    if (status != TL_OK)
        return site_refuse(env, site, status, holder);
    status = io->open(io, site->paths->page, 0, &other);
    if (status == TL_NOT_FOUND)
        return TL_OK;
    if (status == TL_OK) {
        io->close(io, other);
        status = TL_EXISTS;
    }
    return site_refuse(env, site, status, 0);
}

static tl_status files_begin(tl_hot_copy *copy, const tl_site *site, tl_meta *meta)
{
    tl_io *io = site->io;
    tl_status status = tl_site_make_logs(site, meta, LOG_BYTES);
    if (status == TL_OK)
        status = io->open(io, site->paths->temporary, TL_IO_WRITE | TL_IO_CREATE, &copy->file);
    return status == TL_OK ? io->truncate(io, copy->file, 0) : status;
}

/* A copy that failed leaves nothing but its lock file. */
static void files_remove(const tl_site *site)
{
    const char *const names[] = {site->paths->page, site->paths->temporary, site->paths->log[0],
                                 site->paths->log[1]};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        site->io->unlink(site->io, names[i]); /* it may never have been there */
    tl_status ignored = tl_site_sync_dir(site);
    (void)ignored; /* names that come back are leftovers, which a creation replaces */
}

/* ---- the whole ---- */

static tl_status copy_make(tl_hot_copy *copy, const tl_site *site)
{
    tl_env *env = copy->env;
    tl_copy_tree *trees = NULL;
    tl_meta meta = meta_of(copy);
    tl_status status = tl_turn_take(env, 0);
    if (status != TL_OK)
        return status;
    status = files_begin(copy, site, &meta);
    tl_turn_give(env);
    if (status == TL_OK)
        status = buffers_take(copy, &trees);
    if (status == TL_OK)
        status = file_fill(copy, site, trees, &meta);
    buffers_give(copy, trees);
    return status;
}

static tl_status copy_finish(tl_hot_copy *copy, const tl_site *site, tl_file *lock,
                             tl_status status)
{
    tl_env *env = copy->env;
    tl_status turn = tl_turn_take(env, 0); /* this thread has none: it waits, and gets it */
    if (copy->file != NULL)
        site->io->close(site->io, copy->file);
    if (status == TL_OK)
        status = tl_site_publish(site);
    if (status != TL_OK)
        files_remove(site);
    site->io->close(site->io, lock);
    if (turn == TL_OK)
        tl_turn_give(env);
    if (status == TL_OK || status == TL_CORRUPT)
        return status; /* damage has told its own story */
    return tl_pager_fail(&env->pager, status, 0, "'%s' could not be written: %s", site->paths->page,
                         tl_status_text(status));
}

static tl_status copy_to_site(tl_env *env, const tl_site *site, unsigned flags)
{
    tl_txn *txn = NULL;
    tl_file *lock = NULL;
    tl_status status = tl_turn_take(env, 0);
    if (status != TL_OK)
        return status;
    status = site_enter(env, site, &lock);
    if (status == TL_OK)
        status = tl_reader_begin(env, &txn);
    if (status != TL_OK && lock != NULL)
        site->io->close(site->io, lock);
    tl_turn_give(env);
    if (status != TL_OK)
        return status;
    tl_hot_copy copy = {.env = env,
                        .from = txn,
                        .compact = (flags & TL_COPY_COMPACT) != 0,
                        .page_count_max = tl_snapshot_of(txn)->page_count,
                        .end = tl_zone_slot_pgno(env->pager.page_bytes, 0, 1) + 1};
    status = copy_finish(&copy, site, lock, copy_make(&copy, site));
    tl_reader_end(txn);
    return status;
}

tl_status tl_env_copy(tl_env *env, const char *path, unsigned flags)
{
    tl_memory *memory = env->pager.memory;
    tl_paths paths = {.page = NULL};
    if ((flags & ~(unsigned)TL_COPY_COMPACT) != 0)
        return TL_INVALID;
    if (tl_turn_is_mine(env))
        return TL_BUSY;
    tl_status status = tl_paths_make(&paths, memory, path);
    if (status == TL_INVALID)
        return tl_pager_fail(&env->pager, status, 0, "'%s' names no file", path);
    if (status != TL_OK)
        return status;
    tl_site site = {env->pager.io, &paths, true};
    status = copy_to_site(env, &site, flags);
    tl_paths_release(&paths, memory);
    return status;
}
