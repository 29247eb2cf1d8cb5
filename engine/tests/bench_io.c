/* engine/tests/bench_io.c -- what the table of tl/io.h costs beside direct system calls.
 *
 * 4 KiB at random pages of one file: pread, and pwritev with fdatasync, each through tl_io_posix()
 * and with the system's own functions.  Blocks of both take turns, in an order that changes every
 * round (A B, B A), so that drift hits both alike; a round gives one ratio of times.  Printed: the
 * median ratio, an interval that holds the median with 95 % by order statistics, the middle 90 % of
 * the rounds; and the same for direct beside direct, which is what this machine calls zero.
 *
 *     bench_io [DIRECTORY [ROUNDS]]      run by hand, not by ctest
 */
#define _GNU_SOURCE
#include "tl/io.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, PAGES = 4096, ROUNDS_MAX = 20000 };

typedef struct subject { /* one file, opened twice */
    tl_io *io;
    tl_file *file;
    int descriptor;
    uint64_t random;
    char page[PAGE_BYTES];
} subject;

typedef void (*step_fn)(subject *bench);

static void must(bool fine, const char *what)
{
    if (fine)
        return;
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t some_offset(subject *bench)
{
    bench->random = bench->random * UINT64_C(6364136223846793005) + 1;
    return (bench->random >> 40) % PAGES * PAGE_BYTES;
}

static void read_table(subject *bench)
{
    size_t got = 0;
    must(bench->io->pread(bench->io, bench->file, some_offset(bench), bench->page, PAGE_BYTES,
                          &got) == TL_OK,
         "pread through the table");
}

static void read_direct(subject *bench)
{
    must(pread(bench->descriptor, bench->page, PAGE_BYTES, (off_t)some_offset(bench)) == PAGE_BYTES,
         "pread");
}

static void write_table(subject *bench)
{
    tl_io_span span = {bench->page, PAGE_BYTES};
    must(bench->io->pwritev(bench->io, bench->file, some_offset(bench), &span, 1) == TL_OK,
         "pwritev through the table");
    must(bench->io->fdatasync(bench->io, bench->file) == TL_OK, "fdatasync through the table");
}

static void write_direct(subject *bench)
{
    struct iovec span = {bench->page, PAGE_BYTES};
    must(pwritev(bench->descriptor, &span, 1, (off_t)some_offset(bench)) == PAGE_BYTES, "pwritev");
    must(fdatasync(bench->descriptor) == 0, "fdatasync");
}

static double block_ns(subject *bench, step_fn step, unsigned steps)
{
    uint64_t begin = now_ns();
    for (unsigned i = 0; i < steps; i++)
        step(bench);
    return (double)(now_ns() - begin) / steps;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The median of sorted values, and ranks around it that hold it with 95 %: n/2 -+ 0.98 sqrt(n). */
static void print_row(const char *name, double *one_ns, double *ratios, unsigned rounds)
{
    qsort(ratios, rounds, sizeof *ratios, by_size);
    qsort(one_ns, rounds, sizeof *one_ns, by_size);
    unsigned middle = rounds / 2, reach = (unsigned)(0.98 * sqrt((double)rounds)) + 1;
    printf("%-28s %10.0f %8.4f  [%.4f, %.4f]  %.3f..%.3f\n", name, one_ns[middle], ratios[middle],
           ratios[middle - reach], ratios[middle + reach], ratios[rounds / 20],
           ratios[rounds - 1 - rounds / 20]);
}

static void compare(subject *bench, const char *name, step_fn step, step_fn direct, unsigned steps,
                    unsigned rounds)
{
    static double ratios[ROUNDS_MAX], one_ns[ROUNDS_MAX];
    for (unsigned i = 0; i < rounds; i++) {
        bool first = i % 2 == 0;
        double before = block_ns(bench, first ? step : direct, steps);
        double after = block_ns(bench, first ? direct : step, steps);
        one_ns[i] = first ? after : before;
        ratios[i] = first ? before / after : after / before;
    }
    print_row(name, one_ns, ratios, rounds);
}

int main(int argc, char **argv)
{
    static subject bench = {.random = 42};
    const char *dir = argc > 1 ? argv[1] : "/dev/shm";
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2000;
    char path[512];
    must(rounds >= 20 && rounds <= ROUNDS_MAX, "rounds: 20 to 20000");
    snprintf(path, sizeof path, "%.480s/bench_io.%ld", dir, (long)getpid());
    tl_io *volatile table = tl_io_posix(); /* hidden: its calls are not to be inlined */
    bench.io = table;
    must(bench.io->open(bench.io, path, TL_IO_WRITE | TL_IO_CREATE, &bench.file) == TL_OK, path);
    bench.descriptor = open(path, O_RDWR | O_CLOEXEC);
    must(bench.descriptor >= 0 && unlink(path) == 0, path);
    for (unsigned i = 0; i < PAGES; i++)
        must(pwrite(bench.descriptor, bench.page, PAGE_BYTES, (off_t)i * PAGE_BYTES) == PAGE_BYTES,
             "filling the file");
    must(fdatasync(bench.descriptor) == 0, "fdatasync");

    printf("%u rounds in %s\n%-28s %10s %8s  %-18s %s\n", rounds, dir, "4 KiB", "direct ns",
           "ratio", "95 % of median", "middle 90 % of rounds");
    compare(&bench, "pread / direct", read_table, read_direct, 100, rounds);
    compare(&bench, "direct / direct", read_direct, read_direct, 100, rounds);
    compare(&bench, "pwritev+fdatasync / direct", write_table, write_direct, 50, rounds);
    compare(&bench, "direct / direct", write_direct, write_direct, 50, rounds);
    bench.io->close(bench.io, bench.file);
    close(bench.descriptor);
    return 0;
}
