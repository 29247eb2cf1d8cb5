/* harness/check/damage_truth.c -- see damage_truth.h. */
#include "harness/check/damage_truth.h"

#include <stdlib.h>
#include <string.h>

int tl_damage_key_order(const void *a, const void *b)
{
    const tl_slice *one = a, *two = b;
    size_t common = one->size_bytes < two->size_bytes ? one->size_bytes : two->size_bytes;
    int order = memcmp(one->data, two->data, common);
    if (order != 0)
        return order;
    return (one->size_bytes > two->size_bytes) - (one->size_bytes < two->size_bytes);
}

static size_t place_of(const tl_damage_truth *truth, tl_slice key)
{
    const tl_slice *found =
        bsearch(&key, truth->keys, truth->key_count, sizeof key, tl_damage_key_order);
    return found == NULL ? truth->key_count : (size_t)(found - truth->keys);
}

static tl_status collect_keys(tl_damage_truth *truth)
{
    const tl_oracle *oracle = truth->oracle;
    size_t commit = truth->commit, op_total = 0, used = 0;
    for (size_t n = 1; n <= commit; n++) {
        size_t op_count = 0;
        (void)tl_oracle_ops(oracle, n, &op_count);
        op_total += op_count;
    }
    truth->keys = calloc(op_total + 1, sizeof *truth->keys);
    truth->key_bytes = malloc((op_total + 1) * TL_ORACLE_KEY_MAX);
    if (truth->keys == NULL || truth->key_bytes == NULL)
        return TL_NO_MEMORY;
    for (size_t n = 1; n <= commit; n++) {
        size_t op_count = 0;
        const tl_oracle_op *ops = tl_oracle_ops(oracle, n, &op_count);
        for (size_t i = 0; i < op_count; i++, used++) {
            uint8_t buffer[TL_ORACLE_KEY_MAX], *kept = truth->key_bytes + used * TL_ORACLE_KEY_MAX;
            tl_slice key = tl_oracle_key(oracle, &ops[i], buffer);
            memcpy(kept, key.data, key.size_bytes);
            truth->keys[used] = (tl_slice){kept, key.size_bytes};
        }
    }
    qsort(truth->keys, used, sizeof *truth->keys, tl_damage_key_order);
    for (size_t i = 0; i < used; i++) {
        if (truth->key_count == 0 ||
            tl_damage_key_order(&truth->keys[i], &truth->keys[truth->key_count - 1]) != 0)
            truth->keys[truth->key_count++] = truth->keys[i];
    }
    return TL_OK;
}

static uint64_t record_hash(tl_slice key, tl_slice value)
{
    uint64_t hash = tl_record_hash(key, value);
    return hash == TL_DAMAGE_ABSENT || hash == TL_DAMAGE_UNKNOWN ? 1 : hash;
}

static tl_status collect_truth(tl_damage_truth *truth)
{
    const tl_oracle *oracle = truth->oracle;
    size_t commit = truth->commit, keys = truth->key_count;
    truth->rows = calloc((commit + 1) * keys, sizeof *truth->rows);
    truth->counts = calloc(commit + 1, sizeof *truth->counts);
    if (truth->rows == NULL || truth->counts == NULL)
        return TL_NO_MEMORY;
    for (size_t n = 1; n <= commit; n++) {
        uint64_t *row = truth->rows + n * keys;
        memcpy(row, row - keys, keys * sizeof *row);
        size_t op_count = 0;
        const tl_oracle_op *ops = tl_oracle_ops(oracle, n, &op_count);
        for (size_t i = 0; i < op_count; i++) {
            uint8_t key_buffer[TL_ORACLE_KEY_MAX], buffer[TL_ORACLE_VALUE_MAX];
            tl_slice key = tl_oracle_key(oracle, &ops[i], key_buffer);
            row[place_of(truth, key)] =
                ops[i].del ? TL_DAMAGE_ABSENT : record_hash(key, tl_oracle_value(&ops[i], buffer));
        }
        for (size_t k = 0; k < keys; k++)
            truth->counts[n] += row[k] != TL_DAMAGE_ABSENT;
    }
    return TL_OK;
}

/* The newest values whole: comparing bytes is several times faster than hashing them. */
static tl_status collect_values(tl_damage_truth *truth)
{
    const tl_oracle *oracle = truth->oracle;
    truth->values = calloc(truth->key_count + 1, sizeof *truth->values);
    truth->value_bytes = calloc(truth->key_count + 1, sizeof *truth->value_bytes);
    if (truth->values == NULL || truth->value_bytes == NULL)
        return TL_NO_MEMORY;
    for (size_t n = 1; n <= truth->commit; n++) {
        size_t op_count = 0;
        const tl_oracle_op *ops = tl_oracle_ops(oracle, n, &op_count);
        for (size_t i = 0; i < op_count; i++) {
            uint8_t key_buffer[TL_ORACLE_KEY_MAX], buffer[TL_ORACLE_VALUE_MAX];
            size_t k = place_of(truth, tl_oracle_key(oracle, &ops[i], key_buffer));
            free(truth->values[k]);
            truth->values[k] = NULL;
            if (ops[i].del)
                continue;
            tl_slice value = tl_oracle_value(&ops[i], buffer);
            truth->values[k] = malloc(value.size_bytes);
            if (truth->values[k] == NULL)
                return TL_NO_MEMORY;
            memcpy(truth->values[k], value.data, value.size_bytes);
            truth->value_bytes[k] = value.size_bytes;
        }
    }
    return TL_OK;
}

uint64_t tl_damage_answer(const tl_damage_truth *truth, size_t k, tl_slice value)
{
    if (truth->values[k] != NULL && truth->value_bytes[k] == value.size_bytes &&
        memcmp(truth->values[k], value.data, value.size_bytes) == 0)
        return truth->rows[truth->commit * truth->key_count + k];
    return record_hash(truth->keys[k], value);
}

tl_status tl_damage_truth_make(const tl_oracle *oracle, size_t commit, tl_damage_truth *truth)
{
    *truth = (tl_damage_truth){.oracle = oracle, .commit = commit};
    tl_status status = collect_keys(truth);
    if (status == TL_OK)
        status = collect_truth(truth);
    return status == TL_OK ? collect_values(truth) : status;
}

void tl_damage_truth_clear(tl_damage_truth *truth)
{
    for (size_t k = 0; k < truth->key_count && truth->values != NULL; k++)
        free(truth->values[k]);
    free(truth->values);
    free(truth->value_bytes);
    free(truth->keys);
    free(truth->key_bytes);
    free(truth->rows);
    free(truth->counts);
    *truth = (tl_damage_truth){0};
}
