/* engine/page/build.h -- writing a whole page anew, in key order.
 *
 * Every page that the engine makes comes from here: fences first, then entries in ascending order,
 * cells packed downward from the fences.  The page's prefix is the common beginning of its fences,
 * or a longer one that all its keys have: then it is SOFT and lies in the heap by itself.
 * The caller has made sure that all fits (tl_run_page_bytes); that promise is asserted.
 */
#ifndef TL_PAGE_BUILD_H
#define TL_PAGE_BUILD_H

#include "engine/page/page.h"

typedef struct tl_page_identity {
    uint32_t page_bytes, pgno, tree_id;
    uint64_t birth;
    uint8_t kind, level;
    bool dense; /* a leaf whose records are of one size becomes dense (tl_run_build) */
} tl_page_identity;

typedef struct tl_builder {
    uint8_t *page;
    uint32_t page_bytes, heap_lo;
    unsigned kind, count, cap, prefix_len;
    bool dense;
} tl_builder;

/* Begin `page` with room for `cap` entries.  Neither fence may lie inside `page`. */
void tl_build_begin(tl_builder *builder, uint8_t *page, const tl_page_identity *identity,
                    tl_slice lower, tl_slice upper, unsigned cap);
/* The same with the prefix given.  It is at least the common beginning of the fences; when longer,
 * all keys to come have it and go on behind it.  It does not lie inside `page`. */
void tl_build_begin_with(tl_builder *builder, uint8_t *page, const tl_page_identity *identity,
                         tl_slice lower, tl_slice upper, tl_slice prefix, unsigned cap);
/* A dense leaf for records of one size, none of them a reference: with room for as many as a page
 * with slots could hold. */
void tl_build_begin_dense(tl_builder *builder, uint8_t *page, const tl_page_identity *identity,
                          tl_slice lower, tl_slice upper, tl_slice prefix, size_t suffix_bytes,
                          size_t value_bytes);
void tl_build_first_child(tl_builder *builder, tl_ref child); /* branches only, once */
/* Add one entry whose key is `front` followed by `back`; `value` and `flags` (TL_VALUE_OVERFLOW)
 * of a leaf, `child` (right of the key) of a branch. */
void tl_build_record(tl_builder *builder, tl_slice front, tl_slice back, tl_slice value,
                     unsigned flags);
void tl_build_entry(tl_builder *builder, tl_slice front, tl_slice back, tl_ref child);
/* Add entries first..end-1 of the leaf or branch `source`, another page of the same kind. */
void tl_build_copy(tl_builder *builder, const uint8_t *source, unsigned first, unsigned end);
void tl_build_end(tl_builder *builder); /* zeroes the gap: equal edits give equal bytes */

#endif
