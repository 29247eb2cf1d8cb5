/* harness/check/damage.c -- see damage.h.
 *
 * The child writes a verdict for every case into memory it shares with its parent, and a message
 * for each finding, and now and then for progress, into a pipe.  When it ends early, the shared
 * memory still tells which case it was at, and in which read path.
 */
#include "harness/check/damage.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PROGRESS_EVERY = 512,
    CPU_SECONDS_MAX = 60, /* for so many cases: a loop without I/O is no other way to be found */
    CRASHES_MAX = 1000,   /* each costs a process; nobody needs more */
};

typedef struct short_verdict { /* what is kept of every case */
    uint8_t outcome, region, live, asked, noticed;
} short_verdict;

typedef struct shared {
    volatile uint64_t at;    /* the case being judged */
    volatile uint8_t stage;  /* the path being asked */
    volatile uint8_t stop;   /* the parent wants no more */
    volatile int32_t status; /* of the harness, when the child gives up */
    short_verdict verdicts[];
} shared;

typedef struct message {
    uint64_t at;
    bool finding;
    tl_damage_verdict verdict;
} message;

typedef struct damage_run {
    const tl_damage_options *options;
    tl_damage_result *result;
    tl_oracle *oracle;
    tl_damage_image image;
    tl_damage_map map;
    tl_damage_target target;
    tl_damage_judge *judge;
    tl_damage_case only;
    uint64_t takes[TL_DAMAGE_KIND_COUNT]; /* cases of each kind to judge */
    uint64_t total;
    shared *shared;
    size_t shared_bytes;
} damage_run;

void tl_damage_interval(uint64_t count, uint64_t total, double *low, double *high)
{
    const double z = 1.959963984540054, n = (double)total;
    *low = 0;
    *high = 1;
    if (total == 0)
        return;
    double share = (double)count / n, scale = 1 + z * z / n;
    double middle = (share + z * z / (2 * n)) / scale;
    double half = z / scale * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    *low = count == 0 ? 0 : middle - half;
    *high = count == total ? 1 : middle + half;
}

uint64_t tl_damage_count_of(const tl_damage_result *result, tl_damage_region region,
                            tl_damage_outcome outcome)
{
    uint64_t sum = 0;
    for (unsigned k = 0; k < TL_DAMAGE_KIND_COUNT; k++)
        sum += result->counts[k][region][outcome];
    return sum;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Of all children that have ended. */
static uint64_t children_cpu_ns(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_CHILDREN, &used) != 0)
        return 0;
    uint64_t seconds = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
    uint64_t microseconds = (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    return seconds * UINT64_C(1000000000) + microseconds * 1000;
}

/* ---- which cases ---- */

static void choose_cases(damage_run *run)
{
    const tl_damage_options *options = run->options;
    run->result->exhaustive = true;
    for (unsigned k = 0; k < TL_DAMAGE_KIND_COUNT; k++) {
        uint64_t there = tl_damage_count(&run->target, (tl_damage_kind)k);
        uint64_t sample = options->sample;
        run->result->totals[k] = there;
        run->takes[k] = !options->kinds[k] ? 0 : sample == 0 || there < sample ? there : sample;
        run->result->exhaustive &= run->takes[k] == there || !options->kinds[k];
        run->total += run->takes[k];
    }
    if (options->only != NULL) {
        run->total = 1;
        run->result->exhaustive = false;
    }
}

/* Case number `at` of the run.  Of a sample: one from each of as many equal parts, at a place that
 * the seed draws. */
static void case_at(const damage_run *run, uint64_t at, tl_damage_case *damage)
{
    if (run->options->only != NULL) {
        *damage = run->only;
        return;
    }
    unsigned k = 0;
    while (at >= run->takes[k])
        at -= run->takes[k++];
    uint64_t there = run->result->totals[k], take = run->takes[k], index = at;
    if (take < there) {
        uint64_t begin = there * at / take, end = there * (at + 1) / take;
        uint64_t drawn = (run->options->seed ^ (at + 1)) * UINT64_C(0x9e3779b97f4a7c15);
        index = begin + (drawn >> 32) % (end - begin);
    }
    tl_damage_nth(&run->target, (tl_damage_kind)k, index, damage);
}

/* ---- the child ---- */

static void watch_time(void)
{
    struct itimerval limit = {.it_value = {.tv_sec = CPU_SECONDS_MAX}};
    (void)setitimer(ITIMER_VIRTUAL, &limit, NULL); /* its signal ends the process */
}

static void tell(int pipe_end, const message *told)
{
    while (write(pipe_end, told, sizeof *told) < 0 && errno == EINTR) {
    }
}

