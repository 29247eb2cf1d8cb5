/* engine/tree/strategy.h -- where to split and when to merge: policies as rows of registries.
 *
 * A split strategy only proposes; the executor (split.c) checks that both pages hold what they
 * get, fences included, and otherwise takes the nearest place that is feasible.  So a strategy can
 * be bad, never wrong.
 */
#ifndef TL_TREE_STRATEGY_H
#define TL_TREE_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct tl_split_input {
    bool leaf;
    unsigned count;          /* entries to divide, the new one among them */
    unsigned new_index;      /* of the new entry */
    bool rightmost;          /* the page has no upper fence */
    const uint32_t *weights; /* count + 1 numbers: bytes of the entries before each */
} tl_split_input;

typedef struct tl_split {
    const char *name, *summary;
    /* Leaf: the first entry of the right page, 1..count-1.  Branch: the separator that moves up,
     * 1..count-2. */
    unsigned (*choose)(const tl_split_input *input);
} tl_split;

typedef struct tl_fill {
    const char *name, *summary;
    /* A page that uses fewer than this many of its bytes behind the header looks for company. */
    uint32_t (*merge_below)(uint32_t usable_bytes);
} tl_fill;

const tl_split *tl_split_find(const char *name); /* NULL when unknown */
const tl_fill *tl_fill_find(const char *name);

/* The place that leaves both sides as equal in bytes as can be. */
unsigned tl_split_half(const tl_split_input *input);

#endif
