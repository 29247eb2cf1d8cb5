/* harness/fault/count.c -- see count.h.
 *
 * A walk goes over the log once.  What finished syncs made sure only grows on the way, so each
 * chain remembers how far it is sure and a crash point looks at what lies behind that.
 */
#include "harness/fault/count.h"

#include "harness/fault/count_walk.h"

#include <stdlib.h>

/* sigkill, prefix */

static void sigkill_count(count_walk *w)
{
    unsigned long stops = 0;
    if (w->at < w->log.op_count) {
        const tl_simdisk_op *op = tl_simdisk_op_at(w->log.trace, w->at);
        if (op->kind == TL_SIMDISK_WRITE)
            stops = (op->offset + op->size_bytes - 1) / 4096 - op->offset / 4096;
    }
    mpz_set_ui(w->states, 1 + stops);
    mpz_set(w->outcomes, w->states);
}

static void prefix_count(count_walk *w)
{
    unsigned long count = w->at - w->after_sync + 1;
    if (w->after_sync == 0 && w->log.differs)
        count++; /* not even what the killed process had done */
    for (size_t q = w->after_sync; q <= w->at && q < w->log.op_count; q++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(w->log.trace, q);
        if (op->kind == TL_SIMDISK_WRITE)
            count += op->sector_count - 1;
    }
    mpz_set_ui(w->states, count);
    mpz_set(w->outcomes, w->states);
}

/* The walk. */

/* Index of the newest version made by operations < i. */
static uint32_t newest_before(const count_sector *sector, int64_t i)
{
    uint32_t newest = sector->sure;
    while (newest + 1 < sector->count && sector->versions[newest + 1].op < i)
        newest++;
    return newest;
}

/* A finished sync of a file: sizes and versions made by operations < i are sure. */
static void file_is_sure(count_file *file, int64_t i)
{
    while (file->size_sure + 1 < file->size_count && file->sizes[file->size_sure + 1].op < i)
        file->size_sure++;
    for (uint32_t s = 0; s < file->sector_count; s++) {
        count_sector *sector = &file->sectors[s];
        uint32_t newest = newest_before(sector, i);
        if (newest != sector->given_up)
            sector->sure = newest;
    }
}

/* A failed one: what is not sure of the file now will not be, until it is written again. */
static void file_gives_up(count_file *file, int64_t i)
{
    for (uint32_t s = 0; s < file->sector_count; s++) {
        count_sector *sector = &file->sectors[s];
        uint32_t newest = newest_before(sector, i);
        if (newest > sector->sure)
            sector->given_up = newest;
    }
    for (uint32_t k = file->unordered; k < file->size_count && file->sizes[k].op < i; k++)
        file->unordered = k;
}

/* One that took the file back: it is what operation `i` made it, nothing else. */
static void file_is_back(count_file *file, int64_t i)
{
    while (file->sizes[file->size_sure].op < i)
        file->size_sure++;
    for (uint32_t s = 0; s < file->sector_count; s++) {
        while (file->sectors[s].versions[file->sectors[s].sure].op < i)
            file->sectors[s].sure++;
    }
}

static void dir_is_sure(count_log *log, uint32_t dir, int64_t i)
{
    for (uint32_t p = 0; p < log->path_count; p++) {
        count_path *path = &log->paths[p];
        if (tl_simdisk_path_dir(log->trace, p) != dir)
            continue;
        while (path->name_sure + 1 < path->name_count && path->names[path->name_sure + 1].op < i)
            path->name_sure++;
    }
}

static void journal_is_sure(count_walk *w, size_t events)
{
    if (events <= w->journal_sure)
        return;
    w->journal_sure = events;
    const count_log *log = &w->log;
    for (; w->part_sure < log->part_count && log->parts[w->part_sure].event < events;
         w->part_sure++) {
        const count_part *part = &log->parts[w->part_sure];
        (part->is_size ? w->sure_sizes : w->sure_names)[part->which] = part->index;
    }
}

/* A finished write through: its own versions are sure, and a size that shows them, now and until
 * the write came. */
static void write_is_sure(count_walk *w, const tl_simdisk_op *op, int64_t i)
{
    count_file *file = &w->log.files[op->file];
    uint32_t at = count_sector_from(file, op->first_sector), size = file->size_sure;
    for (uint32_t s = at; s < at + op->sector_count; s++) {
        count_sector *sector = &file->sectors[s];
        while (sector->versions[sector->sure].op < i)
            sector->sure++;
    }
    for (uint32_t k = size + 1; k < file->size_count && file->sizes[k].op <= i; k++) {
        if (file->sizes[k - 1].bytes < op->offset + op->size_bytes)
            size = k;
    }
    if (size == file->size_sure)
        return;
    file->size_sure = size;
    journal_is_sure(w, file->sizes[size].needs);
}

