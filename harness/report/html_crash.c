/* harness/report/html_crash.c -- the crash sweep. */
#include "harness/report/html_page.h"
#include "harness/report/tsv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Call `act` for every crash cell of the suite. */
static void each_crash(html_page *page,
                       void (*act)(html_page *, const tl_suite_part *, const tl_json *))
{
    const tl_suite *suite = page->request->suite;
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            if (tl_suite_is_crash(cell))
                act(page, &suite->parts[p], cell);
        }
    }
}

static void name_cells(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    tl_text name = {0};
    tl_tsv_crash_name(&name, cell);
    html_th(page, tl_text_data(&name));
    page->text->failed = page->text->failed || name.failed;
    tl_text_clear(&name);
    html_td(page, tl_suite_durability(part, cell));
}

/* A count that may be a number or, when it can be large, a string of digits. */
static void big_count(html_page *page, const tl_json *node)
{
    char text[HTML_NUMBER_BYTES];
    const char *digits = tl_json_text(node, NULL);
    double value = digits != NULL ? strtod(digits, NULL) : tl_json_real(node, -1);
    if (value < 0)
        html_tdf(page, "n", "—");
    else if (value < 9e15)
        html_value(page, value, html_count(value, text));
    else
        html_value(page, value, digits == NULL ? "—" : digits);
}

static void finding_count(html_page *page, const tl_json *node)
{
    char text[HTML_NUMBER_BYTES];
    double value = tl_json_real(node, 0);
    if (value > 0)
        html_tdf(page, "n bad", "%s", html_count(value, text));
    else
        html_value(page, 0, "0");
}

static void outcome_row(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    static const char *const counts[] = {"points", "states", "distinct"};
    static const char *const findings[] = {"lost_committed", "resurrected", "corrupt",
                                           "other_findings"};
    const tl_json *crash = tl_json_get(cell, "crash");
    char text[HTML_NUMBER_BYTES];
    tl_text_add(page->text, "<tr>");
    name_cells(page, part, cell);
    html_tdf(page, tl_suite_is_ok(cell) ? "good" : "bad", "%s",
             !tl_suite_is_ok(cell)                             ? tl_suite_text(cell, "status")
             : tl_json_is_true(tl_json_get(crash, "complete")) ? "✓ clean"
                                                               : "✓ so far: stopped early");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        big_count(page, tl_json_get(crash, counts[i]));
    double rate = tl_json_real(tl_json_get(crash, "states_per_s"), -1);
    html_value(page, rate, rate < 0 ? "—" : html_rate(rate, text));
    big_count(page, tl_json_get(crash, "recovered"));
    for (size_t i = 0; i < sizeof findings / sizeof findings[0]; i++)
        finding_count(page, tl_json_get(crash, findings[i]));
    tl_text_add(page->text, "</tr>\n");
}

static void variant_rows(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    const tl_json *variants = tl_json_get(tl_json_get(cell, "crash"), "variants");
    for (size_t i = 0; i < tl_json_size(variants); i++) {
        const tl_json *variant = tl_json_at(variants, i);
        tl_text_add(page->text, i == 0 ? "<tr class=\"first\">" : "<tr>");
        name_cells(page, part, cell);
        html_td(page, tl_suite_text(variant, "name"));
        big_count(page, tl_json_get(variant, "states"));
        finding_count(page, tl_json_get(variant, "findings"));
        tl_text_add(page->text, "</tr>\n");
    }
}

/* Few leaves may stand for very many states: digits beyond fifteen as a power of ten. */
static void huge_count(html_page *page, const tl_json *node)
{
    const char *digits = tl_json_text(node, NULL);
    size_t length = digits == NULL ? 0 : strlen(digits);
    if (length <= 15) {
        big_count(page, node);
        return;
    }
    char text[HTML_NUMBER_BYTES];
    snprintf(text, sizeof text, "%c.%.2se%zu", digits[0], digits + 1, length - 1);
    html_value(page, strtod(digits, NULL), text);
}

