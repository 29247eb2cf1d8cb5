/* harness/cli/cmd_run.h -- what `treelab run` was asked for, from texts to rows of registries. */
#ifndef TL_HARNESS_CMD_RUN_H
#define TL_HARNESS_CMD_RUN_H

#include "harness/cli/arguments.h"
#include "harness/run/run.h"

enum { TL_CHOICE_MAX = 64 }; /* drivers, workloads, plug-ins or settings in one command */

typedef struct tl_choice { /* zeros are a good start; lives as long as the process */
    /* Texts as given, in order. */
    char *driver_specs[TL_CHOICE_MAX], *workload_names[TL_CHOICE_MAX], *settings[TL_CHOICE_MAX];
    size_t driver_count, workload_count, setting_count;
    char *driver_words[TL_CHOICE_MAX], *setting_words[TL_CHOICE_MAX]; /* the same, cut up */

    const tl_workload *plugins[TL_CHOICE_MAX]; /* loaded by --plugin */
    const char *plugin_bases[TL_CHOICE_MAX];   /* their file names */
    size_t plugin_count;

    /* What they name; filled by tl_choice_resolve. */
    tl_run_arm arms[TL_CHOICE_MAX];
    tl_run_load loads[TL_CHOICE_MAX];
    tl_driver_setting arm_settings[TL_CHOICE_MAX][TL_CHOICE_MAX];
    tl_workload_setting load_settings[TL_CHOICE_MAX][TL_CHOICE_MAX];
} tl_choice;

/* Each complains and exits with TL_EXIT_USAGE when something is unknown or too much. */
void tl_choice_add_drivers(tl_choice *choice, struct argp_state *state, const char *list);
void tl_choice_add_workloads(tl_choice *choice, struct argp_state *state, const char *list);
void tl_choice_add_setting(tl_choice *choice, struct argp_state *state, const char *text);
void tl_choice_add_plugin(tl_choice *choice, struct argp_state *state, const char *path);
void tl_choice_resolve(tl_choice *choice, struct argp_state *state);

typedef struct tl_run_options { /* the command line, understood */
    tl_choice choice;
    tl_run_request request; /* all but data_dir, value_bytes_max and the callbacks */
    const char *json_path;  /* NULL: only the run's directory */
    const char *out_dir;    /* NULL: a new one under out/ */
    const char *stores_dir; /* NULL: in the run's directory */
    const char *baseline;
    bool quiet, dry_run, explain;
} tl_run_options;

/* TL_EXIT_OK, or TL_EXIT_ENVIRONMENT when memory is short; ends the process on a usage error.
 * `options` is large and outlives the run: make it static, all zeros. */
int tl_run_options_parse(int argc, char **argv, tl_run_options *options);

/* Write series.csv and latency.hlog to `dir`; `error` tells why not. */
TL_MUST_USE tl_status tl_run_write_files(const char *dir, const tl_run *run, char *error,
                                         size_t error_bytes);

/* Print everything the run would use, defaults included. */
void tl_run_options_explain(const tl_run_options *options);

#endif
