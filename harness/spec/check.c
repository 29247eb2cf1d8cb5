/* harness/spec/check.c -- every key of a spec against what the run knows; all troubles are told. */
#include "harness/spec/spec.h"

#include "harness/cli/cli.h"

#include <string.h>

enum { NAMES_MAX = 512 };

typedef struct names { /* candidates for "did you mean" */
    const char *all[NAMES_MAX];
    size_t count;
} names;

static void add_name(names *known, const char *name)
{
    if (known->count < NAMES_MAX)
        known->all[known->count++] = name;
}

static void add_table(names *known, const tl_workload_option *row)
{
    for (; row != NULL && row->name != NULL; row++)
        add_name(known, strncmp(row->name, "*.", 2) == 0 ? row->name + 2 : row->name);
}

static void unknown(tl_spec *spec, const tl_spec_entry *entry, const char *what, const char *word,
                    const names *known, const char *next)
{
    const char *nearest = tl_nearest(word, known->all, known->count);
    if (nearest != NULL)
        tl_spec_trouble_at(spec, entry, "unknown %s '%.60s'; did you mean '%s'?", what, word,
                           nearest);
    else
        tl_spec_trouble_at(spec, entry, "unknown %s '%.60s'; %s", what, word, next);
}

static bool check_value(tl_spec *spec, const tl_spec_entry *entry, const tl_workload_option *row)
{
    char error[TL_SPEC_TEXT_MAX] = "";
    if (row == NULL)
        return false;
    if (!tl_spec_value(row, entry->value, error, sizeof error))
        tl_spec_trouble_at(spec, entry, "%s", error);
    return true;
}

/* "tree.leaf" in [global]: the driver is known; its setting is the driver's to judge. */
static void check_driver_key(tl_spec *spec, const tl_spec_words *words, const tl_spec_entry *entry)
{
    names known = {.count = 0};
    const char *dot = strchr(entry->key, '.');
    size_t length = (size_t)(dot - entry->key);
    char prefix[TL_SPEC_TEXT_MAX];
    snprintf(prefix, sizeof prefix, "%.*s", (int)length, entry->key);
    add_name(&known, "driver");
    for (size_t i = 0; i < words->driver_count; i++)
        add_name(&known, words->drivers[i]);
    for (size_t i = 0; i < known.count; i++)
        if (strcmp(known.all[i], prefix) == 0)
            return;
    if (tl_spec_kind_of(prefix) != TL_SPEC_UNKNOWN)
        tl_spec_trouble_at(spec, entry, "'%.60s' belongs into a section [%.60s], as '%.60s'",
                           entry->key, prefix, dot + 1);
    else
        unknown(spec, entry, "driver of this run", prefix, &known,
                "before the dot stands a driver, or 'driver' for all of them");
}

static void check_global(tl_spec *spec, const tl_spec_words *words, const tl_spec_entry *entry)
{
    names known = {.count = 0};
    if (check_value(spec, entry, tl_spec_row(tl_spec_globals, entry->key)))
        return;
    if (strchr(entry->key, '.') != NULL) {
        check_driver_key(spec, words, entry);
        return;
    }
    bool found = false;
    for (size_t i = 0; i < words->workload_count; i++) /* of each that knows it: ranges differ */
        found =
            check_value(spec, entry, tl_spec_setting_row(words->workloads[i], entry->key)) || found;
    if (found)
        return;
    add_table(&known, tl_spec_globals);
    for (size_t i = 0; i < words->workload_count; i++)
        add_table(&known, words->workloads[i]->options);
    unknown(spec, entry, "key", entry->key, &known,
            "`treelab list workloads` shows those of workloads");
}

/* The one of the workloads that sections are for; NULL: none. */
static const tl_workload *with_phases(const tl_spec_words *words)
{
    for (size_t i = 0; i < words->workload_count; i++)
        if (tl_spec_has_phases(words->workloads[i]))
            return words->workloads[i];
    return NULL;
}

static void check_section_key(tl_spec *spec, const tl_workload *workload,
                              const tl_spec_entry *entry)
{
    char name[TL_SPEC_TEXT_MAX];
    names known = {.count = 0};
    snprintf(name, sizeof name, "%.60s.%.200s", entry->section, entry->key);
    if (check_value(spec, entry, tl_spec_setting_row(workload, name)))
        return;
    add_table(&known, workload->options);
    unknown(spec, entry, "key", entry->key, &known,
            "`treelab list workloads` shows those of phases");
}

static void check_section(tl_spec *spec, const tl_workload *workload,
                          const tl_spec_section *section)
{
    size_t count = 0;
    if (tl_spec_kind_of(section->name) != TL_SPEC_UNKNOWN) {
        if (workload == NULL)
            tl_spec_trouble(spec, section->line,
                            "[%.60s]: no workload of this run has phases to write sections about; "
                            "workload = phases has",
                            section->name);
        return;
    }
    const char *const *kinds = tl_spec_kinds(&count);
    const char *nearest = tl_nearest(section->name, kinds, count);
    if (nearest == NULL && tl_nearest(section->name, (const char *const[]){"global"}, 1) != NULL)
        nearest = "global";
    if (nearest != NULL)
        tl_spec_trouble(spec, section->line, "unknown section [%.60s]; did you mean [%s]?",
                        section->name, nearest);
    else
        tl_spec_trouble(spec, section->line,
                        "unknown section [%.60s]; there are global, load, warm, run, delete, "
                        "churn, crash and verify, or run_2 for a second one",
                        section->name);
}

bool tl_spec_check(tl_spec *spec, const tl_spec_words *words)
{
    size_t troubles = spec->trouble_count;
    const tl_workload *workload = with_phases(words);
    for (size_t i = 0; i < spec->section_count; i++)
        check_section(spec, workload, &spec->sections[i]);
    for (size_t i = 0; i < spec->entry_count; i++) {
        const tl_spec_entry *entry = &spec->entries[i];
        if (entry->section[0] == '\0')
            check_global(spec, words, entry);
        else if (workload != NULL && tl_spec_kind_of(entry->section) != TL_SPEC_UNKNOWN)
            check_section_key(spec, workload, entry);
    }
    return spec->trouble_count == troubles;
}
