/* harness/check/signature.c -- see signature.h. */
#include "harness/check/signature.h"

#include <stdio.h>
#include <string.h>

enum { SHRINK_LOOKS = 96, LOOKS_MAX = 6000 };

void tl_sync_place(const tl_trace *trace, size_t sync, char *text, size_t text_bytes)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(trace->disk, sync);
    char path[64];
    int length = snprintf(path, sizeof path, "%s",
                          tl_simdisk_path(trace->disk, tl_op_path(trace->disk, sync)));
    if (length > 0 && length < (int)sizeof path && path[length - 1] >= '0' &&
        path[length - 1] <= '9')
        path[length - 1] = '*'; /* which of several files it is does not matter */
    snprintf(text, text_bytes, "%s %s %s", op->kind == TL_SIMDISK_SYNC ? "fdatasync" : "fsync_dir",
             path, tl_moment_name(tl_moment_of(trace, sync)));
}

/* "between fdatasync a commit and fdatasync b commit": the syncs around an operation. */
static void window_text(const tl_trace *trace, size_t op, char *text, size_t text_bytes)
{
    size_t count = tl_simdisk_op_count(trace->disk), before = op, after = op;
    char first[96] = "the beginning", last[96] = "the end";
    while (before > 0 && !tl_op_is_sync(trace->disk, before - 1))
        before--;
    if (before > 0)
        tl_sync_place(trace, before - 1, first, sizeof first);
    while (after < count && !tl_op_is_sync(trace->disk, after))
        after++;
    if (after < count)
        tl_sync_place(trace, after, last, sizeof last);
    snprintf(text, text_bytes, "between %s and %s", first, last);
}

/* The roles of everything that is lost, and the first operation of it. */
static unsigned roles_of(const tl_roles *roles, const tl_lost *lost, size_t *first)
{
    unsigned bits = 0;
    size_t count = tl_simdisk_op_count(roles->disk);
    *first = SIZE_MAX;
    for (size_t i = 0; i < lost->sector_count; i++) {
        const tl_lost_sector *at = &lost->sectors[i];
        if (at->op >= count)
            continue;
        bits |= 1u << tl_role_of_sector(roles, at->op, at->sector);
        *first = at->op < *first ? at->op : *first;
    }
    for (size_t i = 0; i < lost->name_count; i++)
        *first = lost->names[i] < *first ? lost->names[i] : *first;
    for (size_t i = 0; i < lost->size_count; i++)
        *first = lost->sizes[i] < *first ? lost->sizes[i] : *first;
    bits |= lost->name_count > 0 ? 1u << TL_ROLE_DIRENT : 0;
    for (size_t i = 0; i < lost->size_count; i++) /* with the size of a write its bytes are lost */
        bits |= tl_roles_of_op(roles, lost->sizes[i]);
    return bits;
}

tl_status tl_signature_make(tl_witness *witness, const tl_roles *roles, const tl_trace *trace,
                            char text[TL_SIGNATURE_MAX])
{
    tl_lost lost;
    tl_status status = tl_witness_lost(witness, &lost);
    if (status != TL_OK)
        return status;
    const tl_verdict *verdict = tl_witness_verdict(witness);
    char what[32], window[220];
    size_t first, count = tl_simdisk_op_count(roles->disk);
    unsigned bits = roles_of(roles, &lost, &first);
    if (lost.garbled) { /* it was the write in flight that spoilt something */
        first = SIZE_MAX;
        bits = lost.point < count ? tl_roles_of_op(roles, lost.point) : 0;
    }
    unsigned role = 0; /* of several the weightiest, which comes first */
    while (role < TL_ROLE_COUNT && (bits >> role & 1) == 0)
        role++;
    snprintf(what, sizeof what, "%s", tl_role_name((tl_role)role));
    size_t place = first != SIZE_MAX ? first : lost.point < count ? lost.point : count;
    window_text(trace, place, window, sizeof window);
    snprintf(text, TL_SIGNATURE_MAX, "%s (%s): %s%s; %s", tl_rule_name(verdict->rule),
             tl_status_name(verdict->status), bits == 0 ? "nothing lost" : what,
             lost.garbled ? " spoilt"
             : bits == 0  ? ""
                          : " lost",
             window);
    return TL_OK;
}

