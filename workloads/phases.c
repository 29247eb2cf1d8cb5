/* workloads/phases.c -- the composed workload: making it, beginning its phases, its bytes. */
#include "workloads/phases.h"

#include "workloads/phases_pick.h"
#include "workloads/registry.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAMS_FIRST = 200, STREAMS_OF_STEP = 4, STREAM_PLACES = 150 };

void tl_phases_reset(tl_phases *w)
{
    tl_population_clear(&w->population);
    w->oldest = w->newest = w->oldest_number = w->top = w->highest = w->grave_count = 0;
}

/* The first id of the phase's records: strangers, then births. */
static uint64_t first_id(const tl_phases *w, size_t index)
{
    uint64_t first = 0;
    for (size_t i = 0; i < index; i++)
        first += w->plan.steps[i].strangers + w->plan.steps[i].births;
    return first;
}

void tl_phases_begin(tl_phases *w, size_t index, uint32_t share)
{
    const tl_step *step = &w->plan.steps[index];
    uint64_t stream = STREAMS_FIRST + STREAMS_OF_STEP * index;
    uint64_t born = first_id(w, index) + step->strangers;
    w->step = step;
    w->step_index = index;
    w->share = share;
    w->total = w->base.phases[index].ops;
    uint64_t begin = tl_share_border(w->total, step->threads, share);
    w->share_end = tl_share_border(w->total, step->threads, share + 1);
    w->birth = born + (step->threads > 1 ? begin : 0);
    w->birth_end = born + step->births;
    if (step->strangers > 0)
        w->newest = born;
    w->top = w->newest == 0 ? 0 : w->newest - 1;
    w->turn = 0;
    w->pending = false;
    tl_dice_init(&w->dice, tl_stream(tl_stream(w->seed, stream), share));
    tl_picker_begin(w, &w->keys, &step->keys, stream + 1, share);
    tl_picker_begin(w, &w->victims, &step->victims, stream + 2, share);
}

/* The key at `position`; gives its size. */
static size_t spell(const tl_phases *w, uint64_t position, unsigned char *key)
{
    static const char shared[] = "treelab/";
    uint64_t prefix_bytes = w->plan.prefix_bytes;
    switch (w->plan.shape) {
    case TL_SHAPE_DENSE:
        tl_key_ordered(&w->spelling, position, key);
        return w->spelling.key_bytes;
    case TL_SHAPE_USER:
        return tl_key_user(&w->spelling, position, key);
    case TL_SHAPE_DECIMAL:
        return tl_key_decimal(position, key);
    case TL_SHAPE_PADDED:
        return tl_key_padded(position, key);
    case TL_SHAPE_PREFIX:
        for (uint64_t i = 0; i < prefix_bytes; i++)
            key[i] = (unsigned char)shared[i % 8];
        break;
    case TL_SHAPE_BINARY:
        break;
    }
    tl_key_spread(&w->spelling, w->stride, position, key + prefix_bytes);
    return prefix_bytes + w->spelling.key_bytes;
}

static uint64_t value_bytes(const tl_phases *w, uint64_t number, uint32_t tag)
{
    const tl_step *writer = &w->plan.steps[tag >> (TL_TAG_BITS - 4)];
    const tl_lengths *lengths = &writer->values;
    uint64_t bytes = lengths->min;
    if (!tl_lengths_constant(lengths)) {
        uint64_t version = writer->resize ? (uint64_t)tag << 48 : 0;
        bytes = tl_lengths_at(lengths, tl_stream(w->size_seed, number | version));
    }
    return bytes < w->plan.value_bytes_limit ? bytes : w->plan.value_bytes_limit;
}

void tl_phases_dress(const tl_phases *w, size_t slot, const tl_decision *d, tl_op *op)
{
    unsigned char *key = w->base.slots + slot * w->base.slot_bytes;
    unsigned char *value = key + w->base.value_offset;
    *op = (tl_op){.kind = d->kind, .flags = d->flags, .scan_count = d->scan_count};
    if (d->has_key) {
        op->key = key;
        op->key_bytes = spell(w, d->position, key);
    }
    if (d->has_value) {
        op->value = value;
        op->value_bytes = value_bytes(w, d->number, d->tag);
        tl_fill(value, op->value_bytes, w->value_seed + d->number + ((uint64_t)d->tag << 48));
    }
}

static void emit(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    tl_phases *w = generator;
    for (size_t i = 0; i < count; i++) {
        tl_decision decision;
        tl_phases_decide(w, first + i, &decision);
        tl_phases_dress(w, i, &decision, &ops[i]);
    }
}

static void destroy(void *generator)
{
    tl_phases *w = generator;
    if (w == NULL)
        return;
    tl_population_free(&w->population);
    free(w->graves);
    tl_generator_destroy(w);
}

static void start(void *generator, size_t index)
{
    tl_generator_start(generator, index);
    tl_phases_begin(generator, index, 0);
}

/* Run phases first..end-1 without making bytes. */
static void pass_over(tl_phases *w, size_t first, size_t end)
{
    tl_decision decision;
    for (size_t i = first; i < end; i++) {
        tl_phases_begin(w, i, 0);
        for (uint64_t at = 0; at < w->total; at++)
            tl_phases_decide(w, at, &decision);
    }
}

