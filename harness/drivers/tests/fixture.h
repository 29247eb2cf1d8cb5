/* harness/drivers/tests/fixture.h -- a store of any driver in a directory of its own. */
#ifndef TL_DRIVERS_TESTS_FIXTURE_H
#define TL_DRIVERS_TESTS_FIXTURE_H

#include "harness/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct tl_fixture {
    const tl_driver *driver;
    tl_driver_options options;
    char dir[256], error[256];
    tl_store *store;
} tl_fixture;

/* Make a fresh directory and open a store in it. */
void tl_fixture_open(tl_fixture *fixture, const tl_driver *driver);
void tl_fixture_reopen(tl_fixture *fixture);  /* close and open again */
void tl_fixture_release(tl_fixture *fixture); /* close and remove the directory */

static inline tl_slice tl_text(const char *text)
{
    return (tl_slice){text, strlen(text)};
}

/* One call in a transaction of its own. */
void tl_fixture_put(tl_fixture *fixture, const char *key, const char *value);
tl_store_txn *tl_fixture_begin(tl_fixture *fixture, bool read_only);

#define assert_status(status, want) assert_string_equal(tl_status_name(status), #want)
#define assert_slice(slice, text)                                                                  \
    do {                                                                                           \
        assert_int_equal((slice).size_bytes, strlen(text));                                        \
        assert_memory_equal((slice).data, text, strlen(text));                                     \
    } while (0)

/* For suites that run over every driver: the one under test, a fresh store of it for each test,
 * and what its calls are expected to answer. */
extern const tl_driver *tl_tested;
int tl_fixture_set_up(void **state);
int tl_fixture_tear_down(void **state);
bool tl_tested_is_blind(void);      /* TL_DRIVER_BLIND_WRITES */
bool tl_tested_has_snapshots(void); /* false with the settings that give them up */
bool tl_tested_is_named(const char *name);

/* Run a suite over every driver that reads back, as it is and in its variants ("bdb:snapshot=0").
 * Labels on the command line choose some.  Sum of what `suite` returns. */
int tl_fixture_run_all(int argc, char **argv, int (*suite)(const char *label));

tl_status tl_put_text(tl_store_txn *txn, const char *key, const char *value, unsigned flags);
void tl_put_letters(tl_store_txn *txn); /* b d ab a abc f ba, each with itself as value */
void tl_want_value(tl_store_txn *txn, const char *key, const char *want); /* NULL: absent */
void tl_want_count(tl_store_txn *txn, uint64_t want); /* counted by a scan if need be */
/* `want` is the records as "key=value " each. */
void tl_want_scan(tl_store_txn *txn, const char *from, size_t limit, const char *want);

typedef tl_status (*tl_step_fn)(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_store_cursor *tl_open_cursor(tl_store_txn *txn);
/* The record has `want` as key and value; NULL: TL_NOT_FOUND. */
void tl_want_step(tl_store_cursor *cursor, tl_step_fn step, const char *want);

#endif
