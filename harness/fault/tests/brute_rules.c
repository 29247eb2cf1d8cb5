/* harness/fault/tests/brute_rules.c -- what may lie on the disk together: each rule is a loop over
 * the whole list of changes.
 */
#include "harness/fault/tests/brute_world.h"

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

static bool shrinks_sector(const change *c, uint32_t file, uint64_t sector)
{
    return c->kind == SIZE && c->file == file && c->bytes < c->old && (sector + 1) * 512 > c->bytes;
}

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + 4095) / 4096 * 4096;
}

bool brute_gives_version(const change *c, uint32_t file, uint64_t sector, uint32_t *version)
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
        if (w->changes[c].op < before &&
            brute_gives_version(&w->changes[c], file, sector, &version))
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
            brute_gives_version(&w->changes[c], file, sector, &version))
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

bool brute_may_hold(const world *w, uint32_t file, uint64_t sector, long place)
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

bool brute_is_too_old(const world *w, long place, int kind, uint32_t which)
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

bool brute_journal_has(const world *w, uint32_t file, long place)
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

bool brute_journal_holds(const world *w, long events, size_t sync)
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
