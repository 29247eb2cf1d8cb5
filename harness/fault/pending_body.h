/* harness/fault/pending_body.h -- a walk over what is pending; for the files of this folder. */
#ifndef TL_HARNESS_PENDING_BODY_H
#define TL_HARNESS_PENDING_BODY_H

#include "harness/fault/pending.h"
#include "harness/fault/simdisk_body.h"

#define TL_PENDING_BASE                                                                            \
    UINT32_MAX                       /* stands for the difference of the bases, before operation 0 \
                                      */
#define TL_PENDING_NOBODY UINT32_MAX /* the file of a name that leads nowhere */

typedef struct tl_words { /* a growing array of numbers */
    uint32_t *at;
    uint32_t count, capacity;
} tl_words;

TL_MUST_USE tl_status tl_words_add(tl_words *words, uint32_t word);

typedef struct tl_pending_size { /* one of a file's, since its last finished sync */
    uint64_t bytes;
    uint32_t needs; /* journal: number of events without which it is not there */
    uint32_t since; /* journal: with it, sizes behind this number have brought their data */
    bool by_write;  /* else it is there as soon as the journal has what it needs */
} tl_pending_size;

typedef struct tl_pending_file {
    tl_words ops;           /* on its data or size, since its last finished sync */
    tl_pending_size *sizes; /* that those made; number 0 is the durable one, n is sizes[n - 1] */
    uint32_t size_count, size_capacity;
    uint32_t size_floor; /* the smallest number that may have persisted */
    uint32_t unordered;  /* sizes up to this number wait for no data: it was given up */
    bool gave_up;        /* a failed sync did; from then on `ops` holds syncs too */
    uint32_t demands;    /* journal: number of events that a sync makes durable */
    uint32_t created;    /* of those: up to its creation */
    uint32_t back;       /* sigkill, prefix: operations on it before this one are undone */
} tl_pending_file;

typedef struct tl_name_chain { /* posix: what one name led to */
    tl_words files;            /* [0]: on the durable base */
    uint32_t floor;            /* the oldest that may persist */
    uint32_t demands;          /* journal, of a directory: events up to its last name event */
} tl_name_chain;

typedef struct tl_name_tie { /* a rename: `from` at `from_at` or later needs `to` at `to_at` */
    uint32_t from, from_at, to, to_at;
} tl_name_tie;

typedef struct tl_journal_event {
    uint32_t op; /* TL_PENDING_BASE: all differences of the bases */
    bool name;   /* operation `op` on names; else on the size of a file */
} tl_journal_event;

typedef struct tl_chain_node {
    uint32_t version, next; /* 0: the last */
} tl_chain_node;

typedef struct tl_chain { /* what one sector may hold, while an outcome is filled in */
    uint32_t sector, head, tail, count;
    bool given_up; /* its newest version: no sync covers it */
} tl_chain;

struct tl_pending {
    const tl_simdisk *trace;
    tl_profile profile;
    size_t at, left_out;
    uint32_t path_count; /* of the log; disks beside it may name more */
    uint64_t outcome_count;
    tl_image issued, durable;
    /* sigkill, prefix: `issued` without the operation in flight; the shortest prefix allowed */
    tl_image shortest;
    size_t shortest_ops; /* of it; before those stands the base difference, when base_first */
    size_t back;         /* prefix: operations before this one were issued when a file went back */
    bool bases_differ, base_first;
    tl_words makers;       /* operations that made versions */
    tl_words makers_up_to; /* by version: how many of them made that one or an older one */

    tl_pending_file *files;
    tl_name_chain *names; /* by path number */
    uint32_t file_capacity, name_capacity;
    tl_journal_event *events;
    uint32_t event_count, event_capacity, demanded;
    tl_image settled; /* journal: the names after `demanded` events */
    tl_image walked;  /* journal: scratch */
    tl_name_tie *ties;
    uint32_t tie_count, tie_capacity;

    /* posix: allowed choices of names.  Of each, or each journal, the number of outcomes before */
    tl_words varying, combos;
    uint64_t *before;
    uint32_t combo_count, before_capacity;

    /* scratch of tl_pending_show */
    uint32_t *picked; /* by file: the number of the size that persisted */
    uint32_t picked_capacity;
    uint32_t *chain_of; /* by sector: index into chains + 1 */
    uint32_t chain_of_capacity;
    tl_chain *chains;
    tl_chain_node *nodes; /* [0] is not used */
    uint32_t chain_count, chain_capacity, node_count, node_capacity;
};

