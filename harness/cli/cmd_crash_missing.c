/* harness/cli/cmd_crash_missing.c -- what a report does not cover, said at its end.
 *
 * A kind of thing that is not covered is told once, in the words of the first cell that has
 * something to say of it; what was cut short or never begun is summed over all cells.
 */
#include "harness/cli/cmd_crash_cells.h"

#include <inttypes.h>
#include <string.h>

void tl_crash_note_missing(tl_crash_campaign *campaign, const tl_tiers_row *rows, size_t done)
{
    size_t wanted = campaign->request->profile_count;
    for (size_t i = 0; i < done; i++)
        campaign->rows_whole += rows[i].done.complete;
    campaign->rows_wanted += wanted;
    for (unsigned i = 0; i < TL_MISSING_COUNT; i++) {
        char text[TL_MISSING_TEXT_MAX];
        if (i != TL_MISSING_CUT && campaign->missing[i][0] == '\0' &&
            tl_missing_text((tl_missing)i, rows, done, wanted, text))
            memcpy(campaign->missing[i], text, sizeof text);
    }
}

void tl_crash_note_unbegun(tl_crash_campaign *campaign, const char *what)
{
    enum { NAMED_MAX = 8 };
    size_t used = strlen(campaign->unbegun);
    if (campaign->unbegun_count++ < NAMED_MAX)
        snprintf(campaign->unbegun + used, sizeof campaign->unbegun - used, "%s%s",
                 used > 0 ? ", " : "", what);
}

static void print_part(const tl_crash_campaign *campaign, bool *first, const char *text)
{
    fprintf(campaign->table, "%s%s", *first ? "not covered: " : "; ", text);
    *first = false;
}

static void print_unbegun(const tl_crash_campaign *campaign, bool *first)
{
    size_t named = 1;
    for (const char *c = campaign->unbegun; *c != '\0'; c++)
        named += *c == ',';
    print_part(campaign, first, "never begun: ");
    fputs(campaign->unbegun, campaign->table);
    if (campaign->unbegun_count > named)
        fprintf(campaign->table, " and %zu more", campaign->unbegun_count - named);
}

void tl_crash_print_missing(const tl_crash_campaign *campaign)
{
    bool first = true;
    char text[TL_MISSING_TEXT_MAX];
    if (campaign->unbegun_count > 0)
        print_unbegun(campaign, &first);
    if (campaign->rows_whole < campaign->rows_wanted) {
        snprintf(text, sizeof text,
                 "%" PRIu64 " of %" PRIu64 " rows of a store and a profile were stopped early",
                 campaign->rows_wanted - campaign->rows_whole, campaign->rows_wanted);
        print_part(campaign, &first, text);
    }
    for (unsigned i = 0; i < TL_MISSING_COUNT; i++)
        if (campaign->missing[i][0] != '\0')
            print_part(campaign, &first, campaign->missing[i]);
    if (!first)
        fputc('\n', campaign->table);
}
