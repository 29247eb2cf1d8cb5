/* harness/run/directory.c -- making and removing directories, with errno as a status. */
#define _GNU_SOURCE /* nftw */
#include "harness/run/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORY_MODE = 0777, OPEN_DIRECTORIES_MAX = 16 };

static const struct {
    int error_number;
    tl_status status;
} statuses[] = {
    {EACCES,  TL_ACCESS   },
    {EPERM,   TL_ACCESS   },
    {EROFS,   TL_ACCESS   },
    {ENOTDIR, TL_ACCESS   },
    {ENOSPC,  TL_NO_SPACE },
    {EDQUOT,  TL_NO_SPACE },
    {EEXIST,  TL_EXISTS   },
    {ENOENT,  TL_NOT_FOUND},
    {ENOMEM,  TL_NO_MEMORY},
};

tl_status tl_directory_status(int error_number)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].error_number == error_number)
            return statuses[i].status;
    return TL_IO;
}

tl_status tl_directory_make_fresh(const char *path)
{
    return mkdir(path, DIRECTORY_MODE) == 0 ? TL_OK : tl_directory_status(errno);
}

static tl_status make_one(const char *path)
{
    struct stat about;
    if (mkdir(path, DIRECTORY_MODE) == 0)
        return TL_OK;
    if (errno == EEXIST && stat(path, &about) == 0)
        return S_ISDIR(about.st_mode) ? TL_OK : TL_EXISTS;
    return tl_directory_status(errno);
}

tl_status tl_directory_make(const char *path)
{
    char *partial = strdup(path);
    if (partial == NULL)
        return TL_NO_MEMORY;
    tl_status status = TL_OK;
    for (char *slash = strchr(partial + 1, '/'); slash != NULL && status == TL_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_one(partial);
        *slash = '/';
    }
    if (status == TL_OK)
        status = make_one(partial);
    free(partial);
    return status;
}

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

tl_status tl_directory_remove(const char *path)
{
    if (nftw(path, remove_entry, OPEN_DIRECTORIES_MAX, FTW_DEPTH | FTW_PHYS) == 0 ||
        errno == ENOENT)
        return TL_OK;
    return tl_directory_status(errno);
}

static bool begins_with_one_of(const char *name, const char *prefixes)
{
    for (const char *word = prefixes; word != NULL && *word != '\0';) {
        size_t length = strcspn(word, " ");
        if (length > 0 && strncmp(name, word, length) == 0)
            return true;
        word += length + (word[length] == ' ');
    }
    return false;
}

tl_status tl_directory_bytes(const char *path, const char *log_prefixes, uint64_t *data_bytes,
                             uint64_t *log_bytes)
{
    enum { BLOCK_BYTES = 512 }; /* of st_blocks */
    uint64_t data_sum = 0, log_sum = 0;
    DIR *listing = opendir(path);
    if (listing == NULL)
        return tl_directory_status(errno);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        struct stat about;
        if (fstatat(dirfd(listing), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(about.st_mode))
            continue;
        uint64_t kept_bytes = (uint64_t)about.st_blocks * BLOCK_BYTES;
        uint64_t bytes =
            kept_bytes < (uint64_t)about.st_size ? kept_bytes : (uint64_t)about.st_size;
        *(begins_with_one_of(entry->d_name, log_prefixes) ? &log_sum : &data_sum) += bytes;
    }
    closedir(listing);
    *data_bytes = data_sum;
    *log_bytes = log_sum;
    return TL_OK;
}
