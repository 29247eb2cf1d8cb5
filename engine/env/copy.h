/* engine/env/copy.h -- a copy of a snapshot on its way into a file of its own. */
#ifndef TL_ENV_COPY_H
#define TL_ENV_COPY_H

#include "engine/env/env.h"

enum { TL_COPY_RUN_BYTES = 1 << 20 }; /* more than the head and a chunk of any extent */

typedef struct tl_hot_copy {
    tl_env *env;
    const tl_txn *from; /* pins the snapshot */
    bool compact;
    uint32_t page_count_max; /* pages that the snapshot can have; so many are read at most */
    uint32_t copied;

    tl_file *file;
    uint8_t *run; /* pages side by side that are written at once */
    uint32_t run_first, run_count, run_most;
    uint8_t *levels; /* a page for each level of the deepest tree */
    size_t level_count;
    uint8_t *zones; /* the copy's bitmaps, in pages as they will be written */
    size_t zones_most;
    uint32_t end; /* no page beyond has been placed; here the next new one comes */
} tl_hot_copy;

/* The next page number that is free in the copy, behind all others. */
uint32_t tl_copy_number(tl_hot_copy *copy);
/* Note that these pages are in use.  TL_CORRUPT: some are already, or cannot be. */
TL_MUST_USE tl_status tl_copy_claim(tl_hot_copy *copy, uint32_t pgno, uint32_t count);
/* Write bytes that lie `offset` behind the start of page `pgno`. */
TL_MUST_USE tl_status tl_copy_write(tl_hot_copy *copy, uint32_t pgno, uint64_t offset,
                                    const uint8_t *bytes, size_t size_bytes);
TL_MUST_USE tl_status tl_copy_flush(tl_hot_copy *copy); /* copy->run has gone out */
/* Put `page`, which bears its number, into the file.  TL_CORRUPT: something is there already. */
TL_MUST_USE tl_status tl_copy_place(tl_hot_copy *copy, uint8_t *page);

/* copy_values.c: the value that a leaf of the copy refers to at `stored_ref`, which then names its
 * new place. */
TL_MUST_USE tl_status tl_copy_value(tl_hot_copy *copy, uint32_t tree_id, uint8_t *stored_ref);

/* copy_catalog.c: pages for the catalog of the copy, whose trees have these roots; count >= 1. */
typedef struct tl_copy_tree {
    tl_slice name;
    tl_root root; /* in the copy */
} tl_copy_tree;
TL_MUST_USE tl_status tl_copy_catalog(tl_hot_copy *copy, tl_copy_tree *trees, size_t count,
                                      tl_meta *meta);

#endif
