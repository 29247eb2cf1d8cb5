/* harness/drivers/files.c -- paths, sizes and the meaning of errno. */
#include "harness/drivers/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void tl_driver_explain(const tl_driver_options *options, const char *format, ...)
{
    if (options->error == NULL || options->error_bytes == 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(options->error, options->error_bytes, format, arguments) < 0)
        options->error[0] = '\0';
    va_end(arguments);
}

char *tl_driver_path(const char *dir, const char *name)
{
    size_t size_bytes = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size_bytes);
    if (path != NULL)
        (void)snprintf(path, size_bytes, "%s/%s", dir, name);
    return path;
}

/* A file may be as long as a map and hold little: what it does not occupy does not count. */
static uint64_t file_bytes(const struct stat *facts)
{
    uint64_t long_bytes = (uint64_t)facts->st_size, kept_bytes = (uint64_t)facts->st_blocks * 512;
    return kept_bytes < long_bytes ? kept_bytes : long_bytes;
}

uint64_t tl_driver_dir_bytes(const char *dir)
{
    DIR *listing = opendir(dir);
    if (listing == NULL)
        return 0;
    uint64_t sum_bytes = 0;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        struct stat facts;
        if (fstatat(dirfd(listing), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(facts.st_mode))
            sum_bytes += file_bytes(&facts);
    }
    (void)closedir(listing);
    return sum_bytes;
}

static const struct {
    int error;
    tl_status status;
} errno_rows[] = {
    {ENOENT,  TL_NOT_FOUND},
    {ENOTDIR, TL_NOT_FOUND},
    {EACCES,  TL_ACCESS   },
    {EPERM,   TL_ACCESS   },
    {EROFS,   TL_ACCESS   },
    {ENOSPC,  TL_NO_SPACE },
    {EDQUOT,  TL_NO_SPACE },
    {EFBIG,   TL_NO_SPACE },
    {ENOMEM,  TL_NO_MEMORY},
    {EINVAL,  TL_INVALID  },
    {EBUSY,   TL_BUSY     },
    {EAGAIN,  TL_BUSY     },
};

tl_status tl_driver_errno_status(int error)
{
    for (size_t i = 0; i < sizeof errno_rows / sizeof errno_rows[0]; i++)
        if (errno_rows[i].error == error)
            return errno_rows[i].status;
    return TL_IO;
}
