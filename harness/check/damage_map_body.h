/* harness/check/damage_map_body.h -- reading a treelab store by FORMAT.md; for damage_map*.c. */
#ifndef TL_HARNESS_DAMAGE_MAP_BODY_H
#define TL_HARNESS_DAMAGE_MAP_BODY_H

#include "harness/check/damage_map.h"

#include <string.h>

typedef struct map_reader {
    const tl_damage_image *image;
    tl_damage_map *map;
    unsigned page_file, log_files[2];
    uint32_t page_bytes;
    const uint8_t *meta, *older_meta; /* records; older_meta may be NULL */
    tl_slice *logged_keys;            /* keys that frames of the log put or delete */
    size_t logged_count, logged_capacity;
    unsigned depth;   /* of the walk */
    tl_status status; /* the first thing that went wrong; nothing is marked afterwards */
} map_reader;

static inline uint64_t map_number(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}
static inline uint32_t map_u16(const uint8_t *at)
{
    return (uint32_t)map_number(at, 2);
}
static inline uint32_t map_u32(const uint8_t *at)
{
    return (uint32_t)map_number(at, 4);
}
static inline uint64_t map_u64(const uint8_t *at)
{
    return map_number(at, 8);
}

/* CRC32C, continued; a bit at a time, for it is asked rarely. */
uint32_t map_crc(uint32_t crc, const uint8_t *at, size_t size_bytes);

/* Say what the bytes [begin, begin + size_bytes) of a file are for; `what` is a region with
 * flags.  TL_CORRUPT is noted when they are not in the file. */
void map_mark(map_reader *reader, unsigned file, uint64_t begin, uint64_t size_bytes,
              unsigned what);
/* Append to map.spans. */
void map_span(map_reader *reader, unsigned file, uint64_t begin, uint64_t size_bytes);
/* Mark an extent, and with `chain` all that follow it. */
void map_extent(map_reader *reader, uint32_t pgno, bool live, bool chain);

/* damage_map_log.c: the headers, and the frames that recovery applies.  Fills logged_keys. */
void map_logs(map_reader *reader);

#endif
