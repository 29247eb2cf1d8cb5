/* harness/script/scanner.h -- reading one line of a script from left to right.
 *
 * Every function skips the blanks before what it looks for.  The first failure is the one that is
 * reported; after it everything refuses, so callers may test once at the end of a sequence.
 */
#ifndef TL_HARNESS_SCRIPT_SCANNER_H
#define TL_HARNESS_SCRIPT_SCANNER_H

#include "harness/script/arena.h"
#include "harness/script/script.h"

typedef struct tl_scanner {
    const char *source, *source_end; /* the whole text */
    const char *line_start, *line_end, *at;
    uint32_t line;                              /* number of the line, from 1 */
    const char *variables[TL_SCRIPT_LOOPS_MAX]; /* of the loops around this line */
    unsigned loop_count;
    unsigned nesting, terms; /* of the expression at hand */
    tl_script_arena *arena;
    tl_script_error *error;
    tl_status status; /* TL_OK until something failed */
} tl_scanner;

/* Step to the next line of the source; false at its end, or when the line is unfit. */
bool tl_scan_line(tl_scanner *scanner);

/* Report; always false. */
bool tl_scan_fail(tl_scanner *scanner, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Report "expected WHAT, found ..." at the place reached; always false. */
bool tl_scan_expected(tl_scanner *scanner, const char *what);

void *tl_scan_new(tl_scanner *scanner, size_t size_bytes); /* zeroed; NULL: reported */
/* A NUL-terminated copy; NULL: reported. */
const char *tl_scan_copy(tl_scanner *scanner, const char *text, size_t size_bytes);

bool tl_scan_at_end(tl_scanner *scanner); /* nothing but a comment follows */
/* Take `mark` (punctuation) when it is next. */
bool tl_scan_mark(tl_scanner *scanner, const char *mark);
/* Is `mark` next?  Takes nothing. */
bool tl_scan_sees(tl_scanner *scanner, const char *mark);
/* Take `keyword` when the next whole name is it. */
bool tl_scan_keyword(tl_scanner *scanner, const char *keyword);
bool tl_scan_sees_name(tl_scanner *scanner);
/* The next name: a letter or _, then letters, digits and _.  NULL: reported as "expected WHAT". */
const char *tl_scan_name(tl_scanner *scanner, const char *what);
/* The next run of word characters (letters, digits and _ . : , / % @ + -).  NULL: reported. */
const char *tl_scan_word(tl_scanner *scanner, const char *what);

/* Expressions; NULL: reported. */
const tl_script_int *tl_scan_int(tl_scanner *scanner);
const tl_script_bytes *tl_scan_bytes(tl_scanner *scanner, const char *what);
const tl_script_range *tl_scan_range(tl_scanner *scanner);
bool tl_scan_sees_bytes(tl_scanner *scanner);
bool tl_scan_sees_int(tl_scanner *scanner);

#endif
