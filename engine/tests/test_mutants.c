/* engine/tests/test_mutants.c -- an engine with a seeded bug, and the tests that must find it.
 *
 * Linked with tl_engine_mutants.  Each run has a process of its own: a mutant may well end in an
 * assertion, a sanitizer's report, a crash or a hang, and all of these are ways to be found.  The
 * seeded bugs of durability are harness/check's business.
 */
#include "engine/base/mutant.h"
#include "engine/tests/support/check.h"
#include "engine/tests/support/churn.h"
#include "engine/tests/support/committers.h"
#include "engine/tests/support/crowd.h"
#include "engine/tests/support/storm.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AGREED = 0, DIFFERED = 17 }; /* how a run ends by itself */
enum { HUNG_S = 100 };              /* far beyond any run's time, far below the test's */

static bool storm_agrees(const storm_config *config)
{
    storm_report report;
    return storm_run(config, 1, NULL, &report);
}

static bool crowd_agrees(const storm_config *config)
{
    crowd_report report;
    (void)config;
    return crowd_run("log", 1500, &report);
}

static bool churn_agrees(const storm_config *config)
{
    churn_report report = {0};
    (void)config;
    return churn_run(TL_DURABILITY_NONE, 4, &report);
}

static bool committers_agree(const storm_config *config)
{
    uint64_t survived;
    (void)config;
    return committers_lose_power(7, 10, &survived);
}

/* Run one of these in a child; its exit code, or -1 when it was killed. */
static int run_in_a_child(bool (*agrees)(const storm_config *), const storm_config *config,
                          const char *mutant)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
        for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
            signal(deadly[i], SIG_DFL); /* cmocka would go on with the next test */
        alarm(HUNG_S);
        tl_mutant_select(mutant);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        _exit(agrees(config) ? AGREED : DIFFERED);
    }
    int how = 0;
    assert_true(waitpid(child, &how, 0) == child);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static void with_no_mutant_awake_the_random_test_passes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < storm_config_count; i++)
        assert_int_equal(AGREED, run_in_a_child(storm_agrees, &storm_configs[i], NULL));
}

static void an_unknown_mutant_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(AGREED, run_in_a_child(storm_agrees, &storm_configs[0], "no_such_bug"));
}

static void forget_fence_budget_is_found_by_the_random_test(void **state)
{
    (void)state;
    unsigned found = 0, by_comparison = 0;
    for (unsigned i = 0; i < storm_config_count; i++) {
        int code = run_in_a_child(storm_agrees, &storm_configs[i], "forget_fence_budget");
        found += code != AGREED;
        by_comparison += code == DIFFERED;
    }
    print_message("found by %u of %u configurations, %u of them by verifier or model\n", found,
                  storm_config_count, by_comparison);
    assert_true(found > 0);
#ifdef NDEBUG
    assert_true(by_comparison > 0);
#endif
}

/* Slow readers, whose announcement a commit can overtake, are safe because they look twice. */
static void a_slow_reader_is_never_reclaimed(void **state)
{
    (void)state;
    assert_int_equal(AGREED, run_in_a_child(crowd_agrees, NULL, "slow_reader"));
}

static void reader_looks_once_is_found_by_the_crowd(void **state)
{
    (void)state;
    bool found = false;
    for (unsigned round = 0; round < 10 && !found; round++) /* it depends on the scheduler */
        found = run_in_a_child(crowd_agrees, NULL, "reader_looks_once") != AGREED;
    assert_true(found);
}

static void found_within(bool (*agrees)(const storm_config *), const char *mutant)
{
    bool found = false;
    assert_int_equal(AGREED, run_in_a_child(agrees, NULL, NULL));
    for (unsigned round = 0; round < 10 && !found; round++) /* it depends on the scheduler */
        found = run_in_a_child(agrees, NULL, mutant) != AGREED;
    assert_true(found);
}

static void checkpoint_without_pin_is_found_by_the_churn(void **state)
{
    (void)state;
    found_within(churn_agrees, "checkpoint_without_pin");
}

static void acknowledge_what_is_staged_is_found_by_a_power_loss(void **state)
{
    (void)state;
    found_within(committers_agree, "acknowledge_what_is_staged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_no_mutant_awake_the_random_test_passes),
        cmocka_unit_test(an_unknown_mutant_changes_nothing),
        cmocka_unit_test(forget_fence_budget_is_found_by_the_random_test),
        cmocka_unit_test(a_slow_reader_is_never_reclaimed),
        cmocka_unit_test(reader_looks_once_is_found_by_the_crowd),
        cmocka_unit_test(checkpoint_without_pin_is_found_by_the_churn),
        cmocka_unit_test(acknowledge_what_is_staged_is_found_by_a_power_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
