/* harness/run/journal.h -- finished cells, one a line, appended and synced as they finish.
 *
 *     {"journal":"treelab.samples/1","revision":"ab12cd34ef56","class":"0x0123456789abcdef"}
 *     {"id":"tree/random/none/r0","kind":"bench",...}
 *     {"id":"lmdb/random/none/r0","kind":"bench",...}
 *
 * The file samples.jsonl of a run's directory is what a killed run leaves: `treelab run --resume`
 * takes its cells as done.  A line is a cell as in run.json; journals of one question are put
 * together by putting their lines together, once for each id.  A last line without its end was cut
 * by a crash and counts for nothing.
 */
#ifndef TL_HARNESS_RUN_JOURNAL_H
#define TL_HARNESS_RUN_JOURNAL_H

#include "harness/report/json.h"

#define TL_JOURNAL_FILE   "samples.jsonl"
#define TL_JOURNAL_SCHEMA "treelab.samples/1"

typedef struct tl_journal tl_journal;

typedef struct tl_journal_origin { /* cells of two origins do not belong together */
    const char *revision;          /* of the program */
    const char *class_key;         /* of the machine */
} tl_journal_origin;

/* Open the journal of the directory, with what is in it.
 *
 * TL_OK         *journal is ready; release it with tl_journal_close
 * TL_EXISTS     it has cells and `resume` is false
 * TL_INVALID    it is no journal, or of another origin
 * TL_NO_MEMORY, or what the file system said.  `error` tells in every case. */
TL_MUST_USE tl_status tl_journal_open(const char *dir, const tl_journal_origin *origin, bool resume,
                                      tl_journal **journal, char *error, size_t error_bytes);

size_t tl_journal_count(const tl_journal *journal); /* cells */
const char *tl_journal_id(const tl_journal *journal, size_t index);
/* The cell with this id; the caller owns it.  NULL: there is none, or memory is short. */
tl_json *tl_journal_cell(const tl_journal *journal, const char *id);

/* Append a cell and sync it.  TL_IO, TL_NO_SPACE, TL_NO_MEMORY: it is not in the journal. */
TL_MUST_USE tl_status tl_journal_append(tl_journal *journal, const tl_json *cell);

void tl_journal_close(tl_journal *journal); /* NULL is fine */

#endif
