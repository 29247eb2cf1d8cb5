/* harness/check/tests/test_mutant_run.c -- trials and campaigns with sweeps of our own making.
 *
 * The engine of this program has no seeded bugs: what is awake is a text that the sweeps below look
 * at, which a real sweep may not.
 */
#include "harness/check/mutant_campaign.h"
#include "harness/check/mutant_run.h"
#include "harness/fault/tests/slow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *awake;

static void wake(const char *names)
{
    awake = names;
}

static bool reached(void)
{
    return awake != NULL;
}

static void judge(tl_probe *probe)
{
    atomic_fetch_add(&probe->states, 3);
    if (awake != NULL && strcmp(awake, "free_twice") == 0)
        tl_probe_found(probe, "a case", "a rule", "what was seen");
    tl_probe_found(probe, "a later case", "another rule", "");
}

static void die(tl_probe *probe)
{
    atomic_fetch_add(&probe->states, 1);
    abort();
}

static void hang(tl_probe *probe)
{
    (void)probe;
    for (;;)
        pause();
}

static void pass(tl_probe *probe)
{
    atomic_fetch_add(&probe->states, 7);
    probe->complete = true;
}

static void refuse(tl_probe *probe)
{
    tl_probe_unfit(probe, "no disk");
}

/* Finds one bug of the table, which it must, and no other. */
static void find_one(tl_probe *probe)
{
    atomic_fetch_add(&probe->states, 1);
    if (awake != NULL && strcmp(awake, "leak_on_abort") == 0)
        tl_probe_found(probe, "", "", "");
}

static const tl_mutant_sweep judging = {"judge", "", TL_FINDER_STRUCTURE, true, 1, 5, judge, NULL};
static const tl_mutant_sweep dying = {"die", "", TL_FINDER_STRUCTURE, true, 1, 5, die, NULL};
static const tl_mutant_sweep hanging = {"hang", "", TL_FINDER_STRUCTURE, true, 1, 1, hang, NULL};
static const tl_mutant_sweep passing = {"pass", "", TL_FINDER_STRUCTURE, true, 1, 5, pass, NULL};
static const tl_mutant_sweep refusing = {"refuse", "",  TL_FINDER_STRUCTURE, true, 1, 5,
                                         refuse,   NULL};
static const tl_mutant_sweep table[] = {
    {"find_one", "", TL_FINDER_STRUCTURE,   true, 1, 5, find_one, NULL},
    {"pass",     "", TL_FINDER_SYSTEM_CALL, true, 1, 5, pass,     NULL},
};
static const tl_mutant_engine here = {wake, reached, table, sizeof table / sizeof table[0]};
const tl_mutant_engine *const tl_mutant_engine_here = &here;

static tl_mutant_trial tried(const char *name, const tl_mutant_sweep *sweep)
{
    tl_mutant_trial trial = {
        .row = name == NULL ? NULL : tl_mutant_find(name), .sweep = sweep, .stride = 1};
    int how = 0;
    assert_int_equal(TL_OK, tl_mutant_trial_start(&trial));
    assert_int_equal(trial.process, waitpid(trial.process, &how, 0));
    tl_mutant_trial_end(&trial, how);
    return trial;
}

static void the_first_finding_of_a_sweep_is_kept_with_its_words(void **state)
{
    (void)state;
    tl_mutant_trial trial = tried("free_twice", &judging);
    assert_int_equal(TL_MUTANT_FOUND, trial.fate);
    assert_int_equal(3, trial.states);
    assert_string_equal("a case", trial.where);
    assert_string_equal("a rule", trial.rule);
    assert_string_equal("what was seen", trial.text);
    assert_string_equal("a later case", tried("leak_on_abort", &judging).where);
}

static void a_dead_process_is_an_answer_with_the_states_before_it(void **state)
{
    (void)state;
    tl_mutant_trial trial = tried("free_twice", &dying);
    assert_int_equal(TL_MUTANT_DIED, trial.fate);
    assert_int_equal(1, trial.states);
}

static void an_endless_loop_is_an_answer(void **state)
{
    (void)state;
    assert_int_equal(TL_MUTANT_HUNG, tried("free_twice", &hanging).fate);
}

static void what_was_judged_whole_survives(void **state)
{
    (void)state;
    tl_mutant_trial trial = tried("free_twice", &passing);
    assert_int_equal(TL_MUTANT_SURVIVED, trial.fate);
    assert_int_equal(7, trial.states);
    assert_true(trial.complete && trial.reached);
    assert_false(tried(NULL, &passing).reached);
}

static void a_sweep_that_cannot_be_done_is_no_verdict(void **state)
{
    (void)state;
    tl_mutant_trial trial = tried("free_twice", &refusing);
    assert_int_equal(TL_MUTANT_UNFIT, trial.fate);
    assert_false(tl_mutant_is_dead(trial.fate));
}

