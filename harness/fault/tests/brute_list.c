/* harness/fault/tests/brute_list.c -- the log as one flat list; see brute_world.h. */
#include "harness/fault/tests/brute_world.h"

#include <stdlib.h>

static tl_status change_add(world *w, change c)
{
    if (w->change_count == w->change_capacity) {
        w->change_capacity = w->change_capacity == 0 ? 64 : w->change_capacity * 2;
        change *memory = realloc(w->changes, (size_t)w->change_capacity * sizeof *memory);
        if (memory == NULL)
            return TL_NO_MEMORY;
        w->changes = memory;
    }
    w->changes[w->change_count++] = c;
    return TL_OK;
}

static tl_status write_list(world *w, const tl_simdisk_op *op, long i, uint64_t old)
{
    tl_status status = TL_OK;
    uint64_t end = op->offset + op->size_bytes;
    for (uint32_t s = 0; s < op->sector_count && status == TL_OK; s++)
        status = change_add(w, (change){.kind = SECTOR,
                                        .op = i,
                                        .file = op->file,
                                        .sector = op->first_sector + s,
                                        .version = op->first_version + s});
    for (uint64_t size = old + 1; size <= end && status == TL_OK; size++) {
        if (size % 4096 != 0 && size != end)
            continue;
        status = change_add(w, (change){.kind = SIZE,
                                        .op = i,
                                        .event = w->events,
                                        .file = op->file,
                                        .old = old,
                                        .bytes = size,
                                        .by_write = true});
        old = size;
    }
    return status;
}

/* The file goes back: a size and a content of each sector, which need no journal. */
static tl_status back_list(world *w, const tl_simdisk_op *op, long i)
{
    tl_status status = change_add(w, (change){.kind = SIZE,
                                              .op = i,
                                              .event = NONE,
                                              .file = op->file,
                                              .old = op->size_bytes,
                                              .bytes = op->size_bytes});
    for (uint32_t s = 0; s * 512 < w->room_bytes && status == TL_OK; s++)
        status =
            change_add(w, (change){.kind = SECTOR,
                                   .op = i,
                                   .file = op->file,
                                   .sector = s,
                                   .version = s < op->sector_count ? op->first_version + s : 0});
    return status;
}

static tl_status op_list(world *w, const tl_simdisk_op *op, long i, uint64_t *sizes)
{
    change size = {.kind = SIZE, .op = i, .event = w->events, .file = op->file};
    change name = {.kind = NAME, .op = i, .event = w->events, .path = op->path, .file = NO_FILE};
    tl_status status = TL_OK;
    switch (op->kind) {
    case TL_SIMDISK_WRITE:
        status = write_list(w, op, i, sizes[op->file]);
        break;
    case TL_SIMDISK_TRUNCATE:
    case TL_SIMDISK_FALLOCATE:
        size.old = sizes[op->file];
        size.bytes = op->size_after;
        size.sector = op->first_sector;
        size.version = op->first_version;
        w->events++;
        status = change_add(w, size);
        break;
    case TL_SIMDISK_CREATE:
        name.file = op->file;
        name.creates = true;
        w->events++;
        status = change_add(w, name);
        break;
    case TL_SIMDISK_UNLINK:
        w->events++;
        status = change_add(w, name);
        break;
    case TL_SIMDISK_RENAME:
        w->events++;
        status = change_add(
            w,
            (change){
                .kind = NAME, .op = i, .event = name.event, .path = op->path2, .file = op->file});
        if (status == TL_OK)
            status = change_add(w, name);
        break;
    case TL_SIMDISK_SYNC_FAILED:
        if (op->failure == TL_SYNC_FAILED_REVERTED && (size_t)i < w->at)
            status = back_list(w, op, i);
        break;
    default:
        break; /* syncs change nothing */
    }
    if (op->kind != TL_SIMDISK_SYNC_DIR)
        sizes[op->file] = op->size_after;
    return status;
}

static bool base_names(const world *w, bool durable, uint32_t file)
{
    for (uint32_t p = 0; p < w->path_count; p++) {
        uint32_t named;
        if (tl_simdisk_base_name(w->trace, durable, p, &named) && named == file)
            return true;
    }
    return false;
}

static tl_status difference_list_file(world *w, uint32_t f)
{
    uint64_t durable = tl_simdisk_base_size(w->trace, true, f);
    uint64_t issued = tl_simdisk_base_size(w->trace, false, f);
    if (!base_names(w, true, f) && !base_names(w, false, f))
        return TL_OK;
    tl_status status = TL_OK;
    for (uint64_t s = 0; s * 512 < durable || s * 512 < issued; s++) {
        uint32_t version = tl_simdisk_base_sector(w->trace, false, f, s);
        if (status != TL_OK || version == tl_simdisk_base_sector(w->trace, true, f, s))
            continue;
        w->differs = true;
        if (issued >= durable || (s + 1) * 512 <= issued) /* otherwise the shrink brings it */
            status = change_add(
                w,
                (change){
                    .kind = SECTOR, .op = DIFFERENCE, .file = f, .sector = s, .version = version});
    }
    if (status == TL_OK && issued != durable) {
        w->differs = true;
        uint32_t cut = tl_simdisk_base_sector(w->trace, false, f, issued / 512);
        status = change_add(w, (change){.kind = SIZE,
                                        .op = DIFFERENCE,
                                        .file = f,
                                        .old = durable,
                                        .bytes = issued,
                                        .sector = issued / 512,
                                        .version = cut});
    }
    return status;
}

static tl_status difference_list(world *w)
{
    tl_status status = TL_OK;
    for (uint32_t p = 0; p < w->path_count && status == TL_OK; p++) {
        uint32_t issued = NO_FILE, durable = NO_FILE;
        tl_simdisk_base_name(w->trace, false, p, &issued);
        tl_simdisk_base_name(w->trace, true, p, &durable);
        if (issued == durable)
            continue;
        bool creates = issued != NO_FILE && !base_names(w, true, issued);
        w->differs = true;
        status = change_add(
            w, (change){
                   .kind = NAME, .op = DIFFERENCE, .path = p, .file = issued, .creates = creates});
    }
    for (uint32_t f = 0; f < w->file_count && status == TL_OK; f++)
        status = difference_list_file(w, f);
    for (long c = 0; c < w->change_count; c++) {
        if (w->changes[c].kind != SECTOR)
            w->events = 1;
    }
    return status;
}

tl_status brute_list(world *w)
{
    uint64_t *sizes = calloc((size_t)w->file_count + 1, sizeof *sizes);
    tl_status status = sizes == NULL ? TL_NO_MEMORY : difference_list(w);
    for (uint32_t f = 0; status == TL_OK && f < w->file_count; f++)
        sizes[f] = tl_simdisk_base_size(w->trace, false, f);
    for (size_t i = 0; i < w->op_count && i <= w->at && status == TL_OK; i++)
        status = op_list(w, tl_simdisk_op_at(w->trace, i), (long)i, sizes);
    free(sizes);
    return status;
}
