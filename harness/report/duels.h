/* harness/report/duels.h -- the cells of kind "duel", as rows: the largest effect first. */
#ifndef TL_HARNESS_REPORT_DUELS_H
#define TL_HARNESS_REPORT_DUELS_H

#include "harness/report/suite.h"

/* Texts are borrowed from the suite.  Percents are of B's time over A's; NAN: not known. */
typedef struct tl_duel_result {
    size_t part_no;
    const char *label, *arms[2], *verdict, *decided_by, *note; /* label: workload/phase */
    size_t launches;
    double estimate, lower, upper, pass_upper, detectable;
    const tl_json *log_ratios;         /* of each launch; NULL: none */
    double level;                      /* one-sided, of lower and upper */
    double delta_percent, mde_percent; /* of its run: what does not count, what a pass excludes */
} tl_duel_result;

typedef struct tl_duel_results {
    tl_duel_result *rows; /* by falling estimate; those without one last, in running order */
    size_t count;
} tl_duel_results;

/* TL_NO_MEMORY, else release with tl_duel_results_clear.  A verdict "pass" whose cell was shown to
 * be faster is called "improved" here. */
TL_MUST_USE tl_status tl_duel_results_make(const tl_suite *suite, tl_duel_results *results);
void tl_duel_results_clear(tl_duel_results *results);

#endif
