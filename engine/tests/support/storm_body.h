/* engine/tests/support/storm_body.h -- what a storm is made of, for its own files. */
#ifndef TL_TESTS_STORM_BODY_H
#define TL_TESTS_STORM_BODY_H

#include "engine/tests/support/faultmem.h"
#include "engine/tests/support/memdisk.h"
#include "engine/tests/support/storm.h"
#include "engine/tests/support/storm_keys.h"

enum { SNAPSHOTS_MAX = 5, STORY_LINES = 12, LINE_BYTES = 160, VALUE_BYTES_MAX = 200000 };

typedef struct snapshot { /* a read txn and what it must go on seeing */
    tl_txn *txn;
    model seen;
} snapshot;

typedef struct storm {
    const storm_config *config;
    storm_report *report;
    storm_source source;
    uint64_t seed, step;
    memdisk *disk;
    faultmem memory;
    tl_arena *arena; /* lent to every open; NULL: each has its own */
    tl_env *env;
    tl_txn *txn; /* the write txn; NULL: none is open */
    model committed, current;
    snapshot snapshots[SNAPSHOTS_MAX];
    /* a cursor of the write txn that outlives its edits */
    tl_cursor *cursor;
    bool placed;
    size_t cursor_key_bytes;
    uint8_t cursor_key[STORM_KEY_BYTES_MAX + 1];
    uint8_t key[STORM_KEY_BYTES_MAX + 1], value[VALUE_BYTES_MAX];
    char story[STORY_LINES][LINE_BYTES];
    unsigned story_count;
} storm;

/* storm_tell.c: the story so far, and the first difference, which ends it. */
const char *storm_spell(tl_slice bytes, char text[64]);
void storm_tell(storm *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool storm_differ(storm *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool storm_expect(storm *run, const char *what, tl_status wanted, tl_status got);
bool storm_expect_record(storm *run, const char *what, const model *truth, size_t index,
                         tl_slice key, tl_slice value);

/* storm_env.c: opening, snapshots, the verifier. */
bool storm_open(storm *run);
void storm_stats_add(storm *run); /* those of the open env, before it goes */
bool storm_snapshot_end(storm *run, snapshot *held);
bool storm_snapshots_end(storm *run);
void storm_snapshots_forget(storm *run); /* they died with their env */
bool storm_verify(storm *run);

/* storm_many.c: operations on many records at a time. */
bool storm_get_many(storm *run, tl_txn *txn, const model *truth);
bool storm_op_get_many(storm *run);
bool storm_op_put_sorted(storm *run);
bool storm_op_bulk_load(storm *run);

/* storm_ranges.c: operations on whole ranges. */
bool storm_op_del_range(storm *run);
bool storm_op_count_range(storm *run);
bool storm_op_bound_cursor(storm *run);
bool storm_op_leaves(storm *run);

/* storm_ops.c: each does one thing to the env and to the model; false where the two differ. */
typedef struct storm_operation {
    unsigned growing, shrinking; /* how often, out of their sums */
    bool in_txn;                 /* a write txn is begun for it */
    bool (*act)(storm *run);
} storm_operation;

const storm_operation *storm_choose(storm *run, bool growing);
void storm_cursor_drop(storm *run);
bool storm_commit(storm *run);
bool storm_abort(storm *run);
bool storm_reopen(storm *run);

#endif
