/* harness/cli/cmd_apply.c -- `treelab apply`: one script on one or more stores, each beside the
 * model.
 *
 * Every store is fresh: on a simulated disk when the driver can, else in a directory of its own.
 */
#define _GNU_SOURCE
#include "harness/cli/cmd_apply.h"

#include "harness/check/script_state.h"
#include "harness/report/json.h"
#include "harness/run/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The exit code of each outcome, and the word for it in JSON. */
static const struct outcome_row {
    int exit_code;
    const char *status;
} outcome_rows[] = {
    [TL_SCRIPT_PASSED] = {TL_EXIT_OK,          "ok"         },
    [TL_SCRIPT_MISMATCH] = {TL_EXIT_WRONG,       "wrong"      },
    [TL_SCRIPT_UNSUPPORTED] = {TL_EXIT_ENVIRONMENT, "unsupported"},
    [TL_SCRIPT_UNFIT] = {TL_EXIT_USAGE,       "invalid"    },
    [TL_SCRIPT_REFUSED] = {TL_EXIT_ENVIRONMENT, "failed"     },
    [TL_SCRIPT_STOPPED] = {TL_EXIT_INTERRUPTED, "aborted"    },
    [TL_SCRIPT_NO_MEMORY] = {TL_EXIT_ENVIRONMENT, "failed"     },
};

typedef struct apply_tally { /* one driver, all repetitions */
    tl_script_result last;
    uint64_t lines, checks, skipped;
    tl_status trouble; /* what kept it from running; TL_OK: nothing */
} apply_tally;

static void print_skip(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "%s\n", text);
}

/* One run in `dir`, which exists and is empty. */
static tl_status run_in(const tl_apply_request *request, const tl_apply_arm *arm,
                        const tl_script *script, const char *dir, bool first,
                        tl_script_result *result)
{
    tl_simhost *host = NULL;
    bool is_simulated =
        request->io != TL_APPLY_IO_REAL && (arm->driver->capabilities & TL_DRIVER_SIM_IO) != 0;
    if (is_simulated) {
        tl_status status = tl_simhost_create(script, &host);
        if (status != TL_OK)
            return status;
        tl_simhost_set_states(host, tl_script_state_crash);
    }
    const tl_script_config config = {
        .driver = arm->driver,
        .model = tl_driver_find("model"),
        .dir = dir,
        .settings = arm->settings,
        .setting_count = arm->setting_count,
        .overrides = request->overrides,
        .override_count = request->override_count,
        .host = host == NULL ? NULL : tl_simhost_get(host),
        .skip_unsupported = request->skip_unsupported,
        .on_skip = first && !request->quiet ? print_skip : NULL,
        .interrupted = tl_interrupted,
    };
    tl_script_run(script, &config, result);
    tl_simhost_destroy(host);
    return TL_OK;
}

static tl_status run_once(const tl_apply_request *request, const tl_apply_arm *arm,
                          const tl_script *script, const char *base, unsigned repetition,
                          tl_script_result *result)
{
    char dir[PATH_MAX];
    int length = snprintf(dir, sizeof dir, "%s/%s-%zu-r%u", base, arm->driver->name,
                          (size_t)(arm - request->arms), repetition);
    if (length < 0 || (size_t)length >= sizeof dir)
        return TL_INVALID;
    tl_status status = tl_directory_make_fresh(dir);
    if (status != TL_OK) {
        tl_complain("apply", "cannot make '%s': %s%s", dir, tl_status_reason(status),
                    status == TL_EXISTS ? "; remove it or choose another --dir" : "");
        return status;
    }
    status = run_in(request, arm, script, dir, repetition == 0, result);
    if (request->dir == NULL && tl_directory_remove(dir) != TL_OK)
        tl_complain("apply", "cannot remove '%s'; it is not needed any more", dir);
    return status;
}

