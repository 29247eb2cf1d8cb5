/* harness/check/damage_case.h -- one damage to one file of a store, in a form that can be typed
 * again.
 *
 *     flip:tree.tl:8192:0x40      the byte at 8192 is XORed with 0x40
 *     zero_sector:tree.tl:17      sector 17 (of 512 bytes) is zero;  zero_page likewise
 *     stale:tree.tl:5:2           page 5 is as its version 2 was, counted from 0, the oldest
 *     stale_sector:tree.tl:41:2   sector 41 is as version 2 of its page had it
 *     misdirect:tree.tl:5:9       the bytes of page 5 stand in page 9 too
 *     swap:tree.tl:5:9            pages 5 and 9 have changed places
 *     truncate:tree.tl:40960      the file ends there
 *     earlier:tree.log.0:7        the file is as it was after commit 7 of the history; 0: when made
 *     foreign:tree.tl:0           the file is that of another store
 *
 * Pages are those of the store, in the logs too.
 */
#ifndef TL_HARNESS_DAMAGE_CASE_H
#define TL_HARNESS_DAMAGE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(upper, lower, how many numbers follow the file's name, meaning) */
#define TL_DAMAGE_KIND_MAP(X)                                                                      \
    X(FLIP, flip, 2, "each byte once, XORed with a byte drawn from the seed")                      \
    X(BIT, bit, 2, "each bit of each byte of metas, headers and branches")                         \
    X(ZERO_SECTOR, zero_sector, 1, "each sector zeroed")                                           \
    X(ZERO_PAGE, zero_page, 1, "each page zeroed")                                                 \
    X(STALE, stale, 2, "each page as each older version of it: a lost write")                      \
    X(STALE_SECTOR, stale_sector, 2, "each sector as in each older version of its page")           \
    X(MISDIRECT, misdirect, 2, "each page's bytes in place of each other page's")                  \
    X(SWAP, swap, 2, "each pair of pages, one in the other's place")                               \
    X(TRUNCATE, truncate, 1, "the file cut at each sector")                                        \
    X(EARLIER, earlier, 1, "a whole file as it was at an earlier commit")                          \
    X(FOREIGN, foreign, 1, "a whole file of another store")

#define TL_DAMAGE_KIND_AS_ENUM(upper, lower, numbers, text) TL_DAMAGE_##upper,
typedef enum tl_damage_kind {
    TL_DAMAGE_KIND_MAP(TL_DAMAGE_KIND_AS_ENUM) TL_DAMAGE_KIND_COUNT
} tl_damage_kind;
const char *tl_damage_kind_name(tl_damage_kind kind); /* "zero_sector" */
const char *tl_damage_kind_text(tl_damage_kind kind);
bool tl_damage_kind_find(const char *name, tl_damage_kind *kind);

enum { TL_DAMAGE_FILES_MAX = 4, TL_DAMAGE_NAME_MAX = 48, TL_DAMAGE_TEXT_MAX = 128 };

typedef struct tl_damage_case {
    tl_damage_kind kind;
    unsigned file;         /* index in the image's files */
    uint64_t place, value; /* the numbers, in the order in which they are typed */
} tl_damage_case;

/* `names` are the image's `file_count` files.  A bit is printed, and parsed, as a flip. */
void tl_damage_case_print(const tl_damage_case *damage, const char *const *names,
                          char text[TL_DAMAGE_TEXT_MAX]);
bool tl_damage_case_parse(const char *text, const char *const *names, unsigned file_count,
                          tl_damage_case *damage);

#endif
