/* engine/tree/split.c -- the executor of splits: any legal mix of sizes succeeds.
 *
 * The strategy proposes where to cut; the executor checks that both pages hold their entries
 * together with their new fences, which a cut makes longer, and takes the feasible place nearest to
 * the proposal.  When the new entry fits nowhere, the old ones are split without it, which always
 * works, and it goes into its half.  The limits on keys and records (page.h) make this end.
 */
#include "engine/tree/strategies/rows.h"
#include "engine/tree/tree.h"

#include <assert.h>

typedef struct cut { /* a feasible way to divide a run */
    unsigned at;     /* leaf: first entry of the right page.  Branch: the separator that moves up */
    tl_slice separator;
    uint8_t separator_bytes[TL_KEY_BYTES_MAX];
} cut;

typedef struct division { /* a run to divide, and the fences around it */
    tl_writer *writer;
    tl_run run;
    unsigned count;
    tl_slice lower, upper;
} division;

/* The shortest key above everything left of entry `at` and not above it: in a leaf a beginning of
 * the key there, in a branch the separator itself. */
static void separator_find(const division *whole, unsigned at, cut *out)
{
    uint8_t left_bytes[TL_KEY_BYTES_MAX];
    tl_slice right = tl_run_key(&whole->run, at, out->separator_bytes);
    size_t size = right.size_bytes;
    if (whole->run.kind == TL_PAGE_LEAF) {
        tl_slice left = tl_run_key(&whole->run, at - 1, left_bytes);
        size = tl_slice_common(left, right) + 1;
    }
    tl_copy(out->separator_bytes, right.data, right.data == out->separator_bytes ? 0 : size);
    out->separator = tl_slice_of(out->separator_bytes, size);
    out->at = at;
}

/* Do both pages hold what a cut at `at` gives them?  Then *out is filled. */
static bool cut_feasible(const division *whole, unsigned at, cut *out)
{
    size_t page_bytes = whole->writer->pager->page_bytes;
    unsigned right_first = whole->run.kind == TL_PAGE_LEAF ? at : at + 1;
    separator_find(whole, at, out);
    return tl_run_page_bytes(&whole->run, 0, at, whole->lower, out->separator) <= page_bytes &&
           tl_run_page_bytes(&whole->run, right_first, whole->count, out->separator,
                             whole->upper) <= page_bytes;
}

/* The feasible cut nearest to `wanted`.  False: there is none. */
static bool cut_near(const division *whole, unsigned wanted, cut *out)
{
    unsigned last = whole->run.kind == TL_PAGE_LEAF ? whole->count - 1 : whole->count - 2;
    for (unsigned away = 0; away <= last; away++) {
        if (wanted > away && wanted - away <= last && cut_feasible(whole, wanted - away, out))
            return true;
        if (away != 0 && wanted + away <= last && cut_feasible(whole, wanted + away, out))
            return true;
    }
    return false;
}

static bool cut_choose(const division *whole, const tl_split *strategy, unsigned new_index,
                       cut *out)
{
    tl_writer *writer = whole->writer;
    if (whole->count < (whole->run.kind == TL_PAGE_LEAF ? 2u : 3u))
        return false;
    tl_run_weigh(&whole->run, writer->pager->weights);
    tl_split_input input = {
        .leaf = whole->run.kind == TL_PAGE_LEAF,
        .count = whole->count,
        .new_index = new_index,
        .rightmost = whole->upper.size_bytes == 0,
        .weights = writer->pager->weights,
    };
    unsigned wanted = strategy->choose(&input);
    if (cut_feasible(whole, wanted, out))
        return true;
    writer->pager->stats.split_fallbacks++;
    unsigned half = tl_split_half(&input);
    return (wanted != half && input.rightmost && cut_near(whole, wanted, out)) ||
           cut_near(whole, half, out);
}

static void count_split(tl_writer *writer, const division *whole, const cut *where)
{
    tl_stats *stats = &writer->pager->stats;
    stats->splits++;
    if (whole->run.kind == TL_PAGE_BRANCH) {
        stats->branch_splits++;
        return;
    }
    stats->leaf_splits++;
    stats->splits_rightmost += whole->upper.size_bytes == 0 && where->at == whole->count - 1;
    uint8_t key[TL_KEY_BYTES_MAX];
    stats->sep_bytes_saved +=
        tl_run_key(&whole->run, where->at, key).size_bytes - where->separator.size_bytes;
}

/* Write both pages; `page` becomes the left one.  Returns the right one. */
static tl_ref cut_execute(tl_writer *writer, const division *whole, const cut *where, uint8_t *page,
                          tl_ref first_child)
{
    uint32_t pgno;
    uint8_t *right = tl_pager_take(writer->pager, &pgno);
    bool leaf = whole->run.kind == TL_PAGE_LEAF;
    tl_ref right_first_child = leaf ? (tl_ref){0, 0} : tl_run_child(&whole->run, where->at);
    tl_page_identity identity = tl_identity_like(writer, page, pgno);
    tl_run_build(&whole->run, leaf ? where->at : where->at + 1, whole->count, right, &identity,
                 where->separator, whole->upper, right_first_child);
    identity.pgno = tl_page_pgno(page);
    tl_run_build(&whole->run, 0, where->at, page, &identity, whole->lower, where->separator,
                 first_child);
    count_split(writer, whole, where);
    return tl_page_ref(right);
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
}

