/* harness/check/enumerate_nested.c -- a crash, a recovery, and a crash of that recovery.
 *
 * Each state that a first crash leaves, and each process that is killed, is recovered from once, on
 * a disk that keeps a log: the store opens, is looked at, and commits once more.  Every state that
 * a crash of that run may leave is then looked at like one of any other trace, exactly.
 *
 * Versions are a stack on the trace's share: above the trace the writes of the recovery, on top
 * those of the state being inspected; each is released when done.
 */
#include "harness/check/enumerate_body.h"
#include "harness/fault/simdisk_body.h"

#include <stdlib.h>
#include <string.h>

struct tl_nest {
    tl_enumerate_options options; /* of `inner` */
    tl_enumerator inner;
    tl_recovery recovery;
    tl_trace trace;   /* of the recovery: its disk alone */
    tl_image durable; /* what a killed process had certainly on the disk */
    tl_hashset seen;  /* first crashes: what they leave, and what may be there */
};

static bool keeps_acknowledged(const tl_enumerator *on)
{
    return on->contract.durable == TL_DURABLE_ACK;
}

tl_allowed tl_enumerate_allowed_nested(const tl_enumerator *inner, size_t point)
{
    const tl_recovery *recovery = inner->recovery;
    tl_allowed allowed = recovery->before;
    allowed.again = point >= recovery->opened;
    allowed.after = recovery->after;
    if (!keeps_acknowledged(inner))
        return allowed;
    if (point >= recovery->acknowledged) {
        allowed.low = 1; /* no prefix: only what came after it */
        allowed.high = 0;
    } else if (point >= recovery->opened) { /* somebody has seen this content */
        allowed.low = allowed.high = recovery->found.n;
    }
    return allowed;
}

tl_status tl_nest_create(tl_enumerator *on)
{
    const tl_simdisk *disk = on->trace->disk;
    tl_nest *nest = calloc(1, sizeof *nest);
    if (nest == NULL)
        return TL_NO_MEMORY;
    on->nest = nest;
    nest->options = *on->options;
    nest->options.tier = TL_TIER_EXACT;
    nest->options.shard_count = 0;
    tl_image_init(&nest->durable, &disk->share->versions);
    tl_enumerator *inner = &nest->inner;
    *inner = (tl_enumerator){.options = &nest->options,
                             .result = on->result,
                             .inspector = on->inspector,
                             .memo = on->memo,
                             .contracts = on->contracts,
                             .whose = on->whose,
                             .contract = on->contract,
                             .trace = &nest->trace,
                             .recovery = &nest->recovery};
    mpz_inits(inner->beside, inner->weight, NULL);
    tl_possible_init(&inner->possible, disk);
    tl_status status = tl_simdisk_create_beside(disk, TL_SIMDISK_ONE_THREAD | TL_SIMDISK_RECORD,
                                                &nest->trace.disk);
    if (status == TL_OK)
        status = tl_simdisk_create_beside(disk, TL_SIMDISK_ONE_THREAD, &inner->state_disk);
    inner->answers = tl_answers_create();
    return status == TL_OK && inner->answers == NULL ? TL_NO_MEMORY : status;
}

void tl_nest_destroy(tl_nest *nest)
{
    if (nest == NULL)
        return;
    tl_enumerator *inner = &nest->inner;
    tl_answers_destroy(inner->answers);
    tl_simdisk_destroy(inner->state_disk);
    tl_simdisk_destroy(nest->trace.disk);
    tl_possible_clear(&inner->possible);
    tl_hashset_clear(&inner->seen);
    tl_hashset_clear(&nest->seen);
    tl_image_clear(&nest->durable);
    mpz_clears(inner->beside, inner->weight, NULL);
    free(nest);
}

/* Let the store recover on nest->trace.disk and commit once more.  False: nothing comes after it;
 * *verdict tells. */
static bool recover(tl_enumerator *on, tl_verdict *verdict)
{
    tl_recovery *recovery = &on->nest->recovery;
    tl_simdisk *disk = on->nest->trace.disk;
    tl_store *store = NULL;
    if (!tl_inspect_open(&on->inspector, tl_simdisk_io(disk), &recovery->before, &store, verdict))
        return false;
    recovery->found = verdict->content;
    recovery->after = (tl_content){verdict->content.n, verdict->content.round + 1};
    recovery->opened = tl_simdisk_op_count(disk);
    bool fine = tl_inspect_write(&on->inspector, store, recovery->after, verdict);
    recovery->acknowledged = tl_simdisk_op_count(disk);
    tl_inspect_abandon(&on->inspector, store);
    return fine;
}

static tl_status point_run(tl_enumerator *inner)
{
    tl_state_id where = {.profile = inner->options->profile,
                         .nested = true,
                         .first = inner->recovery->first,
                         .point = tl_pending_at(inner->pending),
                         .pick = TL_PICK_BRANCHES};
    tl_status status = TL_OK;
    uint64_t count = tl_pending_outcome_count(inner->pending);
    for (; where.outcome < count && status == TL_OK && !inner->stopped; where.outcome++)
        status = tl_enumerate_state(inner, &where);
    return status;
}

static tl_status points_run(tl_enumerator *inner)
{
    size_t op_count = tl_simdisk_op_count(inner->trace->disk);
    tl_status status = TL_OK;
    for (size_t point = 0; point <= op_count && status == TL_OK && !inner->stopped; point++) {
        status = tl_pending_to(inner->pending, point);
        if (status == TL_OK)
            status = point_run(inner);
    }
    return status;
}

