/* harness/measure/hlog.h -- logs of interval histograms: HdrHistogram's text format, version 1.3.
 *
 *     #[StartTime: 1700000000.000 (seconds since epoch), ...]
 *     #[BaseTime: 1700000000.000 (seconds since epoch)]
 *     "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
 *     Tag=tree/random/get/get,0.125000,1.000000,0.043007,HISTF...
 *
 * A line is one interval: when it began in seconds after the base time, its length in seconds (a
 * length, not an end), its largest value in milliseconds, and the histogram in nanoseconds.
 * Intervals of one tag follow each other in time; those of several tags may be mixed.
 *
 * Source: format of HdrHistogram's log writer and reader; a test exchanges logs with them.
 */
#ifndef TL_HARNESS_HLOG_H
#define TL_HARNESS_HLOG_H

#include "harness/measure/hdr.h"

#include "tl/status.h"

#include <stdio.h>

enum { TL_HLOG_TAG_MAX = 256 }; /* bytes kept of a tag, with its end */

/* Write a log's head.  Failures of `out` are remembered by it: see ferror(). */
void tl_hlog_begin(FILE *out, const char *comment, uint64_t base_unix_ns);

/* Write an interval that began `begin_ns` after the base time.  What a tag cannot contain (commas,
 * spaces, control characters) becomes '_'; `text` is the histogram as tl_hdr_encode gives it. */
void tl_hlog_add(FILE *out, const char *tag, uint64_t begin_ns, uint64_t length_ns, uint64_t max_ns,
                 const char *text);

typedef struct tl_hlog_reader { /* zeros, and `next` at the log's text; nothing to release */
    const char *next;           /* ends with a NUL */
    uint64_t line;              /* the one read last, from 1 */
    double start_s, base_s;     /* seconds since epoch, 0 when the log does not tell */
    const char *problem;        /* what is wrong in `line` after TL_CORRUPT or TL_UNSUPPORTED */
} tl_hlog_reader;

typedef struct tl_hlog_interval {
    char tag[TL_HLOG_TAG_MAX]; /* "" when it has none */
    double begin_s;            /* since epoch, or since the log began when it does not tell when */
    double length_s;
    double max_ms;
    tl_hdr *hdr; /* the caller's */
} tl_hlog_interval;

/* Read the next interval.
 *
 * TL_OK         release interval->hdr
 * TL_NOT_FOUND  the log is at its end
 * TL_CORRUPT, TL_UNSUPPORTED   reader->problem tells; the call after it goes on with the next line
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_hlog_next(tl_hlog_reader *reader, tl_hlog_interval *interval);

#endif
