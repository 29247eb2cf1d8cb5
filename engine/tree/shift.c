/* engine/tree/shift.c -- a full page and its neighbour: entries shifted, or two pages made three.
 *
 * Both pages' entries, the new one among them and in a branch the separator between them, are one
 * sequence, which is cut once (shift) or twice (two to three).  The separator in the parent is
 * replaced, so it must take the new one without a split; a third page enters the parent like after
 * any split.  All is checked before anything changes.
 */
#include "engine/tree/split.h"

enum { REACH = 8 }; /* places tried beside the wanted one: beyond, another plan is better */

typedef struct couple {
    tl_splitting *split;
    unsigned at; /* separator of the parent between them: left is child `at` */
    bool mine_is_left;
    uint8_t *other;           /* the neighbour, where it lies */
    const uint8_t *other_old; /* what it held: scratch */
    unsigned mine_first;      /* of the sequence: the first entry of the full page */
    tl_division both;
} couple;

static uint8_t *parent_of(const tl_splitting *split)
{
    return split->writer->path.at[split->i - 1].page;
}

static const uint8_t *neighbour(const tl_splitting *split, bool left)
{
    const tl_writer *writer = split->writer;
    const uint8_t *parent = parent_of(split);
    unsigned index = writer->path.at[split->i - 1].index;
    if (left ? index == 0 : index == tl_page_count(parent))
        return NULL;
    return tl_pager_peek(writer->pager, tl_branch_child(parent, left ? index - 1 : index + 1),
                         tl_page_level(split->old), writer->root.tree_id);
}

static bool look(const tl_splitting *split, bool left, tl_page_view *view)
{
    tl_pager *pager = split->writer->pager;
    const uint8_t *page = neighbour(split, left);
    if (page == NULL || tl_page_kind_of(page) != tl_page_kind_of(split->old)) {
        pager->stats.siblings_absent++;
        return false;
    }
    bool owned = tl_pager_owns(pager, page);
    if (!owned && split->writer->split.row->siblings != TL_SIBLINGS_ANY) {
        pager->stats.siblings_clean++;
        return false;
    }
    /* A damaged page of the file is left alone: whoever needs it will say so. */
    unsigned index = split->writer->path.at[split->i - 1].index;
    if (!owned &&
        tl_page_trust(pager, page, parent_of(split), left ? index - 1 : index + 1) != TL_OK) {
        pager->stats.siblings_absent++;
        return false;
    }
    pager->stats.siblings_read++;
    *view = (tl_page_view){.count = tl_page_count(page),
                           .used_bytes = (uint32_t)tl_page_used(page, pager->page_bytes),
                           .owned = owned};
    return true;
}

void tl_split_look_around(tl_splitting *split)
{
    if (split->i == 0)
        return;
    split->input.left = look(split, true, &split->left) ? &split->left : NULL;
    split->input.right = look(split, false, &split->right) ? &split->right : NULL;
}

static void add_mine(const couple *two, tl_run *run)
{
    const tl_splitting *split = two->split;
    tl_run_add_page(run, split->old, 0, split->index);
    tl_split_add_new(split, run);
    tl_run_add_page(run, split->old, split->index, tl_page_count(split->old));
}

static void gather(tl_splitting *split, bool with_left, couple *two)
{
    tl_writer *writer = split->writer;
    unsigned index = writer->path.at[split->i - 1].index;
    const uint8_t *other = neighbour(split, with_left);
    *two = (couple){
        .split = split,
        .at = with_left ? index - 1 : index,
        .mine_is_left = !with_left,
        .other = tl_pager_at(writer->pager, tl_page_pgno(other)),
        .other_old = writer->pager->scratch[2],
        .both = {.writer = writer,
                 .run = {.kind = split->whole.run.kind, .page_bytes = writer->pager->page_bytes}}
    };
    /* The stored crc, which a checkpoint may be writing at this moment, is left out. */
    memcpy(writer->pager->scratch[2] + TL_AT_PGNO, other + TL_AT_PGNO,
           writer->pager->page_bytes - TL_AT_PGNO);
    const uint8_t *left = with_left ? two->other_old : split->old;
    const uint8_t *right = with_left ? split->old : two->other_old;
    bool branch = two->both.run.kind == TL_PAGE_BRANCH;
    if (with_left)
        tl_run_add_page(&two->both.run, left, 0, tl_page_count(left));
    else
        add_mine(two, &two->both.run);
    if (branch)
        tl_run_add_entry(&two->both.run, tl_page_upper(left), tl_branch_child(right, 0));
    if (with_left)
        two->mine_first = tl_run_count(&two->both.run);
    if (with_left)
        add_mine(two, &two->both.run);
    else
        tl_run_add_page(&two->both.run, right, 0, tl_page_count(right));
    two->both.count = tl_run_count(&two->both.run);
    two->both.lower = tl_page_lower(left);
    two->both.upper = tl_page_upper(right);
    if (branch)
        two->both.first_child = tl_branch_child(left, 0);
}

