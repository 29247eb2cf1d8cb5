/* The executor: what it accepts, what it finds, and what it cannot be made to do. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const tl_driver *model(void)
{
    return tl_driver_find("model");
}

static void expect_outcome(const tl_script_result *result, tl_script_outcome outcome,
                           const char *said)
{
    if (result->outcome != outcome || strstr(result->message, said) == NULL)
        fail_msg("%s: %s", tl_script_outcome_name(result->outcome), result->message);
}

/* --- wants --- */

/* A line after three records "a" "b" "c", and what is said when it is wrong; "" when it is right.
 */
static const struct want_row {
    const char *line, *said;
} want_rows[] = {
    {"get \"a\" -> \"1\"",                                             ""                                                               },
    {"get \"a\" -> \"2\"",                                             "test.tls:6: want \"2\", got \"1\", as the model does"           },
    {"get \"a\" -> TL_NOT_FOUND",                                      "test.tls:6: want TL_NOT_FOUND, got \"1\""                       },
    {"get \"x\"",                                                      "test.tls:6: want TL_OK, got TL_NOT_FOUND"                       },
    {"get \"x\" -> \"1\"",                                             "want \"1\", got TL_NOT_FOUND"                                   },
    {"get \"x\" -> any",                                               ""                                                               },
    {"del \"x\" -> any",                                               ""                                                               },
    {"insert \"a\" \"2\" -> any",                                      ""                                                               },
    {"insert \"a\" \"2\"",                                             "want TL_OK, got TL_EXISTS"                                      },
    {"count -> count=3",                                               ""                                                               },
    {"count -> count=4",                                               "want count=4, got count=3"                                      },
    {"count -> count=-1",                                              "count= is -1; it must be in 0.."                                },
    {"scan -> count=3 first=\"a\" last=\"c\"",                         ""                                                               },
    {"scan -> first=\"b\"",                                            "want first=\"b\", got first=\"a\""                              },
    {"scan -> last=\"b\"",                                             "want last=\"b\", got last=\"c\""                                },
    {"scan -> hash=1",                                                 "want hash=0x0000000000000001, got hash=0x"                      },
    {"scan [\"x\"..] -> first=\"x\"",                                  "want a record, got count=0"                                     },
    {"scan reverse -> first=\"c\" last=\"a\"",                         ""                                                               },
    {"put rep(1,512) \"x\" -> TL_KEY_SIZE",                            ""                                                               },
    {"put rep(1,512) \"x\"",                                           "want TL_OK, got TL_KEY_SIZE"                                    },
    {"get u64(1/0)",                                                   "division by zero"                                               },
    {"expect leaf_splits == 0",                                        "unsupported by driver model: it has no counters"                },
    {"compact 1",                                                      ""                                                               },
    {"put @t \"a\" \"b\"",                                             ""                                                               },
    {"get @t \"a\" -> \"1\"",                                          "want \"1\", got TL_NOT_FOUND"                                   },
    {"drop @main",                                                     "want TL_OK, got TL_INVALID"                                     },
    {"delrange [\"a\"..\"c\") -> count=3",                             "want count=3, got count=2, as the model does"                   },
    {"count [\"b\"..] -> count=3",                                     "want count=3, got count=2, as the model does"                   },
    {"batch\n\"x\" \"1\"\n\"w\" \"2\"\nend",                           "test.tls:6: want TL_OK, got TL_INVALID"                         },
    {"batch\n\"x\" \"1\"\n\"w\" \"2\"\nend -> TL_INVALID at=0",        "want at=0, got at=1"                                            },
    {"batch\n\"x\" \"1\"\n\"w\" \"2\"\nend -> TL_INVALID at=1",        ""                                                               },
    {"batch order=any\nend",                                           "no option 'order' here"                                         },
    {"bulkinsert\n\"a\" \"1\"\nend -> TL_EXISTS at=0",                 ""                                                               },
    {"bulkload\n\"c\" \"1\"\nend -> TL_INVALID at=0",                  ""                                                               },
    {"bulkload\n\"d\" \"1\"\nend",                                     ""                                                               },
    {"bulkload fill=no_such\n\"d\" \"1\"\nend -> TL_INVALID at=0",     ""                                                               },
    {"bulkload\n\"d\" \"1\"\n\"e\" fill(4000,1)\nend",                 ""                                                               },
    {"bulkload @t fill=bulk90\n\"a\" \"1\"\nend",                      ""                                                               },
    {"savepoint s",                                                    "want TL_OK, got TL_INVALID: no write transaction is open"       },
    {"begin\nrollback s",                                              "want TL_OK, got TL_INVALID: no savepoint of this name"          },
    {"fail pwritev 1 EIO",                                             "simulated disk"                                                 },
    {"crash profile=posix at=0",                                       "simulated disk"                                                 },
    {"open",                                                           "want TL_OK, got TL_BUSY: the store is open"                     },
    {"commit",                                                         "want TL_OK, got TL_INVALID: no transaction is open"             },
    {"c: next",                                                        "want TL_OK, got TL_INVALID: no cursor of this name is open"     },
    {"r: get \"a\"",                                                   "want TL_OK, got TL_INVALID: no transaction of this name is open"},
    {"for i in 5..7\nput u64($i/($i-6)) \"\"\nend",                    "test.tls:7: division by zero (i=6)"                             },
    {"for i in 0..2\nfor j in 0..2\ncount -> count=3-$i*$j\nend\nend",
     "test.tls:8: want count=2, got count=3, as the model does (i=1, j=1)"                                                              },
};

