/* harness/run/pace.h -- what ends a phase. */
#ifndef TL_HARNESS_RUN_PACE_H
#define TL_HARNESS_RUN_PACE_H

typedef enum tl_run_end {
    TL_RUN_END_STREAM,   /* all operations are done */
    TL_RUN_END_DURATION, /* its time was up */
    TL_RUN_END_STEADY,   /* its throughput had settled */
} tl_run_end;

#endif
