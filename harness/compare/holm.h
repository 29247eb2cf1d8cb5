/* harness/compare/holm.h -- many questions at once, one bound on ever being wrong.
 *
 * S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979),
 * 65-70: the smallest of m p-values is held against level / m, the next against level / (m - 1),
 * and so on until one is not small enough.  The chance that any true null hypothesis is rejected is
 * at most `level`, however the p-values depend on each other.
 */
#ifndef TL_HARNESS_HOLM_H
#define TL_HARNESS_HOLM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct tl_holm_row {
    double p;      /* in */
    bool rejected; /* out */
    double level;  /* out: what p was held against; after the first that was not small enough, the
                      same for all: what it would have taken */
} tl_holm_row;

void tl_holm(tl_holm_row *rows, size_t count, double level);

#endif
