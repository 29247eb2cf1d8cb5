/* engine/tests/support/check.c -- see check.h. */
#include "engine/tests/support/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void check_status_at(tl_status wanted, tl_status got, const char *call, const char *file, int line)
{
    if (wanted == got)
        return;
    print_error("%s\n  gave %s, not %s\n", call, tl_status_name(got), tl_status_name(wanted));
    _fail(file, line);
}

uint64_t check_seed(uint64_t usual)
{
    const char *text = getenv("TL_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : usual;
    print_message("TL_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

uint64_t check_rounds(uint64_t usual)
{
    const char *text = getenv("TL_TEST_ROUNDS");
    return text != NULL ? strtoull(text, NULL, 0) : usual;
}

static bool print_finding(void *context, const tl_finding *finding)
{
    (void)context;
    print_error("verify: %s, page %u: %s\n", finding->rule, finding->pgno, finding->text);
    return true;
}

void check_sound(tl_env *env, const model *truth)
{
    tl_verify_summary summary = {0};
    check_ok(tl_verify(env, print_finding, NULL, &summary));
    assert_int_equal(0, summary.findings);
    if (truth == NULL)
        return;
    assert_int_equal(truth->count, info_of(env).count); /* other trees have records too */
    assert_true(truth->hash == summary.content_hash);
}

static void check_step(const model *truth, size_t index, tl_status status, tl_slice key,
                       tl_slice value)
{
    check_ok(status);
    assert_int_equal(0, tl_slice_compare(model_key(truth, index), key));
    assert_int_equal(0, tl_slice_compare(model_value(truth, index), value));
}

void check_content(tl_txn *txn, const model *truth)
{
    uint64_t count = 0;
    tl_cursor *cursor = NULL;
    tl_slice key = {NULL, 0}, value = {NULL, 0};
    check_ok(tl_count(txn, TL_TREE_MAIN, &count));
    assert_int_equal(truth->count, count);
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
    for (size_t i = 0; i < truth->count; i++) {
        tl_status status = tl_cursor_next(cursor, &key, &value);
        check_step(truth, i, status, key, value);
    }
    check_status(TL_NOT_FOUND, tl_cursor_next(cursor, &key, &value));
    for (size_t i = truth->count; i-- > 0;) {
        tl_status status = tl_cursor_prev(cursor, &key, &value);
        check_step(truth, i, status, key, value);
    }
    check_status(TL_NOT_FOUND, tl_cursor_prev(cursor, &key, &value));
    tl_cursor_close(cursor);
    for (size_t i = 0; i < truth->count; i++) {
        tl_status status = tl_get(txn, TL_TREE_MAIN, model_key(truth, i), &value);
        check_step(truth, i, status, model_key(truth, i), value);
    }
}

tl_slice key_of(unsigned number, key_buffer *buffer)
{
    int size = snprintf(buffer->text, sizeof buffer->text, "key %06u", number);
    return tl_slice_of(buffer->text, (size_t)size);
}

void put_range(tl_env *env, model *truth, unsigned first, unsigned count, char letter, size_t size)
{
    tl_txn *txn = NULL;
    key_buffer buffer;
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    memset(bytes, letter, size);
    check_ok(tl_txn_begin(env, 0, &txn));
    for (unsigned i = first; i < first + count; i++) {
        tl_slice key = key_of(i, &buffer), value = tl_slice_of(bytes, size);
        check_ok(tl_put(txn, TL_TREE_MAIN, key, value, 0));
        model_put(truth, key, value);
    }
    check_ok(tl_txn_commit(txn));
    free(bytes);
}

void del_range(tl_env *env, model *truth, unsigned first, unsigned count)
{
    tl_txn *txn = NULL;
    key_buffer buffer;
    check_ok(tl_txn_begin(env, 0, &txn));
    for (unsigned i = first; i < first + count; i++) {
        check_ok(tl_del(txn, TL_TREE_MAIN, key_of(i, &buffer)));
        assert_true(model_del(truth, key_of(i, &buffer)));
    }
    check_ok(tl_txn_commit(txn));
}

tl_stats stats_of(tl_env *env)
{
    tl_stats stats;
    tl_env_stats(env, &stats);
    return stats;
}

tl_env_info info_of(tl_env *env)
{
    tl_env_info info;
    tl_env_info_get(env, &info);
    return info;
}
