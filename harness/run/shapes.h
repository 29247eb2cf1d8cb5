/* harness/run/shapes.h -- the tree's shape at even distances within a phase.
 *
 * Pages that were filled side by side split side by side: space and split rate swing for many times
 * the size of the store before they settle ("waves of misery", Glombiewski, Seeger, Graefe, BTW
 * 2019).  The end of a phase does not show that; a row of samples does.
 *
 * A sample visits every page of the tree.  It is taken between two chunks of operations, so that no
 * latency contains it, but wall_ns and cpu_ns do: a phase with samples is not to be timed.
 */
#ifndef TL_HARNESS_RUN_SHAPES_H
#define TL_HARNESS_RUN_SHAPES_H

#include "harness/driver.h"

enum { TL_SHAPES_MAX = 64 }; /* of one phase */

typedef struct tl_shape_sample {
    uint64_t ops; /* of the phase were done */
    tl_shape shape;
} tl_shape_sample;

typedef struct tl_shapes { /* of one phase */
    tl_shape_sample *at;   /* owned; NULL: none were asked for */
    size_t count;
    size_t wanted, next; /* the `next`th of them is due after next_ops operations */
    uint64_t phase_ops, next_ops;
} tl_shapes;

/* Samples at `wanted` (1..TL_SHAPES_MAX) even distances of a phase of `phase_ops` operations.
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_shapes_begin(tl_shapes *shapes, size_t wanted, uint64_t phase_ops);
void tl_shapes_release(tl_shapes *shapes);

/* Take a sample if one is due after `ops` operations; `txn` is the one that is open, or NULL. */
TL_MUST_USE tl_status tl_shapes_take(tl_shapes *shapes, const tl_driver *driver, tl_store *store,
                                     tl_store_txn *txn, uint64_t ops);

#endif
