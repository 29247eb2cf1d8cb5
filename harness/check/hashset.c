/* harness/check/hashset.c -- open addressing; the hashes are already spread. */
#include "harness/check/hashset.h"

#include <stdlib.h>

void tl_hashset_clear(tl_hashset *set)
{
    free(set->slots);
    *set = (tl_hashset){0};
}

static tl_hash128 *slot_of(const tl_hashset *set, tl_hash128 hash)
{
    size_t at = (size_t)hash.low & (set->capacity - 1);
    while (set->slots[at].low != 0 || set->slots[at].high != 0) { /* ends: never full */
        if (set->slots[at].low == hash.low && set->slots[at].high == hash.high)
            break;
        at = (at + 1) & (set->capacity - 1);
    }
    return &set->slots[at];
}

static tl_status hashset_grow(tl_hashset *set)
{
    tl_hashset bigger = {.capacity = set->capacity == 0 ? 1024 : set->capacity * 2};
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (bigger.slots == NULL)
        return TL_NO_MEMORY;
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i].low != 0 || set->slots[i].high != 0)
            *slot_of(&bigger, set->slots[i]) = set->slots[i];
    }
    bigger.count = set->count;
    free(set->slots);
    *set = bigger;
    return TL_OK;
}

tl_status tl_hashset_add(tl_hashset *set, tl_hash128 hash, bool *added)
{
    if (hash.low == 0 && hash.high == 0)
        hash.low = 1; /* the empty disk */
    if (set->count * 2 >= set->capacity) {
        tl_status status = hashset_grow(set);
        if (status != TL_OK)
            return status;
    }
    tl_hash128 *slot = slot_of(set, hash);
    *added = slot->low == 0 && slot->high == 0;
    if (*added) {
        *slot = hash;
        set->count++;
    }
    return TL_OK;
}
