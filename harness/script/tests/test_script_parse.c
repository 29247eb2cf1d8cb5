/* The language: what is a script, what is not and why, and one spelling for each. */
#include "equal.h"
#include "fixture.h"

#include "harness/script/evaluate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every verb, in every form, canonically spelled. */
static const char whole_language[] =
    "treelab-script 1\n"
    "# a comment of its own\n"
    "#\n"
    "\n"
    "open page_bytes=4096 commit=log split=adaptive seed=42 max_bytes=1m\n"
    "reopen -> TL_OK\n"
    "close\n"
    "verify -> TL_CORRUPT\n"
    "checkpoint\n"
    "compact 10\n"
    "begin\n"
    "begin w\n"
    "begin read\n"
    "begin read r\n"
    "savepoint s\n"
    "rollback s\n"
    "commit\n"
    "commit r\n"
    "abort\n"
    "abort r\n"
    "put \"key\" \"value\"\n"
    "r: put @tree u64(1) fill(500,1)\n"
    "insert u64(1)+dec(2,3)+rep(4,5)+hex(00ff) \"\" -> TL_EXISTS\n"
    "append @t \"quotes \\\" and \\\\ and \\n and \\x00\" \"v\" -> any\n"
    "get u64(-1)  # the last key\n"
    "get \"k\" -> \"a value\"\n"
    "get @t \"k\" -> fill(10,1)+\"x\"\n"
    "del @t \"k\" -> TL_NOT_FOUND\n"
    "drop @t\n"
    "scan\n"
    "scan @t [\"a\"..\"b\") reverse limit 10 -> count=3 hash=0x00000000000000ff first=\"a\\x20b\" "
    "last=u64(1)+\"c\"\n"
    "scan (..) limit 2\n"
    "count\n"
    "count @t (\"a\"..]\n"
    "delrange [..\"z\"] -> count=7\n"
    "cursor c\n"
    "r: cursor d @t\n"
    "c: first\n"
    "c: last -> \"value\" key=u64(3)\n"
    "c: seek \"k\" -> key=\"k\"\n"
    "c: next\n"
    "c: next 10 -> TL_NOT_FOUND\n"
    "c: prev -> \"v\"\n"
    "c: curdel\n"
    "c: curclose\n"
    "batch @t order=sorted\n"
    "  \"k\" \"v\"  # an item\n"
    "  for i in 0..3\n"
    "    u64($i) dec($i,4)\n"
    "  end\n"
    "end -> TL_INVALID at=1  # refused\n"
    "bulkinsert\n"
    "end\n"
    "bulkload fill=90\n"
    "end -> at=3\n"
    "for i in 0..10\n"
    "end\n"
    "for i in 10..-1 step -1 shuffle 7  # down\n"
    "  for j in $i*2..($i+1)*2\n"
    "    put u64($i)+u64($j) rep($i%256,$j)\n"
    "\n"
    "  end\n"
    "end  # of both\n"
    "expect leaf_splits == 3\n"
    "expect leaf_splits <= 28\n"
    "expect splits >= 2*3\n"
    "fail fdatasync 2 EIO\n"
    "fail pwritev 1 ENOSPC sticky\n"
    "crash profile=journal at=31 drop=4,6 torn=7:2\n"
    "crash profile=posix at=0 keep=1\n"
    "crash profile=sigkill\n"
    "crash profile=journal state=57.2/0.2.1\n"
    "crash profile=garbage state=31.0/sample.905 seed=7  # as found\n"
    "reopen page_bytes=8192 -> TL_OK\n";

static tl_script *parse_whole(const char *text)
{
    tl_script *script = NULL;
    tl_script_error error;
    if (tl_script_parse("whole", (tl_slice){text, strlen(text)}, &script, &error) != TL_OK)
        fail_msg("%u:%u: %s", error.line, error.column, error.text);
    return script;
}

static void the_whole_language_prints_as_it_was_read(void **state)
{
    (void)state;
    tl_script *script = parse_whole(whole_language);
    char *text = NULL;
    assert_int_equal(tl_script_print(script, &text), TL_OK);
    assert_string_equal(text, whole_language);
    tl_script *again = parse_whole(text);
    assert_true(scripts_are_equal(script, again));
    tl_script_free(again);
    tl_script_free(script);
    free(text);
}

