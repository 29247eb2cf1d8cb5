/* workloads/generator.h -- the half of a workload that all share: phases, bursts and their memory.
 *
 * A workload's generator is a struct whose first member is a tl_generator.  Its create() adds
 * phases, each with a function that emits operations by number; the functions below then are the
 * workload's destroy, phases, start, next_n and note.
 *
 *     create:  tl_generator_open, then tl_generator_phase for each
 *     run:     start(0), next_n ... until 0, start(1), ...
 *
 * Operations are emitted in bursts.  Operation i of a burst owns slot i: room for one key and one
 * value, reused by the next burst.
 */
#ifndef TL_WORKLOADS_GENERATOR_H
#define TL_WORKLOADS_GENERATOR_H

#include "workloads/keys.h"
#include "workloads/values.h"
#include "workloads/workload.h"

enum { TL_BURST_MAX = 64, TL_PHASES_MAX = 16, TL_NOTE_BYTES = 320 };

/* Write operations first..first+count-1 of the phase to `ops`; count <= TL_BURST_MAX.  Calls come
 * in ascending order without gaps, so an emitter may keep state; in a phase with threads it may
 * not: there they begin anywhere. */
typedef void tl_emit_fn(void *generator, uint64_t first, size_t count, tl_op *ops);

typedef struct tl_generator {
    tl_phase phases[TL_PHASES_MAX];
    tl_emit_fn *emits[TL_PHASES_MAX];
    size_t phase_count;
    size_t phase_index; /* the current phase ... */
    uint64_t issued;    /* ... the number of its next operation ... */
    uint64_t end;       /* ... and of the one behind its last */
    size_t burst_max;   /* slots; fewer for large values, so that they stay in a cache */
    size_t slot_bytes, value_offset;
    unsigned char *slots;
    char note[TL_NOTE_BYTES]; /* "" = no remark */
} tl_generator;

/* Allocate slots for keys and values up to these sizes.  False: out of memory. */
bool tl_generator_open(tl_generator *generator, size_t key_bytes_max, size_t value_bytes_max);
/* Add a phase.  `phase.name` must outlive the generator. */
void tl_generator_phase(tl_generator *generator, tl_phase phase, tl_emit_fn *emit);

void tl_generator_destroy(void *generator); /* the struct must come from malloc; NULL is fine */
const tl_phase *tl_generator_phases(void *generator, size_t *count);
void tl_generator_start(void *generator, size_t index);
void tl_generator_start_share(void *generator, size_t index, uint32_t share);
size_t tl_generator_next_n(void *generator, tl_op *ops, size_t capacity);
const char *tl_generator_note(void *generator);

/* The first operation of a share of a phase: shares are runs of neighbours. */
uint64_t tl_share_border(uint64_t ops, uint32_t threads, uint32_t share);

/* A tl_workload's tail, for a generator built on this header. */
#define TL_GENERATOR_FUNCTIONS                                                                     \
    .destroy = tl_generator_destroy, .phases = tl_generator_phases, .start = tl_generator_start,   \
    .next_n = tl_generator_next_n, .note = tl_generator_note,                                      \
    .start_share = tl_generator_start_share

/* How record number `id` of a workload looks: its key, and its value in each version. */
enum { /* streams of the user's seed */
       TL_STREAM_KEYS = 1,
       TL_STREAM_VALUES = 2,
       TL_STREAM_SIZES = 3,
       TL_STREAM_DICE = 4,
       TL_STREAM_NUMBERS = 5, /* the order of digits in keys that are text */
       TL_STREAM_ORDER = 100, /* one more for each phase */
};
typedef struct tl_records {
    tl_keys keys;
    bool ordered; /* keys ascend with the id; otherwise they are scrambled */
    tl_key_shape shape;
    tl_permutation numbers; /* of shapes with digits, when not ordered: ids to numbers */
    tl_sizes sizes;
    uint64_t value_bytes_max; /* larger sizes are cut to this */
    uint64_t value_seed;
} tl_records;

/* The option that all workloads with shapes have, and what it means for the size of keys. */
#define TL_KEYS_OPTION                                                                             \
    {                                                                                              \
        "keys", "word", "binary", "binary|user|decimal",                                           \
            "random bytes, user000..., or decimal digits"                                          \
    }
struct tl_options;
/* Read the options keys and key_bytes.  `id_count` bounds the ids. */
bool tl_records_key_options(const struct tl_options *settings, uint64_t id_count,
                            tl_key_shape *shape, uint64_t *key_bytes);

/* Keys of `shape`; `id_count` bounds the ids.  After tl_records_init. */
void tl_records_shape(tl_records *records, uint64_t seed, tl_key_shape shape, uint64_t id_count);

/* Write the key of record `id` in a shape that is text; gives its size. */
size_t tl_records_text_key(const tl_records *records, uint64_t id, unsigned char *key);

void tl_records_init(tl_records *records, uint64_t seed, uint64_t key_bytes, bool ordered,
                     uint64_t value_bytes_min, uint64_t value_bytes_max);

/* Make `*op`, the burst's `slot`-th, ask for record `id`: write it, expect it in `version`
 * (< 2^16), or, with TL_OP_ABSENT, expect it to be absent. */
static inline void tl_records_op(const tl_records *records, const tl_generator *generator,
                                 size_t slot, uint32_t kind, uint32_t flags, uint64_t id,
                                 uint64_t version, tl_op *op)
{
    unsigned char *key = generator->slots + slot * generator->slot_bytes;
    unsigned char *value = key + generator->value_offset;
    bool has_value = kind != TL_OP_DEL && (flags & TL_OP_ABSENT) == 0;
    uint64_t value_bytes = 0;
    size_t key_bytes = records->keys.key_bytes;
    if (__builtin_expect(records->shape != TL_KEYS_BINARY, 0))
        key_bytes = tl_records_text_key(records, id, key);
    else if (records->ordered)
        tl_key_ordered(&records->keys, id, key);
    else
        tl_key_scrambled(&records->keys, id, key);
    if (has_value) {
        value_bytes = tl_sizes_at(&records->sizes, id);
        if (value_bytes > records->value_bytes_max)
            value_bytes = records->value_bytes_max;
        tl_fill(value, value_bytes, records->value_seed + id + (version << 48));
    }
    *op = (tl_op){
        .kind = kind,
        .flags = flags,
        .key = key,
        .key_bytes = key_bytes,
        .value = has_value ? value : NULL,
        .value_bytes = value_bytes,
    };
}

#endif
