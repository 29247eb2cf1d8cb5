/* harness/script/expression.c -- the three kinds of expression: integers, bytes and ranges.
 *
 * Descent is recursive, so depth (brackets, signs) and length (operators) are bounded: no text
 * can exhaust the stack, here or in the evaluator and the printer that walk the same tree.
 */
#include "harness/script/scanner.h"

#include <string.h>

static const tl_script_int *scan_sum(tl_scanner *scanner);

static tl_script_int *int_new(tl_scanner *scanner, tl_script_int_kind kind,
                              const tl_script_int *left, const tl_script_int *right)
{
    tl_script_int *node = tl_scan_new(scanner, sizeof *node);
    if (node != NULL) {
        node->kind = kind;
        node->left = left;
        node->right = right;
    }
    return node;
}

static const tl_script_int *scan_digits(tl_scanner *scanner)
{
    const char *start = scanner->at;
    int64_t value = 0;
    while (scanner->at < scanner->line_end && *scanner->at >= '0' && *scanner->at <= '9') {
        int digit = *scanner->at++ - '0';
        if (value > (INT64_MAX - digit) / 10) {
            tl_scan_fail(scanner, start, "the number is larger than 9223372036854775807");
            return NULL;
        }
        value = value * 10 + digit;
    }
    tl_script_int *node = int_new(scanner, TL_SCRIPT_LITERAL, NULL, NULL);
    if (node != NULL)
        node->literal = value;
    return node;
}

static const tl_script_int *scan_variable(tl_scanner *scanner)
{
    const char *start = scanner->at;
    const char *name = tl_scan_name(scanner, "the name of a loop variable");
    if (name == NULL)
        return NULL;
    for (unsigned loop = 0; loop < scanner->loop_count; loop++) {
        if (strcmp(scanner->variables[loop], name) != 0)
            continue;
        tl_script_int *node = int_new(scanner, TL_SCRIPT_VARIABLE, NULL, NULL);
        if (node != NULL) {
            node->loop = loop;
            node->name = name;
        }
        return node;
    }
    tl_scan_fail(scanner, start, "no loop around this line has a variable '%s'", name);
    return NULL;
}

static const tl_script_int *scan_primary(tl_scanner *scanner)
{
    if (tl_scan_mark(scanner, "$"))
        return scan_variable(scanner);
    if (tl_scan_mark(scanner, "(")) {
        const tl_script_int *inner = scan_sum(scanner);
        if (inner != NULL && !tl_scan_mark(scanner, ")")) {
            tl_scan_expected(scanner, "')'");
            return NULL;
        }
        return inner;
    }
    if (!tl_scan_at_end(scanner) && *scanner->at >= '0' && *scanner->at <= '9')
        return scan_digits(scanner);
    tl_scan_expected(scanner, "an integer, for example 17 or $i");
    return NULL;
}

/* Also the place where depth is counted: every way down leads through here. */
static const tl_script_int *scan_signed(tl_scanner *scanner)
{
    if (scanner->nesting >= TL_SCRIPT_NESTING_MAX) {
        tl_scan_fail(scanner, scanner->at, "more than %d brackets and signs in one another",
                     TL_SCRIPT_NESTING_MAX);
        return NULL;
    }
    scanner->nesting++;
    const tl_script_int *node = NULL;
    if (!tl_scan_sees(scanner, "->") && tl_scan_mark(scanner, "-")) {
        const tl_script_int *inner = scan_signed(scanner);
        if (inner != NULL)
            node = int_new(scanner, TL_SCRIPT_NEGATE, inner, NULL);
    } else {
        node = scan_primary(scanner);
    }
    scanner->nesting--;
    return node;
}

static bool count_term(tl_scanner *scanner)
{
    if (scanner->terms++ < TL_SCRIPT_TERMS_MAX)
        return true;
    return tl_scan_fail(scanner, scanner->at, "more than %d terms in one expression",
                        TL_SCRIPT_TERMS_MAX);
}

static const tl_script_int *scan_product(tl_scanner *scanner)
{
    const tl_script_int *left = scan_signed(scanner);
    while (left != NULL) {
        tl_script_int_kind kind;
        if (tl_scan_mark(scanner, "*"))
            kind = TL_SCRIPT_MULTIPLY;
        else if (tl_scan_mark(scanner, "/"))
            kind = TL_SCRIPT_DIVIDE;
        else if (tl_scan_mark(scanner, "%"))
            kind = TL_SCRIPT_REMAINDER;
        else
            return left;
        const tl_script_int *right = count_term(scanner) ? scan_signed(scanner) : NULL;
        left = right == NULL ? NULL : int_new(scanner, kind, left, right);
    }
    return NULL;
}

