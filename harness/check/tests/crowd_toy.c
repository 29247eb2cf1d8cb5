/* harness/check/tests/crowd_toy.c -- see crowd_toy.h.
 *
 * Below is the toy store, which never syncs here.  Writers take turns; who has committed waits
 * until a sync that began behind its frame has ended, its own or somebody else's.  A reader takes a
 * turn too, so it sees one prefix, and waits until that is durable.
 */
#include "harness/check/tests/crowd_toy.h"
#include "harness/check/tests/toy.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct tl_store {
    tl_store *toy;
    tl_io *io;
    tl_file *log; /* the toy's, for syncs */
    tl_durability durability;
    crowd_bug bug;
    pthread_mutex_t mutex, statistics;
    pthread_cond_t changed;
    bool turn_taken, syncing;
    uint64_t staged, durable, counted;
};

struct tl_store_txn {
    tl_store *store;
    tl_store_txn *toy;
    bool read_only;
};

static crowd_bug selected;

void crowd_toy_select(crowd_bug bug)
{
    selected = bug;
}

static const char *crowd_version(void)
{
    return "crowd toy 1";
}

static void crowd_release(tl_store *store)
{
    if (store->log != NULL)
        store->io->close(store->io, store->log);
    pthread_mutex_destroy(&store->mutex);
    pthread_mutex_destroy(&store->statistics);
    pthread_cond_destroy(&store->changed);
    free(store);
}

static tl_status crowd_open(const tl_driver_options *options, tl_store **out)
{
    char path[160];
    tl_driver_options below = *options;
    tl_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return TL_NO_MEMORY;
    store->io = options->io;
    store->durability = options->durability;
    store->bug = selected;
    pthread_mutex_init(&store->mutex, NULL);
    pthread_mutex_init(&store->statistics, NULL);
    pthread_cond_init(&store->changed, NULL);
    below.durability = TL_DURABILITY_NONE;
    snprintf(path, sizeof path, "%s/toy.log", options->dir);
    tl_status status = toy_driver.open(&below, &store->toy);
    if (status == TL_OK)
        status = store->io->open(store->io, path, TL_IO_WRITE, &store->log);
    if (status != TL_OK) {
        if (store->toy != NULL)
            toy_driver.abandon(store->toy);
        crowd_release(store);
        return status;
    }
    *out = store;
    return TL_OK;
}

static void crowd_abandon(tl_store *store)
{
    toy_driver.abandon(store->toy);
    crowd_release(store);
}

static tl_status crowd_close(tl_store *store)
{
    tl_status status = toy_driver.close(store->toy);
    crowd_release(store);
    return status;
}

/* Mutex held, also when it returns. */
static tl_status wait_for(tl_store *store, uint64_t wanted)
{
    tl_status status = TL_OK;
    while (store->durable < wanted && status == TL_OK) {
        if (store->syncing) {
            pthread_cond_wait(&store->changed, &store->mutex);
            continue;
        }
        uint64_t target = store->staged;
        store->syncing = true;
        pthread_mutex_unlock(&store->mutex);
        status = store->io->fdatasync(store->io, store->log);
        pthread_mutex_lock(&store->mutex);
        store->syncing = false;
        if (status == TL_OK)
            store->durable = store->bug == CROWD_ACKS_STAGED ? store->staged : target;
        pthread_cond_broadcast(&store->changed);
    }
    return status;
}

static void turn_give(tl_store *store)
{
    store->turn_taken = false;
    pthread_cond_broadcast(&store->changed);
}

static tl_status crowd_begin(tl_store *store, bool read_only, tl_store_txn **out)
{
    tl_store_txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL)
        return TL_NO_MEMORY;
    *txn = (tl_store_txn){store, NULL, read_only};
    pthread_mutex_lock(&store->mutex);
    while (store->turn_taken && store->bug != CROWD_NO_TURNS)
        pthread_cond_wait(&store->changed, &store->mutex);
    store->turn_taken = true;
    tl_status status = TL_OK;
    if (read_only && store->durability == TL_DURABILITY_COMMIT && store->bug != CROWD_SHOWS_STAGED)
        status = wait_for(store, store->staged);
    pthread_mutex_unlock(&store->mutex);
    if (status == TL_OK)
        status = toy_driver.begin(store->toy, read_only, &txn->toy);
    if (status != TL_OK) {
        pthread_mutex_lock(&store->mutex);
        turn_give(store);
        pthread_mutex_unlock(&store->mutex);
        free(txn);
        return status;
    }
    *out = txn;
    return TL_OK;
}

static void crowd_abort(tl_store_txn *txn)
{
    tl_store *store = txn->store;
    toy_driver.abort(txn->toy);
    free(txn);
    pthread_mutex_lock(&store->mutex);
    turn_give(store);
    pthread_mutex_unlock(&store->mutex);
}

/* Two locks, of which every second caller may take the second one first. */
static void count_commit(tl_store *store, uint64_t n)
{
    bool crossed = store->bug == CROWD_LOCKS_CROSSED && n % 2 == 0;
    pthread_mutex_t *first = crossed ? &store->statistics : &store->mutex;
    pthread_mutex_t *second = crossed ? &store->mutex : &store->statistics;
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    store->counted++;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static tl_status crowd_commit(tl_store_txn *txn)
{
    tl_store *store = txn->store;
    bool read_only = txn->read_only;
    tl_status status = toy_driver.commit(txn->toy);
    free(txn);
    pthread_mutex_lock(&store->mutex);
    uint64_t mine = read_only ? 0 : ++store->staged;
    turn_give(store);
    if (status == TL_OK && store->durability == TL_DURABILITY_COMMIT)
        status = wait_for(store, mine);
    pthread_mutex_unlock(&store->mutex);
    count_commit(store, mine);
    return status;
}

static tl_status crowd_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    return toy_driver.put(txn->toy, key, value, flags);
}

static tl_status crowd_del(tl_store_txn *txn, tl_slice key)
{
    return toy_driver.del(txn->toy, key);
}

static tl_status crowd_count(tl_store_txn *txn, uint64_t *count)
{
    return toy_driver.count(txn->toy, count);
}

static tl_status crowd_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    return toy_driver.scan(txn->toy, from, visit, context);
}

const tl_driver crowd_toy_driver = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "crowd_toy",
    .summary = "a sorted array and a log that several writers share",
    .capabilities =
        TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT | TL_DRIVER_SIM_IO | TL_DRIVER_THREADS,
    .version = crowd_version,
    .open = crowd_open,
    .close = crowd_close,
    .abandon = crowd_abandon,
    .begin = crowd_begin,
    .commit = crowd_commit,
    .abort = crowd_abort,
    .put = crowd_put,
    .del = crowd_del,
    .count = crowd_count,
    .scan = crowd_scan,
};
