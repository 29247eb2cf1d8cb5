/* harness/cli/cmd_crash_schedules.c -- `treelab crash --history threads --schedules A..B`: which
 * orders of threads are looked at. */
#include "harness/cli/cmd_crash_request.h"

enum { SCHEDULES = 32 }; /* when nothing is said */

static size_t threaded_count(const tl_crash_request *request)
{
    size_t threaded = 0;
    for (size_t i = 0; i < request->history_count; i++)
        threaded += request->histories[i]->writers > 0;
    return threaded;
}

void tl_crash_schedules_choose(struct argp_state *state)
{
    tl_crash_request *request = state->input;
    const tl_state_id *only = request->repro != NULL ? &request->only_state : NULL;
    size_t threaded = threaded_count(request);
    request->threaded = threaded > 0;
    if (threaded > 0 && threaded < request->history_count)
        argp_error(state, "histories that several threads run are looked at by themselves: leave "
                          "the others out of --history");
    if (threaded > 0 && (request->way != TL_CRASH_PROFILES || request->seeds_given))
        argp_error(state, "a history that several threads run goes with plain `treelab crash`, one "
                          "--seed and --schedules");
    if (threaded == 0 && request->schedule != 0)
        argp_error(state, "--schedules are orders of threads: give --history threads");
    if (only != NULL && (only->schedule != 0) != (threaded > 0))
        argp_error(state, "a state with schedule/N is one of --history threads, and no other is");
    if (only != NULL && request->schedule != 0)
        argp_error(state, "the name of the state says its schedule; leave out --schedules");
    if (only != NULL)
        request->schedule = request->schedule_last = only->schedule;
    else if (threaded > 0 && request->schedule == 0) {
        request->schedule = 1;
        request->schedule_last = SCHEDULES;
    }
    if (request->timeline && request->only_state.run)
        argp_error(state, "a timeline shows a crash, and this run is judged without one");
}
