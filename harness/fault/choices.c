/* harness/fault/choices.c -- see choices.h; decisions, one run after the other. */
#include "harness/fault/choices_body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MIXTURES_MAX = 4096, READ_BRANCHES_MAX = 4096, DECISIONS_MAX = 512 };

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

tl_status tl_choices_create(const tl_simdisk *trace, const tl_choices_options *options,
                            tl_choices **out)
{
    tl_choices *choices = calloc(1, sizeof *choices);
    if (choices == NULL)
        return TL_NO_MEMORY;
    choices->trace = trace;
    choices->options = *options;
    if (choices->options.mixtures_max == 0)
        choices->options.mixtures_max = MIXTURES_MAX;
    if (choices->options.branches_max == 0)
        choices->options.branches_max = READ_BRANCHES_MAX;
    if (choices->options.decisions_max == 0)
        choices->options.decisions_max = DECISIONS_MAX;
    tl_image_init(&choices->image, &trace->share->versions);
    mpz_inits(choices->fixed, choices->scratch, choices->product, choices->total, choices->part,
              NULL);
    *out = choices;
    return TL_OK;
}

void tl_choices_destroy(tl_choices *choices)
{
    if (choices == NULL)
        return;
    tl_image_clear(&choices->image);
    for (uint32_t file = 0; file < choices->read_bits_capacity; file++)
        free(choices->read_bits[file].at);
    free(choices->read_bits);
    for (uint32_t file = 0; file < choices->recalled_capacity; file++)
        free(choices->recalled[file].at);
    free(choices->recalled);
    free(choices->read_set);
    free(choices->opens);
    free(choices->contents);
    free(choices->content_of);
    free(choices->path_of_file.at);
    free(choices->file_of_path.at);
    free(choices->marks.at);
    free(choices->decisions);
    free(choices->words.at);
    free(choices->run_words.at);
    free(choices->pieces.at);
    free(choices->next_pieces.at);
    free(choices->wide.at);
    free(choices->groups);
    free(choices->touched.at);
    mpz_clears(choices->fixed, choices->scratch, choices->product, choices->total, choices->part,
               NULL);
    free(choices);
}

tl_status tl_choices_words_add(tl_long_words *words, uint64_t word)
{
    tl_status status =
        tl_pending_reserve(&words->at, &words->capacity, words->count + 1, sizeof *words->at);
    if (status == TL_OK)
        words->at[words->count++] = word;
    return status;
}

/* Loading an outcome. */

static bool hash_is(tl_hash128 one, tl_hash128 other)
{
    return one.low == other.low && one.high == other.high;
}

/* One sector: its different contents, oldest first. */
static tl_status open_load(tl_choices *choices, uint32_t source)
{
    const tl_open_sector *from = &choices->possible->open[source];
    tl_versions *versions = &choices->trace->share->versions;
    tl_status status = tl_pending_reserve(&choices->contents, &choices->content_capacity,
                                          (uint64_t)choices->content_count + from->count,
                                          sizeof *choices->contents);
    if (status != TL_OK)
        return status;
    tl_open open = {
        .file = from->file,
        .sector = from->sector,
        .first = choices->content_count,
        .source = source,
        .hash = {from->count, ~(uint64_t)from->count}
    };
    for (uint32_t v = from->first; v < from->first + from->count; v++) {
        tl_hash128 hash = tl_version_hash(versions, choices->possible->shown[v]);
        uint32_t c = 0;
        while (c < open.count &&
               !hash_is(tl_version_hash(versions, choices->contents[open.first + c].version), hash))
            c++;
        if (c == TL_CONTENTS_MAX)
            return TL_UNSUPPORTED;
        if (c == open.count)
            choices->contents[open.first + open.count++] =
                (tl_content_choice){.version = choices->possible->shown[v]};
        open.counted = ++choices->contents[open.first + c].count > 1 || open.counted;
        choices->content_of[v] = (uint8_t)c;
        open.hash.low = mix(open.hash.low, hash.low);
        open.hash.high = mix(open.hash.high, hash.high);
    }
    if (open.count == 1) { /* many versions, one content: nothing to decide */
        mpz_mul_ui(choices->fixed, choices->fixed, from->count);
        return TL_OK;
    }
    open.all = open.mask =
        open.count == TL_CONTENTS_MAX ? UINT64_MAX : (UINT64_C(1) << open.count) - 1;
    choices->content_count += open.count;
    status = tl_pending_reserve(&choices->opens, &choices->open_capacity, choices->open_count + 1,
                                sizeof *choices->opens);
    if (status != TL_OK)
        return status;
    choices->image.files[open.file].sectors[open.sector] = TL_VERSION_OPEN | choices->open_count;
    choices->opens[choices->open_count++] = open;
    return TL_OK;
}

