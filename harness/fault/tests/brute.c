/* harness/fault/tests/brute.c -- see brute.h.
 *
 * For each object a place in the list of changes is chosen, and every rule is a loop over the
 * whole list.
 */
#include "harness/fault/tests/brute_world.h"

#include <stdlib.h>
#include <string.h>

/* Did this sync finish before the crash, and is it one of `which` (a file or a directory)? */
static bool is_finished(const world *w, size_t i, tl_simdisk_op_kind kind, uint32_t which)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, i);
    return i < w->at && op->kind == kind &&
           (kind == TL_SIMDISK_SYNC ? op->file : op->path) == which;
}

/* Operation i, when it is a write through to this file that has returned; otherwise NULL. */
static const tl_simdisk_op *through_at(const world *w, size_t i, uint32_t file)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, i);
    return i < w->at && op->through && op->file == file ? op : NULL;
}

/* Out. */

static void image_tell(world *w)
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

/* sigkill and prefix: bytes, as the operations change them. */

static void base_take(world *w, bool durable)
{
    for (uint32_t p = 0; p < w->path_count; p++) {
        w->names[p] = NO_FILE;
        tl_simdisk_base_name(w->trace, durable, p, &w->names[p]);
    }
    for (uint32_t f = 0; f < w->file_count; f++) {
        w->sizes[f] = tl_simdisk_base_size(w->trace, durable, f);
        memset(w->bytes[f], 0, w->room_bytes);
        for (uint64_t byte = 0; byte < w->sizes[f]; byte++) {
            uint32_t version = tl_simdisk_base_sector(w->trace, durable, f, byte / 512);
            w->bytes[f][byte] = tl_simdisk_version(w->trace, version)[byte % 512];
        }
    }
}

/* The bytes of a write that lie before `end`. */
static void write_apply(world *w, const tl_simdisk_op *op, uint64_t end)
{
    for (uint64_t byte = op->offset; byte < end && byte < op->offset + op->size_bytes; byte++) {
        uint32_t version = op->first_version + (uint32_t)(byte / 512 - op->first_sector);
        w->bytes[op->file][byte] = tl_simdisk_version(w->trace, version)[byte % 512];
        if (byte >= w->sizes[op->file])
            w->sizes[op->file] = byte + 1;
    }
}

static void back_apply(world *w, const tl_simdisk_op *op)
{
    memset(w->bytes[op->file], 0, w->room_bytes);
    for (uint64_t byte = 0; byte < op->size_bytes; byte++) {
        uint32_t version = op->first_version + (uint32_t)(byte / 512);
        w->bytes[op->file][byte] = tl_simdisk_version(w->trace, version)[byte % 512];
    }
    w->sizes[op->file] = op->size_bytes;
}

static void op_apply(world *w, const tl_simdisk_op *op)
{
    switch (op->kind) {
    case TL_SIMDISK_CREATE:
        w->names[op->path] = op->file;
        break;
    case TL_SIMDISK_UNLINK:
        w->names[op->path] = NO_FILE;
        break;
    case TL_SIMDISK_RENAME:
        w->names[op->path] = NO_FILE;
        w->names[op->path2] = op->file;
        break;
    case TL_SIMDISK_WRITE:
        write_apply(w, op, UINT64_MAX);
        break;
    case TL_SIMDISK_TRUNCATE:
        memset(w->bytes[op->file] + op->size_bytes, 0, w->room_bytes - op->size_bytes);
        w->sizes[op->file] = op->size_bytes;
        break;
    case TL_SIMDISK_FALLOCATE:
        if (op->offset + op->size_bytes > w->sizes[op->file])
            w->sizes[op->file] = op->offset + op->size_bytes;
        break;
    case TL_SIMDISK_SYNC_FAILED:
        if (op->failure == TL_SYNC_FAILED_REVERTED)
            back_apply(w, op);
        break;
    default:
        break;
    }
}

/* Over a base: operations 0..q-1, then the bytes of operation q before `end`.  What was done to a
 * file before it went back makes no difference: a file that did so behind the prefix is here as it
 * was then. */
