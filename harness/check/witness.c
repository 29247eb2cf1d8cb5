/* harness/check/witness.c -- see witness.h: a state taken up, looked at, and made small. */
#include "harness/check/witness_body.h"

#include "harness/fault/choices_body.h"
#include "harness/fault/simdisk_body.h"

#include <stdlib.h>

enum { POISON = 0xa5, LOOKS_MAX = 512, OUTCOMES_MAX = 256, ATTEMPTS = 16 };

tl_status tl_witness_create(const tl_recording *recording, const tl_contracts *contracts,
                            tl_profile profile, uint64_t seed, tl_witness **out)
{
    tl_witness *witness = calloc(1, sizeof *witness);
    if (witness == NULL)
        return TL_NO_MEMORY;
    const tl_simdisk *disk = recording->trace.disk;
    tl_enumerator *on = &witness->on;
    witness->options = (tl_enumerate_options){
        .recording = recording, .contracts = contracts, .profile = profile, .seed = seed};
    on->options = &witness->options;
    on->inspector = recording->inspector;
    on->trace = &recording->trace;
    on->contracts = contracts != NULL ? contracts : tl_contracts_builtin();
    on->whose = tl_contract_case_of(&on->inspector, profile);
    on->contract = tl_contract_find(on->contracts, &on->whose);
    tl_possible_init(&on->possible, disk);
    tl_image_init(&witness->issued, &disk->share->versions);
    tl_choices_options limits = {.decisions_max = TL_BRANCHES_MAX, .seed = seed};
    tl_status status = tl_pending_create(disk, tl_enumerate_walked(profile), &on->pending);
    if (status == TL_OK)
        status = tl_choices_create(disk, &limits, &on->choices);
    if (status == TL_OK)
        status = tl_simdisk_create_beside(disk, TL_SIMDISK_ONE_THREAD, &on->state_disk);
    if (status != TL_OK) {
        tl_witness_destroy(witness);
        return status;
    }
    *out = witness;
    return TL_OK;
}

void tl_witness_destroy(tl_witness *witness)
{
    if (witness == NULL)
        return;
    tl_simdisk_destroy(witness->on.state_disk);
    tl_choices_destroy(witness->on.choices);
    tl_pending_destroy(witness->on.pending);
    tl_possible_clear(&witness->on.possible);
    tl_image_clear(&witness->issued);
    free(witness->lost.at);
    free(witness->shown.at);
    free(witness->names.at);
    free(witness->sizes.at);
    free(witness->pending.at);
    free(witness->left);
    free(witness);
}

const tl_verdict *tl_witness_verdict(const tl_witness *witness)
{
    return &witness->verdict;
}

uint64_t tl_witness_looks(const tl_witness *witness)
{
    return witness->looks;
}

static size_t maker_of(const tl_witness *witness, const tl_open_sector *open, uint32_t v)
{
    size_t op = SIZE_MAX; /* it was there when the log began */
    (void)tl_pending_maker(witness->on.pending, witness->on.possible.logged[open->first + v], &op);
    return op;
}

/* Judge what the image of on->possible holds, or what its choices leave when there are some. */
static tl_status look(tl_witness *witness, tl_verdict *verdict)
{
    tl_enumerator *on = &witness->on;
    size_t point = witness->where.point;
    tl_allowed widest = {.high = tl_oracle_commits(on->inspector.oracle),
                         .corrupt = on->contract.refuses};
    tl_status status = tl_choices_load(on->choices, &on->possible);
    if (status != TL_OK)
        return status;
    if (witness->where.pick == TL_PICK_BRANCHES && on->possible.open_count > 0)
        tl_choices_follow(on->choices, witness->where.branches, witness->where.branch_count);
    uint32_t mark = tl_simdisk_mark(on->state_disk);
    status = tl_choices_begin(on->choices, on->state_disk, POISON);
    if (status != TL_OK)
        return status;
    bool clean = tl_enumerate_closes(&witness->where);
    tl_inspect(&on->inspector, tl_simdisk_io(on->state_disk), &widest, clean, verdict);
    tl_run_end end = tl_choices_end(on->choices);
    tl_simdisk_release(on->state_disk, mark);
    witness->looks++;
    if (end != TL_RUN_WHOLE)
        return end == TL_RUN_NO_MEMORY ? TL_NO_MEMORY : TL_INVALID;
    tl_allowed allowed = tl_contract_allowed(&on->contract, on->trace, point);
    if (verdict->rule == TL_RULE_NONE && !verdict->refused)
        (void)tl_inspect_bounds(on->inspector.oracle, &allowed, verdict);
    return TL_OK;
}

