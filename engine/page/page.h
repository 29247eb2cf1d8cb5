/* engine/page/page.h -- the 64-byte page header and the arrays behind it, byte by byte.
 *
 *   0        64         64+4c      64+8c           gap            heap_lo       page_bytes
 *   +--------+----------+----------+------------+-----------------+-------------+
 *   | header | heads c  | slots c  | child c+1  |  free  -->  <-- |   heap      |
 *   +--------+----------+----------+------------+-----------------+-------------+
 *                                  (branch only)
 *
 *   head     u32: first four bytes of the key's suffix, most significant first, zero padded
 *   slot     { u16 offset of the cell, u16 bytes of the suffix }
 *   child    { u32 pgno, u32 tag }   tag = low 32 bits of the child's birth txn
 *   cell     leaf: u16 value bytes (top bit: overflow), suffix, value;  branch: suffix, absent when
 *            it has four bytes or fewer, because the head holds it
 *   heap     cells, fences and the holes that removed cells left, in any order
 *   hole     a free block { u16 offset of the next, u16 bytes }, on a chain that ascends from the
 *            header's free_head; or plain garbage, of which only the sum is known (frag)
 *
 * All keys of a page share its prefix, which is cut off; what is stored is the suffix.  The fences
 * are the bounds that the page's keys obey: lower <= key < upper.  FORMAT.md has every byte.
 *
 * A dense leaf (kind 4) holds records of one size, which need neither slots nor lengths:
 *
 *   0        64         64+4c                      heap_lo       page_bytes
 *   +--------+----------+-----------------+--------+-------------+
 *   | header | heads c  | suffix value .. |  free  | fences      |
 *   +--------+----------+-----------------+--------+-------------+
 *
 * It never holds more records than it could with slots: whatever is asked of a leaf may so be
 * answered by giving it slots first.  All accounts (gap, room, cell bytes) are kept as if it had
 * them, and most code need not know the difference.
 *
 * Usually the prefix is the common beginning of the fences, so every key that belongs to the page
 * has it.  The prefix of a SOFT page is longer: it is taken from the keys that are there.  A key
 * without it lies before or after all of them; page.c has a suffix for each of the two cases.
 */
#ifndef TL_PAGE_H
#define TL_PAGE_H

#include "engine/base/bytes.h"
#include "engine/base/slice.h"

#include <stdbool.h>

enum {
    TL_PAGE_BYTES_MIN = 1024,
    TL_PAGE_BYTES_MAX = 65536,
    TL_PAGE_HEADER_BYTES = 64,
    TL_KEY_BYTES_MAX = 2040,  /* of any page size */
    TL_TREE_DEPTH_MAX = 32,   /* 2^32 pages with two children each */
    TL_HEAD_BYTES = 4,        /* key bytes that a head holds */
    TL_ENTRY_BYTES = 8,       /* head and slot of one entry */
    TL_CHILD_BYTES = 8,       /* pgno and tag of one child */
    TL_CELL_HEADER_BYTES = 2, /* value length of a leaf cell */
    TL_FREE_BLOCK_BYTES = 4,  /* the smallest hole that the chain of free blocks holds */
    TL_VALUE_OVERFLOW = 0x8000,
    TL_TREE_CATALOG = 0, /* tree_id of the catalog */
    TL_TREE_FIRST = 1,   /* of the main tree; later ones count on */
};

enum tl_page_kind {
    TL_PAGE_LEAF = 1,
    TL_PAGE_BRANCH = 2,
    TL_PAGE_EXTENT = 3,
    TL_PAGE_DENSE = 4,
    TL_PAGE_ZONE = 5,
    TL_PAGE_MANIFEST = 6
};

enum { TL_PAGE_SOFT = 1 }; /* flag: the prefix is longer than the fences require */

