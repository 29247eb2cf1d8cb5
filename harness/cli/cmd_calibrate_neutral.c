/* harness/cli/cmd_calibrate_neutral.c -- `treelab calibrate neutral NAME=PROGRAM...`: whole gates
 * of this program against builds that ought to be as fast, in a log that only grows.  A line a row:
 *
 *     name  seed  row  verdict  launches  estimate_percent  layouts
 *     between  between_freedom  within  within_freedom  size  seconds  revision
 *
 * The five in the middle are a tl_layout_spread.
 */
#include "harness/cli/cmd_calibrate.h"

#include "harness/compare/binomial.h"
#include "harness/compare/links.h"
#include "harness/compare/normal.h"
#include "harness/gate/timing.h"
#include "harness/report/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG  "neutral.tsv"
#define SAME "same" /* the name of the same source, built in another tree */

enum { PATH_BYTES = 4096, NAME_BYTES = 64, ROW_BYTES = 2 * TL_LAUNCH_NAME_MAX };

typedef struct spread_row {
    char name[ROW_BYTES];
    size_t layouts; /* the fewest of its gates */
    tl_layout_spread spread;
} spread_row;

typedef struct neutral_log {
    uint64_t gates, failed, rows, inconclusive;
    double seconds;
    char name[NAME_BYTES]; /* of the gate that the last line belongs to */
    uint64_t seed;
    bool failed_last;
    spread_row spreads[TL_GATE_ROWS_MAX];
    size_t spread_count;
} neutral_log;

/* --- the log --- */

static void add_spread(neutral_log *log, const char *row, size_t layouts,
                       const tl_layout_spread *one)
{
    size_t at = 0;
    while (at < log->spread_count && strcmp(log->spreads[at].name, row) != 0)
        at++;
    if (at == TL_GATE_ROWS_MAX || one->between_freedom == 0 || strcmp(log->name, SAME) == 0)
        return; /* equal objects have equal links: nothing is between them */
    spread_row *sum = &log->spreads[at];
    if (at == log->spread_count) {
        log->spread_count++;
        snprintf(sum->name, sizeof sum->name, "%s", row);
        sum->layouts = layouts;
    }
    sum->layouts = layouts < sum->layouts ? layouts : sum->layouts;
    sum->spread.between += one->between;
    sum->spread.within += one->within;
    sum->spread.between_freedom += one->between_freedom;
    sum->spread.within_freedom += one->within_freedom;
    sum->spread.size += one->size;
}

/* Lines that are not whole are no rows. */
static void count_line(const char *line, void *context)
{
    neutral_log *log = context;
    char name[NAME_BYTES], row[ROW_BYTES], verdict[32];
    uint64_t seed;
    size_t layouts;
    double seconds;
    tl_layout_spread spread;
    if (sscanf(line, "%63s %" SCNu64 " %95s %31s %*s %*s %zu %lf %zu %lf %zu %lf %lf", name, &seed,
               row, verdict, &layouts, &spread.between, &spread.between_freedom, &spread.within,
               &spread.within_freedom, &spread.size, &seconds) != 11)
        return;
    if (log->gates == 0 || strcmp(name, log->name) != 0 || seed != log->seed) {
        log->gates++;
        log->seconds += seconds;
        log->failed_last = false;
        log->seed = seed;
        strcpy(log->name, name);
    }
    bool failed = strcmp(verdict, tl_verdict_name(TL_VERDICT_REGRESSED)) == 0;
    log->failed += failed && !log->failed_last;
    log->failed_last = log->failed_last || failed;
    log->rows++;
    log->inconclusive += strcmp(verdict, tl_verdict_name(TL_VERDICT_INCONCLUSIVE)) == 0;
    add_spread(log, row, layouts, &spread);
}

/* --- one gate --- */

static bool write_rows(FILE *file, const char *name, uint64_t seed, const tl_gate_report *report,
                       double seconds, neutral_log *log)
{
    char line[1024];
    for (size_t i = 0; i < report->count; i++)
        for (size_t t = 0; t < report->findings[i].time_count; t++) {
            const tl_gate_time *time = &report->findings[i].times[t];
            const tl_layout_spread *spread = &time->layouts;
            snprintf(line, sizeof line,
                     "%s\t%" PRIu64
                     "\t%s\t%s\t%zu\t%.4f\t%zu\t%.9g\t%zu\t%.9g\t%zu\t%.9g\t%.1f\t%s\n",
                     name, seed, time->name, tl_verdict_name(time->verdict), time->launches,
                     time->judged ? tl_effect_percent(time->effect.estimate) : (double)NAN,
                     report->layout_count, spread->between, spread->between_freedom, spread->within,
                     spread->within_freedom, spread->size, seconds, tl_build_revision());
            count_line(line, log);
            if (fputs(line, file) < 0)
                return false;
        }
    return fflush(file) == 0;
}

