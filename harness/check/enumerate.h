/* harness/check/enumerate.h -- every state that a profile allows, looked at: exactly, but lazily.
 *
 *     tl_recording_make -> tl_enumeration_init -> tl_enumerate -> ... -> tl_enumeration_clear
 *
 * One call is one trace under one profile at one tier.  At each crash point of the trace's log it
 * takes each outcome (an allowed choice of names and sizes) and, under the exact tier, lets the
 * store recover on a disk that decides what a sector holds when it is first read; then it goes
 * back and decides otherwise, until every decision was taken.  One such run is a leaf: one full
 * inspection (inspect.h), which stands for every state that agrees with it in what it read.
 * `represented` adds up what the leaves stand for: without a budget, shard or finding in the way
 * it is the number of allowed states at all crash points, to the last one.
 *
 * An outcome that looks, in all that its leaves read, like one met before is not run again
 * (`shared`): what was found there is judged by the bounds of the new crash point, and counts in
 * `represented` with the weight it has here.  Two crash points with bounds that no content can
 * satisfy together make a finding at one of them.
 *
 * Under tier NESTED the store recovers from each different state of tier SINGLES, and from a kill
 * at each crash point; every state that a crash of such a recovery, or of the commit behind it,
 * may leave is looked at as under EXACT.  A recovery that has returned showed its content to
 * somebody: under durability commit that content must stay.
 *
 * Identity    (profile, crash point, outcome number, choice vector), see state_id.h; printable,
 *             and replayed by `only`.
 * Determinism the same trace and options give the same leaves in the same order.  A store whose
 *             reads differ when it is run again with the same choices ends the enumeration with
 *             TL_INVALID and an error that says so.
 * Threads     one; the trace is not written to meanwhile, but its versions are shared.
 */
#ifndef TL_HARNESS_ENUMERATE_H
#define TL_HARNESS_ENUMERATE_H

#include "harness/check/contract.h"
#include "harness/check/recording.h"
#include "harness/check/state_id.h"

#include <gmp.h>

/* X(upper, name on the command line, meaning) */
#define TL_TIER_MAP(X)                                                                             \
    X(ENDS, T0, "at each crash point all that was issued, and only what is certain")               \
    X(SINGLES, T1, "and each operation dropped or kept alone, each tear, each journal prefix")     \
    X(EXACT, T2, "every allowed state, by lazy branching on what recovery reads")                  \
    X(SAMPLED, T3, "states drawn by number, biased to names, sizes and the newest writes")         \
    X(NESTED, T4, "a crash of each recovery from a state of T1, or from a kill, at every operation")

#define TL_TIER_AS_ENUM(upper, name, text) TL_TIER_##upper,
typedef enum tl_tier { TL_TIER_MAP(TL_TIER_AS_ENUM) TL_TIER_COUNT } tl_tier;
typedef struct tl_tier_row {
    const char *name, *summary;
} tl_tier_row;
const tl_tier_row *tl_tier_at(tl_tier tier);
bool tl_tier_find(const char *name, tl_tier *tier); /* false: no tier of this name */

typedef struct tl_enumerate_finding {
    tl_state_id where; /* one state that shows it: the first leaf met */
    tl_verdict verdict;
    tl_allowed allowed;           /* at that crash point */
    mpz_srcptr weight;            /* states that it stands for, here */
    bool shared;                  /* judged from an equal outcome met before, not run here */
    const tl_contract_row *known; /* the contract documents it: no failure; NULL: it is one */
} tl_enumerate_finding;

