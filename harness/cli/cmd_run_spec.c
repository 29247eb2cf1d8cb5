/* harness/cli/cmd_run_spec.c -- the spec of a run: file and command line in one list, judged, and
 * turned into what the run works with.
 *
 *     command line -> entries      (cmd_run_options.c)
 *     file         -> entries      where the command line says nothing
 *     entries      -> drivers, workloads, sections -> words -> every key judged
 *                  -> request, settings
 *
 * All troubles of a file are told before the process ends.
 */
#include "harness/cli/cmd_run.h"

#include "harness/run/truth.h"
#include "workloads/catalogue.h"

#include <stdlib.h>
#include <string.h>

static void out_of_memory(struct argp_state *state)
{
    argp_failure(state, TL_EXIT_ENVIRONMENT, 0, "out of memory");
}

static bool is_driver(const char *name, size_t bytes)
{
    static const char every[] = "driver";
    if (bytes == sizeof every - 1 && memcmp(name, every, bytes) == 0)
        return true;
    for (size_t i = 0; i < tl_driver_count(); i++)
        if (strlen(tl_driver_at(i)->name) == bytes &&
            memcmp(tl_driver_at(i)->name, name, bytes) == 0)
            return true;
    return false;
}

void tl_run_spec_set(tl_run_options *asked, struct argp_state *state, const char *key,
                     const char *value)
{
    char section[TL_SPEC_TEXT_MAX] = "";
    const char *dot = strchr(key, '.');
    if (dot != NULL && !is_driver(key, (size_t)(dot - key))) {
        snprintf(section, sizeof section, "%.*s", (int)(dot - key), key);
        if (tl_spec_kind_of(section) == TL_SPEC_UNKNOWN)
            section[0] = '\0'; /* of a driver, or of nothing: told when it is judged */
        else
            key = dot + 1;
    }
    if (tl_spec_put(&asked->spec, section, key, value, TL_SPEC_COMMAND, 0, NULL) != TL_OK)
        out_of_memory(state);
}

/* Reading and judging. */

/* False: there is no file to judge; told. */
static bool read_file(tl_run_options *asked, struct argp_state *state)
{
    if (asked->spec_path == NULL)
        return true;
    tl_status status = tl_spec_read(&asked->spec, asked->spec_path);
    if (status == TL_NO_MEMORY)
        out_of_memory(state);
    if (status == TL_OK || status == TL_INVALID) /* what is wrong in it is not all that is */
        return true;
    asked->file_status = status;
    return false;
}

/* The key's value, or its default noted as such. */
static const char *value_of(tl_run_options *asked, struct argp_state *state, const char *key,
                            const char *fallback)
{
    if (tl_spec_find(&asked->spec, "", key) == NULL &&
        tl_spec_put(&asked->spec, "", key, fallback, TL_SPEC_DEFAULT, 0, NULL) != TL_OK)
        out_of_memory(state);
    return tl_spec_get(&asked->spec, "", key, fallback);
}

/* What was plugged in; else "phases" for sections, else "random". */
static const char *default_workload(const tl_run_options *asked)
{
    static char names[4 * TL_SPEC_TEXT_MAX];
    const tl_choice *choice = &asked->choice;
    if (choice->plugin_count == 0)
        return asked->spec.section_count > 0 ? "phases" : "random";
    names[0] = '\0';
    for (size_t i = 0; i < choice->plugin_count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : ",",
                 choice->plugins[i]->name);
    }
    return names;
}

/* Each name of a list against a registry; troubles carry the line of the file. */
static void check_names(tl_run_options *asked, const char *key, const char *what,
                        const char *const *names, size_t name_count)
{
    const tl_spec_entry *entry = tl_spec_find(&asked->spec, "", key);
    for (const char *at = entry->value; at != NULL;) {
        char word[TL_SPEC_TEXT_MAX];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(at, ",:"), at);
        bool known = false;
        for (size_t i = 0; i < name_count && !known; i++)
            known = strcmp(names[i], word) == 0;
        const char *nearest = known ? NULL : tl_nearest(word, names, name_count);
        if (nearest != NULL)
            tl_spec_trouble_at(&asked->spec, entry, "unknown %s '%s'; did you mean '%s'?", what,
                               word, nearest);
        else if (!known)
            tl_spec_trouble_at(&asked->spec, entry,
                               "unknown %s '%s'; `treelab list %ss` shows "
                               "them all",
                               what, word, what);
        at = strchr(at, ',');
        at = at == NULL ? NULL : at + 1;
    }
}

