/* harness/script/history.h -- what each commit changed, so that the model can follow a crash.
 *
 * A crash may take the store back to an earlier commit, or keep one whose outcome was unknown.
 * The history knows the content hash after each commit and how to go from one to another.  Only
 * runs with a host that plays the disk keep one.
 */
#ifndef TL_HARNESS_SCRIPT_HISTORY_H
#define TL_HARNESS_SCRIPT_HISTORY_H

#include "harness/script/content.h"
#include "harness/script/run.h"

typedef enum tl_history_kind {
    TL_HISTORY_RECORD,
    TL_HISTORY_TREE_MADE,
    TL_HISTORY_TREE_DROPPED, /* empty by then: its records were changes of their own */
} tl_history_kind;

typedef struct tl_history_change { /* one key, before and after; sizes of SIZE_MAX: absent */
    tl_history_kind kind;
    const char *tree;     /* NULL: the main one; borrowed from the script */
    unsigned char *bytes; /* key, value before, value after; owned */
    size_t key_bytes, before_bytes, after_bytes;
} tl_history_change;

typedef struct tl_history_commit {
    size_t change_end; /* its changes end here; they begin where those of the one before end */
    tl_script_content content; /* after it; hash: sum of tl_content_record_hash and _tree_hash */
} tl_history_commit;

typedef struct tl_history { /* all zeros: no commit yet, an empty store */
    tl_history_change *changes;
    size_t change_count, change_room; /* those of the txn at hand stand at the end */
    tl_history_commit *commits;
    size_t commit_count, commit_room;
    size_t position; /* commits that the model holds; less than commit_count when the outcome of
                        the last one is unknown */
} tl_history;

void tl_history_free(tl_history *history);

/* The txn at hand is about to write `key` (value NULL: to delete it): note what `view`, a txn or a
 * view of it on `tree`, holds now. */
TL_MUST_USE tl_status tl_history_note(tl_history *history, const tl_driver *model,
                                      tl_store_txn *view, const char *tree, tl_slice key,
                                      const tl_slice *value);
/* It makes or drops a tree. */
TL_MUST_USE tl_status tl_history_note_tree(tl_history *history, const char *tree, bool made);

/* Where a savepoint is in the changes of the txn at hand, and the way back to it. */
size_t tl_history_mark(tl_history *history);
void tl_history_return(tl_history *history, size_t mark);

/* The txn at hand ended: its changes are a commit, certain or not, or nothing. */
TL_MUST_USE tl_status tl_history_commit_end(tl_history *history, bool certain);
void tl_history_abort(tl_history *history);

/* Content after `commit` commits, 0 <= commit <= commit_count, and its hash alone. */
tl_script_content tl_history_content(const tl_history *history, size_t commit);
uint64_t tl_history_hash(const tl_history *history, size_t commit);

/* Bring the model to the content after `commit` commits and forget the later ones. */
TL_MUST_USE tl_status tl_history_move(tl_history *history, const tl_driver *model, tl_store *store,
                                      size_t commit);

#endif
