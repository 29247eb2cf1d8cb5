/* harness/compare/verdict.h -- one row's answer: is a slowdown of at least M excluded, or shown?
 *
 * Effects are logarithms of tB/tA: positive means that B takes longer.  All bounds are one-sided.
 *
 *     regressed      lower bound > +delta
 *     pass           upper bound < +M
 *     inconclusive   neither
 *     improved       upper bound < -delta      \  notes beside the verdict, with the bounds of
 *     equivalent     both within +-epsilon     /  the level used
 */
#ifndef TL_HARNESS_VERDICT_H
#define TL_HARNESS_VERDICT_H

#include "harness/compare/walsh.h"

typedef enum tl_verdict {
    TL_VERDICT_INCONCLUSIVE,
    TL_VERDICT_PASS,
    TL_VERDICT_REGRESSED,
    TL_VERDICT_INVALID, /* what was measured is too short to be told from the clock's jitter */
} tl_verdict;
const char *tl_verdict_name(tl_verdict verdict); /* "regressed" */

typedef struct tl_margins { /* logarithms, all positive */
    double delta;           /* what does not count as a regression */
    double epsilon;         /* what counts as the same */
    double largest;         /* M: the slowdown that a pass excludes */
} tl_margins;
tl_margins tl_margins_default(void); /* 0.5 %, 2 %, 5 % */

/* What a sample says at a level.  Bounds that n cannot attain are NAN, and so is what follows
 * from them. */
typedef struct tl_effect {
    size_t n;
    double estimate; /* Hodges-Lehmann */
    double level;    /* of each of the next two, one-sided */
    double lower, upper;
    double half_width;             /* (upper - lower) / 2 */
    double pass_level, pass_upper; /* for the question of M */
    double p_above, p_below;       /* against delta; against M */
    double detectable;             /* see tl_effect_make */
    bool improved, equivalent;
} tl_effect;

/* Judge `values` at the two levels.  `detectable` is the true effect that such a sample would show
 * to be above delta with a chance of 95 %, from the width it has and a normal law: a plan, no
 * bound.  TL_OK, TL_NO_MEMORY, TL_INVALID as tl_walsh_make. */
TL_MUST_USE tl_status tl_effect_make(const double *values, size_t n, double level,
                                     double pass_level, const tl_margins *margins,
                                     tl_effect *effect);

/* log(1 + percent/100) and back */
double tl_effect_log(double percent);
double tl_effect_percent(double log_ratio);

#endif
