/* engine/tree/split.c -- the executor of splits: any legal mix of sizes succeeds.
 *
 * The strategy proposes; the executor checks that every page holds its entries together with its
 * new fences, which a cut makes longer.  When the proposal is impossible, the feasible place
 * nearest to it, or to the middle, is taken.  When the new entry fits nowhere, the old ones are
 * split without it, which always works, and it goes into its half.  The limits on keys and records
 * (page.h) make this end.  Plans that involve a neighbour are in shift.c.
 */
#include "engine/tree/split.h"

#include "engine/base/regression.h"

#include <assert.h>

static tl_slice key_of(const tl_split_input *input, unsigned index, void *buffer)
{
    return tl_run_key(input->entries, index, buffer);
}

void tl_split_add_new(const tl_splitting *split, tl_run *run)
{
    if (run->kind == TL_PAGE_LEAF)
        tl_run_add_record(run, split->key, split->value, split->writer->pager->edit.value_flags);
    else
        tl_run_add_entry(run, split->key, split->child);
}

static void input_fill(tl_splitting *split)
{
    tl_pager *pager = split->writer->pager;
    const tl_division *whole = &split->whole;
    tl_run_weigh(&whole->run, pager->weights);
    split->input = (tl_split_input){
        .page_bytes = pager->page_bytes,
        .level = tl_page_level(split->old),
        .count = whole->count,
        .new_index = split->index,
        .leftmost = whole->lower.size_bytes == 0,
        .rightmost = whole->upper.size_bytes == 0,
        .weights = pager->weights,
        .lower = whole->lower,
        .upper = whole->upper,
        .run = tl_streak_run(split->streak),
        .key = key_of,
        .entries = &whole->run,
    };
}

/* Where TL_NEWRIGHT cuts: the left page keeps what the fill strategy packs. */
static unsigned newright_cut(const tl_splitting *split)
{
    const tl_writer *writer = split->writer;
    const tl_split_input *input = &split->input;
    /* Told apart by their keys: the same appends are packed the same way again. */
    uint32_t nth = tl_crc32c(0, split->key.data, split->key.size_bytes);
    if (TL_REGRESSION(split_in_the_middle))
        return tl_split_half(input);
    unsigned percent = tl_fill_percent(&writer->fill, nth, input->level);
    unsigned at = tl_split_last(input);
    if (percent >= 100)
        return at;
    size_t used = TL_PAGE_HEADER_BYTES + input->lower.size_bytes + input->upper.size_bytes;
    size_t most = (size_t)input->page_bytes * percent / 100;
    while (at > 1 && used + input->weights[at] > most)
        at--;
    return at;
}

/* The shortest separator of the feasible cuts within the window; the nearest one of equals. */
static bool window_cut(const tl_splitting *split, unsigned wanted, unsigned window, tl_cut *out)
{
    const tl_split_input *input = &split->input;
    uint32_t reach = (uint32_t)((uint64_t)input->weights[input->count] * window / 100);
    unsigned last = tl_split_last(input), low = wanted, high = wanted, best = 0;
    size_t best_bytes = SIZE_MAX;
    while (low > 1 && input->weights[wanted] - input->weights[low - 1] <= reach)
        low--;
    while (high < last && input->weights[high + 1] - input->weights[wanted] <= reach)
        high++;
    for (unsigned away = 0; away <= wanted - low || away <= high - wanted; away++)
        for (int side = -1; side <= (away == 0 ? -1 : 1); side += 2) {
            if (side < 0 ? away > wanted - low : away > high - wanted)
                continue;
            unsigned at = side < 0 ? wanted - away : wanted + away;
            size_t bytes = tl_split_separator_bytes(input, at);
            if (bytes < best_bytes && tl_cut_try(&split->whole, at, out) == TL_CUT_FITS) {
                best = at;
                best_bytes = bytes;
            }
        }
    return best != 0 && tl_cut_try(&split->whole, best, out) == TL_CUT_FITS;
}

/* A feasible cut for a plan of two pages; false: the new entry fits with no cut.  *exact tells
 * whether it is the one that was asked for. */
