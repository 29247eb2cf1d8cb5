/* harness/check/witness_lost.c -- what a state lacks: lists of it, and how to tell it from two
 * images.
 */
#include "harness/check/witness_body.h"

#include "harness/fault/simdisk_body.h"

#include <stdlib.h>

static tl_status room(void **at, size_t *capacity, size_t count, size_t each)
{
    if (count < *capacity)
        return TL_OK;
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *grown = realloc(*at, wanted * each);
    if (grown == NULL)
        return TL_NO_MEMORY;
    *at = grown;
    *capacity = wanted;
    return TL_OK;
}

tl_status tl_lost_add(tl_lost_list *list, uint32_t file, uint32_t sector, size_t op)
{
    tl_status status = room((void **)&list->at, &list->capacity, list->count, sizeof *list->at);
    if (status == TL_OK)
        list->at[list->count++] = (tl_lost_sector){file, sector, op};
    return status;
}

tl_status tl_lost_add_op(tl_lost_ops *list, size_t op)
{
    tl_status status = room((void **)&list->at, &list->capacity, list->count, sizeof *list->at);
    if (status == TL_OK)
        list->at[list->count++] = op;
    return status;
}

static int by_op(const void *one, const void *other)
{
    const tl_lost_sector *a = one, *b = other;
    if (a->op != b->op)
        return a->op < b->op ? -1 : 1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return (a->sector > b->sector) - (a->sector < b->sector);
}

static int by_number(const void *one, const void *other)
{
    size_t a = *(const size_t *)one, b = *(const size_t *)other;
    return (a > b) - (a < b);
}

void tl_lost_sort(tl_lost_list *list)
{
    if (list->count > 1)
        qsort(list->at, list->count, sizeof *list->at, by_op);
}

void tl_lost_sort_ops(tl_lost_ops *list)
{
    size_t kept = 0;
    if (list->count > 1)
        qsort(list->at, list->count, sizeof *list->at, by_number);
    for (size_t i = 0; i < list->count; i++) {
        if (i == 0 || list->at[i] != list->at[i - 1])
            list->at[kept++] = list->at[i];
    }
    list->count = kept;
}

bool tl_lost_has(const tl_lost_list *list, uint32_t file, uint32_t sector, size_t op)
{
    const tl_lost_sector key = {file, sector, op};
    return list->count > 0 && bsearch(&key, list->at, list->count, sizeof key, by_op) != NULL;
}

tl_status tl_lost_copy(tl_lost_list *to, const tl_lost_list *from)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        tl_status status = tl_lost_add(to, from->at[i].file, from->at[i].sector, from->at[i].op);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* The last operation before the crash, or in flight, that changed a name. */
static size_t name_change(const tl_witness *witness, uint32_t path)
{
    const tl_simdisk *disk = witness->on.trace->disk;
    for (size_t i = witness->where.point + 1; i-- > 0;) {
        if (i >= disk->op_count)
            continue;
        const tl_simdisk_op *op = &disk->ops[i];
        bool renames = op->kind == TL_SIMDISK_RENAME;
        bool names = renames || op->kind == TL_SIMDISK_CREATE || op->kind == TL_SIMDISK_UNLINK;
        if (names && (op->path == path || (renames && op->path2 == path)))
            return i;
    }
    return SIZE_MAX;
}

/* The first operation that made the size another than the one that persisted, for good. */
static size_t size_change(const tl_witness *witness, uint32_t file, uint64_t size_bytes,
                          uint64_t issued_bytes)
{
    const tl_simdisk *disk = witness->on.trace->disk;
    size_t first = SIZE_MAX;
    for (size_t i = witness->where.point + 1; i-- > 0;) {
        if (i >= disk->op_count)
            continue;
        const tl_simdisk_op *op = &disk->ops[i];
        bool sizes = op->kind == TL_SIMDISK_TRUNCATE || op->kind == TL_SIMDISK_FALLOCATE ||
                     op->kind == TL_SIMDISK_WRITE;
        if (!sizes || op->file != file)
            continue;
        if (issued_bytes > size_bytes ? op->size_after <= size_bytes : op->size_after >= size_bytes)
            break;
        first = i;
    }
    return first;
}

static tl_status compare_names(tl_witness *witness, const tl_image *a, const tl_image *b)
{
    tl_status status = TL_OK;
    for (uint32_t i = 0; i < a->name_count && status == TL_OK; i++) {
        const tl_simname *there = tl_image_find(b, a->names[i].path);
        size_t op = name_change(witness, a->names[i].path);
        if ((there == NULL || there->file != a->names[i].file) && op != SIZE_MAX)
            status = tl_lost_add_op(&witness->names, op);
    }
    return status;
}

/* Where the state's image differs from all that was issued. */
static tl_status compare(tl_witness *witness)
{
    const tl_image *state = &witness->on.possible.image, *issued = &witness->issued;
    tl_status status = compare_names(witness, issued, state);
    if (status == TL_OK)
        status = compare_names(witness, state, issued);
    for (uint32_t f = 0; f < issued->file_count && f < state->file_count && status == TL_OK; f++) {
        if (!tl_image_is_named(issued, f) || !tl_image_is_named(state, f))
            continue;
        const tl_simfile *now = &state->files[f], *then = &issued->files[f];
        size_t op = size_change(witness, f, now->size_bytes, then->size_bytes);
        if (now->size_bytes != then->size_bytes && op != SIZE_MAX)
            status = tl_lost_add_op(&witness->sizes, op);
        for (uint32_t s = 0; s < now->sector_count && s < then->sector_count && status == TL_OK;
             s++) {
            size_t maker;
            if (now->sectors[s] != then->sectors[s] &&
                tl_pending_maker(witness->on.pending, then->sectors[s], &maker))
                status = tl_lost_add(&witness->shown, f, s, maker);
        }
    }
    return status;
}

tl_status tl_witness_lost(tl_witness *witness, tl_lost *lost)
{
    static const tl_lost_list nothing;
    uint32_t mark = tl_simdisk_mark(witness->on.state_disk);
    witness->names.count = witness->sizes.count = witness->shown.count = 0;
    tl_status status = tl_witness_show(witness, witness->newest, &nothing);
    if (status == TL_OK)
        status = tl_image_copy(&witness->issued, &witness->on.possible.image);
    if (status == TL_OK)
        status = tl_witness_show(witness, witness->outcome, &witness->lost);
    if (status == TL_OK)
        status = compare(witness);
    tl_simdisk_release(witness->on.state_disk, mark);
    tl_lost_sort_ops(&witness->names);
    tl_lost_sort_ops(&witness->sizes);
    if (witness->lost.count > 0) /* what was chosen says more than what it looks like */
        status = status == TL_OK ? tl_lost_copy(&witness->shown, &witness->lost) : status;
    tl_lost_sort(&witness->shown);
    *lost = (tl_lost){.point = witness->where.point,
                      .outcome = witness->outcome,
                      .newest_outcome = witness->newest,
                      .sectors = witness->shown.at,
                      .sector_count = witness->shown.count,
                      .names = witness->names.at,
                      .name_count = witness->names.count,
                      .sizes = witness->sizes.at,
                      .size_count = witness->sizes.count,
                      .garbled = witness->garbled};
    return status;
}
