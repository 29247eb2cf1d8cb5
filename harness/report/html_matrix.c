/* harness/report/html_matrix.c -- how it went at each crash point, by phase of the run; and why.
 *
 *     phase     | open      | commit |  | commit | close |
 *     sigkill   |...........|........|..|........|.......|    one mark for each crash point
 *     journal   |...........|...FF...|..|...FF...|.......|
 */
#include "harness/report/html_page.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_WIDTH = 100, WIDTH = 900, ROW_HEIGHT = 16, ROW_STEP = 20 };

typedef struct mark_row {
    char mark;
    const char *colour, *text;
} mark_row;
static const mark_row outcomes[] = {
    {'F', "#c01515",      "a finding"                                   },
    {'k', "#e0b000",      "known findings, which the contract documents"},
    {'r', "var(--c4)",    "the store refused somewhere, as it may"      },
    {'.', "var(--good)",  "every state looked at was right"             },
    {'-', "var(--empty)", "not looked at"                               },
};
static const mark_row phases[] = {
    {'o', "var(--c1)",    "before the store was open"       },
    {'c', "var(--c2)",    "in a call of commit"             },
    {'b', "var(--empty)", "between commits"                 },
    {'x', "var(--c3)",    "after the last commit: the close"},
};

static const mark_row *row_of(const mark_row *rows, size_t count, char mark)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].mark == mark)
            return &rows[i];
    }
    return &rows[count - 1];
}

/* One line of marks, equal neighbours as one rectangle. */
static void marks(html_page *page, const char *text, size_t at_y, const mark_row *rows,
                  size_t row_count, double step)
{
    size_t count = strlen(text), end;
    for (size_t i = 0; i < count; i = end) {
        end = i + 1;
        while (end < count && text[end] == text[i])
            end++;
        const mark_row *row = row_of(rows, row_count, text[i]);
        tl_text_addf(page->text,
                     "<rect x=\"%.2f\" y=\"%zu\" width=\"%.2f\" height=\"%d\" style=\"fill:%s\">"
                     "<title>crash points %zu to %zu: %s</title></rect>",
                     LABEL_WIDTH + (double)i * step, at_y, (double)(end - i) * step, ROW_HEIGHT,
                     row->colour, i, end - 1, row->text);
    }
}

static void label(html_page *page, size_t at_y, const char *text)
{
    tl_text_addf(page->text, "<text x=\"0\" y=\"%zu\" style=\"fill:currentColor;font-size:12px\">",
                 at_y + 12);
    html_escaped(page, text);
    tl_text_add(page->text, "</text>");
}

static void legend(html_page *page)
{
    const struct {
        const mark_row *rows;
        size_t count;
    } parts[] = {
        {outcomes, sizeof outcomes / sizeof outcomes[0]},
        {phases,   sizeof phases / sizeof phases[0]    },
    };
    for (size_t p = 0; p < 2; p++) {
        tl_text_add(page->text, p == 0 ? "<p>At each crash point:" : "<p>Meanwhile:");
        for (size_t i = 0; i < parts[p].count; i++)
            tl_text_addf(page->text,
                         " <span style=\"display:inline-block;width:.9em;height:.9em;background:"
                         "%s\"></span> %s%s",
                         parts[p].rows[i].colour, parts[p].rows[i].text,
                         i + 1 < parts[p].count ? ";" : ".");
        tl_text_add(page->text, "</p>\n");
    }
}

static bool has_matrix(const tl_json *cell)
{
    const tl_json *crash = tl_json_get(cell, "crash");
    const tl_json *first = tl_json_at(tl_json_get(crash, "profiles"), 0);
    return tl_suite_text(crash, "moments")[0] != '\0' && tl_suite_text(first, "matrix")[0] != '\0';
}

static void cell_name(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    html_escaped(page, tl_suite_text(cell, "id"));
    tl_text_add(page->text, ", durability ");
    html_escaped(page, tl_suite_durability(part, cell));
}

static void matrix(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    const tl_json *crash = tl_json_get(cell, "crash");
    const tl_json *profiles = tl_json_get(crash, "profiles");
    const char *moments = tl_suite_text(crash, "moments");
    size_t rows = tl_json_size(profiles), points = strlen(moments);
    double step = (double)WIDTH / (double)(points > 0 ? points : 1);
    tl_text_add(page->text, "<figure><figcaption>");
    cell_name(page, part, cell);
    tl_text_addf(page->text,
                 ": %zu crash points</figcaption>\n<svg viewBox=\"0 0 %d %zu\" role=\"img\" "
                 "style=\"width:100%%;max-width:%dpx\" shape-rendering=\"crispEdges\">",
                 points, LABEL_WIDTH + WIDTH, (rows + 1) * ROW_STEP, LABEL_WIDTH + WIDTH);
    label(page, 0, "phase");
    marks(page, moments, 0, phases, sizeof phases / sizeof phases[0], step);
    for (size_t i = 0; i < rows; i++) {
        const tl_json *profile = tl_json_at(profiles, i);
        char name[64];
        snprintf(name, sizeof name, "%s %s", tl_suite_text(profile, "name"),
                 tl_suite_text(profile, "tier"));
        label(page, (i + 1) * ROW_STEP, name);
        marks(page, tl_suite_text(profile, "matrix"), (i + 1) * ROW_STEP, outcomes,
              sizeof outcomes / sizeof outcomes[0], step);
    }
    tl_text_add(page->text, "</svg></figure>\n");
}

