/* harness/check/script_history.h -- a user's own script as the history of the crash lab.
 *
 * The script is run once on a simulated disk, each line beside the model.  Its commits are the
 * history: verbs outside begin and commit are transactions of their own.  The log of the disk, what
 * the script left after each commit (all trees) and when each was begun and acknowledged make a
 * recording like any other (recording.h).
 *
 * What a script may not do here:
 *   fail            the lab makes the faults
 *   crash           the lab makes the crashes; but one that stands outside loops ends the history
 *                   and names the state to look at, so that reproducers run here too
 *   reopen with other options than those of the first open
 */
#ifndef TL_HARNESS_CHECK_SCRIPT_HISTORY_H
#define TL_HARNESS_CHECK_SCRIPT_HISTORY_H

#include "harness/check/recording.h"
#include "harness/script/run.h"

typedef struct tl_script_history tl_script_history;

typedef struct tl_script_history_spec {
    const tl_script *script;           /* outlives the history */
    uint32_t end_line;                 /* as if the script ended before this line; 0: all of it */
    const tl_driver *driver;           /* has TL_DRIVER_SIM_IO */
    const tl_driver_setting *settings; /* of the driver's spec */
    size_t setting_count;
    const tl_driver_setting *overrides; /* win over the script's own options */
    size_t override_count;
    tl_arena *arena;   /* for every open; NULL: the driver makes its own each time */
    bool model_only;   /* wants are not asked (run.h) */
    size_t *line_ends; /* [lines of the script + 1], by number: entries of the log when a line was
                          last done, SIZE_MAX: never.  NULL: not asked for */
    size_t line_count; /* of line_ends */
    bool (*interrupted)(void);
} tl_script_history_spec;

/* What the first `open` says, with its line; a script without one cannot be under the lab. */
typedef struct tl_script_opening {
    uint32_t line;
    const char *commit;     /* NULL: the engine's own */
    const char *durability; /* NULL: none */
} tl_script_opening;

/* Look the script over before it is run.  *crash is its `crash` line outside loops; NULL: it has
 * none.
 *
 * TL_OK
 * TL_INVALID  it cannot be under the lab; `error` is "file:line: why" */
TL_MUST_USE tl_status tl_script_history_look(const tl_script *script, tl_script_opening *opening,
                                             const tl_script_line **crash, char *error,
                                             size_t error_bytes);

/* Run it.  *recording borrows from *history; release it with tl_recording_clear, then the history,
 * also after a failure.
 *
 * TL_OK
 * TL_INVALID      the script cannot be run; `error` says where
 * TL_NOT_FOUND    nothing was committed, so there is nothing to judge
 * TL_CORRUPT      a line answered wrongly, without any crash; `error` says which
 * TL_UNSUPPORTED  the driver lacks a verb
 * others          what the machine said */
TL_MUST_USE tl_status tl_script_history_record(const tl_script_history_spec *spec,
                                               tl_recording *recording, tl_script_history **history,
                                               char *error, size_t error_bytes);
void tl_script_history_free(tl_script_history *history); /* NULL is fine */
/* Entries of the log when the lines were over; what is behind them is the closing. */
size_t tl_script_history_end(const tl_script_history *history);
bool tl_script_history_closed(const tl_script_history *history); /* by the script itself */

#endif
