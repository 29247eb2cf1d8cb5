/* harness/fault/paths.c -- see paths.h.  A store has a handful of files: a linear search does. */
#include "harness/fault/paths.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES_MAX = 4096 };

void tl_paths_clear(tl_paths *paths)
{
    for (uint32_t i = 0; i < paths->count; i++)
        free(paths->entries[i].text);
    free(paths->entries);
    *paths = (tl_paths){0};
}

/* Drop empty and "." parts.  `out` has room for strlen(text) + 2 bytes. */
static void path_normalize(const char *text, char *out)
{
    size_t used = 0;
    bool absolute = text[0] == '/';
    if (absolute)
        out[used++] = '/';
    while (*text != '\0') {
        size_t part = strcspn(text, "/");
        if (part > 0 && !(part == 1 && text[0] == '.')) {
            if (used > (absolute ? 1U : 0U))
                out[used++] = '/';
            memcpy(out + used, text, part);
            used += part;
        }
        text += part + (text[part] == '/');
    }
    if (used == 0)
        out[used++] = '.';
    out[used] = '\0';
}

static uint64_t text_hash(const char *text)
{
    uint64_t hash = UINT64_C(0x452821e638d01377);
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* The number of a path already in its one spelling. */
static tl_status paths_intern(tl_paths *paths, const char *text, uint32_t *number)
{
    for (uint32_t i = 0; i < paths->count; i++) {
        if (strcmp(paths->entries[i].text, text) == 0) {
            *number = i;
            return TL_OK;
        }
    }
    if (paths->count == paths->capacity) {
        uint32_t capacity = paths->capacity == 0 ? 16 : paths->capacity * 2;
        tl_path_entry *entries = realloc(paths->entries, capacity * sizeof *entries);
        if (entries == NULL)
            return TL_NO_MEMORY;
        paths->entries = entries;
        paths->capacity = capacity;
    }
    char *copy = strdup(text);
    if (copy == NULL)
        return TL_NO_MEMORY;
    *number = paths->count++;
    paths->entries[*number] = (tl_path_entry){copy, *number, text_hash(copy)};
    return TL_OK;
}

tl_status tl_paths_number(tl_paths *paths, const char *text, uint32_t *number)
{
    if (strlen(text) >= PATH_BYTES_MAX)
        return TL_INVALID;
    char path[PATH_BYTES_MAX + 2], dir[PATH_BYTES_MAX + 2];
    path_normalize(text, path);
    uint32_t known_count = paths->count, found = 0, dir_number = 0;
    tl_status status = paths_intern(paths, path, &found);
    if (status != TL_OK || found < known_count || strcmp(path, ".") == 0 ||
        strcmp(path, "/") == 0) {
        if (status == TL_OK)
            *number = found;
        return status;
    }
    const char *slash = strrchr(path, '/');
    size_t dir_bytes = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    memcpy(dir, path, dir_bytes);
    dir[dir_bytes] = '\0';
    status = tl_paths_number(paths, dir, &dir_number);
    if (status != TL_OK)
        return status;
    paths->entries[found].dir = dir_number;
    *number = found;
    return TL_OK;
}
