/* workloads/places.c -- see places.h.
 *
 * A block `among` N - c others takes the numbers (j N + N/2) / c for its j-th record, in order:
 * one in each c-th part of the whole.  The others keep their order on what is left; the number of
 * new ones before the x-th of them is found by a guess and a step or two.
 */
#include "workloads/places.h"

#include "workloads/number.h"
#include "workloads/options.h"
#include "workloads/real.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct order_row {
    const char *name, *form;
    uint64_t size_max;
} rows[] = {
    [TL_ORDER_ASCENDING] = {"ascending",  "",        0      },
    [TL_ORDER_DESCENDING] = {"descending", "",        0      },
    [TL_ORDER_RANDOM] = {"random",     "",        0      },
    [TL_ORDER_RUNS] = {"runs",       ":N",      1 << 20},
    [TL_ORDER_LOCAL] = {"local",      ":LENGTH", 1 << 30},
    [TL_ORDER_ALMOST] = {"almost",     ":P@D",    1 << 30},
    [TL_ORDER_ZIGZAG] = {"zigzag",     "",        0      },
    [TL_ORDER_INSIDE_OUT] = {"inside_out", "",        0      },
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static bool form_read(const char *at, tl_order *order)
{
    if (order->kind == TL_ORDER_ALMOST) {
        double share;
        if (!tl_real_read(&at, &share) || share <= 0 || share > 1 || *at++ != '@')
            return false;
        order->bound = tl_real_bound(share);
    }
    return tl_number_read(&at, &order->size) && *at == '\0' && order->size >= 1 &&
           order->size <= rows[order->kind].size_max;
}

bool tl_order_parse(const char *text, tl_order *order, char *error, size_t error_bytes)
{
    const char *names[ROW_COUNT];
    size_t chars = strcspn(text, ":");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        names[i] = rows[i].name;
        if (strlen(names[i]) != chars || memcmp(names[i], text, chars) != 0)
            continue;
        tl_order read = {.kind = (tl_order_kind)i};
        bool bare = rows[i].form[0] == '\0';
        if (text[chars] == '\0' ? bare : !bare && form_read(text + chars + 1, &read)) {
            *order = read;
            return true;
        }
        if (error != NULL)
            snprintf(error, error_bytes, "'%s' is not %s%s%s", text, names[i], rows[i].form,
                     i == TL_ORDER_ALMOST ? " with P above 0, up to 1" : "");
        return false;
    }
    const char *near = tl_options_nearest(text, chars, names, ROW_COUNT);
    if (error != NULL && near != NULL)
        snprintf(error, error_bytes, "there is no order '%s'; did you mean '%s'?", text, near);
    else if (error != NULL)
        snprintf(error, error_bytes,
                 "there is no order '%s'; choose from ascending, descending, random, runs:N, "
                 "local:LENGTH, almost:P@D, zigzag, inside_out",
                 text);
    return false;
}

void tl_order_fit(tl_order *order, uint64_t count, uint64_t seed)
{
    assert(count >= 1);
    order->count = count;
    order->seed = seed;
    uint64_t permuted = count;
    if (order->kind == TL_ORDER_RUNS && order->size > count)
        order->size = count;
    if (order->kind == TL_ORDER_LOCAL)
        permuted = count / order->size == 0 ? 1 : count / order->size;
    tl_permutation_init(&order->permutation, permuted, seed);
}

/* Run r of `runs` has the numbers r, r + runs, ...; the first ones are longer by one. */
static uint64_t at_runs(const tl_order *order, uint64_t index)
{
    uint64_t runs = order->size, length = order->count / runs, longer = order->count % runs;
    uint64_t in_longer = longer * (length + 1);
    if (index < in_longer)
        return index / (length + 1) + runs * (index % (length + 1));
    index -= in_longer;
    return longer + index / length + runs * (index % length);
}

/* A shorter run at the end stays there. */
static uint64_t at_local(const tl_order *order, uint64_t index)
{
    uint64_t run = index / order->size;
    if (run >= order->count / order->size)
        return index;
    return tl_permutation_at(&order->permutation, run) * order->size + index % order->size;
}

/* Blocks of 2 D records; in each, one distance d up to D, and pairs at that distance change places
 * or do not. */