enum tl_page_offset {
    TL_AT_CRC = 0,
    TL_AT_PGNO = 4,
    TL_AT_BIRTH = 8,
    TL_AT_KIND = 16,
    TL_AT_LEVEL = 17,
    TL_AT_FLAGS = 18,
    TL_AT_COUNT = 20,
    TL_AT_CAP = 22,
    TL_AT_HEAP_LO = 24,
    TL_AT_FREE_HEAD = 28,
    TL_AT_FREE_BYTES = 30,
    TL_AT_FRAG = 32,
    TL_AT_PREFIX_OFF = 34,
    TL_AT_PREFIX_LEN = 36,
    TL_AT_LOWER_OFF = 38,
    TL_AT_LOWER_LEN = 40,
    TL_AT_UPPER_OFF = 42,
    TL_AT_UPPER_LEN = 44,
    TL_AT_DENSE_SUFFIX = TL_AT_FREE_HEAD, /* of a dense leaf: suffix bytes of every record */
    TL_AT_DENSE_VALUE = 46,               /* and value bytes */
    TL_AT_NEXT = 48,
    TL_AT_PREV = 52,
    TL_AT_LAST_INS = 56,
    TL_AT_RUN = 58,
    TL_AT_TREE_ID = 60,
};

typedef struct tl_ref { /* how a parent names a child */
    uint32_t pgno, tag;
} tl_ref;

#define TL_PAGE_FIELD16(name, offset)                                                              \
    static inline unsigned tl_page_##name(const uint8_t *page)                                     \
    {                                                                                              \
        return tl_load16(page + (offset));                                                         \
    }                                                                                              \
    static inline void tl_page_set_##name(uint8_t *page, unsigned value)                           \
    {                                                                                              \
        tl_store16(page + (offset), value);                                                        \
    }
#define TL_PAGE_FIELD32(name, offset)                                                              \
    static inline uint32_t tl_page_##name(const uint8_t *page)                                     \
    {                                                                                              \
        return tl_load32(page + (offset));                                                         \
    }                                                                                              \
    static inline void tl_page_set_##name(uint8_t *page, uint32_t value)                           \
    {                                                                                              \
        tl_store32(page + (offset), value);                                                        \
    }

TL_PAGE_FIELD32(pgno, TL_AT_PGNO)
TL_PAGE_FIELD16(count, TL_AT_COUNT)
TL_PAGE_FIELD16(cap, TL_AT_CAP)
TL_PAGE_FIELD32(heap_lo, TL_AT_HEAP_LO)
TL_PAGE_FIELD16(free_head, TL_AT_FREE_HEAD)
TL_PAGE_FIELD16(free_bytes, TL_AT_FREE_BYTES)
TL_PAGE_FIELD16(frag, TL_AT_FRAG)
TL_PAGE_FIELD16(prefix_len, TL_AT_PREFIX_LEN)
TL_PAGE_FIELD16(last_ins, TL_AT_LAST_INS)
TL_PAGE_FIELD16(run, TL_AT_RUN)
TL_PAGE_FIELD32(tree_id, TL_AT_TREE_ID)

static inline uint64_t tl_page_birth(const uint8_t *page)
{
    return tl_load64(page + TL_AT_BIRTH);
}

static inline void tl_page_set_birth(uint8_t *page, uint64_t txn)
{
    tl_store64(page + TL_AT_BIRTH, txn);
}

static inline bool tl_page_is_dense(const uint8_t *page)
{
    return __builtin_expect(page[TL_AT_KIND] == TL_PAGE_DENSE, 0);
}

/* What a page is for: a dense leaf is a leaf. */
static inline unsigned tl_page_kind_of(const uint8_t *page)
{
    return tl_page_is_dense(page) ? TL_PAGE_LEAF : page[TL_AT_KIND];
}

static inline unsigned tl_page_level(const uint8_t *page)
{
    return page[TL_AT_LEVEL];
}

static inline tl_ref tl_page_ref(const uint8_t *page)
{
    return (tl_ref){tl_page_pgno(page), (uint32_t)tl_page_birth(page)};
}