/* Grow an array of `element_bytes` elements; new elements are zero. */
TL_MUST_USE tl_status tl_pending_reserve(void *array, uint32_t *capacity, uint64_t wanted,
                                         size_t element_bytes);

/* pending_data.c: one file of the outcome, with size number `persisted`. */
TL_MUST_USE tl_status tl_pending_show_file(tl_pending *pending, uint32_t file, uint32_t persisted,
                                           tl_possible *possible);
/* Is this operation a write through that has returned, and did the disk not lie about it? */
bool tl_pending_is_through(const tl_pending *pending, uint32_t number);
/* The sizes that a write which ends at `end` adds to a file of size `found`: how many, and the
 * nth, 1-based; the 0th is `found`. */
uint32_t tl_pending_write_sizes(uint64_t found, uint64_t end);
uint64_t tl_pending_write_size(uint64_t found, uint64_t end, uint32_t nth);

/* pending_names.c: chains of names under posix. */
TL_MUST_USE tl_status tl_pending_names_begin(tl_pending *pending);
TL_MUST_USE tl_status tl_pending_names_add(tl_pending *pending, const tl_simdisk_op *op);
void tl_pending_names_sync(tl_pending *pending, uint32_t dir);
TL_MUST_USE tl_status tl_pending_names_count(tl_pending *pending);
/* Names of the combination that outcome *index belongs to; *index becomes the number within. */
TL_MUST_USE tl_status tl_pending_names_show(tl_pending *pending, uint64_t *index, tl_image *image);

/* pending_journal.c: one more event; a beginning of the journal is there for certain; names of the
 * journal that outcome *index belongs to, *index becomes the number within, *events its length. */
TL_MUST_USE tl_status tl_pending_event_add(tl_pending *pending, uint32_t op, bool name);
TL_MUST_USE tl_status tl_pending_journal_settle(tl_pending *pending, uint32_t demanded);
TL_MUST_USE tl_status tl_pending_journal_count(tl_pending *pending);
TL_MUST_USE tl_status tl_pending_journal_show(tl_pending *pending, uint64_t *index, tl_image *image,
                                              uint32_t *events);

/* pending_sizes.c: one more size; where it grows by a write, the journal as it is suffices. */
TL_MUST_USE tl_status tl_pending_size_add(tl_pending *pending, uint32_t file, tl_pending_size size);
/* A finished write through ends at `end`: the size is one of those that show it.  The events that
 * those need. */
uint32_t tl_pending_size_reaches(tl_pending *pending, uint32_t file, uint64_t end);
/* Choices of sizes under these names, with `events` of the journal; 0: too many to be counted. */
uint64_t tl_pending_sizes_count(const tl_pending *pending, const tl_image *names, uint32_t events);
/* Choice `index` of them, into pending->picked. */
void tl_pending_sizes_show(tl_pending *pending, uint64_t index, const tl_image *names,
                           uint32_t events);
/* Index of the last of before[0..combo_count-1] that is not above `outcome`. */
uint32_t tl_pending_combo_of(const tl_pending *pending, uint64_t outcome);
/* One more entry of `before`, of so many outcomes.  TL_NO_SPACE: more than can be numbered */
TL_MUST_USE tl_status tl_pending_combo_add(tl_pending *pending, uint64_t outcomes);

/* pending_order.c: profiles that leave one version to each sector. */
TL_MUST_USE tl_status tl_pending_order_begin(tl_pending *pending);
TL_MUST_USE tl_status tl_pending_order_step(tl_pending *pending); /* operation `at` returns */
void tl_pending_order_count(tl_pending *pending);
TL_MUST_USE tl_status tl_pending_order_show(tl_pending *pending, uint64_t index, tl_image *image);

/* pending_base.c: take in the difference of the bases. */
TL_MUST_USE tl_status tl_pending_base_begin(tl_pending *pending);
/* Is this file's size another on the two bases?  Only files that one side names. */
bool tl_pending_base_size_differs(const tl_pending *pending, uint32_t file);
bool tl_pending_base_named(const tl_pending *pending, uint32_t file);
/* Version of a sector there; 0 behind the end. */
uint32_t tl_pending_sector(const tl_image *image, uint32_t file, uint32_t sector);

#endif
