/* harness/check/sweep.c -- see sweep.h.
 *
 * Versions are a stack on the trace's share: the trace at the bottom, above it the writes of the
 * recovery being recorded, on top those of the state being inspected; each is released when done,
 * so the sweep runs in the memory of its largest state.
 */
#include "harness/check/sweep_body.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void tl_case_print(const tl_case *state, char text[TL_CASE_TEXT_MAX])
{
    const char *variant = tl_crash_variant_at(state->variant)->name;
    if (state->variant == TL_CRASH_KILL_THEN_POWER_LOSS)
        snprintf(text, TL_CASE_TEXT_MAX, "%s/%zu.%zu.%zu", variant, state->point, state->index,
                 state->nested);
    else
        snprintf(text, TL_CASE_TEXT_MAX, "%s/%zu.%zu", variant, state->point, state->index);
}

bool tl_case_parse(const char *text, tl_case *state)
{
    char variant[TL_CASE_TEXT_MAX];
    const char *slash = strchr(text, '/');
    if (slash == NULL || (size_t)(slash - text) >= sizeof variant)
        return false;
    memcpy(variant, text, (size_t)(slash - text));
    variant[slash - text] = '\0';
    tl_case parsed = {0};
    if (!tl_crash_variant_find(variant, &parsed.variant))
        return false;
    int used = -1;
    if (parsed.variant == TL_CRASH_KILL_THEN_POWER_LOSS)
        sscanf(slash + 1, "%9zu.%9zu.%9zu%n", &parsed.point, &parsed.index, &parsed.nested, &used);
    else
        sscanf(slash + 1, "%9zu.%9zu%n", &parsed.point, &parsed.index, &used);
    if (used < 0 || slash[1 + used] != '\0')
        return false;
    *state = parsed;
    return true;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static bool budget_is_left(tl_sweep *sweep)
{
    const tl_sweep_options *options = sweep->options;
    if ((options->states_max != 0 && sweep->result->states >= options->states_max) ||
        (options->budget_ns != 0 && now_ns() - sweep->started_ns >= options->budget_ns) ||
        (options->stop != NULL && options->stop()))
        sweep->stopped = true;
    return !sweep->stopped;
}

static bool power_keeps_acknowledged(const tl_sweep *sweep)
{
    return sweep->options->durability == TL_DURABILITY_COMMIT;
}

static void note_finding(tl_sweep *sweep, const tl_case *where, const tl_allowed *allowed,
                         const tl_verdict *verdict)
{
    tl_sweep_result *result = sweep->result;
    result->findings++;
    result->by_rule[verdict->rule]++;
    result->variants[where->variant].findings++;
    tl_sweep_finding finding = {*where, *verdict, *allowed};
    if (sweep->options->on_finding != NULL)
        sweep->options->on_finding(sweep->options->context, sweep, &finding);
}

/* Inspect what state_disk shows and count it. */
static tl_status inspect_state(tl_sweep *sweep, const tl_case *where, const tl_allowed *allowed,
                               tl_hash128 hash)
{
    tl_sweep_result *result = sweep->result;
    bool added = false;
    tl_status status = tl_hashset_add(&sweep->seen, hash, &added);
    if (status != TL_OK)
        return status;
    bool clean = (where->point + where->index + where->nested) % 2 == 0;
    tl_verdict verdict;
    tl_inspect(&sweep->recording.inspector, tl_simdisk_io(sweep->state_disk), allowed, clean,
               &verdict);
    result->states++;
    result->distinct += added;
    result->variants[where->variant].states++;
    if (sweep->options->on_state != NULL)
        sweep->options->on_state(sweep->options->context);
    if (verdict.rule != TL_RULE_NONE)
        note_finding(sweep, where, allowed, &verdict);
    else if (verdict.refused)
        result->refused++;
    else
        result->recovered++;
    return TL_OK;
}

static tl_status plain_state(tl_sweep *sweep, const tl_case *where)
{
    bool power = tl_crash_variant_at(where->variant)->power;
    tl_allowed allowed = tl_trace_allowed(&sweep->recording.trace, where->point,
                                          !power || power_keeps_acknowledged(sweep));
    allowed.corrupt = power && sweep->options->durability == TL_DURABILITY_NONE;
    uint32_t mark = tl_simdisk_mark(sweep->state_disk);
    tl_hash128 hash;
    tl_status status =
        tl_crash_load(sweep->walk, where->variant, where->index, sweep->state_disk, &hash);
    if (status == TL_OK)
        status = inspect_state(sweep, where, &allowed, hash);
    tl_simdisk_release(sweep->state_disk, mark);
    return status;
}

/* Let the store recover on recovery_disk and commit once more.  False: it could not, noted. */
static bool record_recovery(tl_sweep *sweep, const tl_case *kill)
{
    tl_allowed allowed = tl_trace_allowed(&sweep->recording.trace, kill->point, true);
    tl_simdisk *disk = sweep->recovery_disk;
    tl_store *store = NULL;
    tl_verdict verdict;
    bool fine = tl_inspect_open(&sweep->recording.inspector, tl_simdisk_io(disk), &allowed, &store,
                                &verdict);
    if (fine) {
        tl_recovery *recovery = &sweep->recovery;
        recovery->found = verdict.content;
        recovery->after = (tl_content){verdict.content.n, verdict.content.round + 1};
        recovery->opened = recovery->begun = tl_simdisk_op_count(disk);
        fine = tl_inspect_write(&sweep->recording.inspector, store, recovery->after, &verdict);
        recovery->acknowledged = tl_simdisk_op_count(disk);
        tl_inspect_abandon(&sweep->recording.inspector, store);
    }
    if (!fine)
        note_finding(sweep, kill, &allowed, &verdict);
    return fine;
}

/* What may be there after the power failed at entry `nested` of the recovery.  A recovery that has
 * returned showed its content to somebody: under durability commit that content must stay. */
static tl_allowed nested_allowed(const tl_sweep *sweep, const tl_case *where)
{
    const tl_recovery *recovery = &sweep->recovery;
    bool keeps = power_keeps_acknowledged(sweep);
    tl_allowed allowed = tl_trace_allowed(&sweep->recording.trace, where->point, keeps);
    allowed.corrupt = sweep->options->durability == TL_DURABILITY_NONE;
    allowed.again = where->nested >= recovery->begun;
    allowed.after = recovery->after;
    if (keeps && where->nested >= recovery->acknowledged) {
        allowed.low = 1; /* no prefix: only what came after it */
        allowed.high = 0;
    } else if (keeps && where->nested >= recovery->opened) {
        allowed.low = allowed.high = recovery->found.n;
    }
    return allowed;
}

static tl_status nested_states(tl_sweep *sweep, const tl_case *kill)
{
    const tl_case *only = sweep->options->only;
    tl_case where = *kill;
    tl_status status = tl_crash_walk_rewind(sweep->recovery_walk);
    size_t op_count = tl_simdisk_op_count(sweep->recovery_disk);
    for (where.nested = 1; where.nested <= op_count && status == TL_OK; where.nested++) {
        status = tl_crash_walk_to(sweep->recovery_walk, where.nested);
        if (status != TL_OK || !budget_is_left(sweep))
            break;
        if (only != NULL && only->nested != where.nested)
            continue;
        tl_allowed allowed = nested_allowed(sweep, &where);
        uint32_t mark = tl_simdisk_mark(sweep->state_disk);
        tl_hash128 hash;
        status = tl_crash_load(sweep->recovery_walk, TL_CRASH_UNSYNCED_DROPPED, 0,
                               sweep->state_disk, &hash);
        if (status == TL_OK)
            status = inspect_state(sweep, &where, &allowed, hash);
        tl_simdisk_release(sweep->state_disk, mark);
    }
    return status;
}

static tl_status killed_state(tl_sweep *sweep, const tl_case *kill)
{
    uint32_t mark = tl_simdisk_mark(sweep->recovery_disk);
    tl_hash128 hash;
    tl_status status =
        tl_crash_load(sweep->walk, kill->variant, kill->index, sweep->recovery_disk, &hash);
    if (status == TL_OK && record_recovery(sweep, kill))
        status = nested_states(sweep, kill);
    if (sweep->options->only != NULL && sweep->options->only->nested == 0)
        sweep->result->states++; /* the kill alone was asked for, and has been looked at */
    tl_simdisk_release(sweep->recovery_disk, mark);
    return status;
}

/* All states of one variant at the point the walk is at. */
static tl_status sweep_variant(tl_sweep *sweep, size_t point, tl_crash_variant variant)
{
    const tl_case *only = sweep->options->only;
    size_t state_count = tl_crash_state_count(sweep->walk, variant);
    for (size_t index = 0; index < state_count && budget_is_left(sweep); index++) {
        tl_case where = {.variant = variant, .point = point, .index = index};
        if (only != NULL && only->index != index)
            continue;
        tl_status status = variant == TL_CRASH_KILL_THEN_POWER_LOSS ? killed_state(sweep, &where)
                                                                    : plain_state(sweep, &where);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

static tl_status sweep_points(tl_sweep *sweep)
{
    const tl_sweep_options *options = sweep->options;
    size_t op_count = tl_simdisk_op_count(sweep->recording.trace.disk);
    for (size_t point = 0; point <= op_count; point++) {
        tl_status status = tl_crash_walk_to(sweep->walk, point);
        if (status != TL_OK)
            return status;
        if (options->only != NULL ? options->only->point != point
                                  : options->stride > 1 && point % options->stride != 0)
            continue;
        for (unsigned v = 0; v < TL_CRASH_VARIANT_COUNT; v++) {
            bool wanted = options->only != NULL ? options->only->variant == (tl_crash_variant)v
                                                : options->variants[v];
            if (wanted && budget_is_left(sweep))
                status = sweep_variant(sweep, point, (tl_crash_variant)v);
            if (status != TL_OK)
                return status;
        }
        if (sweep->stopped)
            return TL_OK;
        sweep->result->points++;
        if (options->on_progress != NULL)
            options->on_progress(options->context, point, op_count + 1);
    }
    return TL_OK;
}

tl_recording_spec tl_sweep_recording(const tl_sweep_options *options)
{
    return (tl_recording_spec){
        .driver = options->driver,
        .settings = options->settings,
        .setting_count = options->setting_count,
        .durability = options->durability,
        .page_bytes = options->page_bytes,
        .history = options->history,
        .seed = options->seed,
        .commits = options->commits,
        .arena = options->arena,
    };
}

static tl_status sweep_prepare(tl_sweep *sweep)
{
    const tl_sweep_options *options = sweep->options;
    tl_recording_spec spec = tl_sweep_recording(options);
    tl_status status = tl_recording_make(&spec, &sweep->recording, sweep->result->error,
                                         sizeof sweep->result->error);
    if (status == TL_OK)
        status = tl_simdisk_create_beside(sweep->recording.trace.disk, TL_SIMDISK_ONE_THREAD,
                                          &sweep->state_disk);
    if (status == TL_OK)
        status = tl_simdisk_create_beside(sweep->recording.trace.disk,
                                          TL_SIMDISK_ONE_THREAD | TL_SIMDISK_RECORD,
                                          &sweep->recovery_disk);
    if (status == TL_OK)
        status = tl_crash_walk_create(sweep->recording.trace.disk, &sweep->walk);
    if (status == TL_OK)
        status = tl_crash_walk_create(sweep->recovery_disk, &sweep->recovery_walk);
    return status;
}

static void sweep_release(tl_sweep *sweep)
{
    tl_crash_walk_destroy(sweep->walk);
    tl_crash_walk_destroy(sweep->recovery_walk);
    tl_simdisk_destroy(sweep->recovery_disk);
    tl_simdisk_destroy(sweep->state_disk);
    tl_recording_clear(&sweep->recording);
    tl_hashset_clear(&sweep->seen);
}

tl_status tl_sweep_run(const tl_sweep_options *options, tl_sweep_result *result)
{
    *result = (tl_sweep_result){0};
    tl_sweep sweep = {.options = options, .result = result};
    tl_status status = sweep_prepare(&sweep);
    if (status == TL_OK) {
        result->counters = sweep.recording.trace.counters;
        result->commits = sweep.recording.trace.commits;
        result->io_ops = tl_simdisk_op_count(sweep.recording.trace.disk);
        result->writes = sweep.recording.trace.writes;
        result->syncs = sweep.recording.trace.syncs;
        sweep.started_ns = now_ns();
        status = sweep_points(&sweep);
        result->elapsed_ns = now_ns() - sweep.started_ns;
        result->complete = status == TL_OK && !sweep.stopped && options->stride <= 1;
    }
    if (status == TL_OK && options->only != NULL && result->states + result->findings == 0) {
        status = TL_INVALID;
        snprintf(result->error, sizeof result->error, "this sweep has no such state");
    }
    if (status != TL_OK && result->error[0] == '\0')
        snprintf(result->error, sizeof result->error, "%s", tl_status_text(status));
    sweep_release(&sweep);
    return status;
}
