/* engine/env/options.c -- checking what the caller wants, and naming the files. */
#include "engine/env/env.h"

#include <stdio.h>
#include <string.h>

/* "x.tl.tmp", the longest ending, and room for the directory's "." */
enum { ENDING_BYTES = 16 };

tl_status tl_paths_make(tl_paths *paths, tl_memory *memory, const char *path)
{
    size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, ".tl") == 0)
        length -= 3;
    if (length == 0 || path[length - 1] == '/')
        return TL_INVALID;
    size_t each = length + ENDING_BYTES;
    paths->block_bytes = 6 * each;
    char *block = memory->allocate(memory, paths->block_bytes);
    if (block == NULL)
        return TL_NO_MEMORY;
    char **const names[] = {&paths->page,   &paths->temporary, &paths->log[0],
                            &paths->log[1], &paths->lock,      &paths->dir};
    static const char *const endings[] = {".tl", ".tl.tmp", ".log.0", ".log.1", ".lock", ""};
    for (size_t i = 0; i < 6; i++) {
        *names[i] = block + i * each;
        memcpy(*names[i], path, length);
        memcpy(*names[i] + length, endings[i], strlen(endings[i]) + 1);
    }
    char *slash = strrchr(paths->dir, '/');
    if (slash == NULL)
        memcpy(paths->dir, ".", 2);
    else
        slash[slash == paths->dir] = '\0'; /* "/x" lies in "/" */
    return TL_OK;
}

void tl_paths_release(tl_paths *paths, tl_memory *memory)
{
    if (paths->page != NULL)
        memory->release(memory, paths->page, paths->block_bytes);
    paths->page = NULL;
}

static tl_status refuse(tl_env *env, const char *option, const char *range)
{
    return tl_pager_fail(&env->pager, TL_INVALID, 0, "%s must be %s", option, range);
}

/* Which ways there are depends on the processor. */
static tl_status refuse_simd(tl_env *env)
{
    char range[80] = "auto";
    size_t used = strlen(range);
    for (const tl_search_way *way = tl_search_way_rows(); way->name != NULL; way++)
        if (way->available())
            used += (size_t)snprintf(range + used, sizeof range - used, " or %s", way->name);
    return refuse(env, "simd", range);
}

static tl_status refuse_row(tl_env *env, const char *option, const char *const *names)
{
    char text[160] = "";
    for (size_t used = 0; *names != NULL && used < sizeof text; names++) {
        int more = snprintf(text + used, sizeof text - used, "%s%s", used == 0 ? "" : ", ", *names);
        used += (size_t)more;
    }
    return tl_pager_fail(&env->pager, TL_INVALID, 0, "%s must be one of %s", option, text);
}

static tl_status find_rows(tl_env *env, const tl_env_options *options)
{
    tl_writer *writer = &env->writer;
    env->protocol = tl_commit_protocol_find(options->commit != NULL ? options->commit : "log");
    writer->mode = tl_leaf_mode_find(options->leaf != NULL ? options->leaf : "freelist");
    env->pager.edit.mode = writer->mode;
    writer->split.row =
        tl_split_find(options->extra_splits, options->split != NULL ? options->split : "adaptive");
    env->extra_fills = options->extra_fills;
    writer->fill.row =
        tl_fill_find(options->extra_fills, options->fill != NULL ? options->fill : "lmdb25");
    env->pager.space_policy =
        tl_space_policy_find(options->space != NULL ? options->space : "simple");
    if (env->pager.space_policy == NULL)
        return refuse(env, "space", "simple or segregated");
    env->pager.search = tl_search_way_find(options->simd != NULL ? options->simd : "auto");
    if (env->pager.search == NULL)
        return refuse_simd(env);
    if (env->protocol == NULL)
        return refuse(env, "commit", "log, shadow1 or shadow2");
    if (writer->mode == NULL)
        return refuse(env, "leaf", "freelist, bump, sidecar, dense or rebuild");
    if (writer->split.row == NULL)
        return refuse_row(env, "split", tl_splits());
    if (writer->fill.row == NULL)
        return refuse_row(env, "fill", tl_fills());
    return TL_OK;
}

static const char *const threads[] = {"on", "off", NULL};

const char *const *tl_checkpoint_threads(void)
{
    return threads;
}

static uint64_t or_default(uint64_t value, uint64_t fallback)
{
    return value != 0 ? value : fallback;
}

