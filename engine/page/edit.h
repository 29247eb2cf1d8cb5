/* engine/page/edit.h -- changing one entry of a page that the running txn owns.
 *
 * Leaves are edited through a mode, a row of functions, so that ways of allocating cells can be
 * compared.  The state of every mode lies in the page alone; pages written under one mode are
 * edited under any other.
 *
 *   freelist cells go where a removed one had been, on the page's chain of free blocks, else into
 *            the gap; the default
 *   bump     cells go into the gap; what is removed becomes garbage (header field frag)
 *   rebuild  the whole page is written anew for every edit, for comparison
 *
 * When the gap is too short although all free bytes together suffice, the page is compacted.  An
 * insert or update that finds no room (counter alloc_misses) returns false, page unchanged: the
 * caller splits.
 */
#ifndef TL_PAGE_EDIT_H
#define TL_PAGE_EDIT_H

#include "engine/page/page.h"
#include "tl/stats.h"

typedef struct tl_edit { /* what edits need beside the page; owned by the writer */
    uint32_t page_bytes;
    uint8_t *scratch; /* page_bytes to copy a page to */
    tl_stats *stats;
} tl_edit;

typedef struct tl_leaf_mode {
    const char *name;
    bool (*insert)(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                   tl_slice value);
    void (*remove)(const tl_edit *edit, uint8_t *page, unsigned index);
    bool (*update)(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value);
} tl_leaf_mode;

extern const tl_leaf_mode tl_leaf_freelist, tl_leaf_bump, tl_leaf_rebuild;
const tl_leaf_mode *tl_leaf_mode_find(const char *name); /* NULL when unknown */

/* Enter a separator at `index` with the child to its right.  False: no room. */
bool tl_branch_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                      tl_ref right);
/* Take out separator `index` and the child to its right. */
void tl_branch_remove(const tl_edit *edit, uint8_t *page, unsigned index);
/* Could separator `index` have this suffix without a split? */
bool tl_branch_fits(const uint8_t *page, unsigned index, size_t suffix_bytes);
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
