#include "fixture.h"

#include "harness/run/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tl_script *fixture_parse(const char *text)
{
    static const char header[] = "treelab-script 1\n";
    char *whole = malloc(sizeof header + strlen(text));
    assert_non_null(whole);
    snprintf(whole, sizeof header + strlen(text), "%s%s", header, text);
    tl_script *script = NULL;
    tl_script_error error;
    tl_status status =
        tl_script_parse("test.tls", (tl_slice){whole, strlen(whole)}, &script, &error);
    free(whole);
    if (status != TL_OK)
        fail_msg("%u:%u: %s", error.line, error.column, error.text);
    return script;
}

void fixture_run_script(const tl_script *script, tl_script_config *config, tl_script_result *result)
{
    char dir[] = "/tmp/treelab-script-XXXXXX";
    assert_non_null(mkdtemp(dir));
    config->dir = dir;
    config->model = tl_driver_find("model");
    assert_non_null(config->model);
    tl_script_run(script, config, result);
    config->dir = NULL;
    assert_int_equal(tl_directory_remove(dir), TL_OK);
}

void fixture_run_config(const char *text, const tl_driver *driver, tl_script_config *config,
                        tl_script_result *result)
{
    tl_script *script = fixture_parse(text);
    config->driver = driver;
    fixture_run_script(script, config, result);
    tl_script_free(script);
}

void fixture_run(const char *text, const tl_driver *driver, tl_script_result *result)
{
    tl_script_config config = {0};
    fixture_run_config(text, driver, &config, result);
}
