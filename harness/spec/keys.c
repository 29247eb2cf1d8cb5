/* harness/spec/keys.c -- the keys that every run has, the kinds of sections, and what values fit.
 *
 * Rows are those of a workload's option table, so that one reader of numbers and words, that of
 * workloads/options.h, says what fits.  Types that are none of its own:
 *
 *     text names path   taken as they are
 *     seed seconds      read by workloads/number.h
 *     rate steady       read by harness/run/arrivals.h and steady.h
 */
#include "harness/spec/spec.h"

#include "harness/cli/cli.h"
#include "workloads/number.h"
#include "workloads/options.h"

#include <ctype.h>
#include <string.h>

/* clang-format off */
const tl_workload_option tl_spec_globals[] = {
    {"name",       "text",    "",       "",                  "what the run is called"},
    {"summary",    "text",    "",       "",                  "what it asks, in one line"},
    {"driver",     "names",   "tree",   "",                  "stores to measure, each with settings behind colons"},
    {"workload",   "names",   "",       "",                  "what to ask of them; phases when there are sections, else random"},
    {"plugin",     "path",    "",       "",                  "a workload to load, FILE.so"},
    {"ops",        "count",   "100000", "1..1099511627776",  "scale of each workload"},
    {"seed",       "seed",    "42",     "",                  "equal seeds give equal operations"},
    {"durability", "word",    "none",   "none|async|commit", "what survives when a commit has returned"},
    {"page_bytes", "bytes",   "0",      "0..1m",             "wanted of stores with pages; 0: each one's own"},
    {"repeat",     "count",   "3",      "1..1000",           "times that everything runs, drivers interleaved"},
    {"batch",      "count",   "",       "0..1099511627776",  "operations per write transaction; 0: a phase in one"},
    {"baseline",   "text",    "lmdb",   "",                  "driver that ratios are taken to"},
    {"pin_reader", "word",    "no",     "no|yes",            "a read transaction stays open while measured phases run"},
    {"compact",    "word",    "no",     "no|yes",            "give space back before a store is closed"},
    {"shapes",     "count",   "0",      "0..64",             "samples of the tree within each phase that writes"},
    {"rate",       "rate",    "closed", "",                  "open loop: constant:20000 or poisson:20000 operations a second"},
    {"duration",   "seconds", "0s",     "",                  "end measured phases after so long: those that only read, and the last"},
    {"warmup",     "seconds", "0s",     "",                  "let measured phases run so long before they are measured"},
    {"until",      "steady",  "",       "",                  "end them when throughput has settled: steady(slope<1%/5s, windows=2)"},
    {"interval",   "seconds", "1s",     "",                  "of series.csv and latency.hlog, 1ms to 1h; 0s: neither is written"},
    {"timeout",    "seconds", "",       "",                  "end the run after this time, keeping finished cells"},
    {"dir",        "path",    "",       "",                  "where stores live while they run"},
    {NULL,         NULL,      NULL,     NULL,                NULL},
};
/* clang-format on */

const tl_workload_option *tl_spec_row(const tl_workload_option *table, const char *key)
{
    for (; table != NULL && table->name != NULL; table++)
        if (strcmp(table->name, key) == 0)
            return table;
    return NULL;
}

static const struct {
    const char *name;
    tl_spec_kind kind;
} kinds[] = {
    {"load",   TL_SPEC_PHASE },
    {"warm",   TL_SPEC_PHASE },
    {"run",    TL_SPEC_PHASE },
    {"delete", TL_SPEC_PHASE },
    {"churn",  TL_SPEC_PHASE },
    {"crash",  TL_SPEC_CRASH },
    {"verify", TL_SPEC_VERIFY},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

tl_spec_kind tl_spec_kind_of(const char *section)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t length = strlen(kinds[i].name);
        if (strncmp(section, kinds[i].name, length) != 0)
            continue;
        const char *rest = section + length;
        if (*rest == '\0' || *rest == '_' || isdigit((unsigned char)*rest))
            return kinds[i].kind;
    }
    return TL_SPEC_UNKNOWN;
}

const char *const *tl_spec_kinds(size_t *count)
{
    static const char *names[KIND_COUNT];
    for (size_t i = 0; i < KIND_COUNT; i++)
        names[i] = kinds[i].name;
    *count = KIND_COUNT;
    return names;
}

bool tl_spec_has_phases(const tl_workload *workload)
{
    if (strcmp(workload->name, "phases") == 0)
        return true;
    const tl_workload_option *option = workload->options;
    for (; option != NULL && option->name != NULL; option++)
        if (strncmp(option->name, "*.", 2) == 0)
            return true;
    return false;
}

const tl_workload_option *tl_spec_setting_row(const tl_workload *workload, const char *name)
{
    const char *dot = strchr(name, '.'), *key = dot == NULL ? name : dot + 1;
    if (dot != NULL && !tl_spec_has_phases(workload))
        return NULL;
    const tl_workload_option *plain = tl_spec_row(workload->options, key);
    const tl_workload_option *option = workload->options;
    if (dot == NULL && plain != NULL)
        return plain;
    for (; option != NULL && option->name != NULL; option++)
        if (strncmp(option->name, "*.", 2) == 0 && strcmp(option->name + 2, key) == 0)
            return option;
    return plain;
}

static bool is_number(const char *type)
{
    return strcmp(type, "count") == 0 || strcmp(type, "bytes") == 0 || strcmp(type, "percent") == 0;
}

bool tl_spec_value(const tl_workload_option *row, const char *value, char *error,
                   size_t error_bytes)
{
    enum { WORDS_MAX = 64 };
    uint64_t number;
    size_t index, indexes[WORDS_MAX];
    /* A table of this row alone, its name without the mark of phases' keys. */
    tl_workload_option table[2] = {
        *row, {NULL, NULL, NULL, NULL, NULL}
    };
    if (strncmp(row->name, "*.", 2) == 0)
        table[0].name = row->name + 2;
    if (row->fallback[0] == '\0')
        table[0].fallback = "1000"; /* an example, for messages */
    const char *name = table[0].name;
    const tl_workload_setting given = {name, value};
    const tl_workload_spec spec = {
        .ops = 1, .value_bytes_max = SIZE_MAX, .settings = &given, .setting_count = 1};
    const tl_options options = {table, &spec, error, error_bytes};
    if (is_number(row->type))
        return tl_options_number(&options, name, &number);
    if (strcmp(row->type, "word") == 0)
        return tl_options_word(&options, name, &index);
    if (strcmp(row->type, "list") == 0)
        return tl_options_list(&options, name, indexes, WORDS_MAX, &index);
    bool is_seed = strcmp(row->type, "seed") == 0;
    if (!is_seed && strcmp(row->type, "seconds") != 0)
        return true;
    tl_number_form form = is_seed ? TL_NUMBER_SIZE : TL_NUMBER_TIME;
    const char *wrong = tl_number_parse(value, form, &number);
    if (wrong != NULL)
        snprintf(error, error_bytes, "%s=%.100s %s; write for example %s", name, value, wrong,
                 is_seed ? "42 or 0x2a" : tl_number_examples(form));
    return wrong == NULL;
}

bool tl_spec_number(const tl_workload_option *row, const char *value, uint64_t *number)
{
    return row != NULL && is_number(row->type) && tl_parse_size(value, 0, UINT64_MAX, number);
}
