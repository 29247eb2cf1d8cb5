/* harness/cli/cmd_run_choice.c -- drivers, workloads and settings of `treelab run` by name.
 *
 *     --driver tree,tree:leaf=rebuild,lmdb     each with settings of its own behind colons
 *     --set value_bytes=500                    of every workload that knows the name
 *     --set run.keys=zipf:0.9                  of a phase, of workloads that have sections
 *     --set tree.commit=shadow2                of every chosen driver of that name
 *     --set driver.map_bytes=1g                of every chosen driver
 */
#include "harness/cli/cmd_run.h"
#include "harness/cli/plugin.h"

#include "workloads/catalogue.h"

#include <stdlib.h>
#include <string.h>

static char *copy_text(struct argp_state *state, const char *text, size_t bytes)
{
    char *copy = strndup(text, bytes);
    if (copy == NULL)
        argp_failure(state, TL_EXIT_ENVIRONMENT, 0, "out of memory");
    return copy;
}

/* Split a comma-separated list onto the end of `texts`. */
static void add_list(struct argp_state *state, const char *what, const char *list,
                     char *texts[TL_CHOICE_MAX], size_t *count)
{
    for (const char *word = list; word != NULL;) {
        const char *comma = strchr(word, ',');
        size_t bytes = comma == NULL ? strlen(word) : (size_t)(comma - word);
        if (bytes == 0)
            argp_error(state, "empty %s name in '%s'; names are separated by single commas", what,
                       list);
        if (*count == TL_CHOICE_MAX)
            argp_error(state, "more than %d %ss in one run", TL_CHOICE_MAX, what);
        for (size_t i = 0; i < *count; i++)
            if (strlen(texts[i]) == bytes && strncmp(texts[i], word, bytes) == 0)
                argp_error(state, "%s '%s' is given twice; use --repeat to run it again", what,
                           texts[i]);
        texts[(*count)++] = copy_text(state, word, bytes);
        word = comma == NULL ? NULL : comma + 1;
    }
}

void tl_choice_add_drivers(tl_choice *choice, struct argp_state *state, const char *list)
{
    add_list(state, "driver", list, choice->driver_specs, &choice->driver_count);
}

void tl_choice_add_workloads(tl_choice *choice, struct argp_state *state, const char *list)
{
    add_list(state, "workload", list, choice->workload_names, &choice->workload_count);
}

void tl_choice_add_setting(tl_choice *choice, struct argp_state *state, const char *text,
                           bool of_phase)
{
    if (choice->setting_count == TL_SETTING_MAX)
        argp_error(state, "more than %d settings in one run", TL_SETTING_MAX);
    choice->of_phase[choice->setting_count] = of_phase;
    choice->settings[choice->setting_count++] = copy_text(state, text, strlen(text));
}

bool tl_choice_is_of_driver(const char *setting)
{
    char name[64];
    size_t bytes = strcspn(setting, "=.");
    if (setting[bytes] != '.' || bytes >= sizeof name)
        return false;
    memcpy(name, setting, bytes);
    name[bytes] = '\0';
    return strcmp(name, "driver") == 0 || tl_driver_find(name) != NULL;
}

void tl_choice_add_plugin(tl_choice *choice, struct argp_state *state, const char *path)
{
    if (choice->plugin_count == TL_CHOICE_MAX)
        argp_error(state, "more than %d plug-ins in one run", TL_CHOICE_MAX);
    tl_plugin plugin = tl_arguments_plugin(state, path);
    if (plugin.workload == NULL) /* a driver alone: --driver names it */
        return;
    const char *slash = strrchr(path, '/');
    choice->plugins[choice->plugin_count] = plugin.workload;
    snprintf(choice->plugin_bases[choice->plugin_count], sizeof choice->plugin_bases[0], "%.255s",
             slash == NULL ? path : slash + 1);
    choice->plugin_count++;
}

static void add_arm_setting(tl_choice *choice, struct argp_state *state, size_t arm, char *name,
                            char *value)
{
    tl_run_arm *row = &choice->arms[arm];
    if (row->setting_count == TL_CHOICE_MAX)
        argp_error(state, "more than %d settings of driver '%s'", TL_CHOICE_MAX, row->label);
    choice->arm_settings[arm][row->setting_count++] = (tl_driver_setting){name, value};
}

/* Cut "KEY=VALUE" in two at its '='. */
static char *cut_setting(struct argp_state *state, const char *of, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        argp_error(state, "'%s' in '%s' is not KEY=VALUE", text, of);
    *equals = '\0';
    return equals + 1;
}

/* A driver that exists, but not here: say what would bring it. */
static void refuse_missing(struct argp_state *state, const char *name)
{
    const tl_driver_missing *missing;
    for (size_t i = 0; (missing = tl_driver_missing_at(i)) != NULL; i++)
        if (strcmp(missing->name, name) == 0)
            argp_error(state, "driver '%s' is not in this build; install %s and build again", name,
                       missing->package);
}

static void resolve_driver(tl_choice *choice, struct argp_state *state, size_t index)
{
    const char *names[TL_CHOICE_MAX];
    size_t name_count = 0;
    char *rest = copy_text(state, choice->driver_specs[index], strlen(choice->driver_specs[index]));
    choice->driver_words[index] = rest;
    const char *name = strsep(&rest, ":");
    const tl_driver *driver = tl_driver_find(name);
    for (; name_count < tl_driver_count() && name_count < TL_CHOICE_MAX; name_count++)
        names[name_count] = tl_driver_at(name_count)->name;
    refuse_missing(state, name);
    if (driver == NULL)
        tl_arguments_unknown(state, "driver", name, names, name_count, "drivers");
    choice->arms[index] = (tl_run_arm){
        .driver = driver,
        .label = choice->driver_specs[index],
        .settings = choice->arm_settings[index],
    };
    for (char *word; (word = strsep(&rest, ":")) != NULL;) {
        char *value = cut_setting(state, choice->driver_specs[index], word);
        add_arm_setting(choice, state, index, word, value);
    }
}

