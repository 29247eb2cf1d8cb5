/* engine/tree/load.c -- see load.h.
 *
 *   level 2                                  staged entries ...
 *   level 1            [page][page]          staged entries .......
 *   level 0   [page][page][page][page][page] staged records .........   <- tl_load_add
 *
 * Each level stages the entries that are not in a page yet.  When they are worth two pages, the
 * first is cut off, packed as full as the fill strategy says, and written for good; the level above
 * gets an entry for it.  So at the end a level has one to two pages to divide, and divides them
 * evenly: the last page is never a crumb.
 *
 * A tree that has records goes on behind the last of them: the pages on the way there are staged
 * again first, and new pages replace them and what may stand right of them, empty leaves.  The old
 * tree stays whole until tl_load_end hangs the new root, so whatever fails before, giving up the
 * new pages undoes it.
 */
#include "engine/tree/load.h"
#include "engine/store/overflow.h"
#include "engine/tree/walk.h"

#include <assert.h>

typedef struct staged { /* an entry: key, and value behind it, in the level's bytes */
    size_t at;
    uint32_t key_bytes, value_bytes, value_flags;
    tl_ref child; /* right of the key, in a branch */
} staged;

typedef struct fence { /* a key of its own */
    size_t size_bytes;
    uint8_t bytes[TL_KEY_BYTES_MAX];
} fence;

typedef struct level {
    TL_VECTOR(staged) entries;
    TL_VECTOR(uint8_t) bytes;
    size_t sum;         /* bytes of the entries on a page without prefix */
    tl_ref first_child; /* of a branch: left of the entries */
    bool child_open;    /* the next child takes the place of the last one, or is the first */
    fence lower;        /* of the next page */
    size_t check;       /* no page can be cut off before `sum` is this */
    uint64_t pages;     /* written */
} level;

struct tl_load {
    tl_writer *writer;
    const tl_fill_use *fill;
    uint64_t records, changes;
    bool has_refs;                  /* among the values added */
    unsigned depth;                 /* levels in use */
    TL_VECTOR(uint32_t) taken;      /* pages, to be given back if need be */
    TL_VECTOR(const uint8_t *) old; /* pages that the new ones replace */
    level levels[TL_TREE_DEPTH_MAX];
};

static tl_slice fence_slice(const fence *of)
{
    return tl_slice_of(of->bytes, of->size_bytes);
}

static void fence_set(fence *to, tl_slice from)
{
    to->size_bytes = from.size_bytes;
    tl_copy(to->bytes, from.data, from.size_bytes);
}

static tl_slice key_at(const level *of, size_t index)
{
    const staged *entry = &of->entries.at[index];
    return tl_slice_of(of->bytes.at + entry->at, entry->key_bytes);
}

/* Bytes of an entry when `prefix` bytes of its key are cut off. */
static size_t entry_bytes(bool leaf, const staged *entry, size_t prefix)
{
    size_t suffix = entry->key_bytes - prefix;
    if (leaf)
        return TL_ENTRY_BYTES + TL_CELL_HEADER_BYTES + suffix + entry->value_bytes;
    return TL_ENTRY_BYTES + TL_CHILD_BYTES + (suffix > TL_HEAD_BYTES ? suffix : 0);
}

/* ---- cutting ---- */

/* Where a page with the first `count` entries ends: in a leaf the shortest key above them that is
 * not above the next one, in a branch the next one itself.  None follows: nowhere. */
static tl_slice fence_behind(const tl_load *load, unsigned height, size_t count)
{
    const level *of = &load->levels[height];
    if (count >= of->entries.count)
        return tl_slice_of(NULL, 0);
    tl_slice next = key_at(of, count);
    if (height == 0)
        next.size_bytes = tl_slice_common(key_at(of, count - 1), next) + 1;
    return next;
}

