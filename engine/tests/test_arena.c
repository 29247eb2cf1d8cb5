/* engine/tests/test_arena.c -- memory for pages that is there before it is needed. */
#define _DEFAULT_SOURCE /* mincore */
#include "engine/store/arena.h"
#include "engine/tests/unit.h"

#include <sys/mman.h>
#include <time.h>

enum { MAP_BYTES = 64 << 20, SYSTEM_PAGE_BYTES = 4096, WAITS_MAX = 20000 };

static tl_arena *arena_in_use(void)
{
    tl_arena *arena = NULL;
    assert_int_equal(tl_arena_create(MAP_BYTES, &arena), TL_OK);
    assert_int_equal(tl_arena_enter(arena), TL_OK);
    return arena;
}

static void arena_done(tl_arena *arena)
{
    tl_arena_leave(arena);
    tl_arena_destroy(arena);
}

static bool all_is_there(const tl_arena *arena, size_t begin, size_t end)
{
    static unsigned char there[MAP_BYTES / SYSTEM_PAGE_BYTES];
    begin &= ~(size_t)(SYSTEM_PAGE_BYTES - 1);
    assert_int_equal(mincore(arena->base + begin, end - begin, there), 0);
    for (size_t i = 0; i < (end - begin) / SYSTEM_PAGE_BYTES; i++)
        if ((there[i] & 1) == 0)
            return false;
    return true;
}

static void a_small_file_has_no_thread_ahead(void **state)
{
    (void)state;
    tl_arena *arena = arena_in_use();
    for (size_t bytes = 4096; bytes <= 2 << 20; bytes += 4096)
        tl_arena_touch(arena, bytes);
    assert_false(arena->ahead.runs);
    arena_done(arena);
}

static void memory_asked_for_comes_without_being_used(void **state)
{
    (void)state;
    tl_arena *arena = arena_in_use();
    tl_arena_touch(arena, 8 << 20);
    assert_true(arena->ahead.runs);
    assert_true(arena->touched_bytes >= 8 << 20);
    assert_true(arena->asked_bytes > arena->touched_bytes);
    int waits = 0;
    while (!all_is_there(arena, arena->touched_bytes, arena->asked_bytes)) {
        assert_true(waits++ < WAITS_MAX);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    arena_done(arena);
}

/* The writer fills what it was promised at once, so that both come to the same pages. */
static void bytes_written_before_the_thread_arrives_stay(void **state)
{
    (void)state;
    tl_arena *arena = arena_in_use();
    for (size_t at = 0; at < MAP_BYTES; at += SYSTEM_PAGE_BYTES) {
        if (at + SYSTEM_PAGE_BYTES > arena->touched_bytes)
            tl_arena_touch(arena, at + SYSTEM_PAGE_BYTES);
        arena->base[at] = (uint8_t)(at / SYSTEM_PAGE_BYTES % 251 + 1);
    }
    tl_arena_leave(arena);
    for (size_t at = 0; at < MAP_BYTES; at += SYSTEM_PAGE_BYTES)
        assert_int_equal(arena->base[at], at / SYSTEM_PAGE_BYTES % 251 + 1);
    assert_true(arena->touched_bytes <= MAP_BYTES);
    tl_arena_destroy(arena);
}

static void the_thread_ends_with_the_env_and_comes_back_with_the_next(void **state)
{
    (void)state;
    tl_arena *arena = arena_in_use();
    tl_arena_touch(arena, 8 << 20);
    assert_true(arena->ahead.runs);
    tl_arena_leave(arena);
    assert_false(arena->ahead.runs);
    assert_int_equal(arena->asked_bytes, 0);
    assert_int_equal(tl_arena_enter(arena), TL_OK);
    tl_arena_touch(arena, 4 << 20); /* there since the env before */
    assert_false(arena->ahead.runs);
    tl_arena_touch(arena, 24 << 20);
    assert_true(arena->ahead.runs);
    arena_done(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_file_has_no_thread_ahead),
        cmocka_unit_test(memory_asked_for_comes_without_being_used),
        cmocka_unit_test(bytes_written_before_the_thread_arrives_stay),
        cmocka_unit_test(the_thread_ends_with_the_env_and_comes_back_with_the_next),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
