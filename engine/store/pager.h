/* engine/store/pager.h -- pages of one file: found in the arena, loaded on first touch, written
 * by checkpoints.
 *
 * Readers (many threads) use tl_pager_get only.  Everything else belongs to the writer.
 */
#ifndef TL_STORE_PAGER_H
#define TL_STORE_PAGER_H

#include "engine/base/mutant.h"
#include "engine/page/edit.h"
#include "engine/page/extent.h"
#include "engine/page/meta.h"
#include "engine/page/run.h"
#include "engine/page/search.h"
#include "engine/platform/platform.h"
#include "engine/store/arena.h"
#include "engine/store/space.h"
#include "tl/engine.h"

typedef struct tl_pager {
    /* fixed while the env is open */
    tl_io *io;
    tl_memory *memory;
    tl_file *file;
    tl_arena *arena;
    uint8_t *base;
    _Atomic uint32_t *states;
    uint32_t resident; /* the state word of a page that is there */
    unsigned page_shift;
    uint32_t page_bytes, map_pages, max_key_bytes, record_bytes_max;
    uint64_t max_bytes, growth_bytes;
    const tl_space_policy *space_policy;
    const tl_search_way *search;
    uint64_t foreign_txn; /* pages of the file were born up to here, by whoever wrote it */
    bool read_only;       /* write nothing; replayed pages live in the arena alone */

    /* the writer's */
    uint64_t txn;   /* running write txn; pages with this birth are its own */
    uint64_t owner; /* the same; 0, no page's birth, while a savepoint is open */
    tl_space space;
    uint32_t refused_pages; /* of the latest value that found no room since the checkpoint */
    bool starved;           /* the file could not grow when it last had to */
    bool shrinking;         /* a smaller page count waits for its meta: the file may not grow */
    /* The file is full.  May wait for pages to come free; false: none will.  NULL: nobody helps. */
    bool (*relieve)(void *context);
    void *relieve_context;
    tl_edit edit;
    uint8_t *scratch[7];           /* whole pages; scratch[0] is edit.scratch */
    uint32_t *weights;             /* page_bytes / 4 + 4 numbers: the entries of two pages */
    uint64_t *marks;               /* page_bytes / 8 bytes */
    unsigned choices;              /* of split strategies since the open: some are timed */
    TL_VECTOR(tl_extent) doomed;   /* of values that the present edit replaces: overflow.h */
    TL_VECTOR(tl_extent) direct;   /* made by the running txn, to be written before its frame */
    uint64_t direct_waiting_bytes; /* of them */
    uint64_t direct_bytes;         /* so many did the running txn write */
    tl_stats stats;

    /* shared */
    _Atomic uint64_t values_written, values_synced; /* direct writes; how many a sync covers */
    _Atomic uint64_t pages_loaded, sum_failures, values_loaded, values_joined;
    tl_mutex error_mutex;
    tl_error error; /* the latest failure */
} tl_pager;

/* Take page_bytes, limits and file from `meta` and `file`; enter the arena. */
TL_MUST_USE tl_status tl_pager_open(tl_pager *pager, const tl_meta *meta, tl_file *file,
                                    size_t pin_capacity);
void tl_pager_close(tl_pager *pager); /* safe half-open; leaves the file to its owner */

