/* harness/check/process.c -- see process.h: every kill of a history; process_scenes.c has the rest.
 */
#include "harness/check/process.h"

#include "harness/check/hashset.h"
#include "harness/check/process_body.h"
#include "harness/check/standard.h"
#include "harness/run/directory.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* driver, several processes may have a store of it open */
static const struct {
    const char *driver;
    bool many;
} rows[] = {
    {"tree",   false},
    {"lmdb",   true },
    {"sqlite", true },
};

static int row_of(const tl_driver *driver)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].driver, driver->name) == 0)
            return (int)i;
    return -1;
}

bool tl_process_knows(const tl_driver *driver)
{
    return row_of(driver) >= 0;
}

size_t tl_process_known(const char **names, size_t capacity)
{
    size_t count = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < count && i < capacity; i++)
        names[i] = rows[i].driver;
    return count;
}

void tl_process_case_print(const tl_process_case *which, char text[TL_PROCESS_CASE_MAX])
{
    if (which->scene != NULL)
        snprintf(text, TL_PROCESS_CASE_MAX, "%s.%u", which->scene, which->index);
    else
        snprintf(text, TL_PROCESS_CASE_MAX, "%" PRIu64 ".%u", which->point, which->index);
}

bool tl_process_case_parse(const char *text, tl_process_case *which)
{
    static char scene[TL_PROCESS_CASE_MAX]; /* a program asks for one case */
    tl_process_case parsed = {0};
    int used = -1;
    if (sscanf(text, "%9" SCNu64 ".%9u%n", &parsed.point, &parsed.index, &used) == 2) {
        *which = parsed;
        return text[used] == '\0';
    }
    used = -1;
    if (sscanf(text, "%40[a-z_].%9u%n", scene, &parsed.index, &used) != 2 || text[used] != '\0')
        return false;
    parsed.scene = scene;
    *which = parsed;
    return true;
}

bool tl_process_budget_is_left(tl_process_bench *bench)
{
    const tl_process_options *options = bench->options;
    if ((options->states_max != 0 &&
         bench->result->kills.states + bench->result->scenes.states >= options->states_max) ||
        (options->budget_ns != 0 &&
         tl_process_now_ns() - bench->started_ns >= options->budget_ns) ||
        (options->stop != NULL && options->stop()))
        bench->stopped = true;
    return !bench->stopped;
}

void tl_process_note(tl_process_bench *bench, const tl_process_case *where, const char *rule,
                     const char *format, ...)
{
    tl_process_finding finding = {.where = *where};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding.text, sizeof finding.text, format, arguments);
    va_end(arguments);
    snprintf(finding.rule, sizeof finding.rule, "%s", rule);
    bench->result->findings++;
    if (where->scene != NULL)
        bench->result->scenes.findings++;
    else
        bench->result->kills.findings++;
    for (unsigned r = 0; r < TL_RULE_COUNT; r++)
        bench->result->by_rule[r] += strcmp(rule, tl_rule_name((tl_rule)r)) == 0;
    if (bench->options->on_finding != NULL)
        bench->options->on_finding(bench->options->context, &finding);
}

tl_status tl_process_fresh_dir(tl_process_bench *bench)
{
    tl_status status = tl_directory_remove(bench->store_dir);
    return status == TL_OK ? tl_directory_make_fresh(bench->store_dir) : status;
}

/* --- one child inspects --- */

typedef struct examination {
    const tl_process_bench *bench;
    const tl_allowed *allowed;
    bool clean;
} examination;

static bool takes_io(const tl_process_bench *bench)
{
    return (bench->options->store.driver->capabilities & TL_DRIVER_SIM_IO) != 0;
}

static void examine(void *context, tl_process_page *page)
{
    const examination *job = context;
    tl_killer counter; /* kills nobody, but shows that something is done */
    tl_killer_init(&counter, page, UINT64_MAX, 0);
    tl_inspect(&job->bench->inspector, takes_io(job->bench) ? &counter.io : NULL, job->allowed,
               job->clean, &page->verdict);
}

