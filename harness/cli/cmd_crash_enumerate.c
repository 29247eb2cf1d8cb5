/* harness/cli/cmd_crash_enumerate.c -- one store and history under the profiles asked for.
 *
 * recorded once -> for each profile: enumerated by tier, counted by itself -> rows, one cell
 */
#include "harness/check/document_tiers.h"
#include "harness/cli/cmd_crash_tell.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHECK_EVERY = 1000, /* one leaf in so many is run again, see enumerate.h */
    AGAIN_EVERY = 32,   /* one spelled-out leaf in so many is recovered from twice */
};

typedef struct profile_run { /* context of the callbacks */
    tl_crash_march *march;
    const tl_recording *recording;
    size_t index, count; /* of the profiles */
    tl_tell tell;
    tl_tiers_row *row;
    tl_matrix_last last; /* of the row's matrix */
} profile_run;

static void show_step(void *context, size_t point, size_t point_count)
{
    profile_run *run = context;
    if (run->row->matrix != NULL)
        tl_matrix_mark(run->row->matrix, point, &run->last, &run->row->done);
    tl_crash_show_step(run->march, run->index * point_count + point, run->count * point_count);
}

static void tell_finding(void *context, const tl_enumerate_finding *finding)
{
    profile_run *run = context;
    if (tl_tell_finding(&run->tell, finding))
        tl_crash_write_reproducer(run->march, run->recording, finding);
}

/* Few leaves may stand for very many states: beyond nine digits, powers of ten. */
static void big_text(mpz_srcptr value, char *text, size_t text_bytes)
{
    if (mpz_sizeinbase(value, 10) <= 9)
        gmp_snprintf(text, text_bytes, "%Zd", value);
    else {
        long two = 0;
        double digits = log10(mpz_get_d_2exp(&two, value)) + (double)two * log10(2);
        snprintf(text, text_bytes, "%.2fe%.0f", pow(10, digits - floor(digits)), floor(digits));
    }
}

void tl_crash_enumerate_header(FILE *rows)
{
    fprintf(rows, "%-16s %-11s %-8s %-10s %-8s %-4s %6s %9s %11s %8s %8s %8s\n", "store", "history",
            "protocol", "durability", "profile", "tier", "points", "leaves", "states", "coverage",
            "leaves/s", "findings");
}

static void coverage_text(const tl_tiers_row *row, char *text, size_t text_bytes)
{
    double part = tl_tiers_coverage(row);
    if (isnan(part))
        snprintf(text, text_bytes, "-");
    else if (part == 1)
        snprintf(text, text_bytes, "1.0");
    else
        snprintf(text, text_bytes, "%.4f", floor(part * 1e4) / 1e4); /* never shown as 1 */
}

static void print_row(const tl_crash_march *march, const tl_tiers_row *row)
{
    const tl_crash_cell *cell = &march->cell;
    double rate = tl_cell_rate(row->done.leaves, row->done.elapsed_ns);
    char states[32], coverage[16];
    big_text(row->done.represented, states, sizeof states);
    coverage_text(row, coverage, sizeof coverage);
    fprintf(march->rows,
            "%-16s %-11s %-8s %-10s %-8s %-4s %6zu %9" PRIu64 " %11s %8s %8.0f %8" PRIu64 "%s\n",
            cell->arm->label, cell->history->name, cell->protocol,
            tl_run_durability_name(cell->durability), tl_profile_at(row->profile)->name,
            tl_tier_at(row->tier)->name, row->done.points, row->done.leaves, states, coverage,
            isnan(rate) ? 0 : rate, row->done.findings,
            row->done.complete ? "" : "  (stopped early)");
}

static bool is_counted(const tl_crash_march *march, const tl_tiers_row *row)
{
    return tl_profile_at(row->profile)->exact && march->campaign->request->repro == NULL &&
           (row->tier == TL_TIER_EXACT || row->tier == TL_TIER_NESTED);
}

