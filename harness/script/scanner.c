#include "harness/script/scanner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr(".:,/%@+-", c) != NULL);
}

bool tl_scan_fail(tl_scanner *scanner, const char *where, const char *format, ...)
{
    if (scanner->status != TL_OK)
        return false;
    scanner->status = TL_INVALID;
    scanner->error->line = scanner->line;
    scanner->error->column = (uint32_t)(where - scanner->line_start) + 1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(scanner->error->text, sizeof scanner->error->text, format, arguments);
    va_end(arguments);
    return false;
}

static void skip_blanks(tl_scanner *scanner)
{
    while (scanner->at < scanner->line_end && (*scanner->at == ' ' || *scanner->at == '\t'))
        scanner->at++;
}

bool tl_scan_expected(tl_scanner *scanner, const char *what)
{
    skip_blanks(scanner);
    const char *end = scanner->at;
    while (end < scanner->line_end && end - scanner->at < 24 && *end != ' ' && *end != '\t')
        end++;
    if (end == scanner->at)
        return tl_scan_fail(scanner, scanner->at, "expected %s, found the end of the line", what);
    return tl_scan_fail(scanner, scanner->at, "expected %s, found '%.*s'", what,
                        (int)(end - scanner->at), scanner->at);
}

/* Control bytes would make messages and comments unprintable; a line has none but tabs. */
static bool line_is_text(tl_scanner *scanner)
{
    for (const char *c = scanner->line_start; c < scanner->line_end; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return tl_scan_fail(scanner, c, "control byte 0x%02x; write \\x%02x inside \"text\"",
                                (unsigned char)*c, (unsigned char)*c);
    return true;
}

bool tl_scan_line(tl_scanner *scanner)
{
    if (scanner->status != TL_OK)
        return false;
    const char *start = scanner->line == 0 ? scanner->source : scanner->line_end;
    if (scanner->line > 0) { /* step over the line's own end */
        if (start < scanner->source_end && *start == '\r')
            start++;
        if (start < scanner->source_end && *start == '\n')
            start++;
    }
    if (start >= scanner->source_end)
        return false;
    const char *end = memchr(start, '\n', (size_t)(scanner->source_end - start));
    if (end == NULL)
        end = scanner->source_end;
    if (end > start && end[-1] == '\r' && end < scanner->source_end)
        end--;
    scanner->line++;
    scanner->line_start = scanner->at = start;
    scanner->line_end = end;
    if (end - start > TL_SCRIPT_LINE_BYTES_MAX)
        return tl_scan_fail(scanner, start + TL_SCRIPT_LINE_BYTES_MAX,
                            "the line is longer than %d bytes; use fill() or rep()",
                            TL_SCRIPT_LINE_BYTES_MAX);
    return line_is_text(scanner);
}

void *tl_scan_new(tl_scanner *scanner, size_t size_bytes)
{
    void *taken =
        scanner->status == TL_OK ? tl_script_arena_take(scanner->arena, size_bytes) : NULL;
    if (taken == NULL) {
        tl_scan_fail(scanner, scanner->at, "out of memory");
        if (scanner->status == TL_INVALID && strcmp(scanner->error->text, "out of memory") == 0)
            scanner->status = TL_NO_MEMORY;
    }
    return taken;
}

const char *tl_scan_copy(tl_scanner *scanner, const char *text, size_t size_bytes)
{
    char *copy = tl_scan_new(scanner, size_bytes + 1);
    if (copy != NULL && size_bytes > 0)
        memcpy(copy, text, size_bytes);
    return copy;
}

bool tl_scan_at_end(tl_scanner *scanner)
{
    skip_blanks(scanner);
    return scanner->at == scanner->line_end || *scanner->at == '#';
}

bool tl_scan_sees(tl_scanner *scanner, const char *mark)
{
    skip_blanks(scanner);
    size_t size_bytes = strlen(mark);
    return (size_t)(scanner->line_end - scanner->at) >= size_bytes &&
           memcmp(scanner->at, mark, size_bytes) == 0;
}

bool tl_scan_mark(tl_scanner *scanner, const char *mark)
{
    if (scanner->status != TL_OK || !tl_scan_sees(scanner, mark))
        return false;
    scanner->at += strlen(mark);
    return true;
}

static size_t name_bytes(const tl_scanner *scanner)
{
    const char *end = scanner->at;
    if (end == scanner->line_end || !is_letter(*end))
        return 0;
    while (end < scanner->line_end && (is_letter(*end) || is_digit(*end)))
        end++;
    return (size_t)(end - scanner->at);
}

bool tl_scan_sees_name(tl_scanner *scanner)
{
    skip_blanks(scanner);
    return name_bytes(scanner) > 0;
}

bool tl_scan_keyword(tl_scanner *scanner, const char *keyword)
{
    if (scanner->status != TL_OK || !tl_scan_sees(scanner, keyword) ||
        name_bytes(scanner) != strlen(keyword))
        return false;
    scanner->at += strlen(keyword);
    return true;
}

const char *tl_scan_name(tl_scanner *scanner, const char *what)
{
    skip_blanks(scanner);
    size_t size_bytes = name_bytes(scanner);
    if (size_bytes == 0) {
        tl_scan_expected(scanner, what);
        return NULL;
    }
    if (size_bytes > TL_SCRIPT_NAME_BYTES_MAX) {
        tl_scan_fail(scanner, scanner->at, "the name is longer than %d letters",
                     TL_SCRIPT_NAME_BYTES_MAX);
        return NULL;
    }
    const char *name = tl_scan_copy(scanner, scanner->at, size_bytes);
    scanner->at += size_bytes;
    return name;
}

const char *tl_scan_word(tl_scanner *scanner, const char *what)
{
    skip_blanks(scanner);
    const char *end = scanner->at;
    while (end < scanner->line_end && is_word(*end) &&
           !(*end == '-' && end + 1 < scanner->line_end && end[1] == '>'))
        end++;
    if (end == scanner->at) {
        tl_scan_expected(scanner, what);
        return NULL;
    }
    const char *word = tl_scan_copy(scanner, scanner->at, (size_t)(end - scanner->at));
    scanner->at = end;
    return word;
}
