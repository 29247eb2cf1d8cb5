/* harness/cli/cmd_crash_request.h -- the options of `treelab crash`, for who reads its command
 * line.
 */
#ifndef TL_HARNESS_CMD_CRASH_REQUEST_H
#define TL_HARNESS_CMD_CRASH_REQUEST_H

#include "harness/cli/cmd_crash.h"

/* The options that a way of the command takes, for argp; static, one way per process. */
const struct argp_option *tl_crash_options_of(tl_crash_way way);
/* Take one of them; a bad value is a usage error.  False: `key` is no option. */
bool tl_crash_option_take(int key, char *value, struct argp_state *state);
/* The one state that is asked for, and with it protocol, durability, profile and tier: whatever
 * else of these was given must agree. */
void tl_crash_take_repro(struct argp_state *state, const char *text);

/* cmd_crash_schedules.c: which orders of threads, once histories and state are known; what does not
 * go together is a usage error. */
void tl_crash_schedules_choose(struct argp_state *state);

#endif