static void run_arm(const tl_apply_request *request, const tl_apply_arm *arm,
                    const tl_script *script, const char *base, apply_tally *tally)
{
    for (unsigned repetition = 0; repetition < request->repeat; repetition++) {
        tally->trouble = run_once(request, arm, script, base, repetition, &tally->last);
        tally->lines += tally->last.lines;
        tally->checks += tally->last.checks;
        tally->skipped += tally->last.skipped;
        if (tally->trouble != TL_OK || tally->last.outcome != TL_SCRIPT_PASSED)
            return;
    }
}

/* --- telling --- */

static int tally_exit_code(const apply_tally *tally)
{
    if (tally->trouble != TL_OK)
        return tl_exit_code(tally->trouble);
    if (tally->last.outcome == TL_SCRIPT_PASSED && tally->checks == 0)
        return TL_EXIT_NOTHING;
    return outcome_rows[tally->last.outcome].exit_code;
}

static const char *tally_status(const apply_tally *tally)
{
    if (tally->trouble != TL_OK)
        return "failed";
    return tally_exit_code(tally) == TL_EXIT_NOTHING ? "nothing"
                                                     : outcome_rows[tally->last.outcome].status;
}

static void tell(const tl_apply_request *request, const tl_apply_arm *arm, const apply_tally *tally)
{
    if (tally->trouble == TL_OK && tally->last.outcome != TL_SCRIPT_PASSED)
        fprintf(stderr, "%s [%s]\n", tally->last.message, arm->label);
    else if (tally->trouble == TL_OK && tally->checks == 0)
        tl_complain("apply", "driver %s: nothing was checked", arm->label);
    if (tally->trouble == TL_OK && tally->last.outcome == TL_SCRIPT_UNSUPPORTED)
        tl_complain("apply", "--skip-unsupported steps over lines that a driver lacks");
    if (request->json_path == NULL || strcmp(request->json_path, "-") != 0)
        printf("%-11s %s: %" PRIu64 " lines, %" PRIu64 " checks, %" PRIu64 " skipped\n",
               tally_status(tally), arm->label, tally->lines, tally->checks, tally->skipped);
}

static void add_driver(tl_json *drivers, const tl_apply_request *request, const tl_apply_arm *arm,
                       const apply_tally *tally)
{
    tl_json *driver = tl_json_add_object(drivers, NULL);
    tl_json_add_text(driver, "name", arm->driver->name);
    tl_json_add_text(driver, "label", arm->label);
    tl_json_add_text(driver, "status", tally_status(tally));
    tl_json_add_count(driver, "repeat", request->repeat);
    tl_json_add_count(driver, "lines", tally->lines);
    tl_json_add_count(driver, "checks", tally->checks);
    tl_json_add_count(driver, "skipped", tally->skipped);
    tl_json_add_text(driver, "message",
                     tally->last.message[0] == '\0' ? NULL : tally->last.message);
    if (tally->trouble != TL_OK || tally->last.outcome != TL_SCRIPT_MISMATCH) {
        tl_json_add_null(driver, "mismatch");
        return;
    }
    tl_json *mismatch = tl_json_add_object(driver, "mismatch");
    tl_json_add_count(mismatch, "line", tally->last.line);
    tl_json_add_text(mismatch, "want", tally->last.want);
    tl_json_add_text(mismatch, "got", tally->last.got);
}

static tl_status write_json(const tl_apply_request *request, const apply_tally *tallies,
                            size_t arm_count, int exit_code)
{
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "schema", "treelab.apply/1");
    tl_json_add_text(root, "script", request->script);
    tl_json_add_count(root, "exit_code", (uint64_t)exit_code);
    tl_json *drivers = tl_json_add_array(root, "drivers");
    for (size_t i = 0; i < arm_count; i++)
        add_driver(drivers, request, &request->arms[i], &tallies[i]);
    tl_status status = tl_json_write(root, request->json_path);
    tl_json_free(root);
    if (status != TL_OK)
        tl_complain("apply", "cannot write '%s': %s", request->json_path, tl_status_reason(status));
    return status;
}