static void judge_from(damage_run *run, uint64_t first, int pipe_end)
{
    shared *common = run->shared;
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGVTALRM};
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        signal(deadly[i], SIG_DFL); /* whatever the parent does about them */
    signal(SIGINT, SIG_IGN);        /* the parent decides */
    signal(SIGTERM, SIG_IGN);
    watch_time();
    for (uint64_t at = first; at < run->total && common->stop == 0; at++) {
        tl_damage_case damage;
        message told = {.at = at};
        common->at = at;
        case_at(run, at, &damage);
        tl_status status = tl_damage_judge_case(run->judge, &damage, &told.verdict);
        if (status != TL_OK) {
            common->status = (int32_t)status;
            return;
        }
        const tl_damage_verdict *verdict = &told.verdict;
        common->verdicts[at] = (short_verdict){(uint8_t)verdict->outcome, (uint8_t)verdict->region,
                                               verdict->live, verdict->asked, verdict->noticed};
        told.finding = tl_damage_outcome_is_finding(verdict->outcome);
        if (told.finding || run->options->only != NULL || (at + 1) % PROGRESS_EVERY == 0) {
            tell(pipe_end, &told);
            watch_time();
        }
        common->at = at + 1;
    }
}

/* ---- the parent ---- */

static void report_finding(damage_run *run, uint64_t at, const tl_damage_verdict *verdict)
{
    tl_damage_finding finding = {.verdict = *verdict};
    tl_damage_case damage;
    case_at(run, at, &damage);
    tl_damage_case_print(&damage, run->image.names, finding.text);
    if (run->options->on_finding != NULL)
        run->options->on_finding(run->options->context, &finding);
}

static void listen(damage_run *run, int pipe_end)
{
    const tl_damage_options *options = run->options;
    message told;
    ssize_t got;
    while ((got = read(pipe_end, &told, sizeof told)) == (ssize_t)sizeof told ||
           (got < 0 && errno == EINTR)) {
        if (options->stop != NULL && options->stop())
            run->shared->stop = 1;
        if (got < 0)
            continue;
        run->result->only = told.verdict;
        if (told.finding)
            report_finding(run, told.at, &told.verdict);
        if (options->on_progress != NULL)
            options->on_progress(options->context, told.at + 1, run->total);
    }
}

/* The child ended in the middle of a case. */
static void note_crash(damage_run *run, uint64_t at, int how)
{
    tl_damage_case damage;
    tl_damage_change change;
    case_at(run, at, &damage);
    tl_damage_plan(&run->target, &damage, &change);
    bool hung = WIFSIGNALED(how) && WTERMSIG(how) == SIGVTALRM;
    tl_damage_path path = (tl_damage_path)run->shared->stage;
    tl_damage_verdict verdict = {
        .outcome = hung ? TL_DAMAGE_HUNG : TL_DAMAGE_CRASHED,
        .region = change.region,
        .live = change.live,
        .path = path,
    };
    if (hung)
        snprintf(verdict.text, sizeof verdict.text, "%s took more than %d s of processor time",
                 tl_damage_path_name(path), CPU_SECONDS_MAX);
    else if (WIFSIGNALED(how))
        snprintf(verdict.text, sizeof verdict.text, "%s ended by signal %d",
                 tl_damage_path_name(path), WTERMSIG(how));
    else
        snprintf(verdict.text, sizeof verdict.text, "%s ended the process with exit code %d",
                 tl_damage_path_name(path), WEXITSTATUS(how));
    run->shared->verdicts[at] =
        (short_verdict){(uint8_t)verdict.outcome, (uint8_t)verdict.region, verdict.live, 0, 0};
    run->result->only = verdict;
    report_finding(run, at, &verdict);
}

/* One child, from case `first` on; *next is where the one after it begins. */
static tl_status run_child(damage_run *run, uint64_t first, uint64_t *next)
{
    int ends[2];
    if (pipe(ends) != 0)
        return TL_IO;
    fflush(NULL); /* nothing is to be printed twice */
    pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return TL_NO_MEMORY;
    }
    if (child == 0) {
        close(ends[0]);
        judge_from(run, first, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    listen(run, ends[0]);
    close(ends[0]);
    int how = 0;
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) {
    }
    *next = run->shared->at;
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0)
        return (tl_status)run->shared->status;
    note_crash(run, (*next)++, how);
    return TL_OK;
}

