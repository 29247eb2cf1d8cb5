#include "harness/script/sides.h"

#include <string.h>

static void keep(tl_script_answer *answer, tl_script_buffer *buffer, tl_slice bytes)
{
    if (tl_script_buffer_set(buffer, bytes))
        return;
    answer->status = TL_NO_MEMORY;
    tl_script_answer_note(answer, "out of memory");
}

/* --- single records --- */

void tl_side_put(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                 tl_script_answer *answer)
{
    unsigned flags = 0;
    if (operation->line->verb == TL_SCRIPT_INSERT && !operation->overwrite)
        flags = TL_PUT_INSERT;
    else if (operation->line->verb == TL_SCRIPT_APPEND)
        flags = TL_PUT_APPEND;
    answer->status = driver->put(txn, operation->key, operation->value, flags);
}

void tl_side_get(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                 tl_script_answer *answer)
{
    tl_slice value;
    answer->status = driver->get(txn, operation->key, &value);
    if (answer->status != TL_OK)
        return;
    answer->has_record = true;
    keep(answer, &answer->value, value);
}

void tl_side_del(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                 tl_script_answer *answer)
{
    answer->status = driver->del(txn, operation->key);
}

/* --- ranges --- */

static int compare(tl_slice left, tl_slice right)
{
    size_t common = left.size_bytes < right.size_bytes ? left.size_bytes : right.size_bytes;
    int order = common == 0 ? 0 : memcmp(left.data, right.data, common);
    if (order != 0)
        return order;
    return (left.size_bytes > right.size_bytes) - (left.size_bytes < right.size_bytes);
}

static bool is_below(const tl_operation *operation, tl_slice key)
{
    const tl_script_range *range = operation->line->range;
    if (range == NULL || range->low == NULL)
        return false;
    int order = compare(key, operation->low);
    return order < 0 || (order == 0 && !range->low_included);
}

static bool is_above(const tl_operation *operation, tl_slice key)
{
    const tl_script_range *range = operation->line->range;
    if (range == NULL || range->high == NULL)
        return false;
    int order = compare(key, operation->high);
    return order > 0 || (order == 0 && !range->high_included);
}

typedef struct tally { /* what a scan has met */
    const tl_operation *operation;
    tl_script_answer *answer;
    bool counts_only;
} tally;

/* One delivered record; false ends the scan. */
static bool tally_record(tally *so_far, tl_slice key, tl_slice value)
{
    tl_script_answer *answer = so_far->answer;
    if (answer->count == so_far->operation->limit)
        return false;
    if (!so_far->counts_only) {
        if (answer->count == 0)
            keep(answer, &answer->first, key);
        int order = answer->count == 0 ? 0 : compare(tl_script_buffer_slice(&answer->last), key);
        bool reverse = so_far->operation->line->reverse;
        if (answer->count > 0 && (reverse ? order <= 0 : order >= 0) && !answer->out_of_order) {
            char shown[100];
            tl_script_saying(shown, sizeof shown, key);
            answer->out_of_order = true;
            tl_script_answer_note(answer, "key %s out of order", shown);
        }
        keep(answer, &answer->last, key);
        answer->hash += tl_record_hash(key, value);
        answer->has_ends = true;
    }
    answer->count++;
    return answer->status == TL_OK && answer->count != so_far->operation->limit;
}

static bool visit_forward(void *context, tl_slice key, tl_slice value)
{
    tally *so_far = context;
    if (is_below(so_far->operation, key))
        return true;
    return !is_above(so_far->operation, key) && tally_record(so_far, key, value);
}

static tl_status scan_forward(const tl_driver *driver, tl_store_txn *txn, tally *so_far)
{
    return driver->scan(txn, so_far->operation->low, visit_forward, so_far);
}

/* From the last record that is not above the range, down to its low end. */
static tl_status scan_reverse(const tl_driver *driver, tl_store_txn *txn, tally *so_far)
{
    const tl_operation *operation = so_far->operation;
    tl_store_cursor *cursor;
    tl_slice key, value;
    if (driver->cursor_open == NULL) {
        tl_script_answer_note(so_far->answer, "it has no cursors to go backwards with");
        return TL_UNSUPPORTED;
    }
    tl_status status = driver->cursor_open(txn, &cursor);
    if (status != TL_OK)
        return status;
    bool bounded = operation->line->range != NULL && operation->line->range->high != NULL &&
                   operation->high.size_bytes > 0;
    status = bounded ? driver->cursor_seek(cursor, operation->high, &key, &value) : TL_NOT_FOUND;
    if (status == TL_NOT_FOUND)
        status = driver->cursor_last(cursor, &key, &value);
    if (status == TL_OK && is_above(operation, key))
        status = driver->cursor_prev(cursor, &key, &value);
    while (status == TL_OK && !is_above(operation, key) && !is_below(operation, key) &&
           tally_record(so_far, key, value))
        status = driver->cursor_prev(cursor, &key, &value);
    driver->cursor_close(cursor);
    return status == TL_NOT_FOUND ? TL_OK : status;
}

