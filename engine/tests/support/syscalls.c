/* engine/tests/support/syscalls.c -- see syscalls.h. */
#define _GNU_SOURCE
#include "engine/tests/support/syscalls.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/uio.h>

syscalls calls_seen;

#define CALL_AS_NAME(name) #name,
static const char *const call_names[] = {CALL_MAP(CALL_AS_NAME)};

const char *call_name(call which)
{
    return which < CALL_COUNT ? call_names[which] : "?";
}

/* 0: go on as usual; else an errno to fail with, or a cut. */
static int verdict(call made)
{
    uint64_t number = ++calls_seen.counts[made];
    if (made != calls_seen.plan.call || calls_seen.plan.how == 0)
        return 0;
    if (number != calls_seen.plan.nth &&
        (calls_seen.plan.every == 0 || number % calls_seen.plan.every != 0))
        return 0;
    calls_seen.fired++;
    return calls_seen.plan.how;
}

static size_t cut(int how, size_t bytes)
{
    size_t wanted = how == ONE_BYTE          ? 1
                    : how == SECTOR_LESS_ONE ? 511
                    : how == NOTHING         ? 0
                                             : (bytes + 1) / 2;
    return wanted < bytes ? wanted : bytes;
}

#define FAILS(made, value)                                                                         \
    do {                                                                                           \
        int how_ = verdict(made);                                                                  \
        if (how_ > 0) {                                                                            \
            errno = how_;                                                                          \
            return value;                                                                          \
        }                                                                                          \
    } while (0)

/* The real ones, as the linker calls them. */
int __real_open(const char *path, int flags, ...);
int __real_fstat(int descriptor, struct stat *about);
int __real_flock(int descriptor, int operation);
ssize_t __real_pread(int descriptor, void *buffer, size_t bytes, off_t offset);
ssize_t __real_pwritev(int descriptor, const struct iovec *vectors, int count, off_t offset);
int __real_ftruncate(int descriptor, off_t size);
int __real_fallocate(int descriptor, int mode, off_t offset, off_t size);
int __real_rename(const char *from, const char *to);
void *__real_mmap(void *at, size_t bytes, int protection, int flags, int descriptor, off_t offset);
int __real_madvise(void *at, size_t bytes, int advice);

int __wrap_open(const char *path, int flags, ...);
int __wrap_fstat(int descriptor, struct stat *about);
int __wrap_flock(int descriptor, int operation);
ssize_t __wrap_pread(int descriptor, void *buffer, size_t bytes, off_t offset);
ssize_t __wrap_pwritev(int descriptor, const struct iovec *vectors, int count, off_t offset);
int __wrap_fdatasync(int descriptor);
int __wrap_fsync(int descriptor);
int __wrap_ftruncate(int descriptor, off_t size);
int __wrap_fallocate(int descriptor, int mode, off_t offset, off_t size);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int descriptor, off_t offset);
int __wrap_madvise(void *at, size_t bytes, int advice);

int __wrap_open(const char *path, int flags, ...)
{
    FAILS(CALL_open, -1);
    return __real_open(path, flags, 0644);
}

int __wrap_fstat(int descriptor, struct stat *about)
{
    FAILS(CALL_fstat, -1);
    return __real_fstat(descriptor, about);
}

int __wrap_flock(int descriptor, int operation)
{
    FAILS(CALL_flock, -1);
    return __real_flock(descriptor, operation);
}

ssize_t __wrap_pread(int descriptor, void *buffer, size_t bytes, off_t offset)
{
    int how = verdict(CALL_pread);
    if (how > 0) {
        errno = how;
        return -1;
    }
    return __real_pread(descriptor, buffer, how == 0 ? bytes : cut(how, bytes), offset);
}

ssize_t __wrap_pwritev(int descriptor, const struct iovec *vectors, int count, off_t offset)
{
    int how = verdict(CALL_pwritev), kept = 0;
    if (how > 0) {
        errno = how;
        return -1;
    }
    if (how == 0)
        return __real_pwritev(descriptor, vectors, count, offset);
    struct iovec some[512];
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += vectors[i].iov_len;
    bytes = cut(how, bytes);
    for (; kept < count && bytes > 0; kept++) {
        some[kept] = vectors[kept];
        some[kept].iov_len = vectors[kept].iov_len < bytes ? vectors[kept].iov_len : bytes;
        bytes -= some[kept].iov_len;
    }
    return kept == 0 ? 0 : __real_pwritev(descriptor, some, kept, offset);
}

int __wrap_fdatasync(int descriptor)
{
    (void)descriptor;
    FAILS(CALL_fdatasync, -1);
    return 0;
}

int __wrap_fsync(int descriptor)
{
    (void)descriptor;
    FAILS(CALL_fsync, -1);
    return 0;
}

int __wrap_ftruncate(int descriptor, off_t size)
{
    FAILS(CALL_ftruncate, -1);
    return __real_ftruncate(descriptor, size);
}

int __wrap_fallocate(int descriptor, int mode, off_t offset, off_t size)
{
    FAILS(CALL_fallocate, -1);
    return __real_fallocate(descriptor, mode, offset, size);
}

int __wrap_rename(const char *from, const char *to)
{
    FAILS(CALL_rename, -1);
    return __real_rename(from, to);
}

int __wrap_unlink(const char *path)
{
    FAILS(CALL_unlink, -1);
    return __real_unlink(path);
}

void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int descriptor, off_t offset)
{
    FAILS(CALL_mmap, (void *)-1);
    return __real_mmap(at, bytes, protection, flags, descriptor, offset);
}

int __wrap_madvise(void *at, size_t bytes, int advice)
{
    FAILS(CALL_madvise, -1);
    return __real_madvise(at, bytes, advice);
}
