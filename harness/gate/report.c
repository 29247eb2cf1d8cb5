/* harness/gate/report.c -- a gate's report as text, JSON, JUnit and Markdown. */
#include "harness/gate/gate.h"

#include <stdio.h>
#include <string.h>

void tl_gate_text(const tl_gate_report *report, tl_text *out)
{
    for (size_t i = 0; i < report->count; i++) {
        const tl_gate_finding *finding = &report->findings[i];
        tl_text_addf(out, "%-12s %-24s %-12s %s\n", tl_layer_name(finding->layer), finding->row,
                     tl_gate_verdict_name(finding->verdict), finding->summary);
        if (finding->verdict <= TL_GATE_IMPROVED)
            continue;
        for (const char *line = tl_text_data(&finding->detail); *line != '\0';) {
            size_t bytes = strcspn(line, "\n");
            tl_text_addf(out, "    %.*s\n", (int)bytes, line);
            line += bytes + (line[bytes] == '\n');
        }
    }
    if (report->layouts[0] != '\0')
        tl_text_addf(out, "%s\n", report->layouts);
    tl_text_addf(out, "gate: %s%s\n", tl_gate_verdict_name(tl_gate_conclude(report)),
                 report->interrupted ? " (interrupted: not all rows were looked at)" : "");
}

static void add_percent(tl_json *object, const char *name, double log_ratio)
{
    tl_json_add_real(object, name, tl_effect_percent(log_ratio));
}

static void add_times(tl_json *row, const tl_gate_finding *finding)
{
    if (finding->time_count == 0)
        return;
    tl_json *times = tl_json_add_array(row, "times");
    for (size_t i = 0; i < finding->time_count; i++) {
        const tl_gate_time *time = &finding->times[i];
        const tl_effect *effect = &time->effect;
        tl_json *object = tl_json_add_object(times, NULL);
        tl_json_add_text(object, "name", time->name);
        tl_json_add_text(object, "verdict", tl_verdict_name(time->verdict));
        tl_json_add_text(object, "note", time->note[0] == '\0' ? NULL : time->note);
        tl_json_add_count(object, "launches", time->launches);
        if (!time->judged)
            continue;
        tl_json_add_text(object, "statistic", tl_duel_statistic_name(time->statistic));
        tl_json_add_bool(object, "confirmed", time->confirmed);
        add_percent(object, "estimate_percent", effect->estimate);
        tl_json_add_real(object, "level", effect->level);
        add_percent(object, "lower_percent", effect->lower);
        add_percent(object, "upper_percent", effect->upper);
        add_percent(object, "half_width_percent", effect->half_width);
        add_percent(object, "detectable_percent", effect->detectable);
        tl_json_add_real(object, "layout_deviation_percent",
                         100 * tl_layout_deviation(&time->layouts));
    }
}

tl_json *tl_gate_json(const tl_gate_report *report)
{
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "schema", "treelab.gate_report/1");
    tl_json_add_text(root, "verdict", tl_gate_verdict_name(tl_gate_conclude(report)));
    tl_json_add_bool(root, "interrupted", report->interrupted);
    tl_json_add_count(root, "layouts", report->layout_count);
    tl_json_add_text(root, "layouts_are", report->layouts[0] == '\0' ? NULL : report->layouts);
    tl_json *rows = tl_json_add_array(root, "findings");
    for (size_t i = 0; i < report->count; i++) {
        const tl_gate_finding *finding = &report->findings[i];
        tl_json *row = tl_json_add_object(rows, NULL);
        tl_json_add_text(row, "row", finding->row);
        tl_json_add_text(row, "layer", tl_layer_name(finding->layer));
        tl_json_add_text(row, "verdict", tl_gate_verdict_name(finding->verdict));
        tl_json_add_text(row, "summary", finding->summary);
        tl_json_add_text(row, "detail", tl_text_data(&finding->detail));
        tl_json_add_real(row, "ratio", finding->ratio);
        tl_json_add_real(row, "wall_s", finding->wall_s);
        add_times(row, finding);
    }
    return root;
}