/* The answer's own status is worse than that of the walk only when its memory ran out. */
static void finish_tally(tl_script_answer *answer, tl_status status)
{
    if (status != TL_OK)
        answer->status = status;
    answer->has_count = true;
}

void tl_side_scan(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                  tl_script_answer *answer)
{
    tally so_far = {.operation = operation, .answer = answer};
    answer->status = TL_OK;
    answer->has_hash = true;
    finish_tally(answer, operation->line->reverse ? scan_reverse(driver, txn, &so_far)
                                                  : scan_forward(driver, txn, &so_far));
}

void tl_side_count(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                   tl_script_answer *answer)
{
    tally so_far = {.operation = operation, .answer = answer, .counts_only = true};
    answer->status = TL_OK;
    if (operation->line->range != NULL && driver->count_range != NULL) {
        tl_range range;
        if (tl_operation_range(operation, &range))
            answer->status = driver->count_range(txn, &range, &answer->count);
        answer->has_count = true;
        return;
    }
    if (operation->line->range != NULL || driver->count == NULL) {
        finish_tally(answer, scan_forward(driver, txn, &so_far));
        return;
    }
    answer->status = driver->count(txn, &answer->count);
    answer->has_count = true;
}

bool tl_operation_range(const tl_operation *operation, tl_range *range)
{
    const tl_script_range *asked = operation->line->range;
    *range = (tl_range){
        {NULL, 0},
        {NULL, 0},
        false, false
    };
    if (asked->low != NULL && operation->low.size_bytes != 0) {
        range->lower = operation->low;
        range->lower_exclusive = !asked->low_included;
    }
    if (asked->high == NULL)
        return true;
    range->upper = operation->high;
    range->upper_inclusive = asked->high_included;
    return operation->high.size_bytes != 0; /* no key is below the empty one */
}

void tl_side_delrange(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                      tl_script_answer *answer)
{
    tl_range range;
    answer->has_count = true;
    if (driver->del_range == NULL) {
        answer->status = TL_UNSUPPORTED;
        tl_script_answer_note(answer, "it has no range delete");
    } else if (tl_operation_range(operation, &range)) {
        answer->status = driver->del_range(txn, &range, &answer->count);
    }
}

/* --- batches --- */

typedef struct stream { /* records one after the other */
    const tl_record *records;
    size_t count, next;
} stream;

static tl_status stream_next(void *context, tl_record *record)
{
    stream *from = context;
    if (from->next == from->count)
        return TL_NOT_FOUND;
    *record = from->records[from->next++];
    return TL_OK;
}

void tl_side_batch(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                   tl_script_answer *answer)
{
    stream from = {operation->records, operation->record_count, 0};
    size_t failed_at = 0;
    answer->status = TL_UNSUPPORTED;
    if (operation->line->verb == TL_SCRIPT_BATCH && driver->upsert_sorted != NULL)
        answer->status = driver->upsert_sorted(txn, from.records, from.count, &failed_at);
    else if (operation->line->verb == TL_SCRIPT_BULKINSERT && driver->insert_sorted != NULL)
        answer->status = driver->insert_sorted(txn, from.records, from.count, &failed_at);
    else if (operation->line->verb == TL_SCRIPT_BULKLOAD && driver->bulk_load != NULL)
        answer->status = driver->bulk_load(txn, stream_next, &from, operation->fill, &failed_at);
    else
        tl_script_answer_note(answer, "it takes no batches of this kind");
    answer->has_at = answer->status != TL_OK && answer->status != TL_UNSUPPORTED;
    answer->at = failed_at;
}

/* --- cursors --- */

static tl_status step_once(const tl_driver *driver, tl_store_cursor *cursor,
                           const tl_operation *operation, tl_slice *key, tl_slice *value)
{
    switch (operation->line->verb) {
    case TL_SCRIPT_FIRST:
        return driver->cursor_first(cursor, key, value);
    case TL_SCRIPT_LAST:
        return driver->cursor_last(cursor, key, value);
    case TL_SCRIPT_SEEK:
        return driver->cursor_seek(cursor, operation->key, key, value);
    case TL_SCRIPT_NEXT:
        return driver->cursor_next(cursor, key, value);
    default:
        return driver->cursor_prev(cursor, key, value);
    }
}

void tl_side_step(const tl_driver *driver, tl_store_cursor *cursor, const tl_operation *operation,
                  tl_script_answer *answer)
{
    tl_slice key, value;
    answer->status = TL_OK;
    for (uint64_t step = 0; step < operation->steps && answer->status == TL_OK; step++)
        answer->status = step_once(driver, cursor, operation, &key, &value);
    if (answer->status != TL_OK)
        return;
    answer->has_record = answer->has_key = true;
    keep(answer, &answer->key, key);
    keep(answer, &answer->value, value);
}

void tl_side_curdel(const tl_driver *driver, tl_store_cursor *cursor, const tl_operation *operation,
                    tl_script_answer *answer)
{
    (void)operation;
    answer->status = driver->cursor_del(cursor);
}