void tl_parent_enter(tl_writer *writer, unsigned i, tl_slice separator, tl_ref left, tl_ref right)
{
    if (i == 0) {
        root_grow(writer, separator, left, right);
        return;
    }
    uint8_t *parent = writer->path.at[i - 1].page;
    unsigned index = writer->path.at[i - 1].index;
    if (tl_page_soft_is_due(parent, writer->pager->page_bytes) ||
        !tl_branch_insert(&writer->pager->edit, parent, index, tl_suffix_of(parent, separator),
                          right))
        tl_page_split(writer, i - 1, index, separator, tl_slice_of(NULL, 0), right);
}

/* Split the old entries alone, then put the new one into its half: it was too large to be placed
 * together with them. */
static void split_then_enter(tl_writer *writer, unsigned i, division *old, unsigned index,
                             tl_slice key, tl_slice value, tl_ref child, tl_ref first_child)
{
    cut where;
    uint8_t *page = writer->path.at[i].page;
    bool leaf = old->run.kind == TL_PAGE_LEAF,
         found = cut_choose(old, &tl_split_half_bytes, 0, &where);
    assert(found); /* one page held them all: two do */
    if (!found)
        return;
    tl_ref right_ref = cut_execute(writer, old, &where, page, first_child);
    uint8_t *right = tl_pager_at(writer->pager, right_ref.pgno);
    bool in_right = tl_slice_compare(key, where.separator) >= 0;
    unsigned moved = leaf ? where.at : where.at + 1;
    uint8_t *target = in_right ? right : page;
    unsigned at = in_right ? index - moved : index;
    const tl_edit *edit = &writer->pager->edit;
    bool entered = leaf ? writer->mode->insert(edit, target, at, tl_suffix_of(target, key), value)
                        : tl_branch_insert(edit, target, at, tl_suffix_of(target, key), child);
    edit->stats->alloc_failures += !entered;
    assert(entered); /* half a page is more than any entry */
    tl_parent_enter(writer, i, where.separator, tl_page_ref(page), right_ref);
}

/* A page at the edge of the tree may hold one more entry when it is written anew with a soft prefix
 * from its keys, or with a shorter one when the new key breaks the one it has.  When it is only
 * time for a soft prefix (tl_page_soft_is_due), there is room in any case. */
static bool reencode(tl_writer *writer, const division *whole, uint8_t *page, unsigned index,
                     tl_ref first_child)
{
    const uint8_t *old = writer->pager->scratch[1];
    bool may_be_soft =
        whole->lower.size_bytes == 0 || whole->upper.size_bytes == 0 || tl_page_is_soft(old);
    if (!may_be_soft || tl_run_page_bytes(&whole->run, 0, whole->count, whole->lower,
                                          whole->upper) > writer->pager->page_bytes)
        return false;
    tl_page_identity identity = tl_identity_like(writer, old, tl_page_pgno(old));
    tl_run_build(&whole->run, 0, whole->count, page, &identity, whole->lower, whole->upper,
                 first_child);
    tl_page_set_last_ins(page, tl_page_last_ins(old));
    tl_page_set_run(page, tl_page_run(old));
    if (whole->run.kind == TL_PAGE_LEAF && whole->upper.size_bytes == 0 &&
        index == whole->count - 1)
        writer->append_leaf = page;
    writer->pager->stats.soft_reencodes++;
    return true;
}

static unsigned first_alone(const tl_split_input *input)
{
    (void)input;
    return 1;
}

static unsigned last_alone(const tl_split_input *input)
{
    return input->leaf ? input->count - 1 : input->count - 2;
}

/* A key that breaks a soft prefix opens a page of its own: the others stay encoded as they are, for
 * which their page has kept room. */
static const tl_split *strategy_for(const tl_writer *writer, const uint8_t *old, unsigned index,
                                    tl_slice key)
{
    static const tl_split first = {.name = "first_alone", .choose = first_alone};
    static const tl_split last = {.name = "last_alone", .choose = last_alone};
    if (!tl_suffix_is_outside(old, tl_suffix_of(old, key).size_bytes))
        return writer->split;
    writer->pager->stats.soft_breaks++;
    return index == 0 ? &first : &last;
}

void tl_page_split(tl_writer *writer, unsigned i, unsigned index, tl_slice key, tl_slice value,
                   tl_ref child)
{
    uint8_t *page = writer->path.at[i].page, *old = writer->pager->scratch[1];
    unsigned count = tl_page_count(page), kind = tl_page_kind_of(page);
    memcpy(old, page, writer->pager->page_bytes);
    writer->append_leaf = NULL;
    division whole = {.writer = writer,
                      .run = {.kind = kind},
                      .count = count + 1,
                      .lower = tl_page_lower(old),
                      .upper = tl_page_upper(old)};
    tl_ref first_child = kind == TL_PAGE_BRANCH ? tl_branch_child(old, 0) : (tl_ref){0, 0};
    tl_run_add_page(&whole.run, old, 0, index);
    if (kind == TL_PAGE_LEAF)
        tl_run_add_record(&whole.run, key, value, writer->pager->edit.value_flags);
    else
        tl_run_add_entry(&whole.run, key, child);
    tl_run_add_page(&whole.run, old, index, count);
    if (reencode(writer, &whole, page, index, first_child))
        return;
    cut where;
    if (cut_choose(&whole, strategy_for(writer, old, index, key), index, &where)) {
        tl_ref right = cut_execute(writer, &whole, &where, page, first_child);
        tl_parent_enter(writer, i, where.separator, tl_page_ref(page), right);
        return;
    }
    division alone = whole;
    alone.run = (tl_run){.kind = kind};
    alone.count = count;
    tl_run_add_page(&alone.run, old, 0, count);
    split_then_enter(writer, i, &alone, index, key, value, child, first_child);
}