/* Does the parent take `separator` in place of the one between the two pages? */
static bool parent_takes(const couple *two, tl_slice separator)
{
    const uint8_t *parent = parent_of(two->split);
    return tl_branch_fits(parent, two->at, tl_suffix_of(parent, separator).size_bytes);
}

static void count_separator(tl_stats *stats, tl_slice separator)
{
    stats->separators++;
    stats->separator_bytes += separator.size_bytes;
}

/* Write entries first..end-1 to `page`, and remember the run if the new entry is among them. */
static tl_ref part_write(const couple *two, unsigned first, unsigned end, uint8_t *page,
                         uint32_t pgno, tl_slice lower, tl_slice upper, const tl_split_plan *plan)
{
    unsigned fresh = two->mine_first + two->split->index;
    tl_ref ref =
        tl_division_build(&two->both, first, end, page, pgno, two->other_old, lower, upper);
    if (fresh >= first && fresh < end)
        tl_split_remember(two->split, page, fresh - first, plan);
    return ref;
}

/* The two pages where new versions go, left and right; the neighbour is copied if need be. */
static void places(const couple *two, uint8_t *pages[2], uint32_t pgnos[2])
{
    unsigned mine = two->mine_is_left ? 0 : 1;
    pages[mine] = two->split->page;
    pgnos[mine] = tl_page_pgno(two->split->old);
    pages[!mine] = tl_page_rewritable(two->split->writer, two->other, &pgnos[!mine]);
}

static void parent_name(const couple *two, tl_slice separator, tl_ref left, tl_ref right)
{
    uint8_t *parent = parent_of(two->split);
    tl_branch_replace(&two->split->writer->pager->edit, parent, two->at,
                      tl_suffix_of(parent, separator));
    tl_branch_set_child(parent, two->at, left);
    tl_branch_set_child(parent, two->at + 1, right);
}

/* Entries that end up on another page than before: between the old border and the new one. */
static void count_shifted(const couple *two, unsigned from, unsigned to)
{
    tl_pager *pager = two->split->writer->pager;
    unsigned low = from < to ? from : to, high = from < to ? to : from;
    pager->stats.shift_records_moved += high - low;
    pager->stats.shift_bytes_moved += pager->weights[high] - pager->weights[low];
}

static bool shift(couple *two, const tl_split_plan *plan, tl_split_plan *done)
{
    tl_stats *stats = &two->split->writer->pager->stats;
    tl_cut where;
    unsigned wanted = tl_division_half(&two->both);
    if (plan->at != 0)
        wanted = plan->at < two->both.count ? two->mine_first + plan->at : 0;
    if (!tl_cut_near(&two->both, wanted, REACH, &where)) {
        stats->split_fallback_record++;
        return false;
    }
    if (!parent_takes(two, where.separator)) {
        stats->split_fallback_parent++;
        return false;
    }
    uint8_t *pages[2];
    uint32_t pgnos[2];
    places(two, pages, pgnos);
    tl_ref left =
        part_write(two, 0, where.at, pages[0], pgnos[0], two->both.lower, where.separator, plan);
    tl_ref right = part_write(two, tl_division_behind(&two->both, where.at), two->both.count,
                              pages[1], pgnos[1], where.separator, two->both.upper, plan);
    parent_name(two, where.separator, left, right);
    stats->splits_shift_left += !two->mine_is_left;
    stats->splits_shift_right += two->mine_is_left;
    count_separator(stats, where.separator);
    unsigned mine_count = two->split->whole.count;
    count_shifted(two, two->mine_is_left ? mine_count : two->mine_first, where.at);
    *done = (tl_split_plan){.kind = plan->kind, .at = where.at - two->mine_first};
    return true;
}

/* Do entries between two cuts fit a page? */
static bool middle_fits(const tl_division *both, const tl_cut *first, const tl_cut *second)
{
    unsigned behind = tl_division_behind(both, first->at);
    return behind < second->at &&
           tl_run_page_bytes(&both->run, behind, second->at, first->separator, second->separator) <=
               both->writer->pager->page_bytes;
}

