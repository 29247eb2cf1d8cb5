/* harness/fault/choices_mix.c -- reads that carry a checksum: branch on its verdict.
 *
 * One open sector in the range is judged content by content.  Several are judged mixture by
 * mixture: all of them when they are few, else those that some moment of the log shows.  Each that
 * verifies is a branch, and the others together one more, in which the sectors become a group: all
 * mixtures but the boxes of those that verify.
 *
 * Sectors of an older group that lies wholly in the range join the new one, and its boxes are
 * excluded beside the new.  When groups lie in the range only in part their sectors are decided
 * one by one first.
 */
#include "harness/fault/choices_body.h"

#include <assert.h>
#include <string.h>

/* One checksummed read while it is decided. */
typedef struct mixing {
    tl_choices *choices;
    uint32_t file;
    uint64_t offset;
    uint8_t *buffer;
    size_t size_bytes;
    tl_io_verify_fn verify;
    void *context;
    uint32_t members[TL_MIX_MEMBERS_MAX], member_count;
    uint32_t group;                       /* index + 1, of the one group among them; 0: none */
    uint64_t classes[TL_MIX_MEMBERS_MAX]; /* the mixture at hand: a class of each member */
    uint64_t left[TL_MIX_MEMBERS_MAX];    /* classes not yet gone through */
} mixing;

static uint32_t newest_of(uint64_t mask)
{
    return 63 - (uint32_t)__builtin_clzll(mask);
}

static void part_of(const mixing *mix, const tl_open *open, size_t *from, size_t *to)
{
    uint64_t begin = (uint64_t)open->sector * TL_SECTOR_BYTES, end = mix->offset + mix->size_bytes;
    *from = mix->offset > begin ? (size_t)(mix->offset - begin) : 0;
    *to = end < begin + TL_SECTOR_BYTES ? (size_t)(end - begin) : TL_SECTOR_BYTES;
}

/* The class of the newest content in `among`: all that read the same here.  Members of a group
 * are told apart to the last bit, so that a mixture lies in a box or outside. */
static uint64_t class_of(const mixing *mix, const tl_open *open, uint64_t among)
{
    const tl_choices *choices = mix->choices;
    uint32_t as = newest_of(among);
    uint64_t class = UINT64_C(1) << as;
    if (open->group != 0)
        return class;
    const tl_versions *versions = &choices->trace->share->versions;
    const uint8_t *bytes = tl_version_bytes(versions, choices->contents[open->first + as].version);
    size_t from, to;
    part_of(mix, open, &from, &to);
    for (uint64_t left = among & ~class; left != 0; left &= left - 1) {
        uint32_t other = (uint32_t)__builtin_ctzll(left);
        const uint8_t *theirs =
            tl_version_bytes(versions, choices->contents[open->first + other].version);
        if (memcmp(bytes + from, theirs + from, to - from) == 0)
            class |= UINT64_C(1) << other;
    }
    return class;
}

static void member_fill(mixing *mix, uint32_t member)
{
    const tl_choices *choices = mix->choices;
    const tl_open *open = &choices->opens[mix->members[member]];
    size_t from, to;
    part_of(mix, open, &from, &to);
    uint32_t version = choices->contents[open->first + newest_of(mix->classes[member])].version;
    memcpy(mix->buffer + ((uint64_t)open->sector * TL_SECTOR_BYTES + from - mix->offset),
           tl_version_bytes(&choices->trace->share->versions, version) + from, to - from);
}

/* Was this mixture refused, or taken by another branch, before? */
static bool is_excluded(const mixing *mix)
{
    if (mix->group == 0)
        return false;
    const tl_choices *choices = mix->choices;
    const tl_group *group = &choices->groups[mix->group - 1];
    const uint64_t *members = choices->run_words.at + group->members;
    const uint64_t *box = choices->run_words.at + group->boxes;
    for (uint32_t b = 0; b < group->box_count; b++, box += group->member_count) {
        bool inside = true;
        for (uint32_t i = 0; i < group->member_count && inside; i++) {
            uint64_t shows = choices->opens[members[i]].mask; /* decided: one content is left */
            for (uint32_t m = 0; m < mix->member_count; m++) {
                if (mix->members[m] == members[i])
                    shows = mix->classes[m];
            }
            inside = (shows & box[i]) == shows;
        }
        if (inside)
            return true;
    }
    return false;
}

