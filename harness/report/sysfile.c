/* harness/report/sysfile.c -- lines of /proc and /sys; a file that is absent is an answer too. */
#define _GNU_SOURCE
#include "harness/report/sysfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tl_sysfile_copy(char *copy, size_t copy_bytes, const char *text)
{
    size_t length = strnlen(text, copy_bytes - 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
}

bool tl_sysfile_line(const char *path, char *line, size_t line_bytes)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    char *content = NULL;
    size_t capacity = 0;
    ssize_t length = getline(&content, &capacity, file);
    fclose(file);
    if (length > 0 && content[length - 1] == '\n')
        content[--length] = '\0';
    if (length > 0)
        tl_sysfile_copy(line, line_bytes, content);
    free(content);
    return length > 0;
}

/* What follows "`name` : " in `line`, or NULL. */
static const char *field_value(const char *line, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(line, name, length) != 0)
        return NULL;
    line += length + strspn(line + length, " \t");
    return *line == ':' ? line + 1 + strspn(line + 1, " \t") : NULL;
}

bool tl_sysfile_field(const char *path, const char *name, char *value, size_t value_bytes)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    char *line = NULL;
    size_t capacity = 0;
    bool found = false;
    ssize_t length;
    while (!found && (length = getline(&line, &capacity, file)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        const char *text = field_value(line, name);
        found = text != NULL;
        if (found)
            tl_sysfile_copy(value, value_bytes, text);
    }
    free(line);
    fclose(file);
    return found;
}
