/* workloads/example/fifo.c -- a plug-in: a queue, where each step inserts the largest key and
 * deletes the smallest.
 *
 * Trees that merge pages lazily suffer from it: pages fill at one end and drain at the other.
 * Built as example_fifo.so; workloads/README.md walks through writing one like it.
 */
#include "workloads/generator.h"
#include "workloads/options.h"

#include <stdlib.h>

typedef struct fifo {
    tl_generator base;
    tl_records records;
    uint64_t depth;
} fifo;

static const tl_workload_option options[] = {
    {"depth",       "count", "1000", "1..1g", "records in the queue"},
    {"value_bytes", "bytes", "100",  "0..1m", "size of each value"  },
    {NULL,          NULL,    NULL,   NULL,    NULL                  },
};

static void emit_fill(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    fifo *w = generator;
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, TL_OP_INSERT, TL_OP_APPEND, first + i, 0, &ops[i]);
}

/* Operation 2k pushes record depth + k, operation 2k + 1 pops record k. */
static void emit_turn(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    fifo *w = generator;
    for (size_t i = 0; i < count; i++) {
        uint64_t k = (first + i) / 2;
        if ((first + i) % 2 == 0)
            tl_records_op(&w->records, &w->base, i, TL_OP_INSERT, TL_OP_APPEND, w->depth + k, 0,
                          &ops[i]);
        else
            tl_records_op(&w->records, &w->base, i, TL_OP_DEL, 0, k, 0, &ops[i]);
    }
}

static void emit_scan(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    fifo *w = generator;
    (void)first;
    for (size_t i = 0; i < count; i++) /* an odd number of turns leaves one record more */
        ops[i] = (tl_op){.kind = TL_OP_SCAN, .scan_count = w->depth + w->base.phases[1].ops % 2};
}

static void *create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes)
{
    const tl_options settings = {options, spec, error, error_bytes};
    uint64_t value_bytes, depth;
    (void)host;
    if (!tl_options_known(&settings) || !tl_options_number(&settings, "depth", &depth) ||
        !tl_options_value_bytes(&settings, "value_bytes", &value_bytes))
        return NULL;
    fifo *w = calloc(1, sizeof *w);
    if (w == NULL || !tl_generator_open(&w->base, 8, value_bytes)) {
        tl_options_refuse(&settings, "out of memory");
        tl_generator_destroy(w);
        return NULL;
    }
    w->depth = depth;
    tl_records_init(&w->records, spec->seed, 8, true, value_bytes, value_bytes);
    tl_generator_phase(&w->base, (tl_phase){.name = "fill", .ops = depth}, emit_fill);
    tl_generator_phase(&w->base,
                       (tl_phase){.name = "turn", .ops = spec->ops, .measured = true, .batch = 50},
                       emit_turn);
    tl_generator_phase(&w->base, (tl_phase){.name = "scan", .ops = 1, .read_only = true},
                       emit_scan);
    return w;
}

extern const tl_workload tl_workload_v1;
const tl_workload tl_workload_v1 = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof(tl_workload),
    .name = "fifo",
    .summary = "a queue: insert the largest key, delete the smallest",
    .options = options,
    .create = create,
    TL_GENERATOR_FUNCTIONS,
};
