/* harness/check/damage.h -- damage a store in every way there is and see what each read path says.
 *
 * One run is one image of one store.  Deterministic: the same options give the same cases in the
 * same order.  Cases are judged in a child process, so that a store that crashes is a finding like
 * any other; the next child goes on behind it.
 */
#ifndef TL_HARNESS_DAMAGE_H
#define TL_HARNESS_DAMAGE_H

#include "harness/check/damage_judge.h"

typedef struct tl_damage_finding {
    tl_damage_verdict verdict;
    char text[TL_DAMAGE_TEXT_MAX]; /* the case */
} tl_damage_finding;

typedef struct tl_damage_options {
    const tl_driver *driver; /* has TL_DRIVER_SIM_IO */
    const tl_driver_setting *settings;
    size_t setting_count;
    tl_durability durability;
    uint32_t page_bytes, pages; /* pages: see tl_damage_image_wish */
    bool clean;
    uint64_t seed;
    size_t commits; /* of the history; the image is taken where it is large enough */
    bool kinds[TL_DAMAGE_KIND_COUNT];
    uint64_t sample;    /* cases of each kind, spread evenly; 0: all */
    const char *only;   /* judge this case alone; NULL: all */
    tl_arena *arena;    /* for every open; NULL: the driver makes its own each time */
    bool (*stop)(void); /* asked now and then; NULL: never */
    void (*on_progress)(void *context, uint64_t done, uint64_t total);   /* may be NULL */
    void (*on_finding)(void *context, const tl_damage_finding *finding); /* may be NULL */
    void *context;
} tl_damage_options;

typedef struct tl_damage_asked { /* cases in which a path was asked, and where it noticed */
    uint64_t asked, noticed;
} tl_damage_asked;

typedef struct tl_damage_result {
    size_t commit;               /* whose content the image has */
    uint64_t image_bytes, pages; /* of all files; pages of the largest */
    uint64_t live_bytes[TL_DAMAGE_REGION_COUNT], dead_bytes[TL_DAMAGE_REGION_COUNT];
    size_t flushes;                        /* that recovery applies */
    bool map_known;                        /* regions are */
    uint64_t totals[TL_DAMAGE_KIND_COUNT]; /* cases there are */
    uint64_t counts[TL_DAMAGE_KIND_COUNT][TL_DAMAGE_REGION_COUNT][TL_DAMAGE_OUTCOME_COUNT];
    /* Of cases that hit live bytes. */
    tl_damage_asked paths[TL_DAMAGE_REGION_COUNT][TL_DAMAGE_PATH_COUNT];
    uint64_t unchanged; /* cases that change no byte, not looked at */
    uint64_t states;    /* judged in full */
    uint64_t by_outcome[TL_DAMAGE_OUTCOME_COUNT];
    uint64_t findings, elapsed_ns;
    uint64_t
        cpu_ns; /* processor time of the judging, on a busy machine much less than elapsed_ns */
    bool complete, exhaustive; /* every case asked for; every case there is of those kinds */
    tl_damage_verdict only;    /* with options->only */
    char error[256];
} tl_damage_result;

/* TL_OK       *result is filled, whether there are findings or not
 * TL_INVALID  the only case names none of this image;  others: see result->error */
TL_MUST_USE tl_status tl_damage_run(const tl_damage_options *options, tl_damage_result *result);

/* The first half of it: the history and the image of its store, to be released by the caller
 * (tl_oracle_destroy, tl_damage_image_clear) also when it fails.  Both are empty at the start. */
TL_MUST_USE tl_status tl_damage_make(const tl_damage_options *options, tl_oracle **oracle,
                                     tl_damage_image *image, char *error, size_t error_bytes);

/* The sum over kinds of one region and outcome. */
uint64_t tl_damage_count_of(const tl_damage_result *result, tl_damage_region region,
                            tl_damage_outcome outcome);

/* Bounds of a share of `count` in `total` that holds with 95 % certainty, by Wilson's score: for
 * cases that were drawn from more.  0 and 1 when total is 0. */
void tl_damage_interval(uint64_t count, uint64_t total, double *low, double *high);

#endif
