/* harness/gate/gate.h -- is the candidate worse than the base?  Rows times layers, one verdict
 * each.
 *
 *     counters       exact: any difference to the kept baseline fails, up or down
 *     instructions   callgrind, base and candidate on this host: more than the tolerance fails
 *     time           processor time in pairs, when a base is there; see harness/compare
 *
 * A gate that measured nothing does not pass: tl_gate_code says TL_GATE_NOTHING.
 */
#ifndef TL_HARNESS_GATE_H
#define TL_HARNESS_GATE_H

#include "harness/compare/duel.h"
#include "harness/gate/counts.h"
#include "harness/report/text.h"

typedef enum tl_gate_verdict {                  /* in rising gravity */
                               TL_GATE_SKIPPED, /* not asked for, or nothing to compare with */
                               TL_GATE_PASS,
                               TL_GATE_IMPROVED, /* better than the tolerance: look whether it is
                                                    meant */
                               TL_GATE_INCONCLUSIVE,
                               TL_GATE_REGRESSED,
                               TL_GATE_FAILED, /* could not be judged: a program missing, a run that
                                                  failed */
                               TL_GATE_WRONG,  /* a wrong answer */
} tl_gate_verdict;
const char *tl_gate_verdict_name(tl_gate_verdict verdict); /* "regressed" */

typedef struct tl_gate_time { /* of one phase; effects are log(candidate / base) of CPU time */
    char name[2 * TL_LAUNCH_NAME_MAX]; /* "random/insert" */
    tl_verdict verdict;
    tl_duel_statistic statistic; /* whose effect this is: the one that failed, or the median */
    tl_effect effect;            /* of the fresh launches where there was a confirmation */
    bool judged, confirmed;
    size_t launches;
    tl_layout_spread layouts; /* of its medians, all launches before the confirmation */
    char note[TL_DUEL_TEXT_MAX];
} tl_gate_time;

typedef struct tl_gate_finding { /* of one row in one layer */
    const char *row;             /* the policy's */
    unsigned layer;
    tl_gate_verdict verdict;
    char summary[TL_GATE_TEXT_MAX]; /* one line */
    tl_text detail;                 /* lines that say why; may be empty */
    double ratio;                   /* candidate / base of what decided; NAN where there is none */
    double wall_s;                  /* it took */
    tl_gate_time *times;            /* owned: of its phases, in layer `time` */
    size_t time_count;
} tl_gate_finding;

typedef struct tl_gate_report { /* all zeros: empty and ready */
    tl_gate_finding *findings;  /* owned */
    size_t count, capacity;
    bool interrupted;
    size_t layout_count;            /* of layer `time`; 0: each side was one program */
    char layouts[TL_GATE_TEXT_MAX]; /* the same in words; "": no layer `time`, or nobody asked */
} tl_gate_report;
void tl_gate_report_release(tl_gate_report *report);

typedef struct tl_gate_request {
    const tl_gate_policy *policy;
    const char *base, *candidate;       /* programs; base may be NULL */
    const char *const *candidate_words; /* further arguments of the candidate's agents and runs */
    size_t candidate_word_count;
    const char *baseline;    /* file of kept counters */
    const char *scratch;     /* an existing directory */
    uint64_t seed;           /* of the layer `time` */
    unsigned layers;         /* bits: those to look at */
    const char *const *only; /* names of rows, NULL-terminated; NULL: all */
    bool (*stop)(void *context);
    void (*step)(void *context, const char *row, unsigned layer); /* begins; may be NULL */
    void *context;
} tl_gate_request;

/* Judge every row in every layer asked for; what could not be judged is a finding too.
 *
 * TL_OK          *report is filled; release it
 * TL_INVALID     the baseline is there and cannot be used; `error` tells
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_gate_judge(const tl_gate_request *request, tl_gate_report *report,
                                    char *error, size_t error_bytes);

/* The gravest verdict of all. */
tl_gate_verdict tl_gate_conclude(const tl_gate_report *report);

/* Whether `name` is among `only`; NULL: all are. */
bool tl_gate_wanted(const char *const *only, const char *name);

/* A new finding, which the report owns; NULL when memory is short. */
tl_gate_finding *tl_gate_add(tl_gate_report *report, const char *row, unsigned layer);
void tl_gate_say(tl_gate_finding *finding, tl_gate_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The report for people, machines, test viewers and pull requests. */
void tl_gate_text(const tl_gate_report *report, tl_text *out);
tl_json *tl_gate_json(const tl_gate_report *report); /* schema "treelab.gate_report/1" */
void tl_gate_junit(const tl_gate_report *report, tl_text *out);
void tl_gate_markdown(const tl_gate_report *report, tl_text *out);

#endif
