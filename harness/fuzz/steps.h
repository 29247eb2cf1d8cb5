/* harness/fuzz/steps.h -- a script as a list of pieces that can be left out one by one.
 *
 * A step is one line of a script, or a batch with its items.  The first one opens the store.
 *
 *     chance -> tl_steps_make -> tl_steps_try on a driver -> differs? -> tl_steps_shrink
 *                                                                    -> tl_steps_tell
 */
#ifndef TL_HARNESS_FUZZ_STEPS_H
#define TL_HARNESS_FUZZ_STEPS_H

#include "harness/fuzz/choices.h"
#include "harness/script/run.h"

typedef struct tl_steps {
    char **at; /* owned, without the newline at the end */
    size_t count, room;
} tl_steps;

void tl_steps_free(tl_steps *steps);
TL_MUST_USE tl_status tl_steps_add(tl_steps *steps, const char *text);
/* The steps from..end-1 of `from` alone, or all others: `keep`. */
TL_MUST_USE tl_status tl_steps_part(const tl_steps *from, size_t begin, size_t end, bool keep,
                                    tl_steps *part);
/* As a script, header and all; free(*text). */
TL_MUST_USE tl_status tl_steps_text(const tl_steps *steps, char **text);

/* Add random operations: an `open` with random options, then up to `count` steps over the whole
 * language, fewer when the choices run out; `verify` every now and then (random.c). */
TL_MUST_USE tl_status tl_steps_make(tl_choices *choices, size_t count, tl_steps *steps);

typedef enum tl_trial {
    TL_TRIAL_AGREED,
    TL_TRIAL_DIFFERED, /* a wrong answer, a finding, a status that must not be */
    TL_TRIAL_DIED,     /* an assertion, a signal, a sanitizer */
    TL_TRIAL_HUNG,
    TL_TRIAL_UNFIT, /* no trial: the script cannot be run, memory is short */
} tl_trial;
const char *tl_trial_name(tl_trial trial); /* "agreed" "differed" ... */

enum { TL_TRIAL_MESSAGE_BYTES = 768, TL_TRIAL_SECONDS = 20 };

/* Run the steps on a fresh store, each compared with the model alone (trial.c).  In a simulated
 * disk when the driver can, so that nothing is left behind.  `message` tells a difference. */
tl_trial tl_steps_try(const tl_steps *steps, const tl_driver *driver,
                      char message[TL_TRIAL_MESSAGE_BYTES]);
/* The same in a child process, so that death and endless loops are answers too. */
tl_trial tl_steps_try_apart(const tl_steps *steps, const tl_driver *driver,
                            char message[TL_TRIAL_MESSAGE_BYTES]);

/* Does a list of steps still show what is being looked for? */
typedef bool (*tl_steps_fail_fn)(void *context, const tl_steps *steps);

/* Leave out steps as long as what is left still fails: a list of which no single step can be left
 * out (shrink.c).  `steps` must fail.  TL_NO_MEMORY: *steps is smaller than before, or as it was.
 */
TL_MUST_USE tl_status tl_steps_shrink(tl_steps *steps, tl_steps_fail_fn fails, void *context);

/* The script with what the model answers as wants, ready for `treelab apply`; free(*text). */
TL_MUST_USE tl_status tl_steps_tell(const tl_steps *steps, const char *remark, char **text);

#endif
