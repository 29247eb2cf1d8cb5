/* engine/tree/strategy.h -- the strategies of one env: chosen by name, opened, asked, closed.
 *
 * What strategies are is told in tl/strategy.h; the rows are in strategies/.
 */
#ifndef TL_TREE_STRATEGY_H
#define TL_TREE_STRATEGY_H

#include "tl/strategy.h"

typedef struct tl_split_use { /* a split strategy in use */
    const tl_split_strategy *row;
    void *self;
    bool opened;
    unsigned last_mode; /* of the latest plan that named one */
} tl_split_use;

enum { TL_MERGE_AMONG_MAX = 5 }; /* leaves that a merge can begin with */

typedef struct tl_fill_use {
    const tl_fill_strategy *row;
    void *self;
    bool opened;
    uint32_t merge_below_bytes; /* of the bytes behind the header */
    uint32_t merge_upto_bytes;  /* of the page */
    unsigned merge_among;       /* leaves, the underfull one among them */
} tl_fill_use;

/* A row by name: of `extra` (NULL, or rows up to a NULL) first.  NULL when unknown. */
const tl_split_strategy *tl_split_find(const tl_split_strategy *const *extra, const char *name);
const tl_fill_strategy *tl_fill_find(const tl_fill_strategy *const *extra, const char *name);

/* Open `use->row`; what it returned is handed on, and then nothing needs closing. */
TL_MUST_USE tl_status tl_split_open(tl_split_use *use, const tl_strategy_config *config);
TL_MUST_USE tl_status tl_fill_open(tl_fill_use *use, const tl_strategy_config *config);
void tl_split_close(tl_split_use *use); /* also one that was never opened */
void tl_fill_close(tl_fill_use *use);

/* Percent to pack the `nth_page` of a level to: 10..100. */
unsigned tl_fill_percent(const tl_fill_use *use, uint64_t nth_page, unsigned level);

#endif
