/* engine/page/run.h -- a run: a sequence of entries gathered from pages and single records.
 *
 * Splits, merges and moves all ask the same two questions: what would entries i..j weigh under
 * other fences, and please write them to a page.  A run answers both without copying an entry:
 * it strings together a few pieces, each a stretch of a page or one literal entry.
 *
 * Branch entries are (separator, child right of it); the first child of a page is kept apart.
 */
#ifndef TL_PAGE_RUN_H
#define TL_PAGE_RUN_H

#include "engine/page/build.h"

typedef struct tl_piece {
    const uint8_t *page;  /* NULL: one literal entry */
    unsigned first, end;  /* of a page */
    tl_slice key, value;  /* literal; value of a leaf */
    unsigned value_flags; /* TL_VALUE_OVERFLOW: the value is a reference */
    tl_ref child;         /* literal; of a branch */
} tl_piece;

typedef struct tl_run {
    unsigned kind, piece_count;
    uint32_t page_bytes; /* of its pages; 0: not known, so each entry is weighed alone */
    tl_piece pieces[6];
} tl_run;

static inline void tl_run_add_page(tl_run *run, const uint8_t *page, unsigned first, unsigned end)
{
    if (first < end)
        run->pieces[run->piece_count++] = (tl_piece){.page = page, .first = first, .end = end};
}

static inline void tl_run_add_record(tl_run *run, tl_slice key, tl_slice value,
                                     unsigned value_flags)
{
    run->pieces[run->piece_count++] =
        (tl_piece){.key = key, .value = value, .value_flags = value_flags, .end = 1};
}

static inline void tl_run_add_entry(tl_run *run, tl_slice key, tl_ref child)
{
    run->pieces[run->piece_count++] = (tl_piece){.key = key, .child = child, .end = 1};
}

unsigned tl_run_count(const tl_run *run);
/* The whole key of entry `index`, put together in `buffer` (TL_KEY_BYTES_MAX) or borrowed. */
tl_slice tl_run_key(const tl_run *run, unsigned index, uint8_t *buffer);
size_t tl_run_key_bytes(const tl_run *run, unsigned index); /* its length */
tl_ref tl_run_child(const tl_run *run, unsigned index);     /* right of entry `index` */

/* Bytes that a page with entries first..end-1 between these fences takes, header and all, with
 * exactly as many slots as entries, and with a soft prefix where that is shorter.  Can exceed any
 * page. */
size_t tl_run_page_bytes(const tl_run *run, unsigned first, unsigned end, tl_slice lower,
                         tl_slice upper);
/* weights[i] = bytes of the entries before i, each at its present suffix length; count+1 items. */
void tl_run_weigh(const tl_run *run, uint32_t *weights);
/* The same of entries first..end-1 alone: weights[end] - weights[first]. */
size_t tl_run_weight(const tl_run *run, unsigned first, unsigned end);

/* Write entries first..end-1 to `page`, with a few spare slots where there is room, and the
 * `first_child` of a branch.  `page` must not be one of the run's pages and must not hold its
 * fences. */
void tl_run_build(const tl_run *run, unsigned first, unsigned end, uint8_t *page,
                  const tl_page_identity *identity, tl_slice lower, tl_slice upper,
                  tl_ref first_child);

/* Slots to add when a page's arrays are full. */
static inline unsigned tl_cap_step(uint32_t page_bytes)
{
    unsigned step = page_bytes / 512;
    return step < 2 ? 2 : step > 16 ? 16 : step;
}

/* Pages at the edge of the tree are made with few keys or none, and grow: is this a moment to see
 * what their keys share?  Whenever their number has doubled and slots are needed anyway. */
static inline bool tl_page_soft_is_due(const uint8_t *page, uint32_t page_bytes)
{
    enum { KEYS_MIN = 4 };
    unsigned count = tl_page_count(page);
    if (__builtin_expect(count != tl_page_cap(page), 1) || count < KEYS_MIN)
        return false;
    unsigned before = count > tl_cap_step(page_bytes) ? count - tl_cap_step(page_bytes) : 0;
    bool at_edge = tl_page_lower(page).size_bytes == 0 || tl_page_upper(page).size_bytes == 0;
    return at_edge && !tl_page_is_soft(page) && (count ^ before) > before;
}

#endif