/* Show an outcome with everything issued but what `lost` says. */
tl_status tl_witness_show(tl_witness *witness, uint64_t outcome, const tl_lost_list *lost)
{
    tl_enumerator *on = &witness->on;
    tl_possible *possible = &on->possible;
    tl_status status = tl_pending_show(on->pending, outcome, possible);
    for (uint32_t i = 0; i < possible->open_count && status == TL_OK; i++) {
        const tl_open_sector *open = &possible->open[i];
        uint32_t v = open->count - 1;
        while (v > 0 && tl_lost_has(lost, open->file, open->sector, maker_of(witness, open, v)))
            v--;
        tl_image_set_sector(&possible->image, open->file, open->sector,
                            possible->shown[open->first + v]);
    }
    possible->open_count = possible->version_count = 0;
    return status;
}

static bool is_same(const tl_verdict *one, const tl_verdict *other)
{
    return one->rule == other->rule && one->status == other->status;
}

static tl_status look_at(tl_witness *witness, uint64_t outcome, const tl_lost_list *lost,
                         bool *same)
{
    uint32_t mark = tl_simdisk_mark(witness->on.state_disk);
    tl_verdict verdict = {.rule = TL_RULE_NONE};
    tl_status status = tl_witness_show(witness, outcome, lost);
    if (status == TL_OK)
        status = look(witness, &verdict);
    tl_simdisk_release(witness->on.state_disk, mark);
    *same = status == TL_OK && is_same(&verdict, &witness->verdict);
    witness->right = status == TL_OK && tl_contract_allows(&witness->on.contract, &verdict);
    if (*same)
        witness->verdict = verdict;
    return status == TL_INVALID || status == TL_UNSUPPORTED ? TL_OK : status;
}

/* Which versions of each open sector a run on its choices left. */
static tl_status decided_note(tl_witness *witness)
{
    const tl_choices *choices = witness->on.choices;
    const tl_possible *possible = &witness->on.possible;
    uint64_t *grown = realloc(witness->left, (possible->open_count + 1) * sizeof *grown);
    if (grown == NULL)
        return TL_NO_MEMORY;
    witness->left = grown;
    for (uint32_t i = 0; i < possible->open_count; i++)
        grown[i] = UINT64_MAX;
    for (uint32_t i = 0; i < choices->open_count; i++) {
        const tl_open *choice = &choices->opens[i];
        const tl_open_sector *open = &possible->open[choice->source];
        grown[choice->source] = 0;
        for (uint32_t v = 0; v < open->count && v < 64; v++)
            grown[choice->source] |= (choice->mask >> choices->content_of[open->first + v] & 1)
                                     << v;
    }
    return TL_OK;
}

/* One of the versions left: the newest, the oldest, or by chance: what a checksum refused together
 * is no choice for each sector by itself. */
static uint32_t decided(const tl_witness *witness, uint32_t source, unsigned attempt)
{
    const tl_open_sector *open = &witness->on.possible.open[source];
    uint32_t count = open->count < 64 ? open->count : 64, found = open->count - 1;
    uint64_t coin = (source + 1) * UINT64_C(0x9e3779b97f4a7c15) * (attempt + 1);
    for (uint32_t v = count; v-- > 0;) {
        if ((witness->left[source] >> v & 1) == 0)
            continue;
        found = v;
        coin ^= coin >> 29;
        if (attempt == 0 || (attempt > 1 && coin % 2 == 0))
            break;
    }
    return found;
}

/* The version that a state picked by word or number shows; UINT32_MAX: none of them. */
static uint32_t picked(const tl_witness *witness, const tl_open_sector *open)
{
    const tl_possible *possible = &witness->on.possible;
    uint32_t shown = possible->image.files[open->file].sectors[open->sector];
    for (uint32_t v = open->count; v-- > 0;) {
        if (possible->shown[open->first + v] == shown)
            return v;
    }
    return UINT32_MAX;
}

