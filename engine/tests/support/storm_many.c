/* engine/tests/support/storm_many.c -- the operations of a storm on many records at a time. */
#include "engine/tests/support/storm_body.h"

#include <stdlib.h>

enum { KEYS_MAX = 70 }; /* several groups of the engine's, and a rest */

bool storm_get_many(storm *run, tl_txn *txn, const model *truth)
{
    static _Thread_local uint8_t bytes[KEYS_MAX][STORM_KEY_BYTES_MAX];
    tl_slice keys[KEYS_MAX], values[KEYS_MAX];
    size_t count = storm_below(&run->source, KEYS_MAX + 1), found = SIZE_MAX, wanted = 0;
    for (size_t i = 0; i < count; i++) {
        bool again = i != 0 && storm_below(&run->source, 8) == 0;
        keys[i] = again ? keys[i - 1] : storm_near_key(&run->source, truth, bytes[i]);
    }
    storm_tell(run, "get %zu keys at a time", count);
    if (!storm_expect(run, "get many", TL_OK,
                      tl_get_many(txn, TL_TREE_MAIN, keys, count, values, &found)))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool present;
        size_t index = model_find(truth, keys[i], &present);
        wanted += present;
        if (present != (values[i].data != NULL))
            return storm_differ(run, "get many: key %zu of %zu is %s", i, count,
                                present ? "missing" : "found, but absent");
        if (present && !storm_expect_record(run, "get many", truth, index, keys[i], values[i]))
            return false;
    }
    return found == wanted || storm_differ(run, "get many found %zu keys, not %zu", found, wanted);
}

bool storm_op_get_many(storm *run)
{
    return storm_get_many(run, run->txn, &run->current);
}

enum { BATCH_MAX = 300, BATCH_BYTES = 1 << 20 };

typedef struct batch { /* records with their bytes; too large for a stack */
    tl_record records[BATCH_MAX];
    size_t count, used;
    uint8_t bytes[BATCH_BYTES];
} batch;

static tl_slice batch_keep(batch *into, tl_slice bytes)
{
    uint8_t *at = into->bytes + into->used;
    memcpy(at, bytes.data, bytes.size_bytes);
    into->used += bytes.size_bytes;
    return tl_slice_of(at, bytes.size_bytes);
}

static int by_key(const void *a, const void *b)
{
    return tl_slice_compare(((const tl_record *)a)->key, ((const tl_record *)b)->key);
}

/* Sort by key and drop what stands twice. */
static void batch_sort(batch *of)
{
    size_t kept = 0;
    qsort(of->records, of->count, sizeof of->records[0], by_key);
    for (size_t i = 0; i < of->count; i++)
        if (kept == 0 || by_key(&of->records[kept - 1], &of->records[i]) != 0)
            of->records[kept++] = of->records[i];
    of->count = kept;
}

static void batch_fill(storm *run, batch *into)
{
    size_t wanted = storm_below(&run->source, storm_below(&run->source, 4) == 0 ? BATCH_MAX : 12);
    bool near = storm_below(&run->source, 2) == 0;
    while (into->count < wanted &&
           into->used + STORM_KEY_BYTES_MAX + run->source.large_bytes_max <= BATCH_BYTES) {
        tl_record *record = &into->records[into->count++];
        record->key = batch_keep(into, near ? storm_near_key(&run->source, &run->current, run->key)
                                            : storm_fresh_key(&run->source, run->key));
        record->value =
            batch_keep(into, storm_value(&run->source, record->key.size_bytes, run->value));
    }
    batch_sort(into);
}

/* What the model says will come of it. */
static tl_status batch_foresee(const storm *run, const batch *what, bool insert_only,
                               tl_batch_result *result)
{
    for (size_t i = 0; i < what->count; i++) {
        bool present;
        model_find(&run->current, what->records[i].key, &present);
        result->updated += present;
        result->inserted += !present;
        if (present && insert_only) {
            result->failed_at = i;
            return TL_EXISTS;
        }
    }
    result->failed_at = what->count;
    return TL_OK;
}

static bool batch_put(storm *run, const batch *what, bool insert_only)
{
    tl_batch_result wanted = {.failed_at = 0}, got = {.failed_at = SIZE_MAX};
    const char *name = insert_only ? "insert sorted" : "upsert sorted";
    tl_status status = batch_foresee(run, what, insert_only, &wanted);
    storm_tell(run, "%s, %zu records", name, what->count);
    if (!storm_expect(run, name, status,
                      (insert_only ? tl_insert_sorted : tl_upsert_sorted)(
                          run->txn, TL_TREE_MAIN, what->records, what->count, &got)))
        return false;
    if (got.failed_at != wanted.failed_at)
        return storm_differ(run, "%s failed at %zu, not %zu", name, got.failed_at,
                            wanted.failed_at);
    if (status != TL_OK)
        return true;
    if (got.inserted != wanted.inserted || got.updated != wanted.updated)
        return storm_differ(run, "%s miscounts what was new", name);
    for (size_t i = 0; i < what->count; i++)
        model_put(&run->current, what->records[i].key, what->records[i].value);
    return true;
}

bool storm_op_put_sorted(storm *run)
{
    batch *what = calloc(1, sizeof *what);
    if (what == NULL)
        abort();
    batch_fill(run, what);
    bool good = batch_put(run, what, storm_below(&run->source, 3) == 0);
    free(what);
    return good;
}

typedef struct stream { /* keys that go on behind the last one */
    storm *run;
    size_t left, key_bytes;
    uint32_t number;
} stream;

static tl_status stream_next(void *context, tl_record *record)
{
    stream *from = context;
    storm *run = from->run;
    if (from->left-- == 0)
        return TL_NOT_FOUND;
    from->number += 1 + (uint32_t)storm_below(&run->source, 1000);
    for (unsigned i = 0; i < 3; i++)
        run->key[from->key_bytes + i] = (uint8_t)(from->number >> (16 - 8 * i));
    record->key = tl_slice_of(run->key, from->key_bytes + 3);
    record->value = storm_value(&run->source, record->key.size_bytes, run->value);
    model_put(&run->current, record->key, record->value);
    return TL_OK;
}

bool storm_op_bulk_load(storm *run)
{
    stream from = {.run = run, .left = storm_below(&run->source, 200)};
    tl_batch_result result = {.inserted = UINT64_MAX};
    size_t count = run->current.count, wanted = from.left;
    if (count != 0) {
        tl_slice last = model_key(&run->current, count - 1);
        if (last.size_bytes + 3 > run->source.key_bytes_max)
            return true;
        memcpy(run->key, last.data, last.size_bytes);
        from.key_bytes = last.size_bytes;
    }
    storm_tell(run, "load %zu records behind the last", wanted);
    return storm_expect(run, "bulk load", TL_OK,
                        tl_bulk_load(run->txn, TL_TREE_MAIN, stream_next, &from,
                                     storm_below(&run->source, 2) == 0 ? NULL : "bulk90",
                                     &result)) &&
           (result.inserted == wanted || storm_differ(run, "bulk load miscounts"));
}