static void every_verb_stands_in_the_whole_language(void **state)
{
    (void)state;
    bool seen[TL_SCRIPT_VERB_COUNT] = {false};
    tl_script *script = parse_whole(whole_language);
    for (const tl_script_line *line = tl_script_first(script); line != NULL; line = line->next) {
        seen[line->verb] = true;
        for (const tl_script_line *inner = line->body; inner != NULL; inner = inner->next)
            seen[inner->verb] = true;
    }
    for (size_t verb = 0; verb < TL_SCRIPT_VERB_COUNT; verb++)
        if (!seen[verb])
            fail_msg("verb %zu is not in the text", verb);
    tl_script_free(script);
}

/* What people write, and the one way it is printed. */
static const struct spelling_row {
    const char *written, *canonical;
} spelling_rows[] = {
    {"  put\t\"a\"    \"b\"   ->    TL_OK   #   note  ", "put \"a\" \"b\" -> TL_OK  #   note"  },
    {"get u64( 1 + 2 * ( 3 ) )",                         "get u64(1+2*3)"                      },
    {"get u64((1+2)*3)",                                 "get u64((1+2)*3)"                    },
    {"get u64(1-(2-3))",                                 "get u64(1-(2-3))"                    },
    {"get u64((1-2)-3)",                                 "get u64(1-2-3)"                      },
    {"get u64(-(1+2))",                                  "get u64(-(1+2))"                     },
    {"get u64(--1)",                                     "get u64(--1)"                        },
    {"get u64(1 - -1)",                                  "get u64(1--1)"                       },
    {"get u64(8/(4/2))",                                 "get u64(8/(4/2))"                    },
    {"get u64(8/4/2)",                                   "get u64(8/4/2)"                      },
    {"get u64(-3%2)",                                    "get u64(-3%2)"                       },
    {"get u64(007)",                                     "get u64(7)"                          },
    {"get hex(AbCd)",                                    "get hex(abcd)"                       },
    {"get hex()",                                        "get hex()"                           },
    {"get \"\\x41\\n\\x7f\"",                            "get \"A\\n\\x7f\""                   },
    {"get \"caf\xc3\xa9\"",                              "get \"caf\\xc3\\xa9\""               },
    {"get \"#\" # not in the text",                      "get \"#\"  # not in the text"        },
    {"get \"a\"+ \"b\"",                                 "get \"a\"+\"b\""                     },
    {"scan->count=1",                                    "scan -> count=1"                     },
    {"scan -> hash=FF",                                  "scan -> hash=0x00000000000000ff"     },
    {"scan -> last=\"a\" first=\"b c\"",                 "scan -> first=\"b\\x20c\" last=\"a\""},
    {"open seed=1->TL_OK",                               "open seed=1 -> TL_OK"                },
    {"#note",                                            "# note"                              },
    {"#",                                                "#"                                   },
    {"c:next->TL_OK",                                    "c: next -> TL_OK"                    },
    {"c: next 1-2->TL_OK",                               "c: next 1-2 -> TL_OK"                },
};

static void every_spelling_has_one_canonical_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spelling_rows / sizeof spelling_rows[0]; i++) {
        char want[256], *text = NULL;
        snprintf(want, sizeof want, "treelab-script 1\n%s\n", spelling_rows[i].canonical);
        tl_script *script = fixture_parse(spelling_rows[i].written);
        assert_int_equal(tl_script_print(script, &text), TL_OK);
        assert_string_equal(text, want);
        tl_script *again = parse_whole(text);
        assert_true(scripts_are_equal(script, again));
        tl_script_free(again);
        tl_script_free(script);
        free(text);
    }
}

