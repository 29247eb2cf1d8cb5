/* engine/tree/append.c -- a new last record opens a leaf of its own, and the full one is kept.
 *
 * This is what TL_NEWRIGHT comes to when the fill strategy packs pages full, done without writing
 * the full leaf anew: it gets an upper fence where it lies (page/leaf_close.c).  The new leaf is
 * made for what is likely to come, more of the same: it begins with the prefix that the full one's
 * keys and the new one share, as a soft one, and with as many slots.
 *
 * Everything else, a key that breaks the prefix, a leaf that a longer prefix could make room in, a
 * fence that finds no room, goes the way of all splits.
 */
#include "engine/tree/split.h"

#include "engine/base/regression.h"

enum { SHARING_MIN = 4 }; /* of keys, to believe that the next ones share as much */

/* Cut the beginning that `key` shares with all keys of the full leaf; none of its kind may end with
 * it. */
static tl_slice prefix_for_more(const uint8_t *full, tl_slice key)
{
    if (tl_page_count(full) < SHARING_MIN)
        return tl_slice_of(NULL, 0);
    size_t prefix = tl_page_prefix_len(full);
    size_t shared = prefix + tl_slice_common(tl_leaf_suffix(full, 0), tl_suffix_of(full, key));
    return tl_slice_of(key.data, shared < key.size_bytes ? shared : key.size_bytes - 1);
}

static uint8_t *leaf_open(tl_writer *writer, const uint8_t *full, tl_slice lower, tl_slice prefix,
                          tl_slice key, tl_slice value)
{
    uint32_t pgno, page_bytes = writer->pager->page_bytes;
    uint8_t *page = tl_pager_take(writer->pager, &pgno);
    tl_page_identity identity = tl_identity_like(writer, full, pgno);
    size_t used = TL_PAGE_HEADER_BYTES + TL_CELL_HEADER_BYTES + key.size_bytes + value.size_bytes +
                  lower.size_bytes + 3 * (prefix.size_bytes + 1);
    unsigned cap = tl_page_count(full);
    if (used + (size_t)cap * TL_ENTRY_BYTES > page_bytes)
        cap = 1; /* records of another size */
    tl_builder builder;
    tl_slice none = {NULL, 0};
    tl_build_begin_with(&builder, page, &identity, lower, none, prefix, cap);
    tl_build_record(&builder, key, none, value, writer->pager->edit.value_flags);
    tl_build_end(&builder);
    return page;
}

static void count(const tl_splitting *split, tl_slice separator)
{
    tl_stats *stats = &split->writer->pager->stats;
    stats->leaf_splits++;
    stats->splits_rightmost++;
    stats->splits_newright++;
    stats->split_records_moved++;
    stats->split_bytes_moved +=
        TL_ENTRY_BYTES + TL_CELL_HEADER_BYTES + split->key.size_bytes + split->value.size_bytes;
    stats->separators++;
    stats->separator_bytes += separator.size_bytes;
    stats->sep_bytes_saved += split->key.size_bytes - separator.size_bytes;
    stats->dirtied_split++;
    tl_split_note_event(split, separator);
}

static tl_slice key_of(const tl_split_input *input, unsigned index, void *buffer)
{
    return tl_run_key(input->entries, index, buffer);
}

/* Ask the strategy, which does not look at much here, and tells a mode. */
static bool plan_choose(tl_splitting *split, tl_split_plan *plan)
{
    tl_run_add_page(&split->whole.run, split->page, 0, split->index);
    tl_split_add_new(split, &split->whole.run);
    split->input = (tl_split_input){
        .page_bytes = split->writer->pager->page_bytes,
        .count = split->whole.count,
        .new_index = split->index,
        .leftmost = split->whole.lower.size_bytes == 0,
        .rightmost = true,
        .lower = split->whole.lower,
        .run = tl_streak_run(split->streak),
        .key = key_of,
        .entries = &split->whole.run,
    };
    tl_split_choose(split, plan);
    return plan->kind == TL_NEWRIGHT;
}

/* Is the leaf as full as it can be, to little more than nothing?  It may also be here because it is
 * time to give it a soft prefix. */
static bool is_full(const tl_writer *writer, const uint8_t *leaf, tl_slice suffix)
{
    return !tl_page_soft_is_due(leaf, writer->pager->page_bytes) &&
           !tl_suffix_is_outside(leaf, suffix.size_bytes) &&
           tl_leaf_could_gain(leaf, suffix) < writer->pager->page_bytes / 32;
}

bool tl_split_append(tl_writer *writer, tl_slice key, tl_slice value)
{
    unsigned i = writer->path.depth - 1;
    uint8_t *leaf = writer->path.at[i].page;
    unsigned at = tl_page_count(leaf);
    if (TL_REGRESSION(split_in_the_middle) || !writer->split.row->opens_right ||
        writer->fill.row->leaf_fill != NULL || writer->mode->writes_dense || at == 0 ||
        tl_page_is_dense(leaf) || tl_page_upper(leaf).size_bytes != 0 ||
        !is_full(writer, leaf, tl_suffix_of(leaf, key)))
        return false;
    uint8_t last_bytes[TL_KEY_BYTES_MAX];
    tl_splitting split = {
        .writer = writer,
        .i = i,
        .index = at,
        .page = leaf,
        .key = key,
        .value = value,
        .whole = {.run = {.kind = TL_PAGE_LEAF}, .count = at + 1, .lower = tl_page_lower(leaf)},
        .streak = tl_streak_after(tl_streak_of(leaf), at),
    };
    tl_split_plan plan = {0};
    if (!plan_choose(&split, &plan))
        return false;
    tl_slice last = tl_run_key(&split.whole.run, at - 1, last_bytes);
    tl_slice separator = tl_slice_of(key.data, tl_slice_common(last, key) + 1);
    tl_slice prefix = prefix_for_more(leaf, key);
    uint32_t streak = tl_streak_of(leaf);
    if (!tl_leaf_close(&writer->pager->edit, leaf, separator))
        return false;
    tl_streak_judge(&writer->pager->stats, streak, split.streak);
    tl_split_count_mode(writer, plan.mode);
    uint8_t *right = leaf_open(writer, leaf, separator, prefix, key, value);
    count(&split, separator);
    tl_split_remember(&split, right, 0, &plan);
    tl_parent_enter(writer, i, i == 0 ? 0 : writer->path.at[i - 1].index, separator,
                    tl_page_ref(leaf), tl_page_ref(right));
    writer->append_leaf = right;
    if (writer->split.row->observe != NULL) {
        tl_split_plan done = {.kind = TL_NEWRIGHT, .at = at};
        writer->split.row->observe(writer->split.self, &plan, &done);
    }
    return true;
}
