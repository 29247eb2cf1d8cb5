/* engine/tree/thrash.h -- pages that split soon after a merge, or merge soon after a split.
 *
 * The latest splits and merges are remembered by the lower fence of the page, which stays when
 * copy-on-write gives the page another number.
 */
#ifndef TL_TREE_THRASH_H
#define TL_TREE_THRASH_H

#include "engine/base/checksum.h"
#include "engine/page/page.h"

enum { TL_THRASH_EDITS = 64, TL_THRASH_EVENTS = 64 };

typedef struct tl_events { /* a ring */
    struct {
        uint64_t edit; /* of the writer, since it was opened; 0: none */
        uint32_t place;
    } at[TL_THRASH_EVENTS];
    unsigned next;
} tl_events;

static inline uint32_t tl_thrash_place(tl_slice lower, unsigned level, uint32_t tree_id)
{
    return tl_crc32c(level ^ tree_id << 8, lower.data, lower.size_bytes);
}

static inline void tl_events_add(tl_events *events, uint64_t edit, uint32_t place)
{
    events->at[events->next].edit = edit;
    events->at[events->next].place = place;
    events->next = (events->next + 1) % TL_THRASH_EVENTS;
}

/* The event before the latest `i`, if it is no more than TL_THRASH_EDITS ago: then NULL for all
 * that are older.  There are one or two as a rule. */
static inline uint32_t *tl_events_recent(tl_events *events, uint64_t edit, unsigned i)
{
    unsigned at = (events->next + TL_THRASH_EVENTS - 1 - i) % TL_THRASH_EVENTS;
    bool is_recent = i < TL_THRASH_EVENTS && events->at[at].edit != 0 &&
                     edit - events->at[at].edit <= TL_THRASH_EDITS;
    return is_recent ? &events->at[at].place : NULL;
}

/* Did one of them happen at `place`, not long ago? */
static inline bool tl_events_has(tl_events *events, uint64_t edit, uint32_t place)
{
    const uint32_t *recent;
    for (unsigned i = 0; (recent = tl_events_recent(events, edit, i)) != NULL; i++)
        if (*recent == place)
            return true;
    return false;
}

/* The border of a page moved. */
static inline void tl_events_move(tl_events *events, uint64_t edit, uint32_t from, uint32_t to)
{
    uint32_t *recent;
    for (unsigned i = 0; (recent = tl_events_recent(events, edit, i)) != NULL; i++)
        if (*recent == from)
            *recent = to;
}

#endif