static void profile_rows(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    const tl_json *profiles = tl_json_get(tl_json_get(cell, "crash"), "profiles");
    for (size_t i = 0; i < tl_json_size(profiles); i++) {
        const tl_json *profile = tl_json_at(profiles, i);
        double coverage = tl_json_real(tl_json_get(profile, "coverage"), -1);
        tl_text_add(page->text, i == 0 ? "<tr class=\"first\">" : "<tr>");
        name_cells(page, part, cell);
        html_td(page, tl_suite_text(profile, "name"));
        html_td(page, tl_suite_text(profile, "tier"));
        big_count(page, tl_json_get(profile, "points"));
        big_count(page, tl_json_get(profile, "leaves"));
        huge_count(page, tl_json_get(profile, "represented"));
        huge_count(page, tl_json_get(profile, "allowed"));
        if (coverage < 0)
            html_tdf(page, "n", "—");
        else /* cut, so that only equality shows as 1 */
            html_tdf(page, coverage == 1 ? "n good" : "n", coverage == 1 ? "1.0" : "%.4f",
                     (double)(uint64_t)(coverage * 1e4) / 1e4);
        finding_count(page, tl_json_get(profile, "findings"));
        tl_text_add(page->text, "</tr>\n");
    }
}

static void latency(html_page *page, const tl_json *node)
{
    char text[HTML_NUMBER_BYTES];
    double ns = tl_json_real(node, -1);
    html_value(page, ns, ns < 0 ? "—" : html_time(ns, text));
}

static void sync_rows(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    static const char *const counts[] = {"count", "necessary", "redundant", "undecided"};
    const tl_json *list = tl_json_get(tl_json_get(cell, "crash"), "syncs");
    for (size_t p = 0; p < tl_json_size(list); p++) {
        const tl_json *profile = tl_json_at(list, p);
        const tl_json *sites = tl_json_get(profile, "sites");
        for (size_t i = 0; i < tl_json_size(sites); i++) {
            const tl_json *site = tl_json_at(sites, i);
            tl_text_add(page->text, i == 0 ? "<tr class=\"first\">" : "<tr>");
            name_cells(page, part, cell);
            html_td(page, tl_suite_text(profile, "profile"));
            html_td(page, tl_suite_text(site, "site"));
            for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
                big_count(page, tl_json_get(site, counts[c]));
            latency(page, tl_json_get(site, "latency_ns_mean"));
            latency(page, tl_json_get(site, "latency_ns_p99"));
            html_td(page, tl_suite_text(site, "rule"));
            html_td(page, tl_suite_text(site, "witness"));
            tl_text_add(page->text, "</tr>\n");
        }
    }
}

/* What the trace went through: crash points where nothing happens prove nothing. */
static void trace_rows(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    const tl_json *trace = tl_json_get(tl_json_get(cell, "crash"), "trace");
    const tl_json *sources[] = {trace, tl_json_get(trace, "events")};
    bool first = true;
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < tl_json_size(sources[s]); i++) {
            const tl_json *event = tl_json_at(sources[s], i);
            if (tl_json_size(event) > 0)
                continue;
            tl_text_add(page->text, first ? "<tr class=\"first\">" : "<tr>");
            name_cells(page, part, cell);
            html_td(page, tl_json_name(event));
            big_count(page, event);
            tl_text_add(page->text, "</tr>\n");
            first = false;
        }
    }
}