static inline tl_slice tl_page_prefix(const uint8_t *page)
{
    return tl_slice_of(page + tl_load16(page + TL_AT_PREFIX_OFF), tl_page_prefix_len(page));
}

/* The lower fence; empty means minus infinity (no key is empty). */
static inline tl_slice tl_page_lower(const uint8_t *page)
{
    return tl_slice_of(page + tl_load16(page + TL_AT_LOWER_OFF), tl_load16(page + TL_AT_LOWER_LEN));
}

/* The upper fence; empty means plus infinity (nothing is below the empty key). */
static inline tl_slice tl_page_upper(const uint8_t *page)
{
    return tl_slice_of(page + tl_load16(page + TL_AT_UPPER_OFF), tl_load16(page + TL_AT_UPPER_LEN));
}

static inline bool tl_page_is_soft(const uint8_t *page)
{
    return (page[TL_AT_FLAGS] & TL_PAGE_SOFT) != 0;
}

/* Bytes that a fence may grow to when a key that breaks the soft prefix gets a page of its own. */
static inline size_t tl_soft_fence_bytes(size_t fence_bytes, size_t prefix_bytes)
{
    return fence_bytes > prefix_bytes ? fence_bytes : prefix_bytes + 1;
}

/* Bytes of a page that entries may not take: 0, or what its fences may still grow by. */
static inline size_t tl_page_reserve(const uint8_t *page)
{
    if (__builtin_expect(!tl_page_is_soft(page), 1))
        return 0;
    size_t prefix = tl_page_prefix_len(page);
    size_t lower = tl_load16(page + TL_AT_LOWER_LEN), upper = tl_load16(page + TL_AT_UPPER_LEN);
    return tl_soft_fence_bytes(lower, prefix) - lower + tl_soft_fence_bytes(upper, prefix) - upper;
}

/* `key` behind the page's prefix, which it has, or which is soft.  A key that breaks a soft prefix
 * gets a suffix that is less or greater than any that a SOFT page holds: searches find its place,
 * and edits refuse it (tl_suffix_is_outside). */
tl_slice tl_soft_suffix(const uint8_t *page, tl_slice key);
static inline tl_slice tl_page_cut(const uint8_t *page, tl_slice key)
{
    if (__builtin_expect(tl_page_is_soft(page), 0))
        return tl_soft_suffix(page, key);
    size_t prefix = tl_page_prefix_len(page);
    return tl_slice_of((const uint8_t *)key.data + prefix, key.size_bytes - prefix);
}

/* Is this the suffix of a key that does not have the prefix of `page`? */
static inline bool tl_suffix_is_outside(const uint8_t *page, size_t suffix_bytes)
{
    return __builtin_expect(suffix_bytes > TL_KEY_BYTES_MAX, 0) ||
           (__builtin_expect(suffix_bytes == 0, 0) && tl_page_is_soft(page));
}

static inline const uint8_t *tl_page_heads(const uint8_t *page)
{
    return page + TL_PAGE_HEADER_BYTES;
}

static inline const uint8_t *tl_page_slot(const uint8_t *page, unsigned index)
{
    return page + TL_PAGE_HEADER_BYTES + 4 * (size_t)tl_page_cap(page) + 4 * (size_t)index;
}

static inline uint32_t tl_page_head(const uint8_t *page, unsigned index)
{
    return tl_load32(tl_page_heads(page) + 4 * (size_t)index);
}

static inline unsigned tl_dense_suffix_bytes(const uint8_t *page)
{
    return tl_load16(page + TL_AT_DENSE_SUFFIX);
}

static inline unsigned tl_dense_value_bytes(const uint8_t *page)
{
    return tl_load16(page + TL_AT_DENSE_VALUE);
}

static inline unsigned tl_dense_stride(const uint8_t *page)
{
    return tl_dense_suffix_bytes(page) + tl_dense_value_bytes(page);
}

