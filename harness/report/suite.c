/* harness/report/suite.c -- finding and reading the runs of a report. */
#include "harness/report/suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUITE_SCHEMA "treelab.run/1"

const char *tl_suite_text(const tl_json *node, const char *name)
{
    return tl_json_text(tl_json_get(node, name), "");
}

const tl_json *tl_suite_cells(const tl_suite_part *part)
{
    return tl_json_get(part->run, "cells");
}

const tl_json *tl_suite_cell(const tl_suite_part *part, size_t index)
{
    return index < part->cell_count ? part->cells[index] : NULL;
}

const char *tl_suite_label(const tl_json *cell)
{
    const char *label = tl_suite_text(cell, "label");
    if (label[0] == '\0')
        label = tl_suite_text(cell, "driver");
    return label[0] == '\0' ? "?" : label;
}

const char *tl_suite_workload(const tl_json *cell)
{
    const char *name = tl_suite_text(tl_json_get(cell, "workload"), "name");
    return name[0] == '\0' ? "?" : name;
}

const char *tl_suite_durability(const tl_suite_part *part, const tl_json *cell)
{
    const tl_json *contract = tl_json_get(tl_json_get(cell, "engine"), "contract");
    const char *durability = tl_suite_text(contract, "durability");
    if (durability[0] == '\0')
        durability = tl_suite_text(tl_json_get(part->run, "options"), "durability");
    return durability[0] == '\0' ? "?" : durability;
}

bool tl_suite_is_crash(const tl_json *cell)
{
    return strcmp(tl_suite_text(cell, "kind"), "crash") == 0;
}

bool tl_suite_is_duel(const tl_json *cell)
{
    return strcmp(tl_suite_text(cell, "kind"), "duel") == 0;
}

bool tl_suite_is_ok(const tl_json *cell)
{
    return strcmp(tl_suite_text(cell, "status"), "ok") == 0;
}

static bool is_file(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

/* Check what the rest of the report relies on, and count the cells. */
static tl_status part_check(tl_suite_part *part, const char *path, char *error, size_t error_bytes)
{
    const char *schema = tl_suite_text(part->run, "schema");
    if (schema[0] == '\0') {
        snprintf(error, error_bytes, "%s has no \"schema\": it is not the result of a run", path);
        return TL_CORRUPT;
    }
    if (strcmp(schema, SUITE_SCHEMA) != 0) {
        snprintf(error, error_bytes, "%s has schema \"%.60s\"; this treelab reads %s", path, schema,
                 SUITE_SCHEMA);
        return TL_VERSION;
    }
    if (tl_suite_cells(part) == NULL) {
        snprintf(error, error_bytes, "%s has no \"cells\": it is cut short or edited; run again",
                 path);
        return TL_CORRUPT;
    }
    size_t count = tl_json_size(tl_suite_cells(part));
    part->cells = calloc(count + 1, sizeof *part->cells);
    if (part->cells == NULL) {
        snprintf(error, error_bytes, "%s: out of memory", path);
        return TL_NO_MEMORY;
    }
    part->cell_count = count;
    for (size_t i = 0; i < count; i++) {
        part->cells[i] = tl_json_at(tl_suite_cells(part), i);
        if (tl_suite_is_crash(part->cells[i]))
            part->crash_count++;
        else if (tl_suite_is_duel(part->cells[i]))
            part->duel_count++;
        else
            part->bench_count++;
    }
    return TL_OK;
}

static tl_status suite_add(tl_suite *suite, const char *path, const char *name, char *error,
                           size_t error_bytes)
{
    if (suite->part_count == TL_SUITE_PARTS_MAX) {
        snprintf(error, error_bytes, "more than %d runs; report on fewer at a time",
                 TL_SUITE_PARTS_MAX);
        return TL_INVALID;
    }
    tl_suite_part *part = &suite->parts[suite->part_count];
    *part = (tl_suite_part){0};
    tl_status status = tl_json_read(path, &part->run);
    if (status == TL_INVALID) {
        snprintf(error, error_bytes,
                 "%s is damaged: it is not JSON; copy it back from where it was made, or run again",
                 path);
        return TL_CORRUPT;
    }
    if (status != TL_OK) {
        snprintf(error, error_bytes, "cannot read %s: %s", path, strerror(errno));
        return status;
    }
    const char *slash = strrchr(path, '/');
    part->folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path));
    if (part->folder == NULL) {
        tl_json_free(part->run);
        snprintf(error, error_bytes, "%s: out of memory", path);
        return TL_NO_MEMORY;
    }
    suite->part_count++; /* from here on tl_suite_clear releases it */
    if (name == NULL)
        name = tl_suite_text(part->run, "id");
    snprintf(part->name, sizeof part->name, "%.*s", (int)sizeof part->name - 1,
             name[0] == '\0' ? "run" : name);
    status = part_check(part, path, error, error_bytes);
    suite->cell_count += part->cell_count;
    return status;
}

static int part_order(const void *left, const void *right)
{
    const tl_suite_part *a = left, *b = right;
    return strcmp(a->name, b->name);
}

/* Add DIR/<name>/run.json for every name that has one. */
static tl_status suite_add_subdirectories(tl_suite *suite, const char *dir, char *error,
                                          size_t error_bytes)
{
    DIR *stream = opendir(dir);
    if (stream == NULL) {
        snprintf(error, error_bytes, "cannot open directory %s: %s", dir, strerror(errno));
        return errno == EACCES ? TL_ACCESS : TL_NOT_FOUND;
    }
    tl_status status = TL_OK;
    struct dirent *entry = NULL;
    while (status == TL_OK && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s/run.json", dir, entry->d_name);
        if (length > 0 && (size_t)length < sizeof path && is_file(path))
            status = suite_add(suite, path, entry->d_name, error, error_bytes);
    }
    closedir(stream);
    qsort(suite->parts, suite->part_count, sizeof suite->parts[0], part_order);
    return status;
}

tl_status tl_suite_load(const char *dir, tl_suite *suite, char *error, size_t error_bytes)
{
    *suite = (tl_suite){0};
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/run.json", dir);
    if (length < 0 || (size_t)length >= sizeof path) {
        snprintf(error, error_bytes, "the directory's name is too long");
        return TL_NOT_FOUND;
    }
    tl_status status = is_file(path) ? suite_add(suite, path, NULL, error, error_bytes)
                                     : suite_add_subdirectories(suite, dir, error, error_bytes);
    if (status == TL_OK)
        status = tl_extras_find(dir, &suite->extras, error, error_bytes);
    if (status == TL_OK && suite->part_count == 0 && suite->extras.count == 0) {
        snprintf(error, error_bytes,
                 "no run.json in %s nor in its subdirectories; name a directory that `treelab run` "
                 "or `treelab crash` made, such as out/<id>",
                 dir);
        status = TL_NOT_FOUND;
    }
    if (status != TL_OK)
        tl_suite_clear(suite);
    return status;
}

void tl_suite_clear(tl_suite *suite)
{
    tl_extras_clear(&suite->extras);
    for (size_t i = 0; i < suite->part_count; i++) {
        free(suite->parts[i].folder);
        free(suite->parts[i].cells);
        tl_json_free(suite->parts[i].run);
    }
    *suite = (tl_suite){0};
}
