/* harness/check/tests/toy.c -- see toy.h.
 *
 *   frame   sum:u64  size_bytes:u64  then operations  {del:u8 key_bytes:u16 value_bytes:u16 key
 * value}
 *
 * Integers are in the host's order: the file lives and dies on a simulated disk.
 */
#include "harness/check/tests/toy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_HEADER_BYTES = 16, OP_HEADER_BYTES = 5, BUFFER_BYTES = 1 << 18, RECORDS_MAX = 4096 };
static const char magic[] = "toy file";

typedef struct toy_record {
    uint8_t *bytes; /* key, then value */
    size_t key_bytes, value_bytes;
} toy_record;

struct tl_store {
    tl_io *io;
    tl_file *log;
    char path[128], dir[128];
    uint64_t end; /* where the next frame goes */
    tl_durability durability;
    toy_bug bug;
    bool recovered;
    unsigned commit_count;
    toy_record records[RECORDS_MAX];
    size_t record_count;
};

struct tl_store_txn {
    tl_store *store;
    bool read_only;
    size_t size_bytes;
    uint8_t frame[BUFFER_BYTES];
};

static toy_bug selected;

void toy_select(toy_bug bug)
{
    selected = bug;
}

static const char *toy_version(void)
{
    return "toy 1";
}

static uint64_t toy_sum(const uint8_t *bytes, size_t size_bytes)
{
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < size_bytes; i++)
        sum = (sum ^ bytes[i]) * 1099511628211u;
    return sum;
}

