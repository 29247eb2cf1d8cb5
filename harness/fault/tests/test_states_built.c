/* harness/fault/tests/test_states_built.c -- what is enumerated is what the rules allow, byte by
 * byte.
 *
 * pending.h tells states as choices; here each one is built, read as a process would read it, and
 * compared with those that tests/brute.h builds one by one from the same rules: the same images,
 * each as often, at each crash point of random logs under each exact profile.
 */
#include "harness/fault/pending.h"
#include "harness/fault/simdisk_body.h"
#include "harness/fault/tests/brute.h"
#include "harness/fault/tests/slow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TRACES = SLOW ? 40 : 200, STATES_MAX = 1 << 12, FILES_MAX = 8 };

typedef struct built {
    tl_brute_hash *hashes;
    size_t count;
    uint8_t *bytes[FILES_MAX]; /* of each name of an image, while it is read */
} built;

static void must(tl_status status)
{
    assert_int_equal(status, TL_OK);
}

static int path_compare(const void *left, const void *right)
{
    return strcmp(((const tl_brute_file *)left)->path, ((const tl_brute_file *)right)->path);
}

/* Read the image as a process would, all of it. */
static void image_keep(built *all, const tl_simdisk *trace, const tl_image *image)
{
    tl_brute_file files[FILES_MAX];
    assert_true(image->name_count <= FILES_MAX && all->count < STATES_MAX);
    for (uint32_t i = 0; i < image->name_count; i++) {
        const tl_simname *name = &image->names[i];
        size_t size = (size_t)image->files[name->file].size_bytes;
        all->bytes[i] = realloc(all->bytes[i], size + 1);
        assert_non_null(all->bytes[i]);
        tl_image_read(image, name->file, 0, all->bytes[i], size);
        files[i] = (tl_brute_file){tl_simdisk_path(trace, name->path), all->bytes[i], size};
    }
    qsort(files, image->name_count, sizeof *files, path_compare);
    all->hashes[all->count++] = tl_brute_image_hash(&(tl_brute_image){files, image->name_count});
}

/* Each choice for the open sectors from `sector` on. */
static void sectors_choose(built *all, const tl_simdisk *trace, tl_possible *possible,
                           uint32_t sector)
{
    if (sector == possible->open_count) {
        image_keep(all, trace, &possible->image);
        return;
    }
    const tl_open_sector *open = &possible->open[sector];
    for (uint32_t v = 0; v < open->count; v++) {
        tl_image_set_sector(&possible->image, open->file, open->sector,
                            possible->shown[open->first + v]);
        sectors_choose(all, trace, possible, sector + 1);
    }
}

static void point_build(built *all, tl_simdisk *trace, tl_pending *pending, tl_possible *possible)
{
    uint32_t mark = tl_simdisk_mark(trace);
    all->count = 0;
    for (uint64_t i = 0; i < tl_pending_outcome_count(pending); i++) {
        must(tl_pending_show(pending, i, possible));
        sectors_choose(all, trace, possible, 0);
        tl_simdisk_release(trace, mark);
    }
    qsort(all->hashes, all->count, sizeof *all->hashes, tl_brute_hash_compare);
}

static void explain(const tl_simdisk *trace, size_t at)
{
    char line[160];
    for (size_t i = 0; i < tl_simdisk_op_count(trace) && i <= at; i++) {
        tl_simdisk_op_text(trace, i, line, sizeof line);
        print_message("  %s%s\n", line, i == at ? "   <- in flight" : "");
    }
}

static void profile_compare(built *all, tl_simdisk *trace, uint64_t seed, tl_profile profile)
{
    tl_pending *pending = NULL;
    tl_possible possible;
    tl_possible_init(&possible, trace);
    must(tl_pending_create(trace, profile, &pending));
    for (size_t at = 0; at <= tl_simdisk_op_count(trace); at++) {
        tl_brute_set expected;
        tl_status status = tl_brute_images(trace, at, profile, STATES_MAX, &expected);
        must(tl_pending_to(pending, at));
        if (status == TL_NO_SPACE)
            continue; /* too many to be built one by one */
        must(status);
        point_build(all, trace, pending, &possible);
        if (all->count != expected.count ||
            memcmp(all->hashes, expected.hashes, all->count * sizeof *all->hashes) != 0) {
            explain(trace, at);
            fail_msg("seed %llu, %s at %zu: %zu states, and not those %zu that the rules allow",
                     (unsigned long long)seed, tl_profile_at(profile)->name, at, all->count,
                     expected.count);
        }
        free(expected.hashes);
    }
    tl_pending_destroy(pending);
    tl_possible_clear(&possible);
}

/* Syncs of the log that took back something of their file. */
static unsigned reverts(const tl_simdisk *trace)
{
    unsigned count = 0;
    for (size_t i = 0; i < tl_simdisk_op_count(trace); i++)
        count += tl_simdisk_op_reverts(tl_simdisk_op_at(trace, i));
    return count;
}

static void every_state_is_built_as_the_rules_say(void **state)
{
    (void)state;
    unsigned went_back = 0;
    built all = {.hashes = malloc(STATES_MAX * sizeof *all.hashes)};
    assert_non_null(all.hashes);
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        tl_simdisk *trace = NULL;
        must(tl_brute_trace(seed, 8 + (unsigned)(seed % 6), &trace));
        for (unsigned p = 0; p < TL_PROFILE_COUNT; p++) {
            if (tl_profile_at((tl_profile)p)->exact)
                profile_compare(&all, trace, seed, (tl_profile)p);
        }
        went_back += reverts(trace);
        tl_simdisk_destroy(trace);
    }
    print_message("%d traces, %u files went back\n", TRACES, went_back);
    assert_true(went_back > TRACES / 8);
    for (int i = 0; i < FILES_MAX; i++)
        free(all.bytes[i]);
    free(all.hashes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_is_built_as_the_rules_say),
    };
    return cmocka_run_group_tests_name("states_built", tests, NULL, NULL);
}
