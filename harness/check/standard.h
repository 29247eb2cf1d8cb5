/* harness/check/standard.h -- the sweep as shipped: what runs when nothing else is asked for.
 *
 * The program and the tests that judge the sweep (does it find the seeded bugs?) use the same rows.
 */
#ifndef TL_HARNESS_STANDARD_H
#define TL_HARNESS_STANDARD_H

#include "harness/driver.h"

enum {
    TL_STANDARD_COMMITS = 48,
    TL_STANDARD_PAGE_BYTES = 4096,
    TL_STANDARD_SEED = 42,
    TL_STANDARD_PROTOCOLS = 3,
    TL_STANDARD_DURABILITIES = 3,
    TL_STANDARD_SETTINGS = 5,
};
#define TL_STANDARD_ARENA_BYTES (UINT64_C(256) << 20)

extern const char *const tl_standard_protocols[TL_STANDARD_PROTOCOLS];
extern const tl_durability tl_standard_durabilities[TL_STANDARD_DURABILITIES];

typedef struct tl_standard_settings {
    tl_driver_setting settings[TL_STANDARD_SETTINGS]; /* point into texts and `protocol` */
    char texts[TL_STANDARD_SETTINGS][24];
} tl_standard_settings;

/* Settings of driver `tree`: logs, growth steps and checkpoint intervals so small that a short
 * history has many of each. */
void tl_standard_settings_fill(tl_standard_settings *standard, const char *protocol,
                               uint32_t page_bytes);

#endif
