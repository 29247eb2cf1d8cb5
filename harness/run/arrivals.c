/* harness/run/arrivals.c -- see arrivals.h. */
#include "harness/run/arrivals.h"

#include "workloads/number.h"

#include <pthread.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum {
    CHORD_BITS = 8,
    CHORD_COUNT = 1 << CHORD_BITS,
};
/* Apart from every stream that a workload uses. */
#define STREAM      UINT64_C(0x6172726976616c)
#define NS_PER_S    UINT64_C(1000000000)
#define LN2_IN_2_32 UINT64_C(2977044472) /* ln 2, times 2^32 */

static const char *const mode_names[] = {"closed", "constant", "poisson"};

const char *tl_rate_mode_name(tl_rate_mode mode)
{
    return mode_names[mode];
}

static bool parse_count(const char *text, uint64_t *count)
{
    return tl_number_parse(text, TL_NUMBER_SIZE, count) == NULL && *count >= 1 &&
           *count <= TL_RATE_MAX;
}

bool tl_rate_parse(const char *text, tl_rate *rate)
{
    if (strcmp(text, mode_names[TL_RATE_CLOSED]) == 0) {
        *rate = (tl_rate){TL_RATE_CLOSED, 0};
        return true;
    }
    for (int mode = TL_RATE_CONSTANT; mode <= TL_RATE_POISSON; mode++) {
        size_t length = strlen(mode_names[mode]);
        uint64_t per_s;
        if (strncmp(text, mode_names[mode], length) == 0 && text[length] == ':' &&
            parse_count(text + length + 1, &per_s)) {
            *rate = (tl_rate){(tl_rate_mode)mode, per_s};
            return true;
        }
    }
    return false;
}

/* log2(1 + i/256) times 2^32, by squaring bit after bit. */
static uint64_t chords[CHORD_COUNT + 1];
static pthread_once_t chords_made = PTHREAD_ONCE_INIT;

static void chords_make(void)
{
    for (uint64_t i = 0; i < CHORD_COUNT; i++) {
        uint64_t x = (CHORD_COUNT + i) << (31 - CHORD_BITS); /* 1 <= x < 2, times 2^31 */
        uint64_t log2 = 0;
        for (int bit = 31; bit >= 0; bit--) {
            x = (x * x) >> 31;
            if (x >> 32 == 0)
                continue;
            x >>= 1;
            log2 |= UINT64_C(1) << bit;
        }
        chords[i] = log2;
    }
    chords[CHORD_COUNT] = UINT64_C(1) << 32;
}

/* -ln(u) times 2^32, u uniform in (0, 1): zeros before the first one give u's power of two, 32
 * other bits its place in there. */
static uint64_t exponential(tl_dice *dice)
{
    uint64_t word = tl_dice_next(dice), place = tl_dice_next(dice) >> 32;
    uint64_t halvings = word == 0 ? 64 : (uint64_t)__builtin_clzll(word);
    uint64_t chord = place >> (32 - CHORD_BITS);
    uint64_t within = place & ((UINT64_C(1) << (32 - CHORD_BITS)) - 1);
    uint64_t rise = chords[chord + 1] - chords[chord];
    uint64_t log2 = chords[chord] + ((rise * within) >> (32 - CHORD_BITS));
    uint64_t bits = ((halvings + 1) << 32) - log2;
    return (uint64_t)(((wide)bits * LN2_IN_2_32) >> 32);
}

void tl_arrivals_begin(tl_arrivals *arrivals, const tl_rate *rate, uint64_t seed, uint64_t share,
                       uint64_t share_count)
{
    pthread_once(&chords_made, chords_make);
    *arrivals = (tl_arrivals){.rate = *rate, .share = share, .share_count = share_count};
    tl_dice_init(&arrivals->dice, tl_stream(tl_stream(seed, STREAM), share));
}

uint64_t tl_arrivals_next(tl_arrivals *arrivals)
{
    uint64_t per_s = arrivals->rate.per_s;
    if (arrivals->rate.mode == TL_RATE_POISSON) {
        wide gap = (wide)exponential(&arrivals->dice) * (NS_PER_S * arrivals->share_count) / per_s;
        gap += arrivals->at_fraction;
        arrivals->at_ns += (uint64_t)(gap >> 32);
        arrivals->at_fraction = (uint64_t)gap & UINT32_MAX;
        return arrivals->at_ns;
    }
    uint64_t number = arrivals->count++ * arrivals->share_count + arrivals->share;
    return number / per_s * NS_PER_S + number % per_s * NS_PER_S / per_s;
}
