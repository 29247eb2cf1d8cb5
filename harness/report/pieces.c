/* harness/report/pieces.c -- one pass over each table, a text per picture. */
#include "harness/report/pieces.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tables that all templates read; the others begin with the name of their kind. */
static const char *const shared[] = {"captions.tsv", "panels.tsv", "bars.tsv"};

static bool table_is_for(const char *table, const tl_picture *picture)
{
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        if (strcmp(table, shared[i]) == 0)
            return true;
    }
    return strncmp(table, picture->kind, strlen(picture->kind)) == 0;
}

/* The picture whose name the row begins with; rows of one follow each other, so `hint` is tried
 * first.  pictures->count when there is none. */
static size_t row_picture(const tl_pictures *pictures, const char *row, size_t hint)
{
    size_t length = strcspn(row, "\t\n");
    for (size_t i = 0; i <= pictures->count; i++) {
        size_t at = i == 0 ? hint : i - 1;
        if (at < pictures->count && strncmp(pictures->rows[at].name, row, length) == 0 &&
            pictures->rows[at].name[length] == '\0')
            return at;
    }
    return pictures->count;
}

static void add_empty_row(tl_text *piece, const char *header, size_t header_bytes)
{
    tl_text_add(piece, "-");
    for (size_t i = 0; i < header_bytes; i++)
        tl_text_add(piece, header[i] == '\t' ? "\t0" : "");
    tl_text_add(piece, "\n");
}

static tl_status save_pieces(const char *pieces, const char *table, const char *header,
                             size_t header_bytes, const tl_pictures *pictures, tl_text *texts,
                             char *failed, size_t failed_bytes)
{
    tl_status status = TL_OK;
    for (size_t i = 0; status == TL_OK && i < pictures->count; i++) {
        const tl_picture *picture = &pictures->rows[i];
        if (!picture->chosen || !table_is_for(table, picture))
            continue;
        tl_text whole = {0};
        tl_text_add_bytes(&whole, header, header_bytes);
        if (texts[i].size_bytes == 0)
            add_empty_row(&whole, header, header_bytes);
        tl_text_add(&whole, tl_text_data(&texts[i]));
        whole.failed = whole.failed || texts[i].failed;
        snprintf(failed, failed_bytes, "%s/%s/%s", pieces, picture->name, table);
        status = tl_text_save(&whole, failed);
        tl_text_clear(&whole);
    }
    return status;
}

static tl_status cut_table(const char *dir, const char *pieces, const char *table,
                           const tl_pictures *pictures, char *failed, size_t failed_bytes)
{
    static const char first[] = "picture\t";
    tl_text content = {0};
    snprintf(failed, failed_bytes, "%s/%s", dir, table);
    tl_status status = tl_text_load(&content, failed);
    const char *header = tl_text_data(&content), *row = strchr(header, '\n');
    tl_text *texts = NULL;
    if (status != TL_OK || row == NULL || strncmp(header, first, sizeof first - 1) != 0)
        goto done;
    texts = calloc(pictures->count + 1, sizeof *texts);
    if (texts == NULL) {
        status = TL_NO_MEMORY;
        goto done;
    }
    size_t header_bytes = (size_t)(++row - header), at = 0;
    for (const char *next = NULL; *row != '\0'; row = next) {
        next = row + strcspn(row, "\n");
        next += *next == '\n';
        size_t found = row_picture(pictures, row, at);
        if (found == pictures->count)
            continue;
        at = found;
        if (pictures->rows[at].chosen && table_is_for(table, &pictures->rows[at]))
            tl_text_add_bytes(&texts[at], row, (size_t)(next - row));
    }
    status =
        save_pieces(pieces, table, header, header_bytes, pictures, texts, failed, failed_bytes);
done:
    for (size_t i = 0; texts != NULL && i < pictures->count; i++)
        tl_text_clear(&texts[i]);
    free(texts);
    tl_text_clear(&content);
    return status;
}

/* pictures.tsv begins with another column, and each piece of it has one row. */
static tl_status make_directories(const char *pieces, const tl_pictures *pictures, char *failed,
                                  size_t failed_bytes)
{
    tl_status status = TL_OK;
    snprintf(failed, failed_bytes, "%s", pieces);
    if (mkdir(pieces, 0777) != 0 && errno != EEXIST)
        return TL_IO;
    for (size_t i = 0; status == TL_OK && i < pictures->count; i++) {
        const tl_picture *picture = &pictures->rows[i];
        if (!picture->chosen)
            continue;
        snprintf(failed, failed_bytes, "%s/%s", pieces, picture->name);
        if (mkdir(failed, 0777) != 0 && errno != EEXIST)
            return TL_IO;
        tl_text list = {0};
        tl_pictures_list(picture, 1, &list);
        snprintf(failed, failed_bytes, "%s/%s/pictures.tsv", pieces, picture->name);
        status = tl_text_save(&list, failed);
        tl_text_clear(&list);
    }
    return status;
}

static bool is_table(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".tsv") == 0 &&
           strcmp(name, "pictures.tsv") != 0;
}

tl_status tl_pieces_write(const char *dir, const char *pieces, const tl_pictures *pictures,
                          char *failed, size_t failed_bytes)
{
    tl_status status = make_directories(pieces, pictures, failed, failed_bytes);
    if (status != TL_OK)
        return status;
    snprintf(failed, failed_bytes, "%s", dir);
    DIR *stream = opendir(dir);
    if (stream == NULL)
        return TL_IO;
    struct dirent *entry = NULL;
    while (status == TL_OK && (entry = readdir(stream)) != NULL) {
        if (is_table(entry->d_name))
            status = cut_table(dir, pieces, entry->d_name, pictures, failed, failed_bytes);
    }
    closedir(stream);
    return status;
}

static void remove_directory(const char *path)
{
    DIR *stream = opendir(path);
    struct dirent *entry = NULL;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        char file[4096];
        int length = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && length > 0 && (size_t)length < sizeof file)
            unlink(file);
    }
    if (stream != NULL)
        closedir(stream);
    rmdir(path);
}

void tl_pieces_remove(const char *pieces, const tl_pictures *pictures)
{
    for (size_t i = 0; i < pictures->count; i++) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", pieces, pictures->rows[i].name);
        if (length > 0 && (size_t)length < sizeof path)
            remove_directory(path);
    }
    rmdir(pieces);
}
