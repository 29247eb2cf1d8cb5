/* engine/platform/platform.h -- what the engine asks of the operating system beside the disk.
 *
 * Address space, time, random bytes and threads.  Nothing above this floor includes a header of
 * the operating system.
 */
#ifndef TL_PLATFORM_H
#define TL_PLATFORM_H

#include "tl/status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Address space that reads as zeros and costs memory only where touched; NULL when refused. */
void *tl_address_space_reserve(size_t size_bytes);
void tl_address_space_release(void *space, size_t size_bytes);
void tl_address_space_want_huge_pages(void *space, size_t size_bytes); /* a wish */
void tl_address_space_touch(void *space, size_t size_bytes);           /* a wish: take memory now */

uint64_t tl_clock_ns(void);    /* monotonic */
uint64_t tl_random_seed(void); /* from the operating system, for uuid and salt */
uint64_t tl_process_id(void);

/* Threads, by their usual names; a failure to start one is TL_NO_MEMORY. */
typedef pthread_mutex_t tl_mutex;
typedef pthread_cond_t tl_condition;
typedef pthread_t tl_thread;

static inline bool tl_thread_is_me(tl_thread thread)
{
    return pthread_equal(thread, pthread_self()) != 0;
}

void tl_mutex_create(tl_mutex *mutex);
void tl_condition_create(tl_condition *condition); /* waits on the monotonic clock */
/* Wait until signalled or `timeout_ns` passed; the mutex is held before and after. */
void tl_condition_wait_ns(tl_condition *condition, tl_mutex *mutex, uint64_t timeout_ns);
TL_MUST_USE tl_status tl_thread_start(tl_thread *thread, void *(*body)(void *), void *context);

#endif
