/* harness/fault/tests/test_memo.c -- facts belong to contents, and to nothing else. */
#include "harness/fault/memo.h"
#include "harness/fault/simdisk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 4096 };

typedef struct fixture { /* two pages of a disk */
    tl_simdisk *trace;
    tl_memo *memo;
    tl_file *file;
    uint8_t one[PAGE], two[PAGE];
} fixture;

static void must(tl_status status)
{
    assert_int_equal(status, TL_OK);
}

static void write_at(tl_simdisk *disk, tl_file *file, uint64_t offset, const void *bytes,
                     size_t size_bytes)
{
    tl_io *io = tl_simdisk_io(disk);
    must(io->pwritev(io, file, offset, &(tl_io_span){bytes, size_bytes}, 1));
}

static void begin(fixture *at)
{
    memset(at->one, 1, PAGE);
    memset(at->two, 2, PAGE);
    must(tl_simdisk_create(TL_SIMDISK_ONE_THREAD | TL_SIMDISK_RECORD, &at->trace));
    tl_io *io = tl_simdisk_io(at->trace);
    must(io->open(io, "d/f", TL_IO_WRITE | TL_IO_CREATE, &at->file));
    write_at(at->trace, at->file, 0, at->one, PAGE);
    write_at(at->trace, at->file, PAGE, at->two, PAGE);
    must(tl_memo_create(tl_simdisk_mark(at->trace), &at->memo));
    tl_simdisk_use_memo(at->trace, at->memo);
}

static void end(fixture *at)
{
    tl_simdisk_destroy(at->trace);
    tl_memo_destroy(at->memo);
}

static bool recall(fixture *at, tl_file *file, uint64_t offset, const void *bytes, uint64_t *fact)
{
    tl_io *io = tl_simdisk_io(at->trace);
    return io->recall(io, file, offset, bytes, PAGE, fact, sizeof *fact);
}

static void remember(fixture *at, tl_file *file, uint64_t offset, const void *bytes, uint64_t fact)
{
    tl_io *io = tl_simdisk_io(at->trace);
    io->remember(io, file, offset, bytes, PAGE, &fact, sizeof fact);
}

static void facts_of_one_page_are_not_those_of_another(void **state)
{
    (void)state;
    fixture at;
    begin(&at);
    uint64_t fact = 0;
    remember(&at, at.file, 0, NULL, 17);
    assert_true(recall(&at, at.file, 0, NULL, &fact));
    assert_int_equal(fact, 17);
    assert_false(recall(&at, at.file, PAGE, NULL, &fact));
    assert_false(recall(&at, at.file, 512, NULL, &fact)); /* a part of each */
    assert_false(recall(&at, at.file, 2 * PAGE, NULL, &fact));
    end(&at);
}

/* A page written over has other facts, whatever was known of the place. */
static void facts_do_not_stay_with_the_place(void **state)
{
    (void)state;
    fixture at;
    begin(&at);
    uint64_t fact = 0;
    remember(&at, at.file, 0, NULL, 17);
    write_at(at.trace, at.file, 512, at.two, 512);
    assert_false(recall(&at, at.file, 0, NULL, &fact));
    write_at(at.trace, at.file, 0, at.two, PAGE); /* new numbers: known by their bytes */
    assert_false(recall(&at, at.file, 0, NULL, &fact));
    remember(&at, NULL, 0, at.two, 18);
    assert_true(recall(&at, at.file, 0, NULL, &fact));
    assert_int_equal(fact, 18);
    end(&at);
}

/* A state writes its own sectors over in place: their numbers stay. */
static void numbers_that_stay_tell_nothing_of_what_a_state_wrote(void **state)
{
    (void)state;
    fixture at;
    begin(&at);
    tl_simdisk *beside;
    tl_file *file;
    uint64_t fact = 0;
    must(tl_simdisk_create_beside(at.trace, TL_SIMDISK_ONE_THREAD, &beside));
    tl_simdisk_use_memo(beside, at.memo);
    tl_io *io = tl_simdisk_io(beside);
    must(io->open(io, "d/g", TL_IO_WRITE | TL_IO_CREATE, &file));
    write_at(beside, file, 0, at.two, PAGE);
    io->remember(io, file, 0, NULL, PAGE, &fact, sizeof fact);
    assert_true(io->recall(io, file, 0, NULL, PAGE, &fact, sizeof fact));
    uint32_t mark = tl_simdisk_mark(beside);
    write_at(beside, file, 512, at.one, 1);
    assert_int_equal(tl_simdisk_mark(beside), mark);
    assert_false(io->recall(io, file, 0, NULL, PAGE, &fact, sizeof fact));
    tl_simdisk_destroy(beside);
    end(&at);
}

