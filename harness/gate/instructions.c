/* harness/gate/instructions.c -- see instructions.h. */
#include "harness/gate/instructions.h"

#include "harness/run/directory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

void tl_instructions_release(tl_instructions *counted)
{
    for (size_t i = 0; i < counted->phase_count; i++)
        tl_profile_release(&counted->phases[i]);
    counted->phase_count = 0;
}

const tl_profile *tl_instructions_phase(const tl_instructions *counted, const char *name)
{
    for (size_t i = 0; i < counted->phase_count; i++)
        if (strcmp(counted->phases[i].phase, name) == 0)
            return &counted->phases[i];
    return NULL;
}

/* callgrind numbers what a program asks it to write: PATH.1, PATH.2, ...; PATH itself is written
 * at exit and holds nothing. */
static tl_status read_dumps(const char *path, tl_instructions *counted, char *error)
{
    tl_status status = TL_OK;
    for (unsigned n = 1; status == TL_OK; n++) {
        char dump[PATH_BYTES + 16];
        snprintf(dump, sizeof dump, "%s.%u", path, n);
        if (access(dump, F_OK) != 0)
            break;
        if (counted->phase_count == TL_INSTRUCTION_PHASES_MAX) {
            snprintf(error, TL_PROGRAM_TEXT_MAX, "more than %d measured phases",
                     TL_INSTRUCTION_PHASES_MAX);
            return TL_INVALID;
        }
        tl_profile *profile = &counted->phases[counted->phase_count++];
        *profile = (tl_profile){0};
        status = tl_profile_read(dump, profile);
        unlink(dump);
        if (status != TL_OK)
            snprintf(error, TL_PROGRAM_TEXT_MAX, "callgrind wrote what is not understood: %s",
                     tl_status_text(status));
        else if (profile->phase[0] == '\0' || profile->instructions == 0)
            tl_profile_release(&counted->phases[--counted->phase_count]);
    }
    unlink(path);
    if (status == TL_OK && counted->phase_count == 0) {
        snprintf(error, TL_PROGRAM_TEXT_MAX,
                 "nothing was counted: the program marks no phases; build it where valgrind is "
                 "installed");
        return TL_INVALID;
    }
    return status;
}

tl_status tl_instructions_take(const tl_counts_source *source, const tl_gate_row *row,
                               tl_instructions *counted, char *error)
{
    char path[PATH_BYTES], option[PATH_BYTES + 32], out[PATH_BYTES];
    counted->phase_count = 0;
    snprintf(path, sizeof path, "%s/%s.callgrind", source->scratch, row->name);
    snprintf(out, sizeof out, "%s/%s", source->scratch, row->name);
    snprintf(option, sizeof option, "--callgrind-out-file=%s", path);
    const char *const valgrind[] = {"valgrind",           "-q",   "--tool=callgrind",
                                    "--instr-atstart=no", option, NULL};
    tl_status status = tl_gate_run_row(source, row, valgrind, out, error);
    if (status == TL_OK)
        status = read_dumps(path, counted, error);
    tl_directory_remove(out);
    if (status != TL_OK)
        tl_instructions_release(counted);
    return status;
}
