/* harness/check/necessity.c -- see necessity.h. */
#include "harness/check/necessity.h"

#include <stdio.h>

#define NEED_AS_NAME(upper, lower, text) #lower,
static const char *const names[] = {TL_NEED_MAP(NEED_AS_NAME)};

const char *tl_need_name(tl_need need)
{
    return need < TL_NEED_COUNT ? names[need] : "?";
}

/* The enumerator asks `stop` without a context: one search at a time. */
static const tl_necessity_options *searching;
static bool witnessed;

static bool enough(void)
{
    return witnessed || (searching->stop != NULL && searching->stop());
}

static void take_witness(void *context, const tl_enumerate_finding *finding)
{
    tl_necessity *found = context;
    if (witnessed || finding->known != NULL)
        return;
    witnessed = true;
    found->need = TL_NEED_NECESSARY;
    found->witness = finding->where;
    found->verdict = finding->verdict;
}

/* Look at the states of this recording until one breaks a promise. */
static tl_status search(const tl_necessity_options *options, const tl_recording *recording,
                        tl_necessity *found, char *error, size_t error_bytes)
{
    tl_enumerate_options states = {
        .recording = recording,
        .contracts = options->contracts,
        .profile = options->profile,
        .tier = options->tier,
        .seed = options->seed,
        .states_max = options->states_max,
        .budget_ns = options->budget_ns,
        .stop = enough,
        .on_finding = take_witness,
        .context = found,
    };
    tl_enumeration done;
    tl_enumeration_init(&done);
    searching = options;
    witnessed = false;
    tl_status status = tl_enumerate(&states, &done);
    if (status != TL_OK)
        snprintf(error, error_bytes, "%s", done.error);
    else if (!witnessed && done.complete && options->tier == TL_TIER_EXACT &&
             mpz_sgn(done.not_covered) == 0)
        found->need = TL_NEED_REDUNDANT;
    found->cut = !witnessed && !done.complete;
    found->leaves = done.leaves;
    found->elapsed_ns = done.elapsed_ns;
    tl_enumeration_clear(&done);
    return status;
}

static tl_status search_without(const tl_necessity_options *options, tl_necessity *found,
                                char *error, size_t error_bytes)
{
    tl_recording without = *options->recording; /* but for the trace it is the same */
    tl_status status = tl_trace_without(&options->recording->trace, found->entry, &without.trace);
    if (status != TL_OK)
        return status;
    status = search(options, &without, found, error, error_bytes);
    tl_trace_clear(&without.trace);
    return status;
}

/* Whatever the unchanged run shows, it would be taken for what a missing sync does. */
static tl_status unchanged_is_sound(const tl_necessity_options *options, tl_necessity *found,
                                    char *error, size_t error_bytes)
{
    *found = (tl_necessity){.need = TL_NEED_UNDECIDED};
    tl_status status = search(options, options->recording, found, error, error_bytes);
    if (status != TL_OK || !witnessed)
        return status;
    snprintf(error, error_bytes,
             "the unchanged run breaks a promise under %s already; look with `treelab crash`",
             tl_profile_at(options->profile)->name);
    return TL_INVALID;
}

tl_status tl_necessity_run(const tl_necessity_options *options, char *error, size_t error_bytes)
{
    const tl_simdisk *log = options->recording->trace.disk;
    static tl_necessity found; /* large: the witness's choices */
    tl_status status = unchanged_is_sound(options, &found, error, error_bytes);
    for (size_t i = 0; i < tl_simdisk_op_count(log) && status == TL_OK; i++) {
        tl_simdisk_op_kind kind = tl_simdisk_op_at(log, i)->kind;
        if (kind != TL_SIMDISK_SYNC && kind != TL_SIMDISK_SYNC_DIR)
            continue;
        if (options->stop != NULL && options->stop())
            break;
        found = (tl_necessity){.entry = i, .need = TL_NEED_UNDECIDED};
        status = search_without(options, &found, error, error_bytes);
        if (status == TL_OK)
            options->on_sync(options->context, &found);
    }
    return status;
}
