/* harness/report/series_file.h -- a run's series.csv: phases over time, as `treelab run` left them.
 */
#ifndef TL_HARNESS_REPORT_SERIES_FILE_H
#define TL_HARNESS_REPORT_SERIES_FILE_H

#include "tl/status.h"

#include <stddef.h>
#include <stdint.h>

#define TL_SERIES_FILE_EVENT_MAP(X)   X(splits) X(merges) X(alloc_compactions) X(checkpoints)
#define TL_SERIES_FILE_AS_INDEX(name) TL_SERIES_FILE_##name,
enum { TL_SERIES_FILE_EVENT_MAP(TL_SERIES_FILE_AS_INDEX) TL_SERIES_FILE_EVENT_COUNT };

typedef struct tl_series_times { /* of one kind of latency in one interval; ns; 0: no calls */
    double p50_ns, p99_ns, p99_9_ns;
} tl_series_times;

typedef struct tl_series_interval {
    const char *driver, *workload, *phase; /* into the file's text */
    uint64_t repetition;
    double begin_s, length_s, ops_per_s;
    double events[TL_SERIES_FILE_EVENT_COUNT]; /* what the interval added; -1: not counted */
    double service_count, response_count;      /* of the kind of operation most frequent in it */
    tl_series_times service, response;
} tl_series_interval;

typedef struct tl_series_file {
    char *text; /* owned */
    tl_series_interval *rows;
    size_t count;
} tl_series_file;

/* Read FOLDER/series.csv.  TL_OK: release with tl_series_file_clear; a run without one has no rows.
 * Lines that are not understood are passed over.  TL_NO_MEMORY, TL_IO */
TL_MUST_USE tl_status tl_series_file_load(const char *folder, tl_series_file *file);
void tl_series_file_clear(tl_series_file *file);

#endif
