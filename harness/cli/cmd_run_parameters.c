/* harness/cli/cmd_run_parameters.c -- one key, several values: each combination is measured.
 *
 *     -L value_bytes=16,100,4k        a list
 *     -P ops=1000:5000:1000           from : to : step; the step may multiply: 1k:64k:*4
 *
 * A driver's key makes more drivers ("tree:leaf=rebuild"); any other makes more workloads, which
 * are named for their values ("random:value_bytes=100") in ids, tables and results.
 */
#include "harness/cli/cmd_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static char *keep(struct argp_state *state, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        argp_failure(state, TL_EXIT_ENVIRONMENT, 0, "out of memory");
    return copy;
}

static tl_run_parameter *add_parameter(tl_choice *choice, struct argp_state *state,
                                       const char *option, const char *text)
{
    const char *equals = strchr(text, '=');
    if (choice->parameter_count == TL_PARAMETER_MAX)
        argp_error(state, "more than %d of -P and -L in one run", TL_PARAMETER_MAX);
    if (equals == NULL || equals == text || equals[1] == '\0')
        argp_error(state, "%s takes KEY=%s, not '%s'", option,
                   option[1] == 'L' ? "VALUE,VALUE..." : "FROM:TO:STEP", text);
    tl_run_parameter *parameter = &choice->parameters[choice->parameter_count++];
    parameter->key = keep(state, text);
    parameter->key[equals - text] = '\0';
    for (size_t i = 0; i + 1 < choice->parameter_count; i++)
        if (strcmp(choice->parameters[i].key, parameter->key) == 0)
            argp_error(state, "'%s' has two lists of values; give one", parameter->key);
    return parameter;
}

static void add_value(struct argp_state *state, tl_run_parameter *parameter, const char *value)
{
    if (parameter->count == TL_CHOICE_MAX)
        argp_error(state, "more than %d values of '%s'", TL_CHOICE_MAX, parameter->key);
    parameter->values[parameter->count++] = keep(state, value);
}

void tl_choice_add_list(tl_choice *choice, struct argp_state *state, const char *text)
{
    tl_run_parameter *parameter = add_parameter(choice, state, "-L", text);
    char *rest = parameter->key + strlen(parameter->key) + 1;
    for (char *value; (value = strsep(&rest, ",")) != NULL;) {
        if (value[0] == '\0')
            argp_error(state, "an empty value of '%s'", parameter->key);
        add_value(state, parameter, value);
    }
}

void tl_choice_add_range(tl_choice *choice, struct argp_state *state, const char *text)
{
    tl_run_parameter *parameter = add_parameter(choice, state, "-P", text);
    char *rest = parameter->key + strlen(parameter->key) + 1;
    const char *from = strsep(&rest, ":"), *to = strsep(&rest, ":"), *by = strsep(&rest, ":");
    uint64_t low = 0, high = 0, step = 1;
    bool times = by != NULL && by[0] == '*';
    if (to == NULL || rest != NULL || !tl_parse_size(from, 0, UINT64_MAX, &low) ||
        !tl_parse_size(to, low, UINT64_MAX, &high) ||
        (by != NULL && !tl_parse_size(by + times, times ? 2 : 1, UINT64_MAX, &step)))
        argp_error(state, "-P takes KEY=FROM:TO:STEP, numbers in that order, not '%s'", text);
    if (times && low == 0)
        argp_error(state, "-P %s: 0 times any step stays 0", parameter->key);
    for (uint64_t value = low; value <= high;) { /* ends: grows, or has too many values */
        char number[24];
        snprintf(number, sizeof number, "%" PRIu64, value);
        add_value(state, parameter, number);
        if (times ? __builtin_mul_overflow(value, step, &value)
                  : __builtin_add_overflow(value, step, &value))
            return;
    }
}

/* Judging keys and values. */

static const char *const own_keys[] = {"ops", "seed", "durability", "page_bytes", "batch"};

