/* harness/report/html_head.c -- did it work, where does it come from, what was promised. */
#include "harness/report/html_page.h"

#include <stdio.h>
#include <string.h>

/* What the banner counts over all parts. */
typedef struct verdict {
    size_t parts_bad, cells_failed, cells_wrong, cells_unsupported, cells_finding, cells_other;
    uint64_t findings;
} verdict;

static const char *cell_status(const tl_json *cell)
{
    return tl_suite_text(cell, "status");
}

static verdict judge(const tl_suite *suite)
{
    static const char *const counts[] = {"lost_committed", "resurrected", "corrupt",
                                         "other_findings"};
    verdict found = {0};
    for (size_t p = 0; p < suite->part_count; p++) {
        const tl_suite_part *part = &suite->parts[p];
        found.parts_bad += strcmp(tl_suite_text(part->run, "status"), "ok") != 0;
        for (size_t i = 0; i < part->cell_count; i++) {
            const tl_json *cell = tl_suite_cell(part, i);
            const char *status = cell_status(cell);
            for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
                found.findings +=
                    tl_json_count(tl_json_get(tl_json_get(cell, "crash"), counts[c]), 0);
            if (strcmp(status, "failed") == 0)
                found.cells_failed++;
            else if (strcmp(status, "wrong") == 0)
                found.cells_wrong++;
            else if (strcmp(status, "unsupported") == 0)
                found.cells_unsupported++;
            else if (strcmp(status, "finding") == 0)
                found.cells_finding++;
            else if (strcmp(status, "ok") != 0)
                found.cells_other++;
        }
    }
    return found;
}

static void list_parts(html_page *page)
{
    const tl_suite *suite = page->request->suite;
    for (size_t p = 0; p < suite->part_count; p++) {
        const tl_json *run = suite->parts[p].run;
        const char *status = tl_suite_text(run, "status");
        if (strcmp(status, "ok") == 0)
            continue;
        tl_text_add(page->text, "<li>run ");
        html_escaped(page, suite->parts[p].name);
        tl_text_add(page->text, " ended with status “");
        html_escaped(page, status);
        tl_text_addf(page->text, "”, exit code %.0f</li>\n",
                     tl_json_real(tl_json_get(run, "exit_code"), 0));
    }
}

static void list_cells(html_page *page)
{
    enum { LISTED_MAX = 40 };
    const tl_suite *suite = page->request->suite;
    size_t listed = 0;
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            if (tl_suite_is_ok(cell) || ++listed > LISTED_MAX)
                continue;
            const char *error = tl_suite_text(cell, "error");
            tl_text_add(page->text, "<li><strong>");
            html_escaped(page, cell_status(cell)[0] == '\0' ? "no status" : cell_status(cell));
            tl_text_add(page->text, "</strong>: ");
            html_escaped(page, tl_suite_label(cell));
            tl_text_add(page->text, ", ");
            html_escaped(page, tl_suite_workload(cell));
            tl_text_addf(page->text, ", repetition %.0f",
                         tl_json_real(tl_json_get(cell, "repetition"), 0));
            tl_text_add(page->text, error[0] == '\0' ? "" : ": ");
            html_escaped(page, error);
            tl_text_add(page->text, "</li>\n");
        }
    }
    if (listed > LISTED_MAX)
        tl_text_addf(page->text, "<li>and %zu more</li>\n", listed - LISTED_MAX);
}

static void count_phrase(tl_text *text, size_t count, const char *one, const char *many)
{
    if (count > 0)
        tl_text_addf(text, "%s%zu %s", text->size_bytes > 0 ? ", " : "", count,
                     count == 1 ? one : many);
}

