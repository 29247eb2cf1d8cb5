/* engine/tests/unit.h -- what the unit tests share: places on disk, whole files, small databases.
 *
 * Helpers end the test with a cmocka failure when the world does not play along, so a test reads
 * as what it claims.  One thread.
 */
#ifndef TL_TESTS_UNIT_H
#define TL_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tl/engine.h"

/* The seed of a random test, printed; TL_TEST_SEED=<number> replays another one. */
uint64_t unit_seed(const char *test);
/* A number below `limit` (not 0) of the sequence that `state` carries. */
uint32_t unit_below(uint64_t *state, uint32_t limit);

/* A fresh directory, in memory where there is such a file system, and a database path in it. */
typedef struct unit_place {
    char dir[64];
    char path[96];    /* dir/x.tl */
    char logs[2][96]; /* dir/x.log.0 and .1 */
    char lock[96];    /* dir/x.lock */
    char present[96]; /* scratch of unit_in */
} unit_place;
void unit_place_make(unit_place *place);
void unit_place_remove(unit_place *place);                /* with everything in it */
const char *unit_in(unit_place *place, const char *name); /* dir/name, until the next call */

typedef struct unit_bytes { /* owned: unit_bytes_free */
    uint8_t *data;
    size_t size_bytes;
} unit_bytes;
void unit_bytes_free(unit_bytes *bytes);
unit_bytes unit_file_read(const char *path);
void unit_file_write(const char *path, const void *data, size_t size_bytes);
bool unit_file_exists(const char *path);

typedef struct unit_files { /* a whole database: x.tl and both logs */
    unit_bytes page, log[2];
} unit_files;
unit_files unit_files_read(const unit_place *place);
void unit_files_write(const unit_place *place, const unit_files *files);
void unit_files_free(unit_files *files);
bool unit_files_equal(const unit_files *a, const unit_files *b);

static inline tl_slice unit_slice(const void *data, size_t size_bytes)
{
    return (tl_slice){data, size_bytes};
}
tl_slice unit_text(const char *text); /* without the NUL */

tl_env *unit_open(const unit_place *place, const tl_env_options *options);
/* tl_env_open that is expected to fail with `status` and to say why. */
void unit_refused(const char *path, tl_env_options options, tl_status status, const char *words);

/* One put or delete in a txn of its own. */
void unit_put(tl_env *env, const char *key, const char *value);
void unit_del(tl_env *env, const char *key);
/* Key number `number` as 8 digits, with a value of `value_bytes` that follows from it. */
void unit_put_numbers(tl_env *env, unsigned first, unsigned end, unsigned value_bytes);
void unit_expect_numbers(tl_env *env, unsigned first, unsigned end, unsigned value_bytes);

/* The verifier finds nothing; returns its summary. */
tl_verify_summary unit_expect_clean(tl_env *env);
/* Sum of tl_record_hash over a full forward scan; *status tells how the scan ended. */
uint64_t unit_scan_hash(tl_env *env, uint64_t *count, tl_status *status);

#endif
