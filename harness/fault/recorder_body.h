/* harness/fault/recorder_body.h -- what a recorder is made of; for recorder.c and recorder_io.c. */
#ifndef TL_HARNESS_RECORDER_BODY_H
#define TL_HARNESS_RECORDER_BODY_H

#include "harness/fault/recorder.h"

#include <pthread.h>

extern const tl_io tl_recorder_table; /* the functions of every recorder */

enum { TL_RECORDER_PATH_BYTES = 4096, TL_RECORDER_TEXT_BYTES = 256 };

typedef struct tl_recorder_lock { /* a file that was taken as a lock: its content is not ours */
    struct tl_recorder_lock *next;
    char path[]; /* as the disk below calls it */
} tl_recorder_lock;

struct tl_recorder {
    tl_io io; /* first: the engine's tl_io pointer is the recorder's */
    tl_io *below, *shadow;
    tl_simdisk *disk; /* the log; `shadow` is its tl_io */
    char *dir, *name;
    pthread_mutex_t mutex; /* held over every change, below and in the log */
    tl_file *handles;
    tl_recorder_lock *locks;
    char missed[TL_RECORDER_TEXT_BYTES]; /* "": nothing */
};

/* `path` as the log calls it; `out` holds TL_RECORDER_PATH_BYTES.  False: it does not fit. */
bool tl_recorder_name(const tl_recorder *recorder, const char *path, char *out);

/* Note the first change that the log does not have. */
__attribute__((format(printf, 2, 3))) void tl_recorder_miss(tl_recorder *recorder,
                                                            const char *format, ...);

#endif
