/* engine/page/search.c -- see search.h. */
#include "engine/page/search.h"

#include "engine/base/regression.h"

static unsigned linear_lower(const uint8_t *heads, unsigned count, uint32_t head)
{
    unsigned at = 0;
    while (at < count && tl_load32(heads + 4 * (size_t)at) < head)
        at++;
    return at;
}

static inline bool equal_heads(const uint8_t *page, tl_slice suffix, tl_search_counts *counts,
                               unsigned *low, unsigned *high)
{
    const uint8_t *heads = tl_page_heads(page);
    unsigned count = tl_page_count(page);
    uint32_t head = tl_head_of(suffix.data, suffix.size_bytes);
    tl_heads_fn lower = counts->lower != NULL ? counts->lower : tl_heads_lower;
    if (TL_REGRESSION(linear_search))
        lower = linear_lower;
    *low = lower(heads, count, head);
    *high = *low + 1;
    if (TL_REGRESSION(heads_ignored) && count != 0 && tl_page_kind_of(page) != TL_PAGE_BRANCH) {
        *low = 0;
        *high = count;
        return true;
    }
    if (*low == count || tl_page_head(page, *low) != head)
        return false;
    if (*high < count && tl_page_head(page, *high) == head) {
        *high = head == UINT32_MAX ? count : lower(heads, count, head + 1);
        counts->head_ties++;
    }
    return true;
}

bool tl_leaf_find_heads(const uint8_t *page, tl_slice suffix, unsigned *low, unsigned *high,
                        tl_search_counts *counts)
{
    return equal_heads(page, suffix, counts, low, high);
}

static inline unsigned find_between(const uint8_t *page, unsigned low, unsigned high,
                                    tl_slice suffix, bool *equal, tl_search_counts *counts)
{
    *equal = false;
    while (low < high) { /* ends: high - low shrinks every round */
        unsigned middle = low + (high - low) / 2;
        int order = tl_slice_compare(tl_leaf_suffix(page, middle), suffix);
        counts->full_compares++;
        if (order == 0) {
            *equal = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

unsigned tl_leaf_find_between(const uint8_t *page, unsigned low, unsigned high, tl_slice suffix,
                              bool *equal, tl_search_counts *counts)
{
    return find_between(page, low, high, suffix, equal, counts);
}

unsigned tl_leaf_find(const uint8_t *page, tl_slice suffix, bool *equal, tl_search_counts *counts)
{
    unsigned low, high;
    *equal = false;
    if (!equal_heads(page, suffix, counts, &low, &high))
        return low;
    return find_between(page, low, high, suffix, equal, counts);
}

unsigned tl_branch_find(const uint8_t *page, tl_slice suffix, tl_search_counts *counts)
{
    unsigned low, high;
    if (!equal_heads(page, suffix, counts, &low, &high))
        return low;
    while (low < high) { /* ends: high - low shrinks every round */
        unsigned middle = low + (high - low) / 2;
        uint8_t scratch[TL_HEAD_BYTES];
        counts->full_compares++;
        if (tl_slice_compare(tl_branch_suffix(page, middle, scratch), suffix) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
