/* harness/script/actions.h -- what each verb does in a run. */
#ifndef TL_HARNESS_SCRIPT_ACTIONS_H
#define TL_HARNESS_SCRIPT_ACTIONS_H

#include "harness/script/session.h"
#include "harness/script/sides.h"
#include "workloads/keys.h"

typedef struct tl_script_batch { /* items on their way into one call */
    tl_record *records;          /* made when the last item is in */
    size_t *ends;                /* in `bytes`: of key and value of each item */
    size_t count, room;
    tl_script_buffer bytes;
} tl_script_batch;

typedef struct tl_play { /* a script on its way */
    const tl_script *script;
    tl_script_result *result;
    tl_session session;
    tl_script_scope scope;
    tl_script_buffer key, value, low, high; /* of the line at hand */
    tl_script_answer answers[TL_SIDE_COUNT];
    bool model_asked; /* the model's answer counts */
    bool differs;     /* EXPECT: the counter is not as wanted; result->want and got are set */
    tl_script_expectation expectation;
    bool *told;            /* per line: its skipping was reported */
    tl_script_batch batch; /* items of the batch at hand */
    uint64_t lines_max, written_max, written;
} tl_play;

/* Do the line on both sides and fill the answers.  TL_INVALID: it cannot be evaluated, scope.error
 * tells.  TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_play_act(tl_play *play, const tl_script_line *line);

/* What the run holds besides the session and itself. */
void tl_play_free(tl_play *play);

/* --- for the verbs --- */

/* The store's answer is `status`, explained.  Always TL_OK: the line was done. */
tl_status tl_play_answer_with(tl_play *play, tl_status status, const char *note);
tl_status tl_play_unsupported(tl_play *play, const char *note);

/* Evaluate what the line says. */
TL_MUST_USE tl_status tl_play_evaluate(tl_play *play, const tl_script_line *line,
                                       tl_operation *operation);
/* The transaction a line works in: the named one, the write txn, the unnamed read txn, or one of
 * its own.  NULL: none, and the answer says why. */
tl_session_txn *tl_play_txn_for(tl_play *play, const tl_script_line *line, bool writes);
/* Both sides of the tree a line works on.  False: there is none, and the answers say so. */
bool tl_play_enter_tree(tl_play *play, const tl_script_line *line, tl_session_txn *txn,
                        bool creates, tl_session_view views[TL_SIDE_COUNT]);
void tl_play_leave_tree(tl_play *play, const tl_script_line *line,
                        tl_session_view views[TL_SIDE_COUNT]);
/* End the transaction that a single line had for itself. */
void tl_play_end_private(tl_play *play, tl_session_txn *txn, bool writes);
/* Does the model do what the store just did or refused? */
bool tl_play_model_takes_part(const tl_play *play, const tl_script_line *line, bool writes);
/* What the model's tree is about to lose is noted first, in case a crash brings it back: one key,
 * or all of a range (NULL: the whole tree). */
void tl_play_note_change(tl_play *play, const tl_session_view *model, const char *tree,
                         tl_slice key, const tl_slice *value);
void tl_play_note_range(tl_play *play, const tl_session_view *model, const char *tree,
                        const tl_range *range);

/* --- batches: act_batch.c --- */

void tl_play_batch_begin(tl_play *play);
/* The item of this line joins the batch.  As tl_play_act. */
TL_MUST_USE tl_status tl_play_item(tl_play *play, const tl_script_line *line);
void tl_play_batch_free(tl_play *play);
/* The batch is whole: its records and the line's pairs into the operation.  TL_INVALID: a pair is
 * unknown, scope.error tells.  TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_play_batch_end(tl_play *play, const tl_script_line *line,
                                        tl_operation *operation);

/* --- the verbs: act_store.c, act_tree.c, act_record.c, act_cursor.c, act_fault.c --- */

tl_status tl_act_open(tl_play *play, const tl_script_line *line);
tl_status tl_act_reopen(tl_play *play, const tl_script_line *line);
tl_status tl_act_close(tl_play *play, const tl_script_line *line);
tl_status tl_act_verify(tl_play *play, const tl_script_line *line);
tl_status tl_act_checkpoint(tl_play *play, const tl_script_line *line);
tl_status tl_act_begin(tl_play *play, const tl_script_line *line);
tl_status tl_act_commit(tl_play *play, const tl_script_line *line);
tl_status tl_act_abort(tl_play *play, const tl_script_line *line);
tl_status tl_act_compact(tl_play *play, const tl_script_line *line);
tl_status tl_act_savepoint(tl_play *play, const tl_script_line *line);
tl_status tl_act_rollback(tl_play *play, const tl_script_line *line);
tl_status tl_act_drop(tl_play *play, const tl_script_line *line);
tl_status tl_act_cursor(tl_play *play, const tl_script_line *line);
tl_status tl_act_curclose(tl_play *play, const tl_script_line *line);
tl_status tl_act_expect(tl_play *play, const tl_script_line *line);
tl_status tl_act_fail(tl_play *play, const tl_script_line *line);
tl_status tl_act_crash(tl_play *play, const tl_script_line *line);
tl_status tl_act_record(tl_play *play, const tl_script_line *line, tl_record_fn side, bool writes);
tl_status tl_act_step(tl_play *play, const tl_script_line *line, tl_cursor_fn side, bool writes);

#endif
