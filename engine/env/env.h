/* engine/env/env.h -- one open database: snapshots, the writer, checkpoints, recovery.
 *
 *   newest     root of the newest commit; the next write txn builds on it
 *   in flight  what a flush is making durable at this moment; readers see it next
 *   published  what new readers see: the newest commit that is as durable as was asked for
 *   meta       the checkpoint that the file holds; with the log after it, it gives `newest` again
 *
 * Locks: `mutex` guards the writer's turn; who has the turn owns pager, writer, log and meta.  It
 * also guards what committers share when their turn is over (flush.c) and the state of a checkpoint
 * that is written beside the writer (checkpoint.c).  It is never held during I/O.
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

typedef struct tl_ticket { /* a commit that is applied and not yet durable */
    uint64_t txn;          /* 0: nothing to wait for */
    unsigned flush;        /* number of the flush it goes out with */
} tl_ticket;

typedef struct tl_commit_protocol {
    const char *name, *summary;
    bool logs;     /* ops are recorded for the log while they are applied */
    bool one_sync; /* its commits write a manifest */
    /* In the writer's turn.  With *ticket set, the committer waits when the turn is given. */
    tl_status (*commit)(tl_env *env, tl_ticket *ticket);
} tl_commit_protocol;

typedef struct tl_flush_counts { /* the mutex's */
    uint64_t flushes, txns, largest, bytes, sync_ns;
} tl_flush_counts;

typedef enum tl_checkpoint_state {
    TL_CHECKPOINT_NONE,
    TL_CHECKPOINT_RUNNING, /* pinned, being written */
    TL_CHECKPOINT_WRITTEN, /* or given up: the next turn settles it */
} tl_checkpoint_state;

typedef struct tl_checkpoint_run { /* one checkpoint, from pin to settlement; then that of the next
                                    */
    tl_meta meta;
    tl_forest forest; /* the trees it makes durable */
    tl_write_set set;
    bool one_sync;      /* the meta names a manifest instead of waiting for a sync of its own */
    uint64_t log_bytes; /* logged since the checkpoint before, up to the pin */
    uint64_t begin_ns;
    uint64_t syncs_page, syncs_meta, meta_bytes;
    tl_status status; /* when written */
} tl_checkpoint_run;

typedef struct tl_save_state { /* an open savepoint: savepoint.c */
    tl_save id;
    tl_tree tree; /* the writer's */
    tl_forest trees;
    tl_space_mark space;
    tl_names_mark names;
    tl_direct_mark direct;
    uint64_t changes;
    size_t ops_bytes;
    unsigned full_frames;
} tl_save_state;

typedef struct tl_paths { /* one block of memory */
    char *page, *temporary, *log[2], *lock, *dir;
    size_t block_bytes;
} tl_paths;

typedef struct tl_compaction { /* where a pass over all trees stands (compact.c) */
    uint32_t border;           /* what lies beyond it is moved; 0: the pass has not begun */
    tl_tree tree;
    size_t key_bytes; /* of the first key of the next leaf; 0: the tree's first leaf */
    uint8_t key[TL_KEY_BYTES_MAX];
    uint64_t moved;
    unsigned passes; /* that came before */
} tl_compaction;

struct tl_env {
    tl_pager pager;
    tl_log log;
    tl_paths paths;
    tl_file *lock;
    tl_arena *own_arena; /* NULL when the caller lent one */

    unsigned flags;
    tl_durability durability;
    const tl_commit_protocol *protocol;
    const tl_fill_strategy *const *extra_fills; /* beside the rows: the opener's own */
    uint64_t ckpt_bytes, async_ms, seed, group_wait_ns, log_value_max;
    uint32_t log_pad_bytes;
    bool publish_early, checkpoints_inline;
    bool groups; /* commits share flushes: flush.c */

    /* the writer's turn */
    tl_mutex mutex;
    tl_condition turn_free;
    bool turn_taken;
    unsigned turn_waiters;
    tl_thread turn_thread;
    tl_txn write_txn;
    tl_writer writer;
    tl_value_maker maker;          /* of the large value being put */
    tl_value_writer *value_writer; /* the open one of the running txn; NULL: none */
    tl_op_buffer ops;              /* of the running txn */
    bool ops_dropped;              /* too many: the txn commits by a checkpoint */
    tl_forest newest;              /* the trees of the newest commit */
    tl_forest running;             /* those of the running txn, but for the writer's own tree */
    tl_forest written;             /* what the catalog of `meta` says */
    tl_names names;
    uint64_t forest_versions; /* given out */
    uint64_t newest_txn;
    TL_VECTOR(tl_save_state) saves; /* open savepoints, ascending by id */
    size_t saves_made;              /* entries with a table of their own, open or ended */
    tl_save save_id;                /* the latest id of this txn */
    tl_meta meta;
    bool one_sync_wanted;     /* by the commit that makes the next checkpoint */
    uint64_t log_bytes_since; /* the checkpoint */
    uint64_t log_reached;     /* so far it is counted: an offset in the active file */
    uint64_t retry_log_bytes; /* after a checkpoint found no room: the next try, in log bytes */
    tl_compaction compaction;
    unsigned commits_since_sync;
    tl_log_recovery recovery;

