/* harness/check/script_history.c -- see script_history.h. */
#include "harness/check/script_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAX = 96, TREES_MAX = 256, PAGE_BYTES_DEFAULT = 4096 /* tl/engine.h */ };

struct tl_script_history {
    const tl_script_history_spec *spec;
    tl_simdisk *disk;
    tl_script_host host;
    tl_driver_setting settings[SETTINGS_MAX];
    tl_driver_options options; /* of the first open; settings point to the array above */
    bool opened, closed;
    size_t *begun, *acknowledged; /* [room]: of commits up to `commits` */
    tl_oracle_left *left;
    size_t commits, room, end;
    tl_status trouble; /* of memory */
    tl_trace_counters counters;
    const char *trees[TREES_MAX];
    size_t tree_count;
};

/* --- before it runs --- */

static tl_status unfit(const tl_script *script, const tl_script_line *line, const char *why,
                       char *error, size_t error_bytes)
{
    snprintf(error, error_bytes, "%s:%u: %s", tl_script_name(script), line->number, why);
    return TL_INVALID;
}

static const char *option_of(const tl_script_line *line, const char *key)
{
    const char *word = NULL; /* the last one counts */
    for (const tl_script_pair *pair = line->pairs; pair != NULL; pair = pair->next)
        if (strcmp(pair->key, key) == 0)
            word = pair->word;
    return word;
}

static tl_status look_block(const tl_script *script, const tl_script_line *line, bool in_loop,
                            tl_script_opening *opening, const tl_script_line **crash, char *error,
                            size_t error_bytes)
{
    tl_status status = TL_OK;
    for (; line != NULL && status == TL_OK && *crash == NULL; line = line->next) {
        if (line->verb == TL_SCRIPT_FAIL)
            return unfit(script, line, "`fail` cannot be under the crash lab; leave it out", error,
                         error_bytes);
        if (line->verb == TL_SCRIPT_CRASH && in_loop)
            return unfit(script, line, "`crash` in a loop cannot be under the crash lab", error,
                         error_bytes);
        if (line->verb == TL_SCRIPT_CRASH)
            *crash = line;
        if (line->verb == TL_SCRIPT_OPEN && opening->line == 0)
            *opening = (tl_script_opening){.line = line->number,
                                           .commit = option_of(line, "commit"),
                                           .durability = option_of(line, "durability")};
        if (line->body != NULL)
            status = look_block(script, line->body, true, opening, crash, error, error_bytes);
    }
    return status;
}

tl_status tl_script_history_look(const tl_script *script, tl_script_opening *opening,
                                 const tl_script_line **crash, char *error, size_t error_bytes)
{
    *opening = (tl_script_opening){0};
    *crash = NULL;
    const tl_script_line *first = tl_script_first(script);
    tl_status status = look_block(script, first, false, opening, crash, error, error_bytes);
    if (status != TL_OK || opening->line != 0)
        return status;
    snprintf(error, error_bytes, "%s: no line opens a store", tl_script_name(script));
    return TL_INVALID;
}

static tl_status collect_trees(tl_script_history *history, const tl_script_line *line)
{
    tl_status status = TL_OK;
    for (; line != NULL && status == TL_OK; line = line->next) {
        bool known = line->tree == NULL;
        for (size_t i = 0; i < history->tree_count && !known; i++)
            known = strcmp(history->trees[i], line->tree) == 0;
        if (!known && history->tree_count == TREES_MAX)
            return TL_INVALID;
        if (!known)
            history->trees[history->tree_count++] = line->tree;
        status = collect_trees(history, line->body);
    }
    return status;
}

/* --- while it runs --- */

static bool setting_is(const tl_driver_setting *one, const tl_driver_setting *other)
{
    return strcmp(one->name, other->name) == 0 && strcmp(one->value, other->value) == 0;
}

/* Every open of a script must be the same: one inspector looks at what all of them leave. */
static bool options_are(const tl_driver_options *one, const tl_driver_options *other)
{
    uint32_t page_bytes = other->page_bytes != 0 ? other->page_bytes : PAGE_BYTES_DEFAULT;
    bool equal = one->durability == other->durability && one->page_bytes == page_bytes &&
                 one->seed == other->seed && one->setting_count == other->setting_count;
    for (size_t i = 0; i < one->setting_count && equal; i++)
        equal = setting_is(&one->settings[i], &other->settings[i]);
    return equal;
}

