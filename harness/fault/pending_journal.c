/* harness/fault/pending_journal.c -- names and sizes as one journal.
 *
 * It is one list of events over the whole log.  Syncs demand a beginning of it; an outcome is a
 * longer beginning.
 */
#include "harness/fault/pending_body.h"

tl_status tl_pending_event_add(tl_pending *pending, uint32_t op, uint32_t file, bool name)
{
    tl_status status = tl_pending_reserve(&pending->events, &pending->event_capacity,
                                          pending->event_count + 1, sizeof *pending->events);
    if (status == TL_OK)
        pending->events[pending->event_count++] = (tl_journal_event){op, file, name};
    return status;
}

static tl_status event_apply(const tl_pending *pending, const tl_journal_event *event,
                             tl_image *names, uint32_t *sizes)
{
    const tl_simdisk *trace = pending->trace;
    if (!event->name) {
        sizes[event->file]++;
        return TL_OK;
    }
    if (event->op != TL_PENDING_BASE) {
        const tl_simdisk_op *op = &trace->ops[event->op];
        if (op->kind == TL_SIMDISK_CREATE)
            return tl_image_set_name(names, op->path, op->file);
        tl_image_remove_name(names, op->path);
        return op->kind == TL_SIMDISK_RENAME ? tl_image_set_name(names, op->path2, op->file)
                                             : TL_OK;
    }
    tl_status status = TL_OK;
    names->name_count = 0;
    for (uint32_t i = 0; i < trace->base_issued.name_count && status == TL_OK; i++)
        status = tl_image_set_name(names, trace->base_issued.names[i].path,
                                   trace->base_issued.names[i].file);
    for (uint32_t file = 0; file < trace->base_issued.file_count; file++)
        sizes[file] += tl_pending_base_size_differs(pending, file);
    return status;
}

tl_status tl_pending_journal_settle(tl_pending *pending, uint32_t demanded)
{
    tl_status status = TL_OK;
    for (uint32_t file = 0; file < pending->picked_capacity; file++)
        pending->picked[file] = 0;
    for (; pending->demanded < demanded && status == TL_OK; pending->demanded++)
        status = event_apply(pending, &pending->events[pending->demanded], &pending->settled,
                             pending->picked);
    for (uint32_t file = 0; file < pending->issued.file_count; file++)
        pending->files[file].size_settled += pending->picked[file];
    return status;
}

tl_status tl_pending_journal_show(tl_pending *pending, uint64_t index, tl_image *image)
{
    tl_status status = TL_OK;
    image->name_count = 0;
    for (uint32_t i = 0; i < pending->settled.name_count && status == TL_OK; i++)
        status = tl_image_set_name(image, pending->settled.names[i].path,
                                   pending->settled.names[i].file);
    for (uint32_t file = 0; file < pending->issued.file_count; file++)
        pending->picked[file] = pending->files[file].size_settled;
    for (uint32_t i = 0; i < index && status == TL_OK; i++)
        status =
            event_apply(pending, &pending->events[pending->demanded + i], image, pending->picked);
    for (uint32_t file = 0; file < pending->issued.file_count; file++)
        pending->picked[file] -= pending->files[file].size_synced;
    return status;
}
