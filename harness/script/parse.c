/* harness/script/parse.c -- lines into nodes, guided by the rows of verbs.c.
 *
 * A block is a list of lines: the script itself, or what stands between a `for` or batch line and
 * its `end`.  Blocks nest by recursion, at most TL_SCRIPT_LOOPS_MAX loops and one batch deep.
 */
#include "harness/script/parse.h"

#include <stdlib.h>
#include <string.h>

struct tl_script {
    tl_script_arena arena;
    const char *name;
    const tl_script_line *first;
    uint32_t line_count;
};

typedef struct tl_script_parser {
    tl_scanner scan;
    uint32_t line_count;
    bool in_batch;
} tl_script_parser;

/* The comment that ends a line, if any, and nothing else. */
static bool parse_line_end(tl_scanner *scan, const char **comment)
{
    if (!tl_scan_at_end(scan))
        return tl_scan_expected(scan, "the end of the line, '->' or a comment");
    if (scan->at == scan->line_end)
        return true;
    const char *start = scan->at + 1, *end = scan->line_end;
    if (start < end && *start == ' ')
        start++;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *comment = tl_scan_copy(scan, start, (size_t)(end - start));
    return *comment != NULL;
}

static bool parse_verb(tl_scanner *scan, tl_script_line *line)
{
    const char *start = (tl_scan_sees_name(scan), scan->at);
    const char *word = tl_scan_name(scan, "a verb, for example put, get or scan");
    if (word == NULL)
        return false;
    if (tl_scan_mark(scan, ":")) {
        line->subject = word;
        start = (tl_scan_sees_name(scan), scan->at);
        if ((word = tl_scan_name(scan, "a verb, for example get or next")) == NULL)
            return false;
    }
    line->verb = tl_script_verb_find(word);
    if (line->verb == TL_SCRIPT_VERB_COUNT) {
        const char *nearest = tl_script_verb_nearest(word);
        if (nearest != NULL)
            return tl_scan_fail(scan, start, "no verb '%s'; did you mean '%s'?", word, nearest);
        return tl_scan_fail(scan, start, "no verb '%s'; see harness/script/README.md", word);
    }
    tl_script_subject subject = tl_script_verb_get(line->verb)->subject;
    if (subject == TL_SCRIPT_SUBJECT_CURSOR && line->subject == NULL)
        return tl_scan_fail(scan, start, "'%s' needs a cursor before it, for example 'c: %s'", word,
                            word);
    if (subject == TL_SCRIPT_SUBJECT_NONE && line->subject != NULL)
        return tl_scan_fail(scan, scan->line_start, "'%s' takes no '%s:' before it", word,
                            line->subject);
    return true;
}

static bool parse_block(tl_script_parser *parser, tl_script_line *opener,
                        const tl_script_line **first);

static bool parse_body(tl_script_parser *parser, tl_script_line *line)
{
    tl_scanner *scan = &parser->scan;
    bool is_loop = line->verb == TL_SCRIPT_FOR;
    if (is_loop)
        scan->variables[scan->loop_count++] = line->name;
    else
        parser->in_batch = true;
    bool whole = parse_block(parser, line, &line->body);
    if (is_loop)
        scan->loop_count--;
    else
        parser->in_batch = false;
    return whole;
}

/* What stands on a line before its comment. */
static bool parse_content(tl_script_parser *parser, tl_script_line *line)
{
    tl_scanner *scan = &parser->scan;
    const char *start = scan->at;
    if (tl_scan_at_end(scan))
        return true;
    if (tl_scan_sees_bytes(scan)) {
        line->verb = TL_SCRIPT_ITEM;
        if (!parser->in_batch)
            return tl_scan_fail(scan, scan->at,
                                "a key and a value stand alone only inside a batch; "
                                "did you mean 'put'?");
    } else if (!parse_verb(scan, line)) {
        return false;
    }
    if (parser->in_batch && line->verb != TL_SCRIPT_ITEM && line->verb != TL_SCRIPT_FOR)
        return tl_scan_fail(scan, start, "a batch holds only lines 'key value', 'for' and 'end'");
    const tl_script_verb_row *verb = tl_script_verb_get(line->verb);
    if (!tl_parse_shape(scan, verb->shape, line))
        return false;
    if (strchr(verb->shape, 'B') == NULL)
        return tl_parse_want(scan, verb, &line->want);
    if (tl_scan_sees(scan, "->"))
        return tl_scan_fail(scan, scan->at, "a result stands after the 'end' of a block");
    return true;
}

