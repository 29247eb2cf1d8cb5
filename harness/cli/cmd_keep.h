/* harness/cli/cmd_keep.h -- between the files of `treelab keep`. */
#ifndef TL_HARNESS_CMD_KEEP_H
#define TL_HARNESS_CMD_KEEP_H

#include "harness/report/json.h"

#include <limits.h>
#include <stdio.h>

enum { TL_KEEP_PARTS_MAX = 32 };

typedef struct tl_keep_part { /* one run */
    char name[NAME_MAX + 1];  /* its folder in the suite; "" for a run that stands alone */
    tl_json *root;
} tl_keep_part;

typedef struct tl_keep_request {
    const char *dir, *topic, *question, *answer, *results;
    tl_keep_part parts[TL_KEEP_PARTS_MAX];
    size_t part_count;
} tl_keep_request;

/* The README of what is kept: question, answer, commands, origin. */
void tl_keep_print_readme(FILE *file, const tl_keep_request *request);

#endif
