/* harness/check/tests/mutant_calls.c -- see mutant_calls.h. */
#define _GNU_SOURCE
#include "harness/check/tests/mutant_calls.h"
#include "harness/check/standard.h"
#include "harness/check/trace.h"
#include "harness/drivers/drivers.h"
#include "harness/run/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- between the engine and the kernel ---- */

typedef enum call { CALL_OPEN, CALL_PREAD, CALL_PWRITEV, CALL_FDATASYNC, CALLS } call;
static const char *const call_names[CALLS] = {"open", "pread", "pwritev", "fdatasync"};

typedef enum cut { CUT_INTERRUPTED, CUT_ONE_BYTE, CUT_SECTOR_LESS_ONE, CUT_HALF, CUTS } cut;
static const char *const cut_names[CUTS] = {"interrupted", "one_byte", "sector_less_one", "half"};

/* Touched by the one thread of this sweep while `armed`, by nobody otherwise. */
static struct {
    bool armed;
    call call;
    cut cut;
    uint64_t nth; /* 0: none */
    uint64_t counts[CALLS];
} plan;

/* The real ones, as the linker calls them. */
int __real_open(const char *path, int flags, ...);
ssize_t __real_pread(int descriptor, void *buffer, size_t bytes, off_t offset);
ssize_t __real_pwritev(int descriptor, const struct iovec *vectors, int count, off_t offset);
int __real_fdatasync(int descriptor);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_pread(int descriptor, void *buffer, size_t bytes, off_t offset);
ssize_t __wrap_pwritev(int descriptor, const struct iovec *vectors, int count, off_t offset);
int __wrap_fdatasync(int descriptor);

static bool is_its_turn(call made)
{
    return plan.armed && ++plan.counts[made] == plan.nth && made == plan.call;
}

static bool is_interrupted(void)
{
    errno = EINTR;
    return plan.cut == CUT_INTERRUPTED;
}

static size_t part_of(size_t bytes)
{
    size_t wanted = plan.cut == CUT_ONE_BYTE          ? 1
                    : plan.cut == CUT_SECTOR_LESS_ONE ? 511
                                                      : (bytes + 1) / 2;
    return wanted < bytes ? wanted : bytes;
}

int __wrap_open(const char *path, int flags, ...)
{
    if (is_its_turn(CALL_OPEN) && is_interrupted())
        return -1;
    return __real_open(path, flags, 0644);
}

ssize_t __wrap_pread(int descriptor, void *buffer, size_t bytes, off_t offset)
{
    if (!is_its_turn(CALL_PREAD))
        return __real_pread(descriptor, buffer, bytes, offset);
    return is_interrupted() ? -1 : __real_pread(descriptor, buffer, part_of(bytes), offset);
}

ssize_t __wrap_pwritev(int descriptor, const struct iovec *vectors, int count, off_t offset)
{
    enum { VECTORS_MAX = 1024 };
    struct iovec some[VECTORS_MAX];
    size_t bytes = 0;
    int kept = 0;
    if (!is_its_turn(CALL_PWRITEV) || count > VECTORS_MAX)
        return __real_pwritev(descriptor, vectors, count, offset);
    if (is_interrupted())
        return -1;
    for (int i = 0; i < count; i++)
        bytes += vectors[i].iov_len;
    for (bytes = part_of(bytes); kept < count && bytes > 0; kept++) {
        some[kept] = vectors[kept];
        some[kept].iov_len = vectors[kept].iov_len < bytes ? vectors[kept].iov_len : bytes;
        bytes -= some[kept].iov_len;
    }
    return __real_pwritev(descriptor, some, kept, offset);
}

int __wrap_fdatasync(int descriptor)
{
    if (!plan.armed)
        return __real_fdatasync(descriptor);
    return is_its_turn(CALL_FDATASYNC) && is_interrupted() ? -1 : 0; /* nobody pulls the plug */
}

/* ---- a run ---- */

enum { COMMITS = 18, FIRST_LIFE = 12, PAGE_BYTES = 1024, PATH_BYTES = 64 };

typedef struct world { /* one store on real files */
    tl_probe *probe;
    tl_inspector inspector;
    tl_oracle *oracle;
    const char *protocol;
    char base[PATH_BYTES], dir[PATH_BYTES + 4]; /* base/db is made anew for each run */
} world;

typedef struct life_sum {
    tl_status status; /* the first that was not TL_OK */
    size_t begun, acked;
} life_sum;

static void commit_next(const world *at, tl_store *store, life_sum *sum)
{
    tl_store_txn *txn = NULL;
    sum->status = tl_trace_apply(&at->inspector, store, sum->acked + 1, &txn);
    if (sum->status != TL_OK)
        return;
    sum->begun = sum->acked + 1;
    sum->status = at->inspector.driver->commit(txn);
    sum->acked += sum->status == TL_OK;
}

