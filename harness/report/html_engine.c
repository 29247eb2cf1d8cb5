/* harness/report/html_engine.c -- what the engine did: allocator, counters, space. */
#include "harness/report/html_page.h"
#include "harness/report/tsv.h"

#include <stdio.h>
#include <string.h>

static const tl_json *engine_counters(const tl_group *group)
{
    if (group->typical == NULL)
        return NULL;
    return tl_json_get(tl_json_get(group->typical->phase, "counters"), "engine");
}

static const char *const allocator_counters[] = {
    "alloc_fit_freeblock", "alloc_fit_gap", "alloc_compactions", "alloc_rebuilds",
    "alloc_bytes_moved",   "alloc_misses",  "alloc_failures"};
enum { ALLOCATOR_COUNT = sizeof allocator_counters / sizeof allocator_counters[0] };

static bool used_allocator(const tl_group *group)
{
    bool used = false;
    for (size_t c = 0; c < ALLOCATOR_COUNT; c++)
        used =
            used || tl_json_real(tl_json_get(engine_counters(group), allocator_counters[c]), 0) > 0;
    return used;
}

static void allocator_table(html_page *page, size_t first, size_t end)
{
    const tl_groups *groups = page->request->groups;
    char total[HTML_NUMBER_BYTES], per_op[HTML_NUMBER_BYTES];
    tl_text_add(page->text, "<div class=\"scroll\"><table class=\"sortable\"><thead><tr>"
                            "<th scope=\"col\">Workload</th><th scope=\"col\">Phase</th>"
                            "<th scope=\"col\">Store</th>");
    for (size_t c = 0; c < ALLOCATOR_COUNT; c++)
        tl_text_addf(page->text, "<th scope=\"col\" class=\"n\">%s</th>", allocator_counters[c]);
    tl_text_add(page->text, "</tr></thead>\n<tbody>\n");
    for (size_t i = first; i < end; i++) {
        const tl_group *group = &groups->rows[i];
        if (!used_allocator(group))
            continue;
        html_row(page, html_starts_phase(groups, i));
        html_th(page, group->workload);
        html_td(page, group->phase);
        html_td(page, group->label);
        for (size_t c = 0; c < ALLOCATOR_COUNT; c++) {
            double value =
                tl_json_real(tl_json_get(engine_counters(group), allocator_counters[c]), 0);
            tl_text_addf(page->text, "<td class=\"n\" data-v=\"%.9g\">%s<br><span class=\"soft\">",
                         value, html_count(value, total));
            tl_text_addf(page->text, "%s/op</span></td>",
                         html_small(value / (double)group->typical->ops, per_op));
        }
        tl_text_add(page->text, "</tr>\n");
    }
    tl_text_add(page->text, "</tbody></table></div>\n");
}

void html_allocator(html_page *page)
{
    const tl_groups *groups = page->request->groups;
    bool shown = false;
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        end = html_part_end(groups, first);
        bool used = false;
        for (size_t i = first; i < end; i++)
            used = used || used_allocator(&groups->rows[i]);
        if (!used || !html_room(page, "plots/counters.tsv"))
            continue;
        shown = true;
        html_part_heading(page, groups->rows[first].part_no);
        html_pictures(page, "allocator", groups->rows[first].part_no);
        tl_text_add(page->text,
                    "<p class=\"soft\">Where the records of a page go: where another was; in its "
                    "gap; after "
                    "the page was compacted; by rewriting it whole; or nowhere (a miss: the page "
                    "splits). A failure is room promised and then refused, and must be 0. Totals "
                    "of the phase, and per operation.</p>\n");
        allocator_table(page, first, end);
    }
    if (!shown)
        tl_text_add(page->text, "<p>No store in this report counted its allocator’s work.</p>\n");
}

static void counter_row(html_page *page, size_t first, size_t end, const char *name)
{
    const tl_groups *groups = page->request->groups;
    char total[HTML_NUMBER_BYTES], per_op[HTML_NUMBER_BYTES];
    double sum = 0;
    for (size_t i = first; i < end; i++)
        sum += tl_json_real(tl_json_get(engine_counters(&groups->rows[i]), name), 0);
    if (sum == 0)
        return; /* said above the table */
    tl_text_add(page->text, "<tr>");
    html_th(page, name);
    html_td(page, tl_tsv_unit(name));
    for (size_t i = first; i < end; i++) {
        const tl_json *counters = engine_counters(&groups->rows[i]);
        if (counters == NULL || tl_json_size(counters) == 0)
            continue;
        double value = tl_json_real(tl_json_get(counters, name), 0);
        html_value(page, value, html_count(value, total));
        value /= (double)groups->rows[i].typical->ops;
        html_value(page, value, html_small(value, per_op));
    }
    tl_text_add(page->text, "</tr>\n");
}

