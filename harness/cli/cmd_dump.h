/* harness/cli/cmd_dump.h -- private to cmd_dump*.c. */
#ifndef TL_HARNESS_CMD_DUMP_H
#define TL_HARNESS_CMD_DUMP_H

#include "tl/engine.h"

/* Write what each page of `env`, named `file`, is to `out`; "-" is stdout.  plots/README.md has
 * the columns.  Statuses of tl_env_pages and tl_text_save. */
tl_status tl_dump_page_table(tl_env *env, const char *file, const char *out);

#endif
