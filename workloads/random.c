/* workloads/random.c -- distinct random keys; the phases are a list that the user may choose.
 *
 *     --set phases=insert,get,scan            a subset, in any order after insert
 *     --set phases=insert,update,get,delete   get expects the updated values
 *     --batch 1 --set phases=insert           durable commits of one record each
 *     --set phases=insert,get_many            gets asked together, `many` at a time
 *     --set phases=insert_threads             the same inserts, by `threads` threads
 *
 * Records 0..ops-1 are inserted in the order of their ids, which scrambling makes a random order
 * of keys; each later phase visits them in a random order of its own.  Ids from `ops` on are
 * never inserted: they are the absent keys.
 */
#include "workloads/generator.h"
#include "workloads/options.h"
#include "workloads/registry.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_CHARS_MAX = 20 };

/* What one phase of the list meets: fixed when the generator is made. */
typedef struct step {
    bool present;     /* the records are there when the phase begins */
    uint64_t version; /* of the values that the phase writes or expects */
    tl_permutation order;
    char name[NAME_CHARS_MAX]; /* "get", then "get_2" for the next one */
} step;

typedef struct random_records {
    tl_generator base;
    tl_records records;
    uint32_t insert_kind;
    uint64_t count, many;
    step steps[TL_PHASES_MAX];
} random_records;

#define PHASE_WORDS "insert|get|get_absent|update|delete|scan|get_many|get_threads|insert_threads"
static const tl_workload_option options[] = {
    {"key_bytes",   "bytes", "16",                         "8..511",     "size of each key; decimal ones are as long as need be"},
    TL_KEYS_OPTION,
    {"value_bytes", "bytes", "100",                        "0..1m",      "size of each value"                                   },
    {"verb",        "word",  "insert",                     "insert|put", "insert refuses a present key"                         },
    {"phases",      "list",  "insert,get,get_absent,scan", PHASE_WORDS,
     "what to do, in order; an insert comes first"                                                                              },
    {"many",        "count", "16",                         "2..64",      "gets that get_many asks together"                     },
    {"threads",     "count", "2",                          "1..64",      "threads of phases called so"                          },
    {NULL,          NULL,    NULL,                         NULL,         NULL                                                   },
};

static const step *step_now(const random_records *w)
{
    return &w->steps[w->base.phase_index];
}

static void emit_insert(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    random_records *w = generator;
    uint64_t version = step_now(w)->version;
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, w->insert_kind, 0, first + i, version, &ops[i]);
}

/* One op for each record, in this phase's order. */
static void emit_each(random_records *w, uint32_t kind, uint32_t flags, uint64_t id_base,
                      uint64_t first, size_t count, tl_op *ops)
{
    const step *now = step_now(w);
    uint64_t ids[TL_BURST_MAX];
    tl_permutation_run(&now->order, first, count, ids);
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, kind, flags, id_base + ids[i], now->version,
                      &ops[i]);
}

static void emit_get(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    random_records *w = generator;
    emit_each(w, TL_OP_GET, step_now(w)->present ? 0 : TL_OP_ABSENT, 0, first, count, ops);
}

static void emit_get_many(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    random_records *w = generator;
    emit_get(generator, first, count, ops);
    for (size_t i = 0; i < count; i++) {
        uint64_t left = w->count - first - i, together = w->many - (first + i) % w->many;
        ops[i].scan_count = left < together ? left : together;
    }
}

static void emit_get_absent(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    random_records *w = generator;
    emit_each(w, TL_OP_GET, TL_OP_ABSENT, w->count, first, count, ops);
}

static void emit_update(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    emit_each(generator, TL_OP_PUT, 0, 0, first, count, ops);
}

static void emit_delete(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    emit_each(generator, TL_OP_DEL, 0, 0, first, count, ops);
}

static void emit_scan(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    random_records *w = generator;
    (void)first;
    for (size_t i = 0; i < count; i++)
        ops[i] = (tl_op){.kind = TL_OP_SCAN, .scan_count = step_now(w)->present ? w->count : 0};
}

/* The words of the option `phases`, in the order of its range: what a phase needs the records to
 * be before, what they are after it, whether it writes, is one operation, or has threads. */
