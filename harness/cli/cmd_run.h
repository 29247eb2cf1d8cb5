/* harness/cli/cmd_run.h -- what `treelab run` was asked for, from texts to rows of registries. */
#ifndef TL_HARNESS_CMD_RUN_H
#define TL_HARNESS_CMD_RUN_H

#include "harness/cli/arguments.h"
#include "harness/run/journal.h"
#include "harness/run/run.h"
#include "harness/spec/spec.h"

enum {
    TL_CHOICE_MAX = 64,   /* drivers, workloads or plug-ins in one command */
    TL_SETTING_MAX = 256, /* settings of all of them */
    TL_PARAMETER_MAX = 8, /* -P and -L */
};

typedef struct tl_run_parameter { /* -P or -L: a key and its values */
    char *key;
    char *values[TL_CHOICE_MAX];
    size_t count;
    bool of_driver; /* "tree.leaf" */
} tl_run_parameter;

typedef struct tl_choice { /* zeros are a good start; lives as long as the process */
    /* Texts as given, in order. */
    char *driver_specs[TL_CHOICE_MAX], *workload_names[TL_CHOICE_MAX], *settings[TL_SETTING_MAX];
    bool of_phase[TL_SETTING_MAX]; /* the setting is "SECTION.key=value" of a workload */
    size_t driver_count, workload_count, setting_count;
    /* "phases=..." from a spec's own sections; NULL: none.  Specs of the catalogue keep theirs. */
    char *section_order;
    char *driver_words[TL_CHOICE_MAX], *setting_words[TL_SETTING_MAX]; /* the same, cut up */

    const tl_workload *plugins[TL_CHOICE_MAX]; /* loaded by --plugin */
    char plugin_bases[TL_CHOICE_MAX][256];     /* their file names */
    size_t plugin_count;

    tl_run_parameter parameters[TL_PARAMETER_MAX];
    size_t parameter_count;

    /* What they name; filled by tl_choice_resolve. */
    tl_run_arm arms[TL_CHOICE_MAX];
    tl_run_load loads[TL_CHOICE_MAX];
    size_t load_count; /* workloads times combinations of parameters */
    tl_run_own owns[TL_CHOICE_MAX];
    tl_driver_setting arm_settings[TL_CHOICE_MAX][TL_CHOICE_MAX];
    tl_workload_setting load_settings[TL_CHOICE_MAX][TL_SETTING_MAX];
    tl_spec *catalogue[TL_CHOICE_MAX]; /* of loads that are specs of the catalogue; or NULL */
    char **kept;                       /* texts that settings point to */
    size_t kept_count;
} tl_choice;

/* Each complains and exits with TL_EXIT_USAGE when something is unknown or too much. */
void tl_choice_add_drivers(tl_choice *choice, struct argp_state *state, const char *list);
void tl_choice_add_workloads(tl_choice *choice, struct argp_state *state, const char *list);
void tl_choice_add_setting(tl_choice *choice, struct argp_state *state, const char *text,
                           bool of_phase);
/* Whether "NAME.KEY=VALUE" is of a driver, or of all of them ("driver"), and not of a phase. */
bool tl_choice_is_of_driver(const char *setting);
void tl_choice_add_plugin(tl_choice *choice, struct argp_state *state, const char *path);
void tl_choice_add_list(tl_choice *choice, struct argp_state *state, const char *text);
void tl_choice_add_range(tl_choice *choice, struct argp_state *state, const char *text);
/* Make load `index` of a spec of the catalogue: the composed workload with that spec's settings. */
struct tl_catalogue_row;
void tl_choice_resolve_catalogue(tl_choice *choice, struct argp_state *state, size_t index,
                                 const struct tl_catalogue_row *row);
void tl_choice_resolve(tl_choice *choice, struct argp_state *state);
void tl_choice_release(tl_choice *choice); /* texts; plug-ins stay loaded */

typedef struct tl_run_options { /* the command line, understood */
    tl_spec spec;               /* what is asked: the file's and the command line's keys */
    const char *spec_path;      /* NULL: no file */
    tl_spec_words words;        /* what its keys may be */
    tl_choice choice;
    tl_run_request request; /* all but data_dir, value_bytes_max and the callbacks */
    const char *json_path;  /* NULL: only the run's directory */
    const char *out_dir;    /* NULL: a new one under out/ */
    const char *stores_dir; /* NULL: in the run's directory */
    const char *baseline;
    double timeout_s;      /* 0: none */
    tl_status file_status; /* of reading the spec's file, when there was nothing to judge */
    bool quiet, dry_run, explain, resume;
} tl_run_options;

/* TL_EXIT_OK, or TL_EXIT_ENVIRONMENT when memory is short; ends the process on a usage error.
 * `options` is large and outlives the run: make it static, all zeros. */
int tl_run_options_parse(int argc, char **argv, tl_run_options *options);

/* Set a key as `--set` does: of the run, of a section, of a driver or of all workloads. */
void tl_run_spec_set(tl_run_options *options, struct argp_state *state, const char *key,
                     const char *value);
/* Read the spec's file, judge all keys, and fill choice and request.  False: something is wrong,
 * and all of it was told. */
bool tl_run_spec_judge(tl_run_options *options, struct argp_state *state);
/* The same; ends the process with TL_EXIT_USAGE when something is wrong. */
void tl_run_spec_resolve(tl_run_options *options, struct argp_state *state);

/* Parameters: tell what is wrong with them; make more drivers, before they are resolved; make more
 * workloads, after that. */
void tl_run_parameters_check(tl_run_options *options);
void tl_run_parameters_drivers(tl_run_options *options, struct argp_state *state);
void tl_run_parameters_loads(tl_run_options *options, struct argp_state *state);

/* Print the resolved spec, as INI, or as JSON to options->json_path. */
int tl_run_options_explain(const tl_run_options *options);

/* Write series.csv and latency.hlog to `dir`; `error` tells why not. */
TL_MUST_USE tl_status tl_run_write_files(const char *dir, const tl_run *run, char *error,
                                         size_t error_bytes);

#endif
