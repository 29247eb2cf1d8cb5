/* harness/run/cell_body.h -- a cell while it runs: what cell.c and cell_phases.c share. */
#ifndef TL_HARNESS_RUN_CELL_BODY_H
#define TL_HARNESS_RUN_CELL_BODY_H

#include "harness/run/cell.h"
#include "harness/run/check.h"

typedef struct tl_cell_body { /* a cell while it runs */
    const tl_run_request *request;
    const tl_cell_tools *tools;
    const tl_truth *truths;
    tl_run_cell *cell;
    const tl_driver *driver;
    tl_store *store;
    void *generator;
    char dir[TL_RUN_TEXT_MAX];
    uint64_t last_ops;    /* that the last phase did */
    tl_store_txn *pinned; /* a read txn that stays open; NULL: none */
    bool stopped;
} tl_cell_body;

static inline bool tl_cell_reads_back(const tl_cell_body *run)
{
    return (run->driver->capabilities & TL_DRIVER_READS_BACK) != 0;
}

/* --- cell.c: the first trouble is the one to tell, but wrong answers outrank failures --- */

void tl_cell_fail(tl_run_cell *cell, tl_status status, const char *text);
void tl_cell_call_failed(tl_run_cell *cell, const char *call, tl_status status);
void tl_cell_wrong(tl_run_cell *cell, const tl_run_phase *phase, const tl_check *check);

/* --- cell_phases.c --- */

/* Look at the whole store before the next phase; false ends the cell. */
bool tl_cell_verify(tl_cell_body *run, const tl_phase *phase, size_t index);
/* Run phase `index` of `count`; false ends the cell. */
bool tl_cell_phase(tl_cell_body *run, const tl_phase *phases, size_t count, size_t index);
/* Whether the phase may end before its stream, and when. */
bool tl_cell_limits(const tl_run_request *request, const tl_phase *phases, size_t count,
                    size_t index, tl_limits *limits);

#endif
