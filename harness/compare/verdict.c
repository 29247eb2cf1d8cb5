/* harness/compare/verdict.c -- see verdict.h. */
#include "harness/compare/verdict.h"

#include "harness/compare/normal.h"

#include <math.h>

static const char *const names[] = {
    [TL_VERDICT_INCONCLUSIVE] = "inconclusive",
    [TL_VERDICT_PASS] = "pass",
    [TL_VERDICT_REGRESSED] = "regressed",
    [TL_VERDICT_INVALID] = "invalid",
};

const char *tl_verdict_name(tl_verdict verdict)
{
    return names[verdict];
}

double tl_effect_log(double percent)
{
    return log1p(percent / 100);
}

double tl_effect_percent(double log_ratio)
{
    return 100 * expm1(log_ratio);
}

tl_margins tl_margins_default(void)
{
    return (tl_margins){
        .delta = tl_effect_log(0.5), .epsilon = tl_effect_log(2), .largest = tl_effect_log(5)};
}

tl_status tl_effect_make(const double *values, size_t n, double level, double pass_level,
                         const tl_margins *margins, tl_effect *effect)
{
    static const double power = 0.95;
    tl_walsh walsh;
    tl_status status = tl_walsh_make(values, n, &walsh);
    if (status != TL_OK)
        return status;
    tl_effect made = {
        .n = n,
        .estimate = tl_walsh_estimate(&walsh),
        .level = level,
        .lower = (double)NAN,
        .upper = (double)NAN,
        .pass_level = pass_level,
        .pass_upper = (double)NAN,
        .p_above = tl_walsh_p_above(&walsh, margins->delta),
        .p_below = tl_walsh_p_below(&walsh, margins->largest),
    };
    tl_walsh_lower(&walsh, level, &made.lower);
    tl_walsh_upper(&walsh, level, &made.upper);
    tl_walsh_upper(&walsh, pass_level, &made.pass_upper);
    made.half_width = (made.upper - made.lower) / 2;
    double z = tl_normal_quantile(1 - level);
    made.detectable = margins->delta + made.half_width * (1 + tl_normal_quantile(power) / z);
    made.improved = made.upper < -margins->delta; /* false with NAN */
    made.equivalent = made.upper < margins->epsilon && made.lower > -margins->epsilon;
    tl_walsh_release(&walsh);
    *effect = made;
    return TL_OK;
}
