/* harness/fault/pending_base.c -- a log that begins after a kill: what its two bases differ in is
 * an operation before the first, which no sync of this log has covered yet. */
#include "harness/fault/pending_body.h"

bool tl_pending_base_named(const tl_pending *pending, uint32_t file)
{
    return tl_image_is_named(&pending->trace->base_issued, file) ||
           tl_image_is_named(&pending->trace->base_durable, file);
}

static uint64_t size_there(const tl_image *image, uint32_t file)
{
    return file < image->file_count ? image->files[file].size_bytes : 0;
}

bool tl_pending_base_size_differs(const tl_pending *pending, uint32_t file)
{
    return tl_pending_base_named(pending, file) &&
           size_there(&pending->trace->base_issued, file) !=
               size_there(&pending->trace->base_durable, file);
}

static bool base_content_differs(const tl_pending *pending, uint32_t file)
{
    const tl_image *issued = &pending->trace->base_issued, *durable = &pending->durable;
    if (!tl_pending_base_named(pending, file))
        return false;
    uint32_t count = issued->files[file].sector_count;
    if (durable->files[file].sector_count > count)
        count = durable->files[file].sector_count;
    for (uint32_t sector = 0; sector < count; sector++) {
        if (tl_pending_sector(issued, file, sector) != tl_pending_sector(durable, file, sector))
            return true;
    }
    return false;
}

static bool base_name_differs(const tl_pending *pending, uint32_t path)
{
    const tl_simname *issued = tl_image_find(&pending->trace->base_issued, path);
    const tl_simname *durable = tl_image_find(&pending->trace->base_durable, path);
    if (issued == NULL || durable == NULL)
        return issued != durable;
    return issued->file != durable->file;
}

tl_status tl_pending_base_begin(tl_pending *pending)
{
    tl_status status = TL_OK;
    bool differ = false, event = false;
    uint32_t created_demands = 1; /* the event is the first of the journal, when there is one */
    for (uint32_t path = 0; path < pending->path_count; path++) {
        if (base_name_differs(pending, path)) {
            event = true;
            pending->names[pending->trace->share->paths.entries[path].dir].demands = 1;
        }
    }
    for (uint32_t file = 0; file < pending->issued.file_count && status == TL_OK; file++) {
        tl_pending_file *body = &pending->files[file];
        bool size = tl_pending_base_size_differs(pending, file);
        bool created = tl_image_is_named(&pending->trace->base_issued, file) &&
                       !tl_image_is_named(&pending->trace->base_durable, file);
        event = event || size;
        if (size || created)
            body->demands = created_demands;
        if (created)
            body->created = created_demands;
        if (size)
            status = tl_pending_size_add(
                pending, file,
                (tl_pending_size){.bytes = pending->trace->base_issued.files[file].size_bytes,
                                  .needs = created_demands,
                                  .since = 1});
        if (status == TL_OK && (size || base_content_differs(pending, file))) {
            differ = true;
            status = tl_words_add(&body->ops, TL_PENDING_BASE);
        }
    }
    pending->bases_differ = differ || event;
    return status == TL_OK && event ? tl_pending_event_add(pending, TL_PENDING_BASE, true) : status;
}

tl_status tl_pending_show_nameless(const tl_pending *pending, tl_image *image)
{
    tl_status status = TL_OK;
    bool ordered = pending->profile == TL_PROFILE_SIGKILL || pending->profile == TL_PROFILE_PREFIX;
    for (uint32_t file = 0; !ordered && file < image->file_count && status == TL_OK; file++) {
        if (!tl_image_is_named(image, file))
            status = tl_image_copy_file(image, &pending->durable, file);
    }
    return status; /* where there is one order, outcome 0 has all files whole */
}
