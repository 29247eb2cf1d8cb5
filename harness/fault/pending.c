/* harness/fault/pending.c -- see pending.h.
 *
 * At point `at`, journal and posix have taken in the operations 0..at: the one in flight counts as
 * issued when it is no sync.  A sync is taken in when the walk steps over it, when what it covers
 * is settled.
 */
#include "harness/fault/pending_body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

tl_status tl_pending_reserve(void *array, uint32_t *capacity, uint64_t wanted, size_t element_bytes)
{
    if (wanted <= *capacity)
        return TL_OK;
    uint64_t grown = *capacity < 16 ? 16 : *capacity;
    while (grown < wanted)
        grown *= 2;
    if (grown > UINT32_MAX)
        return TL_NO_MEMORY;
    void *old;
    memcpy(&old, array, sizeof old); /* `array` is the address of a pointer to any object */
    char *memory = realloc(old, (size_t)grown * element_bytes);
    if (memory == NULL)
        return TL_NO_MEMORY;
    memset(memory + *capacity * element_bytes, 0, (size_t)(grown - *capacity) * element_bytes);
    memcpy(array, &memory, sizeof memory);
    *capacity = (uint32_t)grown;
    return TL_OK;
}

tl_status tl_words_add(tl_words *words, uint32_t word)
{
    tl_status status =
        tl_pending_reserve(&words->at, &words->capacity, words->count + 1, sizeof *words->at);
    if (status == TL_OK)
        words->at[words->count++] = word;
    return status;
}

static bool is_ordered(const tl_pending *pending)
{
    return pending->profile == TL_PROFILE_SIGKILL || pending->profile == TL_PROFILE_PREFIX;
}

static bool is_journal(const tl_pending *pending)
{
    return pending->profile == TL_PROFILE_JOURNAL;
}

static tl_status files_reserve(tl_pending *pending, uint32_t count)
{
    uint32_t picked_capacity = pending->picked_capacity;
    tl_status status =
        tl_pending_reserve(&pending->files, &pending->file_capacity, count, sizeof *pending->files);
    if (status == TL_OK)
        status =
            tl_pending_reserve(&pending->picked, &picked_capacity, count, sizeof *pending->picked);
    pending->picked_capacity = picked_capacity;
    while (status == TL_OK && pending->durable.file_count < pending->issued.file_count) {
        uint32_t added;
        status = tl_image_add_file(&pending->durable, &added);
    }
    return status;
}

static void dir_demands(tl_pending *pending, uint32_t path)
{
    uint32_t dir = pending->trace->share->paths.entries[path].dir;
    pending->names[dir].demands = pending->event_count;
}

/* Operations one by one. */

/* The sizes of a write through do not wait for what older writes left in the cache. */
static tl_status write_take(tl_pending *pending, const tl_simdisk_op *op)
{
    tl_pending_file *body = &pending->files[op->file];
    uint64_t found = pending->issued.files[op->file].size_bytes;
    uint64_t end = op->offset + op->size_bytes;
    uint32_t sizes = tl_pending_write_sizes(found, end);
    tl_pending_size size = {.needs = pending->event_count, .by_write = true};
    size.since = body->size_count == 0 ? 0 : body->sizes[body->size_count - 1].since;
    if (op->through)
        size.since = body->size_count;
    tl_status status = TL_OK;
    for (uint32_t nth = 1; nth <= sizes && status == TL_OK; nth++) {
        size.bytes = tl_pending_write_size(found, end, nth);
        status = tl_pending_size_add(pending, op->file, size);
    }
    if (sizes > 0)
        body->demands = pending->event_count;
    return status;
}

static tl_status data_take(tl_pending *pending, uint32_t number)
{
    const tl_simdisk_op *op = &pending->trace->ops[number];
    tl_pending_file *body = &pending->files[op->file];
    tl_status status = tl_words_add(&body->ops, number);
    if (status != TL_OK)
        return status;
    if (op->kind == TL_SIMDISK_WRITE)
        return write_take(pending, op);
    if (is_journal(pending))
        status = tl_pending_event_add(pending, number, false);
    body->demands = pending->event_count;
    if (status == TL_OK)
        status = tl_pending_size_add(pending, op->file,
                                     (tl_pending_size){.bytes = op->size_after,
                                                       .needs = pending->event_count,
                                                       .since = body->size_count + 1});
    return status;
}