static inline unsigned tl_dense_record_off(const uint8_t *page, unsigned index)
{
    return TL_PAGE_HEADER_BYTES + 4 * tl_page_cap(page) + index * tl_dense_stride(page);
}

/* Where the cell of entry `index` begins.  A record of a dense leaf is a cell without its header:
 * suffix and value stand where the cell's would. */
static inline unsigned tl_page_cell_off(const uint8_t *page, unsigned index)
{
    if (tl_page_is_dense(page))
        return tl_dense_record_off(page, index) - TL_CELL_HEADER_BYTES;
    return tl_load16(tl_page_slot(page, index));
}

static inline unsigned tl_page_suffix_len(const uint8_t *page, unsigned index)
{
    if (tl_page_is_dense(page))
        return tl_dense_suffix_bytes(page);
    return tl_load16(tl_page_slot(page, index) + 2);
}

/* Where the arrays of a page of this kind end when they have room for `cap` entries. */
static inline size_t tl_page_arrays_end(unsigned kind, unsigned cap)
{
    size_t end = TL_PAGE_HEADER_BYTES + (size_t)TL_ENTRY_BYTES * cap;
    return kind == TL_PAGE_BRANCH ? end + (size_t)TL_CHILD_BYTES * (cap + 1) : end;
}

/* Bytes at the front of a page that mean something: the gap begins behind them. */
static inline size_t tl_page_front_bytes(const uint8_t *page)
{
    if (tl_page_is_dense(page))
        return tl_dense_record_off(page, tl_page_count(page));
    return tl_page_arrays_end(tl_page_kind_of(page), tl_page_cap(page));
}

static inline size_t tl_page_gap(const uint8_t *page)
{
    size_t gap =
        tl_page_heap_lo(page) - tl_page_arrays_end(tl_page_kind_of(page), tl_page_cap(page));
    if (tl_page_is_dense(page)) /* as if it had slots */
        gap -= (size_t)tl_page_count(page) * (TL_CELL_HEADER_BYTES + tl_dense_stride(page));
    return gap;
}

/* The first four bytes of a suffix as one number, in memcmp order, zero padded. */
static inline uint32_t tl_head_of(const uint8_t *suffix, size_t size_bytes)
{
    if (size_bytes >= TL_HEAD_BYTES)
        return __builtin_bswap32(tl_load32(suffix));
    uint8_t padded[TL_HEAD_BYTES] = {0};
    tl_copy_few(padded, suffix, size_bytes);
    return __builtin_bswap32(tl_load32(padded));
}

/* The CRC32C of a page as the file stores it: everything behind the crc field. */
uint32_t tl_page_checksum(const uint8_t *page, uint32_t page_bytes);

static inline bool tl_page_bytes_valid(uint32_t page_bytes)
{
    return page_bytes >= TL_PAGE_BYTES_MIN && page_bytes <= TL_PAGE_BYTES_MAX &&
           (page_bytes & (page_bytes - 1)) == 0;
}

/* Limits that make a byte-balanced split of any page feasible, fences included. */
static inline uint32_t tl_page_key_bytes_default(uint32_t page_bytes)
{
    uint32_t limit = page_bytes / 8 - 1;
    return limit < 511 ? limit : 511;
}

static inline uint32_t tl_page_key_bytes_limit(uint32_t page_bytes)
{
    uint32_t limit = page_bytes / 8 - 1;
    return limit < TL_KEY_BYTES_MAX ? limit : TL_KEY_BYTES_MAX;
}

/* The largest cost of a whole record: head, slot, cell header, key and value. */
static inline uint32_t tl_page_record_bytes_max(uint32_t page_bytes, uint32_t max_key_bytes)
{
    return (page_bytes - TL_PAGE_HEADER_BYTES) / 2 - (3 * max_key_bytes + 1) / 2;
}

#endif
