/* harness/drivers/records.h -- a sorted array of records with versions: the body of the model.
 *
 * A version is one committed content, never changed after publication.  A draft is the next
 * version while it is being written; at most one exists.
 *
 *     tl_records_fork -> tl_records_put / del -> tl_records_publish or tl_records_discard
 *     tl_records_pin  -> search, walk         -> tl_records_unpin
 *
 * Threads   none of this locks: one thread at a time.
 * Memory    a record lives until the last version that holds it is unpinned; in a draft, until
 *           the draft replaces or deletes it.
 */
#ifndef TL_DRIVERS_RECORDS_H
#define TL_DRIVERS_RECORDS_H

#include "tl/slice.h"
#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tl_records tl_records;
typedef struct tl_records_version tl_records_version;

typedef struct tl_records_place { /* of one record; valid until its version is changed */
    size_t chunk, slot;
} tl_records_place;

TL_MUST_USE tl_status tl_records_create(tl_records **records);
void tl_records_destroy(tl_records *records); /* NULL is fine; pinned versions die with it */

/* The newest version, kept until unpinned. */
tl_records_version *tl_records_pin(tl_records *records);
void tl_records_unpin(tl_records *records, tl_records_version *version);

/* Begin a draft with the newest version's content.  TL_BUSY when there is one already. */
TL_MUST_USE tl_status tl_records_fork(tl_records *records, tl_records_version **draft);
void tl_records_publish(tl_records *records, tl_records_version *draft);
void tl_records_discard(tl_records *records, tl_records_version *draft);

/* Change a draft.  On any status but TL_OK it is as before. */
TL_MUST_USE tl_status tl_records_put(tl_records_version *draft, tl_slice key, tl_slice value,
                                     bool insert); /* insert: TL_EXISTS when present */
TL_MUST_USE tl_status tl_records_del(tl_records_version *draft, tl_slice key);

uint64_t tl_records_count(const tl_records_version *version);
uint64_t tl_records_bytes(const tl_records_version *version); /* of all keys and values */

/* The place of the first record >= key, which may be past the end. */
tl_records_place tl_records_seek(const tl_records_version *version, tl_slice key, bool *equal);
tl_records_place tl_records_end(const tl_records_version *version); /* past the last record */

/* The record at `place`; false when it is past the end. */
bool tl_records_at(const tl_records_version *version, tl_records_place place, tl_slice *key,
                   tl_slice *value);
tl_records_place tl_records_after(const tl_records_version *version, tl_records_place place);
/* Step back; false at the first record. */
bool tl_records_before(const tl_records_version *version, tl_records_place *place);

/* How many records stand before `place`. */
uint64_t tl_records_rank(const tl_records_version *version, tl_records_place place);

/* Write a version to `path`, replacing it whole or not at all; read it into an empty draft.
 * Load: TL_NOT_FOUND when absent, TL_CORRUPT when it is not such a file. */
TL_MUST_USE tl_status tl_records_save(const tl_records_version *version, const char *path);
TL_MUST_USE tl_status tl_records_load(tl_records_version *draft, const char *path);

#endif
