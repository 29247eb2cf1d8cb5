/* harness/compare/counters.h -- which engine counters may be compared, and which cost storage. */
#ifndef TL_HARNESS_COUNTERS_H
#define TL_HARNESS_COUNTERS_H

#include <stdbool.h>

bool tl_counter_is_exact(const char *name);   /* the same whenever the same is done: no times */
bool tl_counter_is_storage(const char *name); /* bytes written or syncs: less is better */

#endif
