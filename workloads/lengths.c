/* workloads/lengths.c -- see lengths.h. */
#include "workloads/lengths.h"

#include "workloads/keys.h"
#include "workloads/number.h"
#include "workloads/options.h"
#include "workloads/real.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LENGTH_MAX ((uint64_t)1 << 40)

typedef struct reader { /* a text while it is read */
    const char *at;
    uint64_t page_bytes;
} reader;

static bool word_take(reader *r, const char *word)
{
    size_t chars = strlen(word);
    if (strncmp(r->at, word, chars) != 0)
        return false;
    r->at += chars;
    return true;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What follows `page`: [:P%] [*N] [+N|-N]. */
static bool page_read(reader *r, uint64_t *size)
{
    double percent = 100;
    uint64_t factor = 1, offset = 0;
    if (*r->at == ':') {
        r->at++;
        if (!tl_real_read(&r->at, &percent) || !word_take(r, "%") || percent > 1e6)
            return false;
    }
    if (*r->at == '*') {
        r->at++;
        if (!tl_number_read(&r->at, &factor) || factor > LENGTH_MAX >> 20)
            return false;
    }
    *size = (uint64_t)(percent * (double)r->page_bytes / 100) * factor;
    char sign = *r->at;
    if ((sign != '+' && sign != '-') || !digit(r->at[1]))
        return true;
    r->at++;
    if (!tl_number_read(&r->at, &offset) || (sign == '-' && offset > *size))
        return false;
    *size = sign == '+' ? *size + offset : *size - offset;
    return true;
}

static bool size_read(reader *r, uint64_t *size)
{
    bool sound = word_take(r, "page") ? page_read(r, size) : tl_number_read(&r->at, size);
    return sound && *size <= LENGTH_MAX;
}

/* A-B or A..B */
static bool range_read(reader *r, uint64_t *low, uint64_t *high)
{
    return size_read(r, low) && (word_take(r, "..") || word_take(r, "-")) && size_read(r, high) &&
           *low <= *high;
}

static void rows_one(tl_lengths *lengths, uint64_t low, uint64_t high)
{
    lengths->row_count = 1;
    lengths->rows[0].low = lengths->min = low;
    lengths->rows[0].span = high - low;
    lengths->rows[0].bound = UINT64_MAX;
    lengths->max = high;
}

/* size@weight, size-size@weight, ... */
static bool histogram_read(reader *r, tl_lengths *lengths)
{
    double weights[TL_LENGTH_ROWS_MAX], total = 0, below = 0;
    uint32_t count = 0;
    lengths->min = UINT64_MAX;
    do {
        if (count == TL_LENGTH_ROWS_MAX)
            return false;
        uint64_t low, high;
        if (!size_read(r, &low))
            return false;
        high = low;
        if ((word_take(r, "..") || word_take(r, "-")) && (!size_read(r, &high) || high < low))
            return false;
        if (!word_take(r, "@") || !tl_real_read(&r->at, &weights[count]) || weights[count] > 1e12)
            return false;
        total += weights[count];
        lengths->rows[count].low = low;
        lengths->rows[count].span = high - low;
        lengths->min = low < lengths->min ? low : lengths->min;
        lengths->max = high > lengths->max ? high : lengths->max;
        count++;
    } while (word_take(r, ","));
    if (total <= 0)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        below += weights[i];
        lengths->rows[i].bound = tl_real_bound(below / total);
    }
    while (count > 1 && weights[count - 1] == 0)
        count--;
    lengths->rows[count - 1].bound = UINT64_MAX; /* whatever the rounding */
    lengths->row_count = count;
    return true;
}

static bool log_read(reader *r, tl_lengths *lengths)
{
    if (!range_read(r, &lengths->min, &lengths->max) || lengths->min == 0)
        return false;
    lengths->kind = TL_LENGTH_LOG;
    while (lengths->max >> lengths->octave_count > lengths->min)
        lengths->octave_count++;
    if (lengths->octave_count == 0)
        rows_one(lengths, lengths->min, lengths->max);
    return true;
}

static bool zipf_read(reader *r, tl_lengths *lengths)
{
    double theta;
    if (!tl_real_read(&r->at, &theta) || theta <= 0 || theta > TL_ZIPF_THETA_MAX ||
        !word_take(r, "@") || !range_read(r, &lengths->min, &lengths->max))
        return false;
    lengths->kind = TL_LENGTH_ZIPF;
    tl_zipf_init(&lengths->zipf, lengths->max - lengths->min + 1, theta);
    return true;
}

static bool pareto_read(reader *r, tl_lengths *lengths)
{
    if (!tl_real_read(&r->at, &lengths->shape) || lengths->shape <= 0 || lengths->shape > 100 ||
        !word_take(r, "@") || !range_read(r, &lengths->min, &lengths->max) || lengths->min == 0)
        return false;
    lengths->kind = TL_LENGTH_PARETO;
    double ratio = (double)lengths->max / (double)lengths->min;
    lengths->scale = 1 - tl_real_exp(-lengths->shape * tl_real_log(ratio));
    return true;
}

static bool normal_read(reader *r, tl_lengths *lengths)
{
    uint64_t mean, deviation;
    if (!size_read(r, &mean) || !word_take(r, "~") || !size_read(r, &deviation) ||
        deviation > LENGTH_MAX / 8)
        return false;
    lengths->kind = TL_LENGTH_NORMAL;
    lengths->shape = (double)mean;
    lengths->scale = (double)deviation;
    lengths->min = mean > 4 * deviation ? mean - 4 * deviation : 0;
    lengths->max = mean + 4 * deviation;
    return true;
}

