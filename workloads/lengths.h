/* workloads/lengths.h -- how long a value or a scan is: laws over sizes.
 *
 *     100                     always 100; units as in options.h: 4k, 1m, 1e6
 *     uniform:A-B             each size from A to B alike
 *     log:A-B                 each doubling alike, and inside it each size
 *     bimodal:A@W,B@W         A or B, by weights; histogram: any number, each a size or a range A-B
 *     zipf:THETA@A-B          size A + k has weight (k + 1)^-THETA
 *     pareto:ALPHA@A-B        P(size > x) falls as x^-ALPHA from A on, cut off at B
 *     normal:MEAN~SD          rounded, cut off at MEAN +- 4 SD (and at 0)
 *
 * A size may follow the page: page, page:51%, page*2, page+1, page:51%-8.
 *
 * A length is a pure function of a 64-bit draw, the same on every compiler and C library.
 */
#ifndef TL_WORKLOADS_LENGTHS_H
#define TL_WORKLOADS_LENGTHS_H

#include "workloads/values.h"
#include "workloads/zipf.h"

#include <stdbool.h>

enum { TL_LENGTH_ROWS_MAX = 32 };

typedef enum tl_length_kind {
    TL_LENGTH_ROWS, /* constant, uniform, bimodal, histogram */
    TL_LENGTH_LOG,
    TL_LENGTH_ZIPF,
    TL_LENGTH_PARETO,
    TL_LENGTH_NORMAL,
} tl_length_kind;

typedef struct tl_lengths {
    tl_length_kind kind;
    uint64_t min, max; /* no length lies outside */
    struct {
        uint64_t low, span, bound; /* low .. low + span; taken by draws below bound */
    } rows[TL_LENGTH_ROWS_MAX];
    uint32_t row_count;
    uint32_t octave_count; /* LOG */
    double shape, scale;   /* PARETO: alpha, share below the cut; NORMAL: mean, deviation */
    tl_zipf zipf;
} tl_lengths;

/* False after explaining in `error` (may be NULL) what is wrong.  `page_bytes` is what `page`
 * means. */
bool tl_lengths_parse(const char *text, uint64_t page_bytes, tl_lengths *lengths, char *error,
                      size_t error_bytes);

uint64_t tl_lengths_at(const tl_lengths *lengths, uint64_t draw);

static inline bool tl_lengths_constant(const tl_lengths *lengths)
{
    return lengths->min == lengths->max;
}

#endif
