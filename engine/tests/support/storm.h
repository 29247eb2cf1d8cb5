/* engine/tests/support/storm.h -- random operations on an env, compared with the model at each
 * step.
 *
 *     storm_config x seed -> storm_run -> true, or a story: seed, step, the last operations
 *
 * Everything that tl/engine.h offers is in the mix: one write txn at a time with a cursor that
 * lives through its edits, read txns that are kept open for long and compared at their end, commit,
 * abort, checkpoint, close and open, abandon and open; the verifier every few hundred steps.
 * The same config and seed give the same operations on every host.
 */
#ifndef TL_TESTS_STORM_H
#define TL_TESTS_STORM_H

#include "tl/engine.h"

typedef enum storm_keys {
    STORM_KEYS_RANDOM,     /* 1..24 random bytes */
    STORM_KEYS_ASCENDING,  /* 8 bytes that grow */
    STORM_KEYS_DESCENDING, /* 8 bytes that shrink */
    STORM_KEYS_PREFIX,     /* "user" and 12 digits: every head ties */
    STORM_KEYS_SHORT,      /* 1..5 bytes out of four different ones, zero among them */
    STORM_KEYS_LONG,       /* as long as allowed, equal but for the end */
    STORM_KEYS_ALL,        /* any of these */
} storm_keys;

typedef struct storm_config {
    const char *name;
    uint32_t page_bytes;
    storm_keys keys;
    const char *commit, *leaf, *split; /* NULL: the default */
    tl_durability durability;
    bool long_keys_allowed; /* max_key_bytes as large as the page allows */
    uint32_t value_bytes;   /* usual largest value; now and then one is as large as allowed */
    uint32_t log_pad_bytes;
    unsigned steps, records; /* it grows to about this many records, shrinks, and again */
    const char *simd;        /* NULL: the default */
    const char *fill;        /* NULL: the default */
} storm_config;

enum { STORM_TEXT_BYTES = 4096, STORM_MAP_BYTES = 1 << 30 };

typedef struct storm_report {
    tl_stats stats; /* summed over all opens */
    uint64_t opens, snapshots_compared, commits, depth_max;
    uint64_t disk_hash;          /* of all files at the end */
    char text[STORM_TEXT_BYTES]; /* why it failed */
} storm_report;

/* `arena`: lent to every open of the run; NULL: each open makes its own. */
bool storm_run(const storm_config *config, uint64_t seed, tl_arena *arena, storm_report *report);

/* The configurations that the tests run: they cover page sizes, protocols, leaf modes, splits,
 * durabilities and key distributions. */
extern const storm_config storm_configs[];
extern const unsigned storm_config_count;

#endif
