/* harness/check/enumerate.c -- see enumerate.h. */
#include "harness/check/enumerate_body.h"
#include "harness/fault/simdisk_body.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    REPEATS_EACH = 256
}; /* images met again, in place of one more, of a bound on their number */

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

void tl_enumeration_add(tl_enumeration *sum, const tl_enumeration *one)
{
    sum->points += one->points;
    sum->outcomes += one->outcomes;
    sum->shared += one->shared;
    sum->leaves += one->leaves;
    sum->recovered += one->recovered;
    sum->refused += one->refused;
    sum->told += one->told;
    sum->distinct += one->distinct;
    sum->repeated += one->repeated;
    sum->memo_found += one->memo_found;
    sum->memo_missed += one->memo_missed;
    sum->reruns += one->reruns;
    sum->findings += one->findings;
    sum->known += one->known;
    for (unsigned rule = 0; rule < TL_RULE_COUNT; rule++)
        sum->by_rule[rule] += one->by_rule[rule];
    mpz_add(sum->represented, sum->represented, one->represented);
    mpz_add(sum->not_covered, sum->not_covered, one->not_covered);
    sum->not_covered_leaves += one->not_covered_leaves;
    sum->elapsed_ns += one->elapsed_ns;
    sum->complete = sum->complete && one->complete;
    if (sum->error[0] == '\0')
        memcpy(sum->error, one->error, sizeof sum->error);
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
    if (options->each_image) /* so many may not exist: drawing ends some day */
        done += on->result->repeated / REPEATS_EACH;
    if ((options->states_max != 0 && done >= options->states_max) ||
        (options->budget_ns != 0 && now_ns() - on->started_ns >= options->budget_ns) ||
        (options->stop != NULL && options->stop()))
        on->stopped = true;
    return !on->stopped;
}

size_t tl_enumerator_last_point(const tl_enumerator *on)
{
    size_t end = on->options->point_end, last = tl_simdisk_op_count(on->trace->disk);
    return end != 0 && end <= last ? end - 1 : last;
}

bool tl_enumerator_takes(tl_enumerator *on)
{
    uint32_t count = on->options->shard_count;
    return on->unit++ % (count < 2 ? 1 : count) == (count < 2 ? 0 : on->options->shard);
}

/* All that a process can see of on->possible, which has no choices left. */
static tl_hash128 image_hash(tl_enumerator *on)
{
    tl_image *image = &on->possible.image;
    if (!image->hashing)
        tl_image_begin_hashing(image);
    tl_hash128 hash = tl_image_hash(image, &on->trace->disk->share->paths);
    image->hashing = false; /* its copies are written to */
    return hash;
}

tl_status tl_enumerate_state(tl_enumerator *on, const tl_state_id *where)
{
    if (!tl_enumerator_goes_on(on))
        return TL_OK;
    uint32_t mark = tl_simdisk_mark(on->state_disk);
    uint64_t leaves = on->result->leaves;
    on->possible.hashing = on->options->each_image && where->pick != TL_PICK_BRANCHES;
    tl_status status = tl_pending_show(on->pending, where->outcome, &on->possible);
    if (status == TL_OK && where->pick != TL_PICK_BRANCHES)
        status = tl_enumerate_pick(on, where);
    bool fresh = true;
    if (status == TL_OK && on->possible.hashing)
        status = tl_hashset_add(&on->images, image_hash(on), &fresh);
    on->result->repeated += !fresh;
    if (status == TL_OK && on->nest != NULL)
        status = tl_enumerate_recovery(on, where);
    else if (status == TL_OK && fresh)
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
    if (status == TL_OK && power && !on->stopped)
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
    for (size_t point = on->options->point_first;
         point <= tl_enumerator_last_point(on) && status == TL_OK; point++) {
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
    bool same_run = only->schedule == on->options->recording->trace.threads.schedule && !only->run;
    if (only->nested)
        only = &first;
    tl_status status = same_run ? tl_enumerator_reach(on, only) : TL_INVALID;
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
    if (status == TL_OK && on->options->memo)
        status = tl_memo_create(tl_simdisk_mark(disk), &on->memo);
    if (status == TL_OK)
        status = tl_recycler_create(&on->recycler);
    const tl_driver *driver = on->inspector.driver; /* NULL: states are made, and none is judged */
    bool takes = driver != NULL && (driver->capabilities & TL_DRIVER_MEMORY) != 0;
    if (status == TL_OK && takes && on->inspector.options.memory == NULL)
        on->inspector.options.memory = tl_recycler_memory(on->recycler);
    on->answers = tl_answers_create();
    return status == TL_OK && on->answers == NULL ? TL_NO_MEMORY : status;
}

void tl_enumerator_end(tl_enumerator *on)
{
    tl_nest_destroy(on->nest);
    tl_answers_destroy(on->answers);
    tl_simdisk_destroy(on->state_disk);
    tl_memo_destroy(on->memo);
    tl_recycler_destroy(on->recycler);
    tl_choices_destroy(on->choices);
    tl_pending_destroy(on->pending);
    tl_possible_clear(&on->possible);
    tl_hashset_clear(&on->seen);
    tl_hashset_clear(&on->images);
    mpz_clears(on->beside, on->weight, NULL);
}

tl_status tl_enumerator_begin(tl_enumerator *on, const tl_enumerate_options *options,
                              tl_enumeration *result)
{
    *on = (tl_enumerator){.options = options,
                          .result = result,
                          .inspector = options->recording->inspector,
                          .trace = &options->recording->trace};
    on->contracts = options->contracts != NULL ? options->contracts : tl_contracts_builtin();
    on->whose = tl_contract_case_of(&on->inspector, options->profile);
    on->contract = tl_contract_find(on->contracts, &on->whose);
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
    if (on.memo != NULL) {
        tl_memo_counts counts = tl_memo_count(on.memo);
        result->memo_found = counts.found;
        result->memo_missed = counts.missed;
    }
    /* samples are never all there is: a bound on their number ends them as planned */
    bool planned = options->tier == TL_TIER_SAMPLED && options->states_max != 0 &&
                   result->outcomes >= options->states_max;
    result->complete = status == TL_OK && (!on.stopped || planned);
    if (status != TL_OK && result->error[0] == '\0')
        snprintf(result->error, sizeof result->error, "%s", tl_status_text(status));
    tl_enumerator_end(&on);
    return status;
}
