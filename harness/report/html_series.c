/* harness/report/html_series.c -- phases over time: pictures, and the extremes of each in numbers.
 */
#include "harness/report/html_page.h"

#include <string.h>

void html_series(html_page *page)
{
    if (!html_kind(page, "series", "series"))
        tl_text_add(page->text,
                    "<p>No phase has five intervals or more; a longer run has, or one with a "
                    "shorter <code>--interval</code>.</p>\n");
    html_kind(page, "heat", "heat_bins");
}
