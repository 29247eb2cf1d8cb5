/* harness/check/damage_truth.h -- what each key holds after each commit of a history.
 *
 * A record is one number, so that answers can be compared with any commit's content, and so can
 * parts of an answer.
 */
#ifndef TL_HARNESS_DAMAGE_TRUTH_H
#define TL_HARNESS_DAMAGE_TRUTH_H

#include "harness/check/oracle.h"

#define TL_DAMAGE_ABSENT  UINT64_C(0) /* no such record */
#define TL_DAMAGE_UNKNOWN UINT64_MAX  /* nobody could tell; no record has this number */

typedef struct tl_damage_truth {
    const tl_oracle *oracle; /* borrowed */
    size_t commit;           /* the newest */
    size_t key_count;        /* keys that were ever put or deleted until then */
    tl_slice *keys;          /* ascending; their bytes lie in key_bytes */
    uint8_t *key_bytes;
    uint64_t *rows;   /* [(commit + 1) * key_count]: the record, or ABSENT */
    uint64_t *counts; /* [commit + 1]: records */
    uint8_t **values; /* [key_count]: newest value of each key; NULL: absent */
    size_t *value_bytes;
} tl_damage_truth;

/* TL_OK, TL_NO_MEMORY; release it with tl_damage_truth_clear, also after a failure. */
TL_MUST_USE tl_status tl_damage_truth_make(const tl_oracle *oracle, size_t commit,
                                           tl_damage_truth *truth);
void tl_damage_truth_clear(tl_damage_truth *truth);

int tl_damage_key_order(const void *a, const void *b); /* of two tl_slice, for qsort */
/* The number of the record "key k has this value". */
uint64_t tl_damage_answer(const tl_damage_truth *truth, size_t k, tl_slice value);

#endif