static size_t page_bytes_of(const tl_load *load, unsigned height, size_t count)
{
    const level *of = &load->levels[height];
    tl_slice from = fence_slice(&of->lower), to = fence_behind(load, height, count);
    size_t prefix = tl_slice_common(from, to);
    size_t bytes = TL_PAGE_HEADER_BYTES + from.size_bytes + to.size_bytes;
    bytes += height == 0 ? 0 : TL_CHILD_BYTES;
    for (size_t i = 0; i < count; i++)
        bytes += entry_bytes(height == 0, &of->entries.at[i], prefix);
    return bytes;
}

/* At least this many bytes of prefix will be cut off all that is staged but in the last page. */
static size_t prefix_sure(const level *of)
{
    return of->entries.count == 0
               ? 0
               : tl_slice_common(fence_slice(&of->lower), key_at(of, of->entries.count - 1));
}

/* The bytes that the staged entries fill in pages. */
static size_t staged_bytes(const level *of)
{
    return of->sum - of->entries.count * prefix_sure(of);
}

/* How many entries, `most` at most, make a page of up to `limit` bytes; 1 whatever it weighs. */
static size_t count_up_to(const tl_load *load, unsigned height, size_t most, size_t limit)
{
    const level *of = &load->levels[height];
    size_t prefix = prefix_sure(of), count = 1;
    size_t bytes = TL_PAGE_HEADER_BYTES + TL_CHILD_BYTES + 2 * of->lower.size_bytes +
                   entry_bytes(height == 0, &of->entries.at[0], prefix);
    while (count < most) { /* a first guess, which may be too large by the fences */
        bytes += entry_bytes(height == 0, &of->entries.at[count], prefix);
        if (bytes > limit)
            break;
        count++;
    }
    while (count > 1 && page_bytes_of(load, height, count) > limit)
        count--;
    while (count < most && page_bytes_of(load, height, count + 1) <= limit)
        count++;
    return count;
}

/* ---- pages ---- */

static tl_status page_take(tl_load *load, uint8_t **page, uint32_t *pgno)
{
    tl_pager *pager = load->writer->pager;
    tl_status status = tl_pager_secure(pager, 1 + tl_tree_pages_reserved(load->writer));
    if (status == TL_OK)
        status = tl_vector_reserve(&load->taken, pager->memory, 1);
    if (status == TL_OK)
        status = tl_space_secure(&pager->space, load->taken.count + load->old.count + 1);
    if (status != TL_OK)
        return status;
    *page = tl_pager_take(pager, pgno);
    tl_vector_push(&load->taken, *pgno);
    return TL_OK;
}

static void page_build(const tl_load *load, unsigned height, size_t count, uint8_t *page,
                       uint32_t pgno)
{
    const level *of = &load->levels[height];
    const tl_pager *pager = load->writer->pager;
    tl_page_identity identity = {.page_bytes = pager->page_bytes,
                                 .pgno = pgno,
                                 .tree_id = load->writer->root.tree_id,
                                 .birth = pager->txn,
                                 .kind = height == 0 ? TL_PAGE_LEAF : TL_PAGE_BRANCH,
                                 .level = (uint8_t)height};
    size_t bytes = page_bytes_of(load, height, count), step = tl_cap_step(pager->page_bytes);
    size_t slot = height == 0 ? TL_ENTRY_BYTES : TL_ENTRY_BYTES + TL_CHILD_BYTES;
    size_t room = (pager->page_bytes - bytes) / slot / 4;
    tl_slice none = {NULL, 0};
    tl_builder builder;
    tl_build_begin(&builder, page, &identity, fence_slice(&of->lower),
                   fence_behind(load, height, count),
                   (unsigned)(count + (room < step ? room : step)));
    if (height != 0)
        tl_build_first_child(&builder, of->first_child);
    for (size_t i = 0; i < count; i++) {
        const staged *entry = &of->entries.at[i];
        const uint8_t *key = of->bytes.at + entry->at;
        if (height == 0)
            tl_build_record(&builder, key_at(of, i), none,
                            tl_slice_of(key + entry->key_bytes, entry->value_bytes),
                            entry->value_flags);
        else
            tl_build_entry(&builder, key_at(of, i), none, entry->child);
    }
    tl_build_end(&builder);
}

