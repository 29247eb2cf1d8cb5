/* harness/driver.h -- what a measured store does: one table of functions per store.
 *
 * A driver translates these calls to one engine's API and adds nothing: an operation that the
 * engine lacks is NULL and shows as "unsupported", never emulated.
 *
 * Threads   one store is used by one thread at a time, unless TL_DRIVER_THREADS is set.  Then a
 *           txn belongs to the thread that began it, and begin of a write txn waits for those of
 *           other threads where the engine has one writer; a thread's own second one is TL_BUSY.
 *           TL_BUSY from put, del or commit then means: abort and do it again.
 * Memory    bytes handed out live until the next call on the same txn.
 * Failure   statuses are those of tl/status.h; out-parameters are untouched unless TL_OK.
 */
#ifndef TL_HARNESS_DRIVER_H
#define TL_HARNESS_DRIVER_H

#include "tl/engine.h"

enum { TL_DRIVER_ABI = 4 };

typedef struct tl_store tl_store;               /* an open store: body in the driver */
typedef struct tl_store_txn tl_store_txn;       /* a transaction in it */
typedef struct tl_store_cursor tl_store_cursor; /* a cursor in a txn */

enum {                             /* capabilities */
       TL_DRIVER_TRANSACTIONS = 1, /* abort undoes, a read txn is a snapshot */
       TL_DRIVER_READS_BACK = 2,   /* reads answer truthfully (null does not) */
       TL_DRIVER_PERSISTENT = 4,   /* close and open again finds the data */
       TL_DRIVER_SIM_IO = 8,       /* honours options.io, so simulated disks work */
       TL_DRIVER_THREADS = 16,
       /* A write txn is a batch: reads in it show the committed state, it has no cursors, del does
        * not tell whether the key was there, and TL_PUT_INSERT is TL_UNSUPPORTED. */
       TL_DRIVER_BLIND_WRITES = 32,
       TL_DRIVER_MEMORY = 64, /* takes its memory from options.memory, so it can be made to fail */
};

typedef enum tl_promise { TL_PROMISE_SAME, TL_PROMISE_WEAKER, TL_PROMISE_STRONGER } tl_promise;

typedef struct tl_driver_contract { /* how a driver meets one tl_durability */
    tl_promise promise;             /* against the definition in tl/engine.h */
    const char *options;            /* "MDB_NOSYNC"; what the driver really asks for */
    const char *remark;             /* why weaker or stronger; "" when the same */
} tl_driver_contract;

typedef struct tl_driver_setting {
    const char *name, *value;
} tl_driver_setting;

typedef struct tl_driver_options {
    const char *dir; /* an existing directory that belongs to this store alone */
    tl_durability durability;
    uint32_t page_bytes; /* wanted; 0 = the store's own default.  See page_bytes() below */
    uint64_t map_bytes;  /* address space or cache the store may use; 0 = 16 GiB */
    uint64_t seed;
    bool read_only;
    bool deterministic;
    tl_io *io;                         /* NULL = the real disk */
    tl_arena *arena;                   /* NULL = the driver's own */
    const tl_driver_setting *settings; /* engine options by name: commit, leaf, split, … */
    size_t setting_count;
    char *error; /* one line for people when open fails; may be NULL */
    size_t error_bytes;
    tl_memory *memory; /* NULL = malloc; drivers without TL_DRIVER_MEMORY do not look at it */
} tl_driver_options;

typedef struct tl_driver_counter { /* one engine counter */
    const char *name, *class_, *unit;
    uint64_t value;
} tl_driver_counter;

enum { TL_DRIVER_MANY_MAX = 64 }; /* keys of one get_many */

#define TL_DRIVER_UNKNOWN UINT64_MAX /* a number that the engine does not tell cheaply */

typedef struct tl_driver_space {
    uint64_t file_bytes;   /* all files of the store */
    uint64_t record_count; /* TL_DRIVER_UNKNOWN where only counting would tell */
    uint64_t free_bytes;   /* pages of the file that hold nothing; or TL_DRIVER_UNKNOWN */
    uint32_t page_bytes;   /* really used; 0 when the store has no pages */
    uint32_t depth;        /* 0 when unknown */
} tl_driver_space;

typedef struct tl_driver_content { /* all records of the store's tree */
    uint64_t count, hash;          /* hash: the sum of tl_record_hash */
} tl_driver_content;

/* Called for each record of a scan, in order; returning false stops the scan. */
typedef bool (*tl_scan_fn)(void *context, tl_slice key, tl_slice value);

