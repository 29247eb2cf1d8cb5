/* harness/cli/cmd_crash.h -- what `treelab crash` was asked for, and what it has found so far. */
#ifndef TL_HARNESS_CMD_CRASH_H
#define TL_HARNESS_CMD_CRASH_H

#include "harness/check/document_tiers.h"
#include "harness/check/enumerate.h"
#include "harness/check/mutant_run.h"
#include "harness/check/script_history.h"
#include "harness/check/standard.h"
#include "harness/cli/cmd_run.h"
#include "harness/report/resultfile.h"

#include <stdio.h>

enum { TL_CRASH_LIST_MAX = 16, TL_CRASH_PATH_BYTES = 400, TL_CRASH_TEXT_BYTES = 512 };

typedef enum tl_crash_way {
    TL_CRASH_PROFILES, /* states of profiles, by tier */
    TL_CRASH_SYNCS,    /* `treelab crash syncs`: the same, with each sync left out in turn */
    TL_CRASH_RATE,     /* `treelab crash rate`: states of profiles, to see how fast */
} tl_crash_way;

typedef struct tl_crash_request {
    tl_choice choice; /* of drivers */
    const char *protocols[TL_CRASH_LIST_MAX];
    tl_durability durabilities[TL_CRASH_LIST_MAX];
    const tl_history *histories[TL_CRASH_LIST_MAX];
    size_t protocol_count, durability_count, history_count;
    bool quiet;
    uint32_t page_bytes;    /* 0: what each history is made for */
    uint64_t seed, commits; /* 0 commits: likewise */
    bool seed_given, seeds_given, durabilities_defaulted;
    bool of_id; /* `crash replay`: an id says what is built; options may not contradict it */
    uint64_t seed_last;                /* PROFILES: seeds from `seed` to this one, all of them */
    bool threaded;                     /* the histories are run by several threads */
    uint64_t schedule, schedule_last;  /* of those; 0: not given */
    uint64_t pages[TL_CRASH_LIST_MAX]; /* RATE: images of about so many pages */
    size_t page_count;
    uint64_t budget_ns, budget_states; /* 0: no bound */
    tl_crash_way way;
    tl_tier tier; /* of PROFILES and SYNCS */
    bool tier_given, timeline;
    tl_profile profiles[TL_PROFILE_COUNT];
    size_t profile_count;
    uint32_t shard, shard_count; /* shard_count 0: all */
    const char *json_path, *junit_path, *out_dir, *repro;
    const char *artifact_dir, *keep_dir; /* NULL: none */
    const tl_contracts *contracts;       /* --contract; NULL: the table built in */
    const char *mutant;                  /* a seeded bug to wake; NULL: none */
    tl_state_id only_state;              /* with repro */
    const char *script_path; /* a user's script or spec instead of a built-in history; NULL: none */
    uint64_t spec_ops;       /* it is a spec, of this scale; 0: it is a script */
    tl_script *script;       /* never released: it lives as long as the process */
    tl_script_opening opening;
    const tl_script_line *crash_line;         /* of the script; NULL: none */
    tl_history own_history;                   /* what results call it */
    bool protocols_given, durabilities_given; /* they win over the script's own */
} tl_crash_request;

typedef struct tl_crash_campaign { /* all cells of one request */
    const tl_crash_request *request;
    FILE *table;
    tl_result *result; /* NULL: nothing is written */
    char run_dir[TL_CRASH_PATH_BYTES];
    uint64_t states, elapsed_ns, findings, known, failed_cells;
    uint64_t again, again_calls_max, again_bytes_max; /* as in tl_enumeration */
    uint64_t distinct;         /* of SEEDS: states that read what no other of their trace did */
    uint64_t syncs, undecided; /* of SYNCS: all, and those that nothing can be said of */
    uint64_t budget_used;      /* of budget_states: states inspected, of tier T3 those drawn */
    char missing[TL_MISSING_COUNT][TL_MISSING_TEXT_MAX]; /* what was not covered; "": it was */
    uint64_t rows_wanted, rows_whole;  /* of a cell and a profile; whole: none was cut short */
    char unbegun[TL_CRASH_TEXT_BYTES]; /* the first cells that were never begun */
    size_t unbegun_count;
    uint64_t unbegun_cells; /* whole ones; the others began, and lack seeds */
    bool artifact_written;
    tl_status failure; /* of the first sweep that could not be done */
} tl_crash_campaign;

/* Forms of the command with a word of their own; argv[0] is that word. */
int tl_cmd_crash_faults(int argc, char **argv);
int tl_cmd_crash_replay(int argc, char **argv);
int tl_cmd_crash_syncs(int argc, char **argv);
int tl_cmd_crash_rate(int argc, char **argv);

/* Run all that `request` asks for; argv is for the record. */
int tl_crash_go(tl_crash_request *request, int argc, char **argv);

/* Parse the command line, with defaults for what it leaves out; usage errors end the process. */
int tl_crash_request_parse(int argc, char **argv, tl_crash_request *request);

/* cmd_crash_spec.c: is the word a spec's file, or a name of the catalogue?  And such a spec as the
 * text of a script (free it); sets spec_ops and, unless it was given, the seed; a bad spec ends the
 * process. */
bool tl_crash_is_spec(const char *word);
void tl_crash_spec_write(tl_crash_request *request, char **text, size_t *text_bytes);

/* cmd_crash_script.c: read the script of the request and take from it what the command line left
 * open; a bad script ends the process. */
void tl_crash_script_take(struct argp_state *state);

/* `treelab crash WORD`, each in cmd_crash_<word>.c. */
int tl_cmd_crash_processes(int argc, char **argv);
int tl_cmd_crash_mutants(int argc, char **argv);
/* Seeded bugs as an option's value, "name" or "name+name".  A usage error when one is unknown, or
 * when this program's engine has none. */
void tl_crash_mutant_check(const struct argp_state *state, const char *names);

/* The commit protocol that the spec of a driver fixes; NULL: none. */
const char *tl_crash_protocol_of(const tl_run_arm *arm);

/* Sweep every cell: one row of the table and one cell of the result each. */
void tl_crash_campaign_run(tl_crash_campaign *campaign);

#endif
