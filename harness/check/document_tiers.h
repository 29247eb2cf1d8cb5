/* harness/check/document_tiers.h -- enumerations of one recording as a cell of the result file. */
#ifndef TL_HARNESS_CHECK_DOCUMENT_TIERS_H
#define TL_HARNESS_CHECK_DOCUMENT_TIERS_H

#include "harness/check/document_cell.h"
#include "harness/check/enumerate.h"

typedef struct tl_tiers_row { /* one profile */
    tl_profile profile;
    tl_tier tier;
    tl_enumeration done;
    mpz_t allowed;      /* as counted by itself, of the whole trace */
    bool counted;       /* false: this profile cannot be counted, or need not be */
    tl_json *causes;    /* an array, taken by tl_tiers_cell_json; NULL: none were told apart */
    char stronger[160]; /* what was kept beyond the promise; "": nothing, or it is not known */
    char *matrix;       /* by crash point: see tl_matrix_mark; NULL: not kept */
    struct {
        bool wanted, memo; /* memo: with what is remembered of pages checked before */
        uint64_t pages_least, pages_most, cpu_ns;
    } rate;         /* of `treelab crash rate` */
    uint64_t seeds; /* histories summed in `done`; 0: one */
    bool schedules; /* what is summed are orders of threads that ran one history */
} tl_tiers_row;

/* What came of a crash point, as a character: 'F' a finding, 'k' known ones, 'r' the store refused
 * or told, as it may, '.' all right, '-' not looked at.  The worst counts. */
typedef struct tl_matrix_last { /* what an enumeration had come to when it was last looked at */
    uint64_t findings, known, refused, leaves;
} tl_matrix_last;
void tl_matrix_mark(char *matrix, size_t point, tl_matrix_last *last, const tl_enumeration *done);

/* What a report does not cover, so that nobody takes it for more than it is.
 * X(upper, meaning) */
#define TL_MISSING_MAP(X)                                                                          \
    X(PROFILES, "rules of disks that were not asked for")                                          \
    X(TIER, "states of tiers below the exact one")                                                 \
    X(CUT, "what came behind a bound, a budget or an interrupt")                                   \
    X(DECISIONS, "states with too much to decide at once")                                         \
    X(THREADS, "interleavings")                                                                    \
    X(MAPPED, "writes to mapped memory")                                                           \
    X(COLLISIONS, "checksums that are right by chance")
#define TL_MISSING_AS_ENUM(upper, text) TL_MISSING_##upper,
typedef enum tl_missing { TL_MISSING_MAP(TL_MISSING_AS_ENUM) TL_MISSING_COUNT } tl_missing;
enum { TL_MISSING_TEXT_MAX = 160 };
/* One line about it; false: there is nothing to say. */
bool tl_missing_text(tl_missing what, const tl_tiers_row *rows, size_t row_count, size_t wanted,
                     char text[TL_MISSING_TEXT_MAX]);

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
