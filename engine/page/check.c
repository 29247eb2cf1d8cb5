/* engine/page/check.c -- see check.h. */
#include "engine/page/check.h"
#include "engine/page/extent.h"
#include "engine/page/search.h"

static bool inside(size_t offset, size_t size_bytes, size_t low, size_t high)
{
    return offset >= low && offset <= high && size_bytes <= high - offset;
}

static const char *check_fences(const uint8_t *page, size_t heap_lo, size_t page_bytes)
{
    static const unsigned at[] = {TL_AT_LOWER_OFF, TL_AT_UPPER_OFF, TL_AT_PREFIX_OFF};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        bool is_prefix = at[i] == TL_AT_PREFIX_OFF;
        size_t offset = tl_load16(page + at[i]), size = tl_load16(page + at[i] + 2);
        if (size > TL_KEY_BYTES_MAX)
            return is_prefix ? "prefix is longer than any key" : "fence is longer than any key";
        if (size == 0 ? offset != 0 : !inside(offset, size, heap_lo, page_bytes))
            return is_prefix ? "prefix lies outside the heap" : "fence lies outside the heap";
    }
    return NULL;
}

static const char *check_leaf_slot(const uint8_t *page, unsigned index, size_t heap_lo,
                                   size_t page_bytes)
{
    size_t offset = tl_page_cell_off(page, index), suffix = tl_page_suffix_len(page, index);
    if (!inside(offset, TL_CELL_HEADER_BYTES + suffix, heap_lo, page_bytes))
        return "cell lies outside the heap";
    size_t value = tl_load16(page + offset) & ~(unsigned)TL_VALUE_OVERFLOW;
    if (!inside(offset, TL_CELL_HEADER_BYTES + suffix + value, heap_lo, page_bytes))
        return "value reaches beyond the page";
    if ((tl_load16(page + offset) & TL_VALUE_OVERFLOW) != 0 && value != TL_VALUE_REF_BYTES)
        return "reference to a value has an impossible length";
    return NULL;
}

/* *cells is what the entries take of the heap. */
static const char *check_slots(const uint8_t *page, size_t heap_lo, size_t page_bytes,
                               size_t *cells)
{
    unsigned count = tl_page_count(page), prefix = tl_page_prefix_len(page);
    bool leaf = tl_page_kind_of(page) == TL_PAGE_LEAF, soft = tl_page_is_soft(page);
    for (unsigned i = 0; i < count; i++) {
        unsigned suffix = tl_page_suffix_len(page, i);
        if (prefix + suffix > TL_KEY_BYTES_MAX || prefix + suffix == 0)
            return "key has an impossible length";
        if (soft && suffix == 0)
            return "key ends with the page's soft prefix";
        const char *fault = NULL;
        if (leaf)
            fault = check_leaf_slot(page, i, heap_lo, page_bytes);
        else if (suffix > TL_HEAD_BYTES &&
                 !inside(tl_page_cell_off(page, i), suffix, heap_lo, page_bytes))
            fault = "separator lies outside the heap";
        if (fault != NULL)
            return fault;
        *cells += tl_page_cell_bytes(page, i);
    }
    return NULL;
}

/* What is in the heap and what is free of it are the whole heap: then a page that is written anew
 * holds what it held before, even when damage made two cells share bytes. */
static bool heap_adds_up(const uint8_t *page, size_t heap_lo, size_t page_bytes, size_t cells)
{
    bool own_prefix = (page[TL_AT_FLAGS] & TL_PAGE_SOFT) != 0;
    size_t fences = tl_load16(page + TL_AT_LOWER_LEN) + (size_t)tl_load16(page + TL_AT_UPPER_LEN);
    size_t used = cells + fences + (own_prefix ? tl_page_prefix_len(page) : 0);
    return used + tl_page_frag(page) + tl_page_free_bytes(page) == page_bytes - heap_lo;
}

/* Free blocks {u16 next, u16 size} ascend, so their chain ends. */
static const char *check_free_chain(const uint8_t *page, size_t heap_lo, size_t page_bytes)
{
    size_t at = tl_page_free_head(page), sum = 0, low = heap_lo;
    while (at != 0) { /* ends: `low` grows by 4 or more every round */
        if (!inside(at, TL_FREE_BLOCK_BYTES, low, page_bytes))
            return "free block lies outside the heap or before its predecessor";
        size_t size = tl_load16(page + at + 2);
        if (size < TL_FREE_BLOCK_BYTES || !inside(at, size, low, page_bytes))
            return "free block has an impossible size";
        sum += size;
        low = at + size;
        at = tl_load16(page + at);
    }
    return sum == tl_page_free_bytes(page) ? NULL : "free bytes do not add up";
}