static tl_status words_fill(tl_words *words, uint32_t count, uint32_t with)
{
    words->count = 0;
    tl_status status = TL_OK;
    while (words->count < count && status == TL_OK)
        status = tl_words_add(words, with);
    return status;
}

/* Who is called what, and a hash of it. */
static tl_status names_load(tl_choices *choices)
{
    const tl_image *image = &choices->image;
    const tl_paths *paths = &choices->trace->share->paths;
    tl_status status = words_fill(&choices->path_of_file, image->file_count, UINT32_MAX);
    if (status == TL_OK)
        status = words_fill(&choices->file_of_path, paths->count, UINT32_MAX);
    if (status != TL_OK)
        return status;
    for (uint32_t i = 0; i < image->name_count; i++) {
        const tl_simname *name = &image->names[i];
        if (name->path < choices->path_of_file.at[name->file])
            choices->path_of_file.at[name->file] = name->path;
        choices->file_of_path.at[name->path] = name->file;
    }
    tl_hash128 sum = {image->name_count, 0};
    for (uint32_t i = 0; i < image->name_count; i++) {
        const tl_simname *name = &image->names[i];
        uint64_t path = paths->entries[name->path].hash;
        uint64_t twin = paths->entries[choices->path_of_file.at[name->file]].hash;
        uint64_t size = image->files[name->file].size_bytes;
        sum.low += mix(mix(mix(1, path), twin), size);
        sum.high += mix(mix(mix(2, size), path), twin);
    }
    choices->names_hash = sum;
    return TL_OK;
}

static tl_status read_bits_clear(tl_choices *choices)
{
    tl_status status = tl_pending_reserve(&choices->read_bits, &choices->read_bits_capacity,
                                          choices->image.file_count, sizeof *choices->read_bits);
    for (uint32_t file = 0; file < choices->image.file_count && status == TL_OK; file++) {
        tl_long_words *bits = &choices->read_bits[file];
        uint32_t wanted = choices->image.files[file].sector_count / 64 + 1;
        status = tl_pending_reserve(&bits->at, &bits->capacity, wanted, sizeof *bits->at);
        if (status == TL_OK)
            memset(bits->at, 0, wanted * sizeof *bits->at);
        bits->count = wanted;
    }
    return status;
}

tl_status tl_choices_load(tl_choices *choices, const tl_possible *possible)
{
    choices->possible = possible;
    choices->open_count = choices->content_count = choices->decision_count = 0;
    choices->words.count = 0;
    choices->touched.count = choices->group_count = 0;
    choices->hard_count = 0;
    choices->follow_count = choices->follow_used = 0;
    choices->follow_wrong = false;
    choices->exact = true;
    mpz_set_ui(choices->fixed, 1);
    tl_status status = tl_image_copy(&choices->image, &possible->image);
    if (status == TL_OK)
        status = tl_pending_reserve(&choices->content_of, &choices->content_of_capacity,
                                    possible->version_count, sizeof *choices->content_of);
    for (uint32_t i = 0; i < possible->open_count && status == TL_OK; i++)
        status = open_load(choices, i);
    if (status == TL_OK)
        status = names_load(choices);
    return status == TL_OK ? read_bits_clear(choices) : status;
}

/* A run. */

tl_status tl_choices_begin(tl_choices *choices, tl_simdisk *state, uint8_t poison)
{
    assert((state->flags & TL_SIMDISK_RECORD) == 0);
    for (uint32_t i = 0; i < choices->touched.count; i++) {
        tl_open *open = &choices->opens[choices->touched.at[i]];
        open->mask = open->all;
        open->group = 0;
        open->touched = false;
    }
    choices->touched.count = choices->group_count = choices->run_words.count = 0;
    choices->depth = 0;
    tl_choices_forget_recalled(choices);
    choices->end = TL_RUN_WHOLE;
    choices->run_trace = 1;
    choices->poison = poison;
    tl_status status = tl_image_copy(&state->image, &choices->image);
    if (status == TL_OK)
        status = tl_simdisk_begin_life(state, &choices->image);
    if (status != TL_OK)
        return status;
    choices->run_mark = choices->trace->share->versions.count;
    choices->state = state;
    state->choices = choices;
    return TL_OK;
}

tl_run_end tl_choices_end(tl_choices *choices)
{
    choices->state->choices = NULL;
    if (choices->end == TL_RUN_WHOLE && choices->depth < choices->decision_count)
        choices->end = TL_RUN_DIFFERENT; /* it stopped before a read that it did before */
    return choices->end;
}

bool tl_choices_next(tl_choices *choices)
{
    while (choices->decision_count > 0) {
        tl_decision *last = &choices->decisions[choices->decision_count - 1];
        if (++last->branch < last->branch_count)
            return true;
        choices->hard_count -= last->branch_count > 1;
        choices->words.count = (uint32_t)last->words;
        choices->decision_count--;
    }
    return false;
}