static void start_share(void *generator, size_t index, uint32_t share)
{
    tl_phases *w = generator;
    tl_generator_start_share(generator, index, share);
    tl_phases_reset(w);
    pass_over(w, 0, index);
    tl_phases_begin(w, index, share);
}

static void phase_add(tl_phases *w, const tl_step *step)
{
    tl_phase phase = {
        .name = step->name,
        .ops = step->ops,
        .read_only = true,
        .measured = step->measured,
        .batch = step->batch,
        .threads = step->threads,
        .kind = step->kind == TL_STEP_CRASH    ? TL_PHASE_CRASH
                : step->kind == TL_STEP_VERIFY ? TL_PHASE_VERIFY
                                               : TL_PHASE_OPS,
        .rate = step->rate[0] == '\0' ? NULL : step->rate,
        .until = step->until[0] == '\0' ? NULL : step->until,
    };
    for (size_t verb = 0; verb < TL_VERB_COUNT; verb++)
        phase.read_only =
            phase.read_only && !(step->mix.has[verb] && tl_verb_writes((tl_verb)verb));
    tl_generator_phase(&w->base, phase, emit);
}

/* Phases whose length follows what is alive when they begin: run what comes before them. */
static void lengths_find(tl_phases *w)
{
    size_t passed = 0;
    for (size_t i = 0; i < w->plan.count; i++) {
        if (w->plan.steps[i].live_share <= 0)
            continue;
        pass_over(w, passed, i);
        passed = i;
        double wanted = w->plan.steps[i].live_share * (double)w->population.live_count;
        w->base.phases[i].ops = wanted < 1 ? w->population.live_count > 0 : (uint64_t)wanted;
    }
    if (passed > 0)
        tl_phases_reset(w);
}

static bool memory_get(tl_phases *w)
{
    uint64_t capacity = w->places.births == 0 ? 1 : w->places.births;
    if (!tl_generator_open(&w->base, w->plan.key_bytes, w->plan.value_bytes_max) ||
        !tl_population_open(&w->population, capacity))
        return false;
    if (!w->plan.has[TL_VERB_REINSERT])
        return true;
    w->graves = malloc(capacity * sizeof *w->graves);
    return w->graves != NULL;
}

static void places_find(tl_phases *w)
{
    for (size_t i = 0; i < w->plan.count; i++) {
        const tl_step *step = &w->plan.steps[i];
        tl_places_add(&w->places, step->strangers + step->births, step->place, &step->order);
    }
    tl_places_fit(&w->places, tl_stream(w->seed, STREAM_PLACES));
}

static void spelling_find(tl_phases *w)
{
    w->twins = w->plan.has[TL_VERB_GET_ABSENT] || w->plan.has[TL_VERB_DELETE_ABSENT];
    w->spelling = (tl_keys){.key_bytes = w->plan.key_bytes - w->plan.prefix_bytes,
                            .seed = tl_stream(w->seed, TL_STREAM_KEYS)};
    w->stride = tl_key_stride(w->population.capacity << w->twins);
    w->value_seed = tl_stream(w->seed, TL_STREAM_VALUES);
    w->size_seed = tl_stream(w->seed, TL_STREAM_SIZES);
}

static void note_write(tl_phases *w)
{
    if (w->plan.values_cut)
        snprintf(w->base.note, sizeof w->base.note,
                 "values longer than the %" PRIu64
                 " bytes that every chosen store takes were cut to them",
                 w->plan.value_bytes_limit);
}

static void *create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes)
{
    const tl_options settings = {tl_step_keys, spec, error, error_bytes};
    tl_phases *w = calloc(1, sizeof *w);
    (void)host;
    if (w == NULL || !tl_steps_read(spec, &w->plan, error, error_bytes)) {
        if (w == NULL)
            tl_options_refuse(&settings, "out of memory");
        free(w);
        return NULL;
    }
    static_assert(TL_BIRTHS_MAX * 2 < UINT64_C(1000000000000), "user keys have room for all");
    w->seed = spec->seed;
    w->window = !w->plan.has[TL_VERB_REINSERT] && !w->plan.has[TL_VERB_UPSERT];
    places_find(w);
    if (!memory_get(w)) {
        tl_options_refuse(&settings,
                          "out of memory for the %" PRIu64
                          " records that it may make; use fewer --ops",
                          w->places.births);
        destroy(w);
        return NULL;
    }
    for (size_t i = 0; i < w->plan.count; i++)
        phase_add(w, &w->plan.steps[i]);
    spelling_find(w);
    lengths_find(w);
    note_write(w);
    return w;
}

const tl_workload tl_workload_phases = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof(tl_workload),
    .name = "phases",
    .summary = "phases as settings describe them: which verbs, which records, which sizes",
    .options = tl_step_keys,
    .create = create,
    .destroy = destroy,
    .phases = tl_generator_phases,
    .start = start,
    .next_n = tl_generator_next_n,
    .note = tl_generator_note,
    .start_share = start_share,
};
