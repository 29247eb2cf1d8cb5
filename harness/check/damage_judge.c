/* harness/check/damage_judge.c -- see damage_judge.h.
 *
 * What each path answered is kept as one number per key, so that the question "which commit's
 * content is that?" can be asked for any commit, and of parts of an answer: a key that a path
 * could not read is unknown and fits every commit.
 */
#include "harness/check/damage_judge.h"
#include "harness/check/damage_truth.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CALLS_SLACK = 4096, /* I/O calls that damage may cost beyond a multiple of an intact look */
    CALLS_FACTOR = 16,
};

typedef struct outcome_row {
    const char *name, *text;
    bool finding;
} outcome_row;
#define OUTCOME_AS_ROW(upper, lower, finding, text) {#lower, text, finding},
static const outcome_row outcomes[] = {TL_DAMAGE_OUTCOME_MAP(OUTCOME_AS_ROW)};
#define PATH_AS_NAME(upper, lower) #lower,
static const char *const paths[] = {TL_DAMAGE_PATH_MAP(PATH_AS_NAME)};

const char *tl_damage_outcome_name(tl_damage_outcome outcome)
{
    return outcome < TL_DAMAGE_OUTCOME_COUNT ? outcomes[outcome].name : "?";
}

const char *tl_damage_outcome_text(tl_damage_outcome outcome)
{
    return outcome < TL_DAMAGE_OUTCOME_COUNT ? outcomes[outcome].text : "?";
}

bool tl_damage_outcome_is_finding(tl_damage_outcome outcome)
{
    return outcome < TL_DAMAGE_OUTCOME_COUNT && outcomes[outcome].finding;
}

const char *tl_damage_path_name(tl_damage_path path)
{
    return path < TL_DAMAGE_PATH_COUNT ? paths[path] : "?";
}

typedef struct answers { /* of one path that reads records */
    uint64_t *seen; /* [key_count]: hash of the record, TL_DAMAGE_ABSENT or TL_DAMAGE_UNKNOWN */
    uint64_t count; /* what `count` said; TL_DAMAGE_UNKNOWN: not asked, or it refused */
    bool stranger;  /* a key that the history never used, or keys out of order */
    size_t next;    /* of a scan: keys before it are settled */
} answers;

struct tl_damage_judge {
    const tl_damage_target *target;
    volatile uint8_t *stage;
    uint32_t mark;      /* versions of the image */
    uint64_t calls_max; /* of one class, in one look */
    tl_damage_truth truth;
    answers get, scan;
    tl_damage_verdict *verdict; /* of the case being judged */
};

/* ---- the paths ---- */

__attribute__((format(printf, 4, 5))) static void find(tl_damage_judge *judge,
                                                       tl_damage_outcome outcome,
                                                       tl_damage_path path, const char *format, ...)
{
    tl_damage_verdict *verdict = judge->verdict;
    if (tl_damage_outcome_is_finding(verdict->outcome))
        return; /* the first one counts */
    verdict->outcome = outcome;
    verdict->path = path;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
}

static void enter(tl_damage_judge *judge, tl_damage_path path)
{
    judge->verdict->asked |= (uint8_t)(1u << path);
    if (judge->stage != NULL)
        *judge->stage = (uint8_t)path;
}

/* A call of `path` said something else than TL_OK: is it what damage may lead to? */
static void note_status(tl_damage_judge *judge, tl_damage_path path, tl_status status)
{
    bool documented = status == TL_CORRUPT || (path == TL_DAMAGE_PATH_OPEN &&
                                               (status == TL_NOT_OURS || status == TL_VERSION));
    judge->verdict->noticed |= (uint8_t)(1u << path);
    if (judge->verdict->status == TL_OK)
        judge->verdict->status = status;
    if (tl_simdisk_faults_fired(judge->target->image->disk) > 0)
        find(judge, TL_DAMAGE_HUNG, path, "%s made more than %" PRIu64 " I/O calls",
             tl_damage_path_name(path), judge->calls_max);
    else if (!documented)
        find(judge, TL_DAMAGE_UNDOCUMENTED, path, "%s says %s", tl_damage_path_name(path),
             tl_status_name(status));
}

/* A machine that was just started, with the damaged files and a bound on what a look may cost. */
static tl_status prepare_disk(tl_damage_judge *judge, const tl_damage_change *change)
{
    static const tl_simdisk_call bounded[] = {TL_SIMDISK_CALL_PREAD, TL_SIMDISK_CALL_PWRITEV,
                                              TL_SIMDISK_CALL_OPEN, TL_SIMDISK_CALL_SIZE};
    tl_damage_image *image = judge->target->image;
    tl_status status = tl_damage_image_load(image, judge->mark);
    if (status == TL_OK && change != NULL)
        status = tl_damage_apply(image, change);
    for (size_t i = 0; i < sizeof bounded / sizeof bounded[0] && judge->calls_max > 0; i++)
        tl_simdisk_fail(image->disk, bounded[i], judge->calls_max, TL_IO, true);
    return status;
}

