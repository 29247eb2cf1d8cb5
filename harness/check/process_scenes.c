/* harness/check/process_scenes.c -- several processes around one store, told step by step.
 *
 * The parent asks one agent (process_agent.c) at a time, so a scene is a plain list of steps, and
 * each step either has its one right answer or is a finding.
 *
 * What is asked depends on what the store promises.  One process at a time: who comes second is
 * told so at once, and by whom; a killed holder holds nothing; a stopped one still does.  Many: a
 * snapshot stays what it was until its process ends it, whoever else is killed.
 */
#define _GNU_SOURCE
#include "harness/check/process_body.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { READERS_MAX = 8, AGENTS_MAX = READERS_MAX + 2, FIRST = 3 /* commits before it begins */ };

static const char *const command_names[] = {
    [TL_AGENT_OPEN] = "open",   [TL_AGENT_OPEN_READ_ONLY] = "open read-only",
    [TL_AGENT_CLOSE] = "close", [TL_AGENT_COMMIT] = "commit",
    [TL_AGENT_APPLY] = "put",   [TL_AGENT_SNAPSHOT] = "begin a snapshot",
    [TL_AGENT_LOOK] = "look",   [TL_AGENT_END_SNAPSHOT] = "end a snapshot",
};

typedef struct scene {
    tl_process_bench *bench;
    tl_process_case where;
    tl_process agents[AGENTS_MAX]; /* two that may write, then the readers */
    unsigned readers;
    bool failed; /* a finding was noted: the scene is over */
} scene;

static tl_process *writer(scene *now, unsigned which)
{
    return &now->agents[which];
}

static tl_process *reader(scene *now, unsigned which)
{
    return &now->agents[2 + which];
}

__attribute__((format(printf, 4, 5))) static bool expect(scene *now, bool holds, const char *rule,
                                                         const char *format, ...)
{
    char text[240];
    if (holds || now->failed)
        return holds;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    now->failed = true;
    tl_process_note(now->bench, &now->where, rule, "%s", text);
    return false;
}

/* Ask an agent and wait for its answer.  False: it gave none, which is noted. */
static bool ask(scene *now, tl_process *agent, tl_agent_command what, size_t number)
{
    tl_process_page *page = agent->page;
    uint64_t since = tl_process_now_ns(), patience_ns = now->bench->options->patience_ns;
    int signal_number = 0;
    if (now->failed)
        return false;
    page->command = what;
    page->number = number;
    atomic_fetch_add(&page->asked, 1);
    while (atomic_load(&page->answered) != atomic_load(&page->asked)) {
        if (tl_process_has_ended(agent, &signal_number))
            return expect(now, false, "dies", "asked to %s, it was ended by signal %d",
                          command_names[what], signal_number);
        if (tl_process_now_ns() - since > patience_ns)
            return expect(now, false, "hangs", "asked to %s, it gave no answer",
                          command_names[what]);
        tl_process_nap();
    }
    return true;
}

/* Ask, and have the answer that it has to be; `rule` is what is broken otherwise. */
static bool must(scene *now, tl_process *agent, tl_agent_command what, size_t number,
                 tl_status wanted, const char *rule)
{
    if (!ask(now, agent, what, number))
        return false;
    return expect(now, agent->page->status == wanted, rule,
                  "asked to %s, it says %s, not %s; it adds: %s", command_names[what],
                  tl_status_name(agent->page->status), tl_status_name(wanted), agent->page->text);
}

static void commits(scene *now, tl_process *agent, size_t first, size_t last)
{
    for (size_t n = first; n <= last && !now->failed; n++)
        must(now, agent, TL_AGENT_COMMIT, n, TL_OK, "writable");
}

/* Look (or begin a snapshot): it has to be commit n. */
static void sees(scene *now, tl_process *agent, tl_agent_command what, size_t n, const char *rule)
{
    tl_truth truth = tl_oracle_truth(now->bench->oracle, (tl_content){n, 0});
    const tl_truth *seen = &agent->page->truth;
    if (must(now, agent, what, 0, TL_OK, "readable"))
        expect(now, seen->count == truth.count && seen->hash == truth.hash, rule,
               "it shows %" PRIu64 " records that are not those of commit %zu", seen->count, n);
}

static void all_see(scene *now, unsigned first_reader, size_t n)
{
    for (unsigned i = first_reader; i < now->readers && !now->failed; i++)
        sees(now, reader(now, i), TL_AGENT_LOOK, n, "snapshot");
}

static void all_read(scene *now, tl_agent_command open, size_t n)
{
    for (unsigned i = 0; i < now->readers && !now->failed; i++) {
        must(now, reader(now, i), open, 0, TL_OK, "opens");
        sees(now, reader(now, i), TL_AGENT_SNAPSHOT, n, "snapshot");
    }
}

