/* engine/store/space.h -- which pages are free, and when a freed page may be used again.
 *
 *   live   reachable from the newest commit, or made by the running txn
 *   busy   live, or freed but still seen by a pinned snapshot, or waiting on a stack
 *   dirty  made since the last checkpoint: what the next one has to write
 *
 * A freed page was visible to the snapshots birth <= s < death.  It hangs on the list of the newest
 * pinned snapshot in that interval; when that one ends, the page is tested against the next older
 * one, and is free when none is left (the dead lists of ZFS).  An old reader so pins only the pages
 * it can see, not everything freed since it began.
 *
 * Free pages come from, in this order: `loose` (made and given up by the running txn), `recycled`
 * (freed since the last checkpoint, probably in cache), the first zero bit of `busy`.
 *
 * What a txn took and gave up stands in three lists, so that it can be undone.  A second set of
 * them is for the catalog, which a checkpoint edits while a txn may still hang on its own.
 *
 * Owned by the writer.  tl_space_secure comes first; taking and giving back then cannot fail.
 */
#ifndef TL_STORE_SPACE_H
#define TL_STORE_SPACE_H

#include "engine/base/bitmap.h"
#include "engine/base/vector.h"
#include "tl/stats.h"

typedef struct tl_freed {
    uint32_t pgno;
    uint64_t birth;
} tl_freed;

typedef struct tl_pin { /* a snapshot that must stay readable */
    uint64_t txn;
    TL_VECTOR(tl_freed) dead;
} tl_pin;

typedef struct tl_zone_state { /* the newest durable copy of a zone's bitmap */
    uint64_t epoch;
    uint32_t crc;
    uint8_t slot; /* where it lies */
    bool stored;  /* false: no checkpoint has written this zone yet */
    bool dirty;   /* `live` has changed since, or a leftover of a crash must be overwritten */
} tl_zone_state;

typedef struct tl_space_edits { /* what has been taken and given up, until it is settled */
    TL_VECTOR(uint32_t) loose;  /* taken, given up again: reused first */
    TL_VECTOR(uint32_t) born;   /* taken, each once */
    TL_VECTOR(tl_freed) freed;  /* older pages that were given up */
} tl_space_edits;

typedef struct tl_space {
    tl_memory *memory;
    tl_stats *stats;
    uint32_t page_bytes, page_count, free_count; /* free_count: zero bits of busy */
    tl_bitmap live, busy, dirty;
    tl_space_edits edits; /* of the running txn */
    tl_space_edits side;  /* of the catalog, from its edit to the end of the checkpoint */
    TL_VECTOR(uint32_t) recycled;
    TL_VECTOR(tl_pin) pins; /* ascending */
    TL_VECTOR(tl_zone_state) zones;
    uint64_t pinned_count, dirty_count;
} tl_space;

/* Secure the vectors of a new space; `pin_capacity` pins at a time. */
TL_MUST_USE tl_status tl_space_open(tl_space *space, tl_memory *memory, tl_stats *stats,
                                    uint32_t page_bytes, size_t pin_capacity);
void tl_space_close(tl_space *space);

/* Span `page_count` pages; new ones are free, but for the fixed pages of metas and zones. */
TL_MUST_USE tl_status tl_space_extend(tl_space *space, uint32_t page_count);
/* Take over the stored bits of zone `zone_no`, found in `slot`. */
void tl_space_load_zone(tl_space *space, uint32_t zone_no, const uint8_t *zone_page, unsigned slot);

static inline size_t tl_space_available(const tl_space *space)
{
    return space->free_count + space->recycled.count + space->edits.loose.count;
}

/* Memory for taking and giving back `count` pages each.  TL_NO_MEMORY changes nothing. */
TL_MUST_USE tl_status tl_space_secure(tl_space *space, size_t count);

uint32_t tl_space_take(tl_space *space); /* one was available */
/* Give up a page; `mine`: the running txn made it. */
void tl_space_give(tl_space *space, uint32_t pgno, uint64_t birth, bool mine);

/* Between these two, taking and giving up is no part of the running txn. */
void tl_space_side_begin(tl_space *space);
void tl_space_side_end(tl_space *space);
/* The side edits have become durable: what they gave up is free.  Or they never happened. */
void tl_space_side_settle(tl_space *space, bool durable);
void tl_space_set_live(tl_space *space, uint32_t pgno, bool live);

/* Txn `txn` is committed and published; `pins` are all snapshots pinned now, in any order. */
void tl_space_commit(tl_space *space, uint64_t txn, const uint64_t *pins, size_t pin_count);
void tl_space_abort(tl_space *space);
/* Only the pins have changed. */
void tl_space_set_pins(tl_space *space, const uint64_t *pins, size_t pin_count);
/* A checkpoint is durable: nothing is dirty, recycled pages go back to the bitmap. */
void tl_space_checkpointed(tl_space *space);

/* How many freed pages hang on the pin of snapshot `txn`. */
size_t tl_space_dead_count(const tl_space *space, uint64_t txn);

#endif
