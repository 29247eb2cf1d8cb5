/* harness/report/machine.h -- where a result comes from: machine, program, storage, noise.
 *
 * Each function returns a new object in the shape of results/schema/run-1.json, the caller's to
 * attach or free; NULL when memory is short.  A field that cannot be learnt is null, never a guess.
 *
 * Threads   all may be called from any thread.
 */
#ifndef TL_HARNESS_MACHINE_H
#define TL_HARNESS_MACHINE_H

#include "harness/report/json.h"

tl_json *tl_machine_json(void); /* "machine": processor, caches, memory, kernel, its settings */
tl_json *tl_tool_json(void);    /* "tool": version, revision, ABIs of this program */
tl_json *tl_build_json(void);   /* "build": compiler, flags, libc */

/* The revision this program was built from, 12 hex digits, "+dirty" behind them when its sources
 * differed; "unknown" when it was built outside a git work tree. */
const char *tl_build_revision(void);
const char *tl_build_version(void); /* "0.1.0" */

/* "storage": the file system that holds the directory `dir`.  With `probe_fsync`, the time of 20
 * overwrites of 4 KiB, each followed by fdatasync, in a file of its own there. */
tl_json *tl_storage_json(const char *dir, bool probe_fsync);

/* "class": a key that is equal for results whose times may be compared, hashed from the stable
 * fields of "machine" and "storage", whose names it lists. */
tl_json *tl_class_json(const tl_json *machine, const tl_json *storage);

typedef struct tl_noise { /* a reading; differences of two tell what disturbed a run */
    double load1;         /* NAN when unknown */
    uint64_t steal_ticks, vol_cs, invol_cs;
    bool steal_known;
} tl_noise;
void tl_noise_read(tl_noise *noise);
tl_json *tl_noise_json(const tl_noise *start, const tl_noise *stop); /* load1 is that at start */

#endif
