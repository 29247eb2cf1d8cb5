/* engine/page/run.c -- see run.h. */
#include "engine/page/run.h"
#include "engine/base/mutant.h"
#include "engine/page/search.h"

#include <assert.h>

static unsigned piece_count(const tl_piece *piece)
{
    return piece->end - piece->first;
}

unsigned tl_run_count(const tl_run *run)
{
    unsigned count = 0;
    for (unsigned i = 0; i < run->piece_count; i++)
        count += piece_count(&run->pieces[i]);
    return count;
}

/* The piece that holds entry *index, which becomes the index inside that piece's page. */
static const tl_piece *piece_of(const tl_run *run, unsigned *index)
{
    const tl_piece *piece = run->pieces;
    while (*index >= piece_count(piece)) {
        *index -= piece_count(piece);
        piece++;
        assert(piece < run->pieces + run->piece_count);
    }
    *index += piece->first;
    return piece;
}

tl_slice tl_run_key(const tl_run *run, unsigned index, uint8_t *buffer)
{
    const tl_piece *piece = piece_of(run, &index);
    if (piece->page == NULL)
        return piece->key;
    uint8_t scratch[TL_HEAD_BYTES];
    tl_slice prefix = tl_page_prefix(piece->page);
    tl_slice suffix = run->kind == TL_PAGE_LEAF ? tl_leaf_suffix(piece->page, index)
                                                : tl_branch_suffix(piece->page, index, scratch);
    tl_copy(buffer, prefix.data, prefix.size_bytes);
    tl_copy(buffer + prefix.size_bytes, suffix.data, suffix.size_bytes);
    return tl_slice_of(buffer, prefix.size_bytes + suffix.size_bytes);
}

tl_ref tl_run_child(const tl_run *run, unsigned index)
{
    const tl_piece *piece = piece_of(run, &index);
    return piece->page == NULL ? piece->child : tl_branch_child(piece->page, index + 1);
}

/* Array and heap bytes of a branch entry with this suffix length. */
static size_t branch_entry_bytes(size_t suffix)
{
    return TL_ENTRY_BYTES + TL_CHILD_BYTES + (suffix > TL_HEAD_BYTES ? suffix : 0);
}

/* Bytes of entry `index` of a piece when `prefix` bytes of its whole key are cut off. */
static size_t entry_bytes(unsigned kind, const tl_piece *piece, unsigned index, size_t prefix)
{
    size_t key = piece->page == NULL
                     ? piece->key.size_bytes
                     : tl_page_prefix_len(piece->page) + tl_page_suffix_len(piece->page, index);
    if (kind == TL_PAGE_BRANCH)
        return branch_entry_bytes(key - prefix);
    size_t value = piece->page == NULL ? piece->value.size_bytes
                                       : tl_leaf_value(piece->page, index).size_bytes;
    return TL_ENTRY_BYTES + TL_CELL_HEADER_BYTES + (key - prefix) + value;
}

size_t tl_run_page_bytes(const tl_run *run, unsigned first, unsigned end, tl_slice lower,
                         tl_slice upper)
{
    size_t prefix = tl_slice_common(lower, upper);
    size_t bytes = TL_PAGE_HEADER_BYTES + (run->kind == TL_PAGE_BRANCH ? TL_CHILD_BYTES : 0);
    if (!TL_MUTANT(forget_fence_budget))
        bytes += lower.size_bytes + upper.size_bytes;
    unsigned base = 0;
    for (unsigned p = 0; p < run->piece_count; p++) {
        const tl_piece *piece = &run->pieces[p];
        unsigned from = first > base ? first - base : 0;
        unsigned to = end > base ? end - base : 0;
        to = to < piece_count(piece) ? to : piece_count(piece);
        for (unsigned i = from; i < to; i++)
            bytes += entry_bytes(run->kind, piece, piece->first + i, prefix);
        base += piece_count(piece);
    }
    return bytes;
}

void tl_run_weigh(const tl_run *run, uint32_t *weights)
{
    uint32_t sum = 0;
    size_t prefix = SIZE_MAX;
    for (unsigned p = 0; p < run->piece_count; p++)
        if (run->pieces[p].page != NULL && tl_page_prefix_len(run->pieces[p].page) < prefix)
            prefix = tl_page_prefix_len(run->pieces[p].page);
    if (prefix == SIZE_MAX)
        prefix = 0;
    for (unsigned p = 0; p < run->piece_count; p++) {
        const tl_piece *piece = &run->pieces[p];
        for (unsigned i = piece->first; i < piece->end; i++) {
            *weights++ = sum;
            sum += (uint32_t)entry_bytes(run->kind, piece, i, prefix);
        }
    }
    *weights = sum;
}

static void piece_build(const tl_run *run, const tl_piece *piece, tl_builder *builder,
                        unsigned from, unsigned to)
{
    tl_slice none = {NULL, 0};
    if (piece->page != NULL)
        tl_build_copy(builder, piece->page, piece->first + from, piece->first + to);
    else if (run->kind == TL_PAGE_LEAF)
        tl_build_record(builder, piece->key, none, piece->value, piece->value_flags);
    else
        tl_build_entry(builder, piece->key, none, piece->child);
}

void tl_run_build(const tl_run *run, unsigned first, unsigned end, uint8_t *page,
                  const tl_page_identity *identity, tl_slice lower, tl_slice upper,
                  tl_ref first_child)
{
    size_t bytes = tl_run_page_bytes(run, first, end, lower, upper);
    size_t per_slot =
        run->kind == TL_PAGE_BRANCH ? TL_ENTRY_BYTES + TL_CHILD_BYTES : TL_ENTRY_BYTES;
    size_t room = bytes < identity->page_bytes ? (identity->page_bytes - bytes) / per_slot : 0;
    size_t step = tl_cap_step(identity->page_bytes);
    tl_builder builder;
    /* Spare slots only from the first quarter of the room: the rest is for cells. */
    tl_build_begin(&builder, page, identity, lower, upper,
                   end - first + (unsigned)(room / 4 < step ? room / 4 : step));
    if (run->kind == TL_PAGE_BRANCH)
        tl_build_first_child(&builder, first_child);
    unsigned base = 0;
    for (unsigned p = 0; p < run->piece_count; p++) {
        const tl_piece *piece = &run->pieces[p];
        unsigned from = first > base ? first - base : 0;
        unsigned to = end > base ? end - base : 0;
        to = to < piece_count(piece) ? to : piece_count(piece);
        if (from < to)
            piece_build(run, piece, &builder, from, to);
        base += piece_count(piece);
    }
    tl_build_end(&builder);
}