/* The engine counters of one phase, a pair of columns for each store that has any. */
static void phase_counters(html_page *page, size_t first, size_t end)
{
    const tl_groups *groups = page->request->groups;
    const tl_json *longest = NULL;
    for (size_t i = first; i < end; i++) {
        const tl_json *counters = engine_counters(&groups->rows[i]);
        if (tl_json_size(counters) > tl_json_size(longest))
            longest = counters;
    }
    if (longest == NULL || !html_room(page, "plots/counters.tsv"))
        return;
    tl_text_add(page->text, "<details><summary>Engine counters: ");
    html_escaped(page, groups->rows[first].workload);
    tl_text_add(page->text, ", ");
    html_escaped(page, groups->rows[first].phase);
    if (page->request->suite->part_count > 1) {
        tl_text_add(page->text, " (");
        html_escaped(page, html_part_name(page, groups->rows[first].part_no));
        tl_text_add(page->text, ")");
    }
    tl_text_add(page->text,
                "</summary>\n<div class=\"scroll\"><table class=\"sortable\"><thead><tr>"
                "<th scope=\"col\">Counter</th><th scope=\"col\">Unit</th>");
    for (size_t i = first; i < end; i++) {
        if (tl_json_size(engine_counters(&groups->rows[i])) == 0)
            continue;
        tl_text_add(page->text, "<th scope=\"col\" class=\"n\">");
        html_escaped(page, groups->rows[i].label);
        tl_text_add(page->text, "</th><th scope=\"col\" class=\"n\">per operation</th>");
    }
    tl_text_add(page->text, "</tr></thead>\n<tbody>\n");
    for (size_t c = 0; c < tl_json_size(longest); c++)
        counter_row(page, first, end, tl_json_name(tl_json_at(longest, c)));
    tl_text_add(page->text, "</tbody></table></div></details>\n");
}

/* One column of the space table: where it stands in a phase, and how to write it. */
static const struct {
    const char *group, *field, *title;
    const char *(*format)(double, char *);
} space_columns[] = {
    {"space", "record_count",   "#Records",         html_count},
    {"space", "logical_bytes",  "#Keys and values", html_bytes},
    {"space", "file_bytes",     "#Files",           html_bytes},
    {"space", "amplification",  "#Files / data",    html_small},
    {"space", "depth",          "#Depth",           html_count},
    {"os",    "wr_bytes",       "#Written",         html_bytes},
    {"os",    "rd_bytes",       "#Read",            html_bytes},
    {"os",    "minflt",         "#Minor faults",    html_count},
    {"os",    "majflt",         "#Major faults",    html_count},
    {"os",    "rss_peak_bytes", "#Peak memory",     html_bytes},
};
enum { SPACE_COLUMN_COUNT = sizeof space_columns / sizeof space_columns[0] };

static void space_row(html_page *page, const tl_groups *groups, size_t i)
{
    const tl_group *group = &groups->rows[i];
    char text[HTML_NUMBER_BYTES];
    if (group->typical == NULL)
        return;
    const tl_json *phase = group->typical->phase;
    html_row(page, html_starts_phase(groups, i));
    html_th(page, group->workload);
    html_td(page, group->phase);
    html_td(page, group->label);
    for (size_t c = 0; c < SPACE_COLUMN_COUNT; c++) {
        const tl_json *holder = strcmp(space_columns[c].group, "os") == 0
                                    ? tl_json_get(tl_json_get(phase, "counters"), "os")
                                    : tl_json_get(phase, space_columns[c].group);
        const tl_json *field = tl_json_get(holder, space_columns[c].field);
        double value = tl_json_real(field, -1);
        html_value(page, value, value < 0 ? "—" : space_columns[c].format(value, text));
    }
    tl_text_add(page->text, "</tr>\n");
}

void html_counters(html_page *page)
{
    const tl_groups *groups = page->request->groups;
    const char *names[3 + SPACE_COLUMN_COUNT] = {"Workload", "Phase", "Store"};
    for (size_t c = 0; c < SPACE_COLUMN_COUNT; c++)
        names[3 + c] = space_columns[c].title;
    if (groups->count == 0)
        tl_text_add(page->text, "<p>No bench cell in this report.</p>\n");
    else
        tl_text_add(page->text, "<p class=\"soft\">Of the repetition of median throughput. "
                                "Counters that are 0 for every store are left out here; "
                                "plots/counters.tsv has them all, with min and max.</p>\n");
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        end = tl_groups_phase_end(groups, first);
        phase_counters(page, first, end);
    }
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        end = html_part_end(groups, first);
        if (!html_room(page, "run.json"))
            return;
        tl_text_add(page->text, "<details><summary>Space and operating system");
        if (page->request->suite->part_count > 1) {
            tl_text_add(page->text, " (");
            html_escaped(page, html_part_name(page, groups->rows[first].part_no));
            tl_text_add(page->text, ")");
        }
        tl_text_add(page->text, "</summary>\n<div class=\"scroll\"><table class=\"sortable\">");
        html_header(page, names, sizeof names / sizeof names[0]);
        tl_text_add(page->text, "<tbody>\n");
        for (size_t i = first; i < end; i++)
            space_row(page, groups, i);
        tl_text_add(page->text, "</tbody></table></div></details>\n");
    }
}