static bool outer_fits(const tl_division *both, const tl_cut *cut, bool left)
{
    size_t bytes = left ? tl_run_page_bytes(&both->run, 0, cut->at, both->lower, cut->separator)
                        : tl_run_page_bytes(&both->run, tl_division_behind(both, cut->at),
                                            both->count, cut->separator, both->upper);
    return bytes <= both->writer->pager->page_bytes;
}

/* Two cuts near the wanted ones, so that all three pages fit. */
static bool cuts_find(const couple *two, unsigned wanted_first, unsigned wanted_second,
                      tl_cut *first, tl_cut *second)
{
    static const int away[] = {0, -1, 1, -2, 2, -3, 3};
    enum { TRIES = sizeof away / sizeof away[0] };
    const tl_division *both = &two->both;
    int last = tl_division_last(both);
    for (unsigned a = 0; a < TRIES; a++) {
        int at = (int)wanted_first + away[a];
        if (at < 1 || at > last)
            continue;
        tl_cut_make(both, (unsigned)at, first);
        if (!outer_fits(both, first, true))
            continue;
        for (unsigned b = 0; b < TRIES; b++) {
            int at2 = (int)wanted_second + away[b];
            if (at2 <= at || at2 > last)
                continue;
            tl_cut_make(both, (unsigned)at2, second);
            if (outer_fits(both, second, false) && middle_fits(both, first, second))
                return true;
        }
    }
    return false;
}

/* The first entry that begins at or behind `share` of `parts` of all bytes. */
static unsigned part_begin(const couple *two, unsigned share, unsigned parts)
{
    const uint32_t *weights = two->split->writer->pager->weights;
    unsigned low = 1, high = two->both.count;
    uint64_t goal = (uint64_t)weights[two->both.count] * share;
    while (low < high) { /* ends: the distance shrinks */
        unsigned middle = low + (high - low) / 2;
        if ((uint64_t)weights[middle] * parts < goal)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool two_to_three(couple *two, const tl_split_plan *plan, tl_split_plan *done)
{
    tl_writer *writer = two->split->writer;
    tl_stats *stats = &writer->pager->stats;
    tl_division *both = &two->both;
    tl_run_weigh(&both->run, writer->pager->weights);
    bool given = plan->at != 0 && plan->at2 > plan->at && plan->at2 < both->count;
    tl_cut first, second;
    if (!cuts_find(two, given ? plan->at : part_begin(two, 1, 3),
                   given ? plan->at2 : part_begin(two, 2, 3), &first, &second)) {
        stats->split_fallback_record++;
        return false;
    }
    if (!parent_takes(two, second.separator)) {
        stats->split_fallback_parent++;
        return false;
    }
    uint8_t *pages[2];
    uint32_t pgnos[2], pgno;
    places(two, pages, pgnos);
    uint8_t *middle = tl_pager_take(writer->pager, &pgno);
    stats->dirtied_split++;
    tl_ref left =
        part_write(two, 0, first.at, pages[0], pgnos[0], both->lower, first.separator, plan);
    tl_ref between = part_write(two, tl_division_behind(both, first.at), second.at, middle, pgno,
                                first.separator, second.separator, plan);
    tl_ref right = part_write(two, tl_division_behind(both, second.at), both->count, pages[1],
                              pgnos[1], second.separator, both->upper, plan);
    parent_name(two, second.separator, left, right);
    stats->splits_2to3++;
    stats->leaf_splits += tl_division_is_leaf(both);
    stats->branch_splits += !tl_division_is_leaf(both);
    count_separator(stats, first.separator);
    count_separator(stats, second.separator);
    tl_split_note_event(two->split, first.separator);
    count_shifted(two, first.at, second.at);
    *done = (tl_split_plan){.kind = plan->kind, .at = first.at, .at2 = second.at};
    tl_parent_enter(writer, two->split->i, two->at, first.separator, left, between);
    return true;
}

bool tl_split_with_sibling(tl_splitting *split, const tl_split_plan *plan, tl_split_plan *done)
{
    bool with_left = plan->kind == TL_SHIFT_LEFT || plan->kind == TL_SPLIT2TO3_LEFT;
    if ((with_left ? split->input.left : split->input.right) == NULL) {
        split->writer->pager->stats.split_fallback_sibling++;
        return false;
    }
    couple two;
    gather(split, with_left, &two);
    bool three = plan->kind == TL_SPLIT2TO3_LEFT || plan->kind == TL_SPLIT2TO3_RIGHT;
    return three ? two_to_three(&two, plan, done) : shift(&two, plan, done);
}
