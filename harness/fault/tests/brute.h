/* harness/fault/tests/brute.h -- every allowed state of a crash point, built one by one.
 *
 * The rules of ../README.md ("Profiles") read aloud: lists of changes, and a plain test for each
 * choice.  For small logs, to check whoever is clever.  It takes from the fault model the log and
 * both bases (simdisk.h), nothing else.
 *
 * To compare another enumerator with it, as multisets of images:
 *
 *     tl_brute_set expected;
 *     tl_brute_images(trace, at, profile, LIMIT, &expected);
 *     for each state that the other builds: read all names and their bytes into a tl_brute_image,
 *         files in ascending order of path as strcmp has it, and keep tl_brute_image_hash
 *     sort those with tl_brute_hash_compare; counts and arrays must be equal.
 *
 * Link tl_brute.  One thread per disk.
 */
#ifndef TL_HARNESS_BRUTE_H
#define TL_HARNESS_BRUTE_H

#include "harness/fault/profile.h"
#include "harness/fault/simdisk.h"

typedef struct tl_brute_file {
    const char *path; /* the trace's spelling: tl_simdisk_path */
    const uint8_t *bytes;
    size_t size_bytes;
} tl_brute_file;

typedef struct tl_brute_image { /* what a process would find */
    const tl_brute_file *files; /* ascending by path; a file with two names is here twice */
    size_t file_count;
} tl_brute_image;

/* The image is lent for the call; `outcome` numbers the choice of names and sizes that it belongs
 * to, from 1 on.  False ends the enumeration, which then returns TL_OK. */
typedef bool (*tl_brute_fn)(void *context, const tl_brute_image *image, size_t outcome);

/* TL_OK, TL_NO_MEMORY; TL_INVALID: `at` lies behind the log; TL_UNSUPPORTED: garbage, liar */
TL_MUST_USE tl_status tl_brute_states(const tl_simdisk *trace, size_t at, tl_profile profile,
                                      tl_brute_fn told, void *context);

typedef struct tl_brute_hash {
    uint64_t low, high;
} tl_brute_hash;

tl_brute_hash tl_brute_image_hash(const tl_brute_image *image);
int tl_brute_hash_compare(const void *left, const void *right); /* for qsort */

typedef struct tl_brute_set {
    tl_brute_hash *hashes; /* sorted, equal ones as often as they come; the caller frees them */
    size_t count, outcomes;
} tl_brute_set;

/* The hashes of all images.  As tl_brute_states; TL_NO_SPACE: there are more than `limit`. */
TL_MUST_USE tl_status tl_brute_images(const tl_simdisk *trace, size_t at, tl_profile profile,
                                      size_t limit, tl_brute_set *set);

/* A trace of some 20 operations on at most three files in two directories, of every kind that the
 * log knows; each fourth one begins after a killed process.  At most `units_max` changed sectors,
 * sizes and names are ever pending.  The same seed gives the same trace everywhere. */
TL_MUST_USE tl_status tl_brute_trace(uint64_t seed, unsigned units_max, tl_simdisk **disk);

#endif