/* The limits of page.h, which keep the accounts of a dense leaf from going below zero. */
static const char *check_dense(const uint8_t *page, size_t heap_lo)
{
    size_t suffix = tl_dense_suffix_bytes(page), value = tl_dense_value_bytes(page);
    size_t key = tl_page_prefix_len(page) + suffix, cap = tl_page_cap(page);
    if (key > TL_KEY_BYTES_MAX || key == 0 || (suffix == 0 && tl_page_is_soft(page)))
        return "key has an impossible length";
    if (value >= TL_VALUE_OVERFLOW)
        return "value has an impossible length";
    if (tl_page_free_bytes(page) != 0 || tl_page_frag(page) != 0)
        return "garbage in a dense leaf";
    if (tl_page_arrays_end(TL_PAGE_LEAF, (unsigned)cap) +
            cap * (TL_CELL_HEADER_BYTES + suffix + value) >
        heap_lo)
        return "records run into the fences";
    return NULL;
}

const char *tl_page_check_bounds(const uint8_t *page, uint32_t page_bytes)
{
    unsigned kind = tl_page_kind_of(page);
    if (kind != TL_PAGE_LEAF && kind != TL_PAGE_BRANCH)
        return "unknown page kind";
    if ((kind == TL_PAGE_LEAF) != (tl_page_level(page) == 0))
        return "kind and level disagree";
    size_t heap_lo = tl_page_heap_lo(page);
    if (tl_page_count(page) > tl_page_cap(page))
        return "more entries than slots";
    if (heap_lo > page_bytes || tl_page_arrays_end(kind, tl_page_cap(page)) > heap_lo)
        return "arrays run into the heap";
    if ((size_t)tl_page_frag(page) + tl_page_free_bytes(page) > page_bytes - heap_lo)
        return "more garbage than heap";
    size_t cells = 0;
    const char *fault = check_fences(page, heap_lo, page_bytes);
    if (fault == NULL && tl_page_is_dense(page))
        return check_dense(page, heap_lo);
    if (fault == NULL)
        fault = check_slots(page, heap_lo, page_bytes, &cells);
    if (fault == NULL)
        fault = check_free_chain(page, heap_lo, page_bytes);
    if (fault == NULL && !heap_adds_up(page, heap_lo, page_bytes, cells))
        fault = "bytes of the heap do not add up";
    return fault;
}

/* Claim bytes for one owner.  False: some already have one. */
static bool claim(uint64_t *marks, size_t offset, size_t size_bytes)
{
    while (size_bytes != 0) {
        size_t bit = offset & 63, here = 64 - bit < size_bytes ? 64 - bit : size_bytes;
        uint64_t mask = (here == 64 ? UINT64_MAX : (UINT64_C(1) << here) - 1) << bit;
        if ((marks[offset >> 6] & mask) != 0)
            return false;
        marks[offset >> 6] |= mask;
        offset += here;
        size_bytes -= here;
    }
    return true;
}

/* Free blocks that touch are one, and one at the heap's low end belongs to the gap. */
static bool blocks_stand_alone(const uint8_t *page)
{
    size_t before = tl_page_heap_lo(page);
    for (size_t at = tl_page_free_head(page); at != 0; at = tl_load16(page + at)) {
        if (at == before)
            return false;
        before = at + tl_load16(page + at + 2);
    }
    return true;
}

static const char *check_partition(const uint8_t *page, uint32_t page_bytes, uint64_t *marks)
{
    tl_slice lower = tl_page_lower(page), upper = tl_page_upper(page);
    bool own_prefix = tl_page_is_soft(page);
    bool dense = tl_page_is_dense(page); /* all in front of the heap is its own */
    size_t claimed = tl_page_heap_lo(page) + tl_page_frag(page) + tl_page_free_bytes(page);
    memset(marks, 0, page_bytes / 8);
    bool apart = claim(marks, tl_load16(page + TL_AT_LOWER_OFF), lower.size_bytes) &&
                 claim(marks, tl_load16(page + TL_AT_UPPER_OFF), upper.size_bytes);
    claimed += lower.size_bytes + upper.size_bytes;
    if (own_prefix) {
        apart = apart && claim(marks, tl_load16(page + TL_AT_PREFIX_OFF), tl_page_prefix_len(page));
        claimed += tl_page_prefix_len(page);
    }
    for (unsigned i = 0; i < tl_page_count(page) && apart && !dense; i++) {
        size_t cell = tl_page_cell_bytes(page, i);
        apart = claim(marks, tl_page_cell_off(page, i), cell);
        claimed += cell;
    }
    for (size_t at = dense ? 0 : tl_page_free_head(page); at != 0 && apart;
         at = tl_load16(page + at))
        apart = claim(marks, at, tl_load16(page + at + 2));
    if (!apart)
        return "two things share bytes of the heap";
    if (!dense && !blocks_stand_alone(page))
        return "a free block touches another or the gap";
    return claimed == page_bytes ? NULL : "bytes of the page do not add up";
}

