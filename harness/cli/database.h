/* harness/cli/database.h -- opening a database to look at it, for the commands that only read. */
#ifndef TL_HARNESS_DATABASE_H
#define TL_HARNESS_DATABASE_H

#include "tl/engine.h"

#include <argp.h>

/* Open `file`, or what a symbolic link of that name points to, read-only: nothing is written, and
 * its log replays in memory.  The exit code to leave with when that fails, after a message from
 * `command`; TL_EXIT_OK with *env to be abandoned by the caller. */
int tl_database_open(const char *command, const char *file, tl_env **env);

/* For an argp parser: take the one FILE of `command`, complaining about none or a second one.
 * ARGP_ERR_UNKNOWN for keys that are not about it. */
error_t tl_database_argument(int key, char *argument, struct argp_state *state, const char *command,
                             const char **file);

#endif
