/* workloads/sequential.c -- ascending keys: the append path, then reads and one full scan.
 *
 * With key_bytes=8 and value_bytes=8 it is the plain map from u64 to u64.
 */
#include "workloads/generator.h"
#include "workloads/options.h"
#include "workloads/registry.h"

#include <stdlib.h>

typedef struct sequential {
    tl_generator base;
    tl_records records;
    tl_permutation get_order;
    uint32_t write_kind, write_flags;
    uint64_t count;
} sequential;

static const tl_workload_option options[] = {
    {"key_bytes",   "bytes", "16",     "8..511",     "a fixed prefix, then a big-endian u64; decimal: 20"},
    TL_KEYS_OPTION,
    {"value_bytes", "bytes", "100",    "0..1m",      "size of each value"                                },
    {"verb",        "word",  "insert", "insert|put", "insert refuses a present key"                      },
    {"append",      "word",  "yes",    "yes|no",     "hint that keys ascend"                             },
    {NULL,          NULL,    NULL,     NULL,         NULL                                                },
};

static void emit_insert(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    sequential *w = generator;
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, w->write_kind, w->write_flags, first + i, 0,
                      &ops[i]);
}

static void emit_get(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    sequential *w = generator;
    uint64_t ids[TL_BURST_MAX];
    tl_permutation_run(&w->get_order, first, count, ids);
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, TL_OP_GET, 0, ids[i], 0, &ops[i]);
}

static void emit_scan(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    sequential *w = generator;
    (void)first;
    for (size_t i = 0; i < count; i++)
        ops[i] = (tl_op){.kind = TL_OP_SCAN, .scan_count = w->count};
}

static void *create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes)
{
    const tl_options settings = {options, spec, error, error_bytes};
    uint64_t key_bytes, value_bytes;
    size_t put, no_append;
    tl_key_shape shape;
    (void)host;
    if (!tl_options_known(&settings) ||
        !tl_records_key_options(&settings, spec->ops, &shape, &key_bytes) ||
        !tl_options_value_bytes(&settings, "value_bytes", &value_bytes) ||
        !tl_options_word(&settings, "verb", &put) ||
        !tl_options_word(&settings, "append", &no_append))
        return NULL;
    sequential *w = calloc(1, sizeof *w);
    if (w == NULL || !tl_generator_open(&w->base, key_bytes, value_bytes)) {
        tl_options_refuse(&settings, "out of memory");
        tl_generator_destroy(w);
        return NULL;
    }
    w->count = spec->ops;
    w->write_kind = put ? TL_OP_PUT : TL_OP_INSERT;
    w->write_flags = no_append ? 0 : TL_OP_APPEND;
    tl_records_init(&w->records, spec->seed, key_bytes, true, value_bytes, value_bytes);
    tl_records_shape(&w->records, spec->seed, shape, w->count);
    tl_permutation_init(&w->get_order, w->count, tl_stream(spec->seed, TL_STREAM_ORDER));
    tl_generator_phase(&w->base, (tl_phase){.name = "insert", .ops = w->count, .measured = true},
                       emit_insert);
    tl_generator_phase(
        &w->base, (tl_phase){.name = "get", .ops = w->count, .read_only = true, .measured = true},
        emit_get);
    tl_generator_phase(&w->base,
                       (tl_phase){.name = "scan", .ops = 1, .read_only = true, .measured = true},
                       emit_scan);
    return w;
}

const tl_workload tl_workload_sequential = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof(tl_workload),
    .name = "sequential",
    .summary = "ascending keys in one transaction, then random gets and a full scan",
    .options = options,
    .create = create,
    TL_GENERATOR_FUNCTIONS,
};