/* Remember why something failed; returns `status`. */
tl_status tl_pager_fail(tl_pager *pager, tl_status status, uint32_t pgno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static inline uint8_t *tl_pager_at(const tl_pager *pager, uint32_t pgno)
{
    return pager->base + ((size_t)pgno << pager->page_shift);
}

static inline bool tl_pager_is_resident(const tl_pager *pager, uint32_t pgno)
{
    return atomic_load_explicit(&pager->states[pgno], memory_order_acquire) == pager->resident;
}

/* This page was not read, because a simulated disk knew its bytes (tl/io.h, pass_over). */
static inline void tl_pager_set_passed(tl_pager *pager, uint32_t pgno)
{
    uint32_t seen = atomic_load_explicit(&pager->states[pgno], memory_order_relaxed);
    uint32_t passed = pager->arena->generation | TL_ARENA_PASSED;
    bool old = seen - pager->arena->generation > TL_ARENA_PASSED; /* of an env before this one */
    if (old || seen == pager->arena->generation)
        (void)atomic_compare_exchange_strong(&pager->states[pgno], &seen, passed);
}

/* Is a record of this size within the limit for leaves? */
static inline bool tl_record_fits(const tl_pager *pager, size_t key_bytes, size_t value_bytes)
{
    return value_bytes <= pager->record_bytes_max &&
           TL_ENTRY_BYTES + TL_CELL_HEADER_BYTES + key_bytes + value_bytes <=
               pager->record_bytes_max;
}

tl_status tl_pager_load(tl_pager *pager, tl_ref ref, unsigned level, uint32_t tree_id);

/* The page that `ref` names, at `level` of tree `tree_id`.
 * TL_OK       *page stays valid as long as the caller's snapshot
 * TL_CORRUPT  the stored page is damaged, misplaced or stale; TL_IO */
static inline tl_status tl_pager_get(tl_pager *pager, tl_ref ref, unsigned level, uint32_t tree_id,
                                     const uint8_t **page)
{
    if (__builtin_expect(ref.pgno >= pager->map_pages ||
                             atomic_load_explicit(&pager->states[ref.pgno], memory_order_acquire) !=
                                 pager->resident,
                         0)) {
        tl_status status = tl_pager_load(pager, ref, level, tree_id);
        if (status != TL_OK)
            return status;
    }
    const uint8_t *at = tl_pager_at(pager, ref.pgno);
    if (__builtin_expect(tl_page_level(at) != level ||
                             (tl_load32(at + TL_AT_BIRTH) != ref.tag && !TL_MUTANT(skip_page_tag)),
                         0))
        return tl_pager_fail(pager, TL_CORRUPT, ref.pgno,
                             "page %u is not the page its parent names", ref.pgno);
    *page = at;
    return TL_OK;
}

/* Copy that page to `to`, but for its checksum, without bringing it into memory.  Any thread. */
TL_MUST_USE tl_status tl_pager_copy(tl_pager *pager, tl_ref ref, unsigned level, uint32_t tree_id,
                                    uint8_t *to);

/* Is this page in memory?  One that was passed over is brought there first: whoever asks goes the
 * same way as if it had been read.  The writer only; `ref` lies within the arena. */
static inline bool tl_pager_has(tl_pager *pager, tl_ref ref, unsigned level, uint32_t tree_id)
{
    uint32_t state = atomic_load_explicit(&pager->states[ref.pgno], memory_order_acquire);
    if (state == pager->resident)
        return true;
    return state == (pager->arena->generation | TL_ARENA_PASSED) &&
           tl_pager_load(pager, ref, level, tree_id) == TL_OK;
}

/* The same as tl_pager_get, but only a page that is in memory already, else NULL: never fails. */
static inline const uint8_t *tl_pager_peek(tl_pager *pager, tl_ref ref, unsigned level,
                                           uint32_t tree_id)
{
    if (ref.pgno >= pager->map_pages || !tl_pager_has(pager, ref, level, tree_id))
        return NULL;
    const uint8_t *at = tl_pager_at(pager, ref.pgno);
    return tl_page_level(at) == level && tl_load32(at + TL_AT_BIRTH) == ref.tag ? at : NULL;
}

/* Before an operation: `count` pages can be taken and given back, growing the file if need be.
 * TL_NO_SPACE, TL_NO_MEMORY, TL_IO: nothing changed. */
TL_MUST_USE tl_status tl_pager_secure_slow(tl_pager *pager, size_t count);
static inline tl_status tl_pager_secure(tl_pager *pager, size_t count)
{
    const tl_space_edits *edits = &pager->space.edits;
    if (tl_space_available(&pager->space) >= count &&
        edits->born.capacity - edits->born.count >= count &&
        edits->freed.capacity - edits->freed.count >= count &&
        edits->loose.capacity - edits->loose.count >= count)
        return TL_OK;
    return tl_pager_secure_slow(pager, count);
}

/* The file is full: have pages come free meanwhile, perhaps after a wait? */
static inline bool tl_pager_relieved(const tl_pager *pager)
{
    return pager->relieve != NULL && pager->relieve(pager->relieve_context);
}

/* space_shrink.c: free pages at the end of the file; let the file end before them; once a meta
 * says so, cut them off.  Or take it back.  Meanwhile the file does not grow: what has no room then
 * is TL_NO_SPACE at once. */
typedef struct tl_shrink {
    uint32_t page_count, free_count, zone_count; /* free_count: of the pages at the end */
} tl_shrink;
uint32_t tl_pager_free_tail(tl_pager *pager);
void tl_pager_shrink_begin(tl_pager *pager, tl_shrink *undo);
void tl_pager_shrink_undo(tl_pager *pager, const tl_shrink *undo);
TL_MUST_USE tl_status tl_pager_cut_file(tl_pager *pager);

/* Let the file span at least `least` pages more.  TL_NO_SPACE, TL_NO_MEMORY, TL_IO: unchanged. */
TL_MUST_USE tl_status tl_pager_grow(tl_pager *pager, uint64_t least);
/* Pages of the arena are about to be used: take their memory in one go. */
static inline void tl_pager_touch(const tl_pager *pager, uint32_t pgno, uint32_t count)
{
    size_t end = ((size_t)pgno + count) << pager->page_shift;
    if (end > pager->arena->touched_bytes)
        tl_arena_touch(pager->arena, end);
}

/* Are fewer than `count` pages left, and no growth in sight?  Only a checkpoint may give some back.
 */
bool tl_pager_is_full(const tl_pager *pager, size_t count);

/* A fresh page of the running txn; the content is unspecified.  Secured before. */
uint8_t *tl_pager_take(tl_pager *pager, uint32_t *pgno);
void tl_pager_give(tl_pager *pager, const uint8_t *page); /* the page leaves the tree */
/* Let a page number be used for page bytes that are already in place (catalog, creation). */
void tl_pager_set_resident(tl_pager *pager, uint32_t pgno);

/* May the running txn edit this page in place?  It made it, and no open savepoint needs it. */
static inline bool tl_pager_owns(const tl_pager *pager, const uint8_t *page)
{
    uint64_t birth = tl_page_birth(page);
    return birth == pager->owner || (pager->owner == 0 && birth == pager->txn &&
                                     tl_space_is_new(&pager->space, tl_page_pgno(page)));
}

static inline void tl_pager_set_txn(tl_pager *pager, uint64_t txn)
{
    pager->txn = pager->owner = txn;
}

/* Savepoints have begun or ended. */
static inline void tl_pager_set_owner(tl_pager *pager)
{
    pager->owner = pager->space.floor.clock == 0 ? pager->txn : 0;
}

/* What a checkpoint has to write: the pages made since the last one, and copies of the bitmaps that
 * changed.  Taken in the writer's turn, with every page a txn owns settled; from then on the pages
 * named here are not edited (a later txn copies them), so that any thread can write them out. */
typedef struct tl_zone_copy {
    uint32_t zone_no, pgno, crc;
    uint8_t slot;
} tl_zone_copy;

typedef struct tl_write_set {
    tl_bitmap pages;
    tl_bitmap raw;       /* of extents: written as they are, without a page's checksum */
    uint32_t page_count; /* of the file */
    TL_VECTOR(tl_zone_copy) zones;
    TL_VECTOR(uint8_t) zone_pages; /* one page each */
    /* the writing thread's counts */
    uint64_t runs, pages_written, page_bytes, zone_bytes, value_bytes;
} tl_write_set;

void tl_write_set_release(tl_write_set *set, tl_memory *memory);
/* Fill `set` for checkpoint `ckpt_no`; *digest is that of all zones.  TL_NO_MEMORY: nothing
 * happened. */
TL_MUST_USE tl_status tl_write_set_take(tl_pager *pager, tl_write_set *set, uint64_t ckpt_no,
                                        uint64_t *digest);
/* Bitmaps to the slots not in use; pages and extents in file order, in runs of up to 1 MiB.  Any
 * thread. Stops with TL_BUSY soon after *stop is true (NULL: never). */
TL_MUST_USE tl_status tl_write_set_zones(tl_pager *pager, tl_write_set *set);
TL_MUST_USE tl_status tl_write_set_pages(tl_pager *pager, tl_write_set *set,
                                         const _Atomic bool *stop);
/* How many pages it writes, bitmaps included. */
uint64_t tl_write_set_count(const tl_write_set *set);
/* Write the manifest of all that was written to page `pgno`; *crc is its checksum. */
TL_MUST_USE tl_status tl_write_set_manifest(tl_pager *pager, tl_write_set *set, uint32_t pgno,
                                            uint64_t ckpt_no, uint32_t *crc);
TL_MUST_USE tl_status tl_write_set_values(tl_pager *pager, tl_write_set *set,
                                          const _Atomic bool *stop);
/* In a turn: the bitmaps written are the ones in use; or all of it is still to be written. */
void tl_write_set_done(tl_pager *pager, tl_write_set *set, uint64_t ckpt_no);
void tl_write_set_undo(tl_pager *pager, tl_write_set *set);
/* Read the bitmaps that belong to `meta`. */
TL_MUST_USE tl_status tl_pager_read_zones(tl_pager *pager, const tl_meta *meta);

#endif
