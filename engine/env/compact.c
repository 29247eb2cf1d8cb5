/* engine/env/compact.c -- a smaller file: leaves filled, pages moved from its end into its holes.
 *
 * A pass goes over all trees in key order.  Each call does a part of it as a txn of its own: leaves
 * are filled from their right neighbours, and what lies beyond the border (where the file would end
 * without a hole) is copied below it, values too.  The txn commits by a checkpoint, which gives the
 * old pages back; then the file's free end is cut off.  Readers go on undisturbed: what they pin
 * stays where it is, and only delays the cut.
 */
#include "engine/base/mutant.h"
#include "engine/env/relocate.h"

typedef struct step { /* one call */
    tl_env *env;
    tl_compaction *pass;
    uint64_t moved, pages_before;
} step;

/* Where the file would end if nothing but its live pages were in it, with a little to spare: more
 * in the first pass, which packs. */
static uint32_t border_of(const tl_env *env)
{
    const tl_space *space = &env->pager.space;
    uint32_t live = tl_bitmap_count(&space->live, space->page_count);
    return live + live / (env->compaction.passes == 0 ? 64 : 128) + 4;
}

/* Make the path the txn's own when a page of it lies beyond the border; in later passes, which come
 * here for trees with large values, when a lower place is free for its leaf: so holes join. */
static tl_status path_move(step *now)
{
    tl_writer *writer = &now->env->writer;
    tl_space *space = &writer->pager->space;
    bool beyond =
        now->pass->passes != 0 && tl_bitmap_first_zero(&space->busy, space->page_count) <
                                      tl_page_pgno(writer->path.at[writer->path.depth - 1].page);
    for (unsigned i = 0; i < writer->path.depth; i++)
        beyond = beyond || tl_page_pgno(writer->path.at[i].page) >= now->pass->border;
    if (!beyond || tl_pager_owns(writer->pager, writer->path.at[writer->path.depth - 1].page))
        return TL_OK;
    tl_status status = tl_path_own(writer);
    writer->append_leaf = NULL;
    writer->changes++;
    return status;
}

/* Deal with the leaf where the pass stands; *end: it was the tree's last. */
static tl_status leaf_compact(step *now, bool *end)
{
    tl_env *env = now->env;
    tl_writer *writer = &env->writer;
    tl_compaction *pass = now->pass;
    tl_slice key = tl_slice_of(pass->key, pass->key_bytes);
    uint64_t copies = env->pager.stats.cow_copies;
    size_t pages = tl_tree_pages_needed(&writer->root) + tl_tree_pages_reserved(writer);
    tl_status status =
        pass->key_bytes == 0
            ? tl_tree_descend_first(&env->pager, &writer->root, &writer->path)
            : tl_tree_descend(&env->pager, &writer->root, key, &writer->path, &writer->counts);
    bool merged = false;
    tl_packed outcome = TL_PACKED_MERGED;
    while (status == TL_OK && outcome == TL_PACKED_MERGED) { /* ends: a page less every round */
        status = tl_pager_secure(&env->pager, pages);
        if (status == TL_OK)
            status = tl_leaf_pack(writer, &outcome);
        merged = merged || outcome == TL_PACKED_MERGED;
    }
    if (status == TL_OK)
        status = tl_pager_secure(&env->pager, pages);
    if (status != TL_OK)
        return status;
    status = path_move(now);
    if (status != TL_OK)
        return status;
    unsigned parent = writer->path.depth - 2;
    tl_relocation values = {.env = env, .border = pass->border, .any_lower = pass->passes != 0};
    status = tl_leaf_values_move(&values);
    now->moved += values.moved;
    tl_slice upper = tl_page_upper(writer->path.at[writer->path.depth - 1].page);
    pass->key_bytes = upper.size_bytes;
    tl_copy(pass->key, upper.data, upper.size_bytes);
    *end = upper.size_bytes == 0;
    if (status == TL_OK && merged)
        status = tl_pager_secure(&env->pager, pages);
    if (status == TL_OK && merged)
        status = tl_page_rebalance(writer, parent, 0);
    now->moved += env->pager.stats.cow_copies - copies;
    return status;
}