static const tl_script_int *scan_sum(tl_scanner *scanner)
{
    const tl_script_int *left = scan_product(scanner);
    while (left != NULL) {
        tl_script_int_kind kind;
        if (tl_scan_mark(scanner, "+"))
            kind = TL_SCRIPT_ADD;
        else if (!tl_scan_sees(scanner, "->") && tl_scan_mark(scanner, "-"))
            kind = TL_SCRIPT_SUBTRACT;
        else
            return left;
        const tl_script_int *right = count_term(scanner) ? scan_product(scanner) : NULL;
        left = right == NULL ? NULL : int_new(scanner, kind, left, right);
    }
    return NULL;
}

const tl_script_int *tl_scan_int(tl_scanner *scanner)
{
    scanner->nesting = scanner->terms = 0;
    return scanner->status == TL_OK ? scan_sum(scanner) : NULL;
}

bool tl_scan_sees_int(tl_scanner *scanner)
{
    if (tl_scan_at_end(scanner) || tl_scan_sees(scanner, "->"))
        return false;
    char c = *scanner->at;
    return (c >= '0' && c <= '9') || c == '$' || c == '(' || c == '-';
}

/* --- bytes --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One escape, after its backslash; -1: reported. */
static int scan_escape(tl_scanner *scanner)
{
    const char *start = scanner->at - 1;
    char c = scanner->at < scanner->line_end ? *scanner->at++ : '\0';
    if (c == 'n')
        return '\n';
    if (c == '"' || c == '\\')
        return c;
    if (c == 'x' && scanner->line_end - scanner->at >= 2) {
        int high = hex_digit(scanner->at[0]), low = hex_digit(scanner->at[1]);
        if (high >= 0 && low >= 0) {
            scanner->at += 2;
            return high * 16 + low;
        }
    }
    tl_scan_fail(scanner, start, "an escape is one of \\n \\\" \\\\ \\xNN");
    return -1;
}

static bool scan_text(tl_scanner *scanner, tl_script_atom *atom)
{
    const char *close = scanner->at; /* found first: it bounds the memory to take */
    while (close < scanner->line_end && *close != '"')
        close += *close == '\\' && scanner->line_end - close > 1 ? 2 : 1;
    if (close == scanner->line_end)
        return tl_scan_fail(scanner, scanner->at - 1,
                            "the text that starts here has no closing '\"'");
    unsigned char *text = tl_scan_new(scanner, (size_t)(close - scanner->at) + 1);
    if (text == NULL)
        return false;
    size_t size_bytes = 0;
    while (scanner->at < close) {
        int byte = (unsigned char)*scanner->at++;
        if (byte == '\\' && (byte = scan_escape(scanner)) < 0)
            return false;
        text[size_bytes++] = (unsigned char)byte;
    }
    scanner->at = close + 1;
    atom->literal = (tl_slice){text, size_bytes};
    return true;
}

static bool scan_hex(tl_scanner *scanner, tl_script_atom *atom)
{
    const char *close = scanner->at; /* found first: it bounds the memory to take */
    while (close < scanner->line_end && *close != ')')
        close++;
    unsigned char *bytes = tl_scan_new(scanner, (size_t)(close - scanner->at) / 2 + 1);
    size_t digit_count = 0;
    while (bytes != NULL && !tl_scan_at_end(scanner) && hex_digit(*scanner->at) >= 0) {
        unsigned digit = (unsigned)hex_digit(*scanner->at++);
        unsigned char *byte = &bytes[digit_count++ / 2];
        *byte = (unsigned char)((unsigned)*byte << 4 | digit);
    }
    if (bytes == NULL)
        return false;
    if (!tl_scan_sees(scanner, ")"))
        return tl_scan_expected(scanner, "a hex digit or ')'");
    if (digit_count % 2 != 0)
        return tl_scan_fail(scanner, scanner->at, "expected one more hex digit: two make a byte");
    scanner->at++;
    atom->literal = (tl_slice){bytes, digit_count / 2};
    return true;
}

