/* harness/report/html_bench.c -- throughput and latency. */
#include "harness/report/html_page.h"

#include <stdio.h>
#include <string.h>

static void throughput_row(html_page *page, const tl_groups *groups, size_t i)
{
    const tl_group *group = &groups->rows[i];
    const tl_spread *rate = &group->ops_per_s, *ratio = &group->ratio;
    char median[HTML_NUMBER_BYTES], low[HTML_NUMBER_BYTES], high[HTML_NUMBER_BYTES];
    char range[3 * HTML_NUMBER_BYTES];
    html_row(page, html_starts_phase(groups, i));
    html_th(page, group->workload);
    html_td(page, group->phase);
    html_td(page, group->label);
    html_td(page, group->durability);
    html_value(page, (double)rate->count, html_count((double)rate->count, median));
    if (rate->count == 0) {
        html_tdf(page, "n bad", "%s", group->gap);
        tl_text_add(page->text, "<td></td>");
    } else {
        html_value(page, rate->median, html_rate(rate->median, median));
        snprintf(range, sizeof range, "[%s .. %s]", html_rate(rate->min, low),
                 html_rate(rate->max, high));
        html_value(page, rate->min, range);
    }
    if (ratio->count == 0) {
        tl_text_add(page->text, "<td class=\"n\">—</td><td></td>");
    } else {
        snprintf(median, sizeof median, "%.2f×", ratio->median);
        html_value(page, ratio->median, median);
        snprintf(range, sizeof range, "[%.2f .. %.2f]", ratio->min, ratio->max);
        html_value(page, ratio->min, range);
    }
    tl_text_add(page->text, "</tr>\n");
}

void html_throughput(html_page *page)
{
    static const char *const names[] = {
        "Workload",   "Phase",         "Store",       "Durability",
        "#Reps",      "#Operations/s", "#min .. max", ("#Ratio to " TL_GROUPS_BASELINE),
        "#min .. max"};
    const tl_groups *groups = page->request->groups;
    if (groups->count == 0)
        tl_text_add(page->text, "<p>No bench cell in this report.</p>\n");
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        end = html_part_end(groups, first);
        html_part_heading(page, groups->rows[first].part_no);
        html_pictures(page, "throughput", groups->rows[first].part_no);
        if (!html_room(page, "plots/throughput_summary.tsv"))
            continue;
        tl_text_add(page->text,
                    "<p class=\"soft\">A ratio compares repetition r with " TL_GROUPS_BASELINE
                    "’s repetition r, which ran next to it; above 1× is faster. Shown is the "
                    "median of these ratios, as the operations per second are the median of the "
                    "repetitions.</p>\n"
                    "<div class=\"scroll\"><table class=\"sortable\">");
        html_header(page, names, sizeof names / sizeof names[0]);
        tl_text_add(page->text, "<tbody>\n");
        for (size_t i = first; i < end; i++)
            throughput_row(page, groups, i);
        tl_text_add(page->text, "</tbody></table></div>\n");
    }
}

static void latency_rows(html_page *page, const tl_groups *groups, size_t i)
{
    static const struct {
        const char *name;
        double calls_min; /* with fewer, the percentile is just the maximum again */
    } fields[] = {
        {"min",    1    },
        {"p50",    2    },
        {"p90",    10   },
        {"p99",    100  },
        {"p99_9",  1000 },
        {"p99_99", 10000},
        {"max",    1    }
    };
    const tl_group *group = &groups->rows[i];
    const tl_json *latency =
        group->typical == NULL ? NULL : tl_json_get(group->typical->phase, "latency");
    char text[HTML_NUMBER_BYTES];
    for (size_t k = 0; k < tl_json_size(latency); k++) {
        const tl_json *histogram = tl_json_at(latency, k);
        if (tl_json_size(histogram) == 0)
            continue;
        double count = tl_json_real(tl_json_get(histogram, "count"), 0);
        html_row(page, html_starts_phase(groups, i) && k == 0);
        html_th(page, group->phase);
        html_td(page, tl_json_name(histogram));
        html_td(page, group->label);
        html_value(page, count, html_count(count, text));
        for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
            const tl_json *field = tl_json_get(histogram, fields[f].name);
            bool known = field != NULL && count >= fields[f].calls_min;
            double ns = tl_json_real(field, 0);
            html_value(page, known ? ns : 0, known ? html_time(ns, text) : "—");
        }
        double clamped = tl_json_real(tl_json_get(histogram, "clamped"), 0);
        html_value(page, clamped, html_count(clamped, text));
        tl_text_add(page->text, "</tr>\n");
    }
}

static bool has_latency(const tl_groups *groups, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        const tl_sample *typical = groups->rows[i].typical;
        if (typical != NULL && tl_json_size(tl_json_get(typical->phase, "latency")) > 0)
            return true;
    }
    return false;
}

void html_latency(html_page *page)
{
    static const char *const names[] = {"Phase",  "Operation", "Store", "#Calls",
                                        "#min",   "#p50",      "#p90",  "#p99",
                                        "#p99.9", "#p99.99",   "#max",  "#Clamped"};
    const tl_groups *groups = page->request->groups;
    const tl_pictures *pictures = page->request->pictures;
    if (groups->count == 0)
        tl_text_add(page->text, "<p>No bench cell in this report.</p>\n");
    else if (!has_latency(groups, 0, groups->count))
        tl_text_add(page->text, "<p>No phase in this report has a latency histogram.</p>\n");
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        const tl_group *group = &groups->rows[first];
        end = tl_groups_workload_end(groups, first);
        for (size_t i = 0; i < pictures->count; i++) {
            const tl_picture *picture = &pictures->rows[i];
            if (strcmp(picture->kind, "latency") == 0 && picture->part_no == group->part_no &&
                picture->workload_no == group->workload_no)
                html_picture(page, picture);
        }
        if (!has_latency(groups, first, end) || !html_room(page, "plots/latency.tsv"))
            continue;
        tl_text_add(page->text, "<details><summary>Latency percentiles: ");
        html_escaped(page, group->workload);
        if (page->request->suite->part_count > 1) {
            tl_text_add(page->text, " (");
            html_escaped(page, html_part_name(page, group->part_no));
            tl_text_add(page->text, ")");
        }
        tl_text_add(page->text, "</summary>\n<p class=\"soft\">Of the repetition of median "
                                "throughput; percentiles are never averaged. — means too few calls "
                                "to tell. Clamped: calls "
                                "slower than the histogram’s last step.</p>\n"
                                "<div class=\"scroll\"><table class=\"sortable\">");
        html_header(page, names, sizeof names / sizeof names[0]);
        tl_text_add(page->text, "<tbody>\n");
        for (size_t i = first; i < end; i++)
            latency_rows(page, groups, i);
        tl_text_add(page->text, "</tbody></table></div></details>\n");
    }
}
