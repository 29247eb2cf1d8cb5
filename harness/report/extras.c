/* harness/report/extras.c -- see extras.h. */
#include "harness/report/extras.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALIBRATION "calibration.json"

static bool is_map(const char *name)
{
    size_t length = strlen(name);
    return strncmp(name, "pages", 5) == 0 && length > 4 && length < TL_EXTRAS_NAME_MAX &&
           strcmp(name + length - 4, ".tsv") == 0;
}

static int map_order(const void *left, const void *right)
{
    return strcmp(left, right);
}

static void find_maps(tl_extra *extra)
{
    DIR *stream = opendir(extra->folder);
    struct dirent *entry = NULL;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (!is_map(entry->d_name))
            continue;
        if (extra->map_count == TL_EXTRAS_MAPS_MAX)
            extra->maps_left_out++;
        else
            snprintf(extra->maps[extra->map_count++], TL_EXTRAS_NAME_MAX, "%.*s",
                     TL_EXTRAS_NAME_MAX - 1, entry->d_name);
    }
    if (stream != NULL)
        closedir(stream);
    qsort(extra->maps, extra->map_count, sizeof extra->maps[0], map_order);
}

static tl_status find_calibration(tl_extra *extra, char *error, size_t error_bytes)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/" CALIBRATION, extra->folder);
    if (length < 0 || (size_t)length >= sizeof path)
        return TL_OK;
    tl_status status = tl_json_read(path, &extra->calibration);
    if (status == TL_NO_MEMORY)
        return status;
    if (status == TL_INVALID) {
        snprintf(error, error_bytes, "%s is damaged: it is not JSON; run `treelab calibrate` again",
                 path);
        return TL_CORRUPT;
    }
    const char *schema = tl_json_text(tl_json_get(extra->calibration, "schema"), "");
    if (status == TL_OK && strcmp(schema, "treelab.calibrate/1") != 0) {
        snprintf(error, error_bytes, "%s has schema \"%.60s\", not treelab.calibrate/1", path,
                 schema);
        return TL_CORRUPT;
    }
    return TL_OK; /* or there is none to read */
}

static void extra_clear(tl_extra *extra)
{
    free(extra->folder);
    tl_json_free(extra->calibration);
    *extra = (tl_extra){.map_count = 0};
}

static tl_status look_into(tl_extras *extras, const char *folder, const char *name, char *error,
                           size_t error_bytes)
{
    tl_extra *extra = &extras->rows[extras->count];
    *extra = (tl_extra){.folder = strdup(folder)};
    snprintf(extra->name, sizeof extra->name, "%.*s", TL_EXTRAS_NAME_MAX - 1, name);
    if (extra->folder == NULL)
        return TL_NO_MEMORY;
    tl_status status = find_calibration(extra, error, error_bytes);
    find_maps(extra);
    bool kept = status == TL_OK && (extra->calibration != NULL || extra->map_count > 0);
    if (!kept)
        extra_clear(extra);
    else if (extras->count + 1 == TL_EXTRAS_MAX + 1) { /* the last row is for looking */
        extra_clear(extra);
        extras->left_out++;
    } else {
        extras->count++;
    }
    return status;
}

static int extra_order(const void *left, const void *right)
{
    const tl_extra *a = left, *b = right;
    return strcmp(a->name, b->name);
}

tl_status tl_extras_find(const char *dir, tl_extras *extras, char *error, size_t error_bytes)
{
    *extras = (tl_extras){.rows = calloc(TL_EXTRAS_MAX + 1, sizeof *extras->rows)};
    if (extras->rows == NULL)
        return TL_NO_MEMORY;
    tl_status status = look_into(extras, dir, "", error, error_bytes);
    DIR *stream = status == TL_OK ? opendir(dir) : NULL;
    struct dirent *entry = NULL;
    while (status == TL_OK && stream != NULL && (entry = readdir(stream)) != NULL) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        bool folder =
            entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
        if (folder && entry->d_name[0] != '.' && strcmp(entry->d_name, "plots") != 0 &&
            length > 0 && (size_t)length < sizeof path)
            status = look_into(extras, path, entry->d_name, error, error_bytes);
    }
    if (stream != NULL)
        closedir(stream);
    qsort(extras->rows, extras->count, sizeof extras->rows[0], extra_order);
    if (status != TL_OK)
        tl_extras_clear(extras);
    return status;
}

void tl_extras_clear(tl_extras *extras)
{
    for (size_t i = 0; i < extras->count; i++)
        extra_clear(&extras->rows[i]);
    free(extras->rows);
    *extras = (tl_extras){0};
}
