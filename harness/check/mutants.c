/* harness/check/mutants.c -- the table of seeded bugs; see mutants.h. */
#include "harness/check/mutants.h"

#include <string.h>

enum { /* blind to a bug: the crash profiles up to one of them */
       KILL = 1 << TL_FINDER_SIGKILL,
       TO_PREFIX = KILL | 1 << TL_FINDER_PREFIX,
       TO_JOURNAL = TO_PREFIX | 1 << TL_FINDER_JOURNAL,
       TO_POSIX = TO_JOURNAL | 1 << TL_FINDER_POSIX,
       CRASHES = TO_POSIX | 1 << TL_FINDER_GARBAGE,
       ALL_CRASHES = CRASHES | 1 << TL_FINDER_NESTED_CRASH,
       EVERYTHING = (1 << TL_FINDER_LIAR) - 1,
};

#define FINDER(upper) .finder = TL_FINDER_##upper

/* In the order of the list that the design gave, then those beside it. */
static const tl_mutant_row rows[] = {
    {.name = "skip_data_sync",
     .breaks = "pages and bitmaps are not synced before the meta that names them is written",
     FINDER(JOURNAL),
     .blind = TO_PREFIX,
     .remark = "on a disk that keeps one order the meta comes last all the same"},
    {.name = "skip_meta_sync",
     .breaks = "a checkpoint counts as durable when its meta is written, not when it is synced",
     FINDER(PREFIX),
     .blind = KILL,
     .remark = "in shadow2 the checkpoint is the commit"},
    {.name = "meta_before_data",
     .breaks = "the meta is written before the pages, one sync behind both",
     FINDER(SIGKILL)                          },
    {.name = "ack_before_sync",
     .breaks = "the log is synced before the frame is written instead of behind it",
     FINDER(PREFIX),
     .blind = KILL                                                            },
    {.name = "one_meta_slot",
     .breaks = "checkpoints write over one and the same meta",
     FINDER(JOURNAL),
     .blind = TO_PREFIX,
     .remark = "a meta is one sector, which no tear divides; but a torn commit of shadow1 needs "
               "the meta before"},
    {.name = "skip_meta_crc",
     .breaks = "a meta counts whatever its checksum says",
     FINDER(FLIP),
     .blind = TO_POSIX,
     .remark = "a meta is one sector, which no tear divides"},
    {.name = "choose_older_meta",                                                                      .breaks = "of two metas the older one counts",                                       FINDER(SIGKILL)                                                 },
    {.name = "compare_metas_by_txn",
     .breaks = "metas are compared by txn alone; recovery's checkpoint often has the same one",
     FINDER(SIGKILL)},
    {.name = "skip_page_number",
     .breaks = "a page that says it belongs elsewhere is accepted",
     FINDER(MISDIRECT),
     .blind = ALL_CRASHES                                                                              },
    {.name = "sum_omits_page_end",
     .breaks = "a page's checksum leaves out its last eight bytes",
     FINDER(FLIP),
     .blind = TO_POSIX                                             },
    {.name = "skip_page_crc",
     .breaks = "a page that is loaded is not compared with its checksum",
     FINDER(FLIP),
     .blind = TO_POSIX                                         },
    {.name = "skip_zone_digest",
     .breaks = "a free-space bitmap of an older checkpoint is accepted",
     FINDER(LOST_WRITE),
     .blind = TO_POSIX                                                                                                                 },
    {.name = "reuse_freed_at_once",
     .breaks = "a page given up is used again by the same txn, though older snapshots have it",
     FINDER(SIGKILL)                 },
    {.name = "free_before_durable",
     .breaks = "the durable checkpoint pins nothing: its pages are used again before the next one",
     FINDER(SIGKILL)                                                                                           },
    {.name = "reader_not_pinned",
     .breaks = "pages that a reader's snapshot has are used again",
     FINDER(STRUCTURE),
     .blind = ALL_CRASHES,
     .remark = "random operations keep read txns open; the crash sweeps have none"},
    {.name = "free_twice",
     .breaks = "a freed page goes onto the stack and into the bitmap",
     FINDER(STRUCTURE)                                                                                         },
    {.name = "free_list_in_place",
     .breaks = "a page of the free list is written over",
     .absent = "free space is not kept in pages of the tree's kind but in bitmaps with two slots: "
               "zone_over_durable_slot is that bug here"                                                     },
    {.name = "leak_on_abort",
     .breaks = "pages of an aborted txn stay marked as live",
     FINDER(STRUCTURE),
     .blind = ALL_CRASHES,
     .remark = "the histories of the crash sweeps have no abort"},
    {.name = "leak_on_recovery",
     .breaks = "extents of a txn that recovery does not replay stay marked as live",
     FINDER(JOURNAL),
     .blind = TO_PREFIX,
     .remark = "takes a frame that arrived without all of its extents"},
    {.name = "size_after_sync",
     .breaks = "the file gets the size that a meta names behind the sync before that meta",
     FINDER(JOURNAL),
     .blind = TO_PREFIX                                                                                                                   },
    {.name = "create_without_dir_sync",
     .breaks = "creation syncs no directory: the database may lose its name",
     FINDER(POSIX),
     .blind = EVERYTHING,
     .pair = "recover_without_dir_sync",
     .remark = "every open syncs the directory, also the one behind a creation"},
    {.name = "create_in_place",
     .breaks = "a new database is written under its final name from the start",
     FINDER(SIGKILL)    },
    {.name = "rename_unsynced",
     .breaks = "a new database gets its name before its content is synced",
     FINDER(JOURNAL),
     .blind = TO_PREFIX                                                     },
    {.name = "unlink_before_dir_sync",
     .breaks = "an old file is removed before the name of the new one is durable",
     .absent = "no file is ever removed for another that took its place; only a hot copy that "
               "failed removes what it made"                              },
    {.name = "ignore_short_write",
     .breaks = "a write that did only a part counts as whole",
     FINDER(SYSTEM_CALL),
     .blind = ALL_CRASHES                      },
    {.name = "eintr_is_success",
     .breaks = "a write that a signal interrupted counts as done",
     FINDER(SYSTEM_CALL),
     .blind = ALL_CRASHES},
    {.name = "retry_log_sync",
     .breaks = "a failed sync of the log is tried again, and the second answer believed",
     FINDER(RUNTIME_FAULT),
     .blind = ALL_CRASHES                                                                     },
    {.name = "ignore_page_sync_error",
     .breaks = "a failed sync of the page file is not noticed",
     FINDER(RUNTIME_FAULT),
     .blind = ALL_CRASHES                                                                 },
    {.name = "forget_failed_checkpoint",
     .breaks = "pages of a checkpoint that found no room count as written",
     FINDER(RUNTIME_FAULT),
     .blind = ALL_CRASHES                                                                                                                },
    {.name = "skip_log_salt",
     .breaks = "frames of an earlier life of the database are accepted",
     FINDER(JOURNAL),
     .blind = EVERYTHING,
     .pair = "skip_log_chain",
     .remark = "the chain begins with the salt, and generation and txn must fit too"},
    {.name = "skip_log_chain",
     .breaks = "a frame is accepted whatever frames it was written behind",
     FINDER(JOURNAL),
     .blind = EVERYTHING,
     .pair = "skip_log_salt",
     .remark = "within one life txns ascend without a gap"},
    {.name = "accept_torn_log_tail",
     .breaks = "a frame with a wrong checksum is replayed as far as it goes",
     FINDER(SIGKILL)                                                     },
    {.name = "drop_last_frame",
     .breaks = "the last whole frame of the log counts as torn",
     FINDER(SIGKILL)                                    },
    {.name = "reset_log_before_sync",
     .breaks = "a checkpoint empties the log it makes dead before it is durable itself",
     FINDER(SIGKILL)                     },
    {.name = "retired_past_reader",
     .breaks = "extents that died are free behind the next checkpoint though a reader has them",
     FINDER(STRUCTURE),
     .blind = ALL_CRASHES                                                                                                                   },
    {.name = "recover_without_pin",
     .breaks = "replay uses pages again that the meta it started from reaches",
     FINDER(NESTED_CRASH),
     .blind = CRASHES,
     .remark = "a recovery that runs to its end hides it"},
    {.name = "recovery_meta_first",
     .breaks = "recovery's checkpoint writes its meta before its pages, one sync behind both",
     FINDER(NESTED_CRASH)                      },
    {.name = "parent_before_child",
     .breaks = "a split publishes the parent before the new child",
     .absent = "pages of a commit are reached only through its root, which is published when all "
               "of them are there"                                             },
    {.name = "value_end_not_dirty",
     .breaks = "a checkpoint leaves out the last page of a large value",
     FINDER(SIGKILL)                                                                                           },
    {.name = "acknowledge_what_is_staged",
     .breaks = "a flush acknowledges commits that were staged while it was under way",
     FINDER(THREADS),
     .blind = ALL_CRASHES                                                                                                              },
    {.name = "sync_covers_late_writes",
     .breaks = "a sync counts for frames written while it was under way",
     FINDER(THREADS),
     .blind = ALL_CRASHES                                                                                                              },
    {.name = "o_dsync_flushes_all",
     .breaks = "a write through O_DSYNC is taken for a sync of earlier ones",
     .absent = "no file is opened with O_DSYNC"                                                              },
    {.name = "retry_rewinds_log",
     .breaks = "the next try behind a failed checkpoint begins its log file anew, over frames that "
               "are needed",                                                                          FINDER(RUNTIME_FAULT),
     .blind = ALL_CRASHES                                                                                                              },
    {.name = "skip_frame_generation",
     .breaks = "a stale frame of an earlier checkpoint is accepted behind a switch of log files",
     FINDER(SIGKILL),
     .blind = EVERYTHING,
     .pair = "skip_frame_txn+skip_log_chain",
     .remark = "its txn is older, and its chain another"},
    {.name = "zone_over_durable_slot",
     .breaks = "a bitmap is written over the one that the durable checkpoint uses",
     FINDER(SIGKILL)                                                                                           },
    {.name = "recovery_unsynced",
     .breaks = "recovery's checkpoint is not synced before commits follow in the new log",
     FINDER(JOURNAL),
     .blind = TO_PREFIX                                                                                                              },
    {.name = "cut_before_meta",
     .breaks = "the file's end is cut off before the meta that says so is durable",
     FINDER(SIGKILL)                                                                                         },
    {.name = "publish_before_sync",
     .breaks = "readers see a commit before its flush is durable",
     FINDER(THREADS),
     .blind = ALL_CRASHES                                                                                                               },
    {.name = "skip_page_tag",
     .breaks = "a page of another birth than its parent names is accepted",
     FINDER(LOST_WRITE),
     .blind = TO_POSIX                                                             },
    {.name = "missing_log_is_empty",
     .breaks = "a log file that is missing is made anew, and commits with it forgotten",
     FINDER(POSIX),
     .blind = EVERYTHING,
     .pair = "create_without_dir_sync+recover_without_dir_sync",
     .remark = "names of log files are durable before the first commit is acknowledged"},
 /* beside the list */
    {.name = "believe_any_manifest",
     .breaks = "a meta of shadow1 counts though not all it lists has arrived",
     FINDER(JOURNAL),
     .blind = TO_PREFIX,
     .beside = true},
    {.name = "say_unsynced_log_sizes",
     .breaks = "a meta says sizes of log files that no sync has covered",
     FINDER(POSIX),
     .blind = TO_PREFIX,
     .beside = true},
    {.name = "trust_what_was_read",
     .breaks = "recovery builds on what only the kernel's cache may have, without a sync",
     FINDER(NESTED_CRASH),
     .blind = CRASHES,
     .beside = true},
    {.name = "checkpoint_without_pin",
     .breaks = "pages of the checkpoint under way are used again while it is written",
     FINDER(THREADS),
     .blind = ALL_CRASHES,
     .beside = true},
    {.name = "reader_looks_once",
     .breaks = "a reader does not look again whether a commit came before its announcement",
     FINDER(THREADS),
     .blind = ALL_CRASHES,
     .beside = true},
    {.name = "forget_fence_budget",
     .breaks = "a page that is written anew keeps no room for its fences",
     FINDER(STRUCTURE),
     .beside = true                                                                                                     },
};

