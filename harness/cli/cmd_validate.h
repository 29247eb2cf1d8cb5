/* harness/cli/cmd_validate.h -- the judges of `treelab validate`, by kind of file. */
#ifndef TL_HARNESS_CMD_VALIDATE_H
#define TL_HARNESS_CMD_VALIDATE_H

#include "harness/report/json.h"

typedef struct tl_validate_found { /* what a file is: "a grid with 12 cells" */
    const char *kind;
    size_t count;
    const char *of; /* NULL: nothing is counted */
} tl_validate_found;

/* Whether the document is a gate's policy or baseline, by its schema; *well when it is one without
 * troubles, which are told. */
bool tl_validate_gate(const char *path, const tl_json *root, bool *well, tl_validate_found *what);

/* The main rules of results/schema/run-1.json; each trouble is told with the place in the document.
 * Gives how many there were. */
size_t tl_validate_result(const char *path, const tl_json *root);

#endif
