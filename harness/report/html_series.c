/* harness/report/html_series.c -- phases over time: pictures, and the extremes of each in numbers.
 */
#include "harness/report/html_page.h"

#include <string.h>

void html_series(html_page *page)
{
    const tl_pictures *pictures = page->request->pictures;
    size_t shown = 0;
    for (size_t i = 0; i < pictures->count; i++) {
        if (strcmp(pictures->rows[i].kind, "series") != 0)
            continue;
        html_picture(page, &pictures->rows[i]);
        html_picture_data(page, &pictures->rows[i], "series");
        shown++;
    }
    if (shown == 0)
        tl_text_add(page->text,
                    "<p>No phase has five intervals or more; a longer run has, or one with a "
                    "shorter <code>--interval</code>.</p>\n");
}
