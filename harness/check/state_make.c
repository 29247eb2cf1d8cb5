/* harness/check/state_make.c -- see state_make.h. */
#include "harness/check/state_make.h"

#include "harness/check/enumerate_body.h"

#include <stdlib.h>

typedef struct making { /* an enumeration that goes to one state */
    tl_enumerate_options options;
    tl_enumeration result;
    tl_enumerator on;
} making;

/* At the crash point of `where`, its names and sizes shown. */
static tl_status making_begin(making *of, const tl_recording *recording, uint64_t seed,
                              const tl_state_id *where)
{
    of->options = (tl_enumerate_options){
        .recording = recording, .profile = where->profile, .tier = TL_TIER_SAMPLED, .seed = seed};
    tl_enumeration_init(&of->result);
    tl_status status = tl_enumerator_begin(&of->on, &of->options, &of->result);
    if (status == TL_OK && where->nested)
        status = TL_UNSUPPORTED;
    if (status == TL_OK)
        status = tl_enumerator_reach(&of->on, where);
    if (status == TL_OK)
        status = tl_pending_show(of->on.pending, where->outcome, &of->on.possible);
    return status;
}

static void making_end(making *of)
{
    tl_enumerator_end(&of->on);
    tl_enumeration_clear(&of->result);
}

/* The list against the end from which fewer sectors deviate. */
static tl_status list_sectors(const tl_possible *possible, const uint32_t *versions,
                              tl_state_id *plain)
{
    uint32_t not_newest = 0, not_oldest = 0;
    for (uint32_t i = 0; i < possible->open_count; i++) {
        not_newest += versions[i] + 1 != possible->open[i].count;
        not_oldest += versions[i] != 0;
    }
    bool less = not_newest <= not_oldest;
    plain->pick = less ? TL_PICK_LESS : TL_PICK_PLUS;
    plain->branch_count = 0;
    if ((less ? not_newest : not_oldest) > TL_BRANCHES_MAX / 2)
        return TL_NO_SPACE;
    for (uint32_t i = 0; i < possible->open_count; i++) {
        if (versions[i] == (less ? possible->open[i].count - 1 : 0))
            continue;
        plain->branches[plain->branch_count++] = i;
        plain->branches[plain->branch_count++] = versions[i];
    }
    if (plain->branch_count == 0)
        plain->pick = less ? TL_PICK_NEWEST : TL_PICK_OLDEST;
    return TL_OK;
}

tl_status tl_state_spell(const tl_recording *recording, uint64_t seed, const tl_state_id *where,
                         tl_state_id *plain)
{
    making *of = where->pick == TL_PICK_BRANCHES ? malloc(sizeof *of) : NULL;
    *plain = *where;
    if (where->pick != TL_PICK_BRANCHES)
        return TL_OK;
    if (of == NULL)
        return TL_NO_MEMORY;
    tl_status status = making_begin(of, recording, seed, where);
    const tl_possible *possible = &of->on.possible;
    uint32_t *versions = calloc((size_t)possible->open_count + 1, sizeof *versions);
    if (status == TL_OK && versions == NULL)
        status = TL_NO_MEMORY;
    if (status == TL_OK)
        status = tl_enumerate_follow(&of->on, where);
    if (status == TL_OK) {
        tl_choices_settle(of->on.choices, versions);
        status = list_sectors(possible, versions, plain);
    }
    free(versions);
    making_end(of);
    free(of);
    return status;
}

tl_status tl_state_make(const tl_recording *recording, uint64_t seed, const tl_state_id *where,
                        tl_image *image)
{
    making *of = malloc(sizeof *of);
    if (of == NULL)
        return TL_NO_MEMORY;
    tl_status status = making_begin(of, recording, seed, where);
    bool told = where->pick != TL_PICK_BRANCHES || of->on.possible.open_count == 0;
    if (status == TL_OK && !told)
        status = TL_UNSUPPORTED;
    if (status == TL_OK && where->pick != TL_PICK_BRANCHES)
        status = tl_enumerate_pick(&of->on, where);
    if (status == TL_OK)
        status = tl_image_copy(image, &of->on.possible.image);
    making_end(of);
    free(of);
    return status;
}

/* The version that a sector holds in the state that was picked. */
static uint32_t version_in(const tl_possible *possible, const tl_open_sector *open)
{
    const tl_simfile *file = &possible->image.files[open->file];
    uint32_t v = open->count - 1;
    while (v > 0 && possible->shown[open->first + v] != file->sectors[open->sector])
        v--;
    return v;
}

tl_status tl_state_list(const tl_recording *recording, uint64_t seed, const tl_state_id *where,
                        tl_state_id *list)
{
    making *of = malloc(sizeof *of);
    if (of == NULL)
        return TL_NO_MEMORY;
    tl_status status = making_begin(of, recording, seed, where);
    const tl_possible *possible = &of->on.possible;
    uint32_t open_count = possible->open_count; /* a pick forgets them */
    if (status == TL_OK)
        status =
            where->pick == TL_PICK_BRANCHES ? TL_UNSUPPORTED : tl_enumerate_pick(&of->on, where);
    *list = *where;
    list->pick = TL_PICK_LESS;
    list->branch_count = 0;
    for (uint32_t i = 0; i < open_count && status == TL_OK; i++) {
        uint32_t version = version_in(possible, &possible->open[i]);
        if (version + 1 == possible->open[i].count)
            continue;
        if (list->branch_count + 2 > TL_BRANCHES_MAX)
            status = TL_NO_SPACE;
        else {
            list->branches[list->branch_count++] = i;
            list->branches[list->branch_count++] = version;
        }
    }
    making_end(of);
    free(of);
    return status;
}
