/* workloads/mixed.c -- inserts and deletes at a steady size, with some gets between them.
 *
 *            deleted        |        live         |  not yet born
 *     id  0 ............. oldest ............. newest ............
 *
 * Every delete takes the oldest record and every insert makes the next one; they alternate, so
 * the store holds working_set records, or one more.  Keys are scrambled ids: in the order of keys,
 * both fall on random places.  The live ids are one interval, so every answer is known without a
 * table of what was written.
 */
#include "workloads/generator.h"
#include "workloads/options.h"
#include "workloads/registry.h"

#include <stdlib.h>

enum { RUN_BATCH = 50, WORKING_SET_MAX = 10000 };

typedef struct mixed {
    tl_generator base;
    tl_records records;
    tl_dice dice;
    uint32_t insert_kind;
    uint64_t working_set, get_percent, absent_percent;
    uint64_t oldest, newest; /* live ids: oldest <= id < newest */
} mixed;

static const tl_workload_option options[] = {
    {"key_bytes",      "bytes",   "16",     "8..511",     "size of each key"                                },
    {"value_bytes",    "bytes",   "500",    "0..1m",      "size of each value"                              },
    {"working_set",    "count",   "0",      "0..1g",      "records in the store; 0 means ops/10, 1 to 10000"},
    {"get_percent",    "percent", "20",     "0..100",     "share of gets; the rest is half and half"        },
    {"absent_percent", "percent", "50",     "0..100",     "share of the gets that ask for absent keys"      },
    {"verb",           "word",    "insert", "insert|put", "insert refuses a present key"                    },
    {NULL,             NULL,      NULL,     NULL,         NULL                                              },
};

static void emit_load(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    mixed *w = generator;
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, w->insert_kind, 0, first + i, 0, &ops[i]);
    w->newest = first + count;
}

/* A live record, or by absent_percent one that is deleted already or not born yet. */
static void emit_one_get(mixed *w, size_t slot, tl_op *op)
{
    uint64_t live_count = w->newest - w->oldest;
    uint64_t id = w->oldest + tl_dice_below(&w->dice, live_count);
    uint32_t flags = 0;
    if (tl_dice_below(&w->dice, 100) < w->absent_percent) {
        bool deleted = w->oldest > 0 && (tl_dice_next(&w->dice) >> 63) != 0;
        id = deleted ? tl_dice_below(&w->dice, w->oldest) : id + live_count;
        flags = TL_OP_ABSENT;
    }
    tl_records_op(&w->records, &w->base, slot, TL_OP_GET, flags, id, 0, op);
}

static void emit_run(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    mixed *w = generator;
    (void)first;
    for (size_t i = 0; i < count; i++) {
        if (tl_dice_below(&w->dice, 100) < w->get_percent)
            emit_one_get(w, i, &ops[i]);
        else if (w->newest - w->oldest <= w->working_set)
            tl_records_op(&w->records, &w->base, i, w->insert_kind, 0, w->newest++, 0, &ops[i]);
        else
            tl_records_op(&w->records, &w->base, i, TL_OP_DEL, 0, w->oldest++, 0, &ops[i]);
    }
}

static void emit_scan(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    mixed *w = generator;
    (void)first;
    for (size_t i = 0; i < count; i++)
        ops[i] = (tl_op){.kind = TL_OP_SCAN, .scan_count = w->newest - w->oldest};
}

static void *create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes)
{
    const tl_options settings = {options, spec, error, error_bytes};
    uint64_t key_bytes, value_bytes, working_set, get_percent, absent_percent;
    size_t put;
    (void)host;
    if (!tl_options_known(&settings) || !tl_options_number(&settings, "key_bytes", &key_bytes) ||
        !tl_options_value_bytes(&settings, "value_bytes", &value_bytes) ||
        !tl_options_number(&settings, "working_set", &working_set) ||
        !tl_options_number(&settings, "get_percent", &get_percent) ||
        !tl_options_number(&settings, "absent_percent", &absent_percent) ||
        !tl_options_word(&settings, "verb", &put))
        return NULL;
    mixed *w = calloc(1, sizeof *w);
    if (w == NULL || !tl_generator_open(&w->base, key_bytes, value_bytes)) {
        tl_options_refuse(&settings, "out of memory");
        tl_generator_destroy(w);
        return NULL;
    }
    if (working_set == 0)
        working_set = spec->ops / 10 < WORKING_SET_MAX ? spec->ops / 10 : WORKING_SET_MAX;
    w->working_set = working_set == 0 ? 1 : working_set;
    w->insert_kind = put ? TL_OP_PUT : TL_OP_INSERT;
    w->get_percent = get_percent;
    w->absent_percent = absent_percent;
    tl_dice_init(&w->dice, tl_stream(spec->seed, TL_STREAM_DICE));
    tl_records_init(&w->records, spec->seed, key_bytes, false, value_bytes, value_bytes);
    tl_generator_phase(&w->base, (tl_phase){.name = "load", .ops = w->working_set}, emit_load);
    tl_generator_phase(
        &w->base, (tl_phase){.name = "run", .ops = spec->ops, .measured = true, .batch = RUN_BATCH},
        emit_run);
    tl_generator_phase(&w->base, (tl_phase){.name = "scan", .ops = 1, .read_only = true},
                       emit_scan);
    return w;
}

const tl_workload tl_workload_mixed = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof(tl_workload),
    .name = "mixed",
    .summary = "inserts and deletes at a steady size, some gets, 50 operations a transaction",
    .options = options,
    .create = create,
    TL_GENERATOR_FUNCTIONS,
};
