/* engine/env/trees.c -- which tree an operation means: opening, making, dropping and listing them.
 *
 * The writer works on one tree at a time.  An operation on another one makes it turn: the root it
 * leaves goes back into the txn's table, the root it comes to is taken out of it.
 */
#include "engine/env/edit.h"
#include "engine/env/env.h"

void tl_writer_leave(tl_env *env)
{
    tl_forest_find(&env->running, env->writer.root.tree_id)->root = env->writer.root;
}

tl_status tl_writer_turn_slow(tl_env *env, tl_tree tree)
{
    tl_tree_entry *entry = tl_forest_find(&env->running, tree);
    if (entry == NULL)
        return TL_NOT_FOUND;
    tl_writer_leave(env);
    env->writer.root = entry->root;
    tl_writer_forget(&env->writer);
    if (tree != TL_TREE_MAIN) /* the version stands for all entries but the main tree's */
        env->running.version = ++env->forest_versions;
    return TL_OK;
}

const tl_root *tl_txn_root_slow(tl_txn *txn, tl_tree tree)
{
    const tl_tree_entry *entry = tl_forest_find(txn->trees, tree);
    if (entry == NULL)
        return NULL;
    if (txn->read_only)
        txn->root = &entry->root; /* the next call probably means it too */
    return &entry->root;
}

/* ---- the steps, as calls and replay make them ---- */

tl_status tl_env_tree_create(tl_env *env, tl_slice name, tl_tree tree)
{
    tl_pager *pager = &env->pager;
    tl_forest *forest = &env->running;
    tl_name *kept = NULL;
    uint32_t pgno;
    tl_status status = tl_pager_secure(pager, 1 + tl_tree_pages_reserved(&env->writer));
    if (status == TL_OK)
        status = tl_vector_reserve(&forest->trees, pager->memory, 1);
    if (status == TL_OK)
        status = tl_names_make(&env->names, pager->memory, name, &kept);
    if (status != TL_OK)
        return status;
    uint8_t *page = tl_pager_take(pager, &pgno);
    tl_tree_plant(page, pager->page_bytes, pgno, pager->txn, tree);
    tl_root root = {.ref = tl_page_ref(page), .tree_id = tree, .depth = 1};
    tl_forest_add(forest, &root, kept);
    forest->version = ++env->forest_versions;
    env->writer.pages_kept = tl_catalog_pages_kept(env, forest);
    env->writer.changes++;
    pager->stats.trees_created++;
    return TL_OK;
}

tl_status tl_env_tree_drop(tl_env *env, tl_tree tree)
{
    tl_pager *pager = &env->pager;
    tl_tree_entry *entry = tl_forest_find(&env->running, tree);
    if (entry == NULL)
        return TL_NOT_FOUND;
    tl_status status = tl_names_secure(&env->names, pager->memory);
    if (status == TL_OK && env->writer.root.tree_id == tree)
        status = tl_writer_turn(env, TL_TREE_MAIN);
    if (status == TL_OK)
        status = tl_tree_free(pager, &entry->root);
    if (status != TL_OK)
        return status;
    tl_names_bury(&env->names, entry->name, pager->txn);
    tl_forest_remove(&env->running, entry);
    env->running.version = ++env->forest_versions;
    env->writer.pages_kept = tl_catalog_pages_kept(env, &env->running);
    env->writer.changes++;
    pager->stats.trees_dropped++;
    return TL_OK;
}

/* ---- the calls ---- */

/* A name is a key of the catalog. */
static bool name_fits(const tl_env *env, tl_slice name)
{
    return name.size_bytes != 0 && name.size_bytes <= env->pager.max_key_bytes;
}

tl_status tl_tree_open(tl_txn *txn, tl_slice name, unsigned flags, tl_tree *out)
{
    tl_env *env = txn->env;
    if ((flags & ~(unsigned)TL_TREE_CREATE) != 0)
        return TL_INVALID;
    if (!name_fits(env, name))
        return TL_KEY_SIZE;
    const tl_tree_entry *entry = tl_forest_find_name(txn->trees, name);
    if (entry != NULL) {
        *out = entry->root.tree_id;
        return TL_OK;
    }
    if ((flags & TL_TREE_CREATE) == 0)
        return TL_NOT_FOUND;
    tl_status status = tl_txn_check_writable(txn);
    if (status != TL_OK)
        return status;
    tl_tree tree = env->running.id_next;
    if (tree == UINT32_MAX)
        return tl_pager_fail(&env->pager, TL_NO_SPACE, 0, "all tree ids have been used");
    name = tl_out_of_pages(env, name, env->pager.scratch[3]);
    status = tl_txn_settle(txn, tl_env_tree_create(env, name, tree));
    if (status != TL_OK)
        return status;
    tl_ops_record(env, TL_OP_CODE_TREE_CREATE, tree, name, tl_slice_of(NULL, 0));
    *out = tree;
    return TL_OK;
}

tl_status tl_tree_drop(tl_txn *txn, tl_tree tree)
{
    tl_slice none = {NULL, 0};
    tl_status status = tl_txn_check_writable(txn);
    if (status != TL_OK)
        return status;
    if (tree == TL_TREE_MAIN)
        return TL_INVALID;
    status = tl_txn_settle(txn, tl_env_tree_drop(txn->env, tree));
    if (status == TL_OK)
        tl_ops_record(txn->env, TL_OP_CODE_TREE_DROP, tree, none, none);
    return status;
}

tl_status tl_tree_list(tl_txn *txn,
                       bool (*visit)(void *context, tl_slice name, tl_tree tree, uint64_t count),
                       void *context)
{
    for (size_t i = 0; i < txn->trees->trees.count; i++) {
        const tl_tree_entry *entry = &txn->trees->trees.at[i];
        const tl_root *root = tl_txn_root(txn, entry->root.tree_id);
        if (!visit(context, tl_name_slice(entry->name), root->tree_id, root->count))
            break;
    }
    return TL_OK;
}
