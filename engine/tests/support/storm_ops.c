/* engine/tests/support/storm_ops.c -- the operations of a storm.
 *
 * Each is a row of `operations`: how often it comes while the tree is to grow or to shrink, whether
 * it needs a write txn, and a function that does it to the env and to the model.
 */
#include "engine/tests/support/storm_body.h"

void storm_cursor_drop(storm *run)
{
    tl_cursor_close(run->cursor);
    run->cursor = NULL;
    run->placed = false;
}

bool storm_commit(storm *run)
{
    storm_cursor_drop(run);
    tl_status status = tl_txn_commit(run->txn);
    run->txn = NULL;
    run->report->commits++;
    model_copy(&run->committed, &run->current);
    return storm_expect(run, "commit", TL_OK, status);
}

bool storm_abort(storm *run)
{
    storm_cursor_drop(run);
    tl_txn_abort(run->txn);
    run->txn = NULL;
    model_copy(&run->current, &run->committed);
    return true;
}

static bool put(storm *run, tl_slice key, unsigned flags)
{
    char text[64];
    bool present;
    tl_slice value = storm_value(&run->source, key.size_bytes, run->value);
    model_find(&run->current, key, &present);
    bool refused = present && (flags & TL_PUT_INSERT) != 0;
    storm_tell(run, "put %s = /%zu, flags %u", storm_spell(key, text), value.size_bytes, flags);
    if (!storm_expect(run, "put", refused ? TL_EXISTS : TL_OK,
                      tl_put(run->txn, TL_TREE_MAIN, key, value, flags)))
        return false;
    if (!refused)
        model_put(&run->current, key, value);
    return true;
}

static bool op_put(storm *run)
{
    return put(run, storm_fresh_key(&run->source, run->key), 0);
}

static bool op_insert(storm *run)
{
    tl_slice key = storm_below(&run->source, 2) == 0
                       ? storm_near_key(&run->source, &run->current, run->key)
                       : storm_fresh_key(&run->source, run->key);
    return put(run, key, TL_PUT_INSERT);
}

static bool op_update(storm *run)
{
    return put(run, storm_near_key(&run->source, &run->current, run->key), 0);
}

static bool op_append(storm *run)
{
    tl_slice key = storm_fresh_key(&run->source, run->key);
    size_t count = run->current.count;
    if (count != 0) { /* a few times: just behind the last key */
        tl_slice last = model_key(&run->current, count - 1);
        memcpy(run->key, last.data, last.size_bytes);
        size_t size = last.size_bytes;
        while (size != 0 && run->key[size - 1] == 0xff)
            size--;
        if (size != 0) {
            run->key[size - 1]++;
            key = tl_slice_of(run->key, size);
        }
    }
    return put(run, key, TL_PUT_APPEND);
}

/* The value comes from a page of the very txn that the put changes. */
static bool op_copy_value(storm *run)
{
    bool equal;
    uint8_t other[STORM_KEY_BYTES_MAX + 1];
    char text[64];
    tl_slice from = storm_near_key(&run->source, &run->current, other), value;
    size_t index = model_find(&run->current, from, &equal);
    if (!equal)
        return true;
    tl_slice key = storm_near_key(&run->source, &run->current, run->key);
    tl_slice truth = model_value(&run->current, index);
    memcpy(run->value, truth.data, truth.size_bytes);
    storm_tell(run, "copy a value to %s", storm_spell(key, text));
    if (!storm_expect(run, "get", TL_OK, tl_get(run->txn, TL_TREE_MAIN, from, &value)) ||
        !storm_expect(run, "put", TL_OK, tl_put(run->txn, TL_TREE_MAIN, key, value, 0)))
        return false;
    model_put(&run->current, key, tl_slice_of(run->value, truth.size_bytes));
    return true;
}