/* What a new file would be like. */
static tl_status fresh_meta(tl_env *env, const tl_env_options *options, tl_meta *fresh)
{
    uint32_t page_bytes = (uint32_t)or_default(options->page_bytes, 4096);
    if (!tl_page_bytes_valid(page_bytes))
        return refuse(env, "page_bytes", "a power of two from 1024 to 65536");
    uint32_t max_key = options->max_key_bytes != 0 ? options->max_key_bytes
                                                   : tl_page_key_bytes_default(page_bytes);
    if (max_key > tl_page_key_bytes_limit(page_bytes))
        return refuse(env, "max_key_bytes", "at most page_bytes / 8 - 1 and 2040");
    *fresh = (tl_meta){.version = TL_FORMAT_VERSION,
                       .page_bytes = page_bytes,
                       .discipline = TL_DISCIPLINE_SHADOW,
                       .sum_kind = TL_SUM_CRC32C,
                       .max_key_bytes = max_key,
                       .record_bytes_max = tl_page_record_bytes_max(page_bytes, max_key),
                       .log_pad_bytes = env->log_pad_bytes};
    return TL_OK;
}

enum {
    FLAGS_KNOWN =
        TL_OPEN_READ_ONLY | TL_OPEN_NO_CREATE | TL_OPEN_DETERMINISTIC | TL_OPEN_SMALL_PAGES
};

tl_status tl_env_configure(tl_env *env, const char *path, const tl_env_options *options,
                           tl_meta *fresh)
{
    env->flags = options->flags;
    env->durability = options->durability;
    env->ckpt_bytes = or_default(options->ckpt_bytes, UINT64_C(64) << 20);
    env->async_ms = or_default(options->async_ms, 100);
    env->log_pad_bytes = (uint32_t)or_default(options->log_pad_bytes, 512);
    env->log_value_max = or_default(options->log_value_max, TL_LOG_VALUE_MAX / 2);
    env->seed = options->seed;
    env->group_wait_ns = (uint64_t)options->group_wait_us * 1000;
    env->publish_early = options->publish_early;
    bool deterministic = (options->flags & TL_OPEN_DETERMINISTIC) != 0;
    env->checkpoints_inline =
        deterministic ||
        (options->checkpoint_thread != NULL && strcmp(options->checkpoint_thread, threads[1]) == 0);
    env->reader_count = (unsigned)or_default(options->readers_max, 126);
    env->pager.max_bytes = or_default(options->max_bytes, UINT64_MAX);
    env->pager.growth_bytes = options->growth_bytes;
    env->writer.pages_reserve = options->reserve_pages;
    env->pager.read_only = (options->flags & TL_OPEN_READ_ONLY) != 0;
    if ((options->flags & ~(unsigned)FLAGS_KNOWN) != 0)
        return refuse(env, "flags", "a sum of TL_OPEN_ values");
    if ((unsigned)options->durability > TL_DURABILITY_NONE)
        return refuse(env, "durability", "commit, async or none");
    if (env->log_pad_bytes != 512 && env->log_pad_bytes != 4096)
        return refuse(env, "log_pad_bytes", "512 or 4096");
    if (options->log_bytes != 0 &&
        (options->log_bytes < TL_LOG_BYTES_MIN || options->log_bytes > TL_LOG_BYTES_MAX))
        return refuse(env, "log_bytes", "8192 to 1 GiB");
    if (env->log_value_max > TL_LOG_VALUE_MAX)
        return refuse(env, "log_value_max", "65536 or less");
    if (env->reader_count > 4096)
        return refuse(env, "readers_max", "4096 or less");
    if (options->checkpoint_thread != NULL && !env->checkpoints_inline &&
        strcmp(options->checkpoint_thread, threads[0]) != 0)
        return refuse(env, "checkpoint_thread", "on or off");
    tl_status status = find_rows(env, options);
    if (status == TL_OK)
        env->groups = env->durability == TL_DURABILITY_COMMIT && env->protocol->logs &&
                      !deterministic && !env->pager.read_only;
    if (status == TL_OK)
        status = fresh_meta(env, options, fresh);
    if (status == TL_OK)
        status = tl_paths_make(&env->paths, env->pager.memory, path);
    if (status == TL_INVALID && env->pager.error.status != TL_INVALID)
        tl_pager_fail(&env->pager, TL_INVALID, 0, "'%s' names no file", path);
    return status;
}
