/* harness/report/sysfile.h -- small reads from /proc and /sys. */
#ifndef TL_HARNESS_SYSFILE_H
#define TL_HARNESS_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>

/* The first line of the file at `path`, without its newline, cut to fit.  False, with `line`
 * untouched, when there is no such file, it is empty or cannot be read. */
bool tl_sysfile_line(const char *path, char *line, size_t line_bytes);

/* The value behind the first "`name` : value" of the file at `path`, as in /proc/cpuinfo.  Cut to
 * fit.  False, with `value` untouched, when no line has that name. */
bool tl_sysfile_field(const char *path, const char *name, char *value, size_t value_bytes);

/* Copy `text` to `copy` of `copy_bytes` (1 or more), cut to fit. */
void tl_sysfile_copy(char *copy, size_t copy_bytes, const char *text);

#endif