static tl_mutant_trial planned(const char *name, bool paired, tl_finder finder, bool whole)
{
    static tl_mutant_sweep sweep;
    sweep = (tl_mutant_sweep){.finder = finder, .whole = whole};
    return (tl_mutant_trial){
        .row = tl_mutant_find(name), .paired = paired, .sweep = &sweep, .stride = 1};
}

static void what_is_expected_follows_from_the_table(void **state)
{
    (void)state;
    tl_mutant_trial trial = planned("choose_older_meta", false, TL_FINDER_SIGKILL, true);
    assert_true(tl_mutant_must_die(&trial) && !tl_mutant_must_live(&trial));
    trial.stride = 2;
    assert_false(tl_mutant_must_die(&trial));
    trial = planned("skip_data_sync", false, TL_FINDER_SIGKILL, true);
    assert_true(!tl_mutant_must_die(&trial) && tl_mutant_must_live(&trial));
    trial = planned("skip_data_sync", false, TL_FINDER_POSIX, false);
    assert_true(!tl_mutant_must_die(&trial) && !tl_mutant_must_live(&trial));
    assert_true(tl_mutant_may_find(trial.sweep, trial.row));
    trial = planned("skip_frame_generation", false, TL_FINDER_SIGKILL, true);
    assert_true(!tl_mutant_must_die(&trial) && tl_mutant_must_live(&trial));
    trial = planned("skip_frame_generation", true, TL_FINDER_SIGKILL, true);
    assert_true(tl_mutant_must_die(&trial) && !tl_mutant_must_live(&trial));
}

static bool enough;
static bool stop(void)
{
    return enough;
}

static void campaign_of(tl_mutant_campaign *campaign, const char *const *name)
{
    *campaign = (tl_mutant_campaign){.jobs = 2, .only = name, .only_count = 1, .stop = stop};
    assert_int_equal(TL_OK, tl_mutant_campaign_run(campaign));
    free(campaign->tasks);
}

static void an_interrupted_campaign_leaves_no_process_and_no_verdict(void **state)
{
    (void)state;
    static const char *const name = "leak_on_abort";
    tl_mutant_campaign campaign;
    enough = true;
    campaign_of(&campaign, &name);
    enough = false;
    assert_int_equal(0, campaign.tasks_done);
    assert_int_equal(-1, waitpid(-1, NULL, WNOHANG));
}

/* No engine of this program has the bug, so nothing finds it. */
static void a_bug_that_survives_everything_is_told_and_never_fine(void **state)
{
    (void)state;
    if (SLOW)
        skip(); /* every sweep to its end: minutes under sanitizers */
    static const char *const name = "eintr_is_success";
    tl_mutant_campaign campaign = {.jobs = 2, .only = &name, .only_count = 1};
    assert_int_equal(TL_OK, tl_mutant_campaign_run(&campaign));
    assert_int_equal(1, campaign.tasks_done);
    const tl_mutant_task *task = &campaign.tasks[0];
    assert_int_equal(TL_VERDICT_SURVIVED, task->verdict);
    assert_null(tl_mutant_task_finding(task));
    assert_false(tl_mutant_task_is_fine(task));
    bool looked_at_crashes = false;
    for (size_t i = 0; i < task->trial_count; i++)
        looked_at_crashes |= task->trials[i].sweep->finder == TL_FINDER_JOURNAL;
    assert_true(looked_at_crashes); /* where it must survive */
    free(campaign.tasks);
}

static void what_is_found_where_it_must_survive_is_unexpected(void **state)
{
    (void)state;
    tl_mutant_task task = {.row = tl_mutant_find("skip_page_number"), .trial_count = 1};
    static const tl_mutant_sweep sweep = {.finder = TL_FINDER_JOURNAL};
    task.trials[0] =
        (tl_mutant_trial){.row = task.row, .sweep = &sweep, .stride = 1, .fate = TL_MUTANT_FOUND};
    assert_ptr_equal(&task.trials[0], tl_mutant_task_contradiction(&task));
    task.verdict = TL_VERDICT_UNEXPECTED;
    assert_false(tl_mutant_task_is_fine(&task)); /* nothing is told beside this row */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bug_that_survives_everything_is_told_and_never_fine),
        cmocka_unit_test(what_is_found_where_it_must_survive_is_unexpected),
        cmocka_unit_test(the_first_finding_of_a_sweep_is_kept_with_its_words),
        cmocka_unit_test(a_dead_process_is_an_answer_with_the_states_before_it),
        cmocka_unit_test(an_endless_loop_is_an_answer),
        cmocka_unit_test(what_was_judged_whole_survives),
        cmocka_unit_test(a_sweep_that_cannot_be_done_is_no_verdict),
        cmocka_unit_test(what_is_expected_follows_from_the_table),
        cmocka_unit_test(an_interrupted_campaign_leaves_no_process_and_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
