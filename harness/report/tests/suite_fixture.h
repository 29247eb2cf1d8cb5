/* harness/report/tests/suite_fixture.h -- a directory of results, and the tables made of them. */
#ifndef TL_HARNESS_SUITE_FIXTURE_H
#define TL_HARNESS_SUITE_FIXTURE_H

#include "harness/report/tsv.h"

typedef struct suite_fixture {
    char dir[64], error[1024];
    tl_suite suite;
    tl_groups groups;
    tl_pictures pictures;
    tl_text page; /* for who renders one */
} suite_fixture;

/* For cmocka: an empty directory; it and all that was made of it are gone afterwards. */
int suite_setup(void **state);
int suite_teardown(void **state);

/* Write `run`, which is the fixture's then, to DIR/part/run.json; "" is DIR itself. */
void suite_put(const suite_fixture *f, const char *part, tl_json *run);
/* The tables of all that is in the directory, in the directory. */
void suite_tabulate(suite_fixture *f);
/* The file DIR/name behind what `text` has; and that it is `expected`, to the last byte. */
void suite_load(const suite_fixture *f, const char *name, tl_text *text);
void suite_says(const suite_fixture *f, const char *name, const char *expected);

#endif
