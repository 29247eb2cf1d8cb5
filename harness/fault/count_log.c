/* harness/fault/count_log.c -- see count_log.h.
 *
 * Two passes: the first finds which sectors are ever written, so that the second can tell each of
 * them of each shrink that ends its epoch.
 */
#include "harness/fault/count_log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more element; NULL when there is no memory, the array is then as it was. */
static void *room(void *array, uint32_t count, uint32_t *capacity, size_t element_bytes)
{
    if (count < *capacity)
        return array;
    uint32_t grown = *capacity == 0 ? 4 : *capacity * 2;
    void *memory = realloc(array, grown * element_bytes);
    if (memory != NULL)
        *capacity = grown;
    return memory;
}

/* Append `element` to an array with its count and capacity. */
#define PUSH(array, count, capacity, ...)                                                          \
    do {                                                                                           \
        void *memory = room(array, count, &(capacity), sizeof *(array));                           \
        if (memory == NULL)                                                                        \
            return TL_NO_MEMORY;                                                                   \
        (array) = memory;                                                                          \
        (array)[(count)++] = __VA_ARGS__;                                                          \
    } while (0)

uint32_t count_sector_from(const count_file *file, uint64_t number)
{
    uint32_t low = 0, high = file->sector_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (file->sectors[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t sectors_of(uint64_t size_bytes)
{
    return (size_bytes + TL_SECTOR_BYTES - 1) / TL_SECTOR_BYTES;
}

/* First pass. */

static int sector_compare(const void *left, const void *right)
{
    uint64_t a = ((const count_sector *)left)->number, b = ((const count_sector *)right)->number;
    return (a > b) - (a < b);
}

/* Put the sectors in order, each once. */
static void sectors_settle(count_file *file)
{
    if (file->sector_count == 0)
        return;
    qsort(file->sectors, file->sector_count, sizeof *file->sectors, sector_compare);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < file->sector_count; i++) {
        if (file->sectors[i].number != file->sectors[kept - 1].number)
            file->sectors[kept++] = file->sectors[i];
    }
    file->sector_count = kept;
}

static tl_status sector_note(count_file *file, uint64_t number)
{
    PUSH(file->sectors, file->sector_count, file->sector_capacity,
         (count_sector){.number = number});
    return TL_OK;
}

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + 4095) / 4096 * 4096;
}

/* The sectors that a cut at this size may zero in place. */
static tl_status cut_note(count_file *file, uint64_t size_bytes)
{
    tl_status status = TL_OK;
    for (uint64_t s = size_bytes / TL_SECTOR_BYTES; s * TL_SECTOR_BYTES < round_up(size_bytes);
         s++) {
        if (status == TL_OK)
            status = sector_note(file, s);
    }
    return status;
}

/* The sectors that differ between the bases of a file. */
static tl_status difference_note(count_log *log, uint32_t number)
{
    uint64_t issued = tl_simdisk_base_size(log->trace, false, number);
    uint64_t durable = tl_simdisk_base_size(log->trace, true, number);
    uint64_t end = sectors_of(issued > durable ? issued : durable);
    tl_status status = issued < durable ? cut_note(&log->files[number], issued) : TL_OK;
    for (uint64_t s = 0; s < end && status == TL_OK; s++) {
        if (tl_simdisk_base_sector(log->trace, false, number, s) !=
            tl_simdisk_base_sector(log->trace, true, number, s))
            status = sector_note(&log->files[number], s);
    }
    return status;
}

static tl_status sectors_find(count_log *log)
{
    tl_status status = TL_OK;
    for (uint32_t i = 0; i < log->file_count && status == TL_OK; i++)
        status = difference_note(log, i);
    for (size_t i = 0; i < log->op_count && status == TL_OK; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(log->trace, i);
        if (op->kind == TL_SIMDISK_TRUNCATE)
            status = cut_note(&log->files[op->file], op->size_bytes);
        for (uint32_t s = 0; op->kind == TL_SIMDISK_WRITE && s < op->sector_count; s++) {
            if (status == TL_OK)
                status = sector_note(&log->files[op->file], op->first_sector + s);
        }
    }
    for (uint32_t i = 0; i < log->file_count && status == TL_OK; i++) {
        count_file *file = &log->files[i];
        sectors_settle(file);
        for (uint32_t s = 0; s < file->sector_count && status == TL_OK; s++) {
            count_sector *sector = &file->sectors[s];
            PUSH(sector->versions, sector->count, sector->capacity,
                 (count_version){.op = COUNT_BASE});
        }
    }
    return status;
}

