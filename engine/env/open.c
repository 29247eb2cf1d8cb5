/* engine/env/open.c -- opening, closing and abandoning an env. */
#include "engine/base/checksum.h"
#include "engine/base/mutant.h"
#include "engine/env/value.h"

#include <string.h>

static tl_status lock_take(tl_env *env)
{
    tl_io *io = env->pager.io;
    uint64_t holder = 0;
    bool read_only = env->pager.read_only;
    tl_status status = io->lock(io, env->paths.lock, !read_only, &env->lock, &holder);
    if (status == TL_NOT_FOUND && read_only)
        return TL_OK; /* nobody ever locked it: a copy, or nothing at all */
    if (status == TL_NOT_FOUND)
        return tl_pager_fail(&env->pager, TL_NOT_FOUND, 0, "directory '%s' does not exist",
                             env->paths.dir);
    if (status == TL_BUSY)
        return tl_pager_fail(&env->pager, TL_BUSY, 0,
                             "'%s' is held by process %llu; close it first", env->paths.lock,
                             (unsigned long long)holder);
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(&env->pager, status, 0, "'%s' could not be locked: %s",
                                           env->paths.lock, tl_status_text(status));
}

/* Open x.tl, creating the database when it is absent and that is allowed. */
static tl_status page_file_open(tl_env *env, const tl_meta *fresh, uint64_t log_bytes,
                                tl_file **file)
{
    tl_io *io = env->pager.io;
    bool read_only = env->pager.read_only;
    unsigned flags = TL_IO_LOCK | (read_only ? 0 : TL_IO_WRITE);
    tl_status status = io->open(io, env->paths.page, flags, file);
    if (status == TL_NOT_FOUND && !read_only && (env->flags & TL_OPEN_NO_CREATE) == 0) {
        status = tl_env_create_files(env, fresh, log_bytes);
        if (status != TL_OK)
            return status;
        status = io->open(io, env->paths.page, flags, file);
    }
    if (status == TL_NOT_FOUND)
        return tl_pager_fail(&env->pager, status, 0, "there is no database at '%s'",
                             env->paths.page);
    if (status == TL_BUSY)
        return tl_pager_fail(&env->pager, status, 0,
                             "'%s' is open elsewhere, under another name or a removed lock file",
                             env->paths.page);
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(&env->pager, status, 0, "'%s' could not be opened: %s",
                                           env->paths.page, tl_status_text(status));
}

/* A meta says only sizes that were durable before it, and no log file is ever shortened: frames may
 * have been in what is missing. */
static tl_status log_file_measure(tl_env *env, unsigned file_no)
{
    uint64_t size = 0, least = env->meta.log_bytes[file_no];
    tl_status status = env->pager.io->size(env->pager.io, env->log.files[file_no], &size);
    atomic_store(&env->log.sizes[file_no], size);
    atomic_store(&env->log.sizes_synced[file_no], least);
    if (status == TL_OK && size < least)
        return tl_pager_fail(&env->pager, TL_CORRUPT, 0,
                             "'%s' was cut short: %llu of %llu bytes; commits may be missing",
                             env->paths.log[file_no], (unsigned long long)size,
                             (unsigned long long)least);
    return status;
}

/* A seeded bug's: a log file that is not there is made anew, as creation makes it. */
static tl_status log_file_invent(tl_env *env, unsigned file_no)
{
    tl_io *io = env->pager.io;
    uint8_t block[TL_LOG_HEADER_BYTES];
    tl_file **file = &env->log.files[file_no];
    tl_log_header_encode(block, env->meta.uuid, file_no);
    tl_status status = io->open(io, env->paths.log[file_no], TL_IO_WRITE | TL_IO_CREATE, file);
    if (status == TL_OK)
        status = io->pwritev(io, *file, 0, &(tl_io_span){block, sizeof block}, 1);
    if (status == TL_OK && env->meta.log_bytes[file_no] > sizeof block)
        status = io->truncate(io, *file, env->meta.log_bytes[file_no]);
    return status;
}