static tl_status on_open(void *context, tl_driver_options *options)
{
    tl_script_history *history = context;
    options->arena = history->spec->arena;
    if (history->opened && !options_are(&history->options, options)) {
        snprintf(options->error, options->error_bytes,
                 "under the crash lab every open of a script has the same options");
        return TL_INVALID;
    }
    if (history->opened)
        return TL_OK;
    if (options->setting_count > SETTINGS_MAX) {
        snprintf(options->error, options->error_bytes, "more than %d options", SETTINGS_MAX);
        return TL_INVALID;
    }
    history->opened = true;
    memcpy(history->settings, options->settings,
           options->setting_count * sizeof *options->settings);
    history->options = *options;
    history->options.settings = history->settings;
    if (options->page_bytes == 0) /* who reads the log asks for it */
        history->options.page_bytes = PAGE_BYTES_DEFAULT;
    history->options.dir = "db";
    history->options.error = NULL;
    history->options.error_bytes = 0;
    options->dir = "db";
    return TL_OK;
}

static void on_opened(void *context, uint64_t commit)
{
    tl_script_history *history = context;
    if (commit == 0)
        history->acknowledged[0] = tl_simdisk_op_count(history->disk);
}

static void on_reopen(void *context)
{
    tl_script_history *history = context;
    tl_simdisk_restart(history->disk);
}

static bool make_room(tl_script_history *history, size_t commit)
{
    if (commit < history->room)
        return true;
    size_t room = 2 * history->room + 64;
    size_t *begun = realloc(history->begun, room * sizeof *begun);
    history->begun = begun != NULL ? begun : history->begun;
    size_t *acknowledged = realloc(history->acknowledged, room * sizeof *acknowledged);
    history->acknowledged = acknowledged != NULL ? acknowledged : history->acknowledged;
    tl_oracle_left *left = realloc(history->left, room * sizeof *left);
    history->left = left != NULL ? left : history->left;
    if (begun == NULL || acknowledged == NULL || left == NULL) {
        history->trouble = TL_NO_MEMORY;
        return false;
    }
    history->room = room;
    return true;
}

static void on_commit(void *context, uint64_t commit, bool acknowledged)
{
    tl_script_history *history = context;
    size_t length = tl_simdisk_op_count(history->disk);
    if (!make_room(history, (size_t)commit))
        return;
    if (!acknowledged) {
        history->begun[commit] = length;
        return;
    }
    history->acknowledged[commit] = length;
    history->commits = (size_t)commit;
}

static void on_content(void *context, uint64_t commit, const tl_script_content *content)
{
    tl_script_history *history = context;
    if (commit >= history->room)
        return; /* memory was short, and is told */
    history->left[commit] = (tl_oracle_left){
        .truth = {content->count, content->hash},
        .marker_hash = content->marker_hash,
        .again_hash = content->again_hash,
    };
}

static void on_answer(void *context, uint32_t line, tl_status status)
{
    tl_script_history *history = context;
    (void)status;
    if (line < history->spec->line_count)
        history->spec->line_ends[line] = tl_simdisk_op_count(history->disk);
}

static void on_end(void *context, tl_store *store)
{
    tl_script_history *history = context;
    history->end = tl_simdisk_op_count(history->disk);
    history->closed = store == NULL;
    const tl_inspector asker = {.driver = history->spec->driver};
    if (store != NULL)
        tl_trace_count_events(&asker, store, &history->counters);
}

/* --- the recording --- */

static tl_status history_create(const tl_script_history_spec *spec, tl_script_history **out)
{
    tl_script_history *history = calloc(1, sizeof *history);
    if (history == NULL)
        return TL_NO_MEMORY;
    *out = history;
    history->spec = spec;
    history->host = (tl_script_host){.context = history,
                                     .on_open = on_open,
                                     .on_opened = on_opened,
                                     .on_reopen = on_reopen,
                                     .on_commit = on_commit,
                                     .on_content = on_content,
                                     .on_end = on_end};
    if (!make_room(history, 0))
        return TL_NO_MEMORY;
    history->begun[0] = history->acknowledged[0] = 0;
    history->left[0] = (tl_oracle_left){
        .truth = {0, 0}
    };
    tl_status status = collect_trees(history, tl_script_first(spec->script));
    if (status == TL_OK)
        status = tl_simdisk_create(TL_SIMDISK_RECORD | TL_SIMDISK_ONE_THREAD, &history->disk);
    if (status == TL_OK)
        history->host.io = tl_simdisk_io(history->disk);
    return status;
}

