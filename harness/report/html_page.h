/* harness/report/html_page.h -- private to html*.c: the page while it is written. */
#ifndef TL_HARNESS_HTML_PAGE_H
#define TL_HARNESS_HTML_PAGE_H

#include "harness/report/html.h"

typedef struct html_page {
    const tl_html_request *request;
    tl_text *text;
    bool has_markers;  /* some picture has brought the marker shapes */
    char left_out[64]; /* what html_room named last: it is named once */
} html_page;

extern const char *const html_style[]; /* the content of <style>, in pieces; NULL ends it */
extern const char html_script[];       /* the content of <script>: sorts tables, nothing else */

/* Sections, in page order. */
void html_banner(html_page *page);
void html_answer(html_page *page);
void html_origin(html_page *page);
void html_contracts(html_page *page);
void html_duels(html_page *page);
void html_throughput(html_page *page);
void html_latency(html_page *page);
void html_series(html_page *page);
void html_space(html_page *page);
void html_calibration(html_page *page);
void html_allocator(html_page *page);
void html_counters(html_page *page);
void html_crash(html_page *page);
void html_crash_matrix(html_page *page); /* the last part of html_crash's section */
void html_faults(html_page *page);
void html_not_covered(html_page *page);

/* The picture, or a line that says why it is not there. */
void html_picture(html_page *page, const tl_picture *picture);
/* Every picture of the kind with its numbers from plots/TABLE.tsv; false when there is none. */
bool html_kind(html_page *page, const char *kind, const char *table);
/* The rows of plots/TABLE.tsv that the picture shows, folded: at most some hundreds. */
void html_picture_data(html_page *page, const tl_picture *picture, const char *table);
/* All pictures of one kind and part. */
void html_pictures(html_page *page, const char *kind, size_t part_no);
/* The part's name as a heading, when the report has several. */
void html_part_heading(html_page *page, size_t part_no);
/* One past the last group of the part that begins at `first`. */
size_t html_part_end(const tl_groups *groups, size_t first);
/* Begin a table row; the `first` of its kind has a line above it. */
void html_row(html_page *page, bool first);
bool html_starts_phase(const tl_groups *groups, size_t i);
/* False, with a note that names `instead`, when the page is nearly as large as it may be. */
bool html_room(html_page *page, const char *instead);

/* Table cells.  html_value's `value` is what the column sorts by. */
void html_header(html_page *page, const char *const *names, size_t count);
void html_th(html_page *page, const char *text);
void html_td(html_page *page, const char *text);
void html_tdf(html_page *page, const char *class_, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void html_value(html_page *page, double value, const char *text);
void html_escaped(html_page *page, const char *text);
size_t html_crash_count(const tl_suite *suite); /* crash cells in all parts */
const char *html_part_name(const html_page *page, size_t part_no);

enum { HTML_NUMBER_BYTES = 48 };
const char *html_rate(double per_s, char *text);  /* "1.66 M" */
const char *html_time(double ns, char *text);     /* "12.3 µs" */
const char *html_bytes(double bytes, char *text); /* "12.3 MiB" */
const char *html_count(double count, char *text); /* "123 456" */
const char *html_small(double value, char *text); /* "0.0123", "34", "0" */

#endif
