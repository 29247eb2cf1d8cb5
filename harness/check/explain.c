/* harness/check/explain.c -- see explain.h. */
#include "harness/check/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATES_MAX = 20000, LATER_MAX = 48 };
#define BUDGET_NS UINT64_C(2000000000)

typedef struct explaining {
    const tl_explain_options *options;
    const tl_trace *trace;
    tl_roles roles;
    tl_witness *witness;
    tl_explanation *out;
    tl_verdict verdict;
    size_t point;
    char signature[TL_SIGNATURE_MAX];
} explaining;

static size_t first_of(const tl_lost *lost)
{
    size_t first = SIZE_MAX;
    if (lost->sector_count > 0)
        first = lost->sectors[0].op;
    if (lost->name_count > 0 && lost->names[0] < first)
        first = lost->names[0];
    if (lost->size_count > 0 && lost->sector_count == 0 && lost->sizes[0] < first)
        first = lost->sizes[0];
    return first;
}

/* B among the operations behind A that the disk kept and could have lost. */
static tl_status kept_find(explaining *now)
{
    const size_t *ops = NULL;
    size_t op_count = 0, later = 0;
    tl_status status = tl_witness_pending(now->witness, &ops, &op_count);
    if (status != TL_OK)
        return status;
    while (later < op_count && ops[later] <= now->out->lost)
        later++;
    while (op_count > later && ops[op_count - 1] >= tl_simdisk_op_count(now->trace->disk))
        op_count--;
    bool right = false;
    if (later < op_count)
        status = tl_witness_try(now->witness, ops + later, op_count - later, &right);
    /* Without all of them it is right: the first without which it is. */
    for (size_t i = later; right && i < op_count && i < later + LATER_MAX && status == TL_OK; i++) {
        bool mended = false;
        status = tl_witness_try(now->witness, &ops[i], 1, &mended);
        if (status == TL_OK && mended) {
            now->out->kept = ops[i];
            return TL_OK;
        }
    }
    if (right && later < op_count && status == TL_OK)
        now->out->kept = ops[op_count - 1];
    return status;
}

/* The last sync that finished between A and the crash; SIZE_MAX: none did. */
static size_t sync_between(const explaining *now)
{
    for (size_t op = now->point; op-- > now->out->lost + 1;) {
        if (op < tl_simdisk_op_count(now->trace->disk) && tl_op_is_sync(now->trace->disk, op))
            return op;
    }
    return SIZE_MAX;
}

static void needs_text(explaining *now)
{
    tl_explanation *out = now->out;
    char lost[TL_OP_WORDS_MAX], kept[TL_OP_WORDS_MAX + 64];
    tl_op_words(&now->roles, out->lost, lost);
    size_t sync = sync_between(now);
    if (out->kept != SIZE_MAX) {
        char words[TL_OP_WORDS_MAX];
        tl_op_words(&now->roles, out->kept, words);
        snprintf(kept, sizeof kept, "the %s (operation %zu)", words, out->kept);
    } else if (now->verdict.rule == TL_RULE_LOST_COMMITTED) {
        out->at_acknowledgement = true;
        snprintf(kept, sizeof kept, "the acknowledgement of its commit");
    } else if (sync != SIZE_MAX) {
        snprintf(kept, sizeof kept, "what operation %zu, a sync, made durable", sync);
    } else {
        snprintf(kept, sizeof kept, "what comes after it");
    }
    snprintf(out->needs, sizeof out->needs,
             "needs the %s (operation %zu) durable before %s; nothing orders them", lost, out->lost,
             kept);
}

/* Two operations alike: of one kind, about the same kind of things. */
static bool is_like(const explaining *now, size_t one, size_t other)
{
    const tl_simdisk *disk = now->trace->disk;
    return tl_simdisk_op_at(disk, one)->kind == tl_simdisk_op_at(disk, other)->kind &&
           tl_roles_of_op(&now->roles, one) == tl_roles_of_op(&now->roles, other);
}

/* The sync, put in at `at`, that covers the newest operation like A, which *newest says; false:
 * there is nothing there that no sync covers. */
