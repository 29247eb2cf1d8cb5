/* harness/fault/memory.c -- see memory.h. */
#include "harness/fault/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER_BYTES = 64,    /* the size of the block, and alignment kept */
    NONSENSE_BYTES = 4096 /* so much of a block is filled: large ones would cost the sweep its speed
                           */
};

static void *fault_allocate(tl_memory *opaque, size_t size_bytes)
{
    tl_fault_memory *memory = (tl_fault_memory *)opaque;
    pthread_mutex_lock(&memory->mutex);
    uint64_t number = ++memory->calls;
    bool fails =
        memory->nth != 0 && (memory->sticky ? number >= memory->nth : number == memory->nth);
    memory->fired += fails;
    memory->live_count += !fails;
    pthread_mutex_unlock(&memory->mutex);
    if (fails)
        return NULL;
    unsigned char *block = malloc(HEADER_BYTES + size_bytes);
    if (block == NULL) {
        pthread_mutex_lock(&memory->mutex);
        memory->live_count--;
        pthread_mutex_unlock(&memory->mutex);
        return NULL;
    }
    memcpy(block, &size_bytes, sizeof size_bytes);
    memset(block + HEADER_BYTES, 0xa5, size_bytes < NONSENSE_BYTES ? size_bytes : NONSENSE_BYTES);
    return block + HEADER_BYTES;
}

static void fault_release(tl_memory *opaque, void *given, size_t size_bytes)
{
    tl_fault_memory *memory = (tl_fault_memory *)opaque;
    if (given == NULL)
        return;
    unsigned char *block = (unsigned char *)given - HEADER_BYTES;
    bool matches = memcmp(block, &size_bytes, sizeof size_bytes) == 0;
    free(block);
    pthread_mutex_lock(&memory->mutex);
    memory->live_count--;
    memory->mismatches += !matches;
    pthread_mutex_unlock(&memory->mutex);
}

void tl_fault_memory_init(tl_fault_memory *memory)
{
    *memory = (tl_fault_memory){
        .memory = {fault_allocate, fault_release}
    };
    pthread_mutex_init(&memory->mutex, NULL);
}

void tl_fault_memory_clear(tl_fault_memory *memory)
{
    pthread_mutex_destroy(&memory->mutex);
}

void tl_fault_memory_fail(tl_fault_memory *memory, uint64_t nth, bool sticky)
{
    memory->nth = nth == 0 ? 0 : memory->calls + nth;
    memory->sticky = sticky;
    memory->fired = 0;
}
