/* engine/tests/support/model.c -- see model.h. */
#include "engine/tests/support/model.h"
#include "engine/base/bytes.h"
#include "tl/engine.h"

#include <stdlib.h>

struct model_record {
    size_t users, key_bytes, value_bytes;
    uint8_t bytes[];
};

static void record_drop(model_record *record)
{
    if (--record->users == 0)
        free(record);
}

static model_record *record_make(tl_slice key, tl_slice value)
{
    model_record *record = malloc(sizeof *record + key.size_bytes + value.size_bytes);
    if (record == NULL)
        abort();
    record->users = 1;
    record->key_bytes = key.size_bytes;
    record->value_bytes = value.size_bytes;
    tl_copy(record->bytes, key.data, key.size_bytes);
    tl_copy(record->bytes + key.size_bytes, value.data, value.size_bytes);
    return record;
}

tl_slice model_key(const model *in, size_t index)
{
    return tl_slice_of(in->at[index]->bytes, in->at[index]->key_bytes);
}

tl_slice model_value(const model *in, size_t index)
{
    const model_record *record = in->at[index];
    return tl_slice_of(record->bytes + record->key_bytes, record->value_bytes);
}

void model_clear(model *of)
{
    for (size_t i = 0; i < of->count; i++)
        record_drop(of->at[i]);
    free(of->at);
    *of = (model){.count = 0};
}

void model_copy(model *to, const model *from)
{
    model copy = {.count = from->count, .capacity = from->count, .hash = from->hash};
    copy.at = malloc((from->count + 1) * sizeof *copy.at);
    if (copy.at == NULL)
        abort();
    for (size_t i = 0; i < from->count; i++) {
        copy.at[i] = from->at[i];
        copy.at[i]->users++;
    }
    model_clear(to);
    *to = copy;
}

size_t model_find(const model *in, tl_slice key, bool *equal)
{
    size_t low = 0, high = in->count;
    *equal = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = tl_slice_compare(model_key(in, middle), key);
        *equal = *equal || order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t hash_at(const model *in, size_t index)
{
    return tl_record_hash(model_key(in, index), model_value(in, index));
}

bool model_put(model *in, tl_slice key, tl_slice value)
{
    bool equal;
    size_t index = model_find(in, key, &equal);
    model_record *record = record_make(key, value);
    if (equal) {
        in->hash -= hash_at(in, index);
        record_drop(in->at[index]);
    } else {
        if (in->count == in->capacity) {
            in->capacity = 2 * in->capacity + 64;
            in->at = realloc(in->at, in->capacity * sizeof *in->at);
            if (in->at == NULL)
                abort();
        }
        memmove(in->at + index + 1, in->at + index, (in->count - index) * sizeof *in->at);
        in->count++;
    }
    in->at[index] = record;
    in->hash += hash_at(in, index);
    return !equal;
}

bool model_del(model *in, tl_slice key)
{
    bool equal;
    size_t index = model_find(in, key, &equal);
    if (!equal)
        return false;
    in->hash -= hash_at(in, index);
    record_drop(in->at[index]);
    in->count--;
    memmove(in->at + index, in->at + index + 1, (in->count - index) * sizeof *in->at);
    return true;
}