/* `end`, which closes the block that `opener` began. */
static bool parse_end(tl_scanner *scan, tl_script_line *opener)
{
    if (opener == NULL)
        return tl_scan_fail(scan, scan->line_start, "'end' without a 'for' or a batch before it");
    return tl_parse_want(scan, tl_script_verb_get(opener->verb), &opener->want) &&
           parse_line_end(scan, &opener->end_comment);
}

/* Lines up to the `end` of `opener`, or to the end of the source when it is NULL. */
static bool parse_block(tl_script_parser *parser, tl_script_line *opener,
                        const tl_script_line **first)
{
    tl_scanner *scan = &parser->scan;
    const tl_script_line **tail = first;
    while (tl_scan_line(scan)) {
        if (tl_scan_keyword(scan, "end"))
            return parse_end(scan, opener);
        tl_script_line *line = tl_scan_new(scan, sizeof *line);
        if (line == NULL)
            return false;
        line->number = scan->line;
        line->index = parser->line_count++;
        if (!parse_content(parser, line) || !parse_line_end(scan, &line->comment))
            return false;
        if (strchr(tl_script_verb_get(line->verb)->shape, 'B') != NULL && !parse_body(parser, line))
            return false;
        *tail = line;
        tail = &line->next;
    }
    if (opener == NULL || scan->status != TL_OK)
        return scan->status == TL_OK;
    return tl_scan_fail(scan, scan->line_end, "the '%s' of line %u has no 'end'",
                        tl_script_verb_get(opener->verb)->word, opener->number);
}

static bool parse_header(tl_scanner *scan)
{
    static const char header[] = "treelab-script 1";
    size_t header_bytes = sizeof header - 1;
    if (tl_scan_line(scan) && tl_scan_sees(scan, header)) {
        scan->at += header_bytes;
        return tl_scan_at_end(scan) && scan->at == scan->line_end
                   ? true
                   : tl_scan_expected(scan, "nothing after 'treelab-script 1'");
    }
    if (scan->status == TL_OK && scan->line == 0) { /* no line at all */
        scan->line = 1;
        scan->line_start = scan->at = scan->source;
    }
    return tl_scan_fail(scan, scan->line_start, "the first line of a script is '%s'", header);
}

tl_status tl_script_parse(const char *name, tl_slice source, tl_script **script,
                          tl_script_error *error)
{
    *error = (tl_script_error){0};
    if (source.size_bytes > TL_SCRIPT_SOURCE_BYTES_MAX) {
        *error = (tl_script_error){.line = 1, .column = 1, .text = "the script is over 64 MiB"};
        return TL_INVALID;
    }
    tl_script *made = calloc(1, sizeof *made);
    if (made == NULL) {
        *error = (tl_script_error){.line = 1, .column = 1, .text = "out of memory"};
        return TL_NO_MEMORY;
    }
    const char *text = source.size_bytes == 0 ? "" : source.data;
    tl_script_parser parser = {
        .scan = {.source = text,
                 .source_end = text + source.size_bytes,
                 .line_start = text,
                 .line_end = text,
                 .at = text,
                 .arena = &made->arena,
                 .error = error}
    };
    made->name = tl_scan_copy(&parser.scan, name, strlen(name));
    if (parse_header(&parser.scan) && parse_block(&parser, NULL, &made->first)) {
        made->line_count = parser.line_count;
        *script = made;
        return TL_OK;
    }
    tl_script_free(made);
    return parser.scan.status;
}

void tl_script_free(tl_script *script)
{
    if (script == NULL)
        return;
    tl_script_arena_free(&script->arena);
    free(script);
}

const char *tl_script_name(const tl_script *script)
{
    return script->name;
}

const tl_script_line *tl_script_first(const tl_script *script)
{
    return script->first;
}

uint32_t tl_script_line_count(const tl_script *script)
{
    return script->line_count;
}