static const char *check_prefix(const uint8_t *page)
{
    tl_slice prefix = tl_page_prefix(page);
    tl_slice lower = tl_page_lower(page), upper = tl_page_upper(page);
    size_t common = tl_slice_common(lower, upper);
    if (tl_page_is_soft(page) ? prefix.size_bytes <= common : prefix.size_bytes != common)
        return "prefix length does not follow from the fences";
    if (memcmp(prefix.data, lower.data, common) != 0)
        return "prefix is not the common beginning of the fences";
    if (lower.size_bytes != 0 && upper.size_bytes != 0 && tl_slice_compare(lower, upper) >= 0)
        return "lower fence is not below the upper fence";
    return NULL;
}

static tl_slice suffix_of(const uint8_t *page, unsigned index, uint8_t scratch[TL_HEAD_BYTES])
{
    return tl_page_kind_of(page) == TL_PAGE_LEAF ? tl_leaf_suffix(page, index)
                                                 : tl_branch_suffix(page, index, scratch);
}

/* `fence` against prefix and suffix put together. */
static int compare_with_key(tl_slice fence, tl_slice prefix, tl_slice suffix)
{
    if (fence.size_bytes <= prefix.size_bytes)
        return tl_bytes_compare(fence.data, fence.size_bytes, prefix.data, prefix.size_bytes) != 0
                   ? tl_bytes_compare(fence.data, fence.size_bytes, prefix.data, prefix.size_bytes)
                   : -(int)(suffix.size_bytes != 0);
    int order = memcmp(fence.data, prefix.data, prefix.size_bytes);
    if (order != 0)
        return order;
    return tl_bytes_compare((const uint8_t *)fence.data + prefix.size_bytes,
                            fence.size_bytes - prefix.size_bytes, suffix.data, suffix.size_bytes);
}

static const char *check_order(const uint8_t *page)
{
    unsigned count = tl_page_count(page);
    uint8_t before_scratch[TL_HEAD_BYTES], scratch[TL_HEAD_BYTES];
    tl_slice prefix = tl_page_prefix(page), upper = tl_page_upper(page);
    for (unsigned i = 1; i < count; i++)
        if (tl_slice_compare(suffix_of(page, i - 1, before_scratch), suffix_of(page, i, scratch)) >=
            0)
            return "keys do not ascend";
    if (count == 0)
        return NULL;
    int low = compare_with_key(tl_page_lower(page), prefix, suffix_of(page, 0, scratch));
    if (low > 0 || (low == 0 && tl_page_kind_of(page) == TL_PAGE_BRANCH))
        return "first key is below the lower fence";
    if (upper.size_bytes != 0 &&
        compare_with_key(upper, prefix, suffix_of(page, count - 1, scratch)) <= 0)
        return "last key is not below the upper fence";
    return NULL;
}

static const char *check_heads(const uint8_t *page)
{
    for (unsigned i = 0; i < tl_page_count(page); i++) {
        uint8_t scratch[TL_HEAD_BYTES];
        tl_slice suffix = suffix_of(page, i, scratch);
        if (tl_page_head(page, i) != tl_head_of(suffix.data, suffix.size_bytes))
            return "head differs from its key";
    }
    return NULL;
}

const char *tl_page_check_content(const uint8_t *page)
{
    const char *text = check_prefix(page);
    if (text == NULL)
        text = check_heads(page);
    return text == NULL ? check_order(page) : text;
}

tl_page_fault tl_page_check_whole(const uint8_t *page, uint32_t page_bytes, uint64_t *marks)
{
    const char *text = check_partition(page, page_bytes, marks);
    if (text != NULL)
        return (tl_page_fault){"page-layout", text};
    text = check_prefix(page);
    if (text != NULL)
        return (tl_page_fault){"page-prefix", text};
    text = check_heads(page);
    if (text != NULL)
        return (tl_page_fault){"page-heads", text};
    text = check_order(page);
    if (text != NULL)
        return (tl_page_fault){"page-order", text};
    return (tl_page_fault){NULL, NULL};
}
