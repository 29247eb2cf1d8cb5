/* harness/sweep/copy.c -- see copy.h. */
#include "harness/sweep/copy.h"

#include <stdlib.h>
#include <string.h>

tl_json *tl_sweep_copy(const tl_json *node)
{
    tl_json *copy = NULL;
    size_t error_at;
    char *line = tl_json_line(node);
    if (line != NULL && tl_json_parse(line, strlen(line), &copy, &error_at) != TL_OK)
        copy = NULL;
    free(line);
    return copy;
}