static const char *const helpers[] = {
    "recover_without_dir_sync", /* an open does not sync the directory */
    "skip_frame_txn",           /* a frame's txn number is not compared */
    "slow_reader",              /* a reader waits where a commit could overtake it: no bug */
};

/* Written after the rows were run; no row was changed. */
static const tl_mutant_note notes[] = {
    {"create_without_dir_sync", TL_FINDER_POSIX,
     "the sync at open is too late for a crash between the rename and it: the new name may have "
     "arrived and those of the log files not, and the database cannot be opened", NULL                                  },
    {"skip_log_salt",           TL_FINDER_JOURNAL,
     "generation and txn each cover it too: no two lives write frames of one generation, because "
     "recovery's checkpoint is durable before its log is written to; only with both off does the "
     "chain decide, and the salt never does",                                     "skip_frame_generation+skip_frame_txn"},
};

const tl_mutant_note *tl_mutant_note_find(const char *name, tl_finder finder)
{
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (notes[i].finder == finder && strcmp(notes[i].name, name) == 0)
            return &notes[i];
    return NULL;
}

#define FINDER_AS_ROW(upper, lower, text) {#lower, text},
static const struct {
    const char *name, *text;
} finders[] = {TL_FINDER_MAP(FINDER_AS_ROW)};

const char *tl_finder_name(tl_finder finder)
{
    return finder < TL_FINDER_COUNT ? finders[finder].name : "?";
}

const char *tl_finder_text(tl_finder finder)
{
    return finder < TL_FINDER_COUNT ? finders[finder].text : "?";
}

size_t tl_mutant_count(void)
{
    return sizeof rows / sizeof rows[0];
}

const tl_mutant_row *tl_mutant_at(size_t index)
{
    return &rows[index];
}

const tl_mutant_row *tl_mutant_find(const char *name)
{
    for (size_t i = 0; i < tl_mutant_count(); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

size_t tl_mutant_helper_count(void)
{
    return sizeof helpers / sizeof helpers[0];
}

const char *tl_mutant_helper_at(size_t index)
{
    return helpers[index];
}
