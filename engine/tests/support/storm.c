/* engine/tests/support/storm.c -- see storm.h. */
#include "engine/tests/support/storm_body.h"

#include <stdlib.h>

enum { VERIFY_EVERY = 256 };

static bool blow(storm *run)
{
    bool growing = true;
    if (!storm_open(run))
        return false;
    for (run->step = 1; run->step <= run->config->steps; run->step++) {
        if (run->current.count >= run->config->records)
            growing = false;
        else if (run->current.count == 0 || run->current.count < run->config->records / 50)
            growing = true;
        const storm_operation *next = storm_choose(run, growing);
        if (next->in_txn && run->txn == NULL &&
            !storm_expect(run, "begin", TL_OK, tl_txn_begin(run->env, 0, &run->txn)))
            return false;
        if (!next->act(run))
            return false;
        if (run->step % VERIFY_EVERY == 0 &&
            ((run->txn != NULL && !storm_commit(run)) || !storm_verify(run)))
            return false;
    }
    return storm_reopen(run);
}

static void clean_up(storm *run)
{
    storm_cursor_drop(run);
    storm_snapshots_forget(run);
    if (run->env != NULL)
        tl_env_abandon(run->env);
    memdisk_destroy(run->disk);
    model_clear(&run->committed);
    model_clear(&run->current);
}

static uint32_t key_bytes_of(const storm_config *config)
{
    uint32_t limit = config->page_bytes / 8 - 1, most = config->long_keys_allowed ? 2040 : 511;
    return limit < most ? limit : most;
}

bool storm_run(const storm_config *config, uint64_t seed, tl_arena *arena, storm_report *report)
{
    storm *run = calloc(1, sizeof *run);
    if (run == NULL)
        abort();
    memset(report, 0, sizeof *report);
    run->config = config;
    run->report = report;
    run->seed = seed;
    run->source = (storm_source){.state = seed,
                                 .keys = config->keys,
                                 .key_bytes_max = key_bytes_of(config),
                                 .value_bytes = config->value_bytes};
    run->arena = arena;
    run->disk = memdisk_create();
    faultmem_init(&run->memory);
    bool good = blow(run);
    report->disk_hash = memdisk_hash(run->disk);
    clean_up(run);
    if (good && run->memory.live_count != 0)
        good = storm_differ(run, "%zu blocks of memory were not released", run->memory.live_count);
    free(run);
    return good;
}
