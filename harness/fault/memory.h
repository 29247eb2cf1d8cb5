/* harness/fault/memory.h -- memory that counts what is out, and runs short when told.
 *
 * It stands behind tl/memory.h like malloc.  Fresh blocks hold nonsense, so that nobody lives on
 * zeros that happen to be there; a release with another size than the allocation's is counted.
 *
 * Threads   the tl_memory may be used by many; the functions below by one, while no other thread
 *           uses it.
 */
#ifndef TL_HARNESS_FAULT_MEMORY_H
#define TL_HARNESS_FAULT_MEMORY_H

#include "tl/memory.h"

#include <pthread.h>
#include <stdbool.h>

typedef struct tl_fault_block tl_fault_block; /* one that is out */

typedef struct tl_fault_memory {
    tl_memory memory; /* hand this out */
    pthread_mutex_t mutex;
    tl_fault_block *live; /* blocks not yet released */
    uint64_t live_count;
    uint64_t mismatches; /* releases of another size */
    uint64_t calls, nth, fired;
    bool sticky;
} tl_fault_memory;

void tl_fault_memory_init(tl_fault_memory *memory);
void tl_fault_memory_clear(tl_fault_memory *memory); /* releases what nobody else did */

/* The nth allocation from now on (1: the next) gives NULL; with `sticky` all later ones too.  nth
 * 0: none does. */
void tl_fault_memory_fail(tl_fault_memory *memory, uint64_t nth, bool sticky);

#endif
