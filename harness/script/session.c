#include "harness/script/session.h"

#include <stdlib.h>
#include <string.h>

void tl_session_start(tl_session *session, const tl_script_config *config)
{
    *session = (tl_session){
        .config = config, .drivers = {config->driver, config->model},
             .model_status = TL_OK
    };
}

bool tl_session_remembers(const tl_session *session)
{
    return session->config->host != NULL;
}

static void refuse(tl_script_answer *answer, tl_status status, const char *note)
{
    answer->status = status;
    tl_script_answer_note(answer, "%s", note);
}

void tl_session_require_model(tl_session *session, tl_status status)
{
    if (status != TL_OK && session->model_status == TL_OK)
        session->model_status = status;
}

/* --- transactions and cursors --- */

tl_session_txn *tl_session_new_txn(tl_session *session)
{
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        if (!session->txns[i].used)
            return &session->txns[i];
    return NULL;
}

tl_session_cursor *tl_session_new_cursor(tl_session *session)
{
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        if (!session->cursors[i].used)
            return &session->cursors[i];
    return NULL;
}

static bool same_name(const char *left, const char *right)
{
    return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

tl_session_txn *tl_session_write_txn(tl_session *session)
{
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        if (session->txns[i].used && !session->txns[i].read_only)
            return &session->txns[i];
    return NULL;
}

tl_session_txn *tl_session_find_txn(tl_session *session, const char *name)
{
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++) {
        tl_session_txn *txn = &session->txns[i];
        if (txn->used && !txn->is_private && same_name(txn->name, name) &&
            (name != NULL || txn->read_only))
            return txn;
    }
    return NULL;
}

tl_session_cursor *tl_session_find_cursor(tl_session *session, const char *name)
{
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        if (session->cursors[i].used && strcmp(session->cursors[i].name, name) == 0)
            return &session->cursors[i];
    return NULL;
}

tl_session_txn *tl_session_begin(tl_session *session, const char *name, bool read_only,
                                 bool is_private, tl_script_answer *answer)
{
    tl_session_txn *txn = tl_session_new_txn(session);
    if (txn == NULL) {
        refuse(answer, TL_BUSY, "too many transactions are open");
        return NULL;
    }
    *txn = (tl_session_txn){.read_only = read_only, .is_private = is_private, .name = name};
    for (size_t side = 0; side < TL_SIDE_COUNT; side++) {
        tl_status status =
            session->drivers[side]->begin(session->stores[side], read_only, &txn->sides[side]);
        if (status == TL_OK)
            continue;
        answer->status = status;
        if (side == TL_SIDE_MODEL) {
            session->drivers[TL_SIDE_STORE]->abort(txn->sides[TL_SIDE_STORE]);
            tl_session_require_model(session, status);
        }
        return NULL;
    }
    txn->used = true;
    answer->status = TL_OK;
    return txn;
}

static void free_cursor(tl_session *session, tl_session_cursor *cursor)
{
    for (size_t side = 0; side < TL_SIDE_COUNT; side++)
        if (cursor->sides[side] != NULL)
            cursor->views[side].driver->cursor_close(cursor->sides[side]);
    for (size_t side = 0; side < TL_SIDE_COUNT; side++)
        tl_session_leave(session, side, cursor->tree, &cursor->views[side]);
    tl_script_buffer_free(&cursor->at);
    *cursor = (tl_session_cursor){0};
}

void tl_session_close_cursors(tl_session *session, const tl_session_txn *txn)
{
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        if (session->cursors[i].used && session->cursors[i].txn == txn)
            free_cursor(session, &session->cursors[i]);
}

void tl_session_cursor_close(tl_session *session, tl_session_cursor *cursor)
{
    tl_session_txn *txn = cursor->txn;
    free_cursor(session, cursor);
    if (txn != NULL && txn->is_private)
        tl_session_abort(session, txn);
}

void tl_session_abort(tl_session *session, tl_session_txn *txn)
{
    tl_session_close_cursors(session, txn);
    if (!txn->read_only)
        tl_history_abort(&session->history);
    for (size_t side = 0; side < TL_SIDE_COUNT; side++)
        if (txn->sides[side] != NULL)
            session->drivers[side]->abort(txn->sides[side]);
    session->save_count = txn->read_only ? session->save_count : 0;
    *txn = (tl_session_txn){0};
}

static void announce_commit(const tl_session *session, uint64_t number, bool acknowledged)
{
    const tl_script_host *host = session->config->host;
    if (host != NULL && host->on_commit != NULL)
        host->on_commit(host->context, number, acknowledged);
    if (host == NULL || host->on_content == NULL || !acknowledged)
        return;
    tl_script_content content = tl_history_content(&session->history, number);
    host->on_content(host->context, number, &content);
}

/* The model after a commit of the store: along with it, or back.  After TL_IO nobody knows before
 * the next open; reads go on without the commit, and so does the model. */