typedef struct tl_enumerate_options {
    const tl_recording *recording; /* of a driver with TL_DRIVER_SIM_IO */
    const tl_contracts *contracts; /* what is promised; NULL: the table built in */
    tl_profile profile;            /* garbage and liar: tier SAMPLED only, else TL_UNSUPPORTED */
    tl_tier tier;
    uint64_t seed;       /* of tier SAMPLED, and of what is checked again */
    uint64_t states_max; /* stop after so many leaves; 0: no bound.  SAMPLED: how many to draw,
                            0: 64 for each crash point */
    uint64_t budget_ns;  /* stop after so long; 0: no bound */
    uint32_t shard;      /* 0-based; of shard_count, 0 or 1: everything.  A unit of work is an
                            outcome at a crash point, of tier NESTED a first crash unlike those
                            before it; the shards' sums add up */
    uint32_t shard_count;
    size_t point_first, point_end; /* crash points [first, end) alone; end 0: to the last one; not
                                      of samples under LIAR */
    const tl_state_id *only; /* this state alone; its profile and the one above are the same */
    uint32_t mixtures_max;   /* of one checksummed read tried one by one; 0: 4096 */
    uint32_t check_every;    /* each so many-th leaf is run again with another poison, in a process
                                of its own and without memo, and 64 random mixtures of each refused
                                read must be refused; 0: none */
    uint32_t again_every;    /* from each so many-th leaf that is spelled out, and the newest at
                                each so many-th crash point under tier EXACT, recover twice and
                                count what that asks of the disk; 0: never */
    uint64_t recovery_calls_max; /* of that; 0: TL_RECOVERY_CALLS and so on, below */
    bool each_image;    /* of states looked at one by one, each disk image once, each in full:
                           nothing is shared.  Not of tier EXACT */
    bool always_close;  /* each state is closed before it is opened again, none abandoned */
    bool memo;          /* pass over leaf pages that were checked before */
    bool no_sharing;    /* run every outcome, also one that looks like one met before */
    bool (*stop)(void); /* asked now and then; NULL: never */
    void (*on_progress)(void *context, size_t point, size_t point_count); /* may be NULL */
    /* NESTED: of each recovery, before its crashes are looked at; for who counts them by another
     * way.  Not TL_OK: the enumeration ends with that status.  May be NULL. */
    tl_status (*on_recovery)(void *context, const tl_simdisk *log);
    bool recoveries_only; /* NESTED: look at no crash of a recovery, and tell of each recovery */
    void (*on_finding)(void *context, const tl_enumerate_finding *finding); /* may be NULL */
    void *context;
} tl_enumerate_options;

/* What one recovery may ask of the disk, by the bytes that its files have: a fixed sum, and so much
 * for each 4096 bytes of them. */
enum {
    TL_RECOVERY_CALLS = 128,
    TL_RECOVERY_CALLS_PER_PAGE = 16, /* a frame of the log has 512 bytes at least: two each */
    TL_RECOVERY_READ_BYTES = 1 << 18,
    TL_RECOVERY_READS_PER_BYTE = 3,
};

typedef struct tl_enumeration {
    size_t points;               /* crash points gone through */
    uint64_t outcomes;           /* choices of names and sizes looked at, run or shared */
    uint64_t shared;             /* of those, answered by an equal one met before */
    uint64_t recoveries;         /* NESTED: different first crashes that were recovered from */
    uint64_t leaves;             /* inspections made in full */
    uint64_t recovered, refused; /* of those: opened and right; refused where that is allowed */
    uint64_t told;               /* opened, and said later that it is damaged, likewise */
    uint64_t distinct;           /* different leaves (what they read), or images, of `leaves` */
    uint64_t repeated;           /* states left out because their image was seen: each_image */
    uint64_t memo_found, memo_missed; /* leaf pages of the store, by what was known of them */
    uint64_t reruns;                  /* runs beside the leaves, that checked one of them */
    uint64_t findings;                /* different verdicts of an outcome at a crash point */
    uint64_t known;        /* likewise, but documented by the contract: not in `findings` */
    tl_contract_seen seen; /* for telling that more was kept than was promised */
    uint64_t by_rule[TL_RULE_COUNT];
    uint64_t again;           /* states recovered from twice */
    uint64_t again_calls_max; /* most that one recovery of these asked: calls of the disk, and */
    uint64_t again_bytes_max; /* bytes read */
    mpz_t represented;        /* states that the leaves stand for, here and where they are shared */
    mpz_t not_covered; /* states that were met and not looked at, because too many mixtures would
                          have had to be tried; never silently in `represented` */
    uint64_t not_covered_leaves; /* in so many pieces */
    uint64_t elapsed_ns;
    bool complete;   /* nothing was cut short: by budget, stop or a failure */
    char error[256]; /* why the enumeration itself failed */
} tl_enumeration;

void tl_enumeration_init(tl_enumeration *result);
void tl_enumeration_clear(tl_enumeration *result);
/* Add what another trace gave: counts, sums and times; `points` and `distinct` too, which are those
 * of each trace by itself.  The error is the first there was. */
void tl_enumeration_add(tl_enumeration *sum, const tl_enumeration *one);

/* *result, which was made by tl_enumeration_init, is filled whether there are findings or not.
 *
 * TL_OK
 * TL_UNSUPPORTED  this profile has no such tier
 * TL_NO_SPACE     a crash point has more choices of names and sizes than 64 bits can number
 * TL_INVALID      `only` names no state of this trace; or the store is not deterministic
 * others          result->error tells; or TL_NO_MEMORY */
TL_MUST_USE tl_status tl_enumerate(const tl_enumerate_options *options, tl_enumeration *result);

#endif
