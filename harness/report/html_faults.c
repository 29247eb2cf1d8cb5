/* harness/report/html_faults.c -- what failed calls, damaged bytes and killed processes came to. */
#include "harness/report/html_page.h"

#include <stdio.h>
#include <string.h>

static void number(html_page *page, const tl_json *node)
{
    char text[HTML_NUMBER_BYTES];
    double value = tl_json_real(node, -1);
    html_value(page, value, value < 0 ? "—" : html_count(value, text));
}

static void findings(html_page *page, double count)
{
    char text[HTML_NUMBER_BYTES];
    if (count > 0)
        html_tdf(page, "n bad", "%s", html_count(count, text));
    else
        html_value(page, 0, "0");
}

/* Calls that failed: a row for each class and error. */
static void class_rows(html_page *page, const tl_json *cell)
{
    const tl_json *classes = tl_json_get(tl_json_get(cell, "fault"), "classes");
    for (size_t i = 0; i < tl_json_size(classes); i++) {
        const tl_json *class_ = tl_json_at(classes, i);
        html_row(page, i == 0);
        html_th(page, tl_suite_text(cell, "id"));
        html_td(page, tl_suite_text(class_, "name"));
        html_td(page, tl_suite_text(class_, "error"));
        number(page, tl_json_get(class_, "points"));
        number(page, tl_json_get(class_, "states"));
        html_td(page, tl_suite_text(class_, "policy"));
        findings(page, tl_json_real(tl_json_get(class_, "findings"), 0));
        tl_text_add(page->text, "</tr>\n");
    }
}

static const char *const damage_outcomes[] = {"detected",  "corrected",    "masked",
                                              "ambiguous", "silent_wrong", "undocumented",
                                              "crashed",   "hung"};
enum { OUTCOME_COUNT = sizeof damage_outcomes / sizeof damage_outcomes[0], FIRST_BAD = 4 };

/* Damaged bytes: a row for each kind of damage. */
static void kind_rows(html_page *page, const tl_json *cell)
{
    const tl_json *kinds = tl_json_get(tl_json_get(cell, "damage"), "kinds");
    for (size_t i = 0; i < tl_json_size(kinds); i++) {
        const tl_json *kind = tl_json_at(kinds, i), *counts = tl_json_get(kind, "outcomes");
        html_row(page, i == 0);
        html_th(page, tl_suite_text(cell, "id"));
        html_td(page, tl_suite_text(kind, "name"));
        number(page, tl_json_get(kind, "cases"));
        number(page, tl_json_get(kind, "states"));
        for (size_t o = 0; o < OUTCOME_COUNT; o++) {
            if (o < FIRST_BAD)
                number(page, tl_json_get(counts, damage_outcomes[o]));
            else
                findings(page, tl_json_real(tl_json_get(counts, damage_outcomes[o]), 0));
        }
        tl_text_add(page->text, "</tr>\n");
    }
}

/* Processes that were killed are crash cells with variants of their own. */
static void process_rows(html_page *page, const tl_json *cell)
{
    const tl_json *variants = tl_json_get(tl_json_get(cell, "crash"), "variants");
    for (size_t i = 0; i < tl_json_size(variants); i++) {
        const tl_json *variant = tl_json_at(variants, i);
        const char *name = tl_suite_text(variant, "name");
        if (strcmp(name, "process_killed") != 0 && strcmp(name, "scenes") != 0)
            continue;
        html_row(page, i == 0);
        html_th(page, tl_suite_text(cell, "id"));
        html_td(page, strcmp(name, "scenes") == 0 ? "played around each other" : "killed");
        html_td(page, tl_suite_text(variant, "states"));
        findings(page, tl_json_real(tl_json_get(variant, "findings"), 0));
        tl_text_add(page->text, "</tr>\n");
    }
}

static bool is_called(const tl_json *cell)
{
    return tl_json_size(tl_json_get(tl_json_get(cell, "fault"), "classes")) > 0;
}

static bool is_damage(const tl_json *cell)
{
    return tl_json_size(tl_json_get(tl_json_get(cell, "damage"), "kinds")) > 0;
}

static bool is_process(const tl_json *cell)
{
    return strncmp(tl_suite_text(cell, "id"), "processes/", 10) == 0;
}

typedef struct fault_part {
    const char *title;
    bool (*is)(const tl_json *cell);
    void (*rows)(html_page *page, const tl_json *cell);
    const char *names[12];
    size_t name_count;
} fault_part;
static const fault_part parts[] = {
    {"Calls that fail",
     is_called,                      class_rows,
     {"Cell", "Class", "Error", "#Runs", "#States", "Policy", "#Findings"},
     7                                                                                       },
    {"Damaged bytes",
     is_damage,                      kind_rows,
     {"Cell", "Damage", "#Cases", "#States", "#Detected", "#Corrected", "#Masked", "#Ambiguous",
      "#Silent wrong", "#Undocumented", "#Crashed", "#Hung"},
     12                                                                                      },
    {"Killed processes", is_process, process_rows, {"Cell", "How", "#States", "#Findings"}, 4},
};

/* Write the part's rows; without a page: is there one? */
static bool part_cells(html_page *page, const fault_part *part, bool write)
{
    const tl_suite *suite = page->request->suite;
    bool any = false;
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            if (!part->is(cell))
                continue;
            any = true;
            if (write && html_room(page, "run.json"))
                part->rows(page, cell);
        }
    }
    return any;
}

void html_faults(html_page *page)
{
    bool any = false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!part_cells(page, &parts[i], false))
            continue;
        any = true;
        tl_text_addf(page->text, "<h3>%s</h3>\n<div class=\"scroll\"><table class=\"sortable\">",
                     parts[i].title);
        html_header(page, parts[i].names, parts[i].name_count);
        tl_text_add(page->text, "<tbody>\n");
        part_cells(page, &parts[i], true);
        tl_text_add(page->text, "</tbody></table></div>\n");
    }
    if (!any)
        tl_text_add(page->text,
                    "<p>No cell about faults in this report: it says nothing about calls that "
                    "fail, damaged bytes and killed processes. Make one with <code>treelab crash "
                    "faults</code>, <code>damage</code> or <code>processes</code>.</p>\n");
}