/* Two processes, the first of them killed, the second closes. */
static life_sum live(const world *at)
{
    life_sum sum = {.status = TL_OK};
    for (unsigned life = 0; life < 2 && sum.status == TL_OK; life++) {
        tl_store *store = NULL;
        sum.status = at->inspector.driver->open(&at->inspector.options, &store);
        if (sum.status != TL_OK)
            break;
        while (sum.status == TL_OK && sum.acked < (life == 0 ? FIRST_LIFE : COMMITS))
            commit_next(at, store, &sum);
        if (life == 0 || sum.status != TL_OK)
            tl_inspect_abandon(&at->inspector, store);
        else
            sum.status = at->inspector.driver->close(store);
    }
    return sum;
}

static bool dir_make_anew(const world *at)
{
    return tl_directory_remove(at->dir) == TL_OK && mkdir(at->dir, 0700) == 0;
}

static void tell(const world *at, const char *rule, const char *text)
{
    char where[TL_PROBE_WHERE_BYTES];
    snprintf(where, sizeof where, "%s/%s:%" PRIu64 ":%s", at->protocol, call_names[plan.call],
             plan.nth, cut_names[plan.cut]);
    tl_probe_found(at->probe, where, rule, text);
}

/* With the plan: nothing may be refused but by a sync that was interrupted, which nobody knows to
 * have done its work; and what was acknowledged is there. */
static void run_once(const world *at)
{
    tl_verdict verdict;
    if (!dir_make_anew(at)) {
        tl_probe_unfit(at->probe, "the directory of the store cannot be made");
        return;
    }
    plan.counts[CALL_OPEN] = plan.counts[CALL_PREAD] = plan.counts[CALL_PWRITEV] =
        plan.counts[CALL_FDATASYNC] = 0;
    plan.armed = true;
    life_sum sum = live(at);
    plan.armed = false;
    atomic_fetch_add(&at->probe->states, 1);
    if (sum.status != TL_OK && (plan.nth == 0 || plan.call != CALL_FDATASYNC)) {
        tell(at, "history", tl_status_text(sum.status));
        return;
    }
    tl_allowed allowed = {.low = sum.acked, .high = sum.begun};
    tl_inspect(&at->inspector, NULL, &allowed, true, &verdict);
    if (verdict.rule != TL_RULE_NONE)
        tell(at, tl_rule_name(verdict.rule), verdict.text);
}

static void each_call(const world *at)
{
    uint64_t made[CALLS];
    plan.nth = 0;
    run_once(at); /* counts them */
    for (unsigned c = 0; c < CALLS; c++)
        made[c] = plan.counts[c];
    for (unsigned c = CALLS; c-- > 0;)
        for (unsigned w = 0; w < CUTS; w++) {
            if ((c == CALL_OPEN || c == CALL_FDATASYNC) && w != CUT_INTERRUPTED)
                continue; /* they do no part */
            for (uint64_t nth = 1; nth <= made[c]; nth += at->probe->stride) {
                if (at->probe->found || at->probe->unfit)
                    return;
                plan.call = (call)c;
                plan.cut = (cut)w;
                plan.nth = nth;
                run_once(at);
            }
        }
}

static bool base_make(world *at)
{
    static const char *const parents[] = {"/dev/shm", "/tmp"}; /* the first is memory */
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        snprintf(at->base, sizeof at->base, "%s/treelab-calls-XXXXXX", parents[i]);
        if (mkdtemp(at->base) != NULL) {
            snprintf(at->dir, sizeof at->dir, "%s/db", at->base);
            return true;
        }
    }
    return false;
}

void mutant_calls(tl_probe *probe)
{
    world at = {.probe = probe};
    tl_oracle_spec spec = {TL_STANDARD_SEED, PAGE_BYTES, COMMITS, NULL};
    if (!base_make(&at) || tl_oracle_create(&spec, &at.oracle) != TL_OK) {
        tl_probe_unfit(probe, "no directory or no memory");
        return;
    }
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS && !probe->found && !probe->unfit; p++) {
        tl_standard_settings standard;
        at.protocol = tl_standard_protocols[p];
        tl_standard_settings_fill(&standard, at.protocol, PAGE_BYTES);
        at.inspector = (tl_inspector){
            .driver = &tl_driver_tree,
            .oracle = at.oracle,
            .options = {.dir = at.dir,
                        .durability = TL_DURABILITY_COMMIT,
                        .page_bytes = PAGE_BYTES,
                        .map_bytes = TL_STANDARD_ARENA_BYTES,
                        .seed = TL_STANDARD_SEED,
                        .deterministic = true,
                        .settings = standard.settings,
                        .setting_count = TL_STANDARD_SETTINGS},
        };
        each_call(&at);
    }
    probe->complete = !probe->found && !probe->unfit;
    (void)tl_directory_remove(at.base);
    tl_oracle_destroy(at.oracle);
}
