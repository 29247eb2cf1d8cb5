/* workloads/steps.h -- phases of the composed workload, read from settings. */
#ifndef TL_WORKLOADS_STEPS_H
#define TL_WORKLOADS_STEPS_H

#include "workloads/distributions.h"
#include "workloads/generator.h"
#include "workloads/lengths.h"
#include "workloads/options.h"
#include "workloads/places.h"

#define TL_VERB_MAP(X)                                                                             \
    X(GET, get, true, false, "read a live record")                                                 \
    X(GET_ABSENT, get_absent, false, false, "read a key that is absent")                           \
    X(PUT, put, true, true, "write a live record anew")                                            \
    X(UPSERT, upsert, false, true, "write any record, live or not")                                \
    X(INSERT, insert, false, true, "write a record that never was")                                \
    X(REINSERT, reinsert, false, true, "write a deleted record again")                             \
    X(DELETE, delete, true, true, "delete a live record")                                          \
    X(DELETE_ABSENT, delete_absent, false, true, "delete a key that is absent")                    \
    X(SCAN, scan, true, false, "read records in the order of keys from a live one on")             \
    X(SCAN_REVERSE, scan_reverse, true, false, "the same, downwards")                              \
    X(RMW, rmw, true, true, "read a live record, then write it: two operations")

#define TL_VERB_AS_ENUM(upper, lower, of_live, writes, text) TL_VERB_##upper,
typedef enum tl_verb { TL_VERB_MAP(TL_VERB_AS_ENUM) TL_VERB_COUNT } tl_verb;

typedef enum tl_step_kind {
    TL_STEP_LOAD,
    TL_STEP_WARM,
    TL_STEP_RUN,
    TL_STEP_DELETE,
    TL_STEP_CHURN,
    TL_STEP_CRASH,
    TL_STEP_VERIFY,
} tl_step_kind;

enum { TL_STEPS_MAX = 16, TL_STEP_NAME_BYTES = 32, TL_MIX_MAX = 16, TL_STEP_TEXT_BYTES = 80 };

typedef struct tl_mix { /* which verb comes next */
    struct {
        tl_verb verb;
        double weight;
        uint64_t turns; /* of a cycle */
        uint64_t bound; /* otherwise: taken by draws below it */
    } rows[TL_MIX_MAX];
    size_t count;
    uint64_t turns; /* of one cycle; 0: verbs are drawn */
    bool has[TL_VERB_COUNT];
} tl_mix;

typedef struct tl_step {
    char name[TL_STEP_NAME_BYTES];
    tl_step_kind kind;
    tl_mix mix;
    uint64_t ops;       /* 0 while it depends on what is alive, see live_share */
    double live_share;  /* of the records alive when the phase begins; 0: ops */
    uint64_t births;    /* records that its inserts may make, at most */
    uint64_t strangers; /* records that upserts may make, besides those born before */
    tl_law keys, victims;
    tl_order order;
    tl_place place;
    tl_lengths values, scan_len;
    bool scan_all, resize, append, measured, reinsert_random;
    uint64_t many, batch;
    uint32_t threads;
    char rate[TL_STEP_TEXT_BYTES], until[TL_STEP_TEXT_BYTES];
} tl_step;

typedef enum tl_shape_kind {
    TL_SHAPE_BINARY,  /* random-looking bytes, in the order of numbers */
    TL_SHAPE_DENSE,   /* a fixed prefix, then the number, big-endian */
    TL_SHAPE_USER,    /* user000000001234 */
    TL_SHAPE_DECIMAL, /* digits: their order is not that of the numbers */
    TL_SHAPE_PADDED,  /* 20 digits */
    TL_SHAPE_PREFIX,  /* shared bytes, then as binary */
} tl_shape_kind;

typedef struct tl_steps { /* a whole composed workload, read */
    tl_step steps[TL_STEPS_MAX];
    size_t count;
    tl_shape_kind shape;
    uint64_t key_bytes, prefix_bytes;
    bool insert_is_put;
    uint64_t value_bytes_max;   /* after the store's limit */
    uint64_t value_bytes_limit; /* UINT64_MAX: none */
    bool values_cut;            /* the limit is below what was asked for */
    bool has[TL_VERB_COUNT];    /* in any phase */
} tl_steps;

extern const tl_workload_option tl_step_keys[];

bool tl_verb_writes(tl_verb verb);

/* Read all phases.  False after writing to `error`. */
bool tl_steps_read(const tl_workload_spec *spec, tl_steps *steps, char *error, size_t error_bytes);

#endif
