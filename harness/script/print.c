/* harness/script/print.c -- nodes into canonical text: one spelling for each script.
 *
 * Two blanks of indent per block, one blank between parts, none inside expressions, the fewest
 * brackets, lower-case hex.  Blank lines and comments stay where they are.
 */
#include "harness/script/script.h"
#include "harness/script/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tl_script_printer {
    FILE *out;
    bool fresh;  /* nothing but indent stands on the line */
    bool no_gap; /* inside key=word: a blank in "text" is escaped */
} tl_script_printer;

/* The blank between two parts of a line. */
static void print_gap(tl_script_printer *printer)
{
    if (!printer->fresh)
        fputc(' ', printer->out);
    printer->fresh = false;
}

static void print_word(tl_script_printer *printer, const char *word)
{
    print_gap(printer);
    fputs(word, printer->out);
}

/* --- expressions --- */

static const struct int_row {
    char sign;
    int strength; /* a stronger operator binds first */
} int_rows[] = {
    [TL_SCRIPT_LITERAL] = {0,   4},
      [TL_SCRIPT_VARIABLE] = {0,   4},
    [TL_SCRIPT_NEGATE] = {'-', 3},
      [TL_SCRIPT_ADD] = {'+', 1},
    [TL_SCRIPT_SUBTRACT] = {'-', 1},
      [TL_SCRIPT_MULTIPLY] = {'*', 2},
    [TL_SCRIPT_DIVIDE] = {'/', 2},
      [TL_SCRIPT_REMAINDER] = {'%', 2},
};

/* Bracket what binds less than `strength`, so that reading it back gives the same tree. */
static void print_int(tl_script_printer *printer, const tl_script_int *node, int strength)
{
    const struct int_row *row = &int_rows[node->kind];
    bool bracket = row->strength < strength;
    if (bracket)
        fputc('(', printer->out);
    switch (node->kind) {
    case TL_SCRIPT_LITERAL:
        fprintf(printer->out, "%" PRId64, node->literal);
        break;
    case TL_SCRIPT_VARIABLE:
        fprintf(printer->out, "$%s", node->name);
        break;
    case TL_SCRIPT_NEGATE:
        fputc('-', printer->out);
        print_int(printer, node->left, row->strength);
        break;
    default:
        print_int(printer, node->left, row->strength);
        fputc(row->sign, printer->out);
        print_int(printer, node->right, row->strength + 1);
    }
    if (bracket)
        fputc(')', printer->out);
}

static void print_text(tl_script_printer *printer, tl_slice text)
{
    const unsigned char *bytes = text.data;
    fputc('"', printer->out);
    for (size_t i = 0; i < text.size_bytes; i++) {
        unsigned char c = bytes[i];
        if (c == '\n')
            fputs("\\n", printer->out);
        else if (c == '"' || c == '\\')
            fprintf(printer->out, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f || (c == ' ' && printer->no_gap))
            fprintf(printer->out, "\\x%02x", c);
        else
            fputc(c, printer->out);
    }
    fputc('"', printer->out);
}

static void print_atom(tl_script_printer *printer, const tl_script_atom *atom)
{
    static const char *const words[] = {[TL_SCRIPT_U64] = "u64",
                                        [TL_SCRIPT_DEC] = "dec",
                                        [TL_SCRIPT_FILL] = "fill",
                                        [TL_SCRIPT_REP] = "rep"};
    if (atom->kind == TL_SCRIPT_TEXT) {
        print_text(printer, atom->literal);
        return;
    }
    if (atom->kind == TL_SCRIPT_HEX) {
        const unsigned char *bytes = atom->literal.data;
        fputs("hex(", printer->out);
        for (size_t i = 0; i < atom->literal.size_bytes; i++)
            fprintf(printer->out, "%02x", bytes[i]);
    } else {
        fprintf(printer->out, "%s(", words[atom->kind]);
        print_int(printer, atom->a, 0);
        if (atom->b != NULL) {
            fputc(',', printer->out);
            print_int(printer, atom->b, 0);
        }
    }
    fputc(')', printer->out);
}

static void print_bytes(tl_script_printer *printer, const tl_script_bytes *bytes)
{
    for (const tl_script_atom *atom = bytes->first; atom != NULL; atom = atom->next) {
        print_atom(printer, atom);
        if (atom->next != NULL)
            fputc('+', printer->out);
    }
}

