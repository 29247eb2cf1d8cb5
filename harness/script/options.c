/* harness/script/options.c -- the keys of `open` and how each reaches a driver.
 *
 * Options of the engine go to the drivers of our own engine (those that honour a simulated disk)
 * and to the model, which stands in for it.  Other stores have no such choices, so that one script
 * runs on all of them.
 */
#include "harness/script/session.h"

#include "harness/cli/cli.h"

#include <stdio.h>
#include <string.h>

typedef enum option_kind {
    OPTION_PAGE_BYTES,
    OPTION_DURABILITY,
    OPTION_SEED,
    OPTION_MAP_BYTES,
    OPTION_ENGINE, /* a setting of the driver, by `setting` or by its own name */
} option_kind;

/* key, kind, the driver's name for it when it has another one */
static const struct option_row {
    const char *key;
    option_kind kind;
    const char *setting;
} option_rows[] = {
    {"page_bytes",    OPTION_PAGE_BYTES, NULL           },
    {"durability",    OPTION_DURABILITY, NULL           },
    {"seed",          OPTION_SEED,       NULL           },
    {"map_bytes",     OPTION_MAP_BYTES,  NULL           },
    {"commit",        OPTION_ENGINE,     NULL           },
    {"split",         OPTION_ENGINE,     NULL           },
    {"fill",          OPTION_ENGINE,     NULL           },
    {"leaf",          OPTION_ENGINE,     NULL           },
    {"space",         OPTION_ENGINE,     NULL           },
    {"alloc",         OPTION_ENGINE,     "space"        },
    {"simd",          OPTION_ENGINE,     NULL           },
    {"max_bytes",     OPTION_ENGINE,     NULL           },
    {"max_key",       OPTION_ENGINE,     "max_key_bytes"},
    {"max_key_bytes", OPTION_ENGINE,     NULL           },
    {"growth_bytes",  OPTION_ENGINE,     NULL           },
    {"log_bytes",     OPTION_ENGINE,     NULL           },
    {"ckpt_bytes",    OPTION_ENGINE,     NULL           },
    {"log_pad_bytes", OPTION_ENGINE,     NULL           },
    {"async_ms",      OPTION_ENGINE,     NULL           },
    {"small_pages",   OPTION_ENGINE,     NULL           },
    {"readers_max",   OPTION_ENGINE,     NULL           },
    {"log_value_max", OPTION_ENGINE,     NULL           },
    {"group_wait_us", OPTION_ENGINE,     NULL           },
};
enum { OPTION_ROW_COUNT = sizeof option_rows / sizeof option_rows[0] };

static tl_status lay(tl_session *session, const char *key, const char *word,
                     tl_script_answer *answer)
{
    size_t at = 0;
    while (at < session->option_count && strcmp(session->options[at].name, key) != 0)
        at++;
    if (at == TL_SESSION_OPTIONS_MAX) {
        tl_script_answer_note(answer, "more than %d options", TL_SESSION_OPTIONS_MAX);
        return TL_INVALID;
    }
    session->options[at] = (tl_driver_setting){key, word};
    session->option_count += at == session->option_count;
    return TL_OK;
}

tl_status tl_session_lay_options(tl_session *session, const tl_script_pair *pairs,
                                 tl_script_answer *answer)
{
    tl_status status = TL_OK;
    for (const tl_script_pair *pair = pairs; pair != NULL && status == TL_OK; pair = pair->next)
        status = lay(session, pair->key, pair->word, answer);
    const tl_script_config *config = session->config;
    for (size_t i = 0; i < config->override_count && status == TL_OK; i++)
        status = lay(session, config->overrides[i].name, config->overrides[i].value, answer);
    return status;
}

static const struct option_row *find_option(const char *key)
{
    for (size_t i = 0; i < OPTION_ROW_COUNT; i++)
        if (strcmp(option_rows[i].key, key) == 0)
            return &option_rows[i];
    return NULL;
}

static tl_status unknown_option(const char *key, tl_script_answer *answer)
{
    const char *keys[OPTION_ROW_COUNT];
    for (size_t i = 0; i < OPTION_ROW_COUNT; i++)
        keys[i] = option_rows[i].key;
    const char *nearest = tl_nearest(key, keys, OPTION_ROW_COUNT);
    if (nearest != NULL)
        tl_script_answer_note(answer, "no option '%s'; did you mean '%s'?", key, nearest);
    else
        tl_script_answer_note(answer, "no option '%s'; see harness/script/README.md", key);
    return TL_INVALID;
}

static bool read_durability(const char *word, tl_durability *durability)
{
    static const char *const words[] = {[TL_DURABILITY_COMMIT] = "commit",
                                        [TL_DURABILITY_ASYNC] = "async",
                                        [TL_DURABILITY_NONE] = "none"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], word) == 0) {
            *durability = (tl_durability)i;
            return true;
        }
    }
    return false;
}

/* Is `driver` of our own engine, or the model that stands in for it? */
static bool takes_engine_options(const tl_session *session, const tl_driver *driver)
{
    return (driver->capabilities & TL_DRIVER_SIM_IO) != 0 ||
           driver == session->drivers[TL_SIDE_MODEL];
}

static tl_status apply_option(const tl_session *session, const tl_driver_setting *option,
                              tl_driver_setting *settings, tl_driver_options *options,
                              tl_script_answer *answer)
{
    const struct option_row *row = find_option(option->name);
    uint64_t page_bytes;
    bool good = true;
    if (row == NULL)
        return unknown_option(option->name, answer);
    switch (row->kind) {
    case OPTION_PAGE_BYTES:
        good = tl_parse_size(option->value, 0, UINT32_MAX, &page_bytes);
        if (good)
            options->page_bytes = (uint32_t)page_bytes;
        break;
    case OPTION_DURABILITY:
        good = read_durability(option->value, &options->durability);
        break;
    case OPTION_SEED:
        good = tl_parse_size(option->value, 0, UINT64_MAX, &options->seed);
        break;
    case OPTION_MAP_BYTES:
        good = tl_parse_size(option->value, 0, UINT64_MAX, &options->map_bytes);
        break;
    case OPTION_ENGINE:
        if (takes_engine_options(session, session->drivers[TL_SIDE_STORE]))
            settings[options->setting_count++] =
                (tl_driver_setting){row->setting != NULL ? row->setting : row->key, option->value};
        break;
    }
    if (good)
        return TL_OK;
    tl_script_answer_note(answer, "'%s' is no value for %s", option->value, option->name);
    return TL_INVALID;
}

tl_status tl_session_driver_options(const tl_session *session, tl_driver_setting *settings,
                                    tl_driver_options *options, tl_script_answer *answer)
{
    const tl_script_config *config = session->config;
    *options = (tl_driver_options){.dir = config->dir,
                                   .durability = TL_DURABILITY_NONE,
                                   .deterministic = true,
                                   .settings = settings,
                                   .error = answer->note,
                                   .error_bytes = sizeof answer->note};
    if (config->host != NULL && (config->driver->capabilities & TL_DRIVER_SIM_IO))
        options->io = config->host->io;
    for (size_t i = 0; i < session->option_count; i++) {
        tl_status status = apply_option(session, &session->options[i], settings, options, answer);
        if (status != TL_OK)
            return status;
    }
    for (size_t i = 0; i < config->setting_count; i++)
        settings[options->setting_count++] = config->settings[i];
    return TL_OK;
}