static tl_status name_take(tl_pending *pending, uint32_t number)
{
    const tl_simdisk_op *op = &pending->trace->ops[number];
    if (!is_journal(pending))
        return tl_pending_names_add(pending, op);
    tl_status status = tl_pending_event_add(pending, number, true);
    dir_demands(pending, op->path);
    if (op->kind == TL_SIMDISK_RENAME)
        dir_demands(pending, op->path2);
    if (op->kind == TL_SIMDISK_CREATE)
        pending->files[op->file].demands = pending->files[op->file].created = pending->event_count;
    return status;
}

/* Operation `at` is in flight now. */
static tl_status op_take(tl_pending *pending)
{
    if (pending->at >= pending->trace->op_count)
        return TL_OK;
    const tl_simdisk_op *op = &pending->trace->ops[pending->at];
    if (op->kind == TL_SIMDISK_SYNC || op->kind == TL_SIMDISK_SYNC_DIR ||
        op->kind == TL_SIMDISK_SYNC_FAILED)
        return TL_OK;
    bool data = op->kind == TL_SIMDISK_WRITE || op->kind == TL_SIMDISK_TRUNCATE ||
                op->kind == TL_SIMDISK_FALLOCATE;
    tl_status status = TL_OK;
    if (op->file >= pending->issued.file_count) { /* a create: room for the file first */
        status = tl_image_apply(&pending->issued, op, UINT32_MAX);
        if (status == TL_OK)
            status = files_reserve(pending, pending->issued.file_count);
        return status == TL_OK ? name_take(pending, (uint32_t)pending->at) : status;
    }
    status = data ? data_take(pending, (uint32_t)pending->at)
                  : name_take(pending, (uint32_t)pending->at);
    return status == TL_OK ? tl_image_apply(&pending->issued, op, UINT32_MAX) : status;
}

static tl_status sync_take(tl_pending *pending, const tl_simdisk_op *op)
{
    if (op->kind == TL_SIMDISK_SYNC_DIR) {
        if (is_journal(pending))
            return tl_pending_journal_settle(pending, pending->names[op->path].demands);
        tl_pending_names_sync(pending, op->path);
        return TL_OK;
    }
    tl_pending_file *body = &pending->files[op->file];
    if (body->gave_up) { /* not all of it is durable now: see pending_data.c */
        tl_status status = tl_words_add(&body->ops, (uint32_t)pending->at);
        body->size_floor = body->size_count;
        return status == TL_OK && is_journal(pending)
                   ? tl_pending_journal_settle(pending, body->demands)
                   : status;
    }
    body->ops.count = 0;
    body->size_count = body->size_floor = 0;
    tl_status status = tl_image_copy_file(&pending->durable, &pending->issued, op->file);
    return status == TL_OK && is_journal(pending)
               ? tl_pending_journal_settle(pending, body->demands)
               : status;
}

static bool gives_up(const tl_simdisk_op *op)
{
    return op->kind == TL_SIMDISK_SYNC_FAILED &&
           (op->failure == TL_SYNC_FAILED_CLEAN || op->failure == TL_SYNC_FAILED_LATE);
}

static tl_status give_up(tl_pending *pending, const tl_simdisk_op *op)
{
    tl_pending_file *body = &pending->files[op->file];
    body->gave_up = body->gave_up || body->ops.count > 0;
    body->unordered = body->size_count;
    return body->gave_up ? tl_words_add(&body->ops, (uint32_t)pending->at) : TL_OK;
}

/* The file is again what the disk has, and that is certain: it was read from there. */
static tl_status go_back(tl_pending *pending, const tl_simdisk_op *op)
{
    tl_pending_file *body = &pending->files[op->file];
    body->ops.count = body->size_count = body->size_floor = body->unordered = 0;
    body->gave_up = false;
    body->demands = body->created;
    tl_status status = tl_image_apply(&pending->issued, op, UINT32_MAX);
    return status == TL_OK ? tl_image_copy_file(&pending->durable, &pending->issued, op->file)
                           : status;
}

static tl_status through_take(tl_pending *pending, const tl_simdisk_op *op)
{
    uint32_t needs = tl_pending_size_reaches(pending, op->file, op->offset + op->size_bytes);
    return is_journal(pending) ? tl_pending_journal_settle(pending, needs) : TL_OK;
}

