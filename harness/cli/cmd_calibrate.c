/* harness/cli/cmd_calibrate.c -- `treelab calibrate`: how often is the gate's layer time wrong, and
 * what does it see? */
#include "harness/cli/cmd_calibrate.h"

#include "harness/calibrate/record.h"
#include "harness/report/origin.h"
#include "harness/run/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES "samples.tsv"

enum { PATH_BYTES = 4096, TEXT_BYTES = 1024 };

typedef struct calibrate {
    tl_calibrate_options asked;
    tl_gate_policy policy;
    tl_samples samples;
    tl_calibration made;
    char scratch[PATH_BYTES], head[TL_SAMPLES_HEAD_MAX];
    tl_progress *progress;
    uint64_t progress_total;
    int argc;
    char **argv;
} calibrate;

static bool stop(void *context)
{
    (void)context;
    return tl_interrupted();
}

static void step(void *context, uint64_t done, uint64_t total, const char *what)
{
    calibrate *c = context;
    if (total != c->progress_total) {
        tl_progress_end(c->progress);
        c->progress = tl_progress_begin("calibrate", total, c->asked.quiet);
        c->progress_total = total;
    }
    tl_progress_update(c->progress, done, what);
}

static bool scratch_make(char scratch[PATH_BYTES])
{
    const char *const places[] = {"/dev/shm", getenv("TMPDIR"), "/tmp"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i] == NULL || access(places[i], W_OK) != 0)
            continue;
        snprintf(scratch, PATH_BYTES, "%.3000s/treelab-calibrate-XXXXXX", places[i]);
        if (mkdtemp(scratch) != NULL)
            return true;
    }
    scratch[0] = '\0';
    tl_complain("calibrate", "no directory for the stores: %s", strerror(errno));
    return false;
}

static int prepare(calibrate *c)
{
    char error[TEXT_BYTES];
    tl_status status = tl_gate_policy_read(c->asked.policy_path, &c->policy, error, sizeof error);
    if (status != TL_OK) {
        tl_complain("calibrate", "%s", error);
        return status == TL_NOT_FOUND ? TL_EXIT_USAGE : tl_exit_code(status);
    }
    if (!tl_gate_timing_set(&c->policy.timing, c->asked.exclude_percent, c->asked.budget_s)) {
        tl_complain("calibrate", "--exclude must be above the policy's delta");
        return TL_EXIT_USAGE;
    }
    for (size_t i = 0; i < c->asked.only_count; i++) {
        bool found = false;
        for (size_t r = 0; r < c->policy.row_count; r++)
            found = found || strcmp(c->policy.rows[r].name, c->asked.only[i]) == 0;
        if (!found) {
            tl_complain("calibrate", "'%s' has no row '%s'", c->asked.policy_path,
                        c->asked.only[i]);
            return TL_EXIT_USAGE;
        }
    }
    if (tl_directory_make(c->asked.out) != TL_OK) {
        tl_complain("calibrate", "%s: %s; choose another --out", c->asked.out, strerror(errno));
        return TL_EXIT_ENVIRONMENT;
    }
    int exit_code = tl_check_output("calibrate", "--json", c->asked.json);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    return scratch_make(c->scratch) ? TL_EXIT_OK : TL_EXIT_ENVIRONMENT;
}

/* --- recording --- */

static int open_journal(calibrate *c, const char *path, FILE **journal)
{
    char error[TEXT_BYTES] = "";
    tl_calibrate_head(&c->asked, &c->policy, "treelab.calibrate.samples/1", false, c->head);
    tl_status status = tl_samples_read(path, c->head, &c->samples, error, sizeof error);
    if (status == TL_OK && !c->asked.resume) {
        tl_complain("calibrate", "%s is there; --resume adds to it, or name another --out", path);
        return TL_EXIT_USAGE;
    }
    if (status != TL_OK && status != TL_NOT_FOUND) {
        tl_complain("calibrate", "%s: %s", path, error[0] != '\0' ? error : tl_status_text(status));
        return status == TL_VERSION ? TL_EXIT_USAGE : tl_exit_code(status);
    }
    *journal = tl_samples_open(path, c->head);
    if (*journal == NULL) {
        tl_complain("calibrate", "%s: %s", path, strerror(errno));
        return TL_EXIT_ENVIRONMENT;
    }
    return TL_EXIT_OK;
}

static int record(calibrate *c)
{
    char path[PATH_BYTES], error[TEXT_BYTES] = "", names[TL_LEVELS_MAX][TL_ARM_NAME_MAX];
    tl_record_arm arms[TL_LEVELS_MAX + 1] = {
        {"aa", c->asked.launches}
    };
    FILE *journal = NULL;
    snprintf(path, sizeof path, "%.3900s/" SAMPLES, c->asked.out);
    int exit_code = open_journal(c, path, &journal);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    for (size_t i = 0; i < c->asked.level_count; i++) {
        snprintf(names[i], sizeof names[i], "cpu:%g", c->asked.levels[i]);
        arms[i + 1] = (tl_record_arm){names[i], c->asked.injected_launches};
    }
    tl_record_request request = {
        .policy = &c->policy,
        .only = c->asked.only_count > 0 ? c->asked.only : NULL,
        .program = c->asked.program,
        .scratch = c->scratch,
        .arms = arms,
        .arm_count = c->asked.injected_launches > 0 ? c->asked.level_count + 1 : 1,
        .seed = c->asked.seed,
        .journal = journal,
        .stop = stop,
        .step = step,
        .context = c,
    };
    tl_status status = tl_record(&request, &c->samples, error, sizeof error);
    tl_progress_end(c->progress);
    c->progress = NULL;
    c->progress_total = 0;
    if (fclose(journal) != 0 && status == TL_OK)
        status = TL_IO;
    if (status != TL_OK)
        tl_complain("calibrate", "%s", error[0] != '\0' ? error : tl_status_text(status));
    return status == TL_VERSION ? TL_EXIT_ENVIRONMENT : tl_exit_code(status);
}

