/* workloads/catalogue.h -- the built-in specs of the composed workload, by name.
 *
 * A row is a file of catalogue/, embedded by the build: INI, [global] and a section for each phase
 * in order, keys as in the option table of `phases`.  A section [run_2] is the phase run_2.
 */
#ifndef TL_WORKLOADS_CATALOGUE_H
#define TL_WORKLOADS_CATALOGUE_H

#include <stddef.h>

typedef struct tl_catalogue_row {
    const char *name;    /* "ycsb_a" */
    const char *summary; /* one line */
    const char *text;    /* the whole file */
} tl_catalogue_row;

size_t tl_catalogue_count(void);
const tl_catalogue_row *tl_catalogue_at(size_t index);       /* by name; NULL past the last */
const tl_catalogue_row *tl_catalogue_find(const char *name); /* NULL when unknown */

#endif
