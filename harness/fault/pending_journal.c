/* harness/fault/pending_journal.c -- names, truncates and fallocates as one journal.
 *
 * It is one list of events over the whole log.  Syncs demand a beginning of it; an outcome is a
 * longer beginning, and sizes that go with it.
 */
#include "harness/fault/pending_body.h"

#include <assert.h>

tl_status tl_pending_event_add(tl_pending *pending, uint32_t op, bool name)
{
    tl_status status = tl_pending_reserve(&pending->events, &pending->event_capacity,
                                          pending->event_count + 1, sizeof *pending->events);
    if (status == TL_OK)
        pending->events[pending->event_count++] = (tl_journal_event){op, name};
    return status;
}

static tl_status event_apply(const tl_pending *pending, const tl_journal_event *event,
                             tl_image *names)
{
    const tl_simdisk *trace = pending->trace;
    if (!event->name)
        return TL_OK;
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
    return status;
}

tl_status tl_pending_journal_settle(tl_pending *pending, uint32_t demanded)
{
    tl_status status = TL_OK;
    for (; pending->demanded < demanded && status == TL_OK; pending->demanded++)
        status = event_apply(pending, &pending->events[pending->demanded], &pending->settled);
    return status;
}

/* The names that are certain, into an image. */
static tl_status names_begin(const tl_pending *pending, tl_image *image)
{
    tl_status status = TL_OK;
    image->name_count = 0;
    for (uint32_t i = 0; i < pending->settled.name_count && status == TL_OK; i++)
        status = tl_image_set_name(image, pending->settled.names[i].path,
                                   pending->settled.names[i].file);
    return status;
}

tl_status tl_pending_journal_count(tl_pending *pending)
{
    tl_image *names = &pending->walked;
    pending->combo_count = 0;
    pending->outcome_count = 0;
    tl_status status = names_begin(pending, names);
    for (uint32_t events = pending->demanded; events <= pending->event_count && status == TL_OK;
         events++) {
        if (events > pending->demanded)
            status = event_apply(pending, &pending->events[events - 1], names);
        if (status == TL_OK)
            status = tl_pending_combo_add(pending, tl_pending_sizes_count(pending, names, events));
    }
    return status;
}

tl_status tl_pending_journal_show(tl_pending *pending, uint64_t *index, tl_image *image,
                                  uint32_t *events)
{
    uint32_t combo = tl_pending_combo_of(pending, *index);
    tl_status status = names_begin(pending, image);
    for (uint32_t i = 0; i < combo && status == TL_OK; i++)
        status = event_apply(pending, &pending->events[pending->demanded + i], image);
    *index -= pending->before[combo];
    *events = pending->demanded + combo;
    return status;
}

uint32_t tl_pending_prefix_count(const tl_pending *pending)
{
    assert(pending->profile == TL_PROFILE_JOURNAL);
    return pending->combo_count;
}

uint64_t tl_pending_prefix_outcome(const tl_pending *pending, uint32_t prefix)
{
    assert(prefix < tl_pending_prefix_count(pending));
    return pending->before[prefix];
}