/* Second pass. */

static tl_status part_add(count_log *log, bool is_size, uint32_t which, uint32_t index)
{
    PUSH(log->parts, log->part_count, log->part_capacity,
         (count_part){log->event_count, is_size, which, index});
    return TL_OK;
}

/* Every sector behind the blocks that stay begins an epoch; in the block that is cut, those with
 * bytes behind the new end are zeroed in place. */
static tl_status epochs_begin(count_file *file, int64_t op, uint64_t size_bytes)
{
    uint64_t kept = round_up(size_bytes);
    for (uint32_t i = count_sector_from(file, size_bytes / TL_SECTOR_BYTES); i < file->sector_count;
         i++) {
        count_sector *sector = &file->sectors[i];
        PUSH(sector->versions, sector->count, sector->capacity,
             (count_version){op, file->size_count - 1, sector->number * TL_SECTOR_BYTES >= kept,
                             sector->number * TL_SECTOR_BYTES < kept, false});
    }
    return TL_OK;
}

/* One more size that no write made; the event that it is part of is closed by the caller. */
static tl_status size_add(count_log *log, uint32_t number, int64_t op, uint64_t size_bytes)
{
    count_file *file = &log->files[number];
    bool shrinks = size_bytes < file->sizes[file->size_count - 1].bytes;
    count_size size = {op, size_bytes, false, log->event_count + 1, file->size_count};
    PUSH(file->sizes, file->size_count, file->size_capacity, size);
    tl_status status = part_add(log, true, number, file->size_count - 1);
    if (status == TL_OK && shrinks)
        status = epochs_begin(file, op, size_bytes);
    return status;
}

static tl_status size_event(count_log *log, uint32_t number, int64_t op, uint64_t size_bytes)
{
    tl_status status = size_add(log, number, op, size_bytes);
    log->files[number].demand = ++log->event_count;
    return status;
}

/* One more size, journaled whenever the data is written. */
static tl_status delayed_size_add(count_log *log, count_file *file, int64_t op, uint64_t size_bytes,
                                  uint32_t since)
{
    count_size size = {op, size_bytes, true, log->event_count, since};
    PUSH(file->sizes, file->size_count, file->size_capacity, size);
    return TL_OK;
}

static tl_status name_add(count_log *log, uint32_t path, int64_t op, uint32_t file)
{
    count_path *entry = &log->paths[path];
    PUSH(entry->names, entry->name_count, entry->name_capacity, (count_name){op, file});
    return part_add(log, false, path, entry->name_count - 1);
}

/* The event that just ended changed a name in the directory of `path`. */
static void dir_changed(count_log *log, uint32_t path)
{
    log->paths[tl_simdisk_path_dir(log->trace, path)].demand = log->event_count;
}

static uint64_t size_now(const count_file *file)
{
    return file->sizes[file->size_count - 1].bytes;
}

/* The versions of a write.  Its size events are there already, from index `first_event` on, and
 * begin at `old_bytes`. */
static tl_status write_versions_add(count_log *log, const tl_simdisk_op *op, int64_t i,
                                    uint32_t first_event, uint64_t old_bytes)
{
    count_file *file = &log->files[op->file];
    uint32_t event = first_event;
    uint32_t at = count_sector_from(file, op->first_sector);
    for (uint32_t s = 0; s < op->sector_count; s++) {
        count_sector *sector = &file->sectors[at + s];
        uint64_t begin = sector->number * TL_SECTOR_BYTES;
        assert(sector->number == op->first_sector + s);
        /* events end at multiples of 4096, so a sector lies within the range of one of them */
        while (event < file->size_count && file->sizes[event].bytes <= begin)
            event++;
        /* a block that the old end cuts is there already: its data is not waited for */
        bool ordered = event < file->size_count && begin >= round_up(old_bytes);
        PUSH(sector->versions, sector->count, sector->capacity,
             (count_version){i, ordered ? event : 0, false, false, ordered});
    }
    return TL_OK;
}

static tl_status write_add(count_log *log, const tl_simdisk_op *op, int64_t i)
{
    count_file *file = &log->files[op->file];
    uint64_t old = size_now(file), end = op->offset + op->size_bytes;
    uint32_t first_event = file->size_count;
    /* one through goes its own way to the disk: older data may stay behind */
    uint32_t since = op->through ? first_event - 1 : file->sizes[first_event - 1].since;
    tl_status status = TL_OK;
    if (end > old) {
        for (uint64_t step = (old / 4096 + 1) * 4096; step < end && status == TL_OK; step += 4096)
            status = delayed_size_add(log, file, i, step, since);
        if (status == TL_OK)
            status = delayed_size_add(log, file, i, end, since);
    }
    return status == TL_OK ? write_versions_add(log, op, i, first_event, old) : status;
}

