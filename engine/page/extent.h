/* engine/page/extent.h -- a stretch of pages that holds the bytes of a large value.
 *
 *   0        64               data
 *   +--------+----------------+---------------------------------------+------------+
 *   | header | sum of chunk 0 | the bytes, side by side to the end    | no meaning |
 *   |        | sum of chunk 1 |                                       |            |
 *   +--------+----------------+---------------------------------------+------------+
 *
 * A value is one extent, or a chain of them where no free stretch is long enough: each names the
 * next, and all but the last are filled to their capacity.  So a reference {pgno, tag, bytes, pages
 * of the first} says of each extent what it must be before it is read, and a value that is one
 * extent can be given up without reading it at all.
 *
 * The bytes carry a checksum for every chunk of 64 KiB; the header has one of its own, which covers
 * the sum of the chunk sums.  Header, then sums, then any chunk can so be read and verified alone.
 */
#ifndef TL_PAGE_EXTENT_H
#define TL_PAGE_EXTENT_H

#include "engine/page/page.h"

enum {
    TL_CHUNK_BYTES = 65536,
    TL_VALUE_REF_BYTES = 16,
    TL_EXTENT_LEVEL = 255, /* no child of a branch is on this level */
    TL_EXTENT_ALIGN = 16,  /* of the data */
    TL_VALUE_BYTES_MAX = INT32_MAX,
};

enum tl_extent_offset {
    TL_AT_EXTENT_BYTES = 20,
    TL_AT_EXTENT_NEXT = 24, /* pgno and tag; 0 in the last */
    TL_AT_EXTENT_NEXT_PAGES = 32,
    TL_AT_EXTENT_PAGES = 36,
    TL_AT_EXTENT_SUMS_CRC = 40,
};

typedef struct tl_extent { /* what is known of one extent before it is read */
    uint32_t pgno, tag, pages, bytes;
} tl_extent;

typedef struct tl_value_ref { /* what a leaf holds in place of the value */
    uint32_t pgno, tag, bytes;
    uint32_t first_pages; /* of a chain: pages of its first extent; 0: one extent holds it all */
} tl_value_ref;

static inline uint32_t tl_chunk_count(uint32_t bytes)
{
    return (uint32_t)(((uint64_t)bytes + TL_CHUNK_BYTES - 1) / TL_CHUNK_BYTES);
}

/* Where the data of an extent with so many bytes begins. */
static inline uint32_t tl_extent_data_at(uint32_t bytes)
{
    uint32_t end = TL_PAGE_HEADER_BYTES + 4 * tl_chunk_count(bytes);
    return (end + TL_EXTENT_ALIGN - 1) & ~(uint32_t)(TL_EXTENT_ALIGN - 1);
}

static inline uint64_t tl_extent_size(uint32_t bytes) /* header, sums and data */
{
    return (uint64_t)tl_extent_data_at(bytes) + bytes;
}

static inline uint32_t tl_extent_pages(uint32_t page_bytes, uint32_t bytes)
{
    return (uint32_t)((tl_extent_size(bytes) + page_bytes - 1) / page_bytes);
}

/* Value bytes that an extent of a chain holds when others follow it. */
static inline uint32_t tl_extent_capacity(uint32_t page_bytes, uint32_t pages)
{
    uint64_t all = (uint64_t)pages * page_bytes;
    uint64_t most = all < TL_VALUE_BYTES_MAX ? all : TL_VALUE_BYTES_MAX;
    return (uint32_t)(most - tl_extent_data_at((uint32_t)most));
}

static inline tl_value_ref tl_value_ref_load(const void *at)
{
    const uint8_t *from = at;
    return (tl_value_ref){tl_load32(from), tl_load32(from + 4), tl_load32(from + 8),
                          tl_load32(from + 12)};
}

static inline void tl_value_ref_store(uint8_t at[TL_VALUE_REF_BYTES], tl_value_ref ref)
{
    tl_store32(at, ref.pgno);
    tl_store32(at + 4, ref.tag);
    tl_store32(at + 8, ref.bytes);
    tl_store32(at + 12, ref.first_pages);
}

static inline uint32_t tl_extent_sum(const uint8_t *head, uint32_t chunk)
{
    return tl_load32(head + TL_PAGE_HEADER_BYTES + 4 * (size_t)chunk);
}

/* The birth of a page whose tag is known: the newest txn up to `now` with these low bits. */
static inline uint64_t tl_birth_of_tag(uint32_t tag, uint64_t now)
{
    uint64_t birth = (now & ~(uint64_t)UINT32_MAX) | tag;
    return birth <= now ? birth : birth - (UINT64_C(1) << 32);
}

/* Fill the header of an extent whose data and chunk sums are in place.  `next` NULL: the last. */
void tl_extent_seal(uint8_t *head, const tl_extent *extent, uint64_t birth, uint32_t tree_id,
                    const tl_extent *next);

/* NULL when the 64 bytes are the header of `extent` in tree `tree_id`, else what is wrong. */
const char *tl_extent_check_head(const uint8_t *head, const tl_extent *extent, uint32_t tree_id);
/* The same for header and sums (tl_extent_data_at bytes), and for all of it (tl_extent_size). */
const char *tl_extent_check_sums(const uint8_t *head, const tl_extent *extent, uint32_t tree_id);
const char *tl_extent_check_whole(const uint8_t *head, const tl_extent *extent, uint32_t tree_id);

/* The extent behind this one, when `bytes_left` of the value follow it.  False: the header names
 * none that could hold them. */
bool tl_extent_next(const uint8_t *head, uint32_t page_bytes, uint32_t bytes_left, tl_extent *next);
/* The first extent of a value.  False: the reference is impossible. */
bool tl_extent_first(tl_value_ref ref, uint32_t page_bytes, tl_extent *first);

#endif