/* Operation `at` returns. */
static tl_status step(tl_pending *pending)
{
    if (is_ordered(pending)) {
        tl_status status = tl_pending_order_step(pending);
        pending->at++;
        return status;
    }
    const tl_simdisk_op *op = &pending->trace->ops[pending->at];
    tl_status status = TL_OK;
    if (tl_simdisk_op_syncs(op) && pending->at != pending->left_out)
        status = op->through ? through_take(pending, op) : sync_take(pending, op);
    else if (gives_up(op))
        status = give_up(pending, op);
    else if (tl_simdisk_op_reverts(op))
        status = go_back(pending, op);
    pending->at++;
    return status == TL_OK ? op_take(pending) : status;
}

static tl_status outcomes_count(tl_pending *pending)
{
    if (is_ordered(pending)) {
        tl_pending_order_count(pending);
        return TL_OK;
    }
    if (!is_journal(pending))
        return tl_pending_names_count(pending);
    return tl_pending_journal_count(pending);
}

tl_status tl_pending_rewind(tl_pending *pending)
{
    const tl_simdisk *trace = pending->trace;
    pending->at = 0;
    pending->event_count = pending->demanded = 0;
    tl_status status = tl_image_copy(&pending->issued, &trace->base_issued);
    if (status == TL_OK)
        status = tl_image_copy(&pending->durable, &trace->base_durable);
    if (status == TL_OK)
        status = tl_image_copy(&pending->settled, &trace->base_durable);
    pending->issued.hashing = pending->durable.hashing = pending->settled.hashing = false;
    if (!is_ordered(pending)) { /* outcomes of the others are copies of these with a few changes */
        tl_image_begin_hashing(&pending->issued);
        tl_image_begin_hashing(&pending->durable);
    }
    for (uint32_t file = 0; file < pending->file_capacity; file++) {
        tl_pending_file *body = &pending->files[file];
        body->ops.count = body->size_count = body->size_floor = body->demands = 0;
        body->unordered = body->created = body->back = 0;
        body->gave_up = false;
    }
    for (uint32_t path = 0; path < pending->name_capacity; path++)
        pending->names[path].demands = 0;
    if (status == TL_OK)
        status = files_reserve(pending, pending->issued.file_count);
    if (status == TL_OK)
        status = tl_pending_base_begin(pending);
    if (status == TL_OK && is_ordered(pending))
        status = tl_pending_order_begin(pending);
    else if (status == TL_OK && pending->profile == TL_PROFILE_POSIX)
        status = tl_pending_names_begin(pending);
    if (status == TL_OK && !is_ordered(pending))
        status = op_take(pending);
    return status == TL_OK ? outcomes_count(pending) : status;
}

/* Operations that made versions, in the order of both. */
static tl_status makers_find(tl_pending *pending)
{
    const tl_simdisk *trace = pending->trace;
    uint32_t next = 1; /* a truncate that grows a file names a version that was there */
    tl_status status = TL_OK;
    for (size_t i = 0; i < trace->op_count && status == TL_OK; i++) {
        const tl_simdisk_op *op = &trace->ops[i];
        if (op->sector_count == 0 || op->first_version < next)
            continue;
        while (pending->makers_up_to.count < op->first_version && status == TL_OK)
            status = tl_words_add(&pending->makers_up_to, pending->makers.count);
        next = op->first_version + op->sector_count;
        if (status == TL_OK)
            status = tl_words_add(&pending->makers, (uint32_t)i);
    }
    return status;
}

tl_status tl_pending_create(const tl_simdisk *trace, tl_profile profile, tl_pending **out)
{
    assert((trace->flags & TL_SIMDISK_RECORD) != 0 && tl_profile_at(profile)->exact);
    tl_pending *pending = calloc(1, sizeof *pending);
    if (pending == NULL)
        return TL_NO_MEMORY;
    pending->trace = trace;
    pending->profile = profile;
    pending->left_out = SIZE_MAX;
    pending->path_count = trace->share->paths.count;
    tl_image_init(&pending->issued, &trace->share->versions);
    tl_image_init(&pending->durable, &trace->share->versions);
    tl_image_init(&pending->shortest, &trace->share->versions);
    tl_image_init(&pending->settled, &trace->share->versions);
    tl_image_init(&pending->walked, &trace->share->versions);
    tl_status status = tl_pending_reserve(&pending->names, &pending->name_capacity,
                                          pending->path_count, sizeof *pending->names);
    if (status == TL_OK)
        status = makers_find(pending);
    if (status == TL_OK)
        status = tl_pending_rewind(pending);
    if (status != TL_OK) {
        tl_pending_destroy(pending);
        return status;
    }
    *out = pending;
    return TL_OK;
}