static tl_status log_files_open(tl_env *env)
{
    tl_io *io = env->pager.io;
    env->log.origin = tl_crc32c(0, env->meta.uuid, sizeof env->meta.uuid);
    unsigned flags = env->pager.read_only ? 0 : TL_IO_WRITE;
    for (unsigned i = 0; i < 2; i++) {
        tl_status status = io->open(io, env->paths.log[i], flags, &env->log.files[i]);
        if (status == TL_NOT_FOUND && TL_MUTANT(missing_log_is_empty))
            status = log_file_invent(env, i);
        if (status == TL_NOT_FOUND)
            return tl_pager_fail(&env->pager, TL_CORRUPT, 0,
                                 "'%s' is missing: commits may be in it", env->paths.log[i]);
        if (status == TL_OK)
            status = tl_log_header_check(io, env->log.files[i], env->meta.uuid, i);
        if (status != TL_OK)
            return tl_pager_fail(&env->pager, status, 0, "'%s' is not the log of this database: %s",
                                 env->paths.log[i], tl_status_text(status));
        status = log_file_measure(env, i);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* The file holds every page of its checkpoint; it may be longer, never shorter. */
static tl_status page_file_measure(tl_env *env)
{
    uint64_t size = 0, least = env->meta.page_count * env->meta.page_bytes;
    tl_status status = env->pager.io->size(env->pager.io, env->pager.file, &size);
    if (status == TL_OK && size < least)
        return tl_pager_fail(&env->pager, TL_CORRUPT, 0, "'%s' was cut short: %llu of %llu bytes",
                             env->paths.page, (unsigned long long)size, (unsigned long long)least);
    return status;
}

/* The rows were found with the options; what they need is known with the page size. */
static tl_status strategies_open(tl_env *env)
{
    tl_strategy_config config = {.page_bytes = env->pager.page_bytes,
                                 .max_key_bytes = env->pager.max_key_bytes,
                                 .seed = env->seed,
                                 .memory = env->pager.memory};
    tl_status status = tl_split_open(&env->writer.split, &config);
    return status == TL_OK ? tl_fill_open(&env->writer.fill, &config) : status;
}

/* Look at an existing or fresh file and bring the env to its newest state. */
static tl_status env_start(tl_env *env, const tl_meta *fresh, uint64_t log_bytes)
{
    tl_file *file = NULL;
    tl_status status = page_file_open(env, fresh, log_bytes, &file);
    if (status != TL_OK)
        return status;
    env->pager.file = file;
    status = tl_meta_read(env, file, &env->meta);
    if (status == TL_OK)
        status = page_file_measure(env);
    if (status == TL_OK)
        status = log_files_open(env);
    if (status == TL_OK)
        status = tl_pager_open(&env->pager, &env->meta, file,
                               2 * (env->reader_count + TL_PINS_MORE)); /* old and new ones */
    if (status == TL_OK)
        status = strategies_open(env);
    if (status == TL_OK)
        status = tl_snapshots_open(env, env->reader_count);
    if (status == TL_OK)
        status = tl_env_recover(env);
    if (status != TL_OK)
        return status;
    atomic_store(&env->written_txn, env->newest_txn);
    status = tl_snapshot_secure(env, &env->newest);
    if (status != TL_OK)
        return status;
    tl_snapshot_publish(env);
    env->pager.relieve = tl_checkpointer_relieve;
    env->pager.relieve_context = env;
    return tl_syncer_start(env);
}

enum { CONDITIONS = 6 };

static tl_condition *condition(tl_env *env, size_t index)
{
    tl_condition *const all[CONDITIONS] = {&env->turn_free, &env->flushed[0], &env->flushed[1],
                                           &env->pause,     &env->ckpt_wake,  &env->ckpt_done};
    return all[index];
}

/* Give back everything, whatever was reached. */
static void env_free(tl_env *env)
{
    tl_io *io = env->pager.io;
    tl_memory *memory = env->pager.memory;
    tl_syncer_stop(env);
    tl_checkpointer_stop(env, true);
    tl_split_close(&env->writer.split);
    tl_fill_close(&env->writer.fill);
    tl_snapshots_close(env);
    tl_saves_close(env);
    tl_names_close(&env->names, memory, &env->newest);
    tl_forest_release(&env->newest, memory);
    tl_forest_release(&env->running, memory);
    tl_forest_release(&env->written, memory);
    tl_forest_release(&env->ckpt.forest, memory);
    tl_log_release(&env->log);
    tl_write_set_release(&env->ckpt.set, memory);
    tl_arena *own_arena = env->own_arena;
    tl_value_maker_release(&env->maker);
    tl_pager_close(&env->pager);
    tl_arena_destroy(own_arena);
    for (unsigned i = 0; i < 2; i++)
        if (env->log.files[i] != NULL)
            io->close(io, env->log.files[i]);
    if (env->pager.file != NULL)
        io->close(io, env->pager.file);
    if (env->lock != NULL)
        io->close(io, env->lock);
    tl_paths_release(&env->paths, memory);
    for (size_t i = 0; i < CONDITIONS; i++)
        pthread_cond_destroy(condition(env, i));
    pthread_mutex_destroy(&env->mutex);
    pthread_mutex_destroy(&env->pager.error_mutex);
    memory->release(memory, env, sizeof *env);
}

static tl_status arena_choose(tl_env *env, const tl_env_options *options)
{
    env->pager.arena = options->arena;
    if (options->arena == NULL) {
        tl_status status = tl_arena_create(options->map_bytes, &env->own_arena);
        if (status != TL_OK)
            return tl_pager_fail(&env->pager, status, 0, "no address space for map_bytes");
        env->pager.arena = env->own_arena;
    }
    env->ops.at = env->pager.arena->ops;
    if ((options->flags & TL_OPEN_SMALL_PAGES) == 0)
        tl_arena_want_huge_pages(env->pager.arena);
    return TL_OK;
}

tl_status tl_env_open(const char *path, const tl_env_options *given, tl_env **out)
{
    static const tl_env_options defaults;
    const tl_env_options *options = given != NULL ? given : &defaults;
    tl_memory *memory = options->memory != NULL ? options->memory : tl_memory_default();
    tl_env *env = memory->allocate(memory, sizeof *env);
    if (env == NULL)
        return TL_NO_MEMORY;
    memset(env, 0, sizeof *env);
    env->pager.io = options->io != NULL ? options->io : tl_io_posix();
    env->pager.memory = memory;
    env->log.io = env->pager.io;
    env->log.memory = memory;
    env->log.stats = &env->pager.stats;
    env->writer.pager = &env->pager;
    tl_mutex_create(&env->mutex);
    tl_mutex_create(&env->pager.error_mutex);
    for (size_t i = 0; i < CONDITIONS; i++)
        tl_condition_create(condition(env, i));

    tl_meta fresh;
    uint64_t log_bytes = options->log_bytes != 0 ? options->log_bytes : 65536;
    tl_status status = tl_env_configure(env, path, options, &fresh);
    if (status == TL_OK)
        status = arena_choose(env, options);
    if (status == TL_OK)
        status = lock_take(env);
    if (status == TL_OK)
        status = env_start(env, &fresh, log_bytes);
    if (status == TL_OK) {
        *out = env;
        return TL_OK;
    }
    if (env->pager.error.status != status) /* nobody below had a story to tell */
        tl_pager_fail(&env->pager, status, 0, "'%s' could not be opened: %s", path,
                      tl_status_text(status));
    if (options->error != NULL) {
        *options->error = env->pager.error;
        options->error->status = status;
    }
    env_free(env);
    return status;
}

static void txn_abandon(tl_txn *txn)
{
    tl_cursors_release(txn);
    tl_txn_values_release(txn);
}

void tl_env_abandon(tl_env *env)
{
    unsigned high = atomic_load(&env->readers_high);
    for (unsigned i = 0; i < high; i++)
        if (atomic_load(&env->readers[i].seen) > 1)
            txn_abandon(&env->readers[i].txn);
    tl_value_writer_abandon(env);
    if (env->turn_taken)
        txn_abandon(&env->write_txn);
    env_free(env);
}

tl_status tl_env_close(tl_env *env)
{
    tl_status status = TL_OK;
    pthread_mutex_lock(&env->mutex);
    bool busy = env->turn_taken;
    pthread_mutex_unlock(&env->mutex);
    if (busy || tl_readers_active(env))
        return TL_BUSY;
    tl_syncer_stop(env);
    tl_checkpointer_stop(env, false);
    if (atomic_load(&env->ckpt_state) == TL_CHECKPOINT_WRITTEN)
        tl_checkpoint_settle(env);
    bool poisoned = atomic_load(&env->poisoned);
    if (poisoned)
        status = TL_POISONED;
    else if (!env->pager.read_only && env->newest_txn != env->meta.txn)
        status = tl_checkpoint(env, env->newest_txn, &env->newest);
    else if (!env->pager.read_only)
        status = tl_manifest_leave(env);
    if (status == TL_OK && !env->pager.read_only) {
        tl_status cut = tl_env_trim(env);
        (void)cut; /* a failure leaves a longer file, with the same content in it */
    }
    env_free(env);
    return status;
}
