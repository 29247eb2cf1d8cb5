/* harness/script/act_cursor.c -- verbs of cursors. */
#include "harness/script/actions.h"

static tl_session_cursor *remember_cursor(tl_play *play, const tl_script_line *line)
{
    tl_session_cursor *cursor = tl_session_new_cursor(&play->session);
    if (cursor == NULL)
        tl_play_answer_with(play, TL_BUSY, "too many cursors are open");
    else
        *cursor = (tl_session_cursor){.used = true, .skipped = true, .name = line->name};
    return cursor;
}

tl_status tl_act_cursor(tl_play *play, const tl_script_line *line)
{
    tl_session *session = &play->session;
    tl_script_answer *store = &play->answers[TL_SIDE_STORE];
    if (tl_session_find_cursor(session, line->name) != NULL)
        return tl_play_answer_with(play, TL_BUSY, "a cursor of this name is open");
    tl_session_cursor *cursor = remember_cursor(play, line);
    if (cursor == NULL)
        return TL_OK;
    if (session->config->driver->cursor_open == NULL)
        return tl_play_unsupported(play, "it has no cursors");
    cursor->tree = line->tree;
    cursor->txn = tl_play_txn_for(play, line, false);
    bool entered =
        cursor->txn != NULL && tl_play_enter_tree(play, line, cursor->txn, false, cursor->views);
    for (size_t side = 0; side < TL_SIDE_COUNT && entered; side++) {
        tl_script_answer *answer = &play->answers[side];
        tl_session_view *view = &cursor->views[side];
        answer->status = view->driver->cursor_open(view->txn, &cursor->sides[side]);
        if (answer->status != TL_OK)
            break;
    }
    if (!entered || store->status != TL_OK) {
        if (store->status != TL_UNSUPPORTED)
            tl_session_cursor_close(session, cursor);
        return TL_OK;
    }
    cursor->skipped = false;
    play->model_asked = true;
    return TL_OK;
}

/* The cursor a line names; NULL: none that can be used, and the answer says why. */
static tl_session_cursor *cursor_for(tl_play *play, const tl_script_line *line)
{
    tl_session_cursor *cursor = tl_session_find_cursor(&play->session, line->subject);
    if (cursor == NULL)
        tl_play_answer_with(play, TL_INVALID, "no cursor of this name is open");
    else if (cursor->skipped)
        tl_play_unsupported(play, "its cursor was skipped");
    return cursor == NULL || cursor->skipped ? NULL : cursor;
}

tl_status tl_act_step(tl_play *play, const tl_script_line *line, tl_cursor_fn side, bool writes)
{
    tl_operation operation;
    tl_status status = tl_play_evaluate(play, line, &operation);
    tl_session_cursor *cursor = status == TL_OK ? cursor_for(play, line) : NULL;
    if (cursor == NULL)
        return status;
    tl_script_answer *store = &play->answers[TL_SIDE_STORE], *model = &play->answers[TL_SIDE_MODEL];
    side(cursor->views[TL_SIDE_STORE].driver, cursor->sides[TL_SIDE_STORE], &operation, store);
    if (!tl_play_model_takes_part(play, line, writes))
        return TL_OK;
    if (writes && store->status == TL_OK)
        tl_play_note_change(play, &cursor->views[TL_SIDE_MODEL], cursor->tree,
                            tl_script_buffer_slice(&cursor->at), NULL);
    side(cursor->views[TL_SIDE_MODEL].driver, cursor->sides[TL_SIDE_MODEL], &operation, model);
    play->model_asked = true;
    if (model->has_key && !tl_script_buffer_set(&cursor->at, tl_script_buffer_slice(&model->key)))
        return TL_NO_MEMORY;
    return TL_OK;
}

tl_status tl_act_curclose(tl_play *play, const tl_script_line *line)
{
    tl_session_cursor *cursor = tl_session_find_cursor(&play->session, line->subject);
    if (cursor == NULL)
        return tl_play_answer_with(play, TL_INVALID, "no cursor of this name is open");
    bool skipped = cursor->skipped;
    tl_session_cursor_close(&play->session, cursor);
    return skipped ? tl_play_unsupported(play, "its cursor was skipped") : TL_OK;
}