static void a_want_is_compared_and_a_difference_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof want_rows / sizeof want_rows[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "open\nput \"a\" \"1\"\nput \"b\" \"2\"\nput \"c\" \"3\"\n%s\n",
                 want_rows[i].line);
        tl_script_result result;
        fixture_run(text, model(), &result);
        bool right = want_rows[i].said[0] == '\0';
        if (right != (result.outcome == TL_SCRIPT_PASSED) ||
            strstr(result.message, want_rows[i].said) == NULL)
            fail_msg("%s: %s", want_rows[i].line, result.message);
    }
}

static void long_values_that_look_alike_are_told_apart(void **state)
{
    (void)state;
    tl_script_result result;
    fixture_run("open\nput \"a\" rep(65,100)+\"x\"\nget \"a\" -> rep(65,100)+\"y\"\n", model(),
                &result);
    expect_outcome(&result, TL_SCRIPT_MISMATCH, "differs from byte 100 on");
    assert_int_equal(result.line, 4);
}

static void a_closed_store_takes_nothing(void **state)
{
    (void)state;
    tl_script_result result;
    fixture_run("put \"a\" \"b\" -> TL_INVALID\nreopen -> TL_INVALID\nopen\nclose\n"
                "get \"a\" -> TL_INVALID\nclose -> TL_INVALID\nreopen\nget \"a\" -> TL_NOT_FOUND\n",
                model(), &result);
    expect_outcome(&result, TL_SCRIPT_PASSED, "");
    assert_int_equal(result.checks, 9); /* eight lines and the content at the end */
}

static void unknown_options_name_the_nearest(void **state)
{
    (void)state;
    tl_script_result result;
    fixture_run("open splitt=half_bytes\n", model(), &result);
    expect_outcome(&result, TL_SCRIPT_UNFIT, "did you mean 'split'?");
    fixture_run("open durability=most\n", model(), &result);
    expect_outcome(&result, TL_SCRIPT_UNFIT, "'most' is no value for durability");
    fixture_run("open splitt=half_bytes -> TL_INVALID\n", model(), &result);
    expect_outcome(&result, TL_SCRIPT_PASSED, "");
}

