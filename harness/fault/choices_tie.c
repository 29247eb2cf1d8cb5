/* harness/fault/choices_tie.c -- sectors that were refused together.
 *
 * A group is all mixtures of its members but some boxes, which never overlap.  Groups that a new
 * one touches, wholly or in part, join it with their boxes, as far as these say something that no
 * other box says: what is left of a box without another is a handful of smaller boxes.
 */
#include "harness/fault/choices_body.h"

enum { BOXES_MAX = 1 << 16 };

/* Is the group of this member met here for the first time?  Only groups that exclude something. */
static tl_group *group_first_met(const tl_choices *choices, const uint32_t *members,
                                 uint32_t member)
{
    uint32_t group = choices->opens[members[member]].group;
    if (group == 0 || choices->groups[group - 1].box_count == 0)
        return NULL;
    for (uint32_t m = 0; m < member; m++) {
        if (choices->opens[members[m]].group == group)
            return NULL;
    }
    return &choices->groups[group - 1];
}

void tl_choices_box_weight(tl_choices *choices, const uint32_t *members, uint32_t member_count,
                           const uint64_t *box, mpz_t weight)
{
    uint64_t masks[TL_MIX_MEMBERS_MAX];
    for (uint32_t m = 0; m < member_count; m++) {
        tl_open *open = &choices->opens[members[m]];
        masks[m] = open->mask;
        open->mask &= box[m];
    }
    mpz_set_ui(weight, 1);
    for (uint32_t m = 0; m < member_count; m++) {
        tl_open *open = &choices->opens[members[m]];
        tl_group *group = group_first_met(choices, members, m);
        if (group != NULL) {
            tl_choices_group_weight(choices, group, choices->scratch);
            mpz_mul(weight, weight, choices->scratch);
        } else if (open->group == 0 || choices->groups[open->group - 1].box_count == 0) {
            mpz_mul_ui(weight, weight, tl_choices_mask_count(choices, open, open->mask));
        }
    }
    for (uint32_t m = 0; m < member_count; m++)
        choices->opens[members[m]].mask = masks[m];
}

/* `box` without `less`, in pieces. */
static tl_status box_subtract(tl_long_words *pieces, uint64_t *box, const uint64_t *less,
                              uint32_t count)
{
    bool apart = false;
    for (uint32_t i = 0; i < count && !apart; i++)
        apart = (box[i] & less[i]) == 0;
    tl_status status = TL_OK;
    for (uint32_t i = 0; i < (apart ? 1 : count) && status == TL_OK; i++) {
        uint64_t kept = apart ? box[i] : box[i] & ~less[i];
        if (kept == 0)
            continue;
        for (uint32_t j = 0; j < count && status == TL_OK; j++)
            status = tl_choices_words_add(pieces, j == i ? kept : box[j]);
        box[i] &= less[i];
    }
    return status;
}

/* What of `box` lies in no box of the group yet, as boxes of its own. */
static tl_status box_add(tl_choices *choices, tl_group *group, const uint64_t *box)
{
    uint32_t count = group->member_count;
    tl_long_words *pieces = &choices->pieces, *next = &choices->next_pieces;
    tl_status status = TL_OK;
    pieces->count = 0;
    for (uint32_t i = 0; i < count && status == TL_OK; i++)
        status = tl_choices_words_add(pieces, box[i]);
    for (uint32_t b = 0; b < group->box_count && status == TL_OK; b++) {
        next->count = 0;
        for (uint32_t at = 0; at < pieces->count && status == TL_OK; at += count)
            status = box_subtract(next, pieces->at + at,
                                  choices->run_words.at + group->boxes + (size_t)b * count, count);
        tl_long_words swap = *pieces;
        *pieces = *next;
        *next = swap;
    }
    for (uint32_t i = 0; i < pieces->count && status == TL_OK; i++)
        status = tl_choices_words_add(&choices->run_words, pieces->at[i]);
    if (status != TL_OK)
        return tl_choices_stop(choices, TL_RUN_NO_MEMORY);
    group->box_count += pieces->count / count;
    return group->box_count <= BOXES_MAX ? TL_OK : tl_choices_stop(choices, TL_RUN_NOT_COVERED);
}

