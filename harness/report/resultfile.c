/* harness/report/resultfile.c -- the sections are kept apart until the end, then joined in the
 * order of the schema, so that a reader finds the small facts before the long list of cells. */
#include "harness/report/resultfile.h"

#include "harness/report/machine.h"
#include "harness/report/wholefile.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    ID_BYTES = 96,
    TIME_BYTES = 32,
    SAME_SECOND_MAX = 1000, /* runs begun in one second by one revision */
};

struct tl_result {
    char id[ID_BYTES];
    char dir[PATH_MAX]; /* "" when there is none */
    char *json_path;
    char started[TIME_BYTES];
    struct timespec start;
    tl_json *argv, *tool, *build, *machine, *storage, *class_; /* known at the beginning */
    tl_json *harness, *options, *cells;                        /* told by the run */
    tl_result_summary summary;
    uint64_t cell_count;
    tl_noise noise;
    bool finished;
};

static const char *const status_names[] = {
    [TL_RESULT_OK] = "ok",           [TL_RESULT_INVALID] = "invalid",
    [TL_RESULT_ABORTED] = "aborted", [TL_RESULT_CRASH_FAILED] = "crash-failed",
    [TL_RESULT_WRONG] = "wrong",
};

const char *tl_result_status_name(tl_result_status status)
{
    assert((size_t)status < sizeof status_names / sizeof status_names[0]);
    return status_names[status];
}

/* "cannot create 'out': No such file or directory", from errno. */
static void explain(char *error, size_t error_bytes, const char *what, const char *path)
{
    if (error != NULL && error_bytes > 0)
        snprintf(error, error_bytes, "cannot %s '%s': %s", what, path, strerror(errno));
}

/* Create `path` and the directories above it, as far as they are absent. */
static tl_status make_directories(const char *path)
{
    char prefix[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof prefix) {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return TL_IO;
    }
    for (size_t end = 1; end <= length; end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        memcpy(prefix, path, end);
        prefix[end] = '\0';
        struct stat info;
        if (mkdir(prefix, 0777) != 0 && (errno != EEXIST && stat(prefix, &info) != 0))
            return tl_wholefile_status(errno);
    }
    return TL_OK;
}

/* Make out_dir/<id>; the id gets a number behind it when another run took it this second. */
static tl_status make_run_directory(tl_result *result, const char *out_dir)
{
    tl_status status = make_directories(out_dir);
    if (status != TL_OK)
        return status;
    size_t id_length = strlen(result->id);
    for (int number = 1; number <= SAME_SECOND_MAX; number++) {
        if (number > 1)
            snprintf(result->id + id_length, sizeof result->id - id_length, "-%d", number);
        int length = snprintf(result->dir, sizeof result->dir, "%s/%s", out_dir, result->id);
        if (length < 0 || (size_t)length >= sizeof result->dir)
            errno = ENAMETOOLONG;
        else if (mkdir(result->dir, 0777) == 0)
            return TL_OK;
        if (errno != EEXIST)
            break;
    }
    result->dir[0] = '\0';
    return tl_wholefile_status(errno);
}

/* Note the time, twice in text: compact in the id, readable in "started". */
static void name_result(tl_result *result)
{
    time_t now = time(NULL);
    struct tm utc;
    char compact[TIME_BYTES];
    clock_gettime(CLOCK_MONOTONIC, &result->start);
    gmtime_r(&now, &utc);
    strftime(result->started, sizeof result->started, "%Y-%m-%dT%H:%M:%SZ", &utc);
    strftime(compact, sizeof compact, "%Y%m%dT%H%M%SZ", &utc);
    snprintf(result->id, sizeof result->id, "%s_%s", compact, tl_build_revision());
}

/* What is known before the run.  Nodes that memory is too short for stay NULL; attaching them at
 * the end marks the document incomplete. */
static void describe_origin(tl_result *result, const tl_result_request *request)
{
    const char *storage_dir = request->storage_dir;
    if (storage_dir == NULL)
        storage_dir = result->dir[0] != '\0' ? result->dir : ".";
    result->argv = tl_json_array_new();
    for (int i = 0; i < request->argc; i++)
        tl_json_add_text(result->argv, NULL, request->argv[i]);
    result->tool = tl_tool_json();
    result->build = tl_build_json();
    result->machine = tl_machine_json();
    result->storage = tl_storage_json(storage_dir, request->probe_fsync);
    result->class_ = tl_class_json(result->machine, result->storage);
    result->cells = tl_json_array_new();
}

tl_status tl_result_begin(const tl_result_request *request, tl_result **out)
{
    if (request->error != NULL && request->error_bytes > 0)
        request->error[0] = '\0';
    if (request->out_dir == NULL && request->json_path == NULL)
        return TL_INVALID;
    tl_result *result = calloc(1, sizeof *result);
    if (result == NULL)
        return TL_NO_MEMORY;
    tl_status status = TL_NO_MEMORY;
    if (request->json_path != NULL && (result->json_path = strdup(request->json_path)) == NULL)
        goto fail;
    name_result(result);
    if (request->out_dir != NULL) {
        status = make_run_directory(result, request->out_dir);
        if (status != TL_OK) {
            explain(request->error, request->error_bytes, "create a run's directory in",
                    request->out_dir);
            goto fail;
        }
    }
    status = tl_wholefile_check(request->json_path); /* which may lie below out_dir */
    if (status != TL_OK) {
        explain(request->error, request->error_bytes, "write", request->json_path);
        if (result->dir[0] != '\0')
            rmdir(result->dir);
        goto fail;
    }
    describe_origin(result, request);
    tl_result_set_harness(result, &(tl_result_harness){NAN, NAN, "CLOCK_MONOTONIC", NAN, 1});
    result->summary.states_per_s = NAN;
    tl_noise_read(&result->noise); /* last: making the result is not part of the run */
    *out = result;
    return TL_OK;

fail:
    tl_result_free(result);
    return status;
}