static void prefix_tell(world *w, bool durable, size_t q, uint64_t end)
{
    w->outcome++;
    base_take(w, durable);
    for (size_t i = 0; i < q; i++)
        op_apply(w, tl_simdisk_op_at(w->trace, i));
    if (end > 0)
        write_apply(w, tl_simdisk_op_at(w->trace, q), end);
    for (size_t i = q; i < w->at; i++) {
        if (tl_simdisk_op_at(w->trace, i)->kind == TL_SIMDISK_SYNC_FAILED)
            op_apply(w, tl_simdisk_op_at(w->trace, i));
    }
    image_tell(w);
}

static bool is_write(const world *w, size_t i)
{
    return i < w->op_count && tl_simdisk_op_at(w->trace, i)->kind == TL_SIMDISK_WRITE;
}

static void sigkill_tell(world *w)
{
    prefix_tell(w, false, w->at, 0);
    if (!is_write(w, w->at))
        return;
    const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, w->at);
    for (uint64_t stop = op->offset + 1; stop < op->offset + op->size_bytes; stop++) {
        if (stop % 4096 == 0)
            prefix_tell(w, false, w->at, stop);
    }
}

static void all_prefixes_tell(world *w)
{
    size_t from = 0;
    for (size_t i = 0; i < w->at; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, i);
        if (op->kind == TL_SIMDISK_SYNC || op->kind == TL_SIMDISK_SYNC_DIR || op->through)
            from = i + 1;
    }
    if (from == 0 && w->differs)
        prefix_tell(w, true, 0, 0);
    for (size_t q = from; q <= w->at; q++) {
        prefix_tell(w, false, q, 0);
        if (!is_write(w, q))
            continue;
        const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, q);
        for (uint32_t n = 1; n < op->sector_count; n++)
            prefix_tell(w, false, q, (op->first_sector + n) * 512);
    }
}

/* journal and posix: sectors, once names and sizes are chosen. */

static bool shrinks_sector(const change *c, uint32_t file, uint64_t sector)
{
    return c->kind == SIZE && c->file == file && c->bytes < c->old && (sector + 1) * 512 > c->bytes;
}

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + 4095) / 4096 * 4096;
}

/* Does this change give the sector a version?  Which? */
static bool gives_version(const change *c, uint32_t file, uint64_t sector, uint32_t *version)
{
    if (c->kind == SECTOR && c->file == file && c->sector == sector) {
        *version = c->version;
        return true;
    }
    if (shrinks_sector(c, file, sector)) {
        *version = sector * 512 < c->bytes ? c->version : 0;
        return true;
    }
    return false;
}

/* Some version of the sector that lies behind `place` and was made before operation `before`. */
static bool has_newer(const world *w, uint32_t file, uint64_t sector, long place, long before)
{
    uint32_t version;
    for (long c = place + 1; c < w->change_count; c++) {
        if (w->changes[c].op < before && gives_version(&w->changes[c], file, sector, &version))
            return true;
    }
    return false;
}

/* Has the file gone back since the change at `place`, before operation `before`? */
static bool is_undone(const world *w, uint32_t file, long place, size_t before)
{
    long made = place == NONE ? NONE : w->changes[place].op;
    for (size_t i = 0; i < before; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, i);
        if ((long)i > made && op->kind == TL_SIMDISK_SYNC_FAILED && op->file == file &&
            op->failure == TL_SYNC_FAILED_REVERTED)
            return true;
    }
    return false;
}

/* Operation i, when it is a sync of the file that failed, and gave up what was not durable. */
static bool gave_up(const world *w, size_t i, uint32_t file)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, i);
    return i < w->at && op->kind == TL_SIMDISK_SYNC_FAILED && op->file == file &&
           (op->failure == TL_SYNC_FAILED_CLEAN || op->failure == TL_SYNC_FAILED_LATE);
}