static void op_finishes(count_walk *w, size_t i)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(w->log.trace, i);
    if (tl_simdisk_op_reverts(op))
        file_is_back(&w->log.files[op->file], (int64_t)i);
    else if (op->kind == TL_SIMDISK_SYNC_FAILED && op->failure != TL_SYNC_FAILED_DIRTY)
        file_gives_up(&w->log.files[op->file], (int64_t)i);
    if (!tl_simdisk_op_syncs(op))
        return;
    w->after_sync = i + 1;
    if (op->kind == TL_SIMDISK_WRITE) {
        write_is_sure(w, op, (int64_t)i);
        return;
    }
    journal_is_sure(w, w->log.demands[i]);
    if (op->kind == TL_SIMDISK_SYNC)
        file_is_sure(&w->log.files[op->file], (int64_t)i);
    else
        dir_is_sure(&w->log, op->path, (int64_t)i);
}

static void walk_to(count_walk *w, size_t at)
{
    for (; w->at < at; w->at++)
        op_finishes(w, w->at);
    bool flies = at < w->log.op_count && !tl_simdisk_op_reverts(tl_simdisk_op_at(w->log.trace, at));
    w->end = (int64_t)(flies ? at + 1 : at);
}

static tl_status walk_count(count_walk *w)
{
    switch (w->profile) {
    case TL_PROFILE_SIGKILL:
        sigkill_count(w);
        return TL_OK;
    case TL_PROFILE_PREFIX:
        prefix_count(w);
        return TL_OK;
    case TL_PROFILE_JOURNAL:
        count_journal(w);
        return TL_OK;
    case TL_PROFILE_POSIX:
        return count_posix(w);
    default:
        return TL_UNSUPPORTED;
    }
}

static void walk_end(count_walk *w)
{
    for (uint32_t i = 0; w->weights != NULL && i < w->log.file_count; i++)
        mpz_clears(w->weights[i].states, w->weights[i].outcomes, NULL);
    free(w->weights);
    free(w->sure_sizes);
    free(w->sure_names);
    free(w->sizes);
    free(w->names);
    free(w->links);
    free(w->low);
    free(w->high);
    mpz_clears(w->states, w->outcomes, NULL);
    count_log_clear(&w->log);
}

static tl_status walk_begin(count_walk *w, const tl_simdisk *trace, tl_profile profile)
{
    *w = (count_walk){.profile = profile};
    mpz_inits(w->states, w->outcomes, NULL);
    tl_status status = count_log_build(trace, &w->log);
    size_t files = (size_t)w->log.file_count + 1, paths = (size_t)w->log.path_count + 1;
    w->weights = calloc(files, sizeof *w->weights);
    for (uint32_t i = 0; w->weights != NULL && i < w->log.file_count; i++)
        mpz_inits(w->weights[i].states, w->weights[i].outcomes, NULL);
    w->sure_sizes = calloc(files, sizeof *w->sure_sizes);
    w->sure_names = calloc(paths, sizeof *w->sure_names);
    w->sizes = calloc(files, sizeof *w->sizes);
    w->names = calloc(paths, sizeof *w->names);
    w->links = calloc(files, sizeof *w->links);
    w->low = calloc(files, sizeof *w->low);
    w->high = calloc(files, sizeof *w->high);
    if (status == TL_OK && !(w->weights && w->sure_sizes && w->sure_names && w->sizes && w->names &&
                             w->links && w->low && w->high))
        status = TL_NO_MEMORY;
    return status;
}

static tl_status count_at(const tl_simdisk *trace, size_t at, tl_profile profile, mpz_ptr states,
                          mpz_ptr outcomes)
{
    if (at > tl_simdisk_op_count(trace))
        return TL_INVALID;
    count_walk w;
    tl_status status = walk_begin(&w, trace, profile);
    if (status == TL_OK) {
        walk_to(&w, at);
        status = walk_count(&w);
    }
    if (status == TL_OK && states != NULL)
        mpz_set(states, w.states);
    if (status == TL_OK && outcomes != NULL)
        mpz_set(outcomes, w.outcomes);
    walk_end(&w);
    return status;
}

tl_status tl_count_states(const tl_simdisk *trace, size_t at, tl_profile profile, mpz_t *states)
{
    return count_at(trace, at, profile, *states, NULL);
}

tl_status tl_count_outcomes(const tl_simdisk *trace, size_t at, tl_profile profile, mpz_t *outcomes)
{
    return count_at(trace, at, profile, NULL, *outcomes);
}

tl_status tl_count_trace(const tl_simdisk *trace, tl_profile profile, tl_count_fn told,
                         void *context)
{
    count_walk w;
    tl_status status = walk_begin(&w, trace, profile);
    bool more = true;
    for (size_t at = 0; at <= w.log.op_count && more && status == TL_OK; at++) {
        walk_to(&w, at);
        status = walk_count(&w);
        if (status == TL_OK)
            more = told(context, at, w.states, w.outcomes);
    }
    walk_end(&w);
    return status;
}