static bool open_store(tl_damage_judge *judge, tl_store **store)
{
    tl_damage_image *image = judge->target->image;
    char error[160] = "";
    tl_driver_options options = image->inspector.options;
    options.io = tl_simdisk_io(image->disk);
    options.error = error;
    options.error_bytes = sizeof error;
    enter(judge, TL_DAMAGE_PATH_OPEN);
    tl_status status = image->inspector.driver->open(&options, store);
    if (status != TL_OK)
        note_status(judge, TL_DAMAGE_PATH_OPEN, status);
    return status == TL_OK;
}

static void ask_get(tl_damage_judge *judge, tl_store *store)
{
    const tl_driver *driver = judge->target->image->inspector.driver;
    enter(judge, TL_DAMAGE_PATH_GET);
    tl_store_txn *txn = NULL;
    tl_status status = driver->begin(store, true, &txn);
    if (status != TL_OK) {
        note_status(judge, TL_DAMAGE_PATH_GET, status);
        return;
    }
    for (size_t k = 0; k < judge->truth.key_count; k++) {
        tl_slice value;
        status = driver->get(txn, judge->truth.keys[k], &value);
        if (status == TL_OK) {
            judge->get.seen[k] = tl_damage_answer(&judge->truth, k, value);
        } else if (status == TL_NOT_FOUND) {
            judge->get.seen[k] = TL_DAMAGE_ABSENT;
        } else {
            note_status(judge, TL_DAMAGE_PATH_GET, status);
            if (judge->verdict->outcome == TL_DAMAGE_HUNG)
                break;
        }
    }
    driver->abort(txn);
}

static bool see_record(void *context, tl_slice key, tl_slice value)
{
    tl_damage_judge *judge = context;
    answers *scan = &judge->scan;
    while (scan->next < judge->truth.key_count &&
           tl_damage_key_order(&judge->truth.keys[scan->next], &key) < 0)
        scan->seen[scan->next++] = TL_DAMAGE_ABSENT; /* passed over */
    if (scan->next == judge->truth.key_count ||
        tl_damage_key_order(&judge->truth.keys[scan->next], &key) != 0) {
        scan->stranger = true; /* behind the last, twice, out of order or never put */
        return false;
    }
    scan->seen[scan->next] = tl_damage_answer(&judge->truth, scan->next, value);
    scan->next++;
    return true;
}

static void ask_scan(tl_damage_judge *judge, tl_store *store)
{
    const tl_driver *driver = judge->target->image->inspector.driver;
    enter(judge, TL_DAMAGE_PATH_SCAN);
    tl_store_txn *txn = NULL;
    tl_status status = driver->begin(store, true, &txn);
    if (status != TL_OK) {
        note_status(judge, TL_DAMAGE_PATH_SCAN, status);
        return;
    }
    status = driver->scan(txn, (tl_slice){NULL, 0}, see_record, judge);
    if (status != TL_OK)
        note_status(judge, TL_DAMAGE_PATH_SCAN, status);
    while (status == TL_OK && judge->scan.next < judge->truth.key_count)
        judge->scan.seen[judge->scan.next++] = TL_DAMAGE_ABSENT;
    uint64_t count = 0;
    status = driver->count == NULL ? TL_UNSUPPORTED : driver->count(txn, &count);
    if (status == TL_OK)
        judge->scan.count = count;
    else if (status != TL_UNSUPPORTED)
        note_status(judge, TL_DAMAGE_PATH_SCAN, status);
    driver->abort(txn);
}

static void ask_verify(tl_damage_judge *judge, tl_store *store)
{
    const tl_driver *driver = judge->target->image->inspector.driver;
    uint64_t finding_count = 0;
    enter(judge, TL_DAMAGE_PATH_VERIFY);
    tl_status status = driver->verify(store, NULL, NULL, &finding_count);
    if (status == TL_OK && finding_count > 0)
        status = TL_CORRUPT;
    if (status != TL_OK)
        note_status(judge, TL_DAMAGE_PATH_VERIFY, status);
}

/* ---- the verdict ---- */

static bool path_fits(const tl_damage_judge *judge, const answers *path, size_t n)
{
    const uint64_t *truth = judge->truth.rows + n * judge->truth.key_count;
    if (path->stranger ||
        (path->count != TL_DAMAGE_UNKNOWN && path->count != judge->truth.counts[n]))
        return false;
    for (size_t k = 0; k < judge->truth.key_count; k++) {
        if (path->seen[k] != truth[k] && path->seen[k] != TL_DAMAGE_UNKNOWN)
            return false;
    }
    return true;
}

