/* harness/check/recycler.h -- memory for a store that is opened thousands of times a second.
 *
 * Blocks that are given back wait, by size, for the next one of that size; the system is asked only
 * when there is none.  Where addresses are watched (AddressSanitizer) it is plain memory, so that
 * nothing is hidden.
 *
 * Threads   one
 */
#ifndef TL_HARNESS_RECYCLER_H
#define TL_HARNESS_RECYCLER_H

#include "tl/engine.h"

typedef struct tl_recycler tl_recycler;

TL_MUST_USE tl_status tl_recycler_create(tl_recycler **recycler);
void tl_recycler_destroy(tl_recycler *recycler); /* NULL is fine; all blocks are gone with it */
tl_memory *tl_recycler_memory(tl_recycler *recycler);

#endif
