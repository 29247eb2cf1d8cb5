/* engine/tests/support/committers.h -- many threads that commit, and what a power loss leaves.
 *
 * Every txn reads a shared number g and writes g + 1: into the shared record, and under a key of
 * that number.  So a store holds a prefix of the commits exactly when its numbered keys are 1..g;
 * and a commit that was acknowledged must be among them.
 */
#ifndef TL_TESTS_COMMITTERS_H
#define TL_TESTS_COMMITTERS_H

#include "tl/engine.h"

#include <pthread.h>

typedef struct committer {
    pthread_t thread;
    tl_env *env;
    uint64_t acknowledged; /* the highest number whose commit gave TL_OK */
    uint64_t count;        /* of acknowledged commits */
    uint64_t limit;        /* commits to make; 0: until one fails */
    tl_status status;      /* of the last call */
} committer;

tl_status commit_next(tl_env *env, uint64_t *number); /* *number: what it wrote */
void committers_start(committer *all, unsigned count, tl_env *env, uint64_t limit);
uint64_t committers_join(committer *all, unsigned count); /* the highest number acknowledged */

/* The number that a read txn sees; UINT64_MAX when the keys are not exactly 1..number. */
uint64_t committers_prefix(tl_env *env);

tl_env_options committers_options(tl_io *io);

/* Rounds of eight committers until the power is cut, each on what the round before left.  False:
 * an acknowledged commit was lost, or what is left is no prefix, or not sound. */
bool committers_lose_power(uint64_t seed, unsigned rounds, uint64_t *survived);

#endif