static void overrides_win_over_the_script(void **state)
{
    (void)state;
    const tl_driver_setting overrides[] = {
        {"max_key", "10"}
    };
    tl_script_config config = {.overrides = overrides, .override_count = 1};
    tl_script_result result;
    fixture_run_config("open max_key=100\nput rep(1,11) \"\" -> TL_KEY_SIZE\nreopen\n"
                       "put rep(1,11) \"\" -> TL_KEY_SIZE\nput rep(1,10) \"\"\n",
                       model(), &config, &result);
    expect_outcome(&result, TL_SCRIPT_PASSED, "");
}

/* --- skipping --- */

static void count_skip(void *context, const char *text)
{
    assert_non_null(strstr(text, "skipped, unsupported by driver model"));
    (*(size_t *)context)++;
}

static void unsupported_lines_are_skipped_counted_and_told_once(void **state)
{
    (void)state;
    size_t told = 0;
    tl_script_config config = {
        .skip_unsupported = true, .on_skip = count_skip, .on_skip_context = &told};
    tl_script_result result;
    tl_driver plain = *model();
    plain.tree = NULL;
    fixture_run_config("open\nfor i in 0..10\nput @t u64($i) \"\"\nput u64($i) \"\"\nend\n"
                       "cursor c @t\nc: next\nc: curclose\ncount -> count=10\n",
                       &plain, &config, &result);
    expect_outcome(&result, TL_SCRIPT_PASSED, "");
    assert_int_equal(result.skipped, 13);
    assert_int_equal(told, 4);
}

/* --- bounds --- */

static void a_hostile_script_meets_its_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"open\nfor i in 0..9223372036854775807\nend\n",                              "limit of lines"            },
        {"open\nfor i in 0..90\nfor j in 0..90\ncount\nend\nend\n",                   "limit"                     },
        {"open\nfor i in -9223372036854775807..9223372036854775807 shuffle 1\nend\n", "limit"                     },
        {"open\nfor i in 0..3 step 0\nend\n",                                         "never ends"                },
        {"open\nfor i in 0..900\nput u64($i) rep(1,2000)\nend\n",                     "writes more than its limit"},
        {"open\nput \"a\" rep(1,67108865)\n",                                         "must be in 0..67108864"    },
        {"open\nput \"a\" \"b\"\nbegin read r\nr: cursor c\nc: next 1000000\n",       "steps is 1000000"          },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_script_config config = {.lines_max = 1000, .written_max = 1000000};
        tl_script_result result;
        fixture_run_config(rows[i].text, model(), &config, &result);
        expect_outcome(&result, TL_SCRIPT_UNFIT, rows[i].said);
    }
}

static void more_transactions_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    char text[4096] = "open\n";
    for (int i = 0; i < 64; i++)
        sprintf(text + strlen(text), "begin read r%d\n", i);
    strcat(text, "begin read over -> TL_BUSY\ncount -> TL_BUSY\ncommit r0\ncount -> count=0\n");
    tl_script_result result;
    fixture_run(text, model(), &result);
    expect_outcome(&result, TL_SCRIPT_PASSED, "");
}

static void loops_run_over_the_documented_numbers(void **state)
{
    (void)state;
    tl_script_result result;
    fixture_run("open\nfor i in 9..-1 step -4\nput dec($i,2) \"\"\nend\n"
                "scan -> count=3 first=\"01\" last=\"09\"\n"
                "for i in 0..0\nput \"never\" \"\"\nend\nfor i in 3..1\nput \"never\" \"\"\nend\n"
                "for i in 9223372036854775805..9223372036854775807 step 2\nput u64($i) \"\"\nend\n"
                "count -> count=4\nget u64(9223372036854775805)\n"
                "for i in -3..3 shuffle 5\ninsert \"s\"+dec($i+3,1) \"\"\nend\n"
                "count [\"s0\"..\"s5\"] -> count=6\n",
                model(), &result);
    expect_outcome(&result, TL_SCRIPT_PASSED, "");
}

