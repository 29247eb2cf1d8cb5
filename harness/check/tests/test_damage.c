/* harness/check/tests/test_damage.c -- damage on purpose: is every way to answer it told apart, and
 * does the engine never answer wrongly? */
#include "harness/check/damage.h"
#include "harness/check/standard.h"
#include "harness/check/tests/toy.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE_BYTES = 1024, PAGES = 16, SEED = 42 };

typedef struct fixture {
    tl_standard_settings standard;
    tl_arena *arena;
    tl_damage_options options;
    tl_damage_result result;
    unsigned told; /* findings reported */
    tl_damage_finding first;
} fixture;

static void count_finding(void *context, const tl_damage_finding *finding)
{
    fixture *all = context;
    if (all->told++ == 0)
        all->first = *finding;
}

static int setup(void **state)
{
    fixture *all = calloc(1, sizeof *all);
    if (all == NULL || tl_arena_create(TL_STANDARD_ARENA_BYTES, &all->arena) != TL_OK)
        return -1;
    tl_standard_settings_fill(&all->standard, "log", PAGE_BYTES);
    all->options = (tl_damage_options){
        .driver = tl_driver_find("tree"),
        .settings = all->standard.settings,
        .setting_count = TL_STANDARD_SETTINGS,
        .durability = TL_DURABILITY_COMMIT,
        .page_bytes = PAGE_BYTES,
        .pages = PAGES,
        .clean = true,
        .seed = SEED,
        .commits = 12,
        .arena = all->arena,
        .on_finding = count_finding,
        .context = all,
    };
    *state = all;
    return 0;
}

static int teardown(void **state)
{
    fixture *all = *state;
    tl_arena_destroy(all->arena);
    free(all);
    return 0;
}

static void run(fixture *all)
{
    all->told = 0;
    tl_status status = tl_damage_run(&all->options, &all->result);
    if (status != TL_OK)
        fail_msg("%s: %s", tl_status_name(status), all->result.error);
}

static tl_damage_outcome outcome_of(fixture *all, const char *text)
{
    all->options.only = text;
    run(all);
    all->options.only = NULL;
    assert_int_equal(all->result.states + all->result.unchanged, 1);
    return all->result.only.outcome;
}

static void no_finding(const fixture *all)
{
    if (all->result.findings > 0)
        fail_msg("%s: %s", all->first.text, all->first.verdict.text);
    assert_int_equal(all->told, 0);
    assert_true(all->result.complete);
}

/* What a test needs to make cases by hand: the image that the options lead to, and its map. */
typedef struct made {
    tl_oracle *oracle;
    tl_damage_image image;
    tl_damage_map map;
    tl_damage_target target;
} made;

static void make(const fixture *all, made *m)
{
    const tl_damage_options *options = &all->options;
    *m = (made){.oracle = NULL};
    char error[256] = "";
    assert_int_equal(tl_damage_make(options, &m->oracle, &m->image, error, sizeof error), TL_OK);
    assert_int_equal(tl_damage_map_make(&m->image, &m->map), TL_OK);
    m->target = (tl_damage_target){&m->image, &m->map, options->seed};
}

static void unmake(made *m)
{
    tl_damage_map_clear(&m->map);
    tl_damage_image_clear(&m->image);
    tl_oracle_destroy(m->oracle);
}

/* A flip of the first or last byte of a region that is live, or dead. */
static void flip_in(const made *m, tl_damage_region region, bool live, bool last,
                    char text[TL_DAMAGE_TEXT_MAX])
{
    unsigned wanted = (unsigned)region | (live ? TL_DAMAGE_LIVE : 0);
    bool found = false;
    for (unsigned f = 0; f < m->image.file_count; f++)
        for (uint64_t i = 0; i < m->image.files[f].now.size_bytes && (last || !found); i++)
            if ((m->map.bytes[f][i] & ~(unsigned)TL_DAMAGE_BITWISE) == wanted) {
                tl_damage_case damage = {TL_DAMAGE_FLIP, f, i, 0x40};
                tl_damage_case_print(&damage, m->image.names, text);
                found = true;
            }
    if (!found)
        fail_msg("no such byte in region %s", tl_damage_region_name(region));
}

