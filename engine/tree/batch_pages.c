/* engine/tree/batch_pages.c -- see batch_pages.h. */
#include "engine/tree/batch_pages.h"
#include "engine/store/overflow.h"
#include "engine/tree/split.h"

/* ---- a leaf and its group as one sequence ---- */

typedef struct entry {       /* one record of a merge */
    const tl_record *record; /* NULL: entry `index` of the leaf */
    unsigned index;
    size_t key_bytes, bytes; /* all it takes on a page without a prefix */
} entry;

static entry entry_of_leaf(const uint8_t *leaf, unsigned index)
{
    size_t key_bytes = tl_page_prefix_len(leaf) + tl_page_suffix_len(leaf, index);
    size_t cell = tl_page_prefix_len(leaf) + tl_page_cell_bytes(leaf, index);
    return (entry){.index = index, .key_bytes = key_bytes, .bytes = TL_ENTRY_BYTES + cell};
}

static entry entry_of_record(const tl_record *record)
{
    size_t key_bytes = record->key.size_bytes;
    return (entry){.record = record,
                   .key_bytes = key_bytes,
                   .bytes = TL_ENTRY_BYTES + TL_CELL_HEADER_BYTES + key_bytes +
                            tl_value_stored(record->value).size_bytes};
}

/* The next record in order; of equal keys the one of the group.  False: that was the last. */
static bool merge_next(tl_batch_merge *from, entry *out)
{
    bool leaf_has = from->index < from->leaf_count, group_has = from->record < from->end;
    if (!leaf_has && !group_has)
        return false;
    int order = leaf_has ? -1 : 1;
    if (leaf_has && group_has)
        order = tl_slice_compare(tl_leaf_suffix(from->leaf, from->index),
                                 tl_suffix_of(from->leaf, from->record->key));
    *out = order < 0 ? entry_of_leaf(from->leaf, from->index) : entry_of_record(from->record);
    from->index += order <= 0;
    from->record += order >= 0;
    return true;
}

static tl_slice entry_key(const tl_batch_merge *of, const entry *at,
                          uint8_t buffer[TL_KEY_BYTES_MAX])
{
    if (at->record != NULL)
        return at->record->key;
    tl_slice prefix = tl_page_prefix(of->leaf), suffix = tl_leaf_suffix(of->leaf, at->index);
    tl_copy(buffer, prefix.data, prefix.size_bytes);
    tl_copy(buffer + prefix.size_bytes, suffix.data, suffix.size_bytes);
    return tl_slice_of(buffer, prefix.size_bytes + suffix.size_bytes);
}

/* ---- dividing it into pages ---- */

static void fence_set(tl_batch_fence *to, tl_slice from)
{
    to->size_bytes = from.size_bytes;
    tl_copy(to->bytes, from.data, from.size_bytes);
}

static size_t pages_bytes(const tl_batch_pages *of)
{
    return TL_PAGE_HEADER_BYTES + of->sum - (size_t)of->count * of->prefix;
}

/* The shortest key above `left` and not above `right`. */
static void separator_between(const tl_batch_merge *of, const entry *left, const entry *right,
                              tl_batch_fence *out)
{
    uint8_t buffer[TL_KEY_BYTES_MAX];
    tl_slice key = entry_key(of, right, buffer);
    fence_set(out, key);
    out->size_bytes = tl_slice_common(entry_key(of, left, buffer), tl_batch_fence_slice(out)) + 1;
}

/* Does the page still hold its entries when it goes on to `at` and ends before `next`? */
static bool page_takes(const tl_batch_pages *of, const entry *at, const entry *next)
{
    size_t count = of->count + 1;
    size_t bytes = TL_PAGE_HEADER_BYTES + of->from.size_bytes + of->sum + at->bytes;
    if (of->count == 0)
        return true; /* one record always fits: page.h */
    if (pages_bytes(of) >= of->target)
        return false;
    size_t upper = next != NULL ? next->key_bytes : of->upper.size_bytes;
    if (bytes + upper - count * of->prefix <= of->page_bytes)
        return true; /* by the roughest of estimates */
    tl_batch_fence to;
    if (next != NULL)
        separator_between(&of->rest, at, next, &to);
    else
        fence_set(&to, of->upper);
    size_t prefix = tl_slice_common(tl_batch_fence_slice(&of->from), tl_batch_fence_slice(&to));
    return bytes + to.size_bytes - count * prefix <= of->page_bytes;
}

