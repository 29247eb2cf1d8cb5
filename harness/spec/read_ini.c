/* harness/spec/read_ini.c -- INI through libinih, with the line of each key.
 *
 * libinih asks a reader for one line after the other and calls a handler for each key.  Debian's
 * tells the handler neither the line nor that a section begins, keeps going after a broken line
 * but tells of the first only, and cuts lines that are too long.  So the reader here
 *
 *     counts lines, which is where a key is from
 *     takes blanks off the front, so that no line continues the one before
 *     refuses long lines
 *     puts a key of its own, BEGIN, behind each section's head: an empty section is seen, too
 *
 * and a first pass blanks broken lines one by one, until none is left to tell of.
 */
#include "harness/spec/read.h"

#include <ctype.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "\x01" /* no key of a file: libinih takes it as any other */

typedef struct reader {
    tl_spec *spec;
    char *text; /* what is left; lines are blanked in place */
    const char *at;
    unsigned line;     /* last handed out */
    bool mark_heads;   /* second pass: give BEGIN behind a section's head */
    bool head_pending; /* the last line was such a head */
    char section[64];  /* the second pass's current one, as libinih sees it */
    tl_status status;
} reader;

static const char *line_end(const char *at)
{
    const char *end = strchr(at, '\n');
    return end == NULL ? at + strlen(at) : end;
}

/* An fgets for libinih. */
static char *next_line(char *buffer, int buffer_bytes, void *context)
{
    reader *lines = context;
    if (lines->head_pending) {
        lines->head_pending = false;
        snprintf(buffer, (size_t)buffer_bytes, BEGIN "=\n");
        return buffer;
    }
    if (*lines->at == '\0')
        return NULL;
    const char *begin = lines->at, *end = line_end(begin);
    lines->at = *end == '\0' ? end : end + 1;
    lines->line++;
    while (begin < end && isspace((unsigned char)*begin))
        begin++;
    snprintf(buffer, (size_t)buffer_bytes, "%.*s\n", (int)(end - begin), begin);
    lines->head_pending = lines->mark_heads && *begin == '[';
    return buffer;
}

static void blank(char *from, const char *to)
{
    while (from < to)
        *from++ = ' ';
}

/* The text of line `line`. */
static char *line_text(char *text, unsigned line)
{
    const char *at = text;
    for (unsigned i = 1; i < line; i++)
        at = line_end(at) + 1;
    return text + (at - text);
}

/* libinih's default buffer has 200 bytes, the last three for the line's end. */
enum { LINE_BYTES_MAX = 197 };

static void refuse_long_lines(tl_spec *spec, char *text)
{
    unsigned line = 1;
    for (char *at = text; *at != '\0'; line++) {
        const char *end = line_end(at);
        if (end - at > LINE_BYTES_MAX) {
            if (*at != '#' && *at != ';') /* a long remark says nothing to us */
                tl_spec_trouble(spec, line, "longer than %d bytes; JSON has no such limit",
                                LINE_BYTES_MAX);
            blank(at, end);
        }
        at = text + (end - text) + (*end == '\n');
    }
}

static int ignore_key(void *context, const char *section, const char *key, const char *value)
{
    (void)context, (void)section, (void)key, (void)value;
    return 1;
}

static void refuse_broken_lines(tl_spec *spec, char *text)
{
    enum { TOLD_MAX = 20 };
    for (int told = 0; told < TOLD_MAX; told++) {
        reader lines = {.spec = spec, .text = text, .at = text};
        int broken = ini_parse_stream(next_line, &lines, ignore_key, NULL);
        if (broken <= 0)
            return;
        char *at = line_text(text, (unsigned)broken);
        const char *end = line_end(at);
        while (at < end && isspace((unsigned char)*at))
            at++;
        if (*at == '[')
            tl_spec_trouble(spec, (unsigned)broken, "'%.*s': a section is [NAME]",
                            (int)(end - at > 60 ? 60 : end - at), at);
        else
            tl_spec_trouble(spec, (unsigned)broken, "'%.*s' is not KEY = VALUE",
                            (int)(end - at > 60 ? 60 : end - at), at);
        blank(at, end);
    }
}

static int take_key(void *context, const char *section, const char *key, const char *value)
{
    reader *lines = context;
    if (strcmp(key, BEGIN) == 0)
        lines->status = tl_spec_read_section(lines->spec, section, lines->line);
    else if (section[0] == '\0')
        tl_spec_trouble(lines->spec, lines->line,
                        "'%.60s' stands before any section; begin with "
                        "[" TL_SPEC_GLOBAL "]",
                        key);
    else
        lines->status = tl_spec_read_key(lines->spec, section, key, value, lines->line);
    if (lines->status != TL_OK)
        lines->at = ""; /* memory is short: nothing more is asked for */
    return 1;
}

tl_status tl_spec_read_ini(tl_spec *spec, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return TL_NO_MEMORY;
    refuse_long_lines(spec, copy);
    refuse_broken_lines(spec, copy);
    reader lines = {.spec = spec, .text = copy, .at = copy, .mark_heads = true};
    (void)ini_parse_stream(next_line, &lines, take_key, &lines); /* broken lines are gone */
    free(copy);
    return lines.status;
}
