/* harness/check/contract.c -- see contract.h. */
#include "harness/check/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DURABLE_AS_NAME(upper, word, text) #word,
static const char *const durable_names[] = {TL_DURABLE_MAP(DURABLE_AS_NAME)};

const char *tl_durable_name(tl_durable durable)
{
    return durable < TL_DURABLE_COUNT ? durable_names[durable] : "?";
}

static const char *durability_name(tl_durability durability)
{
    static const char *const names[] = {[TL_DURABILITY_COMMIT] = "commit",
                                        [TL_DURABILITY_ASYNC] = "async",
                                        [TL_DURABILITY_NONE] = "none"};
    return names[durability];
}

tl_contract_case tl_contract_case_of(const tl_inspector *inspector, tl_profile profile)
{
    bool none = inspector->driver == NULL; /* a disk whose state is wanted, whoever wrote it */
    return (tl_contract_case){.driver = none ? "" : inspector->driver->name,
                              .settings = inspector->options.settings,
                              .setting_count = inspector->options.setting_count,
                              .page_bytes = inspector->options.page_bytes,
                              .durability = inspector->options.durability,
                              .profile = profile};
}

static const char *setting_of(const tl_contract_case *whose, const char *name)
{
    const char *value = "";
    for (size_t i = 0; i < whose->setting_count; i++) {
        if (strcmp(whose->settings[i].name, name) == 0)
            value = whose->settings[i].value;
    }
    return value;
}

static bool word_fits(const char *pattern, const char *word)
{
    return strcmp(pattern, "*") == 0 || strcmp(pattern, word) == 0;
}

static bool row_fits(const tl_contract_row *row, const tl_contract_case *whose)
{
    return word_fits(row->driver, whose->driver) &&
           word_fits(row->protocol, setting_of(whose, "commit")) &&
           word_fits(row->durability, durability_name(whose->durability)) &&
           word_fits(row->profile, tl_profile_at(whose->profile)->name);
}

tl_contract tl_contract_find(const tl_contracts *contracts, const tl_contract_case *whose)
{
    for (size_t i = 0; i < contracts->count; i++) {
        if (!contracts->rows[i].known && row_fits(&contracts->rows[i], whose))
            return contracts->rows[i].contract;
    }
    return (tl_contract){TL_DURABLE_NO, .atomic = true, .ordered = true, .refuses = true};
}

static uint64_t number_of(const char *text)
{
    char *end = NULL;
    uint64_t number = strtoull(text, &end, 10);
    return *end == 'k' ? number * 1024 : number;
}

/* Is the store so set that the exception does not apply? */
static bool is_exempt(const tl_contract_row *row, const tl_contract_case *whose)
{
    if (row->unless_name[0] == '\0')
        return false;
    bool page = strcmp(row->unless_name, "page_bytes") == 0;
    const char *value = setting_of(whose, row->unless_name);
    uint64_t wanted = number_of(row->unless_value);
    uint64_t number = page ? whose->page_bytes : number_of(value);
    if (row->unless_least)
        return number >= wanted || (page && number == 0); /* 0: the default, 8192 */
    bool numbers = row->unless_value[0] >= '0' && row->unless_value[0] <= '9';
    return numbers ? number == wanted : strcmp(value, row->unless_value) == 0;
}

const tl_contract_row *tl_contract_known(const tl_contracts *contracts,
                                         const tl_contract_case *whose, tl_rule rule)
{
    for (size_t i = 0; i < contracts->count; i++) {
        const tl_contract_row *row = &contracts->rows[i];
        if (row->known && row->rules[rule] && row_fits(row, whose) && !is_exempt(row, whose))
            return row;
    }
    return NULL;
}

/* The newest commit that was acknowledged before a checkpoint, or the close, that had returned. */
static size_t checkpointed_at(const tl_trace *trace, size_t at)
{
    size_t low = 0;
    for (size_t n = 1; n <= trace->commits && trace->checkpointed != NULL; n++) {
        if (trace->checkpointed[n] <= at)
            low = n;
    }
    return low;
}

static size_t low_of(tl_durable durable, const tl_trace *trace, size_t at)
{
    if (durable == TL_DURABLE_ACK)
        return tl_trace_allowed(trace, at, true).low;
    return durable == TL_DURABLE_CHECKPOINT ? checkpointed_at(trace, at) : 0;
}

tl_allowed tl_contract_allowed(const tl_contract *contract, const tl_trace *trace, size_t at)
{
    tl_allowed allowed = tl_trace_allowed(trace, at, false);
    allowed.low = low_of(contract->durable, trace, at);
    allowed.corrupt = contract->refuses;
    return allowed;
}

/* Did the store itself say that it is damaged?  Where it may refuse to open it may also say so
 * later, when it meets the damage: no wrong answer was given. */
static bool is_told(const tl_verdict *verdict)
{
    return verdict->status == TL_CORRUPT &&
           (verdict->rule == TL_RULE_STRUCTURE || verdict->rule == TL_RULE_READABLE ||
            verdict->rule == TL_RULE_WRITABLE || verdict->rule == TL_RULE_OPENS);
}

bool tl_contract_allows(const tl_contract *contract, const tl_verdict *verdict)
{
    if (verdict->rule == TL_RULE_NONE || (contract->refuses && is_told(verdict)))
        return true;
    return verdict->rule == TL_RULE_ONE_PREFIX && !(contract->atomic && contract->ordered);
}

void tl_contract_see(tl_contract_seen *seen, const tl_trace *trace, size_t at,
                     const tl_verdict *verdict)
{
    if (verdict->refused || is_told(verdict)) {
        seen->refused++;
        return;
    }
    if (verdict->rule != TL_RULE_NONE)
        return;
    for (unsigned i = 0; i < TL_DURABLE_COUNT; i++)
        seen->fell_short[i] += verdict->content.n < low_of((tl_durable)i, trace, at);
}

bool tl_contract_stronger(const tl_contract *contract, const tl_contract_seen *seen, char *text,
                          size_t text_bytes)
{
    unsigned kept = contract->durable;
    while (kept + 1 < TL_DURABLE_COUNT && seen->fell_short[kept + 1] == 0)
        kept++;
    bool durable = kept > (unsigned)contract->durable, opens = contract->refuses && !seen->refused;
    char more[80] = "";
    if (durable)
        snprintf(more, sizeof more, "durable: %s, not only %s", durable_names[kept],
                 durable_names[contract->durable]);
    snprintf(text, text_bytes, "%s%s%s", more, durable && opens ? "; " : "",
             opens ? "it never refused" : "");
    return durable || opens;
}
