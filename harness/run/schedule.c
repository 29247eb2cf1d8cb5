/* harness/run/schedule.c -- see schedule.h. */
#include "harness/run/schedule.h"

enum { LATE_NS_MIN = 1000000, LATE_PERCENT = 1 };

void tl_schedule_begin(tl_schedule *schedule, const tl_clock *clock, const tl_rate *rate,
                       uint64_t seed, uint64_t share, uint64_t share_count, uint64_t op_count_max)
{
    *schedule = (tl_schedule){.clock = clock, .op_count_max = op_count_max};
    tl_arrivals_begin(&schedule->next, rate, seed, share, share_count);
    tl_arrivals_begin(&schedule->ahead, rate, seed, share, share_count);
    schedule->came_next_ns = tl_arrivals_next(&schedule->ahead);
    schedule->begin_ticks = tl_clock_ticks(clock);
}

/* Count what has come by `now_ns`: the second walk over the timetable meets each entry once. */
static void count_backlog(tl_schedule *schedule, uint64_t now_ns)
{
    while (schedule->came_next_ns <= now_ns && schedule->came < schedule->op_count_max) {
        schedule->came++;
        schedule->came_next_ns = tl_arrivals_next(&schedule->ahead);
    }
    uint64_t waiting = schedule->came > schedule->started ? schedule->came - schedule->started : 0;
    if (waiting > schedule->backlog_max)
        schedule->backlog_max = waiting;
}

uint64_t tl_schedule_wait(tl_schedule *schedule)
{
    const tl_clock *clock = schedule->clock;
    uint64_t intended_ns = tl_arrivals_next(&schedule->next);
    uint64_t intended = schedule->begin_ticks + tl_clock_ticks_of_ns(clock, intended_ns);
    uint64_t now = tl_clock_ticks(clock);
    schedule->intended_ticks = intended;
    schedule->started++;
    if (now <= intended) {
        schedule->late_ns = 0;
        return tl_clock_wait(clock, intended);
    }
    schedule->late_ns = tl_clock_span_ns(clock, intended, now);
    count_backlog(schedule, tl_clock_span_ns(clock, schedule->begin_ticks, now));
    return now;
}

void tl_schedule_add(tl_run_schedule *whole, tl_schedule *schedule)
{
    uint64_t end_ns = tl_arrivals_next(&schedule->next); /* when one more would have come */
    whole->rate = schedule->next.rate;
    whole->backlog_max += schedule->backlog_max;
    if (end_ns > whole->length_ns)
        whole->length_ns = end_ns;
    if (schedule->late_ns > whole->late_ns)
        whole->late_ns = schedule->late_ns;
}

void tl_schedule_conclude(tl_run_schedule *whole, uint64_t ops, uint64_t wall_ns)
{
    uint64_t length_ns = wall_ns > whole->length_ns ? wall_ns : whole->length_ns;
    whole->achieved_per_s = length_ns == 0 ? 0 : (double)ops * 1e9 / (double)length_ns;
    whole->overloaded =
        whole->late_ns > LATE_NS_MIN && whole->late_ns / LATE_PERCENT > whole->length_ns / 100;
}
