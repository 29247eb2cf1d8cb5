/* engine/env/env.h -- one open database: snapshots, the writer, checkpoints, recovery.
 *
 *   newest     root of the newest commit; the next write txn builds on it
 *   published  what new readers see: the newest commit whose commit call has returned
 *   meta       the checkpoint that the file holds; with the log after it, it gives `newest` again
 *
 * Locks: `mutex` guards the writer's turn; who has the turn owns pager, writer, log and meta.
 * Readers take no lock: they announce their snapshot in a slot of their own and look again whether
 * it is still the published one (all with sequentially consistent atomics, so that either the
 * reader sees the newer snapshot or the writer sees the reader).
 */
#ifndef TL_ENV_H
#define TL_ENV_H

#include "engine/env/forest.h"
#include "engine/store/log.h"
#include "engine/store/overflow.h"
#include "engine/tree/walk.h"

#include <stdalign.h>

/* What a reader needs to know, and all it needs: nothing in it changes while someone is pinned to
 * it.  The writer fills an entry that nobody uses (tl_snapshot_secure chooses it and takes the
 * memory, before the commit), publishes its index, and may fill it again once another one is
 * published and no reader has announced it. */
typedef struct tl_snapshot {
    uint64_t txn;
    uint32_t page_count; /* of the file: no page of this state lies beyond */
    tl_forest trees;
} tl_snapshot;

typedef struct tl_value_block tl_value_block; /* env/value.c */

struct tl_txn {
    tl_env *env;
    const tl_root *root;    /* of the tree used last; in a write txn the writer's own */
    const tl_forest *trees; /* in a write txn all but the writer's tree are up to date there */
    uint64_t number;        /* of the snapshot read, or of the txn being written */
    bool read_only;
    tl_status doomed;       /* not TL_OK: an edit failed half-way, only abort is left */
    tl_cursor *cursors;     /* open ones; an abandoned env gives them back */
    tl_value_block *values; /* chained values put together for this txn */
    tl_search_counts counts;
};

/* A reader's announcement: the packed snapshot it uses, 0 when free, 1 while it makes up its mind
 */
typedef struct tl_reader {
    alignas(64) _Atomic uint64_t seen;
    tl_txn txn;
} tl_reader;

typedef struct tl_commit_protocol {
    const char *name, *summary;
    bool logs; /* ops are recorded for the log while they are applied */
    tl_status (*commit)(tl_env *env);
} tl_commit_protocol;

typedef struct tl_paths { /* one block of memory */
    char *page, *temporary, *log[2], *lock, *dir;
    size_t block_bytes;
} tl_paths;

struct tl_env {
    tl_pager pager;
    tl_log log;
    tl_paths paths;
    tl_file *lock;
    tl_arena *own_arena; /* NULL when the caller lent one */

    unsigned flags;
    tl_durability durability;
    const tl_commit_protocol *protocol;
    uint64_t ckpt_bytes, async_ms, seed, log_value_max;
    uint32_t log_pad_bytes;

    /* the writer's turn */
    tl_mutex mutex;
    tl_condition turn_free;
    bool turn_taken;
    tl_thread turn_thread;
    tl_txn write_txn;
    tl_writer writer;
    tl_value_maker maker; /* of the large value being put */
    tl_op_buffer ops;     /* of the running txn */
    bool ops_dropped;     /* too many: the txn commits by a checkpoint */
    tl_forest newest;     /* the trees of the newest commit */
    tl_forest running;    /* those of the running txn, but for the writer's own tree */
    tl_forest written;    /* what the catalog of `meta` says */
    tl_names names;
    uint64_t forest_versions; /* given out */
    uint64_t newest_txn;
    tl_meta meta;
    uint64_t log_bytes_since; /* the checkpoint */
    unsigned commits_since_sync;
    tl_log_recovery recovery;

    /* shared */
    _Atomic bool poisoned;
    _Atomic uint64_t durable_txn, written_txn; /* survives a power loss; is with the kernel */
    _Atomic uint64_t published;                /* txn << 16 | index of its snapshot */
    tl_snapshot *snapshots;
    tl_reader *readers;
    void *readers_block; /* unaligned */
    unsigned reader_count, snapshot_count;
    unsigned snapshot_next;        /* the entry that the next commit will fill */
    _Atomic unsigned readers_high; /* slots ever used: the writer looks no further */
    uint64_t *pins;                /* scratch of the writer: reader_count + 2 */
    _Atomic uint64_t read_counts[4];

    /* syncs the log every async_ms */
    tl_thread syncer;
    tl_condition syncer_wake;
    _Atomic unsigned log_active;
    bool syncer_runs, syncer_stop;
};

/* options.c */
TL_MUST_USE tl_status tl_env_configure(tl_env *env, const char *path, const tl_env_options *options,
                                       tl_meta *fresh);
void tl_paths_release(tl_paths *paths, tl_memory *memory);

