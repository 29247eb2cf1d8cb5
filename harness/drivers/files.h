/* harness/drivers/files.h -- the few things every driver asks of the file system. */
#ifndef TL_DRIVERS_FILES_H
#define TL_DRIVERS_FILES_H

#include "harness/driver.h"

/* Print one line for people into options->error, printf-like; nothing when there is no room. */
void tl_driver_explain(const tl_driver_options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "dir/name", to be released with free; NULL when memory ran out. */
char *tl_driver_path(const char *dir, const char *name);

/* What the regular files in `dir` occupy, holes left out; 0 when it cannot be read. */
uint64_t tl_driver_dir_bytes(const char *dir);

/* The status that tells what an errno value means to the user of a store. */
tl_status tl_driver_errno_status(int error);

#endif