static int record_beside_neighbours(calibrate *c)
{
    tl_neighbours neighbours = {.count = 0};
    tl_neighbours_request noise = tl_neighbours_default();
    noise.seed = c->asked.seed;
    if (c->asked.noise && tl_neighbours_start(&noise, &neighbours) != TL_OK) {
        tl_complain("calibrate", "cannot start the neighbours of --noise");
        return TL_EXIT_ENVIRONMENT;
    }
    int exit_code = c->asked.fresh_gates > 0 ? tl_calibrate_gates(&c->asked, &c->policy, c->scratch)
                    : c->asked.neutral ? tl_calibrate_neutral(&c->asked, &c->policy, c->scratch)
                                       : record(c);
    tl_neighbours_stop(&neighbours);
    return exit_code;
}

/* --- telling --- */

static bool save_table(const calibrate *c, const char *name,
                       void (*write)(const tl_calibration *made, tl_text *out))
{
    char path[PATH_BYTES];
    tl_text text = {0};
    snprintf(path, sizeof path, "%.3900s/%s", c->asked.out, name);
    write(&c->made, &text);
    tl_status status = tl_text_save(&text, path);
    tl_text_clear(&text);
    if (status != TL_OK)
        tl_complain("calibrate", "cannot write '%s': %s", path, strerror(errno));
    return status == TL_OK;
}

static bool save_json(const calibrate *c, const tl_calibration_request *request, const char *path)
{
    tl_json *root = tl_calibration_json(&c->made, request);
    tl_json *origin = tl_origin_json(c->argc, c->argv, c->scratch);
    tl_json_add_hex(tl_json_add_object(origin, "options"), "seed", request->seed);
    tl_json_attach(root, "origin", origin);
    tl_status status = tl_json_write(root, path);
    tl_json_free(root);
    if (status != TL_OK)
        tl_complain("calibrate", "cannot write '%s': %s", path, strerror(errno));
    return status == TL_OK;
}

static bool tell(const calibrate *c, const tl_calibration_request *request)
{
    char path[PATH_BYTES];
    bool json_on_stdout = c->asked.json != NULL && strcmp(c->asked.json, "-") == 0;
    tl_text text = {0};
    tl_calibration_text(&c->made, &text);
    fputs(tl_text_data(&text), json_on_stdout ? stderr : stdout);
    bool well = true;
    snprintf(path, sizeof path, "%.3900s/calibration.txt", c->asked.out);
    if (tl_text_save(&text, path) != TL_OK) {
        tl_complain("calibrate", "cannot write '%s': %s", path, strerror(errno));
        well = false;
    }
    tl_text_clear(&text);
    snprintf(path, sizeof path, "%.3900s/calibration.json", c->asked.out);
    well &= save_json(c, request, path);
    if (c->asked.json != NULL)
        well &= save_json(c, request, c->asked.json);
    well &= save_table(c, "calibration_power.tsv", tl_calibration_power_tsv);
    well &= save_table(c, "calibration_qq.tsv", tl_calibration_quantiles_tsv);
    return well;
}

static int analyse(calibrate *c)
{
    tl_gate_duel *asked = malloc(sizeof *asked);
    if (asked == NULL)
        return tl_exit_code(TL_NO_MEMORY);
    tl_status status =
        tl_gate_duel_make(&c->policy, c->asked.only_count > 0 ? c->asked.only : NULL, asked);
    tl_calibration_request request = {
        .policy = &asked->request,
        .gates = c->asked.replays,
        .power_gates = c->asked.power_replays,
        .level_count = c->asked.power_replays > 0 ? c->asked.level_count : 0,
        .seed = c->asked.seed,
        .stop = stop,
        .step = step,
        .context = c,
    };
    memcpy(request.levels, c->asked.levels, sizeof request.levels);
    if (status == TL_OK)
        status = tl_calibration_make(&c->samples, &request, &c->made);
    tl_progress_end(c->progress);
    bool well = status != TL_OK || tell(c, &request);
    free(asked);
    if (status == TL_NOT_FOUND) {
        tl_complain("calibrate", "nothing was recorded");
        return TL_EXIT_NOTHING;
    }
    if (status != TL_OK)
        tl_complain("calibrate", "%s", tl_status_text(status));
    return status != TL_OK ? tl_exit_code(status) : well ? TL_EXIT_OK : TL_EXIT_ENVIRONMENT;
}

int tl_cmd_calibrate(int argc, char **argv)
{
    static calibrate c; /* large; used once per process */
    c.argc = argc;
    c.argv = argv;
    int exit_code = tl_calibrate_options_parse(argc, argv, &c.asked);
    if (exit_code == TL_EXIT_OK)
        exit_code = prepare(&c);
    if (exit_code == TL_EXIT_OK) {
        tl_catch_interrupt();
        signal(SIGPIPE, SIG_IGN); /* an agent that died is noticed when it does not answer */
        exit_code = record_beside_neighbours(&c);
    }
    if (exit_code == TL_EXIT_OK && c.asked.fresh_gates == 0 && !c.asked.neutral &&
        !tl_interrupted())
        exit_code = analyse(&c);
    if (c.scratch[0] != '\0')
        rmdir(c.scratch);
    tl_samples_release(&c.samples);
    tl_gate_policy_release(&c.policy);
    if (tl_interrupted() && exit_code == TL_EXIT_OK) {
        tl_complain("calibrate", "interrupted; what was recorded is in %s, --resume goes on",
                    c.asked.out);
        return TL_EXIT_INTERRUPTED;
    }
    return exit_code;
}
