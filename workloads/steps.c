/* workloads/steps.c -- settings into phases.
 *
 * The settings of one phase are those without a phase, then its own, with the phase's name cut off:
 * a list that the functions of options.h read through the one table of keys.
 */
#include "workloads/steps.h"

#include "workloads/number.h"
#include "workloads/phases.h"
#include "workloads/real.h"
#include "workloads/steps_mix.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPS_MAX TL_OPS_MAX

static const char *const kind_names[] = {"load",  "warm",  "run",   "delete",
                                         "churn", "crash", "verify"};
enum { KIND_COUNT = sizeof kind_names / sizeof kind_names[0] };

/* "run", "run2" and "run_hot" are a run; COUNT when the name says nothing. */
static size_t kind_of_name(const char *name)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t length = strlen(kind_names[i]);
        if (strncmp(name, kind_names[i], length) != 0)
            continue;
        char next = name[length];
        if (next == '\0' || next == '_' || isdigit((unsigned char)next))
            return i;
    }
    return KIND_COUNT;
}

/* A count that may follow --ops or what is alive: 1e6, 50%, 10%<5000, live, 80%live. */
static bool amount_read(const tl_options *settings, const char *key, const char *text,
                        uint64_t *count, double *live_share)
{
    const char *at = text;
    double percent = 100;
    uint64_t number, most = UINT64_MAX;
    *live_share = 0;
    bool relative = strcmp(text, "live") == 0;
    if (!relative && tl_number_read(&at, &number) && *at == '\0') {
        *count = number;
        if (number <= OPS_MAX)
            return true;
        return tl_options_refuse(settings, "%s=%s is more than %" PRIu64, key, text, OPS_MAX);
    }
    at = text;
    bool sound =
        relative || (tl_real_read(&at, &percent) && *at++ == '%' && percent > 0 && percent <= 1e6);
    if (sound && strcmp(at, "live") == 0 && percent <= 100) {
        *live_share = percent / 100;
        *count = 0;
        return true;
    }
    if (sound && *at == '<') {
        at++;
        sound = tl_number_read(&at, &most);
    }
    if (!sound || *at != '\0')
        return tl_options_refuse(settings,
                                 "%s=%s is no amount; write for example %s=1e6, %s=50%% (of "
                                 "--ops), %s=10%%<5000 or %s=80%%live",
                                 key, text, key, key, key, key);
    double wanted = percent / 100 * (double)settings->spec->ops;
    *count = wanted >= (double)OPS_MAX ? OPS_MAX : (uint64_t)wanted;
    *count = *count > most ? most : *count == 0 ? 1 : *count;
    return true;
}

/* The parser's message follows the key. */
#define PARSE(key, call) ((call) || tl_options_refuse(settings, "%s: %s", key, message))

static bool laws_read(const tl_options *settings, tl_step *step)
{
    char message[200] = "";
    const char *victims = tl_options_text(settings, "victims");
    const char *keys = tl_options_text(settings, "keys");
    if (strcmp(victims, "auto") == 0)
        victims = step->kind == TL_STEP_DELETE && strcmp(keys, "uniform") == 0 ? "shuffled" : keys;
    const char *scan_len = tl_options_text(settings, "scan_len");
    uint32_t page_bytes = settings->spec->page_bytes == 0 ? 8192 : settings->spec->page_bytes;
    step->scan_all = strcmp(scan_len, "all") == 0;
    return PARSE("keys", tl_law_parse(keys, &step->keys, message, sizeof message)) &&
           PARSE("victims", tl_law_parse(victims, &step->victims, message, sizeof message)) &&
           PARSE("values", tl_lengths_parse(tl_options_text(settings, "values"), page_bytes,
                                            &step->values, message, sizeof message)) &&
           (step->scan_all ||
            PARSE("scan_len", tl_lengths_parse(scan_len, page_bytes, &step->scan_len, message,
                                               sizeof message)));
}

static bool order_read(const tl_options *settings, tl_step *step)
{
    char message[200] = "";
    size_t place;
    if (!tl_options_word(settings, "place", &place) ||
        !PARSE("order", tl_order_parse(tl_options_text(settings, "order"), &step->order, message,
                                       sizeof message)))
        return false;
    bool random = step->order.kind == TL_ORDER_RANDOM;
    if (place > 0)
        step->place = (tl_place)(place - 1);
    else if (random)
        step->place = TL_PLACE_ANYWHERE;
    else
        step->place = step->order.kind == TL_ORDER_DESCENDING ? TL_PLACE_BEFORE : TL_PLACE_AFTER;
    if (step->place == TL_PLACE_ANYWHERE && !random)
        return tl_options_refuse(settings, "place=anywhere goes with order=random only");
    return true;
}

