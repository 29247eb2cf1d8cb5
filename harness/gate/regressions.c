/* harness/gate/regressions.c -- the table; see regressions.h. */
#include "harness/gate/regressions.h"

#include "harness/gate/policy.h"

/* clang-format off */
static const tl_regression_row rows[] = {
    {"linear_search", "the heads of a page are searched one by one",
     "random", TL_LAYER_INSTRUCTIONS, "get: +20 to +100 % instructions; no counter"},
    {"heads_ignored", "a leaf is searched by whole suffixes, its heads are not looked at",
     "random", TL_LAYER_COUNTERS, "get: full_compares four to six times as many"},
    {"split_in_the_middle", "ascending inserts split leaves in halves",
     "sequential", TL_LAYER_COUNTERS, "insert: leaf_splits nearly twice as many"},
    {"missed_merge", "leaves that deletes have nearly emptied are not merged",
     "random", TL_LAYER_COUNTERS, "delete: leaf_merges nearly 0"},
    {"pages_flushed_twice", "a checkpoint writes each run of pages twice",
     "random", TL_LAYER_COUNTERS, "page_bytes_written nearly doubled"},
    {"value_copied_twice", "a value is copied once more on its way to the log",
     "random", TL_LAYER_INSTRUCTIONS, "insert: +0.2 to +2 % instructions; no counter"},
    {"log_hashed_twice", "each frame of the log is hashed twice",
     "random", TL_LAYER_INSTRUCTIONS, "insert: +0.5 to +5 % instructions; no counter"},
    {"compact_at_each_delete", "a leaf is compacted at each delete",
     "random", TL_LAYER_INSTRUCTIONS, "delete: several times the instructions; few counters"},
    {"no_append_path", "ascending inserts go down from the root each time",
     "sequential", TL_LAYER_COUNTERS, "insert: descents from hundreds to one an operation"},
    {"free_pages_bit_by_bit", "a free page is searched for from the beginning, bit by bit",
     "random", TL_LAYER_INSTRUCTIONS, "insert: +0.5 to +50 % instructions; no counter"},
    {"descend_twice", "a get goes down the tree twice",
     "random", TL_LAYER_COUNTERS, "get: descents and levels doubled"},
    {"page_hashed_at_each_read", "the checksum of a page is computed whenever it is passed",
     "random", TL_LAYER_INSTRUCTIONS, "get: +100 % instructions or more; no counter"},
    {"no_prefetch", "a get does not ask for memory ahead",
     "random", TL_LAYER_TIME, "get: +2 to +20 % time; fewer instructions"},
    {"compare_once_in_a_million", "every millionth get counts one comparison more",
     "million", TL_LAYER_COUNTERS, "get: full_compares one more of some hundred thousands"},
    {"page_once_in_a_million", "once in a million changes a checkpoint writes a page again",
     "million", TL_LAYER_COUNTERS, "insert, update: page_bytes_written more by one page"},
    {"no_huge_pages", "memory is not asked for in huge pages",
     "random", TL_LAYER_TIME, "get: +2 to +20 % time; instructions equal"},
};
/* clang-format on */

size_t tl_regression_count(void)
{
    return sizeof rows / sizeof rows[0];
}

const tl_regression_row *tl_regression_at(size_t index)
{
    return &rows[index];
}
