/* harness/fault/choices_read.c -- reads that decide sector by sector. */
#include "harness/fault/choices_body.h"

#include <assert.h>
#include <string.h>

void tl_choices_note(tl_choices *choices, uint64_t what)
{
    uint64_t hash = (choices->run_trace ^ what) * UINT64_C(0xd6e8feb86659fd93);
    choices->run_trace = hash ^ hash >> 32;
}

static uint32_t *table(tl_choices *choices, uint32_t file)
{
    return choices->state->image.files[file].sectors;
}

/* What the table says is there; of an open choice the oldest content that is left. */
static uint32_t version_at(tl_choices *choices, uint32_t entry)
{
    if ((entry & TL_VERSION_OPEN) == 0)
        return entry;
    const tl_open *open = tl_choices_open(choices, entry);
    return choices->contents[open->first + (uint32_t)__builtin_ctzll(open->mask)].version;
}

/* How many sectors from `sector` to `last` hold consecutive versions, the first of them `version`;
 * all made by the run, or none. */
static uint32_t row_of(const tl_choices *choices, const uint32_t *entries, uint64_t sector,
                       uint64_t last, uint32_t version)
{
    uint32_t count = 1, end = version < choices->run_mark ? choices->run_mark : UINT32_MAX;
    while (sector + count <= last && entries[sector + count] == version + count &&
           version + count < end)
        count++;
    return count;
}

static void bits_set(tl_long_words *bits, uint64_t sector, uint32_t count)
{
    uint64_t end = sector + count, known = (uint64_t)bits->count * 64;
    for (end = end < known ? end : known; sector < end; sector = (sector | 63) + 1) {
        uint64_t up = end - (sector & ~UINT64_C(63)); /* bits of this word below it */
        uint64_t mask = UINT64_MAX << sector % 64;
        bits->at[sector / 64] |= up < 64 ? mask & ((UINT64_C(1) << up) - 1) : mask;
    }
}

tl_status tl_choices_note_sectors(tl_choices *choices, uint32_t file, uint64_t first, uint64_t last,
                                  bool contents)
{
    const uint32_t *entries = table(choices, file);
    tl_versions *versions = &choices->trace->share->versions;
    uint64_t hash = 0;
    uint32_t count;
    for (uint64_t sector = first; sector <= last; sector += count) {
        uint32_t version = version_at(choices, entries[sector]);
        count = entries[sector] == version ? row_of(choices, entries, sector, last, version) : 1;
        count = count < TL_VERSION_ROW_MAX ? count : TL_VERSION_ROW_MAX;
        if (version >= choices->run_mark)
            continue; /* the run wrote it: it follows from what it read */
        if (file < choices->image.file_count)
            bits_set(&choices->read_bits[file], sector, count);
        if (contents)
            hash = tl_version_row_hash(versions, hash, version, count);
    }
    if (contents)
        tl_choices_note(choices, hash);
    return TL_OK;
}

void tl_choices_copy(tl_choices *choices, uint32_t file, uint64_t offset, void *buffer,
                     size_t size_bytes)
{
    const uint32_t *entries = table(choices, file);
    const tl_versions *versions = &choices->trace->share->versions;
    uint8_t *out = buffer;
    while (size_bytes > 0) { /* one round per run of consecutive versions */
        size_t sector = (size_t)(offset / TL_SECTOR_BYTES), inside = offset % TL_SECTOR_BYTES;
        uint32_t version = version_at(choices, entries[sector]);
        size_t run = TL_SECTOR_BYTES - inside;
        for (uint32_t next = 1;
             run < size_bytes && version != 0 && entries[sector + next] == version + next; next++)
            run += TL_SECTOR_BYTES;
        run = run < size_bytes ? run : size_bytes;
        memcpy(out, tl_version_bytes(versions, version) + inside, run);
        out += run;
        offset += run;
        size_bytes -= run;
    }
}

/* Contents of `among` that show the same bytes [from, to) as content `as`. */
static uint64_t alike(const tl_choices *choices, const tl_open *open, uint64_t among, uint32_t as,
                      size_t from, size_t to)
{
    const tl_versions *versions = &choices->trace->share->versions;
    const uint8_t *bytes = tl_version_bytes(versions, choices->contents[open->first + as].version);
    uint64_t class = UINT64_C(1) << as;
    for (uint64_t left = among & ~class; left != 0; left &= left - 1) {
        uint32_t other = (uint32_t)__builtin_ctzll(left);
        const uint8_t *theirs =
            tl_version_bytes(versions, choices->contents[open->first + other].version);
        if (memcmp(bytes + from, theirs + from, to - from) == 0)
            class |= UINT64_C(1) << other;
    }
    return class;
}

