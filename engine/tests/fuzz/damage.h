/* engine/tests/fuzz/damage.h -- sound databases, damaged behind valid checksums, and used.
 *
 * Checksums find accidents.  They do not find what a broken writer or a malicious file put behind a
 * right one: of that the engine promises that it gives a status, never a crash, an endless loop or
 * a read outside its pages.  Answers may be wrong; only statuses of tl/status.h come out.
 */
#ifndef TL_TESTS_DAMAGE_H
#define TL_TESTS_DAMAGE_H

#include "engine/tests/support/memdisk.h"
#include "tl/engine.h"

enum { DAMAGE_KINDS = 7 };

typedef struct damage_source { /* choices out of a fuzzer's bytes; 0 when they have run out */
    const uint8_t *bytes;
    size_t left;
} damage_source;

uint64_t damage_below(damage_source *from, uint64_t bound);

/* A copy of the sound database number `kind`, 0..DAMAGE_KINDS-1: closed, or abandoned with frames
 * in its log; several page sizes, leaf modes and protocols.  Made once per process. */
memdisk *damage_base(unsigned kind);
uint32_t damage_page_bytes(unsigned kind);

/* Change some of the `size` bytes, as the source says: single bytes, bits, numbers at the edges of
 * their range, bytes from elsewhere. */
void damage_bytes(damage_source *from, uint8_t *bytes, size_t size);

/* Open what is there and use it in every way: get, scan both ways, verify, dump, put, delete,
 * batches, ranges, compaction, checkpoint, close; aborts the process when an answer cannot be. */
void damage_use(memdisk *disk, damage_source *from);

#endif
