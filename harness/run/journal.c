/* harness/run/journal.c -- see journal.h.
 *
 * All lines are kept in memory as texts: a run has thousands of cells at most, and only those that
 * a result or a resumed run asks for are parsed again.
 */
#include "harness/run/journal.h"

#include "harness/report/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 512, ORIGIN_BYTES = 160, FILE_MODE = 0666 };
#define FILE_BYTES_MAX ((size_t)1 << 30)

typedef struct row {
    char *id, *line; /* the line without its end */
} row;

struct tl_journal {
    int file;
    char path[PATH_BYTES];
    off_t size_bytes; /* of whole lines */
    bool torn;        /* an append failed half-way: cut before the next one */
    row *rows;
    size_t count, capacity;
};

size_t tl_journal_count(const tl_journal *journal)
{
    return journal->count;
}

const char *tl_journal_id(const tl_journal *journal, size_t index)
{
    return journal->rows[index].id;
}

static const row *find(const tl_journal *journal, const char *id)
{
    for (size_t i = 0; i < journal->count; i++)
        if (strcmp(journal->rows[i].id, id) == 0)
            return &journal->rows[i];
    return NULL;
}

static tl_json *parse(const char *line, size_t size_bytes)
{
    tl_json *root = NULL;
    size_t error_at;
    char *text = strndup(line, size_bytes);
    if (text != NULL && tl_json_parse(text, strlen(text), &root, &error_at) != TL_OK)
        root = NULL;
    free(text);
    return root;
}

tl_json *tl_journal_cell(const tl_journal *journal, const char *id)
{
    const row *known = find(journal, id);
    return known == NULL ? NULL : parse(known->line, strlen(known->line));
}

/* Take over `line`; the first cell of an id is the one that counts. */
static tl_status add_row(tl_journal *journal, const char *id, char *line)
{
    if (find(journal, id) != NULL) {
        free(line);
        return TL_OK;
    }
    if (journal->count == journal->capacity) {
        size_t wanted = journal->capacity == 0 ? 64 : 2 * journal->capacity;
        row *grown = realloc(journal->rows, wanted * sizeof *grown);
        if (grown == NULL)
            goto fail;
        journal->rows = grown;
        journal->capacity = wanted;
    }
    row made = {strdup(id), line};
    if (made.id == NULL)
        goto fail;
    journal->rows[journal->count++] = made;
    return TL_OK;

fail:
    free(line);
    return TL_NO_MEMORY;
}

/* Write and sync; a part that was written is cut off again, or before the next append. */
static tl_status write_line(tl_journal *journal, const char *line)
{
    size_t length = strlen(line), done = 0;
    char *text = malloc(length + 1);
    if (text == NULL)
        return TL_NO_MEMORY;
    memcpy(text, line, length);
    text[length++] = '\n';
    bool failed = journal->torn && ftruncate(journal->file, journal->size_bytes) != 0;
    while (!failed && done < length) {
        ssize_t written =
            pwrite(journal->file, text + done, length - done, journal->size_bytes + (off_t)done);
        failed = written < 0 && errno != EINTR;
        done += written > 0 ? (size_t)written : 0;
    }
    failed = failed || fdatasync(journal->file) != 0;
    int error_number = errno;
    free(text);
    journal->torn = failed;
    if (!failed) {
        journal->size_bytes += (off_t)length;
        return TL_OK;
    }
    errno = error_number;
    return tl_wholefile_status(error_number);
}

tl_status tl_journal_append(tl_journal *journal, const tl_json *cell)
{
    const char *id = tl_json_text(tl_json_get(cell, "id"), NULL);
    char *line = id == NULL ? NULL : tl_json_line(cell);
    if (line == NULL)
        return TL_NO_MEMORY;
    tl_status status = write_line(journal, line);
    if (status == TL_OK)
        return add_row(journal, id, line);
    free(line);
    return status;
}

static tl_status write_head(tl_journal *journal, const tl_journal_origin *origin)
{
    tl_json *head = tl_json_object_new();
    tl_json_add_text(head, "journal", TL_JOURNAL_SCHEMA);
    tl_json_add_text(head, "revision", origin->revision);
    tl_json_add_text(head, "class", origin->class_key);
    char *line = tl_json_line(head);
    tl_json_free(head);
    if (line == NULL)
        return TL_NO_MEMORY;
    tl_status status = write_line(journal, line);
    free(line);
    return status;
}

