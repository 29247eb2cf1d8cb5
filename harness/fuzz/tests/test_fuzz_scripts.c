/* Random scripts: our engine and its peers agree with the model; a store that lies does not, and
 * what shows it is cut down to a few lines.
 *
 * TL_TEST_SEED=n runs other scripts and TL_TEST_ROUNDS=n more of them. */
#include "harness/fault/tests/slow.h"
#include "harness/fuzz/steps.h"
#include "harness/run/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t number_of(const char *variable, uint64_t usual)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 0) : usual;
}

static tl_steps made(uint64_t seed, size_t count)
{
    tl_choices choices = tl_choices_of_seed(seed);
    tl_steps steps = {NULL, 0, 0};
    assert_int_equal(tl_steps_make(&choices, count, &steps), TL_OK);
    return steps;
}

typedef struct hunt { /* what the shrinker looks for */
    const tl_driver *driver;
    tl_trial trial;
    unsigned tries;
    bool apart;
} hunt;

static bool still_fails(void *context, const tl_steps *steps)
{
    hunt *wanted = context;
    char message[TL_TRIAL_MESSAGE_BYTES];
    wanted->tries++;
    tl_trial trial = wanted->apart ? tl_steps_try_apart(steps, wanted->driver, message)
                                   : tl_steps_try(steps, wanted->driver, message);
    return trial == wanted->trial;
}

/* Cut down, print, fail. */
static void fail_with_script(tl_steps *steps, const tl_driver *driver, tl_trial trial,
                             const char *message)
{
    hunt wanted = {.driver = driver, .trial = trial, .apart = true};
    char *text = NULL;
    print_error("%s: %s: %s\n", driver->name, tl_trial_name(trial), message);
    assert_int_equal(tl_steps_shrink(steps, still_fails, &wanted), TL_OK);
    assert_int_equal(tl_steps_tell(steps, message, &text), TL_OK);
    fail_msg("%s", text);
}

static void agrees(const char *name, uint64_t rounds, size_t count)
{
    const tl_driver *driver = tl_driver_find(name);
    uint64_t seed = number_of("TL_TEST_SEED", 1);
    if (driver == NULL)
        skip();
    print_message("TL_TEST_SEED=%" PRIu64 "\n", seed);
    rounds = number_of("TL_TEST_ROUNDS", rounds);
    for (uint64_t round = 0; round < rounds; round++) {
        char message[TL_TRIAL_MESSAGE_BYTES];
        tl_steps steps = made(seed + round, count);
        tl_trial trial = tl_steps_try_apart(&steps, driver, message);
        if (trial != TL_TRIAL_AGREED)
            fail_with_script(&steps, driver, trial, message);
        tl_steps_free(&steps);
    }
}

static void random_scripts_agree_on_our_engine(void **state)
{
    (void)state;
    agrees("tree", SLOW ? 50 : 150, 800);
}

/* They go everywhere: the engine's counters say so.  Without reopening, which would clear them. */
static void random_scripts_split_merge_and_reuse(void **state)
{
    static const char *const reached[] = {
        "expect leaf_splits >= 20", "expect branch_splits >= 1", "expect leaf_merges >= 5",
        "expect leaf_moves >= 1",   "expect root_grows >= 2",    "expect root_collapses >= 1",
        "expect loose_reuse >= 10", "expect recycle_reuse >= 1", "expect aborts >= 5",
        "expect checkpoints >= 3",  "expect append_hits >= 1",   "expect cow_copies >= 50",
        "expect log_frames >= 20",  "expect alloc_failures == 0"};
    (void)state;
    char message[TL_TRIAL_MESSAGE_BYTES];
    tl_steps all = made(5, 3000), steps = {NULL, 0, 0};
    assert_int_equal(tl_steps_add(&steps, "open page_bytes=1024 durability=none ckpt_bytes=24000"),
                     TL_OK);
    for (size_t i = 1; i < all.count; i++)
        if (strcmp(all.at[i], "reopen") != 0 && strncmp(all.at[i], "crash", 5) != 0)
            assert_int_equal(tl_steps_add(&steps, all.at[i]), TL_OK);
    for (size_t i = 0; i < sizeof reached / sizeof reached[0]; i++)
        assert_int_equal(tl_steps_add(&steps, reached[i]), TL_OK);
    if (tl_steps_try(&steps, tl_driver_find("tree"), message) != TL_TRIAL_AGREED)
        fail_msg("%s", message);
    tl_steps_free(&all);
    tl_steps_free(&steps);
}

