/* harness/fault/count.h -- how many states a crash may leave, exactly, without building one.
 *
 *     tl_count_states    one crash point
 *     tl_count_trace     all crash points of a log, for the price of few
 *
 * The states are those that README.md ("Profiles") allows: a sum over the choices of names and
 * sizes of the product over visible sectors of the number of versions that each may hold.  What is
 * counted comes from the log and from both sides of the disk where it begins (simdisk.h), nothing
 * else: whoever builds the states shares no code with this, so that two equal totals mean
 * something.
 *
 * Threads   one thread per disk; no store writes to the trace meanwhile.
 * Memory    numbers are the caller's: mpz_init before, mpz_clear after.
 * Failure   TL_NO_MEMORY
 *           TL_INVALID      the crash point lies behind the log
 *           TL_UNSUPPORTED  the profile cannot be counted (garbage, liar); or, in posix, the names
 *                           that depend on one another are too many: over TL_COUNT_CHOICES_MAX
 *                           choices, or over TL_COUNT_FILES_MAX files.  Independent names are
 *                           multiplied and have no bound.
 *           The numbers are unspecified then.
 */
#ifndef TL_HARNESS_COUNT_H
#define TL_HARNESS_COUNT_H

#include "harness/fault/profile.h"
#include "harness/fault/simdisk.h"

#include <gmp.h>

enum {
    TL_COUNT_CHOICES_MAX = 1 << 20, /* of names that depend on one another, tried one by one */
    TL_COUNT_FILES_MAX = 64,        /* that such names may lead to */
};

/* The allowed states of crash point `at` of `trace`, a disk that keeps a log. */
TL_MUST_USE tl_status tl_count_states(const tl_simdisk *trace, size_t at, tl_profile profile,
                                      mpz_t *states);

/* The allowed choices of names and sizes alone.  In sigkill and prefix they fix the contents, so
 * that this is the number of states. */
TL_MUST_USE tl_status tl_count_outcomes(const tl_simdisk *trace, size_t at, tl_profile profile,
                                        mpz_t *outcomes);

/* Told of each crash point in ascending order; both numbers are lent for the call.  False ends the
 * walk, which then returns TL_OK. */
typedef bool (*tl_count_fn)(void *context, size_t at, mpz_srcptr states, mpz_srcptr outcomes);

/* Crash points 0..op_count.  A point costs what is not yet durable there, and one look at each
 * sector that the log ever wrote. */
TL_MUST_USE tl_status tl_count_trace(const tl_simdisk *trace, tl_profile profile, tl_count_fn told,
                                     void *context);

#endif