/* Does the sync `sync` leave this sector out: given up, and not touched since? */
static bool is_given_up(const world *w, uint32_t file, uint64_t sector, size_t sync)
{
    uint32_t version;
    size_t failed = sync;
    while (failed > 0 && !gave_up(w, failed - 1, file))
        failed--;
    if (failed == 0)
        return false;
    for (long c = 0; c < w->change_count; c++) {
        if (w->changes[c].op >= (long)failed && w->changes[c].op < (long)sync &&
            gives_version(&w->changes[c], file, sector, &version))
            return false;
    }
    return true;
}

/* A size made before a sync that failed waits for no data. */
static bool is_let_go(const world *w, const change *c)
{
    for (size_t i = 0; i < w->at; i++) {
        if (gave_up(w, i, c->file) && c->op < (long)i)
            return true;
    }
    return false;
}

/* Has this persisted size event, made by a write, bytes of the sector that the write touched? */
static bool orders(const world *w, const change *c, uint32_t file, uint64_t sector)
{
    if (c->kind != SIZE || c->file != file || !c->by_write)
        return false;
    const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, (size_t)c->op);
    return sector >= op->first_sector && sector < op->first_sector + op->sector_count &&
           sector * 512 < c->bytes && sector * 512 >= round_up(c->old);
}

/* A truncate, fallocate or another write, through, of the file behind this size, and not behind
 * `size`. */
static bool is_superseded(const world *w, long place, long size)
{
    for (long c = place + 1; c <= size; c++) {
        const change *later = &w->changes[c];
        if (later->kind != SIZE || later->file != w->changes[place].file)
            continue;
        if (!later->by_write || (later->op != w->changes[place].op &&
                                 tl_simdisk_op_at(w->trace, (size_t)later->op)->through))
            return true;
    }
    return false;
}

/* May the sector hold the version given at `place` in the list? */
static bool may_hold(const world *w, uint32_t file, uint64_t sector, long place)
{
    long size = w->size_choice[file];
    if (is_undone(w, file, place, w->at))
        return false;
    for (long c = 0; c < w->change_count; c++) {
        if (!shrinks_sector(&w->changes[c], file, sector))
            continue;
        bool in_place = sector * 512 < round_up(w->changes[c].bytes);
        if (c <= size && place < c)
            return false; /* an epoch that has ended, or not zeroed yet */
        if (c > size && place >= c && !in_place)
            return false; /* an epoch that has not begun */
    }
    for (size_t i = 0; i < w->at; i++) {
        if (is_finished(w, i, TL_SIMDISK_SYNC, file) && !is_given_up(w, file, sector, i) &&
            has_newer(w, file, sector, place, (long)i))
            return false; /* a sync found a newer one */
        const tl_simdisk_op *through = through_at(w, i, file);
        if (through != NULL && sector >= through->first_sector &&
            sector < through->first_sector + through->sector_count &&
            (place == NONE || w->changes[place].op < (long)i))
            return false; /* a newer one was written through */
    }
    for (long c = 0; c <= size && w->profile == TL_PROFILE_JOURNAL; c++) {
        bool older = place == NONE || w->changes[place].op < w->changes[c].op;
        if (orders(w, &w->changes[c], file, sector) && older && !is_superseded(w, c, size) &&
            !is_let_go(w, &w->changes[c]))
            return false; /* ordered data */
    }
    return true;
}

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
        image_tell(w);
        return;
    }
    uint32_t version = tl_simdisk_base_sector(w->trace, true, file, sector);
    for (long c = NONE; c < w->change_count && w->more; c++) {
        if (c != NONE && !gives_version(&w->changes[c], file, sector, &version))
            continue;
        if (!may_hold(w, file, sector, c))
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

static bool is_size_of(const world *w, long place, uint32_t file)
{
    return w->changes[place].kind == SIZE && w->changes[place].file == file;
}

/* Does this size of the file, and each one behind it up to operation i, show all that i wrote
 * through? */
static bool shows(const world *w, long place, const tl_simdisk_op *op, size_t i)
{
    uint64_t end = op->offset + op->size_bytes;
    if (place == NONE && tl_simdisk_base_size(w->trace, true, op->file) < end)
        return false;
    for (long c = place == NONE ? 0 : place; c < w->change_count; c++) {
        if (is_size_of(w, c, op->file) && w->changes[c].op <= (long)i && w->changes[c].bytes < end)
            return false;
    }
    return true;
}

/* Does a finished sync demand something newer than `place` for this name or size? */
static bool is_too_old(const world *w, long place, int kind, uint32_t which)
{
    if (kind == SIZE && is_undone(w, which, place, w->at))
        return true;
    for (size_t i = 0; i < w->at; i++) {
        const tl_simdisk_op *through = kind == SIZE ? through_at(w, i, which) : NULL;
        if (through != NULL && !shows(w, place, through, i))
            return true;
        if (kind == SIZE
                ? !is_finished(w, i, TL_SIMDISK_SYNC, which)
                : !is_finished(w, i, TL_SIMDISK_SYNC_DIR, tl_simdisk_path_dir(w->trace, which)))
            continue;
        for (long c = place + 1; c < w->change_count; c++) {
            const change *newer = &w->changes[c];
            if ((int)newer->kind == kind && newer->op < (long)i &&
                (kind == SIZE ? newer->file : newer->path) == which)
                return true;
        }
    }
    return false;
}

/* May the file have this size with w->journal events of the journal? */
static bool journal_has(const world *w, uint32_t file, long place)
{
    for (long c = 0; c < w->change_count; c++) {
        const change *other = &w->changes[c];
        if (other->kind != SIZE || other->file != file || other->by_write ||
            is_undone(w, file, c, w->at))
            continue;
        if (other->event < w->journal ? place < c : place >= c)
            return false; /* a truncate or fallocate that persisted; one that did not */
    }
    return place == NONE || !w->changes[place].by_write || w->changes[place].event <= w->journal;
}

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
        if (is_too_old(w, c, SIZE, file) ||
            (w->profile == TL_PROFILE_JOURNAL && !journal_has(w, file, c)))
            continue;
        size_choose(w, file, c);
        sizes_choose(w, file + 1);
    }
}

