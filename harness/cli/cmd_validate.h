/* harness/cli/cmd_validate.h -- the judges of `treelab validate`, by kind of file. */
#ifndef TL_HARNESS_CMD_VALIDATE_H
#define TL_HARNESS_CMD_VALIDATE_H

#include "harness/report/json.h"

/* The main rules of results/schema/run-1.json; each trouble is told with the place in the document.
 * Gives how many there were. */
size_t tl_validate_result(const char *path, const tl_json *root);

#endif
