/* harness/report/html_calibration.c -- how far the gate's times are to be trusted. */
#include "harness/report/html_page.h"

void html_calibration(html_page *page)
{
    if (!html_kind(page, "calibration", "calibration_power"))
        tl_text_add(page->text, "<p>No calibration in this report; <code>treelab calibrate --out "
                                "DIR</code> leaves one in its directory.</p>\n");
}