void html_banner(html_page *page)
{
    const tl_suite *suite = page->request->suite;
    verdict found = judge(suite);
    bool bad = found.parts_bad + found.cells_failed + found.cells_wrong + found.cells_finding +
                   found.cells_other + found.findings >
               0;
    bool nothing = suite->cell_count == 0;
    tl_text phrase = {0};
    count_phrase(&phrase, found.cells_wrong, "cell with a wrong answer",
                 "cells with wrong answers");
    count_phrase(&phrase, found.cells_failed, "cell failed", "cells failed");
    count_phrase(&phrase, (size_t)found.findings, "crash finding", "crash findings");
    count_phrase(&phrase, found.cells_finding, "crash cell with findings",
                 "crash cells with findings");
    count_phrase(&phrase, found.cells_other, "cell without a known status",
                 "cells without a known status");
    count_phrase(&phrase, found.parts_bad, "run did not end well", "runs did not end well");
    count_phrase(&phrase, found.cells_unsupported, "cell unsupported", "cells unsupported");
    tl_text_addf(page->text, "<div class=\"banner %s\" role=\"status\">\n<p>",
                 bad                                ? "bad"
                 : nothing || phrase.size_bytes > 0 ? "warn"
                                                    : "good");
    if (nothing)
        tl_text_add(page->text, "Nothing was measured or checked: no cell in any run.");
    else if (bad)
        tl_text_add(page->text, "✗ Failed: ");
    else
        tl_text_addf(page->text, "✓ All that ran ended well: %zu cell%s of %zu run%s",
                     suite->cell_count - found.cells_unsupported,
                     suite->cell_count - found.cells_unsupported == 1 ? "" : "s", suite->part_count,
                     suite->part_count == 1 ? "" : "s");
    if (!nothing && !bad)
        tl_text_add(page->text, phrase.size_bytes > 0 ? "; " : ".");
    tl_text_add(page->text, tl_text_data(&phrase));
    tl_text_add(page->text, phrase.size_bytes > 0 ? ".</p>\n" : "</p>\n");
    if (phrase.size_bytes > 0) {
        tl_text_add(page->text, "<ul>\n");
        list_parts(page);
        list_cells(page);
        tl_text_add(page->text, "</ul>\n");
    }
    tl_text_add(page->text, "</div>\n");
    if (page->request->plot_error != NULL) {
        tl_text_add(page->text, "<div class=\"banner warn\"><p>No pictures: ");
        html_escaped(page, page->request->plot_error);
        tl_text_add(page->text, "</p></div>\n");
    }
    page->text->failed = page->text->failed || phrase.failed;
    tl_text_clear(&phrase);

    for (size_t p = 0; p < suite->part_count; p++) {
        tl_text command = {0}, about = {0};
        const tl_json *run = suite->parts[p].run;
        tl_picture_command(&command, run);
        if (suite->part_count > 1)
            tl_text_addf(&about, "%s: ", suite->parts[p].name);
        tl_picture_machine(&about, run);
        tl_text_add(&about, ". Commit ");
        tl_picture_revision(&about, run);
        tl_text_add(&about, ". Seed ");
        tl_picture_seed(&about, run);
        tl_text_addf(&about, ". %s", tl_suite_text(run, "started"));
        tl_text_add(page->text, "<pre>");
        html_escaped(page, tl_text_data(&command));
        tl_text_add(page->text, "</pre>\n<p class=\"soft\">");
        html_escaped(page, tl_text_data(&about));
        tl_text_add(page->text, "</p>\n");
        page->text->failed = page->text->failed || command.failed || about.failed;
        tl_text_clear(&command);
        tl_text_clear(&about);
    }
}

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

void html_origin(html_page *page)
{
    static const char *const groups[] = {"tool",    "build", "machine", "storage",
                                         "harness", "noise", "options", "summary"};
    static const char *const names[] = {"Field", "Value"};
    const tl_suite *suite = page->request->suite;
    for (size_t p = 0; p < suite->part_count; p++) {
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
    tl_text_add(page->text, "<p class=\"soft\">The same numbers as tables: plots/*.tsv beside this "
                            "page; everything: run.json.</p>\n");
}

/* Whether an earlier cell of the suite already showed this store and durability. */
static bool contract_seen(const tl_suite *suite, size_t part_no, size_t cell_no)
{
    const tl_json *cell = tl_suite_cell(&suite->parts[part_no], cell_no);
    const char *durability = tl_suite_durability(&suite->parts[part_no], cell);
    for (size_t p = 0; p <= part_no; p++) {
        size_t end = p == part_no ? cell_no : suite->parts[p].cell_count;
        for (size_t i = 0; i < end; i++) {
            const tl_json *other = tl_suite_cell(&suite->parts[p], i);
            if (strcmp(tl_suite_label(other), tl_suite_label(cell)) == 0 &&
                strcmp(tl_suite_durability(&suite->parts[p], other), durability) == 0)
                return true;
        }
    }
    return false;
}

void html_contracts(html_page *page)
{
    static const char *const names[] = {"Store",   "Version",       "Durability asked for",
                                        "Promise", "How it is met", "Remark"};
    const tl_suite *suite = page->request->suite;
    tl_text_add(
        page->text,
        "<p>Equal names do not make equal promises. <em>commit</em>: a power loss keeps "
        "every acknowledged commit; <em>async</em>: it keeps a recent prefix; "
        "<em>none</em>: a killed process keeps all, a power loss may lose any of it but must not "
        "lead to a wrong answer. Compare "
        "times only where the promise is the same.</p>\n"
        "<div class=\"scroll\"><table>");
    html_header(page, names, 6);
    tl_text_add(page->text, "<tbody>\n");
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            if (contract_seen(suite, p, i))
                continue;
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            const tl_json *engine = tl_json_get(cell, "engine");
            const tl_json *contract = tl_json_get(engine, "contract");
            const char *promise = tl_suite_text(contract, "promise");
            bool same = strcmp(promise, "same") == 0;
            tl_text_add(page->text, "<tr>");
            html_th(page, tl_suite_label(cell));
            html_td(page, tl_suite_text(engine, "version"));
            html_td(page, tl_suite_durability(&suite->parts[p], cell));
            html_tdf(page, same ? "good" : "warn", "%s", promise[0] == '\0' ? "not told" : promise);
            html_td(page, tl_suite_text(contract, "asks_for"));
            html_td(page, tl_suite_text(contract, "remark"));
            tl_text_add(page->text, "</tr>\n");
        }
    }
    tl_text_add(page->text, "</tbody></table></div>\n");
}
