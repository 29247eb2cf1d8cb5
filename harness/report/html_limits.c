/* harness/report/html_limits.c -- what the report does not show, said as plainly as what it does.
 */
#include "harness/report/html_page.h"

#include <stdio.h>
#include <string.h>

size_t html_crash_count(const tl_suite *suite)
{
    size_t count = 0;
    for (size_t p = 0; p < suite->part_count; p++)
        count += suite->parts[p].crash_count;
    return count;
}

static bool has_variant(const tl_suite *suite, const char *part_of_name)
{
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            const tl_json *variants = tl_json_get(tl_json_get(cell, "crash"), "variants");
            for (size_t v = 0; v < tl_json_size(variants); v++) {
                if (strstr(tl_suite_text(tl_json_at(variants, v), "name"), part_of_name) != NULL)
                    return true;
            }
            const tl_json *profiles = tl_json_get(tl_json_get(cell, "crash"), "profiles");
            for (size_t v = 0; v < tl_json_size(profiles); v++) {
                const char *name = tl_suite_text(tl_json_at(profiles, v), "name");
                if (strstr(name, part_of_name) != NULL)
                    return true;
                /* what each of the lossy ones holds, under the words of the variants */
                bool subsets = strcmp(name, "journal") == 0 || strcmp(name, "posix") == 0;
                if (strstr("drop torn", part_of_name) != NULL &&
                    (subsets || !strcmp(name, "prefix")))
                    return true;
                if (strcmp(part_of_name, "subset") == 0 && subsets)
                    return true;
            }
        }
    }
    return false;
}

/* Crash behaviours that exist elsewhere; a row is printed when no variant's name has the word. */
static const struct {
    const char *word, *text;
} crash_gaps[] = {
    {"drop",    "unsynced writes that are lost"                                 },
    {"torn",    "writes that stop between two sectors"                          },
    {"subset",  "every other subset and order of the unsynced writes being kept"},
    {"kill",    "a killed process followed by a power loss"                     },
    {"nested",  "a second crash during recovery"                                },
    {"garbage", "unsynced sectors that hold garbage"                            },
    {"liar",    "disks that acknowledge a sync and forget it"                   },
};

/* What the cells say of themselves; each line once. */
static void cell_gaps(html_page *page)
{
    enum { SEEN_MAX = 32 };
    const char *seen[SEEN_MAX];
    size_t seen_count = 0;
    const tl_suite *suite = page->request->suite;
    for (size_t p = 0; p < suite->part_count; p++) {
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            const tl_json *list = tl_json_get(tl_json_get(cell, "crash"), "not_covered");
            for (size_t l = 0; l < tl_json_size(list) && seen_count < SEEN_MAX; l++) {
                const char *text = tl_json_text(tl_json_at(list, l), "");
                size_t s = 0;
                while (s < seen_count && strcmp(seen[s], text) != 0)
                    s++;
                if (s < seen_count)
                    continue;
                seen[seen_count++] = text;
                tl_text_add(page->text, "<li>");
                html_escaped(page, text);
                tl_text_add(page->text, "</li>\n");
            }
        }
    }
}

static void crash_limits(html_page *page)
{
    const tl_suite *suite = page->request->suite;
    if (html_crash_count(suite) == 0) {
        tl_text_add(page->text, "<li>Crashes: no sweep is part of this report.</li>\n");
        return;
    }
    tl_text_add(page->text, "<li>Crashes were simulated on an in-memory disk; no power was cut. "
                            "Not tried:<ul>\n");
    for (size_t i = 0; i < sizeof crash_gaps / sizeof crash_gaps[0]; i++) {
        if (!has_variant(suite, crash_gaps[i].word))
            tl_text_addf(page->text, "<li>%s</li>\n", crash_gaps[i].text);
    }
    cell_gaps(page);
    tl_text_add(page->text, "<li>bit rot, misdirected writes, and concurrent threads at the "
                            "moment of the crash</li>\n</ul></li>\n");
}

