/* engine/tree/division.c -- see division.h. */
#include "engine/tree/division.h"

void tl_cut_make(const tl_division *whole, unsigned at, tl_cut *out)
{
    uint8_t left_bytes[TL_KEY_BYTES_MAX];
    tl_slice right = tl_run_key(&whole->run, at, out->separator_bytes);
    size_t size = right.size_bytes;
    if (tl_division_is_leaf(whole)) {
        tl_slice left = tl_run_key(&whole->run, at - 1, left_bytes);
        size = tl_slice_common(left, right) + 1;
    }
    tl_copy(out->separator_bytes, right.data, right.data == out->separator_bytes ? 0 : size);
    out->separator = tl_slice_of(out->separator_bytes, size);
    out->at = at;
}

tl_cut_verdict tl_cut_try(const tl_division *whole, unsigned at, tl_cut *out)
{
    size_t page_bytes = whole->writer->pager->page_bytes;
    tl_cut_make(whole, at, out);
    size_t left = tl_run_page_bytes(&whole->run, 0, at, whole->lower, out->separator);
    size_t right = tl_run_page_bytes(&whole->run, tl_division_behind(whole, at), whole->count,
                                     out->separator, whole->upper);
    size_t more = left > right ? left : right;
    if (more <= page_bytes)
        return TL_CUT_FITS;
    return more - out->separator.size_bytes > page_bytes ? TL_CUT_RECORD : TL_CUT_FENCES;
}

bool tl_cut_near(const tl_division *whole, unsigned wanted, unsigned reach, tl_cut *out)
{
    unsigned last = (unsigned)tl_division_last(whole);
    for (unsigned away = 0; away <= last && away <= reach; away++) {
        if (wanted > away && wanted - away <= last &&
            tl_cut_try(whole, wanted - away, out) == TL_CUT_FITS)
            return true;
        if (away != 0 && wanted + away <= last &&
            tl_cut_try(whole, wanted + away, out) == TL_CUT_FITS)
            return true;
    }
    return false;
}

unsigned tl_division_half(const tl_division *whole)
{
    uint32_t *weights = whole->writer->pager->weights;
    tl_run_weigh(&whole->run, weights);
    tl_split_input input = {
        .level = tl_division_is_leaf(whole) ? 0 : 1, .count = whole->count, .weights = weights};
    return tl_split_half(&input);
}

tl_ref tl_division_build(const tl_division *whole, unsigned first, unsigned end, uint8_t *page,
                         uint32_t pgno, const uint8_t *like, tl_slice lower, tl_slice upper)
{
    bool at_front = tl_division_is_leaf(whole) || first == 0;
    tl_page_identity identity = tl_identity_like(whole->writer, like, pgno);
    tl_run_build(&whole->run, first, end, page, &identity, lower, upper,
                 at_front ? whole->first_child : tl_run_child(&whole->run, first - 1));
    return tl_page_ref(page);
}

uint8_t *tl_page_rewritable(tl_writer *writer, uint8_t *page, uint32_t *pgno)
{
    tl_stats *stats = &writer->pager->stats;
    *pgno = tl_page_pgno(page);
    if (tl_pager_owns(writer->pager, page))
        return page;
    tl_pager_give(writer->pager, page);
    stats->cow_copies++;
    stats->siblings_copied++;
    return tl_pager_take(writer->pager, pgno);
}
