/* engine/include/tl/strategy.h -- where to split, how full to pack, when to merge: as plug-ins.
 *
 * A split strategy looks at a page that has become too full and proposes what to do; a fill
 * strategy says how full pages are packed and when an emptied one looks for company.  The engine
 * checks every proposal, fences and all.  One that is impossible is replaced: first by the nearest
 * possible cut, then by halving by bytes.  So a strategy can be bad, never wrong.
 *
 *     static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
 *     {
 *         plan->kind = TL_SPLIT2;
 *         plan->at = tl_split_share(input, 60);    // 60 % of the bytes stay in the left page
 *     }
 *     static const tl_split_strategy sixty = {.name = "sixty", .summary = "60/40", .choose =
 * choose}; static const tl_split_strategy *const mine[] = {&sixty, NULL}; tl_env_options options =
 * {.extra_splits = mine, .split = "sixty"};
 *
 * Nothing but this header is needed: an own strategy is one file, linked or loaded from outside.
 *
 * Threads   all functions of a row are called in the writer's turn of one env, so one at a time for
 *           each `self`; rows shared by several envs keep their state in `self` alone.
 * Purity    choose depends on nothing but its arguments and what `self` held when it was opened:
 *           equal seeds must give equal pages.  (Which neighbours are in memory is an argument: it
 *           follows from the operations so far, and from what concurrent readers touched.)
 */
#ifndef TL_STRATEGY_H
#define TL_STRATEGY_H

#include "tl/memory.h"
#include "tl/slice.h"
#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tl_strategy_config { /* of the env that opens a strategy */
    uint32_t page_bytes, max_key_bytes;
    uint64_t seed;     /* of the env's options */
    tl_memory *memory; /* for what `self` needs */
} tl_strategy_config;

typedef struct tl_page_view { /* a neighbour under the same parent */
    unsigned count;           /* entries */
    uint32_t used_bytes;      /* of page_bytes, header and fences included */
    bool owned;               /* the running txn has written it: changing it copies nothing */
} tl_page_view;

/* ---- split ---- */

typedef struct tl_split_input tl_split_input;
struct tl_split_input {
    uint32_t page_bytes;
    unsigned level;           /* 0: a leaf */
    unsigned count;           /* entries to divide, the new one among them */
    unsigned new_index;       /* of the new entry */
    bool leftmost, rightmost; /* the page is the first, the last of its level */
    const uint32_t *weights;  /* count + 1 numbers: bytes of the entries before each */
    tl_slice lower, upper;    /* fences: lower <= key < upper; empty means none */

    /* How inserts into this page ran: `run` of them, the present one included, each went right
     * behind (run > 0) or right before (run < 0) the one before it.  0: somewhere else. */
    int run;
    /* NULL when absent, not in memory, or not wanted (see tl_split_strategy.siblings) */
    const tl_page_view *left, *right;

    /* The key of entry `index`, whole; in `buffer` (2040 bytes) or borrowed until choose returns.
     * Entries of a branch are separators. */
    tl_slice (*key)(const tl_split_input *input, unsigned index, void *buffer);
    const void *entries; /* the engine's */
};

enum tl_split_kind {
    TL_SPLIT2,          /* two pages */
    TL_NEWRIGHT,        /* two pages, the left one packed to the fill strategy's leaf_fill */
    TL_SHIFT_LEFT,      /* no new page: entries before `at` move to the left neighbour */
    TL_SHIFT_RIGHT,     /* ... entries from `at` on move to the right neighbour */
    TL_SPLIT2TO3_LEFT,  /* this page and its left neighbour become three */
    TL_SPLIT2TO3_RIGHT, /* this page and its right neighbour become three */
    TL_SPLIT_KIND_COUNT,
};

enum tl_split_mode { /* what the strategy takes the load for; counted, see tl/stats.h */
                     TL_MODE_NONE,
                     TL_MODE_RANDOM,
                     TL_MODE_ASCENDING,
                     TL_MODE_DESCENDING,
                     TL_MODE_COUNT,
};

typedef struct tl_split_plan { /* all zeros: halve by bytes */
    unsigned kind;             /* TL_SPLIT2 ... */
    /* Leaf: the first entry of the page to the right of the cut.  Branch: the separator that moves
     * up.  0 means: as even in bytes as can be.  Counted with the new entry in place. */
    unsigned at;
    unsigned at2;    /* TL_SPLIT2TO3: the second cut; `at` and `at2` count from the first entry of
                        the left one of both pages, in a branch the separator between them too */
    unsigned window; /* TL_SPLIT2: the shortest separator within this many percent of the bytes
                        around `at` is taken; 0: `at` itself */
    unsigned mode;   /* TL_MODE_... */
} tl_split_plan;

enum tl_split_siblings { /* which neighbours a strategy wants to see, and may change */
                         TL_SIBLINGS_NONE,
                         TL_SIBLINGS_OWNED, /* those that the running txn has written already */
                         TL_SIBLINGS_ANY,   /* those in memory; changing one may copy it */
};

