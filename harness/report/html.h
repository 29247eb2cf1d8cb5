/* harness/report/html.h -- a suite as one self-contained page: pictures, tables, and what is not
 * known.
 *
 * The page needs no network, no file beside it and no script; a small script only sorts tables.
 * Every text that comes from a run is escaped.
 */
#ifndef TL_HARNESS_HTML_H
#define TL_HARNESS_HTML_H

#include "harness/report/picture.h"

enum { TL_HTML_BYTES_MAX = 2 << 20 }; /* a page is smaller than this */

typedef struct tl_html_request {
    const tl_suite *suite;
    const tl_groups *groups;
    const tl_pictures *pictures;
    const char *plots_dir;  /* where <picture>.svg are read; a missing one is said to be missing */
    const char *plot_error; /* why there are no pictures; NULL when there are */
} tl_html_request;

/* Append the page to `page`; page->failed tells that memory ran short. */
void tl_html_render(const tl_html_request *request, tl_text *page);

#endif
