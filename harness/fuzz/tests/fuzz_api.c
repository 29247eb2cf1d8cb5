/* harness/fuzz/tests/fuzz_api.c -- a fuzzer's bytes as a script: our engine does what the model
 * does.  A difference is printed as a script and ends the process. */
#include "engine/tests/fuzz/fuzz.h"
#include "harness/fuzz/steps.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEPS_MAX = 300 };

static void tell(const tl_steps *steps, const char *message)
{
    char *text = NULL;
    if (tl_steps_tell(steps, message, &text) == TL_OK)
        fprintf(stderr, "%s\n", text);
    free(text);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    tl_choices choices = tl_choices_of_bytes(bytes, count);
    tl_steps steps = {NULL, 0, 0};
    char message[TL_TRIAL_MESSAGE_BYTES] = "";
    if (tl_steps_make(&choices, STEPS_MAX, &steps) == TL_OK) {
        tl_trial trial = tl_steps_try(&steps, tl_driver_find("tree"), message);
        if (trial == TL_TRIAL_DIFFERED || trial == TL_TRIAL_UNFIT)
            tell(&steps, message);
    }
    tl_steps_free(&steps);
    return 0;
}
