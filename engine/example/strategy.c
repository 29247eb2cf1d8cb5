/* engine/example/strategy.c -- split and fill strategies from outside, in one file.
 *
 * It sees include/tl/ alone.  A program that links it hands the rows to tl_env_open:
 *
 *     tl_env_options options = {.extra_splits = example_splits, .split = "share",
 *                               .extra_fills = example_fills, .fill = "airy"};
 *
 * Two splits: `two_thirds` keeps two thirds of the bytes in the left page, in the fewest lines
 * there can be.  `share` has a state of its own and counts what became of its plans: it halves, but
 * shares with a neighbour of this txn that is less than 60 % full.
 */
#include "tl/engine.h"

static void two_thirds_choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    plan->at = tl_split_share(input, 67);
}

typedef struct share {
    tl_memory *memory;
    uint64_t granted, refused; /* plans carried out, and replaced by another */
} share;

static tl_status share_open(const tl_strategy_config *config, void **self)
{
    share *state = config->memory->allocate(config->memory, sizeof *state);
    if (state == NULL)
        return TL_NO_MEMORY;
    *state = (share){.memory = config->memory};
    *self = state;
    return TL_OK;
}

static bool is_roomy(const tl_split_input *input, const tl_page_view *neighbour)
{
    return neighbour != NULL && neighbour->used_bytes < input->page_bytes / 5 * 3;
}

static void share_choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self; /* state may be read here, but only what open put there: see "Purity" */
    if (is_roomy(input, input->left))
        plan->kind = TL_SHIFT_LEFT;
    else if (is_roomy(input, input->right))
        plan->kind = TL_SHIFT_RIGHT;
    /* else all zeros: halve by bytes */
}

static void share_observe(void *self, const tl_split_plan *plan, const tl_split_plan *done)
{
    share *state = self;
    if (done->kind == plan->kind)
        state->granted++;
    else
        state->refused++;
}

static void share_close(void *self)
{
    share *state = self;
    state->memory->release(state->memory, state, sizeof *state);
}

static const tl_split_strategy two_thirds = {.name = "two_thirds",
                                             .summary = "two thirds of the bytes stay left",
                                             .choose = two_thirds_choose};
static const tl_split_strategy sharing = {.name = "share",
                                          .summary = "share with a neighbour less than 60 % full",
                                          .siblings = TL_SIBLINGS_OWNED,
                                          .open = share_open,
                                          .choose = share_choose,
                                          .observe = share_observe,
                                          .close = share_close};

static unsigned airy_fill(void *self, uint64_t nth_page, unsigned level)
{
    (void)self, (void)nth_page;
    return level == 0 ? 60 : 80;
}

static unsigned airy_below(void *self)
{
    (void)self;
    return 30;
}

/* Only pages that this txn has written already: a delete dirties no neighbour. */
static int airy_prefer(void *self, const tl_merge_input *input)
{
    (void)self;
    return input->left_owned    ? TL_PREFER_LEFT
           : input->right_owned ? TL_PREFER_RIGHT
                                : TL_PREFER_NONE;
}

static const tl_fill_strategy airy = {.name = "airy",
                                      .summary = "pack loosely, merge with dirty neighbours only",
                                      .leaf_fill = airy_fill,
                                      .merge_below = airy_below,
                                      .prefer = airy_prefer};

extern const tl_split_strategy *const example_splits[];
extern const tl_fill_strategy *const example_fills[];
const tl_split_strategy *const example_splits[] = {&two_thirds, &sharing, NULL};
const tl_fill_strategy *const example_fills[] = {&airy, NULL};
