/* harness/check/enumerate.c -- see enumerate.h. */
#include "harness/check/enumerate.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

tl_status tl_enumerate(const tl_enumerate_options *options, tl_enumeration *result)
{
    (void)options;
    snprintf(result->error, sizeof result->error, "not built yet");
    return TL_UNSUPPORTED;
}
