/* engine/tree/merge_many.c -- several neighbouring leaves become one fewer.
 *
 * When no neighbour alone can take in an underfull leaf, several together may: the records of three
 * to five leaves side by side under one parent are written anew from the left, each leaf as full as
 * the fill strategy allows (merge_upto), and one leaf is left over.
 *
 *   before   | aaaa    | bbbbb   | cccc    |      parent  .. B C ..
 *   after    | aaaabbb | bbcccc  | given up       parent  .. b ..
 *
 * The parent loses one separator and gets others in place of the rest, which must fit without a
 * split; it had two at least, so it stays a legal page.  All is found out before anything changes.
 *
 * This is a favour to space, nothing that a delete depends on: only leaves in memory are looked at,
 * so it reads no file, and it allocates nothing.  So it cannot fail.  The fewest leaves come first:
 * each of them is written, and copied if the txn has not yet.
 */
#include "engine/tree/division.h"

enum { LEAVES_MIN = 3 }; /* two are a pair: merge.c */

typedef struct window { /* leaves side by side */
    tl_writer *writer;
    unsigned i;                                /* path level of the parent */
    unsigned at, count;                        /* children at .. at + count - 1 of it */
    uint8_t *pages[TL_MERGE_AMONG_MAX];        /* where they lie */
    const uint8_t *leaves[TL_MERGE_AMONG_MAX]; /* read in place, then from copies */
    tl_division all;
    tl_cut cuts[TL_MERGE_AMONG_MAX - 2]; /* between the leaves to be written */
} window;

static const uint8_t *parent_of(const window *w)
{
    return w->writer->path.at[w->i].page;
}

/* String all records together, from where the leaves are read. */
static void window_string(window *w)
{
    w->all = (tl_division){
        .writer = w->writer,
        .run = {.kind = TL_PAGE_LEAF, .page_bytes = w->writer->pager->page_bytes},
        .lower = tl_page_lower(w->leaves[0]),
        .upper = tl_page_upper(w->leaves[w->count - 1])
    };
    for (unsigned n = 0; n < w->count; n++)
        tl_run_add_page(&w->all.run, w->leaves[n], 0, tl_page_count(w->leaves[n]));
    w->all.count = tl_run_count(&w->all.run);
}

/* Look at the leaves.  False: one is not in memory or damaged, which is for others to tell, or what
 * they hold is clearly too much. */
static bool window_gather(window *w)
{
    tl_pager *pager = w->writer->pager;
    const uint8_t *parent = parent_of(w);
    size_t used = 0;
    for (unsigned n = 0; n < w->count; n++) {
        tl_ref ref = tl_branch_child(parent, w->at + n);
        w->leaves[n] = tl_pager_peek(pager, ref, 0, w->writer->root.tree_id);
        if (w->leaves[n] == NULL || tl_page_kind_of(w->leaves[n]) != TL_PAGE_LEAF)
            return false;
        w->pages[n] = tl_pager_at(pager, ref.pgno);
        used += tl_page_used(w->leaves[n], pager->page_bytes);
    }
    if (used - TL_PAGE_HEADER_BYTES > (w->count - 1) * (size_t)w->writer->fill.merge_upto_bytes)
        return false;
    for (unsigned n = 0; n < w->count; n++)
        if (!tl_pager_owns(pager, w->leaves[n]) &&
            tl_page_trust(pager, w->leaves[n], parent, w->at + n) != TL_OK)
            return false;
    window_string(w);
    return true;
}

/* The farthest cut up to which the records from `first` on fit a leaf; false: there is none. */
static bool leaf_fill(const window *w, unsigned first, tl_slice lower, tl_cut *out)
{
    const tl_division *all = &w->all;
    size_t most = w->writer->fill.merge_upto_bytes;
    unsigned low = first + 1, end = all->count, best = 0; /* something stays for the next leaf */
    while (low < end) {                                   /* ends: the distance shrinks */
        unsigned middle = low + (end - low) / 2;
        tl_cut_make(all, middle, out);
        if (tl_run_page_bytes(&all->run, first, middle, lower, out->separator) <= most) {
            best = middle;
            low = middle + 1;
        } else {
            end = middle;
        }
    }
    if (best != 0)
        tl_cut_make(all, best, out);
    return best != 0;
}

/* Do the records fit into one leaf fewer, and the separators into the parent? */
static bool window_divide(window *w)
{
    const uint8_t *parent = parent_of(w);
    const tl_division *all = &w->all;
    size_t suffix_bytes[TL_MERGE_AMONG_MAX - 2];
    unsigned first = 0, cuts = w->count - 2;
    tl_slice lower = all->lower;
    for (unsigned n = 0; n < cuts; n++) {
        if (!leaf_fill(w, first, lower, &w->cuts[n]))
            return false;
        first = w->cuts[n].at;
        lower = w->cuts[n].separator;
        suffix_bytes[n] = tl_suffix_of(parent, lower).size_bytes;
    }
    if (tl_run_page_bytes(&all->run, first, all->count, lower, all->upper) >
        w->writer->fill.merge_upto_bytes)
        return false;
    bool fits = tl_branch_fits_fewer(parent, w->at, suffix_bytes, cuts);
    w->writer->pager->stats.merge_refused_separator += !fits;
    return fits;
}