static void junit_case(const tl_gate_finding *finding, tl_text *out)
{
    tl_text_addf(out, "    <testcase classname=\"gate.%s\" name=\"", tl_layer_name(finding->layer));
    tl_text_add_html(out, finding->row);
    tl_text_addf(out, "\" time=\"%.3f\">\n", finding->wall_s);
    const char *element =
        finding->verdict >= TL_GATE_FAILED      ? "error"
        : finding->verdict == TL_GATE_REGRESSED ? "failure"
        : finding->verdict == TL_GATE_SKIPPED || finding->verdict == TL_GATE_INCONCLUSIVE
            ? "skipped"
            : "system-out";
    bool plain = strcmp(element, "system-out") == 0;
    tl_text_addf(out, "      <%s%s", element, plain ? ">" : " message=\"");
    if (!plain) {
        tl_text_add_html(out, finding->summary);
        tl_text_add(out, "\">");
    }
    tl_text_add_html(out, plain ? finding->summary : tl_text_data(&finding->detail));
    tl_text_addf(out, "</%s>\n    </testcase>\n", element);
}

void tl_gate_junit(const tl_gate_report *report, tl_text *out)
{
    size_t failures = 0, errors = 0, skipped = 0;
    for (size_t i = 0; i < report->count; i++) {
        tl_gate_verdict verdict = report->findings[i].verdict;
        failures += verdict == TL_GATE_REGRESSED;
        errors += verdict >= TL_GATE_FAILED;
        skipped += verdict == TL_GATE_SKIPPED || verdict == TL_GATE_INCONCLUSIVE;
    }
    tl_text_addf(out,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                 "  <testsuite name=\"treelab gate\" tests=\"%zu\" failures=\"%zu\" "
                 "errors=\"%zu\" skipped=\"%zu\">\n",
                 report->count, failures, errors, skipped);
    for (size_t i = 0; i < report->count; i++)
        junit_case(&report->findings[i], out);
    tl_text_add(out, "  </testsuite>\n</testsuites>\n");
}

/* Table cells end at a bar; Markdown has no other escape there. */
static void markdown_cell(tl_text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            tl_text_add(out, "\\|");
        else
            tl_text_add_bytes(out, *text == '\n' ? " " : text, 1);
    }
}

void tl_gate_markdown(const tl_gate_report *report, tl_text *out)
{
    tl_text_addf(out,
                 "### treelab gate: %s\n\n| layer | row | verdict | what |\n|---|---|---|---|\n",
                 tl_gate_verdict_name(tl_gate_conclude(report)));
    for (size_t i = 0; i < report->count; i++) {
        const tl_gate_finding *finding = &report->findings[i];
        tl_text_addf(out, "| %s | ", tl_layer_name(finding->layer));
        markdown_cell(out, finding->row);
        tl_text_addf(out, " | %s%s%s | ", finding->verdict >= TL_GATE_REGRESSED ? "**" : "",
                     tl_gate_verdict_name(finding->verdict),
                     finding->verdict >= TL_GATE_REGRESSED ? "**" : "");
        markdown_cell(out, finding->summary);
        tl_text_add(out, " |\n");
    }
    if (report->layouts[0] != '\0')
        tl_text_addf(out, "\n%s\n", report->layouts);
    for (size_t i = 0; i < report->count; i++) {
        const tl_gate_finding *finding = &report->findings[i];
        if (finding->verdict < TL_GATE_REGRESSED || finding->detail.size_bytes == 0)
            continue;
        tl_text_addf(out, "\n<details><summary>%s, %s</summary>\n\n```\n%s```\n\n</details>\n",
                     tl_layer_name(finding->layer), finding->row, tl_text_data(&finding->detail));
    }
}
