/* engine/platform/platform.c -- Linux behind platform.h. */
#include "engine/platform/platform.h"
#include "engine/base/regression.h"
#include "tl/memory.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

void *tl_address_space_reserve(size_t size_bytes)
{
    void *space = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return space == MAP_FAILED ? NULL : space;
}

void tl_address_space_release(void *space, size_t size_bytes)
{
    if (space != NULL)
        munmap(space, size_bytes);
}

void tl_address_space_want_huge_pages(void *space, size_t size_bytes)
{
    if (!TL_REGRESSION(no_huge_pages))
        (void)madvise(space, size_bytes, MADV_HUGEPAGE); /* refused: small pages serve as well */
}

void tl_address_space_touch(void *space, size_t size_bytes)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t begin = (uintptr_t)space & ~(uintptr_t)4095, end = (uintptr_t)space + size_bytes;
    (void)madvise((void *)begin, end - begin, MADV_POPULATE_WRITE); /* refused: faults do it */
#else
    (void)space;
    (void)size_bytes;
#endif
}

uint64_t tl_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t tl_random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = tl_clock_ns() ^ (uint64_t)getpid() << 40; /* an early boot has no entropy yet */
    return seed;
}

uint64_t tl_process_id(void)
{
    return (uint64_t)getpid();
}

void tl_mutex_create(tl_mutex *mutex)
{
    pthread_mutex_init(mutex, NULL); /* cannot fail with default attributes on Linux */
}

void tl_condition_create(tl_condition *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void tl_condition_wait_ns(tl_condition *condition, tl_mutex *mutex, uint64_t timeout_ns)
{
    uint64_t end = tl_clock_ns() + timeout_ns;
    struct timespec until = {.tv_sec = (time_t)(end / 1000000000u),
                             .tv_nsec = (long)(end % 1000000000u)};
    pthread_cond_timedwait(condition, mutex, &until);
}

tl_status tl_thread_start(tl_thread *thread, void *(*body)(void *), void *context)
{
    return pthread_create(thread, NULL, body, context) == 0 ? TL_OK : TL_NO_MEMORY;
}

static void *default_allocate(tl_memory *memory, size_t size_bytes)
{
    (void)memory;
    return malloc(size_bytes == 0 ? 1 : size_bytes);
}

static void default_release(tl_memory *memory, void *block, size_t size_bytes)
{
    (void)memory;
    (void)size_bytes;
    free(block);
}

tl_memory *tl_memory_default(void)
{
    static tl_memory memory = {default_allocate, default_release};
    return &memory;
}
