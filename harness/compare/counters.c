/* harness/compare/counters.c -- by name, since results of other revisions carry names alone. */
#include "harness/compare/counters.h"

#include <string.h>

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), end_length = strlen(end);
    return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

bool tl_counter_is_exact(const char *name)
{
    return !ends_with(name, "_ns");
}

bool tl_counter_is_storage(const char *name)
{
    return ends_with(name, "_bytes_written") || strncmp(name, "syncs_", 6) == 0 ||
           strcmp(name, "log_bytes") == 0;
}
