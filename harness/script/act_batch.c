/* harness/script/act_batch.c -- the items of a batch, gathered until its `end`. */
#include "harness/script/actions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tl_play_batch_begin(tl_play *play)
{
    play->batch.count = 0;
    play->batch.bytes.size_bytes = 0;
}

void tl_play_batch_free(tl_play *play)
{
    free(play->batch.records);
    free(play->batch.ends);
    tl_script_buffer_free(&play->batch.bytes);
}

/* Room for one more item; what could not grow stays as it was. */
static bool reserve(tl_script_batch *batch)
{
    if (batch->count < batch->room)
        return true;
    size_t room = 2 * batch->room + 64;
    size_t *ends = realloc(batch->ends, 2 * room * sizeof *ends);
    if (ends != NULL)
        batch->ends = ends;
    tl_record *records = realloc(batch->records, room * sizeof *records);
    if (records != NULL)
        batch->records = records;
    if (ends == NULL || records == NULL)
        return false;
    batch->room = room;
    return true;
}

tl_status tl_play_item(tl_play *play, const tl_script_line *line)
{
    tl_script_batch *batch = &play->batch;
    tl_status status = tl_script_bytes_value(&play->scope, line->key, &play->key);
    if (status == TL_OK)
        status = tl_script_bytes_value(&play->scope, line->value, &play->value);
    if (status != TL_OK)
        return status;
    play->written += play->key.size_bytes + play->value.size_bytes;
    if (play->written > play->written_max) {
        snprintf(play->scope.error, sizeof play->scope.error,
                 "the script writes more than its limit of %" PRIu64 " bytes", play->written_max);
        return TL_INVALID;
    }
    if (!reserve(batch) ||
        !tl_script_buffer_append(&batch->bytes, tl_script_buffer_slice(&play->key)))
        return TL_NO_MEMORY;
    batch->ends[2 * batch->count] = batch->bytes.size_bytes;
    if (!tl_script_buffer_append(&batch->bytes, tl_script_buffer_slice(&play->value)))
        return TL_NO_MEMORY;
    batch->ends[2 * batch->count + 1] = batch->bytes.size_bytes;
    batch->count++;
    return TL_OK;
}

static tl_status read_pairs(tl_play *play, const tl_script_line *line, tl_operation *operation)
{
    for (const tl_script_pair *pair = line->pairs; pair != NULL; pair = pair->next) {
        if (line->verb == TL_SCRIPT_BULKLOAD && strcmp(pair->key, "fill") == 0) {
            operation->fill = pair->word;
            continue;
        }
        snprintf(play->scope.error, sizeof play->scope.error, "no option '%s' here", pair->key);
        return TL_INVALID;
    }
    return TL_OK;
}

tl_status tl_play_batch_end(tl_play *play, const tl_script_line *line, tl_operation *operation)
{
    tl_script_batch *batch = &play->batch;
    size_t begin = 0;
    if (!reserve(batch)) /* so that even an empty batch has an array */
        return TL_NO_MEMORY;
    for (size_t i = 0; i < batch->count; i++) {
        size_t key_end = batch->ends[2 * i], value_end = batch->ends[2 * i + 1];
        batch->records[i] = (tl_record){
            {batch->bytes.data + begin,   key_end - begin    },
            {batch->bytes.data + key_end, value_end - key_end}
        };
        begin = value_end;
    }
    operation->records = batch->records;
    operation->record_count = batch->count;
    return read_pairs(play, line, operation);
}
