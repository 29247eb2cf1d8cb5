/* engine/tree/many.c -- looking up many keys at a time, so that their cache misses overlap.
 *
 * One lookup is a chain of misses: header, heads and slots of a leaf, then the record they lead to.
 * The chains of different keys do not depend on each other, so a group of keys goes down side by
 * side: each step is done for every key of the group, and ends by asking for the lines that the
 * key's next step reads.  By the time the last key has taken a step, the first one's lines have
 * arrived.
 *
 * A processor keeps some ten to sixteen lines on their way at once; what is asked for beyond that
 * waits, and what is asked for and not used makes others wait.
 */
#include "engine/tree/tree.h"

enum { GROUP_KEYS = 16 };

typedef struct probe { /* one key on its way down */
    tl_ref ref;        /* of the page to look at next */
    const uint8_t *leaf;
    tl_slice suffix;
    unsigned low, high; /* the leaf's entries with the key's head; none: low == high */
} probe;

typedef struct group { /* keys that go down side by side */
    unsigned count;
    tl_slice *values;
    probe probes[GROUP_KEYS];
} group;

/* The page that `probe` names, and the key behind its prefix. */
static inline tl_status probe_enter(tl_pager *pager, const tl_root *root, unsigned level,
                                    tl_slice key, probe *at)
{
    tl_status status = tl_pager_get(pager, at->ref, level, root->tree_id, &at->leaf);
    if (status != TL_OK)
        return status;
    return tl_suffix_take(at->leaf, key, &at->suffix) ? TL_OK : tl_page_misplaced(pager, at->leaf);
}

/* From a branch at `level` to the child that holds the key. */
static tl_status probes_descend(tl_pager *pager, const tl_root *root, unsigned level,
                                const tl_slice *keys, unsigned count, probe *probes,
                                tl_search_counts *counts)
{
    for (unsigned i = 0; i < count; i++) {
        probe *at = &probes[i];
        tl_status status = probe_enter(pager, root, level, keys[i], at);
        if (status != TL_OK)
            return status;
        at->ref = tl_branch_child(at->leaf, tl_branch_find(at->leaf, at->suffix, counts));
        tl_page_prefetch(pager, at->ref.pgno,
                         level == 1 ? tl_leaf_index_bytes(pager) : TL_BRANCH_INDEX_BYTES);
    }
    return TL_OK;
}

/* From the leaf to the few records that can be the key's. */
static tl_status probes_find_heads(tl_pager *pager, const tl_root *root, const tl_slice *keys,
                                   unsigned count, probe *probes, tl_search_counts *counts)
{
    for (unsigned i = 0; i < count; i++) {
        probe *at = &probes[i];
        tl_status status = probe_enter(pager, root, 0, keys[i], at);
        if (status != TL_OK)
            return status;
        if (tl_leaf_find_heads(at->leaf, at->suffix, &at->low, &at->high, counts))
            tl_record_prefetch(pager, at->leaf, at->low + (at->high - at->low) / 2);
        else
            at->high = at->low;
    }
    return TL_OK;
}

static size_t probes_finish(unsigned count, const probe *probes, tl_slice *values,
                            tl_search_counts *counts)
{
    size_t found = 0;
    for (unsigned i = 0; i < count; i++) {
        const probe *at = &probes[i];
        bool equal;
        unsigned index =
            tl_leaf_find_between(at->leaf, at->low, at->high, at->suffix, &equal, counts);
        values[i] = equal ? tl_leaf_value_or_ref(at->leaf, index) : tl_slice_of(NULL, 0);
        found += equal;
    }
    return found;
}

/* Take a group down to its leaves, and ask for these. */
static tl_status group_descend(tl_pager *pager, const tl_root *root, const tl_slice *keys,
                               group *now, tl_search_counts *counts)
{
    counts->descents += now->count;
    counts->levels += (uint64_t)now->count * root->depth;
    for (unsigned i = 0; i < now->count; i++)
        now->probes[i].ref = root->ref;
    tl_status status = TL_OK;
    for (unsigned level = root->depth - 1; level > 0 && status == TL_OK; level--)
        status = probes_descend(pager, root, level, keys, now->count, now->probes, counts);
    return status;
}

tl_status tl_tree_get_many(tl_pager *pager, const tl_root *root, const tl_slice *keys, size_t count,
                           tl_slice *values, size_t *found, tl_search_counts *counts)
{
    group groups[2] = {{.count = 0}, {.count = 0}};
    group *now = &groups[0], *before = &groups[1];
    size_t total = 0;
    for (size_t i = 0; i < count; i += GROUP_KEYS) {
        now->count = count - i < GROUP_KEYS ? (unsigned)(count - i) : GROUP_KEYS;
        now->values = values + i;
        tl_status status = group_descend(pager, root, keys + i, now, counts);
        if (status != TL_OK)
            return status;
        total += probes_finish(before->count, before->probes, before->values, counts);
        status = probes_find_heads(pager, root, keys + i, now->count, now->probes, counts);
        if (status != TL_OK)
            return status;
        group *swap = now;
        now = before;
        before = swap;
    }
    *found = total + probes_finish(before->count, before->probes, before->values, counts);
    return TL_OK;
}