typedef struct tl_split_strategy {
    const char *name, *summary;
    unsigned siblings; /* TL_SIBLINGS_... */
    /* A new last entry of the last page (rightmost, new_index is count - 1) is a TL_NEWRIGHT
     * whatever the weights and neighbours, which are then not there to be looked at. */
    bool opens_right;
    /* May be NULL: then self is NULL.  Any status but TL_OK fails the opening of the env. */
    tl_status (*open)(const tl_strategy_config *config, void **self);
    /* *plan is all zeros on entry. */
    void (*choose)(void *self, const tl_split_input *input, tl_split_plan *plan);
    /* What became of it; may be NULL.  *done has the kind and the cuts that were executed. */
    void (*observe)(void *self, const tl_split_plan *plan, const tl_split_plan *done);
    void (*close)(void *self); /* may be NULL */
} tl_split_strategy;

/* ---- fill ---- */

typedef struct tl_merge_input { /* a page that has become too empty, and its neighbours */
    uint32_t page_bytes, used_bytes;
    unsigned level, count;
    bool has_left, has_right;     /* under the same parent; one of them at least */
    bool left_owned, right_owned; /* the running txn has written it */
} tl_merge_input;

enum tl_merge_preference { TL_PREFER_LEFT = -1, TL_PREFER_NONE = 0, TL_PREFER_RIGHT = 1 };

typedef struct tl_fill_strategy {
    const char *name, *summary;
    bool no_moves; /* when a merge does not fit, take no entries from a neighbour instead */
    /* When no neighbour alone can take in an underfull leaf, look at up to so many leaves under the
     * same parent, itself among them, and make them one fewer if that fits (merge_upto).  Deletes
     * of single records do; those of ranges do not.  3 to 5, more is taken for 5; 0: never. */
    unsigned merge_among;
    tl_status (*open)(const tl_strategy_config *config, void **self); /* may be NULL */
    void (*close)(void *self);                                        /* may be NULL */
    /* Percent of a page to pack when pages are written one after the other in key order: by bulk
     * load, and by TL_NEWRIGHT.  `nth_page` tells them apart: bulk load counts them, an append
     * takes a hash of its key.  Held to 10..100; NULL means 100. */
    unsigned (*leaf_fill)(void *self, uint64_t nth_page, unsigned level);
    /* A page that uses less than this percentage looks for company after a delete (an empty leaf
     * and a branch with a single separator always do).  Asked once, at open. */
    unsigned (*merge_below)(void *self);
    /* Two pages become one only if that uses no more than this percentage.  Asked once, at open;
     * NULL means 100. */
    unsigned (*merge_upto)(void *self);
    /* The neighbour to turn to first; TL_PREFER_NONE leaves the page as it is.  A page that must
     * not stay (a branch with a single child) takes what is possible.  NULL: an owned neighbour
     * before another, the left one before the right one. */
    int (*prefer)(void *self, const tl_merge_input *input);
} tl_fill_strategy;

/* ---- help for strategies ---- */

static inline unsigned tl_split_last(const tl_split_input *input) /* the last possible `at` */
{
    return input->level == 0 ? input->count - 1 : input->count - 2;
}

/* The cut that leaves about `percent` of the bytes in the left page. */
static inline unsigned tl_split_share(const tl_split_input *input, unsigned percent)
{
    uint64_t goal = (uint64_t)input->weights[input->count] * percent;
    unsigned low = 1, high = tl_split_last(input);
    while (low < high) { /* ends: the distance shrinks; the first place past the goal */
        unsigned middle = low + (high - low) / 2;
        if ((uint64_t)input->weights[middle] * 100 < goal)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 1 &&
        goal - (uint64_t)input->weights[low - 1] * 100 < (uint64_t)input->weights[low] * 100 - goal)
        low--;
    return low;
}

/* Bytes of the heavier side when the cut is at `at`. */
static inline uint32_t tl_split_heavier(const tl_split_input *input, unsigned at)
{
    uint32_t left = input->weights[at];
    uint32_t right = input->weights[input->count] - input->weights[input->level == 0 ? at : at + 1];
    return left > right ? left : right;
}

/* The cut that leaves both sides as equal in bytes as can be. */
static inline unsigned tl_split_half(const tl_split_input *input)
{
    unsigned last = tl_split_last(input), best = 1;
    for (unsigned at = 2; at <= last; at++) {
        if (tl_split_heavier(input, at) > tl_split_heavier(input, best))
            break; /* weights only grow: past the middle it gets worse */
        best = at;
    }
    return best;
}

/* Bytes of the separator that a cut at `at` needs. */
static inline size_t tl_split_separator_bytes(const tl_split_input *input, unsigned at)
{
    unsigned char before[2040], behind[2040];
    tl_slice right = input->key(input, at, behind);
    if (input->level != 0)
        return right.size_bytes;
    tl_slice left = input->key(input, at - 1, before);
    size_t most = left.size_bytes < right.size_bytes ? left.size_bytes : right.size_bytes, same = 0;
    while (same < most &&
           ((const unsigned char *)left.data)[same] == ((const unsigned char *)right.data)[same])
        same++;
    return same + 1;
}

#ifdef __cplusplus
}
#endif
#endif
