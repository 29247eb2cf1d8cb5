/* harness/check/tests/test_schedules.c -- the history by several threads: schedules repeat, and
 * what they show is found. */
#include "harness/check/enumerate.h"
#include "harness/check/standard.h"
#include "harness/check/tests/crowd_toy.h"
#include "harness/drivers/drivers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 42, SCHEDULES = 24, TOY_COMMITS = 10 };

static tl_arena *arena; /* of all opens */

static int arena_make(void **state)
{
    (void)state;
    return tl_arena_create(TL_STANDARD_ARENA_BYTES, &arena) == TL_OK ? 0 : -1;
}

static int arena_release(void **state)
{
    (void)state;
    tl_arena_destroy(arena);
    return 0;
}

static tl_recording_spec spec_of(const tl_driver *driver, uint64_t schedule)
{
    static tl_standard_settings standard;
    const tl_history *history = tl_history_threaded_at(0);
    bool toy = driver == &crowd_toy_driver;
    tl_standard_settings_fill(&standard, "log", history->page_bytes);
    return (tl_recording_spec){.driver = driver,
                               .settings = standard.settings,
                               .setting_count = toy ? 0 : TL_STANDARD_SETTINGS,
                               .durability = TL_DURABILITY_COMMIT,
                               .page_bytes = history->page_bytes,
                               .history = history,
                               .seed = SEED,
                               .commits = toy ? TOY_COMMITS : history->commits,
                               .arena = toy ? NULL : arena,
                               .schedule = schedule};
}

static void record(const tl_driver *driver, uint64_t schedule, tl_recording *recording)
{
    char error[256] = "";
    tl_recording_spec spec = spec_of(driver, schedule);
    tl_status status = tl_recording_make(&spec, recording, error, sizeof error);
    if (status != TL_OK)
        fail_msg("schedule %llu: %s", (unsigned long long)schedule, error);
}

/* Every entry of the log, and every byte that it wrote. */
static uint64_t log_hash(const tl_simdisk *disk)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < tl_simdisk_op_count(disk); i++) {
        char text[160];
        const tl_simdisk_op *op = tl_simdisk_op_at(disk, i);
        tl_simdisk_op_text(disk, i, text, sizeof text);
        for (const char *c = text; *c != '\0'; c++)
            hash = (hash ^ (uint8_t)*c) * 1099511628211u;
        const uint8_t *bytes = op->sector_count == 0 ? NULL : tl_simdisk_payload(disk, op);
        for (size_t b = 0; b < (size_t)op->sector_count * TL_SECTOR_BYTES; b++)
            hash = (hash ^ bytes[b]) * 1099511628211u;
    }
    return hash;
}

static void a_schedule_gives_one_log_byte_for_byte(void **state)
{
    (void)state;
    uint64_t before = 0, different = 0, followers = 0, checkpoints = 0;
    for (uint64_t schedule = 1; schedule <= SCHEDULES; schedule++) {
        tl_recording one, two;
        record(&tl_driver_tree, schedule, &one);
        record(&tl_driver_tree, schedule, &two);
        assert_int_equal(log_hash(one.trace.disk), log_hash(two.trace.disk));
        assert_int_equal(one.trace.threads.order, two.trace.threads.order);
        assert_int_equal(one.trace.threads.steps, two.trace.threads.steps);
        for (size_t n = 0; n <= one.trace.commits; n++) {
            assert_int_equal(one.trace.begun[n], two.trace.begun[n]);
            assert_int_equal(one.trace.acknowledged[n], two.trace.acknowledged[n]);
        }
        different += log_hash(one.trace.disk) != before;
        before = log_hash(one.trace.disk);
        followers += one.trace.threads.followers;
        checkpoints += one.trace.counters.checkpoints;
        tl_recording_clear(&one);
        tl_recording_clear(&two);
    }
    assert_true(different > SCHEDULES * 3 / 4);
    assert_true(followers > 0);   /* commits do overlap */
    assert_true(checkpoints > 0); /* beside the thread that writes them */
}

typedef struct seen {
    uint64_t findings;
    tl_state_id where;
    tl_rule rule;
    char text[256];
} seen;

static void note(void *context, const tl_enumerate_finding *finding)
{
    seen *now = context;
    if (now->findings++ > 0)
        return;
    now->where = finding->where;
    now->rule = finding->verdict.rule;
    snprintf(now->text, sizeof now->text, "%s", finding->verdict.text);
}

static void look_at(const tl_recording *recording, tl_profile profile, tl_tier tier,
                    const tl_state_id *only, seen *now)
{
    tl_enumerate_options options = {.recording = recording,
                                    .profile = profile,
                                    .tier = tier,
                                    .only = only,
                                    .seed = SEED,
                                    .check_every = 1000,
                                    .on_finding = note,
                                    .context = now};
    tl_enumeration result;
    tl_enumeration_init(&result);
    tl_status status = tl_enumerate(&options, &result);
    if (status != TL_OK)
        fail_msg("%s", result.error);
    assert_true(result.leaves > 0);
    tl_enumeration_clear(&result);
}

