/* harness/compare/tests/test_launch.c -- agents that misbehave, played by shell scripts: whatever
 * they do, there is an error with their last words, and never a number. */
#include "harness/compare/launch.h"
#include "harness/measure/clock.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define OPENED "echo treelab-agent 1 here; echo opened 1000 1; "
#define BEGUN  OPENED "read l; echo ready 10 20 500 0 0; "
#define TIMED  BEGUN "read l; echo timed get 1000 0 1; "
#define SLICE  "read l; echo slice 1000 2000000 2100000 abc 1 2 3 0; "
#define REST                                                                                       \
    "read l; echo counter splits 7; echo finished 1000 abc; read l; echo none; read l; "           \
    "echo closed 5 beef; "

typedef struct fixture {
    char dir[64], scripts[2][96], error[TL_PEER_WHY_MAX];
    tl_launch launch;
    tl_launch_request request;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->launch.phases = calloc(TL_LAUNCH_PHASES_MAX, sizeof *f->launch.phases);
    assert_non_null(f->launch.phases);
    strcpy(f->dir, "/tmp/treelab-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->request = (tl_launch_request){
        .dir = f->dir, .cpu = -1, .seed = 3, .patience_ns = UINT64_C(20000000000)};
    for (unsigned side = 0; side < 2; side++) {
        snprintf(f->scripts[side], sizeof f->scripts[side], "%s/agent-%u", f->dir, side);
        f->request.arms[side] =
            (tl_launch_arm){.label = side == 0 ? "left" : "right", .binary = f->scripts[side]};
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    unlink(f->scripts[0]);
    unlink(f->scripts[1]);
    int left = rmdir(f->dir); /* fails when a launch left something behind */
    free(f->launch.phases);
    free(f);
    return left;
}

static void script(fixture *f, unsigned side, const char *text)
{
    FILE *file = fopen(f->scripts[side], "w");
    assert_non_null(file);
    assert_true(fprintf(file, "#!/bin/sh\n%s\n", text) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(f->scripts[side], 0700), 0);
}

static tl_status run(fixture *f, const char *left, const char *right)
{
    script(f, 0, left);
    script(f, 1, right);
    f->error[0] = '\0';
    return tl_launch_run(&f->request, &f->launch, f->error, sizeof f->error);
}

static void agents_that_keep_the_protocol_make_a_launch(void **state)
{
    fixture *f = *state;
    assert_int_equal(run(f, TIMED SLICE REST,
                         TIMED "read l; echo slice 1000 4000000 4100000 abc 1 2 3 0; " REST),
                     TL_OK);
    assert_int_equal(f->launch.phase_count, 1);
    assert_string_equal(f->launch.phases[0].name, "get");
    assert_true(f->launch.phases[0].read_only && !f->launch.phases[0].repeats);
    assert_int_equal(f->launch.phases[0].counters[1][0].value, 7);
    assert_int_equal(f->launch.records, 5);
    double median, sums;
    assert_true(tl_launch_ratios(&f->launch.phases[0], false, &median, &sums));
    assert_true(fabs(median - log(2)) < 1e-12 && fabs(sums - log(2)) < 1e-12);
}

/* The agent has more phases, and answers a question for them with an error. */
static void what_comes_behind_the_last_phase_that_is_compared_is_not_run(void **state)
{
    fixture *f = *state;
    static const char agent[] = TIMED SLICE
        "read l; echo finished 1000 abc; read l; test \"$l\" = close || echo fail 3 asked: $l; "
        "echo closed 5 beef";
    const tl_slice_plan plan = {.count = 1, .ops = 1000};
    f->request.plans = &plan;
    f->request.plan_count = 1;
    if (run(f, agent, agent) != TL_OK)
        fail_msg("%s", f->error);
    assert_int_equal(f->launch.phase_count, 1);
    assert_int_equal(f->launch.records, 5);
    f->request.plan_count = 2;
    assert_int_not_equal(run(f, agent, agent), TL_OK);
}

static void the_same_seed_draws_the_same_offsets(void **state)
{
    fixture *f = *state;
    assert_int_equal(run(f, TIMED SLICE REST, TIMED SLICE REST), TL_OK);
    tl_launch first = f->launch;
    assert_int_equal(run(f, TIMED SLICE REST, TIMED SLICE REST), TL_OK);
    assert_int_equal(first.started_first, f->launch.started_first);
    assert_memory_equal(first.heap_bytes, f->launch.heap_bytes, sizeof first.heap_bytes);
    assert_memory_equal(first.stack_bytes, f->launch.stack_bytes, sizeof first.stack_bytes);
    f->request.seed++;
    assert_int_equal(run(f, TIMED SLICE REST, TIMED SLICE REST), TL_OK);
    assert_memory_not_equal(first.heap_bytes, f->launch.heap_bytes, sizeof first.heap_bytes);
}

static void misbehaving_agents_are_errors_with_their_last_words(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *right;
        tl_status status;
        const char *word;
    } rows[] = {
        {"echo sorry >&2; exit 9",                     TL_VERSION,  "exit code 9: sorry"},
        {"echo hello there",                           TL_VERSION,  "hello there"       },
        {"echo treelab-agent 2 here",                  TL_VERSION,  "protocol 2"        },
        {OPENED "echo gone >&2; exit 1",               TL_IO,       "exit code 1: gone" },
        {OPENED "kill -9 $$",                          TL_IO,       "killed by signal 9"},
        {OPENED "read l; echo error TL_NO_SPACE full", TL_NO_SPACE, "right: full"       },
        {OPENED "read l; echo error TL_BUSY held",     TL_IO,       "held"              },
        {OPENED "read l; echo ready 1 2",              TL_VERSION,  "ready 1 2"         },
        {BEGUN "read l; echo timed put 1000 0 1; cat", TL_VERSION,  "put"               },
        {TIMED "read l; echo wrong byte 7 of key 9",   TL_CORRUPT,  "byte 7 of key 9"   },
        {TIMED "read l; echo slice one two",           TL_VERSION,  "slice one two"     },
        {TIMED "read l; exit 0",                       TL_IO,       "exit code 0"       },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_status status = run(f, TIMED SLICE REST, rows[i].right);
        if (status != rows[i].status || strstr(f->error, rows[i].word) == NULL)
            fail_msg("%s: %s, '%s'", rows[i].right, tl_status_name(status), f->error);
    }
}