/* A box over some members as one over the new group's: whoever it says nothing of may hold all. */
static tl_status box_widen(tl_choices *choices, const tl_group *group, const uint64_t *members,
                           uint32_t member_count, const uint64_t *box)
{
    choices->wide.count = 0;
    for (uint32_t i = 0; i < group->member_count; i++) {
        uint64_t member = choices->run_words.at[group->members + i];
        uint64_t mask = choices->opens[member].mask;
        for (uint32_t m = 0; m < member_count; m++) {
            if (members[m] == member)
                mask &= box[m];
        }
        if (tl_choices_words_add(&choices->wide, mask) != TL_OK)
            return tl_choices_stop(choices, TL_RUN_NO_MEMORY);
    }
    return TL_OK;
}

static tl_status member_add(tl_choices *choices, tl_group *group, uint64_t member)
{
    for (uint32_t i = 0; i < group->member_count; i++) {
        if (choices->run_words.at[group->members + i] == member)
            return TL_OK;
    }
    group->member_count++;
    if (tl_choices_words_add(&choices->run_words, member) != TL_OK)
        return tl_choices_stop(choices, TL_RUN_NO_MEMORY);
    return TL_OK;
}

static tl_status boxes_add(tl_choices *choices, tl_group *group, size_t members,
                           uint32_t member_count, const tl_long_words *from, size_t boxes,
                           uint32_t box_count)
{
    tl_status status = TL_OK;
    for (uint32_t b = 0; b < box_count && status == TL_OK; b++) {
        status = box_widen(choices, group, from->at + members, member_count,
                           from->at + boxes + (size_t)b * member_count);
        if (status == TL_OK)
            status = box_add(choices, group, choices->wide.at);
    }
    return status;
}

/* A group whose boxes are all in another one, or gone. */
static void group_leave(tl_choices *choices, tl_group *group)
{
    for (uint32_t i = 0; i < group->member_count; i++)
        choices->opens[choices->run_words.at[group->members + i]].group = 0;
    group->member_count = group->box_count = 0;
}

tl_status tl_choices_tie(tl_choices *choices, const uint32_t *members, uint32_t member_count,
                         size_t boxes, uint32_t box_count)
{
    if (box_count == 0)
        return TL_OK; /* nothing is excluded: they are as free as before */
    uint32_t capacity = choices->group_capacity;
    tl_status status = tl_pending_reserve(&choices->groups, &capacity, choices->group_count + 1,
                                          sizeof *choices->groups);
    choices->group_capacity = capacity;
    if (status != TL_OK)
        return tl_choices_stop(choices, TL_RUN_NO_MEMORY);
    tl_group group = {.members = choices->run_words.count};
    for (uint32_t m = 0; m < member_count && status == TL_OK; m++)
        status = member_add(choices, &group, members[m]);
    for (uint32_t m = 0; m < member_count && status == TL_OK; m++) {
        const tl_group *old = group_first_met(choices, members, m);
        for (uint32_t i = 0; old != NULL && i < old->member_count && status == TL_OK; i++)
            status = member_add(choices, &group, choices->run_words.at[old->members + i]);
    }
    group.boxes = choices->run_words.count;
    for (uint32_t m = 0; m < member_count && status == TL_OK; m++) {
        const tl_group *old = group_first_met(choices, members, m);
        if (old != NULL)
            status = boxes_add(choices, &group, old->members, old->member_count,
                               &choices->run_words, old->boxes, old->box_count);
    }
    if (status == TL_OK)
        status = boxes_add(choices, &group, boxes - member_count, member_count, &choices->words,
                           boxes, box_count);
    if (status != TL_OK)
        return status;
    for (uint32_t i = 0; i < group.member_count; i++) {
        uint32_t member = (uint32_t)choices->run_words.at[group.members + i];
        tl_choices_touch(choices, member);
        if (choices->opens[member].group != 0)
            group_leave(choices, &choices->groups[choices->opens[member].group - 1]);
    }
    choices->groups[choices->group_count++] = group;
    for (uint32_t i = 0; i < group.member_count; i++)
        choices->opens[choices->run_words.at[group.members + i]].group = choices->group_count;
    return TL_OK;
}
