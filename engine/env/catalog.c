/* engine/env/catalog.c -- the catalog: tree 0, which tells the names, ids and roots of all others.
 *
 * It is an ordinary tree, but no txn writes it.  A checkpoint compares the table it makes durable
 * with the one that the file's catalog says, and puts and deletes what differs, copying pages as
 * any txn does.  The pages it takes and gives up are kept apart from those of a running txn
 * (tl_space_side_begin): they are settled when the checkpoint is durable or has failed.
 */
#include "engine/env/env.h"

#include <string.h>

static const char name_of_main[] = "main"; /* of TL_TREE_MAIN */

enum { /* value of a catalog record */
       CATALOG_AT_TREE_ID = 0,
       CATALOG_AT_ROOT = 4, /* pgno, tag */
       CATALOG_AT_DEPTH = 12,
       CATALOG_AT_FLAGS = 14,
       CATALOG_AT_COUNT = 16,
};

tl_slice tl_catalog_record(const tl_root *root, uint8_t value[TL_CATALOG_VALUE_BYTES])
{
    memset(value, 0, TL_CATALOG_VALUE_BYTES);
    tl_store32(value + CATALOG_AT_TREE_ID, root->tree_id);
    tl_store32(value + CATALOG_AT_ROOT, root->ref.pgno);
    tl_store32(value + CATALOG_AT_ROOT + 4, root->ref.tag);
    tl_store16(value + CATALOG_AT_DEPTH, root->depth);
    tl_store16(value + CATALOG_AT_FLAGS, root->flags);
    tl_store64(value + CATALOG_AT_COUNT, root->count);
    return tl_slice_of(value, TL_CATALOG_VALUE_BYTES);
}

static bool record_decode(tl_slice value, tl_root *root)
{
    const uint8_t *at = value.data;
    if (value.size_bytes != TL_CATALOG_VALUE_BYTES)
        return false;
    *root = (tl_root){
        .ref = {tl_load32(at + CATALOG_AT_ROOT), tl_load32(at + CATALOG_AT_ROOT + 4)},
        .tree_id = tl_load32(at + CATALOG_AT_TREE_ID),
        .depth = tl_load16(at + CATALOG_AT_DEPTH),
        .flags = tl_load16(at + CATALOG_AT_FLAGS),
        .count = tl_load64(at + CATALOG_AT_COUNT),
    };
    return root->depth >= 1 && root->depth <= TL_TREE_DEPTH_MAX && root->tree_id >= TL_TREE_FIRST &&
           root->flags <= TL_ROOT_EXTENTS;
}

void tl_catalog_plant(uint8_t *page, uint32_t page_bytes, uint32_t pgno, uint64_t birth,
                      const tl_root *root)
{
    uint8_t value[TL_CATALOG_VALUE_BYTES];
    tl_page_identity identity = {.page_bytes = page_bytes,
                                 .pgno = pgno,
                                 .tree_id = TL_TREE_CATALOG,
                                 .birth = birth,
                                 .kind = TL_PAGE_LEAF,
                                 .level = 0};
    tl_builder builder;
    tl_slice none = {NULL, 0};
    tl_build_begin(&builder, page, &identity, none, none, 1);
    tl_build_record(&builder, tl_slice_of(name_of_main, sizeof name_of_main - 1), none,
                    tl_catalog_record(root, value), 0);
    tl_build_end(&builder);
}

tl_root tl_catalog_root(const tl_env *env)
{
    return (tl_root){.ref = env->meta.catalog,
                     .tree_id = TL_TREE_CATALOG,
                     .depth = env->meta.catalog_depth,
                     .count = env->written.trees.count};
}

size_t tl_catalog_pages_kept(const tl_env *env, const tl_forest *forest)
{
    size_t usable = env->pager.page_bytes - TL_PAGE_HEADER_BYTES;
    size_t bytes =
        forest->trees.count * (TL_ENTRY_BYTES + TL_CELL_HEADER_BYTES + TL_CATALOG_VALUE_BYTES) +
        forest->name_bytes;
    if (env->meta.catalog_depth == 1 && bytes <= usable)
        return 1; /* one leaf, copied */
    return 4 * (bytes / usable + 1) + 4 * env->meta.catalog_depth + 4;
}

