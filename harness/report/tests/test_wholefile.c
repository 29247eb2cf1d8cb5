/* A file is there whole or as it was, whatever its directory or the disk has against it. */
#define _GNU_SOURCE
#include "folder.h"
#include "harness/report/wholefile.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_written_file_replaces_the_older_one(void **state)
{
    const char *path = folder_join(*state, "x");
    char text[16];
    assert_int_equal(tl_wholefile_write(path, "older", 5), TL_OK);
    assert_int_equal(tl_wholefile_write(path, "new", 3), TL_OK);
    folder_read(path, text, sizeof text);
    assert_string_equal(text, "new");
    assert_int_equal(folder_count(((folder *)*state)->path), 1);
}

static void a_full_disk_leaves_the_older_file_and_no_other(void **state)
{
    const char *path = folder_join(*state, "x");
    char text[16];
    assert_int_equal(tl_wholefile_write(path, "older", 5), TL_OK);
    struct rlimit limit, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = 2, .rlim_max = limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    tl_status status = tl_wholefile_write(path, "longer than two bytes", 21);
    int error_number = errno;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(status, TL_NO_SPACE);
    assert_int_equal(error_number, EFBIG);
    folder_read(path, text, sizeof text);
    assert_string_equal(text, "older");
    assert_int_equal(folder_count(((folder *)*state)->path), 1);
}

static void a_missing_folder_is_told_and_not_made(void **state)
{
    const char *path = folder_join(*state, "absent/x");
    assert_int_equal(tl_wholefile_write(path, "x", 1), TL_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(folder_count(((folder *)*state)->path), 0);
}

/* /sys lets nobody create files, root included. */
static void a_folder_that_refuses_files_is_told(void **state)
{
    (void)state;
    assert_int_equal(tl_wholefile_write("/sys/treelab-test", "x", 1), TL_ACCESS);
}

static void a_folder_is_no_file(void **state)
{
    const folder *made = *state;
    char *bytes = NULL;
    size_t size_bytes = 0;
    assert_int_equal(tl_wholefile_write(made->path, "x", 1), TL_NOT_OURS);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(tl_wholefile_read(made->path, 100, &bytes, &size_bytes), TL_NOT_OURS);
    assert_null(bytes);
}

static void a_device_is_written_in_place_and_stays_a_device(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(tl_wholefile_write("/dev/null", "x", 1), TL_OK);
    assert_int_equal(tl_wholefile_write("/dev/full", "x", 1), TL_NO_SPACE);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    assert_int_equal(stat("/dev/full", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
}

static void a_link_stays_a_link_and_its_target_is_replaced(void **state)
{
    char target[PATH_MAX], link[PATH_MAX], text[16];
    snprintf(target, sizeof target, "%s", folder_join(*state, "target"));
    snprintf(link, sizeof link, "%s", folder_join(*state, "link"));
    folder_write(target, "older");
    assert_int_equal(symlink("target", link), 0);
    assert_int_equal(tl_wholefile_write(link, "new", 3), TL_OK);
    struct stat info;
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    folder_read(target, text, sizeof text);
    assert_string_equal(text, "new");
}

static void reading_gives_back_what_was_written_or_says_why_not(void **state)
{
    const char *path = folder_join(*state, "x");
    static char large[200000];
    char *bytes = NULL;
    size_t size_bytes = 0;
    assert_int_equal(tl_wholefile_read(path, 100, &bytes, &size_bytes), TL_NOT_FOUND);
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)(i * 7);
    assert_int_equal(tl_wholefile_write(path, large, sizeof large), TL_OK);
    assert_int_equal(tl_wholefile_read(path, sizeof large - 1, &bytes, &size_bytes), TL_INVALID);
    assert_null(bytes);
    assert_int_equal(tl_wholefile_read(path, sizeof large, &bytes, &size_bytes), TL_OK);
    assert_int_equal(size_bytes, sizeof large);
    assert_memory_equal(bytes, large, sizeof large);
    free(bytes);
}

static void what_cannot_be_written_is_known_before_the_work(void **state)
{
    const folder *made = *state;
    const char *path = folder_join(*state, "x");
    char text[10];
    assert_int_equal(tl_wholefile_check(path), TL_OK);
    assert_int_equal(folder_count(made->path), 0);
    folder_write(path, "older");
    assert_int_equal(tl_wholefile_check(path), TL_OK);
    folder_read(path, text, sizeof text);
    assert_string_equal(text, "older");
    assert_int_equal(folder_count(made->path), 1);
    assert_int_equal(tl_wholefile_check(NULL), TL_OK);
    assert_int_equal(tl_wholefile_check("-"), TL_OK);
    assert_int_equal(tl_wholefile_check("/dev/null"), TL_OK);
    assert_int_equal(tl_wholefile_check(made->path), TL_NOT_OURS);
    assert_int_equal(tl_wholefile_check("/sys/treelab-test"), TL_ACCESS);
    assert_int_equal(tl_wholefile_check(folder_join(*state, "absent/x")), TL_NOT_FOUND);
    assert_int_equal(errno, ENOENT);
    assert_int_not_equal(tl_wholefile_check(""), TL_OK);
    assert_int_not_equal(tl_wholefile_write("", "x", 1), TL_OK);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_written_file_replaces_the_older_one),
        IN_FOLDER(a_full_disk_leaves_the_older_file_and_no_other),
        IN_FOLDER(a_missing_folder_is_told_and_not_made),
        IN_FOLDER(a_folder_that_refuses_files_is_told),
        IN_FOLDER(a_folder_is_no_file),
        IN_FOLDER(a_device_is_written_in_place_and_stays_a_device),
        IN_FOLDER(a_link_stays_a_link_and_its_target_is_replaced),
        IN_FOLDER(what_cannot_be_written_is_known_before_the_work),
        IN_FOLDER(reading_gives_back_what_was_written_or_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
