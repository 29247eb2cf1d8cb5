/* harness/script/act_store.c -- verbs of the store as a whole and of transactions. */
#include "harness/script/actions.h"

#include <inttypes.h>

/* What a right store answers, when no side can be asked. */
static void truth_is(tl_play *play, tl_status status)
{
    play->answers[TL_SIDE_MODEL].status = status;
    play->model_asked = true;
}

tl_status tl_act_open(tl_play *play, const tl_script_line *line)
{
    tl_session_open(&play->session, line->pairs, &play->answers[TL_SIDE_STORE]);
    return TL_OK;
}

tl_status tl_act_reopen(tl_play *play, const tl_script_line *line)
{
    tl_session_reopen(&play->session, line->pairs, &play->answers[TL_SIDE_STORE]);
    return TL_OK;
}

tl_status tl_act_close(tl_play *play, const tl_script_line *line)
{
    (void)line;
    tl_session_close(&play->session, &play->answers[TL_SIDE_STORE]);
    return TL_OK;
}

static bool note_finding(void *context, const tl_finding *finding)
{
    tl_script_answer *answer = context;
    if (answer->note[0] == '\0')
        tl_script_answer_note(answer, "%s on page %" PRIu32 ": %s", finding->rule, finding->pgno,
                              finding->text);
    return true;
}

tl_status tl_act_verify(tl_play *play, const tl_script_line *line)
{
    (void)line;
    const tl_driver *driver = play->session.config->driver;
    tl_script_answer *answer = &play->answers[TL_SIDE_STORE];
    uint64_t finding_count = 0;
    if (driver->verify == NULL)
        return tl_play_unsupported(play, "it has no verifier");
    answer->status =
        driver->verify(play->session.stores[TL_SIDE_STORE], note_finding, answer, &finding_count);
    if (answer->status == TL_OK && finding_count > 0)
        answer->status = TL_CORRUPT;
    return TL_OK;
}

tl_status tl_act_checkpoint(tl_play *play, const tl_script_line *line)
{
    (void)line;
    const tl_driver *driver = play->session.config->driver;
    if (driver->checkpoint == NULL)
        return tl_play_unsupported(play, "it has no checkpoints");
    play->answers[TL_SIDE_STORE].status = driver->checkpoint(play->session.stores[TL_SIDE_STORE]);
    truth_is(play, tl_session_write_txn(&play->session) != NULL ? TL_BUSY : TL_OK);
    return TL_OK;
}

tl_status tl_act_compact(tl_play *play, const tl_script_line *line)
{
    const tl_driver *driver = play->session.config->driver;
    int64_t pages;
    bool done;
    tl_status status =
        tl_script_int_within(&play->scope, line->amount, "the pages to move", 0, INT64_MAX, &pages);
    if (status != TL_OK)
        return status;
    if (driver->compact == NULL)
        return tl_play_unsupported(play, "it has no online compaction");
    play->answers[TL_SIDE_STORE].status =
        driver->compact(play->session.stores[TL_SIDE_STORE], (uint64_t)pages, &done);
    truth_is(play, tl_session_write_txn(&play->session) != NULL ? TL_BUSY : TL_OK);
    return TL_OK;
}

/* --- transactions --- */

tl_status tl_act_begin(tl_play *play, const tl_script_line *line)
{
    tl_session *session = &play->session;
    tl_script_answer *answer = &play->answers[TL_SIDE_STORE];
    bool has_txns = (session->config->driver->capabilities & TL_DRIVER_TRANSACTIONS) != 0;
    if (!line->read_only && tl_session_write_txn(session) != NULL)
        return tl_play_answer_with(play, TL_BUSY, "a write transaction is open");
    if ((line->read_only || line->name != NULL) && tl_session_find_txn(session, line->name) != NULL)
        return tl_play_answer_with(play, TL_BUSY, "a transaction of this name is open");
    if (has_txns) {
        tl_session_begin(session, line->name, line->read_only, false, answer);
        return TL_OK;
    }
    tl_session_txn *txn = tl_session_new_txn(session);
    if (txn == NULL)
        return tl_play_answer_with(play, TL_BUSY, "too many transactions are open");
    *txn = (tl_session_txn){
        .used = true, .skipped = true, .read_only = line->read_only, .name = line->name};
    return tl_play_unsupported(play, "it has no transactions");
}

/* The transaction that `commit` or `abort` ends: the named one, else the write txn, else the
 * unnamed read txn.  NULL: none, and the answer says so. */
static tl_session_txn *txn_to_end(tl_play *play, const tl_script_line *line)
{
    tl_session *session = &play->session;
    tl_session_txn *txn = line->name == NULL ? tl_session_write_txn(session) : NULL;
    if (txn == NULL)
        txn = tl_session_find_txn(session, line->name);
    if (txn == NULL)
        tl_play_answer_with(play, TL_INVALID,
                            line->name == NULL ? "no transaction is open"
                                               : "no transaction of this name is open");
    return txn;
}

tl_status tl_act_commit(tl_play *play, const tl_script_line *line)
{
    tl_session_txn *txn = txn_to_end(play, line);
    if (txn == NULL)
        return TL_OK;
    if (txn->skipped) {
        tl_session_abort(&play->session, txn);
        return tl_play_unsupported(play, "it has no transactions");
    }
    tl_session_commit(&play->session, txn, &play->answers[TL_SIDE_STORE]);
    return TL_OK;
}

tl_status tl_act_abort(tl_play *play, const tl_script_line *line)
{
    tl_session_txn *txn = txn_to_end(play, line);
    if (txn == NULL)
        return TL_OK;
    bool skipped = txn->skipped;
    tl_session_abort(&play->session, txn);
    return skipped ? tl_play_unsupported(play, "it has no transactions") : TL_OK;
}

tl_status tl_act_savepoint(tl_play *play, const tl_script_line *line)
{
    tl_session_savepoint(&play->session, line->name, &play->answers[TL_SIDE_STORE]);
    return TL_OK;
}

tl_status tl_act_rollback(tl_play *play, const tl_script_line *line)
{
    tl_session_rollback(&play->session, line->name, &play->answers[TL_SIDE_STORE]);
    return TL_OK;
}
