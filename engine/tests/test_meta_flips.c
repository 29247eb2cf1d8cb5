/* engine/tests/test_meta_flips.c -- one flipped bit anywhere in a database.
 *
 * Whatever the bit, the store must notice it (an error status), correct it (a second copy) or not
 * depend on it (content right); it may never hand out a wrong record, crash or hang.  Metas, zone
 * pages and page headers are flipped bit by bit, the rest is sampled.
 */
#define _GNU_SOURCE /* pwrite */
#include "engine/base/hash.h"
#include "engine/tests/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 1024, PAGES = 64, RECORDS = 200, VALUE = 60, META_BYTES = 8192 };

typedef struct outcome {
    uint64_t refused;  /* open said so */
    uint64_t noticed;  /* a read or the verifier said so */
    uint64_t harmless; /* corrected or without meaning */
    uint64_t wrong;    /* must stay 0 */
} outcome;

typedef struct lab {
    unit_place place;
    tl_arena *arena;
    tl_env_options options;
    uint64_t hash;
    int files[3]; /* x.tl, x.log.0, x.log.1 */
    unit_files content;
    outcome sum;
} lab;

/* `closed`: the file ends with its last live page.  Else it has PAGES of them, some free. */
static void lab_make(lab *l, bool closed)
{
    memset(l, 0, sizeof *l);
    unit_place_make(&l->place);
    assert_int_equal(tl_arena_create(1 << 20, &l->arena), TL_OK);
    l->options = (tl_env_options){.flags = TL_OPEN_DETERMINISTIC,
                                  .page_bytes = PAGE,
                                  .log_bytes = 8192,
                                  .growth_bytes = (PAGES - 16) * PAGE,
                                  .arena = l->arena};
    tl_env *env = unit_open(&l->place, &l->options);
    for (unsigned i = 0; i < RECORDS; i += 100)
        unit_put_numbers(env, i, i + 100, VALUE);
    assert_int_equal(tl_env_checkpoint(env), TL_OK);
    unit_put_numbers(env, 0, 40, VALUE); /* old versions of some pages stay in the file */
    assert_int_equal(tl_env_checkpoint(env), TL_OK);
    if (closed)
        assert_int_equal(tl_env_close(env), TL_OK); /* cuts the free end off */
    else
        tl_env_abandon(env);
    env = unit_open(&l->place, &l->options);
    l->hash = unit_expect_clean(env).content_hash;
    tl_env_abandon(env);
    l->content = unit_files_read(&l->place);
    if (closed)
        assert_in_range(l->content.page.size_bytes, META_BYTES, PAGES * PAGE - 1);
    else
        assert_int_equal(l->content.page.size_bytes, PAGES * PAGE);
    const char *paths[3] = {l->place.path, l->place.logs[0], l->place.logs[1]};
    for (unsigned i = 0; i < 3; i++) {
        l->files[i] = open(paths[i], O_RDWR);
        assert_true(l->files[i] >= 0);
    }
}

static void lab_free(lab *l)
{
    print_message("flips: %llu refused at open, %llu noticed, %llu harmless, %llu wrong\n",
                  (unsigned long long)l->sum.refused, (unsigned long long)l->sum.noticed,
                  (unsigned long long)l->sum.harmless, (unsigned long long)l->sum.wrong);
    for (unsigned i = 0; i < 3; i++)
        close(l->files[i]);
    tl_arena_destroy(l->arena);
    unit_files_free(&l->content);
    unit_place_remove(&l->place);
}

/* Open, read everything, verify, and classify. */
static void look(lab *l, unsigned flags)
{
    tl_env *env = NULL;
    tl_env_options options = l->options;
    options.flags |= flags;
    tl_status status = tl_env_open(l->place.path, &options, &env);
    if (status != TL_OK) {
        assert_true(status == TL_CORRUPT || status == TL_NOT_OURS || status == TL_VERSION);
        l->sum.refused++;
        return;
    }
    uint64_t count = 0;
    tl_verify_summary summary;
    uint64_t hash = unit_scan_hash(env, &count, &status);
    tl_status verified = tl_verify(env, NULL, NULL, &summary);
    if (status == TL_OK && (hash != l->hash || count != RECORDS))
        l->sum.wrong++; /* a full scan went through and gave something else */
    else if (status == TL_CORRUPT || verified == TL_CORRUPT)
        l->sum.noticed++;
    else if (status == TL_OK && verified == TL_OK && summary.content_hash == l->hash)
        l->sum.harmless++;
    else
        l->sum.wrong++;
    tl_env_abandon(env);
}

static const unit_bytes *content_of(const lab *l, unsigned file)
{
    return file == 0 ? &l->content.page : &l->content.log[file - 1];
}

static void write_byte(lab *l, unsigned file, size_t at, uint8_t byte)
{
    assert_int_equal(pwrite(l->files[file], &byte, 1, (off_t)at), 1);
}