static void a_store_without_checksums_is_caught_as_silently_wrong(void **state)
{
    fixture *all = *state;
    all->options.driver = &toy_driver;
    all->options.setting_count = 0;
    all->options.kinds[TL_DAMAGE_FLIP] = true;
    all->options.commits = 3;
    toy_select(TOY_NO_CHECKSUM);
    run(all);
    toy_select(TOY_SOUND);
    assert_true(all->result.by_outcome[TL_DAMAGE_SILENT_WRONG] > all->result.states / 4);
    assert_int_equal(all->told, all->result.findings);
    assert_int_equal(
        tl_damage_count_of(&all->result, TL_DAMAGE_REGION_OTHER, TL_DAMAGE_SILENT_WRONG),
        all->result.by_outcome[TL_DAMAGE_SILENT_WRONG]);

    toy_select(TOY_NO_CHECKSUM); /* and what was found is found again by its name */
    char text[TL_DAMAGE_TEXT_MAX];
    memcpy(text, all->first.text, sizeof text);
    assert_int_equal(outcome_of(all, text), all->first.verdict.outcome);
    toy_select(TOY_SOUND);
}

static void the_engine_never_answers_wrongly_whatever_byte_of_sixteen_pages_is_hit(void **state)
{
    fixture *all = *state;
    for (unsigned k = 0; k < TL_DAMAGE_KIND_COUNT; k++)
        all->options.kinds[k] = k != TL_DAMAGE_BIT; /* ci runs those as a sample */
    run(all);
    no_finding(all);
    assert_true(all->result.exhaustive && all->result.map_known);
    assert_int_equal(all->result.pages, PAGES);
    assert_true(all->result.totals[TL_DAMAGE_FLIP] == all->result.image_bytes);
    uint64_t flips = 0;
    for (unsigned r = 0; r < TL_DAMAGE_REGION_COUNT; r++)
        for (unsigned o = 0; o < TL_DAMAGE_OUTCOME_COUNT; o++)
            flips += all->result.counts[TL_DAMAGE_FLIP][r][o];
    assert_int_equal(flips, all->result.image_bytes); /* a flip always changes something */
}

/* Samples of every kind, of both images, under every protocol. */
static void the_engine_never_answers_wrongly_in_a_sample_of_every_damage(void **state)
{
    fixture *all = *state;
    memset(all->options.kinds, true, sizeof all->options.kinds);
    all->options.sample = 150;
    all->options.pages = 64;
    all->options.commits = 24;
    for (unsigned p = 0; p < TL_STANDARD_PROTOCOLS; p++) {
        tl_standard_settings_fill(&all->standard, tl_standard_protocols[p], PAGE_BYTES);
        for (int clean = 0; clean < 2; clean++) {
            all->options.clean = clean != 0;
            run(all);
            no_finding(all);
            bool logged = p == 0 && !all->options.clean;
            assert_true(logged == (all->result.flushes > 0));
        }
    }
}

static void
every_byte_of_a_branch_a_leaf_and_a_value_is_noticed_by_every_path_that_reads_it(void **state)
{
    static const tl_damage_region regions[] = {TL_DAMAGE_REGION_BRANCH, TL_DAMAGE_REGION_LEAF,
                                               TL_DAMAGE_REGION_OVERFLOW};
    fixture *all = *state;
    all->options.kinds[TL_DAMAGE_FLIP] = true;
    all->options.pages = 48;
    all->options.sample = 1500;
    run(all);
    no_finding(all);
    for (size_t i = 0; i < 3; i++) {
        assert_true(all->result.live_bytes[regions[i]] > 0);
        assert_int_equal(tl_damage_count_of(&all->result, regions[i], TL_DAMAGE_CORRECTED), 0);
        for (unsigned p = TL_DAMAGE_PATH_GET; p < TL_DAMAGE_PATH_COUNT; p++) {
            const tl_damage_asked *path = &all->result.paths[regions[i]][p];
            assert_true(path->asked > 0);
            assert_int_equal(path->noticed, path->asked);
        }
    }
}

