/* The first SIGINT is noted, the second ends the process at once. */
#include "harness/cli/cli.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHILD_NOTED = 7, CHILD_SURPRISED = 8, CHILD_SURVIVED = 9 };

/* In a child: catch, interrupt `count` times, leave with a code that tells how it went. */
static int child_status(int count)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        tl_catch_interrupt();
        if (tl_interrupted())
            _exit(CHILD_SURPRISED);
        for (int i = 0; i < count; i++)
            raise(SIGINT);
        _exit(count > 1 ? CHILD_SURVIVED : tl_interrupted() ? CHILD_NOTED : CHILD_SURPRISED);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void the_first_interrupt_is_noted_and_survived(void **state)
{
    (void)state;
    int status = child_status(1);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CHILD_NOTED);
}

static void the_second_interrupt_ends_the_process(void **state)
{
    (void)state;
    int status = child_status(2);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static void without_an_interrupt_nothing_is_noted(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(child_status(0)), CHILD_SURPRISED);
    assert_false(tl_interrupted());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_interrupt_is_noted_and_survived),
        cmocka_unit_test(the_second_interrupt_ends_the_process),
        cmocka_unit_test(without_an_interrupt_nothing_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
