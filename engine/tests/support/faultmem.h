/* engine/tests/support/faultmem.h -- memory that counts what is out, and can run short.
 *
 * Fresh blocks hold nonsense and released ones are spoiled, so that nobody lives on zeros or on
 * the dead.  A release with another size than the allocation's aborts.
 */
#ifndef TL_TESTS_FAULTMEM_H
#define TL_TESTS_FAULTMEM_H

#include "tl/memory.h"

#include <pthread.h>
#include <stdbool.h>

typedef struct faultmem {
    tl_memory memory; /* hand this out */
    pthread_mutex_t mutex;
    size_t live_count; /* blocks not yet released */
    uint64_t calls;    /* allocations asked for */
    uint64_t nth;      /* this allocation fails; 0: none does */
    bool sticky;       /* so do all later ones */
    uint64_t fired;
} faultmem;

void faultmem_init(faultmem *memory);
void faultmem_plan(faultmem *memory, uint64_t nth, bool sticky); /* nth from now on; 0: heal */

#endif
