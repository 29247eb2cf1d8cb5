/* harness/check/mutant_campaign.c -- see mutant_campaign.h. */
#include "harness/check/mutant_campaign.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

const char *tl_mutant_verdict_name(tl_mutant_verdict verdict)
{
    static const char *const names[] = {
        [TL_VERDICT_FOUND] = "found",       [TL_VERDICT_COVERED] = "covered",
        [TL_VERDICT_WAITS] = "waits",       [TL_VERDICT_SURVIVED] = "survived",
        [TL_VERDICT_STRONGER] = "stronger", [TL_VERDICT_UNEXPECTED] = "unexpected",
        [TL_VERDICT_UNFIT] = "unfit"};
    return names[verdict];
}

const tl_mutant_trial *tl_mutant_task_finding(const tl_mutant_task *task)
{
    for (size_t i = 0; i < task->trial_count; i++)
        if (tl_mutant_is_dead(task->trials[i].fate))
            return &task->trials[i];
    return NULL;
}

static bool is_covered(const tl_mutant_task *task)
{
    return task->row != NULL && task->row->pair != NULL && !task->paired;
}

const tl_mutant_trial *tl_mutant_task_contradiction(const tl_mutant_task *task)
{
    for (size_t i = 0; i < task->trial_count; i++) {
        const tl_mutant_trial *trial = &task->trials[i];
        if (tl_mutant_is_dead(trial->fate) && tl_mutant_must_live(trial))
            return trial;
    }
    return NULL;
}

/* Was it looked at by all there is of the kind that must find it, and did no part of it? */
static bool missed_by_its_own(const tl_mutant_task *task)
{
    bool whole = false;
    for (size_t i = 0; i < task->trial_count; i++) {
        const tl_mutant_trial *trial = &task->trials[i];
        if (task->row != NULL && trial->sweep->finder == task->row->finder &&
            tl_mutant_is_dead(trial->fate))
            return false;
        whole = whole || tl_mutant_must_die(trial);
    }
    return whole;
}

static tl_mutant_verdict verdict_of(const tl_mutant_task *task)
{
    for (size_t i = 0; i < task->trial_count; i++)
        if (task->trials[i].fate == TL_MUTANT_UNFIT)
            return TL_VERDICT_UNFIT;
    if (tl_mutant_task_contradiction(task) != NULL)
        return TL_VERDICT_UNEXPECTED;
    bool found = tl_mutant_task_finding(task) != NULL;
    if (missed_by_its_own(task))
        return found ? TL_VERDICT_STRONGER : TL_VERDICT_SURVIVED;
    if (found)
        return TL_VERDICT_FOUND;
    if (task->row == NULL || is_covered(task))
        return TL_VERDICT_COVERED;
    return TL_VERDICT_WAITS;
}

const tl_mutant_note *tl_mutant_task_note(const tl_mutant_task *task)
{
    if (task->row == NULL || task->verdict <= TL_VERDICT_WAITS)
        return NULL;
    const tl_mutant_trial *against = tl_mutant_task_contradiction(task);
    return tl_mutant_note_find(task->row->name,
                               against != NULL ? against->sweep->finder : task->row->finder);
}

bool tl_mutant_task_is_fine(const tl_mutant_task *task)
{
    if (task->verdict <= TL_VERDICT_WAITS)
        return true;
    const tl_mutant_note *note = tl_mutant_task_note(task);
    if (task->verdict == TL_VERDICT_SURVIVED)
        return note != NULL && note->more != NULL && task->more == NULL;
    return note != NULL && task->verdict != TL_VERDICT_UNFIT;
}

/* In which pass a sweep comes at a task. */
static unsigned pass_of(const tl_mutant_task *task, const tl_mutant_sweep *sweep)
{
    if (task->row == NULL || is_covered(task) || !tl_mutant_may_find(sweep, task->row))
        return 2;
    return sweep->finder == task->row->finder ? 0 : 1;
}

/* How closely this sweep looks at the task; 0: not at all in this pass. */
static unsigned stride_for(const tl_mutant_campaign *campaign, const tl_mutant_task *task,
                           const tl_mutant_sweep *sweep)
{
    if (task->pass != pass_of(task, sweep))
        return 0;
    if (campaign->all)
        return 1;
    if (task->pass < 2)
        return task->found ? 0 : 1;
    const tl_mutant_trial wanted = {.row = task->row, .paired = task->paired, .sweep = sweep};
    return tl_mutant_must_live(&wanted) ? sweep->glance : 0;
}

/* The next trial of a task; false: it is done. */
static bool trial_next(const tl_mutant_campaign *campaign, tl_mutant_task *task,
                       tl_mutant_trial **trial)
{
    for (;;) { /* ends: each round looks at another sweep, in three passes */
        if (task->next == tl_mutant_sweep_count()) {
            if (task->pass + 1 == TL_MUTANT_PASSES)
                return false;
            task->pass++;
            task->next = 0;
        }
        const tl_mutant_sweep *sweep = tl_mutant_sweep_at(task->next++);
        unsigned stride = stride_for(campaign, task, sweep);
        if (stride == 0)
            continue;
        *trial = &task->trials[task->trial_count++];
        **trial = (tl_mutant_trial){.row = task->row,
                                    .paired = task->paired,
                                    .more = task->more,
                                    .sweep = sweep,
                                    .stride = stride};
        return true;
    }
}