static void one_byte_makes_other_contents(void **state)
{
    (void)state;
    fixture at;
    begin(&at);
    uint64_t fact = 0;
    remember(&at, NULL, 0, at.one, 19);
    assert_true(recall(&at, NULL, 0, at.one, &fact));
    for (size_t i = 0; i < PAGE; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            at.one[i] ^= (uint8_t)(1u << bit);
            assert_false(recall(&at, NULL, 0, at.one, &fact));
            at.one[i] ^= (uint8_t)(1u << bit);
        }
    }
    for (size_t i = 0; i + 16 <= PAGE; i += 8) { /* two words changed places */
        uint8_t other[PAGE];
        memcpy(other, at.one, PAGE);
        memset(other + i, 7, 8);
        remember(&at, NULL, 0, other, 20);
        memset(other + i, 1, 8);
        memset(other + i + 8, 7, 8);
        assert_false(recall(&at, NULL, 0, other, &fact));
    }
    end(&at);
}

/* What is known of a branch's children stands beside what is known of the branch. */
static void large_facts_and_small_ones_do_not_meet(void **state)
{
    (void)state;
    fixture at;
    begin(&at);
    tl_io *io = tl_simdisk_io(at.trace);
    uint8_t large[200], seen[200];
    uint64_t fact = 0;
    memset(large, 5, sizeof large);
    remember(&at, at.file, 0, NULL, 17);
    io->remember(io, at.file, 0, NULL, PAGE, large, sizeof large);
    assert_true(recall(&at, at.file, 0, NULL, &fact));
    assert_int_equal(fact, 17);
    assert_true(io->recall(io, at.file, 0, NULL, PAGE, seen, sizeof seen));
    assert_memory_equal(seen, large, sizeof large);
    assert_false(io->recall(io, at.file, 0, NULL, PAGE, seen, sizeof seen - 1));
    assert_false(io->recall(io, at.file, PAGE, NULL, PAGE, seen, sizeof seen));
    end(&at);
}

/* Contents have a number where one write of the trace made them, and nowhere else. */
static void a_number_is_of_contents_that_stay(void **state)
{
    (void)state;
    fixture at;
    begin(&at);
    tl_io *io = tl_simdisk_io(at.trace);
    uint64_t one = io->identify(io, at.file, 0, PAGE), two = io->identify(io, at.file, PAGE, PAGE);
    assert_true(one != 0 && two != 0 && one != two);
    assert_int_equal(io->identify(io, at.file, 2 * PAGE, PAGE), 0);
    assert_int_equal(io->identify(io, at.file, 1, PAGE), 0);
    write_at(at.trace, at.file, 512, at.two, 512); /* a mixture of two writes */
    assert_int_equal(io->identify(io, at.file, 0, PAGE), 0);
    write_at(at.trace, at.file, PAGE, at.one, PAGE); /* not of the trace: could change in place */
    assert_int_equal(io->identify(io, at.file, PAGE, PAGE), 0);
    end(&at);
}

/* More contents than fit: what is forgotten is not there, and nothing else is. */
static void a_memo_that_overflows_forgets(void **state)
{
    (void)state;
    fixture at;
    begin(&at);
    uint64_t fact = 0, known = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        memcpy(at.one, &i, sizeof i);
        remember(&at, NULL, 0, at.one, i);
    }
    for (uint64_t i = 0; i < 100000; i++) {
        memcpy(at.one, &i, sizeof i);
        if (!recall(&at, NULL, 0, at.one, &fact))
            continue;
        assert_int_equal(fact, i);
        known++;
    }
    assert_true(known > 0 && known < 100000);
    end(&at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_of_one_page_are_not_those_of_another),
        cmocka_unit_test(facts_do_not_stay_with_the_place),
        cmocka_unit_test(numbers_that_stay_tell_nothing_of_what_a_state_wrote),
        cmocka_unit_test(large_facts_and_small_ones_do_not_meet),
        cmocka_unit_test(a_number_is_of_contents_that_stay),
        cmocka_unit_test(one_byte_makes_other_contents),
        cmocka_unit_test(a_memo_that_overflows_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