/* The atoms that look like calls. */
static const struct atom_row {
    const char *word;
    tl_script_atom_kind kind;
    unsigned operands; /* 0: hex digits instead */
} atom_rows[] = {
    {"hex(",  TL_SCRIPT_HEX,  0},
    {"u64(",  TL_SCRIPT_U64,  1},
    {"dec(",  TL_SCRIPT_DEC,  2},
    {"fill(", TL_SCRIPT_FILL, 2},
    {"rep(",  TL_SCRIPT_REP,  2},
};
enum { ATOM_ROW_COUNT = sizeof atom_rows / sizeof atom_rows[0] };

bool tl_scan_sees_bytes(tl_scanner *scanner)
{
    if (tl_scan_sees(scanner, "\""))
        return true;
    for (size_t i = 0; i < ATOM_ROW_COUNT; i++)
        if (tl_scan_sees(scanner, atom_rows[i].word))
            return true;
    return false;
}

static bool scan_operands(tl_scanner *scanner, const struct atom_row *row, tl_script_atom *atom)
{
    atom->a = tl_scan_int(scanner);
    if (atom->a == NULL)
        return false;
    if (row->operands == 2) {
        if (!tl_scan_mark(scanner, ","))
            return tl_scan_expected(scanner, "',' and a second number");
        atom->b = tl_scan_int(scanner);
        if (atom->b == NULL)
            return false;
    }
    return tl_scan_mark(scanner, ")") || tl_scan_expected(scanner, "')'");
}

static tl_script_atom *scan_atom(tl_scanner *scanner, const char *what)
{
    tl_script_atom *atom = tl_scan_new(scanner, sizeof *atom);
    if (atom == NULL)
        return NULL;
    if (tl_scan_mark(scanner, "\"")) {
        atom->kind = TL_SCRIPT_TEXT;
        return scan_text(scanner, atom) ? atom : NULL;
    }
    for (size_t i = 0; i < ATOM_ROW_COUNT; i++) {
        if (!tl_scan_mark(scanner, atom_rows[i].word))
            continue;
        atom->kind = atom_rows[i].kind;
        bool whole = atom_rows[i].operands == 0 ? scan_hex(scanner, atom)
                                                : scan_operands(scanner, &atom_rows[i], atom);
        return whole ? atom : NULL;
    }
    tl_scan_expected(scanner, what);
    return NULL;
}

const tl_script_bytes *tl_scan_bytes(tl_scanner *scanner, const char *what)
{
    tl_script_bytes *bytes = tl_scan_new(scanner, sizeof *bytes);
    const tl_script_atom **tail = bytes == NULL ? NULL : &bytes->first;
    unsigned atom_count = 0;
    while (tail != NULL) {
        if (++atom_count > TL_SCRIPT_TERMS_MAX) {
            tl_scan_fail(scanner, scanner->at, "more than %d pieces in one run of bytes",
                         TL_SCRIPT_TERMS_MAX);
            return NULL;
        }
        tl_script_atom *atom = scan_atom(scanner, what);
        if (atom == NULL)
            return NULL;
        *tail = atom;
        tail = &atom->next;
        if (!tl_scan_mark(scanner, "+"))
            return bytes;
    }
    return NULL;
}

/* --- ranges --- */

const tl_script_range *tl_scan_range(tl_scanner *scanner)
{
    static const char bound[] = "a key or '..'", high[] = "a key, ']' or ')'";
    tl_script_range *range = tl_scan_new(scanner, sizeof *range);
    if (range == NULL)
        return NULL;
    range->low_included = tl_scan_mark(scanner, "[");
    if (!range->low_included && !tl_scan_mark(scanner, "(")) {
        tl_scan_expected(scanner, "a range, for example [u64(1)..u64(9))");
        return NULL;
    }
    if (!tl_scan_sees(scanner, "..") && (range->low = tl_scan_bytes(scanner, bound)) == NULL)
        return NULL;
    if (!tl_scan_mark(scanner, "..")) {
        tl_scan_expected(scanner, "'..' between the ends of the range");
        return NULL;
    }
    if (!tl_scan_sees(scanner, "]") && !tl_scan_sees(scanner, ")") &&
        (range->high = tl_scan_bytes(scanner, high)) == NULL)
        return NULL;
    range->high_included = tl_scan_mark(scanner, "]");
    if (!range->high_included && !tl_scan_mark(scanner, ")")) {
        tl_scan_expected(scanner, "']' or ')' at the end of the range");
        return NULL;
    }
    return range;
}
