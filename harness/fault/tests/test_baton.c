/* harness/fault/tests/test_baton.c -- threads one at a time: the seed decides everything. */
#include "harness/fault/baton.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <cmocka.h>

enum { SEEDS = 200, WRITERS = 4, ROUNDS = 12 };

typedef struct scene {
    pthread_mutex_t mutex, other;
    pthread_cond_t condition;
    unsigned counter, turns, waiting, late;
    char order[256];
    size_t order_count;
    uint64_t random;
} scene;

static void note(scene *world, char name)
{
    if (world->order_count < sizeof world->order - 1)
        world->order[world->order_count++] = name;
}

static void world_init(scene *world)
{
    memset(world, 0, sizeof *world);
    pthread_mutex_init(&world->mutex, NULL);
    pthread_mutex_init(&world->other, NULL);
    pthread_cond_init(&world->condition, NULL);
}

static void go(scene *world, void (*body)(void *), uint64_t seed, tl_baton_report *report)
{
    world_init(world);
    tl_baton_spec spec = {.seed = seed, .body = body, .context = world};
    assert_int_equal(tl_baton_run(&spec, report), TL_OK);
}

static void start_all(scene *world, void *(*body)(void *), unsigned count)
{
    pthread_t threads[8];
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, body, world), 0);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

/* ---- one that counts under a lock ---- */

static void *count_locked(void *context)
{
    scene *world = context;
    char name = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&world->mutex);
        if (name == 0)
            name = (char)('a' + world->turns++);
        note(world, name);
        unsigned was = world->counter;
        tl_baton_pass(true);
        world->counter = was + 1;
        pthread_mutex_unlock(&world->mutex);
    }
    return NULL;
}

static void counters_locked(void *context)
{
    scene *world = context;
    assert_int_equal(getrandom(&world->random, sizeof world->random, 0), (int)sizeof world->random);
    start_all(world, count_locked, WRITERS);
}

static void a_seed_gives_one_run(void **state)
{
    (void)state;
    scene first, second;
    tl_baton_report one, two;
    unsigned different = 0;
    char before[sizeof first.order] = "";
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        go(&first, counters_locked, seed, &one);
        go(&second, counters_locked, seed, &two);
        assert_string_equal(first.order, second.order);
        assert_int_equal(one.order, two.order);
        assert_int_equal(one.steps, two.steps);
        assert_int_equal(first.random, second.random);
        assert_int_equal(first.counter, WRITERS * ROUNDS); /* the lock excludes */
        different += strcmp(first.order, before) != 0;
        memcpy(before, first.order, sizeof before);
    }
    assert_true(different > SEEDS / 2);
}

/* Every compiler draws the same lots: this order is written down. */
static void the_order_is_the_same_everywhere(void **state)
{
    (void)state;
    scene one;
    tl_baton_report report;
    go(&one, counters_locked, 3, &report);
    assert_string_equal(one.order, "aabbbbbbbbbbbbaaaaacccccccdddcdddddccccaaaaadddd");
    assert_int_equal(one.random, UINT64_C(0x727a16b80796cf01));
}

/* ---- one that forgot the lock ---- */

static void *count_bare(void *context)
{
    scene *world = context;
    for (unsigned i = 0; i < 2; i++) {
        unsigned was = world->counter;
        tl_baton_pass(false);
        world->counter = was + 1;
    }
    return NULL;
}

static void counters_bare(void *context)
{
    start_all(context, count_bare, 2);
}

static void some_seeds_show_a_lost_update_and_some_do_not(void **state)
{
    (void)state;
    scene world;
    tl_baton_report report;
    unsigned lost = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        go(&world, counters_bare, seed, &report);
        lost += world.counter != 4;
    }
    assert_true(lost > 0 && lost < SEEDS);
}

/* ---- conditions ---- */

static void *take_turns(void *context)
{
    scene *world = context;
    pthread_mutex_lock(&world->mutex);
    unsigned me = world->turns++;
    for (unsigned i = 0; i < ROUNDS; i++) {
        while (world->counter % WRITERS != me)
            pthread_cond_wait(&world->condition, &world->mutex);
        note(world, (char)('a' + me));
        world->counter++;
        pthread_cond_broadcast(&world->condition);
    }
    pthread_mutex_unlock(&world->mutex);
    return NULL;
}

static void turns(void *context)
{
    start_all(context, take_turns, WRITERS);
}

static void conditions_wake_who_waits(void **state)
{
    (void)state;
    scene world;
    tl_baton_report report;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        go(&world, turns, seed, &report);
        assert_int_equal(world.counter, WRITERS * ROUNDS);
        for (size_t i = 0; i < WRITERS * ROUNDS; i++)
            assert_int_equal(world.order[i], 'a' + (int)(i % WRITERS));
    }
}

static void *wait_an_hour(void *context)
{
    scene *world = context;
    struct timespec until = {.tv_sec = time(NULL) + 3600};
    pthread_mutex_lock(&world->mutex);
    while (world->counter == 0 && world->late == 0)
        world->late += pthread_cond_timedwait(&world->condition, &world->mutex, &until) != 0;
    pthread_mutex_unlock(&world->mutex);
    return NULL;
}

