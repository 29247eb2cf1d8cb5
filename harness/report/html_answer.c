/* harness/report/html_answer.c -- what a reader came for, before everything else: who won, by how
 * much, what failed, and whether the machine was quiet enough to believe it. */
#include "harness/report/duels.h"
#include "harness/report/html_page.h"
#include "harness/report/tsv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 16, TEXTS_MAX = 16 };

static size_t verdict_count(const tl_duel_results *results, const char *verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < results->count; i++)
        count += strcmp(results->rows[i].verdict, verdict) == 0;
    return count;
}

static void say_duels(html_page *page)
{
    static const char *const verdicts[] = {"regressed", "invalid", "inconclusive", "improved",
                                           "pass"};
    tl_duel_results results;
    if (tl_duel_results_make(page->request->suite, &results) != TL_OK) {
        page->text->failed = true;
        return;
    }
    if (results.count > 0) {
        size_t said = 0;
        tl_text_addf(page->text, "<li><a href=\"#duels\">%zu duel%s</a>: ", results.count,
                     results.count == 1 ? "" : "s");
        for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
            size_t count = verdict_count(&results, verdicts[i]);
            if (count > 0)
                tl_text_addf(page->text, "%s<strong>%zu %s</strong>", said++ > 0 ? ", " : "", count,
                             verdicts[i]);
        }
        const tl_duel_result *worst = &results.rows[0];
        if (!isnan(worst->estimate)) {
            tl_text_add(page->text, "; the largest effect is in ");
            html_escaped(page, worst->label);
            tl_text_add(page->text, ": ");
            html_escaped(page, worst->arms[1]);
            tl_text_addf(page->text, " takes %+.2f %% ", worst->estimate);
            if (!isnan(worst->lower) && !isnan(worst->upper))
                tl_text_addf(page->text, "[%+.2f .. %+.2f] ", worst->lower, worst->upper);
            tl_text_add(page->text, "of the CPU time of ");
            html_escaped(page, worst->arms[0]);
            tl_text_add(page->text, " more");
        }
        tl_text_add(page->text, ".</li>\n");
    }
    tl_duel_results_clear(&results);
}

static void say_crashes(html_page *page)
{
    static const char *const counts[] = {"lost_committed", "resurrected", "corrupt",
                                         "other_findings"};
    const tl_suite *suite = page->request->suite;
    double states = 0, findings = 0;
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *crash = tl_json_get(tl_suite_cell(&suite->parts[p], i), "crash");
            states += tl_json_real(tl_json_get(crash, "states"), 0);
            for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
                findings += tl_json_real(tl_json_get(crash, counts[c]), 0);
        }
    }
    char text[2][HTML_NUMBER_BYTES];
    if (states > 0)
        tl_text_addf(page->text,
                     "<li><a href=\"#crash\">Crash sweep</a>: %s states checked, "
                     "<strong>%s finding%s</strong>.</li>\n",
                     html_count(states, text[0]), html_count(findings, text[1]),
                     findings == 1 ? "" : "s");
}

/* Distinct texts, as many as fit. */
typedef struct text_set {
    const char *texts[TEXTS_MAX];
    size_t count;
} text_set;

static void text_set_add(text_set *set, const char *text)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->texts[i], text) == 0)
            return;
    }
    if (set->count < TEXTS_MAX && text[0] != '\0')
        set->texts[set->count++] = text;
}

static void say_texts(html_page *page, const char *one, const char *many, const text_set *set)
{
    tl_text_addf(page->text, "%s ", set->count == 1 ? one : many);
    for (size_t i = 0; i < set->count; i++) {
        tl_text_add(page->text, i == 0 ? "<code>" : ", <code>");
        html_escaped(page, set->texts[i]);
        tl_text_add(page->text, "</code>");
    }
    tl_text_add(page->text, set->count == TEXTS_MAX ? ", …" : set->count == 0 ? "unknown" : "");
}

static void say_origin(html_page *page)
{
    const tl_suite *suite = page->request->suite;
    text_set classes = {.count = 0}, revisions = {.count = 0}, models = {.count = 0};
    size_t dirty = 0;
    for (size_t p = 0; p < suite->part_count; p++) {
        const tl_json *run = suite->parts[p].run, *tool = tl_json_get(run, "tool");
        text_set_add(&classes, tl_suite_text(tl_json_get(run, "class"), "key"));
        text_set_add(&models, tl_suite_text(tl_json_get(run, "machine"), "cpu_model"));
        text_set_add(&revisions, tl_suite_text(tool, "rev"));
        dirty += tl_json_is_true(tl_json_get(tool, "dirty"));
    }
    tl_text_addf(page->text, "<li><a href=\"#origin\">%zu run%s</a>: ", suite->part_count,
                 suite->part_count == 1 ? "" : "s");
    say_texts(page, "processor", "processors", &models);
    say_texts(page, ", machine class", ", machine classes", &classes);
    if (classes.count > 1)
        tl_text_add(page->text, " (<strong>times of different classes do not compare</strong>)");
    say_texts(page, ", commit", ", commits", &revisions);
    if (dirty > 0)
        tl_text_addf(page->text, ", %zu with local changes", dirty);
    tl_text_add(page->text, ".</li>\n");
}

