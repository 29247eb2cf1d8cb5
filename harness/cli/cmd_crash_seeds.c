/* harness/cli/cmd_crash_seeds.c -- `treelab crash --seeds A..B`: one store and history, many seeds;
 * and `--schedules A..B`: one seed, and its threads in many orders.
 *
 * For each seed, or schedule: recorded, then each profile enumerated; all are one row for each
 * profile and one cell.  What belongs to a single trace, such as a mark for each crash point, is
 * not kept.
 */
#include "harness/check/document_tiers.h"
#include "harness/cli/cmd_crash_cells.h"

#include <inttypes.h>
#include <math.h>

enum { CHECK_EVERY = 1000 }; /* one leaf in so many is run again, see enumerate.h */

typedef struct range { /* of seeds, or of schedules */
    uint64_t first, last;
} range;

static range range_of(const tl_crash_request *request)
{
    return request->threaded ? (range){request->schedule, request->schedule_last}
                             : (range){request->seed, request->seed_last};
}

static uint64_t at_of(const tl_crash_march *march)
{
    return march->campaign->request->threaded ? march->cell.schedule : march->cell.seed;
}

typedef struct seed_run { /* context of the callbacks */
    tl_crash_march *march;
    size_t index, count; /* of the profiles, of all seeds */
} seed_run;

static void show_step(void *context, size_t point, size_t point_count)
{
    const seed_run *run = context;
    tl_crash_show_step(run->march, run->index * point_count + point, run->count * point_count);
}

static void tell_finding(void *context, const tl_enumerate_finding *finding)
{
    static char where[TL_STATE_ID_TEXT_MAX];
    const seed_run *run = context;
    if (finding->known != NULL)
        return; /* the contract documents it: counted, no finding */
    tl_state_id_print(&finding->where, where);
    tl_crash_tell(run->march, where, &finding->verdict);
}

void tl_crash_seeds_header(const tl_crash_request *request, FILE *rows)
{
    fprintf(rows, "%-16s %-11s %-8s %-10s %-8s %-4s %6s %9s %9s %9s %8s %8s\n", "store", "history",
            "protocol", "durability", "profile", "tier", request->threaded ? "orders" : "seeds",
            "points", "leaves", "distinct", "leaves/s", "findings");
}

static void print_row(const tl_crash_march *march, const tl_tiers_row *row)
{
    const tl_crash_cell *cell = &march->cell;
    double rate = tl_cell_rate(row->done.leaves, row->done.elapsed_ns);
    fprintf(march->rows,
            "%-16s %-11s %-8s %-10s %-8s %-4s %6" PRIu64 " %9zu %9" PRIu64 " %9" PRIu64
            " %8.0f %8" PRIu64 "%s\n",
            cell->arm->label, cell->history->name, cell->protocol,
            tl_run_durability_name(cell->durability), tl_profile_at(row->profile)->name,
            tl_tier_at(row->tier)->name, row->seeds, row->done.points, row->done.leaves,
            row->done.distinct, isnan(rate) ? 0 : rate, row->done.findings,
            row->done.complete ? "" : "  (stopped early)");
}

/* Tier T2: the sum over the seeds. */
static tl_status count_row(const tl_crash_march *march, const tl_recording *recording,
                           tl_tiers_row *row)
{
    if (row->tier != TL_TIER_EXACT || !tl_profile_at(row->profile)->exact)
        return TL_OK;
    row->counted = row->seeds == 1 || row->counted;
    tl_status status = tl_crash_count_log(recording->trace.disk, row);
    if (status != TL_OK)
        return status == TL_UNSUPPORTED ? TL_OK : status;
    return tl_crash_count_agrees(march->campaign->request, row);
}

/* Parts of the budget that are left: profiles of this history, of other seeds, of other cells. */
static size_t parts_left(const tl_crash_march *march, const seed_run *run)
{
    size_t cells_left = march->cell_count - march->cells_done;
    return (cells_left - 1) * run->count + run->count - run->index;
}

static tl_status enumerate_row(tl_crash_march *march, const tl_recording *recording, seed_run *run,
                               tl_tiers_row *row)
{
    const tl_crash_request *request = march->campaign->request;
    tl_crash_campaign *campaign = march->campaign;
    size_t parts = parts_left(march, run);
    tl_enumerate_options options = {
        .recording = recording,
        .contracts = request->contracts,
        .profile = row->profile,
        .tier = row->tier,
        .seed = march->cell.seed,
        .states_max = tl_crash_share(request->budget_states, campaign->budget_used, parts),
        .budget_ns = tl_crash_share(request->budget_ns, campaign->elapsed_ns, parts),
        .shard = request->shard,
        .shard_count = request->shard_count,
        .check_every = CHECK_EVERY,
        .memo = true,
        .stop = tl_interrupted,
        .on_progress = show_step,
        .on_finding = tell_finding,
        .context = run,
    };
    tl_enumeration one;
    tl_enumeration_init(&one);
    tl_status status = tl_enumerate(&options, &one);
    bool first = row->seeds++ == 0;
    row->done.complete = (first || row->done.complete) && one.complete;
    one.complete = row->done.complete;
    tl_enumeration_add(&row->done, &one);
    campaign->states += one.leaves;
    campaign->distinct += one.distinct;
    campaign->budget_used += row->tier == TL_TIER_SAMPLED ? one.outcomes : one.leaves;
    campaign->elapsed_ns += one.elapsed_ns;
    campaign->findings += one.findings;
    campaign->known += one.known;
    tl_enumeration_clear(&one);
    if (status == TL_OK)
        status = count_row(march, recording, row);
    if (status != TL_OK)
        tl_complain("crash", "%s: %s: %s", march->cell.id, tl_profile_at(row->profile)->name,
                    row->done.error[0] != '\0' ? row->done.error : tl_status_text(status));
    return status;
}

