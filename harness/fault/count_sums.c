/* harness/fault/count_sums.c -- journal and posix: sums over names and sizes of products over
 * sectors.
 *
 * The sizes of a file are tried in the order of its chain.  From one to the next only sectors
 * between the two sizes change their factor, so the product over all visible sectors is carried
 * along: it is multiplied by the new factors and divided, exactly, by the old.
 */
#include "harness/fault/count_walk.h"

#include <assert.h>
#include <limits.h>

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
static uint32_t versions_allowed(const count_walk *w, const count_file *file,
                                 const count_sector *sector, uint32_t persisted)
{
    uint32_t since = file->sizes[persisted].since; /* writes before it were not waited for */
    if (since < file->unordered)
        since = file->unordered;
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
static void sizes_step(const count_walk *w, const count_file *file, uint32_t from, uint32_t to,
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
static void size_product(const count_walk *w, const count_file *file, uint32_t index,
                         mpz_ptr product)
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

tl_status count_posix(count_walk *w)
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
static uint32_t newest_size(const count_walk *w, const count_file *file, uint32_t low,
                            size_t events)
{
    while (low + 1 < file->size_count && file->sizes[low + 1].by_write &&
           file->sizes[low + 1].op < w->end && file->sizes[low + 1].needs <= events)
        low++;
    return low;
}

/* Weigh the files that may have other sizes than with one event less. */
static void files_weigh(count_walk *w, size_t events, mpz_ptr product)
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

static void part_take(count_walk *w, const count_part *part)
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
static void journal_begin(count_walk *w)
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

void count_journal(count_walk *w)
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
