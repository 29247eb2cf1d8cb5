/* harness/check/enumerate_again.c -- recovery, twice; and what it asks of the disk.
 *
 * From one state, each time on the disk as the crash left it:
 *
 *     a read-only open      writes nothing, and shows what a recovery shows
 *     open, look            content a
 *     open, killed, open    content b: a recovery that ended is no other state to recover from
 *
 * The first of the last two opens is also counted: calls, and bytes read.  Counts are those of the
 * simulated disk, the same on every machine, so a bound on them is no matter of time.
 */
#include "harness/check/enumerate_body.h"

#include <inttypes.h>
#include <stdio.h>

enum { POISON = 0xa5, PAGE_BYTES = 4096 };

/* The state, once more as the crash left it. */
static tl_status show(tl_enumerator *on)
{
    tl_status status = tl_choices_load(on->choices, &on->possible);
    if (status == TL_OK)
        status = tl_choices_begin(on->choices, on->state_disk, POISON);
    if (status == TL_OK)
        (void)tl_choices_end(on->choices); /* it has no choices */
    return status;
}

static uint64_t calls_of(const tl_simdisk *disk, bool changes_only)
{
    static const tl_simdisk_call changes[] = {TL_SIMDISK_CALL_PWRITEV, TL_SIMDISK_CALL_TRUNCATE,
                                              TL_SIMDISK_CALL_FALLOCATE, TL_SIMDISK_CALL_RENAME,
                                              TL_SIMDISK_CALL_UNLINK};
    uint64_t sum = 0;
    for (unsigned c = 0; c < TL_SIMDISK_CALL_COUNT && !changes_only; c++)
        sum += tl_simdisk_call_count(disk, (tl_simdisk_call)c);
    for (size_t c = 0; c < sizeof changes / sizeof changes[0] && changes_only; c++)
        sum += tl_simdisk_call_count(disk, changes[c]);
    return sum;
}

/* Open on the state shown, look, and give up.  False: *verdict tells, or it refused as it may. */
static bool look(const tl_enumerator *on, bool read_only, const tl_allowed *allowed,
                 tl_verdict *verdict)
{
    tl_inspector inspector = on->inspector;
    tl_store *store = NULL;
    inspector.options.read_only = read_only;
    if (!tl_inspect_open(&inspector, tl_simdisk_io(on->state_disk), allowed, &store, verdict))
        return false;
    tl_inspect_abandon(&inspector, store);
    return true;
}

static void tell(tl_enumerator *on, const tl_state_id *where, const tl_allowed *allowed,
                 tl_rule rule, const char *text)
{
    tl_verdict verdict = {.rule = rule};
    snprintf(verdict.text, sizeof verdict.text, "%s", text);
    tl_enumerate_report(on, where, &verdict, allowed);
}

/* A store that is not there cannot be opened read-only; any other that can be recovered can. */
static tl_status read_only_check(tl_enumerator *on, const tl_state_id *where,
                                 const tl_allowed *allowed, size_t content)
{
    tl_verdict verdict;
    char text[160];
    tl_status status = show(on);
    if (status != TL_OK)
        return status;
    uint64_t before = calls_of(on->state_disk, true);
    bool opened = look(on, true, allowed, &verdict);
    uint64_t changes = calls_of(on->state_disk, true) - before;
    if (changes > 0) {
        snprintf(text, sizeof text, "a read-only open changed the disk in %" PRIu64 " calls",
                 changes);
        tell(on, where, allowed, TL_RULE_IDEMPOTENT, text);
    } else if (opened && verdict.content.n != content) {
        snprintf(text, sizeof text, "a read-only open shows commit %zu, recovery commit %zu",
                 verdict.content.n, content);
        tell(on, where, allowed, TL_RULE_IDEMPOTENT, text);
    } else if (!opened && !verdict.refused && verdict.status != TL_NOT_FOUND) {
        snprintf(text, sizeof text, "recovery shows commit %zu, a read-only open: %.100s", content,
                 verdict.text);
        tell(on, where, allowed, TL_RULE_IDEMPOTENT, text);
    }
    return TL_OK;
}

static uint64_t bytes_of(const tl_enumerator *on)
{
    const tl_image *image = &on->possible.image;
    uint64_t sum = 0;
    for (uint32_t file = 0; file < image->file_count; file++)
        sum += tl_image_is_named(image, file) ? image->files[file].size_bytes : 0;
    return sum;
}