static void each_class_has_its_case_by_hand(void **state)
{
    fixture *all = *state;
    char text[TL_DAMAGE_TEXT_MAX];
    made m;
    make(all, &m);
    flip_in(&m, TL_DAMAGE_REGION_LEAF, true, true, text);
    assert_int_equal(outcome_of(all, text), TL_DAMAGE_DETECTED);
    assert_int_equal(all->result.only.status, TL_CORRUPT);
    flip_in(&m, TL_DAMAGE_REGION_META, true, false, text); /* the other copy is read */
    assert_int_equal(outcome_of(all, text), TL_DAMAGE_CORRECTED);
    flip_in(&m, TL_DAMAGE_REGION_META, false, false, text); /* the older meta */
    assert_int_equal(outcome_of(all, text), TL_DAMAGE_MASKED);
    flip_in(&m, TL_DAMAGE_REGION_PADDING, false, false, text);
    assert_int_equal(outcome_of(all, text), TL_DAMAGE_MASKED);
    assert_int_equal(outcome_of(all, "zero_sector:tree.tl:2"), TL_DAMAGE_UNCHANGED);
    assert_int_equal(all->result.states, 0);
    unmake(&m);

    all->options.clean = false;
    all->options.pages = 64;
    all->options.commits = 24;
    make(all, &m);
    flip_in(&m, TL_DAMAGE_REGION_LOG_FRAME, true, true, text);
    assert_int_equal(outcome_of(all, text), TL_DAMAGE_AMBIGUOUS); /* as a torn tail */
    assert_true(m.map.flush_count > 1);
    flip_in(&m, TL_DAMAGE_REGION_LOG_FRAME, true, false, text);
    assert_int_equal(outcome_of(all, text), TL_DAMAGE_DETECTED); /* later frames prove it */
    unmake(&m);
}

/* Driver tree, with a way of its own to answer damage. */
static const tl_driver *honest;

static tl_status verify_and_die(tl_store *store, tl_report_fn report, void *context,
                                uint64_t *finding_count)
{
    tl_status status = honest->verify(store, report, context, finding_count);
    if (status != TL_OK)
        raise(SIGKILL);
    return status;
}

static tl_status open_and_read_for_ever(const tl_driver_options *options, tl_store **store)
{
    tl_status status = honest->open(options, store);
    while (status != TL_OK) {
        tl_file *file;
        tl_status again = options->io->open(options->io, "db/tree.tl", 0, &file);
        if (again != TL_OK)
            return again;
        options->io->close(options->io, file);
    }
    return status;
}

static tl_status get_and_be_busy(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    tl_status status = honest->get(txn, key, value);
    return status == TL_CORRUPT ? TL_BUSY : status;
}

static tl_status get_and_not_find(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    tl_status status = honest->get(txn, key, value);
    return status == TL_CORRUPT ? TL_NOT_FOUND : status;
}

static void bad_manners_under_damage_are_findings(void **state)
{
    fixture *all = *state;
    char value[TL_DAMAGE_TEXT_MAX], header[TL_DAMAGE_TEXT_MAX];
    made m;
    honest = all->options.driver;
    all->options.pages = 48;
    make(all, &m);
    flip_in(&m, TL_DAMAGE_REGION_OVERFLOW, true, true, value); /* no open looks at it */
    flip_in(&m, TL_DAMAGE_REGION_LOG_HEADER, true, false, header);
    unmake(&m);
    tl_driver driver = *honest;
    all->options.driver = &driver;

    driver.verify = verify_and_die;
    assert_int_equal(outcome_of(all, value), TL_DAMAGE_CRASHED);
    assert_int_equal(all->result.only.path, TL_DAMAGE_PATH_VERIFY);
    assert_int_equal(all->told, 1);
    driver = *honest;
    driver.open = open_and_read_for_ever;
    assert_int_equal(outcome_of(all, header), TL_DAMAGE_HUNG);
    assert_int_equal(all->result.only.path, TL_DAMAGE_PATH_OPEN);
    driver = *honest;
    driver.get = get_and_be_busy;
    assert_int_equal(outcome_of(all, value), TL_DAMAGE_UNDOCUMENTED);
    driver = *honest;
    driver.get = get_and_not_find;
    assert_int_equal(outcome_of(all, value), TL_DAMAGE_SILENT_WRONG);
    assert_int_equal(all->result.only.path, TL_DAMAGE_PATH_GET);
}

