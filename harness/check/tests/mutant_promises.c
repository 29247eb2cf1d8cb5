/* harness/check/tests/mutant_promises.c -- see mutant_promises.h. */
#include "harness/check/tests/mutant_promises.h"

#include "engine/tests/support/committers.h"
#include "engine/tests/support/gate.h"
#include "workloads/keys.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- old values ---- */

enum { KEYS = 4, READERS = 6, ROUNDS = 240, VALUE_BYTES_MAX = 40000 };

typedef struct old_value { /* as of some commit; 0 bytes: there is none */
    uint32_t bytes;
    uint8_t fill;
} old_value;

typedef struct old_reader {
    tl_txn *txn; /* NULL: none */
    old_value values[KEYS];
} old_reader;

typedef struct old_world {
    tl_env *env;
    tl_dice dice;
    old_value now[KEYS];
    old_reader readers[READERS];
    uint8_t buffer[VALUE_BYTES_MAX];
} old_world;

static tl_slice old_key(unsigned index)
{
    static const char names[KEYS] = {'a', 'b', 'c', 'd'};
    return (tl_slice){&names[index], 1};
}

static bool is_value(const old_value *value, tl_status status, tl_slice found)
{
    if (value->bytes == 0)
        return status == TL_NOT_FOUND;
    if (status != TL_OK || found.size_bytes != value->bytes)
        return false;
    const uint8_t *bytes = found.data;
    for (uint32_t i = 0; i < value->bytes; i++)
        if (bytes[i] != value->fill)
            return false;
    return true;
}

static bool reader_agrees(const old_reader *reader)
{
    for (unsigned k = 0; k < KEYS; k++) {
        tl_slice found = {NULL, 0};
        tl_status status = tl_get(reader->txn, TL_TREE_MAIN, old_key(k), &found);
        if (!is_value(&reader->values[k], status, found))
            return false;
    }
    return true;
}

/* Now and then a reader begins, looks again, or looks for the last time. */
static bool reader_step(old_world *world)
{
    old_reader *reader = &world->readers[tl_dice_below(&world->dice, READERS)];
    if (reader->txn == NULL) {
        memcpy(reader->values, world->now, sizeof world->now);
        return tl_txn_begin(world->env, TL_TXN_READ_ONLY, &reader->txn) == TL_OK;
    }
    bool good = reader_agrees(reader);
    if (tl_dice_below(&world->dice, 4) == 0) {
        tl_txn_abort(reader->txn);
        reader->txn = NULL;
    }
    return good;
}

static bool write_step(old_world *world, unsigned round)
{
    unsigned k = (unsigned)tl_dice_below(&world->dice, KEYS);
    old_value next = {0, (uint8_t)(round + 1)};
    tl_txn *txn = NULL;
    if (tl_dice_below(&world->dice, 4) != 0)
        next.bytes = 2000 + (uint32_t)tl_dice_below(&world->dice, VALUE_BYTES_MAX - 2000);
    memset(world->buffer, next.fill, next.bytes);
    tl_status status = tl_txn_begin(world->env, 0, &txn);
    if (status != TL_OK)
        return false;
    if (next.bytes != 0)
        status = tl_put(txn, TL_TREE_MAIN, old_key(k), (tl_slice){world->buffer, next.bytes}, 0);
    else if (tl_del(txn, TL_TREE_MAIN, old_key(k)) != TL_OK && world->now[k].bytes != 0)
        status = TL_CORRUPT;
    if (status == TL_OK)
        status = tl_txn_commit(txn);
    else
        tl_txn_abort(txn);
    world->now[k] = next;
    return status == TL_OK;
}