static size_t place_of(const tl_store *store, tl_slice key, bool *there)
{
    size_t low = 0, high = store->record_count;
    *there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const toy_record *record = &store->records[middle];
        size_t common = record->key_bytes < key.size_bytes ? record->key_bytes : key.size_bytes;
        int order = memcmp(record->bytes, key.data, common);
        if (order == 0 && record->key_bytes == key.size_bytes) {
            *there = true;
            return middle;
        }
        if (order < 0 || (order == 0 && record->key_bytes < key.size_bytes))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static tl_status map_put(tl_store *store, tl_slice key, tl_slice value)
{
    bool there;
    size_t place = place_of(store, key, &there);
    if (!there && store->record_count == RECORDS_MAX)
        return TL_NO_SPACE;
    uint8_t *bytes = malloc(key.size_bytes + value.size_bytes + 1);
    if (bytes == NULL)
        return TL_NO_MEMORY;
    memcpy(bytes, key.data, key.size_bytes);
    memcpy(bytes + key.size_bytes, value.data, value.size_bytes);
    if (there) {
        free(store->records[place].bytes);
    } else {
        memmove(store->records + place + 1, store->records + place,
                (store->record_count - place) * sizeof(toy_record));
        store->record_count++;
    }
    store->records[place] = (toy_record){bytes, key.size_bytes, value.size_bytes};
    return TL_OK;
}

static tl_status map_del(tl_store *store, tl_slice key)
{
    bool there;
    size_t place = place_of(store, key, &there);
    if (!there)
        return TL_NOT_FOUND;
    free(store->records[place].bytes);
    memmove(store->records + place, store->records + place + 1,
            (store->record_count - place - 1) * sizeof(toy_record));
    store->record_count--;
    return TL_OK;
}

static void map_clear(tl_store *store)
{
    for (size_t i = 0; i < store->record_count; i++)
        free(store->records[i].bytes);
    store->record_count = 0;
}

/* Apply the operations of a frame as far as they make sense. */
static tl_status frame_apply(tl_store *store, const uint8_t *ops, size_t size_bytes)
{
    size_t at = 0;
    while (at + OP_HEADER_BYTES <= size_bytes) {
        uint16_t key_bytes, value_bytes;
        memcpy(&key_bytes, ops + at + 1, 2);
        memcpy(&value_bytes, ops + at + 3, 2);
        const uint8_t *body = ops + at + OP_HEADER_BYTES;
        if (key_bytes == 0 || at + OP_HEADER_BYTES + key_bytes + value_bytes > size_bytes)
            return TL_OK;
        tl_slice key = {body, key_bytes}, value = {body + key_bytes, value_bytes};
        tl_status status = ops[at] != 0 ? map_del(store, key) : map_put(store, key, value);
        if (status != TL_OK && status != TL_NOT_FOUND)
            return status;
        at += (size_t)(OP_HEADER_BYTES + key_bytes + value_bytes);
    }
    return TL_OK;
}

static bool frame_is_whole(void *context, const void *bytes, size_t size_bytes)
{
    return toy_sum(bytes, size_bytes) == *(const uint64_t *)context;
}

/* Read a frame's operations; *whole tells whether they are to be believed. */
static tl_status frame_read(tl_store *store, uint64_t at, uint64_t sum, uint8_t *ops,
                            size_t size_bytes, bool *whole)
{
    tl_io *io = store->io;
    memset(ops, 0, size_bytes);
    *whole = true;
    if (store->bug != TOY_NO_CHECKSUM && store->bug != TOY_TRUSTS_ORDER) {
        tl_status status =
            io->read_verified(io, store->log, at, ops, size_bytes, frame_is_whole, &sum);
        *whole = status == TL_OK;
        return status == TL_CORRUPT ? TL_OK : status;
    }
    size_t got = 0;
    return io->pread(io, store->log, at, ops, size_bytes, &got);
}

static tl_status log_replay(tl_store *store)
{
    static uint8_t buffer[BUFFER_BYTES];
    uint64_t size = 0;
    tl_status status = store->io->size(store->io, store->log, &size);
    store->end = sizeof magic;
    while (status == TL_OK && store->end + FRAME_HEADER_BYTES <= size) {
        uint64_t header[2];
        size_t got = 0;
        status = store->io->pread(store->io, store->log, store->end, header, sizeof header, &got);
        uint64_t body = store->end + FRAME_HEADER_BYTES;
        if (status != TL_OK || header[1] == 0 || header[1] > BUFFER_BYTES)
            break;
        bool whole = false;
        status = frame_read(store, body, header[0], buffer, header[1], &whole);
        if (status != TL_OK || !whole)
            break;
        status = frame_apply(store, buffer, header[1]);
        store->end = body + header[1];
    }
    if (store->bug == TOY_APPENDS_BEHIND_TEAR && size > store->end)
        store->end = size;
    return status;
}

static tl_status file_create(tl_store *store)
{
    char temporary[160];
    snprintf(temporary, sizeof temporary, "%s.tmp", store->path);
    tl_io *io = store->io;
    tl_file *file = NULL;
    tl_status status = io->open(io, temporary, TL_IO_WRITE | TL_IO_CREATE, &file);
    if (status != TL_OK)
        return status;
    tl_io_span span = {magic, sizeof magic};
    if (store->bug == TOY_RENAME_FIRST)
        status = io->rename(io, temporary, store->path);
    if (status == TL_OK && store->bug == TOY_RENAME_FIRST)
        status = io->fsync_dir(io, store->dir);
    if (status == TL_OK)
        status = io->pwritev(io, file, 0, &span, 1);
    if (status == TL_OK)
        status = io->fdatasync(io, file);
    if (status == TL_OK && store->bug != TOY_RENAME_FIRST)
        status = io->rename(io, temporary, store->path);
    if (status == TL_OK && store->bug != TOY_NO_DIR_SYNC)
        status = io->fsync_dir(io, store->dir);
    io->close(io, file);
    return status;
}

static tl_status toy_recover(tl_store *store)
{
    static unsigned recoveries;
    tl_io *io = store->io;
    char begin[sizeof magic] = "";
    size_t got = 0;
    if (store->bug == TOY_FORGETFUL && ++recoveries % 3 == 0) {
        tl_status again = io->pread(io, store->log, 0, begin, sizeof begin, &got);
        if (again != TL_OK)
            return again;
    }
    tl_status status = io->pread(io, store->log, 0, begin, sizeof begin, &got);
    if (status == TL_OK && (got != sizeof begin || memcmp(begin, magic, sizeof begin) != 0))
        status = TL_CORRUPT;
    if (status == TL_OK)
        status = log_replay(store);
    if (status == TL_OK && store->bug != TOY_APPENDS_BEHIND_TEAR)
        status = io->truncate(io, store->log, store->end);
    if (status == TL_OK && store->bug != TOY_NO_RECOVERY_SYNC)
        status = io->fdatasync(io, store->log);
    if (status == TL_OK && store->bug != TOY_NO_RECOVERY_SYNC)
        status = io->fsync_dir(io, store->dir); /* the creator may have died before its own */
    store->recovered = true;
    return status;
}

static void store_free(tl_store *store)
{
    if (store->log != NULL)
        store->io->close(store->io, store->log);
    map_clear(store);
    free(store);
}

static tl_status toy_open(const tl_driver_options *options, tl_store **out)
{
    tl_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return TL_NO_MEMORY;
    store->io = options->io;
    store->durability = options->durability;
    store->bug = selected;
    snprintf(store->dir, sizeof store->dir, "%s", options->dir);
    snprintf(store->path, sizeof store->path, "%s/toy.log", options->dir);
    tl_status status = store->io->open(store->io, store->path, TL_IO_WRITE, &store->log);
    if (status == TL_NOT_FOUND) {
        status = file_create(store);
        if (status == TL_OK)
            status = store->io->open(store->io, store->path, TL_IO_WRITE, &store->log);
        store->end = sizeof magic;
    } else if (status == TL_OK) {
        status = toy_recover(store);
    }
    if (status != TL_OK) {
        store_free(store);
        return status;
    }
    *out = store;
    return TL_OK;
}

static void toy_abandon(tl_store *store)
{
    store_free(store);
}

static tl_status toy_close(tl_store *store)
{
    store_free(store);
    return TL_OK;
}

static tl_status toy_begin(tl_store *store, bool read_only, tl_store_txn **out)
{
    if (!read_only && store->recovered && store->bug == TOY_REFUSES_WRITES)
        return TL_POISONED;
    tl_store_txn *txn = malloc(sizeof *txn);
    if (txn == NULL)
        return TL_NO_MEMORY;
    txn->store = store;
    txn->read_only = read_only;
    txn->size_bytes = 0;
    *out = txn;
    return TL_OK;
}

static void toy_abort(tl_store_txn *txn)
{
    if (!txn->read_only) { /* what was applied is undone by reading the log again */
        map_clear(txn->store);
        (void)log_replay(txn->store);
    }
    free(txn);
}

static tl_status frame_append(tl_store *store, const uint8_t *ops, size_t size_bytes)
{
    uint64_t header[2] = {toy_sum(ops, size_bytes), size_bytes};
    tl_io_span spans[2] = {
        {header, sizeof header},
        {ops,    size_bytes   }
    };
    uint64_t body = store->end + FRAME_HEADER_BYTES;
    bool apart = store->bug == TOY_TRUSTS_ORDER; /* the header behind what it speaks of */
    tl_status status = TL_OK;
    if (apart)
        status = store->io->pwritev(store->io, store->log, body, spans + 1, 1);
    if (status == TL_OK)
        status = store->io->pwritev(store->io, store->log, store->end, spans, apart ? 1 : 2);
    if (status != TL_OK)
        return status;
    store->end += FRAME_HEADER_BYTES + size_bytes;
    if (store->durability != TL_DURABILITY_COMMIT || store->bug == TOY_NO_SYNC)
        return TL_OK;
    return store->io->fdatasync(store->io, store->log);
}

static size_t first_op_bytes(const uint8_t *ops)
{
    uint16_t key_bytes, value_bytes;
    memcpy(&key_bytes, ops + 1, 2);
    memcpy(&value_bytes, ops + 3, 2);
    return OP_HEADER_BYTES + (size_t)key_bytes + value_bytes;
}

static tl_status toy_commit(tl_store_txn *txn)
{
    tl_store *store = txn->store;
    tl_status status = TL_OK;
    bool drop = store->bug == TOY_DROPS_COMMIT && ++store->commit_count == 7;
    size_t cut = store->bug == TOY_COMMITS_TWICE ? first_op_bytes(txn->frame) : 0;
    if (!txn->read_only && cut > 0 && cut < txn->size_bytes)
        status = frame_append(store, txn->frame, cut);
    else
        cut = 0;
    if (status == TL_OK && !txn->read_only && !drop)
        status = frame_append(store, txn->frame + cut, txn->size_bytes - cut);
    free(txn);
    return status;
}

static tl_status txn_append(tl_store_txn *txn, bool del, tl_slice key, tl_slice value)
{
    size_t wanted = OP_HEADER_BYTES + key.size_bytes + value.size_bytes;
    if (txn->size_bytes + wanted > BUFFER_BYTES)
        return TL_NO_SPACE;
    uint8_t *out = txn->frame + txn->size_bytes;
    uint16_t sizes[2] = {(uint16_t)key.size_bytes, (uint16_t)value.size_bytes};
    out[0] = del;
    memcpy(out + 1, sizes, 4);
    memcpy(out + OP_HEADER_BYTES, key.data, key.size_bytes);
    if (value.size_bytes != 0)
        memcpy(out + OP_HEADER_BYTES + key.size_bytes, value.data, value.size_bytes);
    txn->size_bytes += wanted;
    return TL_OK;
}

static tl_status toy_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    (void)flags;
    tl_status status = map_put(txn->store, key, value);
    return status == TL_OK ? txn_append(txn, false, key, value) : status;
}

