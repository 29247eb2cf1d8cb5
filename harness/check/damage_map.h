/* harness/check/damage_map.h -- what each byte of an image is for, read by engine/FORMAT.md alone.
 *
 * A byte is live when it belongs to the state that an open serves, redundant copies included: the
 * newest meta (both copies), the bitmaps it counts, the pages it reaches, the log behind it.  All
 * else is dead: free pages, the older meta, the other slot of a bitmap, padding.  A store in
 * another format gets a map without regions, all of it live.
 */
#ifndef TL_HARNESS_DAMAGE_MAP_H
#define TL_HARNESS_DAMAGE_MAP_H

#include "harness/check/damage_image.h"

/* In order of weight: damage to bytes of several regions counts for the first. */
#define TL_DAMAGE_REGION_MAP(X)                                                                    \
    X(META, meta, "what names the state: both blocks of metas")                                    \
    X(LOG_HEADER, log_header, "the first 512 bytes of a log file")                                 \
    X(LOG_FRAME, log_frame, "frames; live are those that recovery applies")                        \
    X(BITMAP, bitmap, "which pages are free: both slots of each zone, manifests")                  \
    X(BRANCH, branch, "inner pages of trees")                                                      \
    X(LEAF, leaf, "pages of records, the catalog's too")                                           \
    X(OVERFLOW, overflow, "extents: large values")                                                 \
    X(FREE, free, "pages that nothing reaches")                                                    \
    X(PADDING, padding, "bytes without a meaning: behind headers, values, frames")                 \
    X(OTHER, other, "of a store whose format is not known here")

#define TL_DAMAGE_REGION_AS_ENUM(upper, lower, text) TL_DAMAGE_REGION_##upper,
typedef enum tl_damage_region {
    TL_DAMAGE_REGION_MAP(TL_DAMAGE_REGION_AS_ENUM) TL_DAMAGE_REGION_COUNT
} tl_damage_region;
const char *tl_damage_region_name(tl_damage_region region);
const char *tl_damage_region_text(tl_damage_region region);

enum { TL_DAMAGE_LIVE = 0x80, TL_DAMAGE_BITWISE = 0x40, TL_DAMAGE_REGION_MASK = 0x3f };

typedef struct tl_damage_span { /* bytes of a file */
    unsigned file;
    uint64_t begin, end;
} tl_damage_span;

typedef struct tl_damage_flush {   /* frames that reached the log together, and their extents */
    size_t first_span, span_count; /* of map.spans */
    size_t before;                 /* commit of the content when this flush does not count */
} tl_damage_flush;

typedef struct tl_damage_map {
    /* For each file a byte for each byte: region, LIVE, and BITWISE where each bit is flipped. */
    uint8_t *bytes[TL_DAMAGE_FILES_MAX];
    uint64_t live_bytes[TL_DAMAGE_REGION_COUNT], dead_bytes[TL_DAMAGE_REGION_COUNT];
    uint64_t *bitwise[TL_DAMAGE_FILES_MAX]; /* where BITWISE is set, ascending */
    uint64_t bitwise_count[TL_DAMAGE_FILES_MAX];
    bool known; /* the format is */

    tl_damage_span *spans;
    size_t span_count, span_capacity;
    tl_damage_flush *flushes; /* what recovery applies, oldest first */
    size_t flush_count, flush_capacity;
    tl_damage_span meta_copies[2]; /* of the newest meta */
    /* A newest meta that counts only with all pages its manifest lists: those, as spans. */
    size_t manifest_span, manifest_span_count;
    uint64_t span_bytes;                /* that the newest meta says the page file has, at least */
    size_t newest_commit, older_commit; /* contents that the two metas name */
} tl_damage_map;

/* TL_OK       *map is ready; release it with tl_damage_map_clear, also after a failure
 * TL_CORRUPT  the image is in the format, but contradicts it; TL_NO_MEMORY */
TL_MUST_USE tl_status tl_damage_map_make(const tl_damage_image *image, tl_damage_map *map);
void tl_damage_map_clear(tl_damage_map *map);

#endif
