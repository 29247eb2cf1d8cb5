/* harness/fault/tests/brute.c -- see brute.h.
 *
 * For each object a place in the list of changes is chosen; brute_rules.c says which may be.
 */
#include "harness/fault/tests/brute_world.h"

#include <stdlib.h>
#include <string.h>

void brute_tell(world *w)
{
    size_t count = 0;
    for (uint32_t i = 0; i < w->path_count; i++) {
        uint32_t path = w->order[i], file = w->names[path];
        if (file != NO_FILE)
            w->out[count++] = (tl_brute_file){tl_simdisk_path(w->trace, path), w->bytes[file],
                                              (size_t)w->sizes[file]};
    }
    if (w->more)
        w->more = w->told(w->context, &(tl_brute_image){w->out, count}, w->outcome);
}

/* journal and posix: sectors, once names and sizes are chosen. */

static bool is_named(const world *w, uint32_t file)
{
    for (uint32_t p = 0; p < w->path_count; p++) {
        if (w->names[p] == file)
            return true;
    }
    return false;
}

static void sector_set(world *w, uint32_t file, uint64_t sector, uint32_t version)
{
    uint64_t begin = sector * 512, left = w->sizes[file] - begin;
    memcpy(w->bytes[file] + begin, tl_simdisk_version(w->trace, version), left < 512 ? left : 512);
}

/* Choose a version for this sector and all after it, in this file and all after it. */
static void sectors_choose(world *w, uint32_t file, uint64_t sector)
{
    while (file < w->file_count && (!is_named(w, file) || sector * 512 >= w->sizes[file])) {
        file++;
        sector = 0;
    }
    if (file == w->file_count) {
        brute_tell(w);
        return;
    }
    uint32_t version = tl_simdisk_base_sector(w->trace, true, file, sector);
    for (long c = NONE; c < w->change_count && w->more; c++) {
        if (c != NONE && !brute_gives_version(&w->changes[c], file, sector, &version))
            continue;
        if (!brute_may_hold(w, file, sector, c))
            continue;
        sector_set(w, file, sector, version);
        sectors_choose(w, file, sector + 1);
    }
}

static void name_choose(world *w, uint32_t path, long place)
{
    w->name_choice[path] = place;
    w->names[path] = NO_FILE;
    if (place != NONE)
        w->names[path] = w->changes[place].file;
    else
        tl_simdisk_base_name(w->trace, true, path, &w->names[path]);
}

static void size_choose(world *w, uint32_t file, long place)
{
    w->size_choice[file] = place;
    w->sizes[file] =
        place == NONE ? tl_simdisk_base_size(w->trace, true, file) : w->changes[place].bytes;
}

/* Sizes. */

static void sizes_choose(world *w, uint32_t file)
{
    while (file < w->file_count && !is_named(w, file))
        file++;
    if (file == w->file_count) {
        w->outcome++;
        sectors_choose(w, 0, 0);
        return;
    }
    for (long c = NONE; c < w->change_count && w->more; c++) {
        if (c != NONE && (w->changes[c].kind != SIZE || w->changes[c].file != file))
            continue;
        if (brute_is_too_old(w, c, SIZE, file) ||
            (w->profile == TL_PROFILE_JOURNAL && !brute_journal_has(w, file, c)))
            continue;
        size_choose(w, file, c);
        sizes_choose(w, file + 1);
    }
}

/* journal */

static void journals_tell(world *w)
{
    for (long events = 0; events <= w->events; events++) {
        bool holds = true;
        for (size_t i = 0; i < w->at; i++)
            holds = holds && brute_journal_holds(w, events, i);
        if (!holds)
            continue;
        for (uint32_t p = 0; p < w->path_count; p++)
            name_choose(w, p, NONE);
        for (long c = 0; c < w->change_count; c++) {
            if (w->changes[c].kind == NAME && w->changes[c].event < events)
                name_choose(w, w->changes[c].path, c);
        }
        w->journal = events;
        sizes_choose(w, 0);
    }
}

/* posix */

static bool renames_hold(const world *w)
{
    for (size_t i = 0; i < w->op_count && i <= w->at; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, i);
        if (op->kind != TL_SIMDISK_RENAME)
            continue;
        long from = w->name_choice[op->path], to = w->name_choice[op->path2];
        bool gone = from != NONE && w->changes[from].op >= (long)i;
        bool there = to != NONE && w->changes[to].op >= (long)i;
        if (gone && !there)
            return false;
    }
    return true;
}