static void resolve_workload(tl_choice *choice, struct argp_state *state, size_t index)
{
    const char *names[4 * TL_CHOICE_MAX];
    size_t name_count = 0;
    const char *name = choice->workload_names[index];
    if (tl_workload_find(name) == NULL && tl_catalogue_find(name) != NULL) {
        tl_choice_resolve_catalogue(choice, state, index, tl_catalogue_find(name));
        return;
    }
    tl_run_load *load = &choice->loads[index];
    *load =
        (tl_run_load){.workload = tl_workload_find(name), .settings = choice->load_settings[index]};
    for (size_t i = 0; i < tl_workload_count() && i < TL_CHOICE_MAX; i++)
        names[name_count++] = tl_workload_at(i)->name;
    for (size_t i = 0; i < choice->plugin_count; i++) {
        names[name_count++] = choice->plugins[i]->name;
        if (strcmp(choice->plugins[i]->name, name) == 0) {
            load->workload = choice->plugins[i];
            load->plugin_base = choice->plugin_bases[i];
        }
    }
    if (load->workload == NULL)
        tl_arguments_unknown(state, "workload", name, names, name_count, "workloads");
}

/* "tree.commit": of the arms with that driver. */
static void resolve_driver_setting(tl_choice *choice, struct argp_state *state, char *name,
                                   char *value)
{
    static const char every[] = "driver";
    const char *names[TL_CHOICE_MAX + 1];
    size_t name_count = 0, taken = 0;
    char *dot = strchr(name, '.');
    *dot = '\0';
    names[name_count++] = every;
    for (size_t i = 0; i < choice->driver_count; i++) {
        names[name_count++] = choice->arms[i].driver->name;
        if (strcmp(name, every) != 0 && strcmp(name, choice->arms[i].driver->name) != 0)
            continue;
        add_arm_setting(choice, state, i, dot + 1, value);
        taken++;
    }
    if (taken == 0)
        tl_arguments_unknown(state, "driver of this run", name, names, name_count, NULL);
}

/* The order of a spec's sections, to workloads that have no phases of their own: for those of the
 * catalogue the sections only change what a phase does. */
static void resolve_order(tl_choice *choice)
{
    for (size_t i = 0; choice->section_order != NULL && i < choice->workload_count; i++) {
        tl_run_load *load = &choice->loads[i];
        if (choice->catalogue[i] == NULL && tl_spec_setting_row(load->workload, "phases") != NULL)
            choice->load_settings[i][load->setting_count++] =
                (tl_workload_setting){"phases", choice->section_order};
    }
}

/* Give a setting to each workload that knows it; those of sections to workloads with phases. */
static void resolve_workload_setting(tl_choice *choice, struct argp_state *state, const char *name,
                                     const char *value)
{
    const char *names[4 * TL_CHOICE_MAX];
    size_t name_count = 0, taken = 0;
    for (size_t i = 0; i < choice->workload_count; i++) {
        tl_run_load *load = &choice->loads[i];
        const tl_workload_option *option = load->workload->options;
        for (; option != NULL && option->name != NULL && name_count < 4 * TL_CHOICE_MAX; option++)
            names[name_count++] = option->name;
        if (tl_spec_setting_row(load->workload, name) == NULL)
            continue;
        choice->load_settings[i][load->setting_count++] = (tl_workload_setting){name, value};
        taken++;
    }
    if (taken == 0)
        tl_arguments_unknown(state, "setting of these workloads", name, names, name_count,
                             "workloads");
}

void tl_choice_resolve(tl_choice *choice, struct argp_state *state)
{
    if (choice->driver_count == 0)
        tl_choice_add_drivers(choice, state, "tree");
    for (size_t i = 0; i < choice->driver_count; i++)
        resolve_driver(choice, state, i);
    for (size_t i = 0; i < choice->workload_count; i++)
        resolve_workload(choice, state, i);
    choice->load_count = choice->workload_count;
    resolve_order(choice);
    for (size_t i = 0; i < choice->setting_count; i++) {
        char *name = copy_text(state, choice->settings[i], strlen(choice->settings[i]));
        choice->setting_words[i] = name;
        char *value = cut_setting(state, choice->settings[i], name);
        if (strchr(name, '.') != NULL && !choice->of_phase[i])
            resolve_driver_setting(choice, state, name, value);
        else
            resolve_workload_setting(choice, state, name, value);
    }
}

void tl_choice_release(tl_choice *choice)
{
    for (size_t i = 0; i < choice->kept_count; i++)
        free(choice->kept[i]);
    free(choice->kept);
    for (size_t i = 0; i < TL_CHOICE_MAX; i++) {
        if (choice->catalogue[i] != NULL)
            tl_spec_release(choice->catalogue[i]);
        free(choice->catalogue[i]);
    }
    free(choice->section_order);
    for (size_t i = 0; i < choice->driver_count; i++) {
        free(choice->driver_specs[i]);
        free(choice->driver_words[i]);
    }
    for (size_t i = 0; i < choice->workload_count; i++)
        free(choice->workload_names[i]);
    for (size_t i = 0; i < choice->setting_count; i++) {
        free(choice->settings[i]);
        free(choice->setting_words[i]);
    }
    for (size_t i = 0; i < choice->parameter_count; i++) {
        free(choice->parameters[i].key);
        for (size_t v = 0; v < choice->parameters[i].count; v++)
            free(choice->parameters[i].values[v]);
    }
}