static bool cut_choose(const tl_splitting *split, const tl_split_plan *plan, tl_cut *out,
                       bool *exact)
{
    const tl_split_input *input = &split->input;
    tl_stats *stats = &split->writer->pager->stats;
    *exact = false;
    if (tl_division_last(&split->whole) < 1) {
        stats->split_fallback_record++;
        return false;
    }
    unsigned last = tl_split_last(input), half = tl_split_half(input), wanted = plan->at;
    if (plan->kind == TL_NEWRIGHT)
        wanted = newright_cut(split);
    else if (plan->kind != TL_SPLIT2 || wanted == 0 || wanted > last)
        wanted = half;
    *exact = plan->kind <= TL_NEWRIGHT && plan->at <= last;
    if (plan->kind == TL_SPLIT2 && plan->window != 0 && plan->window <= 100 &&
        window_cut(split, wanted, plan->window, out))
        return true;
    tl_cut_verdict verdict = tl_cut_try(&split->whole, wanted, out);
    if (verdict == TL_CUT_FITS)
        return true;
    *exact = false;
    stats->split_fallback_record += verdict == TL_CUT_RECORD;
    stats->split_fallback_fences += verdict == TL_CUT_FENCES;
    return (wanted != half && input->rightmost && tl_cut_near(&split->whole, wanted, last, out)) ||
           tl_cut_near(&split->whole, half, last, out);
}

void tl_split_note_event(const tl_splitting *split, tl_slice separator)
{
    tl_writer *writer = split->writer;
    unsigned level = split->input.level;
    uint32_t id = writer->root.tree_id;
    uint64_t edit = tl_writer_edit(writer);
    uint32_t at = tl_thrash_place(split->whole.lower, level, id);
    writer->pager->stats.thrash_split += tl_events_has(&writer->merge_events, edit, at);
    tl_events_add(&writer->split_events, edit, tl_thrash_place(separator, level, id));
}

static void count_split(const tl_splitting *split, const tl_division *whole, const tl_cut *where)
{
    tl_stats *stats = &split->writer->pager->stats;
    bool leaf = tl_division_is_leaf(whole);
    stats->leaf_splits += leaf;
    stats->branch_splits += !leaf;
    stats->split_records_moved += whole->count - tl_division_behind(whole, where->at);
    stats->split_bytes_moved +=
        split->writer->pager->weights[whole->count] - split->writer->pager->weights[where->at];
    stats->separators++;
    stats->separator_bytes += where->separator.size_bytes;
    tl_split_note_event(split, where->separator);
    if (!leaf)
        return;
    stats->splits_rightmost += whole->upper.size_bytes == 0 && where->at == whole->count - 1;
    stats->sep_bytes_saved +=
        tl_run_key_bytes(&whole->run, where->at) - where->separator.size_bytes;
}

/* Write both pages; the old one becomes the left.  Returns the right one. */
static uint8_t *cut_execute(const tl_splitting *split, const tl_division *whole,
                            const tl_cut *where)
{
    uint32_t pgno;
    uint8_t *right = tl_pager_take(split->writer->pager, &pgno);
    tl_division_build(whole, tl_division_behind(whole, where->at), whole->count, right, pgno,
                      split->old, where->separator, whole->upper);
    tl_division_build(whole, 0, where->at, split->page, tl_page_pgno(split->old), split->old,
                      whole->lower, where->separator);
    split->writer->pager->stats.dirtied_split++;
    count_split(split, whole, where);
    return right;
}

/* A new root above the old one, which has just been split. */
static void root_grow(tl_writer *writer, tl_slice separator, tl_ref left, tl_ref right)
{
    uint32_t pgno;
    uint8_t *page = tl_pager_take(writer->pager, &pgno);
    tl_page_identity identity = {.page_bytes = writer->pager->page_bytes,
                                 .pgno = pgno,
                                 .tree_id = writer->root.tree_id,
                                 .birth = writer->pager->txn,
                                 .kind = TL_PAGE_BRANCH,
                                 .level = (uint8_t)writer->root.depth};
    tl_run run = {.kind = TL_PAGE_BRANCH};
    tl_slice infinite = {NULL, 0};
    tl_run_add_entry(&run, separator, right);
    tl_run_build(&run, 0, 1, page, &identity, infinite, infinite, left);
    writer->root.ref = tl_page_ref(page);
    writer->root.depth++;
    writer->pager->stats.root_grows++;
    writer->pager->stats.dirtied_split++;
}

void tl_parent_enter(tl_writer *writer, unsigned i, unsigned index, tl_slice separator, tl_ref left,
                     tl_ref right)
{
    if (i == 0) {
        root_grow(writer, separator, left, right);
        return;
    }
    uint8_t *parent = writer->path.at[i - 1].page;
    uint32_t streak = tl_streak_of(parent);
    if (!tl_page_soft_is_due(parent, writer->pager->page_bytes) &&
        tl_branch_insert(&writer->pager->edit, parent, index, tl_suffix_of(parent, separator),
                         right))
        tl_streak_note(&writer->pager->stats, parent, streak, index);
    else
        tl_page_split(writer, i - 1, index, separator, tl_slice_of(NULL, 0), right);
}

