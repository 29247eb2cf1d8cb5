/* harness/script/tests/fixture.h -- parse a text, run it on a driver in a fresh directory. */
#ifndef TL_SCRIPT_TESTS_FIXTURE_H
#define TL_SCRIPT_TESTS_FIXTURE_H

#include "harness/script/run.h"

/* Parse `text`, to which the header line is added; fails the test when it is no script. */
tl_script *fixture_parse(const char *text);

/* Parse and run on `driver`, with the model beside it; fails the test when it is no script. */
void fixture_run(const char *text, const tl_driver *driver, tl_script_result *result);
/* The same with a config that is filled but for the drivers and the directory. */
void fixture_run_config(const char *text, const tl_driver *driver, tl_script_config *config,
                        tl_script_result *result);

/* Run a parsed script in a fresh directory, removed afterwards. */
void fixture_run_script(const tl_script *script, tl_script_config *config,
                        tl_script_result *result);

#endif
