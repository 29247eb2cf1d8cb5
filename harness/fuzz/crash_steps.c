/* harness/fuzz/crash_steps.c -- scripts as steps for the crash lab: lines, transactions, writes. */
#include "harness/fuzz/crash_shrink.h"

#include <stdlib.h>
#include <string.h>

/* The word that a line begins with, behind blanks. */
static bool begins(const char *line, const char *word)
{
    size_t word_bytes = strlen(word);
    line += strspn(line, " \t");
    return strncmp(line, word, word_bytes) == 0 && strchr(" \n\t#@", line[word_bytes]) != NULL;
}

static bool opens_block(const char *line)
{
    return begins(line, "for") || begins(line, "batch") || begins(line, "bulkinsert") ||
           begins(line, "bulkload");
}

/* One step for each line, or block with its `end`.  `text` is cut up. */
static tl_status add_lines(char *text, tl_steps *steps)
{
    tl_status status = TL_OK;
    char *start = NULL;
    unsigned depth = 0;
    for (char *line = text, *next; line != NULL && status == TL_OK; line = next) {
        next = strchr(line, '\n');
        start = depth == 0 ? line : start;
        depth += opens_block(line);
        depth -= begins(line, "end") && depth > 0;
        bool blank = line[strspn(line, " \t\r")] == '\n' || line[strspn(line, " \t\r")] == '\0' ||
                     line[strspn(line, " \t\r")] == '#';
        if (next != NULL && depth == 0)
            *next = '\0';
        if (depth == 0 && !(blank && start == line))
            status = tl_steps_add(steps, start);
        next = next != NULL ? next + 1 : NULL;
    }
    return status;
}

tl_status tl_crash_steps_of(const char *text, tl_steps *steps)
{
    const char *body = strchr(text, '\n'), *crash = strstr(text, "\ncrash ");
    *steps = (tl_steps){NULL, 0, 0};
    if (body == NULL)
        return TL_INVALID;
    char *copy = strdup(body + 1);
    if (copy == NULL)
        return TL_NO_MEMORY;
    if (crash != NULL)
        copy[crash > body ? crash - body : 0] = '\0';
    tl_status status = add_lines(copy, steps);
    free(copy);
    return status == TL_OK && steps->count == 0 ? TL_INVALID : status;
}

tl_status tl_crash_steps_writing(const tl_steps *from, size_t count, tl_steps *steps)
{
    static const char *const kept[] = {"open",       "put",    "insert",     "append",   "del",
                                       "delrange",   "batch",  "bulkinsert", "bulkload", "begin",
                                       "commit",     "abort",  "savepoint",  "rollback", "drop",
                                       "checkpoint", "compact"};
    tl_status status = TL_OK;
    *steps = (tl_steps){NULL, 0, 0};
    for (size_t i = 0; i < from->count && steps->count < count && status == TL_OK; i++) {
        const char *line = from->at[i];
        bool named = begins(line, "begin read") || strncmp(line, "commit r", 8) == 0;
        for (size_t k = 0; k < sizeof kept / sizeof kept[0] && !named; k++)
            if (begins(line, kept[k])) {
                status = tl_steps_add(steps, line);
                break;
            }
    }
    return status;
}

static tl_status add_joined(tl_steps *joined, const tl_steps *from, size_t begin, size_t end)
{
    size_t text_bytes = 1;
    for (size_t i = begin; i < end; i++)
        text_bytes += strlen(from->at[i]) + 1;
    char *text = calloc(1, text_bytes), *at = text;
    if (text == NULL)
        return TL_NO_MEMORY;
    for (size_t i = begin; i < end; i++) {
        size_t line_bytes = strlen(from->at[i]);
        memcpy(at, from->at[i], line_bytes);
        at += line_bytes;
        *at++ = i + 1 < end ? '\n' : '\0';
    }
    tl_status status = tl_steps_add(joined, text);
    free(text);
    return status;
}

tl_status tl_crash_steps_join(const tl_steps *from, tl_steps *joined)
{
    tl_status status = TL_OK;
    *joined = (tl_steps){NULL, 0, 0};
    for (size_t i = 0; i < from->count && status == TL_OK;) {
        size_t end = i + 1;
        if (begins(from->at[i], "begin")) {
            while (end < from->count && !begins(from->at[end - 1], "commit") &&
                   !begins(from->at[end - 1], "abort"))
                end++;
        }
        status = add_joined(joined, from, i, end);
        i = end;
    }
    return status;
}

tl_status tl_crash_steps_split(const tl_steps *from, tl_steps *split)
{
    tl_status status = TL_OK;
    *split = (tl_steps){NULL, 0, 0};
    for (size_t i = 0; i < from->count && status == TL_OK; i++) {
        char *copy = strdup(from->at[i]);
        status = copy == NULL ? TL_NO_MEMORY : add_lines(copy, split);
        free(copy);
    }
    return status;
}
