/* harness/gate/instructions.h -- a row's instruction counts, phase by phase, base beside candidate.
 */
#ifndef TL_HARNESS_GATE_INSTRUCTIONS_H
#define TL_HARNESS_GATE_INSTRUCTIONS_H

#include "harness/gate/callgrind.h"
#include "harness/gate/counts.h"

enum { TL_INSTRUCTION_PHASES_MAX = 32 };

typedef struct tl_instructions {                  /* of one program */
    tl_profile phases[TL_INSTRUCTION_PHASES_MAX]; /* measured ones, in their order */
    size_t phase_count;
} tl_instructions;
void tl_instructions_release(tl_instructions *counted);

/* Count the row once, address space randomisation off, in the files and stores of
 * source->scratch.
 *
 * TL_OK           *counted is ready; release it
 * TL_NOT_FOUND    there is no valgrind
 * TL_INVALID      the run failed, or nothing was counted: a program built without valgrind's
 *                 headers marks no phases
 * others          as tl_program_run.  `error` (TL_PROGRAM_TEXT_MAX bytes) tells why. */
TL_MUST_USE tl_status tl_instructions_take(const tl_counts_source *source, const tl_gate_row *row,
                                           tl_instructions *counted, char *error);

/* The phase of that name, or NULL. */
const tl_profile *tl_instructions_phase(const tl_instructions *counted, const char *name);

#endif
