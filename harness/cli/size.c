/* harness/cli/size.c -- numbers as people write them.
 *
 *     size    digits [unit]       4096  4k  64KiB  1m  2g: powers of 1024, in any case
 *     count   digits e digits     1e6
 *     seed    0x hex digits       0x000000000000002a, as results print seeds
 *
 *     time    number [unit]       30s  500ms  1.5m  1h
 *
 * No sign, no space, no fraction of a size: whatever does not fit is refused, never rounded.
 */
#include "harness/cli/cli.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    unsigned shift;
} units[] = {
    {"",    0 },
    {"b",   0 },
    {"k",   10},
    {"KiB", 10},
    {"m",   20},
    {"MiB", 20},
    {"g",   30},
    {"GiB", 30},
    {"t",   40},
    {"TiB", 40},
};

static unsigned digit_value(char letter)
{
    if (isdigit((unsigned char)letter))
        return (unsigned)(letter - '0');
    return isxdigit((unsigned char)letter) ? (unsigned)(tolower((unsigned char)letter) - 'a') + 10
                                           : UINT8_MAX;
}

/* Read digits of `base` at *text and step over them.  False: no digit, or over 64 bits. */
static bool read_digits(const char **text, unsigned base, uint64_t *value)
{
    const char *start = *text;
    uint64_t sum = 0;
    for (; digit_value(**text) < base; ++*text)
        if (__builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, digit_value(**text), &sum))
            return false;
    *value = sum;
    return *text > start;
}

/* Multiply by 10 `exponent` times. */
static bool scale_by_ten(uint64_t exponent, uint64_t *value)
{
    for (; exponent > 0 && *value > 0; exponent--) /* ends: over 64 bits within 20 rounds */
        if (__builtin_mul_overflow(*value, 10, value))
            return false;
    return true;
}

static bool scale_by_unit(const char *unit, uint64_t *value)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcasecmp(unit, units[i].name) == 0)
            return !__builtin_mul_overflow(*value, UINT64_C(1) << units[i].shift, value);
    return false;
}

bool tl_parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    uint64_t number = 0, exponent = 0;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text += 2;
        if (!read_digits(&text, 16, &number) || *text != '\0')
            return false;
    } else {
        if (!read_digits(&text, 10, &number))
            return false;
        bool power = *text == 'e' || *text == 'E';
        text += power ? 1 : 0;
        if (power && (!read_digits(&text, 10, &exponent) || *text != '\0'))
            return false;
        if (power ? !scale_by_ten(exponent, &number) : !scale_by_unit(text, &number))
            return false;
    }
    if (number < min || number > max)
        return false;
    *value = number;
    return true;
}

bool tl_parse_seconds(const char *text, double *seconds)
{
    static const struct {
        const char *name;
        double seconds;
    } times[] = {
        {"",   1    },
        {"s",  1    },
        {"ms", 0.001},
        {"us", 1e-6 },
        {"m",  60   },
        {"h",  3600 },
    };
    char *unit = NULL;
    if (!isdigit((unsigned char)text[0]) || text[1] == 'x' || text[1] == 'X')
        return false;
    double number = strtod(text, &unit);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (strcmp(unit, times[i].name) == 0 && number >= 0 && isfinite(number)) {
            *seconds = number * times[i].seconds;
            return true;
        }
    return false;
}
