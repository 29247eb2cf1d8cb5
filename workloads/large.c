/* workloads/large.c -- values of 4 to 64 KiB, for pages of 64 KiB.
 *
 * A store may take only shorter values.  Then sizes beyond its limit are cut to the limit, and
 * the remark says how many were: nothing is left out, and nobody mistakes the result for one with
 * the full sizes.
 */
#include "workloads/generator.h"
#include "workloads/options.h"
#include "workloads/registry.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 100, PAGE_BYTES_MAX = 65536 };

typedef struct large {
    tl_generator base;
    tl_records records;
    tl_permutation get_order, del_order;
    uint64_t count;
} large;

static const tl_workload_option options[] = {
    {"min_bytes",  "bytes", "4k",    "1..16m",  "smallest value"                                },
    {"max_bytes",  "bytes", "64k",   "1..16m",  "largest value; each doubling is equally likely"},
    {"key_bytes",  "bytes", "16",    "8..511",  "size of each key"                              },
    {"values_max", "count", "10000", "1..100m", "bound on the number of values, whatever --ops" },
    {NULL,         NULL,    NULL,    NULL,      NULL                                            },
};

static void emit_put(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    large *w = generator;
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, TL_OP_PUT, 0, first + i, 0, &ops[i]);
}

static void emit_ordered(large *w, const tl_permutation *order, uint32_t kind, uint64_t first,
                         size_t count, tl_op *ops)
{
    uint64_t ids[TL_BURST_MAX];
    tl_permutation_run(order, first, count, ids);
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, kind, 0, ids[i], 0, &ops[i]);
}

static void emit_get(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    large *w = generator;
    emit_ordered(w, &w->get_order, TL_OP_GET, first, count, ops);
}

static void emit_del(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    large *w = generator;
    emit_ordered(w, &w->del_order, TL_OP_DEL, first, count, ops);
}

static void note_add(large *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note_add(large *w, const char *format, ...)
{
    size_t length = strlen(w->base.note);
    if (length > 0)
        length += (size_t)snprintf(w->base.note + length, TL_NOTE_BYTES - length, "; ");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->base.note + length, TL_NOTE_BYTES - length, format, arguments);
    va_end(arguments);
}

/* Say in words what differs from what was asked for. */
static void notes_write(large *w, const tl_workload_spec *spec)
{
    uint64_t shortened_count = 0;
    for (uint64_t id = 0; id < w->count; id++)
        shortened_count += tl_sizes_at(&w->records.sizes, id) > w->records.value_bytes_max;
    if (shortened_count > 0)
        note_add(w,
                 "values stop at the inline limit of %" PRIu64
                 " bytes until overflow values exist: %" PRIu64 " of %" PRIu64 " were shortened%s",
                 w->records.value_bytes_max, shortened_count, w->count,
                 spec->page_bytes < PAGE_BYTES_MAX ? " (fewer are with --page-size 65536)" : "");
    if (w->count < spec->ops)
        note_add(w, "%" PRIu64 " values stand for --ops %" PRIu64 "; raise values_max for more",
                 w->count, spec->ops);
}

static void phases_add(large *w)
{
    tl_phase phase = {.name = "put", .ops = w->count, .measured = true, .batch = BATCH};
    tl_generator_phase(&w->base, phase, emit_put);
    tl_generator_phase(
        &w->base, (tl_phase){.name = "get", .ops = w->count, .read_only = true, .measured = true},
        emit_get);
    phase.name = "del";
    tl_generator_phase(&w->base, phase, emit_del);
}

static void *create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes)
{
    const tl_options settings = {options, spec, error, error_bytes};
    uint64_t min_bytes, max_bytes, key_bytes, values_max;
    (void)host;
    if (!tl_options_known(&settings) || !tl_options_number(&settings, "min_bytes", &min_bytes) ||
        !tl_options_number(&settings, "max_bytes", &max_bytes) ||
        !tl_options_number(&settings, "key_bytes", &key_bytes) ||
        !tl_options_number(&settings, "values_max", &values_max))
        return NULL;
    if (min_bytes > max_bytes) {
        tl_options_refuse(&settings, "min_bytes=%" PRIu64 " is more than max_bytes=%" PRIu64,
                          min_bytes, max_bytes);
        return NULL;
    }
    uint64_t limit_bytes = spec->value_bytes_max == 0 ? SIZE_MAX : spec->value_bytes_max;
    uint64_t slot_bytes = max_bytes < limit_bytes ? max_bytes : limit_bytes;
    large *w = calloc(1, sizeof *w);
    if (w == NULL || !tl_generator_open(&w->base, key_bytes, slot_bytes)) {
        tl_options_refuse(&settings, "out of memory");
        tl_generator_destroy(w);
        return NULL;
    }
    w->count = spec->ops < values_max ? spec->ops : values_max;
    tl_records_init(&w->records, spec->seed, key_bytes, false, min_bytes, max_bytes);
    w->records.value_bytes_max = slot_bytes;
    tl_permutation_init(&w->get_order, w->count, tl_stream(spec->seed, TL_STREAM_ORDER));
    tl_permutation_init(&w->del_order, w->count, tl_stream(spec->seed, TL_STREAM_ORDER + 1));
    phases_add(w);
    notes_write(w, spec);
    return w;
}

const tl_workload tl_workload_large = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof(tl_workload),
    .name = "large",
    .summary = "values of 4 to 64 KiB, meant for pages of 64 KiB: put, get, delete",
    .options = options,
    .create = create,
    TL_GENERATOR_FUNCTIONS,
};