tl_status tl_process_examine(tl_process_bench *bench, const tl_process_case *where,
                             const tl_allowed *allowed, bool clean, bool *fine)
{
    examination job = {bench, allowed, clean};
    int signal_number = 0;
    tl_status status = tl_process_start(&bench->examiner, examine, &job);
    if (status != TL_OK)
        return status;
    tl_process_end end =
        tl_process_wait(&bench->examiner, bench->options->patience_ns, &signal_number);
    const tl_verdict *verdict = &bench->examiner.page->verdict;
    *fine = false;
    if (end == TL_PROCESS_HUNG)
        tl_process_note(bench, where, "hangs", "the process that opened it made no progress");
    else if (end == TL_PROCESS_KILLED)
        tl_process_note(bench, where, "dies", "the process that opened it was ended by signal %d",
                        signal_number);
    else if (verdict->rule != TL_RULE_NONE)
        tl_process_note(bench, where, tl_rule_name(verdict->rule), "%s", verdict->text);
    else
        *fine = true;
    return TL_OK;
}

/* --- one child runs the history until it is killed --- */

typedef struct errand {
    const tl_process_bench *bench;
    uint64_t at;
    unsigned cut;
} errand;

static tl_status history_commit(const tl_process_bench *bench, tl_store *store, size_t n,
                                tl_killer *killer, tl_process_page *page)
{
    bool stepping = !takes_io(bench);
    tl_store_txn *txn = NULL;
    if (stepping)
        tl_killer_step(killer);
    tl_status status = tl_trace_apply(&bench->inspector, store, n, &txn);
    if (status != TL_OK)
        return status;
    if (stepping)
        tl_killer_step(killer);
    atomic_store(&page->begun, n);
    status = bench->inspector.driver->commit(txn);
    if (stepping)
        tl_killer_step(killer);
    if (status != TL_OK)
        return status;
    atomic_store(&page->acknowledged, n);
    atomic_fetch_add(&page->steps, 1);
    return tl_trace_between(&bench->inspector, store, n);
}

static void run_history(void *context, tl_process_page *page)
{
    const errand *job = context;
    const tl_process_bench *bench = job->bench;
    tl_killer killer;
    tl_store *store = NULL;
    tl_driver_options options = bench->inspector.options;
    tl_killer_init(&killer, page, job->at, job->cut);
    options.io = takes_io(bench) ? &killer.io : NULL;
    options.error = page->text;
    options.error_bytes = sizeof page->text;
    tl_status status = bench->inspector.driver->open(&options, &store);
    for (size_t n = 1; n <= tl_oracle_commits(bench->oracle) && status == TL_OK; n++)
        status = history_commit(bench, store, n, &killer, page);
    if (status == TL_OK) {
        tl_trace_count_events(&bench->inspector, store, &page->counters);
        status = bench->inspector.driver->close(store);
    }
    if (status == TL_OK)
        tl_killer_end(&killer);
    page->status = status;
}

/* --- what is left, as a number --- */

/* Files that tell of processes, not of the store. */
static bool names_processes(const char *name)
{
    return strstr(name, "lock") != NULL || strstr(name, "-shm") != NULL;
}

static void add_file(const char *dir, const char *name, tl_hash128 *hash)
{
    char path[800];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    size_t size = 0, got = 0;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && ftell(file) >= 0) {
        size = (size_t)ftell(file);
        rewind(file);
        bytes = malloc(size + 1);
        got = bytes == NULL ? 0 : fread(bytes, 1, size, file);
    }
    if (file != NULL)
        fclose(file);
    hash->low += tl_record_hash((tl_slice){name, strlen(name)}, (tl_slice){bytes, got});
    hash->high += tl_record_hash((tl_slice){bytes, got}, (tl_slice){name, strlen(name)});
    free(bytes);
}

static tl_hash128 hash_of_files(const char *dir)
{
    tl_hash128 hash = {1, 1};
    DIR *stream = opendir(dir);
    for (struct dirent *entry; stream != NULL && (entry = readdir(stream)) != NULL;)
        if (entry->d_type == DT_REG && !names_processes(entry->d_name))
            add_file(dir, entry->d_name, &hash);
    if (stream != NULL)
        closedir(stream);
    return hash;
}