static bool del(storm *run, tl_slice key)
{
    char text[64];
    storm_tell(run, "del %s", storm_spell(key, text));
    bool present = model_del(&run->current, key);
    return storm_expect(run, "del", present ? TL_OK : TL_NOT_FOUND,
                        tl_del(run->txn, TL_TREE_MAIN, key));
}

static bool op_del(storm *run)
{
    return del(run, storm_near_key(&run->source, &run->current, run->key));
}

static bool op_del_run(storm *run)
{
    if (run->current.count == 0)
        return true;
    size_t at = storm_below(&run->source, run->current.count);
    size_t many = 1 + storm_below(&run->source, run->current.count / 4 + 1);
    for (size_t i = 0; i < many && at < run->current.count; i++) {
        tl_slice key = model_key(&run->current, at);
        memcpy(run->key, key.data, key.size_bytes);
        if (!del(run, tl_slice_of(run->key, key.size_bytes)))
            return false;
    }
    return true;
}

static bool get(storm *run, tl_txn *txn, const model *truth)
{
    bool equal;
    char text[64];
    tl_slice key = storm_near_key(&run->source, truth, run->key), value;
    size_t index = model_find(truth, key, &equal);
    storm_tell(run, "get %s", storm_spell(key, text));
    tl_status status = tl_get(txn, TL_TREE_MAIN, key, &value);
    return storm_expect(run, "get", equal ? TL_OK : TL_NOT_FOUND, status) &&
           (!equal || storm_expect_record(run, "get", truth, index, key, value));
}

static bool op_get(storm *run)
{
    return get(run, run->txn, &run->current);
}

/* Seek somewhere and take a few steps, turning round now and then. */
static bool seek_and_step(storm *run, tl_txn *txn, const model *truth)
{
    bool equal, good = true;
    char text[64];
    tl_cursor *cursor = NULL;
    tl_slice from = storm_near_key(&run->source, truth, run->key), key, value;
    storm_tell(run, "seek %s", storm_spell(from, text));
    if (!storm_expect(run, "cursor open", TL_OK, tl_cursor_open(txn, TL_TREE_MAIN, &cursor)))
        return false;
    size_t at = model_find(truth, from, &equal);
    tl_status status = tl_cursor_seek(cursor, from, &key, &value);
    good = storm_expect(run, "seek", at < truth->count ? TL_OK : TL_NOT_FOUND, status);
    for (unsigned i = 0; good && i < 12 && status == TL_OK; i++) {
        good = storm_expect_record(run, "step", truth, at, key, value);
        bool forward = storm_below(&run->source, 3) != 0;
        bool inside = forward ? at + 1 < truth->count : at > 0;
        at = forward ? at + 1 : at - 1;
        status =
            forward ? tl_cursor_next(cursor, &key, &value) : tl_cursor_prev(cursor, &key, &value);
        good = good && storm_expect(run, "step", inside ? TL_OK : TL_NOT_FOUND, status);
    }
    tl_cursor_close(cursor);
    return good;
}

static bool op_seek(storm *run)
{
    return seek_and_step(run, run->txn, &run->current);
}

static bool op_first_last(storm *run)
{
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    const model *truth = &run->current;
    tl_status wanted = truth->count == 0 ? TL_NOT_FOUND : TL_OK;
    storm_tell(run, "first and last");
    bool good =
        storm_expect(run, "cursor open", TL_OK, tl_cursor_open(run->txn, TL_TREE_MAIN, &cursor));
    good = good && storm_expect(run, "last", wanted, tl_cursor_last(cursor, &key, &value));
    if (good && wanted == TL_OK)
        good = storm_expect_record(run, "last", truth, truth->count - 1, key, value);
    good = good && storm_expect(run, "first", wanted, tl_cursor_first(cursor, &key, &value));
    if (good && wanted == TL_OK)
        good = storm_expect_record(run, "first", truth, 0, key, value);
    tl_cursor_close(cursor);
    return good;
}

