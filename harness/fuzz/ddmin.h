/* harness/fuzz/ddmin.h -- fewest of many things that still do it, by delta debugging. */
#ifndef TL_HARNESS_FUZZ_DDMIN_H
#define TL_HARNESS_FUZZ_DDMIN_H

#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Do these things, by their numbers, still do it? */
typedef bool (*tl_ddmin_fn)(void *context, const size_t *items, size_t count);

/* Leave out items as long as the others still do it, parts first, the last part first: what comes
 * late is needed least often.  In the end no single one can be left out.  `items` must do it.
 * TL_NO_MEMORY: fewer than before, or as it was. */
TL_MUST_USE tl_status tl_ddmin(size_t *items, size_t *count, tl_ddmin_fn does, void *context);

#endif
