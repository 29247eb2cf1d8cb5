/* harness/check/standard.c -- see standard.h. */
#include "harness/check/standard.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    LOG_BYTES = 8192,
    GROWTH_PAGES = 8,
    CHECKPOINT_PAGES = 6,
    LARGE_VALUES_LOGGED = 5500
}; /* longer ones are written ahead of their frame */

const char *const tl_standard_protocols[TL_STANDARD_PROTOCOLS] = {"log", "shadow2", "shadow1"};
const tl_durability tl_standard_durabilities[TL_STANDARD_DURABILITIES] = {
    TL_DURABILITY_NONE, TL_DURABILITY_ASYNC, TL_DURABILITY_COMMIT};

void tl_standard_settings_fill(tl_standard_settings *standard, const char *protocol,
                               uint32_t page_bytes)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"growth_bytes",  (uint64_t)GROWTH_PAGES * page_bytes    },
        {"log_bytes",     LOG_BYTES                              },
        {"ckpt_bytes",    (uint64_t)CHECKPOINT_PAGES * page_bytes},
        {"log_value_max", LARGE_VALUES_LOGGED                    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(standard->texts[i], sizeof standard->texts[i], "%" PRIu64, rows[i].value);
        standard->settings[i] = (tl_driver_setting){rows[i].name, standard->texts[i]};
    }
    standard->settings[TL_STANDARD_SETTINGS - 1] = (tl_driver_setting){"commit", protocol};
}
