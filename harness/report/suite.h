/* harness/report/suite.h -- what one report shows: a run, or the runs below one directory.
 *
 * Every cell of every run is read once and kept beside its place: which part (run directory),
 * what it measured.  The report never adds runs together: a part is compared with itself only.
 */
#ifndef TL_HARNESS_SUITE_H
#define TL_HARNESS_SUITE_H

#include "harness/report/extras.h"

enum { TL_SUITE_PARTS_MAX = 1024, TL_SUITE_ERROR_BYTES = 512 };

typedef struct tl_suite_part {
    char name[128];        /* the subdirectory; the run's id when DIR itself holds run.json */
    char *folder;          /* where its run.json is; owned */
    tl_json *run;          /* the whole run.json, owned by the suite */
    const tl_json **cells; /* owned; the run's, so that the nth is at hand */
    size_t cell_count, bench_count, crash_count, duel_count;
} tl_suite_part;

typedef struct tl_suite {
    tl_suite_part parts[TL_SUITE_PARTS_MAX]; /* by name, so that a report is reproducible */
    size_t part_count;
    size_t cell_count; /* over all parts */
    tl_extras extras;  /* without any part, a report is of these alone */
} tl_suite;

/* Read DIR/run.json, or every DIR/<name>/run.json when DIR has none itself.
 *
 * TL_OK         *suite is filled; release it with tl_suite_clear
 * TL_NOT_FOUND  no such directory, or neither a run.json nor anything of extras.h in it
 * TL_CORRUPT    a run.json is not JSON, or lacks what every run has; the same of extras.h
 * TL_VERSION    a run.json of another schema
 * TL_ACCESS, TL_IO, TL_NO_MEMORY, TL_INVALID (too many parts); `error` names the file */
TL_MUST_USE tl_status tl_suite_load(const char *dir, tl_suite *suite, char *error,
                                    size_t error_bytes);
void tl_suite_clear(tl_suite *suite);

/* Shorthands for what a cell or run may lack: "" and NULL instead of a crash. */
const char *tl_suite_text(const tl_json *node, const char *name);      /* "" when absent */
const tl_json *tl_suite_cells(const tl_suite_part *part);              /* an array */
const tl_json *tl_suite_cell(const tl_suite_part *part, size_t index); /* of tl_suite_cells */
const char *tl_suite_label(const tl_json *cell);                       /* label, else driver */
const char *tl_suite_workload(const tl_json *cell);                    /* workload.name */
const char *tl_suite_durability(const tl_suite_part *p, const tl_json *cell); /* asked for */
bool tl_suite_is_crash(const tl_json *cell);
bool tl_suite_is_duel(const tl_json *cell); /* two arms side by side: no phases, no repetitions */
bool tl_suite_is_ok(const tl_json *cell);   /* its status is "ok" */

#endif
