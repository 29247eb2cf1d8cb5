/* Claims about the gate's parts: policies, counters, baselines, callgrind files, reports. */
#include "harness/gate/callgrind.h"
#include "harness/gate/gate.h"
#include "harness/report/wholefile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char *scratch(void)
{
    static char path[] = "/tmp/tl_gate_XXXXXX";
    static bool made;
    if (!made)
        assert_non_null(mkdtemp(path));
    made = true;
    return path;
}

static const char *file_of(const char *text)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/file", scratch());
    assert_int_equal(tl_wholefile_write(path, text, strlen(text)), TL_OK);
    return path;
}

#define ROW "{\"name\":\"a\",\"run\":[\"--workload\",\"random\"]}"

static void a_policy_that_is_not_understood_is_refused_by_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"[",                                                                                      "not JSON"               },
        {"{\"rows\":[" ROW "]}",                                                                   "\"schema\" is to be"    },
        {"{\"schema\":\"treelab.gate/1\",\"rows\":[]}",                                            "no \"rows\""            },
        {"{\"schema\":\"treelab.gate/1\",\"row\":[" ROW "]}",                                      "has no member 'row'"    },
        {"{\"schema\":\"treelab.gate/1\",\"rows\":[" ROW "," ROW "]}",                             "two rows are called 'a'"},
        {"{\"schema\":\"treelab.gate/1\",\"rows\":[{\"name\":\"a\",\"run\":[]}]}",                 "wants \"run\""          },
        {"{\"schema\":\"treelab.gate/1\",\"rows\":[{\"name\":\"a/b\",\"run\":[\"x\"]}]}",
         "wants a \"name\""                                                                                                 },
        {"{\"schema\":\"treelab.gate/1\",\"rows\":[{\"name\":\"a\",\"run\":[\"--json\",\"x\"]}]}",
         "the gate's own to give"                                                                                           },
        {"{\"schema\":\"treelab.gate/1\",\"rows\":[{\"name\":\"a\",\"run\":[\"x\"],\"layers\":"
         "[\"tme\"]}]}",                                                                  "there is no layer 'tme'"},
        {"{\"schema\":\"treelab.gate/1\",\"instructions\":{\"tolerance\":2},\"rows\":[" ROW "]}",
         "\"tolerance\" is a share"                                                                                         },
        {"{\"schema\":\"treelab.gate/1\",\"time\":{\"look\":[16]},\"rows\":[" ROW "]}",
         "no member 'look'"                                                                                                 },
        {"{\"schema\":\"treelab.gate/"
         "1\",\"time\":{\"looks\":[32,16],\"alphas\":[0.1,0.1]},\"rows\":[" ROW "]}",
         "that ascend"                                                                                                      },
        {"{\"schema\":\"treelab.gate/"
         "1\",\"time\":{\"looks\":[16,32],\"alphas\":[0.1]},\"rows\":[" ROW "]}",
         "of the same length"                                                                                               },
        {"{\"schema\":\"treelab.gate/1\",\"time\":{\"layouts\":17},\"rows\":[" ROW "]}",
         "\"layouts\" of \"time\" is a number from 0 to 16"                                                                 },
        {"{\"schema\":\"treelab.gate/1\",\"time\":{\"delta\":0.06},\"rows\":[" ROW "]}",
         "to be below \"exclude\""                                                                                          },
        {"{\"schema\":\"treelab.gate/"
         "1\",\"rows\":[{\"name\":\"a\",\"run\":[\"x\"],\"phases\":[]}]}",                "names 1 to 8 phases"    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_gate_policy policy;
        char error[512] = "";
        assert_int_equal(tl_gate_policy_read(file_of(rows[i].text), &policy, error, sizeof error),
                         TL_INVALID);
        if (strstr(error, rows[i].message) == NULL)
            fail_msg("'%s' lacks '%s'", error, rows[i].message);
    }
}

static tl_counts counts_of(tl_count *rows, size_t count)
{
    return (tl_counts){.rows = rows, .count = count, .revision = "r"};
}

static void one_more_compare_in_a_million_is_a_difference(void **state)
{
    (void)state;
    tl_count old[] = {
        {"insert", "full_compares", 1000000},
        {"get",    "descents",      7      }
    };
    tl_count new_[] = {
        {"insert", "full_compares", 1000001},
        {"get",    "descents",      7      }
    };
    tl_counts base = counts_of(old, 2), candidate = counts_of(new_, 2);
    tl_count_difference found[4];
    char text[256];
    assert_int_equal(tl_counts_compare(&base, &base, found, 4), 0);
    assert_int_equal(tl_counts_compare(&base, &candidate, found, 4), 1);
    tl_count_difference_text(&found[0], text, sizeof text);
    assert_string_equal(text, "insert: full_compares 1000000 -> 1000001 (+0.0001 %)");
    assert_int_equal(tl_counts_compare(&candidate, &base, found, 4), 1); /* fewer fails too */
    assert_int_equal(tl_counts_compare(&base, &candidate, found, 0), 1); /* counted, not written */
}

