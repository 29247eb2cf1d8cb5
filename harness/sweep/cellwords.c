/* harness/sweep/cellwords.c -- one cell of a grid: its place, its shard, and its command line. */
#include "harness/sweep/grid.h"
#include "harness/sweep/values.h"

#include <stdlib.h>
#include <string.h>

const char *tl_grid_value(const tl_grid *grid, const tl_grid_cell *cell, const char *key,
                          const char *fallback)
{
    for (size_t a = 0; a < grid->axis_count; a++)
        if (strcmp(grid->axes[a].key, key) == 0)
            return grid->axes[a].values[cell->value[a]];
    return tl_spec_get(&grid->spec, "", key, fallback);
}

/* FNV-1a over the id, then the finalizer of splitmix64, so that the low bits depend on all. */
size_t tl_grid_shard(const char *id, size_t shards)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *id != '\0'; id++)
        hash = (hash ^ (unsigned char)*id) * UINT64_C(0x100000001b3);
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    hash ^= hash >> 31;
    return (size_t)(hash % shards);
}

tl_json *tl_grid_point(const tl_grid *grid, const tl_grid_cell *cell)
{
    tl_json *point = tl_json_object_new();
    for (size_t a = 0; a < grid->axis_count; a++)
        tl_json_add_text(point, grid->axes[a].key, grid->axes[a].values[cell->value[a]]);
    return point;
}

/* "tree.split" says nothing to a cell of lmdb. */
static bool is_for(const char *key, const char *driver)
{
    char owner[TL_SPEC_TEXT_MAX];
    size_t length = strcspn(key, ".");
    if (key[length] == '\0' || length >= sizeof owner)
        return true;
    memcpy(owner, key, length);
    owner[length] = '\0';
    return !tl_sweep_is_driver(owner) ||
           (strncmp(owner, driver, length) == 0 && strchr(":", driver[length]) != NULL);
}

typedef struct words { /* counted in a first round, written in a second */
    char **list, *at;
    size_t count, bytes;
} words;

static void add(words *into, const char *key, const char *value)
{
    size_t bytes = strlen(key) + (value == NULL ? 0 : strlen(value) + 1) + 1;
    if (into->list != NULL) {
        into->list[into->count] = into->at;
        snprintf(into->at, bytes, "%s%s%s", key, value == NULL ? "" : "=",
                 value == NULL ? "" : value);
        into->at += bytes;
    }
    into->count++;
    into->bytes += bytes;
}

static void add_all(const tl_grid *grid, const tl_grid_cell *cell, words *into)
{
    const char *driver = tl_grid_value(grid, cell, "driver", "tree");
    const char *spec = tl_spec_get(&grid->spec, "", "spec", NULL);
    add(into, "run", NULL);
    if (spec != NULL)
        add(into, spec, NULL);
    for (size_t i = 0; i < grid->spec.entry_count; i++) {
        const tl_spec_entry *entry = &grid->spec.entries[i];
        if (entry->section[0] != '\0' || strcmp(entry->key, "spec") == 0 ||
            strcmp(entry->key, "repeat") == 0 || !is_for(entry->key, driver))
            continue;
        add(into, "--set", NULL);
        add(into, entry->key, entry->value);
    }
    for (size_t a = 0; a < grid->axis_count; a++) {
        const char *key = grid->axes[a].key;
        bool chooses = strcmp(key, "driver") == 0 || strcmp(key, "workload") == 0;
        if (!is_for(key, driver))
            continue;
        add(into, chooses ? "--set" : "--list", NULL); /* a list of one names the cell for it */
        add(into, key, grid->axes[a].values[cell->value[a]]);
    }
    add(into, "--repeat", NULL);
    add(into, "1", NULL);
}

char **tl_grid_words(const tl_grid *grid, const tl_grid_cell *cell)
{
    words into = {0};
    add_all(grid, cell, &into);
    size_t count = into.count;
    char **list = malloc((count + 1) * sizeof *list + into.bytes);
    if (list == NULL)
        return NULL;
    into = (words){.list = list, .at = (char *)(list + count + 1)};
    add_all(grid, cell, &into);
    list[count] = NULL;
    return list;
}
