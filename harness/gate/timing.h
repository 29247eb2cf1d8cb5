/* harness/gate/timing.h -- the layer `time`: all rows of a policy as one duel of base and
 * candidate.
 *
 * Rows advance in lock-step, so that each gets its launches at all hours of the gate, and one
 * correction (Holm) covers them all.
 */
#ifndef TL_HARNESS_GATE_TIMING_H
#define TL_HARNESS_GATE_TIMING_H

#include "harness/gate/gate.h"

typedef struct tl_gate_duel { /* what a policy's rows ask of a duel; filled once, then only read */
    tl_duel_request request;  /* all but arms, dir, cpu, seed and callbacks */
    tl_duel_load loads[TL_DUEL_LOADS_MAX];
    const tl_gate_row *rows[TL_DUEL_LOADS_MAX]; /* of each load */
    tl_links links[2];
    char layout_note[TL_GATE_TEXT_MAX];
} tl_gate_duel;

/* The rows of layer `time` among `only` (NULL: all) whose commits do not wait for the disk: those
 * are judged by their counters.  TL_OK; TL_INVALID: there are more than TL_DUEL_LOADS_MAX.
 * `made` points into itself and into the policy. */
TL_MUST_USE tl_status tl_gate_duel_make(const tl_gate_policy *policy, const char *const *only,
                                        tl_gate_duel *made);

/* Let launches take turns among the layouts that both programs have, as many as the policy says. */
void tl_gate_duel_layouts(const tl_gate_policy *policy, const char *const programs[2],
                          tl_gate_duel *made);

/* Add a finding for each row of layer `time`.  After the other layers: a row that does not pass
 * tells what they found of it.  TL_OK, TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_gate_judge_time(const tl_gate_request *request, tl_gate_report *report);

#endif