static void check_drivers(tl_run_options *asked)
{
    const char *names[2 * TL_CHOICE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < tl_driver_count() && count < TL_CHOICE_MAX; i++)
        names[count++] = tl_driver_at(i)->name;
    const tl_driver_missing *missing; /* known, though not here: what to install is told later */
    for (size_t i = 0; (missing = tl_driver_missing_at(i)) != NULL && count < 2 * TL_CHOICE_MAX;
         i++)
        names[count++] = missing->name;
    check_names(asked, "driver", "driver", names, count);
}

static void check_workloads(tl_run_options *asked)
{
    const char *names[4 * TL_CHOICE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < tl_workload_count() && count < 2 * TL_CHOICE_MAX; i++)
        names[count++] = tl_workload_at(i)->name;
    for (size_t i = 0; i < tl_catalogue_count() && count < 4 * TL_CHOICE_MAX; i++)
        names[count++] = tl_catalogue_at(i)->name;
    check_names(asked, "workload", "workload", names, count);
}

static void gather_words(tl_run_options *asked)
{
    tl_spec_words *words = &asked->words;
    const char *drivers = tl_spec_get(&asked->spec, "", "driver", "");
    const char *workloads = tl_spec_get(&asked->spec, "", "workload", "");
    for (const char *at = drivers; at != NULL && words->driver_count < TL_SPEC_WORDS_MAX;) {
        for (size_t i = 0; i < tl_driver_count(); i++)
            if (strlen(tl_driver_at(i)->name) == strcspn(at, ",:") &&
                strncmp(tl_driver_at(i)->name, at, strcspn(at, ",:")) == 0)
                words->drivers[words->driver_count++] = tl_driver_at(i)->name;
        at = strchr(at, ',');
        at = at == NULL ? NULL : at + 1;
    }
    for (const char *at = workloads; at != NULL && words->workload_count < TL_SPEC_WORDS_MAX;) {
        char word[TL_SPEC_TEXT_MAX];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(at, ","), at);
        const tl_workload *workload = tl_workload_find(word);
        if (workload == NULL && tl_catalogue_find(word) != NULL)
            workload = tl_workload_find("phases");
        if (workload != NULL)
            words->workloads[words->workload_count++] = workload;
        at = strchr(at, ',');
        at = at == NULL ? NULL : at + 1;
    }
}

/* A crash in the middle of a run is another command's work. */
static void refuse_crashes(tl_run_options *asked)
{
    for (size_t i = 0; i < asked->spec.section_count; i++)
        if (tl_spec_kind_of(asked->spec.sections[i].name) == TL_SPEC_CRASH)
            tl_spec_trouble(&asked->spec, asked->spec.sections[i].line,
                            "[%.60s]: `treelab run` crashes nothing; take the section out, and "
                            "crash what it writes with `treelab crash SPEC`",
                            asked->spec.sections[i].name);
}

static void refuse_pace(tl_run_options *asked, const tl_spec_entry *entry)
{
    tl_rate rate;
    tl_steady_rule rule;
    tl_limits own;
    if (strcmp(entry->key, "rate") == 0 && !tl_rate_parse(entry->value, &rate))
        tl_spec_trouble(&asked->spec, entry->line,
                        "rate takes constant:N or poisson:N with N operations a second, 1 to 1e9, "
                        "or closed, not '%.60s'",
                        entry->value);
    if (strcmp(entry->key, "until") == 0 && entry->section[0] != '\0') {
        if (!tl_limits_parse(entry->value, &own))
            tl_spec_trouble(&asked->spec, entry->line,
                            "[%.60s] until takes a time of 1ms to 1h, 'steady(slope<1%%/5s, "
                            "windows=2)' or 'stream', not '%.60s'",
                            entry->section, entry->value);
    } else if (strcmp(entry->key, "until") == 0 && !tl_steady_parse(entry->value, &rule))
        tl_spec_trouble(&asked->spec, entry->line,
                        "until takes 'steady(slope<1%%/5s, windows=2)' with 2 to 8 windows of 10ms "
                        "to 1h, not '%.60s'",
                        entry->value);
}