static void print_range(tl_script_printer *printer, const tl_script_range *range)
{
    fputc(range->low_included ? '[' : '(', printer->out);
    if (range->low != NULL)
        print_bytes(printer, range->low);
    fputs("..", printer->out);
    if (range->high != NULL)
        print_bytes(printer, range->high);
    fputc(range->high_included ? ']' : ')', printer->out);
}

/* --- the parts of a line, by the letters of its shape --- */

/* A number after a blank and perhaps a word: " limit 3".  Nothing when it is not there. */
static void print_amount(tl_script_printer *printer, const char *word, const tl_script_int *amount)
{
    if (amount == NULL)
        return;
    if (word != NULL)
        print_word(printer, word);
    print_gap(printer);
    print_int(printer, amount, 0);
}

static void print_loop(tl_script_printer *printer, const tl_script_line *line)
{
    print_word(printer, line->name);
    print_amount(printer, "in", line->from);
    fputs("..", printer->out);
    print_int(printer, line->to, 0);
    print_amount(printer, "step", line->step);
    print_amount(printer, "shuffle", line->shuffle);
}

static void print_pairs(tl_script_printer *printer, const tl_script_line *line)
{
    for (const tl_script_pair *pair = line->pairs; pair != NULL; pair = pair->next)
        fprintf(printer->out, " %s=%s", pair->key, pair->word);
}

static void print_crash(tl_script_printer *printer, const tl_script_line *line)
{
    static const char *const loss_words[] = {"keep", "drop", "torn"};
    fprintf(printer->out, " profile=%s", line->name);
    print_pairs(printer, line);
    if (line->amount != NULL)
        fputs(" at=", printer->out);
    if (line->amount != NULL)
        print_int(printer, line->amount, 0);
    for (const tl_script_loss *loss = line->losses; loss != NULL; loss = loss->next) {
        fprintf(printer->out, " %s=", loss_words[loss->kind]);
        for (const tl_script_number *unit = loss->units; unit != NULL; unit = unit->next) {
            print_int(printer, unit->value, 0);
            if (unit->next != NULL)
                fputc(loss->kind == TL_SCRIPT_LOSS_TORN ? ':' : ',', printer->out);
        }
    }
}

static void print_read(tl_script_printer *printer, const tl_script_line *line)
{
    if (line->read_only)
        print_word(printer, "read");
}

static void print_name(tl_script_printer *printer, const tl_script_line *line)
{
    if (line->name != NULL)
        print_word(printer, line->name);
}

static void print_tree(tl_script_printer *printer, const tl_script_line *line)
{
    if (line->tree != NULL)
        fprintf(printer->out, " @%s", line->tree);
}

static void print_key(tl_script_printer *printer, const tl_script_line *line)
{
    print_gap(printer);
    print_bytes(printer, line->key);
}

static void print_value(tl_script_printer *printer, const tl_script_line *line)
{
    print_gap(printer);
    print_bytes(printer, line->value);
}

static void print_line_range(tl_script_printer *printer, const tl_script_line *line)
{
    if (line->range == NULL)
        return;
    print_gap(printer);
    print_range(printer, line->range);
}

static void print_reverse(tl_script_printer *printer, const tl_script_line *line)
{
    if (line->reverse)
        print_word(printer, "reverse");
}

static void print_limit(tl_script_printer *printer, const tl_script_line *line)
{
    print_amount(printer, "limit", line->limit);
}

static void print_line_amount(tl_script_printer *printer, const tl_script_line *line)
{
    print_amount(printer, NULL, line->amount);
}

static void print_comparison(tl_script_printer *printer, const tl_script_line *line)
{
    static const char *const signs[] = {
        [TL_SCRIPT_EQUAL] = "==", [TL_SCRIPT_AT_MOST] = "<=", [TL_SCRIPT_AT_LEAST] = ">="};
    print_word(printer, signs[line->comparison]);
}

static void print_fault(tl_script_printer *printer, const tl_script_line *line)
{
    print_word(printer, line->name);
    print_amount(printer, NULL, line->amount);
    print_word(printer, line->error);
    if (line->sticky)
        print_word(printer, "sticky");
}

