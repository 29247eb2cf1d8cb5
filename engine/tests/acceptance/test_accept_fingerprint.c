/* engine/tests/acceptance/test_accept_fingerprint.c -- the same seed gives the same bytes and exact
 * counters, on every compiler, at every optimisation, whatever the processor can do.
 *
 * One fixed run per row of options.  Its fingerprint is a hash of every file it left and of every
 * counter of class exact.  fingerprints.txt keeps what they were; each build (gcc and clang, -O1
 * with sanitizers and -O3) compares with it.  A change that is meant to change pages or counters
 * writes the file anew:
 *
 *     TL_FINGERPRINT_WRITE=1 build/engine/tests/test_accept_fingerprint
 */
#include "engine/base/hash.h"
#include "engine/tests/acceptance/acceptance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char kept_path[] = "engine/tests/acceptance/fingerprints.txt";

/* --- the run --- */

static tl_slice some_key(acceptance *on, uint8_t bytes[24])
{
    uint64_t number = acceptance_below(on, 700), shape = number % 3;
    memset(bytes, 'k', 24);
    for (unsigned i = 0; i < 8; i++)
        bytes[8 * shape + i] = (uint8_t)(tl_mix64(number) >> (8 * i));
    return (tl_slice){bytes, 8 * shape + 8};
}

static void edit_some(acceptance *on, tl_tree tree, unsigned count, unsigned deletes)
{
    uint8_t bytes[24];
    acceptance_begin(on);
    for (unsigned i = 0; i < count; i++) {
        tl_slice key = some_key(on, bytes);
        if (acceptance_below(on, 100) < deletes) {
            tl_status status = tl_del(on->txn, tree, key);
            assert_true(status == TL_OK || status == TL_NOT_FOUND);
            continue;
        }
        size_t page = on->rig.options.page_bytes;
        size_t most = acceptance_below(on, 40) == 0 ? 3 * page : page / 12;
        uint64_t seed = acceptance_below(on, 1000); /* in an order that C fixes */
        size_t size = (size_t)acceptance_below(on, most);
        tl_slice value = acceptance_value(on, seed, size);
        check_ok(tl_put(on->txn, tree, key, value, 0));
    }
}

/* Growth, churn and shrinking in two trees; aborts, checkpoints, a killed process, reopening. */
static void run(acceptance *on)
{
    tl_tree other = 0;
    tl_stats sum = {0};
    for (unsigned round = 0; round < 24; round++) {
        acceptance_begin(on);
        check_ok(tl_tree_open(on->txn, slice_of_text("other"), TL_TREE_CREATE, &other));
        edit_some(on, TL_TREE_MAIN, 60, round < 14 ? 10 : 70);
        edit_some(on, other, 25, 40);
        if (round % 7 == 6) {
            tl_txn_abort(on->txn);
            on->txn = NULL;
        } else {
            acceptance_commit(on);
        }
        if (round % 5 == 4)
            check_ok(tl_env_checkpoint(on->rig.env));
        if (round % 8 == 7) {
            tl_stats now = stats_of(on->rig.env);
            for (size_t i = 0; i < TL_STATS_COUNT; i++)
                ((uint64_t *)&sum)[i] += ((const uint64_t *)&now)[i];
            rig_abandon(&on->rig);
            rig_open(&on->rig);
        }
    }
    check_sound(on->rig.env, NULL);
    tl_stats now = stats_of(on->rig.env);
    on->random = 0; /* from here on it is the fingerprint */
    for (size_t i = 0; i < TL_STATS_COUNT; i++)
        if (strcmp(tl_stats_rows()[i].class_, "exact") == 0)
            on->random = tl_mix64(on->random + ((const uint64_t *)&sum)[i] * 31 +
                                  ((const uint64_t *)&now)[i]);
    rig_close(&on->rig);
    on->random = tl_mix64(on->random ^ memdisk_hash(on->rig.disk));
}

/* 0: this processor lacks the way of searching. */
static uint64_t fingerprint(unsigned row, const char *simd, char name[COVER_NAME_BYTES])
{
    acceptance *on = calloc(1, sizeof *on);
    assert_non_null(on);
    rig_make(&on->rig);
    on->rig.options.map_bytes = UINT64_C(1) << 30;
    on->rig.options.ckpt_bytes = 40000;
    on->random = 19;
    on->rig.options.simd = simd;
    cover_apply(row, &on->rig.options, name);
    uint64_t found = 0;
    if (rig_try_open(&on->rig) != TL_INVALID) {
        run(on);
        found = on->random;
    }
    rig_drop(&on->rig);
    free(on);
    return found;
}

/* --- the claims --- */

static void the_same_seed_twice_is_the_same_run(void **state)
{
    char name[COVER_NAME_BYTES];
    (void)state;
    for (unsigned row = 0; row < cover_count(); row += 5)
        assert_true(fingerprint(row, NULL, name) == fingerprint(row, NULL, name));
}

static void every_way_of_searching_gives_the_same_run(void **state)
{
    char name[COVER_NAME_BYTES];
    unsigned ways = 0;
    (void)state;
    for (unsigned row = 0; row < cover_count(); row += 6) {
        uint64_t usual = fingerprint(row, NULL, name);
        for (const char *const *simd = tl_simds(); *simd != NULL; simd++) {
            uint64_t found = fingerprint(row, *simd, name);
            if (found != 0 && found != usual)
                fail_msg("simd=%s: %s", *simd, name);
            ways += found != 0;
        }
    }
    assert_true(ways >= cover_count() / 6); /* the plain one is always there */
}

static void every_build_leaves_the_kept_fingerprints(void **state)
{
    (void)state;
    bool writes = getenv("TL_FINGERPRINT_WRITE") != NULL;
    FILE *kept = fopen(kept_path, writes ? "w" : "r");
    if (kept == NULL)
        fail_msg("%s: cannot be opened; see the head of this test", kept_path);
    unsigned wrong = 0;
    for (unsigned row = 0; row < cover_count(); row++) {
        char name[COVER_NAME_BYTES], line[COVER_NAME_BYTES + 40] = "", made[sizeof line];
        uint64_t found = fingerprint(row, NULL, name);
        snprintf(made, sizeof made, "%016" PRIx64 " %s\n", found, name);
        if (writes)
            fputs(made, kept);
        else if (fgets(line, sizeof line, kept) == NULL || strcmp(line, made) != 0) {
            print_error("row %u: kept %srow %u: made %s", row, line, row, made);
            wrong++;
        }
    }
    fclose(kept);
    if (wrong > 0)
        fail_msg("%u rows differ: pages or exact counters changed (or the rows did)", wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_twice_is_the_same_run),
        cmocka_unit_test(every_way_of_searching_gives_the_same_run),
        cmocka_unit_test(every_build_leaves_the_kept_fingerprints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
