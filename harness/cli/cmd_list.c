/* harness/cli/cmd_list.c -- `treelab list`: what there is to choose from, as text or JSON. */
#include "harness/check/contract.h"
#include "harness/cli/arguments.h"
#include "harness/cli/commands.h"
#include "harness/cli/plugin.h"
#include "harness/driver.h"
#include "harness/drivers/settings.h"
#include "harness/report/json.h"
#include "workloads/catalogue.h"
#include "workloads/workload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const durability_names[] = {"commit", "async", "none"}; /* by tl_durability */
static const char *const promise_names[] = {"same", "weaker", "stronger"}; /* by tl_promise */
enum { DURABILITY_COUNT = sizeof durability_names / sizeof durability_names[0] };

static const struct {
    unsigned bit;
    const char *name;
} capabilities[] = {
    {TL_DRIVER_TRANSACTIONS, "transactions"},
    {TL_DRIVER_READS_BACK,   "reads_back"  },
    {TL_DRIVER_PERSISTENT,   "persistent"  },
    {TL_DRIVER_SIM_IO,       "sim_io"      },
    {TL_DRIVER_THREADS,      "threads"     },
    {TL_DRIVER_BLIND_WRITES, "blind_writes"},
    {TL_DRIVER_MEMORY,       "memory"      },
};
enum { CAPABILITY_COUNT = sizeof capabilities / sizeof capabilities[0] };

/* Drivers, with what each makes of a durability. */

static void print_drivers(void)
{
    for (size_t i = 0; i < tl_driver_count(); i++) {
        const tl_driver *driver = tl_driver_at(i);
        printf("  %-10s %s (%s)\n  %-10s capabilities:", driver->name, driver->summary,
               driver->version(), "");
        for (size_t bit = 0; bit < CAPABILITY_COUNT; bit++)
            if ((driver->capabilities & capabilities[bit].bit) != 0)
                printf(" %s", capabilities[bit].name);
        puts(driver->capabilities == 0 ? " none" : "");
        for (size_t d = 0; d < DURABILITY_COUNT; d++) {
            const tl_driver_contract *contract = &driver->contracts[d];
            printf("  %-10s   %-6s %-8s %s%s%s\n", "", durability_names[d],
                   promise_names[contract->promise], contract->options,
                   contract->remark[0] != '\0' ? ": " : "", contract->remark);
        }
    }
    const tl_driver_missing *missing;
    for (size_t i = 0; (missing = tl_driver_missing_at(i)) != NULL; i++)
        printf("  %-10s not in this build: install %s and build again\n", missing->name,
               missing->package);
}

static void describe_drivers(tl_json *list)
{
    for (size_t i = 0; i < tl_driver_count(); i++) {
        const tl_driver *driver = tl_driver_at(i);
        tl_json *row = tl_json_add_object(list, NULL);
        tl_json_add_text(row, "name", driver->name);
        tl_json_add_text(row, "summary", driver->summary);
        tl_json_add_text(row, "version", driver->version());
        tl_json *able = tl_json_add_array(row, "capabilities");
        for (size_t bit = 0; bit < CAPABILITY_COUNT; bit++)
            if ((driver->capabilities & capabilities[bit].bit) != 0)
                tl_json_add_text(able, NULL, capabilities[bit].name);
        tl_json *contracts = tl_json_add_array(row, "contracts");
        for (size_t d = 0; d < DURABILITY_COUNT; d++) {
            tl_json *contract = tl_json_add_object(contracts, NULL);
            tl_json_add_text(contract, "durability", durability_names[d]);
            tl_json_add_text(contract, "promise", promise_names[driver->contracts[d].promise]);
            tl_json_add_text(contract, "asks_for", driver->contracts[d].options);
            tl_json_add_text(contract, "remark", driver->contracts[d].remark);
        }
    }
}

/* Workloads, with the options that --set understands. */

static void print_workload(const tl_workload *workload)
{
    const tl_workload_option *option = workload->options;
    printf("  %-10s %s\n", workload->name, workload->summary);
    for (; option != NULL && option->name != NULL; option++)
        printf("  %-10s   --set %s=%s  %s; %s, %s\n", "", option->name, option->fallback,
               option->doc, option->type, option->range);
}

