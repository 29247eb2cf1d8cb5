/* harness/fault/baton_io.h -- a disk whose every call is a place where the baton may change hands,
 * before the call and behind it: what a call does happens at once, but when it is begun and when
 * its caller learns of it is up to the schedule. */
#ifndef TL_HARNESS_BATON_IO_H
#define TL_HARNESS_BATON_IO_H

#include "tl/io.h"

typedef struct tl_baton_io {
    tl_io io;
    tl_io *below; /* borrowed; its files are those of `io` */
} tl_baton_io;

/* Make `through` stand before `below`; &through->io is what a store gets. */
void tl_baton_io_init(tl_baton_io *through, tl_io *below);

#endif
