/* harness/check/damage_image.h -- the store that is going to be damaged, and what it was before.
 *
 * A history is run on a simulated disk until the page file spans as many pages as wanted; then the
 * store is closed (a clean image), or its process is killed, with commits in the log that recovery
 * must apply (a crash image).  Beside the files of that moment stand all older versions of their
 * pages, the whole files after earlier commits, and those of another store.
 */
#ifndef TL_HARNESS_DAMAGE_IMAGE_H
#define TL_HARNESS_DAMAGE_IMAGE_H

#include "harness/check/damage_case.h"
#include "harness/check/trace.h"
#include "harness/fault/crash.h"

typedef struct tl_damage_bytes {
    uint8_t *data;
    uint64_t size_bytes;
} tl_damage_bytes;

typedef struct tl_damage_page { /* an older version of a page, of page_bytes bytes */
    uint32_t pgno, version;     /* version counts from the oldest that is unlike the present one */
    uint8_t *data;
} tl_damage_page;

typedef struct tl_damage_earlier { /* the whole file after a commit */
    size_t commit;
    tl_damage_bytes bytes;
} tl_damage_earlier;

typedef struct tl_damage_file {
    char path[TL_DAMAGE_NAME_MAX + 8]; /* on the disk: "db/tree.tl" */
    const char *name;                  /* its last part */
    uint32_t number;                   /* in the log of the trace */
    tl_damage_bytes now, foreign;
    tl_damage_page *stale; /* by page, then version */
    size_t stale_count, stale_capacity;
    tl_damage_earlier *earlier; /* by commit, each unlike the one before and the present one */
    size_t earlier_count;
} tl_damage_file;

typedef struct tl_damage_image {
    tl_inspector inspector; /* borrowed, its oracle included */
    bool clean;
    size_t commit; /* the content is truth(commit) */
    tl_trace trace;
    tl_crash_walk *walk; /* stands where the image was taken */
    tl_simdisk *disk;    /* shows the image, or a damaged one, see tl_damage_image_load */
    tl_damage_file files[TL_DAMAGE_FILES_MAX];
    const char *names[TL_DAMAGE_FILES_MAX];
    unsigned file_count;
    uint32_t page_bytes;
} tl_damage_image;

typedef struct tl_damage_image_wish {
    uint32_t pages;      /* the largest file spans at least so many, if the history gets that far */
    bool clean;          /* closed; else killed, with two or more commits since the last checkpoint
                            where the store has a log */
    uint64_t other_seed; /* of the other store */
} tl_damage_image_wish;

/* The history is that of inspector->oracle, which outlives the image.
 * TL_OK  release it with tl_damage_image_clear, also after a failure;  others: see `error` */
TL_MUST_USE tl_status tl_damage_image_make(const tl_inspector *inspector,
                                           const tl_damage_image_wish *wish, tl_damage_image *image,
                                           char *error, size_t error_bytes);
void tl_damage_image_clear(tl_damage_image *image);

/* Make image->disk show the image, undamaged, as a machine that was just started; what it wrote
 * since `mark` (tl_simdisk_mark of the disk, taken once) is forgotten. */
TL_MUST_USE tl_status tl_damage_image_load(tl_damage_image *image, uint32_t mark);

#endif