static bool sync_for(const explaining *now, size_t at, tl_simdisk_op *sync, size_t *newest)
{
    const tl_simdisk *disk = now->trace->disk;
    bool name = (tl_roles_of_op(&now->roles, now->out->lost) >> TL_ROLE_DIRENT & 1) != 0;
    size_t op = at;
    while (op-- > 0) {
        if (is_like(now, op, now->out->lost))
            break;
    }
    if (op == SIZE_MAX || op == *newest)
        return false;
    const tl_simdisk_op *covered = tl_simdisk_op_at(disk, op);
    uint32_t path = covered->kind == TL_SIMDISK_RENAME ? covered->path2 : tl_op_path(disk, op);
    uint32_t dir = tl_simdisk_path_dir(disk, path);
    uint64_t size = covered->size_after;
    for (size_t i = op + 1; i < at; i++) {
        const tl_simdisk_op *later = tl_simdisk_op_at(disk, i);
        if (name ? later->kind == TL_SIMDISK_SYNC_DIR && later->path == dir
                 : later->kind == TL_SIMDISK_SYNC && later->file == covered->file)
            return false;
        if (later->kind != TL_SIMDISK_SYNC_DIR && later->file == covered->file)
            size = later->size_after;
    }
    *newest = op;
    *sync =
        name
            ? (tl_simdisk_op){.kind = TL_SIMDISK_SYNC_DIR, .path = dir}
            : (tl_simdisk_op){
                  .kind = TL_SIMDISK_SYNC, .file = covered->file, .path = path, .size_after = size};
    return true;
}

typedef struct inserts {
    size_t *at; /* before these entries of the log, ascending */
    tl_simdisk_op *syncs;
    size_t count;
} inserts;

/* Is a sync wanted right before entry `at`? */
static bool is_place(const explaining *now, size_t at, bool behind_lost)
{
    size_t count = tl_simdisk_op_count(now->trace->disk);
    if (behind_lost)
        return at > 0 && is_like(now, at - 1, now->out->lost);
    if (now->out->kept != SIZE_MAX)
        return at < count && is_like(now, at, now->out->kept);
    for (size_t n = 1; n <= now->trace->commits; n++) {
        if (now->trace->acknowledged[n] == at)
            return true;
    }
    return false;
}

static tl_status inserts_make(const explaining *now, bool behind_lost, inserts *made)
{
    size_t count = tl_simdisk_op_count(now->trace->disk);
    *made = (inserts){malloc((count + 1) * sizeof *made->at),
                      malloc((count + 1) * sizeof *made->syncs), 0};
    if (made->at == NULL || made->syncs == NULL)
        return TL_NO_MEMORY;
    size_t newest = SIZE_MAX; /* covered by the syncs put in so far */
    for (size_t at = 0; at <= count; at++) {
        if (!is_place(now, at, behind_lost) ||
            !sync_for(now, at, &made->syncs[made->count], &newest))
            continue;
        made->at[made->count++] = at;
    }
    return TL_OK;
}

/* Log entries that were `at` when the syncs were put in. */
static size_t moved(const inserts *in, size_t at)
{
    size_t more = 0;
    while (more < in->count && in->at[more] <= at)
        more++;
    return at == SIZE_MAX ? at : at + more;
}

static tl_status trace_with(const tl_trace *trace, const inserts *in, tl_trace *out)
{
    *out = *trace;
    size_t bytes = (trace->commits + 1) * sizeof(size_t);
    out->disk = NULL;
    out->begun = malloc(bytes);
    out->acknowledged = malloc(bytes);
    out->checkpointed = malloc(bytes);
    tl_status status =
        out->begun == NULL || out->acknowledged == NULL || out->checkpointed == NULL
            ? TL_NO_MEMORY
            : tl_simdisk_copy_with(trace->disk, in->at, in->syncs, in->count, &out->disk);
    for (size_t n = 0; n <= trace->commits && status == TL_OK; n++) {
        out->begun[n] = moved(in, trace->begun[n]);
        out->acknowledged[n] = moved(in, trace->acknowledged[n]);
        out->checkpointed[n] =
            moved(in, trace->checkpointed == NULL ? SIZE_MAX : trace->checkpointed[n]);
    }
    out->syncs += in->count;
    if (status != TL_OK)
        tl_trace_clear(out);
    return status;
}

/* Findings of one cause: the same signature, but for its window, which more syncs change. */
typedef struct counting {
    tl_verdict like;
    const char *signature;
    size_t signature_bytes;
    tl_causes *causes;
    uint64_t count;
} counting;

static void count_like(void *context, const tl_enumerate_finding *finding)
{
    counting *all = context;
    bool fresh;
    if (finding->verdict.rule != all->like.rule || finding->verdict.status != all->like.status)
        return;
    const tl_cause *cause = tl_causes_add(all->causes, finding, &fresh);
    all->count += cause == NULL || strncmp(cause->text, all->signature, all->signature_bytes) == 0;
}