static void a_counter_that_one_side_lacks_is_nought_there(void **state)
{
    (void)state;
    tl_count old[] = {
        {"get", "descents", 7},
        {"get", "gone",     3},
        {"get", "idle",     0}
    };
    tl_count new_[] = {
        {"get", "descents", 7},
        {"get", "new",      5},
        {"get", "still",    0}
    };
    tl_counts base = counts_of(old, 3), candidate = counts_of(new_, 3);
    tl_count_difference found[4];
    char text[256];
    assert_int_equal(tl_counts_compare(&base, &candidate, found, 4), 2);
    tl_count_difference_text(&found[1], text, sizeof text);
    assert_string_equal(text, "get: new 0 -> 5");
}

static void kept_counters_come_back_as_they_were(void **state)
{
    (void)state;
    tl_count rows[] = {
        {"insert", "operations",     10                          },
        {"insert", "result_hash",    UINT64_C(0xfedcba9876543210)},
        {"insert", "alloc_failures", 0                           },
        {"get",    "descents",       9007199254740991u           }
    };
    tl_counts counts = counts_of(rows, 4), back;
    tl_gate_row row = {
        .name = "a", .words = {"--ops", "10", NULL},
             .word_count = 2
    };
    tl_gate_row other = {
        .name = "a", .words = {"--ops", "11", NULL},
             .word_count = 2
    };
    tl_gate_row absent = {.name = "b"};
    tl_json *root = tl_baseline_begin("because", "abc");
    char path[256], error[256];
    tl_count_difference found[4];
    tl_baseline baseline;
    tl_baseline_add(root, &row, &counts);
    snprintf(path, sizeof path, "%s/kept", scratch());
    assert_int_equal(tl_json_write(root, path), TL_OK);
    tl_json_free(root);
    assert_int_equal(tl_baseline_read(path, &baseline, error, sizeof error), TL_OK);
    assert_int_equal(tl_baseline_row(&baseline, &row, &back), TL_OK);
    assert_int_equal(tl_counts_compare(&counts, &back, found, 4), 0);
    assert_int_equal(tl_counts_compare(&back, &counts, found, 4), 0);
    tl_counts_release(&back);
    assert_int_equal(tl_baseline_row(&baseline, &other, &back), TL_INVALID);
    assert_int_equal(tl_baseline_row(&baseline, &absent, &back), TL_NOT_FOUND);
    tl_baseline_release(&baseline);
    assert_int_equal(tl_baseline_read(file_of("{}"), &baseline, error, sizeof error), TL_INVALID);
    static const char *const rowless[] = {"", ", \"rows\": []", ", \"rows\": \"x\"",
                                          ", \"rows\": {\"a\": 1}"};
    for (size_t i = 0; i < sizeof rowless / sizeof rowless[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "{\"schema\": \"" TL_BASELINE_SCHEMA "\"%s}", rowless[i]);
        assert_int_equal(tl_baseline_read(file_of(text), &baseline, error, sizeof error),
                         TL_INVALID);
        assert_non_null(strstr(error, "a baseline without rows"));
    }
    assert_int_equal(tl_baseline_read("/no/such/file", &baseline, error, sizeof error),
                     TL_NOT_FOUND);
}

#define CALLGRIND                                                                                  \
    "# callgrind format\nversion: 1\ndesc: Trigger: Client Request: insert\npositions: line\n"     \
    "events: Ir\nob=(1) /x\nfl=(1) /x.c\n"

static void instructions_belong_to_the_function_that_spent_them(void **state)
{
    (void)state;
    tl_profile profile = {0};
    const char *text = CALLGRIND "fn=(3) search\n10 4\n+1 6\ncfn=(4) compare\ncalls=2 -9\n* 500\n"
                                 "fn=(4)\n1 490\n-1 10\nfn=(3)\n* 2\nfn=plain\n7 1\ntotals: 513\n";
    assert_int_equal(tl_profile_read(file_of(text), &profile), TL_OK);
    assert_string_equal(profile.phase, "insert");
    assert_int_equal(profile.instructions, 513);
    assert_int_equal(profile.count, 3);
    assert_string_equal(profile.rows[0].function, "compare");
    assert_int_equal(profile.rows[0].instructions, 500);
    assert_string_equal(profile.rows[2].function, "search");
    assert_int_equal(profile.rows[2].instructions, 12);
    tl_profile_release(&profile);
}

static void a_damaged_callgrind_file_is_told_apart(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "hello\n",
        "# callgrind format\n",
        "# callgrind format\nevents: Dr\nfn=a\n1 2\n",
        CALLGRIND "1 2\n",
        CALLGRIND "fn=(9)\n1 2\n",
        CALLGRIND "fn=(99999999999) a\n1 2\n",
        CALLGRIND "fn=a\n+\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tl_profile profile = {0};
        if (tl_profile_read(file_of(texts[i]), &profile) != TL_INVALID)
            fail_msg("text %zu was taken", i);
        tl_profile_release(&profile);
    }
}

