/* engine/page/leaf_freelist.c -- leaf mode `freelist`: holes are kept on a chain in the page.
 *
 * The chain is free_chain.c.  On a page without holes, as inserts alone leave it, this is `bump`
 * with one look at the header more.
 */
#include "engine/page/leaf_cells.h"

static const tl_holes chain = {tl_free_take, tl_free_give};

TL_CELLS_EDITS(freelist, chain)

const tl_leaf_mode tl_leaf_freelist = {
    .name = "freelist",
    .summary = "holes are used again, from a chain in the page",
    .insert = freelist_insert,
    .remove = freelist_remove,
    .update = freelist_update,
};
