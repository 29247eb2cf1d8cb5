/* harness/gate/regressions.h -- losses of speed that the gate must catch, written down before it
 * saw them.
 *
 * A row is not changed because of a result.  The switches are in engine/base/regression.h and in
 * `treelab-mutants` only; `treelab-mutants regressions` holds the gate against this table.
 */
#ifndef TL_HARNESS_REGRESSIONS_H
#define TL_HARNESS_REGRESSIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct tl_regression_row {
    const char *name;   /* of the switch */
    const char *breaks; /* the mistake, in a line */
    const char *row;    /* of the policy, in which it must show ... */
    unsigned layer;     /* ... in this layer; others may see it too */
    const char *size;   /* what was expected, in words */
} tl_regression_row;

size_t tl_regression_count(void);
const tl_regression_row *tl_regression_at(size_t index);

/* Wake one, in the program that has them; NULL in all others. */
extern bool (*const tl_regression_wake_here)(const char *name);

#endif
