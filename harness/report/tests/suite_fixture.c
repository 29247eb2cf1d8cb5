/* harness/report/tests/suite_fixture.c -- see suite_fixture.h. */
#include "suite_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

int suite_setup(void **state)
{
    suite_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->dir, "/tmp/treelab_report_XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

int suite_teardown(void **state)
{
    suite_fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", f->dir);
    tl_text_clear(&f->page);
    tl_pictures_clear(&f->pictures);
    tl_groups_clear(&f->groups);
    tl_suite_clear(&f->suite);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

void suite_put(const suite_fixture *f, const char *part, tl_json *run)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", f->dir, part);
    assert_true(part[0] == '\0' || mkdir(path, 0777) == 0);
    snprintf(path, sizeof path, "%s/%s/run.json", f->dir, part);
    assert_int_equal(tl_json_write(run, path), TL_OK);
    tl_json_free(run);
}

void suite_tabulate(suite_fixture *f)
{
    assert_int_equal(tl_suite_load(f->dir, &f->suite, f->error, sizeof f->error), TL_OK);
    assert_int_equal(tl_groups_make(&f->suite, &f->groups), TL_OK);
    assert_int_equal(
        tl_tsv_write(&f->suite, &f->groups, f->dir, &f->pictures, f->error, sizeof f->error),
        TL_OK);
}

void suite_load(const suite_fixture *f, const char *name, tl_text *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_int_equal(tl_text_load(text, path), TL_OK);
}

void suite_says(const suite_fixture *f, const char *name, const char *expected)
{
    tl_text text = {0};
    suite_load(f, name, &text);
    assert_string_equal(tl_text_data(&text), expected);
    tl_text_clear(&text);
}