static void sides_that_read_or_hold_different_things_are_wrong(void **state)
{
    fixture *f = *state;
    static const char *const rights[] = {
        TIMED "read l; echo slice 1000 2000000 2100000 abd 1 2 3 0; " REST,
        TIMED "read l; echo slice 999 2000000 2100000 abc 1 2 3 0; " REST,
        TIMED SLICE "read l; echo finished 1000 abd; cat",
        TIMED SLICE "read l; echo finished 1000 abc; read l; echo none; read l; echo closed 5 f00d",
        TIMED SLICE "read l; echo finished 1000 abc; read l; echo none; read l; echo closed 6 beef",
    };
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++)
        assert_int_equal(run(f, TIMED SLICE REST, rights[i]), TL_CORRUPT);
}

static void a_store_that_does_not_claim_to_read_back_is_compared_with_nothing(void **state)
{
    fixture *f = *state;
    assert_int_equal(run(f, TIMED SLICE REST,
                         "echo treelab-agent 1 here; echo opened 1000 0; read l; "
                         "echo ready 1 2 500 0 0; read l; echo timed get 1000 0 1; read l; "
                         "echo slice 1000 2000000 2100000 0 1 2 3 0; read l; echo finished 1000 0; "
                         "read l; echo none; read l; echo closed 0 0"),
                     TL_OK);
    assert_false(f->launch.answers[1]);
}

static void a_stuck_agent_is_given_up_in_time(void **state)
{
    fixture *f = *state;
    f->request.patience_ns = 300000000;
    uint64_t begin_ns = tl_clock_ns();
    assert_int_equal(run(f, TIMED SLICE REST, OPENED "read l; exec sleep 1000"), TL_IO);
    assert_non_null(strstr(f->error, "did not answer in time"));
    assert_true(tl_clock_ns() - begin_ns < UINT64_C(60000000000));
}

static bool stop_now(void *context)
{
    (void)context;
    return true;
}

static void an_interruption_ends_a_launch_that_counts_for_nothing(void **state)
{
    fixture *f = *state;
    f->request.stop = stop_now;
    assert_int_equal(run(f, TIMED SLICE REST, OPENED "read l; exec sleep 1000"), TL_BUSY);
}

static void a_slice_of_no_time_has_no_ratio(void **state)
{
    (void)state;
    static tl_launch_phase phase = {.slice_count = 1};
    double median, sums;
    assert_false(tl_launch_ratios(&phase, false, &median, &sums));
    phase.slice_count = 0;
    assert_false(tl_launch_ratios(&phase, false, &median, &sums));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agents_that_keep_the_protocol_make_a_launch, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            what_comes_behind_the_last_phase_that_is_compared_is_not_run, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_seed_draws_the_same_offsets, setup, teardown),
        cmocka_unit_test_setup_teardown(misbehaving_agents_are_errors_with_their_last_words, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(sides_that_read_or_hold_different_things_are_wrong, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            a_store_that_does_not_claim_to_read_back_is_compared_with_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stuck_agent_is_given_up_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(an_interruption_ends_a_launch_that_counts_for_nothing,
                                        setup, teardown),
        cmocka_unit_test(a_slice_of_no_time_has_no_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
