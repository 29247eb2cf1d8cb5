/* harness/check/script_state.c -- see script_state.h. */
#include "harness/check/script_state.h"

#include "harness/check/state_make.h"

#include <stdio.h>
#include <string.h>

bool tl_script_state_parse(const char *profile, const char *state, tl_state_id *where)
{
    char text[TL_STATE_ID_TEXT_MAX];
    static const char killed[] = "/killed";
    size_t state_bytes = strlen(state);
    /* by itself a kill is no state of a power loss: its name goes on with a second crash */
    bool first = state_bytes >= sizeof killed - 1 &&
                 strcmp(state + state_bytes - (sizeof killed - 1), killed) == 0;
    int length =
        snprintf(text, sizeof text, "%s/%s%s", profile, state, first ? "/then/0.0/newest" : "");
    if (length <= 0 || (size_t)length >= sizeof text || !tl_state_id_parse(text, where))
        return false;
    if (first)
        *where = (tl_state_id){.profile = where->profile,
                               .point = where->first.point,
                               .outcome = where->first.outcome,
                               .pick = where->first.pick,
                               .number = where->first.number};
    return true;
}

tl_status tl_script_state_crash(tl_simdisk *disk, const tl_script_power_loss *loss, size_t *at)
{
    tl_state_id where;
    if (!tl_script_state_parse(loss->profile, loss->state, &where))
        return TL_INVALID;
    const tl_recording recording = {.trace = {.disk = disk}};
    bool killed = where.pick == TL_PICK_KILLED;
    bool power = tl_profile_at(where.profile)->power && !killed;
    tl_image left, certain; /* certain: of a kill, what a power loss right behind it would leave */
    tl_image_init(&left, tl_simdisk_versions(disk));
    tl_image_init(&certain, tl_simdisk_versions(disk));
    tl_status status = killed ? tl_state_make_killed(&recording, &where, &left, &certain)
                              : tl_state_make(&recording, loss->seed, &where, &left);
    if (status == TL_OK)
        status = tl_simdisk_crash_to(disk, where.point, power, &left, killed ? &certain : NULL);
    tl_image_clear(&certain);
    tl_image_clear(&left);
    *at = where.point;
    return status;
}
