/* harness/run/steady.h -- has a phase's throughput settled?
 *
 * One window of small slope is not enough: the bottom of a dip is flat too, and a phase that ends
 * there reports its worst moment.  The rule asks for several windows that lie side by side without
 * overlap, each with a slope below the limit over its length, and for means that are no further
 * apart than the limit.
 *
 *     steady(slope<1%/5s, windows=2)     the last 10 s: two windows of 5 s, least squares in each
 */
#ifndef TL_HARNESS_RUN_STEADY_H
#define TL_HARNESS_RUN_STEADY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TL_STEADY_WINDOWS_MAX = 8,
    TL_STEADY_SAMPLES = 10, /* of a window */
    TL_STEADY_TEXT_MAX = 64,
};

typedef struct tl_steady_rule {
    double slope_max; /* over a window, as a part of its mean: 0.01 */
    uint64_t window_ns;
    uint32_t windows; /* 2..TL_STEADY_WINDOWS_MAX; 0: no rule */
} tl_steady_rule;

/* Blanks are free, windows=2 may be left out.  False: anything else, one window, a slope of 0 %
 * or of more than 100 %, a window under 10 ms or over one hour. */
bool tl_steady_parse(const char *text, tl_steady_rule *rule);
void tl_steady_print(const tl_steady_rule *rule, char text[TL_STEADY_TEXT_MAX]);
uint64_t tl_steady_sample_ns(const tl_steady_rule *rule); /* how far samples are apart */

typedef struct tl_steady { /* all zeros but the rule at the start */
    tl_steady_rule rule;
    double rates[TL_STEADY_WINDOWS_MAX * TL_STEADY_SAMPLES]; /* the last ones, a ring */
    uint64_t sample_count;
    bool reached;
    uint64_t at_ns; /* after so long it was */
    double per_s;   /* mean of the windows */
} tl_steady;

/* Add the next sample of throughput; what was reached stays reached. */
void tl_steady_add(tl_steady *steady, double per_s);

#endif