    /* the flush: see flush.c */
    tl_condition flushed[2]; /* committers that wait for an even, an odd flush */
    tl_condition pause;      /* nobody signals it: a wait that leaves the mutex */
    unsigned flush_waiters[2];
    bool flushing;       /* a committer leads a flush */
    unsigned flush_next; /* number of the flush that staged frames will go out with */
    uint64_t in_flight;  /* packed snapshot that it makes durable; 0: none */
    uint64_t staged_txns;
    tl_flush_counts flush_counts;

    /* the checkpoint beside the writer: see checkpoint.c */
    tl_checkpoint_run ckpt;
    _Atomic tl_checkpoint_state ckpt_state; /* changed with the mutex held */
    tl_condition ckpt_wake, ckpt_done;
    tl_thread ckpt_thread;
    bool ckpt_thread_runs, ckpt_asked, ckpt_leave;
    _Atomic bool ckpt_stop;

    /* shared */
    _Atomic bool poisoned;
    _Atomic uint64_t durable_txn, written_txn; /* survives a power loss; is with the kernel */
    _Atomic uint64_t published;                /* txn << 16 | index of its snapshot; 0: none yet */
    uint64_t newest_packed;  /* the same of the newest commit; the turn's and the mutex's */
    uint64_t pins_published; /* `published` when the pins were last gathered */
    tl_snapshot *snapshots;
    tl_reader *readers;
    void *readers_block; /* unaligned */
    unsigned reader_count, snapshot_count;
    unsigned snapshot_next;        /* the entry that the next commit will fill */
    _Atomic unsigned readers_high; /* slots ever used: the writer looks no further */
    uint64_t *pins;                /* scratch of the writer: reader_count + TL_PINS_MORE */
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
/* TL_INVALID: `path` names no file.  TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_paths_make(tl_paths *paths, tl_memory *memory, const char *path);
void tl_paths_release(tl_paths *paths, tl_memory *memory);

/* create.c: the steps by which a database comes to be, in this order: both logs, the page file
 * under its temporary name, its metas, a sync, and publishing. */
typedef struct tl_site { /* where */
    tl_io *io;
    const tl_paths *paths;
    bool synced; /* false: under durability none nothing is */
} tl_site;
enum { TL_FILE_PAGES_MIN = 16 }; /* of a new file */

/* Of `bytes` each, 4096 or more; `fresh` then says so. */
TL_MUST_USE tl_status tl_site_make_logs(const tl_site *site, tl_meta *fresh, uint64_t bytes);
TL_MUST_USE tl_status tl_site_write_metas(const tl_site *site, tl_file *file, tl_meta *fresh);
TL_MUST_USE tl_status tl_site_sync(const tl_site *site, tl_file *file);
TL_MUST_USE tl_status tl_site_sync_dir(const tl_site *site);
TL_MUST_USE tl_status tl_site_publish(const tl_site *site); /* the moment of creation */
/* A uuid and a log of its own. */
void tl_meta_begin_life(tl_meta *fresh, bool deterministic, uint64_t seed);

/* create.c, open.c */
TL_MUST_USE tl_status tl_env_create_files(tl_env *env, const tl_meta *fresh, uint64_t log_bytes);
TL_MUST_USE tl_status tl_env_recover(tl_env *env);
TL_MUST_USE tl_status tl_meta_read(tl_env *env, tl_file *file, tl_meta *newest);

/* snapshot.c */
TL_MUST_USE tl_status tl_snapshots_open(tl_env *env, unsigned reader_count);
void tl_snapshots_close(tl_env *env);
/* Pins beside those of readers: the checkpoints durable and running, the snapshots published, in
 * flight and newest. */
enum { TL_PINS_MORE = 5 };
/* Choose the entry for the next commit and make room in it for the trees of `forest`. */
TL_MUST_USE tl_status tl_snapshot_secure(tl_env *env, const tl_forest *forest);
/* The newest state goes into the entry secured before.  Beside a flush: with the mutex held. */
void tl_snapshot_advance(tl_env *env);
void tl_snapshot_publish(tl_env *env);      /* the same, and new readers see it at once */
void tl_snapshot_commit_space(tl_env *env); /* settle what the newest commit gave up */
void tl_snapshot_refresh_pins(tl_env *env); /* free what nobody sees any more */
/* The snapshot that a read txn is pinned to. */
const tl_snapshot *tl_snapshot_of(const tl_txn *txn);
TL_MUST_USE tl_status tl_reader_begin(tl_env *env, tl_txn **txn);
void tl_reader_end(tl_txn *txn);
bool tl_readers_active(tl_env *env);

/* checkpoint.c: in the writer's turn.  Make (txn, forest) what the file holds.  TL_NO_SPACE,
 * TL_NO_MEMORY: nothing changed.  Any other failure poisons the env. */
TL_MUST_USE tl_status tl_checkpoint(tl_env *env, uint64_t txn, const tl_forest *forest);
/* The same in three steps: pin it, in the turn; write it, anywhere;
 * settle it, in a turn.  The settlement of a checkpoint found written is part of taking the turn.
 */
TL_MUST_USE tl_status tl_checkpoint_pin(tl_env *env, uint64_t txn, const tl_forest *forest);
tl_status tl_checkpoint_write(tl_env *env); /* as tl_checkpoint */
void tl_checkpoint_settle(tl_env *env);
/* In the turn: wait until no checkpoint runs beside the writer, and settle it. */
void tl_checkpoint_wait(tl_env *env);
/* In the turn, behind a commit: begin a checkpoint of the newest commit if one is due, in the
 * thread or at once. */
void tl_checkpoint_if_due(tl_env *env);
/* In the turn, before a txn: wait while the log or the file is full for want of a checkpoint. */
void tl_checkpoint_press(tl_env *env);
/* checkpointer.c: the thread */
TL_MUST_USE tl_status tl_checkpointer_start(tl_env *env); /* hand the pinned checkpoint over */
void tl_checkpointer_stop(tl_env *env, bool abandon);
bool tl_checkpointer_relieve(void *env); /* for tl_pager */

/* flush.c: group commit */
TL_MUST_USE tl_status tl_flush_stage(tl_env *env,
                                     tl_ticket *ticket); /* the running txn, in its turn */
TL_MUST_USE tl_status tl_flush_wait(tl_env *env, const tl_ticket *ticket); /* without the turn */
TL_MUST_USE tl_status
tl_flush_all(tl_env *env); /* in the turn: nothing staged, nothing in flight */
void tl_durable_advance(tl_env *env, uint64_t txn);
tl_status tl_env_poison(tl_env *env, tl_status status);

/* manifest.c: before the meta: is all there that it names a manifest of?  *whole tells. */
TL_MUST_USE tl_status tl_manifest_check(tl_env *env, tl_file *file, const tl_meta *meta,
                                        bool *whole);
/* Make durable what the manifest of the meta at hand lists, for recovery. */
TL_MUST_USE tl_status tl_manifest_settle(tl_env *env);
/* Before closing, when all is committed: one more checkpoint, of two syncs, has no manifest, so
 * that later damage is damage and no torn commit.  Into the other slot, as ever: a device that
 * spoils what it is writing must not get hold of the newest meta. */
TL_MUST_USE tl_status tl_manifest_leave(tl_env *env);

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
/* The value of a tree's record. */
enum { TL_CATALOG_VALUE_BYTES = 24 };
tl_slice tl_catalog_record(const tl_root *root, uint8_t value[TL_CATALOG_VALUE_BYTES]);
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

/* savepoint.c: all end with their txn; the env is closed. */
void tl_saves_end(tl_env *env);
void tl_saves_close(tl_env *env);
/* compact.c: cut the free end off the file if it has `least` pages.  In the writer's turn, with no
 * txn.  Any failure but TL_NO_SPACE and TL_NO_MEMORY before the cut poisons the env. */
TL_MUST_USE tl_status tl_env_shrink(tl_env *env, uint32_t least);
/* trim.c: move pages from the file's end into its holes if there are many, and cut it.  Behind the
 * last checkpoint, with nobody else in the env, which is then closed: a failure may poison it, and
 * leaves the same content in the file. */
TL_MUST_USE tl_status tl_env_trim(tl_env *env);

/* commits/ */
const tl_commit_protocol *tl_commit_protocol_find(const char *name); /* NULL when unknown */
extern const tl_commit_protocol tl_commit_log, tl_commit_shadow1, tl_commit_shadow2;
TL_MUST_USE tl_status tl_commit_by_checkpoint(tl_env *env, tl_ticket *ticket);

/* cursor.c */
void tl_cursors_release(tl_txn *txn); /* the env is being abandoned */
void tl_cursors_end(tl_txn *txn);     /* a rollback took away what they stood on */

/* syncer.c */
TL_MUST_USE tl_status tl_syncer_start(tl_env *env);
void tl_syncer_stop(tl_env *env);

#endif
