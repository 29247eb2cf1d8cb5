/* engine/tests/acceptance/acceptance.c -- see acceptance.h. */
#include "engine/tests/acceptance/acceptance.h"
#include "engine/base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One scenario on one row: the state of one cmocka test. */
typedef struct performance {
    const scenario *what;
    unsigned row;
    acceptance *on;
    char name[COVER_NAME_BYTES + 80];
} performance;

bool acceptance_full(void)
{
    const char *text = getenv("TL_TEST_FULL");
    return text != NULL && strcmp(text, "0") != 0;
}

uint64_t acceptance_size(uint64_t usual, uint64_t full)
{
    return acceptance_full() ? full : usual;
}

uint64_t acceptance_below(acceptance *on, uint64_t bound)
{
    return tl_random_next(&on->random) % bound;
}

void acceptance_begin(acceptance *on)
{
    if (on->txn == NULL)
        check_ok(tl_txn_begin(on->rig.env, 0, &on->txn));
}

void acceptance_commit(acceptance *on)
{
    tl_txn *txn = on->txn;
    on->txn = NULL;
    check_ok(tl_txn_commit(txn));
}

void acceptance_put(acceptance *on, tl_slice key, tl_slice value)
{
    acceptance_begin(on);
    check_ok(tl_put(on->txn, TL_TREE_MAIN, key, value, 0));
    model_put(&on->rig.truth, key, value);
}

void acceptance_del(acceptance *on, tl_slice key)
{
    acceptance_begin(on);
    check_ok(tl_del(on->txn, TL_TREE_MAIN, key));
    assert_true(model_del(&on->rig.truth, key));
}

tl_slice acceptance_value(acceptance *on, uint64_t seed, size_t size)
{
    static uint8_t bytes[1 << 18];
    size_t most = info_of(on->rig.env).value_bytes_max;
    size = size < most ? size : most;
    assert_true(size <= sizeof bytes);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = tl_random_next(&seed);
        memcpy(bytes + i, &word, size - i < 8 ? size - i : 8);
    }
    return (tl_slice){bytes, size};
}

tl_slice u64_of(uint64_t number, u64_key *key)
{
    for (int i = 7; i >= 0; i--, number >>= 8)
        key->bytes[i] = (uint8_t)number;
    return (tl_slice){key->bytes, 8};
}

static int begin(void **state)
{
    performance *of = *state;
    of->on = calloc(1, sizeof *of->on);
    if (of->on == NULL)
        return -1;
    rig_make(&of->on->rig);
    of->on->rig.options.map_bytes = UINT64_C(1) << 30;
    of->on->random = 42;
    cover_apply(of->row, &of->on->rig.options, of->on->row);
    if (of->what->choose != NULL)
        of->what->choose(&of->on->rig.options);
    return 0;
}

/* Every scenario ends like this: sound, equal to the model, and still so when opened again. */
static void play(void **state)
{
    performance *of = *state;
    acceptance *on = of->on;
    if (of->what->applies != NULL && !of->what->applies(&on->rig.options))
        return;
    rig_open(&on->rig);
    of->what->play(on);
    if (on->txn != NULL)
        acceptance_commit(on);
    rig_compare(&on->rig);
    rig_close(&on->rig);
    rig_open(&on->rig);
    check_sound(on->rig.env, &on->rig.truth);
    assert_int_equal(0, stats_of(on->rig.env).alloc_failures);
}

static int end(void **state)
{
    performance *of = *state;
    rig_drop(&of->on->rig);
    free(of->on);
    return 0;
}

int acceptance_run(const scenario *scenarios, size_t count)
{
    const char *only = getenv("TL_TEST_ROW");
    unsigned rows = only != NULL ? 1 : cover_count(), used = 0;
    performance *all = calloc(count * rows, sizeof *all);
    struct CMUnitTest *tests = calloc(count * rows, sizeof *tests);
    if (all == NULL || tests == NULL)
        abort();
    for (size_t s = 0; s < count; s++)
        for (unsigned r = 0; r < rows; r++, used++) {
            tl_env_options options = {.flags = 0};
            char row[COVER_NAME_BYTES];
            all[used].what = &scenarios[s];
            all[used].row = only != NULL ? (unsigned)strtoul(only, NULL, 10) % cover_count() : r;
            cover_apply(all[used].row, &options, row);
            snprintf(all[used].name, sizeof all[used].name, "%s [row %u: %s]", scenarios[s].name,
                     all[used].row, row);
            tests[used] = (struct CMUnitTest){all[used].name, play, begin, end, &all[used]};
        }
    print_message("%zu scenarios on %u rows\n", count, rows);
    int failed = _cmocka_run_group_tests("acceptance", tests, used, NULL, NULL);
    free(tests);
    free(all);
    return failed;
}
