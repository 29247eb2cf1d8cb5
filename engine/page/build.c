/* engine/page/build.c -- see build.h. */
#include "engine/page/build.h"
#include "engine/base/mutant.h"
#include "engine/page/search.h"

#include <assert.h>

/* Room of `size_bytes` below the heap; returns its offset. */
static uint32_t heap_take(tl_builder *builder, size_t size_bytes)
{
    size_t end = tl_page_arrays_end(builder->kind, builder->cap);
    if (TL_MUTANT(forget_fence_budget) && builder->heap_lo < end + size_bytes)
        builder->heap_lo = (uint32_t)(end + size_bytes); /* runs over what lies there */
    assert(builder->heap_lo >= end + size_bytes);
    builder->heap_lo -= (uint32_t)size_bytes;
    return builder->heap_lo;
}

static void fence_store(tl_builder *builder, tl_slice fence, unsigned offset_at)
{
    if (fence.size_bytes == 0)
        return; /* infinite: offset and length stay 0 */
    uint32_t offset = heap_take(builder, fence.size_bytes);
    memcpy(builder->page + offset, fence.data, fence.size_bytes);
    tl_store16(builder->page + offset_at, offset);
    tl_store16(builder->page + offset_at + 2, (unsigned)fence.size_bytes);
}

static void prefix_store(tl_builder *builder, tl_slice prefix, size_t common)
{
    uint32_t offset = tl_load16(builder->page + TL_AT_LOWER_OFF);
    if (prefix.size_bytes == 0)
        return;
    if (prefix.size_bytes > common) {
        offset = heap_take(builder, prefix.size_bytes);
        memcpy(builder->page + offset, prefix.data, prefix.size_bytes);
        builder->page[TL_AT_FLAGS] |= TL_PAGE_SOFT;
    }
    tl_store16(builder->page + TL_AT_PREFIX_OFF, offset);
    tl_page_set_prefix_len(builder->page, (unsigned)prefix.size_bytes);
}

void tl_build_begin(tl_builder *builder, uint8_t *page, const tl_page_identity *identity,
                    tl_slice lower, tl_slice upper, unsigned cap)
{
    tl_slice prefix = tl_slice_of(lower.data, tl_slice_common(lower, upper));
    tl_build_begin_with(builder, page, identity, lower, upper, prefix, cap);
}

void tl_build_begin_with(tl_builder *builder, uint8_t *page, const tl_page_identity *identity,
                         tl_slice lower, tl_slice upper, tl_slice prefix, unsigned cap)
{
    *builder = (tl_builder){
        .page = page,
        .page_bytes = identity->page_bytes,
        .heap_lo = identity->page_bytes,
        .kind = identity->kind,
        .cap = cap,
        .prefix_len = (unsigned)prefix.size_bytes,
    };
    memset(page, 0, TL_PAGE_HEADER_BYTES);
    tl_store32(page + TL_AT_PGNO, identity->pgno);
    tl_store64(page + TL_AT_BIRTH, identity->birth);
    page[TL_AT_KIND] = identity->kind;
    page[TL_AT_LEVEL] = identity->level;
    tl_page_set_cap(page, cap);
    tl_page_set_tree_id(page, identity->tree_id);
    fence_store(builder, lower, TL_AT_LOWER_OFF);
    fence_store(builder, upper, TL_AT_UPPER_OFF);
    prefix_store(builder, prefix, tl_slice_common(lower, upper));
}

void tl_build_begin_dense(tl_builder *builder, uint8_t *page, const tl_page_identity *identity,
                          tl_slice lower, tl_slice upper, tl_slice prefix, size_t suffix_bytes,
                          size_t value_bytes)
{
    tl_build_begin_with(builder, page, identity, lower, upper, prefix, 0);
    builder->dense = true;
    page[TL_AT_KIND] = TL_PAGE_DENSE;
    tl_store16(page + TL_AT_DENSE_SUFFIX, (unsigned)suffix_bytes);
    tl_store16(page + TL_AT_DENSE_VALUE, (unsigned)value_bytes);
    size_t room = builder->heap_lo - TL_PAGE_HEADER_BYTES, reserve = tl_page_reserve(page);
    size_t each = TL_ENTRY_BYTES + TL_CELL_HEADER_BYTES + suffix_bytes + value_bytes;
    builder->cap = room > reserve ? (unsigned)((room - reserve) / each) : 0;
    tl_page_set_cap(page, builder->cap);
}

