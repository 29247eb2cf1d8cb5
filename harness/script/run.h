/* harness/script/run.h -- a script on a store, with the model beside it as the truth.
 *
 * Each line goes to the store and to the model.  The line's want, or TL_OK when it has none, is
 * compared with the store's answer, and so is the model's answer.  A refusal (a status other than
 * TL_OK, TL_NOT_FOUND and TL_EXISTS) that the want names is not put to the model: nothing
 * changed.  At the end both contents are compared whole.
 *
 * Bounds keep a hostile script from eating the machine: lines run, bytes written, bytes made by
 * one expression.  Past a bound the run ends with TL_SCRIPT_UNFIT and says so.
 */
#ifndef TL_HARNESS_SCRIPT_RUN_H
#define TL_HARNESS_SCRIPT_RUN_H

#include "harness/driver.h"
#include "harness/script/script.h"

typedef struct tl_script_fault { /* a `fail` line */
    const char *call, *error;    /* "fdatasync", "EIO" */
    uint64_t nth;                /* counted from this line on, from 1 */
    bool sticky;                 /* every later call fails too */
} tl_script_fault;

typedef struct tl_script_unit { /* one operation of the timeline and what became of it */
    tl_script_loss_kind kind;
    uint64_t unit;
    uint64_t tear; /* LOSS_TORN: where it tore; 0 otherwise */
} tl_script_unit;

typedef struct tl_script_power_loss { /* a `crash` line */
    const char *profile;
    tl_durability durability; /* of the store that is hit */
    const char *state;        /* as a finding names it, without the profile, "31.0/oldest"; NULL: by
                                 the fields below */
    uint64_t seed;            /* of a state that was drawn */
    bool now;                 /* behind all operations; `at` says nothing */
    uint64_t at;              /* the operation of the timeline at which the power failed */
    const tl_script_unit *units;
    size_t unit_count;
} tl_script_power_loss;

/* The commits that a crash may leave: 1 is the first commit the script made.  The recovered
 * content must be that after commit `least`, `most` or one between. */
typedef struct tl_script_survivors {
    uint64_t least, most;
} tl_script_survivors;

/* What the store holds after a commit, all trees together (content.h). */
typedef struct tl_script_content {
    uint64_t count, hash;             /* records; sum over records and named trees */
    uint64_t marker_hash, again_hash; /* what the records "\0treelab/n" and "\0treelab/again", which
                                         the crash lab writes itself, add to `hash`; 0: not there */
} tl_script_content;

/* Who plays the disk.  Any function may be NULL: the verb is then unsupported, the event unheard.
 * All are called by the thread that runs the script. */
typedef struct tl_script_host {
    void *context;
    tl_io *io; /* for drivers with TL_DRIVER_SIM_IO; NULL = the real disk */
    tl_status (*on_fail)(void *context, const tl_script_fault *fault);
    /* The store is abandoned when this is called.  `survivors` holds 0 and all commits so far. */
    tl_status (*on_crash)(void *context, const tl_script_power_loss *loss,
                          tl_script_survivors *survivors);
    void (*on_reopen)(void *context); /* before `reopen` opens the files: faults end here */
    /* The store is open and holds the first `commit` commits. */
    void (*on_opened)(void *context, uint64_t commit);
    /* Around each commit: before it, then again with `acknowledged` when it was TL_OK. */
    void (*on_commit)(void *context, uint64_t commit, bool acknowledged);
    /* What an acknowledged commit left, behind on_commit. */
    void (*on_content)(void *context, uint64_t commit, const tl_script_content *content);
    /* The driver is about to be opened with these options; the host may change them, or refuse and
     * say why in options->error. */
    tl_status (*on_open)(void *context, tl_driver_options *options);
    /* The lines are over; `store` (NULL: closed) is about to be closed. */
    void (*on_end)(void *context, tl_store *store);
} tl_script_host;

typedef struct tl_script_config {
    const tl_driver *driver;           /* the store under test; must read back */
    const tl_driver *model;            /* the truth; tl_driver_find("model") */
    const char *dir;                   /* exists, empty, belongs to this run */
    const tl_driver_setting *settings; /* of the driver's spec: handed over as they are */
    size_t setting_count;
    const tl_driver_setting *overrides; /* --set: win over the script's `open` and `reopen` */
    size_t override_count;
    const tl_script_host *host; /* NULL: the real disk, no faults */
    bool skip_unsupported;
    bool model_only;      /* wants are not asked: each line must do what it does to the model.  For
                             random scripts, whose authors do not know the answers */
    uint32_t end_line;    /* as if the script ended before this line; 0: it is run to its end */
    uint64_t lines_max;   /* 0 means 20 million */
    uint64_t written_max; /* key and value bytes put; 0 means 1 GiB */
    void (*on_skip)(void *context, const char *text); /* once per skipped line; may be NULL */
    void *on_skip_context;
    /* What the model answered to a line, or the store where the model was not asked; may be NULL.
     */
    void (*on_answer)(void *context, uint32_t line, tl_status status);
    void *on_answer_context;
    bool (*interrupted)(void); /* asked now and then; may be NULL */
} tl_script_config;

typedef enum tl_script_outcome {
    TL_SCRIPT_PASSED,
    TL_SCRIPT_MISMATCH,    /* a wrong answer: want and got are set */
    TL_SCRIPT_UNSUPPORTED, /* the driver lacks a verb and it was not to be skipped */
    TL_SCRIPT_UNFIT,       /* the script cannot be run: overflow, a bad option, too much */
    TL_SCRIPT_REFUSED,     /* the machine did not let the store open */
    TL_SCRIPT_STOPPED,     /* interrupted */
    TL_SCRIPT_NO_MEMORY,
} tl_script_outcome;

const char *tl_script_outcome_name(tl_script_outcome outcome); /* "passed" "mismatch" … */

typedef struct tl_script_result {
    tl_script_outcome outcome;
    uint64_t lines;   /* run, repetitions of loops counted */
    uint64_t checks;  /* answers compared */
    uint64_t skipped; /* lines that the driver does not support */
    uint32_t line;    /* where it ended; 0 when it passed */
    char want[240], got[240];
    char message[768]; /* one line for people: "file:line: want X, got Y"; "" when it passed */
} tl_script_result;

/* Run `script` once in a fresh store.  The store is closed at the end, whatever happened. */
void tl_script_run(const tl_script *script, const tl_script_config *config,
                   tl_script_result *result);

#endif
