/* harness/sweep/sweep.h -- run the cells of a grid, each in a process of its own.
 *
 *     tl_grid_read -> tl_journal_open -> tl_sweep_run -> the journal has a line per finished cell
 *
 * A cell is `treelab run` with one driver, one workload, one repetition, started anew: memory that
 * an earlier cell left behind moves no time, and a cell that dies takes nothing with it.  Its line
 * is the cell of that run's run.json under the grid's id, with where it belongs:
 *
 *     {"id":"workload=random,page_bytes=4k/r0", ..., "sweep":{"number":7,"of":40,
 *      "point":{"workload":"random","page_bytes":"4k"},"grid":"<sha256>","class":"0x...",
 *      "revision":"...","jobs":1}}
 *
 * Cells that failed have no line: a resumed sweep tries them again.
 */
#ifndef TL_HARNESS_SWEEP_H
#define TL_HARNESS_SWEEP_H

#include "harness/run/journal.h"
#include "harness/sweep/grid.h"

enum { TL_SWEEP_TEXT_MAX = 1536, TL_SWEEP_JOBS_MAX = 64 };

typedef struct tl_sweep_request {
    const tl_grid *grid;
    size_t shard, shards;   /* which part, from 0, of how many; shards >= 1 */
    const char *program;    /* the treelab to start */
    const char *running;    /* an existing, empty directory for what is under way */
    const char *stores_dir; /* NULL: there, too */
    unsigned jobs;          /* cells at a time; times are worth something with 1 only */
    tl_journal *journal;
    bool (*stop)(void *context); /* asked some times a second */
    /* Before a cell: `done` of the shard's are behind us.  Both are called by one thread at a time
     * and may be NULL. */
    void (*step)(void *context, uint64_t done, const char *id);
    void (*tell)(void *context, const char *text); /* of a cell that did not end well */
    void *context;
} tl_sweep_request;

typedef struct tl_sweep_outcome {
    size_t wanted;  /* cells of this shard */
    size_t earlier; /* of these: the journal had them */
    size_t finished;
    size_t wrong;      /* of the finished: a store gave a wrong answer */
    size_t failed;     /* ended without a line */
    int failed_exit;   /* of the first of them */
    bool interrupted;  /* `stop` said so */
    bool refused;      /* a cell was not understood: the grid is at fault, and the sweep ended */
    tl_status failure; /* of the machine, which ended the sweep; else TL_OK */
} tl_sweep_outcome;

size_t tl_sweep_wanted(const tl_grid *grid, size_t shard, size_t shards); /* cells of a shard */

/* Is every cell of the journal one of this grid, asked the same?  False: `error` names one. */
bool tl_sweep_fits(const tl_grid *grid, const tl_journal *journal, char *error, size_t error_bytes);

void tl_sweep_run(const tl_sweep_request *request, tl_sweep_outcome *outcome);

#endif
