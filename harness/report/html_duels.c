/* harness/report/html_duels.c -- B against A: the picture of effects, and each row in numbers. */
#include "harness/report/duels.h"
#include "harness/report/html_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *verdict_class(const char *verdict)
{
    if (strcmp(verdict, "pass") == 0 || strcmp(verdict, "improved") == 0)
        return "good";
    return strcmp(verdict, "regressed") == 0 || strcmp(verdict, "invalid") == 0 ? "bad" : "warn";
}

/* A percent with its sign; unknown sorts below all. */
static void percent_cell(html_page *page, double percent)
{
    char text[HTML_NUMBER_BYTES] = "—";
    if (!isnan(percent))
        snprintf(text, sizeof text, "%+.2f %%", percent);
    html_value(page, isnan(percent) ? -1e9 : percent, text);
}

static void duel_row(html_page *page, const tl_duel_result *row)
{
    char text[HTML_NUMBER_BYTES];
    html_row(page, false);
    html_th(page, row->label);
    html_td(page, row->arms[0]);
    html_td(page, row->arms[1]);
    html_tdf(page, verdict_class(row->verdict), "%s", row->verdict);
    percent_cell(page, row->estimate);
    percent_cell(page, row->lower);
    percent_cell(page, row->upper);
    snprintf(text, sizeof text, "%.3g %%", row->level * 100);
    html_value(page, row->level, row->level > 0 ? text : "—");
    html_value(page, (double)row->launches, html_count((double)row->launches, text));
    percent_cell(page, row->detectable);
    html_td(page, row->decided_by);
    html_tdf(page, "long", "%s", row->note);
    html_td(page, html_part_name(page, row->part_no));
    tl_text_add(page->text, "</tr>\n");
}

void html_duels(html_page *page)
{
    static const char *const names[] = {
        "Workload and phase", "A",        "B",      "Verdict",   "#B takes",
        "#at least",          "#at most", "#level", "#Launches", "#Detectable",
        "Decided by",         "Note",     "Run"};
    tl_duel_results results;
    if (tl_duel_results_make(page->request->suite, &results) != TL_OK) {
        page->text->failed = true;
        return;
    }
    html_pictures(page, "effects", TL_PICTURE_ALL_PARTS);
    if (results.count == 0) {
        tl_text_add(page->text, "<p>No duel in this report; <code>treelab duel A B</code> makes "
                                "one.</p>\n");
    } else if (html_room(page, "plots/effects.tsv")) {
        tl_text_add(page->text,
                    "<p class=\"soft\">How much longer B takes than A, in percent of A’s CPU time; "
                    "bounds are exact, one-sided, each at its level. Detectable: the smallest "
                    "slowdown that this many launches would have found. A row decided by counters "
                    "compares what both stores did, not times.</p>\n"
                    "<div class=\"scroll\"><table class=\"sortable\">");
        html_header(page, names, sizeof names / sizeof names[0]);
        tl_text_add(page->text, "<tbody>\n");
        for (size_t i = 0; i < results.count && html_room(page, "plots/effects.tsv"); i++)
            duel_row(page, &results.rows[i]);
        tl_text_add(page->text, "</tbody></table></div>\n");
    }
    tl_duel_results_clear(&results);
}
