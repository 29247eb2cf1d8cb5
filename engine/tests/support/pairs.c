/* engine/tests/support/pairs.c -- see pairs.h. */
#include "engine/tests/support/pairs.h"
#include "engine/base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES = 40 };

typedef struct maker {
    pairs *out;
    uint64_t seed;
    uint64_t left; /* pairs that no row has yet */
    /* met[a][i][b]: bit j tells whether value i of axis a met value j of axis b; both ways */
    uint32_t met[PAIRS_AXES_MAX][PAIRS_VALUES_MAX][PAIRS_AXES_MAX];
} maker;

static unsigned below(maker *of, unsigned bound)
{
    return (unsigned)(tl_random_next(&of->seed) % bound);
}

static bool is_met(const maker *of, unsigned a, unsigned i, unsigned b, unsigned j)
{
    return (of->met[a][i][b] >> j & 1) != 0;
}

/* Pairs with value i of axis a that no row has yet. */
static unsigned open_pairs(const maker *of, unsigned a, unsigned i)
{
    unsigned open = 0;
    for (unsigned b = 0; b < of->out->axis_count; b++)
        for (unsigned j = 0; b != a && j < of->out->value_counts[b]; j++)
            open += !is_met(of, a, i, b, j);
    return open;
}

/* New pairs that value i of axis a makes with the values fixed so far: fixed[b] true. */
static unsigned gain(const maker *of, const uint8_t *row, const bool *fixed, unsigned a, unsigned i)
{
    unsigned gained = 0;
    for (unsigned b = 0; b < of->out->axis_count; b++)
        gained += fixed[b] && !is_met(of, a, i, b, row[b]);
    return gained;
}

static void shuffle_axes(maker *of, unsigned *order)
{
    unsigned count = of->out->axis_count;
    for (unsigned i = 0; i < count; i++)
        order[i] = i;
    for (unsigned i = count; i > 1; i--) {
        unsigned j = below(of, i), swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}

/* One candidate: start from the value with most open pairs, then take the axes in a random order
 * and give each the value that gains most.  Returns what the row gains, 1 at least. */
static unsigned candidate_make(maker *of, uint8_t *row)
{
    unsigned order[PAIRS_AXES_MAX], axes = of->out->axis_count, total = 0, first = 0, most = 0;
    bool fixed[PAIRS_AXES_MAX] = {false};
    shuffle_axes(of, order);
    for (unsigned k = 0; k < axes; k++)
        for (unsigned i = 0; i < of->out->value_counts[order[k]]; i++) {
            unsigned open = open_pairs(of, order[k], i);
            if (open > most) {
                most = open;
                first = order[k];
                row[first] = (uint8_t)i;
            }
        }
    fixed[first] = true;
    for (unsigned k = 0; k < axes; k++) {
        unsigned a = order[k], values = of->out->value_counts[a], start = below(of, values);
        unsigned best = 0;
        if (fixed[a])
            continue;
        row[a] = (uint8_t)start;
        for (unsigned v = 0; v < values; v++) { /* equal gains: any of them, by chance */
            unsigned i = (start + v) % values, gained = gain(of, row, fixed, a, i);
            if (gained > best) {
                best = gained;
                row[a] = (uint8_t)i;
            }
        }
        total += best;
        fixed[a] = true;
    }
    return total;
}

static void row_keep(maker *of, const uint8_t *row)
{
    unsigned axes = of->out->axis_count;
    for (unsigned a = 0; a < axes; a++)
        for (unsigned b = a + 1; b < axes; b++) {
            of->left -= !is_met(of, a, row[a], b, row[b]);
            of->met[a][row[a]][b] |= UINT32_C(1) << row[b];
            of->met[b][row[b]][a] |= UINT32_C(1) << row[a];
        }
    memcpy(of->out->rows[of->out->row_count++], row, axes);
}

static uint64_t pair_count(const unsigned *value_counts, unsigned axis_count)
{
    uint64_t count = 0;
    for (unsigned a = 0; a < axis_count; a++)
        for (unsigned b = a + 1; b < axis_count; b++)
            count += (uint64_t)value_counts[a] * value_counts[b];
    return count;
}

void pairs_make(pairs *out, const unsigned *value_counts, unsigned axis_count)
{
    maker *of = calloc(1, sizeof *of);
    if (of == NULL)
        abort();
    assert(axis_count >= 2 && axis_count <= PAIRS_AXES_MAX);
    memset(out, 0, sizeof *out);
    out->axis_count = axis_count;
    for (unsigned a = 0; a < axis_count; a++) {
        assert(value_counts[a] >= 1 && value_counts[a] <= PAIRS_VALUES_MAX);
        out->value_counts[a] = value_counts[a];
    }
    *of = (maker){.out = out, .seed = 20, .left = pair_count(value_counts, axis_count)};
    while (of->left > 0) { /* ends: each row gains at least one pair */
        uint8_t best[PAIRS_AXES_MAX], row[PAIRS_AXES_MAX];
        unsigned most = 0;
        for (unsigned i = 0; i < CANDIDATES; i++) {
            unsigned gained = candidate_make(of, row);
            if (gained > most) {
                most = gained;
                memcpy(best, row, sizeof best);
            }
        }
        if (most == 0 || out->row_count == PAIRS_ROWS_MAX)
            abort();
        row_keep(of, best);
    }
    free(of);
}

uint64_t pairs_missing(const pairs *in)
{
    uint64_t missing = 0;
    for (unsigned a = 0; a < in->axis_count; a++)
        for (unsigned b = a + 1; b < in->axis_count; b++)
            for (unsigned i = 0; i < in->value_counts[a]; i++)
                for (unsigned j = 0; j < in->value_counts[b]; j++) {
                    bool found = false;
                    for (unsigned r = 0; r < in->row_count && !found; r++)
                        found = in->rows[r][a] == i && in->rows[r][b] == j;
                    missing += !found;
                }
    return missing;
}
