/* harness/compare/launch.c -- see launch.h. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "harness/compare/launch.h"

#include "harness/measure/clock.h"
#include "harness/report/machine.h"
#include "harness/run/directory.h"
#include "workloads/keys.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OFFSET_STEP = 16,
    HEAP_STEPS = 4096,  /* up to 64 KiB */
    STACK_STEPS = 1024, /* up to 16 KiB */
    ENVIRONMENT_MAX = 4096,
    TEXT_MAX = 512,
    NUMBER_MAX = 24,
};

int tl_launch_cpu(void)
{
    cpu_set_t set;
    int last = -1;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &set))
            last = cpu;
    return last;
}

typedef struct pair { /* a launch while it runs */
    const tl_launch_request *request;
    tl_launch *launch;
    tl_dice dice;
    tl_peer peers[2];
    char dirs[2][TEXT_MAX];
    char lines[2][TL_PROTOCOL_LINE_MAX];
    char *error;
    size_t error_bytes;
} pair;

static tl_status trouble(pair *p, tl_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static tl_status trouble(pair *p, tl_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->error, p->error_bytes, format, arguments);
    va_end(arguments);
    return status;
}

static const char *label(const pair *p, unsigned side)
{
    return p->request->arms[side].label;
}

static bool comparable(const pair *p)
{
    return p->launch->answers[0] && p->launch->answers[1];
}

/* --- talking --- */

