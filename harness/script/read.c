/* harness/script/read.c -- a script from a file. */
#include "harness/script/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tl_status read_refused(const char *path, tl_script_error *error)
{
    *error = (tl_script_error){0};
    snprintf(error->text, sizeof error->text, "%s: %s", path, strerror(errno));
    if (errno == ENOENT)
        return TL_NOT_FOUND;
    return errno == EACCES || errno == EPERM || errno == EISDIR ? TL_ACCESS : TL_IO;
}

/* The whole of `file`, up to one byte more than a script may have; NULL: errno tells. */
static char *read_whole(FILE *file, size_t *size_bytes)
{
    char *text = NULL;
    size_t room_bytes = 0, used_bytes = 0;
    do {
        if (used_bytes == room_bytes) {
            room_bytes = room_bytes == 0 ? 64 << 10 : 2 * room_bytes;
            char *larger = realloc(text, room_bytes);
            if (larger == NULL) {
                free(text);
                return NULL;
            }
            text = larger;
        }
        used_bytes += fread(text + used_bytes, 1, room_bytes - used_bytes, file);
    } while (used_bytes == room_bytes && used_bytes <= TL_SCRIPT_SOURCE_BYTES_MAX);
    if (ferror(file)) {
        free(text);
        return NULL;
    }
    *size_bytes = used_bytes;
    return text;
}

tl_status tl_script_read(const char *path, tl_script **script, tl_script_error *error)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (file == NULL)
        return read_refused(path, error);
    size_t size_bytes = 0;
    char *text = read_whole(file, &size_bytes);
    tl_status status = text == NULL ? read_refused(path, error)
                                    : tl_script_parse(is_stdin ? "stdin" : path,
                                                      (tl_slice){text, size_bytes}, script, error);
    if (!is_stdin)
        fclose(file);
    free(text);
    return status;
}