/* A text that is no script: where it stops, and a piece of what is said. */
static const struct refusal_row {
    const char *text;
    uint32_t line, column;
    const char *said;
} refusal_rows[] = {
    {"",                                                           1, 1,  "first line of a script is 'treelab-script 1'"},
    {"put \"a\" \"b\"\n",                                          1, 1,  "first line"                                  },
    {"treelab-script 2\n",                                         1, 1,  "first line"                                  },
    {"treelab-script 1x\n",                                        1, 17, "nothing after"                               },
    {"treelab-script 1\nputt \"a\" \"b\"\n",                       2, 1,  "did you mean 'put'?"                         },
    {"treelab-script 1\n  qwertyuiop\n",                           2, 3,  "no verb 'qwertyuiop'"                        },
    {"treelab-script 1\nput\n",                                    2, 4,  "expected a key"                              },
    {"treelab-script 1\nput \"a\"\n",                              2, 8,  "expected a value"                            },
    {"treelab-script 1\nput \"a\" \"b\" \"c\"\n",                  2, 13, "expected the end of the line"                },
    {"treelab-script 1\nget \"a\n",                                2, 5,  "no closing"                                  },
    {"treelab-script 1\nget \"\\q\"\n",                            2, 6,  "escape"                                      },
    {"treelab-script 1\nget \"\\x4\"\n",                           2, 6,  "escape"                                      },
    {"treelab-script 1\nget hex(abc)\n",                           2, 12, "one more hex digit"                          },
    {"treelab-script 1\nget hex(xy)\n",                            2, 9,  "hex digit"                                   },
    {"treelab-script 1\nget u64(\n",                               2, 9,  "expected an integer"                         },
    {"treelab-script 1\nget u64($i)\n",                            2, 10, "no loop around this line has a variable 'i'" },
    {"treelab-script 1\nget u64(9223372036854775808)\n",           2, 9,  "larger than"                                 },
    {"treelab-script 1\nget dec(1)\n",                             2, 10, "','"                                         },
    {"treelab-script 1\nget \"a\" -> \n",                          2, 12, "expected a result"                           },
    {"treelab-script 1\nget \"a\" -> TL_NOPE\n",                   2, 12, "is no status"                                },
    {"treelab-script 1\nget \"a\" -> count=1\n",                   2, 12, "has no result 'count'"                       },
    {"treelab-script 1\nput \"a\" \"b\" -> \"c\"\n",               2, 16, "gives no value"                              },
    {"treelab-script 1\nscan -> count=1 count=2\n",                2, 17, "twice"                                       },
    {"treelab-script 1\nscan -> hash=xyz\n",                       2, 14, "hash of up to 16 hex digits"                 },
    {"treelab-script 1\nnext\n",                                   2, 1,  "needs a cursor"                              },
    {"treelab-script 1\nr: begin\n",                               2, 1,  "takes no 'r:'"                               },
    {"treelab-script 1\nend\n",                                    2, 1,  "'end' without"                               },
    {"treelab-script 1\nfor i in 0..3\nput u64($i) \"\"\n",        3, 15, "of line 2 has no 'end'"                      },
    {"treelab-script 1\nfor i in 0..3 -> TL_OK\nend\n",            2, 15, "after the 'end'"                             },
    {"treelab-script 1\nfor i in 0..3\nend -> TL_OK\n",            3, 5,  "no result to compare"                        },
    {"treelab-script 1\nfor i in 0..3\nfor i in 0..3\nend\nend\n", 3, 5,  "outer loop"                                  },
    {"treelab-script 1\nfor i 0..3\nend\n",                        2, 7,  "'in'"                                        },
    {"treelab-script 1\n\"a\" \"b\"\n",                            2, 1,  "only inside a batch"                         },
    {"treelab-script 1\nbatch\nput \"a\" \"b\"\nend\n",            3, 1,  "a batch holds only"                          },
    {"treelab-script 1\ncount [\"a\"..\"b\"\n",                    2, 16, "']' or ')'"                                  },
    {"treelab-script 1\ncount [\"a\" \"b\"]\n",                    2, 12, "'..'"                                        },
    {"treelab-script 1\nexpect leaf_splits < 3\n",                 2, 20, "'==', '<=' or '>='"                          },
    {"treelab-script 1\ncrash at=3\n",                             2, 7,  "profile="                                    },
    {"treelab-script 1\ncrash profile=posix at=3 torn=1\n",        2, 32, "where the write tore"                        },
    {"treelab-script 1\ncrash profile=posix at=3 lose=1\n",        2, 26, "keep=, drop= or torn="                       },
    {"treelab-script 1\ncrash profile=posix lose=1\n",             2, 21, "state=WORD"                                  },
    {"treelab-script 1\ncrash profile=posix state=3.0/ at=3\n",    2, 21, "state=WORD and no more"                      },
    {"treelab-script 1\nfail fdatasync 1\n",                       2, 17, "an error"                                    },
    {"treelab-script 1\nopen seed\n",                              2, 10, "'='"                                         },
    {"treelab-script 1\nopen seed= \n",                            2, 12, "a value"                                     },
    {"treelab-script 1\nget \"\x01\"\n",                           2, 6,  "control byte 0x01"                           },
};

