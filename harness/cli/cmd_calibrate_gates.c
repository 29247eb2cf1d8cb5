/* harness/cli/cmd_calibrate_gates.c -- `treelab calibrate gates N`: whole gates of this program
 * against itself, in a log that only grows.
 *
 *     seed  verdict  rows  regressed  inconclusive  seconds  revision  which rows did not pass
 */
#include "harness/cli/cmd_calibrate.h"

#include "harness/compare/binomial.h"
#include "harness/gate/timing.h"
#include "harness/report/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOG "gates.tsv"

enum { PATH_BYTES = 4096 };

typedef struct gate_log {
    uint64_t gates, alarms, rows, inconclusive;
    double seconds;
} gate_log;

/* Lines that are not whole are no gates. */
static void count_line(const char *line, void *context)
{
    gate_log *log = context;
    char verdict[32];
    uint64_t rows, regressed, inconclusive;
    double seconds;
    if (sscanf(line, "%*s %31s %" SCNu64 " %" SCNu64 " %" SCNu64 " %lf", verdict, &rows, &regressed,
               &inconclusive, &seconds) != 5)
        return;
    log->gates++;
    log->alarms += regressed > 0;
    log->rows += rows;
    log->inconclusive += inconclusive;
    log->seconds += seconds;
}

static void count_times(const tl_gate_report *report, gate_log *one)
{
    for (size_t i = 0; i < report->count; i++)
        for (size_t t = 0; t < report->findings[i].time_count; t++) {
            tl_verdict verdict = report->findings[i].times[t].verdict;
            one->rows++;
            one->alarms += verdict == TL_VERDICT_REGRESSED;
            one->inconclusive += verdict == TL_VERDICT_INCONCLUSIVE;
        }
}

/* The rows that did not pass, and why, in one field. */
static void write_reasons(const tl_gate_report *report, FILE *file)
{
    bool any = false;
    for (size_t i = 0; i < report->count; i++)
        for (size_t t = 0; t < report->findings[i].time_count; t++) {
            const tl_gate_time *time = &report->findings[i].times[t];
            if (time->verdict == TL_VERDICT_PASS)
                continue;
            fprintf(file, "%s%s %s after %zu launches%s%s", any ? "; " : "", time->name,
                    tl_verdict_name(time->verdict), time->launches,
                    time->note[0] == '\0' ? "" : ": ", time->note);
            any = true;
        }
    fputs(any ? "\n" : "-\n", file);
}

/* One gate; TL_EXIT_OK when it came to an end, whatever its verdict. */
static int gate_run(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                    const char *scratch, uint64_t seed, FILE *file, gate_log *log)
{
    tl_gate_report report = {0};
    gate_log one = {0};
    int exit_code = tl_calibrate_gate(asked, policy, scratch, asked->program, NULL, seed, &report,
                                      &one.seconds);
    count_times(&report, &one);
    if (exit_code == TL_EXIT_OK && !report.interrupted) {
        fprintf(file, "%" PRIu64 "\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%.1f\t%s\t", seed,
                tl_gate_verdict_name(tl_gate_conclude(&report)), one.rows, one.alarms,
                one.inconclusive, one.seconds, tl_build_revision());
        write_reasons(&report, file);
        log->gates++;
        log->alarms += one.alarms > 0;
        log->rows += one.rows;
        log->inconclusive += one.inconclusive;
        log->seconds += one.seconds;
        if (fflush(file) != 0)
            exit_code = TL_EXIT_ENVIRONMENT;
    }
    tl_gate_report_release(&report);
    return exit_code;
}

static void tell(const gate_log *log)
{
    if (log->gates == 0)
        return;
    printf("%" PRIu64 " fresh gates, %.0f s each: %" PRIu64
           " with a false alarm, at most %.2f %% of gates (95 %%); %" PRIu64 " of %" PRIu64
           " rows undecided\n",
           log->gates, log->seconds / (double)log->gates, log->alarms,
           100 * tl_binomial_upper(log->alarms, log->gates, 0.05), log->inconclusive, log->rows);
}

int tl_calibrate_gates(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                       const char *scratch)
{
    char path[PATH_BYTES], head[TL_SAMPLES_HEAD_MAX];
    gate_log log = {0};
    snprintf(path, sizeof path, "%.3900s/" LOG, asked->out);
    tl_calibrate_head(asked, policy, "treelab.calibrate.gates/1", true, head);
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
    tl_progress *progress = tl_progress_begin("calibrate", asked->fresh_gates, asked->quiet);
    uint64_t before = log.gates;
    for (uint64_t i = 0; i < asked->fresh_gates && exit_code == TL_EXIT_OK && !tl_interrupted();
         i++) {
        exit_code =
            gate_run(asked, policy, scratch, tl_stream(asked->seed, before + i), file, &log);
        tl_progress_update(progress, i + 1, "gates");
    }
    tl_progress_end(progress);
    if (fclose(file) != 0)
        exit_code = TL_EXIT_ENVIRONMENT;
    tell(&log);
    return exit_code;
}
