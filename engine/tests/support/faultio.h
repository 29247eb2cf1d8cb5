/* engine/tests/support/faultio.h -- another tl_io seen through counters, with calls that fail.
 *
 * Threads   as tl/io.h; a plan is set while no other thread uses it.
 */
#ifndef TL_TESTS_FAULTIO_H
#define TL_TESTS_FAULTIO_H

#include "tl/io.h"

#include <stdatomic.h>

/* One row per function of tl_io that can fail; read_verified is a read as well as pread. */
#define FAULTIO_CALL_MAP(X)                                                                        \
    X(OPEN, "open")                                                                                \
    X(SIZE, "size")                                                                                \
    X(READ, "read")                                                                                \
    X(WRITE, "pwritev")                                                                            \
    X(SYNC, "fdatasync")                                                                           \
    X(SYNC_DIR, "fsync_dir")                                                                       \
    X(TRUNCATE, "truncate")                                                                        \
    X(ALLOCATE, "fallocate")                                                                       \
    X(RENAME, "rename")                                                                            \
    X(UNLINK, "unlink")                                                                            \
    X(LOCK, "lock")

#define FAULTIO_AS_ENUM(name, text) FAULTIO_##name,
typedef enum faultio_call { FAULTIO_CALL_MAP(FAULTIO_AS_ENUM) FAULTIO_CALL_COUNT } faultio_call;
const char *faultio_call_name(faultio_call call);

enum { FAULTIO_PAGES, FAULTIO_LOG_0, FAULTIO_LOG_1, FAULTIO_OTHER, FAULTIO_FILE_COUNT };

typedef struct faultio {
    tl_io io; /* hand this out */
    tl_io *inner;
    atomic_uint_fast64_t calls[FAULTIO_CALL_COUNT];
    atomic_uint_fast64_t writes[FAULTIO_FILE_COUNT], syncs[FAULTIO_FILE_COUNT];
    atomic_uint_fast64_t fired; /* calls that were made to fail */

    /* the plan: the nth call of this kind from faultio_plan on fails */
    faultio_call kind;
    uint64_t nth; /* 0: none does */
    tl_status status;
    bool sticky;         /* all later calls of the kind fail too */
    bool after_the_fact; /* the failing write is done all the same: the worst a failure may mean */
} faultio;

void faultio_init(faultio *faults, tl_io *inner);
void faultio_plan(faultio *faults, faultio_call kind, uint64_t nth, tl_status status, bool sticky);
void faultio_heal(faultio *faults);
uint64_t faultio_syncs(const faultio *faults); /* of files and directories */

#endif
