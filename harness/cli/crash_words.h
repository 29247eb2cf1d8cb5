/* harness/cli/crash_words.h -- words that all forms of `treelab crash` take, each at most once. */
#ifndef TL_HARNESS_CRASH_WORDS_H
#define TL_HARNESS_CRASH_WORDS_H

#include "harness/cli/arguments.h"
#include "harness/driver.h"

enum { TL_CRASH_PROTOCOLS_MAX = 16 }; /* room that a list of protocols needs */

/* Add the commit protocol, or durability, called `word` to a list that has room for all there are,
 * unless it is in it.  An unknown one is a usage error. */
void tl_crash_add_protocol(const struct argp_state *state, const char *word, const char **protocols,
                           size_t *count);
void tl_crash_add_durability(const struct argp_state *state, const char *word,
                             tl_durability *durabilities, size_t *count);

/* "60s" is a time, to *budget_ns; "60" a count of states, to *budget_states.  "1m" could be either
 * and is a usage error. */
void tl_crash_budget(const struct argp_state *state, const char *text, uint64_t *budget_ns,
                     uint64_t *budget_states);

/* What a command line that named none means: all of them. */
void tl_crash_default_protocols(const char **protocols, size_t *count);
void tl_crash_default_durabilities(tl_durability *durabilities, size_t *count);

/* A driver that does not run on a simulated disk is a usage error. */
void tl_crash_need_simulated(const struct argp_state *state, const tl_driver *driver);

#endif
