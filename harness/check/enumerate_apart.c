/* harness/check/enumerate_apart.c -- a leaf once more, in a process of its own and without a memo.
 *
 * The other process begins as a copy of this one, so it shows the same state; it lets the store run
 * on it with another poison, looks at every page anew, and says what it read and what came of it.
 */
#include "harness/check/enumerate_body.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHER_POISON = 0x5a };

typedef struct outcome { /* what one run came to; crosses a pipe */
    uint64_t trace, content;
    tl_rule rule;
    tl_status status;
    tl_run_end end;
    bool refused;
} outcome;

static outcome outcome_of(const tl_enumerator *on, const tl_verdict *verdict, tl_run_end end)
{
    outcome came = {0};
    came.trace = tl_choices_trace(on->choices);
    came.content = verdict->content.n;
    came.rule = verdict->rule;
    came.status = verdict->status;
    came.end = end;
    came.refused = verdict->refused;
    return came;
}

static tl_status run_here(tl_enumerator *on, const tl_state_id *where, outcome *came)
{
    tl_verdict verdict;
    tl_run_end end;
    tl_status status = tl_enumerate_run(on, where, OTHER_POISON, false, &verdict, &end);
    if (status == TL_OK)
        *came = outcome_of(on, &verdict, end);
    return status;
}

static _Noreturn void child(tl_enumerator *on, const tl_state_id *where, int to)
{
    outcome came;
    memset(&came, 0, sizeof came);
    bool told = run_here(on, where, &came) == TL_OK && write(to, &came, sizeof came) == sizeof came;
    _exit(told ? 0 : 1);
}

/* False: there was no process to be had, or it did not get to its end. */
static bool run_apart(tl_enumerator *on, const tl_state_id *where, outcome *came)
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    fflush(NULL); /* what waits in buffers is written once */
    pid_t pid = fork();
    if (pid == 0)
        child(on, where, ends[1]);
    close(ends[1]);
    bool told = pid > 0 && read(ends[0], came, sizeof *came) == sizeof *came;
    close(ends[0]);
    int code = 0;
    return pid > 0 && waitpid(pid, &code, 0) == pid && code == 0 && told;
}

static tl_status disagree(tl_enumerator *on, const tl_state_id *where, const char *how)
{
    char text[TL_STATE_ID_TEXT_MAX];
    (void)tl_state_id_print(where, text);
    snprintf(on->result->error, sizeof on->result->error,
             "recovery is not deterministic, or the memo is wrong: a run in a process of its own "
             "%s (%.80s)",
             how, text);
    return TL_INVALID;
}

tl_status tl_enumerate_apart(tl_enumerator *on, const tl_state_id *where, const tl_verdict *first)
{
    outcome before = outcome_of(on, first, TL_RUN_WHOLE), came;
    memset(&came, 0, sizeof came);
    on->result->reruns++;
    if (!run_apart(on, where, &came)) {
        tl_status status = run_here(on, where, &came);
        if (status != TL_OK)
            return status;
    }
    if (came.end != TL_RUN_WHOLE || came.trace != before.trace)
        return disagree(on, where, "read otherwise");
    if (came.rule != before.rule || came.status != before.status ||
        came.content != before.content || came.refused != before.refused)
        return disagree(on, where, "came to another end");
    return TL_OK;
}
