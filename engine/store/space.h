/* engine/store/space.h -- which pages are free, and when a freed page may be used again.
 *
 *   live   reachable from the newest commit, or made by the running txn
 *   busy   live, or freed but still seen by a pinned snapshot, or waiting on a stack
 *   dirty  made since the last checkpoint was pinned: what the next one has to write
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
 * Runs are pages side by side in one zone, for extents of large values.  Where free pages and runs
 * are looked for in the bitmap is a policy's choice (store/policies/).
 *
 * An extent that the log names is no page like others: replaying the log needs its bytes as they
 * were.  When it dies it is `retired`, and free only after a checkpoint at or behind its death.
 *
 * A savepoint is a mark in these lists.  What was taken before it must stay as it is, so it is no
 * longer the txn's to edit: `since` tells when a page was last taken.  What was given up before it
 * may not be reused while it is open: the loose pages below the mark are left alone, and pages
 * given up later although they were taken before it wait among the freed ones.
 *
 * Owned by the writer.  tl_space_secure comes first; taking and giving back then cannot fail.
 */
#ifndef TL_STORE_SPACE_H
#define TL_STORE_SPACE_H

#include "engine/base/bitmap.h"
#include "engine/base/vector.h"
#include "tl/stats.h"

typedef struct tl_space_run {
    uint32_t pgno, count;
} tl_space_run;

typedef struct tl_freed {
    uint32_t pgno, count;
    uint64_t birth;
} tl_freed;

typedef struct tl_retired { /* a dead extent that the log names */
    tl_freed run;
    uint64_t death;
} tl_retired;

typedef struct tl_pin { /* a snapshot that must stay readable */
    uint64_t txn;
    size_t page_count; /* on the list */
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
    TL_VECTOR(tl_space_run) loose_runs;
    TL_VECTOR(tl_space_run) born;   /* taken, each page once */
    TL_VECTOR(tl_freed) freed;      /* older pages that were given up */
    TL_VECTOR(tl_retired) retiring; /* extents named by the log that were given up */
    uint64_t loose_run_pages;
} tl_space_edits;

typedef struct tl_space tl_space;

typedef struct tl_space_mark { /* a savepoint */
    uint64_t clock;            /* what is taken from now on has at least this in `since` */
    size_t born, freed, loose, loose_runs, retiring; /* lengths of the lists */
    uint64_t loose_run_pages;
} tl_space_mark;

/* Where to look for free pages.  `find` gives the first of `count` free pages side by side, or
 * TL_BITMAP_NONE; the caller takes them at once.  The others keep an index up to date and may do
 * nothing. */
typedef struct tl_space_policy {
    const char *name, *summary;
    uint32_t (*find)(tl_space *space, uint32_t count);
    void (*freed)(tl_space *space, uint32_t pgno, uint32_t count);
    void (*added)(tl_space *space, uint32_t pgno, uint32_t count); /* the file has grown */
    void (*close)(tl_space *space);
} tl_space_policy;

const tl_space_policy *tl_space_policy_find(const char *name); /* NULL when unknown */

typedef struct tl_run_index tl_run_index; /* store/policies/segregated.c */

struct tl_space {
    tl_memory *memory;
    tl_stats *stats;
    const tl_space_policy *policy;
    tl_run_index *index;             /* of the policy; NULL: none yet */
    bool lowest_first;               /* for compaction, whatever the policy */
    uint32_t run_low, run_low_pages; /* no free run of so many pages begins below run_low */
    uint32_t page_bytes, page_count, free_count; /* free_count: zero bits of busy */
    tl_bitmap live, busy, dirty;
    tl_bitmap dirty_raw;  /* of extents: written as they are, without a page's checksum */
    tl_space_edits edits; /* of the running txn */
    tl_space_edits side;  /* of the catalog, from its edit to the end of the checkpoint */
    tl_space_mark floor;  /* the newest open savepoint; clock 0: none is open */
    uint64_t clock;       /* savepoints made since open */
    /* Clock when the page, or the first one of a run, was last taken under an open savepoint. Empty
     * until the first savepoint. */
    TL_VECTOR(uint64_t) since;
    TL_VECTOR(uint32_t) recycled;
    TL_VECTOR(tl_pin) pins; /* ascending */
    TL_VECTOR(tl_zone_state) zones;
    TL_VECTOR(tl_retired) retired;                     /* by committed txns */
    TL_VECTOR(tl_space_run) reserved;                  /* by recovery, in the order of the log */
    size_t adopted_count;                              /* of them, the first so many */
    uint64_t pinned_count, dirty_count, retired_pages; /* pages */
    uint64_t ckpt_txn;                                 /* of the durable checkpoint */
    size_t born_last;                                  /* pages that the last committed txn took */
};

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
    return space->free_count + space->recycled.count + space->edits.loose.count +
           space->edits.loose_run_pages - space->floor.loose - space->floor.loose_run_pages;
}

/* Memory for taking and giving back `count` pages each.  TL_NO_MEMORY changes nothing. */
TL_MUST_USE tl_status tl_space_secure(tl_space *space, size_t count);

