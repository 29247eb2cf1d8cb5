/* harness/sweep/sweep.c -- see sweep.h: workers take cells, children run them, lines are kept. */
#include "harness/sweep/sweep.h"

#include "harness/cli/cli.h"
#include "harness/gate/program.h"
#include "harness/report/resultfile.h"
#include "harness/run/directory.h"
#include "harness/sweep/copy.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024 };

typedef struct sweep {
    const tl_sweep_request *request;
    tl_sweep_outcome *outcome;
    pthread_mutex_t mutex; /* of all below, the journal and the callbacks */
    size_t next;           /* cell to look at */
    bool ended;
} sweep;

size_t tl_sweep_wanted(const tl_grid *grid, size_t shard, size_t shards)
{
    size_t count = 0;
    for (size_t i = 0; i < grid->cell_count; i++)
        count += tl_grid_shard(grid->cells[i].id, shards) == shard;
    return count;
}

bool tl_sweep_fits(const tl_grid *grid, const tl_journal *journal, char *error, size_t error_bytes)
{
    for (size_t i = 0; i < tl_journal_count(journal); i++) {
        const char *id = tl_journal_id(journal, i);
        tl_json *cell = tl_journal_cell(journal, id);
        const char *hash = tl_json_text(tl_json_get(tl_json_get(cell, "sweep"), "grid"), "");
        bool same = strcmp(hash, grid->hash) == 0;
        tl_json_free(cell);
        if (same)
            continue;
        snprintf(error, error_bytes,
                 "the finished cell %.200s was asked something else; choose another --out, or the "
                 "grid as it was",
                 id);
        return false;
    }
    return true;
}

/* The line of a cell, from what its run left.  NULL: it left nothing that can be used. */
static tl_json *make_line(const sweep *all, const tl_grid_cell *cell, const tl_json *run)
{
    const tl_grid *grid = all->request->grid;
    const tl_json *cells = tl_json_get(run, "cells");
    const tl_json *of_run = tl_json_at(cells, 0);
    if (tl_json_size(cells) != 1 ||
        strcmp(tl_json_text(tl_json_get(of_run, "status"), "failed"), "failed") == 0)
        return NULL;
    size_t number = (size_t)(cell - grid->cells);
    tl_json *line = tl_json_object_new();
    tl_json_add_text(line, "id", cell->id);
    for (size_t i = 0; i < tl_json_size(of_run); i++) {
        const tl_json *member = tl_json_at(of_run, i);
        const char *name = tl_json_name(member);
        if (strcmp(name, "id") == 0)
            continue;
        if (strcmp(name, "repetition") == 0)
            tl_json_add_count(line, name, cell->repetition);
        else if (strcmp(name, "order") == 0)
            tl_json_add_count(line, name, number);
        else
            tl_json_attach(line, name, tl_sweep_copy(member));
    }
    tl_json *place = tl_json_add_object(line, "sweep");
    tl_json_add_count(place, "number", number + 1);
    tl_json_add_count(place, "of", grid->cell_count);
    tl_json_attach(place, "point", tl_grid_point(grid, cell));
    tl_json_add_text(place, "grid", grid->hash);
    tl_json_add_text(place, "class",
                     tl_json_text(tl_json_get(tl_json_get(run, "class"), "key"), ""));
    tl_json_add_text(place, "revision",
                     tl_json_text(tl_json_get(tl_json_get(run, "tool"), "rev"), ""));
    tl_json_add_count(place, "jobs", all->request->jobs);
    return line;
}

/* Run the cell; *line is NULL unless it left one. */
static tl_status run_child(const sweep *all, const tl_grid_cell *cell, tl_json **line,
                           int *exit_code, bool *left_result, char *error)
{
    const tl_sweep_request *request = all->request;
    char out[PATH_BYTES], result[PATH_BYTES + sizeof "/" TL_RESULT_FILE];
    snprintf(out, sizeof out, "%.900s/%zu", request->running,
             (size_t)(cell - request->grid->cells) + 1);
    snprintf(result, sizeof result, "%s/" TL_RESULT_FILE, out);
    char **words = tl_grid_words(request->grid, cell);
    size_t count = 0;
    while (words != NULL && words[count] != NULL)
        count++;
    const char **argv = words == NULL ? NULL : calloc(count + 8, sizeof *argv);
    tl_status status = TL_NO_MEMORY;
    if (argv == NULL)
        goto done;
    const char *const own[] = {"--quiet", "--out", out,
                               request->stores_dir == NULL ? NULL : "--dir", request->stores_dir};
    argv[0] = request->program;
    memcpy(argv + 1, words, count * sizeof *argv);
    memcpy(argv + 1 + count, own, sizeof own);
    tl_program_request program = {.argv = argv, .stop = request->stop, .context = request->context};
    status = tl_program_run(&program, exit_code, error);
    tl_json *run = NULL;
    *left_result = status == TL_OK && tl_json_read(result, &run) == TL_OK;
    if (*left_result)
        *line = make_line(all, cell, run);
    tl_json_free(run);
    (void)tl_directory_remove(out);

done:
    free(argv);
    free(words);
    return status;
}

