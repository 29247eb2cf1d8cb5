/* engine/env/trim.c -- the end of a clean close: a file that is not much longer than its content.
 *
 * The last checkpoint sets free what the one before it held: by then that is often as much as all
 * trees together, in holes.  When holes are more than a twentieth of the file, the pages at its end
 * move into them, in one txn that commits by a checkpoint, and the file is cut.  A crash on the way
 * finds one checkpoint or the other, with the same content; a failure leaves a longer file.
 *
 * What is moved is no more than this env has written since it was opened: a large file of which
 * little was changed is closed quickly, and gets shorter over several closes.
 */
#include "engine/env/relocate.h"

enum {
    HOLES_MIN = 48,  /* pages: fewer are left */
    HOLES_SHARE = 20 /* one page of so many may be free */
};

static bool too_many(const tl_space *space, uint32_t holes)
{
    return holes > HOLES_MIN && holes > space->page_count / HOLES_SHARE;
}

/* Live pages from `pgno` on. */
static uint32_t live_from(const tl_space *space, uint32_t live, uint32_t pgno)
{
    return live - tl_bitmap_count(&space->live, pgno);
}

/* Where the file can end: behind as many pages as are live and some to work with, or behind that if
 * no more than `most` pages may move. */
static uint32_t border_choose(const tl_space *space, uint64_t most)
{
    uint32_t live = tl_bitmap_count(&space->live, space->page_count);
    uint32_t low = live + live / 64 + HOLES_MIN / 2, high = space->page_count;
    while (low < high) { /* ends: high - low shrinks every round */
        uint32_t middle = low + (high - low) / 2;
        if (live_from(space, live, middle) <= most)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static tl_status values_lower(void *context)
{
    return tl_leaf_values_move(context);
}

typedef struct trimming {
    tl_env *env;
    uint32_t border;
    bool any_lower; /* values go wherever it is lower: holes too short gather behind them */
    uint64_t most;  /* pages that may still move */
} trimming;

static tl_status trees_lower(trimming *at)
{
    tl_env *env = at->env;
    tl_status status = TL_OK;
    bool end = true;
    for (size_t i = 0; i < env->newest.trees.count && status == TL_OK && end; i++) {
        const tl_root *root = &env->newest.trees.at[i].root;
        tl_relocation values = {.env = env, .border = at->border, .any_lower = at->any_lower};
        tl_lowering to = {.border = at->border,
                          .moved_max = UINT64_MAX,
                          .context = &values,
                          .resident_only = true};
        if ((root->flags & TL_ROOT_EXTENTS) != 0)
            to.leaf = values_lower;
        status = tl_writer_turn(env, root->tree_id);
        if (status == TL_OK)
            status = tl_tree_lower(&env->writer, &to, &end);
        uint64_t moved = to.moved + values.moved;
        at->most -= moved < at->most ? moved : at->most;
    }
    return status;
}

static tl_status move_down(trimming *at)
{
    tl_env *env = at->env;
    tl_txn *txn = NULL;
    tl_status status = tl_txn_begin(env, 0, &txn);
    if (status != TL_OK)
        return status;
    tl_txn_drop_ops(env); /* it commits by a checkpoint, which gives the old pages back */
    tl_space_drain_recycled(&env->pager.space);
    env->pager.space.lowest_first = true;
    status = trees_lower(at);
    if (status == TL_OK)
        return tl_txn_commit(txn);
    tl_txn_abort(txn);
    return status;
}

enum { ROUNDS_MAX = 4 }; /* one, but for large values, which need holes of their length */

/* Is there reason for another round, and may it move as many pages as it could? */
static bool may_move(const trimming *at, unsigned round, uint32_t holes)
{
    const tl_space *space = &at->env->pager.space;
    uint64_t could = round == 0 ? 1 : tl_bitmap_count(&space->live, space->page_count);
    return too_many(space, holes) && at->most >= could;
}

tl_status tl_env_trim(tl_env *env)
{
    tl_space *space = &env->pager.space;
    const tl_stats *stats = &env->pager.stats;
    trimming at = {.env = env};
    at.most = (stats->page_bytes_written + stats->value_bytes_written) >> env->pager.page_shift;
    tl_snapshot_commit_space(env);
    uint32_t tail = tl_pager_free_tail(&env->pager), least = space->page_count / 32 + 16;
    if (!too_many(space, space->free_count))
        return tl_env_shrink(env, least);
    tl_status status = TL_OK;
    bool gains = true;
    for (unsigned round = 0; status == TL_OK && gains && round < ROUNDS_MAX &&
                             may_move(&at, round, space->free_count - tail);
         round++) {
        uint32_t before = space->page_count;
        at.border = border_choose(space, at.most);
        at.any_lower = round != 0;
        status = move_down(&at);
        if (status == TL_OK)
            status = tl_env_shrink(env, 1);
        tail = tl_pager_free_tail(&env->pager);
        gains = before - space->page_count > HOLES_MIN;
    }
    if (status == TL_OK)
        status = tl_env_shrink(env, 1);
    return status == TL_OK ? tl_manifest_leave(env) : status;
}