static bool always(void)
{
    return true;
}

static void an_interrupt_ends_the_run(void **state)
{
    (void)state;
    tl_script_config config = {.interrupted = always};
    tl_script_result result;
    fixture_run_config("open\nfor i in 0..5000\ncount\nend\n", model(), &config, &result);
    expect_outcome(&result, TL_SCRIPT_STOPPED, "interrupted");
}

/* --- lies: a driver that is wrong in one way, over the model --- */

static tl_status lie_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    tl_status status = model()->get(txn, key, value);
    if (status == TL_OK && value->size_bytes > 3)
        value->size_bytes--;
    return status;
}

static tl_status lie_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    const unsigned char *bytes = key.data;
    if (key.size_bytes > 0 && bytes[0] == 'l')
        return TL_OK; /* forgets keys that begin with l */
    return model()->put(txn, key, value, flags);
}

static tl_status lie_insert(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    return model()->put(txn, key, value, flags & ~(unsigned)TL_PUT_INSERT);
}

static tl_status lie_del(tl_store_txn *txn, tl_slice key)
{
    (void)model()->del(txn, key);
    return TL_OK;
}

static tl_status lie_count(tl_store_txn *txn, uint64_t *count)
{
    tl_status status = model()->count(txn, count);
    *count += *count > 2;
    return status;
}

typedef struct lying_scan {
    tl_scan_fn visit;
    void *context;
    size_t seen;
    bool twice;
} lying_scan;

static bool lie_visit(void *context, tl_slice key, tl_slice value)
{
    lying_scan *scan = context;
    scan->seen++;
    if (scan->seen != 2)
        return scan->visit(scan->context, key, value);
    return !scan->twice ||
           (scan->visit(scan->context, key, value) && scan->visit(scan->context, key, value));
}

static tl_status lie_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    lying_scan scan = {visit, context, 0, false};
    return model()->scan(txn, from, lie_visit, &scan);
}

static tl_status lie_scan_twice(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    lying_scan scan = {visit, context, 0, true};
    return model()->scan(txn, from, lie_visit, &scan);
}

static tl_status lie_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    tl_status status = model()->cursor_next(cursor, key, value);
    return status == TL_OK ? model()->cursor_next(cursor, key, value) : status;
}

static tl_status lie_commit(tl_store_txn *txn)
{
    model()->abort(txn);
    return TL_OK;
}

static tl_status lie_verify(tl_store *store, tl_report_fn report, void *context,
                            uint64_t *finding_count)
{
    (void)store;
    const tl_finding finding = {"page-checksum", 7, "the sum is wrong"};
    *finding_count = 1;
    report(context, &finding);
    return TL_OK;
}

static size_t tell_counters(tl_store *store, tl_driver_counter *counters, size_t capacity)
{
    (void)store;
    if (capacity > 0)
        counters[0] = (tl_driver_counter){"leaf_splits", "exact", "count", 31};
    return 1;
}

/* Deletes one record too few. */
static tl_status lie_del_range(tl_store_txn *txn, const tl_range *range, uint64_t *deleted)
{
    tl_range shorter = *range;
    shorter.upper_inclusive = false;
    return model()->del_range(txn, &shorter, deleted);
}

static tl_status lie_count_range(tl_store_txn *txn, const tl_range *range, uint64_t *count)
{
    tl_range longer = *range;
    longer.lower_exclusive = false;
    return model()->count_range(txn, &longer, count);
}

/* Not all or nothing: what stood before the bad record stays. */
static tl_status lie_upsert_sorted(tl_store_txn *txn, const tl_record *records, size_t count,
                                   size_t *failed_at)
{
    tl_status status = model()->upsert_sorted(txn, records, count, failed_at);
    for (size_t i = 0; status == TL_INVALID && i < *failed_at; i++)
        if (model()->put(txn, records[i].key, records[i].value, 0) != TL_OK)
            return TL_NO_MEMORY;
    return status;
}