static bool is_own(const char *key)
{
    for (size_t i = 0; i < sizeof own_keys / sizeof own_keys[0]; i++)
        if (strcmp(own_keys[i], key) == 0)
            return true;
    return false;
}

static void check_values(tl_run_options *asked, const tl_run_parameter *parameter,
                         const tl_workload_option *row)
{
    for (size_t i = 0; i < parameter->count; i++) {
        char error[TL_SPEC_TEXT_MAX] = "";
        if (!tl_spec_value(row, parameter->values[i], error, sizeof error))
            tl_spec_trouble(&asked->spec, 0, "%s", error);
    }
}

static void check_setting(tl_run_options *asked, const tl_run_parameter *parameter)
{
    const tl_spec_words *words = &asked->words;
    const char *names[4 * TL_CHOICE_MAX];
    size_t name_count = 0;
    for (size_t i = 0; i < words->workload_count; i++) {
        const tl_workload_option *row = tl_spec_setting_row(words->workloads[i], parameter->key);
        const tl_workload_option *option = words->workloads[i]->options;
        if (row != NULL) {
            check_values(asked, parameter, row);
            continue;
        }
        for (size_t k = 0; k < sizeof own_keys / sizeof own_keys[0]; k++)
            names[name_count++] = own_keys[k];
        for (; option != NULL && option->name != NULL && name_count < 3 * TL_CHOICE_MAX; option++)
            names[name_count++] = option->name;
        const char *nearest = tl_nearest(parameter->key, names, name_count);
        tl_spec_trouble(&asked->spec, 0, "workload '%s' has no key '%s' to vary%s%s%s",
                        words->workloads[i]->name, parameter->key,
                        nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
                        nearest == NULL ? "" : "'?");
        return;
    }
}

void tl_run_parameters_check(tl_run_options *asked)
{
    const tl_choice *choice = &asked->choice;
    for (size_t i = 0; i < choice->parameter_count; i++) {
        const tl_run_parameter *parameter = &choice->parameters[i];
        const tl_workload_option *row = tl_spec_row(tl_spec_globals, parameter->key);
        if (parameter->of_driver)
            continue; /* the driver's to judge, when it is opened */
        if (row != NULL && is_own(parameter->key))
            check_values(asked, parameter, row);
        else if (row != NULL)
            tl_spec_trouble(&asked->spec, 0,
                            "'%s' is of the whole run; -P and -L vary keys of workloads and "
                            "drivers, and ops, seed, durability, page_bytes and batch",
                            parameter->key);
        else
            check_setting(asked, parameter);
    }
}

/* More drivers. */

/* Does "tree.leaf" concern the driver spec "tree:split=half"? */
static bool concerns(const tl_run_parameter *parameter, const char *driver_spec)
{
    size_t bytes = (size_t)(strchr(parameter->key, '.') - parameter->key);
    if (bytes == 6 && strncmp(parameter->key, "driver", 6) == 0)
        return true;
    return strcspn(driver_spec, ":") == bytes && strncmp(driver_spec, parameter->key, bytes) == 0;
}

static void vary_drivers(tl_choice *choice, struct argp_state *state,
                         const tl_run_parameter *parameter)
{
    char *before[TL_CHOICE_MAX];
    size_t count = choice->driver_count, concerned = 0;
    for (size_t i = 0; i < count; i++)
        concerned += concerns(parameter, choice->driver_specs[i]);
    if (concerned == 0)
        argp_error(state,
                   "'%s' is of no driver of this run; before the dot stands one of --driver, or "
                   "'driver' for all of them",
                   parameter->key);
    memcpy(before, choice->driver_specs, count * sizeof *before);
    choice->driver_count = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t v = 0; v < parameter->count; v++) {
            char text[TL_SPEC_TEXT_MAX];
            if (!concerns(parameter, before[i])) {
                tl_choice_add_drivers(choice, state, before[i]);
                break;
            }
            snprintf(text, sizeof text, "%s:%s=%s", before[i], strchr(parameter->key, '.') + 1,
                     parameter->values[v]);
            tl_choice_add_drivers(choice, state, text);
        }
    for (size_t i = 0; i < count; i++)
        free(before[i]);
}

