/* harness/sweep/copy.h -- a part of one document as a part of another. */
#ifndef TL_HARNESS_SWEEP_COPY_H
#define TL_HARNESS_SWEEP_COPY_H

#include "harness/report/json.h"

/* A root of its own; NULL when memory is short, which tl_json_attach remembers. */
tl_json *tl_sweep_copy(const tl_json *node);

#endif