static void bounds_check(tl_enumerator *on, const tl_state_id *where, const tl_allowed *allowed,
                         uint64_t calls, uint64_t read_bytes)
{
    uint64_t bytes = bytes_of(on), calls_max = on->options->recovery_calls_max;
    if (calls_max == 0)
        calls_max = TL_RECOVERY_CALLS + TL_RECOVERY_CALLS_PER_PAGE * (bytes / PAGE_BYTES + 1);
    uint64_t read_max = TL_RECOVERY_READ_BYTES + TL_RECOVERY_READS_PER_BYTE * bytes;
    tl_enumeration *result = on->result;
    if (calls > result->again_calls_max)
        result->again_calls_max = calls;
    if (read_bytes > result->again_bytes_max)
        result->again_bytes_max = read_bytes;
    if (calls <= calls_max && read_bytes <= read_max)
        return;
    char text[200];
    snprintf(text, sizeof text,
             "%" PRIu64 " calls and %" PRIu64 " bytes read to recover from %" PRIu64
             " bytes; the bounds are %" PRIu64 " and %" PRIu64,
             calls, read_bytes, bytes, calls_max, read_max);
    tell(on, where, allowed, TL_RULE_BOUNDED, text);
}

/* Open and be killed at once, counted; then open again and look. */
static tl_status twice_check(tl_enumerator *on, const tl_state_id *where, const tl_allowed *allowed,
                             size_t content)
{
    char error[160] = "", text[200];
    tl_store *store = NULL;
    tl_verdict verdict;
    tl_status status = show(on);
    if (status != TL_OK)
        return status;
    tl_driver_options options = on->inspector.options;
    options.io = tl_simdisk_io(on->state_disk);
    options.error = error;
    options.error_bytes = sizeof error;
    uint64_t calls = calls_of(on->state_disk, false);
    uint64_t read_bytes = tl_simdisk_read_bytes(on->state_disk);
    if (on->inspector.driver->open(&options, &store) != TL_OK)
        return TL_OK; /* it has just opened: whoever looks at states has told already */
    bounds_check(on, where, allowed, calls_of(on->state_disk, false) - calls,
                 tl_simdisk_read_bytes(on->state_disk) - read_bytes);
    tl_inspect_abandon(&on->inspector, store);
    bool opened = look(on, false, allowed, &verdict);
    if (opened && verdict.content.n == content)
        return TL_OK;
    if (opened)
        snprintf(text, sizeof text, "recovered once it has commit %zu, recovered twice commit %zu",
                 content, verdict.content.n);
    else
        snprintf(text, sizeof text, "recovered once it has commit %zu, then: %.120s", content,
                 verdict.refused ? "it refuses" : verdict.text);
    tell(on, where, allowed, TL_RULE_IDEMPOTENT, text);
    return TL_OK;
}

static tl_status check(tl_enumerator *on, const tl_state_id *where)
{
    tl_allowed allowed = {.high = tl_oracle_commits(on->inspector.oracle),
                          .corrupt = on->contract.refuses};
    tl_verdict verdict;
    tl_status status = show(on);
    if (status != TL_OK || !look(on, false, &allowed, &verdict))
        return status; /* refused, or a finding of the ordinary look */
    size_t content = verdict.content.n;
    on->result->again++;
    status = twice_check(on, where, &allowed, content);
    return status == TL_OK ? read_only_check(on, where, &allowed, content) : status;
}

tl_status tl_enumerate_again(tl_enumerator *on, const tl_state_id *where)
{
    uint32_t every = on->options->again_every;
    if (every == 0 || on->stopped || where->nested || on->nest != NULL)
        return TL_OK;
    if (on->options->only == NULL && on->spelled_out++ % every != 0)
        return TL_OK;
    uint32_t mark = tl_simdisk_mark(on->state_disk);
    tl_status status = check(on, where);
    tl_simdisk_release(on->state_disk, mark);
    return status;
}

tl_status tl_enumerate_again_newest(tl_enumerator *on)
{
    tl_state_id where = {.profile = on->options->profile,
                         .point = tl_pending_at(on->pending),
                         .outcome = tl_pending_newest_outcome(on->pending),
                         .pick = TL_PICK_NEWEST};
    uint32_t mark = tl_simdisk_mark(on->state_disk);
    tl_status status = tl_pending_show(on->pending, where.outcome, &on->possible);
    if (status == TL_OK)
        status = tl_enumerate_pick(on, &where);
    if (status == TL_OK)
        status = check(on, &where);
    tl_simdisk_release(on->state_disk, mark);
    return status;
}
