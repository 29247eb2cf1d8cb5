/* engine/tests/support/crowd.c -- see crowd.h. */
#include "engine/tests/support/crowd.h"
#include "engine/base/bytes.h"
#include "engine/tests/support/memdisk.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MARKS = 60, READERS = 10, WHOLE_EVERY = 64 };

typedef struct crowd {
    tl_env *env;
    atomic_bool stop;
    atomic_uint_fast64_t reads, wrong;
} crowd;

static tl_slice mark_key(unsigned i, uint8_t bytes[4])
{
    tl_store32(bytes, i * 0x9e3779b1u); /* all over the tree */
    return (tl_slice){bytes, 4};
}

/* One read txn: two marks, now and then all of them.  Returns the number it saw. */
static uint64_t read_marks(crowd *all, tl_txn *txn, unsigned count)
{
    uint64_t number = 0;
    uint8_t bytes[4];
    for (unsigned i = 0; i < count; i++) {
        tl_slice value = {NULL, 0};
        tl_status status = tl_get(txn, TL_TREE_MAIN, mark_key(i * 29 % MARKS, bytes), &value);
        uint64_t found =
            status == TL_OK && value.size_bytes == sizeof found ? tl_load64(value.data) : 0;
        if (i == 0)
            number = found;
        if (found == 0 || found != number)
            atomic_fetch_add(&all->wrong, 1);
    }
    return number;
}

static void *reader_body(void *context)
{
    crowd *all = context;
    uint64_t latest = 0;
    for (unsigned round = 0; !atomic_load(&all->stop); round++) {
        tl_txn *txn = NULL;
        if (tl_txn_begin(all->env, TL_TXN_READ_ONLY, &txn) != TL_OK) {
            atomic_fetch_add(&all->wrong, 1);
            break;
        }
        uint64_t number = read_marks(all, txn, round % WHOLE_EVERY == 0 ? MARKS : 2);
        tl_txn_abort(txn);
        if (number < latest)
            atomic_fetch_add(&all->wrong, 1);
        latest = number;
        atomic_fetch_add(&all->reads, 1);
    }
    return NULL;
}

static tl_status commit_number(tl_env *env, uint64_t number)
{
    tl_txn *txn = NULL;
    uint8_t bytes[4], value[40] = {0};
    tl_store64(value, number);
    tl_status status = tl_txn_begin(env, 0, &txn);
    for (unsigned i = 0; i < MARKS && status == TL_OK; i++)
        status = tl_put(txn, TL_TREE_MAIN, mark_key(i, bytes), (tl_slice){value, sizeof number}, 0);
    for (unsigned i = 0; i < 20 && status == TL_OK; i++) /* others around them come and go */
        status =
            tl_put(txn, TL_TREE_MAIN, mark_key(MARKS + (unsigned)(number * 7 + i) % 500, bytes),
                   (tl_slice){value, sizeof value - number % 32}, 0);
    if (status == TL_OK)
        return tl_txn_commit(txn);
    tl_txn_abort(txn);
    return status;
}

static tl_status write_all(crowd *all, unsigned commits)
{
    pthread_t readers[READERS];
    unsigned running = 0;
    tl_status status = commit_number(all->env, 1);
    while (status == TL_OK && running < READERS &&
           pthread_create(&readers[running], NULL, reader_body, all) == 0)
        running++;
    for (uint64_t number = 2; number <= commits && status == TL_OK; number++) {
        status = commit_number(all->env, number);
        if (status == TL_OK && number % 64 == 0) /* however rarely their thread gets to run */
            status = tl_env_checkpoint(all->env);
    }
    atomic_store(&all->stop, true);
    for (unsigned i = 0; i < running; i++)
        pthread_join(readers[i], NULL);
    return running == READERS ? status : TL_NO_MEMORY;
}

bool crowd_run(const char *commit, unsigned commits, crowd_report *report)
{
    memdisk *disk = memdisk_create();
    crowd all = {.env = NULL};
    tl_env_options options = {
        .durability = TL_DURABILITY_NONE,
        .page_bytes = 1024,
        .commit = commit,
        .map_bytes = UINT64_C(256) << 20,
        .ckpt_bytes = 24 << 10,
        .readers_max = 2 * READERS,
        .io = memdisk_io(disk),
    };
    tl_status status = tl_env_open("crowd", &options, &all.env);
    if (status == TL_OK) {
        status = write_all(&all, commits);
        tl_stats stats;
        tl_env_stats(all.env, &stats);
        *report = (crowd_report){.reads = atomic_load(&all.reads),
                                 .wrong = atomic_load(&all.wrong),
                                 .checkpoints = stats.checkpoints,
                                 .pages_reused = stats.recycle_reuse + stats.bitmap_alloc};
        tl_env_abandon(all.env);
    }
    memdisk_destroy(disk);
    return status == TL_OK && report->wrong == 0;
}