static tl_status rename_add(count_log *log, const tl_simdisk_op *op, int64_t i)
{
    tl_status status = name_add(log, op->path2, i, op->file);
    if (status == TL_OK)
        status = name_add(log, op->path, i, COUNT_NO_FILE);
    if (status != TL_OK)
        return status;
    log->event_count++;
    dir_changed(log, op->path);
    dir_changed(log, op->path2);
    PUSH(log->needs, log->need_count, log->need_capacity,
         (count_need){i, op->path, log->paths[op->path].name_count - 1, op->path2,
                      log->paths[op->path2].name_count - 1});
    return TL_OK;
}

/* The last creation, truncate or fallocate; and what the size needs that the sync found. */
static size_t sync_demand(const count_file *file)
{
    const count_size *size = &file->sizes[file->size_count - 1];
    return size->by_write && size->needs > file->demand ? size->needs : file->demand;
}

/* The file goes back: one more of everything, which the walk makes sure when it comes there.  It
 * needs no event, and a sync to come demands none that was undone. */
static tl_status back_add(count_file *file, const tl_simdisk_op *op, int64_t i)
{
    count_size size = {i, op->size_bytes, false, 0, file->size_count};
    PUSH(file->sizes, file->size_count, file->size_capacity, size);
    for (uint32_t s = 0; s < file->sector_count; s++) {
        count_sector *sector = &file->sectors[s];
        PUSH(sector->versions, sector->count, sector->capacity, (count_version){.op = i});
    }
    file->demand = file->created;
    return TL_OK;
}

static tl_status op_add(count_log *log, const tl_simdisk_op *op, size_t i)
{
    tl_status status = TL_OK;
    switch (op->kind) {
    case TL_SIMDISK_WRITE:
        return write_add(log, op, (int64_t)i);
    case TL_SIMDISK_TRUNCATE:
        return size_event(log, op->file, (int64_t)i, op->size_bytes);
    case TL_SIMDISK_FALLOCATE: {
        uint64_t old = size_now(&log->files[op->file]), end = op->offset + op->size_bytes;
        return size_event(log, op->file, (int64_t)i, end > old ? end : old);
    }
    case TL_SIMDISK_CREATE:
    case TL_SIMDISK_UNLINK: {
        bool create = op->kind == TL_SIMDISK_CREATE;
        status = name_add(log, op->path, (int64_t)i, create ? op->file : COUNT_NO_FILE);
        log->event_count++;
        dir_changed(log, op->path);
        if (create)
            log->files[op->file].demand = log->files[op->file].created = log->event_count;
        return status;
    }
    case TL_SIMDISK_RENAME:
        return rename_add(log, op, (int64_t)i);
    case TL_SIMDISK_SYNC:
        log->demands[i] = sync_demand(&log->files[op->file]);
        return TL_OK;
    case TL_SIMDISK_SYNC_DIR:
        log->demands[i] = log->paths[op->path].demand;
        return TL_OK;
    case TL_SIMDISK_SYNC_FAILED:
        return tl_simdisk_op_reverts(op) ? back_add(&log->files[op->file], op, (int64_t)i) : TL_OK;
    case TL_SIMDISK_OP_KIND_COUNT:
        break;
    }
    return status;
}

/* The difference of the bases. */

static bool base_names(const tl_simdisk *trace, bool durable, uint32_t file)
{
    for (uint32_t path = 0; path < tl_simdisk_path_count(trace); path++) {
        uint32_t named;
        if (tl_simdisk_base_name(trace, durable, path, &named) && named == file)
            return true;
    }
    return false;
}

/* Size and sectors.  Where the size shrinks, epochs_begin has put the versions of the sectors
 * behind the new end. */