/* All profiles of the history of one seed. */
static tl_status enumerate_seed(tl_crash_march *march, const tl_recording *recording,
                                tl_tiers_row *rows)
{
    const tl_crash_request *request = march->campaign->request;
    range all = range_of(request);
    uint64_t seeds = all.last - all.first + 1, before = at_of(march) - all.first;
    tl_status status = TL_OK;
    size_t i = 0;
    for (; i < request->profile_count && status == TL_OK && !tl_interrupted(); i++) {
        seed_run run = {march, (size_t)before * request->profile_count + i,
                        (size_t)seeds * request->profile_count};
        status = enumerate_row(march, recording, &run, &rows[i]);
    }
    for (; i < request->profile_count; i++)
        rows[i].done.complete = false; /* it lacks this seed */
    return status;
}

/* Seeds, or schedules, from this one on. */
static void note_unbegun(const tl_crash_march *march, uint64_t at)
{
    const tl_crash_request *request = march->campaign->request;
    char what[TL_CRASH_ID_BYTES + 64];
    snprintf(what, sizeof what, "%s %" PRIu64 " to %" PRIu64 " of %s",
             request->threaded ? "schedules" : "seeds", at, range_of(request).last, march->cell.id);
    tl_crash_note_unbegun(march->campaign, what);
}

/* What was wrong before any crash: it counts in the first row. */
static void tell_run(tl_crash_march *march, const tl_trace_threads *threads, tl_tiers_row *row)
{
    static char where[TL_STATE_ID_TEXT_MAX];
    tl_state_id id = {.schedule = threads->schedule, .run = true};
    tl_state_id_print(&id, where);
    tl_crash_tell(march, where, &threads->verdict);
    row->done.findings++;
    row->done.by_rule[threads->verdict.rule]++;
    row->seeds++;
    row->done.complete = false;
    march->campaign->findings++;
}

/* The run itself, then its crashes. */
static tl_status look_at(tl_crash_march *march, const tl_recording *recording, tl_tiers_row *rows)
{
    const tl_crash_request *request = march->campaign->request;
    const tl_trace_threads *threads = &recording->trace.threads;
    march->campaign->states += request->only_state.run; /* the one that was asked for */
    if (threads->verdict.rule != TL_RULE_NONE)
        tell_run(march, threads, &rows[0]);
    else if (!request->only_state.run)
        return enumerate_seed(march, recording, rows);
    return TL_OK;
}

/* Record and look, seed by seed; the last recording stays, for what the cell tells of it. */
static tl_status enumerate_seeds(tl_crash_march *march, tl_recording *recording, tl_tiers_row *rows,
                                 char *error, size_t error_bytes)
{
    const tl_crash_request *request = march->campaign->request;
    tl_crash_campaign *campaign = march->campaign;
    tl_status status = TL_OK;
    *recording = (tl_recording){0};
    range all = range_of(request);
    for (uint64_t at = all.first; at <= all.last && status == TL_OK; at++) {
        if (tl_interrupted() ||
            (at > all.first && request->budget_ns != 0 &&
             campaign->elapsed_ns >= request->budget_ns) ||
            (at > all.first && request->budget_states != 0 &&
             campaign->budget_used >= request->budget_states)) {
            note_unbegun(march, at);
            for (size_t i = 0; i < request->profile_count; i++)
                rows[i].done.complete = false;
            break;
        }
        *(request->threaded ? &march->cell.schedule : &march->cell.seed) = at;
        const tl_recording_spec spec = tl_crash_cell_spec(march);
        tl_recording_clear(recording);
        status = tl_recording_make(&spec, recording, error, error_bytes);
        if (status != TL_OK)
            tl_complain("crash", "%s, %s %" PRIu64 ": %s", march->cell.id,
                        request->threaded ? "schedule" : "seed", at,
                        error[0] ? error : tl_status_text(status));
        else
            status = look_at(march, recording, rows);
        if (at == UINT64_MAX)
            break;
    }
    return status;
}

void tl_crash_seeds_cell(tl_crash_march *march)
{
    const tl_crash_request *request = march->campaign->request;
    tl_tiers_row rows[TL_PROFILE_COUNT];
    for (size_t i = 0; i < request->profile_count; i++) {
        rows[i] = (tl_tiers_row){
            .profile = request->profiles[i], .tier = request->tier, .schedules = request->threaded};
        tl_enumeration_init(&rows[i].done);
        mpz_init(rows[i].allowed);
    }
    char error[256] = "";
    tl_recording recording;
    tl_status status = enumerate_seeds(march, &recording, rows, error, sizeof error);
    size_t done = 0;
    while (done < request->profile_count && rows[done].seeds > 0)
        print_row(march, &rows[done++]);
    tl_tiers_sum sum = tl_tiers_add_up(rows, done);
    if (status != TL_OK && done > 0 && error[0] == '\0')
        snprintf(error, sizeof error, "%s", rows[done - 1].done.error);
    tl_crash_note_missing(march->campaign, rows, done);
    march->cell.seed = request->seed; /* the first */
    march->cell.schedule = request->schedule;
    const tl_recording_spec spec = tl_crash_cell_spec(march);
    tl_cell_head head = tl_crash_cell_head(&march->cell, &spec, sum.findings, status,
                                           error[0] ? error : tl_status_text(status));
    tl_crash_keep_cell(
        march, tl_tiers_cell_json(&head, &recording.trace, rows, done, request->profile_count),
        status, sum.findings);
    for (size_t i = 0; i < request->profile_count; i++) {
        tl_enumeration_clear(&rows[i].done);
        mpz_clear(rows[i].allowed);
    }
    tl_recording_clear(&recording);
}
