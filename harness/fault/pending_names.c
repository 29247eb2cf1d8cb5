/* harness/fault/pending_names.c -- posix: each name by itself, but for renames.
 *
 * A rename gives `to` its file and then takes it from `from`.  The second needs the first, now and
 * whenever `from` has gone further: that is the tie.  A directory that is synced moves the floors
 * of its names to the newest, and through ties, one after the other, perhaps those of others.
 */
#include "harness/fault/pending_body.h"

#include <stdlib.h>

static tl_status name_add(tl_pending *pending, uint32_t path, uint32_t file)
{
    return tl_words_add(&pending->names[path].files, file);
}

static uint32_t newest(const tl_pending *pending, uint32_t path)
{
    return pending->names[path].files.count - 1;
}

static uint32_t file_of(const tl_image *image, uint32_t path)
{
    const tl_simname *name = tl_image_find(image, path);
    return name == NULL ? TL_PENDING_NOBODY : name->file;
}

tl_status tl_pending_names_begin(tl_pending *pending)
{
    const tl_simdisk *trace = pending->trace;
    pending->tie_count = 0;
    tl_status status = TL_OK;
    for (uint32_t path = 0; path < pending->path_count && status == TL_OK; path++) {
        uint32_t durable = file_of(&trace->base_durable, path);
        uint32_t issued = file_of(&trace->base_issued, path);
        pending->names[path].files.count = 0;
        pending->names[path].floor = 0;
        status = name_add(pending, path, durable);
        if (status == TL_OK && issued != durable)
            status = name_add(pending, path, issued);
    }
    return status;
}

tl_status tl_pending_names_add(tl_pending *pending, const tl_simdisk_op *op)
{
    switch (op->kind) {
    case TL_SIMDISK_CREATE:
        return name_add(pending, op->path, op->file);
    case TL_SIMDISK_UNLINK:
        return name_add(pending, op->path, TL_PENDING_NOBODY);
    case TL_SIMDISK_RENAME:
        break;
    default:
        return TL_OK;
    }
    tl_status status = name_add(pending, op->path2, op->file);
    if (status == TL_OK)
        status = name_add(pending, op->path, TL_PENDING_NOBODY);
    if (status == TL_OK)
        status = tl_pending_reserve(&pending->ties, &pending->tie_capacity, pending->tie_count + 1,
                                    sizeof *pending->ties);
    if (status == TL_OK)
        pending->ties[pending->tie_count++] = (tl_name_tie){.from = op->path,
                                                            .from_at = newest(pending, op->path),
                                                            .to = op->path2,
                                                            .to_at = newest(pending, op->path2)};
    return status;
}

void tl_pending_names_sync(tl_pending *pending, uint32_t dir)
{
    const tl_paths *paths = &pending->trace->share->paths;
    for (uint32_t path = 0; path < pending->path_count; path++) {
        if (paths->entries[path].dir == dir)
            pending->names[path].floor = newest(pending, path);
    }
    for (bool moved = true; moved;) { /* ends: floors only rise */
        moved = false;
        for (uint32_t i = 0; i < pending->tie_count; i++) {
            const tl_name_tie *tie = &pending->ties[i];
            if (pending->names[tie->from].floor >= tie->from_at &&
                pending->names[tie->to].floor < tie->to_at) {
                pending->names[tie->to].floor = tie->to_at;
                moved = true;
            }
        }
    }
}

/* The version of a name in a combination; `picks` go with pending->varying. */
static uint32_t version_in(const tl_pending *pending, const uint32_t *picks, uint32_t path)
{
    for (uint32_t i = 0; i < pending->varying.count; i++) {
        if (pending->varying.at[i] == path)
            return picks[i];
    }
    return pending->names[path].floor;
}

static bool ties_hold(const tl_pending *pending, const uint32_t *picks)
{
    for (uint32_t i = 0; i < pending->tie_count; i++) {
        const tl_name_tie *tie = &pending->ties[i];
        if (version_in(pending, picks, tie->from) >= tie->from_at &&
            version_in(pending, picks, tie->to) < tie->to_at)
            return false;
    }
    return true;
}

static tl_status names_fill(const tl_pending *pending, const uint32_t *picks, tl_image *image)
{
    tl_status status = TL_OK;
    image->name_count = 0;
    for (uint32_t path = 0; path < pending->path_count && status == TL_OK; path++) {
        const tl_name_chain *chain = &pending->names[path];
        if (chain->files.count == 0)
            continue;
        uint32_t file = chain->files.at[version_in(pending, picks, path)];
        if (file != TL_PENDING_NOBODY)
            status = tl_image_set_name(image, path, file);
    }
    return status;
}

static tl_status combo_add(tl_pending *pending, const uint32_t *picks)
{
    tl_status status = TL_OK;
    for (uint32_t i = 0; i < pending->varying.count && status == TL_OK; i++)
        status = tl_words_add(&pending->combos, picks[i]);
    if (status == TL_OK)
        status = names_fill(pending, picks, &pending->settled);
    if (status != TL_OK)
        return status;
    return tl_pending_combo_add(pending, tl_pending_sizes_count(pending, &pending->settled, 0));
}

tl_status tl_pending_names_count(tl_pending *pending)
{
    pending->varying.count = pending->combos.count = pending->combo_count = 0;
    pending->outcome_count = 0;
    tl_words picks = {0};
    tl_status status = TL_OK;
    for (uint32_t path = 0; path < pending->path_count && status == TL_OK; path++) {
        if (pending->names[path].floor >= newest(pending, path))
            continue;
        status = tl_words_add(&pending->varying, path);
        if (status == TL_OK)
            status = tl_words_add(&picks, pending->names[path].floor);
    }
    for (bool more = true; more && status == TL_OK;) { /* the last name counts fastest */
        if (ties_hold(pending, picks.at))
            status = combo_add(pending, picks.at);
        more = false;
        for (uint32_t i = picks.count; i-- > 0 && !more;) {
            uint32_t path = pending->varying.at[i];
            more = picks.at[i] < newest(pending, path);
            picks.at[i] = more ? picks.at[i] + 1 : pending->names[path].floor;
        }
    }
    free(picks.at);
    return status;
}

tl_status tl_pending_names_show(tl_pending *pending, uint64_t *index, tl_image *image)
{
    uint32_t combo = tl_pending_combo_of(pending, *index);
    *index -= pending->before[combo];
    const uint32_t *picks =
        pending->varying.count == 0 ? NULL : pending->combos.at + combo * pending->varying.count;
    return names_fill(pending, picks, image);
}
