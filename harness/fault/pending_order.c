/* harness/fault/pending_order.c -- sigkill and prefix: all operations in their one order.
 *
 * A state is a number of whole operations and a part of the next, so each sector has one version
 * and the outcome is all there is to choose.
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
    pending->shortest_ops = 0;
    pending->base_first = pending->bases_differ;
    tl_status status = tl_image_copy(&pending->issued, &trace->base_issued);
    if (status == TL_OK)
        status = tl_image_copy(&pending->shortest, &trace->base_durable);
    pending->issued.hashing = pending->shortest.hashing = false;
    return status;
}

tl_status tl_pending_order_step(tl_pending *pending)
{
    const tl_simdisk_op *op = &pending->trace->ops[pending->at];
    tl_status status = tl_image_apply(&pending->issued, op, UINT32_MAX);
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

tl_status tl_pending_order_show(tl_pending *pending, uint64_t index, tl_image *image)
{
    if (pending->profile == TL_PROFILE_SIGKILL)
        return kill_show(pending, index, image);
    tl_status status = tl_image_copy(image, &pending->shortest);
    if (pending->base_first) {
        if (index-- == 0 || status != TL_OK)
            return status;
        status = tl_image_copy(image, &pending->trace->base_issued);
        image->hashing = false;
    }
    size_t q = pending->shortest_ops;
    for (; status == TL_OK && index >= states_of(pending, q); q++) {
        index -= states_of(pending, q);
        status = tl_image_apply(image, &pending->trace->ops[q], UINT32_MAX);
    }
    if (status == TL_OK && index > 0)
        status = tl_image_apply(image, &pending->trace->ops[q], (uint32_t)index);
    return status;
}

uint64_t tl_pending_next_whole(const tl_pending *pending, uint64_t outcome)
{
    size_t q = pending->shortest_ops;
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