static void names_choose(world *w, uint32_t path)
{
    if (path == w->path_count) {
        if (renames_hold(w))
            sizes_choose(w, 0);
        return;
    }
    for (long c = NONE; c < w->change_count && w->more; c++) {
        if (c != NONE && (w->changes[c].kind != NAME || w->changes[c].path != path))
            continue;
        if (brute_is_too_old(w, c, NAME, path))
            continue;
        name_choose(w, path, c);
        names_choose(w, path + 1);
    }
}

/* The whole. */

static void paths_order(world *w)
{
    for (uint32_t p = 0; p < w->path_count; p++) {
        uint32_t at = p;
        for (; at > 0 && strcmp(tl_simdisk_path(w->trace, w->order[at - 1]),
                                tl_simdisk_path(w->trace, p)) > 0;
             at--)
            w->order[at] = w->order[at - 1];
        w->order[at] = p;
    }
}

static tl_status world_make(world *w)
{
    w->op_count = tl_simdisk_op_count(w->trace);
    w->path_count = tl_simdisk_path_count(w->trace);
    w->file_count = tl_simdisk_base_file_count(w->trace);
    w->room_bytes = 512;
    for (size_t i = 0; i < w->op_count; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, i);
        if (op->kind != TL_SIMDISK_SYNC_DIR && op->file >= w->file_count)
            w->file_count = op->file + 1;
        if (op->size_after > w->room_bytes)
            w->room_bytes = op->size_after;
    }
    for (uint32_t f = 0; f < w->file_count; f++) {
        uint64_t issued = tl_simdisk_base_size(w->trace, false, f);
        uint64_t durable = tl_simdisk_base_size(w->trace, true, f);
        uint64_t larger = issued > durable ? issued : durable;
        w->room_bytes = larger > w->room_bytes ? larger : w->room_bytes;
    }
    size_t files = (size_t)w->file_count + 1, paths = (size_t)w->path_count + 1;
    w->name_choice = calloc(paths, sizeof *w->name_choice);
    w->names = calloc(paths, sizeof *w->names);
    w->out = calloc(paths, sizeof *w->out);
    w->order = calloc(paths, sizeof *w->order);
    w->size_choice = calloc(files, sizeof *w->size_choice);
    w->sizes = calloc(files, sizeof *w->sizes);
    w->bytes = calloc(files, sizeof *w->bytes);
    bool whole =
        w->name_choice && w->names && w->out && w->order && w->size_choice && w->sizes && w->bytes;
    for (uint32_t f = 0; f < w->file_count && whole; f++)
        whole = (w->bytes[f] = calloc(1, w->room_bytes)) != NULL;
    if (!whole)
        return TL_NO_MEMORY;
    paths_order(w);
    return brute_list(w);
}

static void world_clear(world *w)
{
    for (uint32_t f = 0; w->bytes != NULL && f < w->file_count; f++)
        free(w->bytes[f]);
    free(w->bytes);
    free(w->sizes);
    free(w->size_choice);
    free(w->order);
    free(w->out);
    free(w->names);
    free(w->name_choice);
    free(w->changes);
}

tl_status tl_brute_states(const tl_simdisk *trace, size_t at, tl_profile profile, tl_brute_fn told,
                          void *context)
{
    if (at > tl_simdisk_op_count(trace))
        return TL_INVALID;
    if (!tl_profile_at(profile)->exact)
        return TL_UNSUPPORTED;
    world w = {.trace = trace,
               .at = at,
               .profile = profile,
               .told = told,
               .context = context,
               .more = true};
    tl_status status = world_make(&w);
    if (status == TL_OK && profile == TL_PROFILE_SIGKILL)
        brute_sigkill_tell(&w);
    else if (status == TL_OK && profile == TL_PROFILE_PREFIX)
        brute_prefixes_tell(&w);
    else if (status == TL_OK && profile == TL_PROFILE_JOURNAL)
        journals_tell(&w);
    else if (status == TL_OK)
        names_choose(&w, 0);
    world_clear(&w);
    return status;
}
