/* harness/fault/tests/brute_world.h -- the log as one flat list, and the state being built.
 *
 * The log becomes one flat list of changes: a size, a name, or one sector each.  A choice for an
 * object is a place in that list (NONE: as the durable base has it).
 */
#ifndef TL_HARNESS_BRUTE_WORLD_H
#define TL_HARNESS_BRUTE_WORLD_H

#include "harness/fault/tests/brute.h"

enum { NONE = -1, DIFFERENCE = -1 /* the "operation" between the two bases */ };
#define NO_FILE UINT32_MAX

typedef struct change {
    enum { SIZE, NAME, SECTOR } kind;
    long op;
    long event;          /* its place in the journal; by_write: how much journal it needs */
    uint32_t file;       /* SIZE, SECTOR; NAME: or NO_FILE */
    uint32_t path;       /* NAME */
    bool creates;        /* NAME: the first one that this file ever had */
    uint64_t old, bytes; /* SIZE */
    bool by_write;       /* SIZE */
    uint64_t sector;     /* SECTOR; SIZE that shrinks: the sector that it cuts */
    uint32_t version;    /* SECTOR; SIZE that shrinks: the content of the sector that it cuts */
} change;

typedef struct world {
    const tl_simdisk *trace;
    size_t at, op_count;
    change *changes;
    long change_count, change_capacity, events;
    bool differs;
    uint32_t file_count, path_count;

    /* the state being built */
    long *name_choice, *size_choice; /* places in `changes`, by path and by file */
    uint32_t *names;                 /* by path: file or NO_FILE */
    uint64_t *sizes;                 /* by file */
    uint8_t **bytes;                 /* by file; room_bytes each */
    size_t room_bytes;
    tl_brute_file *out;
    uint32_t *order; /* paths in the order of their spelling */

    tl_profile profile;
    tl_brute_fn told;
    void *context;
    long journal;   /* events of it that persisted */
    size_t outcome; /* choices of names and sizes so far */
    bool more;
} world;

/* List what operations 0..at change, behind the difference of the two bases. */
TL_MUST_USE tl_status brute_list(world *w);

/* brute.c: show the state as it stands. */
void brute_tell(world *w);

/* brute_prefix.c: every state of these profiles. */
void brute_sigkill_tell(world *w);
void brute_prefixes_tell(world *w);

/* brute_rules.c; `place` is one in `changes`. */
/* Does this change give the sector a version?  Which? */
bool brute_gives_version(const change *c, uint32_t file, uint64_t sector, uint32_t *version);
/* May the sector hold the version given at `place` in the list? */
bool brute_may_hold(const world *w, uint32_t file, uint64_t sector, long place);
/* Does a finished sync demand something newer than `place` for this name or size? */
bool brute_is_too_old(const world *w, long place, int kind, uint32_t which);
/* May the file have this size with w->journal events of the journal? */
bool brute_journal_has(const world *w, uint32_t file, long place);
/* Is a journal of `events` events long enough for this finished sync? */
bool brute_journal_holds(const world *w, long events, size_t sync);

#endif