/* Start what comes next in this task, or finish it. */
static tl_status task_go_on(tl_mutant_campaign *campaign, tl_mutant_task *task)
{
    tl_mutant_trial *trial = NULL;
    task->running = trial_next(campaign, task, &trial);
    if (task->running) {
        tl_status status = tl_mutant_trial_start(trial);
        task->running = status == TL_OK;
        task->trial_count -= status != TL_OK;
        return status;
    }
    task->verdict = verdict_of(task);
    task->done = true;
    campaign->tasks_done++;
    if (campaign->on_task != NULL)
        campaign->on_task(campaign->context, task, campaign->tasks_done, campaign->task_count);
    return TL_OK;
}

static tl_mutant_task *task_of(tl_mutant_campaign *campaign, pid_t process)
{
    for (size_t i = 0; i < campaign->task_count; i++) {
        tl_mutant_task *task = &campaign->tasks[i];
        if (task->running && task->trials[task->trial_count - 1].process == process)
            return task;
    }
    return NULL;
}

static void give_up(tl_mutant_campaign *campaign)
{
    for (size_t i = 0; i < campaign->task_count; i++) {
        tl_mutant_task *task = &campaign->tasks[i];
        int how = 0;
        if (!task->running)
            continue;
        tl_mutant_trial *trial = &task->trials[task->trial_count - 1];
        kill(trial->process, SIGKILL);
        (void)waitpid(trial->process, &how, 0);
        tl_mutant_trial_end(trial, how);
        task->trial_count--; /* it has no answer */
        task->running = false;
    }
}

static size_t running_count(const tl_mutant_campaign *campaign)
{
    size_t count = 0;
    for (size_t i = 0; i < campaign->task_count; i++)
        count += campaign->tasks[i].running;
    return count;
}

static tl_status tasks_run(tl_mutant_campaign *campaign)
{
    size_t begun = 0;
    tl_status status = TL_OK;
    while (status == TL_OK && (campaign->stop == NULL || !campaign->stop())) {
        size_t running = running_count(campaign);
        if (running < campaign->jobs && begun < campaign->task_count) {
            status = task_go_on(campaign, &campaign->tasks[begun++]);
            continue;
        }
        if (running == 0)
            break;
        int how = 0;
        pid_t process = waitpid(-1, &how, 0);
        tl_mutant_task *task = process > 0 ? task_of(campaign, process) : NULL;
        if (task == NULL)
            continue; /* a signal came: perhaps it is time to stop */
        tl_mutant_trial *trial = &task->trials[task->trial_count - 1];
        tl_mutant_trial_end(trial, how);
        if (campaign->stop != NULL &&
            campaign->stop()) { /* it may be the interrupt that ended it */
            task->running = false;
            task->trial_count--;
            break;
        }
        task->found = task->found || tl_mutant_is_dead(trial->fate);
        status = task_go_on(campaign, task);
    }
    give_up(campaign);
    return status;
}

static bool is_wanted(const tl_mutant_campaign *campaign, const char *name)
{
    for (size_t i = 0; i < campaign->only_count; i++)
        if (strcmp(campaign->only[i], name) == 0)
            return true;
    return campaign->only_count == 0;
}

/* Two bugs that cover each other are one pair. */
static bool is_tried_already(const tl_mutant_campaign *campaign, const tl_mutant_row *row)
{
    for (size_t i = 0; i < campaign->task_count; i++) {
        const tl_mutant_task *task = &campaign->tasks[i];
        if (task->paired && strcmp(task->row->name, row->pair) == 0 &&
            strcmp(task->row->pair, row->name) == 0)
            return true;
    }
    return false;
}

static void add_task(tl_mutant_campaign *campaign, tl_mutant_task task)
{
    campaign->tasks[campaign->task_count++] = task;
}

/* A bug alone; with its pair; with further defences off that turned out to cover the pair. */
static void add_row(tl_mutant_campaign *campaign, const tl_mutant_row *row)
{
    const tl_mutant_note *note = tl_mutant_note_find(row->name, row->finder);
    add_task(campaign, (tl_mutant_task){.row = row});
    if (row->pair == NULL || is_tried_already(campaign, row))
        return;
    add_task(campaign, (tl_mutant_task){.row = row, .paired = true});
    if (note != NULL && note->more != NULL)
        add_task(campaign, (tl_mutant_task){.row = row, .paired = true, .more = note->more});
}

tl_status tl_mutant_campaign_run(tl_mutant_campaign *campaign)
{
    campaign->tasks = calloc(1 + 3 * tl_mutant_count(), sizeof *campaign->tasks);
    campaign->task_count = campaign->tasks_done = 0;
    if (campaign->tasks == NULL)
        return TL_NO_MEMORY;
    if (campaign->only_count == 0)
        add_task(campaign, (tl_mutant_task){.row = NULL}); /* the engine as it is */
    for (size_t i = 0; i < tl_mutant_count(); i++) {
        const tl_mutant_row *row = tl_mutant_at(i);
        if (row->absent == NULL && is_wanted(campaign, row->name))
            add_row(campaign, row);
    }
    return tasks_run(campaign);
}
