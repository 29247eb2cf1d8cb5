/* harness/fault/recorder.h -- a recorder before a disk: the log of a real run, as a simdisk keeps
 * it.
 *
 *     tl_recorder_create -> tl_recorder_io -> ... the store runs ... -> tl_recorder_audit
 *                        -> tl_recorder_finish: a disk whose log can be swept
 *
 * Every call goes to the disk below; what it changed is then done again on a simdisk, whose log it
 * becomes.  So a recorded run and a simulated one have one format, and the same calls give the same
 * log, entry by entry.
 *
 * What the disk below refused is not logged as done:
 *   - write: the range is read back; what arrived, up to the last byte that changed, is one write
 *   - truncate, fallocate: when the size changed all the same, one truncate to the size it has
 *   - open and lock that create: when the file is there all the same, one create
 *   - syncs, rename, unlink, and all others: nothing.  What a failed sync did is not known; nothing
 *     is what README.md, rule 3, says of it
 * A change that could not be told, because it could not be read back or memory was short, is
 * remembered as missed: the log is then not to be trusted, and the audit says so.
 *
 * Not in the log: what a lock file holds.  The real disk leaves the holder's process id there, for
 * people, behind the back of tl/io.h.
 *
 * Threads   as tl/io.h has it.  Calls that change something wait for each other, syncs included, so
 *           that the order of the log is the order of what happened; reads pass without waiting.
 * Memory    handles belong to the recorder.  Everything written is kept in memory.
 */
#ifndef TL_HARNESS_RECORDER_H
#define TL_HARNESS_RECORDER_H

#include "harness/fault/simdisk.h"

typedef struct tl_recorder tl_recorder;

/* Record what is done through `below` to files in the directory `dir`, which the log calls `name`
 * (NULL: `dir`).  Paths elsewhere keep their spelling.  Regular files that are in the real
 * directory already count as durable, with what they hold; nobody writes to them meanwhile.
 *
 * TL_OK         *recorder is ready; release it with tl_recorder_finish
 * TL_NO_MEMORY
 * others        a file that is there could not be read */
TL_MUST_USE tl_status tl_recorder_create(tl_io *below, const char *dir, const char *name,
                                         tl_recorder **recorder);
tl_io *tl_recorder_io(tl_recorder *recorder); /* lives as long as the recorder */

/* The log so far.  Its disk is not to be written to, crashed or restarted by others. */
tl_simdisk *tl_recorder_log(const tl_recorder *recorder);

/* Why the log is incomplete, NULL when it is whole.  Lives as long as the recorder. */
const char *tl_recorder_missed(const tl_recorder *recorder);

/* Replay the whole log and compare every file with the real one, read back byte by byte; and the
 * names in the real directory with those of the log.  No call of the tl_io is under way.
 *
 * TL_OK        they are the same
 * TL_CORRUPT   they are not, or something was missed; `text` tells what
 * others       a file could not be read */
TL_MUST_USE tl_status tl_recorder_audit(tl_recorder *recorder, char *text, size_t text_bytes);

/* Release the recorder, close below what is still open, and hand over the disk with the log; it
 * is released with tl_simdisk_destroy.  NULL is fine, and gives NULL. */
tl_simdisk *tl_recorder_finish(tl_recorder *recorder);

#endif
