/* workloads/real.c -- see real.h.
 *
 * log:  x = 2^e m with m around 1, and log m = 2 (s + s^3/3 + s^5/5 + ...) for s = (m-1)/(m+1).
 * exp:  x = k log 2 + r with |r| <= log(2)/2, and the series of e^r.
 * Both series end where the next term is below half of a unit in the last place.  log 2 is in two
 * parts: the first has so few bits that its products with exponents are exact.
 *
 * The quantile of the normal distribution is algorithm AS 241 (M. J. Wichura, "The percentage
 * points of the normal distribution", Applied Statistics 37, 1988), the variant for 16 digits.
 */
#include "workloads/real.h"

#include <float.h>
#include <string.h>

#ifdef __FAST_MATH__
#error "-ffast-math changes which operations a seed gives"
#endif
#if FLT_EVAL_METHOD == 2 || FLT_EVAL_METHOD < 0
#error "doubles must be rounded after each operation (with gcc for i386: -msse2 -mfpmath=sse)"
#endif

static const double log2_high = 0x1.62e42fee00000p-1; /* 33 bits */
static const double log2_low = 0x1.a39ef35793c76p-33;

enum { TERMS = 14 };

/* c[0] + c[1] x + c[2] x^2 + ...  In pairs of pairs, since the machine multiplies side by side and
 * a draw waits for each step of a chain. */
static inline double polynomial(const double c[TERMS], double x)
{
    double x2 = x * x, x4 = x2 * x2, x8 = x4 * x4;
    double low = ((c[0] + c[1] * x) + (c[2] + c[3] * x) * x2) +
                 ((c[4] + c[5] * x) + (c[6] + c[7] * x) * x2) * x4;
    double high = ((c[8] + c[9] * x) + (c[10] + c[11] * x) * x2) + (c[12] + c[13] * x) * x4;
    return low + high * x8;
}

static const double log_terms[TERMS] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11,
                                        1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21,
                                        1.0 / 23, 0,        0,        0};
static const double exp_terms[TERMS] = {1.0,
                                        1.0 / 2,
                                        1.0 / 6,
                                        1.0 / 24,
                                        1.0 / 120,
                                        1.0 / 720,
                                        1.0 / 5040,
                                        1.0 / 40320,
                                        1.0 / 362880,
                                        1.0 / 3628800,
                                        1.0 / 39916800,
                                        1.0 / 479001600,
                                        1.0 / 6227020800.0,
                                        0};

double tl_real_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffu) | 0x3ff0000000000000u;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        exponent++;
    }
    double s = (m - 1) / (m + 1), z = s * s;
    double sum = z * polynomial(log_terms, z);
    double e = (double)exponent;
    return e * log2_high + (2 * s + (2 * s * sum + e * log2_low));
}

double tl_real_exp(double x)
{
    if (x < -700)
        return 0;
    if (x > 700)
        x = 700;
    int64_t k = (int64_t)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
    double r = (x - (double)k * log2_high) - (double)k * log2_low;
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return (1 + r * polynomial(exp_terms, r)) * power;
}

enum { SERIES_TERMS = 9 }; /* 0.01^9 is below any last place */
static const double series_below = 0.01;

double tl_real_exp_slope(double x)
{
    if (x > series_below || x < -series_below)
        return (tl_real_exp(x) - 1) / x;
    double sum = 1; /* 1 + x/2 (1 + x/3 (1 + ...)) */
    for (int i = SERIES_TERMS; i >= 2; i--)
        sum = 1 + sum * x / i;
    return sum;
}

double tl_real_log_slope(double x)
{
    if (x > series_below || x < -series_below)
        return tl_real_log(1 + x) / x;
    double sum = 0; /* 1 - x/2 + x^2/3 - ... */
    for (int i = SERIES_TERMS; i >= 1; i--)
        sum = 1.0 / i - x * sum;
    return sum;
}

static double ratio(const double *over, const double *under, double r)
{
    double a = 0, b = 0;
    for (int i = 7; i >= 0; i--) {
        a = a * r + over[i];
        b = b * r + under[i];
    }
    return a / b;
}

double tl_real_normal(double p)
{
    static const double middle[2][8] = {
        {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
         1.3731693765509461125e4,                                                                            4.5921953931549871457e4, 6.7265770927008700853e4,
         3.3430575583588128105e4,                                                                                                                                                       2.5090809287301226727e3},
        {1.0,                     4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
         2.1213794301586595867e4,                                                                                                     3.9307895800092710610e4, 2.8729085735721942674e4,
         5.2264952788528545610e3                                                                                                                                                                               },
    };
    static const double side[2][8] = {
        {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
         3.64784832476320460504e0,                                                                                1.27045825245236838258e0, 2.41780725177450611770e-1,
         2.27238449892691845833e-2,                                                                                                                                                               7.74545014278341407640e-4},
        {1.0,                      2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
         1.48103976427480074590e-1,                                                                                                         1.51986665636164571966e-2, 5.47593808499534494600e-4,
         1.05075007164441684324e-9                                                                                                                                                                                         },
    };
    static const double tail[2][8] = {
        {6.65790464350110377720e0, 5.46378491116411436990e0,  1.78482653991729133580e0,
         2.96560571828504891230e-1,                                                                                 2.65321895265761230930e-2, 1.24266094738807843860e-3,
         2.71155556874348757815e-5,                                                                                                                                                                  2.01033439929228813265e-7},
        {1.0,                      5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
         7.86869131145613259100e-4,                                                                                                            1.84631831751005468180e-5, 1.42151175831644588870e-7,
         2.04426310338993978564e-15                                                                                                                                                                                           },
    };
    double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425)
        return q * ratio(middle[0], middle[1], 0.180625 - q * q);
    double minus_log = -tl_real_log(q < 0 ? p : 1 - p);
    double r = tl_real_exp(0.5 * tl_real_log(minus_log)); /* the square root */
    double x = r <= 5 ? ratio(side[0], side[1], r - 1.6) : ratio(tail[0], tail[1], r - 5);
    return q < 0 ? -x : x;
}

bool tl_real_read(const char **text, double *value)
{
    uint64_t digits = 0;
    int digit_count = 0, scale = 0;
    const char *at = *text;
    for (bool fraction = false; (*at >= '0' && *at <= '9') || (*at == '.' && !fraction); at++) {
        if (*at == '.') {
            fraction = true;
            if (at[1] == '.') { /* the dots of a range */
                fraction = false;
                break;
            }
            continue;
        }
        digits = digits * 10 + (uint64_t)(*at - '0');
        scale += fraction;
        if (++digit_count > 15)
            return false;
    }
    if (digit_count == 0)
        return false;
    if ((*at == 'e' || *at == 'E') && (at[1] == '-' ? at[2] : at[1]) >= '0' &&
        (at[1] == '-' ? at[2] : at[1]) <= '9') {
        bool negative = at[1] == '-';
        int exponent = 0;
        for (at += negative ? 2 : 1; *at >= '0' && *at <= '9' && exponent < 100; at++)
            exponent = exponent * 10 + (*at - '0');
        scale += negative ? exponent : -exponent;
    }
    if (scale > 22 || scale < -22) /* powers of ten up to there are exact */
        return false;
    double power = 1;
    for (int i = 0; i < (scale < 0 ? -scale : scale); i++)
        power *= 10;
    *value = scale < 0 ? (double)digits * power : (double)digits / power;
    *text = at;
    return true;
}
