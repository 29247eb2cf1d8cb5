/* workloads/keys.c -- see keys.h.
 *
 * The permutation is a Feistel network.  A number is a pair (high, low) in a rectangle that just
 * holds `count` of them; the halves take turns at being shifted by a function of the other, which
 * any function may be, since the same function shifts back.  A result that is not below `count`
 * is permuted again until one is ("cycle walking"): the walk stays on one cycle of a bijection
 * and the index it began with is below `count`, so it ends, and two indexes never meet.  The
 * rectangle is nearly square, so that less than one number in sqrt(count) walks at all.
 */
#include "workloads/keys.h"

#include <assert.h>
#include <string.h>

static uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static void store_big_endian(unsigned char *bytes, uint64_t x)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    memcpy(bytes, &x, sizeof x);
}

void tl_dice_init(tl_dice *dice, uint64_t seed)
{
    for (uint64_t i = 0; i < 4; i++) /* never all zero: at most one number scrambles to 0 */
        dice->state[i] = tl_scramble(seed + i * 0x9e3779b97f4a7c15u);
}

uint64_t tl_dice_next(tl_dice *dice)
{
    uint64_t *s = dice->state;
    uint64_t answer = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return answer;
}

uint64_t tl_dice_below(tl_dice *dice, uint64_t bound)
{
    assert(bound >= 1);
    uint64_t reject_below = (0 - bound) % bound; /* 2^64 mod bound: what would favour small ones */
    uint64_t x = tl_dice_next(dice);
    while (x < reject_below)
        x = tl_dice_next(dice);
    return x % bound;
}

/* The smallest r with r * r >= x, for x <= 2^62. */
static uint64_t square_root_up(uint64_t x)
{
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 31; bit != 0; bit >>= 1)
        if ((root + bit) * (root + bit) <= x)
            root += bit;
    return root * root == x ? root : root + 1;
}

void tl_permutation_init(tl_permutation *permutation, uint64_t count, uint64_t seed)
{
    assert(1 <= count && count <= (uint64_t)1 << TL_PERMUTATION_BITS_MAX);
    uint64_t low_count = square_root_up(count) | 1; /* odd, so that no power of two shows */
    *permutation = (tl_permutation){
        .count = count,
        .low_count = low_count,
        .high_count = (count + low_count - 1) / low_count,
    };
    for (uint64_t i = 0; i < TL_PERMUTATION_ROUNDS; i++)
        permutation->keys[i] = tl_stream(seed, i);
}

/* Move `half` around its ring of `half_count` places by a distance that depends on `other`. */
static inline uint64_t half_shift(uint64_t half, uint64_t half_count, uint64_t other, uint64_t key)
{
    uint64_t spread = (other + key) * 0xd6e8feb86659fd93u;
    spread ^= spread >> 32;
    spread = (spread * 0xd6e8feb86659fd93u) >> 32;
    half += (spread * half_count) >> 32; /* half_count < 2^32: no overflow */
    uint64_t wrapped = half - half_count;
    return wrapped + (half_count & (0 - (wrapped >> 63))); /* no branch: it would be a coin toss */
}

static inline uint64_t pair_permute(const tl_permutation *p, uint64_t high, uint64_t low)
{
    static_assert(TL_PERMUTATION_ROUNDS == 3, "one line each");
    high = half_shift(high, p->high_count, low, p->keys[0]);
    low = half_shift(low, p->low_count, high, p->keys[1]);
    high = half_shift(high, p->high_count, low, p->keys[2]);
    return high * p->low_count + low;
}

uint64_t tl_permutation_at(const tl_permutation *permutation, uint64_t index)
{
    assert(index < permutation->count);
    uint64_t x = index;
    do
        x = pair_permute(permutation, x / permutation->low_count, x % permutation->low_count);
    while (x >= permutation->count);
    return x;
}

/* One division for the run instead of one per number. */
void tl_permutation_run(const tl_permutation *permutation, uint64_t first, size_t run_count,
                        uint64_t *numbers)
{
    uint64_t high = first / permutation->low_count, low = first % permutation->low_count;
    for (size_t i = 0; i < run_count; i++) {
        uint64_t x = pair_permute(permutation, high, low);
        numbers[i] = x < permutation->count ? x : tl_permutation_at(permutation, first + i);
        if (++low == permutation->low_count) {
            low = 0;
            high++;
        }
    }
}

static uint64_t word_after(uint64_t word)
{
    word = (word ^ (word >> 29)) * 0xd6e8feb86659fd93u;
    return word ^ (word >> 32);
}

/* The first 8 bytes make keys distinct; the rest is a function of them. */
static inline void key_from_word(const tl_keys *keys, uint64_t word, unsigned char *key)
{
    assert(keys->key_bytes >= TL_KEY_BYTES_MIN);
    store_big_endian(key, word);
    size_t done_bytes = 8;
    for (; done_bytes + 8 <= keys->key_bytes; done_bytes += 8) {
        word = word_after(word);
        store_big_endian(key + done_bytes, word);
    }
    if (done_bytes == keys->key_bytes)
        return;
    unsigned char last[8];
    store_big_endian(last, word_after(word));
    memcpy(key + done_bytes, last, keys->key_bytes - done_bytes);
}

void tl_key_scrambled(const tl_keys *keys, uint64_t id, unsigned char *key)
{
    key_from_word(keys, tl_scramble(id ^ keys->seed), key); /* a bijection of the id */
}

/* The space is cut into strips of `stride`, one for each position, and the key lies at a random
 * place in its strip. */
void tl_key_spread(const tl_keys *keys, uint64_t stride, uint64_t position, unsigned char *key)
{
    uint64_t jitter = (tl_scramble(position ^ keys->seed) >> 32) * (stride >> 32);
    key_from_word(keys, position * stride + jitter, key);
}

void tl_key_ordered(const tl_keys *keys, uint64_t id, unsigned char *key)
{
    static const char prefix[] = "treelab/";
    assert(keys->key_bytes >= TL_KEY_BYTES_MIN);
    size_t prefix_bytes = keys->key_bytes - 8, done_bytes = 0;
    for (; done_bytes + 8 <= prefix_bytes; done_bytes += 8)
        memcpy(key + done_bytes, prefix, 8);
    if (done_bytes < prefix_bytes)
        memcpy(key + done_bytes, prefix, prefix_bytes - done_bytes);
    store_big_endian(key + prefix_bytes, id);
}

/* Write `digits` digits of `number`, zeros before it. */
static void digits_write(uint64_t number, size_t digits, unsigned char *to)
{
    for (size_t i = digits; i-- > 0; number /= 10)
        to[i] = (unsigned char)('0' + number % 10);
}

size_t tl_key_user(const tl_keys *keys, uint64_t number, unsigned char *key)
{
    assert(keys->key_bytes >= TL_KEY_USER_BYTES_MIN);
    memcpy(key, "user", 4);
    digits_write(number, keys->key_bytes - 4, key + 4);
    return keys->key_bytes;
}

size_t tl_key_padded(uint64_t number, unsigned char *key)
{
    digits_write(number, TL_KEY_DECIMAL_BYTES, key);
    return TL_KEY_DECIMAL_BYTES;
}

size_t tl_key_decimal(uint64_t number, unsigned char *key)
{
    size_t digits = 1;
    for (uint64_t rest = number; rest >= 10; rest /= 10)
        digits++;
    digits_write(number, digits, key);
    return digits;
}
