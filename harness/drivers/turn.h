/* harness/drivers/turn.h -- the one writer's turn, for engines that have one writer at a time.
 *
 * begin of a write txn takes the turn and its end gives it back.  A thread that asks for a second
 * one would wait for itself for ever: it gets TL_BUSY.  Other threads wait, as the engine itself
 * would make them wait.
 */
#ifndef TL_DRIVERS_TURN_H
#define TL_DRIVERS_TURN_H

#include "harness/driver.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct tl_driver_turn { /* zeros, then tl_driver_turn_init */
    pthread_mutex_t mutex;
    _Atomic(uintptr_t) owner; /* the token of the thread whose turn it is; 0 = nobody's */
} tl_driver_turn;

/* A number that no other living thread has; never 0. */
uintptr_t tl_thread_token(void);

void tl_driver_turn_init(tl_driver_turn *turn);
void tl_driver_turn_destroy(tl_driver_turn *turn); /* nobody's turn */
/* TL_OK, or TL_BUSY when it is this thread's turn already. */
TL_MUST_USE tl_status tl_driver_turn_take(tl_driver_turn *turn);
void tl_driver_turn_give(tl_driver_turn *turn); /* by the thread that took it */

#endif