static void a_crash_does_not_end_the_run(void **state)
{
    fixture *all = *state;
    honest = all->options.driver;
    tl_driver driver = *honest;
    driver.verify = verify_and_die;
    all->options.driver = &driver;
    all->options.kinds[TL_DAMAGE_FLIP] = true;
    all->options.sample = 60;
    run(all);
    assert_true(all->result.complete);
    assert_int_equal(all->result.states, 60);
    assert_true(all->result.by_outcome[TL_DAMAGE_CRASHED] > 1);
    assert_true(all->result.by_outcome[TL_DAMAGE_MASKED] > 1);
    assert_int_equal(all->told, all->result.by_outcome[TL_DAMAGE_CRASHED]);
}

static void every_case_has_a_name_that_brings_it_back(void **state)
{
    fixture *all = *state;
    made m;
    all->options.clean = false;
    make(all, &m);
    for (unsigned k = 0; k < TL_DAMAGE_KIND_COUNT; k++) {
        uint64_t count = tl_damage_count(&m.target, (tl_damage_kind)k);
        char before[TL_DAMAGE_TEXT_MAX] = "", text[TL_DAMAGE_TEXT_MAX];
        assert_true(count > 0);
        for (uint64_t i = 0; i < count; i++) {
            tl_damage_case damage, again;
            tl_damage_nth(&m.target, (tl_damage_kind)k, i, &damage);
            assert_true(tl_damage_exists(&m.target, &damage));
            tl_damage_case_print(&damage, m.image.names, text);
            assert_string_not_equal(text, before);
            assert_true(tl_damage_case_parse(text, m.image.names, m.image.file_count, &again));
            assert_int_equal(again.file, damage.file);
            assert_true(again.place == damage.place && again.value == damage.value);
            memcpy(before, text, sizeof before);
        }
    }
    static const char *const bad[] = {"",
                                      "flip",
                                      "flip:tree.tl",
                                      "flip:tree.tl:1",
                                      "flip:x:1:2",
                                      "flop:tree.tl:1",
                                      "flip:tree.tl:1:2:3",
                                      "bit:tree.tl:1:2",
                                      "truncate:tree.tl:-1",
                                      "zero_page:tree.tl:1 "};
    tl_damage_case damage;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tl_damage_case_parse(bad[i], m.image.names, m.image.file_count, &damage));
    unmake(&m);
}

static void a_case_that_the_image_has_not_is_refused(void **state)
{
    fixture *all = *state;
    all->options.only = "flip:tree.tl:999999999:0x01";
    assert_int_equal(tl_damage_run(&all->options, &all->result), TL_INVALID);
    assert_non_null(strstr(all->result.error, "no case"));
}

static void equal_options_give_equal_results(void **state)
{
    fixture *all = *state;
    memset(all->options.kinds, true, sizeof all->options.kinds);
    all->options.sample = 40;
    all->options.clean = false;
    run(all);
    tl_damage_result first = all->result;
    run(all);
    assert_memory_equal(first.counts, all->result.counts, sizeof first.counts);
    assert_memory_equal(first.paths, all->result.paths, sizeof first.paths);
    assert_true(first.states == all->result.states && first.image_bytes == all->result.image_bytes);
}

static void an_interval_is_wilsons(void **state)
{
    (void)state;
    static const struct {
        uint64_t count, total;
        double low, high;
    } rows[] = {
        {0,  0,  0,       1      },
        {0,  10, 0,       0.27753},
        {5,  10, 0.23659, 0.76341},
        {10, 10, 0.72247, 1      },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double low, high;
        tl_damage_interval(rows[i].count, rows[i].total, &low, &high);
        assert_float_equal((float)low, (float)rows[i].low, 1e-4f);
        assert_float_equal((float)high, (float)rows[i].high, 1e-4f);
    }
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_store_without_checksums_is_caught_as_silently_wrong),
        FRESH(the_engine_never_answers_wrongly_whatever_byte_of_sixteen_pages_is_hit),
        FRESH(the_engine_never_answers_wrongly_in_a_sample_of_every_damage),
        FRESH(every_byte_of_a_branch_a_leaf_and_a_value_is_noticed_by_every_path_that_reads_it),
        FRESH(each_class_has_its_case_by_hand),
        FRESH(bad_manners_under_damage_are_findings),
        FRESH(a_crash_does_not_end_the_run),
        FRESH(every_case_has_a_name_that_brings_it_back),
        FRESH(a_case_that_the_image_has_not_is_refused),
        FRESH(equal_options_give_equal_results),
        cmocka_unit_test(an_interval_is_wilsons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
