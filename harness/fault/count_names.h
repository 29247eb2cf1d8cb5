/* harness/fault/count_names.h -- choices of names that `posix` allows, weighed by what they show.
 */
#ifndef TL_HARNESS_COUNT_NAMES_H
#define TL_HARNESS_COUNT_NAMES_H

#include "harness/fault/count_log.h"

#include <gmp.h>

/* Two weights of each file that a name may lead to. */
typedef struct count_weight {
    mpz_t states, outcomes;
} count_weight;

/* Sum over the allowed choices of names, made of operations < `end`, of the product of the weights
 * of the files that have a name then.  TL_NO_MEMORY, TL_UNSUPPORTED: see count.h */
TL_MUST_USE tl_status count_names(const count_log *log, int64_t end, const count_weight *weights,
                                  mpz_ptr states, mpz_ptr outcomes);

#endif
