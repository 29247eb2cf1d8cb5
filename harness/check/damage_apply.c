/* harness/check/damage_apply.c -- see damage_apply.h. */
#include "harness/check/damage_apply.h"

#include <assert.h>
#include <string.h>

enum { BITS = 8 };

static const uint8_t zeros[65536]; /* the largest page */

static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* ---- numbering ---- */

static uint64_t units(uint64_t size_bytes, uint64_t unit)
{
    return (size_bytes + unit - 1) / unit;
}

static uint64_t sectors_in(const tl_damage_target *target) /* a page */
{
    return target->image->page_bytes / TL_SECTOR_BYTES;
}

static uint64_t count_in(const tl_damage_target *target, tl_damage_kind kind, unsigned f)
{
    const tl_damage_file *file = &target->image->files[f];
    uint64_t size = file->now.size_bytes, pages = size / target->image->page_bytes;
    switch (kind) {
    case TL_DAMAGE_FLIP:
        return size;
    case TL_DAMAGE_BIT:
        return target->map->bitwise_count[f] * BITS;
    case TL_DAMAGE_ZERO_SECTOR:
    case TL_DAMAGE_TRUNCATE: /* at the begin of each sector, so that something is cut off */
        return units(size, TL_SECTOR_BYTES);
    case TL_DAMAGE_ZERO_PAGE:
        return units(size, target->image->page_bytes);
    case TL_DAMAGE_STALE:
        return file->stale_count;
    case TL_DAMAGE_STALE_SECTOR:
        return file->stale_count * sectors_in(target);
    case TL_DAMAGE_MISDIRECT:
        return pages == 0 ? 0 : pages * (pages - 1);
    case TL_DAMAGE_SWAP:
        return pages == 0 ? 0 : pages * (pages - 1) / 2;
    case TL_DAMAGE_EARLIER:
        return file->earlier_count;
    case TL_DAMAGE_FOREIGN:
        return file->foreign.data != NULL;
    case TL_DAMAGE_KIND_COUNT:
        break;
    }
    return 0;
}

uint64_t tl_damage_count(const tl_damage_target *target, tl_damage_kind kind)
{
    uint64_t count = 0;
    for (unsigned f = 0; f < target->image->file_count; f++)
        count += count_in(target, kind, f);
    return count;
}

/* Pair number `index` of 0:1, 0:2, 1:2, 0:3, ... */
static void nth_pair(uint64_t index, tl_damage_case *damage)
{
    uint64_t high = 1;
    while (index >= high)
        index -= high++;
    damage->place = index;
    damage->value = high;
}

void tl_damage_nth(const tl_damage_target *target, tl_damage_kind kind, uint64_t index,
                   tl_damage_case *damage)
{
    *damage = (tl_damage_case){.kind = kind};
    uint64_t there;
    while (index >= (there = count_in(target, kind, damage->file))) {
        index -= there;
        damage->file++;
    }
    const tl_damage_file *file = &target->image->files[damage->file];
    uint64_t pages = file->now.size_bytes / target->image->page_bytes;
    uint64_t sectors = sectors_in(target);
    damage->place = index;
    switch (kind) {
    case TL_DAMAGE_FLIP: /* a byte that is never 0 */
        damage->value = 1 + mixed(target->seed ^ mixed(index + 1) ^ damage->file) % 255;
        break;
    case TL_DAMAGE_BIT:
        damage->place = target->map->bitwise[damage->file][index / BITS];
        damage->value = UINT64_C(1) << index % BITS;
        break;
    case TL_DAMAGE_TRUNCATE:
        damage->place = index * TL_SECTOR_BYTES;
        break;
    case TL_DAMAGE_STALE:
        damage->place = file->stale[index].pgno;
        damage->value = file->stale[index].version;
        break;
    case TL_DAMAGE_STALE_SECTOR:
        damage->value = file->stale[index / sectors].version;
        damage->place = file->stale[index / sectors].pgno * sectors + index % sectors;
        break;
    case TL_DAMAGE_MISDIRECT:
        damage->place = index / (pages - 1);
        damage->value = index % (pages - 1);
        damage->value += damage->value >= damage->place;
        break;
    case TL_DAMAGE_SWAP:
        nth_pair(index, damage);
        break;
    case TL_DAMAGE_EARLIER:
        damage->place = file->earlier[index].commit;
        break;
    case TL_DAMAGE_ZERO_SECTOR:
    case TL_DAMAGE_ZERO_PAGE:
    case TL_DAMAGE_FOREIGN:
    case TL_DAMAGE_KIND_COUNT:
        break;
    }
}

/* ---- what it changes ---- */

