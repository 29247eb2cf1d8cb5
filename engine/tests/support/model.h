/* engine/tests/support/model.h -- the truth: records in a sorted array.
 *
 * Records are immutable and shared, so a copy of a whole model (a snapshot to compare with later)
 * costs one pointer per record.
 */
#ifndef TL_TESTS_MODEL_H
#define TL_TESTS_MODEL_H

#include "engine/base/slice.h"

#include <stdbool.h>

typedef struct model_record model_record;

typedef struct model { /* all zero: empty */
    model_record **at;
    size_t count, capacity;
    uint64_t hash; /* sum of tl_record_hash, as tl_verify reports it */
} model;

void model_clear(model *of);
void model_copy(model *to, const model *from); /* what `to` held is dropped */

/* Index of the first record >= key; *equal tells whether it is the key's own. */
size_t model_find(const model *in, tl_slice key, bool *equal);
tl_slice model_key(const model *in, size_t index);
tl_slice model_value(const model *in, size_t index);

bool model_put(model *in, tl_slice key, tl_slice value); /* true: the key is new */
bool model_del(model *in, tl_slice key);                 /* true: it was there */

#endif
