/* engine/tests/bench_many.c -- what one lookup costs, alone and in company.
 *
 * 1M records of 16 random bytes and a value of 100, put in random order; then rounds of lookups of
 * keys in another random order, by tl_get one after another and by tl_get_many.  Prints the best
 * round of each, in ns per key, with values untouched and with their first byte read.  Run by hand,
 * not by ctest:
 *
 *     bench_many [page_bytes [records [small]]]      small: without huge pages
 */
#include "engine/base/bytes.h"
#include "engine/base/hash.h"
#include "engine/tests/support/memdisk.h"
#include "tl/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_BYTES = 16, VALUE_BYTES = 100, ROUNDS = 9, LOOKUPS = 1 << 18, BATCH_MAX = 1024 };

typedef struct bench {
    tl_env *env;
    tl_txn *txn;
    uint8_t *keys; /* LOOKUPS of KEY_BYTES each */
    bool touch;    /* read the first byte of each value */
    uint64_t sum;  /* of those bytes: nobody may leave the reading out */
} bench;

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
    fprintf(stderr, "bench_many: %s: %s\n", what, tl_status_text(status));
    exit(1);
}

static void key_make(uint8_t key[KEY_BYTES], uint64_t number)
{
    tl_store64(key, tl_mix64(number));
    tl_store64(key + 8, tl_mix64(~number));
}

static void load(bench *on, uint64_t records)
{
    uint8_t key[KEY_BYTES], value[VALUE_BYTES];
    must(tl_txn_begin(on->env, 0, &on->txn), "begin");
    for (uint64_t i = 0; i < records; i++) {
        key_make(key, i);
        memset(value, (int)(i & 0xff), sizeof value);
        must(tl_put(on->txn, TL_TREE_MAIN, (tl_slice){key, sizeof key},
                    (tl_slice){value, sizeof value}, 0),
             "put");
    }
    must(tl_txn_commit(on->txn), "commit");
}

static void by_one(bench *on)
{
    for (size_t i = 0; i < LOOKUPS; i++) {
        tl_slice value;
        must(tl_get(on->txn, TL_TREE_MAIN, (tl_slice){on->keys + KEY_BYTES * i, KEY_BYTES}, &value),
             "get");
        if (on->touch)
            on->sum += *(const uint8_t *)value.data;
    }
}

static void by_many(bench *on, size_t batch)
{
    tl_slice keys[BATCH_MAX], values[BATCH_MAX];
    for (size_t i = 0; i < LOOKUPS; i += batch) {
        size_t found = 0;
        for (size_t j = 0; j < batch; j++)
            keys[j] = (tl_slice){on->keys + KEY_BYTES * (i + j), KEY_BYTES};
        must(tl_get_many(on->txn, TL_TREE_MAIN, keys, batch, values, &found), "get many");
        if (found != batch)
            must(TL_NOT_FOUND, "get many");
        for (size_t j = 0; j < batch && on->touch; j++)
            on->sum += *(const uint8_t *)values[j].data;
    }
}

static double ns_per_key(uint64_t begin)
{
    return (double)(now_ns() - begin) / LOOKUPS;
}

static void least(double *best, double now)
{
    if (*best == 0 || now < *best)
        *best = now;
}

static void measure(bench *on, bool touch)
{
    static const size_t batches[] = {4, 16, 64, 1024};
    enum { BATCHES = sizeof batches / sizeof batches[0] };
    double one = 0, many[BATCHES] = {0};
    on->touch = touch;
    for (unsigned round = 0; round < ROUNDS; round++) { /* interleaved: the machine is shared */
        uint64_t begin = now_ns();
        by_one(on);
        least(&one, ns_per_key(begin));
        for (size_t b = 0; b < BATCHES; b++) {
            begin = now_ns();
            by_many(on, batches[b]);
            least(&many[b], ns_per_key(begin));
        }
    }
    printf("%s: one by one %6.1f ns", touch ? "values read" : "untouched  ", one);
    for (size_t b = 0; b < BATCHES; b++)
        printf(" | %4zu at a time %6.1f (%.2fx)", batches[b], many[b], one / many[b]);
    printf("\n");
}

int main(int count, char **arguments)
{
    memdisk *disk = memdisk_create();
    uint64_t records = count > 2 ? strtoull(arguments[2], NULL, 10) : 1000000;
    tl_env_options options = {
        .flags = count > 3 && strcmp(arguments[3], "small") == 0 ? TL_OPEN_SMALL_PAGES : 0,
        .durability = TL_DURABILITY_NONE,
        .page_bytes = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 0,
        .map_bytes = UINT64_C(4) << 30,
        .io = memdisk_io(disk),
    };
    bench on = {.keys = malloc((size_t)LOOKUPS * KEY_BYTES)};
    if (on.keys == NULL)
        must(TL_NO_MEMORY, "keys");
    must(tl_env_open("bench", &options, &on.env), "open");
    load(&on, records);
    uint64_t state = 1;
    for (size_t i = 0; i < LOOKUPS; i++)
        key_make(on.keys + KEY_BYTES * i, tl_random_next(&state) % records);
    must(tl_txn_begin(on.env, TL_TXN_READ_ONLY, &on.txn), "begin");
    measure(&on, false);
    measure(&on, true);
    tl_txn_abort(on.txn);
    printf("(%llu)\n", (unsigned long long)on.sum);
    must(tl_env_close(on.env), "close");
    memdisk_destroy(disk);
    free(on.keys);
    return 0;
}
