/* harness/drivers/tree.c -- our engine, through its public headers and nothing else.
 *
 * A tl_store_txn is a tl_txn and a tl_store_cursor is a tl_cursor under another name: these
 * calls add no wrapper, no allocation and no branch to what is measured.
 */
#include "harness/drivers/drivers.h"
#include "harness/drivers/files.h"
#include "harness/drivers/settings.h"
#include "harness/drivers/tree_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct tl_store {
    tl_env *env;
    tl_io *io; /* the disk the env is on: sizes of its files are asked there */
    char *dir;
};

static tl_txn *txn_of(tl_store_txn *txn)
{
    return (tl_txn *)txn;
}

static tl_cursor *cursor_of(tl_store_cursor *cursor)
{
    return (tl_cursor *)cursor;
}

static const char *tree_version(void)
{
    return "treelab " TL_DRIVERS_VERSION;
}

static void store_release(tl_store *store)
{
    free(store->dir);
    free(store);
}

static tl_status env_options_from(const tl_driver_options *options, tl_error *error,
                                  tl_env_options *env_options)
{
    *env_options = (tl_env_options){
        .flags = (options->read_only ? TL_OPEN_READ_ONLY : 0u) |
                 (options->deterministic ? TL_OPEN_DETERMINISTIC : 0u),
        .durability = options->durability,
        .page_bytes = options->page_bytes,
        .seed = options->seed,
        .map_bytes = options->map_bytes != 0 ? options->map_bytes : TL_DRIVER_MAP_BYTES,
        .io = options->io,
        .arena = options->arena,
        .memory = options->memory,
        .error = error,
    };
    return tl_settings_apply(&tl_tree_settings, "tree", options, env_options);
}

static tl_status tree_open(const tl_driver_options *options, tl_store **out)
{
    tl_error error = {.status = TL_OK};
    tl_env_options env_options;
    tl_status status = env_options_from(options, &error, &env_options);
    if (status != TL_OK)
        return status;
    char *path = NULL;
    tl_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return TL_NO_MEMORY;
    store->io = options->io != NULL ? options->io : tl_io_posix();
    store->dir = strdup(options->dir);
    path = tl_driver_path(options->dir, "tree.tl");
    status = TL_NO_MEMORY;
    if (store->dir == NULL || path == NULL)
        goto fail;
    status = tl_env_open(path, &env_options, &store->env);
    if (status != TL_OK)
        goto fail;
    free(path);
    *out = store;
    return TL_OK;

fail:
    tl_driver_explain(options, "%s", error.text[0] != '\0' ? error.text : tl_status_text(status));
    free(path);
    store_release(store);
    return status;
}

static tl_status tree_close(tl_store *store)
{
    tl_status status = tl_env_close(store->env);
    if (status != TL_BUSY) /* busy: nothing happened, the store is still open */
        store_release(store);
    return status;
}

static void tree_abandon(tl_store *store)
{
    tl_env_abandon(store->env);
    store_release(store);
}

static size_t tree_value_bytes_max(tl_store *store)
{
    tl_env_info info;
    tl_env_info_get(store->env, &info);
    return info.value_bytes_max;
}

static tl_status tree_begin(tl_store *store, bool read_only, tl_store_txn **txn)
{
    tl_txn *begun;
    /* Without TL_TXN_TRY: other threads' writers wait for their turn, the thread's own is BUSY. */
    tl_status status = tl_txn_begin(store->env, read_only ? TL_TXN_READ_ONLY : 0, &begun);
    if (status == TL_OK)
        *txn = (tl_store_txn *)begun;
    return status;
}

static tl_status tree_commit(tl_store_txn *txn)
{
    return tl_txn_commit(txn_of(txn));
}

static void tree_abort(tl_store_txn *txn)
{
    tl_txn_abort(txn_of(txn));
}

static tl_status tree_savepoint(tl_store_txn *txn, uint32_t *save)
{
    return tl_savepoint(txn_of(txn), save);
}

static tl_status tree_rollback(tl_store_txn *txn, uint32_t save)
{
    return tl_rollback_to(txn_of(txn), save);
}

static tl_status tree_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    return tl_get(txn_of(txn), TL_TREE_MAIN, key, value);
}

static tl_status tree_get_many(tl_store_txn *txn, const tl_slice *keys, size_t count,
                               tl_slice *values, size_t *found)
{
    return tl_get_many(txn_of(txn), TL_TREE_MAIN, keys, count, values, found);
}