static tl_status findings_count(const explaining *now, const tl_trace *trace, uint64_t *count,
                                bool *whole)
{
    const tl_explain_options *asked = now->options;
    tl_recording recording = *asked->recording; /* but for the trace it is the same */
    recording.trace = *trace;
    static tl_causes causes; /* large; one at a time */
    tl_causes_begin(&causes, &recording, asked->contracts, asked->profile, asked->seed);
    counting all = {now->verdict, now->signature, strcspn(now->signature, ";"), &causes, 0};
    tl_enumerate_options states = {
        .recording = &recording,
        .contracts = asked->contracts,
        .profile = asked->profile,
        .tier = asked->tier,
        .seed = asked->seed,
        .states_max = asked->states_max != 0 ? asked->states_max : STATES_MAX,
        .budget_ns = asked->budget_ns != 0 ? asked->budget_ns : BUDGET_NS,
        .stop = asked->stop,
        .on_finding = count_like,
        .context = &all,
    };
    tl_enumeration done;
    tl_enumeration_init(&done);
    tl_status status = tl_enumerate(&states, &done);
    *count = all.count;
    *whole = *whole && done.complete;
    tl_enumeration_clear(&done);
    tl_causes_end(&causes);
    return status;
}

static void fix_text(const explaining *now, const inserts *in, bool behind_lost, bool whole)
{
    tl_explanation *out = now->out;
    char words[TL_OP_WORDS_MAX], place[TL_OP_WORDS_MAX + 64];
    size_t like = behind_lost ? out->lost : out->kept;
    if (like != SIZE_MAX)
        tl_op_words(&now->roles, like, words);
    if (like != SIZE_MAX)
        snprintf(place, sizeof place, "right %s each operation like the %s",
                 behind_lost ? "behind" : "before", words);
    else
        snprintf(place, sizeof place, "before each commit is acknowledged");
    const tl_simdisk_op *sync = &in->syncs[in->count - 1]; /* the first may be of a creation */
    snprintf(out->fix, sizeof out->fix,
             "%s of %s %s (%" PRIu64 " more in this run) removes %s%" PRIu64 " of %" PRIu64
             " such findings%s",
             sync->kind == TL_SIMDISK_SYNC ? "an fdatasync" : "an fsync_dir",
             tl_simdisk_path(now->trace->disk, sync->path), place, out->syncs_added,
             out->after == 0 ? "all, " : "",
             out->before > out->after ? out->before - out->after : 0, out->before,
             whole ? "" : ", among the states looked at");
}

/* One kind of place: does a sync there remove what was seen? */
static tl_status fix_try(explaining *now, bool behind_lost, bool whole)
{
    tl_explanation *out = now->out;
    inserts in;
    tl_trace with;
    tl_status status = inserts_make(now, behind_lost, &in);
    if (status == TL_OK && in.count > 0) {
        status = trace_with(now->trace, &in, &with);
        if (status == TL_OK) {
            status = findings_count(now, &with, &out->after, &whole);
            out->syncs_added = in.count;
            out->fixed = status == TL_OK && out->after == 0;
            if (status == TL_OK)
                fix_text(now, &in, behind_lost, whole);
            tl_trace_clear(&with);
        }
    }
    free(in.at);
    free(in.syncs);
    return status;
}

static tl_status fix_find(explaining *now)
{
    bool whole = true;
    tl_status status = findings_count(now, now->trace, &now->out->before, &whole);
    if (status != TL_OK || now->out->before == 0)
        return status;
    bool somewhere = now->out->kept != SIZE_MAX || now->out->at_acknowledgement;
    if (somewhere)
        status = fix_try(now, false, whole);
    if (status == TL_OK && !now->out->fixed)
        status = fix_try(now, true, whole);
    return status;
}

tl_status tl_explain(const tl_explain_options *options, tl_witness *witness,
                     tl_explanation *explanation)
{
    const tl_recording *recording = options->recording;
    *explanation = (tl_explanation){.lost = SIZE_MAX, .kept = SIZE_MAX};
    tl_lost lost;
    tl_status status = tl_witness_lost(witness, &lost);
    if (status != TL_OK)
        return status;
    explaining now = {.options = options,
                      .trace = &recording->trace,
                      .roles = tl_roles_of(&recording->inspector, &recording->trace),
                      .witness = witness,
                      .out = explanation,
                      .verdict = *tl_witness_verdict(witness),
                      .point = lost.point};
    explanation->lost = first_of(&lost);
    if (lost.garbled || explanation->lost >= tl_simdisk_op_count(recording->trace.disk))
        return TL_UNSUPPORTED;
    status = tl_signature_make(witness, &now.roles, now.trace, now.signature);
    if (status == TL_OK)
        status = kept_find(&now);
    if (status != TL_OK)
        return status;
    needs_text(&now);
    return fix_find(&now);
}