tl_status tl_choices_stop(tl_choices *choices, tl_run_end end)
{
    if (choices->end == TL_RUN_WHOLE)
        choices->end = end;
    return TL_IO;
}

tl_decision *tl_choices_repeat(tl_choices *choices, tl_decision_kind kind, tl_status *status)
{
    *status = TL_OK;
    if (choices->depth == choices->decision_count)
        return NULL;
    tl_decision *decision = &choices->decisions[choices->depth++];
    if (decision->trace != choices->run_trace || decision->kind != kind)
        *status = tl_choices_stop(choices, TL_RUN_DIFFERENT);
    return decision;
}

tl_status tl_choices_decide(tl_choices *choices, const tl_decision *made, tl_decision **out)
{
    if (choices->hard_count == choices->options.decisions_max && made->branch_count > 1) {
        choices->words.count = (uint32_t)made->words;
        return tl_choices_stop(choices, TL_RUN_NOT_COVERED);
    }
    tl_status status = tl_pending_reserve(&choices->decisions, &choices->decision_capacity,
                                          choices->decision_count + 1, sizeof *choices->decisions);
    if (status != TL_OK)
        return tl_choices_stop(choices, TL_RUN_NO_MEMORY);
    tl_decision *decision = &choices->decisions[choices->decision_count++];
    *decision = *made;
    decision->trace = choices->run_trace;
    decision->branch = 0;
    choices->depth++;
    choices->hard_count += made->branch_count > 1;
    if (made->branch_count > 1 && choices->follow_used < choices->follow_count) {
        decision->branch = choices->follow[choices->follow_used++];
        if (decision->branch >= decision->branch_count) {
            choices->follow_wrong = true;
            decision->branch = 0;
        }
    }
    *out = decision;
    return TL_OK;
}

void tl_choices_follow(tl_choices *choices, const uint32_t *branches, uint32_t branch_count)
{
    choices->follow = branches;
    choices->follow_count = branch_count;
}

bool tl_choices_followed(const tl_choices *choices)
{
    return !choices->follow_wrong && choices->follow_used == choices->follow_count;
}

uint32_t tl_choices_branches(const tl_choices *choices, uint32_t *branches, uint32_t branch_max)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < choices->decision_count; i++) {
        if (choices->decisions[i].branch_count < 2)
            continue;
        if (count < branch_max)
            branches[count] = choices->decisions[i].branch;
        count++;
    }
    return count;
}

uint64_t tl_choices_trace(const tl_choices *choices)
{
    return choices->run_trace;
}

bool tl_choices_was_exact(const tl_choices *choices)
{
    return choices->exact;
}

void tl_choices_touch(tl_choices *choices, uint32_t open)
{
    if (choices->opens[open].touched)
        return;
    choices->opens[open].touched = true;
    if (tl_words_add(&choices->touched, open) != TL_OK) {
        choices->opens[open].touched = false;
        choices->end = TL_RUN_NO_MEMORY;
    }
}

/* A box that a mask empties is gone. */
static void group_narrow(tl_choices *choices, tl_group *group, uint32_t open, uint64_t mask)
{
    uint64_t *members = choices->run_words.at + group->members;
    uint64_t *boxes = choices->run_words.at + group->boxes;
    uint32_t count = group->member_count, place = 0;
    while (members[place] != open) /* ends: it is a member */
        place++;
    for (uint32_t box = 0; box < group->box_count;) {
        boxes[box * count + place] &= mask;
        if (boxes[box * count + place] != 0)
            box++;
        else
            memmove(boxes + box * count, boxes + --group->box_count * count, count * sizeof *boxes);
    }
}

void tl_choices_narrow(tl_choices *choices, uint32_t index, uint64_t mask)
{
    tl_open *open = &choices->opens[index];
    assert((mask & open->mask) == mask && mask != 0);
    if (mask == open->mask)
        return;
    tl_choices_touch(choices, index);
    open->mask = mask;
    if (open->group != 0)
        group_narrow(choices, &choices->groups[open->group - 1], index, mask);
    tl_simfile *body = &choices->state->image.files[open->file];
    if ((mask & (mask - 1)) == 0 && open->sector < body->sector_count &&
        body->sectors[open->sector] == (TL_VERSION_OPEN | index))
        body->sectors[open->sector] =
            choices->contents[open->first + (uint32_t)__builtin_ctzll(mask)].version;
}

bool tl_choices_possible(tl_choices *choices, uint32_t index, uint64_t mask)
{
    tl_open *open = &choices->opens[index];
    if (mask == 0)
        return false;
    if (open->group == 0 || choices->groups[open->group - 1].box_count == 0)
        return true;
    /* Weigh the group with this member as narrow: boxes outside the mask weigh nothing then. */
    uint64_t before = open->mask;
    open->mask = mask;
    tl_choices_group_weight(choices, &choices->groups[open->group - 1], choices->scratch);
    open->mask = before;
    return mpz_sgn(choices->scratch) > 0;
}