static bool flags_read(const tl_options *settings, tl_step *step)
{
    size_t resize, random, measured, no_append;
    uint64_t threads;
    if (!tl_options_word(settings, "resize", &resize) ||
        !tl_options_word(settings, "reinsert", &random) ||
        !tl_options_word(settings, "measured", &measured) ||
        !tl_options_word(settings, "append", &no_append) ||
        !tl_options_number(settings, "many", &step->many) ||
        !tl_options_number(settings, "batch", &step->batch) ||
        !tl_options_number(settings, "threads", &threads))
        return false;
    bool usually = step->kind == TL_STEP_RUN || step->kind == TL_STEP_DELETE;
    step->measured = measured == 0 ? usually : measured == 1;
    step->resize = resize == 1;
    step->reinsert_random = random == 1;
    step->append = no_append == 0;
    step->threads = (uint32_t)threads;
    snprintf(step->rate, sizeof step->rate, "%s", tl_options_text(settings, "rate"));
    snprintf(step->until, sizeof step->until, "%s", tl_options_text(settings, "until"));
    return true;
}

static bool amounts_read(const tl_options *settings, tl_step *step, bool loaded)
{
    const char *ops = tl_options_text(settings, "ops");
    const char *records = tl_options_text(settings, "records");
    double records_live;
    uint64_t record_count = 0;
    bool load = step->kind == TL_STEP_LOAD;
    if (strcmp(records, "auto") == 0)
        records = load || (step->mix.has[TL_VERB_UPSERT] && !loaded) ? "100%" : "0";
    if (!amount_read(settings, "records", records, &record_count, &records_live))
        return false;
    if (records_live > 0)
        return tl_options_refuse(settings, "records=%s: records are no share of the live ones",
                                 records);
    if (strcmp(ops, "auto") == 0)
        ops = load ? records : step->kind == TL_STEP_DELETE ? "live" : "100%";
    if (!amount_read(settings, "ops", ops, &step->ops, &step->live_share))
        return false;
    if (step->live_share > 0 && (step->mix.has[TL_VERB_INSERT] || step->mix.has[TL_VERB_UPSERT]))
        return tl_options_refuse(settings,
                                 "ops=%s: a phase that makes records cannot follow what is alive; "
                                 "write for example ops=50%%",
                                 ops);
    if (step->live_share == 0 && step->ops == 0)
        return tl_options_refuse(settings, "ops=%s is nothing to do", ops);
    step->births = step->mix.has[TL_VERB_INSERT] ? tl_steps_births_most(step) : 0;
    step->strangers = step->mix.has[TL_VERB_UPSERT] ? record_count : 0;
    return true;
}

static bool step_fits(const tl_options *settings, const tl_step *step)
{
    if (step->threads > 1 && !tl_steps_mix_has_only(&step->mix, true) &&
        !tl_steps_mix_has_only(&step->mix, false))
        return tl_options_refuse(settings,
                                 "threads=%u: nobody knows the right answers while several threads "
                                 "write and read; give the phase inserts alone or reads alone",
                                 (unsigned)step->threads);
    if (step->many > 1)
        for (size_t verb = 0; verb < TL_VERB_COUNT; verb++)
            if (step->mix.has[verb] && verb != TL_VERB_GET && verb != TL_VERB_GET_ABSENT)
                return tl_options_refuse(settings,
                                         "many=%" PRIu64 ": gets alone are asked "
                                         "together, and the mix has %s",
                                         step->many, tl_phases_verb(verb));
    return true;
}

static bool step_read(const tl_options *settings, tl_step *step, bool loaded)
{
    size_t kind, cycle;
    if (!tl_options_word(settings, "kind", &kind) || !tl_options_word(settings, "cycle", &cycle))
        return false;
    size_t named = kind_of_name(step->name);
    if (kind == 0 && named == KIND_COUNT)
        return tl_options_refuse(settings,
                                 "its name says nothing; call it run_%s, or say what it does with "
                                 "%s.kind=run",
                                 step->name, step->name);
    step->kind = kind == 0 ? (tl_step_kind)named : (tl_step_kind)(kind - 1);
    if (step->kind >= TL_STEP_CRASH) {
        step->threads = 1;
        return true;
    }
    const char *mix = tl_options_text(settings, "mix");
    if (strcmp(mix, "auto") == 0)
        mix = tl_steps_mix_of_kind(step->kind);
    return tl_steps_mix_read(settings, mix, cycle == 1, &step->mix) && laws_read(settings, step) &&
           order_read(settings, step) && flags_read(settings, step) &&
           amounts_read(settings, step, loaded) && step_fits(settings, step);
}

