/* harness/check/inspect.c -- see inspect.h. */
#include "harness/check/inspect.h"

#include "harness/script/content.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct rule_row {
    const char *name, *text;
} rule_row;
#define RULE_AS_ROW(upper, lower, text) {#lower, text},
static const rule_row rules[] = {TL_RULE_MAP(RULE_AS_ROW)};

const char *tl_rule_name(tl_rule rule)
{
    return rule < TL_RULE_COUNT ? rules[rule].name : "?";
}

const char *tl_rule_text(tl_rule rule)
{
    return rule < TL_RULE_COUNT ? rules[rule].text : "?";
}

__attribute__((format(printf, 4, 5))) static bool broken(tl_verdict *verdict, tl_rule rule,
                                                         tl_status status, const char *format, ...)
{
    verdict->rule = rule;
    verdict->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
    return false;
}

typedef struct sum {
    tl_truth truth;
    const char *tree; /* NULL: the main one */
    bool ordered;
    uint8_t last[TL_ORACLE_KEY_MAX];
    size_t last_bytes;
} sum;

static bool sum_record(void *context, tl_slice key, tl_slice value)
{
    sum *now = context;
    size_t common = key.size_bytes < now->last_bytes ? key.size_bytes : now->last_bytes;
    int order = common == 0 ? 0 : memcmp(now->last, key.data, common);
    if (now->truth.count > 0 && (order > 0 || (order == 0 && now->last_bytes >= key.size_bytes)))
        now->ordered = false;
    now->last_bytes = key.size_bytes < sizeof now->last ? key.size_bytes : sizeof now->last;
    memcpy(now->last, key.data, now->last_bytes);
    now->truth.count++;
    now->truth.hash += tl_content_record_hash(now->tree, key, value);
    return true;
}

/* Add what a named tree holds; one that is not there holds nothing. */
static tl_status tree_read(const tl_driver *driver, tl_store_txn *txn, const char *tree, sum *now,
                           uint64_t *count)
{
    const tl_driver *views = driver->views != NULL ? driver->views : driver;
    tl_slice name = {tree, strlen(tree)};
    tl_store_txn *view = NULL;
    uint64_t here = 0, before = now->truth.count;
    if (driver->tree == NULL)
        return TL_UNSUPPORTED;
    tl_status status = driver->tree(txn, name, false, &view);
    if (status != TL_OK)
        return status == TL_NOT_FOUND ? TL_OK : status;
    sum tree_sum = {.ordered = true, .tree = tree};
    status = views->scan(view, (tl_slice){NULL, 0}, sum_record, &tree_sum);
    if (status == TL_OK)
        status = views->count(view, &here);
    if (driver->leave != NULL)
        driver->leave(view);
    now->truth.count = before + tree_sum.truth.count;
    now->truth.hash += tree_sum.truth.hash + tl_content_tree_hash(tree);
    now->ordered = now->ordered && tree_sum.ordered;
    *count += here;
    return status;
}

/* Read everything, and the number the store says the content has. */
static bool content_read(const tl_inspector *inspector, tl_store *store, tl_truth *truth,
                         tl_verdict *verdict)
{
    const tl_driver *driver = inspector->driver;
    tl_store_txn *txn = NULL;
    tl_status status = driver->begin(store, true, &txn);
    if (status != TL_OK)
        return broken(verdict, TL_RULE_READABLE, status, "a read transaction cannot begin");
    sum now = {.ordered = true};
    uint64_t count = 0;
    status = driver->scan(txn, (tl_slice){NULL, 0}, sum_record, &now);
    if (status == TL_OK)
        status = driver->count(txn, &count);
    size_t tree_count = 0;
    const char *const *trees = tl_oracle_trees(inspector->oracle, &tree_count);
    for (size_t i = 0; i < tree_count && status == TL_OK; i++)
        status = tree_read(driver, txn, trees[i], &now, &count);
    driver->abort(txn);
    if (status != TL_OK)
        return broken(verdict, TL_RULE_READABLE, status,
                      "the scan stopped after %" PRIu64 " records", now.truth.count);
    if (!now.ordered)
        return broken(verdict, TL_RULE_READABLE, TL_CORRUPT, "the scan is out of order");
    if (count != now.truth.count)
        return broken(verdict, TL_RULE_READABLE, TL_CORRUPT,
                      "the scan gave %" PRIu64 " records, count says %" PRIu64, now.truth.count,
                      count);
    *truth = now.truth;
    return true;
}

