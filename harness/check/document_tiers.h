/* harness/check/document_tiers.h -- enumerations of one recording as a cell of the result file. */
#ifndef TL_HARNESS_CHECK_DOCUMENT_TIERS_H
#define TL_HARNESS_CHECK_DOCUMENT_TIERS_H

#include "harness/check/document_cell.h"
#include "harness/check/enumerate.h"

typedef struct tl_tiers_row { /* one profile */
    tl_profile profile;
    tl_tier tier;
    tl_enumeration done;
    mpz_t allowed; /* as counted by itself, of the whole trace */
    struct {
        bool wanted, memo; /* memo: with what is remembered of pages checked before */
        uint64_t pages_least, pages_most, cpu_ns;
    } rate;         /* of `treelab crash rate` */
    uint64_t seeds; /* histories summed in `done`; 0: one */
    bool counted;   /* false: this profile cannot be counted, or need not be */
} tl_tiers_row;

/* Sum of all rows. */
typedef struct tl_tiers_sum {
    uint64_t leaves, distinct, findings, recovered, elapsed_ns, by_rule[TL_RULE_COUNT];
    size_t points; /* of the longest */
    bool complete;
} tl_tiers_sum;
tl_tiers_sum tl_tiers_add_up(const tl_tiers_row *rows, size_t row_count);

/* What the leaves stand for, of what is allowed: 1 exactly when the two numbers are equal, less
 * otherwise, also when rounding would give 1; NAN when it was not counted. */
double tl_tiers_coverage(const tl_tiers_row *row);

/* Of the `wanted` profiles row_count were looked at.  The caller owns it.  NULL when memory is
 * short. */
tl_json *tl_tiers_cell_json(const tl_cell_head *head, const tl_trace *trace,
                            const tl_tiers_row *rows, size_t row_count, size_t wanted);

#endif