/* --- the sweep --- */

typedef struct kill_sweep {
    tl_process_bench *bench;
    tl_hashset seen;
} kill_sweep;

/* Run the history up to the place to die.  *killed: it was reached; else it ran to its end, or
 * a finding was noted. */
static tl_status run_until(kill_sweep *sweep, const tl_process_case *where, uint64_t at,
                           bool *killed, bool *ended)
{
    tl_process_bench *bench = sweep->bench;
    errand job = {bench, at, where->index};
    int signal_number = 0;
    *killed = *ended = false;
    tl_status status = tl_process_fresh_dir(bench);
    if (status == TL_OK)
        status = tl_process_start(&bench->writer, run_history, &job);
    if (status != TL_OK)
        return status;
    tl_process_end end =
        tl_process_wait(&bench->writer, bench->options->patience_ns, &signal_number);
    const tl_process_page *page = bench->writer.page;
    *killed = end == TL_PROCESS_KILLED && signal_number == SIGKILL && page->reached;
    *ended = end == TL_PROCESS_EXITED;
    if (end == TL_PROCESS_HUNG)
        tl_process_note(bench, where, "hangs", "the history made no progress behind commit %llu",
                        (unsigned long long)page->acknowledged);
    else if (!*killed && !*ended)
        tl_process_note(bench, where, "dies",
                        "the history was ended by signal %d behind commit %llu", signal_number,
                        (unsigned long long)page->acknowledged);
    if (*ended && page->status != TL_OK)
        snprintf(bench->result->error, sizeof bench->result->error,
                 "the history: commit %llu: %s %s", (unsigned long long)page->begun,
                 tl_status_text(page->status), page->text);
    return *ended ? page->status : TL_OK;
}

static tl_status kill_at(kill_sweep *sweep, const tl_process_case *where, bool *killed)
{
    tl_process_bench *bench = sweep->bench;
    tl_process_result *result = bench->result;
    bool ended = false, added = false, fine = false;
    tl_status status = run_until(sweep, where, where->point, killed, &ended);
    if (status != TL_OK || !*killed)
        return status;
    if (bench->options->on_killed != NULL)
        bench->options->on_killed(bench->options->context, where, bench->store_dir);
    status = tl_hashset_add(&sweep->seen, hash_of_files(bench->store_dir), &added);
    tl_allowed allowed = {.low = (size_t)bench->writer.page->acknowledged,
                          .high = (size_t)bench->writer.page->begun};
    if (status == TL_OK)
        status = tl_process_examine(bench, where, &allowed, (where->point + where->index) % 2 == 0,
                                    &fine);
    if (status != TL_OK)
        return status;
    result->distinct += added;
    result->recovered += fine;
    result->kills.states++;
    return TL_OK;
}

/* All kills at one operation: before it, and at each place inside. */
static tl_status kill_at_point(kill_sweep *sweep, uint64_t point)
{
    unsigned cuts = 0;
    for (unsigned index = 0; index <= cuts && tl_process_budget_is_left(sweep->bench); index++) {
        tl_process_case where = {.point = point, .index = index};
        bool killed = false;
        tl_status status = kill_at(sweep, &where, &killed);
        if (status != TL_OK)
            return status;
        if (!killed)
            return TL_OK; /* told already, or the history is shorter this time: told below */
        if (index == 0)
            cuts = sweep->bench->writer.page->cuts;
    }
    return TL_OK;
}

