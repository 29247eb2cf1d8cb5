/* engine/tree/load.h -- loading sorted records from the bottom up, each page written once.
 *
 *     tl_load_begin -> tl_load_add, in ascending order -> tl_load_end
 *                                                      or tl_load_cancel: it never happened
 */
#ifndef TL_TREE_LOAD_H
#define TL_TREE_LOAD_H

#include "engine/tree/tree.h"

typedef struct tl_load tl_load;

/* Go on where the tree ends, packing pages as `fill` says.  Until the end the tree stays as it is,
 * and nobody may change it. */
TL_MUST_USE tl_status tl_load_begin(tl_load **load, tl_writer *writer, const tl_fill_use *fill);
/* Sizes are within the limits; the value may be a reference (TL_VALUE_IS_REF).  TL_INVALID: the key
 * is not above the last one.  After any failure only tl_load_cancel is left. */
TL_MUST_USE tl_status tl_load_add(tl_load *load, tl_slice key, tl_slice value);
/* The tree has the records now; *leaves is the number of leaves written.  Releases the load, but on
 * failure. */
TL_MUST_USE tl_status tl_load_end(tl_load *load, uint64_t *leaves);
void tl_load_cancel(tl_load *load);

#endif
