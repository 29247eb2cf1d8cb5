/* harness/sweep/merge.c -- see merge.h: reading journals, sorting, duplicates. */
#include "harness/sweep/merge.h"

#include "harness/report/resultfile.h"
#include "harness/report/wholefile.h"
#include "harness/run/journal.h"
#include "harness/sweep/copy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)1 << 31)

enum { PATH_BYTES = 1024, TEXT_BYTES = 2048 };

void tl_merge_begin(tl_merge *merge, void (*tell)(void *context, const char *text), void *context)
{
    *merge = (tl_merge){.tell = tell, .context = context};
}

static void cell_release(tl_merge_cell *cell)
{
    free(cell->id);
    free(cell->line);
    tl_json_free(cell->cell);
}

void tl_merge_release(tl_merge *merge)
{
    for (size_t i = 0; i < merge->count; i++)
        cell_release(&merge->cells[i]);
    for (size_t i = 0; i < merge->text_count; i++)
        free(merge->texts[i]);
    free(merge->cells);
    free(merge->texts);
    tl_json_free(merge->frame);
    free(merge->frame_text);
    *merge = (tl_merge){0};
}

__attribute__((format(printf, 2, 3))) static void tell(const tl_merge *merge, const char *format,
                                                       ...)
{
    char text[TEXT_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    merge->tell(merge->context, text);
}

/* One copy of each revision and class, so that lines need not be kept for them. */
static const char *keep_text(tl_merge *merge, const char *text)
{
    for (size_t i = 0; i < merge->text_count; i++)
        if (strcmp(merge->texts[i], text) == 0)
            return merge->texts[i];
    char **grown = realloc(merge->texts, (merge->text_count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    merge->texts = grown;
    char *copy = strdup(text);
    if (copy != NULL)
        merge->texts[merge->text_count++] = copy;
    return copy;
}

static tl_json *parse(const char *text)
{
    tl_json *root = NULL;
    size_t error_at;
    return tl_json_parse(text, strlen(text), &root, &error_at) == TL_OK ? root : NULL;
}

/* What the line says of itself, or what the head says of all lines. */
static const char *origin_of(tl_merge *merge, const tl_json *cell, const tl_json *head,
                             const char *name)
{
    const char *of_head = tl_json_text(tl_json_get(head, name), "");
    return keep_text(merge, tl_json_text(tl_json_get(tl_json_get(cell, "sweep"), name), of_head));
}

/* Take over `line`. */
static tl_status add_line(tl_merge *merge, const tl_json *head, char *line)
{
    tl_merge_cell made = {.line = line, .cell = parse(line)};
    const char *id = tl_json_text(tl_json_get(made.cell, "id"), NULL);
    tl_status status = id == NULL ? TL_INVALID : TL_OK;
    if (status == TL_OK) {
        made.id = strdup(id);
        made.revision = origin_of(merge, made.cell, head, "revision");
        made.class_key = origin_of(merge, made.cell, head, "class");
        if (made.id == NULL || made.revision == NULL || made.class_key == NULL)
            status = TL_NO_MEMORY;
    }
    if (status == TL_OK && merge->count == merge->capacity) {
        size_t wanted = merge->capacity == 0 ? 256 : 2 * merge->capacity;
        tl_merge_cell *grown = realloc(merge->cells, wanted * sizeof *grown);
        if (grown == NULL) {
            status = TL_NO_MEMORY;
        } else {
            merge->cells = grown;
            merge->capacity = wanted;
        }
    }
    if (status == TL_OK)
        merge->cells[merge->count++] = made;
    else
        cell_release(&made);
    return status;
}

static tl_status check_head(const tl_merge *merge, const tl_json *head, const char *path,
                            bool is_out)
{
    if (strcmp(tl_json_text(tl_json_get(head, "journal"), ""), TL_JOURNAL_SCHEMA) != 0) {
        tell(merge, "%.300s does not begin as a journal does", path);
        return TL_INVALID;
    }
    if (is_out && !tl_json_is_true(tl_json_get(head, "merged"))) {
        tell(merge, "%.300s is a part itself; name a new directory first, then the parts", path);
        return TL_INVALID;
    }
    return TL_OK;
}

/* Whole lines only: a last one without its end was cut by a crash. */
static tl_status add_lines(tl_merge *merge, const char *text, const char *path, bool is_out)
{
    const char *end = strchr(text, '\n');
    char *first = end == NULL ? NULL : strndup(text, (size_t)(end - text));
    tl_json *head = first == NULL ? NULL : parse(first);
    tl_status status = check_head(merge, head, path, is_out);
    free(first);
    while (status == TL_OK && (text = end + 1, end = strchr(text, '\n')) != NULL) {
        char *line = strndup(text, (size_t)(end - text));
        status = line == NULL ? TL_NO_MEMORY : add_line(merge, head, line);
        if (status == TL_INVALID)
            tell(merge, "%.300s: a line is no cell", path);
    }
    tl_json_free(head);
    return status;
}

/* The frame of the merged result is that of the run whose id is the least; ids name a second, and
 * of runs of the same one it is the frame that reads as the least. */
static tl_status offer_frame(tl_merge *merge, const char *dir)
{
    char path[PATH_BYTES];
    tl_json *run = NULL;
    snprintf(path, sizeof path, "%.900s/" TL_RESULT_FILE, dir);
    if (tl_json_read(path, &run) != TL_OK || tl_json_text(tl_json_get(run, "id"), NULL) == NULL) {
        tl_json_free(run);
        return TL_OK;
    }
    tl_json *frame = tl_merge_frame(run);
    char *text = tl_json_line(frame);
    tl_json_free(run);
    if (text == NULL) {
        tl_json_free(frame);
        return TL_NO_MEMORY;
    }
    if (merge->frame_text != NULL && strcmp(merge->frame_text, text) <= 0) {
        tl_json_free(frame);
        free(text);
        return TL_OK;
    }
    tl_json_free(merge->frame);
    free(merge->frame_text);
    merge->frame = frame;
    merge->frame_text = text;
    return TL_OK;
}

/* A shard without cells ends with a result and no journal. */
static bool has_empty_result(const char *dir)
{
    char path[PATH_BYTES];
    tl_json *run = NULL;
    snprintf(path, sizeof path, "%.900s/" TL_RESULT_FILE, dir);
    bool empty = tl_json_read(path, &run) == TL_OK && tl_json_size(tl_json_get(run, "cells")) == 0;
    tl_json_free(run);
    return empty;
}

tl_status tl_merge_add(tl_merge *merge, const char *dir, bool is_out)
{
    char path[PATH_BYTES], *text = NULL;
    size_t size_bytes = 0;
    snprintf(path, sizeof path, "%.900s/" TL_JOURNAL_FILE, dir);
    tl_status status = tl_wholefile_read(path, FILE_BYTES_MAX, &text, &size_bytes);
    if (status == TL_NOT_FOUND && (is_out || has_empty_result(dir)))
        return TL_OK;
    if (status != TL_OK) {
        tell(merge, "cannot read '%.300s': %s", path, strerror(errno));
        return status;
    }
    status = add_lines(merge, text, path, is_out);
    free(text);
    if (status == TL_OK)
        status = offer_frame(merge, dir);
    if (status == TL_NO_MEMORY)
        tell(merge, "out of memory");
    merge->added += status == TL_OK && !is_out;
    return status;
}

/* By id; of one id the line that is less comes first, whoever brought it. */
static int compare_cells(const void *a, const void *b)
{
    const tl_merge_cell *left = a, *right = b;
    int order = strcmp(left->id, right->id);
    if (order == 0)
        order = strcmp(left->class_key, right->class_key);
    return order != 0 ? order : strcmp(left->line, right->line);
}

static bool counted_the_same(const tl_json *left, const tl_json *right)
{
    tl_json *documents[2] = {tl_merge_exact(left), tl_merge_exact(right)};
    char *lines[2] = {tl_json_line(documents[0]), tl_json_line(documents[1])};
    bool same = lines[0] != NULL && lines[1] != NULL && strcmp(lines[0], lines[1]) == 0;
    for (int i = 0; i < 2; i++) {
        free(lines[i]);
        tl_json_free(documents[i]);
    }
    return same;
}

/* Is cells[i] one more of the id at cells[kept]?  A line that is there twice is only one cell. */
static bool is_again(tl_merge *merge, size_t kept, size_t i)
{
    const tl_merge_cell *first = &merge->cells[kept], *other = &merge->cells[i];
    if (strcmp(first->id, other->id) != 0)
        return false;
    if (strcmp(first->line, other->line) == 0)
        return true;
    if (counted_the_same(first->cell, other->cell)) {
        merge->duplicates++;
    } else {
        merge->conflicts++;
        tell(merge, "%.300s was run twice and counted differently; one of the two is wrong",
             first->id);
    }
    return true;
}

tl_status tl_merge_settle(tl_merge *merge)
{
    size_t kept = 0;
    for (size_t i = 1; i < merge->count; i++)
        if (merge->cells[i].revision != merge->cells[0].revision) {
            tell(merge, "cells of two builds, %.60s and %.60s, do not belong together",
                 merge->cells[0].revision, merge->cells[i].revision);
            return TL_UNSUPPORTED;
        }
    if (merge->count > 0)
        qsort(merge->cells, merge->count, sizeof *merge->cells, compare_cells);
    for (size_t i = 1; i < merge->count; i++) {
        if (is_again(merge, kept, i))
            cell_release(&merge->cells[i]);
        else
            merge->cells[++kept] = merge->cells[i];
    }
    merge->count = merge->count == 0 ? 0 : kept + 1;
    return TL_OK;
}

size_t tl_merge_point_bytes(const char *id)
{
    const char *slash = strrchr(id, '/');
    return slash == NULL ? strlen(id) : (size_t)(slash - id);
}

size_t tl_merge_point_end(const tl_merge *merge, size_t from)
{
    const char *id = merge->cells[from].id;
    size_t bytes = tl_merge_point_bytes(id), end = from + 1;
    while (end < merge->count && tl_merge_point_bytes(merge->cells[end].id) == bytes &&
           strncmp(merge->cells[end].id, id, bytes) == 0)
        end++;
    return end;
}
