/* harness/check/mutant_crashes.c -- the enumeration as a sweep at seeded bugs.
 *
 *     each durability -> each history -> each protocol: recorded, then enumerated by the plan
 */
#include "harness/check/mutant_parts.h"
#include "harness/check/standard.h"
#include "harness/drivers/drivers.h"
#include "harness/run/run.h"

#include <inttypes.h>
#include <stdio.h>

enum { CHECK_EVERY = 1000, SETTINGS = TL_STANDARD_SETTINGS + 1 };

typedef struct store { /* the one being enumerated */
    tl_probe *probe;
    const char *protocol, *label;
    tl_durability durability;
    const tl_history *history;
    uint64_t schedule;
    tl_standard_settings standard;
    tl_driver_setting settings[SETTINGS];
    size_t setting_count;
} store;

/* The id that `treelab crash replay` takes; one that is too long for the table is cut. */
static void tell(const store *at, const tl_state_id *id, const tl_verdict *verdict)
{
    static char state[TL_STATE_ID_TEXT_MAX];
    char where[TL_PROBE_WHERE_BYTES];
    tl_state_id_print(id, state);
    snprintf(where, sizeof where, "%s/%s/%" PRIu32 "/%d/%u/%s/%s/%.256s", at->label,
             at->history->name, at->history->page_bytes, TL_STANDARD_SEED, at->history->commits,
             at->protocol, tl_run_durability_name(at->durability), state);
    tl_probe_found(at->probe, where, tl_rule_name(verdict->rule), verdict->text);
}

static void note(void *context, const tl_enumerate_finding *finding)
{
    tell(context, &finding->where, &finding->verdict);
}

/* What broke a promise before any crash; false: nothing did. */
static bool run_is_broken(const store *at, const tl_trace_threads *threads)
{
    tl_state_id id = {.schedule = threads->schedule, .run = true};
    if (threads->verdict.rule == TL_RULE_NONE)
        return false;
    tell(at, &id, &threads->verdict);
    return true;
}

static void choose_settings(store *at, const tl_mutant_crash_plan *plan)
{
    tl_standard_settings_fill(&at->standard, at->protocol, at->history->page_bytes);
    at->label = "tree";
    at->setting_count = 0;
    for (size_t i = 0; i < TL_STANDARD_SETTINGS; i++)
        at->settings[at->setting_count++] = at->standard.settings[i];
    if (plan->profile != TL_PROFILE_GARBAGE)
        return;
    /* A frame that shares its 4096 bytes with an older one promises nothing on such a device. */
    at->settings[at->setting_count++] = (tl_driver_setting){"log_pad_bytes", "4096"};
    at->label = "tree:log_pad_bytes=4096";
}

/* False: that is enough. */
static bool enumerate(store *at, const tl_mutant_crash_plan *plan, const tl_recording *recording)
{
    tl_probe *probe = at->probe;
    tl_enumerate_options options = {
        .recording = recording,
        .profile = plan->profile,
        .tier = plan->tier,
        .seed = TL_STANDARD_SEED,
        .states_max = plan->tier == TL_TIER_SAMPLED ? 1 + (plan->states_max - 1) / probe->stride
                                                    : plan->states_max,
        .shard_count = probe->stride,
        .check_every = CHECK_EVERY,
        .stop = tl_mutant_is_found,
        .on_finding = note,
        .context = at,
    };
    tl_enumeration result;
    tl_enumeration_init(&result);
    tl_status status = tl_enumerate(&options, &result);
    atomic_fetch_add(&probe->states, result.leaves);
    probe->complete = probe->complete && result.complete;
    if (status == TL_NO_MEMORY)
        tl_probe_unfit(probe, result.error);
    else if (status == TL_INVALID) /* it reads otherwise when it is run again */
        tl_probe_found(probe, at->protocol, "deterministic", result.error);
    tl_enumeration_clear(&result);
    return !probe->found && !probe->unfit; /* too many choices to number: the next store */
}

static bool look_at(store *at, const tl_mutant_crash_plan *plan, tl_arena *arena)
{
    char error[256] = "";
    tl_recording recording;
    choose_settings(at, plan);
    tl_recording_spec spec = {
        .driver = &tl_driver_tree,
        .settings = at->settings,
        .setting_count = at->setting_count,
        .durability = at->durability,
        .page_bytes = at->history->page_bytes,
        .history = at->history,
        .seed = TL_STANDARD_SEED,
        .commits = at->history->commits,
        .arena = arena,
        .schedule = at->schedule,
    };
    tl_status status = tl_recording_make(&spec, &recording, error, sizeof error);
    bool good = status == TL_OK && !run_is_broken(at, &recording.trace.threads) &&
                enumerate(at, plan, &recording);
    tl_recording_clear(&recording);
    if (status == TL_NO_MEMORY)
        tl_probe_unfit(at->probe, error);
    else if (status != TL_OK) /* the store did not even get through the history */
        tl_probe_found(at->probe, at->protocol, "history", error);
    return good;
}

static bool each_protocol(store *at, const tl_mutant_crash_plan *plan, tl_arena *arena)
{
    bool good = true;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS && good; p++) {
        at->protocol = tl_standard_protocols[p];
        good = look_at(at, plan, arena);
    }
    return good;
}

/* The first threaded history, in many orders of its threads. */
static bool each_schedule(store *at, const tl_mutant_crash_plan *plan, tl_arena *arena)
{
    bool good = true;
    at->history = tl_history_threaded_at(0);
    for (at->schedule = 1; at->schedule <= plan->schedules && good;
         at->schedule += at->probe->stride)
        good = each_protocol(at, plan, arena);
    return good;
}

void tl_mutant_crashes(tl_probe *probe)
{
    const tl_mutant_crash_plan *plan = probe->sweep->what;
    tl_arena *arena = tl_mutant_arena(probe);
    bool good = arena != NULL;
    probe->complete = true;
    for (size_t d = TL_STANDARD_DURABILITIES; d-- > 0 && good;) { /* the strictest first */
        bool wanted = tl_standard_durabilities[d] <= plan->weakest;
        size_t first = plan->every_history ? 1 : 0;
        size_t end = plan->every_history ? tl_history_count() : 1;
        store threaded = {.probe = probe, .durability = tl_standard_durabilities[d]};
        if (wanted && plan->schedules > 0)
            good = each_schedule(&threaded, plan, arena);
        wanted = wanted && plan->schedules == 0;
        for (size_t h = first; h < end && good && wanted; h++) {
            store at = {.probe = probe,
                        .durability = tl_standard_durabilities[d],
                        .history = tl_history_at(h)};
            good = each_protocol(&at, plan, arena);
        }
    }
    probe->complete = probe->complete && good;
    tl_arena_destroy(arena);
}