static tl_status status_named(const char *name)
{
#define TRY(status, text)                                                                          \
    if (strcmp(name, #status) == 0)                                                                \
        return status;
    TL_STATUS_MAP(TRY)
#undef TRY
    return TL_IO;
}

static tl_status answer_missing(pair *p, unsigned side, tl_peer_end end)
{
    char why[TL_PEER_WHY_MAX];
    if (end == TL_PEER_STOPPED)
        return TL_BUSY;
    tl_peer_why(&p->peers[side], why);
    return trouble(p, TL_IO, "%s: its agent %s: %s", label(p, side),
                   end == TL_PEER_STUCK  ? "did not answer in time (see --timeout)"
                   : end == TL_PEER_DEAD ? "died"
                                         : "says what no agent says",
                   why);
}

/* The next line of a side; its complaints become ours. */
static tl_status hear(pair *p, unsigned side)
{
    char *line = p->lines[side], name[TL_LAUNCH_NAME_MAX];
    const tl_launch_request *request = p->request;
    tl_peer_end end =
        tl_peer_hear(&p->peers[side], line, request->patience_ns, request->stop, request->context);
    if (end != TL_PEER_HEARD)
        return answer_missing(p, side, end);
    int at = 0;
    if (strncmp(line, "wrong ", 6) == 0)
        return trouble(p, TL_CORRUPT, "%s: wrong answer: %s", label(p, side), line + 6);
    if (sscanf(line, "error %47s %n", name, &at) == 1 && at > 0) {
        tl_status status = status_named(name);
        if (status == TL_OK || status == TL_BUSY) /* which means an interruption here */
            status = TL_IO;
        return trouble(p, status, "%s: %s", label(p, side), line + at);
    }
    return TL_OK;
}

static tl_status unexpected(pair *p, unsigned side)
{
    return trouble(p, TL_VERSION, "%s: its agent says '%.200s', which is not this protocol",
                   label(p, side), p->lines[side]);
}

static tl_status ask(pair *p, unsigned side, const char *order)
{
    tl_peer_tell(&p->peers[side], "%s", order); /* one that is gone is noticed when heard */
    return hear(p, side);
}

static tl_status ask_both(pair *p, const char *order)
{
    tl_status status = ask(p, p->launch->started_first, order);
    return status == TL_OK ? ask(p, 1 - p->launch->started_first, order) : status;
}

/* --- starting --- */

static char *const *arguments_for(pair *p, unsigned side, char numbers[3][NUMBER_MAX],
                                  char *arguments[TL_PEER_ARGS_MAX])
{
    const tl_launch_request *request = p->request;
    const tl_launch_arm *arm = &request->arms[side];
    const tl_launch *launch = p->launch;
    size_t count = 0;
    snprintf(numbers[0], NUMBER_MAX, "%d", request->cpu);
    snprintf(numbers[1], NUMBER_MAX, "%" PRIu64, launch->heap_bytes[side]);
    snprintf(numbers[2], NUMBER_MAX, "%" PRIu64, launch->stack_bytes[side]);
    const char *own[] = {"treelab",  "agent",   "--dir",    p->dirs[side], "--heap",
                         numbers[1], "--stack", numbers[2], "--cpu",       numbers[0]};
    size_t own_count = sizeof own / sizeof own[0] - (request->cpu < 0 ? 2 : 0);
    if (own_count + request->argument_count + arm->argument_count >= TL_PEER_ARGS_MAX)
        return NULL;
    for (size_t i = 0; i < own_count; i++)
        arguments[count++] = (char *)(uintptr_t)own[i]; /* execv never writes to them */
    for (size_t i = 0; i < request->argument_count; i++)
        arguments[count++] = (char *)(uintptr_t)request->arguments[i];
    for (size_t i = 0; i < arm->argument_count; i++)
        arguments[count++] = (char *)(uintptr_t)arm->arguments[i];
    arguments[count] = NULL;
    return arguments;
}

static tl_status greet(pair *p, unsigned side, uint64_t *value_bytes_max)
{
    int version = 0;
    char why[TL_PEER_WHY_MAX];
    tl_peer *peer = &p->peers[side];
    tl_peer_end end = tl_peer_hear(peer, p->lines[side], p->request->patience_ns, p->request->stop,
                                   p->request->context);
    if (end == TL_PEER_STOPPED)
        return TL_BUSY;
    if (end == TL_PEER_DEAD) {
        const char *binary = p->request->arms[side].binary;
        tl_peer_why(peer, why);
        return trouble(p, TL_VERSION,
                       "%s: %s does not run as an agent (%s); it needs a treelab that has the "
                       "agent's protocol %d",
                       label(p, side), binary, why, (int)TL_PROTOCOL_VERSION);
    }
    if (end != TL_PEER_HEARD)
        return answer_missing(p, side, end);
    if (sscanf(p->lines[side], TL_PROTOCOL_GREETING " %d %47s", &version,
               p->launch->revision[side]) != 2)
        return unexpected(p, side);
    if (version != TL_PROTOCOL_VERSION)
        return trouble(p, TL_VERSION,
                       "%s: its agent speaks protocol %d, this program %d; build both from "
                       "revisions that agree",
                       label(p, side), version, (int)TL_PROTOCOL_VERSION);
    tl_status status = hear(p, side);
    int answers = 0;
    if (status == TL_OK &&
        sscanf(p->lines[side], "opened %" SCNu64 " %d", value_bytes_max, &answers) != 2)
        return unexpected(p, side);
    p->launch->answers[side] = answers != 0;
    return status;
}

static tl_status start(pair *p, unsigned side, uint64_t *value_bytes_max)
{
    char numbers[3][NUMBER_MAX];
    char *arguments[TL_PEER_ARGS_MAX];
    if (arguments_for(p, side, numbers, arguments) == NULL)
        return trouble(p, TL_INVALID, "%s: too many options", label(p, side));
    tl_status status = tl_peer_start(&p->peers[side], p->request->arms[side].binary, arguments,
                                     (size_t)p->launch->environment_bytes[side]);
    if (status != TL_OK)
        return trouble(p, status, "%s: cannot start a process: %s", label(p, side),
                       tl_status_text(status));
    return greet(p, side, value_bytes_max);
}

static tl_status ready(pair *p, unsigned side, uint64_t value_bytes_max)
{
    tl_launch *launch = p->launch;
    char order[TEXT_MAX];
    snprintf(order, sizeof order, "begin %" PRIu64, value_bytes_max);
    tl_status status = ask(p, side, order);
    if (status != TL_OK)
        return status;
    if (sscanf(p->lines[side], "ready %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
               &launch->setup_cpu_ns[side], &launch->setup_wall_ns[side], &launch->empty_ns[side],
               &launch->hiccups[side], &launch->hiccup_max_ns[side]) != 5)
        return unexpected(p, side);
    return TL_OK;
}

static tl_status begin(pair *p)
{
    unsigned first = p->launch->started_first;
    uint64_t value_bytes_max[2] = {0, 0};
    tl_status status = start(p, first, &value_bytes_max[first]);
    if (status == TL_OK)
        status = start(p, 1 - first, &value_bytes_max[1 - first]);
    uint64_t both =
        value_bytes_max[0] < value_bytes_max[1] ? value_bytes_max[0] : value_bytes_max[1];
    if (status == TL_OK)
        status = ready(p, first, both);
    return status == TL_OK ? ready(p, 1 - first, both) : status;
}

/* --- phases --- */

/* Both sides have said which phase is next: it must be the same one. */
static tl_status phase_read(pair *p, tl_launch_phase *phase, bool *none)
{
    char kind[2][16] = {"", ""}, name[2][TL_LAUNCH_NAME_MAX] = {"", ""};
    uint64_t ops[2], a[2] = {0, 0}, b[2] = {0, 0};
    *none = strcmp(p->lines[0], "none") == 0 && strcmp(p->lines[1], "none") == 0;
    if (*none)
        return TL_OK;
    for (unsigned side = 0; side < 2; side++)
        if (sscanf(p->lines[side], "%15s %47s %" SCNu64 " %" SCNu64 " %" SCNu64, kind[side],
                   name[side], &ops[side], &a[side], &b[side]) != 5)
            return unexpected(p, side);
    if (strcmp(kind[0], kind[1]) != 0 || strcmp(name[0], name[1]) != 0 || ops[0] != ops[1])
        return trouble(p, TL_VERSION,
                       "the arms' workloads differ: '%.100s' against '%.100s'; their revisions "
                       "do not fit",
                       p->lines[0], p->lines[1]);
    snprintf(phase->name, sizeof phase->name, "%s", name[0]);
    phase->timed = strcmp(kind[0], "timed") == 0;
    phase->threaded = strcmp(kind[0], "threads") == 0;
    phase->ops = ops[0];
    phase->repeats = phase->timed && a[0] != 0;
    phase->read_only = phase->timed && b[0] != 0;
    for (unsigned side = 0; side < 2 && !phase->timed; side++) {
        phase->cpu_ns[side] = a[side];
        phase->wall_ns[side] = b[side];
        p->launch->setup_cpu_ns[side] += a[side];
        p->launch->setup_wall_ns[side] += b[side];
    }
    return TL_OK;
}

static tl_status slice_half(pair *p, unsigned side, const char *order, tl_timed_pair *slice,
                            uint64_t ops[2], uint64_t hashes[2])
{
    tl_status status = ask(p, side, order);
    if (status != TL_OK)
        return status;
    if (sscanf(p->lines[side],
               "slice %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNx64 " %" SCNu64 " %" SCNu64
               " %" SCNu64 " %" SCNu64,
               &ops[side], &slice->cpu_ns[side], &slice->wall_ns[side], &hashes[side],
               &slice->minflt[side], &slice->invol_cs[side], &slice->runwait_ns[side],
               &slice->idle_cpu_ns[side]) != 8)
        return unexpected(p, side);
    return TL_OK;
}

static tl_status slice_pair(pair *p, const tl_launch_phase *phase, const tl_slice_plan *plan,
                            bool last, unsigned first, tl_timed_pair *slice)
{
    char order[TEXT_MAX];
    uint64_t ops[2] = {0, 0}, hashes[2] = {0, 0};
    snprintf(order, sizeof order, "slice %" PRIu64 " %" PRIu64 " %d", plan->warm, plan->ops,
             last && plan->end_within);
    *slice = (tl_timed_pair){.first = first};
    tl_status status = slice_half(p, first, order, slice, ops, hashes);
    if (status == TL_OK)
        status = slice_half(p, 1 - first, order, slice, ops, hashes);
    if (status != TL_OK)
        return status;
    slice->ops = ops[0];
    if (ops[0] != ops[1] || (comparable(p) && hashes[0] != hashes[1]))
        return trouble(p, TL_CORRUPT,
                       "phase %s: the sides read different things: %" PRIu64
                       " operations with hash %016" PRIx64 " against %" PRIu64 " with %016" PRIx64,
                       phase->name, ops[0], hashes[0], ops[1], hashes[1]);
    return TL_OK;
}

static tl_status finish_half(pair *p, unsigned side, tl_launch_phase *phase, uint64_t *ops,
                             uint64_t *hash)
{
    tl_status status = ask(p, side, "finish");
    size_t count = 0;
    for (; status == TL_OK; status = hear(p, side)) {
        tl_launch_counter counter;
        if (sscanf(p->lines[side], "finished %" SCNu64 " %" SCNx64, ops, hash) == 2) {
            phase->counter_count[side] = count;
            return TL_OK;
        }
        if (sscanf(p->lines[side], "counter %47s %" SCNu64, counter.name, &counter.value) != 2)
            return unexpected(p, side);
        if (count < TL_LAUNCH_COUNTERS_MAX)
            phase->counters[side][count++] = counter;
    }
    return status;
}

static tl_status phase_run(pair *p, tl_launch_phase *phase, const tl_slice_plan *plan)
{
    tl_status status = TL_OK;
    uint64_t ops[2] = {0, 0}, hashes[2] = {0, 0};
    unsigned first = 0;
    for (unsigned i = 0; i < plan->count && status == TL_OK; i++) {
        /* Who runs second finds colder caches: two pairs in a row have both orders. */
        first = i % 2 == 0 ? (unsigned)tl_dice_below(&p->dice, 2) : 1 - first;
        status = slice_pair(p, phase, plan, i + 1 == plan->count, first,
                            &phase->slices[phase->slice_count]);
        phase->slice_count += status == TL_OK;
    }
    for (unsigned side = 0; side < 2 && status == TL_OK; side++)
        status = finish_half(p, side, phase, &ops[side], &hashes[side]);
    if (status == TL_OK && (ops[0] != ops[1] || (comparable(p) && hashes[0] != hashes[1])))
        return trouble(p, TL_CORRUPT,
                       "phase %s: the sides read different things: hash %016" PRIx64
                       " against %016" PRIx64,
                       phase->name, hashes[0], hashes[1]);
    return status;
}

static tl_status phases(pair *p)
{
    const tl_launch_request *request = p->request;
    tl_launch *launch = p->launch;
    for (size_t index = 0; request->plans == NULL || index < request->plan_count; index++) {
        bool none;
        tl_status status = ask_both(p, "phase");
        if (status != TL_OK)
            return status;
        if (index == TL_LAUNCH_PHASES_MAX)
            return trouble(p, TL_INVALID, "a workload of more than %d phases",
                           (int)TL_LAUNCH_PHASES_MAX);
        tl_launch_phase *phase = &launch->phases[index];
        memset(phase, 0, sizeof *phase);
        status = phase_read(p, phase, &none);
        if (status != TL_OK || none)
            return status;
        launch->phase_count = index + 1;
        if (!phase->timed)
            continue;
        tl_slice_plan pilot = {
            .count = 1, .ops = phase->repeats ? phase->ops : UINT64_MAX, .end_within = true};
        status = phase_run(p, phase, request->plans == NULL ? &pilot : &request->plans[index]);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* --- the end --- */

static tl_status close_both(pair *p)
{
    uint64_t records[2] = {0, 0}, hashes[2] = {0, 0};
    tl_status status = ask_both(p, "close");
    for (unsigned side = 0; side < 2 && status == TL_OK; side++)
        if (sscanf(p->lines[side], "closed %" SCNu64 " %" SCNx64, &records[side], &hashes[side]) !=
            2)
            return unexpected(p, side);
    if (status != TL_OK)
        return status;
    if (comparable(p) && (records[0] != records[1] || hashes[0] != hashes[1]))
        return trouble(p, TL_CORRUPT,
                       "the stores differ at the end: %" PRIu64 " records with hash %016" PRIx64
                       " against %" PRIu64 " with %016" PRIx64,
                       records[0], hashes[0], records[1], hashes[1]);
    p->launch->records = records[0];
    p->launch->content_hash = hashes[0];
    return TL_OK;
}

static void draw(pair *p)
{
    tl_launch *launch = p->launch;
    tl_dice_init(&p->dice, p->request->seed);
    launch->seed = p->request->seed;
    launch->started_first = (unsigned)tl_dice_below(&p->dice, 2);
    for (unsigned side = 0; side < 2; side++) {
        launch->heap_bytes[side] = OFFSET_STEP * tl_dice_below(&p->dice, HEAP_STEPS);
        launch->stack_bytes[side] = OFFSET_STEP * tl_dice_below(&p->dice, STACK_STEPS);
        launch->environment_bytes[side] = tl_dice_below(&p->dice, ENVIRONMENT_MAX);
    }
}

tl_status tl_launch_run(const tl_launch_request *request, tl_launch *launch, char *error,
                        size_t error_bytes)
{
    tl_launch_phase *kept = launch->phases;
    pair *p = calloc(1, sizeof *p);
    if (p == NULL)
        return TL_NO_MEMORY;
    *launch = (tl_launch){.phases = kept};
    p->request = request;
    p->launch = launch;
    p->error = error;
    p->error_bytes = error_bytes;
    draw(p);
    for (unsigned side = 0; side < 2; side++)
        snprintf(p->dirs[side], sizeof p->dirs[side], "%.480s/side-%c", request->dir,
                 side == 0 ? 'a' : 'b');
    tl_noise before, after;
    tl_noise_read(&before);
    uint64_t begin_ns = tl_clock_ns();

    tl_status status = begin(p);
    if (status == TL_OK)
        status = phases(p);
    if (status == TL_OK)
        status = close_both(p);

    launch->wall_ns = tl_clock_ns() - begin_ns;
    tl_noise_read(&after);
    launch->steal_known = before.steal_known && after.steal_known;
    launch->steal_ticks = launch->steal_known ? after.steal_ticks - before.steal_ticks : 0;
    for (unsigned side = 0; side < 2; side++) {
        tl_peer_end_now(&p->peers[side]);
        if (tl_directory_remove(p->dirs[side]) != TL_OK && status == TL_OK)
            status = trouble(p, TL_IO, "cannot remove %s", p->dirs[side]);
    }
    free(p);
    return status;
}

/* --- what it says --- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool tl_launch_ratios(const tl_launch_phase *phase, bool wall, double *median, double *sums)
{
    double ratios[TL_LAUNCH_SLICES_MAX], sum[2] = {0, 0};
    size_t count = phase->slice_count;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *ns = wall ? phase->slices[i].wall_ns : phase->slices[i].cpu_ns;
        if (ns[0] == 0 || ns[1] == 0)
            return false;
        ratios[i] = log((double)ns[1] / (double)ns[0]);
        sum[0] += (double)ns[0];
        sum[1] += (double)ns[1];
    }
    if (count == 0)
        return false;
    qsort(ratios, count, sizeof *ratios, ascending);
    *median =
        count % 2 == 1 ? ratios[count / 2] : ratios[count / 2 - 1] / 2 + ratios[count / 2] / 2;
    *sums = log(sum[1] / sum[0]);
    return true;
}
