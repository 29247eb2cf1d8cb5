/* harness/check/oracle.c -- see oracle.h. */
#include "harness/check/oracle.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPS_PER_COMMIT_MAX = 32,
    GROUP_KEYS = 32, /* keys with one long common prefix */
    VALUE_BYTES_MIN = 24,
    LARGE_BYTES_MIN = 2000,
};

typedef struct record { /* the present value of a key; value_bytes 0: absent */
    uint32_t value_bytes;
    uint64_t value_id;
} record;

typedef struct commit {
    size_t first_op, op_count;
    tl_truth truth;
} commit;

struct tl_oracle {
    const tl_history *history;
    uint64_t random;
    uint32_t key_bytes, value_bytes_max, key_count;
    tl_oracle_op *ops;
    commit *commits; /* [0] is the empty content */
    size_t commit_count, op_count;
    record *records;      /* [key_count]: the present state while the history is made */
    tl_oracle_left *left; /* of a history made elsewhere, instead of all above; NULL: made here */
    const char *const *trees;
    size_t tree_count;
};

static const uint8_t marker_key[] = "\0treelab/n", again_key[] = "\0treelab/again";

tl_slice tl_oracle_marker_key(void)
{
    return (tl_slice){marker_key, sizeof marker_key - 1};
}

tl_slice tl_oracle_again_key(void)
{
    return (tl_slice){again_key, sizeof again_key - 1};
}

tl_slice tl_oracle_number_value(uint64_t number, uint8_t buffer[8])
{
    for (unsigned i = 0; i < 8; i++)
        buffer[i] = (uint8_t)(number >> (56 - 8 * i));
    return (tl_slice){buffer, 8};
}

tl_slice tl_oracle_key(const tl_oracle *oracle, const tl_oracle_op *op,
                       uint8_t buffer[TL_ORACLE_KEY_MAX])
{
    if (op->marker)
        return tl_oracle_marker_key();
    memset(buffer, (int)('A' + op->key / GROUP_KEYS), oracle->key_bytes - 8);
    tl_oracle_number_value(op->key, buffer + oracle->key_bytes - 8);
    return (tl_slice){buffer, oracle->key_bytes};
}

tl_slice tl_oracle_value(const tl_oracle_op *op, uint8_t buffer[TL_ORACLE_VALUE_MAX])
{
    tl_oracle_number_value(op->value_id, buffer);
    memset(buffer + 8, (int)('a' + op->value_id % 26), op->value_bytes - 8);
    return (tl_slice){buffer, op->value_bytes};
}

void tl_oracle_key_text(const tl_oracle *oracle, const tl_oracle_op *op, char *text,
                        size_t text_bytes)
{
    if (op->marker)
        snprintf(text, text_bytes, "\"\\x00treelab/n\"");
    else
        snprintf(text, text_bytes, "rep(%" PRIu32 ",%" PRIu32 ")+u64(%" PRIu32 ")",
                 'A' + op->key / GROUP_KEYS, oracle->key_bytes - 8, op->key);
}

void tl_oracle_value_text(const tl_oracle_op *op, char *text, size_t text_bytes)
{
    if (op->value_bytes == 8)
        snprintf(text, text_bytes, "u64(%" PRIu64 ")", op->value_id);
    else
        snprintf(text, text_bytes, "u64(%" PRIu64 ")+rep(%" PRIu64 ",%" PRIu32 ")", op->value_id,
                 'a' + op->value_id % 26, op->value_bytes - 8);
}

/* A step of splitmix64 by Steele, Lea and Flood: every seed is good. */
static uint64_t draw(tl_oracle *oracle, uint64_t below)
{
    uint64_t word = oracle->random += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return (word ^ word >> 31) % below;
}

static uint64_t op_hash(const tl_oracle *oracle, const tl_oracle_op *op)
{
    uint8_t key[TL_ORACLE_KEY_MAX], value[TL_ORACLE_VALUE_MAX];
    return tl_record_hash(tl_oracle_key(oracle, op, key), tl_oracle_value(op, value));
}

/* Take the record that `op` overwrites or deletes out of the truth. */
static void truth_forget(const tl_oracle *oracle, tl_truth *truth, uint32_t key)
{
    const record *old = &oracle->records[key];
    if (old->value_bytes == 0)
        return;
    tl_oracle_op put = {.key = key, .value_bytes = old->value_bytes, .value_id = old->value_id};
    truth->hash -= op_hash(oracle, &put);
    truth->count--;
}

