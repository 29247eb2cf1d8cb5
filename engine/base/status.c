/* engine/base/status.c -- names and texts of the statuses, and the table of counters. */
#include "tl/status.h"
#include "tl/stats.h"

#define STATUS_NAME(name, text) #name,
#define STATUS_TEXT(name, text) text,
static const char *const status_names[] = {TL_STATUS_MAP(STATUS_NAME)};
static const char *const status_texts[] = {TL_STATUS_MAP(STATUS_TEXT)};

const char *tl_status_name(tl_status status)
{
    return (unsigned)status < TL_STATUS_COUNT ? status_names[status] : "TL_?";
}

const char *tl_status_text(tl_status status)
{
    return (unsigned)status < TL_STATUS_COUNT ? status_texts[status] : "unknown status";
}

#define STATS_ROW(name, class_, unit, meaning) {#name, #class_, unit, meaning},
static const tl_stats_row stats_rows[] = {TL_STATS_MAP(STATS_ROW)};

const tl_stats_row *tl_stats_rows(void)
{
    return stats_rows;
}
