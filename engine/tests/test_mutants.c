/* engine/tests/test_mutants.c -- an engine with a seeded bug, and the tests that must find it.
 *
 * Linked with tl_engine_mutants.  Each run has a process of its own: a mutant may well end in an
 * assertion, a sanitizer's report or a crash, and all of these are ways to be found.  The seeded
 * bugs of durability are harness/check's business.
 */
#include "engine/base/mutant.h"
#include "engine/tests/support/check.h"
#include "engine/tests/support/crowd.h"
#include "engine/tests/support/storm.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AGREED = 0, DIFFERED = 17 }; /* how a run ends by itself */

/* Run a configuration of the storm, or the crowd when it is NULL, in a child; its exit code, or -1
 * when it was killed. */
static int run_in_a_child(const storm_config *config, const char *mutant)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
        for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
            signal(deadly[i], SIG_DFL); /* cmocka would go on with the next test */
        storm_report storm;
        crowd_report crowd;
        tl_mutant_select(mutant);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        bool agreed =
            config != NULL ? storm_run(config, 1, NULL, &storm) : crowd_run("log", 1500, &crowd);
        _exit(agreed ? AGREED : DIFFERED);
    }
    int how = 0;
    assert_true(waitpid(child, &how, 0) == child);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static void with_no_mutant_awake_the_random_test_passes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < storm_config_count; i++)
        assert_int_equal(AGREED, run_in_a_child(&storm_configs[i], NULL));
}

static void an_unknown_mutant_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(AGREED, run_in_a_child(&storm_configs[0], "no_such_bug"));
}

static void forget_fence_budget_is_found_by_the_random_test(void **state)
{
    (void)state;
    unsigned found = 0, by_comparison = 0;
    for (unsigned i = 0; i < storm_config_count; i++) {
        int code = run_in_a_child(&storm_configs[i], "forget_fence_budget");
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
    assert_int_equal(AGREED, run_in_a_child(NULL, "slow_reader"));
}

static void reader_looks_once_is_found_by_the_crowd(void **state)
{
    (void)state;
    bool found = false;
    for (unsigned round = 0; round < 10 && !found; round++) /* it depends on the scheduler */
        found = run_in_a_child(NULL, "reader_looks_once") != AGREED;
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_no_mutant_awake_the_random_test_passes),
        cmocka_unit_test(an_unknown_mutant_changes_nothing),
        cmocka_unit_test(forget_fence_budget_is_found_by_the_random_test),
        cmocka_unit_test(a_slow_reader_is_never_reclaimed),
        cmocka_unit_test(reader_looks_once_is_found_by_the_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