static tl_status toy_del(tl_store_txn *txn, tl_slice key)
{
    tl_status status = map_del(txn->store, key);
    return status == TL_OK ? txn_append(txn, true, key, (tl_slice){NULL, 0}) : status;
}

static tl_status toy_count(tl_store_txn *txn, uint64_t *count)
{
    *count = txn->store->record_count;
    return TL_OK;
}

static tl_status toy_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    bool there;
    tl_store *store = txn->store;
    size_t i = from.size_bytes == 0 ? 0 : place_of(store, from, &there);
    for (; i < store->record_count; i++) {
        const toy_record *record = &store->records[i];
        if (!visit(context, (tl_slice){record->bytes, record->key_bytes},
                   (tl_slice){record->bytes + record->key_bytes, record->value_bytes}))
            break;
    }
    return TL_OK;
}

const tl_driver toy_driver = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "toy",
    .summary = "a sorted array and a log",
    .capabilities = TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT | TL_DRIVER_SIM_IO,
    .version = toy_version,
    .open = toy_open,
    .close = toy_close,
    .abandon = toy_abandon,
    .begin = toy_begin,
    .commit = toy_commit,
    .abort = toy_abort,
    .put = toy_put,
    .del = toy_del,
    .count = toy_count,
    .scan = toy_scan,
};