uint32_t tl_space_take(tl_space *space); /* one was available */
/* Give up a page; `mine`: the running txn made it. */
void tl_space_give(tl_space *space, uint32_t pgno, uint64_t birth, bool mine);

/* Begin a savepoint of the running txn.  TL_NO_MEMORY changes nothing. */
TL_MUST_USE tl_status tl_space_save(tl_space *space, tl_space_mark *mark);
/* Undo what was taken and given up since `mark`, which is open.  The mark ends, and with it all
 * later ones; `outer` is the newest that is left, all zero when none is. */
void tl_space_rollback(tl_space *space, const tl_space_mark *mark, const tl_space_mark *outer);
/* The same, without undoing.  `txn` is the running one. */
void tl_space_release(tl_space *space, const tl_space_mark *mark, const tl_space_mark *outer,
                      uint64_t txn);
/* Of a page that the running txn took: was it after the newest open savepoint? */
static inline bool tl_space_is_new(const tl_space *space, uint32_t pgno)
{
    return space->floor.clock == 0 || space->since.at[pgno] >= space->floor.clock;
}

static inline void tl_space_note_taken(tl_space *space, uint32_t pgno)
{
    if (space->floor.clock != 0)
        space->since.at[pgno] = space->clock;
}

/* Between these two, taking and giving up is no part of the running txn. */
void tl_space_side_begin(tl_space *space);
void tl_space_side_end(tl_space *space);
/* The side edits have become durable: what they gave up is free.  Or they never happened. */
void tl_space_side_settle(tl_space *space, bool durable);
void tl_space_set_live(tl_space *space, uint32_t pgno, bool live);

/* A page that no tree reaches and that is not live: for a manifest.  One was available. */
uint32_t tl_space_hold(tl_space *space);
void tl_space_unhold(tl_space *space, uint32_t pgno);

/* Txn `txn` is committed and published; `pins` are all snapshots pinned now, in any order. */
void tl_space_commit(tl_space *space, uint64_t txn, const uint64_t *pins, size_t pin_count);
void tl_space_abort(tl_space *space);
/* Only the pins have changed. */
void tl_space_set_pins(tl_space *space, const uint64_t *pins, size_t pin_count);
/* A checkpoint is durable: recycled pages go back to the bitmap. */
void tl_space_checkpointed(tl_space *space);
void tl_space_set_dirty(tl_space *space, uint32_t pgno); /* the page is still to be written */

/* ---- runs: space_runs.c ---- */

/* Memory for giving up `count` runs.  TL_NO_MEMORY changes nothing. */
TL_MUST_USE tl_status tl_space_secure_runs(tl_space *space, size_t count);
/* Take `count` pages side by side, the policy's choice.  The memory of tl_space_secure is there.
 * TL_BITMAP_NONE: there is no such run, and nothing changed. */
uint32_t tl_space_take_run(tl_space *space, uint32_t count);
/* The longest free run, in pages; 0: none. */
uint32_t tl_space_longest_run(const tl_space *space);
/* Put recycled pages back into the bitmap, where they join their neighbours. */
void tl_space_drain_recycled(tl_space *space);
/* Give up a run; `mine`: the running txn made it; `named`: a frame of the log names it. */
void tl_space_give_run(tl_space *space, uint32_t pgno, uint32_t count, uint64_t birth, bool mine,
                       bool named);
/* Will the next checkpoint have to write these pages as they are? */
void tl_space_set_dirty_raw(tl_space *space, uint32_t pgno, uint32_t count, bool dirty);
/* Does a frame that recovery would replay name the extent that begins at `pgno`? */
bool tl_space_is_named(const tl_space *space, uint32_t pgno, uint64_t birth);

/* Recovery: keep a run that the log names from everybody else; then let a replayed txn take it.
 * TL_CORRUPT: it is in use, or not what was reserved next. */
TL_MUST_USE tl_status tl_space_reserve_run(tl_space *space, uint32_t pgno, uint32_t count);
TL_MUST_USE tl_status tl_space_adopt_run(tl_space *space, uint32_t pgno, uint32_t count);
void tl_space_reservations_end(tl_space *space); /* those never adopted are retired */

/* The checkpoint of `txn` is durable: extents that died up to it are needed no longer. */
void tl_space_release_retired(tl_space *space, uint64_t txn);

/* ---- between space.c and space_runs.c ---- */
uint32_t tl_space_find(tl_space *space, uint32_t count); /* free pages; nothing is taken */
void tl_space_clear_dirty_run(tl_space *space, uint32_t pgno, uint32_t count);
void tl_space_set_live_run(tl_space *space, uint32_t pgno, uint32_t count, bool live);
void tl_space_clear_busy_run(tl_space *space, uint32_t pgno, uint32_t count);
/* Free a run as soon as no pin in [birth, death) can see it. */
void tl_space_bury(tl_space *space, tl_freed freed, uint64_t death);
void tl_space_runs_commit(tl_space *space, uint64_t txn);

/* How many freed pages hang on the pin of snapshot `txn`. */
size_t tl_space_dead_count(const tl_space *space, uint64_t txn);

#endif