/* create.c, open.c */
TL_MUST_USE tl_status tl_env_create_files(tl_env *env, const tl_meta *fresh, uint64_t log_bytes);
TL_MUST_USE tl_status tl_env_recover(tl_env *env);
TL_MUST_USE tl_status tl_meta_read(tl_env *env, tl_file *file, tl_meta *newest);

/* snapshot.c */
TL_MUST_USE tl_status tl_snapshots_open(tl_env *env, unsigned reader_count);
void tl_snapshots_close(tl_env *env);
/* Choose the entry for the next commit and make room in it for the trees of `forest`. */
TL_MUST_USE tl_status tl_snapshot_secure(tl_env *env, const tl_forest *forest);
/* The newest state becomes published, in the entry secured before; then free what nobody sees. */
void tl_snapshot_publish(tl_env *env);
void tl_snapshot_commit_space(tl_env *env);
TL_MUST_USE tl_status tl_reader_begin(tl_env *env, tl_txn **txn);
void tl_reader_end(tl_txn *txn);
bool tl_readers_active(tl_env *env);

/* checkpoint.c: make (txn, forest) what the file holds.  TL_NO_SPACE, TL_NO_MEMORY: nothing
 * changed.  Any other failure poisons the env. */
TL_MUST_USE tl_status tl_checkpoint(tl_env *env, uint64_t txn, const tl_forest *forest);
tl_status tl_env_poison(tl_env *env, tl_status status);

/* catalog.c */
tl_root tl_catalog_root(const tl_env *env); /* of the durable checkpoint */
/* The first catalog of a new file: it knows the main tree. */
void tl_catalog_plant(uint8_t *page, uint32_t page_bytes, uint32_t pgno, uint64_t birth,
                      const tl_root *root);
/* Fill an empty table from the catalog; env->written is then equal to it. */
TL_MUST_USE tl_status tl_catalog_load(tl_env *env, tl_forest *forest);
/* Make new catalog pages say `forest`, and `next` name them.  Then settle: with that forest when
 * `next` is durable, with NULL to undo it. */
TL_MUST_USE tl_status tl_catalog_update(tl_env *env, tl_meta *next, const tl_forest *forest);
void tl_catalog_settle(tl_env *env, const tl_forest *durable);
/* Pages that the next update may take, for tl_writer.pages_kept. */
size_t tl_catalog_pages_kept(const tl_env *env, const tl_forest *forest);
/* For the verifier: *fault tells how catalog and env->written differ, NULL: not at all. */
TL_MUST_USE tl_status tl_catalog_compare(tl_env *env, const char **fault);

/* trees.c: the writer's root goes back to the table; the writer turns to another tree.
 * TL_NOT_FOUND: there is no such tree, nothing changed. */
void tl_writer_leave(tl_env *env);
TL_MUST_USE tl_status tl_writer_turn_slow(tl_env *env, tl_tree tree);
TL_MUST_USE static inline tl_status tl_writer_turn(tl_env *env, tl_tree tree)
{
    return env->writer.root.tree_id == tree ? TL_OK : tl_writer_turn_slow(env, tree);
}

/* The root of `tree` in the txn's view; NULL: there is none.  In a write txn it is good until the
 * txn's next modifying call. */
const tl_root *tl_txn_root_slow(tl_txn *txn, tl_tree tree);
static inline const tl_root *tl_txn_root(tl_txn *txn, tl_tree tree)
{
    return txn->root->tree_id == tree ? txn->root : tl_txn_root_slow(txn, tree);
}

/* Enter a tree of this id, or free one, in the running txn; for the calls and for replay. */
TL_MUST_USE tl_status tl_env_tree_create(tl_env *env, tl_slice name, tl_tree tree);
TL_MUST_USE tl_status tl_env_tree_drop(tl_env *env, tl_tree tree);

/* txn.c: the writer begins at the newest state as txn `number`.  The running table always has room:
 * the newest came from it, or recovery reserved it. */
void tl_writer_begin(tl_env *env, uint64_t number);
/* Before a commit: all memory that making it the newest state can need. */
TL_MUST_USE tl_status tl_commit_secure(tl_env *env);
void tl_commit_take_effect(tl_env *env); /* the running txn is the newest state */
TL_MUST_USE tl_status tl_turn_take(tl_env *env, unsigned flags);
void tl_turn_give(tl_env *env);
bool tl_turn_is_mine(tl_env *env);
/* Drop the ops of the running txn when a checkpoint would write less. */
void tl_txn_limit_ops(tl_env *env);
void tl_txn_drop_ops(tl_env *env); /* whatever their size */

/* commits/ */
const tl_commit_protocol *tl_commit_protocol_find(const char *name); /* NULL when unknown */
extern const tl_commit_protocol tl_commit_log, tl_commit_shadow2;
TL_MUST_USE tl_status tl_commit_by_checkpoint(tl_env *env);

/* cursor.c */
void tl_cursors_release(tl_txn *txn); /* the env is being abandoned */

/* syncer.c */
TL_MUST_USE tl_status tl_syncer_start(tl_env *env);
void tl_syncer_stop(tl_env *env);

#endif
