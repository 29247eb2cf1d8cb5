/* engine/tests/golden.h -- the database that is kept under golden/: how it is made, what it holds.
 *
 * Small, but with a bit of everything: several leaves under a branch, long and short separators,
 * keys that end in zeros, a delete, two checkpoints, a crash, and frames that wait for replay.
 * Since version 2 named trees, with soft prefixes, dense leaves and values in extents, and a frame
 * for every kind of operation.
 */
#ifndef TL_TESTS_GOLDEN_H
#define TL_TESTS_GOLDEN_H

#include "engine/tests/unit.h"

enum {
    GOLDEN_PAGE_BYTES = 1024,
    GOLDEN_VERSION = 2, /* the newest */
    GOLDEN_TREES_MAX = 6,
    GOLDEN_RECORDS_MAX = 130, /* of a tree, at any time */
};

typedef struct golden_record {
    uint8_t key[96], value[3000];
    size_t key_bytes, value_bytes;
} golden_record;

typedef struct golden_tree {
    char name[16];
    size_t count;
    golden_record records[GOLDEN_RECORDS_MAX]; /* ascending */
} golden_tree;

/* The options it is made with; equal ones are used to open it again. */
tl_env_options golden_options(void);
/* Make it at `place`, crash included: byte for byte the same on every compiler. */
void golden_make(const unit_place *place);
/* What that of format `version` holds, by name; returns how many trees. */
size_t golden_contents(unsigned version, golden_tree trees[GOLDEN_TREES_MAX]);
/* The frames of its log that wait for replay. */
unsigned golden_frames(unsigned version);
/* Copy the files kept of format `version` to `place`. */
void golden_copy(const unit_place *place, unsigned version);

#endif