bool tl_batch_pages_next(tl_batch_pages *of)
{
    tl_batch_merge ahead = of->rest; /* stands behind `at` */
    entry before = {.record = NULL}, at, next;
    if (!merge_next(&ahead, &at))
        return false;
    of->content = of->rest;
    of->from = of->to;
    of->count = 0;
    of->sum = 0;
    of->last = false;
    while (!of->last) { /* ends: `ahead` shrinks every round */
        of->rest = ahead;
        bool followed = merge_next(&ahead, &next);
        if (!page_takes(of, &at, followed ? &next : NULL))
            break;
        of->count++;
        of->sum += at.bytes;
        of->content.leaf_count = of->rest.index;
        of->content.end = of->rest.record;
        of->last = !followed;
        before = at;
        at = next;
    }
    if (of->last) {
        fence_set(&of->to, of->upper);
    } else {
        of->rest.index = of->content.leaf_count; /* `at` opens the next page */
        of->rest.record = of->content.end;
        separator_between(&of->rest, &before, &at, &of->to);
    }
    return true;
}

static tl_batch_pages pages_begin(const tl_batch_merge *whole, const uint8_t *leaf,
                                  size_t page_bytes, size_t target)
{
    tl_batch_pages of = {.rest = *whole,
                         .page_bytes = page_bytes,
                         .target = target,
                         .prefix =
                             (unsigned)tl_slice_common(tl_page_lower(leaf), tl_page_upper(leaf)),
                         .upper = tl_page_upper(leaf)};
    fence_set(&of.to, tl_page_lower(leaf));
    return of;
}

/* How full to make each page, so that the last one is no emptier than the others. */
static size_t target_find(const tl_batch_merge *whole, const uint8_t *leaf, size_t page_bytes)
{
    size_t bytes = 0, count = 0;
    if (tl_page_upper(leaf).size_bytes == 0)
        return page_bytes;
    tl_batch_pages full = pages_begin(whole, leaf, page_bytes, page_bytes);
    for (; tl_batch_pages_next(&full); count++)
        bytes += pages_bytes(&full) - TL_PAGE_HEADER_BYTES;
    return TL_PAGE_HEADER_BYTES + (bytes + count - 1) / count;
}

tl_batch_pages tl_batch_pages_of(const tl_batch_merge *whole, const uint8_t *leaf,
                                 size_t page_bytes)
{
    return pages_begin(whole, leaf, page_bytes, target_find(whole, leaf, page_bytes));
}

void tl_batch_page_build(const tl_batch_pages *of, uint8_t *page, const tl_page_identity *identity)
{
    tl_slice from = tl_batch_fence_slice(&of->from), to = tl_batch_fence_slice(&of->to),
             none = {NULL, 0};
    size_t bytes = TL_PAGE_HEADER_BYTES + from.size_bytes + to.size_bytes + of->sum -
                   of->count * tl_slice_common(from, to);
    size_t room = bytes < of->page_bytes ? (of->page_bytes - bytes) / TL_ENTRY_BYTES : 0;
    size_t step = tl_cap_step(identity->page_bytes);
    tl_builder builder;
    tl_build_begin(&builder, page, identity, from, to,
                   of->count + (unsigned)(room / 4 < step ? room / 4 : step));
    entry at;
    for (tl_batch_merge content = of->content; merge_next(&content, &at);)
        if (at.record != NULL)
            tl_build_record(&builder, at.record->key, none, tl_value_stored(at.record->value),
                            tl_value_stored_flags(at.record->value));
        else
            tl_build_copy(&builder, content.leaf, at.index, at.index + 1);
    tl_build_end(&builder);
}
