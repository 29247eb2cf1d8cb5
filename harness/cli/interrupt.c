/* harness/cli/interrupt.c -- the first Ctrl-C or SIGTERM (a CI's timeout) asks, the second kills.
 *
 * timeout(1) sends its signal twice, to the process and then to its group, and a shell may do the
 * same; what comes within half a second of the first is the same wish.
 */
#include "harness/cli/cli.h"

#include <signal.h>
#include <stdint.h>
#include <time.h>

#define SAME_WISH_NS INT64_C(500000000)

static volatile sig_atomic_t interrupted;
static struct timespec first; /* written before `interrupted`, with both signals blocked */

static int64_t since_first_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* may be called in a handler */
    return (int64_t)(now.tv_sec - first.tv_sec) * 1000000000 + (now.tv_nsec - first.tv_nsec);
}

static void note_interrupt(int signal_number)
{
    if (interrupted == 0) {
        (void)clock_gettime(CLOCK_MONOTONIC, &first);
        interrupted = 1;
    } else if (since_first_ns() >= SAME_WISH_NS) {
        (void)signal(signal_number, SIG_DFL);
        (void)raise(signal_number); /* arrives when this returns */
    }
}

bool tl_interrupted(void)
{
    return interrupted != 0;
}

void tl_catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = note_interrupt, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    (void)sigaction(SIGINT, &action, NULL); /* fails only for signals that cannot be caught */
    (void)sigaction(SIGTERM, &action, NULL);
}
