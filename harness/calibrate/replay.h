/* harness/calibrate/replay.h -- gates made of recorded launches, judged by the code of real ones.
 *
 * For each workload launches are drawn with replacement from those recorded without a difference
 * between the sides; each is turned around (B to A for A to B) by the toss of a coin, the same for
 * all its rows and both statistics.  So their middle is exactly 0, and what is left of their
 * dependence on each other is what was measured.  On one row an effect may be put: a number added
 * to the logarithms, or launches in its place that were recorded with it.
 *
 * What this cannot show: a difference between two equal sides that a real gate has, and launches
 * that depend on the ones before.  Fresh gates do (`treelab calibrate gates`).
 */
#ifndef TL_HARNESS_REPLAY_H
#define TL_HARNESS_REPLAY_H

#include "harness/calibrate/samples.h"
#include "workloads/keys.h"

enum { TL_REPLAY_ROWS_MAX = 64 };

typedef struct tl_replay { /* of one policy; between tl_replay_make and _release */
    tl_duel_request request;
    tl_duel_load loads[TL_DUEL_LOADS_MAX];
    const tl_series *rows[TL_REPLAY_ROWS_MAX]; /* with arm "aa" */
    size_t row_count;
    tl_duel duel;
    tl_dice dice;
    double draws[TL_DUEL_LOADS_MAX]; /* launches to draw from */
} tl_replay;

typedef struct tl_replay_effect { /* on one row, or none */
    size_t row;                   /* SIZE_MAX: none */
    double shift;                 /* added to the logarithms */
    const tl_series *recorded;    /* drawn from, unturned, instead; NULL: those of the row */
} tl_replay_effect;

/* `policy` gives looks, margins, confirmation and budget.  TL_OK; TL_NOT_FOUND: there are no
 * samples of arm "aa"; TL_INVALID: too many rows; TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_replay_make(const tl_samples *samples, const tl_duel_request *policy,
                                     uint64_t seed, tl_replay *replay);
void tl_replay_release(tl_replay *replay);

/* One gate.  replay->duel.rows hold what became of each; *seconds what its launches would take. */
TL_MUST_USE tl_status tl_replay_gate(tl_replay *replay, const tl_replay_effect *effect,
                                     double *seconds);

#endif
