/* harness/check/faultsweep_after.c -- what is left after a run with a fault.
 *
 * The next process on the same machine sees the cache: it opens, shows one allowed prefix, commits.
 * After a failed sync the disk may have less than the cache.  So the log from the failed sync to
 * that process's commit is walked through, and at each entry the power is cut.
 */
#include "harness/check/contract.h"
#include "harness/check/faultsweep_body.h"

#include "harness/fault/crash.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct next_life { /* what the process after the run did, in log entries */
    size_t opened, acknowledged;
    tl_content found, after;
} next_life;

/* A sync that succeeded and was not one: the store could not know. */
static bool disk_lied(const tl_fault_run *run)
{
    return run->class_ != NULL && run->class_->source == TL_FAULT_SYNC &&
           run->class_->failure == TL_SYNC_FAILED_LATE;
}

/* Where commits need not be durable, a cache that goes back to what the disk has takes some away.
 */
static bool cache_reverted(const tl_fault_run *run)
{
    return run->class_ != NULL && run->class_->source == TL_FAULT_SYNC &&
           run->class_->failure == TL_SYNC_FAILED_REVERTED &&
           run->sweep->options->durability != TL_DURABILITY_COMMIT;
}

static tl_allowed prefixes(const tl_fault_run *run)
{
    return (tl_allowed){.low = cache_reverted(run) ? 0 : run->acked,
                        .high = run->unknown ? run->begun : run->acked};
}

/* What a lying disk took may be missing, and the store may say so; it may not answer wrongly. */
static bool is_forgiven(const tl_fault_run *run, const tl_verdict *verdict)
{
    if (!disk_lied(run))
        return false;
    switch (verdict->rule) {
    case TL_RULE_OPENS: /* not even the first bytes of the file may have arrived */
        return verdict->status == TL_CORRUPT || verdict->status == TL_NOT_OURS;
    case TL_RULE_STRUCTURE:
    case TL_RULE_READABLE:
    case TL_RULE_WRITABLE:
        return verdict->status == TL_CORRUPT;
    case TL_RULE_LOST_COMMITTED:
        return true;
    default:
        return false;
    }
}

static void judge(tl_fault_run *run, const tl_verdict *verdict, const char *when)
{
    if (run->plan != NULL)
        run->sweep->result->classes[run->plan->class_].states++;
    run->sweep->result->states += run->plan != NULL;
    if (verdict->rule != TL_RULE_NONE && !is_forgiven(run, verdict))
        tl_fault_broken(run, tl_rule_name(verdict->rule), "%s: %s", when, verdict->text);
}

/* Open, look, commit once more, and die.  False: there is no such store, which is noted. */
static bool live_on(tl_fault_run *run, next_life *life)
{
    const tl_inspector *inspector = &run->sweep->inspector;
    tl_allowed allowed = prefixes(run);
    tl_verdict verdict;
    tl_store *store = NULL;
    bool fine = tl_inspect_open(inspector, tl_simdisk_io(run->disk), &allowed, &store, &verdict);
    if (fine) {
        life->opened = tl_simdisk_op_count(run->disk);
        life->found = verdict.content;
        life->after = (tl_content){verdict.content.n, verdict.content.round + 1};
        fine = tl_inspect_write(inspector, store, life->after, &verdict);
        life->acknowledged = tl_simdisk_op_count(run->disk);
        tl_inspect_abandon(inspector, store);
    }
    judge(run, &verdict, "the next process");
    return fine;
}

/* What may be there after a power loss at this entry of the log. */
static tl_allowed allowed_at(const tl_fault_run *run, const next_life *life, size_t at)
{
    const tl_fault_sweep *sweep = run->sweep;
    const tl_faultsweep_options *options = sweep->options;
    const tl_contract_case whose = {.driver = options->driver->name,
                                    .settings = options->settings,
                                    .setting_count = options->setting_count,
                                    .durability = options->durability,
                                    .profile = TL_PROFILE_JOURNAL};
    const tl_contract contract = tl_contract_find(tl_contracts_builtin(), &whose);
    bool keeps = contract.durable == TL_DURABLE_ACK && !disk_lied(run);
    tl_allowed allowed = {.again = at >= life->opened, .after = life->after};
    allowed.corrupt = contract.refuses;
    for (size_t n = 1; n <= run->begun && sweep->begun_at[n] <= at; n++) {
        allowed.high = n;
        if (keeps && n <= run->acked && sweep->acked_at[n] <= at)
            allowed.low = n;
    }
    if (keeps && at >= life->acknowledged) {
        allowed.low = 1; /* no prefix: only what came after it */
        allowed.high = 0;
    } else if (keeps && at >= life->opened) {
        allowed.low = allowed.high = life->found.n;
    }
    return allowed;
}

static size_t first_failed_sync(const tl_simdisk *disk)
{
    size_t count = tl_simdisk_op_count(disk), at = 0;
    while (at < count && tl_simdisk_op_at(disk, at)->kind != TL_SIMDISK_SYNC_FAILED)
        at++;
    return at;
}

