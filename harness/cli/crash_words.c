/* harness/cli/crash_words.c -- see crash_words.h. */
#include "harness/cli/crash_words.h"

#include "harness/check/standard.h"
#include "harness/run/run.h"

#include <assert.h>
#include <string.h>

void tl_crash_add_protocol(const struct argp_state *state, const char *word, const char **protocols,
                           size_t *count)
{
    size_t known_count = 0;
    const char *const *known = tl_commit_protocols();
    while (known[known_count] != NULL)
        known_count++;
    assert(known_count <= TL_CRASH_PROTOCOLS_MAX);
    for (size_t i = 0; i < *count; i++)
        if (strcmp(protocols[i], word) == 0)
            return;
    for (size_t i = 0; i < known_count; i++) {
        if (strcmp(known[i], word) == 0) {
            protocols[(*count)++] = known[i];
            return;
        }
    }
    tl_arguments_unknown(state, "commit protocol", word, known, known_count, NULL);
}

void tl_crash_add_durability(const struct argp_state *state, const char *word,
                             tl_durability *durabilities, size_t *count)
{
    const char *names[TL_STANDARD_DURABILITIES];
    for (unsigned i = 0; i < TL_STANDARD_DURABILITIES; i++) {
        names[i] = tl_run_durability_name((tl_durability)i);
        if (strcmp(names[i], word) != 0)
            continue;
        for (size_t d = 0; d < *count; d++)
            if (durabilities[d] == (tl_durability)i)
                return;
        durabilities[(*count)++] = (tl_durability)i;
        return;
    }
    tl_arguments_unknown(state, "durability", word, names, TL_STANDARD_DURABILITIES, NULL);
}

void tl_crash_default_protocols(const char **protocols, size_t *count)
{
    if (*count != 0)
        return;
    for (size_t i = 0; i < TL_STANDARD_PROTOCOLS; i++)
        protocols[(*count)++] = tl_standard_protocols[i];
}

void tl_crash_default_durabilities(tl_durability *durabilities, size_t *count)
{
    if (*count != 0)
        return;
    for (size_t i = 0; i < TL_STANDARD_DURABILITIES; i++)
        durabilities[(*count)++] = tl_standard_durabilities[i];
}

void tl_crash_need_simulated(const struct argp_state *state, const tl_driver *driver)
{
    if ((driver->capabilities & TL_DRIVER_SIM_IO) == 0)
        argp_error(state,
                   "driver '%s' does not run on a simulated disk; only stores that take an I/O "
                   "table do, such as 'tree'",
                   driver->name);
}

void tl_crash_budget(const struct argp_state *state, const char *text, uint64_t *budget_ns,
                     uint64_t *budget_states)
{
    static const uint64_t time_max = UINT32_MAX * UINT64_C(1000000000);
    static const uint64_t states_max = UINT64_C(1) << 40;
    size_t length = strlen(text);
    char last = length > 0 ? text[length - 1] : '\0';
    if (length > 1 && (last == 'm' || last == 'M'))
        argp_error(state,
                   "--budget %s could be minutes or 2^20 states; write a time as 90s, 1.5h or "
                   "500ms, and states as 1000000 or 1MiB",
                   text);
    if (length > 1 && (strchr("sShH", last) != NULL || strchr(text, '.') != NULL)) {
        *budget_ns = tl_arguments_time(state, "budget", text, time_max);
        if (*budget_ns == 0)
            argp_error(state, "--budget takes a time above 0, such as 60s, not '%s'", text);
    } else
        *budget_states = tl_arguments_number(state, "budget", text, 1, states_max);
}
