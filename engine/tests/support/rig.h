/* engine/tests/support/rig.h -- an env on a memory disk whose I/O and memory can fail, and the
 * truth.
 *
 *     rig_make -> change rig->options -> rig_open -> ... -> rig_close or rig_abandon -> rig_drop
 *
 * rig_test makes and drops one around a test.
 */
#ifndef TL_TESTS_RIG_H
#define TL_TESTS_RIG_H

#include "engine/tests/support/check.h"
#include "engine/tests/support/faultio.h"
#include "engine/tests/support/faultmem.h"
#include "engine/tests/support/memdisk.h"

typedef struct rig {
    memdisk *disk;
    faultio faults;
    faultmem memory;
    tl_env_options options; /* deterministic, 1 KiB pages, small logs and growth */
    tl_error error;         /* of the latest open */
    tl_env *env;
    model truth; /* what is committed */
} rig;

extern const char rig_path[]; /* "rig.tl" and its files: "rig.log.0", "rig.log.1", "rig.lock" */

void rig_make(rig *made);
void rig_drop(rig *gone); /* abandons an open env; fails when memory or files stay behind */

/* A test with a fresh rig as its state. */
#define rig_test(function) cmocka_unit_test_setup_teardown(function, rig_setup, rig_teardown)
int rig_setup(void **state);
int rig_teardown(void **state);

void rig_open(rig *on); /* checked */
tl_status rig_try_open(rig *on);
void rig_close(rig *on); /* checked */
void rig_abandon(rig *on);
void rig_reopen(rig *on);  /* abandon, open, verify, compare with the truth */
void rig_compare(rig *on); /* verify; compare with the truth by a read txn */

#endif
