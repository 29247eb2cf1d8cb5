/* engine/tree/streak.h -- how inserts into a page ran, remembered in two header fields.
 *
 * last_ins is the index of the latest insert plus one (0: none since the page was built), run how
 * many in a row went right behind (or right before) the one before.  They cost one load and one
 * store of a line that the insert writes anyway, and survive in the stored page; nothing but the
 * choice of splits depends on them.
 */
#ifndef TL_TREE_STREAK_H
#define TL_TREE_STREAK_H

#include "engine/page/page.h"
#include "tl/stats.h"

enum { /* header field run */
       TL_STREAK_LENGTH = 0x1fff,
       TL_STREAK_PREDICTED = 0x4000, /* a split expects the next insert to go on with the run */
       TL_STREAK_DESCENDING = 0x8000,
};

/* Both fields in one word: last_ins low, run high. */
static inline uint32_t tl_streak_of(const uint8_t *page)
{
    return tl_load32(page + TL_AT_LAST_INS);
}

/* What they become when the next insert goes to `index`. */
static inline uint32_t tl_streak_after(uint32_t streak, unsigned index)
{
    unsigned last = streak & 0xffff, run = streak >> 16, length = run & TL_STREAK_LENGTH;
    unsigned direction = index == last ? 0 : TL_STREAK_DESCENDING, next = 0;
    if (index == last || index + 1 == last) {
        next = (run & TL_STREAK_DESCENDING) == direction ? length + 1 : 1;
        next = (next < TL_STREAK_LENGTH ? next : TL_STREAK_LENGTH) | direction;
    }
    return (index + 1) | (uint32_t)next << 16;
}

/* Length of the run, negative when it descends. */
static inline int tl_streak_run(uint32_t streak)
{
    int length = (int)((streak >> 16) & TL_STREAK_LENGTH);
    return (streak >> 16 & TL_STREAK_DESCENDING) != 0 ? -length : length;
}

/* A page about which a split made a prediction gets its next insert. */
static inline void tl_streak_judge(tl_stats *stats, uint32_t before, uint32_t after)
{
    if ((before >> 16 & TL_STREAK_PREDICTED) == 0)
        return;
    int was = tl_streak_run(before), is = tl_streak_run(after);
    bool right = was > 0 ? is == was + 1 || is == TL_STREAK_LENGTH
                         : is == was - 1 || is == -TL_STREAK_LENGTH;
    stats->predictions_right += right;
    stats->predictions_wrong += !right;
}

/* An insert went to `index` of `page`, whose fields were `before`. */
static inline void tl_streak_note(tl_stats *stats, uint8_t *page, uint32_t before, unsigned index)
{
    uint32_t after = tl_streak_after(before, index);
    tl_streak_judge(stats, before, after);
    tl_store32(page + TL_AT_LAST_INS, after);
}

#endif
