/* engine/tree/range.c -- counting the records of a range, exactly or about. */
#include "engine/tree/range.h"

typedef struct survey { /* what stays the same on the way down */
    tl_pager *pager;
    const tl_root *root;
    tl_search_counts *counts;
    bool doom; /* the records will go, and with them what lies in extents */
    tl_range_survey sum;
} survey;

enum { HEADERS_AHEAD = 8 }; /* leaves whose first lines are on their way */

static tl_status count_leaf(survey *of, const uint8_t *leaf, const tl_bounds *range)
{
    unsigned first = 0, end = tl_page_count(leaf);
    bool equal;
    if (range->lower.size_bytes != 0)
        first = tl_leaf_find(leaf, tl_suffix_of(leaf, range->lower), &equal, of->counts);
    if (range->upper.size_bytes != 0)
        end = tl_leaf_find(leaf, tl_suffix_of(leaf, range->upper), &equal, of->counts);
    of->sum.records += end - first;
    return of->doom ? tl_leaf_doom_values(of->pager, of->root, leaf, first, end) : TL_OK;
}

/* Count what the subtree at `ref` has in the range; bounds that lie outside it are left out. */
static tl_status count_below(survey *of, tl_ref ref, unsigned level, const tl_bounds *range)
{
    const uint8_t *page = NULL;
    tl_status status = tl_pager_get(of->pager, ref, level, of->root->tree_id, &page);
    if (status != TL_OK)
        return status;
    if (level == 0) {
        if (++of->sum.leaves > of->pager->map_pages)
            return tl_pager_fail(of->pager, TL_CORRUPT, ref.pgno, "page %u is in a tree too large",
                                 ref.pgno);
        return count_leaf(of, page, range);
    }
    of->sum.parents += level == 1;
    unsigned first = 0, last = tl_page_count(page);
    if (range->lower.size_bytes != 0)
        first = tl_branch_find(page, tl_suffix_of(page, range->lower), of->counts);
    if (range->upper.size_bytes != 0)
        last = tl_branch_find(page, tl_suffix_of(page, range->upper), of->counts);
    for (unsigned i = first; i <= last && status == TL_OK; i++) {
        tl_bounds inside = {.lower = i == first ? range->lower : tl_slice_of(NULL, 0),
                            .upper = i == last ? range->upper : tl_slice_of(NULL, 0)};
        if (level == 1 && i + HEADERS_AHEAD <= last)
            tl_page_prefetch(of->pager, tl_branch_child(page, i + HEADERS_AHEAD).pgno, 64);
        status = count_below(of, tl_branch_child(page, i), level - 1, &inside);
    }
    return status;
}

tl_status tl_tree_survey_range(tl_pager *pager, const tl_root *root, const tl_bounds *range,
                               bool doom, tl_search_counts *counts, tl_range_survey *out)
{
    survey of = {.pager = pager, .root = root, .counts = counts, .doom = doom};
    if (tl_bounds_empty(range)) {
        *out = of.sum;
        return TL_OK;
    }
    tl_status status = count_below(&of, root->ref, root->depth - 1, range);
    if (status == TL_OK)
        *out = of.sum;
    return status;
}

/* Places in a tree are shares of WHOLE: a page's share is divided evenly among its children. */
static const uint64_t WHOLE = UINT64_C(1) << 62;

typedef struct place {
    uint64_t begin, share; /* of the page at hand */
} place;

/* A root of few children knows little by their number: the last one is often half empty.  So they
 * share by their own numbers of children. */
static tl_status root_share(tl_pager *pager, const tl_root *root, const uint8_t *page,
                            unsigned index, place *at)
{
    enum { FEW = 32 };
    uint64_t before = 0, own = 1, all = 0;
    unsigned count = tl_page_count(page) + 1;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *child = NULL;
        uint64_t weight = 1;
        if (root->depth > 2 && count <= FEW) {
            tl_status status = tl_pager_get(pager, tl_branch_child(page, i), root->depth - 2,
                                            root->tree_id, &child);
            if (status != TL_OK)
                return status;
            weight = tl_page_count(child) + 1u;
        }
        before += i < index ? weight : 0;
        own = i == index ? weight : own;
        all += weight;
    }
    *at = (place){.begin = WHOLE / all * before, .share = WHOLE / all * own};
    return TL_OK;
}

/* The share of the leaf that `key` belongs to. */
static tl_status place_of(tl_pager *pager, const tl_root *root, tl_slice key,
                          tl_search_counts *counts, place *at)
{
    tl_ref ref = root->ref;
    *at = (place){.begin = 0, .share = WHOLE};
    for (unsigned level = root->depth - 1; level > 0; level--) {
        const uint8_t *page = NULL;
        tl_slice suffix;
        tl_status status = tl_pager_get(pager, ref, level, root->tree_id, &page);
        if (status != TL_OK)
            return status;
        if (!tl_suffix_take(page, key, &suffix))
            return tl_page_misplaced(pager, page);
        unsigned index = tl_branch_find(page, suffix, counts);
        if (level + 1 == root->depth) {
            status = root_share(pager, root, page, index, at);
            if (status != TL_OK)
                return status;
        } else {
            at->share /= tl_page_count(page) + 1u;
            at->begin += at->share * index;
        }
        ref = tl_branch_child(page, index);
    }
    return TL_OK;
}

tl_status tl_tree_estimate_range(tl_pager *pager, const tl_root *root, const tl_bounds *range,
                                 tl_search_counts *counts, uint64_t *records)
{
    place lower = {.begin = 0, .share = 0}, upper = {.begin = WHOLE, .share = 0};
    tl_status status = TL_OK;
    if (range->lower.size_bytes != 0)
        status = place_of(pager, root, range->lower, counts, &lower);
    if (status == TL_OK && range->upper.size_bytes != 0)
        status = place_of(pager, root, range->upper, counts, &upper);
    if (status != TL_OK)
        return status;
    uint64_t from = lower.begin + lower.share / 2, to = upper.begin + upper.share / 2;
    uint64_t least = (lower.share < upper.share ? upper.share : lower.share) / 2;
    uint64_t width =
        to > from && to - from > least ? to - from : least; /* in one leaf: half of it */
    *records = tl_bounds_empty(range)
                   ? 0
                   : (uint64_t)((double)root->count * ((double)width / (double)WHOLE) + 0.5);
    return TL_OK;
}