enum presence { ANY, PRESENT, DELETED };
static const struct phase_row {
    const char *name;
    tl_emit_fn *emit;
    enum presence before, after;
    bool writes, one_op, threads;
} rows[] = {
    {"insert",         emit_insert,     DELETED, PRESENT, true,  false, false},
    {"get",            emit_get,        ANY,     ANY,     false, false, false},
    {"get_absent",     emit_get_absent, ANY,     ANY,     false, false, false},
    {"update",         emit_update,     PRESENT, PRESENT, true,  false, false},
    {"delete",         emit_delete,     PRESENT, DELETED, true,  false, false},
    {"scan",           emit_scan,       ANY,     ANY,     false, true,  false},
    {"get_many",       emit_get_many,   ANY,     ANY,     false, false, false},
    {"get_threads",    emit_get,        ANY,     ANY,     false, false, true },
    {"insert_threads", emit_insert,     DELETED, PRESENT, true,  false, true },
};

static void step_name(step *now, const char *name, size_t occurrence)
{
    if (occurrence == 1)
        snprintf(now->name, sizeof now->name, "%s", name);
    else
        snprintf(now->name, sizeof now->name, "%s_%zu", name, occurrence);
}

/* Lay out the phases; false when the list makes no sense. */
static bool steps_plan(random_records *w, const tl_options *settings, const size_t *list,
                       size_t list_count, uint32_t threads)
{
    size_t occurrences[sizeof rows / sizeof rows[0]] = {0};
    uint64_t version = 0;
    bool present = false;
    if (rows[list[0]].after != PRESENT || rows[list[0]].before != DELETED)
        return tl_options_refuse(settings, "phases begins with %s; insert comes first",
                                 rows[list[0]].name);
    for (size_t i = 0; i < list_count; i++) {
        const struct phase_row *row = &rows[list[i]];
        step *now = &w->steps[i];
        if (row->before != ANY && present != (row->before == PRESENT))
            return tl_options_refuse(settings, "phases: %s at place %zu finds the records %s",
                                     row->name, i + 1, present ? "present" : "deleted");
        if (row->after == PRESENT && i > 0)
            version++; /* new bytes each time they are written */
        now->present = present;
        now->version = version;
        present = row->after == ANY ? present : row->after == PRESENT;
        step_name(now, row->name, ++occurrences[list[i]]);
        tl_permutation_init(&now->order, w->count,
                            tl_stream(settings->spec->seed, TL_STREAM_ORDER + i));
        tl_generator_phase(&w->base,
                           (tl_phase){.name = now->name,
                                      .ops = row->one_op ? 1 : w->count,
                                      .read_only = !row->writes,
                                      .measured = true,
                                      .threads = row->threads ? threads : 1},
                           row->emit);
    }
    return true;
}

static void *create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes)
{
    const tl_options settings = {options, spec, error, error_bytes};
    uint64_t key_bytes, value_bytes, many, threads;
    size_t put, list[TL_PHASES_MAX], list_count;
    tl_key_shape shape;
    (void)host;
    if (!tl_options_known(&settings) ||
        !tl_records_key_options(&settings, 2 * spec->ops, &shape, &key_bytes) ||
        !tl_options_number(&settings, "many", &many) ||
        !tl_options_number(&settings, "threads", &threads) ||
        !tl_options_value_bytes(&settings, "value_bytes", &value_bytes) ||
        !tl_options_word(&settings, "verb", &put) ||
        !tl_options_list(&settings, "phases", list, TL_PHASES_MAX, &list_count))
        return NULL;
    random_records *w = calloc(1, sizeof *w);
    if (w == NULL || !tl_generator_open(&w->base, key_bytes, value_bytes)) {
        tl_options_refuse(&settings, "out of memory");
        goto fail;
    }
    w->count = spec->ops;
    w->many = many;
    w->insert_kind = put ? TL_OP_PUT : TL_OP_INSERT;
    tl_records_init(&w->records, spec->seed, key_bytes, false, value_bytes, value_bytes);
    tl_records_shape(&w->records, spec->seed, shape, 2 * w->count); /* the absent ones too */
    if (!steps_plan(w, &settings, list, list_count, (uint32_t)threads))
        goto fail;
    return w;

fail:
    tl_generator_destroy(w);
    return NULL;
}

const tl_workload tl_workload_random = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof(tl_workload),
    .name = "random",
    .summary = "random keys: insert, get, absent keys, scan; update and delete on request",
    .options = options,
    .create = create,
    TL_GENERATOR_FUNCTIONS,
};
