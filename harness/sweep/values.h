/* harness/sweep/values.h -- what a grid asks other rooms: the registries behind "all". */
#ifndef TL_HARNESS_SWEEP_VALUES_H
#define TL_HARNESS_SWEEP_VALUES_H

#include "harness/spec/spec.h"

/* The values of a key that has a registry: "workload" (the catalogue), "tree.split", "tree.fill",
 * "tree.leaf", ...  NULL: past the last, or the key has none. */
const char *tl_sweep_value_at(const char *key, size_t index);

bool tl_sweep_is_driver(const char *name);

/* The SHA-256 of a file of at most 1 MiB. */
TL_MUST_USE tl_status tl_sweep_hash_file(const char *path, char hash[TL_SPEC_HASH_BYTES]);

#endif