/* How fast and how long: a rate, a rule, and times from 1 ms to an hour. */
static void refuse_paces(tl_run_options *asked)
{
    static const char *const times[] = {"duration", "warmup", "interval"};
    for (size_t i = 0; i < asked->spec.entry_count; i++)
        refuse_pace(asked, &asked->spec.entries[i]);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const tl_spec_entry *entry = tl_spec_find(&asked->spec, "", times[i]);
        double seconds = 0;
        if (entry == NULL || !tl_parse_seconds(entry->value, &seconds) || seconds == 0)
            continue;
        if (seconds * 1e9 < (double)TL_SERIES_INTERVAL_NS_MIN ||
            seconds * 1e9 > (double)TL_SERIES_INTERVAL_NS_MAX)
            tl_spec_trouble(&asked->spec, entry->line, "%s takes 1ms to 1h or 0s, not '%.60s'",
                            times[i], entry->value);
    }
}

/* From texts that were judged to a request. */

static uint64_t ns_of(tl_run_options *asked, struct argp_state *state, const char *key)
{
    double seconds = 0;
    const char *fallback = tl_spec_row(tl_spec_globals, key)->fallback;
    const char *text = value_of(asked, state, key, fallback);
    return tl_parse_seconds(text, &seconds) ? (uint64_t)(seconds * 1e9 + 0.5) : 0;
}

static uint64_t number_of(tl_run_options *asked, struct argp_state *state, const char *key)
{
    uint64_t number = 0;
    const char *fallback = tl_spec_row(tl_spec_globals, key)->fallback;
    const char *text = value_of(asked, state, key, fallback);
    return tl_parse_size(text, 0, UINT64_MAX, &number) ? number : 0;
}

static bool flag_of(tl_run_options *asked, struct argp_state *state, const char *key)
{
    return strcmp(value_of(asked, state, key, "no"), "yes") == 0;
}

/* In a file "batch" is for all phases that have none of their own, where the workload knows it; on
 * the command line it is for every phase that writes. */
static bool batch_is_of_phases(const tl_run_options *asked)
{
    const tl_spec_entry *entry = tl_spec_find(&asked->spec, "", "batch");
    if (entry == NULL || entry->origin != TL_SPEC_FILE)
        return false;
    for (size_t i = 0; i < asked->words.workload_count; i++)
        if (tl_spec_has_phases(asked->words.workloads[i]) &&
            tl_spec_setting_row(asked->words.workloads[i], "batch") != NULL)
            return true;
    return false;
}

static void fill_request(tl_run_options *asked, struct argp_state *state)
{
    tl_run_request *request = &asked->request;
    const char *durability = value_of(asked, state, "durability", "none");
    request->ops = number_of(asked, state, "ops");
    request->seed = number_of(asked, state, "seed");
    for (int i = 0; i < 3; i++)
        if (strcmp(durability, tl_run_durability_name((tl_durability)i)) == 0)
            request->durability = (tl_durability)i;
    request->page_bytes = (uint32_t)number_of(asked, state, "page_bytes");
    request->repeat = number_of(asked, state, "repeat");
    request->batch_given =
        tl_spec_find(&asked->spec, "", "batch") != NULL && !batch_is_of_phases(asked);
    if (request->batch_given)
        request->batch = number_of(asked, state, "batch");
    request->pin_reader = flag_of(asked, state, "pin_reader");
    request->compact = flag_of(asked, state, "compact");
    request->shapes = (size_t)number_of(asked, state, "shapes");
    request->duration_ns = ns_of(asked, state, "duration");
    request->warmup_ns = ns_of(asked, state, "warmup");
    request->interval_ns = ns_of(asked, state, "interval");
    tl_rate_parse(value_of(asked, state, "rate", "closed"), &request->rate);
    tl_steady_parse(tl_spec_get(&asked->spec, "", "until", ""), &request->until);
    asked->stores_dir = tl_spec_get(&asked->spec, "", "dir", NULL);
    const char *timeout = tl_spec_get(&asked->spec, "", "timeout", NULL);
    if (timeout != NULL && !tl_parse_seconds(timeout, &asked->timeout_s))
        asked->timeout_s = 0; /* judged before: cannot be */
}

