/* harness/check/document_cell.h -- what every crash cell of the result file has, whichever way its
 * states were made. */
#ifndef TL_HARNESS_CHECK_DOCUMENT_CELL_H
#define TL_HARNESS_CHECK_DOCUMENT_CELL_H

#include "harness/check/recording.h"
#include "harness/report/json.h"

typedef struct tl_cell_head {
    const char *kind;       /* NULL: "crash" */
    const char *id, *label; /* "crash/tree/mixed/log/commit", "tree" */
    uint64_t order;
    const tl_recording_spec *spec;
    uint64_t findings;
    tl_status status; /* of the run; on any but TL_OK `error` says more */
    const char *error;
    /* The first finding; case NULL: none.  Script NULL: none was written. */
    const char *first_case, *first_rule, *first_command, *first_script;
} tl_cell_head;

typedef struct tl_trace_figures {
    size_t io_ops, commits;
    uint64_t writes, syncs;
    tl_trace_counters counters;
} tl_trace_figures;

tl_trace_figures tl_cell_figures(const tl_trace *trace); /* zeros when nothing was recorded */

/* A new cell up to its "crash" object, which the caller fills in.  The caller owns it.  NULL when
 * memory is short; all functions of json.h accept that. */
tl_json *tl_cell_begin(const tl_cell_head *head);
void tl_cell_add_trace(tl_json *crash, const tl_trace_figures *figures);
void tl_cell_add_first_failure(tl_json *crash, const tl_cell_head *head);
/* Totals are texts: they may pass what a JSON number holds. */
void tl_cell_add_total(tl_json *object, const char *name, uint64_t value);

/* Verdicts by rule, as the counts that the schema has: lost_committed, resurrected, corrupt,
 * other_findings. */
void tl_cell_add_rules(tl_json *crash, const uint64_t by_rule[TL_RULE_COUNT], uint64_t findings);

/* States inspected per second by the one core that a sweep uses; NAN when there were none. */
double tl_cell_rate(uint64_t states, uint64_t elapsed_ns);

#endif
