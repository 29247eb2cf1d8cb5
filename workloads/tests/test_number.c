/* workloads/tests/test_number.c -- claims of number.h. */
#include "workloads/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef struct row {
    const char *text;
    uint64_t value;
} row;

static void assert_read(const row *rows, size_t count, tl_number_form form)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 1;
        const char *wrong = tl_number_parse(rows[i].text, form, &value);
        if (wrong != NULL)
            fail_msg("'%s' %s", rows[i].text, wrong);
        assert_int_equal(value, rows[i].value);
    }
}

static void sizes_are_read_as_people_write_them(void **state)
{
    static const row rows[] = {
        {"0",                    0                             },
        {"007",                  7                             },
        {"4096",                 4096                          },
        {"4k",                   4096                          },
        {"4K",                   4096                          },
        {"64KiB",                65536                         },
        {"64kib",                65536                         },
        {"1m",                   1 << 20                       },
        {"2g",                   UINT64_C(2) << 30             },
        {"1TiB",                 UINT64_C(1) << 40             },
        {"512b",                 512                           },
        {"1e6",                  1000000                       },
        {"12E0",                 12                            },
        {"0e999",                0                             },
        {"1e19",                 UINT64_C(10000000000000000000)},
        {"0x2a",                 42                            },
        {"0X00000000000000fF",   255                           },
        {"18446744073709551615", UINT64_MAX                    },
        {"16777215t",            UINT64_MAX - (1ull << 40) + 1 },
    };
    (void)state;
    assert_read(rows, sizeof rows / sizeof rows[0], TL_NUMBER_SIZE);
}

static void times_are_exact_to_the_nanosecond(void **state)
{
    static const row rows[] = {
        {"30s",            UINT64_C(30000000000)         },
        {"90",             UINT64_C(90000000000)         },
        {"500ms",          500000000                     },
        {"1.5m",           UINT64_C(90000000000)         },
        {"2M",             UINT64_C(120000000000)        },
        {"1h",             UINT64_C(3600000000000)       },
        {"0.1s",           100000000                     },
        {"1.000000001s",   1000000001                    },
        {"1.50000000000s", 1500000000                    },
        {"250us",          250000                        },
        {"7ns",            7                             },
        {"1e3ms",          1000000000                    },
        {"0",              0                             },
        {"18446744073s",   UINT64_C(18446744073000000000)},
    };
    (void)state;
    assert_read(rows, sizeof rows / sizeof rows[0], TL_NUMBER_TIME);
}

static void what_is_no_number_is_told_why_and_changes_nothing(void **state)
{
    static const struct {
        const char *text;
        tl_number_form form;
        const char *wrong;
    } rows[] = {
        {"",                     TL_NUMBER_SIZE, "is empty"                  },
        {"-1",                   TL_NUMBER_SIZE, "is negative"               },
        {"-1k",                  TL_NUMBER_SIZE, "is negative"               },
        {"1.5k",                 TL_NUMBER_SIZE, "is not a whole number"     },
        {"1.0",                  TL_NUMBER_SIZE, "is not a whole number"     },
        {"18446744073709551616", TL_NUMBER_SIZE, "is too large"              },
        {"99999999999999999999", TL_NUMBER_SIZE, "is too large"              },
        {"16777216t",            TL_NUMBER_SIZE, "is too large"              },
        {"1e20",                 TL_NUMBER_SIZE, "is too large"              },
        {"1e99999999999999999",  TL_NUMBER_SIZE, "is too large"              },
        {"0x10000000000000000",  TL_NUMBER_SIZE, "is too large"              },
        {"4x",                   TL_NUMBER_SIZE, "has an unknown unit"       },
        {"4kk",                  TL_NUMBER_SIZE, "has an unknown unit"       },
        {"4ki",                  TL_NUMBER_SIZE, "has an unknown unit"       },
        {"1e",                   TL_NUMBER_SIZE, "has an unknown unit"       },
        {"1e6k",                 TL_NUMBER_SIZE, "has an unknown unit"       },
        {"0x",                   TL_NUMBER_SIZE, "has an unknown unit"       },
        {"0x2ak",                TL_NUMBER_SIZE, "has an unknown unit"       },
        {"12 apples",            TL_NUMBER_SIZE, "is not a number"           },
        {"1 ",                   TL_NUMBER_SIZE, "is not a number"           },
        {" 1",                   TL_NUMBER_SIZE, "is not a number"           },
        {"+1",                   TL_NUMBER_SIZE, "is not a number"           },
        {"1,000",                TL_NUMBER_SIZE, "is not a number"           },
        {"1k1",                  TL_NUMBER_SIZE, "is not a number"           },
        {"1.",                   TL_NUMBER_SIZE, "is not a number"           },
        {"k",                    TL_NUMBER_SIZE, "is not a number"           },
        {"nan",                  TL_NUMBER_SIZE, "is not a number"           },
        {"",                     TL_NUMBER_TIME, "is empty"                  },
        {"-1s",                  TL_NUMBER_TIME, "is negative"               },
        {"s",                    TL_NUMBER_TIME, "is not a time"             },
        {"5 s",                  TL_NUMBER_TIME, "is not a time"             },
        {"0x5",                  TL_NUMBER_TIME, "has an unknown unit"       },
        {"1sec",                 TL_NUMBER_TIME, "has an unknown unit"       },
        {"5x",                   TL_NUMBER_TIME, "has an unknown unit"       },
        {"1d",                   TL_NUMBER_TIME, "has an unknown unit"       },
        {"1.5ns",                TL_NUMBER_TIME, "is finer than a nanosecond"},
        {"0.0000000001s",        TL_NUMBER_TIME, "is finer than a nanosecond"},
        {"1.00000000001s",       TL_NUMBER_TIME, "is finer than a nanosecond"},
        {"1.05ns",               TL_NUMBER_TIME, "is finer than a nanosecond"},
        {"1.00009us",            TL_NUMBER_TIME, "is finer than a nanosecond"},
        {"1e999",                TL_NUMBER_TIME, "is too large"              },
        {"18446744074s",         TL_NUMBER_TIME, "is too large"              },
        {"18446744073.8s",       TL_NUMBER_TIME, "is too large"              },
        {"inf",                  TL_NUMBER_TIME, "is not a time"             },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = 77;
        const char *wrong = tl_number_parse(rows[i].text, rows[i].form, &value);
        if (wrong == NULL || strncmp(wrong, rows[i].wrong, strlen(rows[i].wrong)) != 0)
            fail_msg("'%s' %s", rows[i].text, wrong == NULL ? "passes" : wrong);
        assert_int_equal(value, 77);
    }
}

/* "4k..1e6", "4k-64k": what stands between is no part of a number. */
static void a_number_inside_a_text_ends_where_it_ends(void **state)
{
    static const struct {
        const char *text, *rest;
        uint64_t value;
    } rows[] = {
        {"1..1000",   "..1000", 1    },
        {"4k-64k",    "-64k",   4096 },
        {"1e3@2",     "@2",     1000 },
        {"80live",    "live",   80   },
        {"0x1f,2",    ",2",     31   },
        {"16KiB..1m", "..1m",   16384},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = rows[i].text;
        uint64_t value = 0;
        assert_true(tl_number_read(&text, &value));
        assert_int_equal(value, rows[i].value);
        assert_string_equal(text, rows[i].rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read_as_people_write_them),
        cmocka_unit_test(times_are_exact_to_the_nanosecond),
        cmocka_unit_test(what_is_no_number_is_told_why_and_changes_nothing),
        cmocka_unit_test(a_number_inside_a_text_ends_where_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
