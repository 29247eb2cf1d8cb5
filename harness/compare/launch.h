/* harness/compare/launch.h -- one launch: two fresh processes, slices in turn.  One launch is one
 * value of each row's sample.
 *
 *     start both (which first: by lot) -> set up -> for each phase that is asked for: pairs of
 *     slices, in both orders, which one first by lot -> both finish, close, compare what they
 *     read and hold
 *
 * While one side runs its slice the other waits at its pipe: on one processor they never run at
 * once, and what disturbs the machine for longer than a pair hits both.
 */
#ifndef TL_HARNESS_LAUNCH_H
#define TL_HARNESS_LAUNCH_H

#include "harness/compare/peer.h"

enum {
    TL_LAUNCH_SLICES_MAX = 64,
    TL_LAUNCH_PHASES_MAX = 24,
    TL_LAUNCH_NAME_MAX = 48,
    TL_LAUNCH_COUNTERS_MAX = 192,
};

typedef struct tl_launch_arm {
    const char *label, *binary;
    const char *const *arguments; /* of `treelab agent`, what belongs to this arm */
    size_t argument_count;
} tl_launch_arm;

typedef struct tl_slice_plan { /* of one phase */
    unsigned count;            /* 0: run the phase without measuring it */
    uint64_t warm, ops;        /* of each slice; UINT64_MAX: all there are */
    bool end_within;           /* the last slice ends the transaction that is open */
} tl_slice_plan;

typedef struct tl_launch_request {
    tl_launch_arm arms[2];
    const char *const *arguments; /* of `treelab agent`, for both */
    size_t argument_count;
    const char *dir; /* an existing directory: both stores live in it */
    int cpu;         /* both run there; -1: anywhere */
    uint64_t seed;   /* of everything that is drawn by lot */
    uint64_t patience_ns;
    const tl_slice_plan *plans;  /* by number of phase; NULL: a pilot, each phase is one slice */
    size_t plan_count;           /* what comes behind so many phases is not run */
    bool (*stop)(void *context); /* may be NULL */
    void *context;
} tl_launch_request;

typedef struct tl_timed_pair { /* index 0 is A, 1 is B */
    unsigned first;            /* who ran first */
    uint64_t ops, cpu_ns[2], wall_ns[2], minflt[2], invol_cs[2], runwait_ns[2];
    uint64_t idle_cpu_ns[2]; /* of the store's own threads, while the other side ran */
} tl_timed_pair;

typedef struct tl_launch_counter {
    char name[TL_LAUNCH_NAME_MAX];
    uint64_t value;
} tl_launch_counter;

typedef struct tl_launch_phase {
    char name[TL_LAUNCH_NAME_MAX];
    bool timed; /* false: set-up, or a phase of several threads */
    bool threaded;
    bool repeats;                   /* its few operations are asked again and again */
    bool read_only;                 /* what is left after its slices need not run */
    uint64_t ops;                   /* announced */
    uint64_t cpu_ns[2], wall_ns[2]; /* of the whole phase, when it is not timed */
    tl_timed_pair slices[TL_LAUNCH_SLICES_MAX];
    size_t slice_count;
    tl_launch_counter counters[2][TL_LAUNCH_COUNTERS_MAX];
    size_t counter_count[2];
} tl_launch_phase;

typedef struct tl_launch {
    uint64_t seed;
    unsigned started_first;
    uint64_t heap_bytes[2], stack_bytes[2], environment_bytes[2];
    uint64_t setup_cpu_ns[2], setup_wall_ns[2]; /* opening and all phases that are not measured */
    uint64_t empty_ns[2];                       /* the clock's jitter: of slices with nothing in */
    uint64_t hiccups[2], hiccup_max_ns[2], steal_ticks;
    bool steal_known;
    bool answers[2]; /* the side claims to read back; else it is compared with nothing */
    uint64_t records, content_hash; /* equal on both sides */
    char revision[2][TL_LAUNCH_NAME_MAX];
    uint64_t wall_ns;
    tl_launch_phase *phases; /* TL_LAUNCH_PHASES_MAX of them: the caller's */
    size_t phase_count;
} tl_launch;

/* TL_OK          *launch is whole
 * TL_BUSY        `stop` said so: the launch counts for nothing
 * TL_CORRUPT     a wrong answer, or the sides read or hold different things
 * TL_VERSION     an arm does not speak this protocol
 * TL_IO          an agent died or got stuck
 * others         what an agent's store said
 * With a message in `error` for all but the first two. */
TL_MUST_USE tl_status tl_launch_run(const tl_launch_request *request, tl_launch *launch,
                                    char *error, size_t error_bytes);

/* The last processor that this process may run on; -1: it cannot be told.  The first ones serve
 * interrupts more often. */
int tl_launch_cpu(void);

/* What the launch says of a phase: logarithms of tB/tA in CPU time (or wall time).  False: the
 * phase has no slices, or one of no time. */
bool tl_launch_ratios(const tl_launch_phase *phase, bool wall, double *median, double *sums);

#endif
