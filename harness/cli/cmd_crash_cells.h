/* harness/cli/cmd_crash_cells.h -- the cell of `treelab crash` that is being worked on, and what
 * all ways of looking at it share. */
#ifndef TL_HARNESS_CMD_CRASH_CELLS_H
#define TL_HARNESS_CMD_CRASH_CELLS_H

#include "harness/cli/cmd_crash.h"

enum {
    TL_CRASH_SETTINGS_MAX = TL_CHOICE_MAX + TL_STANDARD_SETTINGS,
    TL_CRASH_ID_BYTES = 200,
    TL_CRASH_CASE_BYTES = TL_STATE_ID_TEXT_MAX + 64,
    TL_CRASH_COMMAND_BYTES = TL_CRASH_CASE_BYTES + TL_CRASH_TEXT_BYTES,
    TL_CRASH_STEPS_PER_CELL = 100, /* of the progress bar */
    TL_CRASH_RATE_PAGE_BYTES = 4096,
};

typedef struct tl_crash_cell { /* the one being swept */
    const tl_run_arm *arm;
    const tl_history *history;
    const char *protocol;
    uint64_t seed;     /* of the history, and of what is drawn */
    uint64_t schedule; /* of its threads; 0: one thread runs it */
    tl_durability durability;
    uint32_t page_bytes;
    uint64_t commits;
    tl_standard_settings standard;
    tl_driver_setting
        settings[TL_CRASH_SETTINGS_MAX]; /* the standard ones, then the user's, which win */
    size_t setting_count, order;
    char id[TL_CRASH_ID_BYTES];
    uint64_t finding_count;
    char first_case[TL_CRASH_CASE_BYTES], first_rule[32], first_script[TL_CRASH_ID_BYTES];
    char first_command[TL_CRASH_COMMAND_BYTES];
} tl_crash_cell;

typedef struct tl_crash_march { /* from cell to cell */
    tl_crash_campaign *campaign;
    tl_arena *arena;
    tl_progress *progress;
    tl_crash_cell cell;
    tl_script_history *script_history; /* of a script that is being looked at */
    tl_script_history_spec script_spec;
    tl_driver_setting overrides[2];
    FILE *rows; /* of the table, printed when the progress bar is gone */
    size_t cell_count, cells_done;
} tl_crash_march;

void tl_crash_show_step(void *march, size_t point, size_t point_count);

/* Tell the first finding of the cell, and note it there; false: it is not the first.  `where` is
 * the case, behind protocol and durability. */
bool tl_crash_tell(tl_crash_march *march, const char *where, const tl_verdict *verdict);

/* What is left of a budget, shared evenly by the parts that are left; 0: no bound. */
uint64_t tl_crash_share(uint64_t budget, uint64_t used, size_t parts_left);

tl_cell_head tl_crash_cell_head(const tl_crash_cell *cell, const tl_recording_spec *spec,
                                uint64_t findings, tl_status status, const char *error);

tl_recording_spec tl_crash_cell_spec(const tl_crash_march *march);

/* cmd_crash_script.c: run the cell's history, or the script, and record it; release it also after a
 * failure.  Of a script the cell's page size and commits are known only then. */
TL_MUST_USE tl_status tl_crash_cell_record(tl_crash_march *march, tl_recording *recording,
                                           char *error, size_t error_bytes);
void tl_crash_cell_release(tl_crash_march *march, tl_recording *recording);
/* The words of a crash line, and of a second one behind it when the script has that: the crash of a
 * recovery; static.  NULL: they name no state. */
const char *tl_crash_state_words(const tl_script_line *line);
/* Beside the result, for a finding that was just told. */
void tl_crash_write_reproducer(tl_crash_march *march, const tl_recording *recording,
                               const tl_enumerate_finding *finding);

/* The files of the one state that was asked for, in --keep. */
TL_MUST_USE tl_status tl_crash_keep_state(const tl_crash_march *march,
                                          const tl_recording *recording);

/* Say which kinds of event the history of the cell did without. */
void tl_crash_warn_of_events(const tl_crash_cell *cell, const tl_trace_counters *seen);

/* Add a finished cell, which is taken, to the result, and how it ended to the sums. */
void tl_crash_keep_cell(tl_crash_march *march, tl_json *cell, tl_status status, uint64_t findings);

/* cmd_crash_count.c: add the allowed states of one log to row->allowed, and keep row->counted true
 * only when they could be counted. */
TL_MUST_USE tl_status tl_crash_count_log(const tl_simdisk *log, tl_tiers_row *row);
/* Of a row that is done: as many as were enumerated?  TL_INVALID: no, and row->done.error tells. */
TL_MUST_USE tl_status tl_crash_count_agrees(const tl_crash_request *request, tl_tiers_row *row);

/* cmd_crash_missing.c: note what the rows of a cell leave open; a cell, or a part of one, that was
 * never begun; and tell of all that. */
void tl_crash_note_missing(tl_crash_campaign *campaign, const tl_tiers_row *rows, size_t done);
void tl_crash_note_unbegun(tl_crash_campaign *campaign, const char *what);
void tl_crash_print_missing(const tl_crash_campaign *campaign);

/* cmd_crash_replay.c: the id by which `treelab crash replay` finds a state of a profile again.
 * False: it did not fit. */
bool tl_crash_replay_id(const tl_crash_cell *cell, uint64_t seed, const char *where, char *text,
                        size_t text_bytes);
/* cmd_crash_times.c: `treelab crash replay ID --times N`.  False: it was not asked for. */
bool tl_crash_replay_times(int argc, char **argv, int *exit_code);

/* cmd_crash_enumerate.c: the chosen cell under each profile asked for. */
void tl_crash_enumerate_cell(tl_crash_march *march);
void tl_crash_enumerate_header(FILE *rows);
/* cmd_crash_syncs.c: the chosen cell with each of its syncs left out. */
void tl_crash_syncs_cell(tl_crash_march *march);
void tl_crash_syncs_header(FILE *rows);

/* cmd_crash_seeds.c: the chosen cell, with the histories of many seeds, or with many schedules of
 * the threads that run it. */
void tl_crash_seeds_cell(tl_crash_march *march);
void tl_crash_seeds_header(const tl_crash_request *request, FILE *rows);
/* cmd_crash_rate.c: the chosen cell, with a file of each number of pages asked for. */
void tl_crash_rate_cell(tl_crash_march *march);
void tl_crash_rate_header(FILE *rows);

#endif
