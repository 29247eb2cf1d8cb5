/* harness/gate/counts.h -- the exact engine counters of one row: taken, kept, compared.
 *
 * Counters of class `exact` are equal for equal operations on every host and compiler, so a
 * difference of one is a difference of the program.  Baselines are kept in results/baselines and
 * reviewed like any other change; `treelab baseline update --reason` writes them.
 */
#ifndef TL_HARNESS_GATE_COUNTS_H
#define TL_HARNESS_GATE_COUNTS_H

#include "harness/gate/policy.h"
#include "harness/gate/program.h"

typedef struct tl_count { /* of one phase */
    const char *phase, *name;
    uint64_t value;
} tl_count;

typedef struct tl_counts { /* of one row, in the order they were found */
    tl_json *root;         /* owned: all texts live in it */
    tl_count *rows;        /* owned */
    size_t count;
    const char *revision; /* of the program that was run */
} tl_counts;
void tl_counts_release(tl_counts *counts);

typedef struct tl_counts_source {
    const char *binary;  /* the treelab to run */
    const char *scratch; /* an existing directory for its result and its stores */
    bool (*stop)(void *context);
    void *context;
    const char *const *words; /* further arguments of `treelab run`; may be NULL */
    size_t word_count;
} tl_counts_source;

/* Run the row once, behind the words of `before` (NULL-terminated; valgrind and its options, or
 * none).  What the run leaves is in the directory `out`, which must not exist; remove it with
 * tl_directory_remove whatever the status.
 *
 * TL_OK when it ended with exit code 0; otherwise as tl_counts_take. */
TL_MUST_USE tl_status tl_gate_run_row(const tl_counts_source *source, const tl_gate_row *row,
                                      const char *const *before, const char *out, char *error);

/* Run the row once and take its counters: those of class exact of every phase, and of every phase
 * `operations` and `result_hash`.
 *
 * TL_OK           *counts is ready; release it
 * TL_CORRUPT      the run gave a wrong answer
 * TL_INVALID      the program refused or failed the run, or its result is not what was asked for
 * TL_UNSUPPORTED  `stop` said so
 * others          as tl_program_run
 * `error` (TL_PROGRAM_TEXT_MAX bytes) tells why. */
TL_MUST_USE tl_status tl_counts_take(const tl_counts_source *source, const tl_gate_row *row,
                                     tl_counts *counts, char *error);

typedef struct tl_count_difference {
    const char *phase, *name;
    uint64_t base, candidate; /* a counter that one side does not have is 0 there */
} tl_count_difference;

/* Write up to `capacity` differences to `found` and return how many there are. */
size_t tl_counts_compare(const tl_counts *base, const tl_counts *candidate,
                         tl_count_difference *found, size_t capacity);

/* "insert: leaf_splits 812 -> 813 (+0.123 %)" */
void tl_count_difference_text(const tl_count_difference *difference, char *text, size_t text_bytes);

#define TL_BASELINE_SCHEMA "treelab.baseline/1"

/* The kept counters of a suite. */
typedef struct tl_baseline {
    tl_json *root; /* owned */
} tl_baseline;

/* TL_NOT_FOUND when there is none; TL_INVALID when it is no baseline; `error` tells. */
TL_MUST_USE tl_status tl_baseline_read(const char *path, tl_baseline *baseline, char *error,
                                       size_t error_bytes);
void tl_baseline_release(tl_baseline *baseline);
/* The counters of the row `name`.  TL_NOT_FOUND: the baseline has no such row; TL_INVALID: its
 * arguments are others than the policy's now, so that its counters mean something else. */
TL_MUST_USE tl_status tl_baseline_row(const tl_baseline *baseline, const tl_gate_row *row,
                                      tl_counts *counts);

/* Rows are added in the policy's order, then written. */
tl_json *tl_baseline_begin(const char *reason, const char *revision); /* NULL: no memory */
void tl_baseline_add(tl_json *root, const tl_gate_row *row, const tl_counts *counts);

#endif
