/* harness/check/process_body.h -- children and how they are spoken to; for process*.c. */
#ifndef TL_HARNESS_PROCESS_BODY_H
#define TL_HARNESS_PROCESS_BODY_H

#include "harness/check/process.h"

#include <stdatomic.h>
#include <sys/types.h>

typedef struct tl_process_page { /* memory that parent and child share; it outlives a killed child
                                  */
    atomic_ullong steps;         /* moves while the child does something: what the watchdog sees */
    atomic_ullong ops;           /* operations so far */
    atomic_ullong writes, syncs; /* among them */
    atomic_ullong begun, acknowledged; /* commits */
    atomic_uint cuts;                  /* places inside the operation at which it was killed */
    atomic_bool reached;               /* the place to die was reached */
    atomic_ullong asked, answered;     /* questions to an agent */
    unsigned command;                  /* the question; its answer is below */
    size_t number;
    tl_status status;
    tl_truth truth;
    char text[200];
    tl_verdict verdict;
    tl_trace_counters counters; /* of a history that reached its end */
} tl_process_page;

typedef struct tl_process {
    pid_t pid; /* 0: not running */
    tl_process_page *page;
} tl_process;

typedef enum tl_process_end {
    TL_PROCESS_EXITED,
    TL_PROCESS_KILLED, /* by a signal */
    TL_PROCESS_HUNG,   /* and was killed for it */
} tl_process_end;

TL_MUST_USE tl_status tl_process_create(tl_process *process); /* its page; nothing runs */
void tl_process_destroy(tl_process *process);                 /* kills what runs; zeros are fine */

/* Run `body` in a child, on a page of zeros; it exits when `body` returns. */
TL_MUST_USE tl_status tl_process_start(tl_process *process,
                                       void (*body)(void *context, tl_process_page *page),
                                       void *context);
/* Wait for its end.  *signal_number is what ended it. */
tl_process_end tl_process_wait(tl_process *process, uint64_t patience_ns, int *signal_number);
bool tl_process_has_ended(tl_process *process, int *signal_number); /* looks, does not wait */
void tl_process_kill(tl_process *process);                          /* SIGKILL, and wait */
void tl_process_stop(tl_process *process);                          /* SIGSTOP, until it has */
void tl_process_continue(tl_process *process);
void tl_process_nap(void); /* between two looks */

uint64_t tl_process_now_ns(void);

/* The I/O of a child: the real disk, counting what changes it, and the place to die.  Also counts
 * steps of a driver that takes no I/O table. */
typedef struct tl_killer {
    tl_io io; /* first */
    tl_io *below;
    tl_process_page *page;
    uint64_t at;  /* die before this operation, or ... */
    unsigned cut; /* ... in it, with so many file pages of its write begun */
} tl_killer;
void tl_killer_init(tl_killer *killer, tl_process_page *page, uint64_t at, unsigned cut);
void tl_killer_step(tl_killer *killer); /* one operation that cannot be cut */
void tl_killer_end(tl_killer *killer);  /* behind the last operation */

/* What the files of the scenes and the kills have in common. */
typedef struct tl_process_bench {
    const tl_process_options *options;
    tl_process_result *result;
    tl_oracle *oracle;
    tl_inspector inspector;
    char store_dir[512];
    tl_process writer, examiner;
    uint64_t started_ns;
    bool stopped;
} tl_process_bench;

TL_MUST_USE tl_status tl_process_fresh_dir(tl_process_bench *bench);
/* Let another process inspect the store.  False: a finding was noted. */
TL_MUST_USE tl_status tl_process_examine(tl_process_bench *bench, const tl_process_case *where,
                                         const tl_allowed *allowed, bool clean, bool *fine);
bool tl_process_budget_is_left(tl_process_bench *bench);
__attribute__((format(printf, 4, 5))) void tl_process_note(tl_process_bench *bench,
                                                           const tl_process_case *where,
                                                           const char *rule, const char *format,
                                                           ...);

/* What an agent can be asked, page->command. */
typedef enum tl_agent_command {
    TL_AGENT_OPEN,
    TL_AGENT_OPEN_READ_ONLY,
    TL_AGENT_CLOSE,
    TL_AGENT_COMMIT,   /* the n-th commit of the history, whole; n is page->number */
    TL_AGENT_APPLY,    /* its operations, left uncommitted */
    TL_AGENT_SNAPSHOT, /* begin a read txn and look */
    TL_AGENT_LOOK,     /* at all records of the snapshot: page->truth */
    TL_AGENT_END_SNAPSHOT,
} tl_agent_command;
/* The body of such a process; `context` is the bench.  page->asked moves with a question,
 * page->answered with the answer. */
void tl_process_agent(void *context, tl_process_page *page);

/* process_scenes.c */
size_t tl_process_scene_count(bool many); /* turns counted */
TL_MUST_USE tl_status tl_process_scenes(tl_process_bench *bench, bool many);

#endif
