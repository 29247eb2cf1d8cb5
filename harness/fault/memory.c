/* harness/fault/memory.c -- see memory.h. */
#include "harness/fault/memory.h"

#include <stdlib.h>
#include <string.h>

struct tl_fault_block { /* before each block */
    tl_fault_block *next, *previous;
    size_t size_bytes;
};

enum {
    HEADER_BYTES = 64,    /* room for that, and alignment kept */
    NONSENSE_BYTES = 4096 /* so much of a block is filled: large ones would cost the sweep its speed
                           */
};

static void live_add(tl_fault_memory *memory, tl_fault_block *block, size_t size_bytes)
{
    *block = (tl_fault_block){.next = memory->live, .size_bytes = size_bytes};
    if (block->next != NULL)
        block->next->previous = block;
    memory->live = block;
    memory->live_count++;
}

static void live_remove(tl_fault_memory *memory, tl_fault_block *block)
{
    if (block->next != NULL)
        block->next->previous = block->previous;
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        memory->live = block->next;
    memory->live_count--;
}

static void *fault_allocate(tl_memory *opaque, size_t size_bytes)
{
    tl_fault_memory *memory = (tl_fault_memory *)opaque;
    pthread_mutex_lock(&memory->mutex);
    uint64_t number = ++memory->calls;
    bool fails =
        memory->nth != 0 && (memory->sticky ? number >= memory->nth : number == memory->nth);
    memory->fired += fails;
    unsigned char *block = fails ? NULL : malloc(HEADER_BYTES + size_bytes);
    if (block != NULL)
        live_add(memory, (tl_fault_block *)(void *)block, size_bytes);
    pthread_mutex_unlock(&memory->mutex);
    if (block == NULL)
        return NULL;
    memset(block + HEADER_BYTES, 0xa5, size_bytes < NONSENSE_BYTES ? size_bytes : NONSENSE_BYTES);
    return block + HEADER_BYTES;
}

static void fault_release(tl_memory *opaque, void *given, size_t size_bytes)
{
    tl_fault_memory *memory = (tl_fault_memory *)opaque;
    if (given == NULL)
        return;
    tl_fault_block *block = (tl_fault_block *)(void *)((unsigned char *)given - HEADER_BYTES);
    pthread_mutex_lock(&memory->mutex);
    memory->mismatches += block->size_bytes != size_bytes;
    live_remove(memory, block);
    pthread_mutex_unlock(&memory->mutex);
    free(block);
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
    for (tl_fault_block *block = memory->live, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    pthread_mutex_destroy(&memory->mutex);
}

void tl_fault_memory_fail(tl_fault_memory *memory, uint64_t nth, bool sticky)
{
    memory->nth = nth == 0 ? 0 : memory->calls + nth;
    memory->sticky = sticky;
    memory->fired = 0;
}
