/* harness/report/html_origin.c -- which command made each run, on which machine, from which build.
 */
#include "harness/report/html_page.h"

#include <stdio.h>
#include <string.h>

enum {
    RUNS_MAX = 256,    /* rows of the table: this section comes last and must still fit */
    DETAILED_MAX = 12, /* runs with every field */
};

/* A scalar of any kind, as text.  JSON has no other way to tell them apart here. */
static void scalar(html_page *page, const tl_json *node)
{
    const char *text = tl_json_text(node, NULL);
    double real = tl_json_real(node, -1e300);
    char number[HTML_NUMBER_BYTES];
    if (text != NULL)
        html_td(page, text);
    else if (real > -1e300) {
        if (real == (double)(long long)real)
            snprintf(number, sizeof number, "%.0f", real);
        else
            snprintf(number, sizeof number, "%.4g", real);
        html_td(page, number);
    } else
        html_td(page, tl_json_is_true(node) ? "yes" : "no, or not known");
}

/* The members of run.<group>, one table row each; objects one level down are spelled a.b. */
static void rows_of(html_page *page, const tl_json *group, const char *prefix)
{
    for (size_t i = 0; i < tl_json_size(group); i++) {
        const tl_json *node = tl_json_at(group, i);
        char name[128];
        snprintf(name, sizeof name, "%s.%s", prefix, tl_json_name(node));
        if (tl_json_size(node) > 0) {
            if (strlen(prefix) < 40)
                rows_of(page, node, name);
            continue;
        }
        tl_text_add(page->text, "<tr>");
        html_th(page, name);
        scalar(page, node);
        tl_text_add(page->text, "</tr>\n");
    }
}

/* "treelab run ..." of one run, and what of its provenance fits a row. */
static void run_row(html_page *page, const tl_suite_part *part)
{
    const tl_json *run = part->run, *noise = tl_json_get(run, "noise");
    tl_text command = {0}, revision = {0}, seed = {0};
    char text[HTML_NUMBER_BYTES];
    tl_picture_command(&command, run);
    tl_picture_revision(&revision, run);
    tl_picture_seed(&seed, run);
    html_row(page, false);
    html_th(page, part->name);
    html_td(page, tl_suite_text(run, "started"));
    html_td(page, tl_suite_text(run, "status"));
    tl_text_add(page->text, "<td class=\"long\"><code>");
    html_escaped(page, tl_text_data(&command));
    tl_text_add(page->text, "</code></td>");
    html_td(page, tl_text_data(&seed));
    html_td(page, tl_suite_text(tl_json_get(run, "class"), "key"));
    html_td(page, tl_text_data(&revision));
    double load = tl_json_real(tl_json_get(noise, "load1"), -1);
    html_value(page, load, load < 0 ? "—" : html_small(load, text));
    double steal = tl_json_real(tl_json_get(noise, "steal_ticks"), -1);
    html_value(page, steal, steal < 0 ? "—" : html_count(steal, text));
    tl_text_add(page->text, "</tr>\n");
    page->text->failed = page->text->failed || command.failed || revision.failed || seed.failed;
    tl_text_clear(&command);
    tl_text_clear(&revision);
    tl_text_clear(&seed);
}

static void run_table(html_page *page)
{
    static const char *const names[] = {"Run",   "Started", "Status",       "Command",      "Seed",
                                        "Class", "Commit",  "#Load before", "#Stolen ticks"};
    const tl_suite *suite = page->request->suite;
    tl_text_add(page->text, "<div class=\"scroll\"><table class=\"sortable\">");
    html_header(page, names, sizeof names / sizeof names[0]);
    tl_text_add(page->text, "<tbody>\n");
    for (size_t p = 0; p < suite->part_count && p < RUNS_MAX; p++)
        run_row(page, &suite->parts[p]);
    tl_text_add(page->text, "</tbody></table></div>\n");
    if (suite->part_count > RUNS_MAX)
        tl_text_addf(page->text, "<p class=\"warn\">And %zu runs more.</p>\n",
                     suite->part_count - RUNS_MAX);
}

void html_origin(html_page *page)
{
    static const char *const groups[] = {"tool",    "build", "machine", "storage",
                                         "harness", "noise", "options", "summary"};
    static const char *const names[] = {"Field", "Value"};
    const tl_suite *suite = page->request->suite;
    run_table(page);
    for (size_t p = 0; p < suite->part_count && p < DETAILED_MAX; p++) {
        const tl_json *run = suite->parts[p].run;
        tl_text_add(page->text, "<details><summary>Run ");
        html_escaped(page, tl_suite_text(run, "id"));
        tl_text_add(page->text, " (");
        html_escaped(page, suite->parts[p].name);
        tl_text_addf(page->text, "), %.1f s: machine, build and options</summary>\n",
                     tl_json_real(tl_json_get(run, "wall_s"), 0));
        tl_text_add(page->text, "<div class=\"scroll\"><table>");
        html_header(page, names, 2);
        tl_text_add(page->text, "<tbody>\n");
        for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
            rows_of(page, tl_json_get(run, groups[g]), groups[g]);
        tl_text_add(page->text, "</tbody></table></div></details>\n");
    }
    if (suite->part_count > DETAILED_MAX)
        tl_text_addf(page->text,
                     "<p class=\"soft\">Machine and build of the first %d runs; of the others: "
                     "run.json.</p>\n",
                     DETAILED_MAX);
    tl_text_add(page->text, "<p class=\"soft\">The same numbers as tables: plots/*.tsv beside this "
                            "page; everything: run.json.</p>\n");
}