static void functions_that_changed_most_come_first(void **state)
{
    (void)state;
    tl_profile base = {0}, candidate = {0};
    tl_profile_change changes[4];
    assert_int_equal(
        tl_profile_read(file_of(CALLGRIND "fn=a\n1 10\nfn=b\n1 10\nfn=gone\n1 3\nfn=same\n1 5\n"),
                        &base),
        TL_OK);
    assert_int_equal(
        tl_profile_read(file_of(CALLGRIND "fn=a\n1 11\nfn=b\n1 50\nfn=new\n1 7\nfn=same\n1 5\n"),
                        &candidate),
        TL_OK);
    assert_int_equal(tl_profile_compare(&base, &candidate, changes, 4), 4);
    static const char *const order[] = {"b", "new", "gone", "a"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(changes[i].function, order[i]);
    assert_int_equal(changes[1].base, 0);
    assert_int_equal(changes[2].candidate, 0);
    tl_profile_release(&base);
    tl_profile_release(&candidate);
}

static void the_gravest_verdict_is_the_gates_and_every_form_tells_it(void **state)
{
    (void)state;
    tl_gate_report report = {0};
    tl_gate_say(tl_gate_add(&report, "fine", TL_LAYER_COUNTERS), TL_GATE_PASS, "equal");
    tl_gate_finding *bad = tl_gate_add(&report, "bad", TL_LAYER_INSTRUCTIONS);
    tl_gate_say(bad, TL_GATE_REGRESSED, "more <here> | there");
    tl_text_add(&bad->detail, "why & how\n");
    tl_gate_say(tl_gate_add(&report, "dark", TL_LAYER_TIME), TL_GATE_SKIPPED, "no base");
    assert_int_equal(tl_gate_conclude(&report), TL_GATE_REGRESSED);
    tl_text text = {0}, junit = {0}, markdown = {0};
    tl_gate_text(&report, &text);
    tl_gate_junit(&report, &junit);
    tl_gate_markdown(&report, &markdown);
    assert_non_null(strstr(text.data, "    why & how\n"));
    assert_non_null(strstr(text.data, "gate: regressed\n"));
    assert_non_null(strstr(junit.data, "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
    assert_non_null(strstr(junit.data, "message=\"more &lt;here&gt; | there\">why &amp; how"));
    assert_non_null(strstr(markdown.data, "**regressed** | more <here> \\| there |"));
    tl_json *root = tl_gate_json(&report);
    assert_string_equal(tl_json_text(tl_json_get(root, "verdict"), ""), "regressed");
    tl_json_free(root);
    tl_text_clear(&text);
    tl_text_clear(&junit);
    tl_text_clear(&markdown);
    tl_gate_report_release(&report);
}

static void a_program_that_fails_hangs_or_is_missing_is_told_apart(void **state)
{
    (void)state;
    char complaint[TL_PROGRAM_TEXT_MAX];
    int code = 0;
    const char *const fails[] = {"sh", "-c", "echo it broke >&2; exit 7", NULL};
    const char *const hangs[] = {"sleep", "1000", NULL};
    const char *const missing[] = {"no-such-program-at-all", NULL};
    const char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
    tl_program_request request = {.argv = fails, .still = true};
    assert_int_equal(tl_program_run(&request, &code, complaint), TL_OK);
    assert_int_equal(code, 7);
    assert_string_equal(complaint, "it broke\n");
    request.argv = killed;
    assert_int_equal(tl_program_run(&request, &code, complaint), TL_OK);
    assert_int_equal(code, 128 + 9);
    request.argv = missing;
    assert_int_equal(tl_program_run(&request, &code, complaint), TL_NOT_FOUND);
    request.argv = hangs;
    request.timeout_ns = 1000000;
    assert_int_equal(tl_program_run(&request, &code, complaint), TL_BUSY);
}

static int remove_scratch(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", scratch());
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_that_is_not_understood_is_refused_by_the_reason),
        cmocka_unit_test(one_more_compare_in_a_million_is_a_difference),
        cmocka_unit_test(a_counter_that_one_side_lacks_is_nought_there),
        cmocka_unit_test(kept_counters_come_back_as_they_were),
        cmocka_unit_test(instructions_belong_to_the_function_that_spent_them),
        cmocka_unit_test(a_damaged_callgrind_file_is_told_apart),
        cmocka_unit_test(functions_that_changed_most_come_first),
        cmocka_unit_test(the_gravest_verdict_is_the_gates_and_every_form_tells_it),
        cmocka_unit_test(a_program_that_fails_hangs_or_is_missing_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