static tl_status tree_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    return tl_put(txn_of(txn), TL_TREE_MAIN, key, value, flags);
}

static tl_status tree_del(tl_store_txn *txn, tl_slice key)
{
    return tl_del(txn_of(txn), TL_TREE_MAIN, key);
}

static tl_status tree_count(tl_store_txn *txn, uint64_t *count)
{
    return tl_count(txn_of(txn), TL_TREE_MAIN, count);
}

static tl_status tree_shape(tl_store_txn *txn, tl_shape *shape)
{
    return tl_tree_shape(txn_of(txn), TL_TREE_MAIN, shape);
}

tl_status tl_tree_scan(tl_txn *txn, tl_tree tree, tl_slice from, tl_scan_fn visit, void *context)
{
    tl_cursor *cursor;
    tl_status status = tl_cursor_open(txn, tree, &cursor);
    if (status != TL_OK)
        return status;
    tl_slice key, value;
    status = from.size_bytes == 0 ? tl_cursor_first(cursor, &key, &value)
                                  : tl_cursor_seek(cursor, from, &key, &value);
    while (status == TL_OK && visit(context, key, value))
        status = tl_cursor_next(cursor, &key, &value);
    tl_cursor_close(cursor);
    return status == TL_NOT_FOUND ? TL_OK : status; /* past the last record: the scan is done */
}

static tl_status tree_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    return tl_tree_scan(txn_of(txn), TL_TREE_MAIN, from, visit, context);
}

static tl_status tree_cursor_open(tl_store_txn *txn, tl_store_cursor **cursor)
{
    tl_cursor *opened;
    tl_status status = tl_cursor_open(txn_of(txn), TL_TREE_MAIN, &opened);
    if (status == TL_OK)
        *cursor = (tl_store_cursor *)opened;
    return status;
}

void tl_tree_cursor_close(tl_store_cursor *cursor)
{
    tl_cursor_close(cursor_of(cursor));
}

tl_status tl_tree_cursor_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return tl_cursor_first(cursor_of(cursor), key, value);
}

tl_status tl_tree_cursor_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return tl_cursor_last(cursor_of(cursor), key, value);
}

tl_status tl_tree_cursor_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key,
                              tl_slice *value)
{
    return tl_cursor_seek(cursor_of(cursor), from, key, value);
}

tl_status tl_tree_cursor_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return tl_cursor_next(cursor_of(cursor), key, value);
}

tl_status tl_tree_cursor_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return tl_cursor_prev(cursor_of(cursor), key, value);
}

tl_status tl_tree_cursor_del(tl_store_cursor *cursor)
{
    return tl_cursor_del(cursor_of(cursor));
}

static tl_status tree_compact(tl_store *store, uint64_t pages_max, bool *done)
{
    tl_compact_progress progress = {.done = false};
    tl_status status = tl_env_compact(store->env, (size_t)pages_max, &progress);
    if (status == TL_OK)
        *done = progress.done;
    return status;
}

static tl_status tree_checkpoint(tl_store *store)
{
    return tl_env_checkpoint(store->env);
}

typedef struct verify_tally { /* counts what it passes on */
    tl_report_fn report;
    void *context;
    uint64_t finding_count;
} verify_tally;

static bool verify_count(void *context, const tl_finding *finding)
{
    verify_tally *tally = context;
    tally->finding_count++;
    return tally->report == NULL || tally->report(tally->context, finding);
}

/* TL_CORRUPT with findings also sets the count: a caller that looks at either one notices. */
static tl_status tree_verify_content(tl_store *store, tl_report_fn report, void *context,
                                     uint64_t *finding_count, tl_driver_content *content)
{
    verify_tally tally = {report, context, 0};
    tl_verify_summary summary = {0};
    tl_status status = tl_verify(store->env, verify_count, &tally, &summary);
    if (status == TL_OK || status == TL_CORRUPT)
        *finding_count = tally.finding_count;
    if (status == TL_OK) {
        tl_env_info info;
        tl_env_info_get(store->env, &info);
        *content = (tl_driver_content){info.count, summary.content_hash};
    }
    return status;
}

static tl_status tree_verify(tl_store *store, tl_report_fn report, void *context,
                             uint64_t *finding_count)
{
    tl_driver_content content;
    return tree_verify_content(store, report, context, finding_count, &content);
}

