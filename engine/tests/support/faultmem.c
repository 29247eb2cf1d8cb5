/* engine/tests/support/faultmem.c -- see faultmem.h. */
#include "engine/tests/support/faultmem.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 64 }; /* the size of the block, and alignment kept */

static void *mem_allocate(tl_memory *opaque, size_t size_bytes)
{
    faultmem *memory = (faultmem *)opaque;
    pthread_mutex_lock(&memory->mutex);
    uint64_t number = ++memory->calls;
    bool fails =
        memory->nth != 0 && (memory->sticky ? number >= memory->nth : number == memory->nth);
    memory->fired += fails;
    memory->live_count += !fails;
    pthread_mutex_unlock(&memory->mutex);
    if (fails)
        return NULL;
    uint8_t *block = malloc(HEADER_BYTES + size_bytes);
    if (block == NULL)
        abort();
    memcpy(block, &size_bytes, sizeof size_bytes);
    memset(block + HEADER_BYTES, 0xa5, size_bytes);
    return block + HEADER_BYTES;
}

static void mem_release(tl_memory *opaque, void *given, size_t size_bytes)
{
    faultmem *memory = (faultmem *)opaque;
    if (given == NULL)
        return;
    uint8_t *block = (uint8_t *)given - HEADER_BYTES;
    if (memcmp(block, &size_bytes, sizeof size_bytes) != 0)
        abort();
    memset(block, 0x5a, HEADER_BYTES + size_bytes);
    free(block);
    pthread_mutex_lock(&memory->mutex);
    memory->live_count--;
    pthread_mutex_unlock(&memory->mutex);
}

void faultmem_init(faultmem *memory)
{
    *memory = (faultmem){
        .memory = {mem_allocate, mem_release}
    };
    pthread_mutex_init(&memory->mutex, NULL);
}

void faultmem_plan(faultmem *memory, uint64_t nth, bool sticky)
{
    memory->nth = nth == 0 ? 0 : memory->calls + nth;
    memory->sticky = sticky;
    memory->fired = 0;
}
