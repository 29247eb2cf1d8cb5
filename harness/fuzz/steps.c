/* harness/fuzz/steps.c -- lists of steps. */
#include "harness/fuzz/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tl_steps_free(tl_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++)
        free(steps->at[i]);
    free(steps->at);
    *steps = (tl_steps){NULL, 0, 0};
}

tl_status tl_steps_add(tl_steps *steps, const char *text)
{
    if (steps->count == steps->room) {
        size_t room = 2 * steps->room + 64;
        char **larger = realloc(steps->at, room * sizeof *larger);
        if (larger == NULL)
            return TL_NO_MEMORY;
        steps->at = larger;
        steps->room = room;
    }
    char *copy = strdup(text);
    if (copy == NULL)
        return TL_NO_MEMORY;
    steps->at[steps->count++] = copy;
    return TL_OK;
}

tl_status tl_steps_part(const tl_steps *from, size_t begin, size_t end, bool keep, tl_steps *part)
{
    tl_status status = TL_OK;
    *part = (tl_steps){NULL, 0, 0};
    for (size_t i = 0; i < from->count && status == TL_OK; i++)
        if ((i >= begin && i < end) == keep)
            status = tl_steps_add(part, from->at[i]);
    if (status != TL_OK)
        tl_steps_free(part);
    return status;
}

tl_status tl_steps_text(const tl_steps *steps, char **text)
{
    size_t size_bytes = 0;
    FILE *out = open_memstream(text, &size_bytes);
    if (out == NULL)
        return TL_NO_MEMORY;
    fputs("treelab-script 1\n", out);
    for (size_t i = 0; i < steps->count; i++)
        fprintf(out, "%s\n", steps->at[i]);
    return fclose(out) == 0 ? TL_OK : TL_NO_MEMORY;
}
