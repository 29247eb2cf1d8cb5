/* workloads/catalogue.c -- see catalogue.h; the rows are written by catalogue.cmake. */
#include "workloads/catalogue.h"

#include <string.h>

static const tl_catalogue_row rows[] = {
#include "catalogue_rows.inc"
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

size_t tl_catalogue_count(void)
{
    return ROW_COUNT;
}

const tl_catalogue_row *tl_catalogue_at(size_t index)
{
    return index < ROW_COUNT ? &rows[index] : NULL;
}

const tl_catalogue_row *tl_catalogue_find(const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}
