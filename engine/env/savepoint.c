/* engine/env/savepoint.c -- ways back inside a write txn.
 *
 * A savepoint is a copy of the table of roots and a few marks: in the lists of pages taken and
 * given up (store/space.h), in the recorded operations, in the lists of names.  Beginning one costs
 * no page.  It ends the right to edit in place, as a commit does: pages made before it are copied
 * when they are touched again, until it ends.
 *
 * Savepoints are a stack.  Ending one ends all later ones.
 */
#include "engine/env/edit.h"
#include "engine/env/env.h"

/* The mark of the savepoint below, when this one has ended. */
static tl_space_mark mark_below(const tl_env *env, const tl_save_state *save)
{
    return save == env->saves.at ? (tl_space_mark){.clock = 0} : (save - 1)->space;
}

/* This savepoint and all later ones are off the stack. */
static void stack_cut(tl_env *env, const tl_save_state *save)
{
    env->saves.count = (size_t)(save - env->saves.at);
    tl_pager_set_owner(&env->pager);
}

static void save_release(tl_env *env, const tl_save_state *save)
{
    tl_space_mark below = mark_below(env, save);
    tl_space_release(&env->pager.space, &save->space, &below, env->pager.txn);
    stack_cut(env, save);
}

void tl_saves_end(tl_env *env)
{
    if (env->saves.count != 0)
        save_release(env, &env->saves.at[0]);
    env->save_id = 0;
}

void tl_saves_close(tl_env *env)
{
    tl_memory *memory = env->pager.memory;
    for (size_t i = 0; i < env->saves_made; i++)
        tl_forest_release(&env->saves.at[i].trees, memory);
    tl_vector_release(&env->saves, memory);
}

/* A place on top of the stack, with room for the table.  Tables of ended savepoints keep theirs. */
static tl_status save_secure(tl_env *env)
{
    tl_memory *memory = env->pager.memory;
    if (tl_vector_reserve(&env->saves, memory, 1) != TL_OK)
        return TL_NO_MEMORY;
    tl_save_state *save = &env->saves.at[env->saves.count];
    if (env->saves.count == env->saves_made) {
        *save = (tl_save_state){.id = 0};
        env->saves_made++;
    }
    return tl_forest_reserve(&save->trees, memory, &env->running);
}

tl_status tl_savepoint(tl_txn *txn, tl_save *out)
{
    tl_env *env = txn->env;
    tl_status status = tl_txn_check_writable(txn);
    if (status == TL_OK)
        status = save_secure(env);
    if (status != TL_OK)
        return status;
    tl_save_state *save = &env->saves.at[env->saves.count];
    status = tl_space_save(&env->pager.space, &save->space);
    if (status != TL_OK)
        return status;
    tl_writer_leave(env);
    tl_forest_copy_whole(&save->trees, &env->running);
    save->id = ++env->save_id;
    save->tree = env->writer.root.tree_id;
    save->changes = env->writer.changes;
    save->ops_bytes = env->ops.size_bytes;
    save->full_frames = env->ops.full_frames;
    save->names = tl_names_mark_now(&env->names);
    save->direct = tl_direct_mark_now(&env->pager);
    env->saves.count++;
    tl_writer_forget(&env->writer);
    tl_pager_set_owner(&env->pager);
    env->pager.stats.savepoints++;
    *out = save->id;
    return TL_OK;
}

/* The open savepoint of that id; NULL: it has ended, or there was none.  Ids ascend. */
static tl_save_state *save_find(tl_env *env, tl_save id)
{
    size_t low = 0, high = env->saves.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (env->saves.at[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < env->saves.count && env->saves.at[low].id == id ? &env->saves.at[low] : NULL;
}

/* The savepoint that a call is to end.  The pages of a value that is being written are the txn's
 * already, though no record names them: that comes to its end first. */
static tl_status save_end_begin(tl_txn *txn, tl_save id, tl_save_state **save)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (txn->env->value_writer != NULL)
        return TL_BUSY;
    *save = save_find(txn->env, id);
    return *save != NULL ? TL_OK : TL_INVALID;
}

static void roots_rollback(tl_env *env, const tl_save_state *save)
{
    uint32_t id_next = env->running.id_next; /* ids that were given are not given again */
    tl_forest_copy_whole(&env->running, &save->trees);
    env->running.id_next = id_next;
    env->writer.root = tl_forest_find(&env->running, save->tree)->root;
    env->writer.edits_before += env->writer.changes - save->changes;
    env->writer.changes = save->changes;
    env->writer.pages_kept = tl_catalog_pages_kept(env, &env->running);
    tl_writer_forget(&env->writer);
}

/* Operations that were dropped stay dropped: the txn commits by a checkpoint. */
static void ops_rollback(tl_env *env, const tl_save_state *save)
{
    if (env->ops_dropped)
        return;
    env->ops.size_bytes = save->ops_bytes;
    env->ops.full_frames = save->full_frames;
}

tl_status tl_rollback_to(tl_txn *txn, tl_save id)
{
    tl_env *env = txn->env;
    tl_save_state *save = NULL;
    tl_status status = save_end_begin(txn, id, &save);
    if (status != TL_OK)
        return status;
    tl_space_mark below = mark_below(env, save);
    tl_space_rollback(&env->pager.space, &save->space, &below);
    roots_rollback(env, save);
    ops_rollback(env, save);
    tl_names_rollback(&env->names, env->pager.memory, save->names);
    tl_direct_rollback(&env->pager, save->direct);
    tl_cursors_end(txn);
    txn->doomed = TL_OK; /* whatever went wrong went wrong since */
    stack_cut(env, save);
    env->pager.stats.rollbacks++;
    return TL_OK;
}

tl_status tl_savepoint_release(tl_txn *txn, tl_save id)
{
    tl_env *env = txn->env;
    tl_save_state *save = NULL;
    tl_status status = save_end_begin(txn, id, &save);
    if (status != TL_OK)
        return status;
    save_release(env, save);
    return TL_OK;
}