static uint32_t newest_of(uint64_t mask)
{
    return 63 - (uint32_t)__builtin_clzll(mask);
}

static uint32_t class_count(const tl_choices *choices, const tl_open *open, size_t from, size_t to)
{
    uint32_t count = 0;
    for (uint64_t left = open->mask; left != 0; count++)
        left &= ~alike(choices, open, left, newest_of(left), from, to);
    return count;
}

/* Begin a decision about one sector; add its branches, newest first, as words. */
static tl_decision about(tl_choices *choices, uint32_t open)
{
    return (tl_decision){.kind = TL_DECIDE_CONTENT, .open = open, .words = choices->words.count};
}

static tl_status branch_add(tl_choices *choices, tl_decision *made, uint64_t mask)
{
    if (!tl_choices_possible(choices, made->open, mask))
        return TL_OK;
    if (tl_choices_words_add(&choices->words, mask) != TL_OK)
        return tl_choices_stop(choices, TL_RUN_NO_MEMORY);
    made->branch_count++;
    return TL_OK;
}

tl_status tl_choices_decide_content(tl_choices *choices, uint32_t index, size_t from, size_t to)
{
    tl_open *open = &choices->opens[index];
    if (class_count(choices, open, from, to) == 1)
        return TL_OK;
    tl_status status;
    tl_decision *decision = tl_choices_repeat(choices, TL_DECIDE_CONTENT, &status);
    if (status != TL_OK)
        return status;
    if (decision == NULL) {
        tl_decision made = about(choices, index);
        for (uint64_t left = open->mask; left != 0 && status == TL_OK;) {
            uint64_t class = alike(choices, open, left, newest_of(left), from, to);
            left &= ~class;
            status = branch_add(choices, &made, class);
        }
        if (status == TL_OK)
            status = tl_choices_decide(choices, &made, &decision);
        if (status != TL_OK)
            return status;
    }
    tl_choices_narrow(choices, decision->open,
                      choices->words.at[decision->words + decision->branch]);
    return TL_OK;
}

tl_status tl_choices_pin(tl_choices *choices, uint32_t file, uint64_t sector)
{
    if (choices->end != TL_RUN_WHOLE)
        return TL_IO;
    const tl_simfile *body = &choices->state->image.files[file];
    if (sector >= body->sector_count)
        return TL_OK;
    tl_choices_note(choices, sector ^ (uint64_t)file << 40 ^ UINT64_C(3) << 62);
    tl_status status = TL_OK;
    if ((body->sectors[sector] & TL_VERSION_OPEN) != 0)
        status = tl_choices_decide_content(choices, body->sectors[sector] & ~TL_VERSION_OPEN, 0,
                                           TL_SECTOR_BYTES);
    return status == TL_OK ? tl_choices_note_sectors(choices, file, sector, sector, true) : status;
}

/* Which bytes of sector `sector` lie in [offset, offset + size_bytes)? */
static void part_of(uint64_t sector, uint64_t offset, size_t size_bytes, size_t *from, size_t *to)
{
    uint64_t begin = sector * TL_SECTOR_BYTES, end = offset + size_bytes;
    *from = offset > begin ? (size_t)(offset - begin) : 0;
    *to = end < begin + TL_SECTOR_BYTES ? (size_t)(end - begin) : TL_SECTOR_BYTES;
}

/* Would a plain read of these sectors branch into more than is allowed? */
static bool too_many(tl_choices *choices, uint32_t file, uint64_t offset, size_t size_bytes)
{
    uint64_t last = (offset + size_bytes - 1) / TL_SECTOR_BYTES, product = 1;
    for (uint64_t sector = offset / TL_SECTOR_BYTES; sector <= last; sector++) {
        uint32_t entry = table(choices, file)[sector];
        if ((entry & TL_VERSION_OPEN) == 0)
            continue;
        size_t from, to;
        part_of(sector, offset, size_bytes, &from, &to);
        product *= class_count(choices, tl_choices_open(choices, entry), from, to);
        if (product > choices->options.branches_max)
            return true;
    }
    return false;
}