/* A later pass over a tree whose values are all in its leaves, which are full: only what lies
 * beyond the border moves, and all of it finds a place below. */
static tl_status tree_lower(step *now, size_t pages_max, bool *end)
{
    tl_compaction *pass = now->pass;
    tl_lowering to = {
        .border = pass->border, .moved_max = pages_max - now->moved, .key_bytes = pass->key_bytes};
    tl_copy(to.key, pass->key, pass->key_bytes);
    tl_status status = tl_tree_lower(&now->env->writer, &to, end);
    pass->key_bytes = to.key_bytes;
    tl_copy(pass->key, to.key, to.key_bytes);
    now->moved += to.moved;
    return status;
}

/* The first tree at or behind the one where the pass stands; false: there is none. */
static bool tree_next(step *now)
{
    tl_forest *forest = &now->env->running;
    for (size_t i = 0; i < forest->trees.count; i++)
        if (forest->trees.at[i].root.tree_id >= now->pass->tree) {
            if (forest->trees.at[i].root.tree_id != now->pass->tree)
                now->pass->key_bytes = 0;
            now->pass->tree = forest->trees.at[i].root.tree_id;
            return true;
        }
    return false;
}

/* Go on with the pass until enough is moved; *end: it is over. */
static tl_status pass_go_on(step *now, size_t pages_max, bool *end)
{
    tl_env *env = now->env;
    while (now->moved < pages_max) {
        bool tree_ends = false;
        *end = !tree_next(now);
        if (*end)
            return TL_OK;
        tl_status status = tl_writer_turn(env, now->pass->tree);
        bool lower = now->pass->passes != 0 && (env->writer.root.flags & TL_ROOT_EXTENTS) == 0;
        if (status == TL_OK)
            status = lower ? tree_lower(now, pages_max, &tree_ends) : leaf_compact(now, &tree_ends);
        if (status != TL_OK)
            return status;
        if (lower && !tree_ends && now->moved < pages_max) { /* no room: this txn frees some */
            *end = now->moved == 0;
            return TL_OK;
        }
        now->pass->tree += tree_ends;
    }
    return TL_OK;
}

tl_status tl_env_shrink(tl_env *env, uint32_t least)
{
    tl_pager *pager = &env->pager;
    tl_shrink undo;
    tl_checkpoint_wait(env);
    /* What other writers committed goes out first: the smaller file has no room for a catalog. */
    tl_status status = env->newest_txn == env->meta.txn
                           ? TL_OK
                           : tl_checkpoint(env, env->newest_txn, &env->newest);
    if (status != TL_OK)
        return status;
    tl_snapshot_commit_space(env); /* readers may have ended */
    uint32_t tail = tl_pager_free_tail(pager);
    if (tail == 0 || tail < least)
        return TL_OK;
    tl_pager_shrink_begin(pager, &undo);
    if (TL_MUTANT(cut_before_meta) && tl_pager_cut_file(pager) != TL_OK)
        return TL_IO;
    status = tl_checkpoint(env, env->newest_txn, &env->newest);
    if (status != TL_OK) {
        tl_pager_shrink_undo(pager, &undo);
        return status;
    }
    tl_snapshot_commit_space(env);
    return tl_pager_cut_file(pager);
}

enum { STEP_LEAST = 16 }; /* pages a later pass may move at once, however few are free */