/* The names in `phases`. */
static bool names_read(const tl_options *settings, tl_steps *steps)
{
    const char *at = tl_options_text(settings, "phases");
    for (;; at++) {
        size_t chars = strcspn(at, ",+");
        tl_step *step = &steps->steps[steps->count];
        if (steps->count == TL_STEPS_MAX)
            return tl_options_refuse(settings, "phases: at most %d", TL_STEPS_MAX);
        if (chars == 0 || chars >= TL_STEP_NAME_BYTES || memchr(at, '.', chars) != NULL)
            return tl_options_refuse(settings,
                                     "phases: '%.*s' is no name; write for example "
                                     "phases=load,run,run_2",
                                     (int)chars, at);
        memcpy(step->name, at, chars);
        for (size_t i = 0; i < steps->count; i++)
            if (strcmp(steps->steps[i].name, step->name) == 0)
                return tl_options_refuse(settings, "phases: %s is there twice; call one %s_2",
                                         step->name, step->name);
        steps->count++;
        at += chars;
        if (*at == '\0')
            return true;
    }
}

static bool shape_read(const tl_options *settings, tl_steps *steps)
{
    static const char *const shapes[] = {"binary", "dense", "user", "decimal", "padded"};
    const char *text = tl_options_text(settings, "key_shape");
    size_t shape = 0, put;
    if (!tl_options_number(settings, "key_bytes", &steps->key_bytes) ||
        !tl_options_word(settings, "verb", &put))
        return false;
    steps->insert_is_put = put == 1;
    while (shape < TL_SHAPE_PREFIX && strcmp(shapes[shape], text) != 0)
        shape++;
    steps->shape = (tl_shape_kind)shape;
    const char *at = strncmp(text, "prefix:", 7) == 0 ? text + 7 : "";
    if (steps->shape == TL_SHAPE_PREFIX &&
        (!tl_number_read(&at, &steps->prefix_bytes) || *at != '\0'))
        return tl_options_refuse(settings,
                                 "key_shape=%s: choose from binary, dense, user, decimal, padded, "
                                 "prefix:N",
                                 text);
    if (steps->shape == TL_SHAPE_PREFIX &&
        steps->prefix_bytes + TL_KEY_BYTES_MIN > steps->key_bytes)
        return tl_options_refuse(settings,
                                 "key_shape=%s leaves less than %d bytes of key_bytes=%" PRIu64,
                                 text, TL_KEY_BYTES_MIN, steps->key_bytes);
    if (steps->shape == TL_SHAPE_USER && steps->key_bytes < TL_KEY_USER_BYTES_MIN)
        return tl_options_refuse(settings, "key_shape=user wants key_bytes of %d or more",
                                 TL_KEY_USER_BYTES_MIN);
    if (steps->shape == TL_SHAPE_DECIMAL || steps->shape == TL_SHAPE_PADDED)
        steps->key_bytes = TL_KEY_DECIMAL_BYTES;
    return true;
}

/* Every setting with a dot is of a phase that exists, and of a key that may differ. */
static bool prefixes_known(const tl_options *settings, const tl_steps *steps)
{
    const char *names[TL_STEPS_MAX];
    for (size_t i = 0; i < steps->count; i++)
        names[i] = steps->steps[i].name;
    for (size_t s = 0; s < settings->spec->setting_count; s++) {
        const char *name = settings->spec->settings[s].name, *dot = strchr(name, '.');
        if (dot == NULL)
            continue;
        size_t chars = (size_t)(dot - name), i = 0;
        while (i < steps->count &&
               (strlen(names[i]) != chars || memcmp(names[i], name, chars) != 0))
            i++;
        if (i == steps->count) {
            const char *near = tl_options_nearest(name, chars, names, steps->count);
            return tl_options_refuse(settings, "%s: there is no phase '%.*s'%s%s%s; phases=%s",
                                     name, (int)chars, name, near == NULL ? "" : "; did you mean '",
                                     near == NULL ? "" : near, near == NULL ? "" : "'?",
                                     tl_options_text(settings, "phases"));
        }
        if (tl_phases_key_is_common(dot + 1))
            return tl_options_refuse(settings, "%s: %s is the same in all phases; write %s=%s",
                                     name, dot + 1, dot + 1, settings->spec->settings[s].value);
    }
    return true;
}

