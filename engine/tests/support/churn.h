/* engine/tests/support/churn.h -- a busy writer beside slow checkpoints, with crashes.
 *
 * Life after life: commits that copy and free pages all over the tree while every page write of a
 * checkpoint takes its time, then a killed process.  What the next life finds must be sound and
 * hold the last commit whole.
 */
#ifndef TL_TESTS_CHURN_H
#define TL_TESTS_CHURN_H

#include "tl/engine.h"

typedef struct churn_report {
    uint64_t checkpoints, beside; /* commits made while one was under way, about */
} churn_report;

/* False: what was found is not what was left, or a call failed. */
bool churn_run(tl_durability durability, unsigned lives, churn_report *report);

#endif