/* journal */

/* Is a journal of `events` events long enough for this finished sync? */
static bool journal_holds(const world *w, long events, size_t sync)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, sync);
    if (op->through) { /* the oldest size that shows it must have what it needs */
        long place = NONE;
        while ((place != NONE && !is_size_of(w, place, op->file)) || !shows(w, place, op, sync) ||
               is_undone(w, op->file, place, sync))
            place++;
        if (place == NONE)
            return true;
        const change *c = &w->changes[place];
        return c->by_write ? c->event <= events : c->event < events;
    }
    for (long i = 0; i < w->change_count; i++) {
        const change *c = &w->changes[i];
        bool holds = c->kind == SIZE && c->by_write ? c->event <= events : c->event < events;
        if (c->kind == SECTOR || c->op >= (long)sync || holds ||
            (c->kind == SIZE && is_undone(w, c->file, i, sync)))
            continue;
        if (op->kind == TL_SIMDISK_SYNC && c->file == op->file && (c->kind == SIZE || c->creates))
            return false;
        if (op->kind == TL_SIMDISK_SYNC_DIR && c->kind == NAME &&
            tl_simdisk_path_dir(w->trace, c->path) == op->path)
            return false;
    }
    return true;
}

static void journals_tell(world *w)
{
    for (long events = 0; events <= w->events; events++) {
        bool holds = true;
        for (size_t i = 0; i < w->at; i++)
            holds = holds && journal_holds(w, events, i);
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
        if (is_too_old(w, c, NAME, path))
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
        sigkill_tell(&w);
    else if (status == TL_OK && profile == TL_PROFILE_PREFIX)
        all_prefixes_tell(&w);
    else if (status == TL_OK && profile == TL_PROFILE_JOURNAL)
        journals_tell(&w);
    else if (status == TL_OK)
        names_choose(&w, 0);
    world_clear(&w);
    return status;
}
