/* engine/page/leaf_bump.c -- leaf mode `bump`: cells from the gap, garbage until a compaction. */
#include "engine/page/leaf_cells.h"

static unsigned garbage_take(const tl_edit *edit, uint8_t *page, size_t bytes)
{
    (void)edit, (void)page, (void)bytes;
    return 0; /* of garbage only the sum is known */
}

static void garbage_give(const tl_edit *edit, uint8_t *page, unsigned offset, size_t bytes)
{
    (void)edit;
    tl_page_drop_cell(page, offset, bytes);
}

static const tl_holes garbage = {garbage_take, garbage_give};

TL_CELLS_EDITS(bump, garbage)

const tl_leaf_mode tl_leaf_bump = {
    .name = "bump",
    .summary = "cells from the gap, holes wait for a compaction",
    .insert = bump_insert,
    .remove = bump_remove,
    .update = bump_update,
};