static tl_status status_of(const tl_script_result *result)
{
    switch (result->outcome) {
    case TL_SCRIPT_PASSED:
        return TL_OK;
    case TL_SCRIPT_MISMATCH:
        return TL_CORRUPT;
    case TL_SCRIPT_UNSUPPORTED:
        return TL_UNSUPPORTED;
    case TL_SCRIPT_REFUSED:
        return TL_ACCESS;
    case TL_SCRIPT_NO_MEMORY:
        return TL_NO_MEMORY;
    default:
        return TL_INVALID;
    }
}

static tl_status run_script(tl_script_history *history, char *error, size_t error_bytes)
{
    const tl_script_history_spec *spec = history->spec;
    const tl_script_config config = {.driver = spec->driver,
                                     .model = tl_driver_find("model"),
                                     .dir = "db",
                                     .settings = spec->settings,
                                     .setting_count = spec->setting_count,
                                     .overrides = spec->overrides,
                                     .override_count = spec->override_count,
                                     .host = &history->host,
                                     .skip_unsupported = spec->model_only,
                                     .model_only = spec->model_only,
                                     .end_line = spec->end_line,
                                     .on_answer = spec->line_ends != NULL ? on_answer : NULL,
                                     .on_answer_context = history,
                                     .interrupted = spec->interrupted};
    for (size_t i = 0; spec->line_ends != NULL && i < spec->line_count; i++)
        spec->line_ends[i] = SIZE_MAX;
    tl_script_result result;
    tl_script_run(spec->script, &config, &result);
    snprintf(error, error_bytes, "%s", result.message);
    tl_status status = status_of(&result);
    if (status == TL_OK && history->trouble != TL_OK)
        return history->trouble;
    if (status == TL_OK && history->commits == 0) {
        snprintf(error, error_bytes, "%s: nothing is committed, so there is nothing to judge",
                 tl_script_name(spec->script));
        return TL_NOT_FOUND;
    }
    return status;
}

/* What was gathered becomes the recording's own. */
static tl_status hand_over(tl_script_history *history, tl_recording *recording)
{
    tl_status status = tl_oracle_create_of(history->left, history->commits, history->trees,
                                           history->tree_count, &recording->oracle);
    if (status != TL_OK)
        return status;
    recording->inspector = (tl_inspector){
        .driver = history->spec->driver, .options = history->options, .oracle = recording->oracle};
    recording->inspector.options.io = NULL;
    recording->trace = (tl_trace){.disk = history->disk,
                                  .begun = history->begun,
                                  .acknowledged = history->acknowledged,
                                  .commits = history->commits,
                                  .counters = history->counters};
    tl_trace_count_entries(&recording->trace);
    history->disk = NULL;
    history->begun = history->acknowledged = NULL;
    return TL_OK;
}

tl_status tl_script_history_record(const tl_script_history_spec *spec, tl_recording *recording,
                                   tl_script_history **out, char *error, size_t error_bytes)
{
    *recording = (tl_recording){0};
    *out = NULL;
    if (error_bytes > 0)
        error[0] = '\0';
    tl_status status = history_create(spec, out);
    if (status == TL_OK)
        status = run_script(*out, error, error_bytes);
    if (status == TL_OK)
        status = hand_over(*out, recording);
    return status;
}

void tl_script_history_free(tl_script_history *history)
{
    if (history == NULL)
        return;
    tl_simdisk_destroy(history->disk);
    free(history->begun);
    free(history->acknowledged);
    free(history->left);
    free(history);
}

size_t tl_script_history_end(const tl_script_history *history)
{
    return history->end;
}

bool tl_script_history_closed(const tl_script_history *history)
{
    return history->closed;
}