void tl_build_first_child(tl_builder *builder, tl_ref child)
{
    assert(builder->kind == TL_PAGE_BRANCH && builder->count == 0);
    tl_branch_set_child(builder->page, 0, child);
}

/* Enter the next head and slot. */
static void entry_index(tl_builder *builder, uint32_t head, unsigned offset, size_t suffix_bytes)
{
    assert(builder->count < builder->cap);
    uint8_t *page = builder->page;
    size_t index = builder->count++;
    tl_store32(page + TL_PAGE_HEADER_BYTES + 4 * index, head);
    uint8_t *slot = page + TL_PAGE_HEADER_BYTES + 4 * (builder->cap + index);
    tl_store16(slot, offset);
    tl_store16(slot + 2, (unsigned)suffix_bytes);
}

/* Nothing is cut off what has no bytes: its address may be NULL, with which C does not calculate.
 */
static tl_slice slice_behind(tl_slice slice, size_t bytes)
{
    if (bytes == 0)
        return slice;
    return tl_slice_of((const uint8_t *)slice.data + bytes, slice.size_bytes - bytes);
}

/* Cut the page's prefix off a key given in two parts. */
static void prefix_cut(const tl_builder *builder, tl_slice *front, tl_slice *back)
{
    size_t cut = builder->prefix_len, in_front = cut < front->size_bytes ? cut : front->size_bytes;
    if (cut == 0)
        return;
    assert(cut <= front->size_bytes + back->size_bytes);
    *front = slice_behind(*front, in_front);
    *back = slice_behind(*back, cut - in_front);
}

static void suffix_store(uint8_t *at, tl_slice front, tl_slice back)
{
    tl_copy(at, front.data, front.size_bytes);
    tl_copy(at + front.size_bytes, back.data, back.size_bytes);
}

static void dense_record(tl_builder *builder, tl_slice front, tl_slice back, tl_slice value)
{
    uint8_t *page = builder->page;
    size_t suffix = front.size_bytes + back.size_bytes;
    assert(builder->count < builder->cap && suffix == tl_dense_suffix_bytes(page) &&
           value.size_bytes == tl_dense_value_bytes(page));
    uint8_t *record = page + tl_dense_record_off(page, builder->count);
    suffix_store(record, front, back);
    tl_copy(record + suffix, value.data, value.size_bytes);
    tl_store32(page + TL_PAGE_HEADER_BYTES + 4 * (size_t)builder->count++,
               tl_head_of(record, suffix));
}

void tl_build_record(tl_builder *builder, tl_slice front, tl_slice back, tl_slice value,
                     unsigned flags)
{
    prefix_cut(builder, &front, &back);
    if (builder->dense) {
        dense_record(builder, front, back, value);
        return;
    }
    size_t suffix = front.size_bytes + back.size_bytes;
    uint32_t offset = heap_take(builder, TL_CELL_HEADER_BYTES + suffix + value.size_bytes);
    uint8_t *cell = builder->page + offset;
    tl_store16(cell, (unsigned)value.size_bytes | flags);
    suffix_store(cell + TL_CELL_HEADER_BYTES, front, back);
    tl_copy(cell + TL_CELL_HEADER_BYTES + suffix, value.data, value.size_bytes);
    entry_index(builder, tl_head_of(cell + TL_CELL_HEADER_BYTES, suffix), offset, suffix);
}

void tl_build_entry(tl_builder *builder, tl_slice front, tl_slice back, tl_ref child)
{
    prefix_cut(builder, &front, &back);
    size_t suffix = front.size_bytes + back.size_bytes;
    if (suffix > TL_HEAD_BYTES) {
        uint32_t offset = heap_take(builder, suffix);
        suffix_store(builder->page + offset, front, back);
        entry_index(builder, tl_head_of(builder->page + offset, suffix), offset, suffix);
    } else {
        uint8_t whole[TL_HEAD_BYTES];
        tl_copy_few(whole, front.data, front.size_bytes);
        tl_copy_few(whole + front.size_bytes, back.data, back.size_bytes);
        entry_index(builder, tl_head_of(whole, suffix), 0, suffix);
    }
    tl_branch_set_child(builder->page, builder->count, child);
}