/* Forget the first `count` entries; what is left moves to the front. */
static void staged_drop(level *of, bool leaf, size_t count)
{
    size_t left = of->entries.count - count;
    size_t from = left != 0 ? of->entries.at[count].at : of->bytes.count;
    for (size_t i = 0; i < count; i++)
        of->sum -= entry_bytes(leaf, &of->entries.at[i], 0);
    memmove(of->bytes.at, of->bytes.at + from, of->bytes.count - from);
    of->bytes.count -= from;
    memmove(of->entries.at, of->entries.at + count, left * sizeof of->entries.at[0]);
    of->entries.count = left;
    for (size_t i = 0; i < left; i++)
        of->entries.at[i].at -= from;
}

static tl_status child_add(tl_load *load, unsigned height, tl_slice lower, tl_ref child);

/* Write the first `count` entries as a page, and tell the level above. */
static tl_status page_cut(tl_load *load, unsigned height, size_t count, tl_ref *ref)
{
    level *of = &load->levels[height];
    uint8_t *page;
    uint32_t pgno;
    fence lower = of->lower;
    tl_status status = page_take(load, &page, &pgno);
    if (status != TL_OK)
        return status;
    assert(page_bytes_of(load, height, count) <= load->writer->pager->page_bytes);
    page_build(load, height, count, page, pgno);
    *ref = tl_page_ref(page);
    of->pages++;
    fence_set(&of->lower, fence_behind(load, height, count));
    if (height != 0 && count < of->entries.count) /* this separator moves up */
        of->first_child = of->entries.at[count++].child;
    staged_drop(of, height == 0, count);
    bool root = of->pages == 1 && of->entries.count == 0 && height + 1 == load->depth;
    return root ? TL_OK : child_add(load, height + 1, fence_slice(&lower), *ref);
}

/* Pack a page while enough is staged to leave another one. */
static tl_status level_settle(tl_load *load, unsigned height)
{
    level *of = &load->levels[height];
    size_t usable = load->writer->pager->page_bytes - TL_PAGE_HEADER_BYTES;
    size_t least = height == 0 ? 1 : 2; /* in a branch the next entry moves up, and another stays */
    while (of->sum >= of->check) {
        unsigned percent = tl_fill_percent(load->fill, of->pages, height);
        size_t target = usable * percent / 100, have = staged_bytes(of);
        if (have < 2 * target || of->entries.count <= least) {
            of->check = of->sum + (have < 2 * target ? 2 * target - have : 1);
            return TL_OK;
        }
        tl_ref ref;
        size_t count =
            count_up_to(load, height, of->entries.count - least, TL_PAGE_HEADER_BYTES + target);
        tl_status status = page_cut(load, height, count, &ref);
        if (status != TL_OK)
            return status;
        of->check = 0;
    }
    return TL_OK;
}

static tl_status entry_add(tl_load *load, unsigned height, tl_slice key, tl_slice value,
                           unsigned value_flags, tl_ref child)
{
    level *of = &load->levels[height];
    tl_memory *memory = load->writer->pager->memory;
    tl_status status = tl_vector_reserve(&of->entries, memory, 1);
    if (status == TL_OK)
        status = tl_vector_reserve(&of->bytes, memory, key.size_bytes + value.size_bytes);
    if (status != TL_OK)
        return status;
    staged entry = {.at = of->bytes.count,
                    .key_bytes = (uint32_t)key.size_bytes,
                    .value_bytes = (uint32_t)value.size_bytes,
                    .value_flags = value_flags,
                    .child = child};
    tl_copy(of->bytes.at + entry.at, key.data, key.size_bytes);
    tl_copy(of->bytes.at + entry.at + key.size_bytes, value.data, value.size_bytes);
    of->bytes.count += key.size_bytes + value.size_bytes;
    of->sum += entry_bytes(height == 0, &entry, 0);
    tl_vector_push(&of->entries, entry);
    return TL_OK;
}