static size_t tree_counters(tl_store *store, tl_driver_counter *counters, size_t capacity)
{
    static_assert(sizeof(tl_stats) == TL_STATS_COUNT * sizeof(uint64_t), "one field per row");
    tl_stats stats = {0};
    tl_env_stats(store->env, &stats);
    uint64_t values[TL_STATS_COUNT];
    memcpy(values, &stats, sizeof values);
    const tl_stats_row *rows = tl_stats_rows();
    for (size_t i = 0; i < TL_STATS_COUNT && i < capacity; i++)
        counters[i] = (tl_driver_counter){rows[i].name, rows[i].class_, rows[i].unit, values[i]};
    return TL_STATS_COUNT;
}

/* Add the size of one of the store's files; one that does not exist (yet) has none. */
static tl_status add_file_bytes(tl_store *store, const char *name, uint64_t *sum_bytes)
{
    char *path = tl_driver_path(store->dir, name);
    if (path == NULL)
        return TL_NO_MEMORY;
    tl_file *file;
    tl_status status = store->io->open(store->io, path, 0, &file);
    free(path);
    if (status == TL_NOT_FOUND)
        return TL_OK;
    if (status != TL_OK)
        return status;
    uint64_t size_bytes = 0;
    status = store->io->size(store->io, file, &size_bytes);
    store->io->close(store->io, file);
    *sum_bytes += size_bytes;
    return status;
}

static tl_status tree_space(tl_store *store, tl_driver_space *space)
{
    static const char *const names[] = {"tree.tl", "tree.log.0", "tree.log.1"};
    uint64_t file_bytes = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        tl_status status = add_file_bytes(store, names[i], &file_bytes);
        if (status != TL_OK)
            return status;
    }
    tl_env_info info;
    tl_env_info_get(store->env, &info);
    *space = (tl_driver_space){
        .file_bytes = file_bytes,
        .record_count = info.count,
        .free_bytes = info.pages_free * info.page_bytes,
        .page_bytes = info.page_bytes,
        .depth = info.depth,
    };
    return TL_OK;
}

#define TREE_CONTRACT(durability) [durability] = {TL_PROMISE_SAME, #durability, ""}

const tl_driver tl_driver_tree = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "tree",
    .summary = "treelab's own B+tree",
    .capabilities = TL_DRIVER_TRANSACTIONS | TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT |
                    TL_DRIVER_SIM_IO | TL_DRIVER_THREADS | TL_DRIVER_MEMORY,
    .contracts = {TREE_CONTRACT(TL_DURABILITY_COMMIT), TREE_CONTRACT(TL_DURABILITY_ASYNC),
                  TREE_CONTRACT(TL_DURABILITY_NONE)},
    .version = tree_version,
    .open = tree_open,
    .close = tree_close,
    .abandon = tree_abandon,
    .value_bytes_max = tree_value_bytes_max,
    .log_files = "tree.log. tree.lock",
    .begin = tree_begin,
    .commit = tree_commit,
    .abort = tree_abort,
    .get = tree_get,
    .get_many = tree_get_many,
    .put = tree_put,
    .del = tree_del,
    .count = tree_count,
    .scan = tree_scan,
    .cursor_open = tree_cursor_open,
    .cursor_close = tl_tree_cursor_close,
    .cursor_first = tl_tree_cursor_first,
    .cursor_last = tl_tree_cursor_last,
    .cursor_seek = tl_tree_cursor_seek,
    .cursor_next = tl_tree_cursor_next,
    .cursor_prev = tl_tree_cursor_prev,
    .cursor_del = tl_tree_cursor_del,
    .tree = tl_tree_view_enter,
    .leave = tl_tree_view_leave,
    .drop = tl_tree_view_drop,
    .views = &tl_tree_views,
    .upsert_sorted = tl_tree_main_upsert,
    .insert_sorted = tl_tree_main_insert,
    .bulk_load = tl_tree_main_load,
    .del_range = tl_tree_main_del_range,
    .count_range = tl_tree_main_count_range,
    .compact = tree_compact,
    .savepoint = tree_savepoint,
    .rollback = tree_rollback,
    .checkpoint = tree_checkpoint,
    .verify = tree_verify,
    .verify_content = tree_verify_content,
    .counters = tree_counters,
    .space = tree_space,
    .shape = tree_shape,
};
