/* harness/check/tests/ledger.c -- see ledger.h.
 *
 *   frame   sum:u64  size_bytes:u64  then operations
 *           {del:u8 key_bytes:u16 value_bytes:u16 key value}; at a multiple of 512 bytes
 *
 * Integers are in the host's order: the file lives and dies on a simulated disk.
 */
#include "harness/check/tests/ledger.h"

#include <stdio.h>
#include <string.h>

enum {
    HEADER_BYTES = 16,
    OP_BYTES = 5,
    FRAME_MAX = 1 << 17,
    GROWTH_BYTES = 4096,
    FILE_MAX = 1 << 20,
    SCRATCH_BYTES = 1 << 16
};

typedef struct record {
    struct record *next; /* ascending keys */
    size_t key_bytes, value_bytes;
    uint8_t bytes[]; /* key, then value */
} record;

typedef struct state { /* of one commit; immutable once published */
    record *first;
    size_t users, count;
} state;

struct tl_store {
    tl_io *io;
    tl_memory *memory;
    tl_file *file, *lock;
    state *now;
    uint64_t end;
    tl_durability durability;
    ledger_bug bug;
    tl_status refuses; /* commits, since something failed */
    unsigned refusals;
    bool failed;
};

struct tl_store_txn {
    tl_store *store;
    state *seen;
    bool read_only;
    size_t size_bytes;
    uint8_t frame[]; /* of a write txn: FRAME_MAX bytes */
};

static ledger_bug selected;

void ledger_select(ledger_bug bug)
{
    selected = bug;
}

static tl_status told(const tl_store *store, tl_status status)
{
    return status != TL_OK && store->bug == LEDGER_WRONG_STATUS ? TL_CORRUPT : status;
}

static void *take(tl_memory *memory, size_t size_bytes)
{
    return memory->allocate(memory, size_bytes);
}

static size_t record_size(const record *of)
{
    return sizeof *of + of->key_bytes + of->value_bytes;
}

static void state_release(tl_memory *memory, state *gone)
{
    if (gone == NULL || --gone->users != 0)
        return;
    for (record *at = gone->first, *next; at != NULL; at = next) {
        next = at->next;
        memory->release(memory, at, record_size(at));
    }
    memory->release(memory, gone, sizeof *gone);
}

static int order_of(const record *at, tl_slice key)
{
    size_t common = at->key_bytes < key.size_bytes ? at->key_bytes : key.size_bytes;
    int order = memcmp(at->bytes, key.data, common);
    return order != 0 ? order : (at->key_bytes > key.size_bytes) - (at->key_bytes < key.size_bytes);
}

static record **place_of(state *in, tl_slice key, bool *there)
{
    record **at = &in->first;
    while (*at != NULL && order_of(*at, key) < 0)
        at = &(*at)->next;
    *there = *at != NULL && order_of(*at, key) == 0;
    return at;
}

static tl_status state_del(tl_memory *memory, state *in, tl_slice key)
{
    bool there;
    record **at = place_of(in, key, &there);
    if (!there)
        return TL_NOT_FOUND;
    record *gone = *at;
    *at = gone->next;
    in->count--;
    memory->release(memory, gone, record_size(gone));
    return TL_OK;
}

static tl_status state_put(tl_memory *memory, state *in, tl_slice key, tl_slice value)
{
    bool there;
    record *made = take(memory, sizeof *made + key.size_bytes + value.size_bytes);
    if (made == NULL)
        return TL_NO_MEMORY;
    made->key_bytes = key.size_bytes;
    made->value_bytes = value.size_bytes;
    memcpy(made->bytes, key.data, key.size_bytes);
    if (value.size_bytes != 0)
        memcpy(made->bytes + key.size_bytes, value.data, value.size_bytes);
    (void)state_del(memory, in, key);
    record **at = place_of(in, key, &there);
    made->next = *at;
    *at = made;
    in->count++;
    return TL_OK;
}

static state *state_copy(tl_memory *memory, const state *from)
{
    state *made = take(memory, sizeof *made);
    if (made == NULL)
        return NULL;
    *made = (state){.users = 1};
    record **end = &made->first;
    for (const record *at = from == NULL ? NULL : from->first; at != NULL; at = at->next) {
        record *twin = take(memory, record_size(at));
        if (twin == NULL) {
            state_release(memory, made);
            return NULL;
        }
        memcpy(twin, at, record_size(at));
        twin->next = NULL;
        *end = twin;
        end = &twin->next;
        made->count++;
    }
    return made;
}

