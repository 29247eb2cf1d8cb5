/* workloads/steps_mix.c -- which verbs a phase has, and how often: "get:95,put:5". */
#include "workloads/steps_mix.h"

#include "workloads/phases.h"
#include "workloads/real.h"

#include <string.h>

static size_t verb_find(const char *word, size_t chars)
{
    size_t i = 0;
    const char *name;
    while ((name = tl_phases_verb(i)) != NULL &&
           (strlen(name) != chars || memcmp(name, word, chars) != 0))
        i++;
    return i;
}

static bool refuse_verb(const tl_options *settings, const char *word, size_t chars)
{
    const char *names[TL_VERB_COUNT];
    for (size_t i = 0; i < TL_VERB_COUNT; i++)
        names[i] = tl_phases_verb(i);
    const char *near = tl_options_nearest(word, chars, names, TL_VERB_COUNT);
    if (near != NULL)
        return tl_options_refuse(settings, "mix has no '%.*s'; did you mean '%s'?", (int)chars,
                                 word, near);
    return tl_options_refuse(settings,
                             "mix has no '%.*s'; choose from get, get_absent, put, upsert, insert, "
                             "reinsert, delete, delete_absent, scan, scan_reverse, rmw",
                             (int)chars, word);
}

/* One VERB[:WEIGHT]; leaves *text behind it. */
static bool mix_row_read(const tl_options *settings, const char **text, tl_mix *mix)
{
    size_t chars = strcspn(*text, ":,+"), verb = verb_find(*text, chars);
    if (mix->count == TL_MIX_MAX)
        return tl_options_refuse(settings, "mix takes at most %d verbs", TL_MIX_MAX);
    if (verb == TL_VERB_COUNT)
        return refuse_verb(settings, *text, chars);
    double weight = 1;
    *text += chars;
    if (**text == ':') {
        (*text)++;
        if (!tl_real_read(text, &weight) || weight < 0 || weight > 1e9)
            return tl_options_refuse(settings,
                                     "mix: the weight of %s is no number; write for "
                                     "example %s:5",
                                     tl_phases_verb(verb), tl_phases_verb(verb));
    }
    mix->rows[mix->count].verb = (tl_verb)verb;
    mix->rows[mix->count].weight = weight;
    mix->count += weight > 0;
    mix->has[verb] = mix->has[verb] || weight > 0;
    return true;
}

bool tl_steps_mix_read(const tl_options *settings, const char *text, bool cycle, tl_mix *mix)
{
    *mix = (tl_mix){0};
    for (const char *at = text;; at++) {
        if (!mix_row_read(settings, &at, mix))
            return false;
        if (*at == '\0')
            break;
        if (*at != ',' && *at != '+')
            return tl_options_refuse(settings,
                                     "mix=%s: '%s' is not understood; write for example "
                                     "mix=get:95,put:5",
                                     text, at);
    }
    if (mix->count == 0)
        return tl_options_refuse(settings, "mix=%s has no weight at all", text);
    double total = 0, below = 0;
    for (size_t i = 0; i < mix->count; i++)
        total += mix->rows[i].weight;
    for (size_t i = 0; i < mix->count; i++) {
        double weight = mix->rows[i].weight;
        below += weight;
        mix->rows[i].bound = i + 1 == mix->count ? UINT64_MAX : tl_real_bound(below / total);
        mix->rows[i].turns = (uint64_t)weight;
        if (cycle && (double)mix->rows[i].turns != weight)
            return tl_options_refuse(settings, "mix=%s: a cycle wants whole numbers", text);
        mix->turns += cycle ? mix->rows[i].turns : 0;
    }
    return true;
}

const char *tl_steps_mix_of_kind(tl_step_kind kind)
{
    switch (kind) {
    case TL_STEP_LOAD:
        return "insert";
    case TL_STEP_WARM:
        return "get";
    case TL_STEP_DELETE:
        return "delete";
    case TL_STEP_CHURN:
        return "insert,delete";
    default:
        return "get:95,put:5";
    }
}

#define VERB_AS_WRITES(upper, lower, of_live, writes, text) writes,
static const bool verb_writes[] = {TL_VERB_MAP(VERB_AS_WRITES)};

bool tl_verb_writes(tl_verb verb)
{
    return verb_writes[verb];
}

bool tl_steps_mix_has_only(const tl_mix *mix, bool inserts)
{
    for (size_t verb = 0; verb < TL_VERB_COUNT; verb++)
        if (mix->has[verb] && (inserts ? verb != TL_VERB_INSERT : verb_writes[verb]))
            return false;
    return true;
}

uint64_t tl_steps_births_most(const tl_step *step)
{
    const tl_mix *mix = &step->mix;
    uint64_t in_cycle = 0;
    double weight = 0, total = 0;
    for (size_t i = 0; i < mix->count; i++) {
        bool insert = mix->rows[i].verb == TL_VERB_INSERT;
        in_cycle += insert ? mix->rows[i].turns : 0;
        weight += insert ? mix->rows[i].weight : 0;
        total += mix->rows[i].weight;
    }
    double ops = (double)step->ops, mean = ops * weight / total;
    if (mix->turns > 0)
        mean = ((double)(step->ops / mix->turns) + 1) * (double)in_cycle;
    else if (weight < total && weight > 0)
        mean += 16 + 3 * tl_real_exp(0.5 * tl_real_log(ops)) + ops * 1e-9;
    return mean >= ops ? step->ops : (uint64_t)mean;
}
