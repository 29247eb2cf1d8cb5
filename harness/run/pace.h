/* harness/run/pace.h -- words about time on the command line and in specs: "5s", "100ms". */
#ifndef TL_HARNESS_RUN_PACE_H
#define TL_HARNESS_RUN_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number with its unit: ns, us, ms, s, m (minutes) or h.  False: anything else, more than
 * ten days, or bytes behind it. */
bool tl_duration_parse(const char *text, uint64_t *ns);

#endif
