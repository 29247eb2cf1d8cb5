/* engine/tests/support/cover.h -- rows of options in which every two choices meet.
 *
 * The axes come from the engine's own registries (tl_splits and its like), so a strategy that is
 * added tomorrow is covered tomorrow, without a line here.
 */
#ifndef TL_TESTS_COVER_H
#define TL_TESTS_COVER_H

#include "tl/engine.h"

enum { COVER_NAME_BYTES = 160 };

unsigned cover_count(void);

/* Lay row `row` over `options`; the other fields stay as they are.  `name` tells the choices. */
void cover_apply(unsigned row, tl_env_options *options, char name[COVER_NAME_BYTES]);

/* For the test of this table: pairs that no row has, and the number of all pairs. */
uint64_t cover_missing(uint64_t *pair_count);

/* Is `name` a row of the registry `rows`? */
bool cover_has(const char *const *rows, const char *name);

#endif
