/* workloads/options.c -- see options.h. */
#include "workloads/options.h"

#include "workloads/number.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORD_CHARS_MAX = 48 };

typedef struct word { /* part of a longer text */
    const char *text;
    size_t chars;
} word;

bool tl_options_refuse(const tl_options *settings, const char *format, ...)
{
    if (settings->error == NULL || settings->error_bytes == 0)
        return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(settings->error, settings->error_bytes, format, arguments);
    va_end(arguments);
    return false;
}

/* Cut the next word off `*rest` at any of `separators`; false when none is left. */
static bool word_next(const char **rest, const char *separators, word *next)
{
    if (*rest == NULL)
        return false;
    *next = (word){*rest, strcspn(*rest, separators)};
    const char *end = *rest + next->chars;
    *rest = *end == '\0' ? NULL : end + 1;
    return true;
}

static bool word_is(word a, word b)
{
    return a.chars == b.chars && memcmp(a.text, b.text, a.chars) == 0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to insert, delete or replace to turn `a` into `b`. */
static size_t word_distance(word a, word b)
{
    size_t row[WORD_CHARS_MAX + 1];
    if (a.chars > WORD_CHARS_MAX || b.chars > WORD_CHARS_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.chars; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.chars; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.chars; j++) {
            size_t replaced = diagonal + (a.text[i - 1] != b.text[j - 1]);
            diagonal = row[j];
            row[j] = smaller(replaced, 1 + smaller(row[j], row[j - 1]));
        }
    }
    return row[b.chars];
}

/* Keep `candidate` in `*best` when it is nearer to `given`; far words are never near enough. */
static void nearest_try(word given, word candidate, size_t *best_distance, word *best)
{
    size_t distance = word_distance(given, candidate);
    if (distance >= *best_distance || distance > 1 + given.chars / 3)
        return;
    *best_distance = distance;
    *best = candidate;
}

const char *tl_options_nearest(const char *given, size_t chars, const char *const *names,
                               size_t count)
{
    word best = {NULL, 0};
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        nearest_try((word){given, chars}, (word){names[i], strlen(names[i])}, &best_distance,
                    &best);
    return best.text;
}

static const tl_workload_option *option_find(const tl_options *settings, const char *name)
{
    const tl_workload_option *option = settings->table;
    while (option != NULL && option->name != NULL && strcmp(option->name, name) != 0)
        option++;
    return option != NULL && option->name != NULL ? option : NULL;
}

static bool refuse_unknown(const tl_options *settings, const char *name)
{
    word best = {NULL, 0}, given = {name, strlen(name)};
    size_t best_distance = SIZE_MAX, length = 0;
    char all[240] = "";
    for (const tl_workload_option *o = settings->table; o != NULL && o->name != NULL; o++) {
        nearest_try(given, (word){o->name, strlen(o->name)}, &best_distance, &best);
        int printed =
            snprintf(all + length, sizeof all - length, "%s%s", length == 0 ? "" : ", ", o->name);
        length = smaller(length + (size_t)(printed < 0 ? 0 : printed), sizeof all - 1);
    }
    if (best.text != NULL)
        return tl_options_refuse(settings, "unknown setting '%s'; did you mean '%s'?", name,
                                 best.text);
    return tl_options_refuse(settings, "unknown setting '%s'; the settings are: %s", name,
                             length == 0 ? "none" : all);
}

bool tl_options_known(const tl_options *settings)
{
    const tl_workload_spec *spec = settings->spec;
    if (spec->ops < 1 || spec->ops > TL_OPS_MAX)
        return tl_options_refuse(settings, "--ops %" PRIu64 " is outside 1..%" PRIu64, spec->ops,
                                 TL_OPS_MAX);
    for (size_t i = 0; i < spec->setting_count; i++)
        if (option_find(settings, spec->settings[i].name) == NULL)
            return refuse_unknown(settings, spec->settings[i].name);
    return true;
}

static const char *setting_text(const tl_options *settings, const tl_workload_option *option)
{
    const tl_workload_spec *spec = settings->spec;
    for (size_t i = spec->setting_count; i-- > 0;) /* the last one wins */
        if (strcmp(spec->settings[i].name, option->name) == 0)
            return spec->settings[i].value;
    return option->fallback;
}

const char *tl_options_text(const tl_options *settings, const char *name)
{
    const tl_workload_option *option = option_find(settings, name);
    assert(option != NULL);
    return setting_text(settings, option);
}

bool tl_options_number(const tl_options *settings, const char *name, uint64_t *value)
{
    const tl_workload_option *option = option_find(settings, name);
    assert(option != NULL); /* the workload's own table */
    const char *given = setting_text(settings, option), *range = option->range;
    uint64_t number, min, max;
    const char *wrong = tl_number_parse(given, TL_NUMBER_SIZE, &number);
    if (wrong != NULL)
        return tl_options_refuse(settings, "%s=%s %s; write for example %s=%s (%s)", name, given,
                                 wrong, name, option->fallback, option->range);
    bool sound = tl_number_read(&range, &min) && strncmp(range, "..", 2) == 0;
    range += 2;
    if (!sound || !tl_number_read(&range, &max))
        return tl_options_refuse(settings, "the workload's own range '%s' of %s is not LOW..HIGH",
                                 option->range, name);
    if (number < min || number > max)
        return tl_options_refuse(settings, "%s=%s is outside %s", name, given, option->range);
    *value = number;
    return true;
}

bool tl_options_value_bytes(const tl_options *settings, const char *name, uint64_t *value)
{
    size_t limit = settings->spec->value_bytes_max;
    if (!tl_options_number(settings, name, value))
        return false;
    if (limit != 0 && *value > limit)
        return tl_options_refuse(settings,
                                 "%s=%" PRIu64 " is more than the %zu bytes that every chosen "
                                 "store takes; use a larger --page-size or --set %s=%zu",
                                 name, *value, limit, name, limit);
    return true;
}

/* The place of `given` among the words of the option's range. */
static bool word_find(const tl_options *settings, const tl_workload_option *option, word given,
                      size_t *index)
{
    word best = {NULL, 0}, candidate;
    size_t best_distance = SIZE_MAX, place = 0;
    for (const char *rest = option->range; word_next(&rest, "|", &candidate); place++) {
        if (word_is(given, candidate)) {
            *index = place;
            return true;
        }
        nearest_try(given, candidate, &best_distance, &best);
    }
    if (best.text != NULL)
        return tl_options_refuse(settings, "%s has no '%.*s'; did you mean '%.*s'?", option->name,
                                 (int)given.chars, given.text, (int)best.chars, best.text);
    return tl_options_refuse(settings, "%s has no '%.*s'; choose from %s", option->name,
                             (int)given.chars, given.text, option->range);
}

bool tl_options_word(const tl_options *settings, const char *name, size_t *index)
{
    const tl_workload_option *option = option_find(settings, name);
    assert(option != NULL);
    const char *text = setting_text(settings, option);
    return word_find(settings, option, (word){text, strlen(text)}, index);
}

bool tl_options_list(const tl_options *settings, const char *name, size_t *indexes, size_t capacity,
                     size_t *count)
{
    const tl_workload_option *option = option_find(settings, name);
    assert(option != NULL);
    const char *rest = setting_text(settings, option);
    word given;
    size_t found = 0;
    while (word_next(&rest, ",+", &given)) {
        if (found == capacity)
            return tl_options_refuse(settings, "%s takes at most %zu words", name, capacity);
        if (!word_find(settings, option, given, &indexes[found++]))
            return false;
    }
    *count = found;
    return true;
}