static void flip(lab *l, unsigned file, size_t at, unsigned bit)
{
    uint8_t byte = content_of(l, file)->data[at];
    write_byte(l, file, at, (uint8_t)(byte ^ (1u << bit)));
    look(l, TL_OPEN_READ_ONLY);
    write_byte(l, file, at, byte);
    if (l->sum.wrong != 0)
        fail_msg("a wrong answer: file %u, byte %zu, bit %u", file, at, bit);
}

static void no_flipped_bit_of_a_meta_changes_an_answer(void **state)
{
    (void)state;
    lab l;
    lab_make(&l, false);
    for (size_t at = 0; at < META_BYTES; at++)
        if (at % 2048 < 512 || at % 61 == 0) /* every bit of the records, some of the padding */
            for (unsigned bit = 0; bit < 8; bit++)
                flip(&l, 0, at, bit);
    assert_int_equal(l.sum.refused + l.sum.noticed, 0); /* each record has its second copy */
    lab_free(&l);
}

/* The close writes the metas anew, for a shorter file: a bit of any page may flip there too. */
static void no_flipped_bit_of_a_closed_file_changes_an_answer(void **state)
{
    (void)state;
    lab l;
    lab_make(&l, true);
    for (size_t at = 0; at < META_BYTES; at++)
        if (at % 2048 < 512)
            flip(&l, 0, at, (unsigned)at % 8);
    assert_int_equal(l.sum.refused + l.sum.noticed, 0);
    for (size_t at = META_BYTES; at < l.content.page.size_bytes; at += 3)
        flip(&l, 0, at, (unsigned)at % 8);
    assert_true(l.sum.noticed > 0 && l.sum.refused > 0 && l.sum.harmless > 0);
    lab_free(&l);
}

static void no_flipped_bit_of_a_header_changes_an_answer(void **state)
{
    (void)state;
    lab l;
    lab_make(&l, false);
    for (size_t page = META_BYTES / PAGE; page < PAGES; page++)
        for (size_t at = page * PAGE; at < page * PAGE + 64; at++)
            for (unsigned bit = 0; bit < 8; bit++)
                flip(&l, 0, at, bit);
    assert_true(l.sum.noticed > 0 && l.sum.refused > 0 && l.sum.harmless > 0);
    lab_free(&l);
}

static void no_flipped_bit_elsewhere_changes_an_answer(void **state)
{
    (void)state;
    lab l;
    uint64_t random = unit_seed(__func__);
    lab_make(&l, false);
    for (unsigned round = 0; round < 15000; round++) {
        size_t at =
            unit_below(&random, PAGES * PAGE); /* one call a line: arguments have no order */
        flip(&l, 0, at, unit_below(&random, 8));
    }
    for (unsigned file = 1; file <= 2; file++)
        for (size_t at = 0; at < 600; at++) /* the header of a log */
            flip(&l, file, at, (unsigned)at % 8);
    assert_true(l.sum.noticed > 0 && l.sum.refused > 0 && l.sum.harmless > 0);
    lab_free(&l);
}

/* The same through recovery, which writes: it must not turn noticed damage into a wrong answer. */
static void recovery_over_a_flipped_bit_gives_no_wrong_answer(void **state)
{
    (void)state;
    lab l;
    uint64_t random = unit_seed(__func__);
    lab_make(&l, false);
    for (unsigned round = 0; round < 1500; round++) {
        unsigned file = unit_below(&random, 10) == 0 ? 1 + unit_below(&random, 2) : 0;
        bool header = unit_below(&random, 2) == 0;
        size_t size = content_of(&l, file)->size_bytes;
        size_t page = unit_below(&random, (uint32_t)(size / PAGE)) * PAGE;
        size_t at = page + unit_below(&random, header ? 64 : PAGE);
        uint8_t byte = content_of(&l, file)->data[at];
        unit_files_write(&l.place, &l.content);
        write_byte(&l, file, at, (uint8_t)(byte ^ (1u << unit_below(&random, 8))));
        look(&l, 0);
        look(&l, 0); /* and once more over what the first open wrote */
        if (l.sum.wrong != 0)
            fail_msg("a wrong answer: file %u, byte %zu", file, at);
    }
    assert_true(l.sum.noticed > 0 && l.sum.refused > 0 && l.sum.harmless > 0);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_flipped_bit_of_a_meta_changes_an_answer),
        cmocka_unit_test(no_flipped_bit_of_a_closed_file_changes_an_answer),
        cmocka_unit_test(no_flipped_bit_of_a_header_changes_an_answer),
        cmocka_unit_test(no_flipped_bit_elsewhere_changes_an_answer),
        cmocka_unit_test(recovery_over_a_flipped_bit_gives_no_wrong_answer),
    };
    return cmocka_run_group_tests_name("meta_flips", tests, NULL, NULL);
}
