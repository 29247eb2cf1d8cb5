/* engine/tree/batch_pages.h -- a leaf and records that go into it, divided into pages.
 *
 *     tl_batch_merge_of -> tl_batch_pages_of -> tl_batch_pages_next ... -> tl_batch_page_build
 *
 * Nothing is copied before a page is built: a merge is a place in the leaf and one in the records.
 */
#ifndef TL_TREE_BATCH_PAGES_H
#define TL_TREE_BATCH_PAGES_H

#include "engine/tree/batch.h"

typedef struct tl_batch_merge {
    const uint8_t *leaf;
    unsigned index, leaf_count; /* of the leaf: what is still to come */
    const tl_record *record, *end;
} tl_batch_merge;

typedef struct tl_batch_fence { /* a key of its own */
    size_t size_bytes;
    uint8_t bytes[TL_KEY_BYTES_MAX];
} tl_batch_fence;

typedef struct tl_batch_pages { /* a merge on its way into pages */
    tl_batch_merge rest;        /* what is still to be placed */
    size_t page_bytes;
    size_t target;   /* a page with so many bytes takes no more */
    unsigned prefix; /* that all keys have in common, at least */
    tl_slice upper;  /* of the last page */
    /* the page just cut off */
    tl_batch_merge content;
    unsigned count;
    size_t sum; /* bytes of its entries without a prefix */
    tl_batch_fence from, to;
    bool last;
} tl_batch_pages;

static inline tl_slice tl_batch_fence_slice(const tl_batch_fence *of)
{
    return tl_slice_of(of->bytes, of->size_bytes);
}

static inline tl_batch_merge tl_batch_merge_of(const uint8_t *leaf, const tl_record *first,
                                               const tl_record *end)
{
    return (tl_batch_merge){
        .leaf = leaf, .index = 0, .leaf_count = tl_page_count(leaf), .record = first, .end = end};
}

/* Divide `whole`, a merge of `leaf`: pages filled alike, at the right edge of the tree to the brim.
 */
tl_batch_pages tl_batch_pages_of(const tl_batch_merge *whole, const uint8_t *leaf,
                                 size_t page_bytes);
/* Cut the next page off.  False: nothing is left. */
bool tl_batch_pages_next(tl_batch_pages *of);
/* Make the page just cut off; the leaf must still be there. */
void tl_batch_page_build(const tl_batch_pages *of, uint8_t *page, const tl_page_identity *identity);

#endif
