/* harness/check/mutants.h -- the engine's seeded bugs: what each breaks, what must find it.
 *
 * A row was written before its bug was ever run, and none is changed or dropped because of a
 * result: what turned out otherwise is told beside the table, in README.md.
 */
#ifndef TL_HARNESS_MUTANTS_H
#define TL_HARNESS_MUTANTS_H

#include "harness/fault/profile.h"

#include <stdbool.h>
#include <stddef.h>

/* X(upper, lower, meaning): what can find a bug.  The first ones are the crash profiles, each
 * allowing more than the one before. */
#define TL_FINDER_MAP(X)                                                                           \
    X(SIGKILL, sigkill, "crash states of this profile")                                            \
    X(PREFIX, prefix, "crash states of this profile")                                              \
    X(JOURNAL, journal, "crash states of this profile")                                            \
    X(POSIX, posix, "crash states of this profile")                                                \
    X(GARBAGE, garbage, "crash states of this profile")                                            \
    X(NESTED_CRASH, nested_crash, "a crash while the crash before is being recovered")             \
    X(FLIP, flip, "damage: a byte of a file changes")                                              \
    X(LOST_WRITE, lost_write, "damage: a write never arrives, what was there before stays")        \
    X(MISDIRECT, misdirect, "damage: a write arrives at another place")                            \
    X(RUNTIME_FAULT, runtime_fault, "calls of the disk that fail while the store runs")            \
    X(SYSTEM_CALL, system_call, "system calls that do a part, or are interrupted")                 \
    X(THREADS, threads, "readers and writers beside each other")                                   \
    X(STRUCTURE, structure, "random operations beside a model, and the verifier")                  \
    X(LIAR, liar, "crash states of this profile, which no row is about")

#define TL_FINDER_AS_ENUM(upper, lower, text) TL_FINDER_##upper,
typedef enum tl_finder { TL_FINDER_MAP(TL_FINDER_AS_ENUM) TL_FINDER_COUNT } tl_finder;
const char *tl_finder_name(tl_finder finder); /* "nested_crash" */
const char *tl_finder_text(tl_finder finder);

enum { TL_MUTANT_NAME_MAX = 120 };

typedef struct tl_mutant_row {
    const char *name;   /* of the switch; of a row without one: what it would be */
    const char *breaks; /* what goes wrong, in a line */
    tl_finder finder;   /* the weakest that must find it */
    unsigned blind;     /* bit 1 << finder: these must not find it; the others may */
    /* Other switches, joined by '+', that turn off the defence which covers this bug.  Then it must
     * survive everything alone, and the pair must be found. */
    const char *pair;
    const char *remark; /* why so; "" */
    const char *absent; /* why the engine cannot have this bug; NULL: it can */
    bool beside;        /* not of the list that was fixed before there was an engine */
} tl_mutant_row;

size_t tl_mutant_count(void);
const tl_mutant_row *tl_mutant_at(size_t index);
const tl_mutant_row *tl_mutant_find(const char *name); /* NULL: there is none */

typedef struct tl_mutant_note { /* what turned out otherwise than a row says, and why */
    const char *name;           /* of the row, which stays as it was written */
    tl_finder finder;           /* that was to find it, or not to */
    const char *text;
    /* Switches of further defences that cover the bug with its pair; with these off too it must be
     * found.  NULL: nothing more. */
    const char *more;
} tl_mutant_note;
const tl_mutant_note *tl_mutant_note_find(const char *name, tl_finder finder); /* NULL: none */

/* Switches that are no bug by themselves: they turn a defence off, or only give others time. */
size_t tl_mutant_helper_count(void);
const char *tl_mutant_helper_at(size_t index);

#endif