static bool truth_is(const tl_inspector *inspector, tl_content content, tl_truth seen)
{
    tl_truth truth = tl_oracle_truth(inspector->oracle, content);
    return truth.count == seen.count && truth.hash == seen.hash;
}

bool tl_inspect_bounds(const tl_oracle *oracle, const tl_allowed *allowed, tl_verdict *verdict)
{
    size_t n = verdict->content.n;
    if (verdict->content.round != 0) {
        if (allowed->again && n == allowed->after.n &&
            verdict->content.round == allowed->after.round)
            return true;
        return broken(verdict, TL_RULE_RESURRECTED, TL_OK,
                      "the commit after recovery is there, it was not yet begun");
    }
    if (n >= allowed->low && n <= allowed->high)
        return true;
    if (allowed->low <= allowed->high &&
        tl_oracle_same(oracle, n, allowed->low, allowed->high, &verdict->content.n))
        return true;
    if (n > allowed->high && allowed->low <= allowed->high)
        return broken(verdict, TL_RULE_RESURRECTED, TL_OK,
                      "commit %zu is there, commit %zu was the last begun", n, allowed->high);
    if (allowed->low <= allowed->high)
        return broken(verdict, TL_RULE_LOST_COMMITTED, TL_OK,
                      "commit %zu was acknowledged, only %zu is there", allowed->low, n);
    return broken(verdict, TL_RULE_LOST_COMMITTED, TL_OK,
                  "the commit after recovery was acknowledged, only %zu is there", n);
}

/* Which of the allowed contents is it?  When it is a prefix that is not allowed, say so. */
static bool content_judge(const tl_inspector *inspector, tl_truth seen, const tl_allowed *allowed,
                          tl_verdict *verdict)
{
    if (allowed->again && truth_is(inspector, allowed->after, seen)) {
        verdict->content = allowed->after;
        return true;
    }
    for (size_t n = 0; n <= tl_oracle_commits(inspector->oracle); n++) {
        if (!truth_is(inspector, (tl_content){n, 0}, seen))
            continue;
        verdict->content = (tl_content){n, 0};
        return tl_inspect_bounds(inspector->oracle, allowed, verdict);
    }
    return broken(verdict, TL_RULE_ONE_PREFIX, TL_OK,
                  "%" PRIu64 " records, hash 0x%016" PRIx64 ": no commit left this content",
                  seen.count, seen.hash);
}

typedef struct first_finding {
    char text[128];
} first_finding;

static bool keep_first(void *context, const tl_finding *finding)
{
    first_finding *first = context;
    snprintf(first->text, sizeof first->text, "%s, page %" PRIu32 ": %s", finding->rule,
             finding->pgno, finding->text);
    return false;
}

/* *seen is filled when it was found on the way: `one_pass`. */
static bool structure_is_sound(const tl_inspector *inspector, tl_store *store, bool one_pass,
                               tl_truth *seen, tl_verdict *verdict)
{
    const tl_driver *driver = inspector->driver;
    if (driver->verify == NULL)
        return true;
    first_finding first = {""};
    uint64_t finding_count = 0;
    tl_driver_content content = {0, 0};
    tl_status status =
        one_pass ? driver->verify_content(store, keep_first, &first, &finding_count, &content)
                 : driver->verify(store, keep_first, &first, &finding_count);
    *seen = (tl_truth){content.count, content.hash};
    if (status == TL_OK && finding_count == 0)
        return true;
    return broken(verdict, TL_RULE_STRUCTURE, status == TL_OK ? TL_CORRUPT : status, "%s",
                  first.text[0] != '\0' ? first.text : tl_status_text(status));
}

void tl_inspect_abandon(const tl_inspector *inspector, tl_store *store)
{
    if (inspector->driver->abandon != NULL)
        inspector->driver->abandon(store);
    else
        (void)inspector->driver->close(store); /* the disk is thrown away with whatever it wrote */
}

