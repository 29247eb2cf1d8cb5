/* Progress is a bar on a terminal and lines elsewhere, never on stdout. */
#define _GNU_SOURCE
#include "harness/cli/cli.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_BYTES = 8192 };

static void work(bool quiet)
{
    tl_progress *progress = tl_progress_begin("sweep", 1000, quiet);
    for (uint64_t done = 0; done <= 1000; done++)
        tl_progress_update(progress, done, done < 500 ? "load" : "run");
    tl_progress_end(progress);
}

/* All that comes out of `fd` until its other end, closed before, has nothing more. */
static void read_rest(int fd, char text[TEXT_BYTES])
{
    size_t length = 0;
    ssize_t got;
    while ((got = read(fd, text + length, TEXT_BYTES - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    close(fd);
}

/* What work() writes to stderr when that is `writer`, whose other end is `reader`; closes both. */
static void capture(int writer, int reader, bool quiet, char text[TEXT_BYTES])
{
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(writer, STDERR_FILENO) >= 0);
    close(writer);
    work(quiet);
    fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    read_rest(reader, text);
}

static void capture_pipe(bool quiet, char text[TEXT_BYTES])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    capture(ends[1], ends[0], quiet, text);
}

static void capture_terminal(char text[TEXT_BYTES])
{
    int outer = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(outer >= 0);
    assert_int_equal(grantpt(outer), 0);
    assert_int_equal(unlockpt(outer), 0);
    int inner = open(ptsname(outer), O_RDWR | O_NOCTTY);
    assert_true(inner >= 0);
    capture(inner, outer, false, text);
}

static size_t count_of(const char *text, char letter)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == letter ? 1 : 0;
    return count;
}

static int plain_terminal(void **state)
{
    (void)state;
    return setenv("TERM", "xterm", 1) | unsetenv("CI") | unsetenv("NO_COLOR");
}

static void elsewhere_a_line_is_written_per_step_and_tenth(void **state)
{
    (void)state;
    char text[TEXT_BYTES];
    capture_pipe(false, text);
    assert_int_equal(count_of(text, '\n'), 11); /* the first step, then tenths; "run" is at 50% */
    assert_int_equal(count_of(text, '\r'), 0);
    assert_int_equal(count_of(text, '\033'), 0);
    assert_non_null(strstr(text, "sweep:  50%"));
    assert_non_null(strstr(text, ", run\n"));
}

static void a_terminal_gets_a_bar_that_is_wiped_at_the_end(void **state)
{
    (void)state;
    char text[TEXT_BYTES];
    capture_terminal(text);
    assert_non_null(strstr(text, "sweep ["));
    assert_non_null(strstr(text, "\033[32m"));
    assert_int_equal(count_of(text, '\n'), 0);
    size_t length = strlen(text);
    assert_true(length > 4);
    assert_string_equal(text + length - 4, "\r\033[K");
}

static void no_color_takes_the_colour_and_leaves_the_bar(void **state)
{
    (void)state;
    char text[TEXT_BYTES];
    setenv("NO_COLOR", "1", 1);
    capture_terminal(text);
    assert_non_null(strstr(text, "sweep ["));
    assert_null(strstr(text, "\033[32m"));
}

static void ci_and_dumb_terminals_get_lines(void **state)
{
    (void)state;
    char text[TEXT_BYTES];
    setenv("CI", "true", 1);
    capture_terminal(text);
    assert_null(strstr(text, "["));
    unsetenv("CI");
    setenv("TERM", "dumb", 1);
    capture_terminal(text);
    assert_null(strstr(text, "["));
    assert_non_null(strstr(text, "100%"));
}

static void quiet_work_says_nothing(void **state)
{
    (void)state;
    char text[TEXT_BYTES];
    capture_pipe(true, text);
    assert_string_equal(text, "");
    assert_null(tl_progress_begin("x", 1, true));
}

static void a_total_of_zero_or_one_overrun_is_no_trouble(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDERR_FILENO);
    char text[TEXT_BYTES];
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    tl_progress *empty = tl_progress_begin("empty", 0, false);
    tl_progress_update(empty, 5, NULL);
    tl_progress_end(empty);
    tl_progress *over = tl_progress_begin("over", 2, false);
    tl_progress_update(over, UINT64_MAX, NULL);
    tl_progress_end(over);
    fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    read_rest(ends[0], text);
    assert_null(strstr(text, "empty"));
    assert_non_null(strstr(text, "over: 100%"));
}

static void what_was_chosen_outweighs_what_the_place_suggests(void **state)
{
    (void)state;
    char text[TEXT_BYTES];
    assert_true(tl_progress_choose("lines"));
    capture_terminal(text);
    assert_null(strstr(text, "["));
    assert_true(tl_progress_choose("bar"));
    capture_pipe(false, text);
    assert_non_null(strstr(text, "sweep ["));
    setenv("NO_COLOR", "1", 1);
    assert_true(tl_progress_choose_colour("always"));
    capture_pipe(false, text);
    assert_non_null(strstr(text, "\033[32m"));
    unsetenv("NO_COLOR");
    assert_true(tl_progress_choose_colour("never"));
    capture_terminal(text);
    assert_null(strstr(text, "\033[32m"));
    assert_true(tl_progress_choose("none"));
    capture_terminal(text);
    assert_string_equal(text, "");
    assert_false(tl_progress_choose("bra"));
    assert_false(tl_progress_choose_colour("alwys"));
    assert_true(tl_progress_choose("auto") && tl_progress_choose_colour("auto"));
}

int main(void)
{
#define ON_TERMINAL(test) cmocka_unit_test_setup(test, plain_terminal)
    const struct CMUnitTest tests[] = {
        ON_TERMINAL(elsewhere_a_line_is_written_per_step_and_tenth),
        ON_TERMINAL(a_terminal_gets_a_bar_that_is_wiped_at_the_end),
        ON_TERMINAL(no_color_takes_the_colour_and_leaves_the_bar),
        ON_TERMINAL(ci_and_dumb_terminals_get_lines),
        ON_TERMINAL(quiet_work_says_nothing),
        ON_TERMINAL(what_was_chosen_outweighs_what_the_place_suggests),
        ON_TERMINAL(a_total_of_zero_or_one_overrun_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
