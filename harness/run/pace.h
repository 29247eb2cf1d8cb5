/* harness/run/pace.h -- how long phases run: what ends them, and times as people write them. */
#ifndef TL_HARNESS_RUN_PACE_H
#define TL_HARNESS_RUN_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum tl_run_end {
    TL_RUN_END_STREAM,   /* all operations are done */
    TL_RUN_END_DURATION, /* its time was up */
    TL_RUN_END_STEADY,   /* its throughput had settled */
} tl_run_end;

/* A whole number with its unit: ns, us, ms, s, m (minutes) or h.  False: anything else, more than
 * ten days, or bytes behind it. */
bool tl_duration_parse(const char *text, uint64_t *ns);

#endif