static uint64_t sum_of(const uint8_t *bytes, size_t size_bytes)
{
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < size_bytes; i++)
        sum = (sum ^ bytes[i]) * 1099511628211u;
    return sum;
}

static tl_status frame_apply(tl_store *store, const uint8_t *ops, size_t size_bytes)
{
    for (size_t at = 0; at + OP_BYTES <= size_bytes;) {
        uint16_t sizes[2];
        memcpy(sizes, ops + at + 1, sizeof sizes);
        tl_slice key = {ops + at + OP_BYTES, sizes[0]},
                 value = {ops + at + OP_BYTES + sizes[0], sizes[1]};
        tl_status status = ops[at] != 0 ? state_del(store->memory, store->now, key)
                                        : state_put(store->memory, store->now, key, value);
        if (status == TL_NO_MEMORY)
            return status;
        at += (size_t)OP_BYTES + sizes[0] + sizes[1];
    }
    return TL_OK;
}

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + 511) / 512 * 512;
}

/* Replay `size` bytes of file; store->end is behind the last whole frame. */
static tl_status replay(tl_store *store, const uint8_t *bytes, uint64_t size)
{
    uint64_t at = 0;
    tl_status status = TL_OK;
    while (status == TL_OK && at + HEADER_BYTES <= size) {
        uint64_t header[2];
        memcpy(header, bytes + at, sizeof header);
        const uint8_t *ops = bytes + at + HEADER_BYTES;
        bool whole = header[1] != 0 && header[1] <= size - at - HEADER_BYTES &&
                     sum_of(ops, (size_t)header[1]) == header[0];
        if (!whole && store->bug != LEDGER_SKIPS_HOLES)
            break;
        if (whole)
            status = frame_apply(store, ops, (size_t)header[1]);
        at += whole ? round_up(HEADER_BYTES + header[1]) : 512;
        if (whole)
            store->end = at;
    }
    return status;
}

/* Read it all, write it all again, cut it, sync it: what it shows is then on the disk. */
static tl_status recover(tl_store *store, uint8_t *bytes)
{
    tl_io *io = store->io;
    uint64_t size = 0;
    size_t got = 0;
    tl_status status = io->size(io, store->file, &size);
    if (status == TL_OK)
        status = io->pread(io, store->file, 0, bytes, FILE_MAX, &got);
    if (status == TL_OK)
        status = replay(store, bytes, got);
    if (status == TL_OK && store->end != 0 && store->bug != LEDGER_TRUSTS_CACHE)
        status = io->pwritev(io, store->file, 0, &(tl_io_span){bytes, (size_t)store->end}, 1);
    if (status == TL_OK)
        status = io->truncate(io, store->file, store->end);
    return status == TL_OK ? io->fdatasync(io, store->file) : status;
}

static tl_status file_open(tl_store *store)
{
    tl_io *io = store->io;
    uint64_t holder = 0;
    tl_status status = io->lock(io, "db/ledger.lock", true, &store->lock, &holder);
    if (status == TL_OK)
        status = io->open(io, "db/ledger", TL_IO_WRITE, &store->file);
    if (status != TL_NOT_FOUND)
        return status;
    status = io->unlink(io, "db/ledger.new"); /* of a creator that was interrupted */
    if (status == TL_OK || status == TL_NOT_FOUND)
        status = io->open(io, "db/ledger.new", TL_IO_WRITE | TL_IO_CREATE, &store->file);
    return status == TL_OK ? io->rename(io, "db/ledger.new", "db/ledger") : status;
}

static void store_free(tl_store *store)
{
    tl_memory *memory = store->memory;
    if (store->file != NULL)
        store->io->close(store->io, store->file);
    if (store->lock != NULL)
        store->io->close(store->io, store->lock);
    state_release(memory, store->now);
    memory->release(memory, store, sizeof *store);
}

