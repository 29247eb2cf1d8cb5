/* harness/check/script_state.c -- see script_state.h. */
#include "harness/check/script_state.h"

#include "harness/check/state_make.h"

#include <stdio.h>

bool tl_script_state_parse(const char *profile, const char *state, tl_state_id *where)
{
    char text[TL_STATE_ID_TEXT_MAX];
    int length = snprintf(text, sizeof text, "%s/%s", profile, state);
    return length > 0 && (size_t)length < sizeof text && tl_state_id_parse(text, where);
}

tl_status tl_script_state_crash(tl_simdisk *disk, const tl_script_power_loss *loss, size_t *at)
{
    tl_state_id where;
    if (!tl_script_state_parse(loss->profile, loss->state, &where))
        return TL_INVALID;
    const tl_recording recording = {.trace = {.disk = disk}};
    tl_image left;
    tl_image_init(&left, tl_simdisk_versions(disk));
    tl_status status = tl_state_make(&recording, loss->seed, &where, &left);
    if (status == TL_OK)
        status = tl_simdisk_crash_to(disk, where.point, tl_profile_at(where.profile)->power, &left);
    tl_image_clear(&left);
    *at = where.point;
    return status;
}
