/* harness/check/tests/crowd_toy.h -- the toy store, for several threads, and wrong on request. */
#ifndef TL_CHECK_CROWD_TOY_H
#define TL_CHECK_CROWD_TOY_H

#include "harness/driver.h"

typedef enum crowd_bug {
    CROWD_SOUND,
    CROWD_NO_TURNS,      /* two writers at a time */
    CROWD_ACKS_STAGED,   /* a commit counts as durable when another's sync is under way */
    CROWD_SHOWS_STAGED,  /* a reader sees what no sync has covered */
    CROWD_LOCKS_CROSSED, /* every second commit takes two locks the other way round */
} crowd_bug;

extern const tl_driver crowd_toy_driver;
void crowd_toy_select(crowd_bug bug); /* for every store opened from now on */

#endif