/* What of the unsynced arrives is the disk's choice: nothing, the names alone, or all that a failed
 * sync has not given up. */
static tl_status cut_power(tl_fault_run *run, const next_life *life, tl_crash_walk *walk,
                           tl_simdisk *state, size_t at)
{
    size_t state_count = tl_crash_state_count(walk, TL_CRASH_UNSYNCED_DROPPED);
    tl_status status = TL_OK;
    for (size_t i = 0; i <= state_count && status == TL_OK && !run->broken; i++) {
        char when[64];
        tl_hash128 hash;
        tl_verdict verdict;
        tl_allowed allowed = allowed_at(run, life, at);
        uint32_t mark = tl_simdisk_mark(state);
        status = i == state_count ? tl_crash_load_but_for_lost(walk, state)
                                  : tl_crash_load(walk, TL_CRASH_UNSYNCED_DROPPED, i, state, &hash);
        if (status == TL_OK) {
            snprintf(when, sizeof when, "power loss at entry %zu.%zu", at, i);
            tl_inspect(&run->sweep->inspector, tl_simdisk_io(state), &allowed, at % 2 == 0,
                       &verdict);
            judge(run, &verdict, when);
        }
        tl_simdisk_release(state, mark);
    }
    return status;
}

/* Every entry from the failed sync on; of a run in which more syncs failed, the last one only. */
static tl_status cut_power_everywhere(tl_fault_run *run, const next_life *life)
{
    tl_crash_walk *walk = NULL;
    tl_simdisk *state = NULL;
    size_t count = tl_simdisk_op_count(run->disk);
    size_t first = run->plan->sticky ? count : first_failed_sync(run->disk);
    tl_status status = tl_simdisk_create_beside(run->disk, TL_SIMDISK_ONE_THREAD, &state);
    if (status == TL_OK)
        status = tl_crash_walk_create(run->disk, &walk);
    for (size_t at = first; at <= count && status == TL_OK && !run->broken; at++) {
        status = tl_crash_walk_to(walk, at);
        if (status == TL_OK)
            status = cut_power(run, life, walk, state, at);
    }
    tl_crash_walk_destroy(walk);
    tl_simdisk_destroy(state);
    return status;
}

/* A file that could not be written for a while: what was acknowledged meanwhile is only in others.
 * The power is cut behind each acknowledged commit. */
static tl_status cut_power_behind_commits(tl_fault_run *run)
{
    const next_life none = {.opened = SIZE_MAX, .acknowledged = SIZE_MAX};
    tl_crash_walk *walk = NULL;
    tl_simdisk *state = NULL;
    tl_status status = tl_simdisk_create_beside(run->disk, TL_SIMDISK_ONE_THREAD, &state);
    if (status == TL_OK)
        status = tl_crash_walk_create(run->disk, &walk);
    for (size_t n = 1; n <= run->acked && status == TL_OK && !run->broken; n++) {
        size_t at = run->sweep->acked_at[n];
        status = tl_crash_walk_to(walk, at);
        if (status == TL_OK)
            status = cut_power(run, &none, walk, state, at);
    }
    tl_crash_walk_destroy(walk);
    tl_simdisk_destroy(state);
    return status;
}

enum { SLACK_PAGES = 24 }; /* where things lie may differ, and with it the end that is cut off */

/* A disk that was full for a moment leaves no lasting mark: the files end about as they would have.
 * Single pages that nobody can reach are the verifier's business. */
static void check_space(tl_fault_run *run)
{
    uint64_t clean = run->sweep->clean_bytes, used = tl_simdisk_used_bytes(run->disk);
    uint64_t slack = (uint64_t)SLACK_PAGES * run->sweep->options->page_bytes;
    if (run->acked == run->sweep->options->commits && used > clean + slack)
        tl_fault_broken(run, "space",
                        "the files end with %" PRIu64 " bytes, without the fault "
                        "with %" PRIu64,
                        used, clean);
}

tl_status tl_fault_aftermath(tl_fault_run *run)
{
    next_life life = {0};
    tl_fault_heal(run);
    if (run->broken)
        return TL_OK;
    if (run->class_ != NULL && run->class_->source == TL_FAULT_QUOTA)
        check_space(run);
    if (run->class_ != NULL && run->class_->source == TL_FAULT_SYNC) {
        if (run->fired == 0 || !live_on(run, &life))
            return TL_OK;
        tl_status status = cut_power_everywhere(run, &life);
        if (status != TL_OK || run->broken)
            return status;
    }
    if (run->class_ != NULL && run->class_->source == TL_FAULT_FILE && run->fired != 0) {
        tl_status status = cut_power_behind_commits(run);
        if (status != TL_OK || run->broken)
            return status;
    }
    tl_allowed allowed = prefixes(run);
    allowed.again = life.acknowledged != 0;
    allowed.after = life.after;
    tl_verdict verdict;
    tl_inspect(&run->sweep->inspector, tl_simdisk_io(run->disk), &allowed,
               run->plan == NULL || run->plan->nth % 2 == 0, &verdict);
    judge(run, &verdict, "the next process");
    return TL_OK;
}
