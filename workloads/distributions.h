/* workloads/distributions.h -- which record an operation is about: laws over ids 0..n-1.
 *
 * A law is a text, read once:
 *
 *     uniform               each id alike
 *     sequential[:desc]     0, 1, 2 ... and again from the start; or downwards
 *     shuffled              each id once in a random order, then again
 *     zipf:THETA            id k has weight (k + 1)^-THETA: the first ids are the hot ones
 *     scrambled_zipf:THETA  the same weights, dealt to the ids by a random permutation
 *     latest:THETA          the same weights, counted from the newest id, n - 1, down
 *     hotspot:F@P           the first fraction F of the ids gets the share P of the draws
 *     exponential:F@P       weights fall by a constant factor, so that the first fraction F of the
 *                           ids gets the share P of the draws (before the law is cut off at n)
 *     oldest, newest        id 0; id n - 1
 *     lag:K                 id n - 1 - K
 *
 * n may be another one at each draw.  scrambled_zipf, shuffled keep the n they began with, since a
 * permutation of n ids says nothing about one of n + 1; a caller whose ids grow gives them again.
 *
 * The same seed gives the same ids on every compiler, level of optimisation and C library.
 */
#ifndef TL_WORKLOADS_DISTRIBUTIONS_H
#define TL_WORKLOADS_DISTRIBUTIONS_H

#include "workloads/keys.h"
#include "workloads/zipf.h"

#include <stdbool.h>

#define TL_LAW_MAP(X)                                                                              \
    X(UNIFORM, uniform, "", "each record alike")                                                   \
    X(SEQUENTIAL, sequential, "[:desc]", "in the order of keys, round and round")                  \
    X(SHUFFLED, shuffled, "", "each record once in random order, then again")                      \
    X(ZIPF, zipf, ":THETA", "the k-th record has weight k^-THETA")                                 \
    X(SCRAMBLED_ZIPF, scrambled_zipf, ":THETA", "the same weights on records in random order")     \
    X(LATEST, latest, ":THETA", "the same weights, counted from the newest record")                \
    X(HOTSPOT, hotspot, ":F@P", "a fraction F of the records gets a share P of the draws")         \
    X(EXPONENTIAL, exponential, ":F@P", "falling by a constant factor; F of the records get P")    \
    X(OLDEST, oldest, "", "the record that was born first")                                        \
    X(NEWEST, newest, "", "the record that was born last")                                         \
    X(LAG, lag, ":K", "the record born K records before the newest")

#define TL_LAW_AS_ENUM(upper, lower, form, text) TL_LAW_##upper,
typedef enum tl_law_kind { TL_LAW_MAP(TL_LAW_AS_ENUM) TL_LAW_COUNT } tl_law_kind;

typedef struct tl_law { /* a text that was read */
    tl_law_kind kind;
    bool descending;              /* SEQUENTIAL */
    double theta;                 /* ZIPF and its relatives */
    double fraction, probability; /* HOTSPOT, EXPONENTIAL: both in (0, 1) */
    uint64_t lag;                 /* LAG */
} tl_law;

/* False after explaining in `error` (may be NULL) what is wrong with the text. */
bool tl_law_parse(const char *text, tl_law *law, char *error, size_t error_bytes);
const char *tl_law_name(tl_law_kind kind); /* "zipf" */

typedef struct tl_chooser { /* a law at work; plain data */
    tl_law law;
    tl_dice dice;
    uint64_t turn;      /* SEQUENTIAL, SHUFFLED: draws so far */
    uint64_t hot_bound; /* HOTSPOT: draws below it are hot */
    uint64_t law_count; /* the n that zipf or decay are made for */
    tl_zipf zipf;
    double decay, decay_reach; /* EXPONENTIAL */
    tl_permutation order;      /* SCRAMBLED_ZIPF, SHUFFLED */
} tl_chooser;

/* `count` (n) from 1 to 2^40. */
void tl_chooser_init(tl_chooser *chooser, const tl_law *law, uint64_t count, uint64_t seed);
uint64_t tl_chooser_draw(tl_chooser *chooser, uint64_t count); /* < count */

#endif
