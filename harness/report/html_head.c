/* harness/report/html_head.c -- did it work, and what was promised. */
#include "harness/report/html_page.h"

#include <stdio.h>
#include <string.h>

enum { CONTRACTS_MAX = 512 };

/* What the banner counts over all parts. */
typedef struct verdict {
    size_t parts_bad, cells_failed, cells_wrong, cells_unsupported, cells_finding, cells_other;
    size_t duels_regressed, duels_invalid;
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
            if (tl_suite_is_duel(cell)) {
                const char *word = tl_suite_text(cell, "verdict");
                found.duels_regressed += strcmp(word, "regressed") == 0;
                found.duels_invalid += strcmp(word, "invalid") == 0;
                continue;
            }
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
            if (tl_json_get(cell, "repetition") != NULL)
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
                   found.cells_other + found.findings + found.duels_regressed +
                   found.duels_invalid >
               0;
    bool nothing = suite->cell_count == 0, beside = suite->extras.count > 0;
    tl_text phrase = {0};
    count_phrase(&phrase, found.cells_wrong, "cell with a wrong answer",
                 "cells with wrong answers");
    count_phrase(&phrase, found.cells_failed, "cell failed", "cells failed");
    count_phrase(&phrase, (size_t)found.findings, "crash finding", "crash findings");
    count_phrase(&phrase, found.cells_finding, "crash cell with findings",
                 "crash cells with findings");
    count_phrase(&phrase, found.cells_other, "cell without a known status",
                 "cells without a known status");
    count_phrase(&phrase, found.duels_regressed, "duel regressed", "duels regressed");
    count_phrase(&phrase, found.duels_invalid, "duel is invalid", "duels are invalid");
    count_phrase(&phrase, found.parts_bad, "run did not end well", "runs did not end well");
    count_phrase(&phrase, found.cells_unsupported, "cell unsupported", "cells unsupported");
    tl_text_addf(page->text, "<div class=\"banner %s\" role=\"status\">\n<p>",
                 bad                                ? "bad"
                 : nothing || phrase.size_bytes > 0 ? "warn"
                                                    : "good");
    if (nothing && beside)
        tl_text_add(page->text, "No run here: what follows was not measured by one.");
    else if (nothing)
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
}

/* The store and durability of a cell, as far as they were shown already. */
typedef struct contract_list {
    struct {
        const char *label, *durability;
    } rows[CONTRACTS_MAX];
    size_t count;
} contract_list;

/* False when the list has them already or is full. */
static bool contract_is_new(contract_list *seen, const char *label, const char *durability)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->rows[i].label, label) == 0 &&
            strcmp(seen->rows[i].durability, durability) == 0)
            return false;
    }
    if (seen->count == CONTRACTS_MAX)
        return false;
    seen->rows[seen->count].label = label;
    seen->rows[seen->count++].durability = durability;
    return true;
}

void html_contracts(html_page *page)
{
    static const char *const names[] = {"Store",   "Version",       "Durability asked for",
                                        "Promise", "How it is met", "Remark"};
    const tl_suite *suite = page->request->suite;
    contract_list seen = {.count = 0};
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
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            const char *durability = tl_suite_durability(&suite->parts[p], cell);
            if (tl_suite_is_duel(cell) || !contract_is_new(&seen, tl_suite_label(cell), durability))
                continue;
            const tl_json *engine = tl_json_get(cell, "engine");
            const tl_json *contract = tl_json_get(engine, "contract");
            const char *promise = tl_suite_text(contract, "promise");
            bool same = strcmp(promise, "same") == 0;
            tl_text_add(page->text, "<tr>");
            html_th(page, tl_suite_label(cell));
            html_td(page, tl_suite_text(engine, "version"));
            html_td(page, durability);
            html_tdf(page, same ? "good" : "warn", "%s", promise[0] == '\0' ? "not told" : promise);
            html_td(page, tl_suite_text(contract, "asks_for"));
            html_td(page, tl_suite_text(contract, "remark"));
            tl_text_add(page->text, "</tr>\n");
        }
    }
    tl_text_add(page->text, "</tbody></table></div>\n");
    if (seen.count == CONTRACTS_MAX)
        tl_text_addf(page->text, "<p class=\"warn\">Only the first %d are listed.</p>\n",
                     CONTRACTS_MAX);
}