/* A recovery's log is there while its crashes are looked at, so it is counted at once. */
static tl_status count_recovery(void *context, const tl_simdisk *log)
{
    const profile_run *run = context;
    if (!is_counted(run->march, run->row))
        return TL_OK;
    tl_status status = tl_crash_count_log(log, run->row);
    return status == TL_UNSUPPORTED ? TL_OK : status;
}

/* Tier T4 of which not all was looked at: every recovery once more, for the count alone.  After an
 * interrupt nothing is counted, and the coverage is not known. */
static tl_status count_recoveries(profile_run *run, const tl_enumerate_options *looked)
{
    tl_tiers_row *row = run->row;
    row->counted = !tl_interrupted();
    mpz_set_ui(row->allowed, 0);
    if (!row->counted)
        return TL_OK;
    const tl_enumerate_options options = {
        .recording = looked->recording,
        .contracts = looked->contracts,
        .profile = looked->profile,
        .tier = TL_TIER_NESTED,
        .seed = looked->seed,
        .stop = tl_interrupted,
        .recoveries_only = true,
        .on_recovery = count_recovery,
        .context = run,
    };
    tl_enumeration all;
    tl_enumeration_init(&all);
    tl_status status = tl_enumerate(&options, &all);
    row->counted = row->counted && status == TL_OK && all.complete;
    tl_enumeration_clear(&all);
    return status;
}

/* Count what an exact row should have met; that of tier T4 was counted meanwhile. */
static tl_status count_row(const tl_crash_march *march, const tl_recording *recording,
                           tl_tiers_row *row)
{
    if (!is_counted(march, row))
        return TL_OK;
    if (row->tier == TL_TIER_EXACT) {
        row->counted = true;
        tl_status status = tl_crash_count_log(recording->trace.disk, row);
        if (status != TL_OK)
            tl_complain("crash", "%s: %s: the allowed states cannot be counted: %s", march->cell.id,
                        tl_profile_at(row->profile)->name, tl_status_text(status));
    }
    return tl_crash_count_agrees(march->campaign->request, row);
}

static tl_status enumerate_row(tl_crash_march *march, const tl_recording *recording,
                               profile_run *run, tl_tiers_row *row)
{
    const tl_crash_request *request = march->campaign->request;
    const tl_crash_campaign *campaign = march->campaign;
    size_t cells_left = march->cell_count - march->cells_done;
    size_t parts_left = (cells_left - 1) * run->count + run->count - run->index;
    tl_enumerate_options options = {
        .recording = recording,
        .contracts = request->contracts,
        .profile = row->profile,
        .tier = row->tier,
        .seed = request->seed,
        .states_max = tl_crash_share(request->budget_states, campaign->budget_used, parts_left),
        .budget_ns = tl_crash_share(request->budget_ns, campaign->elapsed_ns, parts_left),
        .shard = request->shard,
        .shard_count = request->shard_count,
        .only = request->repro != NULL ? &request->only_state : NULL,
        .check_every = CHECK_EVERY,
        .memo = true,
        .again_every = AGAIN_EVERY,
        .stop = tl_interrupted,
        .on_progress = show_step,
        .on_recovery = count_recovery,
        .on_finding = tell_finding,
        .context = run,
    };
    row->counted = row->tier == TL_TIER_NESTED;
    tl_status status = tl_enumerate(&options, &row->done);
    if (status == TL_OK && row->tier == TL_TIER_NESTED && is_counted(march, row) &&
        (!row->done.complete || request->shard_count > 1))
        status = count_recoveries(run, &options);
    if (status == TL_OK)
        status = count_row(march, recording, row);
    return status;
}

/* One mark for each crash point; NULL: memory is short, and then it is not kept. */
static char *matrix_new(const tl_recording *recording)
{
    size_t points = tl_simdisk_op_count(recording->trace.disk) + 1;
    char *matrix = malloc(points + 1);
    if (matrix != NULL) {
        memset(matrix, '-', points);
        matrix[points] = '\0';
    }
    return matrix;
}

static void note_again(tl_crash_campaign *campaign, const tl_enumeration *done)
{
    campaign->again += done->again;
    if (done->again_calls_max > campaign->again_calls_max)
        campaign->again_calls_max = done->again_calls_max;
    if (done->again_bytes_max > campaign->again_bytes_max)
        campaign->again_bytes_max = done->again_bytes_max;
}