static void add_put(tl_oracle *oracle, commit *now, uint32_t key)
{
    /* Now and then one that fits no leaf of a 4 KiB page. */
    unsigned every = oracle->history->large_every;
    bool large = every != 0 && draw(oracle, every) == 0;
    uint32_t least = large ? LARGE_BYTES_MIN : VALUE_BYTES_MIN;
    uint32_t span = (large ? TL_ORACLE_VALUE_MAX : oracle->value_bytes_max) - least + 1;
    tl_oracle_op *op = &oracle->ops[oracle->op_count++];
    *op = (tl_oracle_op){.key = key,
                         .value_bytes = least + (uint32_t)draw(oracle, span),
                         .value_id = draw(oracle, UINT32_MAX)};
    truth_forget(oracle, &now->truth, key);
    now->truth.hash += op_hash(oracle, op);
    now->truth.count++;
    oracle->records[key] = (record){op->value_bytes, op->value_id};
    now->op_count++;
}

static void add_del(tl_oracle *oracle, commit *now, uint32_t key)
{
    truth_forget(oracle, &now->truth, key);
    oracle->records[key].value_bytes = 0;
    oracle->ops[oracle->op_count++] = (tl_oracle_op){.del = true, .key = key};
    now->op_count++;
}

static void add_marker(tl_oracle *oracle, commit *now, size_t n)
{
    tl_oracle_op *op = &oracle->ops[oracle->op_count++];
    *op = (tl_oracle_op){.marker = true, .value_bytes = 8, .value_id = n};
    if (n > 1) {
        tl_oracle_op before = {.marker = true, .value_bytes = 8, .value_id = n - 1};
        now->truth.hash -= op_hash(oracle, &before);
        now->truth.count--;
    }
    now->truth.hash += op_hash(oracle, op);
    now->truth.count++;
    now->op_count++;
}

/* The first key from `start` on, going round, that is present or not, as asked.  False: none. */
static bool find_key(const tl_oracle *oracle, uint64_t start, bool present, uint32_t *key)
{
    for (uint32_t i = 0; i < oracle->key_count; i++) {
        uint32_t candidate = (uint32_t)((start + i) % oracle->key_count);
        if ((oracle->records[candidate].value_bytes != 0) == present) {
            *key = candidate;
            return true;
        }
    }
    return false;
}

static void make_commit(tl_oracle *oracle, size_t n)
{
    commit *now = &oracle->commits[n];
    *now = (commit){oracle->op_count, 0, oracle->commits[n - 1].truth};
    const tl_history *history = oracle->history;
    const tl_history_part *part = tl_history_part_of(history, n, oracle->commit_count);
    uint32_t key = 0;
    bool single = history->single_every != 0 && n % history->single_every == 0;
    for (unsigned i = 0; i < part->inserts && !(single && now->op_count > 0); i++) {
        if (find_key(oracle, draw(oracle, oracle->key_count), false, &key))
            add_put(oracle, now, key);
    }
    for (unsigned i = 0; i < part->updates && !(single && now->op_count > 0); i++) {
        if (find_key(oracle, draw(oracle, oracle->key_count), true, &key))
            add_put(oracle, now, key);
    }
    uint64_t start = draw(oracle, oracle->key_count);
    for (unsigned i = 0; i < part->deletes && !(single && now->op_count > 0); i++) {
        if (find_key(oracle, start, true, &key))
            add_del(oracle, now, key);
    }
    add_marker(oracle, now, n);
}

tl_status tl_oracle_create(const tl_oracle_spec *spec, tl_oracle **out)
{
    assert(spec->commits >= 1);
    tl_oracle *oracle = calloc(1, sizeof *oracle);
    if (oracle == NULL)
        return TL_NO_MEMORY;
    uint32_t sixteenth = spec->page_bytes / 16;
    oracle->history = spec->history != NULL ? spec->history : tl_history_at(0);
    oracle->random = spec->seed;
    oracle->key_bytes = sixteenth < 24 ? 24 : sixteenth > 248 ? 248 : sixteenth;
    oracle->value_bytes_max = sixteenth < 48 ? 48 : sixteenth > 1000 ? 1000 : sixteenth;
    oracle->commit_count = spec->commits;
    uint64_t key_count = (uint64_t)spec->commits * oracle->history->keys_per_commit;
    oracle->key_count = (uint32_t)(key_count < 64     ? 64
                                   : key_count > 4096 ? 4096 /* the group letter is one byte */
                                                      : key_count);
    oracle->ops = calloc(spec->commits * OPS_PER_COMMIT_MAX, sizeof *oracle->ops);
    oracle->commits = calloc(spec->commits + 1, sizeof *oracle->commits);
    oracle->records = calloc(oracle->key_count, sizeof *oracle->records);
    if (oracle->ops == NULL || oracle->commits == NULL || oracle->records == NULL) {
        tl_oracle_destroy(oracle);
        return TL_NO_MEMORY;
    }
    for (size_t n = 1; n <= oracle->commit_count; n++)
        make_commit(oracle, n);
    *out = oracle;
    return TL_OK;
}

