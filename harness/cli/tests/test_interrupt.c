/* The first SIGINT is noted, the second ends the process at once, unless both are one wish. */
#include "harness/cli/cli.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHILD_NOTED = 7, CHILD_SURPRISED = 8, CHILD_SURVIVED = 9 };

static void wait_ms(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        continue;
}

/* In a child: catch, interrupt `count` times, leave with a code that tells how it went. */
static int child_status(int count, long between_ms)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        tl_catch_interrupt();
        if (tl_interrupted())
            _exit(CHILD_SURPRISED);
        for (int i = 0; i < count; i++) {
            if (i > 0 && between_ms > 0)
                wait_ms(between_ms);
            raise(SIGINT);
        }
        _exit(count > 1 ? CHILD_SURVIVED : tl_interrupted() ? CHILD_NOTED : CHILD_SURPRISED);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void the_first_interrupt_is_noted_and_survived(void **state)
{
    (void)state;
    int status = child_status(1, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CHILD_NOTED);
}

static void the_second_interrupt_ends_the_process(void **state)
{
    (void)state;
    int status = child_status(2, 600);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

/* timeout(1) interrupts the process and then its group: results were lost, stores stayed behind. */
static void an_interrupt_that_comes_twice_is_one(void **state)
{
    (void)state;
    int status = child_status(2, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CHILD_SURVIVED);
}

static void without_an_interrupt_nothing_is_noted(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(child_status(0, 0)), CHILD_SURPRISED);
    assert_false(tl_interrupted());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_interrupt_is_noted_and_survived),
        cmocka_unit_test(the_second_interrupt_ends_the_process),
        cmocka_unit_test(an_interrupt_that_comes_twice_is_one),
        cmocka_unit_test(without_an_interrupt_nothing_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
