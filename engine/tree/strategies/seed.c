/* engine/tree/strategies/seed.c -- the state of strategies that need nothing but the env's seed. */
#include "engine/base/hash.h"
#include "engine/tree/strategies/rows.h"

typedef struct seed {
    uint64_t value;
    tl_memory *memory;
} seed;

tl_status tl_seed_keep(const tl_strategy_config *config, void **self)
{
    seed *kept = config->memory->allocate(config->memory, sizeof *kept);
    if (kept == NULL)
        return TL_NO_MEMORY;
    *kept = (seed){tl_mix64(config->seed + 1), config->memory};
    *self = kept;
    return TL_OK;
}

void tl_seed_drop(void *self)
{
    seed *kept = self;
    kept->memory->release(kept->memory, kept, sizeof *kept);
}

uint64_t tl_seed_of(const void *self)
{
    return ((const seed *)self)->value;
}
