/* engine/tests/support/check.h -- what every test of the whole engine asks again and again. */
#ifndef TL_TESTS_CHECK_H
#define TL_TESTS_CHECK_H

#include "engine/base/slice.h"
#include "engine/tests/support/model.h"
#include "tl/engine.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The call gives exactly this status; otherwise the test fails with both names. */
#define check_status(wanted, call) check_status_at((wanted), (call), #call, __FILE__, __LINE__)
#define check_ok(call)             check_status(TL_OK, call)
void check_status_at(tl_status wanted, tl_status got, const char *call, const char *file, int line);

/* TL_TEST_SEED and TL_TEST_ROUNDS, or `usual`. */
uint64_t check_seed(uint64_t usual);
uint64_t check_rounds(uint64_t usual);

/* The verifier finds nothing, and the newest commit holds exactly the model's records. */
void check_sound(tl_env *env, const model *truth);
/* The txn sees exactly the model's records, forwards, backwards and one by one. */
void check_content(tl_txn *txn, const model *truth);

static inline tl_slice slice_of_text(const char *text)
{
    return tl_slice_of(text, strlen(text));
}

/* "key 000042": made in `buffer`. */
typedef struct key_buffer {
    char text[24];
} key_buffer;
tl_slice key_of(unsigned number, key_buffer *buffer);

/* One write txn that puts keys first..first+count-1, each with `size` bytes of `letter`; into the
 * model too. */
void put_range(tl_env *env, model *truth, unsigned first, unsigned count, char letter, size_t size);
void del_range(tl_env *env, model *truth, unsigned first, unsigned count);

tl_stats stats_of(tl_env *env);
tl_env_info info_of(tl_env *env);

#endif
