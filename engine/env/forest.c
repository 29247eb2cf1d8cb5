/* engine/env/forest.c -- see forest.h. */
#include "engine/env/forest.h"
#include "engine/base/checksum.h"

#include <assert.h>

void tl_forest_release(tl_forest *forest, tl_memory *memory)
{
    tl_vector_release(&forest->trees, memory);
}

tl_status tl_forest_reserve(tl_forest *forest, tl_memory *memory, const tl_forest *other)
{
    size_t wanted = other->trees.count, here = forest->trees.count;
    return wanted <= here ? TL_OK : tl_vector_reserve(&forest->trees, memory, wanted - here);
}

static void entries_copy(tl_forest *to, const tl_forest *from, size_t count)
{
    assert(to->trees.capacity >= from->trees.count);
    memcpy(to->trees.at, from->trees.at, count * sizeof *to->trees.at);
    to->trees.count = from->trees.count;
    to->version = from->version;
    to->id_next = from->id_next;
    to->name_bytes = from->name_bytes;
}

void tl_forest_copy_whole(tl_forest *to, const tl_forest *from)
{
    entries_copy(to, from, from->trees.count);
}

void tl_forest_copy(tl_forest *to, const tl_forest *from)
{
    bool only_first = to->version == from->version && to->trees.count != 0;
    assert(!only_first || to->trees.count == from->trees.count);
    entries_copy(to, from, only_first ? 1 : from->trees.count);
}

tl_tree_entry *tl_forest_find(const tl_forest *forest, tl_tree tree)
{
    size_t low = 0, high = forest->trees.count;
    while (low < high) { /* the first entry with an id of at least `tree` */
        size_t middle = low + (high - low) / 2;
        if (forest->trees.at[middle].root.tree_id < tree)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < forest->trees.count && forest->trees.at[low].root.tree_id == tree;
    return found ? &forest->trees.at[low] : NULL;
}

static uint32_t hash_of(tl_slice name)
{
    return tl_crc32c(0, name.data, name.size_bytes);
}

tl_tree_entry *tl_forest_find_name(const tl_forest *forest, tl_slice name)
{
    uint32_t hash = hash_of(name);
    for (size_t i = 0; i < forest->trees.count; i++) {
        tl_tree_entry *entry = &forest->trees.at[i];
        if (entry->name_hash == hash && tl_slice_compare(tl_name_slice(entry->name), name) == 0)
            return entry;
    }
    return NULL;
}

void tl_forest_add(tl_forest *forest, const tl_root *root, tl_name *name)
{
    assert(forest->trees.count < forest->trees.capacity && root->tree_id >= forest->id_next);
    tl_vector_push(&forest->trees,
                   ((tl_tree_entry){.root = *root, .name_hash = name->hash, .name = name}));
    forest->id_next = root->tree_id + 1;
    forest->name_bytes += name->size_bytes;
}

void tl_forest_remove(tl_forest *forest, tl_tree_entry *entry)
{
    forest->name_bytes -= entry->name->size_bytes;
    size_t behind = (size_t)(forest->trees.at + forest->trees.count - (entry + 1));
    memmove(entry, entry + 1, behind * sizeof *entry);
    forest->trees.count--;
}

uint64_t tl_forest_records(const tl_forest *forest)
{
    uint64_t count = 0;
    for (size_t i = 0; i < forest->trees.count; i++)
        count += forest->trees.at[i].root.count;
    return count;
}

static size_t block_bytes(size_t name_bytes)
{
    return sizeof(tl_name) + name_bytes;
}

static void name_release(tl_memory *memory, tl_name *name)
{
    memory->release(memory, name, block_bytes(name->size_bytes));
}

tl_status tl_names_make(tl_names *names, tl_memory *memory, tl_slice bytes, tl_name **out)
{
    if (tl_vector_reserve(&names->born, memory, 1) != TL_OK)
        return TL_NO_MEMORY;
    tl_name *name = memory->allocate(memory, block_bytes(bytes.size_bytes));
    if (name == NULL)
        return TL_NO_MEMORY;
    name->size_bytes = (uint32_t)bytes.size_bytes;
    name->hash = hash_of(bytes);
    memcpy(name->bytes, bytes.data, bytes.size_bytes);
    tl_vector_push(&names->born, name);
    *out = name;
    return TL_OK;
}

tl_status tl_names_secure(tl_names *names, tl_memory *memory)
{
    return tl_vector_reserve(&names->dead, memory, 1);
}

void tl_names_bury(tl_names *names, tl_name *name, uint64_t death)
{
    tl_vector_push(&names->dead, ((tl_dead_name){name, death}));
}

void tl_names_commit(tl_names *names)
{
    names->born.count = 0; /* the table has them now */
    names->dead_before = names->dead.count;
}

void tl_names_rollback(tl_names *names, tl_memory *memory, tl_names_mark mark)
{
    for (size_t i = mark.born; i < names->born.count; i++)
        name_release(memory, names->born.at[i]);
    names->born.count = mark.born;
    names->dead.count = mark.dead; /* they live on */
}

void tl_names_abort(tl_names *names, tl_memory *memory)
{
    tl_names_rollback(names, memory, (tl_names_mark){0, names->dead_before});
}

void tl_names_sweep(tl_names *names, tl_memory *memory, uint64_t pin_min)
{
    size_t gone = 0;
    while (gone < names->dead_before && names->dead.at[gone].death <= pin_min)
        name_release(memory, names->dead.at[gone++].name);
    if (gone == 0)
        return;
    names->dead.count -= gone;
    names->dead_before -= gone;
    memmove(names->dead.at, names->dead.at + gone, names->dead.count * sizeof *names->dead.at);
}

void tl_names_close(tl_names *names, tl_memory *memory, const tl_forest *newest)
{
    tl_names_abort(names, memory);
    for (size_t i = 0; i < names->dead.count; i++)
        name_release(memory, names->dead.at[i].name);
    for (size_t i = 0; i < newest->trees.count; i++)
        name_release(memory, newest->trees.at[i].name);
    tl_vector_release(&names->born, memory);
    tl_vector_release(&names->dead, memory);
}