/* The settings that phase `name` sees: those of all, then its own. */
static size_t settings_of(const tl_workload_spec *spec, const char *name, tl_workload_setting *list)
{
    size_t count = 0, chars = strlen(name);
    for (size_t i = 0; i < spec->setting_count; i++)
        if (strchr(spec->settings[i].name, '.') == NULL)
            list[count++] = spec->settings[i];
    for (size_t i = 0; i < spec->setting_count; i++) {
        const tl_workload_setting *setting = &spec->settings[i];
        if (strncmp(setting->name, name, chars) == 0 && setting->name[chars] == '.')
            list[count++] = (tl_workload_setting){setting->name + chars + 1, setting->value};
    }
    return count;
}

static bool all_read(const tl_options *common, tl_workload_setting *list, tl_steps *steps)
{
    bool loaded = false;
    for (size_t i = 0; i < steps->count; i++) {
        tl_step *step = &steps->steps[i];
        tl_workload_spec own = *common->spec;
        char message[320] = "";
        own.settings = list;
        own.setting_count = settings_of(common->spec, step->name, list);
        const tl_options settings = {tl_step_keys, &own, message, sizeof message};
        if (!tl_options_known(&settings) || !step_read(&settings, step, loaded))
            return tl_options_refuse(common, "phase %s: %s", step->name, message);
        loaded = loaded || step->births > 0;
        for (size_t verb = 0; verb < TL_VERB_COUNT; verb++)
            steps->has[verb] = steps->has[verb] || step->mix.has[verb];
    }
    return true;
}

static bool totals_find(const tl_options *settings, tl_steps *steps)
{
    uint64_t births = 0, limit = settings->spec->value_bytes_max;
    steps->value_bytes_limit = limit == 0 || limit == SIZE_MAX ? UINT64_MAX : limit;
    for (size_t i = 0; i < steps->count; i++) {
        const tl_step *step = &steps->steps[i];
        births += step->births + step->strangers;
        if (births > TL_BIRTHS_MAX)
            return tl_options_refuse(settings, "more than %" PRIu64 " records; use fewer --ops",
                                     TL_BIRTHS_MAX);
        uint64_t largest = step->values.max;
        steps->values_cut = steps->values_cut || largest > steps->value_bytes_limit;
        if (largest > steps->value_bytes_limit)
            largest = steps->value_bytes_limit;
        if (largest > steps->value_bytes_max)
            steps->value_bytes_max = largest;
    }
    if (steps->value_bytes_max > (uint64_t)1 << 31)
        return tl_options_refuse(settings, "values of %" PRIu64 " bytes; 2^31 are the most",
                                 steps->value_bytes_max);
    bool scans = false;
    for (size_t i = 0; i < steps->count; i++) {
        const tl_mix *mix = &steps->steps[i].mix;
        scans = scans || (!steps->steps[i].scan_all &&
                          (mix->has[TL_VERB_SCAN] || mix->has[TL_VERB_SCAN_REVERSE]));
    }
    if (scans && steps->shape == TL_SHAPE_DECIMAL)
        return tl_options_refuse(settings, "key_shape=decimal: the order of digits is not that of "
                                           "numbers; scans want padded, or scan_len=all");
    return true;
}

bool tl_steps_read(const tl_workload_spec *spec, tl_steps *steps, char *error, size_t error_bytes)
{
    const tl_options settings = {tl_step_keys, spec, error, error_bytes};
    *steps = (tl_steps){0};
    tl_workload_setting *list = calloc(spec->setting_count + 1, sizeof *list);
    if (list == NULL)
        return tl_options_refuse(&settings, "out of memory");
    /* what all phases share must be known before a phase is */
    tl_workload_spec plain = *spec;
    plain.settings = list;
    plain.setting_count = settings_of(spec, "", list);
    const tl_options common = {tl_step_keys, &plain, error, error_bytes};
    bool sound = tl_options_known(&common) && names_read(&settings, steps) &&
                 prefixes_known(&settings, steps) && shape_read(&settings, steps) &&
                 all_read(&settings, list, steps) && totals_find(&settings, steps);
    free(list);
    return sound;
}
