/* harness/check/faultsweep_run.c -- one run: a history in two lives, with one fault in it.
 *
 * The first refusal that the store tells of ends the fault: the disk works again from there on.
 * Then what was acknowledged must be readable, and the refused step is tried once more; the answer
 * is the store's policy.
 */
#include "harness/check/faultsweep_body.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static const tl_driver *driver_of(const tl_fault_run *run)
{
    return run->sweep->options->driver;
}

void tl_fault_broken(tl_fault_run *run, const char *rule, const char *format, ...)
{
    const tl_faultsweep_options *options = run->sweep->options;
    if (run->broken)
        return; /* the first rule that is broken is the verdict */
    run->broken = true;
    tl_fault_finding finding = {.rule = rule};
    if (run->plan != NULL)
        finding.where = *run->plan;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding.text, sizeof finding.text, format, arguments);
    va_end(arguments);
    if (run->plan == NULL)
        snprintf(run->sweep->result->error, sizeof run->sweep->result->error, "%s", finding.text);
    else if (options->on_finding != NULL)
        options->on_finding(options->context, &finding);
}

bool tl_fault_fired(const tl_fault_run *run)
{
    return run->fired + tl_simdisk_faults_fired(run->disk) + run->sweep->memory.fired != 0;
}

void tl_fault_heal(tl_fault_run *run)
{
    run->fired += tl_simdisk_faults_fired(run->disk) + run->sweep->memory.fired;
    tl_simdisk_clear_faults(run->disk);
    tl_fault_memory_fail(&run->sweep->memory, 0, false);
    run->healed = true;
}

/* Any refusal is one of the fault itself, or of what it led to.  False: a finding. */
static bool refusal_is_documented(tl_fault_run *run, tl_status status, const char *call)
{
    bool expected = run->class_ != NULL && tl_fault_fired(run) &&
                    (status == run->class_->status || status == TL_IO || status == TL_POISONED);
    run->refused = true;
    run->in_place = run->in_place || run->open;
    if (!expected)
        tl_fault_broken(run, "status", "%s says %s (%s)", call, tl_status_name(status),
                        tl_status_text(status));
    return expected;
}

static bool sum_record(void *context, tl_slice key, tl_slice value)
{
    tl_truth *sum = context;
    sum->count++;
    sum->hash += tl_record_hash(key, value);
    return true;
}

/* Does the txn show exactly commit n?  A read that is refused is another matter than a wrong one:
 * *status tells. */
static bool shows(tl_fault_run *run, tl_store_txn *txn, size_t n, tl_status *status)
{
    tl_truth seen = {0, 0};
    *status = driver_of(run)->scan(txn, (tl_slice){NULL, 0}, sum_record, &seen);
    tl_truth truth = tl_oracle_truth(run->sweep->oracle, (tl_content){n, 0});
    return *status == TL_OK && truth.count == seen.count && truth.hash == seen.hash;
}

static void check_snapshot(tl_fault_run *run)
{
    tl_status status = TL_OK;
    if (run->snapshot == NULL || run->broken ||
        shows(run, run->snapshot, run->snapshot_of, &status))
        return;
    if (status == TL_OK)
        tl_fault_broken(run, "snapshot", "a snapshot of commit %zu does not show it any more",
                        run->snapshot_of);
    else if (refusal_is_documented(run, status, "reading a snapshot") && run->healed)
        run->dead = true;
}

/* A new reader sees the last acknowledged commit.  While things still fail the read itself may be
 * refused, and once they work no more. */
static void check_reads(tl_fault_run *run)
{
    tl_store_txn *txn = NULL;
    bool right = false;
    if (run->broken || run->dead)
        return;
    tl_status status = driver_of(run)->begin(run->store, true, &txn);
    if (status == TL_OK) {
        right = shows(run, txn, run->acked, &status);
        driver_of(run)->abort(txn);
    }
    if (right)
        return;
    if (status == TL_OK)
        tl_fault_broken(run, "reads", "a reader does not see commit %zu, which was acknowledged",
                        run->acked);
    else if (refusal_is_documented(run, status, "a read") && run->healed)
        run->dead = true;
}

