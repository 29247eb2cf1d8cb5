/* workloads/generator.c -- see generator.h. */
#include "workloads/generator.h"

#include "workloads/options.h"

#include <assert.h>
#include <stdlib.h>

enum { BURST_BYTES_MAX = 256 * 1024, SLOT_ALIGN_BYTES = 64 };

static size_t round_up(size_t bytes, size_t align_bytes)
{
    return (bytes + align_bytes - 1) / align_bytes * align_bytes;
}

bool tl_generator_open(tl_generator *generator, size_t key_bytes_max, size_t value_bytes_max)
{
    generator->value_offset = round_up(key_bytes_max, 16);
    generator->slot_bytes = round_up(generator->value_offset + value_bytes_max, SLOT_ALIGN_BYTES);
    generator->burst_max = BURST_BYTES_MAX / generator->slot_bytes;
    if (generator->burst_max > TL_BURST_MAX)
        generator->burst_max = TL_BURST_MAX;
    if (generator->burst_max == 0)
        generator->burst_max = 1;
    generator->slots =
        aligned_alloc(SLOT_ALIGN_BYTES, generator->burst_max * generator->slot_bytes);
    return generator->slots != NULL;
}

void tl_generator_phase(tl_generator *generator, tl_phase phase, tl_emit_fn *emit)
{
    assert(generator->phase_count < TL_PHASES_MAX);
    generator->phases[generator->phase_count] = phase;
    generator->emits[generator->phase_count] = emit;
    generator->phase_count++;
}

void tl_generator_destroy(void *generator)
{
    tl_generator *base = generator;
    if (base == NULL)
        return;
    free(base->slots);
    free(base);
}

const tl_phase *tl_generator_phases(void *generator, size_t *count)
{
    tl_generator *base = generator;
    *count = base->phase_count;
    return base->phases;
}

void tl_generator_start(void *generator, size_t index)
{
    tl_generator *base = generator;
    assert(index < base->phase_count);
    base->phase_index = index;
    base->issued = 0;
    base->end = base->phases[index].ops;
}

uint64_t tl_share_border(uint64_t ops, uint32_t threads, uint32_t share)
{
    uint64_t whole = ops / threads, rest = ops % threads;
    return whole * share + (share < rest ? share : rest);
}

void tl_generator_start_share(void *generator, size_t index, uint32_t share)
{
    tl_generator *base = generator;
    assert(index < base->phase_count && share < base->phases[index].threads);
    base->phase_index = index;
    const tl_phase *phase = &base->phases[index];
    base->issued = tl_share_border(phase->ops, phase->threads, share);
    base->end = tl_share_border(phase->ops, phase->threads, share + 1);
}

size_t tl_generator_next_n(void *generator, tl_op *ops, size_t capacity)
{
    tl_generator *base = generator;
    uint64_t left = base->end - base->issued;
    size_t count = capacity < base->burst_max ? capacity : base->burst_max;
    if (count > left)
        count = (size_t)left;
    if (count == 0)
        return 0;
    base->emits[base->phase_index](generator, base->issued, count, ops);
    base->issued += count;
    return count;
}

const char *tl_generator_note(void *generator)
{
    tl_generator *base = generator;
    return base->note[0] == '\0' ? NULL : base->note;
}

void tl_records_init(tl_records *records, uint64_t seed, uint64_t key_bytes, bool ordered,
                     uint64_t value_bytes_min, uint64_t value_bytes_max)
{
    *records = (tl_records){
        .keys = {.key_bytes = (size_t)key_bytes, .seed = tl_stream(seed, TL_STREAM_KEYS)},
        .ordered = ordered,
        .value_bytes_max = value_bytes_max,
        .value_seed = tl_stream(seed, TL_STREAM_VALUES),
    };
    tl_sizes_init(&records->sizes, value_bytes_min, value_bytes_max,
                  tl_stream(seed, TL_STREAM_SIZES));
}

bool tl_records_key_options(const tl_options *settings, uint64_t id_count, tl_key_shape *shape,
                            uint64_t *key_bytes)
{
    static const uint64_t user_ids_max = UINT64_C(1000000000000);
    size_t word;
    if (!tl_options_word(settings, "keys", &word) ||
        !tl_options_number(settings, "key_bytes", key_bytes))
        return false;
    *shape = (tl_key_shape)word;
    if (*shape == TL_KEYS_USER && *key_bytes < TL_KEY_USER_BYTES_MIN)
        return tl_options_refuse(settings, "keys=user wants key_bytes of %d or more",
                                 TL_KEY_USER_BYTES_MIN);
    if (*shape == TL_KEYS_USER && id_count > user_ids_max)
        return tl_options_refuse(settings, "keys=user has room for 10^12 numbers; use fewer --ops");
    if (*shape == TL_KEYS_DECIMAL)
        *key_bytes = TL_KEY_DECIMAL_BYTES; /* at most */
    return true;
}

void tl_records_shape(tl_records *records, uint64_t seed, tl_key_shape shape, uint64_t id_count)
{
    records->shape = shape;
    if (shape != TL_KEYS_BINARY && !records->ordered)
        tl_permutation_init(&records->numbers, id_count, tl_stream(seed, TL_STREAM_NUMBERS));
}

size_t tl_records_text_key(const tl_records *records, uint64_t id, unsigned char *key)
{
    uint64_t number = records->ordered ? id : tl_permutation_at(&records->numbers, id);
    if (records->shape == TL_KEYS_USER)
        return tl_key_user(&records->keys, number, key);
    return records->ordered ? tl_key_padded(number, key) : tl_key_decimal(number, key);
}