static void random_scripts_agree_on_lmdb(void **state)
{
    (void)state;
    agrees("lmdb", 3, 300);
}

static void random_scripts_agree_on_sqlite(void **state)
{
    (void)state;
    agrees("sqlite", 3, 300);
}

/* --- lies --- */

static const tl_driver *model(void)
{
    return tl_driver_find("model");
}

/* Forgets what is written under keys that end in 7. */
static tl_status forgetful_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    const unsigned char *bytes = key.data;
    tl_slice found;
    tl_status status = model()->get(txn, key, &found);
    if (key.size_bytes > 0 && bytes[key.size_bytes - 1] % 16 == 7 && status == TL_NOT_FOUND)
        return TL_OK;
    return model()->put(txn, key, value, flags);
}

/* A rollback that undoes nothing. */
static tl_status idle_rollback(tl_store_txn *txn, uint32_t save)
{
    (void)txn;
    (void)save;
    return TL_OK;
}

/* Deletes the end of a range with it. */
static tl_status greedy_del_range(tl_store_txn *txn, const tl_range *range, uint64_t *deleted)
{
    tl_range wider = *range;
    wider.upper_inclusive = true;
    return model()->del_range(txn, &wider, deleted);
}

static tl_status dying_drop(tl_store_txn *txn, tl_slice name)
{
    tl_store_txn *view;
    if (model()->tree(txn, name, false, &view) == TL_OK)
        abort();
    return TL_NOT_FOUND;
}

/* name, the lie, what becomes of the trial, most steps a shrunk script may have */
static const struct liar_row {
    tl_driver lie;
    tl_trial trial;
    size_t steps_max;
} liar_rows[] = {
    {{.name = "forgetful put", .put = forgetful_put},         TL_TRIAL_DIFFERED, 4},
    {{.name = "idle rollback", .rollback = idle_rollback},    TL_TRIAL_DIFFERED, 7},
    {{.name = "greedy range", .del_range = greedy_del_range}, TL_TRIAL_DIFFERED, 4},
    {{.name = "dying drop", .drop = dying_drop},              TL_TRIAL_DIED,     3},
};

static tl_driver liar_of(const tl_driver *lie)
{
    tl_driver liar = *model();
    liar.name = lie->name;
    liar.capabilities |= TL_DRIVER_SIM_IO; /* as one of our own engine: the same options count */
    liar.put = lie->put != NULL ? lie->put : liar.put;
    liar.rollback = lie->rollback != NULL ? lie->rollback : liar.rollback;
    liar.del_range = lie->del_range != NULL ? lie->del_range : liar.del_range;
    liar.drop = lie->drop != NULL ? lie->drop : liar.drop;
    return liar;
}

/* The told script, wants and all, is a script, and right as the model sees it. */
static void check_told(const tl_steps *steps, const tl_driver *liar, bool dies)
{
    char *text = NULL;
    tl_script *script;
    tl_script_error error;
    tl_script_result result;
    assert_int_equal(tl_steps_tell(steps, liar->name, &text), TL_OK);
    assert_int_equal(tl_script_parse("told", (tl_slice){text, strlen(text)}, &script, &error),
                     TL_OK);
    char dir[] = "/tmp/treelab-fuzz-XXXXXX";
    assert_non_null(mkdtemp(dir));
    tl_script_config config = {
        .driver = model(), .model = model(), .dir = dir, .skip_unsupported = true};
    tl_script_run(script, &config, &result);
    assert_int_equal(tl_directory_remove(dir), TL_OK);
    assert_int_equal(tl_directory_make_fresh(dir), TL_OK);
    if (result.outcome != TL_SCRIPT_PASSED)
        fail_msg("%s\n%s", result.message, text);
    config.driver = liar;
    if (!dies) {
        tl_script_run(script, &config, &result);
        assert_int_equal(result.outcome, TL_SCRIPT_MISMATCH);
    }
    assert_int_equal(tl_directory_remove(dir), TL_OK);
    tl_script_free(script);
    free(text);
}

