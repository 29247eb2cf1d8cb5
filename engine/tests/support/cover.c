/* engine/tests/support/cover.c -- see cover.h. */
#include "engine/tests/support/cover.h"
#include "engine/tests/support/pairs.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Axes of numbers. */
static const uint32_t page_sizes[] = {1024, 4096, 8192, 16384, 65536};
static const uint32_t key_limits[] = {0, 24, UINT32_MAX}; /* usual, short, as long as can be */
static const uint32_t log_pads[] = {512, 4096};
static const char *const durabilities[] = {"commit", "async", "none"};

enum { AXIS_PAGE, AXIS_KEY, AXIS_PAD, AXIS_DURABILITY, AXIS_NAMED };

/* Axes of names: a registry, and the option that chooses from it. */
static const struct named_axis {
    const char *name;
    const char *const *(*rows)(void);
    size_t offset;
} named_axes[] = {
    {"commit", tl_commit_protocols, offsetof(tl_env_options, commit)},
    {"leaf",   tl_leaf_modes,       offsetof(tl_env_options, leaf)  },
    {"split",  tl_splits,           offsetof(tl_env_options, split) },
    {"fill",   tl_fills,            offsetof(tl_env_options, fill)  },
    {"space",  tl_space_policies,   offsetof(tl_env_options, space) },
};
enum { NAMED_COUNT = sizeof named_axes / sizeof named_axes[0] };

#define LENGTH(array) (unsigned)(sizeof(array) / sizeof(array)[0])

static const pairs *table(void)
{
    static pairs made; /* tests have one thread when they ask first */
    if (made.row_count != 0)
        return &made;
    unsigned counts[AXIS_NAMED + NAMED_COUNT] = {
        [AXIS_PAGE] = LENGTH(page_sizes),
        [AXIS_KEY] = LENGTH(key_limits),
        [AXIS_PAD] = LENGTH(log_pads),
        [AXIS_DURABILITY] = LENGTH(durabilities),
    };
    for (unsigned i = 0; i < NAMED_COUNT; i++)
        while (named_axes[i].rows()[counts[AXIS_NAMED + i]] != NULL)
            counts[AXIS_NAMED + i]++;
    pairs_make(&made, counts, AXIS_NAMED + NAMED_COUNT);
    return &made;
}

unsigned cover_count(void)
{
    return table()->row_count;
}

static uint32_t key_limit(uint32_t wanted, uint32_t page_bytes)
{
    uint32_t most = page_bytes / 8 - 1 < 2040 ? page_bytes / 8 - 1 : 2040;
    return wanted < most ? wanted : most;
}

void cover_apply(unsigned row, tl_env_options *options, char name[COVER_NAME_BYTES])
{
    assert(row < cover_count());
    const uint8_t *values = table()->rows[row];
    options->page_bytes = page_sizes[values[AXIS_PAGE]];
    options->max_key_bytes = key_limit(key_limits[values[AXIS_KEY]], options->page_bytes);
    options->log_pad_bytes = log_pads[values[AXIS_PAD]];
    options->durability = (tl_durability)values[AXIS_DURABILITY];
    int used = snprintf(name, COVER_NAME_BYTES, "page=%u max_key=%u pad=%u durability=%s",
                        options->page_bytes, options->max_key_bytes, options->log_pad_bytes,
                        durabilities[values[AXIS_DURABILITY]]);
    for (unsigned i = 0; i < NAMED_COUNT; i++) {
        const char *chosen = named_axes[i].rows()[values[AXIS_NAMED + i]];
        memcpy((char *)options + named_axes[i].offset, &chosen, sizeof chosen);
        used += snprintf(name + used, COVER_NAME_BYTES - (size_t)used, " %s=%s", named_axes[i].name,
                         chosen);
        assert(used < COVER_NAME_BYTES);
    }
}

uint64_t cover_missing(uint64_t *pair_count)
{
    const pairs *all = table();
    *pair_count = 0;
    for (unsigned a = 0; a < all->axis_count; a++)
        for (unsigned b = a + 1; b < all->axis_count; b++)
            *pair_count += (uint64_t)all->value_counts[a] * all->value_counts[b];
    return pairs_missing(all);
}

bool cover_has(const char *const *rows, const char *name)
{
    for (; *rows != NULL; rows++)
        if (strcmp(*rows, name) == 0)
            return true;
    return false;
}