static tl_status kill_everywhere(kill_sweep *sweep, uint64_t op_count)
{
    tl_process_bench *bench = sweep->bench;
    const tl_process_options *options = bench->options;
    for (uint64_t point = 0; point <= op_count && tl_process_budget_is_left(bench); point++) {
        uint64_t before = bench->result->kills.states + bench->result->findings;
        tl_status status = kill_at_point(sweep, point);
        if (status != TL_OK)
            return status;
        if (bench->stopped)
            return TL_OK;
        if (bench->result->kills.states + bench->result->findings == before) {
            snprintf(bench->result->error, sizeof bench->result->error,
                     "operation %" PRIu64 " was not reached again: the history is not the same "
                     "every time",
                     point);
            return TL_UNSUPPORTED;
        }
        bench->result->points++;
        if (options->on_progress != NULL)
            options->on_progress(options->context, point, op_count + 1);
    }
    return TL_OK;
}

static tl_status kill_all(tl_process_bench *bench)
{
    kill_sweep sweep = {.bench = bench};
    const tl_process_case *only = bench->options->only;
    tl_process_case whole = {0};
    bool killed = false, ended = false;
    tl_status status = run_until(&sweep, &whole, UINT64_MAX, &killed, &ended);
    const tl_process_page *page = bench->writer.page;
    tl_process_result *result = bench->result;
    uint64_t op_count = page->ops;
    result->io_ops = op_count;
    result->writes = page->writes;
    result->syncs = page->syncs;
    result->commits = page->acknowledged;
    result->counters = page->counters;
    if (status == TL_OK && ended && only != NULL)
        status = kill_at(&sweep, only, &killed);
    else if (status == TL_OK && ended)
        status = kill_everywhere(&sweep, op_count);
    tl_hashset_clear(&sweep.seen);
    return status;
}

static tl_status bench_make(tl_process_bench *bench)
{
    const tl_recording_spec *spec = &bench->options->store;
    tl_oracle_spec history = {spec->seed, spec->page_bytes, spec->commits, spec->history};
    if (snprintf(bench->store_dir, sizeof bench->store_dir, "%s/store", bench->options->dir) >=
        (int)sizeof bench->store_dir)
        return TL_INVALID;
    bench->inspector = (tl_inspector){
        .driver = spec->driver,
        .options = {.dir = bench->store_dir,
                    .durability = spec->durability,
                    .page_bytes = spec->page_bytes,
                    .map_bytes = TL_STANDARD_ARENA_BYTES,
                    .seed = spec->seed,
                    .deterministic = true,
                    .settings = spec->settings,
                    .setting_count = spec->setting_count},
    };
    tl_status status = tl_process_create(&bench->writer);
    if (status == TL_OK)
        status = tl_process_create(&bench->examiner);
    if (status == TL_OK)
        status = tl_oracle_create(&history, &bench->oracle);
    bench->inspector.oracle = bench->oracle;
    return status;
}

static void bench_clear(tl_process_bench *bench)
{
    tl_process_destroy(&bench->writer);
    tl_process_destroy(&bench->examiner);
    tl_oracle_destroy(bench->oracle);
    (void)tl_directory_remove(bench->store_dir); /* in a directory that the caller removes */
}

tl_status tl_process_run(const tl_process_options *options, tl_process_result *result)
{
    const tl_process_case *only = options->only;
    int row = row_of(options->store.driver);
    tl_process_bench bench = {.options = options, .result = result};
    *result = (tl_process_result){0};
    if (row < 0 || options->store.commits < TL_PROCESS_COMMITS_MIN || options->readers < 2)
        return TL_INVALID;
    bool many = rows[row].many;
    tl_status status = bench_make(&bench);
    bench.started_ns = tl_process_now_ns();
    if (status == TL_OK && (only == NULL || only->scene == NULL))
        status = kill_all(&bench);
    if (status == TL_OK && (only == NULL || only->scene != NULL))
        status = tl_process_scenes(&bench, many);
    result->elapsed_ns = tl_process_now_ns() - bench.started_ns;
    result->complete = status == TL_OK && !bench.stopped;
    if (status == TL_OK && only != NULL &&
        result->kills.states + result->scenes.states + result->findings == 0) {
        status = TL_INVALID;
        snprintf(result->error, sizeof result->error, "this store has no such case");
    }
    if (status != TL_OK && result->error[0] == '\0')
        snprintf(result->error, sizeof result->error, "%s", tl_status_text(status));
    bench_clear(&bench);
    return status;
}
