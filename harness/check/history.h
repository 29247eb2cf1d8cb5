/* harness/check/history.h -- what a recorded run does, by name: short histories, each rich in one
 * kind of event.
 *
 * A history says how many records a commit inserts, changes and deletes, part by part, and what is
 * done between commits.  The oracle makes the operations of it (oracle.h), the same everywhere.
 */
#ifndef TL_HARNESS_HISTORY_H
#define TL_HARNESS_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TL_HISTORY_PARTS_MAX = 6 };

typedef enum tl_history_deed { /* between two commits; changes no content */
                               TL_HISTORY_NOTHING,
                               TL_HISTORY_CHECKPOINT,
                               TL_HISTORY_COMPACT, /* give space back to the file system, until
                                                      there is none to give */
} tl_history_deed;

typedef struct tl_history_part {
    unsigned until_percent;             /* of the commits */
    unsigned inserts, updates, deletes; /* of each commit, at most 32 together */
    tl_history_deed deed;               /* after the last commit of the part */
} tl_history_part;

typedef struct tl_history {
    const char *name, *summary;
    uint32_t page_bytes;      /* what it is made for; another size gives other events */
    unsigned commits;         /* likewise */
    unsigned keys_per_commit; /* how large the key space is */
    unsigned large_every;     /* one value in so many fits no leaf; 0: none */
    unsigned single_every;    /* one commit in so many has one operation: the smallest frame */
    tl_history_part parts[TL_HISTORY_PARTS_MAX]; /* the last one ends at 100 */
    unsigned writers, readers; /* threads that run it; 0 writers: it is run by one */
} tl_history;

/* The registry.  Row 0, `mixed`, is what runs when nothing is asked for; the rows behind it are the
 * canonical ones: 100 to 200 operations of the disk each, whichever commit protocol runs them. */
size_t tl_history_count(void);
const tl_history *tl_history_at(size_t index);
const tl_history *tl_history_find(const char *name); /* NULL: no history of this name */

/* Histories that several threads run, trace_threads.h.  Not among those above: whoever runs
 * histories by one thread does not meet them. */
size_t tl_history_threaded_count(void);
const tl_history *tl_history_threaded_at(size_t index);

/* What is done after commit n of `commits`. */
tl_history_deed tl_history_deed_after(const tl_history *history, size_t n, size_t commits);
/* The part that commit n of `commits` belongs to. */
const tl_history_part *tl_history_part_of(const tl_history *history, size_t n, size_t commits);

#endif
