/* harness/fault/choices_set.c -- what the runs of an outcome read, to find an equal one again. */
#include "harness/fault/choices_body.h"

tl_hash128 tl_choices_names_hash(const tl_choices *choices)
{
    return choices->names_hash;
}

tl_status tl_choices_read_set(tl_choices *choices, const tl_read_sector **sectors,
                              size_t *sector_count)
{
    uint32_t count = 0;
    for (uint32_t file = 0; file < choices->image.file_count; file++) {
        uint32_t path = choices->path_of_file.at[file];
        const tl_long_words *bits = &choices->read_bits[file];
        for (uint32_t word = 0; word < bits->count && path != UINT32_MAX; word++) {
            for (uint64_t left = bits->at[word]; left != 0; left &= left - 1) {
                tl_status status =
                    tl_pending_reserve(&choices->read_set, &choices->read_set_capacity, count + 1,
                                       sizeof *choices->read_set);
                if (status != TL_OK)
                    return status;
                choices->read_set[count++] =
                    (tl_read_sector){path, word * 64 + (uint32_t)__builtin_ctzll(left)};
            }
        }
    }
    *sectors = choices->read_set;
    *sector_count = count;
    return TL_OK;
}

/* The entry of a sector, in the outcome as loaded; false: there is no such file. */
static bool entry_of(const tl_choices *choices, const tl_read_sector *sector, uint32_t *entry)
{
    if (sector->path >= choices->file_of_path.count)
        return false;
    uint32_t file = choices->file_of_path.at[sector->path];
    if (file == UINT32_MAX)
        return false;
    *entry = tl_pending_sector(&choices->image, file, sector->sector);
    return true;
}

bool tl_choices_hash_set(tl_choices *choices, const tl_read_sector *sectors, size_t sector_count,
                         tl_hash128 *hash)
{
    tl_versions *versions = &choices->trace->share->versions;
    tl_hash128 sum = {sector_count, 1};
    for (size_t i = 0; i < sector_count; i++) {
        uint32_t entry;
        if (!entry_of(choices, &sectors[i], &entry))
            return false;
        bool open = (entry & TL_VERSION_OPEN) != 0;
        tl_hash128 content =
            open ? tl_choices_open(choices, entry)->hash : tl_version_hash(versions, entry);
        sum.low = (sum.low ^ content.low) * UINT64_C(0x9e3779b97f4a7c15) + open;
        sum.low ^= sum.low >> 29;
        sum.high = (sum.high ^ content.high) * UINT64_C(0xc2b2ae3d27d4eb4f) + i;
        sum.high ^= sum.high >> 31;
    }
    *hash = sum;
    return true;
}

void tl_choices_beside_set(tl_choices *choices, const tl_read_sector *sectors, size_t sector_count,
                           mpz_t weight)
{
    while (choices->marks.count < choices->open_count) {
        if (tl_words_add(&choices->marks, 0) != TL_OK)
            return;
    }
    for (uint32_t i = 0; i < choices->open_count; i++)
        choices->marks.at[i] = 0;
    for (size_t i = 0; i < sector_count; i++) {
        uint32_t entry;
        if (entry_of(choices, &sectors[i], &entry) && (entry & TL_VERSION_OPEN) != 0)
            choices->marks.at[entry & ~TL_VERSION_OPEN] = 1;
    }
    mpz_set(weight, choices->fixed);
    for (uint32_t i = 0; i < choices->open_count; i++) {
        const tl_open *open = &choices->opens[i];
        if (choices->marks.at[i] == 0)
            mpz_mul_ui(weight, weight, tl_choices_mask_count(choices, open, open->all));
    }
}