void tl_pending_destroy(tl_pending *pending)
{
    if (pending == NULL)
        return;
    tl_image_clear(&pending->issued);
    tl_image_clear(&pending->durable);
    tl_image_clear(&pending->shortest);
    tl_image_clear(&pending->settled);
    tl_image_clear(&pending->walked);
    for (uint32_t file = 0; file < pending->file_capacity; file++) {
        free(pending->files[file].ops.at);
        free(pending->files[file].sizes);
    }
    for (uint32_t path = 0; path < pending->name_capacity; path++)
        free(pending->names[path].files.at);
    free(pending->files);
    free(pending->names);
    free(pending->events);
    free(pending->ties);
    free(pending->makers.at);
    free(pending->makers_up_to.at);
    free(pending->varying.at);
    free(pending->combos.at);
    free(pending->before);
    free(pending->picked);
    free(pending->chain_of);
    free(pending->chains);
    free(pending->nodes);
    free(pending);
}

void tl_pending_leave_out(tl_pending *pending, size_t sync)
{
    pending->left_out = sync;
}

tl_status tl_pending_to(tl_pending *pending, size_t at)
{
    assert(at >= pending->at && at <= pending->trace->op_count);
    bool moves = at > pending->at;
    while (pending->at < at) {
        tl_status status = step(pending);
        if (status != TL_OK)
            return status;
    }
    return moves ? outcomes_count(pending) : TL_OK;
}

size_t tl_pending_at(const tl_pending *pending)
{
    return pending->at;
}

uint64_t tl_pending_outcome_count(const tl_pending *pending)
{
    return pending->outcome_count;
}

uint64_t tl_pending_newest_outcome(const tl_pending *pending)
{
    const tl_simdisk *trace = pending->trace;
    if (pending->profile == TL_PROFILE_SIGKILL)
        return 0;
    bool torn = pending->profile == TL_PROFILE_PREFIX && pending->at < trace->op_count &&
                trace->ops[pending->at].kind == TL_SIMDISK_WRITE;
    return pending->outcome_count - (torn ? trace->ops[pending->at].sector_count : 1);
}

bool tl_pending_maker(const tl_pending *pending, uint32_t version, size_t *op)
{
    uint32_t up_to = version < pending->makers_up_to.count ? pending->makers_up_to.at[version]
                                                           : pending->makers.count;
    if (up_to == 0)
        return false;
    *op = pending->makers.at[up_to - 1];
    const tl_simdisk_op *made = &pending->trace->ops[*op];
    return version - made->first_version < made->sector_count;
}

void tl_possible_init(tl_possible *possible, const tl_simdisk *trace)
{
    *possible = (tl_possible){0};
    tl_image_init(&possible->image, &trace->share->versions);
}

void tl_possible_clear(tl_possible *possible)
{
    tl_image_clear(&possible->image);
    free(possible->open);
    free(possible->shown);
    free(possible->logged);
    *possible = (tl_possible){0};
}

tl_status tl_pending_show(tl_pending *pending, uint64_t index, tl_possible *possible)
{
    assert(index < pending->outcome_count);
    tl_image *image = &possible->image;
    possible->open_count = possible->version_count = 0;
    image->hashing = false; /* until its files come from one that is */
    if (is_ordered(pending))
        return tl_pending_order_show(pending, index, image);
    tl_status status = TL_OK;
    image->file_count = 0;
    image->hashing = possible->hashing;
    while (image->file_count < pending->issued.file_count && status == TL_OK) {
        uint32_t added;
        status = tl_image_add_file(image, &added);
    }
    uint32_t events = 0;
    if (status == TL_OK)
        status = is_journal(pending) ? tl_pending_journal_show(pending, &index, image, &events)
                                     : tl_pending_names_show(pending, &index, image);
    if (status == TL_OK)
        tl_pending_sizes_show(pending, index, image, events);
    for (uint32_t file = 0; file < image->file_count && status == TL_OK; file++) {
        if (tl_image_is_named(image, file))
            status = tl_pending_show_file(pending, file, pending->picked[file], possible);
    }
    return status;
}
