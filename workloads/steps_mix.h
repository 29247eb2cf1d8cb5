/* workloads/steps_mix.h -- mixes of verbs, for steps.c. */
#ifndef TL_WORKLOADS_STEPS_MIX_H
#define TL_WORKLOADS_STEPS_MIX_H

#include "workloads/options.h"
#include "workloads/steps.h"

/* False: refused, in the options' error. */
bool tl_steps_mix_read(const tl_options *settings, const char *text, bool cycle, tl_mix *mix);
const char *tl_steps_mix_of_kind(tl_step_kind kind); /* when nothing is said */
/* Inserts alone, or else reads alone. */
bool tl_steps_mix_has_only(const tl_mix *mix, bool inserts);
/* A bound on the inserts among the operations: exact where nothing is drawn, else six and more
 * standard deviations above the mean. */
uint64_t tl_steps_births_most(const tl_step *step);

#endif
