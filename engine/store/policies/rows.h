/* engine/store/policies/rows.h -- the rows of the registry of space policies. */
#ifndef TL_STORE_POLICIES_ROWS_H
#define TL_STORE_POLICIES_ROWS_H

#include "engine/store/space.h"

extern const tl_space_policy tl_space_simple, tl_space_segregated;

#endif
