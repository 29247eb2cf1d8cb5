/* engine/env/value_group.h -- large values that come together or not at all: of a batch, of a load.
 *
 *     tl_value_group_begin -> tl_value_group_add, one after the other
 *                          -> tl_value_group_log, in that order, when the tree has all of them
 *                          or tl_value_group_undo: they never were
 *                          -> tl_value_group_end
 */
#ifndef TL_ENV_VALUE_GROUP_H
#define TL_ENV_VALUE_GROUP_H

#include "engine/env/env.h"
#include "engine/store/overflow.h"

typedef struct tl_group_value { /* its extents are those from the value before up to `end` */
    size_t end;
    bool direct;
} tl_group_value;

typedef struct tl_value_group {
    tl_env *env;
    tl_tree tree;
    tl_value_maker maker;
    tl_direct_mark before;
    uint64_t direct_before; /* counted in stats */
    TL_VECTOR(tl_extent) extents;
    TL_VECTOR(tl_group_value) values;
    size_t logged; /* values */
} tl_value_group;

/* Nothing else makes or replaces a value of the txn until the end. */
void tl_value_group_begin(tl_value_group *group, tl_env *env, tl_tree tree);
/* Write `value`, which fits into no leaf, to extents, leaving `others` free pages alone; *ref names
 * it.  `stays`: the bytes are still there when it is logged.
 * TL_NO_SPACE, TL_NO_MEMORY, TL_IO: it was not added, and those before it are still there. */
TL_MUST_USE tl_status tl_value_group_add(tl_value_group *group, tl_slice value, bool stays,
                                         size_t others, uint8_t ref[TL_VALUE_REF_BYTES]);
/* Note the put of the next value; its bytes where they stay, else no data. */
void tl_value_group_log(tl_value_group *group, tl_slice key, tl_slice value);
void tl_value_group_undo(tl_value_group *group);
void tl_value_group_end(tl_value_group *group); /* safe when it was never begun, all zero */

#endif
