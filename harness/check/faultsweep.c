/* harness/check/faultsweep.c -- the classes, and the runs of a sweep; see faultsweep.h. */
#include "harness/check/faultsweep_body.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* clang-format off */
static const tl_fault_class classes[] = {
    /* name, error, source, call, status, failure */
    {"open",      "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_OPEN,      TL_IO,        0},
    {"open",      "enospc",   TL_FAULT_CALL,   TL_SIMDISK_CALL_OPEN,      TL_NO_SPACE,  0},
    {"size",      "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_SIZE,      TL_IO,        0},
    {"pread",     "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_PREAD,     TL_IO,        0},
    {"pwritev",   "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_PWRITEV,   TL_IO,        0},
    {"pwritev",   "enospc",   TL_FAULT_CALL,   TL_SIMDISK_CALL_PWRITEV,   TL_NO_SPACE,  0},
    {"fdatasync", "dirty",    TL_FAULT_SYNC,   TL_SIMDISK_CALL_FDATASYNC, TL_IO,        TL_SYNC_FAILED_DIRTY},
    {"fdatasync", "clean",    TL_FAULT_SYNC,   TL_SIMDISK_CALL_FDATASYNC, TL_IO,        TL_SYNC_FAILED_CLEAN},
    {"fdatasync", "reverted", TL_FAULT_SYNC,   TL_SIMDISK_CALL_FDATASYNC, TL_IO,        TL_SYNC_FAILED_REVERTED},
    {"fdatasync", "late",     TL_FAULT_SYNC,   TL_SIMDISK_CALL_FDATASYNC, TL_IO,        TL_SYNC_FAILED_LATE},
    {"fsync_dir", "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_FSYNC_DIR, TL_IO,        0},
    {"truncate",  "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_TRUNCATE,  TL_IO,        0},
    {"truncate",  "enospc",   TL_FAULT_CALL,   TL_SIMDISK_CALL_TRUNCATE,  TL_NO_SPACE,  0},
    {"fallocate", "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_FALLOCATE, TL_IO,        0},
    {"fallocate", "enospc",   TL_FAULT_CALL,   TL_SIMDISK_CALL_FALLOCATE, TL_NO_SPACE,  0},
    {"rename",    "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_RENAME,    TL_IO,        0},
    {"rename",    "enospc",   TL_FAULT_CALL,   TL_SIMDISK_CALL_RENAME,    TL_NO_SPACE,  0},
    {"unlink",    "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_UNLINK,    TL_IO,        0},
    {"lock",      "eio",      TL_FAULT_CALL,   TL_SIMDISK_CALL_LOCK,      TL_IO,        0},
    {"memory",    "enomem",   TL_FAULT_MEMORY, 0,                         TL_NO_MEMORY, 0},
    {"quota",     "enospc",   TL_FAULT_QUOTA,  0,                         TL_NO_SPACE,  0},
    {"file",      "enospc",   TL_FAULT_FILE,   TL_SIMDISK_CALL_PWRITEV,   TL_NO_SPACE,  0},
};
/* clang-format on */

size_t tl_fault_class_count(void)
{
    static_assert(sizeof classes / sizeof classes[0] <= TL_FAULT_CLASS_MAX, "results have room");
    return sizeof classes / sizeof classes[0];
}

const tl_fault_class *tl_fault_class_at(size_t index)
{
    assert(index < tl_fault_class_count());
    return &classes[index];
}

void tl_fault_case_print(const tl_fault_case *which, char text[TL_FAULT_CASE_TEXT_MAX])
{
    const tl_fault_class *row = tl_fault_class_at(which->class_);
    snprintf(text, TL_FAULT_CASE_TEXT_MAX, "%s:%" PRIu64 ":%s:%s", row->name, which->nth,
             which->sticky ? "sticky" : "once", row->error);
}

bool tl_fault_case_parse(const char *text, tl_fault_case *which)
{
    char name[16], how[8], error[16];
    uint64_t nth = 0;
    int used = -1;
    if (sscanf(text, "%15[a-z_]:%12" SCNu64 ":%7[a-z]:%15[a-z]%n", name, &nth, how, error, &used) !=
            4 ||
        text[used] != '\0' || (strcmp(how, "once") != 0 && strcmp(how, "sticky") != 0))
        return false;
    for (size_t i = 0; i < tl_fault_class_count(); i++) {
        const tl_fault_class *row = &classes[i];
        if (strcmp(row->name, name) != 0 || strcmp(row->error, error) != 0 ||
            (nth == 0 && row->source != TL_FAULT_QUOTA))
            continue;
        *which = (tl_fault_case){i, nth, strcmp(how, "sticky") == 0};
        return true;
    }
    return false;
}

#define POLICY_AS_NAME(upper, lower, text) #lower,
static const char *const policy_names[] = {TL_FAULT_POLICY_MAP(POLICY_AS_NAME)};

const char *tl_fault_policy_name(tl_fault_policy policy)
{
    return policy < TL_FAULT_POLICY_COUNT ? policy_names[policy] : "?";
}

tl_fault_policy tl_fault_tally_policy(const tl_fault_tally *tally)
{
    tl_fault_policy worst = TL_FAULT_POLICY_ABSORBED;
    for (unsigned i = 0; i < TL_FAULT_POLICY_COUNT; i++)
        if (tally->by_policy[i] != 0)
            worst = (tl_fault_policy)i;
    return worst;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static bool may_go_on(tl_fault_sweep *sweep)
{
    const tl_faultsweep_options *options = sweep->options;
    if ((options->budget_ns != 0 && now_ns() - sweep->started_ns >= options->budget_ns) ||
        (options->stop != NULL && options->stop()))
        sweep->stopped = true;
    return !sweep->stopped;
}

static void plan_fault(tl_fault_run *run)
{
    const tl_fault_case *plan = run->plan;
    switch (run->class_->source) {
    case TL_FAULT_CALL:
        tl_simdisk_fail(run->disk, run->class_->call, plan->nth, run->class_->status, plan->sticky);
        return;
    case TL_FAULT_SYNC:
        tl_simdisk_fail_sync(run->disk, plan->nth, run->class_->failure, plan->sticky);
        return;
    case TL_FAULT_MEMORY:
        tl_fault_memory_fail(&run->sweep->memory, plan->nth, plan->sticky);
        return;
    case TL_FAULT_QUOTA:
        tl_simdisk_set_quota(run->disk, plan->nth);
        return;
    case TL_FAULT_FILE:
        tl_simdisk_fail_file(run->disk, plan->nth, run->class_->status);
        return;
    }
}

static tl_fault_policy policy_of(const tl_fault_run *run)
{
    return run->broken     ? TL_FAULT_POLICY_UNSAFE
           : run->dead     ? TL_FAULT_POLICY_ABORT
           : run->sticky   ? TL_FAULT_POLICY_STICKY_READ_ONLY
           : run->in_place ? TL_FAULT_POLICY_RETRY_SAFE
           : run->refused  ? TL_FAULT_POLICY_REOPEN_SAFE
                           : TL_FAULT_POLICY_ABSORBED;
}

static void count_run(const tl_fault_run *run)
{
    tl_faultsweep_result *result = run->sweep->result;
    tl_fault_tally *tally = &result->classes[run->plan->class_];
    if (run->fired == 0 && !run->broken)
        return;
    tally->points++;
    tally->injected += run->fired;
    tally->by_policy[policy_of(run)]++;
    tally->findings += run->broken;
    result->points++;
    result->injected += run->fired;
    result->findings += run->broken;
}

static void sweep_memory_reset(tl_fault_sweep *sweep)
{
    tl_fault_memory_clear(&sweep->memory);
    tl_fault_memory_init(&sweep->memory);
}

/* One run, on a new disk that the caller destroys; run->disk is NULL when there is none. */
static tl_status run_on(tl_fault_sweep *sweep, const tl_fault_case *plan, unsigned flags,
                        tl_fault_run *run)
{
    *run = (tl_fault_run){.sweep = sweep, .plan = plan};
    tl_status status = tl_simdisk_create(flags | TL_SIMDISK_ONE_THREAD, &run->disk);
    if (status != TL_OK)
        return status;
    sweep_memory_reset(sweep);
    sweep->inspector.options.io = tl_simdisk_io(run->disk);
    if (plan != NULL) {
        run->class_ = tl_fault_class_at(plan->class_);
        plan_fault(run);
    }
    tl_fault_live(run);
    if (plan == NULL)
        sweep->clean_bytes = tl_simdisk_used_bytes(run->disk);
    return tl_fault_aftermath(run);
}

/* *reached: the fault was. */
static tl_status run_case(tl_fault_sweep *sweep, const tl_fault_case *plan, bool *reached)
{
    tl_fault_run run;
    tl_fault_source source = tl_fault_class_at(plan->class_)->source;
    bool cut = source == TL_FAULT_SYNC || source == TL_FAULT_FILE; /* the power, behind it */
    tl_status status = run_on(sweep, plan, cut ? TL_SIMDISK_RECORD : 0, &run);
    if (status == TL_OK)
        count_run(&run);
    *reached = run.fired != 0 || run.broken;
    tl_simdisk_destroy(run.disk);
    return status;
}

/* ---- quotas ---- */

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* How many bytes all files have after each entry of the log, at most. */
static uint64_t used_after(const tl_simdisk *disk, uint64_t *used)
{
    size_t count = tl_simdisk_op_count(disk);
    uint64_t sizes[64] = {0}, now = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(disk, i);
        if (op->kind != TL_SIMDISK_SYNC_DIR && op->file < sizeof sizes / sizeof sizes[0]) {
            now -= sizes[op->file];
            sizes[op->file] = op->kind == TL_SIMDISK_UNLINK ? 0 : op->size_after;
            now += sizes[op->file];
        }
        used[i] = now;
        most = now > most ? now : most;
    }
    return most;
}

/* Every 512 bytes, and one byte around the end of each operation that made a file longer. */
static tl_status quotas_choose(tl_fault_sweep *sweep, const tl_simdisk *disk)
{
    size_t count = tl_simdisk_op_count(disk), kept = 0;
    uint64_t *used = calloc(count + 1, sizeof *used);
    if (used == NULL)
        return TL_NO_MEMORY;
    uint64_t most = used_after(disk, used);
    sweep->quotas = calloc(most / TL_SECTOR_BYTES + 1 + 3 * count, sizeof *sweep->quotas);
    if (sweep->quotas == NULL) {
        free(used);
        return TL_NO_MEMORY;
    }
    for (uint64_t bytes = 0; bytes < most; bytes += TL_SECTOR_BYTES)
        sweep->quotas[sweep->quota_count++] = bytes;
    for (size_t i = 1; i < count; i++)
        for (uint64_t bytes = used[i] - 1; used[i] > used[i - 1] && bytes <= used[i] + 1; bytes++)
            sweep->quotas[sweep->quota_count++] = bytes;
    free(used);
    qsort(sweep->quotas, sweep->quota_count, sizeof *sweep->quotas, by_value);
    for (size_t i = 0; i < sweep->quota_count; i++)
        if (i == 0 || sweep->quotas[i] != sweep->quotas[kept - 1])
            sweep->quotas[kept++] = sweep->quotas[i];
    sweep->quota_count = kept;
    sweep->result->grown_bytes = most;
    return TL_OK;
}

/* ---- all runs ---- */

static uint64_t stride_of(const tl_fault_sweep *sweep)
{
    return sweep->options->stride > 1 ? sweep->options->stride : 1;
}

static tl_status sweep_quotas(tl_fault_sweep *sweep, size_t class_)
{
    tl_status status = TL_OK;
    for (size_t i = 0; i < sweep->quota_count && status == TL_OK; i += stride_of(sweep)) {
        bool reached = false;
        if (!may_go_on(sweep))
            return TL_OK;
        status = run_case(sweep, &(tl_fault_case){class_, sweep->quotas[i], false}, &reached);
    }
    sweep->result->classes[class_].complete = status == TL_OK;
    return status;
}

static tl_status sweep_calls(tl_fault_sweep *sweep, size_t class_)
{
    tl_status status = TL_OK;
    bool for_good = tl_fault_class_at(class_)->source == TL_FAULT_FILE; /* by its nature */
    for (unsigned sticky = for_good; sticky < 2 && status == TL_OK; sticky++) {
        bool reached = true;
        for (uint64_t nth = 1; reached && status == TL_OK; nth += stride_of(sweep)) {
            if (!may_go_on(sweep))
                return TL_OK;
            status = run_case(sweep, &(tl_fault_case){class_, nth, sticky != 0}, &reached);
        }
    }
    sweep->result->classes[class_].complete = status == TL_OK;
    return status;
}

static bool has_class(const tl_fault_sweep *sweep, size_t class_)
{
    bool hook = (sweep->options->driver->capabilities & TL_DRIVER_MEMORY) != 0;
    return sweep->options->classes[class_] &&
           (hook || tl_fault_class_at(class_)->source != TL_FAULT_MEMORY);
}

static tl_status sweep_all(tl_fault_sweep *sweep)
{
    const tl_faultsweep_options *options = sweep->options;
    bool reached = false;
    if (options->only != NULL) {
        tl_status status = run_case(sweep, options->only, &reached);
        return status == TL_OK && !reached ? TL_INVALID : status;
    }
    for (size_t i = 0; i < tl_fault_class_count() && !sweep->stopped; i++) {
        if (!has_class(sweep, i))
            continue;
        if (options->on_progress != NULL)
            options->on_progress(options->context, i);
        bool quota = tl_fault_class_at(i)->source == TL_FAULT_QUOTA;
        tl_status status = quota ? sweep_quotas(sweep, i) : sweep_calls(sweep, i);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* The run without a fault: it must be right, and tells how far the others can go. */
static tl_status run_clean(tl_fault_sweep *sweep)
{
    tl_fault_run run;
    tl_status status = run_on(sweep, NULL, TL_SIMDISK_RECORD, &run);
    if (status == TL_OK && run.broken)
        status = TL_CORRUPT; /* the story is in result->error */
    if (status == TL_OK) {
        sweep->result->io_ops = tl_simdisk_op_count(run.disk);
        status = quotas_choose(sweep, run.disk);
    }
    tl_simdisk_destroy(run.disk);
    return status;
}

static tl_status sweep_prepare(tl_fault_sweep *sweep)
{
    const tl_faultsweep_options *options = sweep->options;
    tl_oracle_spec spec = {options->seed, options->page_bytes, options->commits, NULL};
    sweep->begun_at = calloc(options->commits + 1, sizeof *sweep->begun_at);
    sweep->acked_at = calloc(options->commits + 1, sizeof *sweep->acked_at);
    if (sweep->begun_at == NULL || sweep->acked_at == NULL)
        return TL_NO_MEMORY;
    tl_status status = tl_oracle_create(&spec, &sweep->oracle);
    if (status != TL_OK)
        return status;
    sweep->inspector = (tl_inspector){
        .driver = options->driver,
        .oracle = sweep->oracle,
        .options = {.dir = "db",
                    .durability = options->durability,
                    .page_bytes = options->page_bytes,
                    .seed = options->seed,
                    .deterministic = true,
                    .arena = options->arena,
                    .memory = &sweep->memory.memory,
                    .settings = options->settings,
                    .setting_count = options->setting_count},
    };
    return run_clean(sweep);
}

tl_status tl_faultsweep_run(const tl_faultsweep_options *options, tl_faultsweep_result *result)
{
    assert((options->driver->capabilities & TL_DRIVER_SIM_IO) != 0);
    *result = (tl_faultsweep_result){.commits = options->commits};
    tl_fault_sweep sweep = {.options = options, .result = result};
    tl_fault_memory_init(&sweep.memory);
    tl_status status = sweep_prepare(&sweep);
    if (status == TL_OK) {
        sweep.started_ns = now_ns();
        status = sweep_all(&sweep);
        result->elapsed_ns = now_ns() - sweep.started_ns;
        result->complete = status == TL_OK && !sweep.stopped && stride_of(&sweep) == 1;
    }
    if (status == TL_INVALID)
        snprintf(result->error, sizeof result->error, "this history does not come so far");
    else if (status != TL_OK && result->error[0] == '\0')
        snprintf(result->error, sizeof result->error, "%s", tl_status_text(status));
    tl_oracle_destroy(sweep.oracle);
    tl_fault_memory_clear(&sweep.memory);
    free(sweep.begun_at);
    free(sweep.acked_at);
    free(sweep.quotas);
    return status;
}
