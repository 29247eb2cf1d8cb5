/* harness/check/missing.c -- what a report does not cover: see document_tiers.h. */
#include "harness/check/document_tiers.h"

#include <inttypes.h>
#include <stdio.h>

static bool profiles_text(const tl_tiers_row *rows, size_t row_count, char *text)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned p = 0; p < TL_PROFILE_COUNT; p++) {
        bool looked_at = false;
        for (size_t i = 0; i < row_count; i++)
            looked_at = looked_at || rows[i].profile == (tl_profile)p;
        if (!looked_at)
            used += (size_t)snprintf(text + used, TL_MISSING_TEXT_MAX - used, "%s%s",
                                     used == 0 ? "profiles not run: " : ", ",
                                     tl_profile_at((tl_profile)p)->name);
    }
    return used > 0;
}

static bool tier_text(const tl_tiers_row *rows, size_t row_count, char *text)
{
    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].tier == TL_TIER_EXACT || rows[i].tier == TL_TIER_NESTED)
            continue;
        snprintf(text, TL_MISSING_TEXT_MAX,
                 "tier %s looks at few of the allowed states, not at every one (--tier T2)",
                 tl_tier_at(rows[i].tier)->name);
        return true;
    }
    return false;
}

static bool cut_text(const tl_tiers_row *rows, size_t row_count, size_t wanted, char *text)
{
    size_t cut = wanted - row_count;
    for (size_t i = 0; i < row_count; i++)
        cut += !rows[i].done.complete;
    snprintf(text, TL_MISSING_TEXT_MAX, "%zu of %zu profiles were stopped early", cut, wanted);
    return cut > 0;
}

static bool decisions_text(const tl_tiers_row *rows, size_t row_count, char *text)
{
    uint64_t leaves = 0;
    for (size_t i = 0; i < row_count; i++)
        leaves += rows[i].done.not_covered_leaves;
    snprintf(text, TL_MISSING_TEXT_MAX,
             "states in %" PRIu64 " pieces that had too many mixtures of versions to try", leaves);
    return leaves > 0;
}

static void threads_text(const tl_tiers_row *rows, size_t row_count, char *text)
{
    if (row_count > 0 && rows[0].schedules)
        snprintf(text, TL_MISSING_TEXT_MAX,
                 "threads: other orders than the %" PRIu64
                 " drawn, and what happens inside of one step",
                 rows[0].seeds);
    else
        snprintf(text, TL_MISSING_TEXT_MAX,
                 "threads: one process with one writer ran, and nothing beside it");
}

bool tl_missing_text(tl_missing what, const tl_tiers_row *rows, size_t row_count, size_t wanted,
                     char text[TL_MISSING_TEXT_MAX])
{
    static const char *const always[TL_MISSING_COUNT] = {
        [TL_MISSING_MAPPED] = "stores that write through mapped memory: none is recorded",
        [TL_MISSING_COLLISIONS] = "torn pages whose checksum is right by chance",
    };
    switch (what) {
    case TL_MISSING_PROFILES:
        return profiles_text(rows, row_count, text);
    case TL_MISSING_TIER:
        return tier_text(rows, row_count, text);
    case TL_MISSING_CUT:
        return cut_text(rows, row_count, wanted, text);
    case TL_MISSING_DECISIONS:
        return decisions_text(rows, row_count, text);
    case TL_MISSING_THREADS:
        threads_text(rows, row_count, text);
        return true;
    default:
        snprintf(text, TL_MISSING_TEXT_MAX, "%s", always[what]);
        return true;
    }
}
