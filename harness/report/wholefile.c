/* harness/report/wholefile.c -- write to a temporary file, fsync, rename.
 *
 * The temporary file stands beside its target, since rename is atomic inside one file system
 * only.  Devices and pipes are the exception: renaming over /dev/null would replace the device.
 */
#include "harness/report/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP_BYTES = 65536, TEMPORARY_TRIES_MAX = 100 };

tl_status tl_wholefile_status(int error_number)
{
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return TL_NO_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return TL_ACCESS;
    case ENOMEM:
        return TL_NO_MEMORY;
    case EISDIR: /* a bad name, not a bad disk */
        return TL_NOT_OURS;
    default:
        return TL_IO;
    }
}

static tl_status status_of_errno(void)
{
    return tl_wholefile_status(errno);
}

static tl_status write_all(int fd, const char *bytes, size_t size_bytes)
{
    while (size_bytes > 0) { /* ends: every round writes something or returns */
        ssize_t written = write(fd, bytes, size_bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return status_of_errno();
        bytes += written;
        size_bytes -= (size_t)written;
    }
    return TL_OK;
}

static tl_status write_stdout(const char *bytes, size_t size_bytes)
{
    if (fflush(stdout) != 0) /* what was printed before comes first */
        return status_of_errno();
    return write_all(STDOUT_FILENO, bytes, size_bytes);
}

static tl_status write_in_place(const char *path, const char *bytes, size_t size_bytes)
{
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return status_of_errno();
    tl_status status = write_all(fd, bytes, size_bytes);
    int error_number = errno;
    if (close(fd) != 0 && status == TL_OK)
        return status_of_errno();
    errno = error_number;
    return status;
}

/* Create a file beside `path` that did not exist; its name goes to `temporary`. */
static tl_status temporary_create(const char *path, char temporary[PATH_MAX], int *fd)
{
    static _Atomic unsigned serial;
    for (int try = 0; try < TEMPORARY_TRIES_MAX; try++) {
        int length = snprintf(temporary, PATH_MAX, "%s.%ld-%u.tmp", path, (long)getpid(),
                              atomic_fetch_add(&serial, 1));
        if (length < 0 || length >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return TL_IO;
        }
        *fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*fd >= 0)
            return TL_OK;
        if (errno != EEXIST)
            break;
    }
    return status_of_errno();
}

static tl_status sync_directory_of(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    memcpy(directory, path, length);
    memcpy(directory + length, ".", 2);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return status_of_errno();
    /* Some file systems cannot sync a directory and say EINVAL: nothing is lost by going on. */
    tl_status status = fsync(fd) != 0 && errno != EINVAL ? status_of_errno() : TL_OK;
    close(fd);
    return status;
}

static tl_status write_and_rename(const char *path, const char *bytes, size_t size_bytes)
{
    char temporary[PATH_MAX];
    int fd = -1;
    tl_status status = temporary_create(path, temporary, &fd);
    if (status != TL_OK)
        return status;
    status = write_all(fd, bytes, size_bytes);
    if (status == TL_OK && fsync(fd) != 0)
        status = status_of_errno();
    int error_number = errno;
    if (close(fd) != 0 && status == TL_OK) {
        error_number = errno;
        status = status_of_errno();
    }
    if (status == TL_OK && rename(temporary, path) != 0) {
        error_number = errno;
        status = status_of_errno();
    }
    if (status != TL_OK) {
        unlink(temporary);
        errno = error_number;
        return status;
    }
    return sync_directory_of(path);
}

/* Where the bytes for `path` really go: `target` has links followed, as far as the file exists. */
static tl_status find_target(const char *path, char target[PATH_MAX], bool *in_place)
{
    struct stat info;
    *in_place = false;
    if (path[0] == '\0') {
        errno = ENOENT;
        return TL_IO;
    }
    if (stat(path, &info) != 0) {
        if (errno != ENOENT)
            return status_of_errno();
        if (snprintf(target, PATH_MAX, "%s", path) < PATH_MAX)
            return TL_OK;
        errno = ENAMETOOLONG;
        return TL_IO;
    }
    if (S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        return status_of_errno();
    }
    *in_place = !S_ISREG(info.st_mode);
    return realpath(path, target) != NULL ? TL_OK : status_of_errno();
}

tl_status tl_wholefile_write(const char *path, const void *bytes, size_t size_bytes)
{
    char target[PATH_MAX];
    bool in_place;
    if (strcmp(path, "-") == 0)
        return write_stdout(bytes, size_bytes);
    tl_status status = find_target(path, target, &in_place);
    if (status != TL_OK)
        return status;
    return in_place ? write_in_place(path, bytes, size_bytes)
                    : write_and_rename(target, bytes, size_bytes);
}

tl_status tl_wholefile_check(const char *path)
{
    char target[PATH_MAX], temporary[PATH_MAX];
    bool in_place;
    int fd;
    if (path == NULL || strcmp(path, "-") == 0)
        return TL_OK;
    tl_status status = find_target(path, target, &in_place);
    if (status != TL_OK || in_place)
        return status;
    status = temporary_create(target, temporary, &fd);
    if (status == TL_OK) {
        close(fd);
        unlink(temporary);
    }
    return status == TL_IO && (errno == ENOENT || errno == ENOTDIR) ? TL_NOT_FOUND : status;
}

/* Read what is left of `file`; `*bytes` grows and is the caller's even on failure. */
static tl_status read_rest(FILE *file, size_t size_bytes_max, char **bytes, size_t *size_bytes)
{
    size_t capacity = 0;
    for (;;) { /* ends: at the end of the file, or at size_bytes_max */
        if (capacity - *size_bytes <= 1) {
            capacity = capacity == 0 ? READ_STEP_BYTES : capacity * 2;
            char *larger = realloc(*bytes, capacity);
            if (larger == NULL)
                return TL_NO_MEMORY;
            *bytes = larger;
        }
        size_t got = fread(*bytes + *size_bytes, 1, capacity - *size_bytes - 1, file);
        *size_bytes += got;
        (*bytes)[*size_bytes] = '\0';
        if (*size_bytes > size_bytes_max) {
            errno = EFBIG;
            return TL_INVALID;
        }
        if (got == 0)
            return ferror(file) ? status_of_errno() : TL_OK;
    }
}

tl_status tl_wholefile_read(const char *path, size_t size_bytes_max, char **bytes,
                            size_t *size_bytes)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT || errno == ENOTDIR ? TL_NOT_FOUND : status_of_errno();
    char *content = NULL;
    size_t content_bytes = 0;
    tl_status status = read_rest(file, size_bytes_max, &content, &content_bytes);
    int error_number = errno;
    fclose(file);
    if (status != TL_OK) {
        free(content);
        errno = error_number;
        return status;
    }
    *bytes = content;
    *size_bytes = content_bytes;
    return TL_OK;
}
