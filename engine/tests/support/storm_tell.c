/* engine/tests/support/storm_tell.c -- what a storm says when env and model differ. */
#include "engine/tests/support/storm_body.h"

#include <stdarg.h>
#include <stdio.h>

const char *storm_spell(tl_slice bytes, char text[64])
{
    size_t used = 0;
    const uint8_t *at = bytes.data;
    for (size_t i = 0; i < bytes.size_bytes && used < 48; i++)
        used += (size_t)snprintf(text + used, 64 - used, "%02x", at[i]);
    snprintf(text + used, 64 - used, "%s/%zu", used < 48 ? "" : "..", bytes.size_bytes);
    return text;
}

void storm_tell(storm *run, const char *format, ...)
{
    char *line = run->story[run->story_count++ % STORY_LINES];
    int used = snprintf(line, LINE_BYTES, "%llu: ", (unsigned long long)run->step);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, LINE_BYTES - (size_t)used, format, arguments);
    va_end(arguments);
}

bool storm_differ(storm *run, const char *format, ...)
{
    char *text = run->report->text;
    if (text[0] != '\0')
        return false; /* the first difference is the story */
    size_t used = (size_t)snprintf(text, STORM_TEXT_BYTES,
                                   "%s, TL_TEST_SEED=%llu, step %llu: ", run->config->name,
                                   (unsigned long long)run->seed, (unsigned long long)run->step);
    va_list arguments;
    va_start(arguments, format);
    used += (size_t)vsnprintf(text + used, STORM_TEXT_BYTES - used, format, arguments);
    va_end(arguments);
    unsigned lines = run->story_count < STORY_LINES ? run->story_count : STORY_LINES;
    for (unsigned i = 0; i < lines; i++)
        used += (size_t)snprintf(text + used, STORM_TEXT_BYTES - used, "\n    %s",
                                 run->story[(run->story_count - lines + i) % STORY_LINES]);
    return false;
}

bool storm_expect(storm *run, const char *what, tl_status wanted, tl_status got)
{
    if (wanted == got)
        return true;
    tl_error error = {.text = ""};
    if (run->env != NULL)
        tl_env_error(run->env, &error);
    return storm_differ(run, "%s gave %s, not %s (%s)", what, tl_status_name(got),
                        tl_status_name(wanted), error.text);
}

bool storm_expect_record(storm *run, const char *what, const model *truth, size_t index,
                         tl_slice key, tl_slice value)
{
    char wanted[64], got[64], whose[64];
    if (tl_slice_compare(key, model_key(truth, index)) != 0)
        return storm_differ(run, "%s arrived at key %s, not %s", what, storm_spell(key, got),
                            storm_spell(model_key(truth, index), wanted));
    if (tl_slice_compare(value, model_value(truth, index)) != 0)
        return storm_differ(run, "%s of key %s gave value %s, not %s", what,
                            storm_spell(key, whose), storm_spell(value, got),
                            storm_spell(model_value(truth, index), wanted));
    return true;
}