/* One txn of the pass.  *end: the pass is over. */
static tl_status step_run(step *now, size_t pages_max, bool *end)
{
    tl_env *env = now->env;
    tl_txn *txn = NULL;
    tl_status status = tl_txn_begin(env, 0, &txn);
    if (status != TL_OK)
        return status;
    tl_space *space = &env->pager.space;
    now->pages_before = space->page_count;
    if (now->pass->border == 0)
        now->pass->border = border_of(env);
    tl_txn_drop_ops(env); /* it commits by a checkpoint, which gives the old pages back */
    tl_space_drain_recycled(space);
    space->lowest_first = true; /* till the next txn begins: for the catalog too */
    if (now->pass->passes != 0) {
        /* What moves leaves a hole for the next step, not for this one. */
        size_t most = tl_space_available(space) / 4;
        most = most < STEP_LEAST ? STEP_LEAST : most;
        pages_max = pages_max < most ? pages_max : most;
    }
    status = pass_go_on(now, pages_max, end);
    if (status == TL_OK)
        return tl_txn_commit(txn);
    tl_txn_abort(txn);
    return status;
}

enum { PASSES_MAX = 8 };

tl_status tl_env_compact(tl_env *env, size_t pages_max, tl_compact_progress *progress)
{
    tl_compaction *pass = &env->compaction;
    step now = {.env = env, .pass = pass};
    bool end = false;
    if (pages_max == 0)
        return TL_INVALID;
    tl_status status = step_run(&now, pages_max, &end);
    if (status != TL_OK)
        return status;
    status = tl_turn_take(env, 0);
    if (status != TL_OK)
        return status;
    pass->moved += now.moved;
    status = atomic_load(&env->poisoned) ? TL_POISONED : tl_env_shrink(env, 1);
    tl_space *space = &env->pager.space;
    bool again = pass->moved != 0 && pass->passes + 1 < PASSES_MAX &&
                 tl_space_available(space) > space->page_count / 64 + 4;
    if (status == TL_OK)
        *progress = (tl_compact_progress){.pages_moved = now.moved,
                                          .pages_before = now.pages_before,
                                          .pages_now = space->page_count,
                                          .done = end && !again};
    if (end) {
        unsigned passes = again ? pass->passes + 1 : 0;
        *pass = (tl_compaction){.passes = passes};
    }
    tl_turn_give(env);
    return status;
}

static tl_status warm_values(tl_env *env, const tl_root *root, const uint8_t *leaf)
{
    tl_status status = TL_OK;
    for (unsigned i = 0; i < tl_page_count(leaf) && status == TL_OK; i++) {
        if (!tl_leaf_has_overflow(leaf, i))
            continue;
        tl_value_ref ref = tl_value_ref_load(tl_leaf_value(leaf, i).data);
        uint32_t left = ref.bytes;
        tl_extent extent;
        status = tl_value_first(&env->pager, ref, &extent);
        while (status == TL_OK) { /* ends: every extent has bytes */
            const uint8_t *head = NULL;
            status = tl_extent_get(&env->pager, &extent, root->tree_id, &head);
            left -= status == TL_OK ? extent.bytes : 0;
            if (status != TL_OK || left == 0)
                break;
            status = tl_value_next(&env->pager, head, left, &extent);
        }
    }
    return status;
}

static tl_status warm_page(tl_env *env, const tl_root *root, tl_ref ref, unsigned level)
{
    const uint8_t *page = NULL;
    tl_status status = tl_pager_get(&env->pager, ref, level, root->tree_id, &page);
    if (status == TL_OK && level == 0 && (root->flags & TL_ROOT_EXTENTS) != 0)
        return warm_values(env, root, page);
    for (unsigned i = 0; level > 0 && status == TL_OK && i <= tl_page_count(page); i++)
        status = warm_page(env, root, tl_branch_child(page, i), level - 1);
    return status;
}

tl_status tl_env_warm(tl_env *env)
{
    tl_txn *txn = NULL;
    tl_status status = tl_txn_begin(env, TL_TXN_READ_ONLY, &txn);
    if (status != TL_OK)
        return status;
    for (size_t i = 0; i < txn->trees->trees.count && status == TL_OK; i++) {
        const tl_root *root = &txn->trees->trees.at[i].root;
        status = warm_page(env, root, root->ref, root->depth - 1);
    }
    tl_txn_abort(txn);
    return status;
}
