/* engine/tests/support/storm_configs.c -- the configurations that the tests run. */
#include "engine/tests/support/storm.h"

/* clang-format off */
/* name, page, keys, commit, leaf, split, durability, long keys, usual value, pad, steps, records, simd, fill */
const storm_config storm_configs[] = {
    {"random 1k",        1024,  STORM_KEYS_RANDOM,     "log",     "freelist", "rightmost",  TL_DURABILITY_COMMIT, false, 60,   512,  14000, 3000, NULL, NULL},
    {"all keys 1k",      1024,  STORM_KEYS_ALL,        "log",     "sidecar",  "half_bytes", TL_DURABILITY_ASYNC,  true,  100,  512,  14000, 2500, NULL, NULL},
    {"long keys 1k",     1024,  STORM_KEYS_LONG,       "shadow2", "freelist", "rightmost",  TL_DURABILITY_NONE,   true,  40,   512,  12000, 2000, NULL, NULL},
    {"short keys 1k",    1024,  STORM_KEYS_SHORT,      "log",     "rebuild",  "half_bytes", TL_DURABILITY_NONE,   false, 30,   4096, 7000, 500, NULL, NULL},
    {"prefix 1k",        1024,  STORM_KEYS_PREFIX,     "shadow2", "rebuild",  "half_bytes", TL_DURABILITY_COMMIT, true,  20,   512,  9000, 2500, NULL, NULL},
    {"random 4k",        4096,  STORM_KEYS_RANDOM,     "log",     "sidecar",  "half_bytes", TL_DURABILITY_COMMIT, false, 300,  4096, 9000, 2500, NULL, NULL},
    {"ascending 4k",     4096,  STORM_KEYS_ASCENDING,  "log",     "freelist", "rightmost",  TL_DURABILITY_NONE,   false, 100,  512,  7000, 1200, NULL, NULL},
    {"descending 4k",    4096,  STORM_KEYS_DESCENDING, "shadow2", "sidecar",  "half_bytes", TL_DURABILITY_ASYNC,  true,  200,  512,  7000, 900, NULL, NULL},
    {"all keys 4k",      4096,  STORM_KEYS_ALL,        "log",     "sidecar",  "rightmost",  TL_DURABILITY_ASYNC,  true,  700,  512,  7000, 700, NULL, NULL},
    {"long keys 8k",     8192,  STORM_KEYS_LONG,       "log",     "bump",     "half_bytes", TL_DURABILITY_COMMIT, true,  500,  512,  9000, 1200, NULL, NULL},
    {"prefix 8k",        8192,  STORM_KEYS_PREFIX,     "log",     "sidecar",  "rightmost",  TL_DURABILITY_ASYNC,  false, 300,  4096, 7000, 1200, NULL, NULL},
    {"ascending 8k",     8192,  STORM_KEYS_ASCENDING,  "shadow2", "rebuild",  "rightmost",  TL_DURABILITY_COMMIT, false, 900,  512,  6000, 700, NULL, NULL},
    {"all keys 64k",     65536, STORM_KEYS_ALL,        "log",     "bump",     "rightmost",  TL_DURABILITY_COMMIT, true,  9000, 512,  5000, 400, NULL, NULL},
    {"long keys 64k",    65536, STORM_KEYS_LONG,       "shadow2", "sidecar",  "half_bytes", TL_DURABILITY_ASYNC,  true,  4000, 512,  4000, 400, NULL, NULL},
    {"descending 64k",   65536, STORM_KEYS_DESCENDING, "log",     "rebuild",  "half_bytes", TL_DURABILITY_NONE,   false, 3000, 512,  4000, 500, NULL, NULL},
    {"dense 1k",         1024,  STORM_KEYS_DESCENDING, "log",     "dense",    "half_bytes", TL_DURABILITY_ASYNC,  false, 0,    512,  9000, 2500, NULL, NULL},
    {"dense prefix 4k",  4096,  STORM_KEYS_PREFIX,     "shadow2", "dense",    "rightmost",  TL_DURABILITY_NONE,   true,  0,    512,  9000, 4000, NULL, NULL},
    {"dense mixed 8k",   8192,  STORM_KEYS_ALL,        "log",     "dense",    "half_bytes", TL_DURABILITY_COMMIT, true,  400,  4096, 6000, 1200, NULL, NULL},
    {"dense 64k",        65536, STORM_KEYS_ASCENDING,  "log",     "dense",    "rightmost",  TL_DURABILITY_NONE,   false, 0,    512,  5000, 4000, NULL, NULL},
};
/* clang-format on */
const unsigned storm_config_count = sizeof storm_configs / sizeof storm_configs[0];
