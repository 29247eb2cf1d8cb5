/* engine/tree/batch.h -- many sorted records put in one pass over the leaves they belong to. */
#ifndef TL_TREE_BATCH_H
#define TL_TREE_BATCH_H

#include "engine/tree/tree.h"

typedef struct tl_batch {
    /* Keys ascend strictly; all sizes are within the limits.  A value may be a reference
     * (TL_VALUE_IS_REF), whose bytes need not be there before tl_tree_put_batch. */
    const tl_record *records;
    size_t count;
    bool insert_only; /* a present key is refused */
    /* what is planned */
    size_t pages_max; /* must be free for it */
    bool has_refs;
    /* what came of it */
    uint64_t inserted, updated, leaves;
    size_t failed_at; /* the record that is to blame, if one is */
} tl_batch;

/* Look at every leaf that the batch will change, and change nothing.  TL_EXISTS; TL_IO, TL_CORRUPT:
 * a leaf cannot be read, or a value that would be replaced; TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_tree_plan_batch(tl_writer *writer, tl_batch *batch);
/* Put all records of the batch planned last, or none: TL_NO_SPACE and TL_NO_MEMORY are found before
 * anything is changed.  No edit has come between. */
TL_MUST_USE tl_status tl_tree_put_batch(tl_writer *writer, tl_batch *batch);

#endif
