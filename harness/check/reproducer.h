/* harness/check/reproducer.h -- a finding of the enumeration as a script that stands alone.
 *
 * The script opens the store, does what the history did, names the state and opens again:
 * `treelab apply` runs it, and `treelab crash` on it judges that one state as the finding was
 * judged.  Before it is given out it was run, and its log compared with the one the finding is of.
 */
#ifndef TL_HARNESS_CHECK_REPRODUCER_H
#define TL_HARNESS_CHECK_REPRODUCER_H

#include "harness/check/enumerate.h"
#include "harness/check/script_history.h"

#include <stdio.h>

typedef struct tl_reproducer {
    const tl_recording *recording;
    const tl_recording_spec *spec; /* driver, settings, and the history when there is no script */
    const tl_script *script;       /* NULL: a built-in history */
    const tl_script_history *history;   /* of the script */
    const tl_driver_setting *overrides; /* of the script's options */
    size_t override_count;
    const tl_enumerate_finding *finding;
    uint64_t seed;       /* of a state that was drawn */
    const char *command; /* that shows the same state again */
    const char *mutant;  /* the seeded bug that is awake; NULL: none */
} tl_reproducer;

/* The script; free(*text).
 *
 * TL_UNSUPPORTED  it cannot be said as a script that does the same operations
 * others          as tl_script_history_record */
TL_MUST_USE tl_status tl_reproducer_text(const tl_reproducer *of, char **text);
/* Into a new file.  Also TL_IO, TL_ACCESS. */
TL_MUST_USE tl_status tl_reproducer_write(const tl_reproducer *of, const char *path);

/* The lines behind the history: the crash, and what is asked afterwards. */
void tl_reproducer_write_end(FILE *out, const tl_enumerate_finding *finding,
                             const tl_state_id *state, uint64_t seed, bool marker);

#endif
