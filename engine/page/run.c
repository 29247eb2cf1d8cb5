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

size_t tl_run_key_bytes(const tl_run *run, unsigned index)
{
    const tl_piece *piece = piece_of(run, &index);
    if (piece->page == NULL)
        return piece->key.size_bytes;
    uint8_t scratch[TL_HEAD_BYTES];
    return tl_page_prefix(piece->page).size_bytes +
           (run->kind == TL_PAGE_LEAF ? tl_leaf_suffix(piece->page, index)
                                      : tl_branch_suffix(piece->page, index, scratch))
               .size_bytes;
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
    size_t suffix = key > prefix ? key - prefix : 0; /* weights may cut more than a key has */
    if (kind == TL_PAGE_BRANCH)
        return branch_entry_bytes(suffix);
    size_t value = piece->page == NULL ? piece->value.size_bytes
                                       : tl_leaf_value(piece->page, index).size_bytes;
    return TL_ENTRY_BYTES + TL_CELL_HEADER_BYTES + suffix + value;
}

/* The same of entries first..end-1 of a leaf with slots, which all have more than `prefix`: without
 * a question per entry. */
static size_t leaf_entries_bytes(const uint8_t *page, unsigned first, unsigned end, size_t prefix)
{
    const uint8_t *slot = tl_page_slot(page, first);
    size_t bytes =
        (end - first) * (TL_ENTRY_BYTES + TL_CELL_HEADER_BYTES + tl_page_prefix_len(page) - prefix);
    for (unsigned i = first; i < end; i++, slot += 4)
        bytes += tl_load16(slot + 2) +
                 (tl_load16(page + tl_load16(slot)) & ~(unsigned)TL_VALUE_OVERFLOW);
    return bytes;
}

/* The same of all its entries, by its accounts: cells are what is in the heap beside garbage and
 * fences. */
static size_t leaf_bytes(const uint8_t *page, uint32_t page_bytes, size_t prefix)
{
    size_t others = (size_t)tl_page_heap_lo(page) + tl_page_frag(page) + tl_page_free_bytes(page) +
                    tl_page_lower(page).size_bytes + tl_page_upper(page).size_bytes +
                    (tl_page_is_soft(page) ? tl_page_prefix_len(page) : 0);
    return page_bytes - others +
           tl_page_count(page) * (TL_ENTRY_BYTES + tl_page_prefix_len(page) - prefix);
}

static bool is_plain_leaf(const tl_run *run, const tl_piece *piece, size_t prefix)
{
    return run->kind == TL_PAGE_LEAF && piece->page != NULL && !tl_page_is_dense(piece->page) &&
           prefix <= tl_page_prefix_len(piece->page);
}

static size_t entries_bytes(const tl_run *run, unsigned first, unsigned end, size_t prefix)
{
    size_t bytes = 0;
    unsigned base = 0;
    for (unsigned p = 0; p < run->piece_count; p++) {
        const tl_piece *piece = &run->pieces[p];
        unsigned from = first > base ? first - base : 0;
        unsigned to = end > base ? end - base : 0;
        to = to < piece_count(piece) ? to : piece_count(piece);
        bool plain = from < to && is_plain_leaf(run, piece, prefix);
        if (plain && run->page_bytes != 0 && to - from == tl_page_count(piece->page))
            bytes += leaf_bytes(piece->page, run->page_bytes, prefix);
        else if (plain)
            bytes +=
                leaf_entries_bytes(piece->page, piece->first + from, piece->first + to, prefix);
        else
            for (unsigned i = from; i < to; i++)
                bytes += entry_bytes(run->kind, piece, piece->first + i, prefix);
        base += piece_count(piece);
    }
    return bytes;
}

/* ---- soft prefixes ---- */

typedef struct encoding { /* how keys are cut, and what the page then takes */
    size_t prefix, bytes;
} encoding;

/* The longest soft prefix of any page of the run; 0: none is SOFT. */
static size_t soft_inherited(const tl_run *run)
{
    size_t longest = 0;
    for (unsigned p = 0; p < run->piece_count; p++) {
        const uint8_t *page = run->pieces[p].page;
        if (page != NULL && tl_page_is_soft(page) && tl_page_prefix_len(page) > longest)
            longest = tl_page_prefix_len(page);
    }
    return longest;
}

/* What all keys share is what the first and the last do.  No key may end with it. */
static size_t keys_common(const tl_run *run, unsigned first, unsigned end)
{
    uint8_t first_bytes[TL_KEY_BYTES_MAX], last_bytes[TL_KEY_BYTES_MAX];
    tl_slice low = tl_run_key(run, first, first_bytes);
    size_t common = tl_slice_common(low, tl_run_key(run, end - 1, last_bytes));
    return common < low.size_bytes ? common : low.size_bytes - 1;
}

/* Take a soft prefix of `prefix` bytes instead, if that is shorter. */
static void soft_consider(const tl_run *run, unsigned first, unsigned end, tl_slice lower,
                          tl_slice upper, size_t prefix, encoding *best)
{
    size_t child = run->kind == TL_PAGE_BRANCH ? TL_CHILD_BYTES : 0;
    size_t bytes =
        TL_PAGE_HEADER_BYTES + child + prefix + tl_soft_fence_bytes(lower.size_bytes, prefix) +
        tl_soft_fence_bytes(upper.size_bytes, prefix) + entries_bytes(run, first, end, prefix);
    if (bytes < best->bytes)
        *best = (encoding){prefix, bytes};
}

