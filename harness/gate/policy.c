/* harness/gate/policy.c -- see policy.h.  What is not understood is refused: a row that is not
 * run because its key was misspelt would be a gate that stands open. */
#include "harness/gate/policy.h"

#include "harness/compare/links.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    unsigned bit;
    const char *name;
} layers[] = {
    {TL_LAYER_COUNTERS,     "counters"    },
    {TL_LAYER_INSTRUCTIONS, "instructions"},
    {TL_LAYER_TIME,         "time"        },
};
enum { CONFIRM_MAX = 128, SLICES_MAX = 64, LAYOUTS_DEFAULT = 8 };
enum { LAYER_COUNT = sizeof layers / sizeof layers[0] };

const char *tl_layer_name(unsigned layer)
{
    for (size_t i = 0; i < LAYER_COUNT; i++)
        if (layers[i].bit == layer)
            return layers[i].name;
    return "";
}

unsigned tl_layer_find(const char *name)
{
    for (size_t i = 0; i < LAYER_COUNT; i++)
        if (strcmp(layers[i].name, name) == 0)
            return layers[i].bit;
    return 0;
}

typedef struct reader {
    const char *path;
    char *error;
    size_t error_bytes;
} reader;

static tl_status refuse(const reader *from, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static tl_status refuse(const reader *from, const char *format, ...)
{
    char text[TL_GATE_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(from->error, from->error_bytes, "%s: %s", from->path, text);
    return TL_INVALID;
}

/* Every member of `object` is one of `known`, a NULL-terminated list. */
static tl_status known_members(const reader *from, const tl_json *object, const char *where,
                               const char *const *known)
{
    for (size_t i = 0; i < tl_json_size(object); i++) {
        const char *name = tl_json_name(tl_json_at(object, i));
        bool found = false;
        for (const char *const *at = known; *at != NULL; at++)
            found = found || strcmp(*at, name) == 0;
        if (!found)
            return refuse(from, "%s has no member '%s'", where, name);
    }
    return TL_OK;
}

static bool is_name(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && *at != '_' && *at != '-')
            return false;
    return text[0] != '\0';
}

static tl_status read_words(const reader *from, const tl_json *list, tl_gate_row *row)
{
    static const char *const kept[] = {"--json", "--out", "--dir", "--repeat", "--quiet", "-q"};
    if (tl_json_size(list) == 0 || tl_json_size(list) >= TL_GATE_WORDS_MAX)
        return refuse(from, "row '%s' wants \"run\": the arguments of `treelab run`, at most %d",
                      row->name, TL_GATE_WORDS_MAX - 1);
    for (size_t i = 0; i < tl_json_size(list); i++) {
        const char *word = tl_json_text(tl_json_at(list, i), NULL);
        if (word == NULL)
            return refuse(from, "row '%s': \"run\" is a list of texts", row->name);
        for (size_t k = 0; k < sizeof kept / sizeof kept[0]; k++)
            if (strcmp(word, kept[k]) == 0)
                return refuse(from, "row '%s': %s is the gate's own to give", row->name, word);
        row->words[row->word_count++] = word;
    }
    row->words[row->word_count] = NULL;
    return TL_OK;
}

static tl_status read_layers(const reader *from, const tl_json *list, tl_gate_row *row)
{
    row->layers = list == NULL ? TL_LAYERS_ALL : 0;
    for (size_t i = 0; i < tl_json_size(list); i++) {
        const char *name = tl_json_text(tl_json_at(list, i), "");
        unsigned bit = tl_layer_find(name);
        if (bit == 0)
            return refuse(
                from, "row '%s': there is no layer '%s'; there are counters, instructions, time",
                row->name, name);
        row->layers |= bit;
    }
    return row->layers != 0 ? TL_OK : refuse(from, "row '%s' asks for no layer", row->name);
}

static tl_status read_phases(const reader *from, const tl_json *list, tl_gate_row *row)
{
    size_t count = tl_json_size(list);
    if (list != NULL && (count == 0 || count > TL_GATE_PHASES_MAX))
        return refuse(from, "row '%s': \"phases\" names 1 to %d phases", row->name,
                      TL_GATE_PHASES_MAX);
    for (size_t i = 0; i < count; i++) {
        row->phases[i] = tl_json_text(tl_json_at(list, i), NULL);
        if (row->phases[i] == NULL)
            return refuse(from, "row '%s': \"phases\" is a list of texts", row->name);
    }
    return TL_OK;
}

static tl_status read_row(const reader *from, const tl_json *object, tl_gate_policy *policy)
{
    static const char *const members[] = {"name", "run", "layers", "phases", "why", NULL};
    if (policy->row_count == TL_GATE_ROWS_MAX)
        return refuse(from, "more than %d rows", TL_GATE_ROWS_MAX);
    tl_gate_row *row = &policy->rows[policy->row_count];
    *row = (tl_gate_row){.name = tl_json_text(tl_json_get(object, "name"), "")};
    if (!is_name(row->name))
        return refuse(from, "row %zu wants a \"name\" of letters, digits, _ and -",
                      policy->row_count + 1);
    for (size_t i = 0; i < policy->row_count; i++)
        if (strcmp(policy->rows[i].name, row->name) == 0)
            return refuse(from, "two rows are called '%s'", row->name);
    policy->row_count++;
    tl_status status = known_members(from, object, row->name, members);
    if (status == TL_OK)
        status = read_words(from, tl_json_get(object, "run"), row);
    if (status == TL_OK)
        status = read_layers(from, tl_json_get(object, "layers"), row);
    if (status == TL_OK)
        status = read_phases(from, tl_json_get(object, "phases"), row);
    return status;
}

/* A number of `object` within bounds, or the fallback when it is not there. */
static tl_status read_number(const reader *from, const tl_json *object, const char *name,
                             double fallback, double least, double most, double *value)
{
    const tl_json *member = tl_json_get(object, name);
    *value = member == NULL ? fallback : tl_json_real(member, (double)NAN);
    return *value >= least && *value <= most
               ? TL_OK
               : refuse(from, "\"%s\" of \"time\" is a number from %g to %g", name, least, most);
}

static tl_status read_looks(const reader *from, const tl_json *object, tl_looks *looks)
{
    const tl_json *launches = tl_json_get(object, "looks"), *alphas = tl_json_get(object, "alphas");
    char text[TL_GATE_TEXT_MAX] = "";
    size_t length = 0, count = tl_json_size(launches);
    *looks = tl_looks_default();
    if (launches == NULL && alphas == NULL)
        return TL_OK;
    for (size_t i = 0; i < count && i < TL_LOOKS_MAX && tl_json_size(alphas) == count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%.0f:%.17g",
                                   i == 0 ? "" : ",", tl_json_real(tl_json_at(launches, i), 0),
                                   tl_json_real(tl_json_at(alphas, i), 0));
    if (count > TL_LOOKS_MAX || !tl_looks_parse(text, looks))
        return refuse(
            from, "\"looks\" and \"alphas\" of \"time\" are two lists of the same length: "
                  "numbers of launches that ascend, and levels that add up to less than a half");
    return TL_OK;
}

static tl_status read_time(const reader *from, const tl_json *object, tl_gate_timing *timing)
{
    static const char *const members[] = {"looks",    "alphas", "delta",   "exclude", "confirm",
                                          "budget_s", "slices", "layouts", NULL};
    double delta = 0, largest = 0, confirm = 0, slices = 0, layouts = 0;
    timing->margins = tl_margins_default();
    tl_status status = known_members(from, object, "\"time\"", members);
    if (status == TL_OK)
        status = read_looks(from, object, &timing->looks);
    if (status == TL_OK)
        status = read_number(from, object, "delta", 0.005, 0, 0.5, &delta);
    if (status == TL_OK)
        status = read_number(from, object, "exclude", 0.05, 0.001, 1, &largest);
    if (status == TL_OK)
        status = read_number(from, object, "confirm", 40, 0, CONFIRM_MAX, &confirm);
    if (status == TL_OK)
        status = read_number(from, object, "budget_s", 90, 0, 86400, &timing->budget_s);
    if (status == TL_OK)
        status = read_number(from, object, "slices", 20, 5, SLICES_MAX, &slices);
    if (status == TL_OK)
        status = read_number(from, object, "layouts", LAYOUTS_DEFAULT, 0, TL_LINKS_MAX, &layouts);
    if (status != TL_OK)
        return status;
    if (!(delta < largest))
        return refuse(from, "\"delta\" of \"time\" is to be below \"exclude\"");
    timing->margins.delta = tl_effect_log(100 * delta);
    timing->margins.largest = tl_effect_log(100 * largest);
    timing->confirm_launches = (unsigned)confirm;
    timing->slices = (unsigned)slices;
    timing->layouts = (unsigned)layouts;
    return TL_OK;
}

static tl_status read_root(const reader *from, tl_gate_policy *policy)
{
    static const char *const members[] = {
        "schema", "rows", "instructions", "time", "inconclusive_fails", NULL};
    static const char *const of_instructions[] = {"tolerance", NULL};
    const tl_json *root = policy->root;
    if (strcmp(tl_json_text(tl_json_get(root, "schema"), ""), TL_GATE_SCHEMA) != 0)
        return refuse(from, "\"schema\" is to be \"" TL_GATE_SCHEMA "\"");
    tl_status status = known_members(from, root, "a policy", members);
    if (status != TL_OK)
        return status;
    const tl_json *instructions = tl_json_get(root, "instructions");
    status = known_members(from, instructions, "\"instructions\"", of_instructions);
    if (status != TL_OK)
        return status;
    policy->instruction_tolerance = tl_json_real(tl_json_get(instructions, "tolerance"), 0.001);
    if (!(policy->instruction_tolerance >= 0 && policy->instruction_tolerance < 1))
        return refuse(from, "\"tolerance\" is a share, 0.001 for a tenth of a percent");
    status = read_time(from, tl_json_get(root, "time"), &policy->timing);
    if (status != TL_OK)
        return status;
    policy->inconclusive_fails = tl_json_is_true(tl_json_get(root, "inconclusive_fails"));
    const tl_json *rows = tl_json_get(root, "rows");
    for (size_t i = 0; i < tl_json_size(rows) && status == TL_OK; i++)
        status = read_row(from, tl_json_at(rows, i), policy);
    if (status == TL_OK && policy->row_count == 0)
        return refuse(from, "no \"rows\": it would let everything pass");
    return status;
}

tl_status tl_gate_policy_read(const char *path, tl_gate_policy *policy, char *error,
                              size_t error_bytes)
{
    reader from = {path, error, error_bytes};
    *policy = (tl_gate_policy){0};
    tl_status status = tl_json_read(path, &policy->root);
    if (status == TL_INVALID)
        return refuse(&from, "not JSON");
    if (status != TL_OK) {
        snprintf(error, error_bytes, "cannot read '%s': %s", path, strerror(errno));
        return status;
    }
    status = read_root(&from, policy);
    if (status != TL_OK)
        tl_gate_policy_release(policy);
    return status;
}

bool tl_gate_timing_set(tl_gate_timing *timing, double exclude_percent, double budget_s)
{
    double largest = tl_effect_log(exclude_percent);
    if (exclude_percent > 0 && !(largest > timing->margins.delta))
        return false;
    if (exclude_percent > 0)
        timing->margins.largest = largest;
    if (budget_s > 0)
        timing->budget_s = budget_s;
    return true;
}

void tl_gate_policy_release(tl_gate_policy *policy)
{
    tl_json_free(policy->root);
    *policy = (tl_gate_policy){0};
}
