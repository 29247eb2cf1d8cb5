/* harness/fault/choices_mix.c -- reads that carry a checksum: branch on its verdict.
 *
 * One open sector in the range is judged content by content.  Several are judged mixture by
 * mixture: all of them when they are few, else those that some moment of the log shows.  Each that
 * verifies is a branch, and the others together one more, in which the sectors become a group: all
 * mixtures but the boxes of those that verify (choices_tie.c).
 */
#include "harness/fault/choices_body.h"

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

/* The class of the newest content in `among`: all that read the same here. */
static uint64_t class_of(const mixing *mix, const tl_open *open, uint64_t among)
{
    const tl_choices *choices = mix->choices;
    uint32_t as = newest_of(among);
    uint64_t class = UINT64_C(1) << as;
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

/* Ways to decide all members, and whoever is tied to one, when they show this. */
static void weight_of_box(mixing *mix, const uint64_t *box, mpz_t weight)
{
    tl_choices_box_weight(mix->choices, mix->members, mix->member_count, box, weight);
}

/* Judge the mixture at hand; one that verifies is a box and a branch. */
static tl_status mixture_try(mixing *mix, tl_decision *made)
{
    tl_choices *choices = mix->choices;
    if (!mix->verify(mix->context, mix->buffer, mix->size_bytes))
        return TL_OK;
    weight_of_box(mix, mix->classes, choices->part);
    if (mpz_sgn(choices->part) == 0)
        return TL_OK; /* it was refused before */
    mpz_sub(choices->total, choices->total, choices->part);
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
    weight_of_box(mix, mix->classes, mix->choices->part);
    return mpz_sgn(mix->choices->part) > 0;
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
        for (uint32_t m = 0; m < mix->member_count; m++)
            mix->classes[m] = UINT64_MAX;
        weight_of_box(mix, mix->classes, choices->total); /* less all that verifies, further down */
        if (status == TL_OK)
            status = too_many(mix) ? mixtures_of_moments(mix, &made) : mixtures_all(mix, &made);
        made.refused_last = mpz_sgn(choices->total) > 0;
        made.branch_count += made.refused_last;
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
        return status != TL_OK ? status
                               : tl_choices_tie(choices, mix->members, mix->member_count,
                                                decision->words + mix->member_count, boxes);
    words += decision->branch * mix->member_count;
    for (uint32_t m = 0; m < mix->member_count; m++)
        tl_choices_narrow(choices, mix->members[m], words[m]);
    return TL_OK;
}

/* Find the open sectors of the range. */
static tl_status members_find(mixing *mix)
{
    tl_choices *choices = mix->choices;
    const tl_simfile *body = &choices->state->image.files[mix->file];
    uint64_t last = (mix->offset + mix->size_bytes - 1) / TL_SECTOR_BYTES;
    mix->member_count = 0;
    for (uint64_t sector = mix->offset / TL_SECTOR_BYTES; sector <= last; sector++) {
        if ((body->sectors[sector] & TL_VERSION_OPEN) == 0)
            continue;
        if (mix->member_count == TL_MIX_MEMBERS_MAX)
            return tl_choices_stop(choices, TL_RUN_NOT_COVERED);
        mix->members[mix->member_count++] = body->sectors[sector] & ~TL_VERSION_OPEN;
    }
    return TL_OK;
}

static tl_status judge(mixing *mix, bool *accepted)
{
    tl_choices *choices = mix->choices;
    tl_status status = members_find(mix);
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

static void note_verified(tl_choices *choices, uint32_t file, uint64_t offset, size_t size_bytes)
{
    tl_choices_note(choices, offset ^ (uint64_t)file << 40 ^ UINT64_C(2) << 62);
    tl_choices_note(choices, size_bytes);
}

bool tl_choices_recalled(tl_choices *choices, uint32_t file, uint64_t offset, size_t size_bytes)
{
    if (choices->end != TL_RUN_WHOLE || tl_choices_was_recalled(choices, file, offset))
        return choices->end == TL_RUN_WHOLE;
    note_verified(choices, file, offset, size_bytes);
    tl_choices_note(choices, true);
    uint64_t first = offset / TL_SECTOR_BYTES, last = (offset + size_bytes - 1) / TL_SECTOR_BYTES;
    return tl_choices_note_sectors(choices, file, first, last, true) == TL_OK &&
           tl_choices_recall_keep(choices, file, first) == TL_OK;
}

tl_status tl_choices_read_verified(tl_choices *choices, uint32_t file, uint64_t offset,
                                   void *buffer, size_t size_bytes, tl_io_verify_fn verify,
                                   void *context)
{
    if (choices->end != TL_RUN_WHOLE)
        return TL_IO;
    bool recalled = tl_choices_was_recalled(choices, file, offset);
    if (!recalled)
        note_verified(choices, file, offset, size_bytes);
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
    if (recalled)
        return accepted ? TL_OK : TL_CORRUPT;
    tl_choices_note(choices, accepted);
    status = tl_choices_note_sectors(choices, file, offset / TL_SECTOR_BYTES,
                                     (offset + size_bytes - 1) / TL_SECTOR_BYTES, accepted);
    if (accepted || status != TL_OK)
        return status;
    memset(buffer, choices->poison, size_bytes);
    (void)verify(context, buffer, size_bytes); /* leave in the context what a refusal leaves */
    return TL_CORRUPT;
}
