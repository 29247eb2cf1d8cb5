/* engine/tests/bench_open.c -- what one open + abandon costs: the crash lab does it 20 000 times a
 * second.
 *
 * A 64-page image with 4 KiB pages on the memory disk, one arena for all opens.  Prints, per log
 * size, the median and the best of 10 000 rounds; run by hand, not by ctest.
 */
#include "engine/tests/support/memdisk.h"
#include "tl/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 10000, PAGE_BYTES = 4096, PAGES = 64 };

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void must(tl_status status, const char *what)
{
    if (status == TL_OK)
        return;
    fprintf(stderr, "bench_open: %s: %s\n", what, tl_status_text(status));
    exit(1);
}

/* One txn of a few puts; together they make one frame of the log. */
static void put_some(tl_env *env, uint32_t first)
{
    tl_txn *txn = NULL;
    must(tl_txn_begin(env, 0, &txn), "begin");
    for (uint32_t i = first; i < first + 20; i++) {
        uint32_t key = i * 0x9e3779b1u;
        char value[100] = {0};
        must(tl_put(txn, TL_TREE_MAIN, (tl_slice){&key, sizeof key},
                    (tl_slice){value, sizeof value}, 0),
             "put");
    }
    must(tl_txn_commit(txn), "commit");
}

/* Fill the image until a third of its pages are in use: versions take the rest; close it cleanly.
 */
static void image_make(tl_env_options *options)
{
    tl_env *env = NULL;
    tl_env_info info = {0};
    must(tl_env_open("bench", options, &env), "open");
    for (uint32_t i = 0; info.pages_live < PAGES / 3; i += 20) {
        put_some(env, i);
        tl_env_info_get(env, &info);
    }
    must(tl_env_close(env), "close");
    printf("%u of %u pages live; ", (unsigned)info.pages_live, (unsigned)info.page_count);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void measure(uint64_t log_bytes, tl_durability durability, const char *name)
{
    static uint64_t took_ns[ROUNDS];
    memdisk *disk = memdisk_create();
    tl_env_options options = {
        .flags = TL_OPEN_DETERMINISTIC,
        .durability = durability,
        .page_bytes = PAGE_BYTES,
        .growth_bytes = PAGES * PAGE_BYTES - 16 * PAGE_BYTES, /* a new file has 16 */
        .log_bytes = log_bytes,
        .ckpt_bytes = 4096, /* the log keeps its first size */
        .io = memdisk_io(disk),
    };
    must(tl_arena_create(UINT64_C(1) << 28, &options.arena), "arena");
    image_make(&options);
    for (unsigned i = 0; i < ROUNDS; i++) {
        tl_env *env = NULL;
        uint64_t begin = now_ns();
        must(tl_env_open("bench", &options, &env), "open");
        tl_env_abandon(env);
        took_ns[i] = now_ns() - begin;
    }
    qsort(took_ns, ROUNDS, sizeof took_ns[0], by_size);
    printf("log_bytes %6u, %-6s: open + abandon p50 %5.2f us, best %5.2f us\n", (unsigned)log_bytes,
           name, (double)took_ns[ROUNDS / 2] / 1000, (double)took_ns[0] / 1000);
    tl_arena_destroy(options.arena);
    memdisk_destroy(disk);
}

int main(void)
{
    static const uint64_t log_bytes[] = {8192, 65536};
    for (size_t i = 0; i < 2; i++) {
        measure(log_bytes[i], TL_DURABILITY_COMMIT, "commit");
        measure(log_bytes[i], TL_DURABILITY_NONE, "none");
    }
    return 0;
}