static void *signal_once(void *context)
{
    scene *world = context;
    pthread_mutex_lock(&world->mutex);
    world->counter = 1;
    pthread_cond_signal(&world->condition);
    pthread_mutex_unlock(&world->mutex);
    return NULL;
}

static void waiter_and_signal(void *context)
{
    pthread_t waiter, other;
    assert_int_equal(pthread_create(&waiter, NULL, wait_an_hour, context), 0);
    assert_int_equal(pthread_create(&other, NULL, signal_once, context), 0);
    pthread_join(other, NULL);
    pthread_join(waiter, NULL);
}

static void waiter_alone(void *context)
{
    start_all(context, wait_an_hour, 1);
}

static void timed_waits_end_without_time(void **state)
{
    (void)state;
    scene world;
    tl_baton_report report;
    unsigned late = 0;
    go(&world, waiter_alone, 1, &report);
    assert_int_equal(world.late, 1);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        go(&world, waiter_and_signal, seed, &report);
        late += world.late;
    }
    assert_true(late > 0 && late < SEEDS); /* some are slow, some are not */
}

static void *spin(void *context)
{
    scene *world = context;
    while (world->counter == 0)
        sched_yield();
    return NULL;
}

static void spinner_and_signal(void *context)
{
    pthread_t spinner, other;
    assert_int_equal(pthread_create(&spinner, NULL, spin, context), 0);
    assert_int_equal(pthread_create(&other, NULL, signal_once, context), 0);
    pthread_join(spinner, NULL);
    pthread_join(other, NULL);
}

static void who_yields_lets_others_go_on(void **state)
{
    (void)state;
    scene world;
    tl_baton_report report;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        go(&world, spinner_and_signal, seed, &report);
        assert_true(report.steps < 1000);
    }
}

/* ---- stuck; these worlds stay, like the threads in them ---- */

static void *one_then_other(void *context)
{
    scene *world = context;
    tl_baton_name("left", 0);
    pthread_mutex_lock(&world->mutex);
    pthread_mutex_lock(&world->other);
    pthread_mutex_unlock(&world->other);
    pthread_mutex_unlock(&world->mutex);
    return NULL;
}

static void *other_then_one(void *context)
{
    scene *world = context;
    tl_baton_name("right", 7);
    pthread_mutex_lock(&world->other);
    pthread_mutex_lock(&world->mutex);
    pthread_mutex_unlock(&world->mutex);
    pthread_mutex_unlock(&world->other);
    return NULL;
}

static void crossed(void *context)
{
    pthread_t left, right;
    assert_int_equal(pthread_create(&left, NULL, one_then_other, context), 0);
    assert_int_equal(pthread_create(&right, NULL, other_then_one, context), 0);
    pthread_join(left, NULL);
    pthread_join(right, NULL);
}

static void a_deadlock_is_told_with_who_waits_for_what(void **state)
{
    (void)state;
    static scene worlds[SEEDS];
    tl_baton_report report = {.steps = 0};
    tl_status status = TL_OK;
    for (uint64_t seed = 0; seed < SEEDS && status == TL_OK; seed++) {
        world_init(&worlds[seed]);
        tl_baton_spec spec = {.seed = seed, .body = crossed, .context = &worlds[seed]};
        report = (tl_baton_report){.steps = 0};
        status = tl_baton_run(&spec, &report);
    }
    assert_int_equal(status, TL_BUSY);
    assert_string_equal(report.stuck,
                        "no thread can go on; left waits for mutex 1, which right 7 holds; right 7 "
                        "waits for mutex 2, which left holds; the first thread waits for the end "
                        "of left");
}

static void *spin_forever(void *context)
{
    (void)context;
    for (;;)
        sched_yield();
    return NULL;
}

static void endless(void *context)
{
    start_all(context, spin_forever, 1);
}

static void a_run_without_end_is_told(void **state)
{
    (void)state;
    static scene world;
    tl_baton_report report = {.steps = 0};
    world_init(&world);
    tl_baton_spec spec = {.seed = 1, .steps_max = 1000, .body = endless, .context = &world};
    assert_int_equal(tl_baton_run(&spec, &report), TL_BUSY);
    assert_non_null(strstr(report.stuck, "there is no end to it"));
}

static void threads_beside_a_baton_are_left_alone(void **state)
{
    (void)state;
    scene world;
    world_init(&world);
    start_all(&world, count_locked, WRITERS); /* by the system's own scheduler */
    assert_int_equal(world.counter, WRITERS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_one_run),
        cmocka_unit_test(the_order_is_the_same_everywhere),
        cmocka_unit_test(some_seeds_show_a_lost_update_and_some_do_not),
        cmocka_unit_test(conditions_wake_who_waits),
        cmocka_unit_test(timed_waits_end_without_time),
        cmocka_unit_test(who_yields_lets_others_go_on),
        cmocka_unit_test(a_deadlock_is_told_with_who_waits_for_what),
        cmocka_unit_test(a_run_without_end_is_told),
        cmocka_unit_test(threads_beside_a_baton_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
