/* harness/cli/cmd_dump.h -- private to cmd_dump*.c. */
#ifndef TL_HARNESS_CMD_DUMP_H
#define TL_HARNESS_CMD_DUMP_H

#include "tl/engine.h"

/* May `out` be written while `file` is looked at?  TL_EXIT_USAGE, told: it is `file` itself, a file
 * of a store, or any file that is there and is no table; "-" and devices are fine. */
int tl_dump_pages_check(const char *file, const char *out);

/* Write what each page of `env`, named `file`, is to `out`; "-" is stdout.  plots/README.md has
 * the columns.  *status: of tl_env_pages.  An exit code: TL_EXIT_OK unless `out` cannot be written,
 * which was told. */
int tl_dump_page_table(tl_env *env, const char *file, const char *out, tl_status *status);

#endif