static tl_status ledger_open(const tl_driver_options *options, tl_store **out)
{
    tl_memory *memory = options->memory != NULL ? options->memory : tl_memory_default();
    tl_store *store = take(memory, sizeof *store);
    if (store == NULL)
        return selected == LEDGER_WRONG_STATUS ? TL_CORRUPT : TL_NO_MEMORY;
    *store = (tl_store){
        .io = options->io, .memory = memory, .durability = options->durability, .bug = selected};
    store->now = state_copy(memory, NULL);
    uint8_t *bytes = take(memory, FILE_MAX);
    tl_status status = store->now == NULL || bytes == NULL ? TL_NO_MEMORY : file_open(store);
    if (status == TL_OK)
        status = recover(store, bytes);
    if (status == TL_OK)
        status = store->io->fsync_dir(store->io, "db");
    memory->release(memory, bytes, FILE_MAX);
    if (status == TL_OK) {
        *out = store;
        return TL_OK;
    }
    status = told(store, status);
    if (store->bug == LEDGER_LEAKS_FILE)
        store->file = NULL;
    store_free(store);
    return status;
}

static void ledger_abandon(tl_store *store)
{
    store_free(store);
}

static tl_status ledger_close(tl_store *store)
{
    tl_file *file = NULL;
    if (store->bug == LEDGER_LEAVES_SCRATCH && store->failed &&
        store->io->open(store->io, "db/scratch", TL_IO_WRITE | TL_IO_CREATE, &file) == TL_OK) {
        (void)!store->io->fallocate(store->io, file, 0, SCRATCH_BYTES);
        store->io->close(store->io, file);
    }
    if (store->bug == LEDGER_STAYS_BUSY && store->failed)
        return TL_BUSY;
    store_free(store);
    return TL_OK;
}

/* Something failed: what the next writers are told. */
static void note_failure(tl_store *store, tl_status status)
{
    store->failed = true;
    bool full = status == TL_NO_SPACE || status == TL_NO_MEMORY;
    if ((full && store->bug != LEDGER_FULL_FOR_EVER) || store->bug == LEDGER_GOES_ON)
        return;
    store->refuses = store->bug == LEDGER_WRONG_STATUS ? TL_CORRUPT : TL_POISONED;
}

static tl_status ledger_begin(tl_store *store, bool read_only, tl_store_txn **out)
{
    if (store->failed && store->bug == LEDGER_NO_MORE_READS)
        return TL_POISONED;
    if (store->bug == LEDGER_FLAPS && !read_only && store->refuses != TL_OK &&
        ++store->refusals > 1)
        store->refuses = TL_OK;
    if (!read_only && store->refuses != TL_OK)
        return store->refuses;
    size_t size_bytes = sizeof(tl_store_txn) + (read_only ? 0 : FRAME_MAX);
    tl_store_txn *txn = take(store->memory, size_bytes);
    if (txn == NULL)
        return told(store, TL_NO_MEMORY);
    *txn = (tl_store_txn){.store = store, .read_only = read_only, .seen = store->now};
    if (read_only)
        store->now->users++;
    else
        txn->seen = state_copy(store->memory, store->now);
    if (txn->seen == NULL) {
        store->memory->release(store->memory, txn, size_bytes);
        return told(store, TL_NO_MEMORY);
    }
    *out = txn;
    return TL_OK;
}

static void txn_end(tl_store_txn *txn)
{
    tl_store *store = txn->store;
    state_release(store->memory, txn->seen);
    store->memory->release(store->memory, txn,
                           sizeof(tl_store_txn) + (txn->read_only ? 0 : FRAME_MAX));
}

static tl_status frame_sync(tl_store *store)
{
    tl_io *io = store->io;
    if (store->durability != TL_DURABILITY_COMMIT)
        return TL_OK;
    tl_status status = io->fdatasync(io, store->file);
    if (status != TL_OK && store->bug == LEDGER_RETRIES_SYNC)
        status = io->fdatasync(io, store->file);
    return store->bug == LEDGER_IGNORES_SYNC ? TL_OK : status;
}

