/* harness/cli/cmd_crash_rate.c -- `treelab crash rate`: full checks of distinct states per second.
 *
 * A full check opens the store, which recovers; verifies every page and hashes every record; makes
 * one put, one del and one commit; closes; opens again, verifies and hashes again.  The states of a
 * row are disk images, each of which is looked at once, of crash points where the store's file has
 * about as many pages as asked for.  Each row is made twice: with what is remembered of pages that
 * were checked before, and without.
 */
#include "harness/check/document_tiers.h"
#include "harness/cli/cmd_crash_cells.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>

enum { CHECK_EVERY = 1000, COMMITS_MAX = 4096 };
#define DEFAULT_BUDGET_NS UINT64_C(1000000000)

typedef struct window { /* crash points at which the file has about so many pages */
    size_t first, end;
    uint64_t pages_least, pages_most;
} window;

void tl_crash_rate_header(FILE *rows)
{
    fprintf(rows, "%-16s %-11s %-8s %-10s %-8s %9s %4s %9s %9s %9s %6s %9s %9s %8s\n", "store",
            "history", "protocol", "durability", "profile", "pages", "memo", "states", "distinct",
            "repeated", "known%", "checks/s", "wall/s", "findings");
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* False: no file gets so long, or only with its last operation. */
static bool window_find(const tl_trace *trace, uint32_t page_bytes, uint64_t pages, window *found)
{
    size_t count = tl_simdisk_op_count(trace->disk);
    bool reached = false;
    *found = (window){.end = count};
    for (size_t i = 0; i < count; i++) {
        uint64_t here = tl_simdisk_op_at(trace->disk, i)->size_after / page_bytes;
        if (here > pages + pages / 4 && reached && i > found->first) {
            found->end = i;
            return true;
        }
        if (here < pages)
            continue;
        if (!reached) {
            reached = true;
            found->first = i + 1;
            found->pages_least = here;
        }
        found->pages_most = here > found->pages_most ? here : found->pages_most;
    }
    return reached && found->first < found->end;
}

/* Record the history, longer and longer until the file has so many pages. */
static tl_status record_pages(const tl_recording_spec *asked, uint64_t pages,
                              tl_recording *recording, window *found, char *error,
                              size_t error_bytes)
{
    tl_recording_spec spec = *asked;
    for (; spec.commits <= COMMITS_MAX; spec.commits += 1 + spec.commits / 8) {
        tl_status status = tl_recording_make(&spec, recording, error, error_bytes);
        if (status != TL_OK || window_find(&recording->trace, spec.page_bytes, pages, found))
            return status;
        tl_recording_clear(recording);
    }
    *recording = (tl_recording){0};
    snprintf(error, error_bytes, "no file of %" PRIu64 " pages in %d commits", pages, COMMITS_MAX);
    return TL_INVALID;
}

static void print_row(const tl_crash_march *march, const tl_tiers_row *row)
{
    const tl_crash_cell *cell = &march->cell;
    const tl_enumeration *done = &row->done;
    char pages[24];
    uint64_t asked = done->memo_found + done->memo_missed;
    double wall = tl_cell_rate(done->leaves, done->elapsed_ns);
    double cpu = tl_cell_rate(done->leaves, row->rate.cpu_ns);
    snprintf(pages, sizeof pages, "%" PRIu64 "-%" PRIu64, row->rate.pages_least,
             row->rate.pages_most);
    fprintf(march->rows,
            "%-16s %-11s %-8s %-10s %-8s %9s %4s %9" PRIu64 " %9" PRIu64 " %9" PRIu64
            " %6.1f %9.0f %9.0f %8" PRIu64 "\n",
            cell->arm->label, cell->history->name, cell->protocol,
            tl_run_durability_name(cell->durability), tl_profile_at(row->profile)->name, pages,
            row->rate.memo ? "yes" : "no", done->leaves, done->distinct, done->repeated,
            asked == 0 ? 0 : 100 * (double)done->memo_found / (double)asked, isnan(cpu) ? 0 : cpu,
            isnan(wall) ? 0 : wall, done->findings);
}

static void tell_finding(void *context, const tl_enumerate_finding *finding)
{
    static char where[TL_STATE_ID_TEXT_MAX];
    if (finding->known != NULL)
        return; /* the contract documents it: counted, no finding */
    tl_state_id_print(&finding->where, where);
    tl_crash_tell(context, where, &finding->verdict);
}

static tl_status run_row(tl_crash_march *march, const tl_recording *recording, const window *at,
                         tl_tiers_row *row)
{
    const tl_crash_request *request = march->campaign->request;
    tl_crash_campaign *campaign = march->campaign;
    uint64_t budget = request->budget_ns;
    if (budget == 0 && request->budget_states == 0)
        budget = DEFAULT_BUDGET_NS;
    tl_enumerate_options options = {
        .recording = recording,
        .contracts = request->contracts,
        .profile = row->profile,
        .tier = TL_TIER_SAMPLED,
        .seed = request->seed,
        .states_max = request->budget_states,
        .budget_ns = budget,
        .check_every = CHECK_EVERY,
        .point_first = at->first,
        .point_end = at->end,
        .each_image = true,
        .always_close = true,
        .memo = row->rate.memo,
        .stop = tl_interrupted,
        .on_finding = tell_finding,
        .context = march,
    };
    uint64_t before = cpu_ns();
    tl_status status = tl_enumerate(&options, &row->done);
    row->rate.cpu_ns = cpu_ns() - before;
    campaign->states += row->done.leaves;
    campaign->elapsed_ns += row->done.elapsed_ns;
    campaign->findings += row->done.findings;
    campaign->known += row->done.known;
    if (status != TL_OK)
        tl_complain("crash rate", "%s: %s", march->cell.id, row->done.error);
    print_row(march, row);
    return status;
}

static void pages_cell(tl_crash_march *march, uint64_t pages)
{
    enum { ROWS_MAX = 2 * TL_PROFILE_COUNT };
    const tl_crash_request *request = march->campaign->request;
    tl_recording_spec spec = tl_crash_cell_spec(march);
    if (request->commits == 0)
        spec.commits = 4;
    char error[256] = "";
    tl_recording recording;
    window at;
    tl_status status = record_pages(&spec, pages, &recording, &at, error, sizeof error);
    spec.commits = recording.trace.commits;
    march->cell.commits = spec.commits; /* what a finding is replayed with */
    if (status != TL_OK)
        tl_complain("crash rate", "%s: %s", march->cell.id, error);
    tl_tiers_row rows[ROWS_MAX];
    size_t wanted = 2 * request->profile_count, done = 0;
    for (; done < wanted && status == TL_OK && !tl_interrupted(); done++) {
        rows[done] = (tl_tiers_row){
            .profile = request->profiles[done / 2],
            .tier = TL_TIER_SAMPLED,
            .rate = {true, done % 2 == 0, at.pages_least, at.pages_most, 0}
        };
        tl_enumeration_init(&rows[done].done);
        mpz_init(rows[done].allowed);
        status = run_row(march, &recording, &at, &rows[done]);
        tl_crash_show_step(march, done, wanted);
    }
    uint64_t findings = tl_tiers_add_up(rows, done).findings;
    tl_cell_head head = tl_crash_cell_head(&march->cell, &spec, findings, status,
                                           error[0] ? error : tl_status_text(status));
    tl_crash_keep_cell(march, tl_tiers_cell_json(&head, &recording.trace, rows, done, wanted),
                       status, findings);
    for (size_t i = 0; i < done; i++) {
        tl_enumeration_clear(&rows[i].done);
        mpz_clear(rows[i].allowed);
    }
    tl_recording_clear(&recording);
}

void tl_crash_rate_cell(tl_crash_march *march)
{
    const tl_crash_request *request = march->campaign->request;
    static tl_crash_cell asked; /* large; each number of pages begins with it */
    asked = march->cell;
    for (size_t i = 0; i < request->page_count && !tl_interrupted(); i++) {
        march->cell = asked;
        snprintf(march->cell.id, sizeof march->cell.id, "%.*s/%" PRIu64, TL_CRASH_ID_BYTES - 24,
                 asked.id, request->pages[i]);
        pages_cell(march, request->pages[i]);
    }
}

int tl_cmd_crash_rate(int argc, char **argv)
{
    static tl_crash_request request = {.way = TL_CRASH_RATE}; /* large; once per process */
    static char name[] = "crash rate";
    char *word = argv[0];
    argv[0] = name; /* what messages are signed with */
    int exit_code = tl_crash_request_parse(argc, argv, &request);
    argv[0] = word;
    return exit_code == TL_EXIT_OK ? tl_crash_go(&request, argc + 1, argv - 1) : exit_code;
}
