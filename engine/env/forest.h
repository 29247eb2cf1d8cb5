/* engine/env/forest.h -- the trees of one state of the env: their names, roots, depths, counts.
 *
 *   the running txn's   edited by it; thrown away by an abort
 *   the newest          what the next write txn starts from
 *   a snapshot's        what its readers see (env.h)
 *   the written         what the catalog in the file says (catalog.c)
 *
 * Each is a table of its own, ascending by tree id; the first entry is the main tree.  So a commit
 * that changes only roots writes no catalog page, and a reader finds a root by its own table alone.
 * Copying a table is cheap where it matters: entries behind the first are copied only when
 * `version` tells that some of them may differ.
 *
 * Names are shared between tables and never change.  A name lives as long as any pinned snapshot
 * that is older than the drop of its tree.
 */
#ifndef TL_ENV_FOREST_H
#define TL_ENV_FOREST_H

#include "engine/tree/tree.h"

typedef struct tl_name {
    uint32_t size_bytes, hash;
    uint8_t bytes[]; /* not NUL-terminated */
} tl_name;

typedef struct tl_tree_entry {
    tl_root root;
    uint32_t name_hash;
    tl_name *name;
} tl_tree_entry;

typedef struct tl_forest {
    TL_VECTOR(tl_tree_entry) trees; /* ascending by id, never empty once filled */
    uint64_t version;               /* of equal ones only the root of the first entry may differ */
    uint32_t id_next;               /* ids are never used again */
    size_t name_bytes;              /* of all names together */
} tl_forest;

static inline tl_slice tl_name_slice(const tl_name *name)
{
    return tl_slice_of(name->bytes, name->size_bytes);
}

static inline const tl_root *tl_forest_main(const tl_forest *forest)
{
    return &forest->trees.at[0].root;
}

void tl_forest_release(tl_forest *forest, tl_memory *memory); /* the table, not the names */

/* Room for as many trees as `other` has.  TL_NO_MEMORY changes nothing. */
TL_MUST_USE tl_status tl_forest_reserve(tl_forest *forest, tl_memory *memory,
                                        const tl_forest *other);
/* Become equal to `from`; room was reserved. */
void tl_forest_copy(tl_forest *to, const tl_forest *from);
/* The same within a txn, where a version does not yet stand for its entries. */
void tl_forest_copy_whole(tl_forest *to, const tl_forest *from);

tl_tree_entry *tl_forest_find(const tl_forest *forest, tl_tree tree); /* NULL: no such id */
tl_tree_entry *tl_forest_find_name(const tl_forest *forest, tl_slice name);

/* Enter a tree whose id is above all others; room was reserved. */
void tl_forest_add(tl_forest *forest, const tl_root *root, tl_name *name);
void tl_forest_remove(tl_forest *forest, tl_tree_entry *entry);
uint64_t tl_forest_records(const tl_forest *forest); /* of all trees */

/* ---- whose names may go ---- */

typedef struct tl_dead_name {
    tl_name *name;
    uint64_t death; /* the txn that dropped its tree */
} tl_dead_name;

typedef struct tl_names {
    TL_VECTOR(tl_name *) born;    /* by the running txn */
    TL_VECTOR(tl_dead_name) dead; /* ascending by death */
    size_t dead_before;           /* those of committed txns; the running one's follow */
} tl_names;

/* A name that the running txn makes, entered among its born ones. */
TL_MUST_USE tl_status tl_names_make(tl_names *names, tl_memory *memory, tl_slice bytes,
                                    tl_name **name);
/* Room for one more dead name, which tl_names_bury then enters. */
TL_MUST_USE tl_status tl_names_secure(tl_names *names, tl_memory *memory);
void tl_names_bury(tl_names *names, tl_name *name, uint64_t death);
void tl_names_commit(tl_names *names);

typedef struct tl_names_mark {
    size_t born, dead;
} tl_names_mark;
static inline tl_names_mark tl_names_mark_now(const tl_names *names)
{
    return (tl_names_mark){names->born.count, names->dead.count};
}
void tl_names_rollback(tl_names *names, tl_memory *memory, tl_names_mark mark);
void tl_names_abort(tl_names *names, tl_memory *memory);
/* Release what no snapshot from `pin_min` on can show. */
void tl_names_sweep(tl_names *names, tl_memory *memory, uint64_t pin_min);
/* The env is closed: the dead, and the living in `newest`.  No txn is running. */
void tl_names_close(tl_names *names, tl_memory *memory, const tl_forest *newest);

#endif