bool tl_inspect_open(const tl_inspector *inspector, tl_io *io, const tl_allowed *allowed,
                     tl_store **store, tl_verdict *verdict)
{
    *verdict = (tl_verdict){.rule = TL_RULE_NONE};
    char error[160] = "";
    tl_driver_options options = inspector->options;
    options.io = io;
    options.error = error;
    options.error_bytes = sizeof error;
    tl_status status = inspector->driver->open(&options, store);
    if (allowed->corrupt && (status == TL_CORRUPT || status == TL_NOT_OURS)) {
        verdict->refused = true;
        return false;
    }
    if (status != TL_OK)
        return broken(verdict, TL_RULE_OPENS, status, "open says %s: %s", tl_status_name(status),
                      error);
    tl_truth seen = {0, 0};
    size_t tree_count = 0; /* a content of many trees is told tree by tree */
    (void)tl_oracle_trees(inspector->oracle, &tree_count);
    bool one_pass =
        inspector->one_pass && tree_count == 0 && inspector->driver->verify_content != NULL;
    if (structure_is_sound(inspector, *store, one_pass, &seen, verdict) &&
        (one_pass || content_read(inspector, *store, &seen, verdict)) &&
        content_judge(inspector, seen, allowed, verdict))
        return true;
    tl_inspect_abandon(inspector, *store);
    return false;
}

bool tl_inspect_write(const tl_inspector *inspector, tl_store *store, tl_content content,
                      tl_verdict *verdict)
{
    const tl_driver *driver = inspector->driver;
    tl_store_txn *txn = NULL;
    tl_status status = driver->begin(store, false, &txn);
    if (status != TL_OK)
        return broken(verdict, TL_RULE_WRITABLE, status, "a write transaction cannot begin");
    uint8_t number[8];
    status =
        driver->put(txn, tl_oracle_again_key(), tl_oracle_number_value(content.round, number), 0);
    if (status != TL_OK) {
        driver->abort(txn);
        return broken(verdict, TL_RULE_WRITABLE, status, "put says %s", tl_status_name(status));
    }
    bool there =
        tl_oracle_has_marker(inspector->oracle, (tl_content){content.n, content.round - 1});
    status = driver->del(txn, tl_oracle_marker_key());
    if (status != (there ? TL_OK : TL_NOT_FOUND)) {
        driver->abort(txn);
        return broken(verdict, TL_RULE_WRITABLE, status, "del says %s", tl_status_name(status));
    }
    status = driver->commit(txn);
    if (status != TL_OK)
        return broken(verdict, TL_RULE_WRITABLE, status, "commit says %s", tl_status_name(status));
    return true;
}

/* The second half: the store has `content`; write, reopen, look again. */
static void inspect_writing(const tl_inspector *inspector, tl_io *io, tl_store *store, bool clean,
                            tl_verdict *verdict)
{
    tl_content next = {verdict->content.n, verdict->content.round + 1};
    if (!tl_inspect_write(inspector, store, next, verdict)) {
        tl_inspect_abandon(inspector, store);
        return;
    }
    if (clean) {
        tl_status status = inspector->driver->close(store);
        if (status != TL_OK) {
            broken(verdict, TL_RULE_WRITABLE, status, "close says %s", tl_status_name(status));
            return;
        }
    } else {
        tl_inspect_abandon(inspector, store);
    }
    tl_allowed only = {.low = 1, .high = 0, .again = true, .after = next};
    tl_verdict second;
    if (!tl_inspect_open(inspector, io, &only, &store, &second)) {
        *verdict = second; /* what it is like after the write is what went wrong */
        if (second.rule == TL_RULE_LOST_COMMITTED || second.rule == TL_RULE_ONE_PREFIX)
            verdict->rule = TL_RULE_KEEPS_WRITES;
        return;
    }
    tl_inspect_abandon(inspector, store);
}

void tl_inspect(const tl_inspector *inspector, tl_io *io, const tl_allowed *allowed, bool clean,
                tl_verdict *verdict)
{
    tl_store *store = NULL;
    if (tl_inspect_open(inspector, io, allowed, &store, verdict))
        inspect_writing(inspector, io, store, clean, verdict);
}
