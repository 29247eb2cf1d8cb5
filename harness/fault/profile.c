/* harness/fault/profile.c -- see profile.h. */
#include "harness/fault/profile.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define PROFILE_AS_ROW(upper, lower, power, exact, text) {#lower, text, power, exact},
static const tl_profile_row rows[] = {TL_PROFILE_MAP(PROFILE_AS_ROW)};

const tl_profile_row *tl_profile_at(tl_profile profile)
{
    assert(profile < TL_PROFILE_COUNT);
    return &rows[profile];
}

bool tl_profile_find(const char *name, tl_profile *profile)
{
    for (size_t i = 0; i < TL_PROFILE_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *profile = (tl_profile)i;
            return true;
        }
    }
    return false;
}
