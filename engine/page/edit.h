/* engine/page/edit.h -- changing one entry of a page that the running txn owns.
 *
 * Leaves are edited through a mode, a row of functions, so that ways of allocating cells can be
 * compared.  The page alone is whole under every mode, at all times: it may be written out after
 * any edit, and pages written under one mode are edited under any other.
 *
 *   freelist  cells go where a removed one had been, on the page's chain of free blocks, else into
 *             the gap; the default
 *   bump      cells go into the gap; what is removed becomes garbage (header field frag)
 *   sidecar   as bump in the page; but memory beside it knows where the garbage lies
 *   dense     leaves whose records are of one size become dense when they are written; else
 * freelist rebuild   the whole page is written anew for every edit, for comparison
 *
 * When the gap is too short although all free bytes together suffice, the page is compacted.  An
 * insert or update that finds no room (counter alloc_misses), or a key that breaks the page's soft
 * prefix, returns false, page unchanged: the caller splits.
 */
#ifndef TL_PAGE_EDIT_H
#define TL_PAGE_EDIT_H

#include "engine/page/page.h"
#include "tl/memory.h"
#include "tl/stats.h"

typedef struct tl_leaf_mode tl_leaf_mode;
typedef struct tl_sidecars tl_sidecars; /* leaf_sidecar.c */

typedef struct tl_edit { /* what edits need beside the page; owned by the writer */
    uint32_t page_bytes;
    uint8_t *scratch;     /* page_bytes to copy a page to */
    unsigned value_flags; /* of the value being stored: TL_VALUE_OVERFLOW when it is a reference */
    tl_stats *stats;
    tl_memory *memory;
    const tl_leaf_mode *mode; /* whose hooks are called */
    tl_sidecars *sidecars;    /* mode sidecar's own; NULL: it has no memory */
} tl_edit;

struct tl_leaf_mode {
    const char *name, *summary;
    bool writes_dense; /* leaves may become dense when the tree writes them (tl_page_identity) */
    bool (*insert)(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                   tl_slice value);
    void (*remove)(const tl_edit *edit, uint8_t *page, unsigned index);
    bool (*update)(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value);
    /* Of modes that keep something beside the pages; NULL in the others. */
    void (*open)(tl_edit *edit);                        /* without memory the mode does without */
    void (*forget)(const tl_edit *edit, uint32_t pgno); /* another page comes to lie there */
    void (*close)(tl_edit *edit);
};

extern const tl_leaf_mode tl_leaf_freelist, tl_leaf_bump, tl_leaf_sidecar, tl_leaf_dense,
    tl_leaf_rebuild;
const tl_leaf_mode *tl_leaf_mode_find(const char *name); /* NULL when unknown */

static inline void tl_edit_open(tl_edit *edit)
{
    if (edit->mode->open != NULL)
        edit->mode->open(edit);
}

static inline void tl_edit_forget(const tl_edit *edit, uint32_t pgno)
{
    if (edit->mode->forget != NULL)
        edit->mode->forget(edit, pgno);
}

static inline void tl_edit_close(tl_edit *edit) /* safe when it was not opened */
{
    if (edit->mode != NULL && edit->mode->close != NULL)
        edit->mode->close(edit);
}

/* The last leaf of a tree, of which no record leaves, gets its upper fence, and the prefix that
 * goes with it.  False: there is no room as it is, page unchanged: it has to be written anew. */
bool tl_leaf_close(const tl_edit *edit, uint8_t *leaf, tl_slice upper);
/* Bytes that it would save at best if written anew, when `suffix` is that of a key behind all. */
size_t tl_leaf_could_gain(const uint8_t *leaf, tl_slice suffix);

/* Enter a separator at `index` with the child to its right.  False: no room. */
bool tl_branch_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                      tl_ref right);
/* Take out separator `index` and the child to its right. */
void tl_branch_remove(const tl_edit *edit, uint8_t *page, unsigned index);
/* Could separator `index` have this suffix without a split? */
bool tl_branch_fits(const uint8_t *page, unsigned index, size_t suffix_bytes);
/* Could separators index .. index+count become `count` ones with these suffixes without a split,
 * the last taken out first, then the others replaced in order? */
bool tl_branch_fits_fewer(const uint8_t *page, unsigned index, const size_t *suffix_bytes,
                          unsigned count);
void tl_branch_replace(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix);

/* Bytes of a page in use: what a merge has to place.  Spare slots are not: a branch of short
 * separators is little else than slots, and would never count as empty. */
static inline size_t tl_page_used(const uint8_t *page, uint32_t page_bytes)
{
    size_t per_slot =
        tl_page_kind_of(page) == TL_PAGE_BRANCH ? TL_ENTRY_BYTES + TL_CHILD_BYTES : TL_ENTRY_BYTES;
    size_t spare = (tl_page_cap(page) - tl_page_count(page)) * per_slot;
    return page_bytes - tl_page_gap(page) - tl_page_frag(page) - tl_page_free_bytes(page) - spare;
}

#endif