static const tl_damage_page *stale_page(const tl_damage_target *target,
                                        const tl_damage_case *damage)
{
    const tl_damage_file *file = &target->image->files[damage->file];
    uint64_t pgno =
        damage->kind == TL_DAMAGE_STALE ? damage->place : damage->place / sectors_in(target);
    for (size_t i = 0; i < file->stale_count; i++) {
        if (file->stale[i].pgno == pgno && file->stale[i].version == damage->value)
            return &file->stale[i];
    }
    return NULL;
}

static const tl_damage_bytes *other_file(const tl_damage_file *file, const tl_damage_case *damage)
{
    if (damage->kind == TL_DAMAGE_FOREIGN)
        return file->foreign.data == NULL ? NULL : &file->foreign;
    for (size_t i = 0; i < file->earlier_count; i++) {
        if (file->earlier[i].commit == damage->place)
            return &file->earlier[i].bytes;
    }
    return NULL;
}

bool tl_damage_exists(const tl_damage_target *target, const tl_damage_case *damage)
{
    if (damage->file >= target->image->file_count)
        return false;
    const tl_damage_file *file = &target->image->files[damage->file];
    uint64_t size = file->now.size_bytes, pages = size / target->image->page_bytes;
    switch (damage->kind) {
    case TL_DAMAGE_FLIP:
    case TL_DAMAGE_BIT:
        return damage->place < size && damage->value > 0 && damage->value < 256;
    case TL_DAMAGE_ZERO_SECTOR:
        return damage->place < units(size, TL_SECTOR_BYTES);
    case TL_DAMAGE_ZERO_PAGE:
        return damage->place < units(size, target->image->page_bytes);
    case TL_DAMAGE_TRUNCATE:
        return damage->place < size;
    case TL_DAMAGE_STALE:
    case TL_DAMAGE_STALE_SECTOR:
        return stale_page(target, damage) != NULL;
    case TL_DAMAGE_MISDIRECT:
    case TL_DAMAGE_SWAP:
        return damage->place < pages && damage->value < pages && damage->place != damage->value;
    case TL_DAMAGE_EARLIER:
    case TL_DAMAGE_FOREIGN:
        return other_file(file, damage) != NULL;
    case TL_DAMAGE_KIND_COUNT:
        break;
    }
    return false;
}

static void add_write(tl_damage_change *change, uint64_t offset, const uint8_t *bytes,
                      uint64_t size_bytes)
{
    change->writes[change->write_count].offset = offset;
    change->writes[change->write_count].bytes = bytes;
    change->writes[change->write_count++].size_bytes = size_bytes;
}

static void plan_writes(const tl_damage_target *target, const tl_damage_case *damage,
                        tl_damage_change *change)
{
    const tl_damage_file *file = &target->image->files[damage->file];
    const uint64_t page_bytes = target->image->page_bytes, size = file->now.size_bytes;
    bool sector = damage->kind == TL_DAMAGE_ZERO_SECTOR || damage->kind == TL_DAMAGE_STALE_SECTOR;
    uint64_t unit = sector ? TL_SECTOR_BYTES : page_bytes, inside = 0;
    uint64_t at = damage->place * unit, there = at < size ? size - at : 0;
    const uint8_t *now = file->now.data;
    const tl_damage_bytes *other;
    switch (damage->kind) {
    case TL_DAMAGE_FLIP:
    case TL_DAMAGE_BIT:
        change->byte = (uint8_t)(now[damage->place] ^ damage->value);
        add_write(change, damage->place, &change->byte, 1);
        break;
    case TL_DAMAGE_ZERO_SECTOR:
    case TL_DAMAGE_ZERO_PAGE:
        add_write(change, at, zeros, there < unit ? there : unit);
        break;
    case TL_DAMAGE_STALE:
        add_write(change, at, stale_page(target, damage)->data, page_bytes);
        break;
    case TL_DAMAGE_STALE_SECTOR:
        inside = at % page_bytes;
        add_write(change, at, stale_page(target, damage)->data + inside, TL_SECTOR_BYTES);
        break;
    case TL_DAMAGE_SWAP:
        add_write(change, at, now + damage->value * page_bytes, page_bytes);
        add_write(change, damage->value * page_bytes, now + at, page_bytes);
        break;
    case TL_DAMAGE_MISDIRECT:
        add_write(change, damage->value * page_bytes, now + at, page_bytes);
        break;
    case TL_DAMAGE_TRUNCATE:
        change->resize = true;
        change->size_bytes = damage->place;
        break;
    case TL_DAMAGE_EARLIER:
    case TL_DAMAGE_FOREIGN:
        other = other_file(file, damage);
        change->resize = true;
        change->size_bytes = other->size_bytes;
        add_write(change, 0, other->data, other->size_bytes);
        break;
    case TL_DAMAGE_KIND_COUNT:
        break;
    }
}