static void all_leave(scene *now, unsigned first_reader)
{
    for (unsigned i = first_reader; i < now->readers && !now->failed; i++) {
        must(now, reader(now, i), TL_AGENT_END_SNAPSHOT, 0, TL_OK, "readable");
        must(now, reader(now, i), TL_AGENT_CLOSE, 0, TL_OK, "closes");
    }
}

/* Opened at the first try, and as commit n left it. */
static void gets_in(scene *now, tl_process *agent, size_t n)
{
    must(now, agent, TL_AGENT_OPEN, 0, TL_OK, "free");
    sees(now, agent, TL_AGENT_SNAPSHOT, n, "one_prefix");
    must(now, agent, TL_AGENT_END_SNAPSHOT, 0, TL_OK, "readable");
}

/* Refused at once, with the holder's process id. */
static void is_refused(scene *now, tl_process *agent, const tl_process *holder)
{
    char pid[24];
    if (!must(now, agent, TL_AGENT_OPEN, 0, TL_BUSY, "busy") || holder == NULL)
        return;
    snprintf(pid, sizeof pid, "process %ld", (long)holder->pid);
    expect(now, strstr(agent->page->text, pid) != NULL, "busy", "'%s' does not name '%s'",
           agent->page->text, pid);
}

/* --- one process at a time --- */

static void second_opener(scene *now)
{
    tl_process *holder = writer(now, 0), *other = writer(now, 1);
    must(now, holder, TL_AGENT_OPEN, 0, TL_OK, "opens");
    commits(now, holder, 1, FIRST);
    is_refused(now, other, holder);
    tl_process_stop(holder);
    is_refused(now, other, holder); /* stopped is not dead */
    tl_process_continue(holder);
    commits(now, holder, FIRST + 1, FIRST + 2); /* and nothing happened to it */
    must(now, holder, TL_AGENT_CLOSE, 0, TL_OK, "closes");
    gets_in(now, other, FIRST + 2);
    must(now, other, TL_AGENT_CLOSE, 0, TL_OK, "closes");
}

/* Turns: killed with nothing open, inside a txn, inside a txn while it is stopped. */
static void killed_holder(scene *now)
{
    tl_process *holder = writer(now, 0), *other = writer(now, 1);
    must(now, holder, TL_AGENT_OPEN, 0, TL_OK, "opens");
    commits(now, holder, 1, FIRST);
    if (now->where.index > 0)
        must(now, holder, TL_AGENT_APPLY, FIRST + 1, TL_OK, "writable");
    is_refused(now, other, holder);
    if (now->where.index > 1)
        tl_process_stop(holder);
    tl_process_kill(holder);
    gets_in(now, other, FIRST);
    commits(now, other, FIRST + 1, FIRST + 2);
    must(now, other, TL_AGENT_CLOSE, 0, TL_OK, "closes");
}

/* Read-only processes side by side, over a store whose writer was killed; one of them is killed in
 * turn 0, all of them in turn 1. */
static void readers_only(scene *now)
{
    tl_process *first = writer(now, 0), *next = writer(now, 1);
    must(now, first, TL_AGENT_OPEN, 0, TL_OK, "opens");
    commits(now, first, 1, FIRST + 1);
    tl_process_kill(first);
    all_read(now, TL_AGENT_OPEN_READ_ONLY, FIRST + 1);
    is_refused(now, next, NULL);
    tl_process_kill(reader(now, 0));
    all_see(now, 1, FIRST + 1);
    is_refused(now, next, NULL); /* the others are still there */
    if (now->where.index == 0)
        all_leave(now, 1);
    for (unsigned i = 1; i < now->readers; i++)
        tl_process_kill(reader(now, i));
    gets_in(now, next, FIRST + 1);
    commits(now, next, FIRST + 2, FIRST + 3);
    must(now, next, TL_AGENT_CLOSE, 0, TL_OK, "closes");
}

/* --- many processes --- */

static size_t all_commits(const scene *now)
{
    return tl_oracle_commits(now->bench->oracle);
}

/* Snapshots in other processes outlive the writer and what the next one does.  Turns: the writer
 * is killed idle, inside a txn, inside a txn while it is stopped. */
static void killed_writer(scene *now)
{
    tl_process *first = writer(now, 0), *next = writer(now, 1);
    must(now, first, TL_AGENT_OPEN, 0, TL_OK, "opens");
    commits(now, first, 1, FIRST);
    all_read(now, TL_AGENT_OPEN, FIRST);
    commits(now, first, FIRST + 1, FIRST + 2);
    if (now->where.index > 0)
        must(now, first, TL_AGENT_APPLY, FIRST + 3, TL_OK, "writable");
    if (now->where.index > 1)
        tl_process_stop(first);
    tl_process_kill(first);
    all_see(now, 0, FIRST);
    gets_in(now, next, FIRST + 2);
    for (size_t n = FIRST + 3; n <= all_commits(now) && !now->failed; n++) {
        commits(now, next, n, n);
        all_see(now, 0, FIRST);
    }
    all_leave(now, 0);
    must(now, next, TL_AGENT_CLOSE, 0, TL_OK, "closes");
}