static bool same_text(const tl_json *json, const char *name, const char *expected)
{
    return strcmp(tl_json_text(tl_json_get(json, name), ""), expected) == 0;
}

static tl_status check_head(const tl_json *head, const tl_journal_origin *origin, const char *path,
                            char *error, size_t error_bytes)
{
    if (!same_text(head, "journal", TL_JOURNAL_SCHEMA))
        snprintf(error, error_bytes,
                 "%.300s does not begin as a journal does; choose another --out", path);
    else if (!same_text(head, "revision", origin->revision))
        snprintf(error, error_bytes,
                 "%.300s is of revision %.60s, this program of %.60s; times of two builds do not "
                 "belong into one run: choose another --out",
                 path, tl_json_text(tl_json_get(head, "revision"), "?"), origin->revision);
    else if (!same_text(head, "class", origin->class_key))
        snprintf(error, error_bytes,
                 "%.300s is from another class of machine; choose another --out", path);
    else
        return TL_OK;
    return TL_INVALID;
}

/* Take over the whole lines of `text`. */
static tl_status read_lines(tl_journal *journal, const char *text, const tl_journal_origin *origin,
                            const char *path, char *error, size_t error_bytes)
{
    unsigned number = 1;
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1, number++) {
        tl_json *json = parse(text, (size_t)(end - text));
        const char *id = tl_json_text(tl_json_get(json, "id"), NULL);
        tl_status status = TL_OK;
        if (number == 1)
            status = check_head(json, origin, path, error, error_bytes);
        else if (id == NULL) {
            snprintf(error, error_bytes, "%.300s:%u is no cell; choose another --out", path,
                     number);
            status = TL_INVALID;
        } else {
            char *line = strndup(text, (size_t)(end - text));
            status = line == NULL ? TL_NO_MEMORY : add_row(journal, id, line);
        }
        tl_json_free(json);
        if (status != TL_OK)
            return status;
        journal->size_bytes += end + 1 - text;
    }
    return TL_OK;
}

static tl_status take_over(tl_journal *journal, const char *path, const tl_journal_origin *origin,
                           bool resume, char *error, size_t error_bytes)
{
    char *text = NULL;
    size_t size_bytes = 0;
    tl_status status = tl_wholefile_read(path, FILE_BYTES_MAX, &text, &size_bytes);
    if (status == TL_OK)
        status = read_lines(journal, text, origin, path, error, error_bytes);
    free(text);
    if (status == TL_OK && !resume && journal->count > 0) {
        snprintf(error, error_bytes,
                 "%.300s has %zu finished cells; add --resume to go on, or choose another --out",
                 path, journal->count);
        return TL_EXISTS;
    }
    if (status == TL_OK && (off_t)size_bytes > journal->size_bytes)
        journal->torn = true;
    if (status == TL_OK && journal->size_bytes == 0)
        status = write_head(journal, origin);
    return status;
}

tl_status tl_journal_open(const char *dir, const tl_journal_origin *origin, bool resume,
                          tl_journal **out, char *error, size_t error_bytes)
{
    tl_journal *journal = calloc(1, sizeof *journal);
    error[0] = '\0';
    tl_status status = TL_NO_MEMORY;
    if (journal == NULL)
        goto fail;
    journal->file = -1;
    status = TL_INVALID;
    char path[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/" TL_JOURNAL_FILE, dir) >= (int)sizeof path)
        goto fail;
    journal->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (journal->file < 0) {
        status = tl_wholefile_status(errno);
        snprintf(error, error_bytes, "cannot open %.300s: %s", path, strerror(errno));
        goto fail;
    }
    status = take_over(journal, path, origin, resume, error, error_bytes);
    if (status == TL_OK) {
        memcpy(journal->path, path, sizeof path); /* from now on it is ours to remove */
        *out = journal;
        return TL_OK;
    }

fail:
    if (error[0] == '\0')
        snprintf(error, error_bytes, "%.300s: the journal: %s", dir, tl_status_text(status));
    tl_journal_close(journal);
    return status;
}

void tl_journal_close(tl_journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->count == 0 && journal->path[0] != '\0')
        (void)unlink(journal->path); /* a run that finished nothing leaves nothing */
    for (size_t i = 0; i < journal->count; i++) {
        free(journal->rows[i].id);
        free(journal->rows[i].line);
    }
    free(journal->rows);
    if (journal->file >= 0)
        close(journal->file);
    free(journal);
}