/* The leaves are about to be written anew: read from copies from here on.  The stored crc, which a
 * checkpoint may be writing at this moment, is left out. */
static void window_copy(window *w)
{
    static const unsigned places[TL_MERGE_AMONG_MAX] = {1, 2, 4, 5, 6}; /* 0, 3: of others */
    tl_pager *pager = w->writer->pager;
    for (unsigned n = 0; n < w->count; n++) {
        uint8_t *copy = pager->scratch[places[n]];
        memcpy(copy + TL_AT_PGNO, w->leaves[n] + TL_AT_PGNO, pager->page_bytes - TL_AT_PGNO);
        w->leaves[n] = copy;
    }
    window_string(w);
}

/* The leaf to give up: one that would have to be copied, else the last. */
static unsigned leaf_left_over(const window *w)
{
    unsigned n = 0;
    while (n + 1 < w->count && tl_pager_owns(w->writer->pager, w->leaves[n]))
        n++;
    return n;
}

/* Records first..end-1 go to the page of leaf `to`: those that come from another one have moved. */
static void count_moved(const window *w, unsigned first, unsigned end, unsigned to)
{
    tl_stats *stats = &w->writer->pager->stats;
    unsigned base = 0;
    for (unsigned n = 0; n < w->count; n++) {
        unsigned count = tl_page_count(w->leaves[n]);
        unsigned from = first > base ? first - base : 0;
        unsigned upto = end > base ? end - base : 0;
        upto = upto < count ? upto : count;
        if (n != to && from < upto) {
            tl_run part = {.kind = TL_PAGE_LEAF, .page_bytes = w->writer->pager->page_bytes};
            tl_run_add_page(&part, w->leaves[n], from, upto);
            stats->merge_records_moved += upto - from;
            stats->merge_bytes_moved += tl_run_weight(&part, 0, upto - from);
        }
        base += count;
    }
}

static void count_merge(const window *w)
{
    tl_writer *writer = w->writer;
    tl_stats *stats = &writer->pager->stats;
    uint32_t id = writer->root.tree_id, place = tl_thrash_place(w->all.lower, 0, id);
    uint64_t edit = tl_writer_edit(writer);
    bool split_before = tl_events_has(&writer->split_events, edit, place), empty = false;
    tl_events_add(&writer->merge_events, edit, place);
    for (unsigned n = 0; n < w->count; n++) {
        empty = empty || tl_page_count(w->leaves[n]) == 0;
        place = tl_thrash_place(tl_page_lower(w->leaves[n]), 0, id);
        split_before = split_before || tl_events_has(&writer->split_events, edit, place);
        if (n == 0 || n == w->count - 1)
            continue;
        tl_slice separator = w->cuts[n - 1].separator;
        tl_events_move(&writer->split_events, edit, place, tl_thrash_place(separator, 0, id));
        stats->separators++;
        stats->separator_bytes += separator.size_bytes;
    }
    stats->leaf_merges++;
    stats->merges_many++;
    stats->merges_many_leaves += w->count;
    stats->leaf_freed += empty;
    stats->thrash_merge += split_before;
}

static void window_write(window *w)
{
    tl_writer *writer = w->writer;
    tl_pager *pager = writer->pager;
    const tl_division *all = &w->all;
    uint8_t *parent = writer->path.at[w->i].page;
    tl_ref refs[TL_MERGE_AMONG_MAX - 1];
    window_copy(w);
    count_merge(w);
    unsigned spare = leaf_left_over(w), first = 0, last = w->count - 2;
    tl_slice lower = all->lower;
    tl_pager_give(pager, w->leaves[spare]);
    for (unsigned n = 0; n <= last; n++) {
        unsigned to = n < spare ? n : n + 1, end = n < last ? w->cuts[n].at : all->count;
        tl_slice upper = n < last ? w->cuts[n].separator : all->upper;
        uint32_t pgno;
        uint8_t *page = tl_page_rewritable(writer, w->pages[to], &pgno);
        refs[n] = tl_division_build(all, first, end, page, pgno, w->leaves[0], lower, upper);
        count_moved(w, first, end, to);
        first = end;
        lower = upper;
    }
    tl_branch_remove(&pager->edit, parent, w->at + last);
    for (unsigned n = 0; n < last; n++)
        tl_branch_replace(&pager->edit, parent, w->at + n,
                          tl_suffix_of(parent, w->cuts[n].separator));
    for (unsigned n = 0; n <= last; n++)
        tl_branch_set_child(parent, w->at + n, refs[n]);
}

bool tl_leaves_merge(tl_writer *writer, unsigned i, unsigned index, unsigned among)
{
    unsigned children = tl_page_count(writer->path.at[i].page) + 1;
    window w = {.writer = writer, .i = i};
    for (w.count = LEAVES_MIN; w.count <= among && w.count <= children; w.count++) {
        unsigned first = index + 1 > w.count ? index + 1 - w.count : 0;
        for (w.at = first; w.at <= index && w.at + w.count <= children; w.at++) {
            if (!window_gather(&w))
                continue;
            if (window_divide(&w)) {
                window_write(&w);
                return true;
            }
            writer->pager->stats.merges_many_refused++;
        }
    }
    return false;
}