void tl_causes_begin(tl_causes *causes, const tl_recording *recording,
                     const tl_contracts *contracts, tl_profile profile, uint64_t seed)
{
    causes->recording = recording;
    causes->contracts = contracts;
    causes->profile = profile;
    causes->seed = seed;
    causes->witness = NULL;
    causes->roles = tl_roles_of(&recording->inspector, &recording->trace);
    causes->count = 0;
    causes->findings = 0;
}

void tl_causes_end(tl_causes *causes)
{
    tl_witness_destroy(causes->witness);
    causes->witness = NULL;
}

static tl_status signature_of(tl_causes *causes, const tl_enumerate_finding *finding,
                              char text[TL_SIGNATURE_MAX])
{
    if (causes->witness == NULL) {
        tl_status status = tl_witness_create(causes->recording, causes->contracts, causes->profile,
                                             causes->seed, &causes->witness);
        if (status != TL_OK)
            return status;
    }
    if (tl_witness_looks(causes->witness) >= LOOKS_MAX)
        return TL_UNSUPPORTED;
    tl_status status = tl_witness_take(causes->witness, &finding->where, &finding->verdict);
    if (status == TL_OK)
        status = tl_witness_shrink(causes->witness, SHRINK_LOOKS);
    return status == TL_OK
               ? tl_signature_make(causes->witness, &causes->roles, &causes->recording->trace, text)
               : status;
}

/* Of a second crash: where both of them fell.  What was lost of the recovery's own log is not
 * known any more. */
static void second_text(const tl_causes *causes, const tl_enumerate_finding *finding, char *text,
                        size_t text_bytes)
{
    const tl_first_crash *first = &finding->where.first;
    const tl_allowed *allowed = &finding->allowed;
    const char *where = !allowed->again                ? "during recovery"
                        : allowed->low > allowed->high ? "after the commit behind recovery"
                                                       : "during the commit behind recovery";
    snprintf(text, text_bytes, "first a %s, %s; then a power loss, %s",
             first->pick == TL_PICK_KILLED ? "kill" : "power loss",
             tl_moment_name(tl_moment_of(&causes->recording->trace, first->point)), where);
}

const tl_cause *tl_causes_add(tl_causes *causes, const tl_enumerate_finding *finding, bool *fresh)
{
    char text[TL_SIGNATURE_MAX], second[160] = "not looked at closer";
    bool nested = finding->where.nested;
    tl_status status = nested ? TL_UNSUPPORTED : signature_of(causes, finding, text);
    if (status == TL_NO_MEMORY)
        return NULL;
    if (nested)
        second_text(causes, finding, second, sizeof second);
    if (status != TL_OK)
        snprintf(text, sizeof text, "%s (%s): %s", tl_rule_name(finding->verdict.rule),
                 tl_status_name(finding->verdict.status), second);
    causes->findings++;
    size_t i = 0;
    while (i < causes->count &&
           (strcmp(causes->at[i].text, text) != 0 || causes->at[i].known != finding->known))
        i++;
    *fresh = i == causes->count && i < TL_CAUSES_MAX;
    if (i == TL_CAUSES_MAX)
        i--;
    if (*fresh) {
        tl_cause *made = &causes->at[causes->count++];
        *made = (tl_cause){
            .first = finding->where, .verdict = finding->verdict, .known = finding->known};
        snprintf(made->text, sizeof made->text, "%s",
                 causes->count == TL_CAUSES_MAX ? "other causes" : text);
    }
    causes->at[i].count++;
    return &causes->at[i];
}
