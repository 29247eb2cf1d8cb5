/* harness/report/storage.c -- the file system below a directory, and what a sync costs there. */
#define _GNU_SOURCE
#include "harness/report/machine.h"

#include "harness/report/sysfile.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { PROBE_COUNT = 20, PROBE_BYTES = 4096, TEXT_BYTES = 256, OPTIONS_BYTES = 1024 };

typedef struct mount {
    char fs[TEXT_BYTES], device[TEXT_BYTES], options[OPTIONS_BYTES];
} mount;

/* Undo the octal escapes of mountinfo: "\040" is a space. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        unsigned code = 0;
        bool escaped = *from == '\\' && sscanf(from + 1, "%3o", &code) == 1 && strlen(from) >= 4;
        *to = escaped ? (char)code : *from;
        from += escaped ? 4 : 1;
    }
    *to = '\0';
}

/* Whether `path` is `directory` or lies below it. */
static bool lies_in(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    if (strcmp(directory, "/") == 0)
        return true;
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

/* Append those of the comma-separated `more` that are new, without options that name paths: they
 * tell about one installation, and nothing about how its disk behaves. */
static void append_options(char options[OPTIONS_BYTES], char *more)
{
    char *rest = NULL;
    for (char *word = strtok_r(more, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        size_t length = strlen(options);
        if (strchr(word, '/') == NULL && !has_word(options, word) &&
            length + strlen(word) + 2 < OPTIONS_BYTES)
            snprintf(options + length, OPTIONS_BYTES - length, "%s%s", length > 0 ? "," : "", word);
    }
}

/* A line of mountinfo: "36 35 98:0 /root /mount/point opts [tags] - fs device superopts". */
static bool mount_parse(char *line, const char **point, mount *parsed)
{
    char *words[6], *rest = NULL;
    char *tail = strstr(line, " - ");
    if (tail == NULL)
        return false;
    *tail = '\0';
    tail += 3;
    words[0] = strtok_r(line, " \n", &rest);
    for (size_t i = 1; i < 6; i++)
        words[i] = words[i - 1] == NULL ? NULL : strtok_r(NULL, " \n", &rest);
    char *fs = strtok_r(tail, " \n", &rest);
    char *device = fs == NULL ? NULL : strtok_r(NULL, " \n", &rest);
    char *super_options = device == NULL ? NULL : strtok_r(NULL, " \n", &rest);
    if (words[5] == NULL || device == NULL)
        return false;
    unescape(words[4]);
    *point = words[4];
    *parsed = (mount){0};
    tl_sysfile_copy(parsed->fs, sizeof parsed->fs, fs);
    unescape(device);
    tl_sysfile_copy(parsed->device, sizeof parsed->device, device);
    append_options(parsed->options, words[5]);
    if (super_options != NULL)
        append_options(parsed->options, super_options);
    return true;
}

/* The mount that `dir` lies in: the longest mount point that leads to it, the latest of equals. */
static bool mount_find(const char *dir, mount *found)
{
    char path[PATH_MAX];
    FILE *file = realpath(dir, path) == NULL ? NULL : fopen("/proc/self/mountinfo", "re");
    if (file == NULL)
        return false;
    char *line = NULL;
    size_t capacity = 0, longest = 0;
    while (getline(&line, &capacity, file) > 0) {
        const char *point = NULL;
        mount parsed;
        if (!mount_parse(line, &point, &parsed) || !lies_in(path, point) || strlen(point) < longest)
            continue;
        longest = strlen(point);
        *found = parsed;
    }
    free(line);
    fclose(file);
    return longest > 0;
}

/* Whether the block device below `dir` turns; a partition's queue is its disk's. */
static void add_rotational(tl_json *storage, const char *dir)
{
    static const char *const forms[] = {"/sys/dev/block/%u:%u/queue/rotational",
                                        "/sys/dev/block/%u:%u/../queue/rotational"};
    struct stat info;
    char path[TEXT_BYTES], line[TEXT_BYTES];
    for (size_t i = 0; i < 2 && stat(dir, &info) == 0; i++) {
        if (i == 0)
            snprintf(path, sizeof path, forms[0], major(info.st_dev), minor(info.st_dev));
        else
            snprintf(path, sizeof path, forms[1], major(info.st_dev), minor(info.st_dev));
        if (tl_sysfile_line(path, line, sizeof line)) {
            tl_json_add_bool(storage, "rotational", line[0] == '1');
            return;
        }
    }
    tl_json_add_null(storage, "rotational");
}

static double elapsed_us(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) * 1e6 + (double)(to->tv_nsec - from->tv_nsec) / 1e3;
}

static int compare_reals(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The first write makes the file as large as it will be and is not counted: the samples are
 * overwrites, without the journal's share of growing a file. */
static bool probe_file(int fd, double samples_us[PROBE_COUNT])
{
    static const char block[PROBE_BYTES] = "treelab fsync probe";
    if (pwrite(fd, block, sizeof block, 0) != PROBE_BYTES || fsync(fd) != 0)
        return false;
    for (size_t i = 0; i < PROBE_COUNT; i++) {
        struct timespec start, stop;
        clock_gettime(CLOCK_MONOTONIC, &start);
        if (pwrite(fd, block, sizeof block, 0) != PROBE_BYTES || fdatasync(fd) != 0)
            return false;
        clock_gettime(CLOCK_MONOTONIC, &stop);
        samples_us[i] = elapsed_us(&start, &stop);
    }
    return true;
}

static bool probe(const char *dir, double samples_us[PROBE_COUNT])
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/fsync-probe-XXXXXX", dir);
    int fd = length > 0 && length < PATH_MAX ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    bool done = probe_file(fd, samples_us);
    close(fd);
    unlink(path);
    qsort(samples_us, PROBE_COUNT, sizeof samples_us[0], compare_reals);
    return done;
}

static void add_probe(tl_json *storage, const char *dir)
{
    double samples_us[PROBE_COUNT] = {0};
    if (!probe(dir, samples_us)) {
        tl_json_add_null(storage, "fsync_probe_us");
        return;
    }
    tl_json *quantiles = tl_json_add_object(storage, "fsync_probe_us");
    tl_json_add_real(quantiles, "p50", samples_us[PROBE_COUNT / 2 - 1]);
    tl_json_add_real(quantiles, "p99", samples_us[PROBE_COUNT - 1]);
}

tl_json *tl_storage_json(const char *dir, bool probe_fsync)
{
    tl_json *storage = tl_json_object_new();
    mount found;
    bool known = mount_find(dir, &found);
    tl_json_add_text(storage, "fs", known ? found.fs : NULL);
    tl_json_add_text(storage, "mount_opts", known ? found.options : NULL);
    tl_json_add_text(storage, "device", known ? found.device : NULL);
    add_rotational(storage, dir);
    struct statvfs space;
    if (statvfs(dir, &space) == 0)
        tl_json_add_count(storage, "free_bytes", (uint64_t)space.f_bavail * space.f_frsize);
    else
        tl_json_add_null(storage, "free_bytes");
    if (probe_fsync)
        add_probe(storage, dir);
    else
        tl_json_add_null(storage, "fsync_probe_us");
    return storage;
}
