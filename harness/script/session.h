/* harness/script/session.h -- a store and the model side by side, with what is open in both.
 *
 * Every transaction and cursor exists twice, once per side, and is opened and ended on both
 * together.  Functions that answer to a line fill the answer of the store; the model follows.
 */
#ifndef TL_HARNESS_SCRIPT_SESSION_H
#define TL_HARNESS_SCRIPT_SESSION_H

#include "harness/script/answer.h"
#include "harness/script/history.h"
#include "harness/script/run.h"

enum { TL_SIDE_STORE, TL_SIDE_MODEL, TL_SIDE_COUNT };
enum { TL_SESSION_OPEN_MAX = 64, TL_SESSION_OPTIONS_MAX = 48 }; /* txns, cursors; options */
enum { TL_SESSION_TREES_MAX = 64, TL_SESSION_SAVES_MAX = 64 };

typedef struct tl_session_save { /* a savepoint of the write txn */
    const char *name;
    uint32_t sides[TL_SIDE_COUNT];
    size_t mark; /* in the history */
} tl_session_save;

/* One tree of a txn on one side: the table and the txn or view to call it with. */
typedef struct tl_session_view {
    const tl_driver *driver;
    tl_store_txn *txn;
} tl_session_view;

typedef struct tl_session_txn {
    bool used;
    bool skipped; /* its `begin` was not supported: nor is anything in it */
    bool read_only;
    bool is_private;  /* belongs to one line, or to one cursor */
    const char *name; /* NULL: none */
    tl_store_txn *sides[TL_SIDE_COUNT];
} tl_session_txn;

typedef struct tl_session_cursor {
    bool used;
    bool skipped;
    const char *name;
    tl_session_txn *txn;
    const char *tree;                     /* NULL: the main one */
    tl_session_view views[TL_SIDE_COUNT]; /* what it walks */
    tl_store_cursor *sides[TL_SIDE_COUNT];
    tl_script_buffer at; /* the key it arrived at last */
} tl_session_cursor;

typedef struct tl_session {
    const tl_script_config *config;
    const tl_driver *drivers[TL_SIDE_COUNT];
    tl_store *stores[TL_SIDE_COUNT]; /* the model's stays when the store is closed */
    bool was_open;                   /* `reopen` has something to open */
    bool faulty;                     /* a fault was asked for since the last open */
    bool crashed;                    /* the model must find out where the store came back */
    tl_script_survivors survivors;   /* of that crash */
    bool strayed;                    /* the store came back with a content it never should have */
    tl_durability durability;        /* of the latest open */
    tl_driver_setting options[TL_SESSION_OPTIONS_MAX]; /* of the latest open */
    size_t option_count;
    tl_session_txn txns[TL_SESSION_OPEN_MAX];
    tl_session_cursor cursors[TL_SESSION_OPEN_MAX];
    tl_session_save saves[TL_SESSION_SAVES_MAX]; /* of the write txn, oldest first */
    size_t save_count;
    const char *trees[TL_SESSION_TREES_MAX]; /* every name the script wrote to */
    size_t tree_count;
    tl_history history;     /* kept when there is a host */
    tl_status model_status; /* what the model refused although it must not; TL_OK otherwise */
} tl_session;

void tl_session_start(tl_session *session, const tl_script_config *config);
/* End everything.  The status is that of closing the store, TL_OK when it was not open. */
tl_status tl_session_end(tl_session *session);

/* Does this session keep a history?  One with a host does. */
bool tl_session_remembers(const tl_session *session);
/* The model must do what the store did; when it cannot (memory), the run is void. */
void tl_session_require_model(tl_session *session, tl_status status);

/* The lines `open`, `reopen`, `close`, and what a `crash` does to the store. */
void tl_session_open(tl_session *session, const tl_script_pair *pairs, tl_script_answer *answer);
void tl_session_reopen(tl_session *session, const tl_script_pair *pairs, tl_script_answer *answer);
void tl_session_close(tl_session *session, tl_script_answer *answer);
void tl_session_abandon(tl_session *session);

/* Options of `open` as key=value, laid over those of the session (options.c).  TL_INVALID with a
 * note: too many of them. */
tl_status tl_session_lay_options(tl_session *session, const tl_script_pair *pairs,
                                 tl_script_answer *answer);
/* The session's options, with --set over them, as the driver wants them.  `settings` has room for
 * TL_SESSION_OPTIONS_MAX and those of the driver's spec.  TL_INVALID with a note. */
tl_status tl_session_driver_options(const tl_session *session, tl_driver_setting *settings,
                                    tl_driver_options *options, tl_script_answer *answer);

/* Transactions.  The write txn is the one open write txn, named or not; NULL when there is none. */
tl_session_txn *tl_session_write_txn(tl_session *session);
tl_session_txn *tl_session_find_txn(tl_session *session, const char *name); /* NULL: unnamed read */
/* NULL: refused, the answer tells. */
tl_session_txn *tl_session_begin(tl_session *session, const char *name, bool read_only,
                                 bool is_private, tl_script_answer *answer);
void tl_session_commit(tl_session *session, tl_session_txn *txn, tl_script_answer *answer);
void tl_session_abort(tl_session *session, tl_session_txn *txn);

/* The tree `name` (NULL: the main one) of a txn on one side.  TL_NOT_FOUND without `create`. */
TL_MUST_USE tl_status tl_session_view_of(tl_session *session, const tl_session_txn *txn,
                                         size_t side, const char *name, bool create,
                                         tl_session_view *view);
void tl_session_leave(tl_session *session, size_t side, const char *name, tl_session_view *view);
/* Does the model know this tree? */
bool tl_session_has_tree(tl_session *session, const tl_session_txn *txn, const char *name);

void tl_session_savepoint(tl_session *session, const char *name, tl_script_answer *answer);
void tl_session_rollback(tl_session *session, const char *name, tl_script_answer *answer);

tl_session_cursor *tl_session_find_cursor(tl_session *session, const char *name);
/* A free place; NULL when all are taken. */
tl_session_cursor *tl_session_new_cursor(tl_session *session);
tl_session_txn *tl_session_new_txn(tl_session *session);
void tl_session_cursor_close(tl_session *session, tl_session_cursor *cursor);
/* All cursors of a txn: they end before it does, and before it is rolled back. */
void tl_session_close_cursors(tl_session *session, const tl_session_txn *txn);

#endif
