/* harness/cli/database.h -- opening a database to look at it, for the commands that only read. */
#ifndef TL_HARNESS_DATABASE_H
#define TL_HARNESS_DATABASE_H

#include "tl/engine.h"

/* Open `file`, or what a symbolic link of that name points to, read-only: nothing is written, and
 * its log replays in memory.  The exit code to leave with when that fails, after a message from
 * `command`; TL_EXIT_OK with *env to be abandoned by the caller. */
int tl_database_open(const char *command, const char *file, tl_env **env);

#endif
