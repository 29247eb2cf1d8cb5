/* engine/tree/tree.h -- an ordered map in pages: descent, edits, splits, merges, cursors.
 *
 * Copy-on-write: the first edit of a page in a txn copies it and, from it up, every page on the way
 * to the root; later edits of that copy happen in place.  So when a leaf belongs to the running
 * txn, its whole path does.
 *
 * Every edit first secures all pages and memory it can need; what follows can fail only by reading
 * a sibling (TL_IO, TL_CORRUPT), after which the txn can only be aborted.
 */
#ifndef TL_TREE_H
#define TL_TREE_H

#include "engine/base/prefetch.h"
#include "engine/store/pager.h"
#include "engine/tree/strategy.h"
#include "engine/tree/thrash.h"

typedef struct tl_root { /* one tree as a snapshot sees it */
    tl_ref ref;
    uint32_t tree_id;
    unsigned depth; /* levels: 1 is a lone leaf */
    unsigned flags; /* TL_ROOT_... */
    uint64_t count;
} tl_root;

/* A value of the tree lies, or once lay, in extents: to free the tree its leaves must be read. */
enum { TL_ROOT_EXTENTS = 1 };

typedef struct tl_path { /* the way from the root (at[0]) to a leaf (at[depth-1]) */
    unsigned depth;
    struct {
        uint8_t *page;
        unsigned index; /* of the child taken; in the leaf: of the record */
    } at[TL_TREE_DEPTH_MAX + 1];
} tl_path;

typedef struct tl_writer { /* the tree as the running txn changes it */
    tl_pager *pager;
    tl_root root;
    tl_path path;
    uint8_t *append_leaf;  /* the last leaf, when the latest put appended to it; else NULL */
    uint64_t changes;      /* of this txn; grows with every edit: cursors look */
    uint64_t edits_before; /* in earlier txns, and those rolled back */
    size_t pages_reserve;  /* that puts leave alone, by the option reserve_pages */
    size_t pages_kept;     /* pages that users' edits leave to the catalog of the next checkpoint */
    bool secured;          /* the caller has secured pages and memory for every edit himself */
    const tl_leaf_mode *mode;
    tl_split_use split;
    tl_fill_use fill;
    unsigned cascade; /* levels that the running put has split so far */
    tl_events split_events, merge_events;
    tl_search_counts counts;
} tl_writer;

/* The number of the latest edit since the env was opened. */
static inline uint64_t tl_writer_edit(const tl_writer *writer)
{
    return writer->edits_before + writer->changes;
}

/* Pages that one edit can take or give up: per level a copy, a neighbour's copy and what a split
 * adds; and a root.  A delete splits nothing, so there are enough for several neighbours of its
 * leaf (merge_many.c). */
static inline size_t tl_tree_pages_needed(const tl_root *root)
{
    return 4 * (size_t)root->depth + 4;
}

/* Pages that a put leaves alone, so that a full store can still delete: enough for one delete, and
 * for the catalog of the checkpoint that then gives its old pages back. */
static inline size_t tl_tree_pages_reserved(const tl_writer *writer)
{
    return tl_tree_pages_needed(&writer->root) + writer->pages_kept;
}

/* The same for a put: it leaves the user's own reserve alone besides, which only deletes and the
 * like may use. */
static inline size_t tl_tree_pages_left(const tl_writer *writer)
{
    return tl_tree_pages_reserved(writer) + writer->pages_reserve;
}

/* *value may be a reference: its size is then TL_VALUE_IS_REF (search.h). */
TL_MUST_USE tl_status tl_tree_get(tl_pager *pager, const tl_root *root, tl_slice key,
                                  tl_slice *value, tl_search_counts *counts);

/* Look up `count` keys side by side.  values[i].data is NULL where keys[i] is absent; on failure
 * the values are unspecified. */
TL_MUST_USE tl_status tl_tree_get_many(tl_pager *pager, const tl_root *root, const tl_slice *keys,
                                       size_t count, tl_slice *values, size_t *found,
                                       tl_search_counts *counts);

/* Descend to the leaf of `key`; path->at[].index is the child taken, the leaf's is not set. */
TL_MUST_USE tl_status tl_tree_descend(tl_pager *pager, const tl_root *root, tl_slice key,
                                      tl_path *path, tl_search_counts *counts);

/* Put and delete in writer->root.  Key and value sizes are within the limits.  The extents of a
 * value that is replaced or deleted are given up. */
TL_MUST_USE tl_status tl_tree_put(tl_writer *writer, tl_slice key, tl_slice value, unsigned flags);
/* The same with the reference to a value that lies in extents (store/overflow.h). */
TL_MUST_USE tl_status tl_tree_put_ref(tl_writer *writer, tl_slice key, tl_value_ref ref,
                                      unsigned flags);
TL_MUST_USE tl_status tl_tree_del(tl_writer *writer, tl_slice key);
/* The last-leaf shortcut and the like end with the txn. */
void tl_writer_forget(tl_writer *writer);

/* Give up every page of a tree.  Branches are read, leaves only when there may be extents.
 * TL_CORRUPT, TL_IO: a branch could not be read, or names what cannot be.  TL_NO_MEMORY.
 * Nothing has changed then, unless the tree names a page twice (TL_CORRUPT): abort. */
TL_MUST_USE tl_status tl_tree_free(tl_pager *pager, const tl_root *root);

/* Fill *shape by a walk over every page.  TL_CORRUPT, TL_IO. */
TL_MUST_USE tl_status tl_tree_measure(tl_pager *pager, const tl_root *root, tl_shape *shape);

/* Write an empty leaf that is the whole tree `tree_id`, as a page of txn `birth`. */
void tl_tree_plant(uint8_t *page, uint32_t page_bytes, uint32_t pgno, uint64_t birth,
                   uint32_t tree_id);

