/* harness/check/state_make.c -- see state_make.h. */
#include "harness/check/state_make.h"

#include "harness/check/enumerate_body.h"

#include <stdlib.h>

/* What is done with a state whose names and sizes stand in on->possible. */
typedef tl_status (*state_act)(void *context, tl_enumerator *on, const tl_state_id *where);

typedef struct making { /* an enumeration that goes to one state */
    tl_enumerate_options options;
    tl_enumeration result;
    tl_enumerator on;
    const tl_state_id *where;
    state_act act;
    void *context;
    bool acted;
} making;

static tl_status act_here(making *of, tl_enumerator *on)
{
    of->acted = true;
    if (of->where->outcome >= tl_pending_outcome_count(on->pending))
        return TL_INVALID;
    tl_status status = tl_pending_show(on->pending, of->where->outcome, &on->possible);
    return status == TL_OK ? of->act(of->context, on, of->where) : status;
}

static tl_status act_in_recovery(void *context, tl_enumerator *inner)
{
    making *of = context;
    if (of->where->point > tl_simdisk_op_count(inner->trace->disk))
        return TL_INVALID;
    tl_status status = tl_pending_to(inner->pending, of->where->point);
    return status == TL_OK ? act_here(of, inner) : status;
}

/* The first crash, the recovery from it, and in the log of that the second one. */
static tl_status go_nested(making *of)
{
    tl_state_id first = {.profile = of->where->profile,
                         .point = of->where->first.point,
                         .outcome = of->where->first.outcome,
                         .pick = of->where->first.pick,
                         .number = of->where->first.number};
    of->on.on_second = act_in_recovery;
    of->on.on_second_context = of;
    tl_status status = tl_enumerator_reach(&of->on, &first);
    if (status == TL_OK && first.pick == TL_PICK_KILLED)
        status = tl_enumerate_killed(&of->on, &first);
    else if (status == TL_OK)
        status = tl_enumerate_state(&of->on, &first);
    return status == TL_OK && !of->acted ? TL_INVALID : status;
}

/* Go to a state and do something with it. */
static tl_status state_do(const tl_recording *recording, uint64_t seed, const tl_state_id *where,
                          state_act act, void *context)
{
    making *of = calloc(1, sizeof *of);
    if (of == NULL)
        return TL_NO_MEMORY;
    of->where = where;
    of->act = act;
    of->context = context;
    of->options = (tl_enumerate_options){.recording = recording,
                                         .profile = where->profile,
                                         .tier = where->nested ? TL_TIER_NESTED : TL_TIER_SAMPLED,
                                         .seed = seed};
    tl_enumeration_init(&of->result);
    tl_status status = tl_enumerator_begin(&of->on, &of->options, &of->result);
    if (status == TL_OK && where->nested)
        status = go_nested(of);
    else if (status == TL_OK)
        status = tl_enumerator_reach(&of->on, where);
    if (status == TL_OK && !where->nested)
        status = act_here(of, &of->on);
    tl_enumerator_end(&of->on);
    tl_enumeration_clear(&of->result);
    free(of);
    return status;
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

static tl_status spell(void *context, tl_enumerator *on, const tl_state_id *where)
{
    const tl_possible *possible = &on->possible;
    uint32_t *versions = calloc((size_t)possible->open_count + 1, sizeof *versions);
    if (versions == NULL)
        return TL_NO_MEMORY;
    tl_status status = tl_enumerate_follow(on, where);
    if (status == TL_OK) {
        tl_choices_settle(on->choices, versions);
        status = list_sectors(possible, versions, context);
    }
    free(versions);
    return status;
}

tl_status tl_state_spell(const tl_recording *recording, uint64_t seed, const tl_state_id *where,
                         tl_state_id *plain)
{
    *plain = *where;
    if (where->pick != TL_PICK_BRANCHES)
        return TL_OK;
    return state_do(recording, seed, where, spell, plain);
}

typedef struct visiting {
    tl_state_visit_fn visit;
    void *context;
} visiting;

static tl_status visit(void *context, tl_enumerator *on, const tl_state_id *where)
{
    const visiting *of = context;
    tl_status status = TL_OK;
    if (where->pick == TL_PICK_BRANCHES && on->possible.open_count > 0)
        return TL_UNSUPPORTED;
    if (where->pick != TL_PICK_BRANCHES)
        status = tl_enumerate_pick(on, where);
    return status == TL_OK ? of->visit(of->context, on->trace->disk, &on->possible.image) : status;
}

tl_status tl_state_visit(const tl_recording *recording, uint64_t seed, const tl_state_id *where,
                         tl_state_visit_fn function, void *context)
{
    visiting of = {function, context};
    return state_do(recording, seed, where, visit, &of);
}

static tl_status copy_image(void *context, const tl_simdisk *disk, const tl_image *image)
{
    (void)disk;
    return tl_image_copy(context, image);
}

typedef struct sides {
    tl_image *issued, *certain;
} sides;

static tl_status copy_sides(void *context, tl_enumerator *on, const tl_state_id *where)
{
    const sides *of = context;
    tl_status status = tl_enumerate_killed_sides(on, where, of->certain);
    return status == TL_OK ? tl_image_copy(of->issued, &on->possible.image) : status;
}

tl_status tl_state_make_killed(const tl_recording *recording, const tl_state_id *where,
                               tl_image *issued, tl_image *certain)
{
    sides of = {issued, certain};
    return state_do(recording, 0, where, copy_sides, &of);
}

tl_status tl_state_make(const tl_recording *recording, uint64_t seed, const tl_state_id *where,
                        tl_image *image)
{
    if (where->nested || where->pick == TL_PICK_KILLED)
        return TL_UNSUPPORTED; /* versions that end with the recovery: tl_state_visit; two sides */
    return tl_state_visit(recording, seed, where, copy_image, image);
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

static tl_status list(void *context, tl_enumerator *on, const tl_state_id *where)
{
    tl_state_id *list = context;
    const tl_possible *possible = &on->possible;
    uint32_t open_count = possible->open_count; /* a pick forgets them */
    tl_status status =
        where->pick == TL_PICK_BRANCHES ? TL_UNSUPPORTED : tl_enumerate_pick(on, where);
    for (uint32_t i = 0; i < open_count && status == TL_OK; i++) {
        uint32_t version = version_in(possible, &possible->open[i]);
        if (version + 1 == possible->open[i].count)
            continue;
        if (list->branch_count + 2 > TL_BRANCHES_MAX)
            return TL_NO_SPACE;
        list->branches[list->branch_count++] = i;
        list->branches[list->branch_count++] = version;
    }
    return status;
}

tl_status tl_state_list(const tl_recording *recording, uint64_t seed, const tl_state_id *where,
                        tl_state_id *plain)
{
    *plain = *where;
    plain->pick = TL_PICK_LESS;
    plain->branch_count = 0;
    return state_do(recording, seed, where, list, plain);
}
