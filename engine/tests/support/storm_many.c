/* engine/tests/support/storm_many.c -- the operations of a storm on many records at a time. */
#include "engine/tests/support/storm_body.h"

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