const char *tl_result_id(const tl_result *result)
{
    return result->id;
}

const char *tl_result_dir(const tl_result *result)
{
    return result->dir[0] == '\0' ? NULL : result->dir;
}

const char *tl_result_class(const tl_result *result)
{
    return tl_json_text(tl_json_get(result->class_, "key"), "");
}

void tl_result_set_options(tl_result *result, tl_json *options)
{
    tl_json_free(result->options);
    result->options = options;
}

void tl_result_set_harness(tl_result *result, const tl_result_harness *harness)
{
    tl_json_free(result->harness);
    result->harness = tl_json_object_new();
    tl_json_add_real(result->harness, "null_op_ns", harness->null_op_ns);
    tl_json_add_real(result->harness, "harness_op_ns", harness->harness_op_ns);
    tl_json_add_text(result->harness, "clock", harness->clock);
    tl_json_add_real(result->harness, "clock_cost_ns", harness->clock_cost_ns);
    tl_json_add_count(result->harness, "sampling", harness->sampling);
}

void tl_result_add_cell(tl_result *result, tl_json *cell)
{
    tl_json_attach(result->cells, NULL, cell);
    result->cell_count++;
}

uint64_t tl_result_cell_count(const tl_result *result)
{
    return result->cell_count;
}

void tl_result_set_summary(tl_result *result, const tl_result_summary *summary)
{
    result->summary = *summary;
}

static tl_json *summary_json(const tl_result_summary *summary, uint64_t cell_count)
{
    tl_json *json = tl_json_object_new();
    tl_json_add_count(json, "cells", cell_count);
    tl_json_add_count(json, "failed", summary->failed);
    tl_json_add_count(json, "wrong_answers", summary->wrong_answers);
    tl_json_add_count(json, "answers_checked", summary->answers_checked);
    tl_json_add_count(json, "states", summary->states);
    tl_json_add_real(json, "states_per_s", summary->states_per_s);
    tl_json_add_count(json, "findings", summary->findings);
    if (summary->missing_known)
        tl_json_add_count(json, "missing", summary->missing);
    return json;
}

static tl_json *noise_json(const tl_noise *start)
{
    tl_noise stop;
    tl_noise_read(&stop);
    return tl_noise_json(start, &stop);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Hand `*section` over to `root`. */
static void join(tl_json *root, const char *name, tl_json **section)
{
    tl_json_attach(root, name, *section);
    *section = NULL;
}

/* The whole document; its sections move from `result` into it. */
static tl_json *assemble(tl_result *result, tl_result_status status, int exit_code)
{
    tl_json *root = tl_json_object_new(), *noise = noise_json(&result->noise);
    tl_json *summary = summary_json(&result->summary, result->cell_count);
    if (tl_json_overflowed() && status == TL_RESULT_OK)
        status = TL_RESULT_INVALID;
    tl_json_add_text(root, "schema", TL_RESULT_SCHEMA);
    tl_json_add_text(root, "id", result->id);
    tl_json_add_text(root, "status", tl_result_status_name(status));
    tl_json_add_count(root, "exit_code", exit_code < 0 ? 0 : (uint64_t)exit_code);
    tl_json_add_text(root, "started", result->started);
    tl_json_add_real(root, "wall_s", seconds_since(&result->start));
    join(root, "argv", &result->argv);
    join(root, "tool", &result->tool);
    join(root, "build", &result->build);
    join(root, "machine", &result->machine);
    join(root, "storage", &result->storage);
    join(root, "class", &result->class_);
    join(root, "harness", &result->harness);
    join(root, "noise", &noise);
    join(root, "options", &result->options);
    join(root, "summary", &summary);
    join(root, "cells", &result->cells);
    return root;
}

static tl_status write_to(const tl_json *root, const char *path, char *error, size_t error_bytes)
{
    tl_status status = tl_json_write(root, path);
    if (status != TL_OK)
        explain(error, error_bytes, "write", strcmp(path, "-") == 0 ? "stdout" : path);
    return status;
}

tl_status tl_result_finish(tl_result *result, tl_result_status status, int exit_code, char *error,
                           size_t error_bytes)
{
    assert(!result->finished);
    tl_json *root = assemble(result, status, exit_code);
    result->finished = true;
    tl_status written = TL_OK;
    if (result->dir[0] != '\0') {
        char path[PATH_MAX + sizeof TL_RESULT_FILE + 1];
        snprintf(path, sizeof path, "%s/%s", result->dir, TL_RESULT_FILE);
        written = write_to(root, path, error, error_bytes);
    }
    if (result->json_path != NULL) { /* tried in any case: it may be on another disk */
        bool first = written == TL_OK;
        tl_status second = write_to(root, result->json_path, first ? error : NULL, error_bytes);
        written = first ? second : written;
    }
    tl_json_free(root);
    return written;
}

void tl_result_free(tl_result *result)
{
    if (result == NULL)
        return;
    if (!result->finished && result->dir[0] != '\0')
        (void)rmdir(result->dir); /* stays when the run left something there */
    tl_json *const sections[] = {result->argv,    result->tool,    result->build,
                                 result->machine, result->storage, result->class_,
                                 result->harness, result->options, result->cells};
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        tl_json_free(sections[i]);
    free(result->json_path);
    free(result);
}