/* From the state that on->possible shows, with `open_count` choices made: what it lacks. */
static tl_status take_picks(tl_witness *witness, uint32_t open_count, bool by_branches,
                            unsigned attempt)
{
    tl_status status = TL_OK;
    witness->lost.count = 0;
    for (uint32_t i = 0; i < open_count && status == TL_OK; i++) {
        const tl_open_sector *open = &witness->on.possible.open[i];
        uint32_t taken = by_branches ? decided(witness, i, attempt) : picked(witness, open);
        witness->garbled = witness->garbled || taken == UINT32_MAX;
        for (uint32_t v = open->count; taken != UINT32_MAX && v-- > taken + 1 && status == TL_OK;)
            status =
                tl_lost_add(&witness->lost, open->file, open->sector, maker_of(witness, open, v));
    }
    tl_lost_sort(&witness->lost);
    return status;
}

static tl_status go_to(tl_witness *witness)
{
    tl_enumerator *on = &witness->on;
    const tl_state_id *where = &witness->where;
    size_t op_count = tl_simdisk_op_count(on->trace->disk);
    if (where->nested || where->point > op_count)
        return TL_INVALID; /* a recovery's log is not this one */
    bool liar = where->profile == TL_PROFILE_LIAR && where->pick == TL_PICK_SAMPLE;
    tl_status status = TL_OK;
    if (liar)
        tl_pending_leave_out(on->pending, (size_t)(where->number % (op_count + 1)));
    else if (witness->left_out)
        tl_pending_leave_out(on->pending, SIZE_MAX);
    if (liar || witness->left_out || where->point < tl_pending_at(on->pending))
        status = tl_pending_rewind(on->pending);
    witness->left_out = liar;
    if (status == TL_OK)
        status = tl_pending_to(on->pending, where->point);
    if (status == TL_OK && where->outcome >= tl_pending_outcome_count(on->pending))
        return TL_INVALID;
    witness->outcome = where->outcome;
    witness->newest = tl_pending_newest_outcome(on->pending);
    return status;
}

static tl_status picks_again(tl_witness *witness, unsigned attempt)
{
    tl_possible *possible = &witness->on.possible;
    uint32_t mark = tl_simdisk_mark(witness->on.state_disk);
    tl_status status = tl_pending_show(witness->on.pending, witness->outcome, possible);
    if (status == TL_OK)
        status = take_picks(witness, possible->open_count, true, attempt);
    tl_simdisk_release(witness->on.state_disk, mark);
    return status;
}

tl_status tl_witness_take(tl_witness *witness, const tl_state_id *where, const tl_verdict *said)
{
    tl_enumerator *on = &witness->on;
    witness->where = *where;
    witness->garbled = false;
    tl_status status = go_to(witness);
    if (status != TL_OK)
        return status;
    uint32_t mark = tl_simdisk_mark(on->state_disk);
    status = tl_pending_show(on->pending, where->outcome, &on->possible);
    uint32_t open_count = on->possible.open_count;
    bool by_branches = where->pick == TL_PICK_BRANCHES;
    if (status == TL_OK && !by_branches)
        status = tl_enumerate_pick(on, where);
    if (status == TL_OK)
        status = look(witness, &witness->verdict);
    if (status == TL_OK && by_branches)
        status = decided_note(witness);
    if (status == TL_OK)
        status = take_picks(witness, open_count, by_branches, 0);
    tl_simdisk_release(on->state_disk, mark);
    if (status != TL_OK)
        return status;
    witness->garbled = witness->garbled || where->profile == TL_PROFILE_GARBAGE;
    if (said != NULL && !is_same(&witness->verdict, said))
        return TL_INVALID;
    bool same = witness->garbled;
    for (unsigned attempt = 0; !same && status == TL_OK && attempt < ATTEMPTS; attempt++) {
        if (attempt > 0 && by_branches)
            status = picks_again(witness, attempt);
        if (status == TL_OK)
            status = look_at(witness, witness->outcome, &witness->lost, &same);
    }
    return status == TL_OK && !same ? TL_INVALID : status;
}

