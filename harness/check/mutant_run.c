/* harness/check/mutant_run.c -- one bug, one sweep, one process; see mutant_run.h. */
#define _GNU_SOURCE
#include "harness/check/mutant_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const char *tl_mutant_fate_name(tl_mutant_fate fate)
{
    static const char *const names[] = {[TL_MUTANT_SURVIVED] = "survived",
                                        [TL_MUTANT_FOUND] = "found",
                                        [TL_MUTANT_DIED] = "died",
                                        [TL_MUTANT_HUNG] = "hung",
                                        [TL_MUTANT_UNFIT] = "unfit"};
    return names[fate];
}

void tl_probe_found(tl_probe *probe, const char *where, const char *rule, const char *text)
{
    if (probe->found)
        return;
    snprintf(probe->where, sizeof probe->where, "%s", where);
    snprintf(probe->rule, sizeof probe->rule, "%s", rule);
    snprintf(probe->text, sizeof probe->text, "%s", text);
    probe->found = true;
}

void tl_probe_unfit(tl_probe *probe, const char *text)
{
    snprintf(probe->text, sizeof probe->text, "%s", text);
    probe->unfit = true;
}

void tl_mutant_trial_names(const tl_mutant_trial *trial, char names[TL_MUTANT_NAME_MAX])
{
    snprintf(names, TL_MUTANT_NAME_MAX, "%s%s%s%s%s", trial->row == NULL ? "" : trial->row->name,
             trial->paired ? "+" : "", trial->paired ? trial->row->pair : "",
             trial->more != NULL ? "+" : "", trial->more != NULL ? trial->more : "");
}

/* In the child: never returns. */
static void run_here(tl_mutant_trial *trial)
{
    static const int ordinary[] = {SIGINT,  SIGTERM, SIGSEGV, SIGBUS,
                                   SIGABRT, SIGFPE,  SIGILL,  SIGALRM};
    char names[TL_MUTANT_NAME_MAX];
    for (size_t i = 0; i < sizeof ordinary / sizeof ordinary[0]; i++)
        signal(ordinary[i], SIG_DFL);
    (void)prctl(PR_SET_DUMPABLE, 0); /* an image of every process that dies takes long to write */
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0)
        _exit(1); /* what a dying store prints is its own business */
    alarm(trial->sweep->seconds_max);
    tl_mutant_trial_names(trial, names);
    tl_mutant_engine_here->wake(names[0] == '\0' ? NULL : names);
    trial->sweep->run(trial->probe);
    trial->probe->reached = tl_mutant_engine_here->reached();
    _exit(0);
}

tl_status tl_mutant_trial_start(tl_mutant_trial *trial)
{
    void *shared =
        mmap(NULL, sizeof(tl_probe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return TL_NO_MEMORY;
    trial->probe = shared;
    trial->probe->sweep = trial->sweep;
    trial->probe->stride = trial->stride;
    trial->begin_ns = now_ns();
    fflush(NULL);
    trial->process = fork();
    if (trial->process == 0)
        run_here(trial);
    if (trial->process > 0)
        return TL_OK;
    munmap(shared, sizeof(tl_probe));
    trial->probe = NULL;
    return TL_BUSY;
}

static tl_mutant_fate fate_of(const tl_probe *probe, int how)
{
    if (WIFSIGNALED(how))
        return WTERMSIG(how) == SIGALRM ? TL_MUTANT_HUNG : TL_MUTANT_DIED;
    if (probe->unfit)
        return TL_MUTANT_UNFIT;
    if (probe->found)
        return TL_MUTANT_FOUND;
    return WEXITSTATUS(how) == 0 ? TL_MUTANT_SURVIVED : TL_MUTANT_DIED;
}

void tl_mutant_trial_end(tl_mutant_trial *trial, int how)
{
    const tl_probe *probe = trial->probe;
    trial->elapsed_ns = now_ns() - trial->begin_ns;
    trial->fate = fate_of(probe, how);
    trial->states = probe->states;
    trial->complete = probe->complete;
    trial->reached = probe->reached || tl_mutant_is_dead(trial->fate);
    memcpy(trial->where, probe->where, sizeof trial->where);
    memcpy(trial->rule, probe->rule, sizeof trial->rule);
    memcpy(trial->text, probe->text, sizeof trial->text);
    if (trial->fate == TL_MUTANT_DIED)
        snprintf(trial->text, sizeof trial->text, "%s",
                 WIFSIGNALED(how) ? strsignal(WTERMSIG(how)) : "the process ended early");
    if (trial->fate == TL_MUTANT_HUNG)
        snprintf(trial->text, sizeof trial->text, "no end within %u s", trial->sweep->seconds_max);
    munmap(trial->probe, sizeof(tl_probe));
    trial->probe = NULL;
    trial->process = 0;
}

static bool covered(const tl_mutant_trial *trial) /* by another defence, which is on */
{
    return trial->row->pair != NULL && !trial->paired;
}

bool tl_mutant_must_die(const tl_mutant_trial *trial)
{
    return trial->row != NULL && !covered(trial) && trial->sweep->whole && trial->stride == 1 &&
           trial->sweep->finder == trial->row->finder;
}

bool tl_mutant_must_live(const tl_mutant_trial *trial)
{
    if (trial->row == NULL)
        return true;
    /* With the defence off nothing is said of what is blind. */
    return !trial->paired && (trial->row->blind >> trial->sweep->finder & 1) != 0;
}

bool tl_mutant_may_find(const tl_mutant_sweep *sweep, const tl_mutant_row *row)
{
    if (row == NULL)
        return true;
    if (sweep->finder == row->finder)
        return true;
    return row->finder <= TL_FINDER_GARBAGE && sweep->finder <= TL_FINDER_NESTED_CRASH &&
           sweep->finder > row->finder;
}