static void first_failure(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    const tl_json *failure = tl_json_get(tl_json_get(cell, "crash"), "first_failure");
    if (tl_json_size(failure) == 0)
        return;
    tl_text name = {0};
    tl_tsv_crash_name(&name, cell);
    tl_text_add(page->text, "<div class=\"banner bad\"><p>First finding of ");
    html_escaped(page, tl_text_data(&name));
    tl_text_add(page->text, ", ");
    html_escaped(page, tl_suite_durability(part, cell));
    tl_text_add(page->text, ": ");
    html_escaped(page, tl_suite_text(failure, "rule"));
    tl_text_add(page->text, ", at ");
    html_escaped(page, tl_suite_text(failure, "case"));
    tl_text_add(page->text, ", seed ");
    html_escaped(page, tl_suite_text(failure, "seed"));
    tl_text_add(page->text, "</p><pre>");
    html_escaped(page, tl_suite_text(failure, "repro_cmd"));
    tl_text_add(page->text, "</pre>\n<p>Script: <code>");
    html_escaped(page, tl_suite_text(failure, "script"));
    tl_text_add(page->text, "</code></p></div>\n");
    page->text->failed = page->text->failed || name.failed;
    tl_text_clear(&name);
}

/* Does any crash cell have elements in this list? */
static bool any_has(const tl_suite *suite, const char *list)
{
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            if (tl_suite_is_crash(cell) &&
                tl_json_size(tl_json_get(tl_json_get(cell, "crash"), list)) > 0)
                return true;
        }
    }
    return false;
}

static void crash_table(html_page *page, const char *summary, const char *const *names,
                        size_t name_count,
                        void (*rows)(html_page *, const tl_suite_part *, const tl_json *))
{
    if (!html_room(page, "plots/crash.tsv"))
        return;
    if (summary != NULL)
        tl_text_addf(page->text, "<details><summary>%s</summary>\n", summary);
    tl_text_add(page->text, "<div class=\"scroll\"><table class=\"sortable\">");
    html_header(page, names, name_count);
    tl_text_add(page->text, "<tbody>\n");
    each_crash(page, rows);
    tl_text_add(page->text, "</tbody></table></div>\n");
    if (summary != NULL)
        tl_text_add(page->text, "</details>\n");
}

void html_crash(html_page *page)
{
    static const char *const outcomes[] = {
        "Store",     "Durability", "Outcome",         "#Crash points", "#States",  "#Distinct",
        "#States/s", "#Recovered", "#Lost committed", "#Resurrected",  "#Corrupt", "#Other"};
    static const char *const variants[] = {"Store", "Durability", "Variant", "#States",
                                           "#Findings"};
    static const char *const profiles[] = {"Store",     "Durability", "Profile", "Tier",
                                           "#Points",   "#Leaves",    "#States", "#Allowed",
                                           "#Coverage", "#Findings"};
    static const char *const syncs[] = {
        "Store",      "Durability", "Profile",          "Sync", "#Count",      "#Necessary",
        "#Redundant", "#Undecided", "#Mean, real disk", "#p99", "Rule broken", "First witness"};
    static const char *const events[] = {"Store", "Durability", "Event", "#Count"};
    if (html_crash_count(page->request->suite) == 0) {
        tl_text_add(page->text,
                    "<p>No crash cell in this report: it says nothing about what "
                    "survives a crash. Make one with <code>treelab crash</code>.</p>\n");
        return;
    }
    each_crash(page, first_failure);
    const tl_pictures *pictures = page->request->pictures;
    for (size_t i = 0; i < pictures->count; i++) {
        if (strcmp(pictures->rows[i].kind, "crash") == 0)
            html_picture(page, &pictures->rows[i]);
    }
    crash_table(page, NULL, outcomes, sizeof outcomes / sizeof outcomes[0], outcome_row);
    const tl_suite *suite = page->request->suite;
    if (any_has(suite, "profiles"))
        crash_table(page, NULL, profiles, sizeof profiles / sizeof profiles[0], profile_rows);
    if (any_has(suite, "syncs"))
        crash_table(page, "Each sync left out: which are necessary", syncs,
                    sizeof syncs / sizeof syncs[0], sync_rows);
    if (any_has(suite, "variants"))
        crash_table(page, "States and findings by variant", variants, 5, variant_rows);
    crash_table(page, "What the traces went through", events, 4, trace_rows);
    html_crash_matrix(page);
}