static tl_status apply_ops(tl_fault_run *run, tl_store_txn *txn, size_t n)
{
    uint8_t key[TL_ORACLE_KEY_MAX], value[TL_ORACLE_VALUE_MAX];
    const tl_oracle *oracle = run->sweep->oracle;
    size_t op_count = 0;
    const tl_oracle_op *ops = tl_oracle_ops(oracle, n, &op_count);
    for (size_t i = 0; i < op_count; i++) {
        tl_slice name = tl_oracle_key(oracle, &ops[i], key);
        tl_status status = ops[i].del
                               ? driver_of(run)->del(txn, name)
                               : driver_of(run)->put(txn, name, tl_oracle_value(&ops[i], value), 0);
        if (status != TL_OK && !(ops[i].del && status == TL_NOT_FOUND))
            return status;
    }
    return TL_OK;
}

/* Commit n of the history, once. */
static tl_status try_commit(tl_fault_run *run, size_t n)
{
    const tl_driver *driver = driver_of(run);
    tl_store_txn *txn = NULL;
    tl_status status = driver->begin(run->store, false, &txn);
    if (status != TL_OK)
        return status;
    status = apply_ops(run, txn, n);
    if (status != TL_OK) {
        driver->abort(txn);
        return status;
    }
    if (run->begun < n)
        run->sweep->begun_at[n] = tl_simdisk_op_count(run->disk);
    run->begun = n;
    status = driver->commit(txn);
    bool said_nothing_happened = status == TL_NO_SPACE || status == TL_NO_MEMORY;
    run->unknown = status != TL_OK && (run->unknown || !said_nothing_happened);
    if (status == TL_OK) {
        run->acked = n;
        run->sweep->acked_at[n] = tl_simdisk_op_count(run->disk);
    } else if (!run->unknown) {
        run->begun = n - 1;
    }
    return status;
}

/* The store refused commit n, with a disk that works.  It may refuse for good, and then does. */
static void try_again(tl_fault_run *run, size_t n)
{
    tl_status status = try_commit(run, n);
    if (status == TL_OK || run->broken)
        return;
    if (run->plan != NULL && run->class_->source == TL_FAULT_QUOTA)
        tl_fault_broken(run, "space", "there is room again, and commit %zu is refused: %s", n,
                        tl_status_name(status));
    if (!refusal_is_documented(run, status, "the commit, tried again,"))
        return;
    run->sticky = true;
    if (try_commit(run, n) == TL_OK)
        tl_fault_broken(run, "sticky", "refused twice, and then taken: commit %zu", n);
}

enum { REFUSALS = 4 };

/* A full disk refuses as often as it is asked, and nothing happens each time. */
static void be_refused_again(tl_fault_run *run, size_t n)
{
    if (run->class_ == NULL || run->class_->source != TL_FAULT_QUOTA)
        return;
    for (unsigned i = 0; i < REFUSALS && !run->broken && run->acked < n; i++) {
        tl_status status = try_commit(run, n);
        if (status != TL_OK)
            (void)refusal_is_documented(run, status, "a commit, asked for again,");
    }
}

/* Something was refused: what works before the disk does again, and after? */
static void look_around(tl_fault_run *run, size_t next)
{
    check_snapshot(run);
    check_reads(run);
    be_refused_again(run, next);
    tl_fault_heal(run);
    check_snapshot(run);
    check_reads(run);
    if (!run->broken && !run->dead && run->acked < next)
        try_again(run, next);
    if (!run->broken && !run->dead)
        check_reads(run);
}

static void snapshot_begin(tl_fault_run *run)
{
    if ((driver_of(run)->capabilities & TL_DRIVER_TRANSACTIONS) == 0)
        return;
    tl_status status = driver_of(run)->begin(run->store, true, &run->snapshot);
    if (status != TL_OK && refusal_is_documented(run, status, "begin of a snapshot")) {
        tl_fault_heal(run);
        status = driver_of(run)->begin(run->store, true, &run->snapshot);
        run->dead = status != TL_OK;
    }
    run->snapshot_of = run->acked;
    if (status != TL_OK)
        run->snapshot = NULL;
}

