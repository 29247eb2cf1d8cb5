/* harness/check/enumerate.c -- see enumerate.h. */
#include "harness/check/enumerate_body.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIER_AS_ROW(upper, name, text) {#name, text},
static const tl_tier_row tiers[] = {TL_TIER_MAP(TIER_AS_ROW)};

const tl_tier_row *tl_tier_at(tl_tier tier)
{
    assert(tier < TL_TIER_COUNT);
    return &tiers[tier];
}

bool tl_tier_find(const char *name, tl_tier *tier)
{
    for (unsigned i = 0; i < TL_TIER_COUNT; i++) {
        if (strcmp(tiers[i].name, name) == 0) {
            *tier = (tl_tier)i;
            return true;
        }
    }
    return false;
}

void tl_enumeration_init(tl_enumeration *result)
{
    *result = (tl_enumeration){0};
    mpz_inits(result->represented, result->not_covered, NULL);
}

void tl_enumeration_clear(tl_enumeration *result)
{
    mpz_clears(result->represented, result->not_covered, NULL);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

bool tl_enumerator_goes_on(tl_enumerator *on)
{
    const tl_enumerate_options *options = on->options;
    uint64_t done = on->result->leaves;
    if (options->tier == TL_TIER_SAMPLED) /* there a bound says how many to draw */
        done = on->result->outcomes;
    if ((options->states_max != 0 && done >= options->states_max) ||
        (options->budget_ns != 0 && now_ns() - on->started_ns >= options->budget_ns) ||
        (options->stop != NULL && options->stop()))
        on->stopped = true;
    return !on->stopped;
}

bool tl_enumerator_takes(tl_enumerator *on)
{
    uint32_t count = on->options->shard_count;
    return on->unit++ % (count < 2 ? 1 : count) == (count < 2 ? 0 : on->options->shard);
}

tl_status tl_enumerate_state(tl_enumerator *on, const tl_state_id *where)
{
    if (!tl_enumerator_goes_on(on))
        return TL_OK;
    uint32_t mark = tl_simdisk_mark(on->state_disk);
    uint64_t leaves = on->result->leaves;
    tl_status status = tl_pending_show(on->pending, where->outcome, &on->possible);
    if (status == TL_OK && where->pick != TL_PICK_BRANCHES)
        status = tl_enumerate_pick(on, where);
    if (status == TL_OK && on->nest != NULL)
        status = tl_enumerate_recovery(on, where);
    else if (status == TL_OK)
        status = tl_enumerate_outcome(on, where);
    if (status == TL_OK && where->pick != TL_PICK_BRANCHES && on->result->leaves > leaves)
        status = tl_enumerate_again(on, where); /* it is another than those met before */
    tl_simdisk_release(on->state_disk, mark);
    return status;
}

/* Every crash of a recovery from what a crash, or a kill, at this point leaves. */
static tl_status nested_point(tl_enumerator *on)
{
    tl_state_id killed = {.profile = on->options->profile,
                          .point = tl_pending_at(on->pending),
                          .pick = TL_PICK_KILLED};
    tl_status status = tl_enumerate_singles(on);
    bool power = tl_profile_at(on->options->profile)->power;
    if (status == TL_OK && power && !on->stopped && tl_enumerator_takes(on))
        status = tl_enumerate_killed(on, &killed);
    return status;
}

/* Every outcome of the crash point, with all its leaves. */
static tl_status exact_point(tl_enumerator *on)
{
    tl_state_id where = {.profile = on->options->profile,
                         .point = tl_pending_at(on->pending),
                         .pick = TL_PICK_BRANCHES};
    tl_status status = TL_OK;
    uint64_t count = tl_pending_outcome_count(on->pending);
    for (; where.outcome < count && status == TL_OK && !on->stopped; where.outcome++) {
        if (tl_enumerator_takes(on))
            status = tl_enumerate_state(on, &where);
    }
    return status;
}

static tl_status exact_and_again(tl_enumerator *on)
{
    uint32_t every = on->options->again_every;
    tl_status status = exact_point(on);
    bool due = every != 0 && !on->stopped && tl_pending_at(on->pending) % every == 0;
    return status == TL_OK && due ? tl_enumerate_again_newest(on) : status;
}

static tl_status points_run(tl_enumerator *on)
{
    size_t op_count = tl_simdisk_op_count(on->trace->disk);
    tl_status status = TL_OK;
    size_t end = on->options->point_end != 0 ? on->options->point_end : SIZE_MAX;
    for (size_t point = on->options->point_first;
         point <= op_count && point < end && status == TL_OK; point++) {
        status = tl_pending_to(on->pending, point);
        if (status == TL_NO_SPACE)
            snprintf(on->result->error, sizeof on->result->error,
                     "crash point %zu has more choices of names and sizes than can be numbered",
                     point);
        if (status != TL_OK)
            return status;
        if (on->options->tier == TL_TIER_EXACT)
            status = exact_and_again(on);
        else if (on->options->tier == TL_TIER_SINGLES)
            status = tl_enumerate_singles(on);
        else if (on->options->tier == TL_TIER_NESTED)
            status = nested_point(on);
        else
            status = tl_enumerate_ends(on);
        if (on->stopped)
            return status;
        on->result->points++;
        if (on->options->on_progress != NULL)
            on->options->on_progress(on->options->context, point, op_count + 1);
    }
    return status;
}

/* The state of the first crash, when there are two. */
static tl_state_id first_of(const tl_state_id *id)
{
    return (tl_state_id){.profile = id->profile,
                         .point = id->first.point,
                         .outcome = id->first.outcome,
                         .pick = id->first.pick,
                         .number = id->first.number};
}

tl_status tl_enumerator_reach(tl_enumerator *on, const tl_state_id *only)
{
    size_t op_count = tl_simdisk_op_count(on->trace->disk);
    bool exists = only->profile == on->options->profile && only->point <= op_count;
    tl_status status = TL_OK;
    if (exists && only->profile == TL_PROFILE_LIAR && only->pick == TL_PICK_SAMPLE) {
        tl_pending_leave_out(on->pending, (size_t)(only->number % (op_count + 1)));
        status = tl_pending_rewind(on->pending);
    }
    if (exists && status == TL_OK)
        status = tl_pending_to(on->pending, only->point);
    exists = exists && status == TL_OK && only->outcome < tl_pending_outcome_count(on->pending);
    if (exists)
        status = tl_enumerate_exists(on, only, &exists);
    if (status == TL_OK && !exists) {
        snprintf(on->result->error, sizeof on->result->error, "this trace has no such state");
        return TL_INVALID;
    }
    return status;
}

static tl_status only_run(tl_enumerator *on)
{
    const tl_state_id *only = on->options->only;
    tl_state_id first = first_of(only);
    if (only->nested)
        only = &first;
    tl_status status = tl_enumerator_reach(on, only);
    if (status == TL_OK && on->nest != NULL && only->pick == TL_PICK_KILLED)
        status = tl_enumerate_killed(on, only);
    else if (status == TL_OK)
        status = tl_enumerate_state(on, only);
    if (status == TL_INVALID && on->result->error[0] == '\0')
        snprintf(on->result->error, sizeof on->result->error, "this trace has no such state");
    return status;
}

/* garbage and liar are other profiles, and something beside. */
tl_profile tl_enumerate_walked(tl_profile profile)
{
    if (profile == TL_PROFILE_GARBAGE)
        return TL_PROFILE_POSIX;
    return profile == TL_PROFILE_LIAR ? TL_PROFILE_JOURNAL : profile;
}

tl_status tl_enumerate_choices(tl_enumerator *on)
{
    tl_choices_options limits = {.mixtures_max = on->options->mixtures_max,
                                 .decisions_max = TL_BRANCHES_MAX,
                                 .confirm = on->options->check_every != 0,
                                 .seed = on->options->seed};
    return tl_choices_create(on->trace->disk, &limits, &on->choices);
}

static tl_status prepare(tl_enumerator *on)
{
    const tl_simdisk *disk = on->trace->disk;
    const tl_state_id *only = on->options->only;
    bool nested = only != NULL ? only->nested : on->options->tier == TL_TIER_NESTED;
    tl_status status =
        tl_pending_create(disk, tl_enumerate_walked(on->options->profile), &on->pending);
    if (status == TL_OK)
        status = tl_enumerate_choices(on);
    if (status == TL_OK && nested)
        status = tl_nest_create(on);
    if (status == TL_OK)
        status = tl_simdisk_create_beside(disk, TL_SIMDISK_ONE_THREAD, &on->state_disk);
    on->answers = tl_answers_create();
    return status == TL_OK && on->answers == NULL ? TL_NO_MEMORY : status;
}

void tl_enumerator_end(tl_enumerator *on)
{
    tl_nest_destroy(on->nest);
    tl_answers_destroy(on->answers);
    tl_simdisk_destroy(on->state_disk);
    tl_choices_destroy(on->choices);
    tl_pending_destroy(on->pending);
    tl_possible_clear(&on->possible);
    tl_hashset_clear(&on->seen);
    mpz_clears(on->beside, on->weight, NULL);
}

tl_status tl_enumerator_begin(tl_enumerator *on, const tl_enumerate_options *options,
                              tl_enumeration *result)
{
    *on = (tl_enumerator){.options = options,
                          .result = result,
                          .inspector = &options->recording->inspector,
                          .trace = &options->recording->trace};
    on->contracts = options->contracts != NULL ? options->contracts : tl_contracts_builtin();
    if (on->inspector->driver != NULL) { /* who only makes states has no store to judge */
        on->whose = tl_contract_case_of(on->inspector, options->profile);
        on->contract = tl_contract_find(on->contracts, &on->whose);
    }
    mpz_inits(on->beside, on->weight, NULL);
    tl_possible_init(&on->possible, on->trace->disk);
    return prepare(on);
}

tl_status tl_enumerate(const tl_enumerate_options *options, tl_enumeration *result)
{
    tl_enumerator on;
    if (!tl_profile_at(options->profile)->exact && options->tier != TL_TIER_SAMPLED) {
        snprintf(result->error, sizeof result->error, "profile %s can only be sampled (tier T3)",
                 tl_profile_at(options->profile)->name);
        return TL_UNSUPPORTED;
    }
    tl_status status = tl_enumerator_begin(&on, options, result);
    on.started_ns = now_ns();
    if (status == TL_OK && options->only != NULL)
        status = only_run(&on);
    else if (status == TL_OK && options->tier == TL_TIER_SAMPLED)
        status = tl_enumerate_samples(&on);
    else if (status == TL_OK)
        status = points_run(&on);
    result->elapsed_ns = now_ns() - on.started_ns;
    /* samples are never all there is: a bound on their number ends them as planned */
    bool planned = options->tier == TL_TIER_SAMPLED && options->states_max != 0 &&
                   result->outcomes >= options->states_max;
    result->complete = status == TL_OK && (!on.stopped || planned);
    if (status != TL_OK && result->error[0] == '\0')
        snprintf(result->error, sizeof result->error, "%s", tl_status_text(status));
    tl_enumerator_end(&on);
    return status;
}
