/* engine/tree/range.h -- whole ranges of keys: counting, estimating, deleting.
 *
 * Bounds are half-open, lower <= key < upper; an empty one is none.  They need not be keys that
 * could be stored: any inclusive or exclusive bound is one of these with a zero byte behind it.
 */
#ifndef TL_TREE_RANGE_H
#define TL_TREE_RANGE_H

#include "engine/tree/tree.h"

typedef struct tl_bounds {
    tl_slice lower, upper;
} tl_bounds;

enum { TL_BOUND_BYTES_MAX = TL_KEY_BYTES_MAX + 1 };

static inline bool tl_bounds_empty(const tl_bounds *of) /* can no key lie between them? */
{
    return of->upper.size_bytes != 0 && tl_slice_compare(of->lower, of->upper) >= 0;
}

static inline bool tl_bounds_all(const tl_bounds *of)
{
    return of->lower.size_bytes == 0 && of->upper.size_bytes == 0;
}

typedef struct tl_range_survey { /* what a range covers, some of it in part */
    uint64_t records;
    size_t leaves, parents; /* pages of level 0 and 1 */
} tl_range_survey;

/* Count: of the leaves inside the range only the number of records is read, at its edges one leaf
 * is searched.  `doom`, for the writer: note what lies in extents, for tl_value_give. */
TL_MUST_USE tl_status tl_tree_survey_range(tl_pager *pager, const tl_root *root,
                                           const tl_bounds *range, bool doom,
                                           tl_search_counts *counts, tl_range_survey *out);

/* About how many records there are, told by branches alone. */
TL_MUST_USE tl_status tl_tree_estimate_range(tl_pager *pager, const tl_root *root,
                                             const tl_bounds *range, tl_search_counts *counts,
                                             uint64_t *records);

/* Delete them.  TL_NO_SPACE, TL_NO_MEMORY, and a page of the range that cannot be read: nothing has
 * changed.  A neighbour that cannot be read: the txn can only be aborted. */
TL_MUST_USE tl_status tl_tree_del_range(tl_writer *writer, const tl_bounds *range,
                                        uint64_t *deleted);

#endif
