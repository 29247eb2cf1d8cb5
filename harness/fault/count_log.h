/* harness/fault/count_log.h -- a log as chains of versions; for the files that count states.
 *
 * Everything that may persist or not is an index into a chain: the size of a file, the file behind
 * a name, the version of a sector.  Index 0 is what the durable base shows, and each entry knows
 * the operation that made it, so that one set of chains serves every crash point.
 *
 * Only sectors that the log (or the difference of the two bases) writes have chains: any other
 * holds one version whatever persists, and counts once.
 */
#ifndef TL_HARNESS_COUNT_LOG_H
#define TL_HARNESS_COUNT_LOG_H

#include "harness/fault/simdisk.h"

enum {
    COUNT_BASE = -2,       /* made by no operation: the durable base */
    COUNT_DIFFERENCE = -1, /* made before the log begins, by a process that was killed */
};
#define COUNT_NO_FILE UINT32_MAX

typedef struct count_version {
    int64_t op;
    uint32_t size_event; /* index of a size of the file */
    bool begins;         /* an epoch: what stands here once the shrink `size_event` persisted */
    bool zeroed;         /* in place, by the shrink `size_event`, which needs it */
    bool ordered;        /* `size_event` covers bytes of this write: in a journal it needs them */
} count_version;

typedef struct count_sector {
    uint64_t number;
    count_version *versions;
    uint32_t count, capacity;
    uint32_t sure;     /* the newest version that a finished sync covered */
    uint32_t given_up; /* index of the version that no sync covers, a failed one left it; or 0 */
} count_sector;

typedef struct count_size {
    int64_t op;
    uint64_t bytes;
    bool by_write;  /* journaled some time behind the write */
    size_t needs;   /* journal length: by_write that before the write, else with its own event */
    uint32_t since; /* with this size, sizes behind that index have brought their data */
} count_size;

typedef struct count_file {
    count_size *sizes;
    uint32_t size_count, size_capacity;
    uint32_t size_sure;    /* what a finished sync found */
    uint32_t unordered;    /* sizes up to this index wait for no data: it was given up */
    count_sector *sectors; /* ascending by number */
    uint32_t sector_count, sector_capacity;
    /* while the chains are built: journal length up to its last creation or size that no write
     * made; and up to the creation */
    size_t demand, created;
} count_file;

typedef struct count_name {
    int64_t op;
    uint32_t file; /* or COUNT_NO_FILE */
} count_name;

typedef struct count_path {
    count_name *names;
    uint32_t name_count, name_capacity;
    uint32_t name_sure; /* what a finished sync of its directory found */
    size_t demand;      /* of a directory: journal length up to its last change */
} count_path;

/* Version from_index of a name, nothing, is there only with version to_index of another. */
typedef struct count_need {
    int64_t op;
    uint32_t from, from_index, to, to_index;
} count_need;

/* One change that an event of the journal brings; parts of one event persist together. */
typedef struct count_part {
    size_t event;
    bool is_size;
    uint32_t which; /* file or path */
    uint32_t index; /* in its chain */
} count_part;

typedef struct count_log {
    const tl_simdisk *trace;
    size_t op_count;
    bool differs; /* there is a difference of the two bases */
    count_file *files;
    uint32_t file_count;
    count_path *paths;
    uint32_t path_count;
    count_need *needs;
    uint32_t need_count, need_capacity;
    count_part *parts; /* the journal */
    uint32_t part_count, part_capacity;
    size_t event_count;
    size_t *events_before; /* of operation i, 0 <= i <= op_count: length of the journal */
    size_t *demands;       /* of operation i, when it is a sync: journal length it makes durable */
} count_log;

TL_MUST_USE tl_status count_log_build(const tl_simdisk *trace, count_log *log);
void count_log_clear(count_log *log); /* also of one that could not be built */

/* Index of the first sector of `file` with a number >= `number`. */
uint32_t count_sector_from(const count_file *file, uint64_t number);

#endif
