/* workloads/number.c -- see number.h. */
#include "workloads/number.h"

#include <string.h>

typedef struct unit {
    const char *name;
    uint64_t factor;
} unit;

#define POWER_OF_1024(n) (UINT64_C(1) << (10 * (n)))
static const unit sizes[] = {
    {"",    1               },
    {"b",   1               },
    {"k",   POWER_OF_1024(1)},
    {"kib", POWER_OF_1024(1)},
    {"m",   POWER_OF_1024(2)},
    {"mib", POWER_OF_1024(2)},
    {"g",   POWER_OF_1024(3)},
    {"gib", POWER_OF_1024(3)},
    {"t",   POWER_OF_1024(4)},
    {"tib", POWER_OF_1024(4)},
    {NULL,  0               },
};
static const unit times[] = {
    {"",   UINT64_C(1000000000)   },
    {"s",  UINT64_C(1000000000)   },
    {"ns", 1                      },
    {"us", 1000                   },
    {"ms", 1000000                },
    {"m",  UINT64_C(60000000000)  },
    {"h",  UINT64_C(3600000000000)},
    {NULL, 0                      },
};
static const char too_large[] = "is too large";

/* By hand, for these do not depend on the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static unsigned digit_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    return lower(c) >= 'a' && lower(c) <= 'f' ? (unsigned)(lower(c) - 'a') + 10 : UINT8_MAX;
}

/* Step over the digits of `base` at *text.  False: over 64 bits. */
static bool digits_read(const char **text, unsigned base, uint64_t *value)
{
    bool fits = true;
    uint64_t sum = 0;
    for (; digit_value(**text) < base; ++*text)
        fits = fits && !__builtin_mul_overflow(sum, base, &sum) &&
               !__builtin_add_overflow(sum, digit_value(**text), &sum);
    *value = sum;
    return fits;
}

/* Step over "e6", if that stands there, and multiply.  False: over 64 bits. */
static bool exponent_read(const char **text, uint64_t *value)
{
    uint64_t exponent = 0;
    if (lower(**text) != 'e' || !is_digit((*text)[1]))
        return true;
    ++*text;
    bool fits = digits_read(text, 10, &exponent);
    if (*value == 0)
        return true;
    for (; fits && exponent > 0; exponent--) /* ends: over 64 bits within 20 rounds */
        fits = !__builtin_mul_overflow(*value, 10, value);
    return fits;
}

/* The unit that is all letters at `text`, and how many these are; NULL: there is no such unit. */
static const unit *unit_find(const char *text, const unit *units, size_t *chars)
{
    size_t length = 0;
    while (is_letter(text[length]))
        length++;
    *chars = length;
    for (; units->name != NULL; units++) {
        size_t same = 0;
        while (same < length && lower(text[same]) == units->name[same])
            same++; /* ends before the name's end: no letter is '\0' */
        if (same == length && units->name[same] == '\0')
            return units;
    }
    return NULL;
}

/* Read a size at *text and step over it: NULL, or what is wrong. */
static const char *size_read(const char **text, uint64_t *value)
{
    bool fits;
    if ((*text)[0] == '0' && lower((*text)[1]) == 'x' && digit_value((*text)[2]) < 16) {
        *text += 2;
        return digits_read(text, 16, value) ? NULL : too_large;
    }
    if (!is_digit(**text))
        return "is not a number";
    fits = digits_read(text, 10, value);
    if (**text == '.' && is_digit((*text)[1]))
        return "is not a whole number";
    const char *mantissa_end = *text;
    fits = fits && exponent_read(text, value);
    size_t chars = 0;
    const unit *of = *text == mantissa_end ? unit_find(*text, sizes, &chars) : NULL;
    if (fits && of != NULL) {
        *text += chars;
        fits = !__builtin_mul_overflow(*value, of->factor, value);
    }
    return fits ? NULL : too_large;
}

/* The digits behind the point, in nanoseconds: each is a tenth of what stands before it. */
static const char *fraction_read(const char **text, uint64_t factor, uint64_t *ns)
{
    for (; is_digit(**text); ++*text) {
        if ((factor == 0 || factor % 10 != 0) && **text != '0')
            return "is finer than a nanosecond";
        factor /= 10;
        if (__builtin_add_overflow(*ns, factor * digit_value(**text), ns))
            return too_large;
    }
    return NULL;
}

static const char *time_read(const char **text, uint64_t *ns)
{
    const char *fraction = "", *wrong = NULL;
    size_t chars = 0;
    if (!is_digit(**text))
        return "is not a time";
    bool fits = digits_read(text, 10, ns);
    if (**text == '.' && is_digit((*text)[1])) {
        fraction = ++*text;
        *text += strspn(*text, "0123456789");
    } else
        fits = fits && exponent_read(text, ns);
    const unit *of = unit_find(*text, times, &chars);
    if (of == NULL)
        return NULL; /* what is left over tells */
    *text += chars;
    if (!fits || __builtin_mul_overflow(*ns, of->factor, ns))
        return too_large;
    wrong = fraction_read(&fraction, of->factor, ns);
    return wrong;
}

/* What a number is followed by, where nothing should follow. */
static const char *leftover(const char *rest, tl_number_form form)
{
    if (*rest == '\0')
        return NULL;
    if (!is_letter(*rest))
        return form == TL_NUMBER_TIME ? "is not a time" : "is not a number";
    return form == TL_NUMBER_TIME ? "has an unknown unit; ns, us, ms, s, m and h are known"
                                  : "has an unknown unit; k, m, g and t are known, powers of 1024";
}

const char *tl_number_parse(const char *text, tl_number_form form, uint64_t *value)
{
    uint64_t number = 0;
    const char *rest = text;
    if (*text == '\0')
        return "is empty";
    if (*text == '-' && is_digit(text[1]))
        return "is negative";
    const char *wrong =
        form == TL_NUMBER_TIME ? time_read(&rest, &number) : size_read(&rest, &number);
    if (wrong == NULL)
        wrong = leftover(rest, form);
    if (wrong == NULL)
        *value = number;
    return wrong;
}

const char *tl_number_examples(tl_number_form form)
{
    return form == TL_NUMBER_TIME ? "30s, 500ms, 1.5m or 1h" : "4096, 4k, 64KiB, 1e6 or 0x2a";
}

bool tl_number_read(const char **text, uint64_t *value)
{
    return size_read(text, value) == NULL;
}
