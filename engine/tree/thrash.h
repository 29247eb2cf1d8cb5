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
        uint64_t change; /* of the writer; 0: none */
        uint32_t place;
    } at[TL_THRASH_EVENTS];
    unsigned next;
} tl_events;

static inline uint32_t tl_thrash_place(tl_slice lower, unsigned level, uint32_t tree_id)
{
    return tl_crc32c(level ^ tree_id << 8, lower.data, lower.size_bytes);
}

static inline void tl_events_add(tl_events *events, uint64_t change, uint32_t place)
{
    events->at[events->next].change = change;
    events->at[events->next].place = place;
    events->next = (events->next + 1) % TL_THRASH_EVENTS;
}

/* Did one of them happen at `place`, no more than TL_THRASH_EDITS ago? */
static inline bool tl_events_has(const tl_events *events, uint64_t change, uint32_t place)
{
    for (unsigned i = 0; i < TL_THRASH_EVENTS; i++)
        if (events->at[i].place == place && events->at[i].change != 0 &&
            change - events->at[i].change <= TL_THRASH_EDITS)
            return true;
    return false;
}

/* The border of a page moved. */
static inline void tl_events_move(tl_events *events, uint32_t from, uint32_t to)
{
    for (unsigned i = 0; i < TL_THRASH_EVENTS; i++)
        if (events->at[i].place == from)
            events->at[i].place = to;
}

#endif