tl_status tl_choices_read(tl_choices *choices, uint32_t file, uint64_t offset, void *buffer,
                          size_t size_bytes)
{
    if (choices->end != TL_RUN_WHOLE)
        return TL_IO;
    tl_choices_note(choices, offset ^ (uint64_t)file << 40);
    tl_choices_note(choices, size_bytes);
    if (size_bytes == 0)
        return TL_OK;
    if (too_many(choices, file, offset, size_bytes))
        return tl_choices_stop(choices, TL_RUN_NOT_COVERED);
    uint64_t first = offset / TL_SECTOR_BYTES;
    uint64_t last = (offset + size_bytes - 1) / TL_SECTOR_BYTES;
    for (uint64_t sector = first; sector <= last; sector++) {
        uint32_t entry = table(choices, file)[sector];
        if ((entry & TL_VERSION_OPEN) == 0)
            continue;
        size_t from, to;
        part_of(sector, offset, size_bytes, &from, &to);
        tl_status status = tl_choices_decide_content(choices, entry & ~TL_VERSION_OPEN, from, to);
        if (status != TL_OK)
            return status;
    }
    tl_choices_copy(choices, file, offset, buffer, size_bytes);
    return tl_choices_note_sectors(choices, file, first, last, true);
}

/* The piece with its one open sector showing content `as`. */
static bool verdict_of(tl_choices *choices, const tl_open *open, uint32_t as, uint64_t offset,
                       uint8_t *buffer, size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    size_t from, to;
    part_of(open->sector, offset, size_bytes, &from, &to);
    const uint8_t *bytes = tl_version_bytes(&choices->trace->share->versions,
                                            choices->contents[open->first + as].version);
    memcpy(buffer + ((uint64_t)open->sector * TL_SECTOR_BYTES + from - offset), bytes + from,
           to - from);
    return verify(context, buffer, size_bytes);
}

tl_status tl_choices_judge_one(tl_choices *choices, uint32_t index, uint32_t file, uint64_t offset,
                               void *buffer, size_t size_bytes, tl_io_verify_fn verify,
                               void *context, bool *accepted)
{
    tl_open *open = &choices->opens[index];
    tl_status status;
    tl_decision *decision = tl_choices_repeat(choices, TL_DECIDE_CONTENT, &status);
    if (status != TL_OK)
        return status;
    tl_choices_copy(choices, file, offset, buffer, size_bytes);
    if (decision == NULL) {
        tl_decision made = about(choices, index);
        uint64_t refused = 0;
        size_t from, to;
        part_of(open->sector, offset, size_bytes, &from, &to);
        for (uint64_t left = open->mask; left != 0 && status == TL_OK;) {
            uint32_t as = newest_of(left);
            uint64_t class = alike(choices, open, left, as, from, to);
            left &= ~class;
            if (verdict_of(choices, open, as, offset, buffer, size_bytes, verify, context))
                status = branch_add(choices, &made, class);
            else
                refused |= class;
        }
        uint32_t taken = made.branch_count;
        if (status == TL_OK)
            status = branch_add(choices, &made, refused);
        made.refused_last = made.branch_count > taken;
        if (status == TL_OK)
            status = tl_choices_decide(choices, &made, &decision);
        if (status != TL_OK)
            return status;
    }
    uint64_t mask = choices->words.at[decision->words + decision->branch];
    *accepted = !(decision->refused_last && decision->branch + 1 == decision->branch_count);
    tl_choices_narrow(choices, index, mask);
    if (!*accepted)
        return TL_OK;
    bool again =
        verdict_of(choices, open, newest_of(mask), offset, buffer, size_bytes, verify, context);
    return again ? TL_OK : tl_choices_stop(choices, TL_RUN_DIFFERENT);
}

/* Fill a refused unit with what is refused as well. */
static void unit_poison(const tl_choices *choices, uint8_t *unit, size_t size_bytes,
                        tl_io_verify_fn wanted, void *context)
{
    memset(unit, choices->poison, size_bytes);
    if (wanted(context, unit, size_bytes))
        memset(unit, 0, size_bytes);
    assert(!wanted(context, unit, size_bytes));
}

