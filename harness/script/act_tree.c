/* harness/script/act_tree.c -- named trees: entering, changing with a note, dropping. */
#include "harness/script/actions.h"

#include <string.h>

/* Every name is kept, so that the whole content can be compared later.  False: too many. */
static bool remember_tree(tl_session *session, const char *name)
{
    for (size_t i = 0; i < session->tree_count; i++)
        if (strcmp(session->trees[i], name) == 0)
            return true;
    if (session->tree_count == TL_SESSION_TREES_MAX)
        return false;
    session->trees[session->tree_count++] = name;
    return true;
}

static void note_tree(tl_play *play, const char *tree, bool made)
{
    if (tl_session_remembers(&play->session))
        tl_session_require_model(&play->session,
                                 tl_history_note_tree(&play->session.history, tree, made));
}

bool tl_play_enter_tree(tl_play *play, const tl_script_line *line, tl_session_txn *txn,
                        bool creates, tl_session_view views[TL_SIDE_COUNT])
{
    tl_session *session = &play->session;
    if (line->tree != NULL && creates && !remember_tree(session, line->tree)) {
        tl_play_answer_with(play, TL_BUSY, "too many named trees");
        return false;
    }
    bool makes = creates && line->tree != NULL && !tl_session_has_tree(session, txn, line->tree);
    tl_script_answer *store = &play->answers[TL_SIDE_STORE], *model = &play->answers[TL_SIDE_MODEL];
    views[TL_SIDE_MODEL] = (tl_session_view){NULL, NULL};
    store->status =
        tl_session_view_of(session, txn, TL_SIDE_STORE, line->tree, creates, &views[TL_SIDE_STORE]);
    if (store->status == TL_UNSUPPORTED) {
        tl_script_answer_note(store, "it has no named trees");
        return false;
    }
    if (store->status != TL_OK && !tl_play_model_takes_part(play, line, creates))
        return false;
    model->status =
        tl_session_view_of(session, txn, TL_SIDE_MODEL, line->tree, creates, &views[TL_SIDE_MODEL]);
    if (store->status == TL_OK && model->status == TL_OK) {
        if (makes)
            note_tree(play, line->tree, true);
        return true;
    }
    tl_play_leave_tree(play, line, views);
    play->model_asked = true;
    return false;
}

void tl_play_leave_tree(tl_play *play, const tl_script_line *line,
                        tl_session_view views[TL_SIDE_COUNT])
{
    for (size_t side = 0; side < TL_SIDE_COUNT; side++)
        tl_session_leave(&play->session, side, line->tree, &views[side]);
}

/* --- notes for a crash --- */

void tl_play_note_change(tl_play *play, const tl_session_view *model, const char *tree,
                         tl_slice key, const tl_slice *value)
{
    tl_session *session = &play->session;
    if (tl_session_remembers(session))
        tl_session_require_model(session, tl_history_note(&session->history, model->driver,
                                                          model->txn, tree, key, value));
}

void tl_play_note_range(tl_play *play, const tl_session_view *model, const char *tree,
                        const tl_range *range)
{
    static const tl_range all;
    const tl_range *bounds = range != NULL ? range : &all;
    tl_store_cursor *cursor;
    tl_slice key, value;
    uint64_t count = 0;
    if (!tl_session_remembers(&play->session))
        return;
    tl_status status = model->driver->count_range(model->txn, bounds, &count);
    if (status == TL_OK)
        status = model->driver->cursor_open(model->txn, &cursor);
    if (status != TL_OK || count == 0) {
        tl_session_require_model(&play->session, status);
        if (status == TL_OK)
            model->driver->cursor_close(cursor);
        return;
    }
    status = model->driver->cursor_seek(cursor, bounds->lower, &key, &value);
    if (status == TL_OK && bounds->lower_exclusive && key.size_bytes == bounds->lower.size_bytes &&
        memcmp(key.data, bounds->lower.data, key.size_bytes) == 0)
        status = model->driver->cursor_next(cursor, &key, &value);
    for (; status == TL_OK && count > 0; count--) {
        tl_play_note_change(play, model, tree, key, NULL);
        if (count > 1)
            status = model->driver->cursor_next(cursor, &key, &value);
    }
    model->driver->cursor_close(cursor);
    tl_session_require_model(&play->session, status);
}

/* --- drop --- */

/* Cursors on a tree end with it. */
static void close_cursors_on(tl_session *session, const tl_session_txn *txn, const char *tree)
{
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++) {
        tl_session_cursor *cursor = &session->cursors[i];
        if (cursor->used && !cursor->skipped && cursor->txn == txn && cursor->tree != NULL &&
            strcmp(cursor->tree, tree) == 0)
            tl_session_cursor_close(session, cursor);
    }
}

static void drop_from_model(tl_play *play, tl_session_txn *txn, tl_slice name)
{
    tl_session *session = &play->session;
    tl_session_view view;
    const char *tree = name.data;
    tl_script_answer *model = &play->answers[TL_SIDE_MODEL];
    bool dropped = play->answers[TL_SIDE_STORE].status == TL_OK;
    if (dropped && tl_session_view_of(session, txn, TL_SIDE_MODEL, tree, false, &view) == TL_OK) {
        tl_play_note_range(play, &view, tree, NULL);
        tl_session_leave(session, TL_SIDE_MODEL, tree, &view);
        note_tree(play, tree, false);
    }
    model->status = session->drivers[TL_SIDE_MODEL]->drop(txn->sides[TL_SIDE_MODEL], name);
    play->model_asked = true;
}

tl_status tl_act_drop(tl_play *play, const tl_script_line *line)
{
    tl_session *session = &play->session;
    const tl_driver *driver = session->drivers[TL_SIDE_STORE];
    tl_slice name = {line->tree, strlen(line->tree)};
    if (driver->drop == NULL)
        return tl_play_unsupported(play, "it has no named trees");
    tl_session_txn *txn = tl_play_txn_for(play, line, true);
    if (txn == NULL)
        return TL_OK;
    close_cursors_on(session, txn, line->tree);
    play->answers[TL_SIDE_STORE].status = driver->drop(txn->sides[TL_SIDE_STORE], name);
    if (tl_play_model_takes_part(play, line, true))
        drop_from_model(play, txn, name);
    tl_play_end_private(play, txn, true);
    return TL_OK;
}
