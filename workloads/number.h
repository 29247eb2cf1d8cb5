/* workloads/number.h -- numbers as people write them: sizes, counts, seeds, times.
 *
 *     size, count   digits [unit]         4096  4k  64KiB  1m  2g  512b: powers of 1024
 *                   digits e digits       1e6
 *                   0x hex digits         0x2a, as results print seeds
 *     time          digits [. digits] [unit], digits e digits [unit]
 *                                         30s  500ms  1.5m  1h  250us  10ns; alone: seconds
 *
 * Units in any case.  No sign, no space, no fraction of a size: what does not fit is refused, never
 * rounded.  The one reader of such texts in workloads and harness, so that what one option takes
 * every other takes too.  Pure; any number of threads.
 */
#ifndef TL_WORKLOADS_NUMBER_H
#define TL_WORKLOADS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum tl_number_form {
    TL_NUMBER_SIZE, /* also counts and seeds */
    TL_NUMBER_TIME, /* in nanoseconds */
} tl_number_form;

/* NULL: `text` is such a number, and *value is it.  Else what is wrong with it, to be written
 * behind the text: "is not a whole number"; *value is left alone. */
const char *tl_number_parse(const char *text, tl_number_form form, uint64_t *value);

/* Examples of the form, to be written behind "such as". */
const char *tl_number_examples(tl_number_form form);

/* A size that begins at *text; leaves *text behind it.  False: there is none, or it is over 64
 * bits. */
bool tl_number_read(const char **text, uint64_t *value);

#endif
