/* What the user meant, numbers as people write them, and one exit code per kind of trouble. */
#include "harness/cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const names[] = {"tree", "null", "model", "lmdb", "sqlite", "sequential"};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

static void a_slip_of_the_fingers_finds_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *word, *name;
    } slips[] = {
        {"lmbd",       "lmdb"      },
        {"ldmb",       "lmdb"      },
        {"LMDB",       "lmdb"      },
        {"tre",        "tree"      },
        {"treee",      "tree"      },
        {"sqlite3",    "sqlite"    },
        {"sqllite",    "sqlite"    },
        {"nul",        "null"      },
        {"seq",        "sequential"},
        {"sequentail", "sequential"},
        {"mdoel",      "model"     },
        {"mode",       "model"     },
    };
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        const char *nearest = tl_nearest(slips[i].word, names, NAME_COUNT);
        if (nearest == NULL)
            fail_msg("'%s' finds nothing", slips[i].word);
        assert_string_equal(nearest, slips[i].name);
    }
}

static void a_word_far_from_all_names_finds_none(void **state)
{
    (void)state;
    char endless[1000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    const char *const strangers[] = {"", "x", "rocksdb", "leveldb", "tttttttt", endless};
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        assert_null(tl_nearest(strangers[i], names, NAME_COUNT));
    assert_null(tl_nearest("tree", names, 0));
    const char *const long_names[] = {endless};
    assert_null(tl_nearest("xxxx", long_names, 1));
}

static void times_are_read_with_their_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } rows[] = {
        {"30s",   30  },
        {"90",    90  },
        {"500ms", 0.5 },
        {"2m",    120 },
        {"1h",    3600},
        {"1.5s",  1.5 },
        {"0s",    0   },
    };
    static const char *const others[] = {"", "s", "-1s", "5 s", "5x", "0x5", "inf", "1e999"};
    double seconds;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(tl_parse_seconds(rows[i].text, &seconds));
        assert_true(seconds == rows[i].seconds);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(tl_parse_seconds(others[i], &seconds));
}

static void numbers_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } rows[] = {
        {"0",                    0                             },
        {"4096",                 4096                          },
        {"4k",                   4096                          },
        {"4K",                   4096                          },
        {"64KiB",                65536                         },
        {"64kib",                65536                         },
        {"1m",                   1 << 20                       },
        {"1MiB",                 1 << 20                       },
        {"2g",                   UINT64_C(2) << 30             },
        {"1t",                   UINT64_C(1) << 40             },
        {"1e6",                  1000000                       },
        {"12E0",                 12                            },
        {"0e999",                0                             },
        {"1e19",                 UINT64_C(10000000000000000000)},
        {"0x2a",                 42                            },
        {"0x000000000000002A",   42                            },
        {"512b",                 512                           },
        {"18446744073709551615", UINT64_MAX                    },
        {"0xffffffffffffffff",   UINT64_MAX                    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = 1;
        if (!tl_parse_size(rows[i].text, 0, UINT64_MAX, &value))
            fail_msg("'%s' is refused", rows[i].text);
        assert_int_equal(value, rows[i].value);
    }
}

static void nonsense_is_no_number_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        " ",
        "k",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.5k",
        "1,000",
        "4kk",
        "4x",
        "1e",
        "e6",
        "1e6k",
        "1e20",
        "1e-3",
        "0x",
        "0xg",
        "0x2ak",
        "0x10000000000000000",
        "18446744073709551616",
        "99999999999999999999999",
        "16777216t",
        "17179869184g",
        "nan",
        "inf",
        "1k1",
        "٤",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = 77;
        if (tl_parse_size(rows[i], 0, UINT64_MAX, &value))
            fail_msg("'%s' passes for %llu", rows[i], (unsigned long long)value);
        assert_int_equal(value, 77);
    }
}

static void bounds_belong_to_the_range(void **state)
{
    (void)state;
    uint64_t value = 0;
    assert_true(tl_parse_size("1k", 1024, 65536, &value));
    assert_true(tl_parse_size("64k", 1024, 65536, &value));
    assert_int_equal(value, 65536);
    assert_false(tl_parse_size("1023", 1024, 65536, &value));
    assert_false(tl_parse_size("65537", 1024, 65536, &value));
    assert_int_equal(value, 65536);
}

static void every_trouble_has_an_exit_code_and_only_success_has_zero(void **state)
{
    (void)state;
    assert_int_equal(tl_exit_code(TL_OK), TL_EXIT_OK);
    for (int status = TL_OK + 1; status < TL_STATUS_COUNT; status++) {
        int code = tl_exit_code((tl_status)status);
        assert_true(code == TL_EXIT_USAGE || code == TL_EXIT_WRONG || code == TL_EXIT_ENVIRONMENT);
    }
    assert_int_equal(tl_exit_code(TL_CORRUPT), TL_EXIT_WRONG);
    assert_int_equal(tl_exit_code(TL_INVALID), TL_EXIT_USAGE);
    assert_int_equal(tl_exit_code(TL_NO_SPACE), TL_EXIT_ENVIRONMENT);
    assert_int_equal(tl_exit_code(TL_BUSY), TL_EXIT_ENVIRONMENT);
    assert_int_equal(tl_exit_code(TL_STATUS_COUNT), TL_EXIT_ENVIRONMENT);
}

static void a_complaint_is_one_line_on_stderr(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDERR_FILENO);
    char text[128] = "";
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    tl_complain("run", "unknown driver '%s'; did you mean '%s'?", "lmbd", "lmdb");
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    close(kept);
    assert_string_equal(text, "treelab run: unknown driver 'lmbd'; did you mean 'lmdb'?\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_of_the_fingers_finds_its_name),
        cmocka_unit_test(a_word_far_from_all_names_finds_none),
        cmocka_unit_test(numbers_are_read_as_people_write_them),
        cmocka_unit_test(times_are_read_with_their_units),
        cmocka_unit_test(nonsense_is_no_number_and_changes_nothing),
        cmocka_unit_test(bounds_belong_to_the_range),
        cmocka_unit_test(every_trouble_has_an_exit_code_and_only_success_has_zero),
        cmocka_unit_test(a_complaint_is_one_line_on_stderr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
