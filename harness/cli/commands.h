/* harness/cli/commands.h -- the subcommands, in the order in which they are listed. */
#ifndef TL_HARNESS_COMMANDS_H
#define TL_HARNESS_COMMANDS_H

#include "harness/cli/cli.h"

size_t tl_command_count(void);
const tl_command *tl_command_at(size_t index);
const tl_command *tl_command_find(const char *name); /* NULL when unknown */

#endif