static void print_workloads(void)
{
    for (size_t i = 0; i < tl_workload_count(); i++)
        print_workload(tl_workload_at(i));
    puts("  and the specs of `treelab list catalogue`");
}

/* The catalogue apart from the workloads: other fields. */
static void describe_catalogue(tl_json *list)
{
    for (size_t i = 0; i < tl_catalogue_count(); i++) {
        const tl_catalogue_row *from = tl_catalogue_at(i);
        tl_json *row = tl_json_add_object(list, NULL);
        tl_json_add_text(row, "name", from->name);
        tl_json_add_text(row, "summary", from->summary);
        tl_json_add_text(row, "spec", from->text);
    }
}

static void print_catalogue(void)
{
    for (size_t i = 0; i < tl_catalogue_count(); i++)
        printf("  %-18s %s\n", tl_catalogue_at(i)->name, tl_catalogue_at(i)->summary);
}

static void describe_workloads(tl_json *list)
{
    for (size_t i = 0; i < tl_workload_count(); i++) {
        const tl_workload *workload = tl_workload_at(i);
        tl_json *row = tl_json_add_object(list, NULL);
        tl_json_add_text(row, "name", workload->name);
        tl_json_add_text(row, "summary", workload->summary);
        tl_json *options = tl_json_add_array(row, "options");
        const tl_workload_option *option = workload->options;
        for (; option != NULL && option->name != NULL; option++) {
            tl_json *entry = tl_json_add_object(options, NULL);
            tl_json_add_text(entry, "name", option->name);
            tl_json_add_text(entry, "type", option->type);
            tl_json_add_text(entry, "default", option->fallback);
            tl_json_add_text(entry, "range", option->range);
            tl_json_add_text(entry, "doc", option->doc);
        }
    }
}

/* Strategies of our own engine: registries of names. */

static void print_names(const char *const *names)
{
    for (; *names != NULL; names++)
        printf("  %s\n", *names);
}

static void describe_names(tl_json *list, const char *const *names)
{
    for (; *names != NULL; names++) {
        tl_json *row = tl_json_add_object(list, NULL);
        tl_json_add_text(row, "name", *names);
    }
}

/* Settings of our own driver: those with a registry of names have a topic each as well. */

static const char *const setting_kinds[] = {
    [TL_SETTING_NAME] = "name", [TL_SETTING_U32] = "number", [TL_SETTING_U64] = "number",
    [TL_SETTING_BOOL] = "0|1",  [TL_SETTING_FLAG] = "0|1",
};

static void print_settings(void)
{
    for (size_t i = 0; i < tl_tree_settings.count; i++)
        printf("  %-18s %-7s %s\n", tl_tree_settings.rows[i].name,
               setting_kinds[tl_tree_settings.rows[i].kind], tl_tree_settings.rows[i].doc);
}

static void describe_settings(tl_json *list)
{
    for (size_t i = 0; i < tl_tree_settings.count; i++) {
        tl_json *row = tl_json_add_object(list, NULL);
        tl_json_add_text(row, "name", tl_tree_settings.rows[i].name);
        tl_json_add_text(row, "type", setting_kinds[tl_tree_settings.rows[i].kind]);
        tl_json_add_text(row, "doc", tl_tree_settings.rows[i].doc);
    }
}

/* Counters and subcommands. */

static void print_counters(void)
{
    const tl_stats_row *rows = tl_stats_rows();
    for (size_t i = 0; i < TL_STATS_COUNT; i++)
        printf("  %-24s %-6s %-5s %s\n", rows[i].name, rows[i].class_, rows[i].unit,
               rows[i].meaning);
}

static void describe_counters(tl_json *list)
{
    const tl_stats_row *rows = tl_stats_rows();
    for (size_t i = 0; i < TL_STATS_COUNT; i++) {
        tl_json *row = tl_json_add_object(list, NULL);
        tl_json_add_text(row, "name", rows[i].name);
        tl_json_add_text(row, "class", rows[i].class_);
        tl_json_add_text(row, "unit", rows[i].unit);
        tl_json_add_text(row, "meaning", rows[i].meaning);
    }
}

static void print_commands(void)
{
    for (size_t i = 0; i < tl_command_count(); i++)
        printf("  %-10s %s\n", tl_command_at(i)->name, tl_command_at(i)->summary);
}

