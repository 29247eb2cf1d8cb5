/* engine/tests/fuzz/seeded.c -- a fuzz target as an ordinary test: the same inputs every time.
 *
 *     test_fuzz_page [FILE...]     the inputs of FILEs, for example what libFuzzer found
 *
 * TL_TEST_SEED=n makes other inputs and TL_TEST_ROUNDS=n more of them.
 */
#include "engine/base/hash.h"
#include "engine/tests/fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_BYTES_MAX = 400, ROUNDS = 3000 };

static uint64_t number_of(const char *variable, uint64_t usual)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 0) : usual;
}

static int run_file(const char *path)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return LLVMFuzzerTestOneInput(bytes, count);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            if (run_file(argv[i]) != 0)
                return 1;
        return 0;
    }
    uint64_t seed = number_of("TL_TEST_SEED", 1), rounds = number_of("TL_TEST_ROUNDS", ROUNDS);
    for (uint64_t round = 0; round < rounds; round++) {
        uint8_t bytes[INPUT_BYTES_MAX];
        uint64_t state = tl_mix64(seed) + round, count = tl_random_next(&state) % sizeof bytes;
        for (uint64_t i = 0; i < count; i++)
            bytes[i] = (uint8_t)tl_random_next(&state);
        fprintf(stderr, "\rTL_TEST_SEED=%" PRIu64 " round %" PRIu64, seed, round);
        if (LLVMFuzzerTestOneInput(bytes, (size_t)count) != 0)
            return 1;
    }
    fprintf(stderr, "\n");
    return 0;
}