typedef struct tl_driver {
    uint32_t abi, size_bytes; /* TL_DRIVER_ABI, sizeof(tl_driver) */
    const char *name, *summary;
    unsigned capabilities;
    tl_driver_contract contracts[3]; /* indexed by tl_durability */
    const char *(*version)(void);    /* "LMDB 0.9.24" */

    tl_status (*open)(const tl_driver_options *options, tl_store **store); /* creates if absent */
    tl_status (*close)(tl_store *store);
    void (*abandon)(tl_store *store);           /* as a killed process; NULL = unsupported */
    size_t (*value_bytes_max)(tl_store *store); /* SIZE_MAX = no limit worth naming */
    /* Files in its directory whose names begin so are a log that a clean close makes redundant:
     * "tree.log. tree.lock"; NULL = none. */
    const char *log_files;

    tl_status (*begin)(tl_store *store, bool read_only, tl_store_txn **txn);
    tl_status (*commit)(tl_store_txn *txn); /* ends the txn, whatever the status */
    void (*abort)(tl_store_txn *txn);

    tl_status (*get)(tl_store_txn *txn, tl_slice key, tl_slice *value);
    /* values[i] is keys[i]'s, its data NULL when absent; *found counts the present ones; count is
     * at most TL_DRIVER_MANY_MAX.  NULL: the harness calls get for each, and says so. */
    tl_status (*get_many)(tl_store_txn *txn, const tl_slice *keys, size_t count, tl_slice *values,
                          size_t *found);
    tl_status (*put)(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags);
    /* flags: TL_PUT_INSERT, TL_PUT_APPEND */
    tl_status (*del)(tl_store_txn *txn, tl_slice key);
    tl_status (*count)(tl_store_txn *txn, uint64_t *count); /* NULL = only a scan would tell */
    /* Visit records in key order from the first >= `from` (an empty `from`: from the first). */
    tl_status (*scan)(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context);

    /* Cursors, with the meaning of tl_cursor_... in tl/engine.h; all NULL = unsupported. */
    tl_status (*cursor_open)(tl_store_txn *txn, tl_store_cursor **cursor);
    void (*cursor_close)(tl_store_cursor *cursor);
    tl_status (*cursor_first)(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
    tl_status (*cursor_last)(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
    tl_status (*cursor_seek)(tl_store_cursor *cursor, tl_slice from, tl_slice *key,
                             tl_slice *value);
    tl_status (*cursor_next)(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
    tl_status (*cursor_prev)(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
    tl_status (*cursor_del)(tl_store_cursor *cursor);

    /* Named trees, created, dropped and seen by the same transaction; all NULL = unsupported.
     * *view works on one tree of the txn: calls on records, ranges and cursors take it, through
     * `views`.  `leave` releases it before its txn ends or is rolled back, after its cursors.
     * TL_NOT_FOUND without `create`. */
    tl_status (*tree)(tl_store_txn *txn, tl_slice name, bool create, tl_store_txn **view);
    void (*leave)(tl_store_txn *view);                   /* NULL: there is nothing to release */
    tl_status (*drop)(tl_store_txn *txn, tl_slice name); /* nobody is in it */
    const struct tl_driver *views; /* the table for views; NULL = this one takes them too */

    /* Ways back inside a write txn; NULL = unsupported.  rollback ends `save` and all later ones;
     * cursors are closed and views left before it. */
    tl_status (*savepoint)(tl_store_txn *txn, uint32_t *save);
    tl_status (*rollback)(tl_store_txn *txn, uint32_t save);

    /* Many records in one call, with the meaning of tl_upsert_sorted ... in tl/engine.h: all or
     * nothing, and *failed_at is the index of the record that was refused.  NULL = unsupported. */
    tl_status (*upsert_sorted)(tl_store_txn *txn, const tl_record *records, size_t count,
                               size_t *failed_at);
    tl_status (*insert_sorted)(tl_store_txn *txn, const tl_record *records, size_t count,
                               size_t *failed_at);
    /* All keys above those of the tree; fill NULL = the store's own. */
    tl_status (*bulk_load)(tl_store_txn *txn, tl_next_fn next, void *context, const char *fill,
                           size_t *failed_at);
    tl_status (*del_range)(tl_store_txn *txn, const tl_range *range, uint64_t *deleted);
    tl_status (*count_range)(tl_store_txn *txn, const tl_range *range, uint64_t *count);

    /* Give space back to the file system, moving `pages_max` pages at most. */
    tl_status (*compact)(tl_store *store, uint64_t pages_max, bool *done); /* NULL = unsupported */

    tl_status (*checkpoint)(tl_store *store); /* NULL = unsupported */
    tl_status (*verify)(tl_store *store, tl_report_fn report, void *context,
                        uint64_t *finding_count); /* NULL = unsupported */
    /* Fill up to `capacity` counters, return how many the store has; NULL = none. */
    size_t (*counters)(tl_store *store, tl_driver_counter *counters, size_t capacity);
    tl_status (*space)(tl_store *store, tl_driver_space *space);
    tl_status (*shape)(tl_store_txn *txn, tl_shape *shape); /* of its tree; NULL = unsupported */
    /* As verify, and the content found on the way, meaningful without a finding; NULL =
     * unsupported. */
    tl_status (*verify_content)(tl_store *store, tl_report_fn report, void *context,
                                uint64_t *finding_count, tl_driver_content *content);
} tl_driver;

/* The registry: the drivers this build has, in listing order. */
size_t tl_driver_count(void);
const tl_driver *tl_driver_at(size_t index);
const tl_driver *tl_driver_find(const char *name); /* NULL when unknown or not built in */

/* Append a driver that is not of this build, such as a plug-in's `tl_driver_v1`; it must live for
 * ever.  Joining twice is fine.  False, with `error` saying what is wrong with it, when its ABI,
 * size, name or a function that it must have is not right.  Call it before starting threads. */
bool tl_driver_join(const tl_driver *driver, char *error, size_t error_bytes);

typedef struct tl_driver_missing { /* a driver whose library was not there at configure time */
    const char *name, *package;    /* the Debian package that gives it */
} tl_driver_missing;
const tl_driver_missing *tl_driver_missing_at(size_t index); /* NULL past the last */

#endif
