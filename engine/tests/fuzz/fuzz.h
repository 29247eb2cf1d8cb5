/* engine/tests/fuzz/fuzz.h -- the entry of a fuzz target, as libFuzzer calls it. */
#ifndef TL_TESTS_FUZZ_H
#define TL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#endif