/* The lock of a writer that is killed in its txn is free for one who has the store open already. */
static void killed_in_turn(scene *now)
{
    tl_process *first = writer(now, 0), *next = writer(now, 1);
    must(now, first, TL_AGENT_OPEN, 0, TL_OK, "opens");
    commits(now, first, 1, FIRST);
    must(now, next, TL_AGENT_OPEN, 0, TL_OK, "opens");
    must(now, first, TL_AGENT_APPLY, FIRST + 1, TL_OK, "writable");
    tl_process_kill(first);
    commits(now, next, FIRST + 1, FIRST + 2);
    sees(now, next, TL_AGENT_SNAPSHOT, FIRST + 2, "one_prefix");
    must(now, next, TL_AGENT_END_SNAPSHOT, 0, TL_OK, "readable");
    must(now, next, TL_AGENT_CLOSE, 0, TL_OK, "closes");
}

/* A reader is killed with its snapshot open: the writer goes on, and takes no page that a living
 * snapshot needs.  That it takes those of the dead one is the engine's promise or not: the file's
 * growth is not judged here. */
static void killed_reader(scene *now)
{
    tl_process *first = writer(now, 0);
    must(now, first, TL_AGENT_OPEN, 0, TL_OK, "opens");
    commits(now, first, 1, FIRST);
    all_read(now, TL_AGENT_OPEN, FIRST);
    commits(now, first, FIRST + 1, FIRST + 1);
    tl_process_kill(reader(now, 0));
    for (size_t n = FIRST + 2; n <= all_commits(now) && !now->failed; n++) {
        commits(now, first, n, n);
        all_see(now, 1, FIRST);
    }
    all_leave(now, 1);
    must(now, first, TL_AGENT_CLOSE, 0, TL_OK, "closes");
}

/* name, for stores that many processes may open, turns, the commit it ends with (0: all), steps */
static const struct scene_row {
    const char *name;
    bool many;
    unsigned turns;
    size_t last;
    void (*play)(scene *now);
} rows[] = {
    {"second_opener",  false, 1, FIRST + 2, second_opener },
    {"killed_holder",  false, 3, FIRST + 2, killed_holder },
    {"readers_only",   false, 2, FIRST + 3, readers_only  },
    {"killed_writer",  true,  3, 0,         killed_writer },
    {"killed_in_turn", true,  1, FIRST + 2, killed_in_turn},
    {"killed_reader",  true,  1, 0,         killed_reader },
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

size_t tl_process_scene_count(bool many)
{
    size_t count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++)
        count += rows[i].many == many ? rows[i].turns : 0;
    return count;
}

static tl_status agents_start(scene *now)
{
    tl_status status = tl_process_fresh_dir(now->bench);
    for (unsigned i = 0; i < 2 + now->readers && status == TL_OK; i++) {
        status = tl_process_create(&now->agents[i]);
        if (status == TL_OK)
            status = tl_process_start(&now->agents[i], tl_process_agent, now->bench);
    }
    return status;
}

/* The steps, then the store as it is left: sound, and the last commit. */
static tl_status play(tl_process_bench *bench, const struct scene_row *row, unsigned turn)
{
    unsigned readers = bench->options->readers;
    scene now = {
        .bench = bench,
        .where = {.scene = row->name, .index = turn},
        .readers = readers < READERS_MAX ? readers : READERS_MAX
    };
    bool fine = false;
    tl_status status = agents_start(&now);
    if (status == TL_OK)
        row->play(&now);
    for (unsigned i = 0; i < AGENTS_MAX; i++)
        tl_process_destroy(&now.agents[i]);
    size_t last = row->last == 0 ? all_commits(&now) : row->last;
    tl_allowed allowed = {.low = last, .high = last};
    if (status == TL_OK && !now.failed)
        status = tl_process_examine(bench, &now.where, &allowed, turn % 2 == 0, &fine);
    if (status != TL_OK)
        return status;
    bench->result->scenes.states++;
    bench->result->recovered += fine;
    return TL_OK;
}

tl_status tl_process_scenes(tl_process_bench *bench, bool many)
{
    const tl_process_case *only = bench->options->only;
    for (size_t i = 0; i < ROW_COUNT; i++)
        for (unsigned turn = 0; rows[i].many == many && turn < rows[i].turns; turn++) {
            if (only != NULL && (strcmp(only->scene, rows[i].name) != 0 || only->index != turn))
                continue;
            if (!tl_process_budget_is_left(bench))
                return TL_OK;
            tl_status status = play(bench, &rows[i], turn);
            if (status != TL_OK)
                return status;
        }
    return TL_OK;
}