/* Those that died left their directories behind, by hundreds. */
static void a_lie_is_found_and_shrinks_to_a_few_lines(void **state)
{
    (void)state;
    char around[] = "/tmp/treelab-fuzz-XXXXXX";
    assert_non_null(mkdtemp(around));
    assert_int_equal(setenv("TMPDIR", around, 1), 0);
    for (size_t i = 0; i < sizeof liar_rows / sizeof liar_rows[0]; i++) {
        tl_driver liar = liar_of(&liar_rows[i].lie);
        tl_trial trial = TL_TRIAL_AGREED;
        tl_steps steps = {NULL, 0, 0};
        char message[TL_TRIAL_MESSAGE_BYTES];
        for (uint64_t seed = 1; seed <= 20 && trial == TL_TRIAL_AGREED; seed++) {
            tl_steps_free(&steps);
            steps = made(seed, 400);
            trial = tl_steps_try_apart(&steps, &liar, message);
        }
        if (trial != liar_rows[i].trial)
            fail_msg("%s: %s: %s", liar.name, tl_trial_name(trial), message);
        hunt wanted = {.driver = &liar, .trial = trial, .apart = trial == TL_TRIAL_DIED};
        size_t before = steps.count;
        assert_int_equal(tl_steps_shrink(&steps, still_fails, &wanted), TL_OK);
        print_message("%s: %zu steps, then %zu, after %u tries\n", liar.name, before, steps.count,
                      wanted.tries);
        for (size_t s = 0; s < steps.count; s++)
            print_message("    %s\n", steps.at[s]);
        assert_in_range(steps.count, 2, liar_rows[i].steps_max);
        check_told(&steps, &liar, trial == TL_TRIAL_DIED);
        tl_steps_free(&steps);
    }
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_int_equal(rmdir(around), 0);
}

/* --- making and cutting --- */

static void the_same_seed_makes_the_same_script(void **state)
{
    (void)state;
    tl_steps once = made(9, 200), again = made(9, 200), other = made(10, 200);
    size_t equal = 0;
    assert_int_equal(once.count, again.count);
    for (size_t i = 0; i < once.count; i++)
        assert_string_equal(once.at[i], again.at[i]);
    for (size_t i = 0; i < once.count && i < other.count; i++)
        equal += strcmp(once.at[i], other.at[i]) == 0;
    assert_true(equal < once.count / 4);
    tl_steps_free(&once);
    tl_steps_free(&again);
    tl_steps_free(&other);
}

static void every_verb_is_made(void **state)
{
    static const char *const verbs[] = {
        "open ",     "reopen",     "verify",       "checkpoint", "compact ",   "begin",
        "commit",    "abort",      "savepoint ",   "rollback ",  "put ",       "insert ",
        "append ",   "get ",       "del ",         "drop ",      "scan",       "count",
        "delrange ", "cursor c",   "c0: first",    "c0: last",   "c0: seek ",  "c0: next",
        "c0: prev",  "c0: curdel", "c0: curclose", "batch",      "bulkinsert", "bulkload"};
    (void)state;
    tl_steps steps = made(1, 4000);
    for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++) {
        size_t found = 0;
        for (size_t i = 0; i < steps.count; i++)
            found += strncmp(steps.at[i], verbs[v], strlen(verbs[v])) == 0;
        if (found == 0)
            fail_msg("%s is never made", verbs[v]);
    }
    tl_steps_free(&steps);
}

/* Fails while both "a" and "b" are there: needs them and nothing else. */
static bool has_both(void *context, const tl_steps *steps)
{
    unsigned *tries = context, seen = 0;
    (*tries)++;
    for (size_t i = 0; i < steps->count; i++)
        seen |= steps->at[i][0] == 'a' ? 1u : steps->at[i][0] == 'b' ? 2u : 0;
    return seen == 3;
}

static void shrinking_leaves_nothing_that_is_not_needed(void **state)
{
    (void)state;
    for (size_t a = 0; a < 100; a += 7)
        for (size_t b = a + 1; b < 100; b += 11) {
            tl_steps steps = {NULL, 0, 0};
            unsigned tries = 0;
            for (size_t i = 0; i < 100; i++)
                assert_int_equal(tl_steps_add(&steps, i == a ? "a" : i == b ? "b" : "-"), TL_OK);
            assert_int_equal(tl_steps_shrink(&steps, has_both, &tries), TL_OK);
            assert_int_equal(steps.count, 2);
            assert_string_equal(steps.at[0], "a");
            assert_string_equal(steps.at[1], "b");
            assert_true(tries < 200);
            tl_steps_free(&steps);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_makes_the_same_script),
        cmocka_unit_test(every_verb_is_made),
        cmocka_unit_test(shrinking_leaves_nothing_that_is_not_needed),
        cmocka_unit_test(a_lie_is_found_and_shrinks_to_a_few_lines),
        cmocka_unit_test(random_scripts_agree_on_our_engine),
        cmocka_unit_test(random_scripts_split_merge_and_reuse),
        cmocka_unit_test(random_scripts_agree_on_lmdb),
        cmocka_unit_test(random_scripts_agree_on_sqlite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
