/* engine/tree/batch.h -- many sorted records put in one pass over the leaves they belong to. */
#ifndef TL_TREE_BATCH_H
#define TL_TREE_BATCH_H

#include "engine/tree/tree.h"

typedef struct tl_batch {
    const tl_record *records; /* keys ascend strictly; all sizes are within the limits */
    size_t count;
    bool insert_only; /* a present key is refused */
    /* what came of it */
    uint64_t inserted, updated, leaves;
    size_t failed_at; /* of TL_EXISTS: the record whose key is present */
} tl_batch;

/* Put all records, or none: TL_EXISTS, TL_NO_SPACE and a leaf that cannot be read (TL_IO,
 * TL_CORRUPT) are found before anything is changed, and TL_NO_MEMORY too. */
TL_MUST_USE tl_status tl_tree_put_batch(tl_writer *writer, tl_batch *batch);

#endif