/* Without operation `op` among what is lost: is it the same finding?  Then keep it so. */
static tl_status give_back(tl_witness *witness, size_t op)
{
    tl_lost_list less = {0};
    bool same = false;
    tl_status status = TL_OK;
    for (size_t i = 0; i < witness->lost.count && status == TL_OK; i++) {
        const tl_lost_sector *at = &witness->lost.at[i];
        if (at->op != op)
            status = tl_lost_add(&less, at->file, at->sector, at->op);
    }
    if (status == TL_OK)
        status = look_at(witness, witness->outcome, &less, &same);
    if (same) {
        free(witness->lost.at);
        witness->lost = less;
    } else {
        free(less.at);
    }
    return status;
}

/* The newest names and sizes that show it: all of them, or else as near to that as can be found. */
static tl_status renew_outcome(tl_witness *witness, uint64_t looks_end)
{
    uint64_t count = tl_pending_outcome_count(witness->on.pending);
    bool same = witness->outcome == witness->newest;
    tl_status status = TL_OK;
    if (!same) {
        status = look_at(witness, witness->newest, &witness->lost, &same);
        if (same)
            witness->outcome = witness->newest;
    }
    for (uint64_t i = 0; !same && i < OUTCOMES_MAX && status == TL_OK; i++) {
        uint64_t tried = count - 1 - i; /* the newest come last */
        if (i >= count || tried <= witness->outcome || witness->looks >= looks_end)
            break;
        status = look_at(witness, tried, &witness->lost, &same);
        if (same)
            witness->outcome = tried;
    }
    return status;
}

tl_status tl_witness_shrink(tl_witness *witness, uint32_t looks_max)
{
    uint64_t end = witness->looks + (looks_max == 0 ? LOOKS_MAX : looks_max);
    if (witness->garbled)
        return TL_OK;
    bool same = false;
    const tl_lost_list none = {0};
    tl_status status = TL_OK;
    if (witness->lost.count > 0) { /* names and sizes alone? */
        status = look_at(witness, witness->outcome, &none, &same);
        if (same)
            witness->lost.count = 0;
    }
    if (status == TL_OK)
        status = renew_outcome(witness, end);
    for (size_t i = witness->lost.count; i-- > 0 && status == TL_OK && witness->looks < end;) {
        if (i >= witness->lost.count)
            i = witness->lost.count - 1;
        size_t op = witness->lost.at[i].op;
        while (i > 0 && witness->lost.at[i - 1].op == op)
            i--;
        status = give_back(witness, op);
        if (witness->lost.count == 0)
            break;
    }
    return status;
}

tl_status tl_witness_pending(tl_witness *witness, const size_t **ops, size_t *op_count)
{
    uint32_t mark = tl_simdisk_mark(witness->on.state_disk);
    tl_possible *possible = &witness->on.possible;
    tl_status status = tl_pending_show(witness->on.pending, witness->outcome, possible);
    witness->pending.count = 0;
    for (uint32_t i = 0; i < possible->open_count && status == TL_OK; i++) {
        const tl_open_sector *open = &possible->open[i];
        for (uint32_t v = 1; v < open->count && status == TL_OK; v++) {
            size_t op = maker_of(witness, open, v);
            if (op != SIZE_MAX)
                status = tl_lost_add_op(&witness->pending, op);
        }
    }
    possible->open_count = possible->version_count = 0;
    tl_simdisk_release(witness->on.state_disk, mark);
    tl_lost_sort_ops(&witness->pending);
    *ops = witness->pending.at;
    *op_count = witness->pending.count;
    return status;
}

tl_status tl_witness_try(tl_witness *witness, const size_t *ops, size_t op_count, bool *right)
{
    bool same = false;
    tl_lost_list more = {0};
    const tl_verdict kept = witness->verdict;
    const tl_simdisk *disk = witness->on.trace->disk;
    tl_status status = tl_lost_copy(&more, &witness->lost);
    for (size_t i = 0; i < op_count && status == TL_OK; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(disk, ops[i]);
        for (uint32_t s = 0; s < op->sector_count && status == TL_OK; s++) {
            uint32_t sector = (uint32_t)op->first_sector + s;
            if (!tl_lost_has(&witness->lost, op->file, sector, ops[i]))
                status = tl_lost_add(&more, op->file, sector, ops[i]);
        }
    }
    tl_lost_sort(&more);
    if (status == TL_OK)
        status = look_at(witness, witness->outcome, &more, &same);
    witness->verdict = kept;
    *right = status == TL_OK && witness->right;
    free(more.at);
    return status;
}
