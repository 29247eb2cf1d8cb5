/* harness/cli/cmd_crash_syncs.c -- `treelab crash syncs`: each sync of a recorded run left out in
 * turn.
 *
 * A witness is what one wants to see here, so it is no finding: the exit code tells only whether
 * the run itself went well and whether something can be said of every sync; the unchanged run is
 * swept by `treelab crash`.
 */
#include "harness/check/sync_sites.h"
#include "harness/cli/cmd_crash_cells.h"

#include <inttypes.h>

enum { LATENCY_RUNS = 5 }; /* of the history, on the real disk */

typedef struct syncs_run { /* one profile of one cell */
    tl_crash_march *march;
    const tl_trace *trace;
    tl_sync_sites sites;
    uint64_t syncs_done, cut; /* cut: undecided, and a bound was in the way */
} syncs_run;

static void take_sync(void *context, const tl_necessity *found)
{
    syncs_run *run = context;
    tl_sync_sites_add(&run->sites, run->trace, found);
    run->cut += found->cut;
    tl_crash_show_step(run->march, ++run->syncs_done, run->trace->syncs);
}

void tl_crash_syncs_header(FILE *rows)
{
    fprintf(rows, "%-16s %-11s %-8s %-10s %-8s %-36s %6s %9s %9s %9s %9s %9s %9s  %s\n", "store",
            "history", "protocol", "durability", "profile", "sync", "count", "necessary",
            "redundant", "undecided", "leaves", "mean_us", "p99_us", "first witness");
}

static void print_site(const tl_crash_march *march, tl_profile profile, const tl_sync_site *site)
{
    const tl_crash_cell *cell = &march->cell;
    char mean[24] = "-", p99[24] = "-";
    if (site->latency_samples > 0) {
        snprintf(mean, sizeof mean, "%.0f", site->latency_ns_mean / 1e3);
        snprintf(p99, sizeof p99, "%.0f", (double)site->latency_ns_p99 / 1e3);
    }
    fprintf(march->rows,
            "%-16s %-11s %-8s %-10s %-8s %-36s %6" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64
            " %9" PRIu64 " %9s %9s  %s%s%s\n",
            cell->arm->label, cell->history->name, cell->protocol,
            tl_run_durability_name(cell->durability), tl_profile_at(profile)->name, site->text,
            site->count, site->by_need[TL_NEED_NECESSARY], site->by_need[TL_NEED_REDUNDANT],
            site->by_need[TL_NEED_UNDECIDED], site->leaves, mean, p99, site->rule,
            site->rule[0] != '\0' ? " at " : "", site->witness);
}

static tl_status run_profile(tl_crash_march *march, const tl_recording *recording,
                             tl_profile profile, const tl_sync_latencies *latencies, tl_json *list,
                             bool *complete, char *error, size_t error_bytes)
{
    const tl_crash_request *request = march->campaign->request;
    static syncs_run run; /* large; one at a time */
    run = (syncs_run){.march = march, .trace = &recording->trace};
    size_t parts = march->cell_count * request->profile_count;
    uint64_t syncs = recording->trace.syncs > 0 ? recording->trace.syncs : 1;
    tl_necessity_options options = {
        .recording = recording,
        .contracts = request->contracts,
        .profile = profile,
        .tier = request->tier,
        .states_max = tl_crash_share(request->budget_states, 0, parts * syncs),
        .budget_ns = tl_crash_share(request->budget_ns, 0, parts * syncs),
        .seed = request->seed,
        .stop = tl_interrupted,
        .on_sync = take_sync,
        .context = &run,
    };
    tl_status status = tl_necessity_run(&options, error, error_bytes);
    if (latencies->runs > 0)
        tl_sync_sites_time(&run.sites, run.trace, latencies);
    for (size_t i = 0; i < run.sites.count; i++)
        print_site(march, profile, &run.sites.sites[i]);
    tl_sync_sites_json(list, profile, request->tier, &run.sites);
    *complete = *complete && status == TL_OK && run.syncs_done == recording->trace.syncs &&
                run.sites.by_need[TL_NEED_UNDECIDED] == 0;
    /* Below T2 a sync without a witness is never more than undecided: no answer is missing. */
    bool exact = request->tier == TL_TIER_EXACT;
    march->campaign->syncs += recording->trace.syncs;
    march->campaign->undecided += exact ? run.sites.by_need[TL_NEED_UNDECIDED] : run.cut;
    march->campaign->undecided += recording->trace.syncs - run.syncs_done;
    march->campaign->states += run.sites.leaves;
    march->campaign->elapsed_ns += run.sites.elapsed_ns;
    return status;
}

/* On the disk that the result goes to.  Without figures the rest is as good as ever. */
static void measure(const tl_crash_march *march, const tl_recording *recording,
                    tl_sync_latencies *latencies)
{
    char error[256] = "";
    const char *dir = march->campaign->run_dir;
    if (dir[0] == '\0')
        return;
    tl_status status =
        tl_sync_latencies_measure(recording, dir, LATENCY_RUNS, latencies, error, sizeof error);
    if (status != TL_OK)
        tl_complain("crash syncs", "%s: no latencies: %s", march->cell.id,
                    error[0] != '\0' ? error : tl_status_text(status));
}

void tl_crash_syncs_cell(tl_crash_march *march)
{
    const tl_crash_request *request = march->campaign->request;
    const tl_crash_campaign *campaign = march->campaign;
    const uint64_t states_before = campaign->states, ns_before = campaign->elapsed_ns;
    tl_json *list = tl_json_array_new();
    char error[256] = "";
    bool complete = true;
    tl_recording recording;
    tl_status status = tl_crash_cell_record(march, &recording, error, sizeof error);
    const tl_recording_spec spec = tl_crash_cell_spec(march);
    tl_sync_latencies latencies = {0};
    if (status == TL_OK)
        measure(march, &recording, &latencies);
    for (size_t i = 0; i < request->profile_count && status == TL_OK && !tl_interrupted(); i++)
        status = run_profile(march, &recording, request->profiles[i], &latencies, list, &complete,
                             error, sizeof error);
    tl_sync_latencies_clear(&latencies);
    if (status != TL_OK)
        tl_complain("crash syncs", "%s: %s", march->cell.id,
                    error[0] != '\0' ? error : tl_status_text(status));
    tl_cell_head head = tl_crash_cell_head(&march->cell, &spec, 0, status,
                                           error[0] != '\0' ? error : tl_status_text(status));
    tl_crash_keep_cell(march,
                       tl_syncs_cell_json(&head, &recording.trace, campaign->states - states_before,
                                          campaign->elapsed_ns - ns_before,
                                          complete && status == TL_OK && !tl_interrupted(), list),
                       status, 0);
    tl_crash_cell_release(march, &recording);
}

int tl_cmd_crash_syncs(int argc, char **argv)
{
    static tl_crash_request request = {.way = TL_CRASH_SYNCS}; /* large; once per process */
    static char name[] = "crash syncs";
    char *word = argv[0];
    argv[0] = name; /* what messages are signed with */
    int exit_code = tl_crash_request_parse(argc, argv, &request);
    argv[0] = word;
    return exit_code == TL_EXIT_OK ? tl_crash_go(&request, argc + 1, argv - 1) : exit_code;
}
