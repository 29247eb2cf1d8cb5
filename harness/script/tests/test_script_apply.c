/* `treelab apply` as a user runs it: exit codes, messages, JSON. */
#include "harness/report/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Run a shell command that reads `script` from stdin; its output, both streams, into `text`. */
static int run(const char *script, const char *arguments, char *text, size_t text_bytes)
{
    char command[2048];
    snprintf(command, sizeof command, "printf '%%b' '%s' | '%s' apply %s 2>&1", script, TREELAB,
             arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t used = fread(text, 1, text_bytes - 1, pipe);
    text[used] = '\0';
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define HEADER "treelab-script 1\\n"

static const struct use_row {
    const char *script, *arguments;
    int exit_code;
    const char *said;
} use_rows[] = {
    {HEADER "open\\nput \"a\" \"b\"\\n",                      "- --driver tree,model",               0, "ok          tree: 2 lines"                 },
    {HEADER "open\\nput \"a\" \"b\"\\nget \"a\" -> \"c\"\\n", "- --driver model",                    3,
     "stdin:4: want \"c\", got \"b\""                                                                                                               },
    {HEADER "open\\nputt\\n",                                 "-",                                   2, "-:3:1: no verb 'putt'; did you mean 'put'?"},
    {HEADER "open\\n",                                        "- --set splt=3",                      2, "did you mean 'split'?"                     },
    {HEADER "open\\n",                                        "- --driver tre",                      2, "did you mean 'tree'?"                      },
    {HEADER "open\\n",                                        "- --driver null",                     2, "does not answer reads"                     },
    {HEADER "open\\n",                                        "- --io simm",                         2, "'sim' or 'real'"                           },
    {HEADER "open\\n",                                        "- --repeat 0",                        2, "--repeat takes a number"                   },
    {HEADER "open\\n",                                        "",                                    2, "SCRIPT is wanted"                          },
    {"",                                                      "missing.tls",                         2, "missing.tls"                               },
    {HEADER "open\\nexpect splits == 0\\n",                   "- --driver model",                    5, "no counters"                               },
    {HEADER "open\\nexpect splits == 0\\n",                   "- --driver model --skip-unsupported", 0,
     "stdin:3: skipped, unsupported"                                                                                                                },
    {HEADER,                                                  "-",                                   6, "nothing was checked"                       },
    {HEADER "put   \"a\"  hex( 41 )#c\\n",                    "- --format",                          0,
     "treelab-script 1\nput \"a\" hex(41)  # c\n"                                                                                                   },
    {HEADER "open\\n",                                        "--help",                              0, "Examples:"                                 },
};

static void every_use_has_its_exit_code_and_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof use_rows / sizeof use_rows[0]; i++) {
        char text[8192];
        int exit_code = run(use_rows[i].script, use_rows[i].arguments, text, sizeof text);
        if (exit_code != use_rows[i].exit_code || strstr(text, use_rows[i].said) == NULL)
            fail_msg("apply %s: exit code %d\n%s", use_rows[i].arguments, exit_code, text);
    }
}

static void json_tells_each_driver_and_its_mismatch(void **state)
{
    (void)state;
    char path[] = "/tmp/treelab-apply-json-XXXXXX", arguments[256], text[4096];
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    snprintf(arguments, sizeof arguments, "- --driver tree,model --json %s", path);
    assert_int_equal(
        run(HEADER "open\\nput \"a\" \"b\"\\nget \"a\" -> \"c\"\\n", arguments, text, sizeof text),
        3);
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    assert_string_equal(tl_json_text(tl_json_get(root, "schema"), ""), "treelab.apply/1");
    const tl_json *drivers = tl_json_get(root, "drivers");
    assert_int_equal(tl_json_size(drivers), 2);
    for (size_t i = 0; i < 2; i++) {
        const tl_json *driver = tl_json_at(drivers, i);
        const tl_json *mismatch = tl_json_get(driver, "mismatch");
        assert_string_equal(tl_json_text(tl_json_get(driver, "name"), ""),
                            i == 0 ? "tree" : "model");
        assert_string_equal(tl_json_text(tl_json_get(driver, "status"), ""), "wrong");
        assert_int_equal(tl_json_count(tl_json_get(driver, "checks"), 0), 3);
        assert_int_equal(tl_json_count(tl_json_get(mismatch, "line"), 0), 4);
        assert_string_equal(tl_json_text(tl_json_get(mismatch, "want"), ""), "\"c\"");
    }
    tl_json_free(root);
    assert_int_equal(remove(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_use_has_its_exit_code_and_message),
        cmocka_unit_test(json_tells_each_driver_and_its_mismatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