static int gate_run(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                    const char *scratch, size_t which, uint64_t seed, FILE *file, neutral_log *log)
{
    const tl_calibrate_build *build = &asked->builds[which];
    tl_gate_report report = {0};
    double seconds = 0;
    int exit_code = tl_calibrate_gate(asked, policy, scratch, build->program, build->name, seed,
                                      &report, &seconds);
    if (exit_code == TL_EXIT_OK && !report.interrupted) {
        printf("%-12s %-12s", build->name, tl_gate_verdict_name(tl_gate_conclude(&report)));
        for (size_t i = 0; i < report.count; i++)
            for (size_t t = 0; t < report.findings[i].time_count; t++) {
                const tl_gate_time *time = &report.findings[i].times[t];
                printf("  %s %+.2f%%", time->name, tl_effect_percent(time->effect.estimate));
            }
        putchar('\n');
        if (report.layout_count == 0 && report.layouts[0] != '\0')
            printf("%s: %s\n", build->name, report.layouts);
        if (!write_rows(file, build->name, seed, &report, seconds, log)) {
            tl_complain("calibrate", LOG ": %s", strerror(errno));
            exit_code = TL_EXIT_ENVIRONMENT;
        }
    }
    tl_gate_report_release(&report);
    return exit_code;
}

/* --- telling --- */

/* What layouts alone can move an estimate by, with as many launches as one likes: an effect has to
 * be this far from 0 to be seen at 1 % with a chance of 95 %. */
static void tell_floor(const neutral_log *log)
{
    double factor = tl_normal_quantile(0.99) + tl_normal_quantile(0.95);
    if (log->spread_count > 0)
        printf("%-24s %-18s %s\n", "row", "between layouts", "floor of what can be told");
    for (size_t i = 0; i < log->spread_count; i++) {
        const spread_row *row = &log->spreads[i];
        double deviation = tl_layout_deviation(&row->spread);
        printf("%-24s sd %5.2f%%          %.2f%% (%zu layouts, any number of launches)\n",
               row->name, 100 * deviation,
               tl_effect_percent(factor * deviation / sqrt((double)row->layouts)), row->layouts);
    }
}

static void tell(const neutral_log *log)
{
    if (log->gates == 0)
        return;
    printf("%" PRIu64 " gates of builds that ought to be equal, %.0f s each: %" PRIu64
           " failed, at most %.1f %% of gates (95 %%); %" PRIu64 " of %" PRIu64 " rows undecided\n",
           log->gates, log->seconds / (double)log->gates, log->failed,
           100 * tl_binomial_upper(log->failed, log->gates, 0.05), log->inconclusive, log->rows);
    tell_floor(log);
}

static bool builds_are_there(const tl_calibrate_options *asked)
{
    for (size_t i = 0; i < asked->build_count; i++)
        if (access(asked->builds[i].program, X_OK) != 0) {
            tl_complain("calibrate",
                        "%s: '%s' is no program that can be run; `ci/neutral` builds them",
                        asked->builds[i].name, asked->builds[i].program);
            return false;
        }
    return true;
}

/* The journal's head tells one number and kind of layouts, and it is this program's. */
static bool builds_have_our_layouts(const tl_calibrate_options *asked, unsigned wanted)
{
    static tl_links links[2]; /* large */
    char note[3 * TL_LINKS_TEXT_MAX], how[TL_LINKS_TEXT_MAX];
    const char *const ours[2] = {asked->program, asked->program};
    size_t layouts = tl_links_pair(ours, wanted, links, note, sizeof note);
    strcpy(how, links[0].how);
    for (size_t i = 0; i < asked->build_count && layouts > 0; i++) {
        const tl_calibrate_build *build = &asked->builds[i];
        const char *const programs[2] = {asked->program, build->program};
        size_t shared = tl_links_pair(programs, wanted, links, note, sizeof note);
        if (shared == layouts)
            continue;
        tl_complain("calibrate",
                    "%s: '%s' shares %zu of the %zu layouts of this program (%s), and one log is "
                    "of one number of them%s%s",
                    build->name, build->program, shared, layouts, how,
                    note[0] != '\0' ? "; A is this program: " : "", note);
        return false;
    }
    return true;
}

int tl_calibrate_neutral(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                         const char *scratch)
{
    static neutral_log log; /* large; used once per process */
    char path[PATH_BYTES], head[TL_SAMPLES_HEAD_MAX];
    snprintf(path, sizeof path, "%.3900s/" LOG, asked->out);
    tl_calibrate_head(asked, policy, "treelab.calibrate.neutral/1", true, head);
    if (!builds_are_there(asked) || !builds_have_our_layouts(asked, policy->timing.layouts))
        return TL_EXIT_USAGE;
    int exit_code = tl_calibrate_read_log(path, head, count_line, &log);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    if (log.gates > 0 && !asked->resume) {
        tl_complain("calibrate", "%s is there; --resume adds to it, or name another --out", path);
        return TL_EXIT_USAGE;
    }
    FILE *file = tl_samples_open(path, head);
    if (file == NULL) {
        tl_complain("calibrate", "%s: %s", path, strerror(errno));
        return TL_EXIT_ENVIRONMENT;
    }
    tl_progress *progress = tl_progress_begin("calibrate", asked->build_count, asked->quiet);
    uint64_t before = log.gates, failed = log.failed;
    for (size_t i = 0; i < asked->build_count && exit_code == TL_EXIT_OK && !tl_interrupted();
         i++) {
        exit_code =
            gate_run(asked, policy, scratch, i, tl_stream(asked->seed, before + i), file, &log);
        tl_progress_update(progress, i + 1, asked->builds[i].name);
    }
    tl_progress_end(progress);
    if (fclose(file) != 0)
        exit_code = TL_EXIT_ENVIRONMENT;
    tell(&log);
    return exit_code == TL_EXIT_OK && log.failed > failed ? TL_EXIT_REGRESSION : exit_code;
}