/* Judge the mixture at hand; one that verifies is a box and a branch. */
static tl_status mixture_try(mixing *mix, tl_decision *made)
{
    if (is_excluded(mix) || !mix->verify(mix->context, mix->buffer, mix->size_bytes))
        return TL_OK;
    for (uint32_t m = 0; m < mix->member_count; m++) {
        if (tl_choices_words_add(&mix->choices->words, mix->classes[m]) != TL_OK)
            return tl_choices_stop(mix->choices, TL_RUN_NO_MEMORY);
    }
    made->branch_count++;
    return TL_OK;
}

/* All mixtures, the newest first. */
static tl_status mixtures_all(mixing *mix, tl_decision *made)
{
    tl_choices *choices = mix->choices;
    for (uint32_t m = 0; m < mix->member_count; m++) {
        const tl_open *open = &choices->opens[mix->members[m]];
        mix->classes[m] = class_of(mix, open, open->mask);
        mix->left[m] = open->mask & ~mix->classes[m];
        member_fill(mix, m);
    }
    for (;;) {
        tl_status status = mixture_try(mix, made);
        if (status != TL_OK)
            return status;
        uint32_t m = 0;
        for (; m < mix->member_count; m++) { /* the first member counts fastest */
            const tl_open *open = &choices->opens[mix->members[m]];
            bool more = mix->left[m] != 0;
            uint64_t among = more ? mix->left[m] : open->mask;
            mix->classes[m] = class_of(mix, open, among);
            mix->left[m] = among & ~mix->classes[m];
            member_fill(mix, m);
            if (more)
                break;
        }
        if (m == mix->member_count)
            return TL_OK;
    }
}

/* What the member shows at a moment: the newest version up to number `until` that is left. */
static uint64_t content_then(const mixing *mix, const tl_open *open, uint32_t until)
{
    const tl_choices *choices = mix->choices;
    const tl_open_sector *source = &choices->possible->open[open->source];
    uint64_t found = 0;
    for (uint32_t v = source->first; v < source->first + source->count; v++) {
        uint64_t bit = UINT64_C(1) << choices->content_of[v];
        if ((open->mask & bit) == 0)
            continue;
        if (found != 0 && choices->possible->logged[v] > until)
            break;
        found = bit;
    }
    return found;
}

/* Show the moment `until`; false: it looks like the one before. */
static bool moment_show(mixing *mix, uint32_t until, bool first)
{
    bool changed = first;
    for (uint32_t m = 0; m < mix->member_count; m++) {
        const tl_open *open = &mix->choices->opens[mix->members[m]];
        uint64_t shows = content_then(mix, open, until);
        if (!first && (shows & mix->classes[m]) != 0)
            continue;
        /* the whole class of it, so that boxes of different mixtures never overlap */
        uint64_t left = open->mask, class = 0;
        while ((class & shows) == 0) { /* ends: the class of `shows` comes up */
            class = class_of(mix, open, left);
            left &= ~class;
        }
        mix->classes[m] = class;
        member_fill(mix, m);
        changed = true;
    }
    return changed;
}

static bool box_is_known(const mixing *mix, const tl_decision *made)
{
    const uint64_t *box = mix->choices->words.at + made->words + mix->member_count;
    for (uint32_t b = 0; b < made->branch_count; b++, box += mix->member_count) {
        if (memcmp(box, mix->classes, mix->member_count * sizeof *box) == 0)
            return true;
    }
    return false;
}

/* The mixtures of every moment of the log, the newest first. */
static tl_status mixtures_of_moments(mixing *mix, tl_decision *made)
{
    tl_choices *choices = mix->choices;
    const tl_possible *possible = choices->possible;
    choices->exact = false;
    bool first = true;
    uint32_t until = UINT32_MAX;
    for (;;) { /* ends: `until` falls every round */
        tl_status status = TL_OK;
        if (moment_show(mix, until, first) && !box_is_known(mix, made))
            status = mixture_try(mix, made);
        if (status != TL_OK)
            return status;
        first = false;
        uint32_t before = 0; /* the newest version older than this moment */
        bool found = false;
        for (uint32_t m = 0; m < mix->member_count; m++) {
            const tl_open_sector *source = &possible->open[choices->opens[mix->members[m]].source];
            for (uint32_t v = source->first; v < source->first + source->count; v++) {
                uint32_t number = possible->logged[v];
                if (number < until && (!found || number > before)) {
                    before = number;
                    found = true;
                }
            }
        }
        if (!found)
            return TL_OK;
        until = before;
    }
}