/* The long-lived cursor: step from where it stood, whatever happened to that record since. */
static bool op_wander(storm *run)
{
    const model *truth = &run->current;
    bool forward = storm_below(&run->source, 2) == 0, equal;
    tl_slice key, value;
    if (run->cursor == NULL && !storm_expect(run, "cursor open", TL_OK,
                                             tl_cursor_open(run->txn, TL_TREE_MAIN, &run->cursor)))
        return false;
    size_t at = truth->count; /* behind the end; unsigned wrap makes "before the first" so too */
    if (!run->placed) {
        at = forward ? 0 : truth->count - 1;
    } else {
        at = model_find(truth, tl_slice_of(run->cursor_key, run->cursor_key_bytes), &equal);
        at = forward ? at + equal : at - 1;
    }
    storm_tell(run, "wander %s", forward ? "next" : "prev");
    run->placed = at < truth->count;
    tl_status status = forward ? tl_cursor_next(run->cursor, &key, &value)
                               : tl_cursor_prev(run->cursor, &key, &value);
    if (!storm_expect(run, "wander", run->placed ? TL_OK : TL_NOT_FOUND, status))
        return false;
    if (!run->placed)
        return true;
    run->cursor_key_bytes = key.size_bytes;
    memcpy(run->cursor_key, key.data, key.size_bytes);
    return storm_expect_record(run, "wander", truth, at, key, value);
}

static bool op_wander_del(storm *run)
{
    if (run->cursor == NULL)
        return true;
    tl_slice key = tl_slice_of(run->cursor_key, run->cursor_key_bytes);
    bool present = run->placed && model_del(&run->current, key);
    storm_tell(run, "delete at the cursor");
    return storm_expect(run, "cursor del", present ? TL_OK : TL_NOT_FOUND,
                        tl_cursor_del(run->cursor));
}

static bool op_wander_put(storm *run)
{
    if (run->cursor == NULL)
        return true;
    tl_slice key = tl_slice_of(run->cursor_key, run->cursor_key_bytes);
    tl_slice value = storm_value(&run->source, key.size_bytes, run->value);
    storm_tell(run, "put /%zu at the cursor", value.size_bytes);
    if (run->placed)
        model_put(&run->current, key, value);
    return storm_expect(run, "cursor put", run->placed ? TL_OK : TL_NOT_FOUND,
                        tl_cursor_put(run->cursor, value));
}

static bool op_count(storm *run)
{
    uint64_t count = 0;
    storm_tell(run, "count");
    return storm_expect(run, "count", TL_OK, tl_count(run->txn, TL_TREE_MAIN, &count)) &&
           (count == run->current.count ||
            storm_differ(run, "count is %llu, not %zu", (unsigned long long)count,
                         run->current.count));
}

static bool op_refused(storm *run)
{
    tl_slice key = storm_fresh_key(&run->source, run->key);
    uint32_t too_long = run->source.key_bytes_max + 1;
    size_t value_bytes = (size_t)INT32_MAX + 1; /* refused before a byte is looked at */
    storm_tell(run, "sizes out of range");
    memset(run->value, 'x', too_long);
    return storm_expect(run, "put of an empty key", TL_KEY_SIZE,
                        tl_put(run->txn, TL_TREE_MAIN, tl_slice_of("", 0), key, 0)) &&
           storm_expect(
               run, "put of a long key", TL_KEY_SIZE,
               tl_put(run->txn, TL_TREE_MAIN, tl_slice_of(run->value, too_long), key, 0)) &&
           storm_expect(
               run, "put of a long value", TL_VALUE_SIZE,
               tl_put(run->txn, TL_TREE_MAIN, key, tl_slice_of(run->value, value_bytes), 0));
}