/* ---- reading ---- */

static tl_status damaged(tl_env *env, const char *what)
{
    return tl_pager_fail(&env->pager, TL_CORRUPT, env->meta.catalog.pgno, "the catalog %s", what);
}

/* Bring the entries, which came in the order of their names, into that of their ids. */
static void sort_by_id(tl_forest *forest)
{
    tl_tree_entry *at = forest->trees.at;
    for (size_t gap = forest->trees.count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (size_t i = gap; i < forest->trees.count; i++) {
            tl_tree_entry moving = at[i];
            size_t j = i;
            for (; j >= gap && at[j - gap].root.tree_id > moving.root.tree_id; j -= gap)
                at[j] = at[j - gap];
            at[j] = moving;
        }
}

static tl_status entry_load(tl_env *env, tl_forest *forest, tl_slice key, tl_slice value)
{
    tl_memory *memory = env->pager.memory;
    tl_tree_entry entry = {.name = NULL};
    if (!record_decode(value, &entry.root) || entry.root.tree_id >= env->meta.tree_id_next)
        return damaged(env, "describes an impossible tree");
    tl_status status = tl_vector_reserve(&forest->trees, memory, 1);
    if (status == TL_OK)
        status = tl_names_make(&env->names, memory, key, &entry.name);
    if (status != TL_OK)
        return status;
    entry.name_hash = entry.name->hash;
    tl_vector_push(&forest->trees, entry);
    forest->name_bytes += key.size_bytes;
    return TL_OK;
}

static tl_status forest_check(tl_env *env, const tl_forest *forest)
{
    const tl_tree_entry *first = forest->trees.at;
    bool has_main = forest->trees.count != 0 && first->root.tree_id == TL_TREE_MAIN &&
                    tl_slice_compare(tl_name_slice(first->name),
                                     tl_slice_of(name_of_main, sizeof name_of_main - 1)) == 0;
    if (!has_main)
        return damaged(env, "has no entry for the main tree");
    for (size_t i = 1; i < forest->trees.count; i++)
        if (first[i].root.tree_id == first[i - 1].root.tree_id)
            return damaged(env, "gives one id to two trees");
    return TL_OK;
}

tl_status tl_catalog_load(tl_env *env, tl_forest *forest)
{
    tl_root root = tl_catalog_root(env);
    tl_search_counts counts = {0};
    tl_walk walk = {.pager = &env->pager, .root = &root, .counts = &counts};
    tl_slice key, value;
    tl_status status = tl_walk_first(&walk);
    while (status == TL_OK) {
        tl_walk_record(&walk, &key, &value);
        status = entry_load(env, forest, key, value);
        if (status == TL_OK)
            status = tl_walk_next(&walk);
    }
    if (status == TL_NOT_FOUND) {
        sort_by_id(forest);
        forest->id_next = env->meta.tree_id_next;
        status = forest_check(env, forest);
    }
    if (status == TL_OK)
        status = tl_forest_reserve(&env->written, env->pager.memory, forest);
    if (status != TL_OK) {
        forest->trees.count = 0; /* the names are still those of nobody */
        return status;
    }
    tl_names_commit(&env->names);
    tl_forest_copy(&env->written, forest);
    return TL_OK;
}

/* ---- writing ---- */

typedef struct editor {
    tl_env *env;
    tl_writer writer; /* of tree 0 */
} editor;

static bool same_root(const tl_root *a, const tl_root *b)
{
    return a->ref.pgno == b->ref.pgno && a->ref.tag == b->ref.tag && a->depth == b->depth &&
           a->count == b->count && a->flags == b->flags;
}

/* `pages`: what the edit can take. */
static tl_status edit_secure(editor *edit, size_t pages)
{
    return tl_pager_secure(&edit->env->pager, pages);
}

static tl_status entry_write(editor *edit, const tl_tree_entry *entry, bool fresh)
{
    uint8_t value[TL_CATALOG_VALUE_BYTES];
    tl_writer *writer = &edit->writer;
    /* A value of the same size goes where the old one was: nothing splits. */
    tl_status status =
        edit_secure(edit, fresh ? tl_tree_pages_needed(&writer->root) : writer->root.depth);
    if (status == TL_OK)
        status = tl_tree_put(writer, tl_name_slice(entry->name),
                             tl_catalog_record(&entry->root, value), 0);
    return status;
}

static tl_status entry_erase(editor *edit, const tl_tree_entry *entry)
{
    tl_status status = edit_secure(edit, tl_tree_pages_needed(&edit->writer.root));
    if (status == TL_OK)
        status = tl_tree_del(&edit->writer, tl_name_slice(entry->name));
    return status == TL_NOT_FOUND ? damaged(edit->env, "lost a tree") : status;
}

/* Make the catalog say `to` instead of `from`: both ascend by id.  Names that went leave first: a
 * new tree may bear one of them. */
static tl_status differences_erase(editor *edit, const tl_forest *from, const tl_forest *to)
{
    size_t j = 0;
    tl_status status = TL_OK;
    for (size_t i = 0; i < from->trees.count && status == TL_OK; i++) {
        uint32_t id = from->trees.at[i].root.tree_id;
        while (j < to->trees.count && to->trees.at[j].root.tree_id < id)
            j++;
        if (j == to->trees.count || to->trees.at[j].root.tree_id != id)
            status = entry_erase(edit, &from->trees.at[i]);
    }
    return status;
}

static tl_status differences_write(editor *edit, const tl_forest *from, const tl_forest *to)
{
    size_t i = 0;
    tl_status status = TL_OK;
    for (size_t j = 0; j < to->trees.count && status == TL_OK; j++) {
        const tl_root *root = &to->trees.at[j].root;
        while (i < from->trees.count && from->trees.at[i].root.tree_id < root->tree_id)
            i++;
        bool fresh = i == from->trees.count || from->trees.at[i].root.tree_id != root->tree_id;
        if (fresh || !same_root(root, &from->trees.at[i].root))
            status = entry_write(edit, &to->trees.at[j], fresh);
    }
    return status;
}

tl_status tl_catalog_update(tl_env *env, tl_meta *next, const tl_forest *forest)
{
    tl_pager *pager = &env->pager;
    editor edit = {.env = env, .writer = env->writer};
    edit.writer.root = tl_catalog_root(env);
    edit.writer.counts = (tl_search_counts){.lower = pager->search->lower};
    edit.writer.secured = true;
    tl_writer_forget(&edit.writer);
    uint64_t running_txn = pager->txn;
    tl_pager_set_txn(pager, next->txn); /* pages of this birth are the edit's own */
    tl_space_side_begin(&pager->space);
    tl_status status = tl_forest_reserve(&env->written, pager->memory, forest);
    if (status == TL_OK)
        status = differences_erase(&edit, &env->written, forest);
    if (status == TL_OK)
        status = differences_write(&edit, &env->written, forest);
    tl_space_side_end(&pager->space);
    tl_pager_set_txn(pager, running_txn);
    next->catalog = edit.writer.root.ref;
    next->catalog_depth = edit.writer.root.depth;
    next->tree_id_next = forest->id_next;
    next->count = tl_forest_records(forest);
    return status;
}

void tl_catalog_settle(tl_env *env, const tl_forest *durable)
{
    tl_space_side_settle(&env->pager.space, durable != NULL);
    if (durable != NULL)
        tl_forest_copy(&env->written, durable);
}

/* ---- looking ---- */

tl_status tl_catalog_compare(tl_env *env, const char **fault)
{
    tl_root root = tl_catalog_root(env), found;
    tl_search_counts counts = {0};
    *fault = NULL;
    for (size_t i = 0; i < env->written.trees.count && *fault == NULL; i++) {
        const tl_tree_entry *entry = &env->written.trees.at[i];
        tl_slice value;
        tl_status status =
            tl_tree_get(&env->pager, &root, tl_name_slice(entry->name), &value, &counts);
        if (status == TL_NOT_FOUND)
            *fault = "a tree is missing from the catalog";
        else if (status != TL_OK)
            return status;
        else if (!record_decode(value, &found) || found.tree_id != entry->root.tree_id ||
                 !same_root(&found, &entry->root))
            *fault = "the catalog describes a tree otherwise than the checkpoint did";
    }
    return TL_OK;
}