static void describe_commands(tl_json *list)
{
    for (size_t i = 0; i < tl_command_count(); i++) {
        tl_json *row = tl_json_add_object(list, NULL);
        tl_json_add_text(row, "name", tl_command_at(i)->name);
        tl_json_add_text(row, "summary", tl_command_at(i)->summary);
    }
}

/* What stores promise after a crash: the text itself, so that it can be kept and changed. */

static void print_contracts(void)
{
    tl_contracts_print(stdout);
}

static void describe_contracts(tl_json *list)
{
    const tl_contracts *contracts = tl_contracts_builtin();
    for (size_t i = 0; i < contracts->count; i++) {
        const tl_contract_row *from = &contracts->rows[i];
        tl_json *row = tl_json_add_object(list, NULL);
        tl_json_add_text(row, "driver", from->driver);
        tl_json_add_text(row, "protocol", from->protocol);
        tl_json_add_text(row, "durability", from->durability);
        tl_json_add_text(row, "profile", from->profile);
        tl_json_add_text(row, "known", from->known ? from->reason : NULL);
        if (from->known)
            continue;
        tl_json_add_text(row, "durable", tl_durable_name(from->contract.durable));
        tl_json_add_bool(row, "atomic", from->contract.atomic);
        tl_json_add_bool(row, "ordered", from->contract.ordered);
        tl_json_add_bool(row, "refuses", from->contract.refuses);
    }
}

/* A topic either has its own functions or is a registry of names. */
static const struct topic {
    const char *name, *heading;
    void (*print)(void);
    void (*describe)(tl_json *list);
    const char *const *(*names)(void);
} topics[] = {
    {"drivers",           "Drivers (--driver NAME[:KEY=VALUE]...), and what they promise",        print_drivers,
     describe_drivers,                                                                                                                 NULL                 },
    {"workloads",         "Workloads (--workload NAME) and their settings",                       print_workloads,
     describe_workloads,                                                                                                               NULL                 },
    {"catalogue",
     "Specs of the workload `phases` (--workload NAME; `list workload NAME` prints one)",         print_catalogue, describe_catalogue, NULL                 },
    {"settings",          "Settings of our engine (--driver tree:NAME=VALUE)",                    print_settings,
     describe_settings,                                                                                                                NULL                 },
    {"commits",           "Commit protocols (--driver tree:commit=NAME)",                         NULL,            NULL,               tl_commit_protocols  },
    {"leaf",              "Leaf modes (--driver tree:leaf=NAME)",                                 NULL,            NULL,               tl_leaf_modes        },
    {"split",             "Split strategies (--driver tree:split=NAME)",                          NULL,            NULL,               tl_splits            },
    {"fill",              "Fill policies (--driver tree:fill=NAME)",                              NULL,            NULL,               tl_fills             },
    {"space",             "Space policies (--driver tree:space=NAME)",                            NULL,            NULL,               tl_space_policies    },
    {"simd",              "Ways to search a page (--driver tree:simd=NAME)",                      NULL,            NULL,               tl_simds             },
    {"checkpoint_thread", "Checkpoints beside the writer (--driver tree:checkpoint_thread=NAME)",
     NULL,                                                                                                         NULL,               tl_checkpoint_threads},
    {"contracts",
     "# What stores promise after a crash; `treelab crash --contract FILE` takes such a table",   print_contracts, describe_contracts, NULL                 },
    {"counters",          "Counters of our engine",                                               print_counters,  describe_counters,  NULL                 },
    {"commands",          "Commands",                                                             print_commands,  describe_commands,  NULL                 },
};
enum { TOPIC_COUNT = sizeof topics / sizeof topics[0] };

typedef struct list_request {
    const struct topic *topic; /* NULL: all */
    const char *json_path;     /* NULL: text on stdout */
    bool one_workload;         /* "workload NAME" */
    const char *workload;
} list_request;

static void choose_topic(struct argp_state *state, const char *word)
{
    list_request *request = state->input;
    const char *names[TOPIC_COUNT];
    if (request->topic != NULL)
        argp_error(state, "one topic at a time: '%s' or '%s'", request->topic->name, word);
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        names[i] = topics[i].name;
        if (strcmp(word, topics[i].name) == 0)
            request->topic = &topics[i];
    }
    if (request->topic == NULL)
        tl_arguments_unknown(state, "topic", word, names, TOPIC_COUNT, NULL);
}