static const struct part_row { /* a body, B, follows on lines of its own */
    char letter;
    void (*print)(tl_script_printer *printer, const tl_script_line *line);
} part_rows[] = {
    {'o', print_read       },
    {'n', print_name       },
    {'N', print_name       },
    {'@', print_tree       },
    {'T', print_tree       },
    {'k', print_key        },
    {'v', print_value      },
    {'r', print_line_range },
    {'R', print_line_range },
    {'d', print_reverse    },
    {'l', print_limit      },
    {'i', print_line_amount},
    {'I', print_line_amount},
    {'p', print_pairs      },
    {'F', print_loop       },
    {'E', print_comparison },
    {'X', print_fault      },
    {'C', print_crash      },
};

static void print_shape(tl_script_printer *printer, const char *shape, const tl_script_line *line)
{
    for (; *shape != '\0'; shape++)
        for (size_t i = 0; i < sizeof part_rows / sizeof part_rows[0]; i++)
            if (part_rows[i].letter == *shape)
                part_rows[i].print(printer, line);
}

static void print_field(tl_script_printer *printer, const char *key, const tl_script_bytes *bytes)
{
    if (bytes == NULL)
        return;
    fprintf(printer->out, " %s=", key);
    printer->no_gap = true;
    print_bytes(printer, bytes);
    printer->no_gap = false;
}

static void print_want(tl_script_printer *printer, const tl_script_want *want)
{
    if (!want->given)
        return;
    fputs(want->any ? " -> any" : " ->", printer->out);
    if (want->has_status)
        print_word(printer, tl_status_name(want->status));
    if (want->value != NULL) {
        fputc(' ', printer->out);
        print_bytes(printer, want->value);
    }
    if (want->count != NULL) {
        fputs(" count=", printer->out);
        print_int(printer, want->count, 0);
    }
    if (want->has_hash)
        fprintf(printer->out, " hash=0x%016" PRIx64, want->hash);
    print_field(printer, "first", want->first);
    print_field(printer, "last", want->last);
    print_field(printer, "key", want->key);
    if (want->at != NULL) {
        fputs(" at=", printer->out);
        print_int(printer, want->at, 0);
    }
}

/* --- lines --- */

static void print_indent(tl_script_printer *printer, unsigned depth)
{
    fprintf(printer->out, "%*s", (int)(2 * depth), "");
    printer->fresh = true;
}

static void print_line_end(tl_script_printer *printer, const char *comment)
{
    if (comment != NULL)
        fprintf(printer->out, "%s#%s%s", printer->fresh ? "" : "  ", *comment != '\0' ? " " : "",
                comment);
    fputc('\n', printer->out);
}

static void print_block(tl_script_printer *printer, const tl_script_line *line, unsigned depth)
{
    for (; line != NULL; line = line->next) {
        const tl_script_verb_row *verb = tl_script_verb_get(line->verb);
        bool has_body = strchr(verb->shape, 'B') != NULL;
        printer->fresh = true;
        if (line->verb != TL_SCRIPT_BLANK || line->comment != NULL)
            print_indent(printer, depth);
        if (line->subject != NULL) {
            fprintf(printer->out, "%s:", line->subject);
            printer->fresh = false;
        }
        if (*verb->word != '\0')
            print_word(printer, verb->word);
        print_shape(printer, verb->shape, line);
        if (!has_body)
            print_want(printer, &line->want);
        print_line_end(printer, line->comment);
        if (!has_body)
            continue;
        print_block(printer, line->body, depth + 1);
        print_indent(printer, depth);
        print_word(printer, "end");
        print_want(printer, &line->want);
        print_line_end(printer, line->end_comment);
    }
}

tl_status tl_script_print(const tl_script *script, char **text)
{
    char *buffer = NULL;
    size_t size_bytes = 0;
    tl_script_printer printer = {.out = open_memstream(&buffer, &size_bytes)};
    if (printer.out == NULL)
        return TL_NO_MEMORY;
    fputs("treelab-script 1\n", printer.out);
    print_block(&printer, tl_script_first(script), 0);
    bool failed = ferror(printer.out) != 0;
    if (fclose(printer.out) != 0 || failed) {
        free(buffer);
        return TL_NO_MEMORY;
    }
    *text = buffer;
    return TL_OK;
}
