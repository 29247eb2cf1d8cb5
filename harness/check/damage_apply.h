/* harness/check/damage_apply.h -- which bytes a damage changes, and how they get onto the disk.
 *
 * The cases of each kind are numbered, so that a sweep needs no list of them.
 */
#ifndef TL_HARNESS_DAMAGE_APPLY_H
#define TL_HARNESS_DAMAGE_APPLY_H

#include "harness/check/damage_map.h"

typedef struct tl_damage_target { /* borrowed */
    tl_damage_image *image;
    const tl_damage_map *map;
    uint64_t seed;
} tl_damage_target;

/* How many cases of a kind there are, and case number `index` of them. */
uint64_t tl_damage_count(const tl_damage_target *target, tl_damage_kind kind);
void tl_damage_nth(const tl_damage_target *target, tl_damage_kind kind, uint64_t index,
                   tl_damage_case *damage);
/* Does this image have such a case? */
bool tl_damage_exists(const tl_damage_target *target, const tl_damage_case *damage);

enum { TL_DAMAGE_WRITES_MAX = 2 };
typedef struct tl_damage_change { /* of one file */
    unsigned file;
    struct {
        uint64_t offset, size_bytes;
        const uint8_t *bytes; /* borrowed from the image, or `byte` or zeros */
    } writes[TL_DAMAGE_WRITES_MAX];
    unsigned write_count;
    bool resize;
    uint64_t size_bytes; /* of the file afterwards */
    uint8_t byte;
    /* What really changed: all bytes outside these spans are as they were. */
    tl_damage_span spans[TL_DAMAGE_WRITES_MAX];
    unsigned span_count; /* 0: nothing at all */
    tl_damage_region region;
    bool live; /* a live byte changed */
} tl_damage_change;

/* `change` must stay where it is until it is done with. */
void tl_damage_plan(const tl_damage_target *target, const tl_damage_case *damage,
                    tl_damage_change *change);
/* Do it to image->disk, which shows the image. */
TL_MUST_USE tl_status tl_damage_apply(tl_damage_image *image, const tl_damage_change *change);

/* May a store answer with the content of the earlier commit `found` and say nothing?  Yes where
 * FORMAT.md ("What cannot be detected") tells that the damage cannot be told from a crash or from
 * an older copy: no flush behind the damaged ones is intact; a page, or the size, of a checkpoint
 * that its manifest alone vouches for; both copies of the newest meta, or an older page file, with
 * no log behind it. */
bool tl_damage_hides(const tl_damage_target *target, const tl_damage_case *damage,
                     const tl_damage_change *change, size_t found);

#endif
