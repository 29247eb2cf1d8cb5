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
    if (play->session.config->model_only)
        return status != TL_UNSUPPORTED;
    if (writes && line->want.any)
        return status == TL_OK;
    return !tl_script_is_refusal(status);
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

void tl_play_end_private(tl_play *play, tl_session_txn *txn, bool writes)
{
    tl_script_answer *answer = &play->answers[TL_SIDE_STORE];
    if (!txn->is_private)
        return;
    if (!writes || answer->status != TL_OK || play->answers[TL_SIDE_MODEL].status != TL_OK) {
        tl_session_abort(&play->session, txn);
        return;
    }
    tl_session_commit(&play->session, txn, answer);
    play->model_asked = play->model_asked && !tl_script_is_refusal(answer->status);
}

/* A write makes the tree it goes to; there is nothing to delete in one that is not there. */
static bool creates_tree(const tl_script_line *line, bool writes)
{
    return writes && line->verb != TL_SCRIPT_DEL && line->verb != TL_SCRIPT_DELRANGE;
}

/* What the model is about to change, noted for a crash. */
static void note_changes(tl_play *play, const tl_session_view *model, const tl_operation *operation)
{
    const tl_script_line *line = operation->line;
    tl_range range;
    if (line->verb == TL_SCRIPT_DELRANGE) {
        if (tl_operation_range(operation, &range))
            tl_play_note_range(play, model, line->tree, &range);
    } else if (line->body != NULL || operation->records != NULL) {
        for (size_t i = 0; i < operation->record_count; i++)
            tl_play_note_change(play, model, line->tree, operation->records[i].key,
                                &operation->records[i].value);
    } else {
        tl_play_note_change(play, model, line->tree, operation->key,
                            line->verb == TL_SCRIPT_DEL ? NULL : &operation->value);
    }
}

static bool is_batch(tl_script_verb verb)
{
    return verb == TL_SCRIPT_BATCH || verb == TL_SCRIPT_BULKINSERT || verb == TL_SCRIPT_BULKLOAD;
}

tl_status tl_act_record(tl_play *play, const tl_script_line *line, tl_record_fn side, bool writes)
{
    tl_operation operation;
    tl_session_view views[TL_SIDE_COUNT];
    tl_session *session = &play->session;
    tl_status status = tl_play_evaluate(play, line, &operation);
    if (status == TL_OK && is_batch(line->verb))
        status = tl_play_batch_end(play, line, &operation);
    else if (status == TL_OK && writes)
        status = count_written(play, &operation);
    if (status != TL_OK)
        return status;
    tl_session_txn *txn = tl_play_txn_for(play, line, writes);
    if (txn == NULL)
        return TL_OK;
    tl_script_answer *store = &play->answers[TL_SIDE_STORE];
    if (tl_play_enter_tree(play, line, txn, creates_tree(line, writes), views)) {
        tl_session_view *at = &views[TL_SIDE_STORE], *model = &views[TL_SIDE_MODEL];
        side(at->driver, at->txn, &operation, store);
        if (tl_play_model_takes_part(play, line, writes)) {
            if (writes && store->status == TL_OK && tl_session_remembers(session))
                note_changes(play, model, &operation);
            operation.overwrite = line->want.any && !session->config->model_only;
            side(model->driver, model->txn, &operation, &play->answers[TL_SIDE_MODEL]);
            play->model_asked = true;
        }
        tl_play_leave_tree(play, line, views);
    }
    tl_play_end_private(play, txn, writes);
    return TL_OK;
}
