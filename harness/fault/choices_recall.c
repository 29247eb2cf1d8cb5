/* harness/fault/choices_recall.c -- reads that a memo answered: which bytes the caller could have.
 *
 * A run that recalls a page and one that reads it must leave the same trace, whatever they do with
 * the page afterwards.  So the recall notes what the read would, and a read of the same page notes
 * nothing for as long as the other run would still have it in memory: until the file is closed.
 */
#include "harness/fault/choices_body.h"

#include <string.h>

bool tl_choices_was_recalled(const tl_choices *choices, uint32_t file, uint64_t offset)
{
    uint64_t first = offset / TL_SECTOR_BYTES;
    return file < choices->recalled_capacity && first < choices->recalled[file].count &&
           choices->recalled[file].at[first] == choices->life;
}

tl_status tl_choices_recall_keep(tl_choices *choices, uint32_t file, uint64_t first)
{
    uint32_t had = choices->recalled_capacity;
    tl_status status = tl_pending_reserve(&choices->recalled, &choices->recalled_capacity, file + 1,
                                          sizeof *choices->recalled);
    if (status != TL_OK)
        return tl_choices_stop(choices, TL_RUN_NO_MEMORY);
    for (; had < choices->recalled_capacity; had++)
        choices->recalled[had] = (tl_words){0};
    tl_words *lives = &choices->recalled[file];
    while (lives->count <= first && status == TL_OK)
        status = tl_words_add(lives, 0);
    if (status != TL_OK)
        return tl_choices_stop(choices, TL_RUN_NO_MEMORY);
    lives->at[first] = choices->life;
    return TL_OK;
}

void tl_choices_forget_recalled(tl_choices *choices)
{
    if (++choices->life != 0)
        return;
    for (uint32_t file = 0; file < choices->recalled_capacity; file++) /* the numbers begin anew */
        choices->recalled[file].count = 0;
    choices->life = 1;
}

void tl_choices_closed(tl_choices *choices, uint32_t file)
{
    if (file < choices->recalled_capacity && choices->recalled[file].count > 0)
        tl_choices_forget_recalled(choices);
}