static tl_status only_run(tl_enumerator *inner)
{
    const tl_state_id *only = inner->options->only;
    if (only->point > tl_simdisk_op_count(inner->trace->disk))
        return TL_INVALID;
    tl_status status = tl_pending_to(inner->pending, only->point);
    if (status == TL_OK && only->outcome >= tl_pending_outcome_count(inner->pending))
        return TL_INVALID;
    return status == TL_OK ? tl_enumerate_state(inner, only) : status;
}

/* The states of all crashes of the recovery that was just recorded. */
static tl_status recovery_run(tl_enumerator *on)
{
    tl_enumerator *inner = &on->nest->inner;
    const tl_simdisk *disk = on->nest->trace.disk;
    inner->started_ns = on->started_ns;
    inner->stopped = on->stopped;
    const tl_enumerate_options *options = on->options;
    tl_status status = tl_pending_create(disk, options->profile, &inner->pending);
    if (status == TL_OK)
        status = tl_enumerate_choices(inner);
    if (status == TL_OK && options->on_recovery != NULL)
        status = options->on_recovery(options->context, disk);
    if (status == TL_OK && options->recoveries_only)
        ; /* that was all */
    else if (status == TL_OK && on->on_second != NULL)
        status = on->on_second(on->on_second_context, inner);
    else if (status == TL_OK)
        status = options->only != NULL ? only_run(inner) : points_run(inner);
    tl_choices_destroy(inner->choices);
    tl_pending_destroy(inner->pending);
    inner->choices = NULL;
    inner->pending = NULL;
    on->stopped = inner->stopped;
    return status;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* What a process sees of an image, and what the rules say may be there. */
static tl_hash128 first_hash(const tl_enumerator *on, const tl_image *image,
                             const tl_allowed *allowed, bool killed)
{
    tl_hash128 sum = {mix(allowed->low, allowed->high), killed ? 1 : 2};
    for (uint32_t i = 0; i < image->name_count; i++) {
        const tl_simfile *file = &image->files[image->names[i].file];
        uint64_t name = on->trace->disk->share->paths.entries[image->names[i].path].hash;
        uint64_t low = mix(name, file->size_bytes), high = mix(low, name);
        for (uint32_t s = 0; s < file->sector_count; s++) {
            tl_hash128 hash = tl_version_hash(image->versions, file->sectors[s]);
            low = mix(low, hash.low);
            high = mix(high, hash.high);
        }
        sum.low += low;
        sum.high += high;
    }
    return sum;
}

/* on->possible.image is what the first crash left.  `durable`: what of it is certain, for the
 * profile, when it was the process alone that died. */
static tl_status first_run(tl_enumerator *on, const tl_state_id *where, const tl_image *durable)
{
    tl_nest *nest = on->nest;
    tl_recovery *recovery = &nest->recovery;
    recovery->before = tl_enumerate_allowed(on, where->point);
    recovery->first = (tl_first_crash){where->point, where->outcome, where->pick, where->number};
    bool added = false;
    tl_hash128 hash =
        first_hash(on, &on->possible.image, &recovery->before, where->pick == TL_PICK_KILLED);
    tl_status status = tl_hashset_add(&nest->seen, hash, &added);
    if (status != TL_OK || !added || !tl_enumerator_takes(on))
        return status;
    uint32_t mark = tl_simdisk_mark(nest->trace.disk);
    status = tl_image_copy(&nest->trace.disk->image, &on->possible.image);
    if (status == TL_OK)
        status = tl_simdisk_begin_life(nest->trace.disk, durable);
    tl_verdict verdict;
    if (status == TL_OK) {
        on->result->recoveries++;
        if (recover(on, &verdict))
            status = recovery_run(on);
        else if (verdict.rule != TL_RULE_NONE)
            tl_enumerate_report(on, where, &verdict, &recovery->before);
    }
    tl_simdisk_release(nest->trace.disk, mark);
    return status;
}

tl_status tl_enumerate_recovery(tl_enumerator *on, const tl_state_id *where)
{
    return on->possible.open_count == 0 ? first_run(on, where, &on->possible.image) : TL_INVALID;
}

/* One side of the disk at this crash point, as a single state in on->possible. */
static tl_status side_show(tl_enumerator *on, const tl_state_id *where, uint64_t outcome,
                           tl_pick pick)
{
    tl_state_id side = *where;
    side.outcome = outcome;
    side.pick = pick;
    tl_status status = tl_pending_show(on->pending, outcome, &on->possible);
    return status == TL_OK ? tl_enumerate_pick(on, &side) : status;
}

tl_status tl_enumerate_killed_sides(tl_enumerator *on, const tl_state_id *where, tl_image *certain)
{
    tl_status status = side_show(on, where, 0, TL_PICK_OLDEST);
    if (status == TL_OK)
        status = tl_pending_show_nameless(on->pending, &on->possible.image);
    if (status == TL_OK)
        status = tl_image_copy(certain, &on->possible.image);
    if (status == TL_OK)
        status = side_show(on, where, tl_pending_newest_outcome(on->pending), TL_PICK_NEWEST);
    return status;
}

tl_status tl_enumerate_killed(tl_enumerator *on, const tl_state_id *where)
{
    if (!tl_enumerator_goes_on(on))
        return TL_OK;
    uint32_t mark = tl_simdisk_mark(on->state_disk);
    tl_status status = tl_enumerate_killed_sides(on, where, &on->nest->durable);
    if (status == TL_OK)
        status = first_run(on, where, &on->nest->durable);
    tl_simdisk_release(on->state_disk, mark);
    return status;
}