/* ---- between the files of this folder ---- */

/* Make every page of writer->path the running txn's own.  Secured before.  TL_CORRUPT: see below.
 */
TL_MUST_USE tl_status tl_path_own(tl_writer *writer);
/* May `page`, child `index` of `parent` (NULL: it is a root), be edited?  TL_CORRUPT when it comes
 * from the file and breaks a promise that edits build on (trust.c). */
TL_MUST_USE tl_status tl_page_trust(tl_pager *pager, const uint8_t *page, const uint8_t *parent,
                                    unsigned index);
/* Split the page at path level `i` (0 = root) while entering one more entry at `index`: a record
 * (key, value) in a leaf, a separator `key` with `child` to its right in a branch. */
void tl_page_split(tl_writer *writer, unsigned i, unsigned index, tl_slice key, tl_slice value,
                   tl_ref child);
/* pack.c: fill the leaf at the end of writer->path from its right neighbour under the same parent.
 * Secured before. */
typedef enum tl_packed { TL_PACKED_NOTHING, TL_PACKED_MOVED, TL_PACKED_MERGED } tl_packed;
TL_MUST_USE tl_status tl_leaf_pack(tl_writer *writer, tl_packed *outcome);
/* lower.c: copy pages that lie at `border` or beyond to free ones, lowest first, which the caller
 * has told the space.  Stops when enough is moved, and when free pages run short: it does not make
 * the file longer.  Begins behind `key`, and leaves there where it stopped. */
typedef struct tl_lowering {
    uint32_t border;
    uint64_t moved, moved_max;
    /* Called with each leaf at the end of the writer's path, which it leaves there.  NULL: leaves
     * that stay are not even read.  resident_only: nor are they with it, unless in memory. */
    tl_status (*leaf)(void *context);
    void *context;
    bool resident_only;
    size_t key_bytes; /* 0: from the first leaf */
    uint8_t key[TL_KEY_BYTES_MAX];
} tl_lowering;
/* *end: the tree is through; else `moved` has reached its limit, or there was no room.  Failure as
 * of any edit: abort. */
TL_MUST_USE tl_status tl_tree_lower(tl_writer *writer, tl_lowering *to, bool *end);
/* Descend to the first leaf. */
TL_MUST_USE tl_status tl_tree_descend_first(tl_pager *pager, const tl_root *root, tl_path *path);
/* The page at path level `i` may have become too empty: merge, move, collapse, or leave it.  Of a
 * leaf, up to `among` neighbours may become one fewer, all of which may be copied; 0: not more than
 * two. */
TL_MUST_USE tl_status tl_page_rebalance(tl_writer *writer, unsigned i, unsigned among);

/* Entries first..end-1 of a leaf will go: what lies in extents is noted for tl_value_give. */
TL_MUST_USE tl_status tl_leaf_doom_values(tl_pager *pager, const tl_root *root, const uint8_t *leaf,
                                          unsigned first, unsigned end);

/* Ask for the next page early: the lines of its index do not depend on each other, while the search
 * through them does.  Each line takes one of a dozen places in the processor until it has come, so
 * only those are asked for that records of common sizes make the search read: of a leaf `bytes` of
 * header, heads and perhaps slots; of a branch, which is probably in a near cache, a few. */
TL_PREFETCHER void tl_page_prefetch(const tl_pager *pager, uint32_t pgno, size_t bytes)
{
    tl_prefetch(tl_pager_at(pager, pgno), bytes);
}

enum { TL_BRANCH_INDEX_BYTES = 640 };

/* Heads and slots of records of about 130 bytes. */
static inline size_t tl_leaf_index_bytes(const tl_pager *pager)
{
    size_t index = pager->page_bytes / 16;
    return TL_PAGE_HEADER_BYTES + (index < 576 ? index : 576);
}

/* Ask for the record of entry `index`, as far as records of its leaf usually go: the lines behind
 * the first would else be asked for one by one, by whoever compares the key and reads the value. */
TL_PREFETCHER void tl_record_prefetch(const tl_pager *pager, const uint8_t *leaf, unsigned index)
{
    enum { LONGEST = 256 }; /* behind that the processor sees where it goes */
    uint32_t heap = pager->page_bytes - (tl_page_is_dense(leaf) ? 0 : tl_page_heap_lo(leaf));
    uint32_t usual = heap / (tl_page_count(leaf) + 1);
    tl_prefetch(leaf + tl_page_cell_off(leaf, index), usual < LONGEST ? usual : LONGEST);
}

/* `key` behind the page's prefix.  False: the tree is damaged, the key does not belong here. */
static inline bool tl_suffix_take(const uint8_t *page, tl_slice key, tl_slice *suffix)
{
    if (key.size_bytes < tl_page_prefix_len(page) && !tl_page_is_soft(page))
        return false;
    *suffix = tl_page_cut(page, key);
    return true;
}

tl_status tl_page_misplaced(tl_pager *pager, const uint8_t *page); /* TL_CORRUPT, with the story */

/* The same of a page that the key belongs to. */
static inline tl_slice tl_suffix_of(const uint8_t *page, tl_slice key)
{
    return tl_page_cut(page, key);
}

static inline tl_page_identity tl_identity_like(const tl_writer *writer, const uint8_t *page,
                                                uint32_t pgno)
{
    return (tl_page_identity){.page_bytes = writer->pager->page_bytes,
                              .pgno = pgno,
                              .tree_id = writer->root.tree_id,
                              .birth = writer->pager->txn,
                              .kind = (uint8_t)tl_page_kind_of(page),
                              .level = (uint8_t)tl_page_level(page),
                              .dense = writer->mode->writes_dense};
}

#endif