void tl_oracle_destroy(tl_oracle *oracle)
{
    if (oracle == NULL)
        return;
    free(oracle->ops);
    free(oracle->commits);
    free(oracle->records);
    free(oracle->left);
    free(oracle);
}

size_t tl_oracle_commits(const tl_oracle *oracle)
{
    return oracle->commit_count;
}

tl_history_deed tl_oracle_deed_after(const tl_oracle *oracle, size_t n)
{
    assert(oracle->left == NULL);
    return tl_history_deed_after(oracle->history, n, oracle->commit_count);
}

const tl_oracle_op *tl_oracle_ops(const tl_oracle *oracle, size_t n, size_t *op_count)
{
    assert(oracle->left == NULL && n >= 1 && n <= oracle->commit_count);
    *op_count = oracle->commits[n].op_count;
    return oracle->ops + oracle->commits[n].first_op;
}

tl_status tl_oracle_create_of(const tl_oracle_left *left, size_t commits, const char *const *trees,
                              size_t tree_count, tl_oracle **out)
{
    tl_oracle *oracle = calloc(1, sizeof *oracle);
    tl_oracle_left *copy = malloc((commits + 1) * sizeof *copy);
    if (oracle == NULL || copy == NULL) {
        free(oracle);
        free(copy);
        return TL_NO_MEMORY;
    }
    memcpy(copy, left, (commits + 1) * sizeof *copy);
    *oracle = (tl_oracle){
        .commit_count = commits, .left = copy, .trees = trees, .tree_count = tree_count};
    *out = oracle;
    return TL_OK;
}

const char *const *tl_oracle_trees(const tl_oracle *oracle, size_t *tree_count)
{
    *tree_count = oracle->tree_count;
    return oracle->trees;
}

bool tl_oracle_has_marker(const tl_oracle *oracle, tl_content content)
{
    if (content.round > 0)
        return false; /* the check deleted it */
    return oracle->left == NULL ? content.n > 0 : oracle->left[content.n].marker_hash != 0;
}

bool tl_oracle_same(const tl_oracle *oracle, size_t n, size_t low, size_t high, size_t *same)
{
    if (oracle->left == NULL)
        return false; /* there each content has its own number in it */
    const tl_truth *wanted = &oracle->left[n].truth;
    for (size_t m = high + 1; m-- > low;) {
        const tl_truth *truth = &oracle->left[m].truth;
        if (truth->count == wanted->count && truth->hash == wanted->hash) {
            *same = m;
            return true;
        }
    }
    return false;
}

static tl_truth left_truth(const tl_oracle *oracle, tl_content content)
{
    const tl_oracle_left *left = &oracle->left[content.n];
    tl_truth truth = left->truth;
    uint8_t number[8];
    if (content.round == 0)
        return truth;
    truth.count -= (uint64_t)(left->marker_hash != 0) + (uint64_t)(left->again_hash != 0);
    truth.hash -= left->marker_hash + left->again_hash;
    truth.count++;
    truth.hash +=
        tl_record_hash(tl_oracle_again_key(), tl_oracle_number_value(content.round, number));
    return truth;
}

tl_truth tl_oracle_truth(const tl_oracle *oracle, tl_content content)
{
    assert(content.n <= oracle->commit_count);
    if (oracle->left != NULL)
        return left_truth(oracle, content);
    tl_truth truth = oracle->commits[content.n].truth;
    if (content.round == 0)
        return truth;
    uint8_t number[8];
    if (content.n > 0) {
        truth.count--;
        truth.hash -=
            tl_record_hash(tl_oracle_marker_key(), tl_oracle_number_value(content.n, number));
    }
    truth.count++;
    truth.hash +=
        tl_record_hash(tl_oracle_again_key(), tl_oracle_number_value(content.round, number));
    return truth;
}