/* `list workload NAME`: a spec of the catalogue, whole, or a workload with its settings. */
static void choose_workload(struct argp_state *state, const char *name)
{
    list_request *request = state->input;
    enum { NAMES_MAX = 256 };
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < tl_workload_count() && count < NAMES_MAX; i++)
        names[count++] = tl_workload_at(i)->name;
    for (size_t i = 0; i < tl_catalogue_count() && count < NAMES_MAX; i++)
        names[count++] = tl_catalogue_at(i)->name;
    if (request->workload != NULL)
        argp_error(state, "one workload at a time: '%s' or '%s'", request->workload, name);
    if (tl_workload_find(name) == NULL && tl_catalogue_find(name) == NULL)
        tl_arguments_unknown(state, "workload", name, names, count, "workloads");
    request->workload = name;
}

static int print_one_workload(const char *name)
{
    const tl_catalogue_row *row = tl_catalogue_find(name);
    const tl_workload *workload = tl_workload_find(name);
    if (workload == NULL && row != NULL) {
        fputs(row->text, stdout);
        return TL_EXIT_OK;
    }
    print_workload(workload);
    return TL_EXIT_OK;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    list_request *request = state->input;
    switch (key) {
    case 'j':
        request->json_path = value;
        return 0;
    case 'p':
        tl_arguments_plugin(state, value);
        return 0;
    case ARGP_KEY_ARG:
        if (request->one_workload)
            choose_workload(state, value);
        else if (request->topic == NULL && strcmp(value, "workload") == 0)
            request->one_workload = true;
        else
            choose_topic(state, value);
        return 0;
    case ARGP_KEY_END:
        if (request->one_workload && request->workload == NULL)
            argp_error(state, "which workload?  `treelab list workloads` shows them all");
        if (request->one_workload && request->json_path != NULL)
            argp_error(state, "a workload's text is no JSON; `list catalogue --json` has them all");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"json",                                              'j', "FILE", 0, "Write JSON to FILE ('-': stdout) instead of text", 0},
    {"plugin",                                             'p', "FILE.so", 0, "Load a workload or a driver, and list it too", 0},
    {0},
};

static const struct argp list_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "[drivers|workloads|workload "
                "NAME|catalogue|settings|commits|leaf|split|fill|space|simd|checkpoint_thread|"
                "contracts|counters|commands]",
    .doc = "Show what there is to choose from."
           "\vExamples:\n"
           "  treelab list                     everything\n"
           "  treelab list drivers             stores, and what they promise\n"
           "  treelab list workload ycsb_a     the spec of that name, to copy and change\n"
           "  treelab list contracts           what they promise after a crash, for --contract\n"
           "  treelab list counters --json -   our engine's counters as JSON\n",
};

static void print_topic(const struct topic *topic, bool first)
{
    printf("%s%s:\n", first ? "" : "\n", topic->heading);
    if (topic->names != NULL)
        print_names(topic->names());
    else
        topic->print();
}

static int write_json(const list_request *request)
{
    tl_json *root = tl_json_object_new();
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        if (request->topic != NULL && request->topic != &topics[i])
            continue;
        tl_json *list = tl_json_add_array(root, topics[i].name);
        if (topics[i].names != NULL)
            describe_names(list, topics[i].names());
        else
            topics[i].describe(list);
    }
    tl_status status = tl_json_write(root, request->json_path);
    if (status != TL_OK)
        tl_complain("list", "cannot write '%s': %s", request->json_path, strerror(errno));
    tl_json_free(root);
    return tl_exit_code(status);
}

int tl_cmd_list(int argc, char **argv)
{
    list_request request = {0};
    int exit_code = tl_arguments_parse(&list_argp, argc, argv, &request);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    if (request.workload != NULL)
        return print_one_workload(request.workload);
    if (request.json_path != NULL)
        return write_json(&request);
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        if (request.topic == NULL || request.topic == &topics[i])
            print_topic(&topics[i], request.topic != NULL || i == 0);
    return TL_EXIT_OK;
}
