/* workloads/population.h -- which records of a workload are alive, and in which version.
 *
 * Two bytes and a bit for each number (the place of a record in the order of keys).  The bytes say
 * what a GET must answer, the bits how many records a scan must meet.
 *
 * Memory   owned by the population; tl_population_free.
 * Threads  one.
 */
#ifndef TL_WORKLOADS_POPULATION_H
#define TL_WORKLOADS_POPULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TL_TAG_BITS = 15 };

typedef struct tl_population {
    uint64_t capacity; /* numbers are below it */
    uint64_t live_count;
    uint16_t *states; /* top bit: alive; the rest is the tag of the last write */
    uint64_t *words;  /* one bit for each number: alive */
    uint16_t *blocks; /* of 64 words each: records alive */
} tl_population;

bool tl_population_open(tl_population *population, uint64_t capacity); /* false: out of memory */
void tl_population_free(tl_population *population);
void tl_population_clear(tl_population *population); /* as if nothing had ever been written */

static inline bool tl_population_live(const tl_population *population, uint64_t number)
{
    return population->states[number] >> TL_TAG_BITS;
}
static inline uint32_t tl_population_tag(const tl_population *population, uint64_t number)
{
    return population->states[number] & ((1u << TL_TAG_BITS) - 1);
}

void tl_population_write(tl_population *population, uint64_t number, uint32_t tag);
void tl_population_kill(tl_population *population, uint64_t number); /* which is alive */

/* The nearest live number at or after `number`, around the end if need be; one is alive. */
uint64_t tl_population_next(const tl_population *population, uint64_t number);
uint64_t tl_population_previous(const tl_population *population, uint64_t number);

/* How many are alive from `number` on (down to the first: `down`), up to `limit`. */
uint64_t tl_population_count(const tl_population *population, uint64_t number, bool down,
                             uint64_t limit);

#endif
