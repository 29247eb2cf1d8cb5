/* harness/report/tsv.h -- what a suite measured, as tables that gnuplot and spreadsheets read.
 *
 * Every file has one header line; fields are split by tabs; text is UTF-8 without quotes.  Units
 * stand in the column's name or in a `unit` column.  plots/README.md documents each column.
 *
 *   pictures.tsv    captions.tsv   panels.tsv   bars.tsv     what is drawn where
 *   throughput.tsv                 one row per repetition
 *   throughput_summary.tsv         one row per driver, workload and phase
 *   latency.tsv                    one row per point of a percentile curve
 *   counters.tsv                   one row per engine counter, driver, workload and phase
 *   allocator.tsv                  leaf=bump against leaf=rebuild, per operation
 *   series.tsv                     one row per interval of a phase
 *   heat.tsv                       one row per square of a latency heat map
 *   heat_bins.tsv  heat_panels.tsv its rows and panels, summed up
 *   space.tsv                      one row per store and phase: the file at its end
 *   tradeoff.tsv                   one row per store and workload: written, kept, read
 *   fill.tsv                       one row per bin of a sample of leaves
 *   effects.tsv                    one row per duel
 *   pages.tsv, _squares.tsv, _runs.tsv  a file's pages: sums, the map, runs of free ones
 *   strategies.tsv, _dots.tsv      one row per strategy and cost; per repetition or launch
 *   calibration_power.tsv, _qq.tsv one row per effect; one per p-value
 *   crash.tsv                      one row per crash cell and variant
 */
#ifndef TL_HARNESS_TSV_H
#define TL_HARNESS_TSV_H

#include "harness/report/picture.h"

/* Write all tables into the existing directory `dir` and list in *pictures what they can show;
 * release it with tl_pictures_clear, whatever the status.  A table without rows is written with
 * its header alone.  Statuses of tl_text_save; `failed` then names the file. */
TL_MUST_USE tl_status tl_tsv_write(const tl_suite *suite, const tl_groups *groups, const char *dir,
                                   tl_pictures *pictures, char *failed, size_t failed_bytes);

/* The unit of an engine counter, from its name: "bytes", "ns" or "count". */
const char *tl_tsv_unit(const char *counter);
/* "tree:commit=shadow2" or, when the label does not say which protocol ran, "tree (log)". */
void tl_tsv_crash_name(tl_text *text, const tl_json *cell);
/* The driver that stores nothing: in the tables, but not in the pictures, whose scale it bends. */
bool tl_tsv_is_null(const tl_group *group);

#endif
