/* harness/cli/nearest.c -- what the user probably meant.
 *
 * The distance counts letters inserted, dropped, replaced, or swapped with their neighbour, so
 * that "lmbd" is one step from "lmdb".  A word is near when about one letter in three is wrong;
 * the beginning of a name is near, too.
 */
#include "harness/cli/cli.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 63, PREFIX_MIN = 3 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Row i, column j: the distance between the first i letters of `a` and the first j of `b`. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAX + 1]; /* row i lives at i modulo 3: two rows back are needed */
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        const size_t *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
        size_t *row = rows[i % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]))
                row[j] = smaller(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *tl_nearest(const char *word, const char *const *candidates, size_t candidate_count)
{
    size_t length = strlen(word);
    if (length > WORD_MAX)
        return NULL;
    size_t best = (length + 1) / 3 + 1; /* the first distance that is too far */
    const char *nearest = NULL;
    for (size_t i = 0; i < candidate_count; i++) {
        size_t candidate_length = strlen(candidates[i]);
        if (candidate_length > WORD_MAX)
            continue;
        bool begins = length >= PREFIX_MIN && strncasecmp(candidates[i], word, length) == 0;
        size_t steps = begins ? 1 : distance(word, length, candidates[i], candidate_length);
        if (steps < best) {
            best = steps;
            nearest = candidates[i];
        }
    }
    return nearest;
}
