/* harness/script/session_trees.c -- named trees and savepoints of a session, kept equal on both
 * sides. */
#include "harness/script/session.h"

#include <string.h>

tl_status tl_session_view_of(tl_session *session, const tl_session_txn *txn, size_t side,
                             const char *name, bool create, tl_session_view *view)
{
    const tl_driver *driver = session->drivers[side];
    *view = (tl_session_view){driver, NULL};
    if (name == NULL) {
        view->txn = txn->sides[side];
        return TL_OK;
    }
    if (driver->tree == NULL)
        return TL_UNSUPPORTED;
    tl_slice slice = {name, strlen(name)};
    view->driver = driver->views != NULL ? driver->views : driver;
    return driver->tree(txn->sides[side], slice, create, &view->txn);
}

void tl_session_leave(tl_session *session, size_t side, const char *name, tl_session_view *view)
{
    const tl_driver *driver = session->drivers[side];
    if (name != NULL && view->txn != NULL && driver->leave != NULL)
        driver->leave(view->txn);
    view->txn = NULL;
}

bool tl_session_has_tree(tl_session *session, const tl_session_txn *txn, const char *name)
{
    tl_session_view view;
    if (tl_session_view_of(session, txn, TL_SIDE_MODEL, name, false, &view) != TL_OK)
        return false;
    tl_session_leave(session, TL_SIDE_MODEL, name, &view);
    return true;
}

/* --- savepoints --- */

static void answer_with(tl_script_answer *answer, tl_status status, const char *note)
{
    answer->status = status;
    tl_script_answer_note(answer, "%s", note);
}

static tl_session_txn *txn_for_saves(tl_session *session, tl_script_answer *answer)
{
    tl_session_txn *txn = tl_session_write_txn(session);
    if (session->drivers[TL_SIDE_STORE]->savepoint == NULL)
        answer_with(answer, TL_UNSUPPORTED, "it has no savepoints");
    else if (txn == NULL)
        answer_with(answer, TL_INVALID, "no write transaction is open");
    else if (txn->skipped)
        answer_with(answer, TL_UNSUPPORTED, "its transaction was skipped");
    else
        return txn;
    return NULL;
}

void tl_session_savepoint(tl_session *session, const char *name, tl_script_answer *answer)
{
    tl_session_txn *txn = txn_for_saves(session, answer);
    if (txn == NULL)
        return;
    if (session->save_count == TL_SESSION_SAVES_MAX) {
        answer_with(answer, TL_BUSY, "too many savepoints");
        return;
    }
    tl_session_save *save = &session->saves[session->save_count];
    *save = (tl_session_save){.name = name, .mark = tl_history_mark(&session->history)};
    for (size_t side = 0; side < TL_SIDE_COUNT; side++) {
        tl_status status = session->drivers[side]->savepoint(txn->sides[side], &save->sides[side]);
        if (side == TL_SIDE_STORE)
            answer->status = status;
        else
            tl_session_require_model(session, status);
        if (status != TL_OK)
            return;
    }
    session->save_count++;
}

void tl_session_rollback(tl_session *session, const char *name, tl_script_answer *answer)
{
    tl_session_txn *txn = txn_for_saves(session, answer);
    if (txn == NULL)
        return;
    size_t at = session->save_count;
    while (at > 0 && strcmp(session->saves[at - 1].name, name) != 0)
        at--;
    if (at == 0) {
        answer_with(answer, TL_INVALID, "no savepoint of this name");
        return;
    }
    const tl_session_save *save = &session->saves[at - 1];
    tl_session_close_cursors(session, txn);
    answer->status = session->drivers[TL_SIDE_STORE]->rollback(txn->sides[TL_SIDE_STORE],
                                                               save->sides[TL_SIDE_STORE]);
    if (answer->status != TL_OK)
        return;
    tl_session_require_model(session, session->drivers[TL_SIDE_MODEL]->rollback(
                                          txn->sides[TL_SIDE_MODEL], save->sides[TL_SIDE_MODEL]));
    tl_history_return(&session->history, save->mark);
    session->save_count = at - 1;
}