static void what_is_no_script_is_refused_with_place_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusal_rows / sizeof refusal_rows[0]; i++) {
        const struct refusal_row *row = &refusal_rows[i];
        tl_script *script = NULL;
        tl_script_error error;
        tl_status status =
            tl_script_parse("x", (tl_slice){row->text, strlen(row->text)}, &script, &error);
        if (status != TL_INVALID || error.line != row->line || error.column != row->column ||
            strstr(error.text, row->said) == NULL)
            fail_msg("row %zu \"%s\": %u:%u: %s", i, row->text, error.line, error.column,
                     error.text);
    }
}

/* `count` times `piece` between `before` and `after`, as a script; the status of parsing it. */
static tl_status parse_repeated(const char *before, const char *piece, size_t count,
                                const char *after, tl_script_error *error)
{
    static const char header[] = "treelab-script 1\n";
    size_t room = sizeof header + strlen(before) + strlen(piece) * count + strlen(after);
    char *text = malloc(room);
    assert_non_null(text);
    char *at = text + sprintf(text, "%s%s", header, before);
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s", piece);
    at += sprintf(at, "%s", after);
    tl_script *script = NULL;
    tl_status status = tl_script_parse("x", (tl_slice){text, (size_t)(at - text)}, &script, error);
    if (status == TL_OK)
        tl_script_free(script);
    free(text);
    return status;
}

static void depth_and_length_are_bounded(void **state)
{
    (void)state;
    tl_script_error error;
    assert_int_equal(parse_repeated("get u64(", "(", 10, "1))))))))))) ", &error), TL_OK);
    assert_int_equal(parse_repeated("get u64(", "(", 100000, "1", &error), TL_INVALID);
    assert_non_null(strstr(error.text, "brackets and signs"));
    assert_int_equal(parse_repeated("get u64(", "-", 100000, "1)", &error), TL_INVALID);
    assert_int_equal(parse_repeated("get u64(1", "+1", 200, ")", &error), TL_OK);
    assert_int_equal(parse_repeated("get u64(1", "*1", 300, ")", &error), TL_INVALID);
    assert_non_null(strstr(error.text, "terms"));
    assert_int_equal(parse_repeated("get \"\"", "+\"\"", 300, "", &error), TL_INVALID);
    assert_int_equal(parse_repeated("get \"", "x", TL_SCRIPT_LINE_BYTES_MAX - 8, "\"", &error),
                     TL_OK);
    assert_int_equal(parse_repeated("get \"", "x", TL_SCRIPT_LINE_BYTES_MAX, "\"", &error),
                     TL_INVALID);
    assert_non_null(strstr(error.text, "longer than"));
    const char *loops = "for a in 0..1\nfor b in 0..1\nfor c in 0..1\nfor d in 0..1\n"
                        "for e in 0..1\nfor f in 0..1\nfor g in 0..1\nfor h in 0..1\n";
    assert_int_equal(parse_repeated(loops, "end\n", 8, "", &error), TL_OK);
    assert_int_equal(parse_repeated(loops, "for i in 0..1\n", 1, "", &error), TL_INVALID);
    assert_non_null(strstr(error.text, "more than 8 loops"));
}

