/* harness/report/tests/folder.h -- a scratch folder for one test, emptied and removed behind it. */
#ifndef TL_TEST_FOLDER_H
#define TL_TEST_FOLDER_H

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct folder {
    char path[128];
    char joined[PATH_MAX]; /* of the latest folder_join */
} folder;

static inline int folder_setup(void **state)
{
    folder *made = calloc(1, sizeof *made);
    if (made == NULL)
        return -1;
    const char *base = getenv("TMPDIR");
    snprintf(made->path, sizeof made->path, "%s/treelab-test-XXXXXX", base != NULL ? base : "/tmp");
    *state = made;
    return mkdtemp(made->path) == NULL ? -1 : 0;
}

static inline int folder_remove_entry(const char *path, const struct stat *info, int kind,
                                      struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static inline int folder_teardown(void **state)
{
    folder *made = *state;
    int failed = nftw(made->path, folder_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(made);
    return failed;
}

/* "<folder>/<name>"; lives until the next call. */
static inline const char *folder_join(folder *made, const char *name)
{
    snprintf(made->joined, sizeof made->joined, "%s/%s", made->path, name);
    return made->joined;
}

static inline size_t folder_count(const char *path)
{
    DIR *stream = opendir(path);
    assert_non_null(stream);
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;)
        count += entry->d_name[0] != '.' ? 1 : 0;
    closedir(stream);
    return count;
}

static inline void folder_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The file's text, cut to `capacity`. */
static inline void folder_read(const char *path, char *text, size_t capacity)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, capacity - 1, file)] = '\0';
    fclose(file);
}

#endif
