/* workloads/workload.h -- a workload: a pure generator of operations.
 *
 * A workload is a list of phases; each phase is a stream of operations.  The same spec and seed
 * give the same stream on every host and compiler.  A generator never sees a store.  A shared
 * object that exports one symbol `tl_workload_v1` of type tl_workload joins the built-in ones
 * (`--plugin FILE.so`); see workloads/README.md for the walk-through.
 */
#ifndef TL_WORKLOADS_WORKLOAD_H
#define TL_WORKLOADS_WORKLOAD_H

#include "op.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TL_WORKLOAD_ABI = 3 };

typedef struct tl_workload_option {                   /* one key that --set understands */
    const char *name, *type, *fallback, *range, *doc; /* "value_bytes" "bytes" "100" "0..1m" "…" */
} tl_workload_option;

typedef struct tl_workload_setting { /* one key=value given by the user */
    const char *name, *value;
} tl_workload_setting;

typedef struct tl_workload_spec {
    uint64_t ops;           /* --ops: scale of the workload; at least 1 */
    uint64_t seed;          /* --seed */
    uint32_t page_bytes;    /* --page-size: for workloads whose sizes follow the page */
    size_t value_bytes_max; /* largest value that every chosen store takes; SIZE_MAX or 0 = any */
    const tl_workload_setting *settings;
    size_t setting_count;
} tl_workload_spec;

typedef enum tl_phase_kind {
    TL_PHASE_OPS,    /* operations */
    TL_PHASE_CRASH,  /* none: here the host may crash the store ... */
    TL_PHASE_VERIFY, /* ... or verify it */
} tl_phase_kind;

typedef struct tl_phase {
    const char *name; /* "insert" "get" "get_absent" "scan" "load" "run" … */
    uint64_t ops;     /* exact number of operations this phase yields */
    bool read_only;   /* yields no PUT, INSERT, DEL */
    bool measured;    /* false for set-up phases, which are timed but not compared */
    uint64_t batch;   /* operations in one transaction; 0 = the whole phase in one;
                         the user's --batch overrides it for phases that write */
    uint32_t threads; /* 0 and 1: one.  More: each takes a share, see start_share */
    tl_phase_kind kind;
    const char *rate;  /* when to start operations ("poisson:20000"), for the host to read; NULL: */
    const char *until; /* one after the other.  When to stop ("30s"), the same; NULL: as the run */
} tl_phase;

/* What a plug-in may ask of its host; grows at the end only. */
typedef struct tl_workload_host {
    uint32_t abi, size_bytes;
    void (*log)(const char *text); /* one line for the user */
} tl_workload_host;

typedef struct tl_workload {
    uint32_t abi, size_bytes; /* TL_WORKLOAD_ABI, sizeof(tl_workload) */
    const char *name, *summary;
    const tl_workload_option *options; /* NULL-named row ends the table; may be NULL */
    /* Make a generator.  NULL: out of memory, or a bad setting explained in `error`, which does
     * not repeat the workload's name.  `host` may be NULL. */
    void *(*create)(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes);
    void (*destroy)(void *generator); /* NULL is fine */
    /* The phases in order; the array belongs to the generator. */
    const tl_phase *(*phases)(void *generator, size_t *count);
    /* Begin phase `index`; phases are begun once each, in order. */
    void (*start)(void *generator, size_t index);
    /* Fill up to `capacity` operations of the current phase; 0 = the phase is over. */
    size_t (*next_n)(void *generator, tl_op *ops, size_t capacity);
    /* A remark the result must carry ("values stop at the inline limit of 3297 bytes"), or NULL. */
    const char *(*note)(void *generator);
    /* Begin share `share` (from 0) of phase `index`, which has as many as threads: next_n then
     * gives that share's operations only.  All shares together are the phase, whose operations may
     * be asked in any order.  Each thread has a generator of its own, made from the same spec, on
     * which only this function is called.  NULL when no phase has threads. */
    void (*start_share)(void *generator, size_t index, uint32_t share);
} tl_workload;

/* The registry: the built-in workloads, then plug-ins in the order of their loading. */
size_t tl_workload_count(void);
const tl_workload *tl_workload_at(size_t index);
const tl_workload *tl_workload_find(const char *name); /* NULL when unknown */

/* Load a plug-in and append it to the registry; a second load of one file gives the same pointer.
 * NULL with a message in `error` when it is missing, has no tl_workload_v1, another ABI, an empty
 * field or a name that is taken.  A path without a slash means the working directory.  The object
 * stays loaded until the process ends.  Call it before starting threads. */
const tl_workload *tl_workload_load(const char *path, char *error, size_t error_bytes);

#endif
