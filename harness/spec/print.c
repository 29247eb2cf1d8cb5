/* harness/spec/print.c -- a spec as INI and as JSON, each able to be run again.
 *
 * [global] begins with the keys of every run in the table's order, then settings of drivers and
 * workloads as they came.  What a workload or a phase falls back to is a remark: written out it
 * would hold for all phases, which have defaults of their own.
 */
#include "harness/spec/spec.h"

#include <string.h>

static void origin_text(const tl_spec *spec, const tl_spec_entry *entry, char *text,
                        size_t text_bytes)
{
    if (entry == NULL || entry->origin == TL_SPEC_DEFAULT)
        snprintf(text, text_bytes, "default");
    else if (entry->origin == TL_SPEC_FILE)
        snprintf(text, text_bytes, "%.300s:%u", spec->file, entry->line);
    else if (entry->line != 0)
        snprintf(text, text_bytes, "command line, over %.300s:%u", spec->file, entry->line);
    else
        snprintf(text, text_bytes, "command line");
}

static void print_key(FILE *out, const char *key, const char *value, const char *origin)
{
    enum { KEY_WIDTH = 16, VALUE_WIDTH = 24 };
    if (value[0] == '\0')
        fprintf(out, "; %-*s =%*s ; %s: the run's own choice\n", KEY_WIDTH - 2, key, VALUE_WIDTH,
                "", origin);
    else
        fprintf(out, "%-*s = %-*s ; %s\n", KEY_WIDTH, key, VALUE_WIDTH - 1, value, origin);
}

static void print_entry(const tl_spec *spec, const tl_spec_entry *entry, FILE *out)
{
    char origin[TL_SPEC_TEXT_MAX];
    origin_text(spec, entry, origin, sizeof origin);
    print_key(out, entry->key, entry->value, origin);
}

/* "run.keys" */
static void name_text(const tl_spec_entry *entry, char *text, size_t text_bytes)
{
    snprintf(text, text_bytes, "%.200s%s%.200s", entry->section,
             entry->section[0] == '\0' ? "" : ".", entry->key);
}

/* Remarks, for the workload's name alone says as much. */
static void print_base(const tl_spec *spec, const tl_spec *base, FILE *out)
{
    for (size_t i = 0; i < base->entry_count; i++) {
        const tl_spec_entry *entry = &base->entries[i];
        char name[TL_SPEC_TEXT_MAX];
        name_text(entry, name, sizeof name);
        bool over = tl_spec_find(spec, entry->section, entry->key) != NULL;
        fprintf(out, "; %s: %s = %s ; catalogue, line %u%s\n", base->file, name, entry->value,
                entry->line, over ? ", not taken: it is set here" : "");
    }
}

static void print_fallbacks(const tl_spec *spec, const tl_workload *workload, const tl_spec *base,
                            FILE *out)
{
    const tl_workload_option *row = workload->options;
    for (; row != NULL && row->name != NULL; row++)
        if (tl_spec_find(spec, "", row->name) == NULL &&
            (base == NULL || tl_spec_find(base, "", row->name) == NULL))
            fprintf(out, "; %s: %s = %s ; default\n", workload->name, row->name, row->fallback);
}

void tl_spec_print(const tl_spec *spec, const tl_spec_words *words, FILE *out)
{
    fprintf(out, "[global]\n");
    for (const tl_workload_option *row = tl_spec_globals; row->name != NULL; row++) {
        const tl_spec_entry *entry = tl_spec_find(spec, "", row->name);
        if (entry != NULL)
            print_entry(spec, entry, out);
        else
            print_key(out, row->name, row->fallback, "default");
    }
    for (size_t i = 0; i < spec->entry_count; i++)
        if (spec->entries[i].section[0] == '\0' &&
            tl_spec_row(tl_spec_globals, spec->entries[i].key) == NULL)
            print_entry(spec, &spec->entries[i], out);
    for (size_t i = 0; i < words->workload_count; i++)
        if (words->bases[i] != NULL)
            print_base(spec, words->bases[i], out);
    for (size_t i = 0; i < words->workload_count; i++)
        print_fallbacks(spec, words->workloads[i], words->bases[i], out);
    for (size_t s = 0; s < spec->section_count; s++) {
        fprintf(out, "\n[%s]\n", spec->sections[s].name);
        for (size_t i = 0; i < spec->entry_count; i++)
            if (strcmp(spec->entries[i].section, spec->sections[s].name) == 0)
                print_entry(spec, &spec->entries[i], out);
    }
}