bool old_values_stay(tl_durability durability, uint64_t seed)
{
    static old_world world;
    memdisk *disk = memdisk_create();
    tl_env_options options = {.flags = TL_OPEN_DETERMINISTIC,
                              .durability = durability,
                              .map_bytes = UINT64_C(256) << 20,
                              .growth_bytes = 256 << 10,
                              .log_bytes = 8192,
                              .log_value_max = 8000,
                              .ckpt_bytes = 16 << 10,
                              .io = memdisk_io(disk)};
    world = (old_world){.env = NULL};
    tl_dice_init(&world.dice, seed);
    bool good = tl_env_open("values", &options, &world.env) == TL_OK;
    for (unsigned round = 0; round < ROUNDS && good; round++)
        good = write_step(&world, round) && reader_step(&world);
    if (world.env != NULL)
        tl_env_abandon(world.env);
    memdisk_destroy(disk);
    return good;
}

/* ---- what was seen ---- */

enum { WRITERS = 6 };

typedef struct watcher {
    pthread_t thread;
    tl_env *env;
    atomic_bool stop;
    uint64_t seen;
    bool whole;
} watcher;

static void *watch(void *context)
{
    watcher *self = context;
    while (!atomic_load(&self->stop) && self->whole) {
        uint64_t number = committers_prefix(self->env);
        self->whole = number != UINT64_MAX && number >= self->seen;
        self->seen = number;
    }
    return NULL;
}

static void doze(tl_dice *dice, uint64_t most_ns)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)tl_dice_below(dice, most_ns)}, NULL);
}

/* Is a prefix of at least `least` commits what is left? */
static bool prefix_is_left(gate *at, uint64_t seed, uint64_t least)
{
    gate *next = gate_create(gate_remains(at, seed));
    tl_env_options options = committers_options(gate_io(next));
    tl_env *env = NULL;
    bool good = tl_env_open("promise", &options, &env) == TL_OK;
    if (good) {
        uint64_t found = committers_prefix(env);
        good = found != UINT64_MAX && found >= least;
        tl_env_abandon(env);
    }
    gate_destroy(next);
    return good;
}

bool what_was_seen_stays(uint64_t seed)
{
    gate *at = gate_create(NULL);
    tl_env_options options = committers_options(gate_io(at));
    committer all[WRITERS];
    watcher reader = {.whole = true};
    tl_dice dice;
    tl_dice_init(&dice, seed);
    bool good = tl_env_open("promise", &options, &reader.env) == TL_OK;
    if (good) {
        gate_delay(at, GATE_LOGS, 300);
        if (pthread_create(&reader.thread, NULL, watch, &reader) != 0)
            abort();
        committers_start(all, WRITERS, reader.env, 0);
        doze(&dice, 30000000);
        gate_cut(at);
        (void)committers_join(all, WRITERS);
        atomic_store(&reader.stop, true);
        pthread_join(reader.thread, NULL);
        tl_env_abandon(reader.env);
        good = reader.whole && prefix_is_left(at, seed, reader.seen);
    }
    gate_destroy(at);
    return good;
}

/* ---- what was synced ---- */

static tl_status (*quick_sync)(tl_io *io, tl_file *file);

/* What was there when it began is durable at once; the caller hears of it later. */
static tl_status slow_sync(tl_io *io, tl_file *file)
{
    tl_status status = quick_sync(io, file);
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    return status;
}

bool what_was_synced_stays(uint64_t seed)
{
    gate *at = gate_create(NULL);
    tl_io *io = gate_io(at);
    tl_env_options options = committers_options(io);
    committer one;
    tl_env *env = NULL;
    tl_dice dice;
    tl_dice_init(&dice, seed);
    options.durability = TL_DURABILITY_ASYNC;
    options.async_ms = 1;
    bool good = tl_env_open("promise", &options, &env) == TL_OK;
    if (good) {
        quick_sync = io->fdatasync; /* no sync is under way: nothing was committed yet */
        io->fdatasync = slow_sync;
        committers_start(&one, 1, env, 20 + tl_dice_below(&dice, 2000));
        uint64_t number = committers_join(&one, 1);
        doze(&dice, 10000000); /* the thread's sync may end before ours begins */
        good = one.status == TL_OK && tl_env_sync(env) == TL_OK;
        gate_cut(at);
        tl_env_abandon(env);
        good = good && prefix_is_left(at, seed, number);
    }
    gate_destroy(at);
    return good;
}