static void model_follows(tl_session *session, tl_session_txn *txn, tl_status status)
{
    const tl_driver *model = session->drivers[TL_SIDE_MODEL];
    bool uncertain = status == TL_IO;
    if (tl_session_remembers(session) && (status == TL_OK || uncertain))
        tl_session_require_model(session,
                                 tl_history_commit_end(&session->history, status == TL_OK));
    else
        tl_history_abort(&session->history);
    if (status == TL_OK)
        tl_session_require_model(session, model->commit(txn->sides[TL_SIDE_MODEL]));
    else
        model->abort(txn->sides[TL_SIDE_MODEL]);
}

void tl_session_commit(tl_session *session, tl_session_txn *txn, tl_script_answer *answer)
{
    tl_session_close_cursors(session, txn);
    const tl_driver *driver = session->drivers[TL_SIDE_STORE];
    if (txn->read_only) {
        answer->status = driver->commit(txn->sides[TL_SIDE_STORE]);
        session->drivers[TL_SIDE_MODEL]->abort(txn->sides[TL_SIDE_MODEL]);
    } else {
        uint64_t number = session->history.position + 1;
        announce_commit(session, number, false);
        answer->status = driver->commit(txn->sides[TL_SIDE_STORE]);
        model_follows(session, txn, answer->status);
        if (answer->status == TL_OK)
            announce_commit(session, number, true);
        session->save_count = 0;
    }
    *txn = (tl_session_txn){0};
}

/* --- open and close --- */

static bool has_open_txns(const tl_session *session)
{
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        if (session->txns[i].used && !session->txns[i].skipped)
            return true;
    return false;
}

static void end_all_txns(tl_session *session)
{
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        if (session->cursors[i].used)
            free_cursor(session, &session->cursors[i]);
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        if (session->txns[i].used)
            tl_session_abort(session, &session->txns[i]);
}

/* The model is opened once, in memory, and stays open: it needs no files to remember. */
static void open_model(tl_session *session, const tl_driver_options *store_options)
{
    if (session->stores[TL_SIDE_MODEL] != NULL)
        return;
    tl_driver_options options = *store_options;
    options.dir = NULL;
    options.io = NULL;
    if (session->config->driver != session->config->model &&
        (session->config->driver->capabilities & TL_DRIVER_SIM_IO) == 0) {
        options.page_bytes = 0; /* a peer's settings mean nothing to the model */
        options.setting_count = 0;
    }
    tl_session_require_model(
        session, session->config->model->open(&options, &session->stores[TL_SIDE_MODEL]));
}

typedef struct hashing {
    const char *tree;
    uint64_t sum;
} hashing;

static bool add_hash(void *context, tl_slice key, tl_slice value)
{
    hashing *so_far = context;
    so_far->sum += tl_content_record_hash(so_far->tree, key, value);
    return true;
}

/* The content of the store under test as the history counts it: all trees ever written to. */
static tl_status content_hash(tl_session *session, uint64_t *hash)
{
    const tl_driver *driver = session->drivers[TL_SIDE_STORE];
    tl_session_txn txn = {.read_only = true};
    tl_session_view view;
    hashing so_far = {NULL, 0};
    tl_status status =
        driver->begin(session->stores[TL_SIDE_STORE], true, &txn.sides[TL_SIDE_STORE]);
    if (status != TL_OK)
        return status;
    status = driver->scan(txn.sides[TL_SIDE_STORE], (tl_slice){"", 0}, add_hash, &so_far);
    for (size_t i = 0; i < session->tree_count && status == TL_OK; i++) {
        so_far.tree = session->trees[i];
        status = tl_session_view_of(session, &txn, TL_SIDE_STORE, so_far.tree, false, &view);
        if (status == TL_OK) {
            so_far.sum += tl_content_tree_hash(so_far.tree);
            status = view.driver->scan(view.txn, (tl_slice){"", 0}, add_hash, &so_far);
            tl_session_leave(session, TL_SIDE_STORE, so_far.tree, &view);
        } else if (status == TL_NOT_FOUND) {
            status = TL_OK;
        }
    }
    driver->abort(txn.sides[TL_SIDE_STORE]);
    *hash = so_far.sum;
    return status;
}

/* Find the commit whose content the store came back with, the newest first, and go there. */
static void follow_recovery(tl_session *session, tl_script_answer *answer)
{
    const tl_history *history = &session->history;
    uint64_t hash;
    answer->status = content_hash(session, &hash);
    if (answer->status != TL_OK)
        return;
    uint64_t most = session->survivors.most < history->commit_count ? session->survivors.most
                                                                    : history->commit_count;
    for (uint64_t commit = most + 1; commit-- > session->survivors.least;) {
        if (tl_history_hash(history, commit) != hash)
            continue;
        tl_session_require_model(session,
                                 tl_history_move(&session->history, session->drivers[TL_SIDE_MODEL],
                                                 session->stores[TL_SIDE_MODEL], commit));
        return;
    }
    session->survivors.most = most;
    session->strayed = true;
}

