/* workloads/population.c -- see population.h. */
#include "workloads/population.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_NUMBERS = 64, BLOCK_WORDS = 64, BLOCK_NUMBERS = WORD_NUMBERS * BLOCK_WORDS };

static uint64_t block_count(const tl_population *p)
{
    return p->capacity / BLOCK_NUMBERS + 1;
}

bool tl_population_open(tl_population *p, uint64_t capacity)
{
    *p = (tl_population){.capacity = capacity};
    p->states = calloc(capacity + 1, sizeof *p->states);
    p->words = calloc(block_count(p) * BLOCK_WORDS, sizeof *p->words);
    p->blocks = calloc(block_count(p), sizeof *p->blocks);
    if (p->states != NULL && p->words != NULL && p->blocks != NULL)
        return true;
    tl_population_free(p);
    return false;
}

void tl_population_free(tl_population *p)
{
    free(p->states);
    free(p->words);
    free(p->blocks);
    *p = (tl_population){0};
}

void tl_population_clear(tl_population *p)
{
    memset(p->states, 0, (p->capacity + 1) * sizeof *p->states);
    memset(p->words, 0, block_count(p) * BLOCK_WORDS * sizeof *p->words);
    memset(p->blocks, 0, block_count(p) * sizeof *p->blocks);
    p->live_count = 0;
}

void tl_population_write(tl_population *p, uint64_t number, uint32_t tag)
{
    assert(number < p->capacity && tag < 1u << TL_TAG_BITS);
    if (!tl_population_live(p, number)) {
        p->words[number / WORD_NUMBERS] |= (uint64_t)1 << number % WORD_NUMBERS;
        p->blocks[number / BLOCK_NUMBERS]++;
        p->live_count++;
    }
    p->states[number] = (uint16_t)(1u << TL_TAG_BITS | tag);
}

void tl_population_kill(tl_population *p, uint64_t number)
{
    assert(number < p->capacity && tl_population_live(p, number));
    p->words[number / WORD_NUMBERS] &= ~((uint64_t)1 << number % WORD_NUMBERS);
    p->blocks[number / BLOCK_NUMBERS]--;
    p->live_count--;
    p->states[number] &= (uint16_t)((1u << TL_TAG_BITS) - 1);
}

/* The first word from `word` on that is not 0, or the number of words: whole blocks are passed. */
static uint64_t word_up(const tl_population *p, uint64_t word)
{
    uint64_t words = block_count(p) * BLOCK_WORDS;
    while (word < words && p->words[word] == 0) {
        word++;
        while (word % BLOCK_WORDS == 0 && word < words && p->blocks[word / BLOCK_WORDS] == 0)
            word += BLOCK_WORDS;
    }
    return word;
}

/* The last one up to `word`; UINT64_MAX when there is none. */
static uint64_t word_down(const tl_population *p, uint64_t word)
{
    while (word != UINT64_MAX && p->words[word] == 0) {
        word--;
        while (word != UINT64_MAX && word % BLOCK_WORDS == BLOCK_WORDS - 1 &&
               p->blocks[word / BLOCK_WORDS] == 0)
            word -= BLOCK_WORDS;
    }
    return word;
}

static uint64_t lowest(uint64_t bits)
{
    return (uint64_t)__builtin_ctzll(bits);
}

static uint64_t highest(uint64_t bits)
{
    return 63 - (uint64_t)__builtin_clzll(bits);
}

uint64_t tl_population_next(const tl_population *p, uint64_t number)
{
    assert(p->live_count > 0 && number < p->capacity);
    uint64_t word = number / WORD_NUMBERS;
    uint64_t bits = p->words[word] & (UINT64_MAX << number % WORD_NUMBERS);
    if (bits != 0)
        return word * WORD_NUMBERS + lowest(bits);
    word = word_up(p, word + 1);
    if (word == block_count(p) * BLOCK_WORDS)
        word = word_up(p, 0);
    return word * WORD_NUMBERS + lowest(p->words[word]);
}

uint64_t tl_population_previous(const tl_population *p, uint64_t number)
{
    assert(p->live_count > 0 && number < p->capacity);
    uint64_t word = number / WORD_NUMBERS;
    uint64_t bits = p->words[word] & (UINT64_MAX >> (63 - number % WORD_NUMBERS));
    if (bits != 0)
        return word * WORD_NUMBERS + highest(bits);
    word = word_down(p, word - 1);
    if (word == UINT64_MAX)
        word = word_down(p, block_count(p) * BLOCK_WORDS - 1);
    return word * WORD_NUMBERS + highest(p->words[word]);
}

static uint64_t ones(uint64_t bits)
{
    return (uint64_t)__builtin_popcountll(bits);
}

static uint64_t count_up(const tl_population *p, uint64_t number, uint64_t limit)
{
    uint64_t word = number / WORD_NUMBERS, words = block_count(p) * BLOCK_WORDS;
    uint64_t count = ones(p->words[word++] & (UINT64_MAX << number % WORD_NUMBERS));
    while (word < words && count < limit) {
        bool block = word % BLOCK_WORDS == 0;
        count += block ? p->blocks[word / BLOCK_WORDS] : ones(p->words[word]);
        word += block ? BLOCK_WORDS : 1;
    }
    return count;
}

static uint64_t count_down(const tl_population *p, uint64_t number, uint64_t limit)
{
    uint64_t word = number / WORD_NUMBERS; /* words below it are still to be counted */
    uint64_t count = ones(p->words[word] & (UINT64_MAX >> (63 - number % WORD_NUMBERS)));
    while (word > 0 && count < limit) {
        bool block = word % BLOCK_WORDS == 0;
        count += block ? p->blocks[word / BLOCK_WORDS - 1] : ones(p->words[word - 1]);
        word -= block ? BLOCK_WORDS : 1;
    }
    return count;
}

uint64_t tl_population_count(const tl_population *p, uint64_t number, bool down, uint64_t limit)
{
    assert(number < p->capacity);
    uint64_t count = down ? count_down(p, number, limit) : count_up(p, number, limit);
    return count < limit ? count : limit;
}