static bool too_many(const mixing *mix)
{
    uint64_t product = 1;
    for (uint32_t m = 0; m < mix->member_count; m++) {
        const tl_open *open = &mix->choices->opens[mix->members[m]];
        uint64_t count = 0;
        for (uint64_t left = open->mask; left != 0; count++)
            left &= ~class_of(mix, open, left);
        product *= count;
        if (product > mix->choices->options.mixtures_max)
            return true;
    }
    return false;
}

/* Tie the members: all mixtures but those of the decision's boxes and of the older group. */
static tl_status group_make(mixing *mix, const uint64_t *boxes, uint32_t box_count)
{
    tl_choices *choices = mix->choices;
    uint32_t old_count = mix->group == 0 ? 0 : choices->groups[mix->group - 1].box_count;
    if (box_count + old_count == 0)
        return TL_OK; /* nothing is excluded: they are as free as before */
    tl_status status = tl_pending_reserve(&choices->groups, &choices->group_capacity,
                                          choices->group_count + 1, sizeof *choices->groups);
    tl_group group = {.members = choices->run_words.count};
    tl_group *old = mix->group == 0 ? NULL : &choices->groups[mix->group - 1];
    for (uint32_t m = 0; m < mix->member_count && status == TL_OK; m++)
        status = tl_choices_words_add(&choices->run_words, mix->members[m]);
    group.member_count = mix->member_count;
    /* members of the old group that are decided stay members: its boxes speak of them */
    for (uint32_t i = 0; old != NULL && i < old->member_count && status == TL_OK; i++) {
        uint64_t member = choices->run_words.at[old->members + i];
        bool there = false;
        for (uint32_t m = 0; m < mix->member_count; m++)
            there = there || mix->members[m] == member;
        if (there)
            continue;
        status = tl_choices_words_add(&choices->run_words, member);
        group.member_count++;
    }
    group.boxes = choices->run_words.count;
    for (uint32_t b = 0; b < box_count && status == TL_OK; b++) {
        for (uint32_t m = 0; m < group.member_count && status == TL_OK; m++) {
            uint64_t member = choices->run_words.at[group.members + m];
            status = tl_choices_words_add(&choices->run_words,
                                          m < mix->member_count ? boxes[b * mix->member_count + m]
                                                                : choices->opens[member].mask);
        }
    }
    for (uint32_t b = 0; b < old_count && status == TL_OK; b++) {
        for (uint32_t m = 0; m < group.member_count && status == TL_OK; m++) {
            uint64_t member = choices->run_words.at[group.members + m];
            uint64_t mask = choices->opens[member].mask;
            for (uint32_t i = 0; i < old->member_count; i++) {
                if (choices->run_words.at[old->members + i] == member)
                    mask = choices->run_words.at[old->boxes + b * old->member_count + i];
            }
            status = tl_choices_words_add(&choices->run_words, mask);
        }
    }
    if (status != TL_OK)
        return tl_choices_stop(choices, TL_RUN_NO_MEMORY);
    group.box_count = box_count + old_count;
    if (old != NULL)
        old->member_count = old->box_count = 0;
    choices->groups[choices->group_count++] = group;
    for (uint32_t m = 0; m < group.member_count; m++) {
        uint32_t member = (uint32_t)choices->run_words.at[group.members + m];
        tl_choices_touch(choices, member);
        choices->opens[member].group = choices->group_count;
    }
    return TL_OK;
}

/* Is a mixture left that is in none of the boxes? */
static tl_status refusal_add(mixing *mix, tl_decision *made)
{
    tl_choices *choices = mix->choices;
    uint32_t groups = choices->group_count, words = choices->run_words.count;
    uint32_t touched = choices->touched.count;
    tl_group old = {0};
    uint32_t was[TL_MIX_MEMBERS_MAX];
    for (uint32_t m = 0; m < mix->member_count; m++)
        was[m] = choices->opens[mix->members[m]].group;
    if (mix->group != 0)
        old = choices->groups[mix->group - 1];
    const uint64_t *boxes = choices->words.at + made->words + mix->member_count;
    tl_status status = group_make(mix, boxes, made->branch_count);
    if (status != TL_OK)
        return status;
    bool left = true;
    if (choices->group_count > groups) { /* weigh it, and take it back */
        tl_choices_group_weight(choices, &choices->groups[groups], choices->scratch);
        left = mpz_sgn(choices->scratch) > 0;
    }
    choices->group_count = groups;
    choices->run_words.count = words;
    if (mix->group != 0) {
        choices->groups[mix->group - 1] = old;
        for (uint32_t i = 0; i < old.member_count; i++)
            choices->opens[choices->run_words.at[old.members + i]].group = mix->group;
    }
    for (uint32_t m = 0; m < mix->member_count; m++)
        choices->opens[mix->members[m]].group = was[m];
    while (choices->touched.count > touched)
        choices->opens[choices->touched.at[--choices->touched.count]].touched = false;
    made->refused_last = left;
    made->branch_count += left;
    return TL_OK;
}