/* Count bytes [begin, end) of the file as changed, as far as `bytes` (NULL: cut off) differ. */
static void note_changed(const tl_damage_target *target, tl_damage_change *change, uint64_t begin,
                         uint64_t end, const uint8_t *bytes)
{
    const uint8_t *now = target->image->files[change->file].now.data;
    const uint8_t *map = target->map->bytes[change->file];
    tl_damage_span span = {change->file, end, begin};
    for (uint64_t i = begin; i < end; i++) {
        if (bytes != NULL && bytes[i - begin] == now[i])
            continue;
        span.begin = i < span.begin ? i : span.begin;
        span.end = i + 1;
        bool live = (map[i] & TL_DAMAGE_LIVE) != 0;
        tl_damage_region region = (tl_damage_region)(map[i] & TL_DAMAGE_REGION_MASK);
        if (live > change->live || (live == change->live && region < change->region))
            change->region = region;
        change->live = change->live || live;
    }
    if (span.begin < span.end)
        change->spans[change->span_count++] = span;
}

void tl_damage_plan(const tl_damage_target *target, const tl_damage_case *damage,
                    tl_damage_change *change)
{
    *change = (tl_damage_change){.file = damage->file, .region = TL_DAMAGE_REGION_COUNT};
    plan_writes(target, damage, change);
    uint64_t size = target->image->files[damage->file].now.size_bytes;
    for (unsigned w = 0; w < change->write_count; w++) {
        uint64_t begin = change->writes[w].offset, end = begin + change->writes[w].size_bytes;
        note_changed(target, change, begin, end < size ? end : size, change->writes[w].bytes);
    }
    if (change->resize && change->size_bytes < size)
        note_changed(target, change, change->size_bytes, size, NULL);
    else if (change->resize && change->size_bytes > size && change->span_count == 0) {
        change->spans[change->span_count++] = (tl_damage_span){damage->file, size, size};
        change->region = TL_DAMAGE_REGION_PADDING; /* longer, the same otherwise */
    }
}

tl_status tl_damage_apply(tl_damage_image *image, const tl_damage_change *change)
{
    tl_io *io = tl_simdisk_io(image->disk);
    tl_file *file = NULL;
    tl_status status = io->open(io, image->files[change->file].path, TL_IO_WRITE, &file);
    if (status != TL_OK)
        return status;
    if (change->resize)
        status = io->truncate(io, file, change->size_bytes);
    for (unsigned w = 0; w < change->write_count && status == TL_OK; w++) {
        tl_io_span span = {change->writes[w].bytes, (size_t)change->writes[w].size_bytes};
        if (span.size_bytes > 0)
            status = io->pwritev(io, file, change->writes[w].offset, &span, 1);
    }
    io->close(io, file);
    return status;
}

/* ---- what cannot be told ---- */

/* Could a byte in the span have changed?  Spans of a change are its first to its last byte. */
static bool touches(const tl_damage_change *change, const tl_damage_span *span)
{
    for (unsigned i = 0; i < change->span_count; i++) {
        if (change->file == span->file && change->spans[i].begin < span->end &&
            span->begin < change->spans[i].end)
            return true;
    }
    return false;
}

static bool touches_any(const tl_damage_target *target, const tl_damage_change *change,
                        size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        if (touches(change, &target->map->spans[i]))
            return true;
    }
    return false;
}

/* The tail of the log, from the first damaged flush on, when none behind it is intact. */
static bool tail_hides(const tl_damage_target *target, const tl_damage_change *change, size_t found)
{
    const tl_damage_map *map = target->map;
    bool behind_is_damaged = true;
    for (size_t i = map->flush_count; i-- > 0 && behind_is_damaged;) {
        const tl_damage_flush *flush = &map->flushes[i];
        behind_is_damaged = touches_any(target, change, flush->first_span, flush->span_count);
        if (behind_is_damaged && flush->before == found)
            return true;
    }
    return false;
}

bool tl_damage_hides(const tl_damage_target *target, const tl_damage_case *damage,
                     const tl_damage_change *change, size_t found)
{
    const tl_damage_map *map = target->map;
    if (!map->known)
        return false;
    if (tail_hides(target, change, found))
        return true;
    if (map->flush_count > 0) /* frames behind the newest meta prove that it was there */
        return false;
    bool shorter = change->resize && change->size_bytes < map->span_bytes &&
                   change->file == map->meta_copies[0].file;
    if (map->manifest_span_count > 0 && found >= map->older_commit &&
        (shorter || touches_any(target, change, map->manifest_span, map->manifest_span_count)))
        return true;
    if (touches(change, &map->meta_copies[0]) && touches(change, &map->meta_copies[1]) &&
        found >= map->older_commit)
        return true;
    return damage->kind == TL_DAMAGE_EARLIER && damage->file == map->meta_copies[0].file;
}