static bool uniform_read(reader *r, tl_lengths *lengths)
{
    uint64_t low, high;
    if (!range_read(r, &low, &high))
        return false;
    rows_one(lengths, low, high);
    return true;
}

static bool constant_read(reader *r, tl_lengths *lengths)
{
    uint64_t size;
    if (!size_read(r, &size))
        return false;
    rows_one(lengths, size, size);
    return true;
}

static const struct form {
    const char *name;
    bool (*read)(reader *r, tl_lengths *lengths);
    const char *example;
} forms[] = {
    {"constant",  constant_read,  "constant:100"           },
    {"uniform",   uniform_read,   "uniform:50-2000"        },
    {"log",       log_read,       "log:4k-64k"             },
    {"bimodal",   histogram_read, "bimodal:100@0.9,64k@0.1"},
    {"histogram", histogram_read, "histogram:8@5,100-200@1"},
    {"zipf",      zipf_read,      "zipf:0.99@1-1000"       },
    {"pareto",    pareto_read,    "pareto:1.2@64-64k"      },
    {"normal",    normal_read,    "normal:100~20"          },
};
enum { FORM_COUNT = sizeof forms / sizeof forms[0] };

static bool refuse(char *error, size_t error_bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool refuse(char *error, size_t error_bytes, const char *format, ...)
{
    va_list arguments;
    if (error == NULL)
        return false;
    va_start(arguments, format);
    vsnprintf(error, error_bytes, format, arguments);
    va_end(arguments);
    return false;
}

static bool refuse_name(const char *text, size_t chars, char *error, size_t error_bytes)
{
    const char *names[FORM_COUNT];
    for (size_t i = 0; i < FORM_COUNT; i++)
        names[i] = forms[i].name;
    const char *near = tl_options_nearest(text, chars, names, FORM_COUNT);
    if (near != NULL)
        return refuse(error, error_bytes, "there is no law of sizes '%.*s'; did you mean '%s'?",
                      (int)chars, text, near);
    return refuse(error, error_bytes,
                  "'%s' is no size and no law of sizes; write for example 100, 4k, page:51%%, "
                  "uniform:50-2000 or bimodal:100@0.9,64k@0.1",
                  text);
}

bool tl_lengths_parse(const char *text, uint64_t page_bytes, tl_lengths *lengths, char *error,
                      size_t error_bytes)
{
    reader r = {text, page_bytes};
    tl_lengths read = {.kind = TL_LENGTH_ROWS};
    size_t chars = strcspn(text, ":");
    if (digit(text[0]) || strncmp(text, "page", 4) == 0) {
        if (!constant_read(&r, &read) || *r.at != '\0')
            return refuse(error, error_bytes,
                          "'%s' is no size; write for example 100, 4k, page:51%% or page+1", text);
        *lengths = read;
        return true;
    }
    for (size_t i = 0; i < FORM_COUNT; i++) {
        if (strlen(forms[i].name) != chars || memcmp(forms[i].name, text, chars) != 0)
            continue;
        r.at = text + chars + (text[chars] == ':');
        if (!forms[i].read(&r, &read) || *r.at != '\0')
            return refuse(error, error_bytes,
                          "'%s' cannot be read from '%s' on; write for "
                          "example %s",
                          text, r.at, forms[i].example);
        *lengths = read;
        return true;
    }
    return refuse_name(text, chars, error, error_bytes);
}

static uint64_t clip(const tl_lengths *lengths, double x)
{
    if (x <= (double)lengths->min)
        return lengths->min;
    return x >= (double)lengths->max ? lengths->max : (uint64_t)x;
}

static uint64_t at_log(const tl_lengths *lengths, uint64_t draw)
{
    const tl_sizes sizes = {.min_bytes = lengths->min,
                            .max_bytes = lengths->max,
                            .octave_count = lengths->octave_count,
                            .seed = draw};
    return tl_sizes_at(&sizes, 0);
}

/* Each size above the cut's share of the probability: the law is truncated, not clipped. */
static uint64_t at_pareto(const tl_lengths *lengths, uint64_t draw)
{
    double u = tl_real_unit(draw) * lengths->scale;
    return clip(lengths, (double)lengths->min * tl_real_exp(-tl_real_log(1 - u) / lengths->shape));
}

uint64_t tl_lengths_at(const tl_lengths *lengths, uint64_t draw)
{
    if (tl_lengths_constant(lengths))
        return lengths->min;
    switch (lengths->kind) {
    case TL_LENGTH_LOG:
        return at_log(lengths, draw);
    case TL_LENGTH_ZIPF:
        return lengths->min + tl_zipf_at(&lengths->zipf, draw) - 1;
    case TL_LENGTH_PARETO:
        return at_pareto(lengths, draw);
    case TL_LENGTH_NORMAL:
        return clip(lengths,
                    lengths->shape + lengths->scale * tl_real_normal(tl_real_unit(draw)) + 0.5);
    case TL_LENGTH_ROWS:
        break;
    }
    uint32_t row = 0;
    while (draw >= lengths->rows[row].bound && row + 1 < lengths->row_count)
        row++;
    uint64_t span = lengths->rows[row].span;
    return lengths->rows[row].low + (span == 0 ? 0 : tl_scramble(draw) % (span + 1));
}
