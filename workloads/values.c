/* workloads/values.c -- see values.h.
 *
 *   seed --scramble--> s, then for each of eight lanes:  x = s + lane constant
 *
 *   block k (64 bytes)   x ^= x << 13, x ^= x >> 7, x ^= x << 17 in every lane, then
 *                        | lane 0 | lane 1 | ... | lane 7 |   each 8 bytes, little-endian
 *
 * The lanes step side by side with shifts and exclusive-ors only, which every vector unit has (a
 * 64-bit multiply it often lacks); eight of them hide the latency of one.  They are spelled as
 * vectors because compilers disagree about finding the vectors in a loop.  Each step is a
 * bijection, and so is the way from the seed to lane 0: word 0 alone tells two seeds apart.
 */
#include "workloads/values.h"

#include "workloads/keys.h"

#include <assert.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "payload words are stored as they lie in memory: little-endian only"
#endif

typedef uint64_t lane_pair __attribute__((vector_size(16)));

enum { PAIRS = 4, BLOCK_BYTES = PAIRS * (int)sizeof(lane_pair) };

typedef struct block {
    lane_pair pairs[PAIRS];
} block;

static inline block block_first(uint64_t seed)
{
    uint64_t s = tl_scramble(seed);
    lane_pair both = {s, s};
    return (block){
        {
         both + (lane_pair){0x9e3779b97f4a7c15u, 0xd1342543de82ef95u},
         both + (lane_pair){0xaf251af3b0f025b5u, 0x3c6ef372fe94f82au},
         both + (lane_pair){0x5851f42d4c957f2du, 0xda942042e4dd58b5u},
         both + (lane_pair){0x14057b7ef767814fu, 0x853c49e6748fea9bu},
         }
    };
}

static inline lane_pair pair_next(lane_pair x)
{
    x ^= x << 13;
    x ^= x >> 7;
    return x ^ (x << 17);
}

static inline block block_next(block b)
{
    return (block){
        {pair_next(b.pairs[0]), pair_next(b.pairs[1]), pair_next(b.pairs[2]),
         pair_next(b.pairs[3])}
    };
}

/* The last, partial block in pieces whose sizes the compiler knows: no call of memcpy remains. */
static inline void block_store_part(unsigned char *to, const block *b, size_t size_bytes)
{
    const unsigned char *from = (const unsigned char *)b->pairs;
    static_assert(BLOCK_BYTES == 64, "one step per bit of a partial size");
#define STORE_PIECE(piece_bytes)                                                                   \
    if (size_bytes & (piece_bytes)) {                                                              \
        memcpy(to, from, (piece_bytes));                                                           \
        to += (piece_bytes);                                                                       \
        from += (piece_bytes);                                                                     \
    }
    STORE_PIECE(32)
    STORE_PIECE(16)
    STORE_PIECE(8)
    STORE_PIECE(4)
    STORE_PIECE(2)
    STORE_PIECE(1)
#undef STORE_PIECE
}

void tl_fill(void *buffer, size_t size_bytes, uint64_t seed)
{
    unsigned char *to = buffer;
    block b = block_first(seed);
    for (; size_bytes >= BLOCK_BYTES; size_bytes -= BLOCK_BYTES, to += BLOCK_BYTES) {
        b = block_next(b);
        memcpy(to, b.pairs, BLOCK_BYTES);
    }
    if (size_bytes == 0)
        return;
    b = block_next(b);
    block_store_part(to, &b, size_bytes);
}

void tl_sizes_init(tl_sizes *sizes, uint64_t min_bytes, uint64_t max_bytes, uint64_t seed)
{
    assert(min_bytes <= max_bytes && (min_bytes >= 1 || max_bytes == 0));
    *sizes = (tl_sizes){.min_bytes = min_bytes, .max_bytes = max_bytes, .seed = seed};
    while (sizes->octave_count < 63 && max_bytes >> sizes->octave_count > min_bytes)
        sizes->octave_count++;
}

/* Choosing a doubling and then a size inside it needs no logarithm, which would round differently
 * from one C library to the next. */
uint64_t tl_sizes_at(const tl_sizes *sizes, uint64_t id)
{
    if (sizes->octave_count == 0)
        return sizes->min_bytes;
    uint64_t draw = tl_stream(sizes->seed, id);
    uint32_t octave = (uint32_t)(draw >> 32) % sizes->octave_count;
    uint64_t low_bytes = sizes->min_bytes << octave;
    uint64_t high_bytes = octave + 1 == sizes->octave_count ? sizes->max_bytes : 2 * low_bytes - 1;
    return low_bytes + (draw & 0xffffffffu) % (high_bytes - low_bytes + 1);
}
