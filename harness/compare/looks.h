/* harness/compare/looks.h -- when the samples so far are looked at, and at which level.
 *
 * The schedule is fixed before the first launch.  Levels of all looks add up to the chance of a
 * false alarm that is granted: by the union bound, looking again costs no more than that.  The
 * chance of a false "pass" is split over the looks in the same proportions.
 */
#ifndef TL_HARNESS_LOOKS_H
#define TL_HARNESS_LOOKS_H

#include <stdbool.h>
#include <stddef.h>

enum { TL_LOOKS_MAX = 8 };

typedef struct tl_look {
    unsigned launches; /* so many of each row, ascending, TL_SIGNED_RANK_N_MAX at most */
    double alpha;      /* one-sided */
} tl_look;

typedef struct tl_looks {
    size_t count;
    tl_look rows[TL_LOOKS_MAX];
} tl_looks;

tl_looks tl_looks_default(void); /* 16, 32, 64, 128 at 0.1, 0.2, 0.3, 0.4 % */

/* "16:0.1%,32:0.2%" or "16,32,64": without levels, 1 % is shared in proportion to 1, 2, 3, ...
 * False: not understood, launches do not ascend or are out of range, or levels add up to one half
 * or more. */
bool tl_looks_parse(const char *text, tl_looks *looks);

double tl_looks_alpha(const tl_looks *looks); /* the sum of all levels */
/* The share of `total` that belongs to look `index`. */
double tl_looks_share(const tl_looks *looks, size_t index, double total);

#endif
