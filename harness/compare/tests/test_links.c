/* harness/compare/tests/test_links.c -- which links of a program a duel takes turns among. */
#define _GNU_SOURCE
#include "harness/compare/links.h"
#include "harness/report/tests/folder.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { OLD = 1000, NEW = 2000 };

static void file_at(folder *at, const char *name, const char *text, time_t when)
{
    const char *path = folder_join(at, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A program and `count` links of it, all made at their times. */
static void make(folder *at, const char *program, unsigned count, time_t built, time_t linked)
{
    char name[64], list[1024] = "treelab.links/1 whole LLD 14\n";
    file_at(at, program, "", built);
    snprintf(name, sizeof name, "%s.links", program);
    mkdir(folder_join(at, name), 0755);
    for (unsigned i = 0; i < count; i++) {
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "link%u %u\n", i, 10 + i);
        snprintf(name, sizeof name, "%s.links/link%u", program, i);
        file_at(at, name, "", linked);
    }
    snprintf(name, sizeof name, "%s.links/list", program);
    file_at(at, name, list, linked);
}

static size_t pair(folder *at, size_t wanted, tl_links links[2], char note[128])
{
    char a[PATH_MAX], b[PATH_MAX];
    snprintf(a, sizeof a, "%s", folder_join(at, "a"));
    snprintf(b, sizeof b, "%s", folder_join(at, "b"));
    return tl_links_pair((const char *const[]){a, b}, wanted, links, note, 128);
}

static void launches_take_turns_among_links_of_known_seeds(void **state)
{
    folder *at = *state;
    tl_links links;
    char path[TL_LINKS_PATH_MAX];
    make(at, "a", 4, OLD, NEW);
    assert_int_equal(tl_links_find(folder_join(at, "a"), &links), TL_OK);
    assert_int_equal(links.count, 4);
    assert_string_equal(links.how, "whole LLD 14");
    assert_int_equal(links.seeds[3], 13);
    tl_links_path(&links, 4, 7, path);
    assert_string_equal(path, folder_join(at, "a.links/link3"));
    tl_links_path(&links, 2, 7, path);
    assert_string_equal(path, folder_join(at, "a.links/link1"));
}

static void both_sides_have_the_same_number_of_layouts(void **state)
{
    folder *at = *state;
    tl_links links[2];
    char note[128];
    make(at, "a", 4, OLD, NEW);
    make(at, "b", 8, OLD, NEW);
    assert_int_equal(pair(at, 8, links, note), 4);
    assert_int_equal(pair(at, 2, links, note), 2);
    assert_int_equal(pair(at, 0, links, note), 0);
    assert_string_equal(note, "");
}

static void one_side_without_links_leaves_both_programs_as_they_are(void **state)
{
    folder *at = *state;
    tl_links links[2];
    char note[128];
    make(at, "a", 4, OLD, NEW);
    file_at(at, "b", "", OLD);
    assert_int_equal(pair(at, 8, links, note), 0);
    assert_non_null(strstr(note, "B has none"));
}

static void links_of_other_linkers_or_seeds_are_not_paired(void **state)
{
    folder *at = *state;
    static const char *const lists[] = {"treelab.links/1 plain LLD 15\nlink0 10\nlink1 11\n",
                                        "treelab.links/1 whole LLD 14\nlink0 1\nlink1 2\n"};
    make(at, "a", 4, OLD, NEW);
    for (size_t i = 0; i < 2; i++) {
        tl_links links[2];
        char note[128];
        make(at, "b", 4, OLD, NEW);
        file_at(at, "b.links/list", lists[i], NEW);
        assert_int_equal(pair(at, 8, links, note), 0);
        assert_non_null(strstr(note, "linked in other ways"));
    }
}

static void links_older_than_their_program_are_not_taken(void **state)
{
    folder *at = *state;
    tl_links links[2];
    char note[128];
    make(at, "a", 4, NEW, OLD);
    make(at, "b", 4, OLD, NEW);
    assert_int_equal(pair(at, 8, links, note), 0);
    assert_non_null(strstr(note, "A was built after its links"));
}

static void a_list_that_is_not_understood_is_no_list(void **state)
{
    folder *at = *state;
    static const char *const lists[] = {
        "",
        "treelab.links/1 plain LLD",
        "treelab.links/2 plain LLD\nlink0 1\nlink1 2\n",
        "treelab.links/1 plain LLD\nlink0 1\n",
        "treelab.links/1 plain LLD\nlink0 1\nlink2 2\n",
        "treelab.links/1 plain LLD\nlink0 1\nlink1 two\n",
        "treelab.links/1 plain LLD\nlink0 1\nlink1 2",
        "treelab.links/1 plain LLD\nlink0 1\nlink1 2\nlink2 3\nlink3 4\nlink4 5\n", /* not there */
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        tl_links links;
        make(at, "a", 4, OLD, NEW);
        file_at(at, "a.links/list", lists[i], NEW);
        assert_int_equal(tl_links_find(folder_join(at, "a"), &links), TL_CORRUPT);
        assert_int_equal(links.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
        IN_FOLDER(launches_take_turns_among_links_of_known_seeds),
        IN_FOLDER(both_sides_have_the_same_number_of_layouts),
        IN_FOLDER(one_side_without_links_leaves_both_programs_as_they_are),
        IN_FOLDER(links_of_other_linkers_or_seeds_are_not_paired),
        IN_FOLDER(links_older_than_their_program_are_not_taken),
        IN_FOLDER(a_list_that_is_not_understood_is_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