/* Leaf cells whose prefix stays or grows move as one piece: only the front of a suffix goes.  The
 * builder's fields are kept in locals meanwhile: the stores into the page could alias them. */
static void copy_leaf_cells(tl_builder *builder, const uint8_t *source, unsigned first,
                            unsigned end)
{
    unsigned cut = builder->prefix_len - tl_page_prefix_len(source), count = builder->count;
    uint8_t *page = builder->page, *head = page + TL_PAGE_HEADER_BYTES + 4 * (size_t)count;
    uint8_t *slot = head + 4 * (size_t)builder->cap;
    const uint8_t *from_slot = tl_page_slot(source, first);
    size_t arrays_end = tl_page_arrays_end(TL_PAGE_LEAF, builder->cap);
    uint32_t heap_lo = builder->heap_lo;
    assert(count + (end - first) <= builder->cap);
    for (unsigned i = first; i < end; i++, head += 4, slot += 4, from_slot += 4) {
        const uint8_t *from = source + tl_load16(from_slot);
        unsigned suffix = tl_load16(from_slot + 2) - cut, word = tl_load16(from);
        unsigned bytes = suffix + (word & ~(unsigned)TL_VALUE_OVERFLOW);
        assert(heap_lo >= arrays_end + TL_CELL_HEADER_BYTES + bytes);
        (void)arrays_end;
        heap_lo -= TL_CELL_HEADER_BYTES + bytes;
        uint8_t *cell = page + heap_lo;
        tl_store16(cell, word);
        tl_copy(cell + TL_CELL_HEADER_BYTES, from + TL_CELL_HEADER_BYTES + cut, bytes);
        tl_store32(head, cut == 0 ? tl_page_head(source, i)
                                  : tl_head_of(cell + TL_CELL_HEADER_BYTES, suffix));
        tl_store16(slot, heap_lo);
        tl_store16(slot + 2, suffix);
    }
    builder->heap_lo = heap_lo;
    builder->count = count + (end - first);
}

void tl_build_copy(tl_builder *builder, const uint8_t *source, unsigned first, unsigned end)
{
    bool leaf = builder->kind == TL_PAGE_LEAF;
    if (leaf && !TL_MUTANT(forget_fence_budget) &&
        builder->prefix_len >= tl_page_prefix_len(source) && !builder->dense &&
        !tl_page_is_dense(source)) {
        copy_leaf_cells(builder, source, first, end);
        return;
    }
    tl_slice prefix = tl_page_prefix(source);
    for (unsigned i = first; i < end; i++) {
        uint8_t scratch[TL_HEAD_BYTES];
        if (leaf)
            tl_build_record(builder, prefix, tl_leaf_suffix(source, i), tl_leaf_value(source, i),
                            tl_leaf_value_word(source, i) & TL_VALUE_OVERFLOW);
        else
            tl_build_entry(builder, prefix, tl_branch_suffix(source, i, scratch),
                           tl_branch_child(source, i + 1));
    }
}

void tl_build_end(tl_builder *builder)
{
    uint8_t *page = builder->page;
    size_t cap = builder->cap, count = builder->count;
    tl_page_set_count(page, builder->count);
    tl_page_set_heap_lo(page, builder->heap_lo);
    memset(page + TL_PAGE_HEADER_BYTES + 4 * count, 0, 4 * (cap - count));
    size_t used = tl_page_front_bytes(page);
    if (!builder->dense)
        memset(page + TL_PAGE_HEADER_BYTES + 4 * (cap + count), 0, 4 * (cap - count));
    if (builder->kind == TL_PAGE_BRANCH)
        used -= TL_CHILD_BYTES * (cap - count); /* the children that are not there */
    if (builder->heap_lo > used)
        memset(page + used, 0, builder->heap_lo - used);
}