static uint64_t at_almost(const tl_order *order, uint64_t index)
{
    uint64_t block = index / (2 * order->size), at = index % (2 * order->size);
    uint64_t distance = 1 + tl_stream(order->seed, ~block) % order->size;
    if (at >= 2 * distance)
        return index;
    uint64_t first = at < distance ? index : index - distance;
    if (first + distance >= order->count || tl_stream(order->seed, first) >= order->bound)
        return index;
    return at < distance ? index + distance : index - distance;
}

uint64_t tl_order_at(const tl_order *order, uint64_t index)
{
    assert(index < order->count);
    switch (order->kind) {
    case TL_ORDER_DESCENDING:
        return order->count - 1 - index;
    case TL_ORDER_RANDOM:
        return tl_permutation_at(&order->permutation, index);
    case TL_ORDER_RUNS:
        return at_runs(order, index);
    case TL_ORDER_LOCAL:
        return at_local(order, index);
    case TL_ORDER_ALMOST:
        return at_almost(order, index);
    case TL_ORDER_ZIGZAG:
        return index % 2 == 0 ? index / 2 : order->count - 1 - index / 2;
    case TL_ORDER_INSIDE_OUT:
        return index % 2 == 0 ? order->count / 2 + index / 2 : order->count / 2 - (index + 1) / 2;
    case TL_ORDER_ASCENDING:
        break;
    }
    return index;
}

void tl_places_add(tl_places *places, uint64_t births, tl_place place, const tl_order *order)
{
    assert(places->block_count < TL_BLOCKS_MAX && births <= TL_BIRTHS_MAX - places->births);
    struct tl_block *block = &places->blocks[places->block_count++];
    *block = (struct tl_block){.births = births,
                               .first_id = places->births,
                               .place = place,
                               .order = *order,
                               .pool_first = places->pool_births};
    places->births += births;
    if (place == TL_PLACE_ANYWHERE)
        places->pool_births += births;
}

void tl_places_fit(tl_places *places, uint64_t seed)
{
    uint64_t below = places->pool_births;
    if (below > 0)
        tl_permutation_init(&places->pool, below, tl_stream(seed, 0));
    for (size_t i = 0; i < places->block_count; i++) {
        struct tl_block *block = &places->blocks[i];
        if (block->place == TL_PLACE_ANYWHERE)
            continue;
        block->below = below;
        below += block->births;
        if (block->births > 0)
            tl_order_fit(&block->order, block->births, tl_stream(seed, i + 1));
    }
}

static uint64_t among_number(const struct tl_block *block, uint64_t j)
{
    uint64_t all = block->below + block->births;
    return (j * all + all / 2) / block->births; /* below 2^65 / 2: both are at most 2^32 */
}

/* The number of records of `block` before the x-th of those it is placed among. */
static uint64_t among_before(const struct tl_block *block, uint64_t x)
{
    uint64_t j = block->below == 0 ? 0 : x * block->births / block->below;
    if (j > block->births)
        j = block->births;
    while (j < block->births && among_number(block, j) - j <= x)
        j++;
    while (j > 0 && among_number(block, j - 1) - (j - 1) > x)
        j--;
    return j;
}

/* What a later block makes of the number of an earlier record. */
static uint64_t moved_by(const struct tl_block *block, uint64_t number)
{
    if (block->place == TL_PLACE_BEFORE)
        return number + block->births;
    if (block->place == TL_PLACE_AMONG && block->births > 0)
        return number + among_before(block, number);
    return number;
}

static uint64_t number_in_block(const struct tl_block *block, uint64_t index)
{
    uint64_t rank = tl_order_at(&block->order, index);
    if (block->place == TL_PLACE_BEFORE)
        return rank;
    return block->place == TL_PLACE_AMONG ? among_number(block, rank) : block->below + rank;
}

uint64_t tl_places_number(const tl_places *places, uint64_t id)
{
    size_t i = 0;
    while (id - places->blocks[i].first_id >= places->blocks[i].births)
        i++;
    const struct tl_block *block = &places->blocks[i];
    uint64_t index = id - block->first_id, number;
    if (block->place == TL_PLACE_ANYWHERE) {
        number = tl_permutation_at(&places->pool, block->pool_first + index);
        i = 0; /* the pool lies before all blocks that have a place of their own */
    } else {
        number = number_in_block(block, index);
        i++;
    }
    for (; i < places->block_count; i++)
        if (places->blocks[i].place != TL_PLACE_ANYWHERE)
            number = moved_by(&places->blocks[i], number);
    return number;
}
