/* harness/script/act_record.c -- verbs that read and write records, by key or by cursor. */
#include "harness/script/actions.h"

#include <inttypes.h>
#include <stdio.h>

tl_status tl_play_evaluate(tl_play *play, const tl_script_line *line, tl_operation *operation)
{
    tl_script_scope *scope = &play->scope;
    const tl_script_range *range = line->range;
    int64_t limit = INT64_MAX, steps = 1;
    tl_status status = TL_OK;
    if (line->key != NULL)
        status = tl_script_bytes_value(scope, line->key, &play->key);
    if (status == TL_OK && line->value != NULL)
        status = tl_script_bytes_value(scope, line->value, &play->value);
    play->low.size_bytes = play->high.size_bytes = 0;
    if (status == TL_OK && range != NULL && range->low != NULL)
        status = tl_script_bytes_value(scope, range->low, &play->low);
    if (status == TL_OK && range != NULL && range->high != NULL)
        status = tl_script_bytes_value(scope, range->high, &play->high);
    if (status == TL_OK && line->limit != NULL)
        status = tl_script_int_within(scope, line->limit, "the limit", 0, INT64_MAX, &limit);
    if (status == TL_OK && line->amount != NULL)
        status = tl_script_int_within(scope, line->amount, "the number of steps", 1,
                                      (int64_t)(play->lines_max - play->result->lines + 1), &steps);
    if (status != TL_OK)
        return status;
    play->result->lines += (uint64_t)steps - 1; /* each step is work */
    *operation = (tl_operation){.line = line,
                                .key = tl_script_buffer_slice(&play->key),
                                .value = tl_script_buffer_slice(&play->value),
                                .low = tl_script_buffer_slice(&play->low),
                                .high = tl_script_buffer_slice(&play->high),
                                .limit = line->limit != NULL ? (uint64_t)limit : UINT64_MAX,
                                .steps = (uint64_t)steps};
    return TL_OK;
}

/* Bound what a script can put into the store, and into the model beside it. */
static tl_status count_written(tl_play *play, const tl_operation *operation)
{
    if (operation->line->verb != TL_SCRIPT_DEL)
        play->written += operation->key.size_bytes + operation->value.size_bytes;
    if (play->written <= play->written_max)
        return TL_OK;
    snprintf(play->scope.error, sizeof play->scope.error,
             "the script writes more than its limit of %" PRIu64 " bytes", play->written_max);
    return TL_INVALID;
}

bool tl_play_model_takes_part(const tl_play *play, const tl_script_line *line, bool writes)
{
    tl_status status = play->answers[TL_SIDE_STORE].status;
    if (writes && line->want.any)
        return status == TL_OK;
    return !tl_script_is_refusal(status);
}

void tl_play_note_change(tl_play *play, tl_session_txn *txn, tl_slice key, const tl_slice *value)
{
    tl_session *session = &play->session;
    if (!tl_session_remembers(session))
        return;
    tl_status status = tl_history_note(&session->history, session->drivers[TL_SIDE_MODEL],
                                       txn->sides[TL_SIDE_MODEL], key, value);
    if (status != TL_OK && session->model_status == TL_OK)
        session->model_status = status;
}

tl_session_txn *tl_play_txn_for(tl_play *play, const tl_script_line *line, bool writes)
{
    tl_session *session = &play->session;
    tl_session_txn *txn = line->subject == NULL ? tl_session_write_txn(session) : NULL;
    if (txn == NULL)
        txn = tl_session_find_txn(session, line->subject);
    if (txn == NULL && line->subject == NULL)
        return tl_session_begin(session, NULL, !writes, true, &play->answers[TL_SIDE_STORE]);
    if (txn == NULL)
        tl_play_answer_with(play, TL_INVALID, "no transaction of this name is open");
    else if (txn->skipped)
        tl_play_unsupported(play, "its transaction was skipped");
    return txn == NULL || txn->skipped ? NULL : txn;
}

/* End the transaction that a single line had for itself. */
static void end_private(tl_play *play, tl_session_txn *txn, bool writes)
{
    tl_script_answer *answer = &play->answers[TL_SIDE_STORE];
    if (!writes || answer->status != TL_OK || play->answers[TL_SIDE_MODEL].status != TL_OK) {
        tl_session_abort(&play->session, txn);
        return;
    }
    tl_session_commit(&play->session, txn, answer);
    play->model_asked = play->model_asked && !tl_script_is_refusal(answer->status);
}

tl_status tl_act_record(tl_play *play, const tl_script_line *line, tl_record_fn side, bool writes)
{
    tl_operation operation;
    tl_session *session = &play->session;
    tl_status status = tl_play_evaluate(play, line, &operation);
    if (status == TL_OK && writes)
        status = count_written(play, &operation);
    if (status != TL_OK)
        return status;
    tl_session_txn *txn = tl_play_txn_for(play, line, writes);
    if (txn == NULL)
        return TL_OK;
    tl_script_answer *store = &play->answers[TL_SIDE_STORE];
    side(session->drivers[TL_SIDE_STORE], txn->sides[TL_SIDE_STORE], &operation, store);
    if (tl_play_model_takes_part(play, line, writes)) {
        if (writes && store->status == TL_OK)
            tl_play_note_change(play, txn, operation.key,
                                line->verb == TL_SCRIPT_DEL ? NULL : &operation.value);
        operation.overwrite = line->want.any;
        side(session->drivers[TL_SIDE_MODEL], txn->sides[TL_SIDE_MODEL], &operation,
             &play->answers[TL_SIDE_MODEL]);
        play->model_asked = true;
    }
    if (txn->is_private)
        end_private(play, txn, writes);
    return TL_OK;
}
