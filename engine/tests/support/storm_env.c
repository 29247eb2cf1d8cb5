/* engine/tests/support/storm_env.c -- a storm's env: opening it, its snapshots, the verifier. */
#include "engine/tests/support/storm_body.h"

bool storm_open(storm *run)
{
    const storm_config *config = run->config;
    tl_error error = {.text = ""};
    tl_env_options options = {
        .flags = TL_OPEN_DETERMINISTIC,
        .seed = run->seed,
        .durability = config->durability,
        .page_bytes = config->page_bytes,
        .max_key_bytes = run->source.key_bytes_max,
        .commit = config->commit,
        .leaf = config->leaf,
        .simd = config->simd,
        .split = config->split,
        .fill = config->fill,
        .map_bytes = STORM_MAP_BYTES,
        .growth_bytes = 8 * config->page_bytes,
        .log_bytes = 8192,
        .log_pad_bytes = config->log_pad_bytes,
        .space = run->seed % 2 == 0 ? "simple" : "segregated",
        .log_value_max = run->seed % 3 == 0 ? 0 : 3 * config->page_bytes % 65536,
        .ckpt_bytes = 6 * (uint64_t)config->page_bytes + 16384,
        .readers_max = SNAPSHOTS_MAX,
        .io = memdisk_io(run->disk),
        .memory = &run->memory.memory,
        .arena = run->arena,
        .error = &error,
    };
    tl_status status = tl_env_open("storm", &options, &run->env);
    run->report->opens++;
    if (status != TL_OK)
        return storm_differ(run, "open gave %s (%s)", tl_status_name(status), error.text);
    tl_env_info info;
    tl_env_info_get(run->env, &info);
    run->source.record_bytes_max = info.inline_value_bytes_max + info.max_key_bytes;
    run->source.large_bytes_max = VALUE_BYTES_MAX - 1;
    return info.count == run->committed.count ||
           storm_differ(run, "open found %llu records, not %zu", (unsigned long long)info.count,
                        run->committed.count);
}

void storm_stats_add(storm *run)
{
    tl_stats now;
    tl_env_info info;
    tl_env_stats(run->env, &now);
    tl_env_info_get(run->env, &info);
    uint64_t *sum = (uint64_t *)&run->report->stats;
    const uint64_t *part = (const uint64_t *)&now;
    for (size_t i = 0; i < TL_STATS_COUNT; i++)
        sum[i] += part[i];
    if (info.depth > run->report->depth_max)
        run->report->depth_max = info.depth;
}

static bool walk_whole(storm *run, tl_txn *txn, const model *truth, bool forward)
{
    const char *what = forward ? "scan" : "scan back";
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    bool good = storm_expect(run, "cursor open", TL_OK, tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
    for (size_t i = 0; good && i < truth->count; i++) {
        tl_status status =
            forward ? tl_cursor_next(cursor, &key, &value) : tl_cursor_prev(cursor, &key, &value);
        size_t at = forward ? i : truth->count - 1 - i;
        good = storm_expect(run, what, TL_OK, status) &&
               storm_expect_record(run, what, truth, at, key, value);
    }
    if (good)
        good = storm_expect(run, "scan past the end", TL_NOT_FOUND,
                            forward ? tl_cursor_next(cursor, &key, &value)
                                    : tl_cursor_prev(cursor, &key, &value));
    tl_cursor_close(cursor);
    return good;
}

bool storm_snapshot_end(storm *run, snapshot *held)
{
    uint64_t count = 0;
    bool good = storm_expect(run, "count", TL_OK, tl_count(held->txn, TL_TREE_MAIN, &count));
    if (good && count != held->seen.count)
        good = storm_differ(run, "snapshot counts %llu records, not %zu", (unsigned long long)count,
                            held->seen.count);
    good = good && walk_whole(run, held->txn, &held->seen, storm_below(&run->source, 2) == 0);
    tl_txn_abort(held->txn);
    held->txn = NULL;
    model_clear(&held->seen);
    run->report->snapshots_compared++;
    return good;
}

bool storm_snapshots_end(storm *run)
{
    bool good = true;
    for (unsigned i = 0; i < SNAPSHOTS_MAX; i++)
        if (run->snapshots[i].txn != NULL)
            good = storm_snapshot_end(run, &run->snapshots[i]) && good;
    return good;
}

void storm_snapshots_forget(storm *run)
{
    for (unsigned i = 0; i < SNAPSHOTS_MAX; i++) {
        run->snapshots[i].txn = NULL;
        model_clear(&run->snapshots[i].seen);
    }
}

static bool note_finding(void *context, const tl_finding *finding)
{
    return storm_differ(context, "verify: %s, page %u: %s", finding->rule, finding->pgno,
                        finding->text);
}

bool storm_verify(storm *run)
{
    tl_verify_summary summary = {0};
    storm_tell(run, "verify");
    tl_status status = tl_verify(run->env, note_finding, run, &summary);
    if (!storm_expect(run, "verify", TL_OK, status))
        return false;
    if (summary.records != run->committed.count || summary.content_hash != run->committed.hash)
        return storm_differ(run, "verify read %llu records, not the %zu of the model",
                            (unsigned long long)summary.records, run->committed.count);
    return true;
}
