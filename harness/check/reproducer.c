/* harness/check/reproducer.c -- a finding as a script of the language that `treelab apply` runs.
 *
 * The script holds the whole history up to the crash, the crash as the operations that were lost,
 * and the reopening.  It needs nothing of the sweep: it can be read, cut down and run by hand.
 */
#include "harness/check/sweep_body.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const durabilities[] = {
    [TL_DURABILITY_COMMIT] = "commit",
    [TL_DURABILITY_ASYNC] = "async",
    [TL_DURABILITY_NONE] = "none",
};

static void write_open(FILE *out, const tl_sweep_options *options)
{
    fprintf(out, "open page_bytes=%" PRIu32 " durability=%s seed=%" PRIu64, options->page_bytes,
            durabilities[options->durability], options->seed);
    for (size_t i = 0; i < options->setting_count; i++) {
        bool overridden = false; /* the last setting of a name counts */
        for (size_t later = i + 1; later < options->setting_count; later++)
            overridden |= strcmp(options->settings[later].name, options->settings[i].name) == 0;
        if (!overridden)
            fprintf(out, " %s=%s", options->settings[i].name, options->settings[i].value);
    }
    fprintf(out, "\n");
}

static void write_history(FILE *out, const tl_sweep *sweep, size_t point)
{
    char key[160], value[160];
    const tl_trace *trace = &sweep->recording.trace;
    for (size_t n = 1; n <= trace->commits && (n == 1 || trace->begun[n] <= point); n++) {
        size_t op_count = 0;
        const tl_oracle_op *ops = tl_oracle_ops(sweep->recording.oracle, n, &op_count);
        fprintf(out, "begin # commit %zu: log entries %zu to %zu\n", n, trace->begun[n],
                trace->acknowledged[n]);
        for (size_t i = 0; i < op_count; i++) {
            tl_oracle_key_text(sweep->recording.oracle, &ops[i], key, sizeof key);
            if (ops[i].del) {
                fprintf(out, "del %s\n", key);
            } else {
                tl_oracle_value_text(&ops[i], value, sizeof value);
                fprintf(out, "put %s %s\n", key, value);
            }
        }
        fprintf(out, "commit\n");
    }
    if (point > trace->acknowledged[trace->commits])
        fprintf(out, "close\n");
}

/* `crash` with the operations that did not survive; in a comment, the last ones before it. */
static void write_crash(FILE *out, const tl_simdisk *disk, const tl_simdisk_loss *loss)
{
    enum { SHOWN = 6 };
    char text[256];
    for (size_t i = loss->at > SHOWN ? loss->at - SHOWN : 0; i < loss->at; i++) {
        tl_simdisk_op_text(disk, i, text, sizeof text);
        fprintf(out, "# %s%s\n", text,
                tl_simdisk_is_covered(disk, i, loss->at) ? "" : " (unsynced)");
    }
    if (loss->at < tl_simdisk_op_count(disk)) {
        tl_simdisk_op_text(disk, loss->at, text, sizeof text);
        fprintf(out, "# %s (in flight)\n", text);
    }
    fprintf(out, "crash profile=%s at=%zu", loss->power ? "posix" : "sigkill", loss->at);
    for (size_t i = 0; i < loss->unit_count; i++)
        fprintf(out, "%s%zu", i == 0 ? " drop=" : ",", loss->units[i]);
    if (loss->torn_sectors != 0)
        fprintf(out, " torn=%zu:%" PRIu32, loss->at, loss->torn_sectors);
    fprintf(out, "\n");
}

static void write_commit_after(FILE *out, tl_content after)
{
    fprintf(out,
            "begin\nput \"\\x00treelab/again\" u64(%" PRIu64
            ")\ndel \"\\x00treelab/n\"%s\ncommit\n",
            after.round, after.n == 0 ? " -> TL_NOT_FOUND" : "");
}

static void write_expectation(FILE *out, const tl_sweep *sweep, const tl_allowed *allowed)
{
    if (allowed->low <= allowed->high)
        fprintf(out, "# allowed: the content after commit %zu to %zu\n", allowed->low,
                allowed->high);
    if (allowed->again)
        fprintf(out, "# allowed: commit %zu and the commit after recovery\n", allowed->after.n);
    if (allowed->corrupt)
        fprintf(out, "# allowed: TL_CORRUPT\n");
    fprintf(out, "reopen%s\nverify\n", allowed->corrupt ? " -> any" : "");
    bool single = (allowed->low == allowed->high && !allowed->again) ||
                  (allowed->low > allowed->high && allowed->again);
    tl_content only = allowed->again ? allowed->after : (tl_content){allowed->low, 0};
    if (single && !allowed->corrupt)
        fprintf(out, "count -> count=%" PRIu64 "\n",
                tl_oracle_truth(sweep->recording.oracle, only).count);
}

static tl_status write_crashes(FILE *out, const tl_sweep *sweep, const tl_sweep_finding *finding)
{
    const tl_case *where = &finding->where;
    size_t entries = tl_simdisk_op_count(sweep->recording.trace.disk) +
                     tl_simdisk_op_count(sweep->recovery_disk) + 1;
    size_t *units = calloc(entries, sizeof *units);
    if (units == NULL)
        return TL_NO_MEMORY;
    tl_simdisk_loss loss;
    tl_crash_loss(sweep->walk, where->variant, where->index, units, &loss);
    write_crash(out, sweep->recording.trace.disk, &loss);
    if (where->nested != 0) {
        fprintf(out, "reopen\n");
        if (where->nested >= sweep->recovery.begun)
            write_commit_after(out, sweep->recovery.after);
        tl_crash_loss(sweep->recovery_walk, TL_CRASH_UNSYNCED_DROPPED, 0, units, &loss);
        write_crash(out, sweep->recovery_disk, &loss);
    }
    free(units);
    return TL_OK;
}

tl_status tl_sweep_write_script(const tl_sweep *sweep, const tl_sweep_finding *finding,
                                const char *command, const char *path)
{
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return errno == EACCES || errno == EROFS ? TL_ACCESS : TL_IO;
    char name[TL_CASE_TEXT_MAX];
    tl_case_print(&finding->where, name);
    fprintf(out, "treelab-script 1\n# case %s: %s (%s)\n", name,
            tl_rule_name(finding->verdict.rule), tl_rule_text(finding->verdict.rule));
    fprintf(out, "# seen: %s\n# the same state again: %s\n", finding->verdict.text, command);
    write_open(out, sweep->options);
    write_history(out, sweep, finding->where.point);
    tl_status status = write_crashes(out, sweep, finding);
    write_expectation(out, sweep, &finding->allowed);
    bool written = ferror(out) == 0;
    written = fclose(out) == 0 && written;
    return status == TL_OK && !written ? TL_IO : status;
}