static void add_setting(tl_run_options *asked, struct argp_state *state, const char *section,
                        const char *key, const char *value)
{
    char text[3 * TL_SPEC_TEXT_MAX];
    bool of_phase = section[0] != '\0';
    snprintf(text, sizeof text, "%s%s%s=%s", section, of_phase ? "." : "", key, value);
    tl_choice_add_setting(&asked->choice, state, text, of_phase);
}

/* Sections run in their order, empty ones too: a workload that has a setting "phases" is told, but
 * for specs of the catalogue, which have an order. */
static void add_phases(tl_run_options *asked, struct argp_state *state)
{
    char order[4 * TL_SPEC_TEXT_MAX] = "";
    const tl_spec *spec = &asked->spec;
    bool in_file = false;
    for (size_t i = 0; i < spec->section_count; i++)
        in_file = in_file || spec->sections[i].line != 0;
    if (!in_file || tl_spec_find(spec, "", "phases") != NULL)
        return;
    for (size_t i = 0; i < spec->section_count; i++) {
        size_t used = strlen(order);
        snprintf(order + used, sizeof order - used, "%s%s", i == 0 ? "" : ",",
                 spec->sections[i].name);
    }
    asked->choice.section_order = strdup(order);
    if (asked->choice.section_order == NULL)
        out_of_memory(state);
}

/* A section beside a spec of the catalogue is about one of that spec's phases; the workload tells
 * of a key in any other, and this of one without keys. */
static void refuse_sections(tl_run_options *asked)
{
    const tl_choice *choice = &asked->choice;
    tl_spec *spec = &asked->spec;
    for (size_t i = 0; i < choice->workload_count; i++) {
        const tl_spec *base = choice->catalogue[i];
        if (base == NULL || tl_spec_find(spec, "", "phases") != NULL)
            continue;
        for (size_t s = 0; s < spec->section_count; s++)
            if (!tl_spec_has_section(base, spec->sections[s].name))
                tl_spec_trouble(spec, spec->sections[s].line,
                                "[%.60s]: workload %.60s has no such phase; sections change the "
                                "phases it has, and `treelab list workload %.60s` prints a spec "
                                "to add to",
                                spec->sections[s].name, base->file, base->file);
    }
}

static void add_settings(tl_run_options *asked, struct argp_state *state)
{
    const tl_spec *spec = &asked->spec;
    for (size_t i = 0; i < spec->entry_count; i++) {
        const tl_spec_entry *entry = &spec->entries[i];
        bool of_run = entry->section[0] == '\0' &&
                      tl_spec_row(tl_spec_globals, entry->key) != NULL &&
                      !(strcmp(entry->key, "batch") == 0 && batch_is_of_phases(asked));
        if (!of_run)
            add_setting(asked, state, entry->section, entry->key, entry->value);
    }
    add_phases(asked, state);
}

static void load_plugins(tl_run_options *asked, struct argp_state *state)
{
    const char *list = tl_spec_get(&asked->spec, "", "plugin", "");
    while (*list != '\0') {
        char path[TL_SPEC_TEXT_MAX];
        size_t bytes = strcspn(list, ",");
        snprintf(path, sizeof path, "%.*s", (int)bytes, list);
        tl_choice_add_plugin(&asked->choice, state, path);
        list += bytes + (list[bytes] == ',');
    }
}