static tl_status lie_insert_sorted(tl_store_txn *txn, const tl_record *records, size_t count,
                                   size_t *failed_at)
{
    tl_status status = model()->insert_sorted(txn, records, count, failed_at);
    *failed_at += status != TL_OK;
    return status;
}

/* All names are one tree. */
static tl_status lie_tree(tl_store_txn *txn, tl_slice name, bool create, tl_store_txn **view)
{
    (void)name;
    return model()->tree(txn, (tl_slice){"same", 4}, create, view);
}

static tl_status lie_drop(tl_store_txn *txn, tl_slice name)
{
    tl_store_txn *view;
    return model()->tree(txn, name, false, &view);
}

static tl_status lie_rollback(tl_store_txn *txn, uint32_t save)
{
    (void)txn;
    (void)save;
    return TL_OK;
}

static tl_status lie_close(tl_store *store)
{
    (void)model()->close(store);
    return TL_IO;
}

static const char lie_script[] = "open\n"
                                 "put \"a\" \"12\"\n"
                                 "put \"long\" \"12345\"\n"
                                 "put \"z\" \"12\"\n"
                                 "scan limit 1\n"
                                 "begin read r\n"
                                 "r: cursor c\n"
                                 "c: first\n"
                                 "commit r\n";

/* what is replaced, the lines after lie_script that show it, what is said */
static const struct lie_row {
    tl_driver lie;
    const char *lines, *said;
} lie_rows[] = {
    {{.get = lie_get},                     "get \"long\"",                     "want \"12345\" (as the model), got \"1234\""                          },
    {{.put = lie_put},                     "",                                 "at the end: want count=3 (as the model), got count=2"                 },
    {{.put = lie_put},                     "get \"long\"",                     "want TL_OK, got TL_NOT_FOUND"                                         },
    {{.put = lie_insert},                  "insert \"a\" \"x\"",               "want TL_EXISTS (as the model), got TL_OK"                             },
    {{.del = lie_del},                     "del \"nothing\"",                  "want TL_NOT_FOUND (as the model), got TL_OK"                          },
    {{.del = lie_del},                     "del \"nothing\" -> TL_NOT_FOUND",  "want TL_NOT_FOUND, got TL_OK"                                         },
    {{.count = lie_count},                 "count",                            "want count=3 (as the model), got count=4"                             },
    {{.scan = lie_scan},                   "scan",                             "want count=3 (as the model), got count=2"                             },
    {{.scan = lie_scan},                   "",                                 "at the end: want count=3"                                             },
    {{.scan = lie_scan_twice},             "scan limit 3",                     "want keys in order"                                                   },
    {{.cursor_next = lie_next},
     "begin read r\nr: cursor c\nc: first\nc: next",                           "want key=\"long\" (as the model), got key=\"z\""                      },
    {{.commit = lie_commit},               "",                                 "test.tls:6: want count=1 (as the model), got count=0"                 },
    {{.verify = lie_verify},
     "verify",                                                                 "want TL_OK, got TL_CORRUPT: page-checksum on page 7: the sum is wrong"},
    {{.counters = tell_counters},          "expect leaf_splits <= 28",         "want leaf_splits <= 28, got 31"                                       },
    {{.counters = tell_counters},          "expect leaf_split == 0",           "did you mean 'leaf_splits'?"                                          },
    {{.del_range = lie_del_range},
     "delrange [\"a\"..\"z\"] -> count=3",                                     "want count=3, got count=2"                                            },
    {{.del_range = lie_del_range},
     "delrange [\"a\"..\"z\"]",                                                "want count=3 (as the model), got count=2"                             },
    {{.count_range = lie_count_range},
     "count (\"a\"..\"z\")",                                                   "want count=1 (as the model), got count=2"                             },
    {{.upsert_sorted = lie_upsert_sorted},
     "begin\nbatch\n\"b\" \"1\"\n\"a\" \"2\"\nend -> TL_INVALID at=1\ncommit", "want count=3 (as the model), got count=4"                             },
    {{.insert_sorted = lie_insert_sorted},
     "bulkinsert\n\"b\" \"1\"\n\"z\" \"2\"\nend -> TL_EXISTS at=1",            "want at=1, got at=2"                                                  },
    {{.insert_sorted = lie_insert_sorted},
     "bulkinsert\n\"b\" \"1\"\n\"z\" \"2\"\nend -> TL_EXISTS",                 "want at=1 (as the model), got at=2"                                   },
    {{.tree = lie_tree},
     "put @t \"a\" \"1\"\nget @u \"a\"",                                       "want TL_NOT_FOUND (as the model), got TL_OK"                          },
    {{.tree = lie_tree},
     "put @t \"a\" \"1\"\nput @u \"b\" \"1\"",                                 "at the end: want count=1 (as the model), got count=2"                 },
    {{.drop = lie_drop},
     "put @t \"a\" \"1\"\ndrop @t",                                            "at the end: want TL_NOT_FOUND (as the model), got count=1"            },
    {{.rollback = lie_rollback},
     "begin\nsavepoint s\ndel \"a\"\nrollback s\ncommit",                      "want count=3 (as the model), got count=2"                             },
    {{.close = lie_close},                 "",                                 "at the end: want TL_OK from close, got TL_IO"                         },
    {{.close = lie_close},                 "reopen",                           "want TL_OK, got TL_IO"                                                },
};

