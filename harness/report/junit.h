/* harness/report/junit.h -- a result as a JUnit file, for those who show test results. */
#ifndef TL_HARNESS_JUNIT_H
#define TL_HARNESS_JUNIT_H

#include "harness/report/json.h"

/* Write the crash cells of a result (schema "treelab.run/1") to `path`, whole or not at all: one
 * test case for each cell and profile, of a cell without profiles one.  A cause that is no known
 * one is a failure with its signature and the name of the first state that shows it; a cell that
 * did not run is an error.  TL_IO and others as tl_wholefile_write; TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_junit_write(const tl_json *root, const char *path);

#endif
