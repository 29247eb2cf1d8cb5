/* harness/fault/count.c -- see count.h.
 *
 * A walk goes over the log once.  What finished syncs made sure only grows on the way, so each
 * chain remembers how far it is sure and a crash point looks at what lies behind that.
 *
 * In journal and posix the sizes of a file are tried in the order of its chain.  From one to the
 * next only sectors between the two sizes change their factor, so the product over all visible
 * sectors is carried along: it is multiplied by the new factors and divided, exactly, by the old.
 */
#include "harness/fault/count.h"

#include "harness/fault/count_names.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

typedef struct walk {
    count_log log;
    tl_profile profile;
    size_t at;
    int64_t end;       /* operations < end count as issued: `at` is among them when it is no sync */
    size_t after_sync; /* 0, or the operation behind the last finished sync */
    size_t journal_sure; /* events that finished syncs demand */
    uint32_t part_sure;  /* parts of those events */

    /* journal: the state that journal_sure events leave */
    uint32_t *sure_sizes, *sure_names; /* indices, by file and by path */
    /* the state at hand */
    uint32_t *sizes, *names, *links; /* links: how many names lead to a file */
    uint32_t *low, *high;            /* sizes that weights[] was found for */
    count_weight *weights;           /* of each file */
    mpz_t states, outcomes;
} walk;

/* A product of small numbers, put into a large one rarely. */
typedef struct factors {
    unsigned long up, down;
} factors;

static void factor_in(unsigned long *side, mpz_ptr product, uint32_t factor, bool divide)
{
    if (*side > ULONG_MAX / factor) {
        if (divide)
            mpz_divexact_ui(product, product, *side);
        else
            mpz_mul_ui(product, product, *side);
        *side = 1;
    }
    *side *= factor;
}

/* How many versions a visible sector may hold when size `persisted` of its file is there. */
static uint32_t versions_allowed(const walk *w, const count_file *file, const count_sector *sector,
                                 uint32_t persisted)
{
    uint32_t since = file->sizes[persisted].since; /* writes before it were not waited for */
    uint32_t allowed = 0;
    for (uint32_t i = sector->sure; i < sector->count; i++) {
        const count_version *version = &sector->versions[i];
        if (version->op >= w->end)
            break;
        if (version->begins && version->size_event > persisted)
            break; /* the epoch ends here */
        bool is_there = version->size_event <= persisted;
        bool certain = i == sector->sure || version->begins || (version->zeroed && is_there) ||
                       (w->profile == TL_PROFILE_JOURNAL && version->ordered && is_there &&
                        version->size_event > since);
        allowed = certain ? 1 : allowed + 1;
    }
    assert(allowed > 0);
    return allowed;
}

/* Go from size `from` to size `to` of the chain of a file: multiply `product` by what changes.  In
 * a journal only between sizes with one `since`: otherwise older data may be free, anywhere. */
static void sizes_step(const walk *w, const count_file *file, uint32_t from, uint32_t to,
                       mpz_ptr product)
{
    uint64_t old = file->sizes[from].bytes, new = file->sizes[to].bytes;
    uint64_t low = old < new ? old : new, high = old < new ? new : old;
    factors f = {1, 1};
    for (uint32_t i = count_sector_from(file, low / TL_SECTOR_BYTES); i < file->sector_count; i++) {
        const count_sector *sector = &file->sectors[i];
        uint64_t begin = sector->number * TL_SECTOR_BYTES;
        if (begin >= high)
            break;
        if (begin < new)
            factor_in(&f.up, product, versions_allowed(w, file, sector, to), false);
        if (begin < old) /* its old factor is still in the product, so the division is exact */
            factor_in(&f.down, product, versions_allowed(w, file, sector, from), true);
    }
    mpz_mul_ui(product, product, f.up);
    mpz_divexact_ui(product, product, f.down);
}

/* The product over all visible sectors at one size. */
static void size_product(const walk *w, const count_file *file, uint32_t index, mpz_ptr product)
{
    unsigned long side = 1;
    mpz_set_ui(product, 1);
    for (uint32_t i = 0; i < file->sector_count; i++) {
        const count_sector *sector = &file->sectors[i];
        if (sector->number * TL_SECTOR_BYTES >= file->sizes[index].bytes)
            break;
        factor_in(&side, product, versions_allowed(w, file, sector, index), false);
    }
    mpz_mul_ui(product, product, side);
}

/* posix */

static tl_status posix_count(walk *w)
{
    mpz_t product;
    mpz_init(product);
    for (uint32_t i = 0; i < w->log.file_count; i++) {
        const count_file *file = &w->log.files[i];
        count_weight *weight = &w->weights[i];
        size_product(w, file, file->size_sure, product);
        mpz_set(weight->states, product);
        mpz_set_ui(weight->outcomes, 1);
        for (uint32_t k = file->size_sure + 1; k < file->size_count; k++) {
            if (file->sizes[k].op >= w->end)
                break;
            sizes_step(w, file, k - 1, k, product);
            mpz_add(weight->states, weight->states, product);
            mpz_add_ui(weight->outcomes, weight->outcomes, 1);
        }
    }
    mpz_clear(product);
    return count_names(&w->log, w->end, w->weights, w->states, w->outcomes);
}

/* journal */