/* A page of the level below begins at `lower`. */
static tl_status child_add(tl_load *load, unsigned height, tl_slice lower, tl_ref child)
{
    level *of = &load->levels[height];
    assert(height < TL_TREE_DEPTH_MAX);
    if (height == load->depth) {
        load->depth++;
        of->child_open = true;
    }
    if (of->child_open) {
        of->child_open = false;
        if (of->entries.count == 0)
            of->first_child = child;
        else
            of->entries.at[of->entries.count - 1].child = child;
        return TL_OK;
    }
    tl_status status = entry_add(load, height, lower, tl_slice_of(NULL, 0), 0, child);
    return status == TL_OK ? level_settle(load, height) : status;
}

/* ---- begin, add, end ---- */

/* Stage the entries of a page again: all records, or the separators left of child `index`, which
 * is the one to be replaced. */
static tl_status level_reopen(tl_load *load, unsigned height, const uint8_t *page, unsigned index)
{
    level *of = &load->levels[height];
    uint8_t scratch[TL_HEAD_BYTES];
    fence key;
    tl_slice prefix = tl_page_prefix(page);
    fence_set(&of->lower, tl_page_lower(page));
    fence_set(&key, prefix);
    if (height != 0)
        of->first_child = tl_branch_child(page, 0);
    of->child_open = height != 0;
    unsigned count = height == 0 ? tl_page_count(page) : index;
    tl_status status = TL_OK;
    for (unsigned i = 0; i < count && status == TL_OK; i++) {
        tl_slice suffix =
            height == 0 ? tl_leaf_suffix(page, i) : tl_branch_suffix(page, i, scratch);
        tl_copy(key.bytes + prefix.size_bytes, suffix.data, suffix.size_bytes);
        key.size_bytes = prefix.size_bytes + suffix.size_bytes;
        tl_slice value = {NULL, 0};
        unsigned flags = 0;
        tl_ref child = {0, 0};
        if (height == 0) {
            value = tl_leaf_value(page, i);
            flags = tl_leaf_has_overflow(page, i) ? TL_VALUE_OVERFLOW : 0;
        } else {
            child = tl_branch_child(page, i + 1);
        }
        status = entry_add(load, height, fence_slice(&key), value, flags, child);
    }
    return status;
}

static void load_release(tl_load *load)
{
    tl_memory *memory = load->writer->pager->memory;
    for (unsigned i = 0; i < TL_TREE_DEPTH_MAX; i++) {
        tl_vector_release(&load->levels[i].entries, memory);
        tl_vector_release(&load->levels[i].bytes, memory);
    }
    tl_vector_release(&load->taken, memory);
    tl_vector_release(&load->old, memory);
    memory->release(memory, load, sizeof *load);
}

/* This page goes, and below it the children from `first` on. */
static tl_status old_note(tl_load *load, const uint8_t *page, unsigned first)
{
    tl_pager *pager = load->writer->pager;
    unsigned height = tl_page_level(page);
    tl_status status = tl_vector_reserve(&load->old, pager->memory, 1);
    if (status == TL_OK)
        tl_vector_push(&load->old, page);
    for (unsigned i = first; height != 0 && status == TL_OK && i <= tl_page_count(page); i++) {
        const uint8_t *child = NULL;
        status = tl_pager_get(pager, tl_branch_child(page, i), height - 1,
                              load->writer->root.tree_id, &child);
        if (status == TL_OK)
            status = old_note(load, child, 0);
    }
    return status;
}

/* Stage the way to the last record again; of an empty tree nothing. */
static tl_status edge_reopen(tl_load *load)
{
    tl_writer *writer = load->writer;
    const uint8_t *root = NULL;
    tl_walk walk = {.pager = writer->pager, .root = &writer->root, .counts = &writer->counts};
    tl_status status = tl_walk_last(&walk);
    if (status == TL_NOT_FOUND) {
        load->depth = 1;
        status = tl_pager_get(writer->pager, writer->root.ref, writer->root.depth - 1,
                              writer->root.tree_id, &root);
        return status == TL_OK ? old_note(load, root, 0) : status;
    }
    load->depth = writer->root.depth;
    for (unsigned i = 0; i < load->depth && status == TL_OK; i++) {
        const uint8_t *page = walk.at[i].page;
        status = tl_page_trust(writer->pager, page, i > 0 ? walk.at[i - 1].page : NULL,
                               i > 0 ? walk.at[i - 1].index : 0);
        if (status == TL_OK)
            status = level_reopen(load, load->depth - 1 - i, page, walk.at[i].index);
        if (status == TL_OK)
            status = old_note(load, page, walk.at[i].index + 1);
    }
    return status;
}

