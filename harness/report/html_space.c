/* harness/report/html_space.c -- how full pages are, how large files. */
#include "harness/report/html_page.h"

void html_space(html_page *page)
{
    if (!html_kind(page, "strategies", "strategies"))
        tl_text_add(page->text, "<p>No two stores that differ in split or fill strategy, and no "
                                "duel of such: <code>treelab run --driver "
                                "tree,tree:split=half_bytes --repeat 7</code>, or "
                                "<code>ci/strategies</code>.</p>\n");
    html_kind(page, "tradeoff", "tradeoff");
    html_kind(page, "space", "space");
    if (!html_kind(page, "fill", "fill_course"))
        tl_text_add(page->text, "<p>No phase has samples of its tree; <code>treelab run --shapes "
                                "40</code> takes them.</p>\n");
    if (!html_kind(page, "pages", "pages"))
        tl_text_add(page->text, "<p>No map of a file's pages; <code>treelab dump FILE.tl --pages "
                                "DIR/pages-NAME.tsv</code> leaves one in the report's "
                                "directory.</p>\n");
}
