/* harness/check/tests/test_mutant_table.c -- the table of seeded bugs and the engine's switches say
 * the same.
 */
#define _GNU_SOURCE
#include "harness/check/mutants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LINE_BYTES = 128, SWITCHES_MAX = 200 };

static char switches[SWITCHES_MAX][LINE_BYTES];
static size_t switch_count;

static bool is_switch(const char *name)
{
    for (size_t i = 0; i < switch_count; i++)
        if (strcmp(switches[i], name) == 0)
            return true;
    return false;
}

static bool is_helper(const char *name)
{
    for (size_t i = 0; i < tl_mutant_helper_count(); i++)
        if (strcmp(tl_mutant_helper_at(i), name) == 0)
            return true;
    return false;
}

static void every_row_has_a_switch_or_a_reason_for_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < tl_mutant_count(); i++) {
        const tl_mutant_row *row = tl_mutant_at(i);
        if (is_switch(row->name) == (row->absent != NULL))
            fail_msg("%s %s", row->name,
                     row->absent != NULL ? "has a switch, though it is said to be absent"
                                         : "has no TL_MUTANT in the engine");
    }
}

static void every_switch_has_a_row_or_helps_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < switch_count; i++) {
        const tl_mutant_row *row = tl_mutant_find(switches[i]);
        if (row == NULL && !is_helper(switches[i]))
            fail_msg("%s is in no table", switches[i]);
    }
}

static void a_pair_names_other_switches(void **state)
{
    (void)state;
    for (size_t i = 0; i < tl_mutant_count(); i++) {
        const tl_mutant_row *row = tl_mutant_at(i);
        char names[TL_MUTANT_NAME_MAX], *rest = names;
        snprintf(names, sizeof names, "%s", row->pair == NULL ? "" : row->pair);
        for (char *name; row->pair != NULL && (name = strsep(&rest, "+")) != NULL;) {
            if (!is_switch(name) || strcmp(name, row->name) == 0)
                fail_msg("%s: its pair names '%s'", row->name, name);
        }
    }
}

static void no_row_must_be_found_by_what_must_be_blind_to_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < tl_mutant_count(); i++) {
        const tl_mutant_row *row = tl_mutant_at(i);
        if (row->pair == NULL && (row->blind >> row->finder & 1) != 0)
            fail_msg("%s", row->name);
    }
}

static void the_list_has_fifty_rows_and_most_of_them_exist(void **state)
{
    (void)state;
    size_t listed = 0, here = 0;
    for (size_t i = 0; i < tl_mutant_count(); i++) {
        listed += !tl_mutant_at(i)->beside;
        here += !tl_mutant_at(i)->beside && tl_mutant_at(i)->absent == NULL;
    }
    assert_int_equal(50, listed);
    assert_true(here >= 36);
}

static int setup(void **state)
{
    (void)state;
    FILE *list = popen("grep -rhoE 'TL_MUTANT\\([a-z0-9_]+\\)' engine --include='*.c' |"
                       " sed -E 's/.*\\((.*)\\)/\\1/' | sort -u",
                       "r");
    if (list == NULL)
        return -1;
    while (switch_count < SWITCHES_MAX && fgets(switches[switch_count], LINE_BYTES, list) != NULL) {
        switches[switch_count][strcspn(switches[switch_count], "\n")] = '\0';
        switch_count++;
    }
    return pclose(list) == 0 && switch_count != 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_switch_or_a_reason_for_none),
        cmocka_unit_test(every_switch_has_a_row_or_helps_one),
        cmocka_unit_test(a_pair_names_other_switches),
        cmocka_unit_test(no_row_must_be_found_by_what_must_be_blind_to_it),
        cmocka_unit_test(the_list_has_fifty_rows_and_most_of_them_exist),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
