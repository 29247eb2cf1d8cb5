/* harness/report/text.h -- text that grows: what TSV tables and the HTML page are written into.
 *
 * A failed allocation is remembered and makes tl_text_save fail, so that writing code needs no
 * check per line.  A text of all zeros is empty and ready; tl_text_clear releases it.
 */
#ifndef TL_HARNESS_TEXT_H
#define TL_HARNESS_TEXT_H

#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct tl_text {
    char *data; /* NUL-terminated; NULL while nothing was added */
    size_t size_bytes, capacity_bytes;
    bool failed; /* memory ran short: the text has a hole */
} tl_text;

void tl_text_add(tl_text *text, const char *more);
void tl_text_add_bytes(tl_text *text, const char *more, size_t size_bytes);
void tl_text_addf(tl_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `more` as HTML character data or a quoted attribute: & < > " ' become entities, and control
 * characters and bytes that are not UTF-8 become '?'. */
void tl_text_add_html(tl_text *text, const char *more);
/* `more` as one TSV field, as gnuplot reads it: tabs, line ends and other control characters
 * become spaces, a double quote a single one, a backslash two, bytes that are not UTF-8 '?'; an
 * empty field becomes "-". */
void tl_text_add_field(tl_text *text, const char *more);
const char *tl_text_data(const tl_text *text); /* never NULL */
void tl_text_clear(tl_text *text);

/* As tl_wholefile_write; TL_NO_MEMORY when the text has a hole. */
TL_MUST_USE tl_status tl_text_save(const tl_text *text, const char *path);
/* Append the file's content, at most 512 MiB.  Statuses of tl_wholefile_read. */
TL_MUST_USE tl_status tl_text_load(tl_text *text, const char *path);

#endif
