/* engine/tests/support/syscalls.h -- system calls between the engine and the kernel that are short,
 * interrupted or refused, by --wrap of the linker.
 *
 * For a test program of its own, linked with -Wl,--wrap= for each of these calls.  One thread.
 */
#ifndef TL_TESTS_SYSCALLS_H
#define TL_TESTS_SYSCALLS_H

#include <stdint.h>

#define CALL_MAP(X)                                                                                \
    X(open)                                                                                        \
    X(fstat)                                                                                       \
    X(flock)                                                                                       \
    X(pread)                                                                                       \
    X(pwritev)                                                                                     \
    X(fdatasync)                                                                                   \
    X(fsync)                                                                                       \
    X(ftruncate)                                                                                   \
    X(fallocate)                                                                                   \
    X(rename)                                                                                      \
    X(unlink)                                                                                      \
    X(mmap)                                                                                        \
    X(madvise)

#define CALL_AS_ENUM(name) CALL_##name,
typedef enum call { CALL_MAP(CALL_AS_ENUM) CALL_COUNT } call;
const char *call_name(call which);

enum { ONE_BYTE = -1, SECTOR_LESS_ONE = -2, HALF = -3, NOTHING = -4 }; /* how a transfer is cut */

typedef struct syscalls_plan {
    call call;
    uint64_t nth, every; /* the nth call, or every so manieth; 0: not so */
    int how;             /* an errno, or a cut; 0: nothing is planned */
} syscalls_plan;

typedef struct syscalls { /* syncs return without doing anything: nobody pulls the plug */
    syscalls_plan plan;
    uint64_t counts[CALL_COUNT], fired;
} syscalls;
extern syscalls calls_seen;

int __real_unlink(const char *path); /* past all that */

#endif