static bool fits(const tl_damage_judge *judge, size_t n)
{
    return path_fits(judge, &judge->get, n) && path_fits(judge, &judge->scan, n);
}

static void weigh(tl_damage_judge *judge, const tl_damage_case *damage,
                  const tl_damage_change *change)
{
    tl_damage_verdict *verdict = judge->verdict;
    size_t newest = judge->target->image->commit;
    if (tl_damage_outcome_is_finding(verdict->outcome))
        return;
    if (fits(judge, newest)) {
        verdict->outcome = verdict->noticed != 0 ? TL_DAMAGE_DETECTED
                           : verdict->live       ? TL_DAMAGE_CORRECTED
                                                 : TL_DAMAGE_MASKED;
        return;
    }
    tl_damage_path path =
        path_fits(judge, &judge->get, newest) ? TL_DAMAGE_PATH_SCAN : TL_DAMAGE_PATH_GET;
    for (size_t n = newest; n-- > 0;) {
        if (!fits(judge, n))
            continue;
        if (change != NULL && tl_damage_hides(judge->target, damage, change, n)) {
            verdict->outcome = TL_DAMAGE_AMBIGUOUS;
            return;
        }
        find(judge, TL_DAMAGE_SILENT_WRONG, path,
             "commit %zu is there instead of %zu, and the damage does not explain it", n, newest);
        return;
    }
    find(judge, TL_DAMAGE_SILENT_WRONG, path, "what %s gave was never the content",
         tl_damage_path_name(path));
}

/* ---- and goes on ---- */

static bool sum_record(void *context, tl_slice key, tl_slice value)
{
    tl_truth *sum = context;
    sum->count++;
    sum->hash += tl_record_hash(key, value);
    return true;
}

static tl_status sum_all(const tl_driver *driver, tl_store *store, tl_truth *sum)
{
    tl_store_txn *txn = NULL;
    tl_status status = driver->begin(store, true, &txn);
    if (status != TL_OK)
        return status;
    status = driver->scan(txn, (tl_slice){NULL, 0}, sum_record, sum);
    driver->abort(txn);
    return status;
}

enum { ROUNDS = 4 };

/* Some commits and a close; false: one was refused, which is to notice. */
static bool write_rounds(tl_damage_judge *judge, tl_store *store, tl_content *content)
{
    const tl_inspector *inspector = &judge->target->image->inspector;
    tl_verdict verdict = {.rule = TL_RULE_NONE};
    bool good = true;
    while (good && content->round < ROUNDS) {
        content->round++;
        good = tl_inspect_write(inspector, store, *content, &verdict);
    }
    if (good)
        return inspector->driver->close(store) == TL_OK;
    tl_inspect_abandon(inspector, store);
    return false;
}

/* A store that opened, and whose every record was right, must not destroy them when it is written
 * to: by an older map of what is free, say. */
static tl_status write_on(tl_damage_judge *judge, const tl_damage_change *change)
{
    tl_damage_image *image = judge->target->image;
    tl_damage_verdict *verdict = judge->verdict;
    tl_content content = {image->commit, 0};
    tl_store *store = NULL;
    bool names_the_state = verdict->live && verdict->region <= TL_DAMAGE_REGION_BITMAP;
    if (tl_damage_outcome_is_finding(verdict->outcome) || !names_the_state ||
        (verdict->noticed & ~(1u << TL_DAMAGE_PATH_VERIFY)) != 0 || !fits(judge, image->commit))
        return TL_OK;
    tl_status status = prepare_disk(judge, change);
    tl_simdisk_clear_faults(image->disk); /* the bound is for reading */
    if (status != TL_OK || !open_store(judge, &store) || !write_rounds(judge, store, &content))
        return status;
    tl_truth seen = {0, 0}, truth = tl_oracle_truth(image->inspector.oracle, content);
    tl_status read = open_store(judge, &store) ? TL_OK : TL_CORRUPT;
    if (read == TL_OK) {
        read = sum_all(image->inspector.driver, store, &seen);
        tl_inspect_abandon(&image->inspector, store);
    }
    if (read != TL_OK || seen.count != truth.count || seen.hash != truth.hash)
        find(judge, TL_DAMAGE_SILENT_WRONG, TL_DAMAGE_PATH_SCAN,
             "opened and read right, but %u commits later not: %s", (unsigned)ROUNDS,
             read != TL_OK ? tl_status_name(read) : "other records");
    return TL_OK;
}

