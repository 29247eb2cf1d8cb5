/* engine/env/inspect.h -- looking at pages of an env that may be anything. */
#ifndef TL_INSPECT_H
#define TL_INSPECT_H

#include "engine/env/env.h"

/* The page as it is now, from memory or the file; valid until the next call.  Nothing of it is
 * checked.  TL_IO, or TL_NOT_FOUND when the file ends before it, in *status, which is left
 * otherwise. */
const uint8_t *tl_inspect_page(tl_env *env, uint32_t pgno, tl_status *status);

#endif
