/* harness/sweep/merge.h -- the journals of many parts as one.
 *
 *     tl_merge_begin -> tl_merge_add ... -> tl_merge_settle -> documents -> tl_merge_release
 *
 * A cell is known by its id.  Found twice, both must have counted the same: equal operations give
 * equal counters on every machine, so that a difference is a finding.  One of the two is kept, and
 * which one depends on what they say, never on who was named first: merging is free of order, and
 * merging what was merged changes nothing.
 *
 * Counts are summed over repetitions wherever they ran.  Times are put together within one class of
 * machines only, histogram slot by histogram slot.
 */
#ifndef TL_HARNESS_SWEEP_MERGE_H
#define TL_HARNESS_SWEEP_MERGE_H

#include "harness/report/json.h"
#include "harness/report/text.h"

typedef struct tl_merge_cell {
    char *id, *line;       /* the line without its end */
    const char *revision;  /* of the program, and */
    const char *class_key; /* of the machine; texts of the merge */
    tl_json *cell;         /* the line, parsed */
} tl_merge_cell;

typedef struct tl_merge {
    tl_merge_cell *cells; /* sorted by id once settled */
    size_t count, capacity;
    size_t duplicates; /* found again, counted the same */
    size_t conflicts;  /* found again, counted otherwise; each was told */
    size_t added;      /* directories */
    tl_json *frame;    /* of the directory whose id is the least; NULL: none has a run.json */
    char *frame_text;  /* it as a line */
    char **texts;      /* revisions and classes */
    size_t text_count;
    void (*tell)(void *context, const char *text);
    void *context;
} tl_merge;

void tl_merge_begin(tl_merge *merge, void (*tell)(void *context, const char *text), void *context);
void tl_merge_release(tl_merge *merge);

/* Take in the journal of `dir`.  `is_out`: the directory that will be written; one without a
 * journal is fine then.
 *
 * TL_OK
 * TL_NOT_FOUND   no journal; told
 * TL_INVALID     it is no journal, or, for `is_out`, one that was not merged; told
 * TL_NO_MEMORY, TL_IO, TL_ACCESS   told */
TL_MUST_USE tl_status tl_merge_add(tl_merge *merge, const char *dir, bool is_out);

/* Sort, and hold duplicates against each other.
 *
 * TL_OK           also with conflicts: see there
 * TL_UNSUPPORTED  cells of two builds; told
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_merge_settle(tl_merge *merge);

/* What a merged result takes over of one part's run.json: all that is not of its cells or its
 * share.  Of a merged result it is what that one took over. */
tl_json *tl_merge_frame(const tl_json *run);

/* What is written; each is the same whatever the order and number of parts. */
void tl_merge_journal(const tl_merge *merge, tl_text *out);
tl_json *tl_merge_run(const tl_merge *merge); /* run.json; NULL: no frame, or no memory */
/* Exact counters alone: of each cell, and summed over repetitions. */
tl_json *tl_merge_counters(const tl_merge *merge);
/* Repetitions put together: counters, and times by class of machine. */
tl_json *tl_merge_pooled(const tl_merge *merge);
/* A row per point, tab-separated, with a head: what its strategy cost (plots/README.md). */
void tl_merge_table(const tl_merge *merge, tl_text *out);

/* The part of an id in front of "/r3", the length of it. */
size_t tl_merge_point_bytes(const char *id);
/* Index behind the last cell of the same point as cells[from]. */
size_t tl_merge_point_end(const tl_merge *merge, size_t from);

/* What a cell counted, as a document of its own: equal documents, equal counts. */
tl_json *tl_merge_exact(const tl_json *cell);
/* Add the exact counters of `cells` to `object` as a list "phases", each summed over the cells. */
void tl_merge_sum(const tl_merge_cell *cells, size_t count, tl_json *object);

#endif
