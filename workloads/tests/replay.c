/* workloads/tests/replay.c -- see replay.h. */
#include "workloads/tests/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct record {
    unsigned char *bytes; /* key, then value */
    size_t key_bytes, value_bytes;
} record;

typedef struct model { /* sorted by key, as memcmp orders */
    record *records;
    size_t count, capacity;
} model;

static int key_compare(const record *r, const tl_op *op)
{
    size_t common = r->key_bytes < op->key_bytes ? r->key_bytes : op->key_bytes;
    int order = memcmp(r->bytes, op->key, common);
    return order != 0 ? order : (r->key_bytes > op->key_bytes) - (r->key_bytes < op->key_bytes);
}

/* Index of the first record whose key is >= the op's. */
static size_t model_place(const model *m, const tl_op *op, bool *present)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key_compare(&m->records[middle], op) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *present = low < m->count && key_compare(&m->records[low], op) == 0;
    return low;
}

static void model_write(model *m, size_t place, bool present, const tl_op *op)
{
    record fresh = {malloc(op->key_bytes + op->value_bytes + 1), op->key_bytes, op->value_bytes};
    assert_non_null(fresh.bytes);
    memcpy(fresh.bytes, op->key, op->key_bytes);
    if (op->value_bytes > 0)
        memcpy(fresh.bytes + op->key_bytes, op->value, op->value_bytes);
    if (present) {
        free(m->records[place].bytes);
        m->records[place] = fresh;
        return;
    }
    if (m->count == m->capacity) {
        m->capacity = m->capacity == 0 ? 64 : 2 * m->capacity;
        record *grown = realloc(m->records, m->capacity * sizeof *grown);
        assert_non_null(grown);
        m->records = grown;
    }
    memmove(&m->records[place + 1], &m->records[place], (m->count - place) * sizeof fresh);
    m->records[place] = fresh;
    m->count++;
}

static void model_remove(model *m, size_t place)
{
    free(m->records[place].bytes);
    m->count--;
    memmove(&m->records[place], &m->records[place + 1], (m->count - place) * sizeof(record));
}

static void model_free(model *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->records[i].bytes);
    free(m->records);
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size_bytes)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size_bytes; i++) /* FNV-1a */
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_number(uint64_t hash, uint64_t x)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(x >> (8 * i));
    return hash_bytes(hash, bytes, sizeof bytes);
}

static uint64_t hash_op(uint64_t hash, const tl_op *op)
{
    const uint64_t numbers[] = {op->kind,        op->flags,      op->key_bytes,
                                op->value_bytes, op->scan_count, op->intended_ns};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        hash = hash_number(hash, numbers[i]);
    hash = hash_bytes(hash, op->key, op->key_bytes);
    return hash_bytes(hash, op->value, op->value_bytes);
}

static void play_scan(const model *m, const tl_op *op)
{
    bool present = false, reverse = (op->flags & TL_OP_REVERSE) != 0;
    size_t place = op->key_bytes == 0 ? 0 : model_place(m, op, &present);
    size_t downwards = op->key_bytes == 0 ? m->count : place + present;
    assert_true(op->scan_count <= (reverse ? downwards : m->count - place));
    if (present) /* a scan of nothing from a record that is there asks for nothing */
        assert_true(op->scan_count >= 1);
    if (op->key_bytes == 0) /* the built-in scans are full ones */
        assert_int_equal(op->scan_count, m->count);
}

static void play_write(model *m, const tl_op *op)
{
    bool present;
    size_t place = model_place(m, op, &present);
    if (op->kind == TL_OP_INSERT)
        assert_false(present);
    if (op->flags & TL_OP_APPEND)
        assert_int_equal(place, m->count);
    model_write(m, place, present, op);
}

/* GET and DEL: the op's answer is the model's. */
static void play_lookup(model *m, const tl_op *op)
{
    bool present;
    size_t place = model_place(m, op, &present);
    assert_int_equal(present, (op->flags & TL_OP_ABSENT) == 0);
    if (!present)
        return;
    if (op->kind == TL_OP_DEL) {
        model_remove(m, place);
        return;
    }
    const record *found = &m->records[place];
    assert_int_equal(found->value_bytes, op->value_bytes);
    if (op->value_bytes > 0)
        assert_memory_equal(found->bytes + found->key_bytes, op->value, op->value_bytes);
}

static void play_op(model *m, const tl_op *op, bool read_only, replay_result *result)
{
    assert_true(op->kind < TL_OP_KIND_COUNT && op->kind != TL_OP_COMMIT);
    bool writes = op->kind == TL_OP_PUT || op->kind == TL_OP_INSERT || op->kind == TL_OP_DEL;
    assert_false(read_only && writes);
    if (op->kind == TL_OP_SCAN)
        play_scan(m, op);
    else if (op->kind == TL_OP_PUT || op->kind == TL_OP_INSERT)
        play_write(m, op);
    else
        play_lookup(m, op);

    if (writes && m->count < result->record_count_min)
        result->record_count_min = m->count;
    if (writes && m->count > result->record_count_max)
        result->record_count_max = m->count;
    if (writes && op->value_bytes > result->value_bytes_max)
        result->value_bytes_max = op->value_bytes;
    result->kind_counts[op->kind]++;
    result->absent_count += (op->flags & TL_OP_ABSENT) != 0;
    result->hash = hash_op(result->hash, op);
}

static void play_phase(const tl_workload *workload, void *generator, size_t capacity,
                       const tl_phase *phase, model *m, replay_result *result)
{
    tl_op *ops = calloc(capacity, sizeof *ops);
    assert_non_null(ops);
    uint64_t played = 0;
    size_t count;
    if (!phase->read_only)
        result->record_count_min = result->record_count_max = m->count;
    while ((count = workload->next_n(generator, ops, capacity)) > 0) {
        assert_true(count <= capacity);
        for (size_t i = 0; i < count; i++)
            play_op(m, &ops[i], phase->read_only, result);
        played += count;
    }
    assert_int_equal(played, phase->ops);
    assert_int_equal(workload->next_n(generator, ops, capacity), 0);
    free(ops);
}

replay_result replay(const tl_workload *workload, const tl_workload_spec *spec, size_t capacity)
{
    replay_result result = {.hash = 0xcbf29ce484222325u};
    model truth = {0};
    char error[256] = "";
    void *generator = workload->create(NULL, spec, error, sizeof error);
    if (generator == NULL)
        fail_msg("%s: %s", workload->name, error);
    size_t phase_count;
    const tl_phase *phases = workload->phases(generator, &phase_count);
    for (size_t i = 0; i < phase_count; i++) {
        workload->start(generator, i);
        play_phase(workload, generator, capacity, &phases[i], &truth, &result);
    }
    result.record_count = truth.count;
    workload->destroy(generator);
    model_free(&truth);
    return result;
}

tl_workload_spec replay_spec(uint64_t ops, uint64_t seed)
{
    return (tl_workload_spec){
        .ops = ops, .seed = seed, .page_bytes = 8192, .value_bytes_max = SIZE_MAX};
}
