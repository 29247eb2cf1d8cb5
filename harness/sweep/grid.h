/* harness/sweep/grid.h -- a grid file: one question, asked of each combination of some values.
 *
 *     [global]                          ; keys that every cell has, as in a spec
 *     ops = 20k
 *     tree.checkpoint_thread = off
 *     repeat = 2
 *     [axes]                            ; each of these values with each of the others
 *     workload = random, ycsb_a
 *     tree.split = all                  ; every row of `treelab list split`
 *     page_bytes = 1k, 4k
 *     [skip]                            ; NAME = what cannot be, or is not wanted
 *     long_keys_need_4k = workload=long_keys page_bytes=1k,2k
 *     one_at_a_time = tree.split!=adaptive tree.fill!=lmdb25
 *
 * A cell is one combination and one repetition: one driver, one workload, once.  Its id is made of
 * its values, "workload=random,page_bytes=4k/r0", and its shard of its id: both stay when axes
 * get more values or rules fall away.  JSON has the same keys, [axes] and [skip] being elements of
 * "phases".  `spec = FILE` in [global] names a spec to start from.
 *
 * Threads   a grid is used by one thread at a time; reading its cells by many.
 * Memory    texts handed out live as long as the grid.
 */
#ifndef TL_HARNESS_SWEEP_GRID_H
#define TL_HARNESS_SWEEP_GRID_H

#include "harness/spec/spec.h"

enum {
    TL_GRID_AXES_MAX = 10,
    TL_GRID_RULES_MAX = 64,
    TL_GRID_CELLS_MAX = 100000,
    TL_GRID_ID_MAX = 240, /* bytes of a cell's id with its NUL */
};

typedef struct tl_grid_axis {
    char *key;
    char **values;
    size_t count;
} tl_grid_axis;

typedef struct tl_grid_term { /* "page_bytes=1k,2*" */
    size_t axis;
    bool unlike;    /* "!=" */
    char *patterns; /* as of a shell, with commas between */
} tl_grid_term;

typedef struct tl_grid_rule { /* a cell for which all terms hold is not run */
    const char *name;
    tl_grid_term terms[TL_GRID_AXES_MAX];
    size_t count;
} tl_grid_rule;

typedef struct tl_grid_cell {
    char id[TL_GRID_ID_MAX];
    uint32_t value[TL_GRID_AXES_MAX]; /* of each axis: index of its value */
    uint32_t repetition;
} tl_grid_cell;

typedef struct tl_grid {
    tl_spec spec; /* the file; its [global] is what every cell has */
    tl_grid_axis axes[TL_GRID_AXES_MAX];
    size_t axis_count;
    tl_grid_rule rules[TL_GRID_RULES_MAX];
    size_t rule_count;
    uint64_t repeat;
    tl_grid_cell *cells; /* in running order: all of repetition 0, then all of 1, ... */
    size_t cell_count, skipped;
    char hash[TL_SPEC_HASH_BYTES]; /* of all that a cell is asked beside its own values */
} tl_grid;

/* Read a grid; troubles are told one by one, as those of specs.
 *
 * TL_OK         *grid is ready; release it with tl_grid_release, also after a failure
 * TL_INVALID    it is no grid, or one without cells; told
 * TL_NOT_FOUND, TL_ACCESS, TL_IO   the file, or the spec it names; told
 * TL_NO_MEMORY  told */
TL_MUST_USE tl_status tl_grid_read(const char *path, tl_spec_tell *tell, void *context,
                                   tl_grid *grid);
TL_MUST_USE tl_status tl_grid_read_text(const char *name, const char *text, tl_spec_tell *tell,
                                        void *context, tl_grid *grid);
void tl_grid_release(tl_grid *grid);

/* The value that a cell has of a key: of its axis, else of [global], else `fallback`. */
const char *tl_grid_value(const tl_grid *grid, const tl_grid_cell *cell, const char *key,
                          const char *fallback);

/* Which of `shards` parts an id belongs to, from 0: the same on every machine, for ever. */
size_t tl_grid_shard(const char *id, size_t shards);

/* {"workload": "random", "page_bytes": "4k"}: the cell's place.  NULL: memory is short. */
tl_json *tl_grid_point(const tl_grid *grid, const tl_grid_cell *cell);

/* The arguments that make `treelab run` run this cell alone, from "run" on, NULL-terminated, in
 * one block that free() releases.  Keys of drivers that the cell does not have are left out.
 * NULL: memory is short. */
char **tl_grid_words(const tl_grid *grid, const tl_grid_cell *cell);

#endif