static tl_status look(tl_damage_judge *judge, const tl_damage_change *change)
{
    static void (*const asks[])(tl_damage_judge *, tl_store *) = {ask_get, ask_scan, ask_verify};
    const tl_inspector *inspector = &judge->target->image->inspector;
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        tl_store *store = NULL;
        if ((asks[i] == ask_get && inspector->driver->get == NULL) ||
            (asks[i] == ask_verify && inspector->driver->verify == NULL))
            continue;
        tl_status status = prepare_disk(judge, change);
        if (status != TL_OK)
            return status;
        if (!open_store(judge, &store))
            return TL_OK;
        asks[i](judge, store);
        tl_inspect_abandon(inspector, store);
        if (judge->verdict->outcome == TL_DAMAGE_HUNG)
            return TL_OK;
    }
    return change != NULL ? write_on(judge, change) : TL_OK;
}

static void forget_answers(tl_damage_judge *judge, answers *path)
{
    memset(path->seen, 0xff, judge->truth.key_count * sizeof *path->seen); /* TL_DAMAGE_UNKNOWN */
    path->count = TL_DAMAGE_UNKNOWN;
    path->stranger = false;
    path->next = 0;
}

tl_status tl_damage_judge_case(tl_damage_judge *judge, const tl_damage_case *damage,
                               tl_damage_verdict *verdict)
{
    tl_damage_change change;
    tl_damage_plan(judge->target, damage, &change);
    *verdict = (tl_damage_verdict){.outcome = TL_DAMAGE_UNCHANGED,
                                   .region = change.region,
                                   .live = change.live,
                                   .status = TL_OK};
    judge->verdict = verdict;
    if (change.span_count == 0)
        return TL_OK;
    forget_answers(judge, &judge->get);
    forget_answers(judge, &judge->scan);
    tl_status status = look(judge, &change);
    if (status == TL_OK)
        weigh(judge, damage, &change);
    tl_simdisk_release(judge->target->image->disk, judge->mark);
    return status;
}

/* The image itself: everything right, nothing noticed; and how many I/O calls that takes. */
static tl_status judge_intact(tl_damage_judge *judge, char *error, size_t error_bytes)
{
    tl_damage_verdict verdict = {.outcome = TL_DAMAGE_UNCHANGED};
    tl_simdisk *disk = judge->target->image->disk;
    uint64_t calls[TL_SIMDISK_CALL_COUNT], most = 0;
    for (unsigned c = 0; c < TL_SIMDISK_CALL_COUNT; c++)
        calls[c] = tl_simdisk_call_count(disk, (tl_simdisk_call)c);
    judge->verdict = &verdict;
    forget_answers(judge, &judge->get);
    forget_answers(judge, &judge->scan);
    tl_status status = look(judge, NULL);
    if (status != TL_OK)
        return status;
    weigh(judge, NULL, NULL);
    for (unsigned c = 0; c < TL_SIMDISK_CALL_COUNT; c++) {
        uint64_t made = tl_simdisk_call_count(disk, (tl_simdisk_call)c) - calls[c];
        most = made > most ? made : most;
    }
    judge->calls_max = CALLS_FACTOR * most + CALLS_SLACK;
    tl_simdisk_release(disk, judge->mark);
    if (verdict.outcome == TL_DAMAGE_MASKED)
        return TL_OK;
    snprintf(error, error_bytes, "the image is not sound before any damage: %s%s%s",
             tl_damage_outcome_name(verdict.outcome), verdict.text[0] == '\0' ? "" : ", ",
             verdict.text);
    return TL_CORRUPT;
}

tl_status tl_damage_judge_create(const tl_damage_target *target, volatile uint8_t *stage,
                                 tl_damage_judge **out, char *error, size_t error_bytes)
{
    tl_damage_judge *judge = calloc(1, sizeof *judge);
    if (judge == NULL)
        return TL_NO_MEMORY;
    judge->target = target;
    judge->stage = stage;
    judge->mark = tl_simdisk_mark(target->image->disk);
    tl_status status =
        tl_damage_truth_make(target->image->inspector.oracle, target->image->commit, &judge->truth);
    judge->get.seen = calloc(judge->truth.key_count + 1, sizeof *judge->get.seen);
    judge->scan.seen = calloc(judge->truth.key_count + 1, sizeof *judge->scan.seen);
    if (judge->get.seen == NULL || judge->scan.seen == NULL)
        status = TL_NO_MEMORY;
    if (status == TL_OK)
        status = judge_intact(judge, error, error_bytes);
    if (status != TL_OK) {
        tl_damage_judge_destroy(judge);
        return status;
    }
    *out = judge;
    return TL_OK;
}

void tl_damage_judge_destroy(tl_damage_judge *judge)
{
    if (judge == NULL)
        return;
    tl_damage_truth_clear(&judge->truth);
    free(judge->get.seen);
    free(judge->scan.seen);
    free(judge);
}
