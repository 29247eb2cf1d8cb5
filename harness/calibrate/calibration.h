/* harness/calibrate/calibration.h -- what recorded launches say of a gate: start here.
 *
 *     false alarms   whole gates replayed without an effect: how many fail
 *     power          with an effect on one row: how often this row fails, both stages together
 *     bias           effects that were injected for real: what fixed numbers of launches estimate
 *     floor          what the recorded spread lets the last look see with a chance of 95 %
 */
#ifndef TL_HARNESS_CALIBRATION_H
#define TL_HARNESS_CALIBRATION_H

#include "harness/calibrate/replay.h"
#include "harness/report/text.h"

enum { TL_POWER_MAX = 512, TL_LEVELS_MAX = 8, TL_CHUNKS_MAX = 4096 };

typedef struct tl_calibration_request {
    const tl_duel_request *policy;
    uint64_t gates, power_gates;  /* of each point of a power curve */
    double levels[TL_LEVELS_MAX]; /* shares: 0.03 */
    size_t level_count;
    uint64_t seed;
    bool (*stop)(void *context);                                                  /* may be NULL */
    void (*step)(void *context, uint64_t done, uint64_t total, const char *what); /* may be NULL */
    void *context;
} tl_calibration_request;

typedef struct tl_calibration_row {
    const char *name;
    size_t launches;
    double launch_s;             /* mean, of its workload */
    double mean, deviation, lag; /* of the medians: mean, standard deviation, lag-1 correlation */
    double detectable;           /* at the last look, from its spread; logarithm */
    uint64_t alarms, unconfirmed, inconclusive; /* of the replayed gates */
    double look_launches;                       /* mean at which it was decided */
} tl_calibration_row;

typedef struct tl_power { /* of one row and one effect */
    const char *row;
    bool injected; /* for real; else a number was added */
    double level;
    uint64_t gates, caught;
    double seconds; /* mean of a gate */
} tl_power;

typedef struct tl_chunk { /* disjoint launches of one row and arm: a fixed number of them */
    const char *row, *arm;
    tl_duel_statistic statistic;
    double truth, estimate, lower, upper; /* logarithms; 1 % a side */
    double p;                             /* one-sided, against the truth */
} tl_chunk;

typedef struct tl_calibration {
    tl_calibration_row rows[TL_REPLAY_ROWS_MAX];
    size_t row_count;
    uint64_t gates, alarms; /* whole gates: any row */
    double seconds;         /* mean of a gate without an effect */
    tl_power powers[TL_POWER_MAX];
    size_t power_count;
    tl_chunk chunks[TL_CHUNKS_MAX];
    size_t chunk_count;
    bool interrupted;
} tl_calibration;

/* TL_OK: *made holds what there is, also when interrupted; its texts live in `samples`.
 * TL_NOT_FOUND: no samples of arm "aa".  TL_INVALID: too many rows.  TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_calibration_make(const tl_samples *samples,
                                          const tl_calibration_request *request,
                                          tl_calibration *made);

/* The errors of all chunks with an injected effect (and those of "aa" with truth 0): medians in
 * percentage points, and the share of intervals that hold the truth; NAN without any. */
typedef struct tl_bias {
    double error_points, coverage;
    size_t chunks;
} tl_bias;
tl_bias tl_calibration_bias(const tl_calibration *made, bool injected);

/* As text, as a document of schema "treelab.calibrate/1", and as tables for plots. */
void tl_calibration_text(const tl_calibration *made, tl_text *out);
tl_json *tl_calibration_json(const tl_calibration *made, const tl_calibration_request *request);
void tl_calibration_power_tsv(const tl_calibration *made, tl_text *out);
void tl_calibration_quantiles_tsv(const tl_calibration *made, tl_text *out);

#endif
