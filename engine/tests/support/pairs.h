/* engine/tests/support/pairs.h -- few rows in which every pair of values of any two axes meets.
 *
 * Most bugs of option handling need two options at once, not ten.  Testing every combination grows
 * as the product of the axes; a covering array of strength two grows with the product of the two
 * longest alone.  The rows are made greedily, one at a time, each the best of some candidates:
 * D. M. Cohen, S. R. Dalal, M. L. Fredman, G. C. Patton, "The AETG System: An Approach to Testing
 * Based on Combinatorial Design", IEEE Transactions on Software Engineering 23(7), 1997.  Chance
 * comes from a fixed seed: the same axes give the same rows everywhere.
 */
#ifndef TL_TESTS_PAIRS_H
#define TL_TESTS_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAIRS_AXES_MAX = 16, PAIRS_VALUES_MAX = 32, PAIRS_ROWS_MAX = 1024 };

typedef struct pairs {
    unsigned axis_count, row_count;
    unsigned value_counts[PAIRS_AXES_MAX];
    uint8_t rows[PAIRS_ROWS_MAX][PAIRS_AXES_MAX]; /* the value of each axis */
} pairs;

/* Axis i has the values 0..value_counts[i]-1, at least one. */
void pairs_make(pairs *out, const unsigned *value_counts, unsigned axis_count);

/* Pairs that occur in no row; 0 after pairs_make. */
uint64_t pairs_missing(const pairs *in);

#endif
