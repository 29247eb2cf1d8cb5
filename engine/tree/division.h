/* engine/tree/division.h -- dividing a sequence of entries among pages, and what that needs.
 *
 * Splits, shifts to a neighbour and moves after deletes are all this: entries between two fences, a
 * place to cut them, and the question whether each part fits a page together with its new fences,
 * which a cut makes longer.
 */
#ifndef TL_TREE_DIVISION_H
#define TL_TREE_DIVISION_H

#include "engine/tree/tree.h"

typedef struct tl_division { /* entries to divide, and the fences around them */
    tl_writer *writer;
    tl_run run;
    unsigned count;
    tl_slice lower, upper;
    tl_ref first_child; /* of a branch: left of all entries */
} tl_division;

typedef struct tl_cut {
    unsigned at; /* leaf: first entry of the right page.  Branch: the separator that moves up */
    tl_slice separator;
    uint8_t separator_bytes[TL_KEY_BYTES_MAX];
} tl_cut;

typedef enum tl_cut_verdict {
    TL_CUT_FITS,
    TL_CUT_RECORD, /* the entries alone are too much for one of the pages */
    TL_CUT_FENCES, /* with their new fence they are */
} tl_cut_verdict;

static inline bool tl_division_is_leaf(const tl_division *whole)
{
    return whole->run.kind == TL_PAGE_LEAF;
}

/* The greatest place for a cut; below 1 when there is none. */
static inline int tl_division_last(const tl_division *whole)
{
    return (int)whole->count - (tl_division_is_leaf(whole) ? 1 : 2);
}

/* The first entry to the right of a cut. */
static inline unsigned tl_division_behind(const tl_division *whole, unsigned at)
{
    return tl_division_is_leaf(whole) ? at : at + 1;
}

/* The shortest key above everything left of entry `at` and not above it: in a leaf a beginning of
 * the key there, in a branch the separator itself. */
void tl_cut_make(const tl_division *whole, unsigned at, tl_cut *out);

/* Do the parts left and right of a cut at `at` fit?  *out is the cut in any case. */
tl_cut_verdict tl_cut_try(const tl_division *whole, unsigned at, tl_cut *out);

/* The feasible cut nearest to `wanted`, no more than `reach` away.  False: there is none. */
bool tl_cut_near(const tl_division *whole, unsigned wanted, unsigned reach, tl_cut *out);

/* The cut that makes both sides as equal in bytes as can be.  Weighs into pager->weights. */
unsigned tl_division_half(const tl_division *whole);

/* Write entries first..end-1 to `page`, a page of the running txn; `like` is any old page of the
 * level.  Returns how the parent names it. */
tl_ref tl_division_build(const tl_division *whole, unsigned first, unsigned end, uint8_t *page,
                         uint32_t pgno, const uint8_t *like, tl_slice lower, tl_slice upper);

/* The page to write the new version of `page` to: itself when owned, else a fresh one, whose
 * number *pgno becomes; the old one is given back.  Secured before. */
uint8_t *tl_page_rewritable(tl_writer *writer, uint8_t *page, uint32_t *pgno);

/* merge_many.c: make one leaf fewer of child `index` of the branch at path level `i` and some of
 * its neighbours, up to `among` leaves in all.  The page of each but one may be copied: secured
 * before.  False: there is no way, and nothing has changed. */
bool tl_leaves_merge(tl_writer *writer, unsigned i, unsigned index, unsigned among);

#endif
