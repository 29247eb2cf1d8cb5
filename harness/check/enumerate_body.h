/* harness/check/enumerate_body.h -- an enumeration that runs; for the files of this folder. */
#ifndef TL_HARNESS_ENUMERATE_BODY_H
#define TL_HARNESS_ENUMERATE_BODY_H

#include "harness/check/answers.h"
#include "harness/check/enumerate.h"
#include "harness/check/hashset.h"
#include "harness/check/recycler.h"
#include "harness/fault/memo.h"

typedef struct tl_recovery { /* the run whose crashes are looked at; counted in its log */
    tl_first_crash first;
    tl_allowed before; /* what the first crash may have left */
    tl_content found, after;
    size_t opened, acknowledged; /* recovery returned; the commit behind it did */
} tl_recovery;

typedef struct tl_nest tl_nest; /* enumerate_nested.c */

typedef struct tl_enumerator {
    const tl_enumerate_options *options;
    tl_enumeration *result;
    tl_inspector inspector; /* the recording's, with one_pass as the state at hand has it */
    const tl_trace *trace;
    const tl_recovery *recovery; /* the trace is that of a recovery; NULL: it is the history's */
    tl_nest *nest;               /* of tier NESTED */
    /* Called instead of looking at the states of a recovery; NULL: they are looked at. */
    tl_status (*on_second)(void *context, struct tl_enumerator *inner);
    void *on_second_context;
    const tl_contracts *contracts;
    tl_contract_case whose;
    tl_contract contract; /* of the store, under this profile */
    tl_pending *pending;
    tl_possible possible;
    tl_choices *choices;
    tl_simdisk *state_disk; /* shows one state after the other */
    tl_memo *memo;          /* of the trace's pages; NULL: none */
    tl_recycler *recycler;  /* of the store that is opened for every state */
    tl_answers *answers;
    tl_hashset seen, images;
    mpz_t beside, weight;
    uint64_t started_ns, unit; /* unit: outcomes so far, for shards */
    uint64_t spelled_out;      /* states that were, for again_every */
    bool stopped;
} tl_enumerator;

/* Is there time and room for another leaf?  False also sets `stopped`. */
bool tl_enumerator_goes_on(tl_enumerator *on);
size_t tl_enumerator_last_point(const tl_enumerator *on); /* that is looked at */
/* Whether the next unit of work is this shard's. */
bool tl_enumerator_takes(tl_enumerator *on);

/* on->choices, for the log of on->trace. */
TL_MUST_USE tl_status tl_enumerate_choices(tl_enumerator *on);

/* What may be there after a crash at this point. */
tl_allowed tl_enumerate_allowed(const tl_enumerator *on, size_t point);
tl_allowed tl_enumerate_allowed_nested(const tl_enumerator *inner, size_t point);
/* Tell of a state that shows a finding by itself. */
void tl_enumerate_report(tl_enumerator *on, const tl_state_id *where, const tl_verdict *verdict,
                         const tl_allowed *allowed);

/* enumerate_nested.c.  Recover from the state in on->possible, which is the only one there, or from
 * a killed process, and look at every state that a crash of that leaves. */
TL_MUST_USE tl_status tl_nest_create(tl_enumerator *on);
void tl_nest_destroy(tl_nest *nest); /* NULL is fine */
TL_MUST_USE tl_status tl_enumerate_recovery(tl_enumerator *on, const tl_state_id *where);
TL_MUST_USE tl_status tl_enumerate_killed(tl_enumerator *on, const tl_state_id *where);
/* The two sides of a disk whose process was killed at on->pending's crash point: in on->possible
 * what it issued, in *certain what of it is there whatever happens to the power next. */
TL_MUST_USE tl_status tl_enumerate_killed_sides(tl_enumerator *on, const tl_state_id *where,
                                                tl_image *certain);

/* The profile whose rules make the outcomes: garbage and liar are others, and something beside. */
tl_profile tl_enumerate_walked(tl_profile profile);

/* enumerate_outcome.c: look at all states of on->possible.  `where` tells it: for an outcome with
 * choices its pick is BRANCHES, and the branches, when there are some, are all that is wanted. */
TL_MUST_USE tl_status tl_enumerate_outcome(tl_enumerator *on, const tl_state_id *where);

/* One run of the store on what is decided so far. */
TL_MUST_USE tl_status tl_enumerate_run(tl_enumerator *on, const tl_state_id *where, uint8_t poison,
                                       bool memo, tl_verdict *verdict, tl_run_end *end);
/* Is this state closed before it is opened again, or abandoned? */
bool tl_enumerate_closes(const tl_state_id *where);
/* enumerate_apart.c: the leaf that just ended once more; it must read the same and come to the same
 * end.  TL_INVALID: it does not, and result->error tells. */
TL_MUST_USE tl_status tl_enumerate_apart(tl_enumerator *on, const tl_state_id *where,
                                         const tl_verdict *first);
/* Run the store on one leaf of on->possible, told by branches, for tl_choices_settle.  TL_INVALID:
 * it has no such branches. */
TL_MUST_USE tl_status tl_enumerate_follow(tl_enumerator *on, const tl_state_id *where);

/* enumerate.c: begin, and end, and in between go to the crash point of a state. */
TL_MUST_USE tl_status tl_enumerator_begin(tl_enumerator *on, const tl_enumerate_options *options,
                                          tl_enumeration *result);
TL_MUST_USE tl_status tl_enumerator_reach(tl_enumerator *on, const tl_state_id *where);
void tl_enumerator_end(tl_enumerator *on); /* also after a begin that failed */

/* enumerate_again.c: recover twice from the state in on->possible, which is the only one there,
 * when its turn has come; and from the newest state of the crash point. */
TL_MUST_USE tl_status tl_enumerate_again(tl_enumerator *on, const tl_state_id *where);
TL_MUST_USE tl_status tl_enumerate_again_newest(tl_enumerator *on);

/* enumerate_pick.c: of on->possible leave one state, by `where`.  TL_INVALID: it has no such
 * number. */
TL_MUST_USE tl_status tl_enumerate_pick(tl_enumerator *on, const tl_state_id *where);

/* enumerate_draw.c: the tiers that pick states one by one. */
TL_MUST_USE tl_status tl_enumerate_ends(tl_enumerator *on);
TL_MUST_USE tl_status tl_enumerate_singles(tl_enumerator *on);
TL_MUST_USE tl_status tl_enumerate_samples(tl_enumerator *on);
/* Does the operation that `where` names take part at on->pending's crash point, or is there a write
 * to tear?  True of what names none. */
TL_MUST_USE tl_status tl_enumerate_exists(tl_enumerator *on, const tl_state_id *where,
                                          bool *exists);
/* The outcome that a sample is drawn from, at on->pending's crash point. */
uint64_t tl_enumerate_sample_outcome(const tl_enumerator *on, uint64_t number);

/* Show `where`, leave one state unless it is told by branches, and look at it. */
TL_MUST_USE tl_status tl_enumerate_state(tl_enumerator *on, const tl_state_id *where);

#endif