void tl_run_parameters_drivers(tl_run_options *asked, struct argp_state *state)
{
    for (size_t i = 0; i < asked->choice.parameter_count; i++)
        if (asked->choice.parameters[i].of_driver)
            vary_drivers(&asked->choice, state, &asked->choice.parameters[i]);
}

/* More workloads. */

static void set_own(tl_run_own *own, const char *key, const char *value)
{
    uint64_t number = 0;
    bool is_number = tl_parse_size(value, 0, UINT64_MAX, &number);
    if (strcmp(key, "seed") == 0)
        own->seed = number;
    else if (strcmp(key, "durability") == 0) {
        for (int i = 0; i < 3; i++)
            if (strcmp(value, tl_run_durability_name((tl_durability)i)) == 0)
                own->durability = (tl_durability)i;
    } else if (is_number && strcmp(key, "ops") == 0)
        own->ops = number;
    else if (is_number && strcmp(key, "page_bytes") == 0)
        own->page_bytes = (uint32_t)number;
    else if (is_number) {
        own->batch_given = true;
        own->batch = number;
    }
}

/* Make load `to` of load `from` with the values of combination `number`. */
static void make_load(tl_run_options *asked, struct argp_state *state, size_t from, size_t to,
                      size_t number)
{
    tl_choice *choice = &asked->choice;
    char name[2 * TL_SPEC_TEXT_MAX];
    tl_run_load load = choice->loads[from];
    tl_run_request own = tl_run_request_of(&asked->request, &load);
    snprintf(name, sizeof name, "%s", tl_run_load_name(&load));
    if (to != from)
        memcpy(choice->load_settings[to], choice->load_settings[from],
               load.setting_count * sizeof(tl_workload_setting));
    load.settings = choice->load_settings[to];
    choice->owns[to] =
        (tl_run_own){own.ops, own.seed, own.durability, own.page_bytes, own.batch_given, own.batch};
    for (size_t i = 0; i < choice->parameter_count; i++) {
        const tl_run_parameter *parameter = &choice->parameters[i];
        if (parameter->of_driver)
            continue;
        const char *value = parameter->values[number % parameter->count];
        size_t used = strlen(name);
        number /= parameter->count;
        snprintf(name + used, sizeof name - used, ":%s=%s", parameter->key, value);
        if (is_own(parameter->key))
            set_own(&choice->owns[to], parameter->key, value);
        else if (load.setting_count == TL_SETTING_MAX)
            argp_error(state, "more than %d settings of one workload", TL_SETTING_MAX);
        else
            choice->load_settings[to][load.setting_count++] =
                (tl_workload_setting){parameter->key, value};
    }
    load.own = &choice->owns[to];
    load.name = keep(state, name);
    choice->loads[to] = load;
}

void tl_run_parameters_loads(tl_run_options *asked, struct argp_state *state)
{
    tl_choice *choice = &asked->choice;
    size_t combinations = 1;
    bool any = false;
    for (size_t i = 0; i < choice->parameter_count; i++)
        if (!choice->parameters[i].of_driver) {
            combinations *= choice->parameters[i].count; /* at most 64^8 = 2^48 */
            any = true;
        }
    if (!any)
        return;
    if (combinations * choice->workload_count > TL_CHOICE_MAX)
        argp_error(state, "%zu combinations of values for %zu workloads; one run has %d at most",
                   combinations, choice->workload_count, TL_CHOICE_MAX);
    /* From the last on: what a load is made of stands at or before its place. */
    for (size_t to = combinations * choice->workload_count; to-- > 0;)
        make_load(asked, state, to / combinations, to, to % combinations);
    choice->load_count = combinations * choice->workload_count;
}
