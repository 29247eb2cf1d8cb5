/* harness/check/enumerate_pick.c -- one state of an outcome, told by a word and a number.
 *
 * A sample is a function of the seed, the crash point and its number alone.  Four of five take any
 * names and sizes, the others the newest; then the versions come in one of four manners, three of
 * which decide by whole operations or only about those behind the last finished sync: there the
 * promises of a store are fresh.
 */
#include "harness/check/enumerate_body.h"
#include "harness/fault/simdisk_body.h"

#include <string.h>

static uint64_t spread(uint64_t word)
{
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

/* The `what`th random word of a sample. */
static uint64_t draw(const tl_enumerator *on, size_t point, uint64_t number, uint64_t what)
{
    uint64_t state = spread(on->options->seed + UINT64_C(0x9e3779b97f4a7c15));
    state = spread(state ^ (point + 1) * UINT64_C(0xd6e8feb86659fd93));
    state = spread(state ^ (number + 1) * UINT64_C(0xa0761d6478bd642f));
    return spread(state + what * UINT64_C(0x9e3779b97f4a7c15));
}

enum {
    DRAW_OUTCOME_KIND,
    DRAW_OUTCOME,
    DRAW_MANNER,
    DRAW_GARBAGE,
    DRAW_UNITS,
    DRAW_FIRST_FREE = 16
};

uint64_t tl_enumerate_sample_outcome(const tl_enumerator *on, uint64_t number)
{
    size_t point = tl_pending_at(on->pending);
    if (draw(on, point, number, DRAW_OUTCOME_KIND) % 5 == 0)
        return tl_pending_newest_outcome(on->pending);
    return draw(on, point, number, DRAW_OUTCOME) % tl_pending_outcome_count(on->pending);
}

/* The operation behind the last finished sync. */
static size_t window_of(const tl_enumerator *on, size_t point)
{
    for (size_t i = point; i-- > 0;) {
        if (tl_simdisk_op_syncs(tl_simdisk_op_at(on->trace->disk, i)))
            return i + 1;
    }
    return 0;
}

typedef struct picking {
    const tl_enumerator *on;
    const tl_state_id *where;
    size_t window;
    uint64_t manner;
    uint32_t version_end; /* versions made before the crash are below it */
} picking;

static size_t maker_of(const picking *pick, const tl_open_sector *open, uint32_t v)
{
    size_t op = SIZE_MAX; /* it was there when the log began */
    (void)tl_pending_maker(pick->on->pending, pick->on->possible.logged[open->first + v], &op);
    return op;
}

/* The newest version not made by `op`. */
static uint32_t without(const picking *pick, const tl_open_sector *open, size_t op)
{
    for (uint32_t v = open->count; v-- > 0;) {
        if (maker_of(pick, open, v) != op)
            return v;
    }
    return open->count - 1;
}

/* The version made by `op`, or else the oldest. */
static uint32_t only_with(const picking *pick, const tl_open_sector *open, size_t op)
{
    for (uint32_t v = open->count; v-- > 0;) {
        if (maker_of(pick, open, v) == op)
            return v;
    }
    return 0;
}

static uint64_t toss(const picking *pick, uint64_t what)
{
    return draw(pick->on, pick->where->point, pick->where->number, DRAW_FIRST_FREE + what);
}

static uint32_t sample(const picking *pick, const tl_open_sector *open)
{
    uint64_t coin = toss(pick, (uint64_t)open->file << 40 ^ open->sector);
    if (pick->manner == 0)
        return (uint32_t)(coin % open->count);
    if (pick->manner == 1) { /* whole operations, kept or dropped */
        for (uint32_t v = open->count; v-- > 0;) {
            size_t op = maker_of(pick, open, v);
            if (op == SIZE_MAX || toss(pick, UINT64_C(1) << 62 ^ op) % 2 == 0)
                return v;
        }
        return 0;
    }
    /* anything of the newest window; before it all, or only what is certain */
    uint32_t fresh = open->count;
    while (fresh > 0 && maker_of(pick, open, fresh - 1) != SIZE_MAX &&
           maker_of(pick, open, fresh - 1) >= pick->window)
        fresh--;
    uint32_t before = pick->manner == 2 && fresh > 0 ? fresh - 1 : 0;
    uint32_t taken = (uint32_t)(coin % (open->count - fresh + 1));
    return taken == 0 ? before : fresh + taken - 1;
}

/* The version listed for sector `index`, or else `otherwise`. */
static uint32_t listed(const tl_state_id *where, uint32_t index, uint32_t otherwise)
{
    for (uint32_t i = 0; i + 1 < where->branch_count; i += 2)
        if (where->branches[i] == index)
            return where->branches[i + 1];
    return otherwise;
}

/* Are all that are listed there? */
static bool list_is_possible(const tl_possible *possible, const tl_state_id *where)
{
    for (uint32_t i = 0; i + 1 < where->branch_count; i += 2)
        if (where->branches[i] >= possible->open_count ||
            where->branches[i + 1] >= possible->open[where->branches[i]].count)
            return false;
    return true;
}

static uint32_t version_of(const picking *pick, const tl_open_sector *open)
{
    const tl_simdisk_op *flying = NULL;
    const tl_state_id *where = pick->where;
    if (where->point < tl_simdisk_op_count(pick->on->trace->disk))
        flying = tl_simdisk_op_at(pick->on->trace->disk, where->point);
    bool reached = flying != NULL && open->sector < flying->first_sector + where->number;
    switch (where->pick) {
    case TL_PICK_NEWEST:
        return open->count - 1;
    case TL_PICK_DROP:
        return without(pick, open, (size_t)where->number);
    case TL_PICK_KEEP:
        return only_with(pick, open, (size_t)where->number);
    case TL_PICK_TEAR:
        return reached ? open->count - 1 : without(pick, open, where->point);
    case TL_PICK_TEAR_BARE:
        return reached ? only_with(pick, open, where->point) : 0;
    case TL_PICK_SAMPLE:
        return sample(pick, open);
    case TL_PICK_LESS:
        return listed(where, (uint32_t)(open - pick->on->possible.open), open->count - 1);
    case TL_PICK_PLUS:
        return listed(where, (uint32_t)(open - pick->on->possible.open), 0);
    default:
        return 0;
    }
}

/* Anything at all, as far as the file reaches, in place of a sector. */
static tl_status garbage_put(tl_enumerator *on, const picking *pick, uint32_t file, uint32_t sector)
{
    tl_image *image = &on->possible.image;
    uint32_t version;
    tl_status status = tl_versions_add(image->versions, 1, &version);
    if (status != TL_OK)
        return status;
    uint64_t coin = toss(pick, UINT64_C(3) << 60 ^ (uint64_t)file << 40 ^ sector);
    uint8_t *bytes = tl_version_bytes(image->versions, version);
    size_t inside = TL_SECTOR_BYTES;
    uint64_t size = image->files[file].size_bytes;
    if (size < ((uint64_t)sector + 1) * TL_SECTOR_BYTES)
        inside = size % TL_SECTOR_BYTES;
    memset(bytes, coin % 4 == 0 ? 0xff : 0, TL_SECTOR_BYTES);
    uint32_t old = coin % 4 == 1 ? pick->version_end : 0;
    if (old > 1) /* what some sector held once */
        memcpy(bytes, tl_version_bytes(image->versions, 1 + (uint32_t)(coin >> 8) % (old - 1)),
               TL_SECTOR_BYTES);
    for (size_t i = 0; i < TL_SECTOR_BYTES && coin % 4 > 1; i += sizeof coin) {
        uint64_t word = spread(coin + i);
        memcpy(bytes + i, &word, sizeof word);
    }
    memset(bytes + inside, 0, TL_SECTOR_BYTES - inside);
    tl_image_set_sector(image, file, sector, version);
    return TL_OK;
}

static uint32_t version_end_of(const tl_simdisk *disk, size_t point)
{
    uint32_t end = 1;
    for (size_t i = 0; i < point && i < disk->op_count; i++) {
        if (disk->ops[i].first_version + disk->ops[i].sector_count > end)
            end = disk->ops[i].first_version + disk->ops[i].sector_count;
    }
    return end;
}

/* Which units in flight this sample spoils: half of them, one of eight, half of those that the
 * operation in flight touches, or all. */
static bool unit_is_spoilt(const tl_enumerator *on, const picking *pick, uint32_t file,
                           uint64_t unit)
{
    const tl_simdisk *disk = on->trace->disk;
    size_t point = pick->where->point;
    uint64_t manner = draw(on, point, pick->where->number, DRAW_UNITS) % 4;
    uint64_t coin = toss(pick, UINT64_C(1) << 61 ^ (uint64_t)file << 40 ^ unit);
    if (manner == 2) {
        const tl_simdisk_op *op = point < disk->op_count ? &disk->ops[point] : NULL;
        bool flies = op != NULL && op->kind == TL_SIMDISK_WRITE && op->file == file &&
                     unit >= op->offset / TL_UNIT_BYTES &&
                     unit <= (op->offset + op->size_bytes - 1) / TL_UNIT_BYTES;
        return flies && coin % 2 == 0;
    }
    bool chosen = manner == 0 ? coin % 2 == 0 : manner == 1 ? coin % 8 == 0 : true;
    return chosen && tl_pending_unit_flies(on->pending, file, unit);
}

static tl_status garble_file(tl_enumerator *on, const picking *pick, uint32_t file, uint64_t often)
{
    enum { UNIT_SECTORS = TL_UNIT_BYTES / TL_SECTOR_BYTES };
    const tl_simfile *body = &on->possible.image.files[file];
    uint64_t certain = tl_pending_certain_bytes(on->pending, file);
    tl_status status = TL_OK;
    bool spoilt = false;
    for (uint32_t s = 0; s < body->sector_count && status == TL_OK; s++) {
        if (s % UNIT_SECTORS == 0)
            spoilt = unit_is_spoilt(on, pick, file, s / UNIT_SECTORS);
        uint64_t coin = toss(pick, UINT64_C(5) << 60 ^ (uint64_t)file << 40 ^ s);
        bool old = body->sectors[s] == 0 && (uint64_t)s * TL_SECTOR_BYTES >= certain;
        if (spoilt || (old && coin % 4 < often))
            status = garbage_put(on, pick, file, s);
    }
    return status;
}

/* Units in flight, and zeros that nobody wrote and no sync has seen, may be anything. */
static tl_status garble(tl_enumerator *on, const picking *pick)
{
    const tl_image *image = &on->possible.image;
    uint64_t often = draw(on, pick->where->point, pick->where->number, DRAW_GARBAGE) % 4;
    tl_status status = TL_OK;
    for (uint32_t file = 0; file < image->file_count && status == TL_OK; file++) {
        if (tl_image_is_named(image, file))
            status = garble_file(on, pick, file, often);
    }
    return status;
}

tl_status tl_enumerate_pick(tl_enumerator *on, const tl_state_id *where)
{
    tl_possible *possible = &on->possible;
    picking pick = {.on = on, .where = where};
    if (tl_pick_lists(where->pick) && !list_is_possible(possible, where))
        return TL_INVALID;
    if (where->pick == TL_PICK_SAMPLE) {
        pick.window = window_of(on, where->point);
        pick.manner = draw(on, where->point, where->number, DRAW_MANNER) % 4;
    }
    for (uint32_t i = 0; i < possible->open_count; i++) {
        const tl_open_sector *open = &possible->open[i];
        uint32_t version = possible->shown[open->first + version_of(&pick, open)];
        tl_image_set_sector(&possible->image, open->file, open->sector, version);
    }
    possible->open_count = possible->version_count = 0;
    if (where->profile != TL_PROFILE_GARBAGE)
        return TL_OK;
    pick.version_end = version_end_of(on->trace->disk, where->point);
    return garble(on, &pick);
}
