/* harness/check/tests/test_mutants.c -- the sweeps as shipped find every seeded bug, told nothing.
 *
 * `treelab-mutants crash mutants` runs as a user runs it; its result says what became of each bug.
 * Beside it, a driver that lies: the same enumeration must find what is wrong with a store that has
 * no switch for it.
 */
#define _GNU_SOURCE
#include "harness/check/enumerate.h"
#include "harness/check/standard.h"
#include "harness/cli/cli.h"
#include "harness/cli/tests/program.h"
#include "harness/drivers/drivers.h"
#include "harness/fault/tests/slow.h"
#include "harness/report/json.h"

/* One for each kind of sweep where a run takes ten times as long; else all. */
#if SLOW
#define WHICH                                                                                      \
    "--mutant choose_older_meta,ack_before_sync,skip_data_sync,create_without_dir_sync,"           \
    "skip_page_crc,skip_page_tag,skip_page_number,forget_failed_checkpoint,eintr_is_success,"      \
    "free_twice,acknowledge_what_is_staged,trust_what_was_read"
enum { FOUND_MIN = 12 };
#else
#define WHICH ""
enum { FOUND_MIN = 50 };
#endif

static const char *text_of(const tl_json *mutant, const char *name)
{
    return tl_json_text(tl_json_get(mutant, name), "");
}

/* The cell of the sweep that found it first of those that had to; or of no other use: its first. */
static bool is_first_of_its_bug(const tl_json *cells, size_t index)
{
    const char *awake = text_of(tl_json_get(tl_json_at(cells, index), "mutant"), "awake");
    for (size_t i = 0; i < index; i++)
        if (strcmp(text_of(tl_json_get(tl_json_at(cells, i), "mutant"), "awake"), awake) == 0)
            return false;
    return true;
}

static void every_seeded_bug_is_found(void **state)
{
    program *mutants = *state;
    char path[PATH_MAX];
    tl_json *root = NULL;
    snprintf(path, sizeof path, "%s", folder_join(mutants->scratch, "run.json"));
    program_run(mutants, "crash mutants -q --jobs 2 --json '%s' " WHICH, path);
    print_message("%s", mutants->out);
    assert_int_equal(mutants->exit_code, TL_EXIT_OK);
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    const tl_json *cells = tl_json_get(root, "cells");
    unsigned found = 0;
    for (size_t i = 0; i < tl_json_size(cells); i++) {
        const tl_json *mutant = tl_json_get(tl_json_at(cells, i), "mutant");
        const char *verdict = text_of(mutant, "verdict");
        if (text_of(mutant, "name")[0] == '\0' || !is_first_of_its_bug(cells, i))
            continue;
        found += strcmp(verdict, "found") == 0 || strcmp(verdict, "unexpected") == 0;
        if (strcmp(verdict, "waits") == 0)
            fail_msg("nothing looked for %s", text_of(mutant, "awake"));
    }
    assert_true(found >= FOUND_MIN);
    tl_json_free(root);
}

/* ---- a driver that lies once: the seventh commit is acknowledged and undone ---- */

static unsigned commit_count;
static tl_driver liar;

static tl_status lying_commit(tl_store_txn *txn)
{
    if (++commit_count != 7)
        return tl_driver_tree.commit(txn);
    tl_driver_tree.abort(txn);
    return TL_OK;
}

static void a_driver_that_drops_an_acknowledged_commit_is_found(void **state)
{
    (void)state;
    liar = tl_driver_tree;
    liar.commit = lying_commit;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS; p++) {
        char error[256] = "";
        tl_standard_settings standard;
        tl_recording recording;
        tl_enumeration result;
        commit_count = 0;
        tl_standard_settings_fill(&standard, tl_standard_protocols[p], TL_STANDARD_PAGE_BYTES);
        tl_recording_spec spec = {.driver = &liar,
                                  .settings = standard.settings,
                                  .setting_count = TL_STANDARD_SETTINGS,
                                  .durability = TL_DURABILITY_COMMIT,
                                  .page_bytes = TL_STANDARD_PAGE_BYTES,
                                  .seed = TL_STANDARD_SEED,
                                  .commits = TL_STANDARD_COMMITS};
        assert_int_equal(TL_OK, tl_recording_make(&spec, &recording, error, sizeof error));
        tl_enumerate_options options = {
            .recording = &recording, .profile = TL_PROFILE_SIGKILL, .tier = TL_TIER_ENDS};
        tl_enumeration_init(&result);
        assert_int_equal(TL_OK, tl_enumerate(&options, &result));
        assert_true(result.findings > 0);
        tl_enumeration_clear(&result);
        tl_recording_clear(&recording);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_seeded_bug_is_found),
        cmocka_unit_test(a_driver_that_drops_an_acknowledged_commit_is_found),
    };
    return cmocka_run_group_tests(tests, program_setup, program_teardown);
}
