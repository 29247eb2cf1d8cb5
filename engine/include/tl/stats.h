/* engine/include/tl/stats.h -- the engine's counters: one table names them everywhere.
 *
 * The same name stands in C, JSON, scripts (`expect leaf_splits <= 28`) and plots.  Class `exact`
 * counters are equal for equal seeds in deterministic mode on every host and compiler; class
 * `timing` counters depend on threads or the clock and are never gated.
 */
#ifndef TL_STATS_H
#define TL_STATS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, class, unit, meaning) */
#define TL_STATS_MAP(X)                                                                            \
    X(descents, exact, "count", "walks from the root to a leaf")                                   \
    X(levels, exact, "count", "pages visited by descents")                                         \
    X(head_ties, exact, "count", "searches in which several heads were equal")                     \
    X(full_compares, exact, "count", "whole-key comparisons")                                      \
    X(append_hits, exact, "count", "puts served by the last-key test of the cached last leaf")     \
    X(inplace_edits, exact, "count", "leaf edits on a page this txn already owned")                \
    X(overwrites_same_size, exact, "count", "updates that kept the value's size")                  \
    X(cow_copies, exact, "count", "pages copied on first touch")                                   \
    X(cow_bytes, exact, "bytes", "bytes copied by copy-on-write")                                  \
    X(alloc_fit_freeblock, exact, "count", "leaf cells placed where a removed one had been")       \
    X(alloc_fit_gap, exact, "count", "leaf cells placed in the gap")                               \
    X(alloc_compactions, exact, "count", "leaf pages compacted to join their free bytes")          \
    X(alloc_rebuilds, exact, "count", "leaf pages rewritten whole for one edit")                   \
    X(alloc_scans, exact, "count", "free blocks looked at to place or to give back a leaf cell")   \
    X(sidecar_builds, exact, "count", "leaves searched for holes that no sidecar knew")            \
    X(sidecar_reuse, exact, "count", "leaf edits that a sidecar served")                           \
    X(dense_given_up, exact, "count", "dense leaves that got slots for a record of another size")  \
    X(head_shift_bytes, exact, "bytes", "heads and slots moved to enter or take out an entry")     \
    X(alloc_bytes_moved, exact, "bytes", "cell bytes moved by compactions and rebuilds")           \
    X(alloc_misses, exact, "count", "no room in the leaf: leads to a split")                       \
    X(alloc_failures, exact, "count",                                                              \
      "room was promised and then refused: never, on a sound page")                                \
    X(leaf_splits, exact, "count", "leaf pages split")                                             \
    X(branch_splits, exact, "count", "branch pages split")                                         \
    X(splits, exact, "count", "pages split, all levels")                                           \
    X(splits_rightmost, exact, "count", "splits that opened a new right page")                     \
    X(split_fallbacks, exact, "count", "split plans that were infeasible and replaced")            \
    X(split_fallback_fences, exact, "count", "of these: a page with its new fence was too full")   \
    X(split_fallback_record, exact, "count", "of these: the entries alone were too much")          \
    X(split_fallback_parent, exact, "count", "of these: the parent had no room for a separator")   \
    X(split_fallback_sibling, exact, "count", "of these: the neighbour asked for was not there")   \
    X(splits_newright, exact, "count", "splits that packed the left page by the fill strategy")    \
    X(splits_shift_left, exact, "count", "full pages that gave entries to the left neighbour")     \
    X(splits_shift_right, exact, "count", "full pages that gave entries to the right neighbour")   \
    X(splits_2to3, exact, "count", "full pages that became three with a neighbour")                \
    X(split_cascades_2, exact, "count", "puts that split, or shifted, a leaf and its parent")      \
    X(split_cascades_3, exact, "count", "puts that split three levels")                            \
    X(split_cascades_4, exact, "count", "puts that split four levels or more")                     \
    X(split_records_moved, exact, "count", "entries that splits put on another page")              \
    X(split_bytes_moved, exact, "bytes", "bytes of these")                                         \
    X(shift_records_moved, exact, "count", "entries that went to or came from a neighbour")        \
    X(shift_bytes_moved, exact, "bytes", "bytes of these")                                         \
    X(merge_records_moved, exact, "count", "entries moved by merges and refills after deletes")    \
    X(merge_bytes_moved, exact, "bytes", "bytes of these")                                         \
    X(siblings_read, exact, "count", "neighbours that split strategies looked at")                 \
    X(siblings_absent, exact, "count", "neighbours that do not exist or are not in memory")        \
    X(siblings_clean, exact, "count", "neighbours not offered: this txn has not written them")     \
    X(siblings_copied, exact, "count", "neighbours copied to be divided or merged with a page")    \
    X(dirtied_edit, exact, "count", "leaves copied for the edit itself")                           \
    X(dirtied_parent, exact, "count", "branches copied on the way to a leaf")                      \
    X(dirtied_split, exact, "count", "new pages made by splits")                                   \
    X(dirtied_sibling, exact, "count", "neighbours copied, as in siblings_copied")                 \
    X(separators, exact, "count", "separators made by splits, shifts and refills")                 \
    X(separator_bytes, exact, "bytes", "their whole lengths")                                      \
    X(split_mode_changes, exact, "count", "times a strategy took the load for something else")     \
    X(predictions_right, exact, "count", "runs that went on as a split expected")                  \
    X(predictions_wrong, exact, "count", "runs that broke off after a split had bet on them")      \
    X(thrash_split, exact, "count", "pages split within 64 edits of a merge")                      \
    X(thrash_merge, exact, "count", "pages merged within 64 edits of a split")                     \
    X(soft_reencodes, exact, "count", "pages at the tree's edge written anew to cut a prefix")     \
    X(soft_breaks, exact, "count", "keys that broke such a prefix and opened a page of their own") \
    X(sep_bytes_saved, exact, "bytes", "separator bytes cut by suffix truncation")                 \
    X(merges, exact, "count", "pages merged, all levels")                                          \
    X(leaf_merges, exact, "count", "leaf pages merged")                                            \
    X(merges_many, exact, "count", "of these: three or more leaves became one fewer")              \
    X(merges_many_leaves, exact, "count", "leaves that these merges began with")                   \
    X(merges_many_refused, exact, "count", "groups of leaves that seemed to fit one fewer")        \
    X(branch_merges, exact, "count", "branch pages merged")                                        \
    X(leaf_moves, exact, "count", "times records moved to an underfull neighbour leaf")            \
    X(branch_moves, exact, "count", "times entries moved to an underfull neighbour branch")        \
    X(leaf_underfilled, exact, "count", "deletes that had to leave a leaf under the threshold")    \
    X(leaf_emptied, exact, "count", "deletes that took the last record of a leaf")                 \
    X(leaf_freed, exact, "count", "leaves given up by merges")                                     \
    X(leaf_empty_kept, exact, "count", "deletes that had to leave a leaf empty")                   \
    X(merge_refused_size, exact, "count", "merges refused because the pages did not fit")          \
    X(merge_refused_separator, exact, "count",                                                     \
      "moves, merges refused for want of a separator's room")                                      \
    X(merge_refused_nodirty, exact, "count",                                                       \
      "merges refused: the fill strategy wants no clean page")                                     \
    X(root_grows, exact, "count", "times the tree grew a level")                                   \
    X(root_collapses, exact, "count", "times the tree lost a level")                               \
    X(trees_created, exact, "count", "named trees made")                                           \
    X(trees_dropped, exact, "count", "named trees dropped")                                        \
    X(savepoints, exact, "count", "savepoints made")                                               \
    X(rollbacks, exact, "count", "rollbacks to a savepoint")                                       \
    X(leaves_erased, exact, "count", "leaves given up whole by deletes of ranges")                 \
    X(leaves_divided, exact, "count", "leaves merged with a batch into several")                   \
    X(loose_reuse, exact, "count", "pages freed and reused inside one txn")                        \
    X(recycle_reuse, exact, "count", "pages reused from the recycled stack")                       \
    X(bitmap_alloc, exact, "count", "pages found by bitmap search")                                \
    X(run_alloc, exact, "count", "runs of pages taken for large values")                           \
    X(run_alloc_pages, exact, "count", "pages in those runs")                                      \
    X(run_index_builds, exact, "count", "times policy segregated read the bitmap anew")            \
    X(grows, exact, "count", "times the page file grew")                                           \
    X(pages_freed, exact, "count", "pages given up by commits")                                    \
    X(pages_pinned, exact, "count", "freed pages that a snapshot still holds, now")                \
    X(pages_loaded, exact, "count", "pages read from the file")                                    \
    X(sum_failures, exact, "count", "pages whose checksum, place or age was wrong")                \
    X(txns, exact, "count", "write txns committed")                                                \
    X(aborts, exact, "count", "write txns aborted")                                                \
    X(checkpoints, exact, "count", "checkpoints completed")                                        \
    X(commit_by_ckpt, exact, "count", "txns committed by a checkpoint instead of the log")         \
    X(ckpt_pages, exact, "count", "pages written by checkpoints")                                  \
    X(ckpt_runs, exact, "count", "contiguous page runs written by checkpoints")                    \
    X(ckpt_no_space, exact, "count", "checkpoints put off because the disk was full")              \
    X(log_frames, exact, "count", "log frames written")                                            \
    X(log_bytes, exact, "bytes", "bytes written to the log, padding included")                     \
    X(log_growths, exact, "count", "times a log file grew")                                        \
    X(page_bytes_written, exact, "bytes", "tree and catalog pages written")                        \
    X(value_bytes_written, exact, "bytes", "extents of large values written")                      \
    X(values_direct, exact, "count", "large values written once, ahead of the log")                \
    X(values_loaded, exact, "count", "extents of large values read from the file")                 \
    X(values_joined, exact, "count", "chained values put together in memory for a reader")         \
    X(zone_bytes_written, exact, "bytes", "free-space bitmaps written")                            \
    X(meta_bytes_written, exact, "bytes", "meta blocks written")                                   \
    X(syncs_log, exact, "count", "fdatasync calls on log files")                                   \
    X(syncs_page, exact, "count", "fdatasync calls on the page file for pages")                    \
    X(syncs_values, exact, "count", "fdatasync calls on the page file for large values")           \
    X(syncs_meta, exact, "count", "fdatasync calls on the page file for the meta")                 \
    X(user_bytes, exact, "bytes", "key and value bytes handed to put")                             \
    X(group_flushes, timing, "count", "log flushes that committers shared, or could have")         \
    X(group_txns, timing, "count", "txns that those flushes made durable")                         \
    X(group_largest, timing, "count", "most txns in one of them")                                  \
    X(log_waits, timing, "count", "times a writer waited for a running checkpoint")                \
    X(log_wait_ns, timing, "ns", "time that writers waited for it")                                \
    X(ckpt_ns, timing, "ns", "time spent in checkpoints")                                          \
    X(log_sync_ns, timing, "ns", "time spent in log syncs")                                        \
    X(choose_ns, timing, "ns", "time split strategies took to choose, by every 16th choice")

#define TL_STATS_AS_FIELD(name, class_, unit, meaning) uint64_t name;
typedef struct tl_stats {
    TL_STATS_MAP(TL_STATS_AS_FIELD)
} tl_stats;

#define TL_STATS_AS_ONE(name, class_, unit, meaning) +1
enum { TL_STATS_COUNT = 0 TL_STATS_MAP(TL_STATS_AS_ONE) };

typedef struct tl_stats_row {
    const char *name, *class_, *unit, *meaning;
} tl_stats_row;

/* Row i of the table, 0 <= i < TL_STATS_COUNT; field i of tl_stats has its value. */
const tl_stats_row *tl_stats_rows(void);

#ifdef __cplusplus
}
#endif
#endif
