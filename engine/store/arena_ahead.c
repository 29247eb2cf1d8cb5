/* engine/store/arena_ahead.c -- memory for pages, taken by a thread ahead of the writer.
 *
 * Zeroing fresh memory costs the kernel about as much as the writer needs to fill it, and nothing
 * of it needs the writer.  So once an arena grows by megabytes, each piece is asked for while the
 * writer is still busy with the piece before:
 *
 *   in use                | touched | asked
 *   ----------------------+---------+---------
 *                         ^ writer            a piece later it asks for the next one
 *
 * The thread does no I/O and changes no byte: whether it is in time, late or absent shows in the
 * clock alone, for a page that it did not touch is had by a fault.
 */
#include "engine/store/arena.h"

static void *ahead_body(void *context)
{
    tl_arena *arena = context;
    tl_ahead *ahead = &arena->ahead;
    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->leave) {
        size_t begin = ahead->begin_bytes, end = ahead->end_bytes;
        if (begin == end) {
            pthread_cond_wait(&ahead->wake, &ahead->mutex);
            continue;
        }
        ahead->begin_bytes = end;
        pthread_mutex_unlock(&ahead->mutex);
        tl_address_space_touch(arena->base + begin, end - begin);
        pthread_mutex_lock(&ahead->mutex);
    }
    pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

static bool ahead_start(tl_arena *arena)
{
    tl_ahead *ahead = &arena->ahead;
    if (ahead->refused)
        return false;
    tl_mutex_create(&ahead->mutex);
    tl_condition_create(&ahead->wake);
    ahead->begin_bytes = ahead->end_bytes = 0;
    ahead->leave = false;
    ahead->runs = tl_thread_start(&ahead->thread, ahead_body, arena) == TL_OK;
    ahead->refused = !ahead->runs; /* not asked for again at every step */
    return ahead->runs;
}

bool tl_ahead_ask(tl_arena *arena, size_t begin_bytes, size_t end_bytes)
{
    tl_ahead *ahead = &arena->ahead;
    if (!ahead->runs && !ahead_start(arena))
        return false;
    pthread_mutex_lock(&ahead->mutex);
    if (ahead->begin_bytes == ahead->end_bytes) /* else it is late and takes both at once */
        ahead->begin_bytes = begin_bytes;
    ahead->end_bytes = end_bytes;
    pthread_cond_signal(&ahead->wake);
    pthread_mutex_unlock(&ahead->mutex);
    return true;
}

void tl_ahead_stop(tl_arena *arena)
{
    tl_ahead *ahead = &arena->ahead;
    arena->asked_bytes = 0;
    if (!ahead->runs)
        return;
    pthread_mutex_lock(&ahead->mutex);
    ahead->leave = true;
    pthread_cond_signal(&ahead->wake);
    pthread_mutex_unlock(&ahead->mutex);
    pthread_join(ahead->thread, NULL);
    pthread_cond_destroy(&ahead->wake);
    pthread_mutex_destroy(&ahead->mutex);
    ahead->runs = false;
}