/* Numbers as numbers, where the row says so and JSON keeps all digits. */
static void add_value(tl_json *object, const tl_workload_option *row, const char *key,
                      const char *value)
{
    uint64_t number;
    if (tl_spec_number(row, value, &number) && number < (UINT64_C(1) << 53))
        tl_json_add_count(object, key, number);
    else
        tl_json_add_text(object, key, value);
}

static void add_origin(tl_json *origins, const tl_spec *spec, const tl_spec_entry *entry)
{
    char name[TL_SPEC_TEXT_MAX], origin[TL_SPEC_TEXT_MAX];
    origin_text(spec, entry, origin, sizeof origin);
    snprintf(name, sizeof name, "%.200s.%.200s",
             entry->section[0] == '\0' ? "global" : entry->section, entry->key);
    tl_json_add_text(origins, name, origin);
}

/* "ycsb_a: run.keys": "scrambled_zipf:0.99, catalogue, line 8" */
static void add_base(tl_json *origins, const tl_spec *spec, const tl_spec *base)
{
    for (size_t i = 0; i < base->entry_count; i++) {
        const tl_spec_entry *entry = &base->entries[i];
        char name[TL_SPEC_TEXT_MAX], key[2 * TL_SPEC_TEXT_MAX], origin[2 * TL_SPEC_TEXT_MAX];
        if (tl_spec_find(spec, entry->section, entry->key) != NULL)
            continue;
        name_text(entry, name, sizeof name);
        snprintf(key, sizeof key, "%.200s: %s", base->file, name);
        snprintf(origin, sizeof origin, "%s, catalogue, line %u", entry->value, entry->line);
        tl_json_add_text(origins, key, origin);
    }
}

static const tl_workload_option *row_of(const tl_spec_words *words, const char *name)
{
    for (size_t i = 0; i < words->workload_count; i++) {
        const tl_workload_option *row = tl_spec_setting_row(words->workloads[i], name);
        if (row != NULL)
            return row;
    }
    return NULL;
}

tl_json *tl_spec_json(const tl_spec *spec, const tl_spec_words *words)
{
    tl_json *root = tl_json_object_new(), *origins = tl_json_object_new();
    tl_json *global = tl_json_add_object(root, "global");
    for (const tl_workload_option *row = tl_spec_globals; row->name != NULL; row++)
        if (tl_spec_find(spec, "", row->name) == NULL && row->fallback[0] != '\0') {
            add_value(global, row, row->name, row->fallback);
            char name[TL_SPEC_TEXT_MAX];
            snprintf(name, sizeof name, "global.%s", row->name);
            tl_json_add_text(origins, name, "default");
        }
    for (size_t i = 0; i < spec->entry_count; i++) {
        const tl_spec_entry *entry = &spec->entries[i];
        const tl_workload_option *row = tl_spec_row(tl_spec_globals, entry->key);
        if (entry->section[0] != '\0' || entry->value[0] == '\0')
            continue;
        add_value(global, row != NULL ? row : row_of(words, entry->key), entry->key, entry->value);
        add_origin(origins, spec, entry);
    }
    tl_json *phases = tl_json_add_array(root, "phases");
    for (size_t s = 0; s < spec->section_count; s++) {
        tl_json *phase = tl_json_add_object(phases, NULL);
        tl_json_add_text(phase, "phase", spec->sections[s].name);
        for (size_t i = 0; i < spec->entry_count; i++) {
            const tl_spec_entry *entry = &spec->entries[i];
            char name[TL_SPEC_TEXT_MAX];
            if (strcmp(entry->section, spec->sections[s].name) != 0)
                continue;
            snprintf(name, sizeof name, "%.200s.%.200s", entry->section, entry->key);
            add_value(phase, row_of(words, name), entry->key, entry->value);
            add_origin(origins, spec, entry);
        }
    }
    for (size_t i = 0; i < words->workload_count; i++)
        if (words->bases[i] != NULL)
            add_base(origins, spec, words->bases[i]);
    tl_json_attach(root, "origins", origins);
    return root;
}
