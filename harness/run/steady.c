/* harness/run/steady.c -- see steady.h. */
#include "harness/run/steady.h"

#include "workloads/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WINDOW_NS_MIN UINT64_C(10000000)
#define WINDOW_NS_MAX UINT64_C(3600000000000)

/* The text without its blanks; false when it is too long. */
static bool squeeze(const char *text, char squeezed[TL_STEADY_TEXT_MAX])
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        if (length == TL_STEADY_TEXT_MAX - 1)
            return false;
        squeezed[length++] = *text;
    }
    squeezed[length] = '\0';
    return true;
}

bool tl_steady_parse(const char *text, tl_steady_rule *rule)
{
    char squeezed[TL_STEADY_TEXT_MAX], window[16];
    double percent = 0;
    unsigned windows = 2;
    int end = 0;
    tl_steady_rule parsed;
    if (!squeeze(text, squeezed))
        return false;
    if (sscanf(squeezed, "steady(slope<%lf%%/%15[0-9a-zA-Z.]%n", &percent, window, &end) != 2)
        return false;
    const char *rest = squeezed + end;
    if (strncmp(rest, ",windows=", 9) == 0) {
        if (rest[9] < '0' || rest[9] > '9' || rest[10] != ')')
            return false;
        windows = (unsigned)(rest[9] - '0');
        rest += 10;
    }
    if (strcmp(rest, ")") != 0 || !(percent > 0 && percent <= 100) || windows < 2 ||
        windows > TL_STEADY_WINDOWS_MAX ||
        tl_number_parse(window, TL_NUMBER_TIME, &parsed.window_ns) != NULL ||
        parsed.window_ns < WINDOW_NS_MIN || parsed.window_ns > WINDOW_NS_MAX)
        return false;
    parsed.slope_max = percent / 100;
    parsed.windows = windows;
    *rule = parsed;
    return true;
}

void tl_steady_print(const tl_steady_rule *rule, char text[TL_STEADY_TEXT_MAX])
{
    uint64_t ns = rule->window_ns;
    bool seconds = ns % 1000000000 == 0, millis = ns % 1000000 == 0;
    snprintf(text, TL_STEADY_TEXT_MAX, "steady(slope<%g%%/%" PRIu64 "%s,windows=%u)",
             rule->slope_max * 100,
             seconds  ? ns / 1000000000
             : millis ? ns / 1000000
                      : ns,
             seconds  ? "s"
             : millis ? "ms"
                      : "ns",
             (unsigned)rule->windows);
}

uint64_t tl_steady_sample_ns(const tl_steady_rule *rule)
{
    return rule->window_ns / TL_STEADY_SAMPLES;
}

/* Sample `back` steps before the last one. */
static double rate_at(const tl_steady *steady, size_t back)
{
    size_t capacity = TL_STEADY_WINDOWS_MAX * TL_STEADY_SAMPLES;
    return steady->rates[(size_t)(steady->sample_count - 1 - back) % capacity];
}

/* Mean of the window whose last sample is `back` steps before the last one; *rise is what the line
 * of least squares through it climbs over the window. */
static double window_fit(const tl_steady *steady, size_t back, double *rise)
{
    double mean = 0, products = 0, squares = 0, middle = (TL_STEADY_SAMPLES - 1) / 2.0;
    for (size_t i = 0; i < TL_STEADY_SAMPLES; i++)
        mean += rate_at(steady, back + i) / TL_STEADY_SAMPLES;
    for (size_t i = 0; i < TL_STEADY_SAMPLES; i++) {
        double x = middle - (double)i; /* later samples lie to the right */
        products += x * (rate_at(steady, back + i) - mean);
        squares += x * x;
    }
    *rise = products / squares * TL_STEADY_SAMPLES;
    return mean;
}

static bool is_steady(tl_steady *steady)
{
    double least = INFINITY, most = 0, sum = 0;
    for (uint32_t window = 0; window < steady->rule.windows; window++) {
        double rise;
        double mean = window_fit(steady, (size_t)window * TL_STEADY_SAMPLES, &rise);
        if (!(fabs(rise) < steady->rule.slope_max * mean))
            return false; /* a store that stands still is not steady either */
        least = fmin(least, mean);
        most = fmax(most, mean);
        sum += mean;
    }
    steady->per_s = sum / steady->rule.windows;
    return most - least < steady->rule.slope_max * steady->per_s;
}

void tl_steady_add(tl_steady *steady, double per_s)
{
    if (steady->rule.windows == 0 || steady->reached)
        return;
    size_t capacity = TL_STEADY_WINDOWS_MAX * TL_STEADY_SAMPLES;
    steady->rates[steady->sample_count++ % capacity] = per_s;
    if (steady->sample_count < (uint64_t)steady->rule.windows * TL_STEADY_SAMPLES ||
        !is_steady(steady))
        return;
    steady->reached = true;
    steady->at_ns = steady->sample_count * tl_steady_sample_ns(&steady->rule);
}
