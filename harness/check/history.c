/* harness/check/history.c -- see history.h. */
#include "harness/check/history.h"

#include <string.h>

/* clang-format off */
static const tl_history rows[] = {
    {"mixed", "grow, change sizes, delete ranges, grow again in the room that became free",
     4096, 48, 11, 24, 5,
     .parts = {{45, 10, 2, 0, TL_HISTORY_NOTHING},   /* splits on all levels, file growth */
      {55, 0, 6, 0, TL_HISTORY_NOTHING},    /* changes in place */
      {80, 0, 1, 18, TL_HISTORY_NOTHING},   /* merges, root collapse */
      {100, 8, 1, 1, TL_HISTORY_NOTHING}}}, /* freed pages are used anew */
    {"insert", "inserts all over the key space: leaf, branch and root splits",
     4096, 12, 26, 0, 5,
     .parts = {{100, 26, 1, 0, TL_HISTORY_NOTHING}}},
    {"split_merge", "grow, then delete whole ranges: merges, moves between neighbours, root collapse",
     4096, 18, 14, 0, 0,
     .parts = {{50, 26, 0, 0, TL_HISTORY_NOTHING}, {100, 0, 1, 28, TL_HISTORY_NOTHING}}},
    {"delete", "delete nearly everything and fill the freed pages again, twice",
     4096, 20, 6, 0, 6,
     .parts = {{20, 20, 1, 0, TL_HISTORY_NOTHING}, {45, 0, 1, 20, TL_HISTORY_NOTHING},
      {65, 20, 1, 0, TL_HISTORY_NOTHING}, {90, 0, 1, 20, TL_HISTORY_NOTHING},
      {100, 8, 1, 0, TL_HISTORY_NOTHING}}},
    {"overflow", "values longer than a leaf holds: written, replaced, freed",
     4096, 18, 4, 2, 4,
     .parts = {{50, 4, 2, 0, TL_HISTORY_NOTHING}, {75, 0, 4, 1, TL_HISTORY_NOTHING},
      {100, 1, 1, 5, TL_HISTORY_NOTHING}}},
    {"growth", "the file grows, is emptied, gives its space back and grows again",
     4096, 9, 16, 0, 0,
     .parts = {{45, 20, 0, 0, TL_HISTORY_NOTHING}, {70, 0, 1, 30, TL_HISTORY_COMPACT},
      {100, 12, 1, 0, TL_HISTORY_NOTHING}}},
    {"checkpoint", "pages of 16 KiB; checkpoints between acknowledged commits, both log files in turn",
     16384, 20, 11, 0, 3,
     .parts = {{30, 12, 1, 0, TL_HISTORY_CHECKPOINT}, {60, 4, 4, 1, TL_HISTORY_CHECKPOINT},
      {100, 1, 6, 4, TL_HISTORY_CHECKPOINT}}},
};
static const tl_history threaded[] = {
    {"threads", "three writers that share flushes, and a reader that looks at what is visible",
     4096, 14, 8, 0, 4,
     .parts = {{60, 8, 1, 0, TL_HISTORY_NOTHING}, {80, 0, 1, 9, TL_HISTORY_CHECKPOINT}, {100, 8, 2, 1, TL_HISTORY_NOTHING}},
     .writers = 3, .readers = 1},
    {"threads_big", "two writers with values that fit no leaf, space given back, and two readers",
     4096, 8, 4, 3, 0,
     .parts = {{45, 3, 1, 0, TL_HISTORY_NOTHING}, {75, 0, 1, 3, TL_HISTORY_COMPACT}, {100, 2, 1, 1, TL_HISTORY_CHECKPOINT}},
     .writers = 2, .readers = 2},
};
/* clang-format on */

size_t tl_history_threaded_count(void)
{
    return sizeof threaded / sizeof threaded[0];
}

const tl_history *tl_history_threaded_at(size_t index)
{
    return &threaded[index];
}

size_t tl_history_count(void)
{
    return sizeof rows / sizeof rows[0];
}

const tl_history *tl_history_at(size_t index)
{
    return &rows[index];
}

const tl_history *tl_history_find(const char *name)
{
    for (size_t i = 0; i < tl_history_count(); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

const tl_history_part *tl_history_part_of(const tl_history *history, size_t n, size_t commits)
{
    const tl_history_part *part = history->parts;
    while ((n - 1) * 100 >= part->until_percent * commits) /* ends: the last part is at 100 */
        part++;
    return part;
}

tl_history_deed tl_history_deed_after(const tl_history *history, size_t n, size_t commits)
{
    const tl_history_part *part = tl_history_part_of(history, n, commits);
    bool last = n == commits || tl_history_part_of(history, n + 1, commits) != part;
    return last ? part->deed : TL_HISTORY_NOTHING;
}