static tl_status unit_read(tl_choices *choices, uint32_t file, uint64_t offset, uint8_t *unit,
                           size_t size_bytes, tl_io_verify_fn wanted, void *context)
{
    uint64_t first = offset / TL_SECTOR_BYTES;
    uint64_t last = (offset + size_bytes - 1) / TL_SECTOR_BYTES;
    uint32_t open_count = 0, open = 0;
    for (uint64_t sector = first; sector <= last; sector++) {
        uint32_t entry = table(choices, file)[sector];
        if ((entry & TL_VERSION_OPEN) == 0)
            continue;
        open_count++;
        open = entry & ~TL_VERSION_OPEN;
    }
    if (open_count > 1) /* a unit of many sectors: as a plain read */
        return tl_choices_read(choices, file, offset, unit, size_bytes);
    bool accepted = true;
    if (open_count == 0) {
        tl_choices_copy(choices, file, offset, unit, size_bytes);
        accepted = wanted(context, unit, size_bytes);
    } else {
        tl_status status = tl_choices_judge_one(choices, open, file, offset, unit, size_bytes,
                                                wanted, context, &accepted);
        if (status != TL_OK)
            return status;
    }
    if (!accepted)
        unit_poison(choices, unit, size_bytes, wanted, context);
    tl_choices_note(choices, accepted);
    return tl_choices_note_sectors(choices, file, first, last, accepted);
}

/* These sectors of a file, a bit each from `first` on, were read. */
static void mask_set(tl_long_words *bits, uint64_t first, uint64_t mask)
{
    uint64_t word = first / 64;
    if (word < bits->count)
        bits->at[word] |= mask << first % 64;
    if (first % 64 != 0 && word + 1 < bits->count)
        bits->at[word + 1] |= mask >> (64 - first % 64);
}

/* Whole sectors without a choice, the usual case: judged where they lie.  *closed of them, at most
 * 64.  The units hold what is refused already.  Most of a log was never written: the sector of
 * zeros is judged once. */
static tl_status closed_units_read(tl_choices *choices, uint32_t file, uint64_t offset,
                                   uint8_t *units, size_t size_bytes, tl_io_verify_fn wanted,
                                   void *context, size_t *closed)
{
    const tl_versions *versions = &choices->trace->share->versions;
    uint64_t first = offset / TL_SECTOR_BYTES, accepted = 0, given = 0;
    const uint32_t *entries = table(choices, file) + first;
    size_t count = 0, room = size_bytes / TL_SECTOR_BYTES;
    bool zeros_refused = false;
    for (room = room < 64 ? room : 64; count < room; count++) {
        uint32_t version = entries[count];
        if ((version & TL_VERSION_OPEN) != 0)
            break;
        uint64_t mask = UINT64_C(1) << count;
        given |= version < choices->run_mark ? mask : 0; /* the others the run wrote itself */
        if (version == 0 && zeros_refused)
            continue;
        const uint8_t *bytes = tl_version_bytes(versions, version);
        if (!wanted(context, bytes, TL_SECTOR_BYTES)) {
            zeros_refused = zeros_refused || version == 0;
            continue;
        }
        accepted |= mask;
        memcpy(units + count * TL_SECTOR_BYTES, bytes, TL_SECTOR_BYTES);
    }
    *closed = count;
    tl_status status = TL_OK;
    tl_choices_note(choices, accepted);
    tl_choices_note(choices, count);
    if (file < choices->image.file_count && given != 0)
        mask_set(&choices->read_bits[file], first, given);
    for (uint64_t left = accepted; left != 0 && status == TL_OK; left &= left - 1) {
        uint64_t sector = first + (unsigned)__builtin_ctzll(left);
        status = tl_choices_note_sectors(choices, file, sector, sector, true);
    }
    return status;
}

tl_status tl_choices_read_units(tl_choices *choices, uint32_t file, uint64_t offset, void *buffer,
                                size_t size_bytes, size_t unit_bytes, tl_io_verify_fn wanted,
                                void *context)
{
    if (choices->end != TL_RUN_WHOLE)
        return TL_IO;
    tl_choices_note(choices, offset ^ (uint64_t)file << 40 ^ UINT64_C(1) << 62);
    tl_choices_note(choices, size_bytes);
    uint8_t *out = buffer;
    bool sectors =
        unit_bytes == TL_SECTOR_BYTES && offset % TL_SECTOR_BYTES == 0 && size_bytes >= unit_bytes;
    if (sectors) { /* what is refused comes back as this, in all of them */
        unit_poison(choices, out, unit_bytes, wanted, context);
        memset(out + unit_bytes, out[0], size_bytes - unit_bytes);
    }
    for (size_t at = 0; at < size_bytes; at += unit_bytes) {
        size_t part = size_bytes - at < unit_bytes ? size_bytes - at : unit_bytes;
        size_t closed = 0;
        tl_status status = TL_OK;
        if (sectors)
            status = closed_units_read(choices, file, offset + at, out + at, size_bytes - at,
                                       wanted, context, &closed);
        if (closed > 0)
            at += (closed - 1) * unit_bytes;
        else if (status == TL_OK)
            status = unit_read(choices, file, offset + at, out + at, part, wanted, context);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}
