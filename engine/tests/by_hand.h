/* engine/tests/by_hand.h -- a second reader of databases, by FORMAT.md alone.
 *
 * Written from the document and from nothing else: every number in these files stands in
 * engine/FORMAT.md, and no header of the engine's inside is included.  When this reader and the
 * document disagree, one of them is wrong.  It reads what the golden files have, and ends the test
 * on anything else.
 *
 *     by_hand_metas -> by_hand_log_header -> by_hand_trees -> by_hand_zone -> by_hand_replay
 */
#ifndef TL_TESTS_BY_HAND_H
#define TL_TESTS_BY_HAND_H

#include "engine/tests/golden.h"

#include <string.h>

/* ---- numbers and sums ---- */

static inline uint64_t number_at(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static inline uint32_t u16(const uint8_t *at)
{
    return (uint32_t)number_at(at, 2);
}

static inline uint32_t u32(const uint8_t *at)
{
    return (uint32_t)number_at(at, 4);
}

static inline uint64_t u64(const uint8_t *at)
{
    return number_at(at, 8);
}

static inline uint32_t crc32c(uint32_t crc, const uint8_t *at, size_t size_bytes)
{
    crc = ~crc;
    for (size_t i = 0; i < size_bytes; i++) {
        crc ^= at[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    }
    return ~crc;
}

static inline uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline bool all_zero(const uint8_t *at, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (at[i] != 0)
            return false;
    return true;
}

static inline int order(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes)
{
    int same = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
    return same != 0 ? same : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

/* ---- what was read ---- */

enum { PAGE = GOLDEN_PAGE_BYTES, PAGES_MAX = 128, TREE_IDS_MAX = 16 };

typedef struct by_hand {
    unsigned version;
    unit_files files;
    const uint8_t *meta;             /* the newest record */
    bool reached[PAGES_MAX];         /* pages found by walking */
    uint32_t tree_id_next;           /* raised by the log */
    golden_tree trees[TREE_IDS_MAX]; /* by id; no name: none */
    bool ran_op[8], saw_dense, saw_soft, saw_extent;
} by_hand;

/* ---- by_hand.c: trees of records, pages, metas ---- */

golden_tree *by_hand_tree(by_hand *r, uint64_t id);
golden_tree *by_hand_new_tree(by_hand *r, const uint8_t *name, size_t name_bytes, uint64_t id);
/* Index of the first record whose key is not below `key`. */
size_t by_hand_place(const golden_tree *tree, const uint8_t *key, size_t key_bytes);
void by_hand_remove(golden_tree *tree, size_t first, size_t end);
/* Put or, without a value, delete. */
void by_hand_apply(golden_tree *tree, const uint8_t *key, size_t key_bytes, const uint8_t *value,
                   size_t value_bytes);
/* `pages` pages from `pgno` on, which nobody else has. */
const uint8_t *by_hand_reach(by_hand *r, uint32_t pgno, uint32_t pages);
void by_hand_metas(by_hand *r);

/* ---- by_hand_pages.c: the catalog and all it reaches, free space ---- */

void by_hand_trees(by_hand *r);
void by_hand_zone(const by_hand *r); /* after the trees: live is what was reached */
/* Check an extent of `pages` pages; returns its bytes, and *data where they are. */
size_t by_hand_extent(const uint8_t *at, uint32_t pgno, uint32_t pages, uint32_t tree_id,
                      const uint8_t **data);

/* ---- by_hand_log.c ---- */

void by_hand_log_header(const by_hand *r, unsigned file_no);
unsigned by_hand_replay(by_hand *r); /* returns the number of frames */

#endif