/* The sizes that a file may have when `events` of the journal persisted: from w->sizes, the newest
 * that no write made, or what a sync found, to the last whose write stood behind those events. */
static uint32_t newest_size(const walk *w, const count_file *file, uint32_t low, size_t events)
{
    while (low + 1 < file->size_count && file->sizes[low + 1].by_write &&
           file->sizes[low + 1].op < w->end && file->sizes[low + 1].needs <= events)
        low++;
    return low;
}

/* Weigh the files that may have other sizes than with one event less. */
static void files_weigh(walk *w, size_t events, mpz_ptr product)
{
    for (uint32_t i = 0; i < w->log.file_count; i++) {
        const count_file *file = &w->log.files[i];
        count_weight *weight = &w->weights[i];
        uint32_t low = w->sizes[i] > file->size_sure ? w->sizes[i] : file->size_sure;
        uint32_t high = newest_size(w, file, low, events);
        if (w->low[i] == low && w->high[i] == high)
            continue;
        w->low[i] = low;
        w->high[i] = high;
        size_product(w, file, low, product);
        mpz_set(weight->states, product);
        for (uint32_t k = low + 1; k <= high; k++) {
            if (file->sizes[k].since == file->sizes[k - 1].since)
                sizes_step(w, file, k - 1, k, product);
            else
                size_product(w, file, k, product);
            mpz_add(weight->states, weight->states, product);
        }
        mpz_set_ui(weight->outcomes, high - low + 1);
    }
}

static void part_take(walk *w, const count_part *part)
{
    if (part->is_size) {
        w->sizes[part->which] = part->index;
        return;
    }
    const count_name *names = w->log.paths[part->which].names;
    uint32_t old = names[w->names[part->which]].file, new = names[part->index].file;
    w->names[part->which] = part->index;
    if (new != COUNT_NO_FILE)
        w->links[new]++;
    if (old != COUNT_NO_FILE)
        w->links[old]--;
}

/* Begin with what is sure. */
static void journal_begin(walk *w)
{
    for (uint32_t i = 0; i < w->log.file_count; i++) {
        w->links[i] = 0;
        w->sizes[i] = w->sure_sizes[i];
        w->low[i] = UINT32_MAX;
    }
    for (uint32_t i = 0; i < w->log.path_count; i++) {
        w->names[i] = w->sure_names[i];
        uint32_t file = w->log.paths[i].names[w->names[i]].file;
        if (file != COUNT_NO_FILE)
            w->links[file]++;
    }
}

static void journal_count(walk *w)
{
    mpz_t states, outcomes;
    mpz_inits(states, outcomes, NULL);
    journal_begin(w);
    mpz_set_ui(w->states, 0);
    mpz_set_ui(w->outcomes, 0);
    uint32_t part = w->part_sure;
    size_t last = w->log.events_before[w->end];
    for (size_t events = w->journal_sure; events <= last; events++) {
        for (; part < w->log.part_count && w->log.parts[part].event < events; part++)
            part_take(w, &w->log.parts[part]);
        files_weigh(w, events, states);
        mpz_set_ui(states, 1);
        mpz_set_ui(outcomes, 1);
        for (uint32_t i = 0; i < w->log.file_count; i++) {
            if (w->links[i] == 0)
                continue;
            mpz_mul(states, states, w->weights[i].states);
            mpz_mul(outcomes, outcomes, w->weights[i].outcomes);
        }
        mpz_add(w->states, w->states, states);
        mpz_add(w->outcomes, w->outcomes, outcomes);
    }
    mpz_clears(states, outcomes, NULL);
}

/* sigkill, prefix */

static void sigkill_count(walk *w)
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

static void prefix_count(walk *w)
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

/* A finished sync of a file: sizes and versions made by operations < i are sure. */
static void file_is_sure(count_file *file, int64_t i)
{
    while (file->size_sure + 1 < file->size_count && file->sizes[file->size_sure + 1].op < i)
        file->size_sure++;
    for (uint32_t s = 0; s < file->sector_count; s++) {
        count_sector *sector = &file->sectors[s];
        while (sector->sure + 1 < sector->count && sector->versions[sector->sure + 1].op < i)
            sector->sure++;
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

static void journal_is_sure(walk *w, size_t events)
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
static void write_is_sure(walk *w, const tl_simdisk_op *op, int64_t i)
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

static void op_finishes(walk *w, size_t i)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(w->log.trace, i);
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

static void walk_to(walk *w, size_t at)
{
    for (; w->at < at; w->at++)
        op_finishes(w, w->at);
    w->end = (int64_t)(at < w->log.op_count ? at + 1 : at);
}

static tl_status walk_count(walk *w)
{
    switch (w->profile) {
    case TL_PROFILE_SIGKILL:
        sigkill_count(w);
        return TL_OK;
    case TL_PROFILE_PREFIX:
        prefix_count(w);
        return TL_OK;
    case TL_PROFILE_JOURNAL:
        journal_count(w);
        return TL_OK;
    case TL_PROFILE_POSIX:
        return posix_count(w);
    default:
        return TL_UNSUPPORTED;
    }
}

static void walk_end(walk *w)
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

static tl_status walk_begin(walk *w, const tl_simdisk *trace, tl_profile profile)
{
    *w = (walk){.profile = profile};
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
    walk w;
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
    walk w;
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