static bool op_snapshot(storm *run)
{
    snapshot *held = &run->snapshots[storm_below(&run->source, SNAPSHOTS_MAX)];
    if (held->txn != NULL) {
        storm_tell(run, "compare a snapshot and end it");
        return storm_snapshot_end(run, held);
    }
    storm_tell(run, "begin a snapshot");
    if (!storm_expect(run, "read begin", TL_OK,
                      tl_txn_begin(run->env, TL_TXN_READ_ONLY, &held->txn)))
        return false;
    model_copy(&held->seen, &run->committed);
    return true;
}

static bool op_snapshot_read(storm *run)
{
    snapshot *held = &run->snapshots[storm_below(&run->source, SNAPSHOTS_MAX)];
    if (held->txn == NULL)
        return true;
    return get(run, held->txn, &held->seen) && storm_get_many(run, held->txn, &held->seen) &&
           seek_and_step(run, held->txn, &held->seen);
}

static bool op_checkpoint(storm *run)
{
    storm_tell(run, "checkpoint");
    tl_status wanted = run->txn != NULL ? TL_BUSY : TL_OK;
    return storm_expect(run, "checkpoint", wanted, tl_env_checkpoint(run->env));
}

bool storm_reopen(storm *run)
{
    storm_tell(run, "close and open");
    if (run->txn != NULL && !storm_abort(run))
        return false;
    if (!storm_snapshots_end(run))
        return false;
    storm_stats_add(run);
    tl_status status = tl_env_close(run->env);
    run->env = NULL;
    return storm_expect(run, "close", TL_OK, status) && storm_open(run) && storm_verify(run);
}

static bool op_abandon(storm *run)
{
    storm_tell(run, "abandon and open");
    storm_cursor_drop(run);
    run->txn = NULL; /* dies with the env */
    storm_snapshots_forget(run);
    model_copy(&run->current, &run->committed);
    storm_stats_add(run);
    tl_env_abandon(run->env);
    run->env = NULL;
    if (run->memory.live_count != 0 || memdisk_open_count(run->disk) != 0)
        return storm_differ(run, "abandon leaks %zu blocks and %zu files", run->memory.live_count,
                            memdisk_open_count(run->disk));
    return storm_open(run) && storm_verify(run);
}

static const storm_operation operations[] = {
    {300, 60,  true,  op_put               },
    {100, 20,  true,  op_insert            },
    {80,  60,  true,  op_update            },
    {60,  10,  true,  op_append            },
    {20,  20,  true,  op_copy_value        },
    {100, 300, true,  op_del               },
    {2,   12,  true,  op_del_run           },
    {60,  60,  true,  op_get               },
    {20,  20,  true,  op_seek              },
    {20,  20,  true,  storm_op_get_many    },
    {12,  4,   true,  storm_op_put_sorted  },
    {3,   1,   true,  storm_op_bulk_load   },
    {2,   8,   true,  storm_op_del_range   },
    {10,  10,  true,  storm_op_count_range },
    {10,  10,  true,  storm_op_bound_cursor},
    {4,   4,   true,  storm_op_leaves      },
    {20,  20,  true,  op_wander_put        },
    {6,   6,   true,  op_first_last        },
    {60,  60,  true,  op_wander            },
    {10,  30,  true,  op_wander_del        },
    {10,  10,  true,  op_count             },
    {6,   6,   true,  op_refused           },
    {20,  20,  true,  storm_commit         },
    {4,   4,   true,  storm_abort          },
    {12,  12,  false, op_snapshot          },
    {20,  20,  false, op_snapshot_read     },
    {3,   3,   false, op_checkpoint        },
    {1,   1,   false, storm_reopen         },
    {1,   1,   false, op_abandon           },
};

enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

const storm_operation *storm_choose(storm *run, bool growing)
{
    unsigned sum = 0;
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        sum += growing ? operations[i].growing : operations[i].shrinking;
    uint64_t ticket = storm_below(&run->source, sum);
    const storm_operation *at = operations;
    for (;; at++) { /* ends: the ticket is below the sum */
        unsigned weight = growing ? at->growing : at->shrinking;
        if (ticket < weight)
            return at;
        ticket -= weight;
    }
}
