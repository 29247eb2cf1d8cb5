/* engine/env/relocate.h -- large values copied to lower places of the file, so that it can end
 * earlier. */
#ifndef TL_ENV_RELOCATE_H
#define TL_ENV_RELOCATE_H

#include "engine/env/value.h"

typedef struct tl_relocation { /* in the running txn, of the writer's tree */
    tl_env *env;
    uint32_t border; /* values with a page from here on move below it */
    bool any_lower;  /* whatever the border: all that find a place below their highest page */
    uint64_t moved;  /* pages, so far */
} tl_relocation;

/* The values of the leaf at the end of the writer's path, which stays there; its pages may become
 * the txn's own.  TL_NO_SPACE, TL_NO_MEMORY, TL_IO, TL_CORRUPT: the txn can only be aborted. */
TL_MUST_USE tl_status tl_leaf_values_move(tl_relocation *now);

#endif
