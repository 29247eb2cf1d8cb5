/* harness/check/recycler.c -- see recycler.h. */
#include "harness/check/recycler.h"

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif

enum { SMALLEST_BITS = 5, LARGEST_BITS = 18, SLAB_BYTES = 1 << 20 };

typedef struct block {
    struct block *next;
} block;

struct tl_recycler {
    tl_memory memory; /* first: the memory is the recycler */
    block *waiting[LARGEST_BITS + 1];
    block *slabs;
    unsigned char *fresh; /* what no block was cut from yet */
    size_t fresh_bytes;
};

/* The power of two that holds them, as its exponent. */
static unsigned bits_of(size_t size_bytes)
{
    unsigned bits = size_bytes <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(size_bytes - 1);
    return bits < SMALLEST_BITS ? SMALLEST_BITS : bits;
}

static void *block_cut(tl_recycler *recycler, size_t size_bytes)
{
    if (recycler->fresh_bytes < size_bytes) {
        block *slab = aligned_alloc(64, SLAB_BYTES);
        if (slab == NULL)
            return NULL;
        slab->next = recycler->slabs;
        recycler->slabs = slab;
        recycler->fresh = (unsigned char *)slab + 64;
        recycler->fresh_bytes = SLAB_BYTES - 64;
    }
    void *cut = recycler->fresh;
    recycler->fresh += size_bytes;
    recycler->fresh_bytes -= size_bytes;
    return cut;
}

static void *recycler_allocate(tl_memory *memory, size_t size_bytes)
{
    tl_recycler *recycler = (tl_recycler *)memory;
    unsigned bits = bits_of(size_bytes);
#ifdef WATCHED
    bits = LARGEST_BITS + 1;
#endif
    if (bits > LARGEST_BITS)
        return malloc(size_bytes);
    block *found = recycler->waiting[bits];
    if (found == NULL)
        return block_cut(recycler, (size_t)1 << bits);
    recycler->waiting[bits] = found->next;
    return found;
}

static void recycler_release(tl_memory *memory, void *released, size_t size_bytes)
{
    tl_recycler *recycler = (tl_recycler *)memory;
    unsigned bits = bits_of(size_bytes);
#ifdef WATCHED
    bits = LARGEST_BITS + 1;
#endif
    if (bits > LARGEST_BITS) {
        free(released);
        return;
    }
    block *waits = released;
    waits->next = recycler->waiting[bits];
    recycler->waiting[bits] = waits;
}

tl_status tl_recycler_create(tl_recycler **out)
{
    tl_recycler *recycler = calloc(1, sizeof *recycler);
    if (recycler == NULL)
        return TL_NO_MEMORY;
    recycler->memory.allocate = recycler_allocate;
    recycler->memory.release = recycler_release;
    *out = recycler;
    return TL_OK;
}

void tl_recycler_destroy(tl_recycler *recycler)
{
    if (recycler == NULL)
        return;
    while (recycler->slabs != NULL) {
        block *next = recycler->slabs->next;
        free(recycler->slabs);
        recycler->slabs = next;
    }
    free(recycler);
}

tl_memory *tl_recycler_memory(tl_recycler *recycler)
{
    return &recycler->memory;
}