/* The store is open: the model joins it, at the commit it came back with. */
static void after_open(tl_session *session, const tl_driver_options *options,
                       tl_script_answer *answer)
{
    const tl_script_host *host = session->config->host;
    const tl_history *history = &session->history;
    bool uncertain = history->commit_count != history->position;
    session->was_open = true;
    session->durability = options->durability;
    open_model(session, options);
    if (!session->crashed)
        session->survivors = (tl_script_survivors){history->position, UINT64_MAX};
    if (session->model_status == TL_OK && (session->crashed || uncertain))
        follow_recovery(session, answer);
    session->crashed = false;
    if (host != NULL && host->on_opened != NULL && !session->strayed)
        host->on_opened(host->context, history->position);
}

static void open_files(tl_session *session, tl_script_answer *answer)
{
    const tl_script_config *config = session->config;
    tl_driver_setting *settings =
        calloc(TL_SESSION_OPTIONS_MAX + config->setting_count, sizeof *settings);
    if (settings == NULL) {
        refuse(answer, TL_NO_MEMORY, "out of memory");
        return;
    }
    tl_driver_options options;
    answer->status = tl_session_driver_options(session, settings, &options, answer);
    if (answer->status == TL_OK && config->host != NULL && config->host->on_open != NULL)
        answer->status = config->host->on_open(config->host->context, &options);
    if (answer->status == TL_OK)
        answer->status = config->driver->open(&options, &session->stores[TL_SIDE_STORE]);
    if (answer->status == TL_OK)
        after_open(session, &options, answer);
    free(settings);
}

void tl_session_open(tl_session *session, const tl_script_pair *pairs, tl_script_answer *answer)
{
    bool is_persistent = (session->config->driver->capabilities & TL_DRIVER_PERSISTENT) != 0;
    if (session->stores[TL_SIDE_STORE] != NULL) {
        refuse(answer, TL_BUSY, "the store is open");
        return;
    }
    if (session->was_open && !is_persistent) {
        refuse(answer, TL_UNSUPPORTED, "it forgets everything when it is closed");
        return;
    }
    session->option_count = 0;
    answer->status = tl_session_lay_options(session, pairs, answer);
    if (answer->status == TL_OK)
        open_files(session, answer);
}

void tl_session_close(tl_session *session, tl_script_answer *answer)
{
    if (session->stores[TL_SIDE_STORE] == NULL) {
        refuse(answer, TL_INVALID, "the store is not open");
    } else if (has_open_txns(session)) {
        refuse(answer, TL_BUSY, "a transaction is open");
    } else {
        end_all_txns(session); /* skipped ones */
        answer->status = session->config->driver->close(session->stores[TL_SIDE_STORE]);
        session->stores[TL_SIDE_STORE] = NULL;
    }
}

void tl_session_reopen(tl_session *session, const tl_script_pair *pairs, tl_script_answer *answer)
{
    if (!session->was_open) {
        refuse(answer, TL_INVALID, "no store was open before");
        return;
    }
    if ((session->config->driver->capabilities & TL_DRIVER_PERSISTENT) == 0) {
        refuse(answer, TL_UNSUPPORTED, "it forgets everything when it is closed");
        return;
    }
    if (session->stores[TL_SIDE_STORE] != NULL) {
        tl_session_close(session, answer);
        if (session->stores[TL_SIDE_STORE] != NULL || (answer->status != TL_OK && !session->faulty))
            return;
        tl_script_answer_reset(answer);
    }
    const tl_script_host *host = session->config->host;
    if (host != NULL && host->on_reopen != NULL)
        host->on_reopen(host->context);
    session->faulty = false;
    answer->status = tl_session_lay_options(session, pairs, answer);
    if (answer->status == TL_OK)
        open_files(session, answer);
}

void tl_session_abandon(tl_session *session)
{
    /* The store's half of every txn and cursor dies with it; the model's half is aborted. */
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        session->cursors[i].sides[TL_SIDE_STORE] = NULL;
    for (size_t i = 0; i < TL_SESSION_OPEN_MAX; i++)
        session->txns[i].sides[TL_SIDE_STORE] = NULL;
    end_all_txns(session);
    if (session->stores[TL_SIDE_STORE] != NULL)
        session->config->driver->abandon(session->stores[TL_SIDE_STORE]);
    session->stores[TL_SIDE_STORE] = NULL;
    session->crashed = true;
    session->survivors = (tl_script_survivors){0, session->history.commit_count};
}

tl_status tl_session_end(tl_session *session)
{
    tl_status status = TL_OK;
    end_all_txns(session);
    if (session->stores[TL_SIDE_STORE] != NULL)
        status = session->config->driver->close(session->stores[TL_SIDE_STORE]);
    if (session->stores[TL_SIDE_MODEL] != NULL)
        tl_session_require_model(session,
                                 session->config->model->close(session->stores[TL_SIDE_MODEL]));
    tl_history_free(&session->history);
    return status;
}
