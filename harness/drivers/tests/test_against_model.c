/* harness/drivers/tests/test_against_model.c -- the same random calls to a driver and to the
 * model, and every answer compared: puts, deletes, reads, cursors, aborts, close and open. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 20000, CURSORS = 3 };

typedef struct pair { /* one store of each, and what is open in both */
    tl_fixture left, model;
    tl_store_txn *left_txn, *model_txn;
    tl_store_cursor *left_cursors[CURSORS], *model_cursors[CURSORS];
    bool has_cursors;       /* the open txns have them */
    size_t value_bytes_max; /* of the driver: beyond it the model takes more */
    uint64_t random;
    unsigned step;
} pair;

static uint64_t next_random(pair *both, uint64_t below)
{
    both->random = both->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (both->random >> 33) % below;
}

/* Few symbols and few lengths, so that keys meet again; now and then a long one. */
static tl_slice random_key(pair *both, unsigned char bytes[511])
{
    static const unsigned char symbols[] = {0, 1, 'a', 'b', 0x7f, 0x80, 0xff};
    size_t size_bytes = 1 + next_random(both, 5);
    size_t prefix_bytes = next_random(both, 16) == 0 ? next_random(both, 507) : 0;
    memset(bytes, 'p', prefix_bytes);
    for (size_t i = prefix_bytes; i < prefix_bytes + size_bytes; i++)
        bytes[i] = symbols[next_random(both, sizeof symbols)];
    return (tl_slice){bytes, prefix_bytes + size_bytes};
}

static tl_slice random_value(pair *both, unsigned char bytes[600])
{
    size_t size_bytes = next_random(both, 8) == 0 ? next_random(both, 600) : next_random(both, 40);
    if (size_bytes > both->value_bytes_max)
        size_bytes = both->value_bytes_max;
    memset(bytes, (int)next_random(both, 256), size_bytes);
    return (tl_slice){bytes, size_bytes};
}

static void assert_same_status(const pair *both, tl_status left, tl_status model)
{
    if (left != model)
        fail_msg("step %u: %s says %s, the model %s", both->step, tl_tested->name,
                 tl_status_name(left), tl_status_name(model));
}

static void assert_same_bytes(const pair *both, tl_slice left, tl_slice model)
{
    if (left.size_bytes != model.size_bytes)
        fail_msg("step %u: %s has %zu bytes, the model %zu", both->step, tl_tested->name,
                 left.size_bytes, model.size_bytes);
    if (left.size_bytes != 0 && memcmp(left.data, model.data, left.size_bytes) != 0)
        fail_msg("step %u: the bytes of %s differ from the model's", both->step, tl_tested->name);
}

static void begin(pair *both, bool read_only)
{
    both->left_txn = tl_fixture_begin(&both->left, read_only);
    both->model_txn = tl_fixture_begin(&both->model, read_only);
    both->has_cursors = read_only || !tl_tested_is_blind();
    for (size_t i = 0; both->has_cursors && i < CURSORS; i++) {
        assert_status(tl_tested->cursor_open(both->left_txn, &both->left_cursors[i]), TL_OK);
        assert_status(both->model.driver->cursor_open(both->model_txn, &both->model_cursors[i]),
                      TL_OK);
    }
}

static void end(pair *both, bool commit)
{
    for (size_t i = 0; both->has_cursors && i < CURSORS; i++) {
        tl_tested->cursor_close(both->left_cursors[i]);
        both->model.driver->cursor_close(both->model_cursors[i]);
    }
    if (commit) {
        assert_status(tl_tested->commit(both->left_txn), TL_OK);
        assert_status(both->model.driver->commit(both->model_txn), TL_OK);
    } else {
        tl_tested->abort(both->left_txn);
        both->model.driver->abort(both->model_txn);
    }
}

static void compare_get(pair *both)
{
    unsigned char bytes[511];
    tl_slice key = random_key(both, bytes), left = {NULL, 0}, model = {NULL, 0};
    assert_same_status(both, tl_tested->get(both->left_txn, key, &left),
                       both->model.driver->get(both->model_txn, key, &model));
    assert_same_bytes(both, left, model);
}

static void compare_put(pair *both)
{
    static const unsigned flags[] = {
        0, 0, 0, TL_PUT_INSERT, TL_PUT_APPEND, TL_PUT_INSERT | TL_PUT_APPEND};
    unsigned char key_bytes[511], value_bytes[600];
    tl_slice key = random_key(both, key_bytes), value = random_value(both, value_bytes);
    unsigned flag = flags[next_random(both, sizeof flags / sizeof flags[0])];
    if (tl_tested_is_blind())
        flag &= ~(unsigned)TL_PUT_INSERT;
    assert_same_status(both, tl_tested->put(both->left_txn, key, value, flag),
                       both->model.driver->put(both->model_txn, key, value, flag));
}

static void compare_del(pair *both)
{
    unsigned char bytes[511];
    tl_slice key = random_key(both, bytes);
    tl_status model = both->model.driver->del(both->model_txn, key);
    if (model == TL_NOT_FOUND && tl_tested_is_blind())
        model = TL_OK; /* it does not look */
    assert_same_status(both, tl_tested->del(both->left_txn, key), model);
}