/* The entry that a workload's message is about: it names "key=value" or "key". */
static const tl_spec_entry *entry_named(const tl_spec *spec, const char *message)
{
    char text[3 * TL_SPEC_TEXT_MAX];
    for (size_t i = spec->entry_count; i-- > 0;) {
        const tl_spec_entry *entry = &spec->entries[i];
        snprintf(text, sizeof text, "%s%s%s", entry->section, entry->section[0] == '\0' ? "" : ".",
                 entry->key);
        if (entry->section[0] != '\0' && strstr(message, text) != NULL)
            return entry;
        snprintf(text, sizeof text, "%s=%s", entry->key, entry->value);
        if (strstr(message, text) != NULL)
            return entry;
    }
    return NULL;
}

/* What only the workload can judge, it and its phases: it is made once and let go. */
static bool try_workload(const tl_workload *workload, const tl_workload_spec *spec, char *error,
                         size_t error_bytes)
{
    const tl_workload_host host = {TL_WORKLOAD_ABI, sizeof host, NULL};
    void *generator = workload->create(&host, spec, error, error_bytes);
    if (generator == NULL)
        return false;
    size_t count = 0;
    const tl_phase *phases = workload->phases(generator, &count);
    bool well = tl_truth_refuse_limits(phases, count, error, error_bytes) == TL_OK;
    workload->destroy(generator);
    return well;
}

static void try_workloads(tl_run_options *asked)
{
    for (size_t i = 0; i < asked->choice.load_count; i++) {
        const tl_run_load *load = &asked->choice.loads[i];
        const tl_run_request own = tl_run_request_of(&asked->request, load);
        char error[TL_SPEC_TEXT_MAX] = "out of memory";
        const tl_workload_spec spec = {.ops = own.ops,
                                       .seed = own.seed,
                                       .page_bytes = own.page_bytes,
                                       .value_bytes_max = SIZE_MAX,
                                       .settings = load->settings,
                                       .setting_count = load->setting_count};
        if (try_workload(load->workload, &spec, error, sizeof error))
            continue;
        const tl_spec_entry *entry = entry_named(&asked->spec, error);
        if (entry != NULL)
            tl_spec_trouble_at(&asked->spec, entry, "%s", error);
        else
            tl_spec_trouble(&asked->spec, 0, "workload %s: %s", load->workload->name, error);
    }
}

static void mark_drivers(tl_choice *choice)
{
    for (size_t i = 0; i < choice->parameter_count; i++) {
        const char *dot = strchr(choice->parameters[i].key, '.');
        choice->parameters[i].of_driver =
            dot != NULL &&
            is_driver(choice->parameters[i].key, (size_t)(dot - choice->parameters[i].key));
    }
}

bool tl_run_spec_judge(tl_run_options *asked, struct argp_state *state)
{
    if (!read_file(asked, state))
        return false;
    load_plugins(asked, state);
    (void)value_of(asked, state, "driver", "tree");
    (void)value_of(asked, state, "workload", default_workload(asked));
    check_drivers(asked);
    check_workloads(asked);
    gather_words(asked);
    (void)tl_spec_check(&asked->spec, &asked->words);
    refuse_crashes(asked);
    refuse_paces(asked);
    mark_drivers(&asked->choice);
    tl_run_parameters_check(asked);
    if (asked->spec.trouble_count > 0)
        return false;

    fill_request(asked, state);
    tl_choice_add_drivers(&asked->choice, state, tl_spec_get(&asked->spec, "", "driver", ""));
    tl_run_parameters_drivers(asked, state);
    tl_choice_add_workloads(&asked->choice, state, tl_spec_get(&asked->spec, "", "workload", ""));
    add_settings(asked, state);
    tl_choice_resolve(&asked->choice, state);
    tl_run_parameters_loads(asked, state);
    refuse_sections(asked);
    if (asked->spec.trouble_count == 0)
        try_workloads(asked);
    return asked->spec.trouble_count == 0;
}

void tl_run_spec_resolve(tl_run_options *asked, struct argp_state *state)
{
    if (tl_run_spec_judge(asked, state))
        return;
    if (asked->spec.trouble_count > 1)
        tl_complain("run", "%zu troubles; `treelab run --help` tells what there is",
                    asked->spec.trouble_count);
    exit(asked->file_status == TL_OK ? TL_EXIT_USAGE : tl_exit_code(asked->file_status));
}