static tl_status frame_append(tl_store *store, const tl_store_txn *txn)
{
    tl_io *io = store->io;
    uint64_t header[2] = {sum_of(txn->frame, txn->size_bytes), txn->size_bytes};
    uint64_t end = store->end + round_up(HEADER_BYTES + txn->size_bytes), size = 0;
    tl_io_span spans[2] = {
        {header,     sizeof header  },
        {txn->frame, txn->size_bytes}
    };
    tl_status status = io->size(io, store->file, &size);
    if (status == TL_OK && end > size) /* a frame's room comes first: then no write finds none */
        status = io->fallocate(io, store->file, size, end + GROWTH_BYTES - size);
    if (status == TL_OK)
        status = io->pwritev(io, store->file, store->end, spans, 2);
    if (status == TL_NO_SPACE && store->bug == LEDGER_IGNORES_FULL)
        status = TL_OK;
    bool written = status == TL_OK;
    if (status == TL_OK)
        status = frame_sync(store);
    if (status == TL_OK || (written && store->bug == LEDGER_GOES_ON))
        store->end = end;
    return status;
}

static void misbehave(tl_store *store, tl_store_txn *txn)
{
    if (store->bug == LEDGER_LEAKS_MEMORY)
        (void)!take(store->memory, 10);
    if (store->bug == LEDGER_SHOWS_REFUSED) {
        state *old = store->now;
        store->now = txn->seen;
        txn->seen = old;
    }
    if (store->bug == LEDGER_LOSES_SNAPSHOT && store->now->first != NULL)
        (void)state_put(store->memory, store->now, (tl_slice){"!", 1}, (tl_slice){"!", 1});
}

static tl_status ledger_commit(tl_store_txn *txn)
{
    tl_store *store = txn->store;
    tl_status status = txn->read_only ? TL_OK : frame_append(store, txn);
    if (status != TL_OK) {
        note_failure(store, status);
        misbehave(store, txn);
    } else if (!txn->read_only) {
        state *old = store->now;
        store->now = txn->seen;
        txn->seen = old;
    }
    txn_end(txn);
    return told(store, status);
}

static tl_status txn_append(tl_store_txn *txn, bool del, tl_slice key, tl_slice value)
{
    size_t wanted = OP_BYTES + key.size_bytes + value.size_bytes;
    uint16_t sizes[2] = {(uint16_t)key.size_bytes, (uint16_t)value.size_bytes};
    if (txn->size_bytes + wanted > FRAME_MAX)
        return TL_INVALID;
    uint8_t *out = txn->frame + txn->size_bytes;
    out[0] = del;
    memcpy(out + 1, sizes, sizeof sizes);
    memcpy(out + OP_BYTES, key.data, key.size_bytes);
    if (value.size_bytes != 0)
        memcpy(out + OP_BYTES + key.size_bytes, value.data, value.size_bytes);
    txn->size_bytes += wanted;
    return TL_OK;
}

static tl_status ledger_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    (void)flags;
    tl_status status = state_put(txn->store->memory, txn->seen, key, value);
    return status == TL_OK ? txn_append(txn, false, key, value) : told(txn->store, status);
}

static tl_status ledger_del(tl_store_txn *txn, tl_slice key)
{
    tl_status status = state_del(txn->store->memory, txn->seen, key);
    return status == TL_OK ? txn_append(txn, true, key, (tl_slice){NULL, 0}) : status;
}

static tl_status ledger_count(tl_store_txn *txn, uint64_t *count)
{
    *count = txn->seen->count;
    return TL_OK;
}

static tl_status ledger_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    if (txn->store->failed && txn->store->bug == LEDGER_NO_MORE_READS)
        return TL_POISONED;
    for (const record *at = txn->seen->first; at != NULL; at = at->next)
        if ((from.size_bytes == 0 || order_of(at, from) >= 0) &&
            !visit(context, (tl_slice){at->bytes, at->key_bytes},
                   (tl_slice){at->bytes + at->key_bytes, at->value_bytes}))
            break;
    return TL_OK;
}

static const char *ledger_version(void)
{
    return "ledger 1";
}

const tl_driver ledger_driver = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "ledger",
    .summary = "immutable states and a file of frames",
    .capabilities = TL_DRIVER_TRANSACTIONS | TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT |
                    TL_DRIVER_SIM_IO | TL_DRIVER_MEMORY,
    .version = ledger_version,
    .open = ledger_open,
    .close = ledger_close,
    .abandon = ledger_abandon,
    .begin = ledger_begin,
    .commit = ledger_commit,
    .abort = txn_end,
    .put = ledger_put,
    .del = ledger_del,
    .count = ledger_count,
    .scan = ledger_scan,
};