static void tell(const sweep *all, const tl_grid_cell *cell, const char *what)
{
    char text[TL_SWEEP_TEXT_MAX];
    snprintf(text, sizeof text, "%s: %.1200s", cell->id, what);
    if (all->request->tell != NULL)
        all->request->tell(all->request->context, text);
}

/* A cell without a line: who is at fault, and is there more to be done? */
static void judge_failure(sweep *all, const tl_grid_cell *cell, int exit_code, bool left_result,
                          char *error)
{
    tl_sweep_outcome *outcome = all->outcome;
    size_t length = strlen(error);
    while (length > 0 && error[length - 1] == '\n')
        error[--length] = '\0';
    if (length == 0)
        snprintf(error, TL_PROGRAM_TEXT_MAX, "ended with exit code %d and left no cell", exit_code);
    tell(all, cell, error);
    if (outcome->failed++ == 0)
        outcome->failed_exit = exit_code;
    if (exit_code == TL_EXIT_USAGE && !left_result)
        outcome->refused = all->ended = true;
    if (exit_code == TL_EXIT_ENVIRONMENT) {
        outcome->failure = TL_IO;
        all->ended = true;
    }
}

static void finish(sweep *all, const tl_grid_cell *cell, const tl_json *line)
{
    const char *status = tl_json_text(tl_json_get(line, "status"), "");
    tl_status kept = tl_journal_append(all->request->journal, line);
    if (kept != TL_OK) {
        tell(all, cell, tl_status_text(kept));
        all->outcome->failure = kept;
        all->ended = true;
        return;
    }
    all->outcome->finished++;
    if (strcmp(status, "wrong") == 0) {
        all->outcome->wrong++;
        tell(all, cell, tl_json_text(tl_json_get(line, "error"), "a wrong answer"));
    }
}

/* The next cell of the shard that nobody has run.  NULL: there is none. */
static const tl_grid_cell *take(sweep *all)
{
    const tl_sweep_request *request = all->request;
    tl_sweep_outcome *outcome = all->outcome;
    if (!all->ended && request->stop != NULL && request->stop(request->context))
        all->ended = outcome->interrupted = true;
    while (!all->ended && all->next < request->grid->cell_count) {
        const tl_grid_cell *cell = &request->grid->cells[all->next++];
        if (tl_grid_shard(cell->id, request->shards) != request->shard)
            continue;
        tl_json *known = tl_journal_cell(request->journal, cell->id);
        tl_json_free(known);
        if (known == NULL) {
            if (request->step != NULL)
                request->step(request->context,
                              outcome->earlier + outcome->finished + outcome->failed, cell->id);
            return cell;
        }
        outcome->earlier++;
    }
    return NULL;
}

static void *work(void *context)
{
    sweep *all = context;
    const tl_grid_cell *cell;
    pthread_mutex_lock(&all->mutex);
    while ((cell = take(all)) != NULL) {
        char error[TL_PROGRAM_TEXT_MAX] = "";
        tl_json *line = NULL;
        int exit_code = 0;
        bool left_result = false;
        pthread_mutex_unlock(&all->mutex);
        tl_status status = run_child(all, cell, &line, &exit_code, &left_result, error);
        pthread_mutex_lock(&all->mutex);
        if (status == TL_UNSUPPORTED) {
            all->ended = all->outcome->interrupted = true;
        } else if (status != TL_OK) {
            tell(all, cell, error[0] != '\0' ? error : tl_status_text(status));
            all->outcome->failure = status;
            all->ended = true;
        } else if (line == NULL) {
            judge_failure(all, cell, exit_code, left_result, error);
        } else {
            finish(all, cell, line);
        }
        tl_json_free(line);
    }
    pthread_mutex_unlock(&all->mutex);
    return NULL;
}

void tl_sweep_run(const tl_sweep_request *request, tl_sweep_outcome *outcome)
{
    pthread_t helpers[TL_SWEEP_JOBS_MAX];
    unsigned helper_count = 0;
    *outcome = (tl_sweep_outcome){
        .wanted = tl_sweep_wanted(request->grid, request->shard, request->shards)};
    sweep all = {.request = request, .outcome = outcome, .mutex = PTHREAD_MUTEX_INITIALIZER};
    while (helper_count + 1 < request->jobs && helper_count < TL_SWEEP_JOBS_MAX &&
           pthread_create(&helpers[helper_count], NULL, work, &all) == 0)
        helper_count++; /* one that cannot be started is one job fewer */
    (void)work(&all);
    for (unsigned i = 0; i < helper_count; i++)
        pthread_join(helpers[i], NULL);
    pthread_mutex_destroy(&all.mutex);
}
