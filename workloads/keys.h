/* workloads/keys.h -- numbers into keys: scrambles, permutations, dice and key encodings.
 *
 * Everything here is a pure function of a seed, in integer arithmetic only: the same on every
 * compiler and host.  Nothing allocates, nothing fails, any number of threads.
 */
#ifndef TL_WORKLOADS_KEYS_H
#define TL_WORKLOADS_KEYS_H

#include <stddef.h>
#include <stdint.h>

/* A bijection of the 64-bit numbers in which every input bit moves every output bit. */
static inline uint64_t tl_scramble(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u; /* so that 0 does not stay 0 */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The seed of stream number `stream` of `seed`: streams of one seed are unrelated. */
static inline uint64_t tl_stream(uint64_t seed, uint64_t stream)
{
    return tl_scramble(tl_scramble(seed) ^ tl_scramble(~stream));
}

typedef struct tl_dice { /* a stream of random numbers (xoshiro256**) */
    uint64_t state[4];
} tl_dice;

void tl_dice_init(tl_dice *dice, uint64_t seed);
uint64_t tl_dice_next(tl_dice *dice);
uint64_t tl_dice_below(tl_dice *dice, uint64_t bound); /* 0 <= answer < bound; bound >= 1 */

/* A random order of 0..count-1 in no memory: tl_permutation_at visits each number once. */
enum { TL_PERMUTATION_ROUNDS = 3, TL_PERMUTATION_BITS_MAX = 62 };
typedef struct tl_permutation {
    uint64_t count;     /* 1..2^TL_PERMUTATION_BITS_MAX */
    uint64_t low_count; /* a number is high * low_count + low ... */
    uint64_t high_count;
    uint64_t keys[TL_PERMUTATION_ROUNDS];
} tl_permutation;

void tl_permutation_init(tl_permutation *permutation, uint64_t count, uint64_t seed);
uint64_t tl_permutation_at(const tl_permutation *permutation, uint64_t index); /* < count */
/* numbers[i] = tl_permutation_at(permutation, first + i), several times faster. */
void tl_permutation_run(const tl_permutation *permutation, uint64_t first, size_t run_count,
                        uint64_t *numbers);

/* How record number `id` is spelled as a key.  Keys of different ids differ. */
enum { TL_KEY_BYTES_MIN = 8 };
typedef struct tl_keys {
    size_t key_bytes; /* TL_KEY_BYTES_MIN or more */
    uint64_t seed;    /* of scrambled keys */
} tl_keys;

/* Random-looking bytes; ascending ids come in no order. */
void tl_key_scrambled(const tl_keys *keys, uint64_t id, unsigned char *key);
/* A fixed prefix, then `id` as a big-endian u64: ascending ids give ascending keys. */
void tl_key_ordered(const tl_keys *keys, uint64_t id, unsigned char *key);

/* Random-looking bytes in the order of `position`, which is below `positions` (up to 2^40): keys
 * spread over the whole space as hashes would, and yet it is known which one follows which.
 * `stride` is tl_key_stride(positions). */
void tl_key_spread(const tl_keys *keys, uint64_t stride, uint64_t position, unsigned char *key);
static inline uint64_t tl_key_stride(uint64_t positions)
{
    return UINT64_MAX / positions;
}

/* Keys that are text: the shapes that people use. */
typedef enum tl_key_shape {
    TL_KEYS_BINARY,  /* the two above */
    TL_KEYS_USER,    /* "user", then the number with zeros before it: long shared prefixes */
    TL_KEYS_DECIMAL, /* the number in digits: few different bytes, 1 to 20 of them */
} tl_key_shape;
enum { TL_KEY_USER_BYTES_MIN = 16, TL_KEY_DECIMAL_BYTES = 20 };

/* Each gives the size of the key.  Keys of different numbers differ; those of a user below 10^12.
 */
size_t tl_key_user(const tl_keys *keys, uint64_t number, unsigned char *key); /* key_bytes long */
size_t tl_key_decimal(uint64_t number, unsigned char *key); /* as short as it gets */
size_t tl_key_padded(uint64_t number, unsigned char *key);  /* 20 digits: they ascend */

#endif