/* All profiles of a recording that is made; *done is how many rows are filled. */
static tl_status enumerate_rows(tl_crash_march *march, const tl_recording *recording,
                                tl_tiers_row *rows, size_t *done)
{
    const tl_crash_request *request = march->campaign->request;
    tl_crash_campaign *campaign = march->campaign;
    tl_status status = TL_OK;
    for (*done = 0; *done < request->profile_count && status == TL_OK && !tl_interrupted();) {
        tl_tiers_row *row = &rows[*done];
        static profile_run run; /* large; one at a time */
        run.march = march;
        run.recording = recording;
        run.index = *done;
        run.count = request->profile_count;
        run.row = row;
        run.last = (tl_matrix_last){0};
        row->matrix = matrix_new(recording);
        tl_tell_begin(&run.tell, march, recording, row->profile);
        status = enumerate_row(march, recording, &run, row);
        if (status != TL_OK)
            tl_complain("crash", "%s: %s: %s", march->cell.id, tl_profile_at(row->profile)->name,
                        row->done.error[0] != '\0' ? row->done.error : tl_status_text(status));
        print_row(march, row);
        bool whole = status == TL_OK && row->tier == TL_TIER_EXACT && row->counted &&
                     tl_tiers_coverage(row) == 1 && row->done.findings == 0 &&
                     request->repro == NULL;
        tl_tell_end(&run.tell, row, whole);
        if (request->timeline && status == TL_OK)
            tl_tell_timeline(&run.tell, &request->only_state);
        campaign->states += row->done.leaves;
        campaign->budget_used +=
            row->tier == TL_TIER_SAMPLED ? row->done.outcomes : row->done.leaves;
        campaign->elapsed_ns += row->done.elapsed_ns;
        campaign->findings += row->done.findings;
        campaign->known += row->done.known;
        note_again(campaign, &row->done);
        ++*done;
    }
    return status;
}

void tl_crash_enumerate_cell(tl_crash_march *march)
{
    const tl_crash_request *request = march->campaign->request;
    const tl_crash_cell *cell = &march->cell;
    tl_tiers_row rows[TL_PROFILE_COUNT];
    for (size_t i = 0; i < request->profile_count; i++) {
        rows[i] = (tl_tiers_row){.profile = request->profiles[i], .tier = request->tier};
        tl_enumeration_init(&rows[i].done);
        mpz_init(rows[i].allowed);
    }
    size_t done = 0;
    char error[256] = "";
    tl_recording recording;
    tl_status status = tl_crash_cell_record(march, &recording, error, sizeof error);
    if (status == TL_OK)
        status = enumerate_rows(march, &recording, rows, &done);
    else
        tl_complain("crash", "%s: %s", cell->id, error[0] ? error : tl_status_text(status));
    if (status == TL_OK && request->keep_dir != NULL)
        status = tl_crash_keep_state(march, &recording);
    if (status == TL_OK && request->repro == NULL && cell->history == tl_history_at(0))
        tl_crash_warn_of_events(cell, &recording.trace.counters); /* others are rich in one kind */
    const tl_recording_spec spec = tl_crash_cell_spec(march);
    tl_tiers_sum sum = tl_tiers_add_up(rows, done);
    if (status != TL_OK && done > 0)
        snprintf(error, sizeof error, "%s", rows[done - 1].done.error);
    if (request->repro == NULL)
        tl_crash_note_missing(march->campaign, rows, done);
    tl_cell_head head = tl_crash_cell_head(cell, &spec, sum.findings, status,
                                           error[0] ? error : tl_status_text(status));
    tl_crash_keep_cell(
        march, tl_tiers_cell_json(&head, &recording.trace, rows, done, request->profile_count),
        status, sum.findings);
    for (size_t i = 0; i < request->profile_count; i++) {
        tl_enumeration_clear(&rows[i].done);
        mpz_clear(rows[i].allowed);
        free(rows[i].matrix);
    }
    tl_crash_cell_release(march, &recording);
}