/* Load that others made, and time that the host took away. */
static void say_noise(html_page *page)
{
    const tl_suite *suite = page->request->suite;
    size_t busy = 0, stolen = 0;
    double load_max = 0, steal = 0;
    for (size_t p = 0; p < suite->part_count; p++) {
        const tl_json *run = suite->parts[p].run, *noise = tl_json_get(run, "noise");
        double cpus = tl_json_real(tl_json_get(tl_json_get(run, "machine"), "cpus"), 1);
        double load = tl_json_real(tl_json_get(noise, "load1"), 0);
        double ticks = tl_json_real(tl_json_get(noise, "steal_ticks"), 0);
        busy += load > 0.5 * cpus;
        load_max = load > load_max ? load : load_max;
        stolen += ticks > 0;
        steal += ticks;
    }
    if (busy > 0)
        tl_text_addf(page->text,
                     "<li class=\"warn\"><strong>Noisy</strong>: %zu of %zu runs began on a busy "
                     "machine (load up to %.1f). Believe times that ran side by side, and "
                     "counters; not times of different runs.</li>\n",
                     busy, suite->part_count, load_max);
    else
        tl_text_addf(page->text, "<li>Quiet: load at most %.1f when a run began.</li>\n", load_max);
    if (stolen > 0)
        tl_text_addf(page->text,
                     "<li class=\"warn\">The host took time away in %zu run%s: %.0f ticks of "
                     "1/100 s.</li>\n",
                     stolen, stolen == 1 ? "" : "s", steal);
}

static bool is_candidate(const tl_group *group)
{
    return group->ops_per_s.count > 0 && !tl_tsv_is_null(group);
}

/* The fastest of rows [first, end) and the one behind it; NULL when there is none. */
static void find_fastest(const tl_groups *groups, size_t first, size_t end,
                         const tl_group *fastest[2])
{
    fastest[0] = fastest[1] = NULL;
    for (size_t i = first; i < end; i++) {
        const tl_group *group = &groups->rows[i];
        if (!is_candidate(group))
            continue;
        if (fastest[0] == NULL || group->ops_per_s.median > fastest[0]->ops_per_s.median) {
            fastest[1] = fastest[0];
            fastest[0] = group;
        } else if (fastest[1] == NULL || group->ops_per_s.median > fastest[1]->ops_per_s.median) {
            fastest[1] = group;
        }
    }
}

static void fastest_row(html_page *page, const tl_group *const fastest[2])
{
    const tl_group *best = fastest[0], *next = fastest[1];
    char text[HTML_NUMBER_BYTES];
    html_row(page, false);
    html_th(page, best->workload);
    html_td(page, best->phase);
    html_td(page, best->label);
    html_value(page, best->ops_per_s.median, html_rate(best->ops_per_s.median, text));
    html_value(page, (double)best->ops_per_s.count,
               html_count((double)best->ops_per_s.count, text));
    if (next == NULL) {
        tl_text_add(page->text, "<td>—</td><td class=\"n\">—</td><td></td>");
    } else {
        bool apart = next->ops_per_s.max < best->ops_per_s.min;
        html_td(page, next->label);
        snprintf(text, sizeof text, "%.2f×", best->ops_per_s.median / next->ops_per_s.median);
        html_value(page, best->ops_per_s.median / next->ops_per_s.median, text);
        html_tdf(page, apart && best->ops_per_s.count >= 3 ? "" : "warn", "%s",
                 best->ops_per_s.count < 3 ? "too few repetitions to tell"
                 : apart                   ? "in every repetition"
                                           : "ranges overlap");
    }
    tl_text_add(page->text, "</tr>\n");
}

static void say_fastest(html_page *page)
{
    static const char *const names[] = {"Workload", "Phase",    "Fastest", "#Operations/s",
                                        "#Reps",    "Ahead of", "#by",     "How clearly"};
    const tl_groups *groups = page->request->groups;
    size_t rows = 0, more = 0;
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        const tl_group *fastest[2];
        end = tl_groups_phase_end(groups, first);
        find_fastest(groups, first, end, fastest);
        if (fastest[0] == NULL)
            continue;
        if (rows == ROWS_MAX) {
            more++;
            continue;
        }
        if (rows++ == 0) {
            tl_text_add(page->text, "<div class=\"scroll\"><table class=\"sortable\">");
            html_header(page, names, sizeof names / sizeof names[0]);
            tl_text_add(page->text, "<tbody>\n");
        }
        fastest_row(page, fastest);
    }
    if (rows > 0)
        tl_text_add(page->text, "</tbody></table></div>\n");
    if (more > 0)
        tl_text_addf(page->text,
                     "<p class=\"soft\">%zu more below, under <a "
                     "href=\"#throughput\">Throughput</a>.</p>\n",
                     more);
}

void html_answer(html_page *page)
{
    if (page->request->suite->cell_count == 0)
        return;
    say_fastest(page);
    tl_text_add(page->text, "<ul>\n");
    say_duels(page);
    say_crashes(page);
    say_origin(page);
    say_noise(page);
    tl_text_add(page->text, "</ul>\n");
}
