/* harness/gate/program.h -- another program, run to its end.
 *
 * Gates judge programs, not themselves: base and candidate are started the same way, with the same
 * small environment, and what they say on stderr is kept for the message when they fail.
 */
#ifndef TL_HARNESS_GATE_PROGRAM_H
#define TL_HARNESS_GATE_PROGRAM_H

#include "tl/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { TL_PROGRAM_TEXT_MAX = 1024 };

typedef struct tl_program_request {
    const char *const *argv;     /* argv[0] is looked up in PATH; NULL-terminated */
    bool still;                  /* without address space randomisation */
    uint64_t timeout_ns;         /* 0: none.  A program that takes longer is killed */
    bool (*stop)(void *context); /* asked some times a second; true kills it; may be NULL */
    void *context;
} tl_program_request;

/* Run it, stdin and stdout at /dev/null, environment reduced to PATH, HOME and a C locale.
 *
 * TL_OK         it ended by itself; *exit_code is what it said, 128 + n after signal n
 * TL_BUSY       it took too long and was killed
 * TL_NOT_FOUND  there is no such program
 * TL_UNSUPPORTED `stop` said so
 * TL_IO, TL_NO_MEMORY
 *
 * `complaint` (TL_PROGRAM_TEXT_MAX bytes) gets the end of what it wrote to stderr, or why it could
 * not be started. */
TL_MUST_USE tl_status tl_program_run(const tl_program_request *request, int *exit_code,
                                     char complaint[TL_PROGRAM_TEXT_MAX]);

#endif