/* Fill in a mixture drawn at random; false: it is in one of the boxes. */
static bool mixture_draw(mixing *mix, const uint64_t *boxes, uint32_t box_count, uint64_t *state)
{
    for (uint32_t m = 0; m < mix->member_count; m++) {
        uint64_t mask = mix->choices->opens[mix->members[m]].mask;
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        for (uint64_t skip = (*state >> 33) % (uint64_t)__builtin_popcountll(mask); skip > 0;
             skip--)
            mask &= mask - 1;
        mix->classes[m] = mask & ~(mask - 1);
        member_fill(mix, m);
    }
    for (uint32_t b = 0; b < box_count; b++, boxes += mix->member_count) {
        bool inside = true;
        for (uint32_t m = 0; m < mix->member_count && inside; m++)
            inside = (mix->classes[m] & boxes[m]) != 0;
        if (inside)
            return false;
    }
    return !is_excluded(mix);
}

/* Is what is refused together really refused? */
static tl_status refusal_confirm(mixing *mix, const uint64_t *boxes, uint32_t box_count)
{
    enum { TRIES = 64 };
    uint64_t state = mix->choices->options.seed ^ mix->choices->run_trace;
    for (int i = 0; i < TRIES; i++) {
        if (mixture_draw(mix, boxes, box_count, &state) &&
            mix->verify(mix->context, mix->buffer, mix->size_bytes))
            return tl_choices_stop(mix->choices, TL_RUN_COLLISION);
    }
    return TL_OK;
}

static tl_status decide_mixture(mixing *mix, bool *accepted)
{
    tl_choices *choices = mix->choices;
    tl_status status;
    tl_decision *decision = tl_choices_repeat(choices, TL_DECIDE_MIXTURE, &status);
    if (status != TL_OK)
        return status;
    if (decision == NULL) {
        tl_decision made = {.kind = TL_DECIDE_MIXTURE,
                            .member_count = mix->member_count,
                            .words = choices->words.count};
        for (uint32_t m = 0; m < mix->member_count && status == TL_OK; m++)
            status = tl_choices_words_add(&choices->words, mix->members[m]);
        if (status == TL_OK)
            status = too_many(mix) ? mixtures_of_moments(mix, &made) : mixtures_all(mix, &made);
        if (status == TL_OK)
            status = refusal_add(mix, &made);
        if (status == TL_OK)
            status = tl_choices_decide(choices, &made, &decision);
        if (status != TL_OK)
            return status;
    }
    uint32_t boxes = decision->branch_count - decision->refused_last;
    const uint64_t *words = choices->words.at + decision->words + mix->member_count;
    *accepted = decision->branch < boxes;
    if (!*accepted && choices->options.confirm)
        status = refusal_confirm(mix, words, boxes);
    if (!*accepted)
        return status == TL_OK ? group_make(mix, words, boxes) : status;
    words += decision->branch * mix->member_count;
    for (uint32_t m = 0; m < mix->member_count; m++)
        tl_choices_narrow(choices, mix->members[m], words[m]);
    return TL_OK;
}

/* Find the open sectors of the range, and the group they are in.  *apart: sectors of several
 * groups, or only some of one, are among them. */
