/* harness/report/export.h -- a result in the formats of other tools, for those who have them.
 *
 *     go          Go benchmark text, a line per repetition: benchstat reads it
 *     google      google-benchmark JSON, an entry per repetition: its compare.py reads it
 *     bencher     Bencher Metric Format: median, smallest and largest of the repetitions
 *     smaller     customSmallerIsBetter of github-action-benchmark
 *
 * A benchmark is a measured phase of a cell that ended well; its name is DRIVER/WORKLOAD/PHASE, and
 * ":" and "," in it become "_", since some of these tools split names there.  Times are those of
 * the whole loop per operation, and the p50 and p99 of the phase's most frequent operation.
 */
#ifndef TL_HARNESS_EXPORT_H
#define TL_HARNESS_EXPORT_H

#include "harness/report/json.h"
#include "harness/report/text.h"

/* The formats, by name; NULL ends the list. */
const char *const *tl_export_formats(void);

/* Write `run` (schema "treelab.run/1") to `out`.
 *
 * TL_OK         *count benchmarks were written; 0 is none
 * TL_NOT_FOUND  there is no such format
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_export(const tl_json *run, const char *format, tl_text *out,
                                size_t *count);

#endif