static void snapshot_end(tl_fault_run *run)
{
    check_snapshot(run);
    if (run->snapshot != NULL)
        driver_of(run)->abort(run->snapshot);
    run->snapshot = NULL;
}

static bool goes_on(const tl_fault_run *run)
{
    return !run->broken && !run->sticky && !run->dead;
}

static void checkpoint(tl_fault_run *run)
{
    if (driver_of(run)->checkpoint == NULL || run->acked == run->sweep->options->commits)
        return;
    tl_status status = driver_of(run)->checkpoint(run->store);
    if (status != TL_OK && refusal_is_documented(run, status, "the checkpoint"))
        look_around(run, run->acked + 1);
}

/* False: the store cannot be opened, which is a finding. */
static bool open_store(tl_fault_run *run)
{
    char error[160] = "";
    tl_driver_options options = run->sweep->inspector.options;
    options.error = error;
    options.error_bytes = sizeof error;
    tl_status status = driver_of(run)->open(&options, &run->store);
    if (status == TL_OK)
        return true;
    if (!refusal_is_documented(run, status, "open"))
        return false;
    if (tl_simdisk_open_count(run->disk) != 0 || run->sweep->memory.live_count != 0)
        tl_fault_broken(run, "leaks", "a refused open leaves %zu files and %" PRIu64 " blocks",
                        tl_simdisk_open_count(run->disk), run->sweep->memory.live_count);
    tl_fault_heal(run);
    status = driver_of(run)->open(&options, &run->store);
    if (status != TL_OK)
        tl_fault_broken(run, "opens", "the disk works again, and open says %s: %s",
                        tl_status_name(status), error);
    return status == TL_OK;
}

static void close_store(tl_fault_run *run)
{
    snapshot_end(run);
    run->open = false;
    tl_status status = driver_of(run)->close(run->store);
    if (status == TL_BUSY) {
        tl_fault_broken(run, "closes", "close says TL_BUSY, and no transaction is open");
        if (driver_of(run)->abandon != NULL)
            driver_of(run)->abandon(run->store);
    } else if (status != TL_OK) {
        (void)refusal_is_documented(run, status, "close");
    }
    run->store = NULL;
    const tl_fault_memory *memory = &run->sweep->memory;
    size_t open_count = tl_simdisk_open_count(run->disk);
    if (open_count != 0 || memory->live_count != 0 || memory->mismatches != 0)
        tl_fault_broken(run, "leaks",
                        "closed, and %zu files or locks and %" PRIu64 " blocks stay behind",
                        open_count, memory->live_count);
}

enum { READ_EVERY = 4 };

/* Commits up to `last`; a snapshot from the first third of the life to the last third of it. */
static void one_life(tl_fault_run *run, size_t last)
{
    size_t first = run->acked + 1, length = last + 1 - first;
    run->open = open_store(run);
    if (!run->open)
        return;
    if (run->fired != 0)
        check_reads(run);
    for (size_t n = first; n <= last && goes_on(run); n++) {
        if (n == first + length / 3)
            snapshot_begin(run);
        if (n == first + length / 2)
            checkpoint(run);
        if (goes_on(run) && run->acked < n) {
            tl_status status = try_commit(run, n);
            if (status != TL_OK && refusal_is_documented(run, status, "a commit"))
                look_around(run, n);
        }
        if (n == first + 2 * length / 3)
            snapshot_end(run);
        if (n % READ_EVERY == 0)
            check_reads(run);
    }
    close_store(run);
}

void tl_fault_live(tl_fault_run *run)
{
    size_t commits = run->sweep->options->commits;
    one_life(run, commits - commits / 3);
    if (goes_on(run) && commits / 3 != 0)
        one_life(run, commits);
}
