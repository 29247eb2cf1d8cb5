/* engine/store/overflow.h -- values that are too long for a leaf: made, found, given up.
 *
 * making    tl_value_maker: pages are taken for the whole value, bytes are appended, which sums
 *           each chunk of 64 KiB in the same pass, the headers come last.  What was made
 *           lies in the arena, where a reader finds it without a copy.
 * writing   An extent is written once.  Either the next checkpoint does it (dirty_raw in space.h),
 *           or it is `direct`: it waits in pager->direct for tl_direct_write, which runs before the
 *           frame of the log that names it, and joins neighbours to one write.
 * reading   The state word of the first page says whether the whole extent is in the arena.  If
 *           not, it is read and verified in one piece.
 * giving up tl_value_doom reads what it must (nothing, unless the value is a chain) and secures the
 *           memory; tl_value_give then cannot fail.
 */
#ifndef TL_STORE_OVERFLOW_H
#define TL_STORE_OVERFLOW_H

#include "engine/page/extent.h"
#include "engine/store/pager.h"

/* What a leaf stores of a value that may be a reference: these bytes, under these flags. */
static inline tl_slice tl_value_stored(tl_slice value)
{
    bool is_ref = value.size_bytes == TL_VALUE_IS_REF;
    return is_ref ? tl_slice_of(value.data, TL_VALUE_REF_BYTES) : value;
}

static inline unsigned tl_value_stored_flags(tl_slice value)
{
    return value.size_bytes == TL_VALUE_IS_REF ? TL_VALUE_OVERFLOW : 0;
}

typedef struct tl_value_maker {
    tl_pager *pager;
    uint32_t tree_id;
    uint32_t bytes, placed; /* of the value; so many are in place */
    size_t at;              /* extent being filled */
    uint32_t filled;        /* bytes of it */
    uint32_t sum;           /* of the chunk being filled, as far as it is */
    size_t kept;            /* extents made before that may have to go back with these */
    TL_VECTOR(tl_extent) extents;
} tl_value_maker;

/* Take pages for a value of `bytes` (1..TL_VALUE_BYTES_MAX), leaving `others` free pages alone: one
 * run if that can be had, else several.
 * TL_NO_SPACE, TL_NO_MEMORY, TL_IO: nothing changed. */
TL_MUST_USE tl_status tl_value_make(tl_value_maker *maker, tl_pager *pager, uint32_t tree_id,
                                    uint64_t bytes, size_t others);
void tl_value_append(tl_value_maker *maker, const void *bytes, size_t size_bytes);
/* All bytes are in place: fill the headers.  `direct` or for the next checkpoint. */
tl_value_ref tl_value_seal(tl_value_maker *maker, bool direct);
/* Give the pages back: nobody has seen them. */
void tl_value_unmake(tl_value_maker *maker);
void tl_value_maker_release(tl_value_maker *maker);

/* Memory for noting the extents of `maker` as direct; then note them. */
TL_MUST_USE tl_status tl_direct_secure(tl_pager *pager, const tl_value_maker *maker);
void tl_direct_note(tl_pager *pager, const tl_value_maker *maker);
enum { TL_DIRECT_WAIT_BYTES = 256 << 10 }; /* more are written while they are in the cache */
/* Write all noted extents. */
TL_MUST_USE tl_status tl_direct_write(tl_pager *pager);
/* Sync them, if some were written since the last time; *syncs counts the call.  Any thread. */
TL_MUST_USE tl_status tl_direct_sync(tl_pager *pager, uint64_t *syncs);
void tl_direct_forget(tl_pager *pager); /* the txn is aborted */
/* How far the list was at a savepoint, and back to there.  What was written meanwhile stays so. */
typedef struct tl_direct_mark {
    size_t count;
    uint64_t waiting_bytes, written_bytes;
} tl_direct_mark;
tl_direct_mark tl_direct_mark_now(const tl_pager *pager);
void tl_direct_rollback(tl_pager *pager, tl_direct_mark mark);

/* Copy a part of a value (inside its length) to `buffer`, verified chunk by chunk.
 * TL_CORRUPT, TL_IO, TL_NO_MEMORY: the buffer's content is unspecified. */
TL_MUST_USE tl_status tl_value_read_part(tl_pager *pager, tl_value_ref ref, uint32_t tree_id,
                                         uint32_t offset, void *buffer, uint32_t size_bytes);

/* Is the extent in the arena?  One that was passed over is as if it were: tl_extent_get brings it
 * there. */
static inline bool tl_extent_is_here(const tl_pager *pager, uint32_t pgno)
{
    uint32_t state = atomic_load_explicit(&pager->states[pgno], memory_order_acquire);
    return state == pager->resident || state == (pager->arena->generation | TL_ARENA_PASSED);
}

/* The extent in the arena, whole and verified.
 * TL_CORRUPT  it is damaged, misplaced or stale; TL_IO */
TL_MUST_USE tl_status tl_extent_get(tl_pager *pager, const tl_extent *extent, uint32_t tree_id,
                                    const uint8_t **head);
/* Its header: in the arena, or read into `buffer` (TL_PAGE_HEADER_BYTES). */
TL_MUST_USE tl_status tl_extent_head(tl_pager *pager, const tl_extent *extent, uint32_t tree_id,
                                     uint8_t *buffer, const uint8_t **head);
/* Header and sums (tl_extent_data_at bytes), then chunks by them, without bringing them in. */
TL_MUST_USE tl_status tl_extent_copy_head(tl_pager *pager, const tl_extent *extent,
                                          uint32_t tree_id, uint8_t *to);
TL_MUST_USE tl_status tl_extent_copy_chunk(tl_pager *pager, const tl_extent *extent,
                                           const uint8_t *head, uint32_t chunk, uint8_t *to);
uint32_t tl_extent_chunk_bytes(const tl_extent *extent, uint32_t chunk);
/* The first extent that `ref` names.  TL_CORRUPT: it names none. */
TL_MUST_USE tl_status tl_value_first(tl_pager *pager, tl_value_ref ref, tl_extent *first);
/* The extent behind one whose header is `head`, when `bytes_left` follow it. */
TL_MUST_USE tl_status tl_value_next(tl_pager *pager, const uint8_t *head, uint32_t bytes_left,
                                    tl_extent *next);
/* Copy the whole value to `to`. */
TL_MUST_USE tl_status tl_value_copy(tl_pager *pager, tl_value_ref ref, uint32_t tree_id,
                                    uint8_t *to);

/* Find all extents of a value that is about to go, into pager->doomed, behind those there already;
 * secure the memory for giving them up. */
TL_MUST_USE tl_status tl_value_doom(tl_pager *pager, tl_value_ref ref, uint32_t tree_id);
void tl_value_give(tl_pager *pager); /* all of pager->doomed */

#endif
