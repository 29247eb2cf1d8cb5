/* harness/gate/callgrind.h -- instruction counts of a run under valgrind's callgrind, by function.
 *
 * Counts are the same again and again on one host; between hosts they are not, since memmove and
 * friends choose themselves by the processor.  So base and candidate are always counted here, one
 * after the other.  Only measured phases count: harness/measure/instrument.h turns counting on and
 * off in the program.
 */
#ifndef TL_HARNESS_GATE_CALLGRIND_H
#define TL_HARNESS_GATE_CALLGRIND_H

#include "tl/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct tl_profile_row {
    char *function;        /* owned */
    uint64_t instructions; /* of its own, without what it calls */
} tl_profile_row;

typedef struct tl_profile { /* all zeros: empty and ready */
    tl_profile_row *rows;   /* owned; by name */
    size_t count, capacity;
    uint64_t instructions; /* of all */
    char phase[48];        /* that tl_instrument_end named; "" for what is written at exit */
} tl_profile;
void tl_profile_release(tl_profile *profile);

/* Fill the empty *profile with what the callgrind file at `path` counted.
 * TL_NOT_FOUND, TL_ACCESS, TL_IO; TL_INVALID: not a callgrind file, or one that counts something
 * else than instructions (Ir); TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_profile_read(const char *path, tl_profile *profile);

typedef struct tl_profile_change {
    const char *function; /* of the profile that has it */
    uint64_t base, candidate;
} tl_profile_change;

/* The functions whose counts changed most, most first; up to `capacity`.  Returns how many were
 * written. */
size_t tl_profile_compare(const tl_profile *base, const tl_profile *candidate,
                          tl_profile_change *found, size_t capacity);

#endif
