/* harness/compare/peer.h -- a process that one talks to in lines, and what it said when it died.
 *
 * It gets its own process group (Ctrl-C at the terminal is the parent's to handle), dies with its
 * parent, and its stderr is kept in memory.  The caller ignores SIGPIPE.
 */
#ifndef TL_HARNESS_PEER_H
#define TL_HARNESS_PEER_H

#include "harness/compare/protocol.h"

#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { TL_PEER_ARGS_MAX = 192, TL_PEER_WHY_MAX = 512 };

typedef enum tl_peer_end {
    TL_PEER_HEARD,
    TL_PEER_DEAD,    /* it closed its side, ended or was killed */
    TL_PEER_STUCK,   /* nothing came in time */
    TL_PEER_STOPPED, /* the caller's `stop` said so */
    TL_PEER_GARBLED, /* a line longer than any of the protocol */
} tl_peer_end;

typedef struct tl_peer { /* zeros: none */
    pid_t pid;
    int to_fd, from_fd, stderr_fd;
    char held[TL_PROTOCOL_LINE_MAX]; /* read and not yet given out */
    size_t held_bytes;
    const char *binary;
} tl_peer;

/* Start `binary` with arguments that end with NULL, and an environment that is `environment_bytes`
 * larger than ours.  TL_OK; TL_NO_MEMORY, TL_IO: no process could be made.  A binary that cannot be
 * executed shows as dead at the first word. */
TL_MUST_USE tl_status tl_peer_start(tl_peer *peer, const char *binary, char *const *arguments,
                                    size_t environment_bytes);

/* False: it is not there any more; the next tl_peer_hear tells. */
bool tl_peer_tell(tl_peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The next line, without its end.  `stop` may be NULL; it is asked ten times a second. */
tl_peer_end tl_peer_hear(tl_peer *peer, char line[TL_PROTOCOL_LINE_MAX], uint64_t patience_ns,
                         bool (*stop)(void *context), void *context);

/* How the process ended, and the last of what it wrote to stderr, as one line; ends it if it has
 * not. */
void tl_peer_why(tl_peer *peer, char text[TL_PEER_WHY_MAX]);

void tl_peer_end_now(tl_peer *peer); /* killed when still there; zeros are fine */

#endif
