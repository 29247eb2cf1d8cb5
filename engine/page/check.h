/* engine/page/check.h -- is this page what the format says?
 *
 * tl_page_check_bounds makes a page safe to read: every offset and length stays inside it.  It runs
 * on each page that is loaded.  tl_page_check_whole adds what a sound writer guarantees: order,
 * heads, prefix, fences, and that every byte of the page belongs to exactly one thing.
 */
#ifndef TL_PAGE_CHECK_H
#define TL_PAGE_CHECK_H

#include "engine/page/page.h"

/* NULL when fine, else what is wrong, in words. */
const char *tl_page_check_bounds(const uint8_t *page, uint32_t page_bytes);

/* For a page that passed the bounds check: what an edit builds on.  Prefix, heads and order are as
 * a sound writer leaves them.  NULL when fine. */
const char *tl_page_check_content(const uint8_t *page);

typedef struct tl_page_fault {
    const char *rule; /* "page-layout", "page-order", "page-heads", "page-prefix" */
    const char *text;
} tl_page_fault;

/* For a page that passed the bounds check.  `marks` is scratch of page_bytes / 8 bytes.  Rules are
 * checked in order and the first violated one is returned: {NULL, NULL} when fine. */
tl_page_fault tl_page_check_whole(const uint8_t *page, uint32_t page_bytes, uint64_t *marks);

#endif
