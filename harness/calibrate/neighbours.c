/* harness/calibrate/neighbours.c -- see neighbours.h. */
#include "harness/calibrate/neighbours.h"

#include "harness/measure/clock.h"
#include "workloads/keys.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 32 << 20, SPINS = 20000 };

tl_neighbours_request tl_neighbours_default(void)
{
    return (tl_neighbours_request){.kinds = TL_NEIGHBOURS_SPIN | TL_NEIGHBOURS_MEMCPY,
                                   .processes = 3,
                                   .on_ns = UINT64_C(1000000000),
                                   .off_ns = UINT64_C(2000000000),
                                   .seed = 1};
}

bool tl_neighbours_kinds_parse(const char *text, unsigned *kinds)
{
    static const struct {
        const char *name;
        tl_neighbours_kind kind;
    } known[] = {
        {"spin",   TL_NEIGHBOURS_SPIN  },
        {"memcpy", TL_NEIGHBOURS_MEMCPY},
    };
    unsigned made = 0;
    for (;;) {
        size_t length = strcspn(text, ","), i = 0;
        while (i < 2 &&
               (strlen(known[i].name) != length || strncmp(text, known[i].name, length) != 0))
            i++;
        if (i == 2)
            return false;
        made |= known[i].kind;
        if (text[length] == '\0')
            break;
        text += length + 1;
    }
    *kinds = made;
    return true;
}

static void spin_until(uint64_t until_ns)
{
    volatile uint64_t state = until_ns;
    while (tl_clock_ns() < until_ns)
        for (int i = 0; i < SPINS; i++)
            state = state * UINT64_C(6364136223846793005) + 1;
}

static void copy_until(uint64_t until_ns, char *buffer)
{
    size_t half = BUFFER_BYTES / 2;
    for (unsigned turn = 0; tl_clock_ns() < until_ns; turn++)
        memcpy(buffer + (turn % 2) * half, buffer + (1 - turn % 2) * half, half);
}

static uint64_t spell_ns(tl_dice *dice, uint64_t mean_ns)
{
    return mean_ns / 2 + tl_dice_below(dice, mean_ns + 1);
}

static void neighbour(const tl_neighbours_request *request, unsigned index, tl_neighbours_kind kind)
{
    tl_dice dice;
    tl_dice_init(&dice, tl_stream(request->seed, index));
    char *buffer = kind == TL_NEIGHBOURS_MEMCPY ? malloc(BUFFER_BYTES) : NULL;
    if (buffer != NULL)
        memset(buffer, 1, BUFFER_BYTES);
    for (;;) { /* until it is killed */
        uint64_t off_ns = spell_ns(&dice, request->off_ns);
        nanosleep(&(struct timespec){.tv_sec = (time_t)(off_ns / 1000000000),
                                     .tv_nsec = (long)(off_ns % 1000000000)},
                  NULL);
        uint64_t until_ns = tl_clock_ns() + spell_ns(&dice, request->on_ns);
        if (buffer != NULL)
            copy_until(until_ns, buffer);
        else
            spin_until(until_ns);
    }
}

tl_status tl_neighbours_start(const tl_neighbours_request *request, tl_neighbours *noise)
{
    tl_neighbours_kind kinds[2];
    unsigned kind_count = 0;
    pid_t parent = getpid();
    *noise = (tl_neighbours){.count = 0};
    for (unsigned bit = TL_NEIGHBOURS_SPIN; bit <= TL_NEIGHBOURS_MEMCPY; bit <<= 1)
        if ((request->kinds & bit) != 0)
            kinds[kind_count++] = (tl_neighbours_kind)bit;
    for (unsigned i = 0; i < request->processes && kind_count > 0; i++) {
        pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            signal(SIGINT, SIG_IGN); /* the parent hears of it, and ends us */
            if (getppid() == parent)
                neighbour(request, i, kinds[i % kind_count]);
            _exit(0);
        }
        if (child < 0) {
            tl_neighbours_stop(noise);
            return TL_NO_MEMORY;
        }
        noise->processes[noise->count++] = child;
    }
    return TL_OK;
}

void tl_neighbours_stop(tl_neighbours *noise)
{
    for (unsigned i = 0; i < noise->count; i++)
        kill(noise->processes[i], SIGKILL);
    for (unsigned i = 0; i < noise->count; i++)
        waitpid(noise->processes[i], NULL, 0);
    noise->count = 0;
}