static void tally(damage_run *run, uint64_t done)
{
    tl_damage_result *result = run->result;
    tl_damage_case damage;
    for (uint64_t at = 0; at < done; at++) {
        const short_verdict *verdict = &run->shared->verdicts[at];
        if (verdict->outcome == TL_DAMAGE_UNCHANGED) {
            result->unchanged++;
            continue;
        }
        case_at(run, at, &damage);
        result->states++;
        result->by_outcome[verdict->outcome]++;
        result->findings += tl_damage_outcome_is_finding((tl_damage_outcome)verdict->outcome);
        result->counts[damage.kind][verdict->region][verdict->outcome]++;
        for (unsigned p = 0; p < TL_DAMAGE_PATH_COUNT && verdict->live; p++) {
            result->paths[verdict->region][p].asked += (verdict->asked >> p) & 1u;
            result->paths[verdict->region][p].noticed += (verdict->noticed >> p) & 1u;
        }
    }
}

static tl_status judge_all(damage_run *run)
{
    uint64_t next = 0, crashes = 0, started = now_ns(), cpu_before = children_cpu_ns();
    tl_status status = TL_OK;
    run->shared_bytes = sizeof(shared) + (size_t)run->total * sizeof(short_verdict);
    void *memory =
        mmap(NULL, run->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return TL_NO_MEMORY;
    run->shared = memory;
    tl_status created = tl_damage_judge_create(&run->target, &run->shared->stage, &run->judge,
                                               run->result->error, sizeof run->result->error);
    if (created != TL_OK)
        return created;
    while (next < run->total && status == TL_OK && run->shared->stop == 0 &&
           crashes++ <= CRASHES_MAX)
        status = run_child(run, next, &next);
    run->result->elapsed_ns = now_ns() - started;
    run->result->cpu_ns = children_cpu_ns() - cpu_before;
    run->result->complete = status == TL_OK && next == run->total;
    run->result->exhaustive &= run->result->complete;
    tally(run, next);
    return status;
}

static void describe(damage_run *run)
{
    tl_damage_result *result = run->result;
    result->commit = run->image.commit;
    result->map_known = run->map.known;
    result->flushes = run->map.flush_count;
    memcpy(result->live_bytes, run->map.live_bytes, sizeof result->live_bytes);
    memcpy(result->dead_bytes, run->map.dead_bytes, sizeof result->dead_bytes);
    for (unsigned f = 0; f < run->image.file_count; f++) {
        uint64_t size = run->image.files[f].now.size_bytes, pages = size / run->image.page_bytes;
        result->image_bytes += size;
        result->pages = pages > result->pages ? pages : result->pages;
    }
}

tl_status tl_damage_make(const tl_damage_options *options, tl_oracle **oracle,
                         tl_damage_image *image, char *error, size_t error_bytes)
{
    tl_oracle_spec spec = {
        .seed = options->seed, .page_bytes = options->page_bytes, .commits = options->commits};
    tl_status status = tl_oracle_create(&spec, oracle);
    if (status != TL_OK)
        return status;
    tl_inspector inspector = {
        .driver = options->driver,
        .oracle = *oracle,
        .options = {.dir = "db",
                    .durability = options->durability,
                    .page_bytes = options->page_bytes,
                    .seed = options->seed,
                    .deterministic = true,
                    .arena = options->arena,
                    .settings = options->settings,
                    .setting_count = options->setting_count},
    };
    tl_damage_image_wish wish = {options->pages, options->clean, options->seed + 1};
    return tl_damage_image_make(&inspector, &wish, image, error, error_bytes);
}

static tl_status prepare(damage_run *run)
{
    const tl_damage_options *options = run->options;
    tl_damage_result *result = run->result;
    tl_status status =
        tl_damage_make(options, &run->oracle, &run->image, result->error, sizeof result->error);
    if (status == TL_OK)
        status = tl_damage_map_make(&run->image, &run->map);
    run->target = (tl_damage_target){&run->image, &run->map, options->seed};
    if (status == TL_OK && options->only != NULL &&
        (!tl_damage_case_parse(options->only, run->image.names, run->image.file_count,
                               &run->only) ||
         !tl_damage_exists(&run->target, &run->only))) {
        snprintf(result->error, sizeof result->error, "this image has no case '%s'", options->only);
        return TL_INVALID;
    }
    return status;
}

tl_status tl_damage_run(const tl_damage_options *options, tl_damage_result *result)
{
    damage_run run = {.options = options, .result = result};
    *result = (tl_damage_result){0};
    tl_status status = prepare(&run);
    if (status == TL_OK) {
        describe(&run);
        choose_cases(&run);
        status = judge_all(&run);
    }
    if (status != TL_OK && result->error[0] == '\0')
        snprintf(result->error, sizeof result->error, "%s", tl_status_text(status));
    tl_damage_judge_destroy(run.judge);
    if (run.shared != NULL)
        (void)munmap(run.shared, run.shared_bytes);
    tl_damage_map_clear(&run.map);
    tl_damage_image_clear(&run.image);
    tl_oracle_destroy(run.oracle);
    return status;
}
