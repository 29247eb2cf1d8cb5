/* harness/compare/holm.c -- see holm.h.  There are tens of rows, so the smallest is searched. */
#include "harness/compare/holm.h"

void tl_holm(tl_holm_row *rows, size_t count, double level)
{
    for (size_t i = 0; i < count; i++)
        rows[i].rejected = false;
    for (size_t left = count; left > 0; left--) {
        tl_holm_row *smallest = NULL;
        for (size_t i = 0; i < count; i++)
            if (!rows[i].rejected && (smallest == NULL || rows[i].p < smallest->p))
                smallest = &rows[i];
        double own = level / (double)left;
        if (!(smallest->p <= own)) { /* also when it is not a number */
            for (size_t i = 0; i < count; i++)
                if (!rows[i].rejected)
                    rows[i].level = own;
            return;
        }
        smallest->rejected = true;
        smallest->level = own;
    }
}