static tl_status difference_of_file(count_log *log, uint32_t number)
{
    count_file *file = &log->files[number];
    uint64_t issued = tl_simdisk_base_size(log->trace, false, number);
    uint64_t durable = tl_simdisk_base_size(log->trace, true, number);
    bool named_durable = base_names(log->trace, true, number);
    bool named_issued = base_names(log->trace, false, number);
    tl_status status = TL_OK;
    if (!named_durable && !named_issued) /* nothing leads there, ever again */
        return TL_OK;
    if (issued != durable)
        status = size_add(log, number, COUNT_DIFFERENCE, issued);
    log->differs = log->differs || issued != durable;
    if (issued != durable || (named_issued && !named_durable))
        file->demand = 1;
    if (named_issued && !named_durable)
        file->created = 1;
    for (uint32_t i = 0; i < file->sector_count && status == TL_OK; i++) {
        count_sector *sector = &file->sectors[i];
        if (tl_simdisk_base_sector(log->trace, false, number, sector->number) ==
            tl_simdisk_base_sector(log->trace, true, number, sector->number))
            continue;
        log->differs = true;
        if (issued < durable && (sector->number + 1) * TL_SECTOR_BYTES > issued)
            continue;
        PUSH(sector->versions, sector->count, sector->capacity,
             (count_version){.op = COUNT_DIFFERENCE});
    }
    return status;
}

static tl_status difference_add(count_log *log)
{
    tl_status status = TL_OK;
    for (uint32_t i = 0; i < log->path_count && status == TL_OK; i++) {
        uint32_t issued = COUNT_NO_FILE, durable = COUNT_NO_FILE;
        tl_simdisk_base_name(log->trace, false, i, &issued);
        tl_simdisk_base_name(log->trace, true, i, &durable);
        if (issued == durable)
            continue;
        log->differs = true;
        log->paths[tl_simdisk_path_dir(log->trace, i)].demand = 1;
        status = name_add(log, i, COUNT_DIFFERENCE, issued);
    }
    for (uint32_t i = 0; i < log->file_count && status == TL_OK; i++)
        status = difference_of_file(log, i);
    if (log->part_count > 0)
        log->event_count = 1;
    return status;
}

/* Tables of zeros, and version 0 of each size and name. */
static tl_status tables_make(count_log *log)
{
    log->op_count = tl_simdisk_op_count(log->trace);
    log->path_count = tl_simdisk_path_count(log->trace);
    log->file_count = tl_simdisk_base_file_count(log->trace);
    for (size_t i = 0; i < log->op_count; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(log->trace, i);
        if (op->kind != TL_SIMDISK_SYNC_DIR && op->file >= log->file_count)
            log->file_count = op->file + 1;
    }
    log->files = calloc((size_t)log->file_count + 1, sizeof *log->files);
    log->paths = calloc((size_t)log->path_count + 1, sizeof *log->paths);
    log->events_before = calloc(log->op_count + 1, sizeof *log->events_before);
    log->demands = calloc(log->op_count + 1, sizeof *log->demands);
    if (!log->files || !log->paths || !log->events_before || !log->demands)
        return TL_NO_MEMORY;
    for (uint32_t i = 0; i < log->file_count; i++) {
        count_file *file = &log->files[i];
        uint64_t bytes = tl_simdisk_base_size(log->trace, true, i);
        PUSH(file->sizes, file->size_count, file->size_capacity,
             (count_size){COUNT_BASE, bytes, false, 0, 0});
    }
    for (uint32_t i = 0; i < log->path_count; i++) {
        count_path *path = &log->paths[i];
        uint32_t file = COUNT_NO_FILE;
        tl_simdisk_base_name(log->trace, true, i, &file);
        PUSH(path->names, path->name_count, path->name_capacity, (count_name){COUNT_BASE, file});
    }
    return TL_OK;
}

tl_status count_log_build(const tl_simdisk *trace, count_log *log)
{
    *log = (count_log){.trace = trace};
    tl_status status = tables_make(log);
    if (status == TL_OK)
        status = sectors_find(log);
    if (status == TL_OK)
        status = difference_add(log);
    for (size_t i = 0; i < log->op_count && status == TL_OK; i++) {
        log->events_before[i] = log->event_count;
        status = op_add(log, tl_simdisk_op_at(trace, i), i);
        log->events_before[i + 1] = log->event_count;
    }
    if (status == TL_OK && log->op_count == 0)
        log->events_before[0] = log->event_count;
    return status;
}

void count_log_clear(count_log *log)
{
    for (uint32_t i = 0; log->files != NULL && i < log->file_count; i++) {
        count_file *file = &log->files[i];
        for (uint32_t s = 0; s < file->sector_count; s++)
            free(file->sectors[s].versions);
        free(file->sectors);
        free(file->sizes);
    }
    for (uint32_t i = 0; log->paths != NULL && i < log->path_count; i++)
        free(log->paths[i].names);
    free(log->files);
    free(log->paths);
    free(log->needs);
    free(log->parts);
    free(log->events_before);
    free(log->demands);
    *log = (count_log){0};
}