void tl_split_remember(const tl_splitting *split, uint8_t *page, unsigned index,
                       const tl_split_plan *plan)
{
    bool predicted = plan->mode == TL_MODE_ASCENDING || plan->mode == TL_MODE_DESCENDING;
    uint32_t run = (split->streak >> 16) & ~(uint32_t)TL_STREAK_PREDICTED;
    if (predicted)
        run |= TL_STREAK_PREDICTED;
    tl_store32(page + TL_AT_LAST_INS, (index + 1) | run << 16);
}

/* Divide old and new entries between two pages. */
static void split_in_two(tl_splitting *split, const tl_cut *where, const tl_split_plan *plan)
{
    tl_writer *writer = split->writer;
    uint8_t *right = cut_execute(split, &split->whole, where);
    unsigned behind = tl_division_behind(&split->whole, where->at);
    if (split->index >= behind)
        tl_split_remember(split, right, split->index - behind, plan);
    else if (split->index < where->at)
        tl_split_remember(split, split->page, split->index, plan);
    tl_parent_enter(writer, split->i, split->i == 0 ? 0 : writer->path.at[split->i - 1].index,
                    where->separator, tl_page_ref(split->page), tl_page_ref(right));
}

/* Split the old entries alone, then put the new one into its half: it was too large to be placed
 * together with them. */
static void split_then_enter(tl_splitting *split)
{
    tl_writer *writer = split->writer;
    tl_division alone = split->whole;
    alone.run = (tl_run){.kind = split->whole.run.kind};
    alone.count = split->whole.count - 1;
    tl_run_add_page(&alone.run, split->old, 0, alone.count);
    tl_cut where;
    bool found = tl_division_last(&alone) >= 1 &&
                 tl_cut_near(&alone, tl_division_half(&alone), alone.count, &where);
    assert(found); /* one page held them all: two do */
    if (!found)
        return;
    uint8_t *right = cut_execute(split, &alone, &where), *target = split->page;
    unsigned at = split->index;
    if (tl_slice_compare(split->key, where.separator) >= 0) {
        target = right;
        at -= tl_division_behind(&alone, where.at);
    }
    const tl_edit *edit = &writer->pager->edit;
    tl_slice suffix = tl_suffix_of(target, split->key);
    bool entered = tl_division_is_leaf(&alone)
                       ? writer->mode->insert(edit, target, at, suffix, split->value)
                       : tl_branch_insert(edit, target, at, suffix, split->child);
    edit->stats->alloc_failures += !entered;
    assert(entered); /* half a page is more than any entry */
    tl_split_remember(split, target, at, &(tl_split_plan){0});
    tl_parent_enter(writer, split->i, split->i == 0 ? 0 : writer->path.at[split->i - 1].index,
                    where.separator, tl_page_ref(split->page), tl_page_ref(right));
}

void tl_split_count_mode(tl_writer *writer, unsigned mode)
{
    if (mode == TL_MODE_NONE || mode >= TL_MODE_COUNT)
        return;
    writer->pager->stats.split_mode_changes +=
        writer->split.last_mode != TL_MODE_NONE && writer->split.last_mode != mode;
    writer->split.last_mode = mode;
}

/* Do what the strategy wants, or the nearest possible thing; *done is what was done. */
static void plan_execute(tl_splitting *split, const tl_split_plan *plan, tl_split_plan *done)
{
    tl_stats *stats = &split->writer->pager->stats;
    if (plan->kind > TL_NEWRIGHT && plan->kind < TL_SPLIT_KIND_COUNT) {
        if (tl_split_with_sibling(split, plan, done))
            return;
        tl_run_weigh(&split->whole.run, split->writer->pager->weights);
    }
    tl_cut where;
    bool exact;
    bool found = cut_choose(split, plan, &where, &exact);
    stats->split_fallbacks += !exact;
    if (found) {
        *done = (tl_split_plan){.kind = TL_SPLIT2, .at = where.at};
        if (plan->kind == TL_NEWRIGHT && exact) {
            done->kind = TL_NEWRIGHT;
            stats->splits_newright++;
        }
        split_in_two(split, &where, plan);
    } else {
        *done = (tl_split_plan){.kind = TL_SPLIT2};
        split_then_enter(split);
    }
}

/* A page at the edge of the tree may hold one more entry when it is written anew with a soft prefix
 * from its keys, or with a shorter one when the new key breaks the one it has.  When it is only
 * time for a soft prefix (tl_page_soft_is_due), there is room in any case. */