tl_status tl_load_begin(tl_load **out, tl_writer *writer, const tl_fill_use *fill)
{
    tl_memory *memory = writer->pager->memory;
    tl_load *load = memory->allocate(memory, sizeof *load);
    if (load == NULL)
        return TL_NO_MEMORY;
    memset(load, 0, sizeof *load);
    load->writer = writer;
    load->fill = fill;
    load->changes = writer->changes;
    tl_status status = edge_reopen(load);
    if (status != TL_OK) {
        load_release(load);
        return status;
    }
    *out = load;
    return TL_OK;
}

tl_status tl_load_add(tl_load *load, tl_slice key, tl_slice value)
{
    level *leaves = &load->levels[0];
    bool first = leaves->entries.count == 0;
    tl_slice before =
        first ? fence_slice(&leaves->lower) : key_at(leaves, leaves->entries.count - 1);
    int order = tl_slice_compare(before, key);
    if (first ? order > 0 : order >= 0)
        return TL_INVALID;
    unsigned flags = tl_value_stored_flags(value);
    tl_status status = entry_add(load, 0, key, tl_value_stored(value), flags, (tl_ref){0, 0});
    if (status != TL_OK)
        return status;
    load->records++;
    load->has_refs |= flags != 0;
    return level_settle(load, 0);
}

/* Divide what is staged among as few pages as the fill strategy allows, evenly. */
static tl_status level_finish(tl_load *load, unsigned height, tl_ref *ref)
{
    level *of = &load->levels[height];
    size_t page_bytes = load->writer->pager->page_bytes, usable = page_bytes - TL_PAGE_HEADER_BYTES;
    size_t percent = tl_fill_percent(load->fill, of->pages, height);
    size_t pages = (staged_bytes(of) + usable * percent / 100 - 1) / (usable * percent / 100);
    for (bool more = true; more; pages -= pages > 1) { /* ends: each page takes an entry at least */
        size_t least = height == 0 ? 0 : 1, count = of->entries.count, most = count - 1 - least;
        bool whole = pages <= 1 && page_bytes_of(load, height, count) <= page_bytes;
        if (!whole && count > 1 + least) {
            size_t share = TL_PAGE_HEADER_BYTES + staged_bytes(of) / (pages > 1 ? pages : 2);
            count = count_up_to(load, height, most, share < page_bytes ? share : page_bytes);
        }
        more = count < of->entries.count;
        tl_status status = page_cut(load, height, count, ref);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

tl_status tl_load_end(tl_load *load, uint64_t *leaves)
{
    tl_writer *writer = load->writer;
    tl_pager *pager = writer->pager;
    tl_ref ref = writer->root.ref;
    tl_status status = TL_OK;
    assert(load->changes == writer->changes); /* nobody changed the tree meanwhile */
    *leaves = 0;
    if (load->records == 0) {
        tl_load_cancel(load);
        return TL_OK;
    }
    for (unsigned height = 0; height < load->depth && status == TL_OK; height++)
        status = level_finish(load, height, &ref);
    if (status != TL_OK)
        return status;
    for (size_t i = 0; i < load->old.count; i++)
        tl_pager_give(pager, load->old.at[i]);
    writer->root.ref = ref;
    writer->root.depth = load->depth;
    writer->root.count += load->records;
    writer->root.flags |= load->has_refs ? TL_ROOT_EXTENTS : 0;
    writer->append_leaf = NULL;
    writer->changes++;
    *leaves = load->levels[0].pages;
    load_release(load);
    return TL_OK;
}

void tl_load_cancel(tl_load *load)
{
    tl_pager *pager = load->writer->pager;
    for (size_t i = 0; i < load->taken.count; i++)
        tl_space_give(&pager->space, load->taken.at[i], pager->txn, true);
    load_release(load);
}
