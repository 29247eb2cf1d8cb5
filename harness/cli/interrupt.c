/* harness/cli/interrupt.c -- the first Ctrl-C or SIGTERM (a CI's timeout) asks, the second kills.
 */
#include "harness/cli/cli.h"

#include <signal.h>

static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

bool tl_interrupted(void)
{
    return interrupted != 0;
}

/* SA_RESETHAND restores the default action as the first signal arrives. */
void tl_catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = note_interrupt,
                               .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL); /* fails only for signals that cannot be caught */
    (void)sigaction(SIGTERM, &action, NULL);
}