static bool reencode(tl_splitting *split)
{
    tl_writer *writer = split->writer;
    const tl_division *whole = &split->whole;
    bool may_be_soft =
        whole->lower.size_bytes == 0 || whole->upper.size_bytes == 0 || tl_page_is_soft(split->old);
    if (!may_be_soft || tl_run_page_bytes(&whole->run, 0, whole->count, whole->lower,
                                          whole->upper) > writer->pager->page_bytes)
        return false;
    tl_division_build(whole, 0, whole->count, split->page, tl_page_pgno(split->old), split->old,
                      whole->lower, whole->upper);
    tl_store32(split->page + TL_AT_LAST_INS, split->streak);
    if (tl_division_is_leaf(whole) && whole->upper.size_bytes == 0 &&
        split->index == whole->count - 1)
        writer->append_leaf = split->page;
    writer->pager->stats.soft_reencodes++;
    return true;
}

/* Two looks at the clock cost as much as most strategies take, so one choice stands for several. */
void tl_split_choose(tl_splitting *split, tl_split_plan *plan)
{
    enum { CHOICES_PER_LOOK = 16 };
    tl_pager *pager = split->writer->pager;
    const tl_split_use *use = &split->writer->split;
    bool timed = ++pager->choices % CHOICES_PER_LOOK == 0;
    uint64_t begin = timed ? tl_clock_ns() : 0;
    use->row->choose(use->self, &split->input, plan);
    if (timed)
        pager->stats.choose_ns += CHOICES_PER_LOOK * (tl_clock_ns() - begin);
}

/* What the strategy wants.  But a key that breaks a soft prefix opens a page of its own: the others
 * stay encoded as they are, for which their page has kept room. */
static void plan_choose(tl_splitting *split, tl_split_plan *plan)
{
    const tl_split_use *use = &split->writer->split;
    const tl_slice suffix = tl_suffix_of(split->old, split->key);
    if (tl_division_last(&split->whole) < 1)
        return;
    if (tl_suffix_is_outside(split->old, suffix.size_bytes)) {
        split->writer->pager->stats.soft_breaks++;
        plan->at = split->index == 0 ? 1 : tl_split_last(&split->input);
        return;
    }
    if (use->row->siblings != TL_SIBLINGS_NONE)
        tl_split_look_around(split);
    tl_split_choose(split, plan);
}

/* Of the calls of one put, `depth` deep, the first counts. */
static void cascade_end(tl_writer *writer, unsigned depth)
{
    tl_stats *stats = &writer->pager->stats;
    unsigned levels = writer->cascade;
    if (depth != 1)
        return;
    writer->cascade = 0;
    stats->split_cascades_2 += levels == 2;
    stats->split_cascades_3 += levels == 3;
    stats->split_cascades_4 += levels > 3;
}

void tl_page_split(tl_writer *writer, unsigned i, unsigned index, tl_slice key, tl_slice value,
                   tl_ref child)
{
    uint8_t *page = writer->path.at[i].page, *old = writer->pager->scratch[1];
    unsigned count = tl_page_count(page), kind = tl_page_kind_of(page);
    tl_stats *stats = &writer->pager->stats;
    writer->append_leaf = NULL;
    unsigned depth = ++writer->cascade; /* of this call; deeper ones count further */
    if (kind == TL_PAGE_LEAF && index == count && tl_split_append(writer, key, value)) {
        cascade_end(writer, depth);
        return;
    }
    memcpy(old, page, writer->pager->page_bytes);
    tl_splitting split = {
        .writer = writer,
        .i = i,
        .index = index,
        .page = page,
        .old = old,
        .key = key,
        .value = value,
        .child = child,
        .whole = {.writer = writer,
                  .run = {.kind = kind, .page_bytes = writer->pager->page_bytes},
                  .count = count + 1,
                  .lower = tl_page_lower(old),
                  .upper = tl_page_upper(old),
                  .first_child = kind == TL_PAGE_BRANCH ? tl_branch_child(old, 0) : (tl_ref){0, 0}},
        .streak = tl_streak_after(tl_streak_of(old), index),
    };
    tl_streak_judge(stats, tl_streak_of(old), split.streak);
    tl_run_add_page(&split.whole.run, old, 0, index);
    tl_split_add_new(&split, &split.whole.run);
    tl_run_add_page(&split.whole.run, old, index, count);
    if (!reencode(&split)) {
        tl_split_plan plan = {0}, done = {0};
        input_fill(&split);
        plan_choose(&split, &plan);
        tl_split_count_mode(writer, plan.mode);
        plan_execute(&split, &plan, &done);
        if (writer->split.row->observe != NULL)
            writer->split.row->observe(writer->split.self, &plan, &done);
    }
    cascade_end(writer, depth);
}
