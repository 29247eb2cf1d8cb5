/* harness/fault/pending_sizes.c -- which sizes the named files of an outcome may have.
 *
 * Given the names, and under journal the events that persisted, each file has a range of sizes to
 * choose from.  Outcomes number these choices like digits: the file with the highest number counts
 * fastest.
 */
#include "harness/fault/pending_body.h"

enum { COMBOS_MAX = 1 << 20 };

tl_status tl_pending_size_add(tl_pending *pending, uint32_t file, tl_pending_size size)
{
    tl_pending_file *body = &pending->files[file];
    tl_status status = tl_pending_reserve(&body->sizes, &body->size_capacity, body->size_count + 1,
                                          sizeof *body->sizes);
    if (status == TL_OK)
        body->sizes[body->size_count++] = size;
    return status;
}

static uint64_t size_bytes(const tl_pending *pending, uint32_t file, uint32_t number)
{
    return number == 0 ? pending->durable.files[file].size_bytes
                       : pending->files[file].sizes[number - 1].bytes;
}

uint32_t tl_pending_size_reaches(tl_pending *pending, uint32_t file, uint64_t end)
{
    tl_pending_file *body = &pending->files[file];
    uint32_t number = body->size_count;
    while (number > 0 && size_bytes(pending, file, number - 1) >= end)
        number--;
    if (number <= body->size_floor)
        return 0;
    body->size_floor = number;
    return body->sizes[number - 1].needs;
}

typedef struct range {
    uint32_t low, high; /* both may be chosen */
} range;

/* Under journal: what no write made is there exactly when its event is; what a write made hangs on
 * the events before that write, and may always be late. */
static range sizes_of(const tl_pending *pending, uint32_t file, uint32_t events)
{
    const tl_pending_file *body = &pending->files[file];
    range sizes = {body->size_floor, body->size_count};
    if (pending->profile == TL_PROFILE_POSIX)
        return sizes;
    for (uint32_t n = 1; n <= body->size_count; n++) {
        const tl_pending_size *size = &body->sizes[n - 1];
        if (size->needs > events)
            return (range){sizes.low, n - 1};
        if (!size->by_write && n > sizes.low)
            sizes.low = n;
    }
    return sizes;
}

uint64_t tl_pending_sizes_count(const tl_pending *pending, const tl_image *names, uint32_t events)
{
    uint64_t product = 1;
    for (uint32_t file = 0; file < pending->issued.file_count; file++) {
        if (pending->files[file].size_count == 0 || !tl_image_is_named(names, file))
            continue;
        range sizes = sizes_of(pending, file, events);
        if (__builtin_mul_overflow(product, (uint64_t)sizes.high - sizes.low + 1, &product))
            return 0;
    }
    return product;
}

void tl_pending_sizes_show(tl_pending *pending, uint64_t index, const tl_image *names,
                           uint32_t events)
{
    for (uint32_t file = pending->issued.file_count; file-- > 0;) {
        if (!tl_image_is_named(names, file))
            continue;
        range sizes = sizes_of(pending, file, events);
        uint64_t count = (uint64_t)sizes.high - sizes.low + 1;
        pending->picked[file] = sizes.low + (uint32_t)(index % count);
        index /= count;
    }
}

uint32_t tl_pending_combo_of(const tl_pending *pending, uint64_t outcome)
{
    uint32_t low = 0, high = pending->combo_count;
    while (high - low > 1) { /* ends: shrinks every round */
        uint32_t middle = low + (high - low) / 2;
        if (pending->before[middle] <= outcome)
            low = middle;
        else
            high = middle;
    }
    return low;
}

tl_status tl_pending_combo_add(tl_pending *pending, uint64_t outcomes)
{
    tl_status status = tl_pending_reserve(&pending->before, &pending->before_capacity,
                                          pending->combo_count + 1, sizeof *pending->before);
    if (status != TL_OK)
        return status;
    pending->before[pending->combo_count++] = pending->outcome_count;
    if (outcomes == 0 || pending->combo_count == COMBOS_MAX ||
        __builtin_add_overflow(pending->outcome_count, outcomes, &pending->outcome_count))
        return TL_NO_SPACE;
    return TL_OK;
}