/* The first thing that is wrong with the store in some schedule; NONE: nothing. */
static seen first_wrong(const tl_driver *driver, uint64_t schedules, tl_tier tier)
{
    seen now = {.findings = 0};
    for (uint64_t schedule = 1; schedule <= schedules && now.findings == 0; schedule++) {
        tl_recording recording;
        record(driver, schedule, &recording);
        const tl_verdict *verdict = &recording.trace.threads.verdict;
        if (verdict->rule != TL_RULE_NONE) {
            now = (seen){
                1, {.schedule = schedule, .run = true},
                 verdict->rule, ""
            };
            snprintf(now.text, sizeof now.text, "%s", verdict->text);
        } else {
            look_at(&recording, TL_PROFILE_POSIX, tier, NULL, &now);
        }
        tl_recording_clear(&recording);
    }
    return now;
}

static void the_engine_keeps_its_promises_in_every_schedule(void **state)
{
    (void)state;
    seen now = first_wrong(&tl_driver_tree, SCHEDULES, TL_TIER_SINGLES);
    char id[TL_STATE_ID_TEXT_MAX];
    tl_state_id_print(&now.where, id);
    if (now.findings > 0)
        fail_msg("%s: %s (%s)", id, tl_rule_name(now.rule), now.text);
}

static seen find_bug(crowd_bug bug, uint64_t schedules)
{
    crowd_toy_select(bug);
    seen now = first_wrong(&crowd_toy_driver, schedules, TL_TIER_SINGLES);
    crowd_toy_select(CROWD_SOUND);
    return now;
}

static void a_sound_toy_has_no_finding(void **state)
{
    (void)state;
    seen now = find_bug(CROWD_SOUND, SCHEDULES);
    if (now.findings > 0)
        fail_msg("%s: %s", tl_rule_name(now.rule), now.text);
}

static void two_writers_at_a_time_are_found(void **state)
{
    (void)state;
    assert_true(find_bug(CROWD_NO_TURNS, SCHEDULES).findings > 0);
}

static void a_sync_that_counts_for_a_later_frame_is_found_and_comes_back(void **state)
{
    (void)state;
    char id[TL_STATE_ID_TEXT_MAX];
    seen now = find_bug(CROWD_ACKS_STAGED, SCHEDULES), again = {.findings = 0};
    assert_int_equal(now.rule, TL_RULE_LOST_COMMITTED);
    assert_false(now.where.run);
    tl_state_id where;
    assert_true(tl_state_id_print(&now.where, id));
    assert_true(tl_state_id_parse(id, &where));
    crowd_toy_select(CROWD_ACKS_STAGED);
    tl_recording recording;
    record(&crowd_toy_driver, where.schedule, &recording);
    look_at(&recording, where.profile, TL_TIER_EXACT, &where, &again);
    crowd_toy_select(CROWD_SOUND);
    tl_recording_clear(&recording);
    assert_int_equal(again.findings, 1);
    assert_int_equal(again.rule, now.rule);
    assert_string_equal(again.text, now.text);
}

static void what_a_reader_saw_may_not_be_lost(void **state)
{
    (void)state;
    assert_int_equal(find_bug(CROWD_SHOWS_STAGED, SCHEDULES).rule, TL_RULE_LOST_COMMITTED);
}

static void a_deadlock_is_a_finding_of_the_run(void **state)
{
    (void)state;
    seen now = find_bug(CROWD_LOCKS_CROSSED, SCHEDULES);
    char id[TL_STATE_ID_TEXT_MAX];
    assert_int_equal(now.rule, TL_RULE_ENDS);
    assert_non_null(strstr(now.text, "waits for mutex"));
    assert_true(tl_state_id_print(&now.where, id));
    assert_non_null(strstr(id, "/run"));
}

static void ids_with_a_schedule_are_read_as_they_are_printed(void **state)
{
    (void)state;
    static const char *const good[] = {"schedule/7/journal/57.0/oldest", "schedule/12/run",
                                       "schedule/3/posix/31.4/0.2.1", "journal/57.0/oldest",
                                       "schedule/3/journal/31.4/newest/then/7.1/0.2"};
    static const char *const bad[] = {"schedule/0/journal/57.0/oldest",
                                      "schedule/7",
                                      "schedule/7/",
                                      "schedule//run",
                                      "run",
                                      "schedule/x/run"};
    char text[TL_STATE_ID_TEXT_MAX];
    static tl_state_id id;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(tl_state_id_parse(good[i], &id));
        assert_true(tl_state_id_print(&id, text));
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tl_state_id_parse(bad[i], &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schedule_gives_one_log_byte_for_byte),
        cmocka_unit_test(the_engine_keeps_its_promises_in_every_schedule),
        cmocka_unit_test(a_sound_toy_has_no_finding),
        cmocka_unit_test(two_writers_at_a_time_are_found),
        cmocka_unit_test(a_sync_that_counts_for_a_later_frame_is_found_and_comes_back),
        cmocka_unit_test(what_a_reader_saw_may_not_be_lost),
        cmocka_unit_test(a_deadlock_is_a_finding_of_the_run),
        cmocka_unit_test(ids_with_a_schedule_are_read_as_they_are_printed),
    };
    return cmocka_run_group_tests(tests, arena_make, arena_release);
}