/* Pages at the edge of the tree have no fences that say what their keys share, so the keys are
 * asked.  A page that has such a prefix may have got its fences since: what it becomes may keep it,
 * since it may not fit without.  Other pages stay as their fences say: a soft prefix costs readers
 * a comparison, and would save them next to nothing. */
static encoding encoding_choose(const tl_run *run, unsigned first, unsigned end, tl_slice lower,
                                tl_slice upper)
{
    size_t hard = tl_slice_common(lower, upper), inherited = soft_inherited(run);
    encoding best = {hard, TL_PAGE_HEADER_BYTES + entries_bytes(run, first, end, hard)};
    best.bytes += run->kind == TL_PAGE_BRANCH ? TL_CHILD_BYTES : 0;
    if (!TL_MUTANT(forget_fence_budget))
        best.bytes += lower.size_bytes + upper.size_bytes;
    bool at_edge = lower.size_bytes == 0 || upper.size_bytes == 0;
    if (end - first < 2 || end < first || (!at_edge && inherited == 0))
        return best;
    size_t longest = keys_common(run, first, end);
    if (longest > hard)
        soft_consider(run, first, end, lower, upper, longest, &best);
    if (inherited > hard &&
        inherited < longest) /* short separators gain nothing from a longer one */
        soft_consider(run, first, end, lower, upper, inherited, &best);
    return best;
}

size_t tl_run_page_bytes(const tl_run *run, unsigned first, unsigned end, tl_slice lower,
                         tl_slice upper)
{
    return encoding_choose(run, first, end, lower, upper).bytes;
}

/* The shortest prefix of the run's pages: all of them can be written behind it. */
static size_t prefix_of_all(const tl_run *run)
{
    size_t prefix = SIZE_MAX;
    for (unsigned p = 0; p < run->piece_count; p++)
        if (run->pieces[p].page != NULL && tl_page_prefix_len(run->pieces[p].page) < prefix)
            prefix = tl_page_prefix_len(run->pieces[p].page);
    return prefix == SIZE_MAX ? 0 : prefix;
}

size_t tl_run_weight(const tl_run *run, unsigned first, unsigned end)
{
    return entries_bytes(run, first, end, prefix_of_all(run));
}

void tl_run_weigh(const tl_run *run, uint32_t *weights)
{
    uint32_t sum = 0;
    size_t prefix = prefix_of_all(run);
    for (unsigned p = 0; p < run->piece_count; p++) {
        const tl_piece *piece = &run->pieces[p];
        bool plain = is_plain_leaf(run, piece, prefix);
        for (unsigned i = piece->first; i < piece->end; i++) {
            *weights++ = sum;
            sum += (uint32_t)(plain ? leaf_entries_bytes(piece->page, i, i + 1, prefix)
                                    : entry_bytes(run->kind, piece, i, prefix));
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

typedef struct record_shape {
    size_t key_bytes, value_bytes;
    bool uniform;
} record_shape;

static void shape_add(record_shape *shape, bool is_first, size_t key_bytes, tl_slice value,
                      unsigned value_flags)
{
    if (is_first)
        *shape = (record_shape){key_bytes, value.size_bytes, true};
    shape->uniform = shape->uniform && key_bytes == shape->key_bytes && value_flags == 0 &&
                     value.size_bytes == shape->value_bytes;
}

/* Are all records of one size, and none a reference? */
static record_shape shape_of(const tl_run *run, unsigned first, unsigned end)
{
    record_shape shape = {0, 0, false};
    unsigned at = 0; /* of the run */
    for (unsigned p = 0; p < run->piece_count; p++) {
        const tl_piece *piece = &run->pieces[p];
        for (unsigned i = piece->first; i < piece->end; i++, at++) {
            if (at < first || at >= end)
                continue;
            if (piece->page == NULL)
                shape_add(&shape, at == first, piece->key.size_bytes, piece->value,
                          piece->value_flags);
            else
                shape_add(&shape, at == first,
                          tl_page_prefix_len(piece->page) + tl_page_suffix_len(piece->page, i),
                          tl_leaf_value(piece->page, i),
                          tl_leaf_has_overflow(piece->page, i) ? TL_VALUE_OVERFLOW : 0);
        }
    }
    return shape;
}

void tl_run_build(const tl_run *run, unsigned first, unsigned end, uint8_t *page,
                  const tl_page_identity *identity, tl_slice lower, tl_slice upper,
                  tl_ref first_child)
{
    encoding chosen = encoding_choose(run, first, end, lower, upper);
    size_t bytes = chosen.bytes;
    size_t per_slot =
        run->kind == TL_PAGE_BRANCH ? TL_ENTRY_BYTES + TL_CHILD_BYTES : TL_ENTRY_BYTES;
    size_t room = bytes < identity->page_bytes ? (identity->page_bytes - bytes) / per_slot : 0;
    size_t step = tl_cap_step(identity->page_bytes);
    uint8_t key[TL_KEY_BYTES_MAX];
    tl_slice prefix = tl_slice_of(lower.data, chosen.prefix);
    if (chosen.prefix > tl_slice_common(lower, upper))
        prefix = tl_slice_of(tl_run_key(run, first, key).data, chosen.prefix);
    tl_builder builder;
    record_shape shape = {0, 0, false};
    if (identity->dense && run->kind == TL_PAGE_LEAF)
        shape = shape_of(run, first, end);
    if (shape.uniform)
        tl_build_begin_dense(&builder, page, identity, lower, upper, prefix,
                             shape.key_bytes - prefix.size_bytes, shape.value_bytes);
    else /* Spare slots only from the first quarter of the room: the rest is for cells. */
        tl_build_begin_with(&builder, page, identity, lower, upper, prefix,
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