/* The model with the functions that `lie` names. */
static tl_driver lying_driver(const tl_driver *lie)
{
    tl_driver driver = *model();
    driver.name = "liar";
#define REPLACE(field)                                                                             \
    if (lie->field != NULL)                                                                        \
    driver.field = lie->field
    REPLACE(get);
    REPLACE(put);
    REPLACE(del);
    REPLACE(count);
    REPLACE(scan);
    REPLACE(cursor_next);
    REPLACE(commit);
    REPLACE(verify);
    REPLACE(counters);
    REPLACE(close);
    REPLACE(del_range);
    REPLACE(count_range);
    REPLACE(upsert_sorted);
    REPLACE(insert_sorted);
    REPLACE(tree);
    REPLACE(drop);
    REPLACE(rollback);
    return driver;
}

static void every_lie_is_caught(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lie_rows / sizeof lie_rows[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s\n", lie_script, lie_rows[i].lines);
        tl_driver liar = lying_driver(&lie_rows[i].lie);
        tl_script_result result;
        fixture_run(text, &liar, &result);
        if (result.outcome == TL_SCRIPT_PASSED || strstr(result.message, lie_rows[i].said) == NULL)
            fail_msg("lie %zu: %s", i, result.message);
    }
}

static void the_truth_passes_where_lies_are_caught(void **state)
{
    (void)state;
    tl_script_result result;
    fixture_run(lie_script, model(), &result);
    expect_outcome(&result, TL_SCRIPT_PASSED, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_want_is_compared_and_a_difference_told),
        cmocka_unit_test(long_values_that_look_alike_are_told_apart),
        cmocka_unit_test(a_closed_store_takes_nothing),
        cmocka_unit_test(unknown_options_name_the_nearest),
        cmocka_unit_test(overrides_win_over_the_script),
        cmocka_unit_test(unsupported_lines_are_skipped_counted_and_told_once),
        cmocka_unit_test(a_hostile_script_meets_its_bounds),
        cmocka_unit_test(more_transactions_than_there_is_room_for_are_refused),
        cmocka_unit_test(loops_run_over_the_documented_numbers),
        cmocka_unit_test(an_interrupt_ends_the_run),
        cmocka_unit_test(every_lie_is_caught),
        cmocka_unit_test(the_truth_passes_where_lies_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