static void line(html_page *page, const char *text, const char *tag)
{
    if (text[0] == '\0')
        return;
    tl_text_addf(page->text, "<br><%s>", tag);
    html_escaped(page, text);
    tl_text_addf(page->text, "</%s>\n", tag);
}

/* Causes of findings: what they have in common, why, and what would mend it. */
static void cause_lines(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    const tl_json *profiles = tl_json_get(tl_json_get(cell, "crash"), "profiles");
    for (size_t p = 0; p < tl_json_size(profiles); p++) {
        const tl_json *profile = tl_json_at(profiles, p);
        const tl_json *causes = tl_json_get(profile, "causes");
        if (tl_json_size(causes) == 0)
            continue;
        tl_text_add(page->text, "<h4>");
        cell_name(page, part, cell);
        tl_text_add(page->text, ", ");
        html_escaped(page, tl_suite_text(profile, "name"));
        tl_text_add(page->text, "</h4>\n<ul>\n");
        for (size_t i = 0; i < tl_json_size(causes); i++) {
            const tl_json *cause = tl_json_at(causes, i);
            const char *known = tl_suite_text(cause, "known");
            char text[HTML_NUMBER_BYTES];
            tl_text_addf(page->text, "<li><b class=\"%s\">%s %s</b> ",
                         known[0] != '\0' ? "warn" : "bad",
                         html_count(tl_json_real(tl_json_get(cause, "count"), 0), text),
                         known[0] != '\0' ? "known" : "findings");
            html_escaped(page, tl_suite_text(cause, "signature"));
            line(page, known, "span");
            line(page, tl_suite_text(cause, "needs"), "span");
            line(page, tl_suite_text(cause, "fix"), "span");
            line(page, tl_suite_text(cause, "first"), "code");
            tl_text_add(page->text, "</li>\n");
        }
        tl_text_add(page->text, "</ul>\n");
    }
}

static void stronger_lines(html_page *page, const tl_suite_part *part, const tl_json *cell)
{
    const tl_json *profiles = tl_json_get(tl_json_get(cell, "crash"), "profiles");
    for (size_t i = 0; i < tl_json_size(profiles); i++) {
        const char *stronger = tl_suite_text(tl_json_at(profiles, i), "stronger");
        if (stronger[0] == '\0')
            continue;
        tl_text_add(page->text, "<li>");
        cell_name(page, part, cell);
        tl_text_add(page->text, ", ");
        html_escaped(page, tl_suite_text(tl_json_at(profiles, i), "name"));
        tl_text_add(page->text, ": ");
        html_escaped(page, stronger);
        tl_text_add(page->text, "</li>\n");
    }
}

static void each_cell(html_page *page, const char *instead,
                      void (*act)(html_page *, const tl_suite_part *, const tl_json *))
{
    const tl_suite *suite = page->request->suite;
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            if (!tl_suite_is_crash(cell) || !has_matrix(cell))
                continue;
            if (!html_room(page, instead))
                return;
            act(page, &suite->parts[p], cell);
        }
    }
}

void html_crash_matrix(html_page *page)
{
    const tl_suite *suite = page->request->suite;
    bool any = false, causes = false, stronger = false;
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            if (!tl_suite_is_crash(cell) || !has_matrix(cell))
                continue;
            any = true;
            const tl_json *profiles = tl_json_get(tl_json_get(cell, "crash"), "profiles");
            for (size_t r = 0; r < tl_json_size(profiles); r++) {
                const tl_json *profile = tl_json_at(profiles, r);
                causes = causes || tl_json_size(tl_json_get(profile, "causes")) > 0;
                stronger = stronger || tl_suite_text(profile, "stronger")[0] != '\0';
            }
        }
    }
    if (!any)
        return;
    if (causes) {
        tl_text_add(page->text, "<h3>Causes</h3>\n");
        each_cell(page, "run.json", cause_lines);
    }
    tl_text_add(page->text, "<h3>Each crash point</h3>\n");
    legend(page);
    each_cell(page, "run.json", matrix);
    if (!stronger)
        return;
    tl_text_add(page->text, "<h3>Stronger than promised, in every allowed state</h3>\n<ul>\n");
    each_cell(page, "run.json", stronger_lines);
    tl_text_add(page->text, "</ul>\n");
}
