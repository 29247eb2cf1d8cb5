/* harness/fault/pending_order.c -- sigkill and prefix: all operations in their one order.
 *
 * A state is a number of whole operations and a part of the next, so each sector has one version
 * and the outcome is all there is to choose.
 *
 * A sync that failed and took its file back shows what the disk has of it.  So what was done to the
 * file before is in no prefix any more, however short.
 */
#include "harness/fault/pending_body.h"

enum { FILE_PAGE_BYTES = 4096 }; /* a killed write stops between pages of the page cache */

static const tl_simdisk_op *write_at(const tl_pending *pending, size_t op)
{
    if (op >= pending->trace->op_count || pending->trace->ops[op].kind != TL_SIMDISK_WRITE)
        return NULL;
    return &pending->trace->ops[op];
}

tl_status tl_pending_order_begin(tl_pending *pending)
{
    const tl_simdisk *trace = pending->trace;
    pending->shortest_ops = pending->back = 0;
    pending->base_first = pending->bases_differ;
    tl_status status = tl_image_copy(&pending->issued, &trace->base_issued);
    if (status == TL_OK)
        status = tl_image_copy(&pending->shortest, &trace->base_durable);
    pending->issued.hashing = pending->shortest.hashing = false;
    return status;
}

/* The file is what the disk has of it, in the shortest prefix too. */
static tl_status go_back(tl_pending *pending, uint32_t file)
{
    tl_status status = tl_pending_reserve(&pending->files, &pending->file_capacity,
                                          (uint64_t)file + 1, sizeof *pending->files);
    while (status == TL_OK && pending->shortest.file_count <= file) {
        uint32_t added;
        status = tl_image_add_file(&pending->shortest, &added);
    }
    if (status != TL_OK)
        return status;
    pending->files[file].back = (uint32_t)pending->at + 1;
    pending->back = pending->at + 1;
    return tl_image_copy_file(&pending->shortest, &pending->issued, file);
}

tl_status tl_pending_order_step(tl_pending *pending)
{
    const tl_simdisk_op *op = &pending->trace->ops[pending->at];
    tl_status status = tl_image_apply(&pending->issued, op, UINT32_MAX);
    if (status == TL_OK && tl_simdisk_op_reverts(op))
        return go_back(pending, op->file);
    if (status != TL_OK || !tl_simdisk_op_syncs(op) || pending->at == pending->left_out)
        return status;
    pending->shortest_ops = pending->at + 1;
    pending->base_first = false;
    return tl_image_copy(&pending->shortest, &pending->issued);
}

/* Multiples of 4096 strictly inside a write. */
static uint64_t page_cuts(const tl_simdisk_op *op)
{
    return (op->offset + op->size_bytes - 1) / FILE_PAGE_BYTES - op->offset / FILE_PAGE_BYTES;
}

/* States of prefixes with exactly `op` whole operations. */
static uint64_t states_of(const tl_pending *pending, size_t op)
{
    const tl_simdisk_op *write = write_at(pending, op);
    return write == NULL ? 1 : write->sector_count;
}

void tl_pending_order_count(tl_pending *pending)
{
    if (pending->profile == TL_PROFILE_SIGKILL) {
        const tl_simdisk_op *write = write_at(pending, pending->at);
        pending->outcome_count = 1 + (write == NULL ? 0 : page_cuts(write));
        return;
    }
    pending->outcome_count = pending->base_first ? 1 : 0;
    for (size_t q = pending->shortest_ops; q <= pending->at; q++)
        pending->outcome_count += states_of(pending, q);
}

static tl_status kill_show(tl_pending *pending, uint64_t index, tl_image *image)
{
    tl_status status = tl_image_copy(image, &pending->issued);
    const tl_simdisk_op *write = write_at(pending, pending->at);
    if (status != TL_OK || index == 0)
        return status;
    uint64_t cut = (write->offset / FILE_PAGE_BYTES + index) * FILE_PAGE_BYTES;
    return tl_image_apply(image, write, (uint32_t)(cut / TL_SECTOR_BYTES - write->first_sector));
}

/* Was this done to a file that has gone back since? */
static bool is_undone(const tl_pending *pending, size_t number)
{
    const tl_simdisk_op *op = &pending->trace->ops[number];
    bool data = op->kind == TL_SIMDISK_WRITE || op->kind == TL_SIMDISK_TRUNCATE ||
                op->kind == TL_SIMDISK_FALLOCATE || op->kind == TL_SIMDISK_SYNC_FAILED;
    return data && op->file < pending->file_capacity && number < pending->files[op->file].back;
}

/* What a killed process left, but for the files that have gone back. */
static tl_status base_show(const tl_pending *pending, tl_image *image)
{
    tl_status status = tl_image_copy(image, &pending->trace->base_issued);
    image->hashing = false;
    while (status == TL_OK && image->file_count < pending->shortest.file_count) {
        uint32_t added;
        status = tl_image_add_file(image, &added);
    }
    for (uint32_t file = 0; file < pending->shortest.file_count && status == TL_OK; file++) {
        if (file < pending->file_capacity && pending->files[file].back > 0)
            status = tl_image_copy_file(image, &pending->shortest, file);
    }
    return status;
}

tl_status tl_pending_order_show(tl_pending *pending, uint64_t index, tl_image *image)
{
    if (pending->profile == TL_PROFILE_SIGKILL)
        return kill_show(pending, index, image);
    tl_status status = tl_image_copy(image, &pending->shortest);
    if (pending->base_first) {
        if (index-- == 0 || status != TL_OK)
            return status;
        status = base_show(pending, image);
    }
    size_t q = pending->shortest_ops;
    for (; status == TL_OK && index >= states_of(pending, q); q++) {
        index -= states_of(pending, q);
        if (!is_undone(pending, q))
            status = tl_image_apply(image, &pending->trace->ops[q], UINT32_MAX);
    }
    if (status == TL_OK && index > 0 && !is_undone(pending, q))
        status = tl_image_apply(image, &pending->trace->ops[q], (uint32_t)index);
    return status;
}

uint64_t tl_pending_next_whole(const tl_pending *pending, uint64_t outcome)
{
    size_t q = pending->shortest_ops;
    if (pending->back > q) /* beside a part of an earlier one a file has gone back */
        return outcome + 1;
    for (uint64_t whole = 0; pending->profile == TL_PROFILE_PREFIX;) {
        if (whole > outcome)
            return whole;
        if (whole == 0 && pending->base_first)
            whole = 1; /* behind the durable base */
        else if (q < pending->at)
            whole += states_of(pending, q++);
        else
            break; /* parts of the operation in flight are left */
    }
    return outcome + 1;
}