/* --- the command --- */

/* A wrong answer outweighs everything, then the first trouble. */
static int worse(int exit_code, int other)
{
    if (exit_code == TL_EXIT_OK || other == TL_EXIT_WRONG)
        return other;
    return exit_code;
}

static int apply_all(const tl_apply_request *request, const tl_script *script, const char *base)
{
    int exit_code = tl_check_output("apply", "--json", request->json_path);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    size_t done = 0;
    apply_tally *tallies = calloc(request->arm_count, sizeof *tallies);
    if (tallies == NULL) {
        tl_complain("apply", "out of memory");
        return TL_EXIT_ENVIRONMENT;
    }
    while (done < request->arm_count && !tl_interrupted()) {
        const tl_apply_arm *arm = &request->arms[done];
        apply_tally *tally = &tallies[done++];
        run_arm(request, arm, script, base, tally);
        tell(request, arm, tally);
        exit_code = worse(exit_code, tally_exit_code(tally));
    }
    if (tl_interrupted())
        exit_code = TL_EXIT_INTERRUPTED;
    if (request->json_path != NULL) {
        tl_status status = write_json(request, tallies, done, exit_code);
        exit_code = worse(exit_code, tl_exit_code(status));
    }
    free(tallies);
    return exit_code;
}

/* Run in --dir, or in a temporary directory that is removed. */
static int apply_somewhere(const tl_apply_request *request, const tl_script *script)
{
    if (request->dir != NULL) {
        tl_status status = tl_directory_make(request->dir);
        if (status == TL_OK)
            return apply_all(request, script, request->dir);
        tl_complain("apply", "cannot use '%s': %s", request->dir, tl_status_reason(status));
        return tl_exit_code(status);
    }
    const char *parent = getenv("TMPDIR");
    char base[PATH_MAX];
    int length = snprintf(base, sizeof base, "%s/treelab-apply-XXXXXX",
                          parent != NULL && parent[0] != '\0' ? parent : "/tmp");
    if (length < 0 || (size_t)length >= sizeof base || mkdtemp(base) == NULL) {
        tl_complain("apply", "cannot make a directory like '%s': %s; give one with --dir", base,
                    strerror(errno));
        return TL_EXIT_ENVIRONMENT;
    }
    int exit_code = apply_all(request, script, base);
    if (tl_directory_remove(base) != TL_OK)
        tl_complain("apply", "cannot remove '%s'; it is not needed any more", base);
    return exit_code;
}

static int print_canonical(const tl_script *script)
{
    char *text = NULL;
    tl_status status = tl_script_print(script, &text);
    if (status == TL_OK)
        fputs(text, stdout);
    else
        tl_complain("apply", "%s", tl_status_text(status));
    free(text);
    return tl_exit_code(status);
}

static int read_failed(const char *path, tl_status status, const tl_script_error *error)
{
    if (error->line != 0)
        fprintf(stderr, "%s:%u:%u: %s\n", path, error->line, error->column, error->text);
    else
        tl_complain("apply", "cannot read %s", error->text);
    return tl_exit_code(status);
}

int tl_cmd_apply(int argc, char **argv)
{
    static tl_apply_request request; /* large */
    int exit_code = tl_apply_request_parse(argc, argv, &request);
    tl_script *script = NULL;
    tl_script_error error;
    if (exit_code == TL_EXIT_OK) {
        tl_status status = tl_script_read(request.script, &script, &error);
        if (status != TL_OK)
            exit_code = read_failed(request.script, status, &error);
    }
    if (exit_code == TL_EXIT_OK) {
        tl_catch_interrupt();
        exit_code = request.format ? print_canonical(script) : apply_somewhere(&request, script);
    }
    tl_script_free(script);
    tl_apply_request_free(&request);
    return exit_code;
}