static tl_status members_find(mixing *mix, bool *apart)
{
    tl_choices *choices = mix->choices;
    const tl_simfile *body = &choices->state->image.files[mix->file];
    uint64_t last = (mix->offset + mix->size_bytes - 1) / TL_SECTOR_BYTES;
    mix->member_count = mix->group = 0;
    *apart = false;
    for (uint64_t sector = mix->offset / TL_SECTOR_BYTES; sector <= last; sector++) {
        if ((body->sectors[sector] & TL_VERSION_OPEN) == 0)
            continue;
        if (mix->member_count == TL_MIX_MEMBERS_MAX)
            return tl_choices_stop(choices, TL_RUN_NOT_COVERED);
        uint32_t index = body->sectors[sector] & ~TL_VERSION_OPEN;
        mix->members[mix->member_count++] = index;
        uint32_t group = choices->opens[index].group;
        if (group == 0)
            continue;
        *apart = *apart || (mix->group != 0 && mix->group != group);
        mix->group = group;
    }
    if (mix->group == 0)
        return TL_OK;
    const tl_group *group = &choices->groups[mix->group - 1];
    for (uint32_t i = 0; i < group->member_count; i++) { /* those not decided lie in the range? */
        uint32_t index = (uint32_t)choices->run_words.at[group->members + i];
        uint64_t mask = choices->opens[index].mask;
        bool there = (mask & (mask - 1)) == 0;
        for (uint32_t m = 0; m < mix->member_count; m++)
            there = there || mix->members[m] == index;
        *apart = *apart || !there;
    }
    return TL_OK;
}

/* Decide the sectors of groups one by one, so that none is left in the range. */
static tl_status groups_dissolve(mixing *mix)
{
    tl_choices *choices = mix->choices;
    uint64_t product = 1;
    for (uint32_t m = 0; m < mix->member_count; m++) {
        const tl_open *open = &choices->opens[mix->members[m]];
        if (open->group != 0)
            product *= (uint64_t)__builtin_popcountll(open->mask);
        if (product > choices->options.branches_max)
            return tl_choices_stop(choices, TL_RUN_NOT_COVERED);
    }
    for (uint32_t m = 0; m < mix->member_count; m++) {
        if (choices->opens[mix->members[m]].group == 0)
            continue;
        tl_status status = tl_choices_decide_content(choices, mix->members[m], 0, TL_SECTOR_BYTES);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

static tl_status judge(mixing *mix, bool *accepted)
{
    tl_choices *choices = mix->choices;
    bool apart;
    tl_status status = members_find(mix, &apart);
    if (status == TL_OK && apart && mix->member_count > 1) {
        status = groups_dissolve(mix);
        if (status == TL_OK)
            status = members_find(mix, &apart);
    }
    if (status != TL_OK)
        return status;
    if (mix->member_count == 1)
        return tl_choices_judge_one(choices, mix->members[0], mix->file, mix->offset, mix->buffer,
                                    mix->size_bytes, mix->verify, mix->context, accepted);
    tl_choices_copy(choices, mix->file, mix->offset, mix->buffer, mix->size_bytes);
    if (mix->member_count > 1) {
        status = decide_mixture(mix, accepted);
        if (status != TL_OK || !*accepted)
            return status;
        tl_choices_copy(choices, mix->file, mix->offset, mix->buffer, mix->size_bytes);
    }
    *accepted = mix->verify(mix->context, mix->buffer, mix->size_bytes);
    return *accepted || mix->member_count == 0 ? TL_OK : tl_choices_stop(choices, TL_RUN_DIFFERENT);
}

tl_status tl_choices_read_verified(tl_choices *choices, uint32_t file, uint64_t offset,
                                   void *buffer, size_t size_bytes, tl_io_verify_fn verify,
                                   void *context)
{
    if (choices->end != TL_RUN_WHOLE)
        return TL_IO;
    tl_choices_note(choices, offset ^ (uint64_t)file << 40 ^ UINT64_C(2) << 62);
    tl_choices_note(choices, size_bytes);
    mixing mix; /* large: not cleared, its arrays are filled as far as they are used */
    mix.choices = choices;
    mix.file = file;
    mix.offset = offset;
    mix.buffer = buffer;
    mix.size_bytes = size_bytes;
    mix.verify = verify;
    mix.context = context;
    bool accepted = false;
    tl_status status = size_bytes == 0 ? TL_OK : judge(&mix, &accepted);
    if (status != TL_OK)
        return status;
    tl_choices_note(choices, accepted);
    status = tl_choices_note_sectors(choices, file, offset / TL_SECTOR_BYTES,
                                     (offset + size_bytes - 1) / TL_SECTOR_BYTES, accepted);
    if (accepted || status != TL_OK)
        return status;
    memset(buffer, choices->poison, size_bytes);
    (void)verify(context, buffer, size_bytes); /* leave in the context what a refusal leaves */
    return TL_CORRUPT;
}