static void compare_cursor_del(pair *both)
{
    size_t i = next_random(both, CURSORS);
    assert_same_status(both, tl_tested->cursor_del(both->left_cursors[i]),
                       both->model.driver->cursor_del(both->model_cursors[i]));
}

static tl_status cursor_call(const tl_driver *driver, uint64_t kind, tl_store_cursor *cursor,
                             tl_slice from, tl_slice *key, tl_slice *value)
{
    switch (kind) {
    case 0:
        return driver->cursor_first(cursor, key, value);
    case 1:
        return driver->cursor_last(cursor, key, value);
    case 2:
    case 3:
        return driver->cursor_seek(cursor, from, key, value);
    case 4:
    case 5:
    case 6:
        return driver->cursor_prev(cursor, key, value);
    default:
        return driver->cursor_next(cursor, key, value);
    }
}

static void compare_cursor_step(pair *both)
{
    unsigned char bytes[511];
    size_t i = next_random(both, CURSORS);
    uint64_t kind = next_random(both, 10);
    tl_slice from = random_key(both, bytes);
    tl_slice key[2] =
        {
            {NULL, 0},
            {NULL, 0}
    },
             value[2] = {{NULL, 0}, {NULL, 0}};
    assert_same_status(
        both, cursor_call(tl_tested, kind, both->left_cursors[i], from, &key[0], &value[0]),
        cursor_call(both->model.driver, kind, both->model_cursors[i], from, &key[1], &value[1]));
    assert_same_bytes(both, key[0], key[1]);
    assert_same_bytes(both, value[0], value[1]);
}

typedef struct comparison { /* the model's cursor, followed by a scan of the driver */
    pair *both;
    tl_store_cursor *cursor;
} comparison;

static bool compare_record(void *context, tl_slice key, tl_slice value)
{
    comparison *follow = context;
    tl_slice model_key, model_value;
    assert_status(follow->both->model.driver->cursor_next(follow->cursor, &model_key, &model_value),
                  TL_OK);
    assert_same_bytes(follow->both, key, model_key);
    assert_same_bytes(follow->both, value, model_value);
    return true;
}

static void compare_all(pair *both)
{
    uint64_t model_count = 0;
    assert_status(both->model.driver->count(both->model_txn, &model_count), TL_OK);
    tl_want_count(both->left_txn, model_count);
    comparison follow = {both, NULL};
    assert_status(both->model.driver->cursor_open(both->model_txn, &follow.cursor), TL_OK);
    tl_slice key, value;
    assert_status(tl_tested->scan(both->left_txn, (tl_slice){NULL, 0}, compare_record, &follow),
                  TL_OK);
    assert_status(both->model.driver->cursor_next(follow.cursor, &key, &value), TL_NOT_FOUND);
    both->model.driver->cursor_close(follow.cursor);
}

typedef void (*compare_fn)(pair *both);

/* One transaction of up to 200 random calls. */
static void run_txn(pair *both)
{
    static const compare_fn writes[] = {
        compare_put, compare_put,        compare_put, compare_put,         compare_del,
        compare_del, compare_cursor_del, compare_get, compare_cursor_step, compare_cursor_step};
    static const compare_fn blind_writes[] = {compare_put, compare_put, compare_del};
    static const compare_fn reads[] = {compare_get, compare_cursor_step};
    bool blind = tl_tested_is_blind(), read_only = next_random(both, blind ? 3 : 5) == 0;
    begin(both, read_only);
    for (uint64_t left = 1 + next_random(both, 200); left > 0; left--, both->step++) {
        if (read_only)
            reads[next_random(both, sizeof reads / sizeof reads[0])](both);
        else if (blind)
            blind_writes[next_random(both, sizeof blind_writes / sizeof blind_writes[0])](both);
        else
            writes[next_random(both, sizeof writes / sizeof writes[0])](both);
    }
    if (both->has_cursors)
        compare_all(both);
    end(both, next_random(both, 4) != 0);
}

static void random_calls_get_the_models_answers(void **state)
{
    (void)state;
    const char *given = getenv("TREELAB_TEST_SEED");
    pair both = {.random = given != NULL ? strtoull(given, NULL, 0) : 20261121};
    print_message("seed %llu (TREELAB_TEST_SEED replays)\n", (unsigned long long)both.random);
    tl_fixture_open(&both.left, tl_tested);
    tl_fixture_open(&both.model, tl_driver_find("model"));
    both.value_bytes_max = tl_tested->value_bytes_max(both.left.store);
    while (both.step < STEPS) {
        run_txn(&both);
        if (next_random(&both, 20) == 0) {
            tl_fixture_reopen(&both.left);
            tl_fixture_reopen(&both.model);
        }
    }
    begin(&both, true);
    compare_all(&both);
    end(&both, true);
    if (tl_tested->verify != NULL) {
        uint64_t finding_count = UINT64_MAX;
        assert_status(tl_tested->verify(both.left.store, NULL, NULL, &finding_count), TL_OK);
        assert_int_equal(finding_count, 0);
    }
    tl_fixture_release(&both.left);
    tl_fixture_release(&both.model);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(random_calls_get_the_models_answers)};

static int suite(const char *label)
{
    if (tl_tested_is_named("model"))
        return 0;
    return cmocka_run_group_tests_name(label, tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    return tl_fixture_run_all(argc, argv, suite);
}