/* Remarks that workloads make about themselves, each once. */
static void workload_notes(html_page *page)
{
    const tl_suite *suite = page->request->suite;
    for (size_t p = 0; p < suite->part_count; p++) {
        const char *shown[32];
        size_t shown_count = 0;
        for (size_t i = 0; i < suite->parts[p].cell_count; i++) {
            const tl_json *cell = tl_suite_cell(&suite->parts[p], i);
            const char *note = tl_suite_text(tl_json_get(cell, "workload"), "note");
            bool seen = note[0] == '\0' || shown_count == 32;
            for (size_t s = 0; s < shown_count; s++)
                seen = seen || strcmp(shown[s], note) == 0;
            if (seen)
                continue;
            shown[shown_count++] = note;
            tl_text_add(page->text, "<li>Workload ");
            html_escaped(page, tl_suite_workload(cell));
            tl_text_add(page->text, ": ");
            html_escaped(page, note);
            tl_text_add(page->text, "</li>\n");
        }
    }
}

static void part_limits(html_page *page, size_t part_no)
{
    const tl_suite_part *part = &page->request->suite->parts[part_no];
    const tl_groups *groups = page->request->groups;
    size_t fewest = 0;
    for (size_t i = 0; i < groups->count; i++) {
        size_t count = groups->rows[i].ops_per_s.count;
        if (groups->rows[i].part_no == part_no && count > 0 && (fewest == 0 || count < fewest))
            fewest = count;
    }
    if (part->bench_count == 0)
        return;
    tl_text_add(page->text, "<li>");
    html_escaped(page, part->name);
    if (fewest > 0 && fewest < 5)
        tl_text_addf(page->text,
                     ": as few as %zu repetition%s, too few for a statement about spread.", fewest,
                     fewest == 1 ? "" : "s");
    else
        tl_text_add(page->text, ":");
    tl_text_add(page->text, " All repetitions ran in one process; another launch may place its "
                            "memory better or worse.");
    const tl_json *null_ns = tl_json_get(tl_json_get(part->run, "harness"), "null_op_ns");
    if (tl_json_real(null_ns, -1) >= 0)
        tl_text_addf(page->text,
                     " Every time contains the harness’s own cost, %.1f ns per "
                     "operation.",
                     tl_json_real(null_ns, 0));
    if (!tl_json_is_true(tl_json_get(tl_json_get(part->run, "machine"), "pmu")))
        tl_text_add(page->text, " The machine has no hardware counters to read.");
    if (tl_json_is_true(tl_json_get(tl_json_get(part->run, "tool"), "dirty")))
        tl_text_add(page->text, " The source had changes that no commit holds: this result cannot "
                                "be rebuilt from its revision.");
    tl_text_add(page->text, "</li>\n");
}

static void gap_list(html_page *page)
{
    const tl_groups *groups = page->request->groups;
    for (size_t i = 0; i < groups->count; i++) {
        const tl_group *group = &groups->rows[i];
        if (group->gap == NULL)
            continue;
        tl_text_add(page->text, "<li>No number for ");
        html_escaped(page, group->label);
        tl_text_add(page->text, " in ");
        html_escaped(page, group->workload);
        tl_text_add(page->text, ": ");
        html_escaped(page, group->phase);
        tl_text_add(page->text, " (");
        html_escaped(page, group->gap);
        tl_text_add(page->text, ")</li>\n");
    }
}

void html_not_covered(html_page *page)
{
    const tl_suite *suite = page->request->suite;
    const tl_groups *groups = page->request->groups;
    tl_text_add(page->text, "<ul>\n");
    gap_list(page);
    for (size_t p = 0; p < suite->part_count; p++)
        part_limits(page, p);
    if (suite->part_count > 1)
        tl_text_add(page->text, "<li>Runs are not compared with each other: every ratio is "
                                "between stores of one run.</li>\n");
    bool baseline = false;
    for (size_t i = 0; i < groups->label_count; i++)
        baseline = baseline || strcmp(groups->labels[i], TL_GROUPS_BASELINE) == 0;
    if (groups->count > 0 && !baseline)
        tl_text_add(page->text, "<li>" TL_GROUPS_BASELINE " did not run, so there are no ratios."
                                "</li>\n");
    if (groups->unmeasured_count > 0)
        tl_text_addf(page->text,
                     "<li>%zu set-up phases were timed but are not compared; they are "
                     "in run.json.</li>\n",
                     groups->unmeasured_count);
    if (groups->count > 0)
        tl_text_add(page->text, "<li>Times are of one thread calling the store in a closed loop; "
                                "waiting at an open arrival rate and concurrent callers are not "
                                "measured.</li>\n");
    workload_notes(page);
    crash_limits(page);
    tl_text_add(page->text, "</ul>\n");
}
