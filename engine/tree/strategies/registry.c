/* engine/tree/strategies/registry.c -- the split and fill strategies there are, and their use. */
#include "engine/page/page.h"
#include "engine/tree/strategies/rows.h"
#include "tl/engine.h"

#include <string.h>

/* In the order of --list: the default first. */
#define SPLITS(X)                                                                                  \
    X(adaptive)                                                                                    \
    X(rightmost)                                                                                   \
    X(half_bytes)                                                                                  \
    X(half_keys)                                                                                   \
    X(after_insert)                                                                                \
    X(short_sep)                                                                                   \
    X(bstar23)                                                                                     \
    X(shift_first)                                                                                 \
    X(random_jitter)                                                                               \
    X(never_at_prefix_break)
#define FILLS(X)                                                                                   \
    X(lmdb25) X(half) X(free_at_empty) X(leanstore60) X(bulk100) X(bulk90) X(bulk_jitter)

#define AS_SPLIT(name) &tl_split_##name,
#define AS_FILL(name)  &tl_fill_##name,
#define AS_NAME(name)  #name,

static const tl_split_strategy *const splits[] = {SPLITS(AS_SPLIT) NULL};
static const tl_fill_strategy *const fills[] = {FILLS(AS_FILL) NULL};

static const tl_split_strategy *split_among(const tl_split_strategy *const *rows, const char *name)
{
    for (; *rows != NULL; rows++)
        if (strcmp((*rows)->name, name) == 0)
            return *rows;
    return NULL;
}

static const tl_fill_strategy *fill_among(const tl_fill_strategy *const *rows, const char *name)
{
    for (; *rows != NULL; rows++)
        if (strcmp((*rows)->name, name) == 0)
            return *rows;
    return NULL;
}

const tl_split_strategy *tl_split_find(const tl_split_strategy *const *extra, const char *name)
{
    const tl_split_strategy *found = extra != NULL ? split_among(extra, name) : NULL;
    return found != NULL ? found : split_among(splits, name);
}

const tl_fill_strategy *tl_fill_find(const tl_fill_strategy *const *extra, const char *name)
{
    const tl_fill_strategy *found = extra != NULL ? fill_among(extra, name) : NULL;
    return found != NULL ? found : fill_among(fills, name);
}

const char *const *tl_splits(void)
{
    static const char *const names[] = {SPLITS(AS_NAME) NULL};
    return names;
}

const char *const *tl_fills(void)
{
    static const char *const names[] = {FILLS(AS_NAME) NULL};
    return names;
}

tl_status tl_split_open(tl_split_use *use, const tl_strategy_config *config)
{
    use->self = NULL;
    tl_status status = use->row->open != NULL ? use->row->open(config, &use->self) : TL_OK;
    use->opened = status == TL_OK;
    return status;
}

void tl_split_close(tl_split_use *use)
{
    if (use->opened && use->row->close != NULL)
        use->row->close(use->self);
    use->opened = false;
}

static unsigned held(unsigned percent, unsigned least)
{
    return percent < least ? least : percent > 100 ? 100 : percent;
}

tl_status tl_fill_open(tl_fill_use *use, const tl_strategy_config *config)
{
    use->self = NULL;
    tl_status status = use->row->open != NULL ? use->row->open(config, &use->self) : TL_OK;
    if (status != TL_OK)
        return status;
    use->opened = true;
    unsigned below = held(use->row->merge_below(use->self), 0);
    unsigned upto = held(use->row->merge_upto != NULL ? use->row->merge_upto(use->self) : 100, 0);
    use->merge_below_bytes = (config->page_bytes - TL_PAGE_HEADER_BYTES) * below / 100;
    use->merge_among =
        use->row->merge_among < TL_MERGE_AMONG_MAX ? use->row->merge_among : TL_MERGE_AMONG_MAX;
    use->merge_upto_bytes = (uint32_t)((uint64_t)config->page_bytes * upto / 100);
    return TL_OK;
}

void tl_fill_close(tl_fill_use *use)
{
    if (use->opened && use->row->close != NULL)
        use->row->close(use->self);
    use->opened = false;
}

unsigned tl_fill_percent(const tl_fill_use *use, uint64_t nth_page, unsigned level)
{
    if (use->row->leaf_fill == NULL)
        return 100;
    return held(use->row->leaf_fill(use->self, nth_page, level), 10);
}