static void lines_may_end_in_crlf_or_in_nothing(void **state)
{
    (void)state;
    const char *text = "treelab-script 1\r\nput \"a\" \"b\" # c\r\n\r\nget \"a\"";
    tl_script *script = parse_whole(text);
    char *printed = NULL;
    assert_int_equal(tl_script_print(script, &printed), TL_OK);
    assert_string_equal(printed, "treelab-script 1\nput \"a\" \"b\"  # c\n\nget \"a\"\n");
    free(printed);
    tl_script_free(script);
}

/* The key of `get EXPRESSION` in hex, or what is wrong with it. */
static const struct value_row {
    const char *expression, *hex;
} value_rows[] = {
    {"u64(0)",                           "0000000000000000"           },
    {"u64(258)",                         "0000000000000102"           },
    {"u64(-1)",                          "ffffffffffffffff"           },
    {"u64(7/2)",                         "0000000000000003"           },
    {"u64(-7/2)",                        "fffffffffffffffd"           },
    {"u64(-7%3)",                        "ffffffffffffffff"           },
    {"u64(2+3*4-6/2)",                   "000000000000000b"           },
    {"u64(-9223372036854775807-1)",      "8000000000000000"           },
    {"dec(17,4)",                        "30303137"                   },
    {"dec(0,1)",                         "30"                         },
    {"rep(255,3)",                       "ffffff"                     },
    {"rep(1,0)",                         ""                           },
    {"fill(0,1)",                        ""                           },
    {"\"a\\n\\x00\"+hex(ff)",            "610a00ff"                   },
    {"dec(100,2)",                       "!more digits than its width"},
    {"dec(-1,2)",                        "!must be in 0.."            },
    {"dec(1,0)",                         "!must be in 1.."            },
    {"rep(256,1)",                       "!must be in 0..255"         },
    {"rep(1,-1)",                        "!must be in 0.."            },
    {"fill(100000000,1)",                "!must be in 0..67108864"    },
    {"rep(1,60000000)+rep(1,60000000)",  "!longer than 64 MiB"        },
    {"u64(1/0)",                         "!division by zero"          },
    {"u64(1%0)",                         "!division by zero"          },
    {"u64(9223372036854775807+1)",       "!64-bit range"              },
    {"u64(9223372036854775807*2)",       "!64-bit range"              },
    {"u64((-9223372036854775807-1)/-1)", "!64-bit range"              },
    {"u64((-9223372036854775807-1)%-1)", "!64-bit range"              },
    {"u64(-(-9223372036854775807-1))",   "!64-bit range"              },
};

static void expressions_have_the_documented_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof value_rows / sizeof value_rows[0]; i++) {
        const struct value_row *row = &value_rows[i];
        char text[128];
        snprintf(text, sizeof text, "get %s", row->expression);
        tl_script *script = fixture_parse(text);
        tl_script_scope scope = {0};
        tl_script_buffer buffer = {0};
        tl_status status = tl_script_bytes_value(&scope, tl_script_first(script)->key, &buffer);
        if (row->hex[0] == '!') {
            assert_int_equal(status, TL_INVALID);
            if (strstr(scope.error, row->hex + 1) == NULL)
                fail_msg("%s: %s", row->expression, scope.error);
        } else {
            assert_int_equal(status, TL_OK);
            assert_int_equal(buffer.size_bytes, strlen(row->hex) / 2);
            char hex[64] = "";
            for (size_t byte = 0; byte < buffer.size_bytes; byte++)
                sprintf(hex + 2 * byte, "%02x", buffer.data[byte]);
            assert_string_equal(hex, row->hex);
        }
        tl_script_buffer_free(&buffer);
        tl_script_free(script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_language_prints_as_it_was_read),
        cmocka_unit_test(every_verb_stands_in_the_whole_language),
        cmocka_unit_test(every_spelling_has_one_canonical_form),
        cmocka_unit_test(what_is_no_script_is_refused_with_place_and_reason),
        cmocka_unit_test(depth_and_length_are_bounded),
        cmocka_unit_test(lines_may_end_in_crlf_or_in_nothing),
        cmocka_unit_test(expressions_have_the_documented_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
