/* engine/tests/test_page_freelist.c -- the chain of free blocks: what is taken, joined, given up.
 */
#include "engine/page/check.h"
#include "engine/page/edit.h"
#include "engine/page/run.h"
#include "engine/page/search.h"
#include "engine/tests/unit.h"

#include <string.h>

enum { PAGE_BYTES = 4096 };

typedef struct desk {
    uint8_t page[PAGE_BYTES], scratch[PAGE_BYTES], value[PAGE_BYTES];
    uint64_t marks[PAGE_BYTES / 64];
    tl_stats stats;
    tl_edit edit;
} desk;

static desk the_desk;

static desk *desk_set(void)
{
    desk *d = &the_desk;
    memset(d, 0, sizeof *d);
    d->edit = (tl_edit){.page_bytes = PAGE_BYTES, .scratch = d->scratch, .stats = &d->stats};
    tl_page_identity identity = {
        .page_bytes = PAGE_BYTES, .pgno = 7, .tree_id = 1, .birth = 3, .kind = TL_PAGE_LEAF};
    tl_builder builder;
    tl_slice infinite = {NULL, 0};
    tl_build_begin(&builder, d->page, &identity, infinite, infinite, 0);
    tl_build_end(&builder);
    return d;
}

static void check(desk *d)
{
    const char *fault = tl_page_check_bounds(d->page, PAGE_BYTES);
    if (fault == NULL)
        fault = tl_page_check_whole(d->page, PAGE_BYTES, d->marks).text;
    if (fault != NULL)
        fail_msg("%s", fault);
}

/* Keys are single bytes; cells are 3 + value bytes. */
static unsigned find(const desk *d, uint8_t key, bool *present)
{
    tl_search_counts counts = {0};
    return tl_leaf_find(d->page, tl_slice_of(&key, 1), present, &counts);
}

static bool insert(desk *d, uint8_t key, size_t value_bytes)
{
    bool present;
    unsigned index = find(d, key, &present);
    assert_false(present);
    bool fits = tl_leaf_freelist.insert(&d->edit, d->page, index, tl_slice_of(&key, 1),
                                        tl_slice_of(d->value, value_bytes));
    check(d);
    return fits;
}

static void take_out(desk *d, uint8_t key)
{
    bool present;
    unsigned index = find(d, key, &present);
    assert_true(present);
    tl_leaf_freelist.remove(&d->edit, d->page, index);
    check(d);
}

static bool update(desk *d, uint8_t key, size_t value_bytes)
{
    bool present;
    unsigned index = find(d, key, &present);
    assert_true(present);
    memset(d->value, key, value_bytes);
    bool fits =
        tl_leaf_freelist.update(&d->edit, d->page, index, tl_slice_of(d->value, value_bytes));
    check(d);
    if (fits) {
        tl_slice got = tl_leaf_value(d->page, index);
        assert_int_equal(got.size_bytes, value_bytes);
        assert_memory_equal(got.data, d->value, value_bytes);
        assert_int_equal(tl_leaf_suffix(d->page, index).size_bytes, 1);
        assert_memory_equal(tl_leaf_suffix(d->page, index).data, &key, 1);
    }
    return fits;
}

static unsigned chain_length(const desk *d)
{
    unsigned length = 0;
    for (unsigned at = tl_page_free_head(d->page); at != 0; at = tl_load16(d->page + at))
        length++;
    return length;
}

/* Cells are placed downward: later ones lie in front. */
static void neighbours_given_back_from_behind_become_one_block(void **state)
{
    (void)state;
    desk *d = desk_set();
    for (uint8_t key = 1; key <= 5; key++)
        assert_true(insert(d, key, 50));
    for (uint8_t key = 2; key <= 4; key++)
        take_out(d, key);
    assert_int_equal(chain_length(d), 1);
    assert_int_equal(tl_page_free_bytes(d->page), 3 * 53);
    assert_int_equal(tl_page_frag(d->page), 0);
    assert_true(insert(d, 9, 3 * 53 - 3)); /* which holds what three cells held */
    assert_int_equal(d->stats.alloc_fit_freeblock, 1);
    assert_int_equal(chain_length(d), 0);
    assert_int_equal(d->stats.alloc_compactions, 0);
}

static void a_block_that_touches_the_gap_becomes_gap(void **state)
{
    (void)state;
    desk *d = desk_set();
    for (uint8_t key = 1; key <= 4; key++) /* cell 4 is the lowest */
        assert_true(insert(d, key, 50));
    uint32_t heap_lo = tl_page_heap_lo(d->page);
    take_out(d, 2);
    take_out(d, 3);
    assert_int_equal(chain_length(d), 1);
    assert_int_equal(tl_page_heap_lo(d->page), heap_lo);
    take_out(d, 4); /* its bytes, and the block behind them */
    assert_int_equal(chain_length(d), 0);
    assert_int_equal(tl_page_free_bytes(d->page), 0);
    assert_int_equal(tl_page_heap_lo(d->page), heap_lo + 3 * 53);
    take_out(d, 1);
    assert_int_equal(tl_page_heap_lo(d->page), PAGE_BYTES);
}

static void the_block_that_fits_best_is_taken(void **state)
{
    (void)state;
    desk *d = desk_set();
    static const uint8_t sizes[] = {90, 20, 60, 20, 40, 20, 70, 20};
    for (uint8_t key = 0; key < 8; key++)
        assert_true(insert(d, key, sizes[key]));
    for (uint8_t key = 0; key < 8; key += 2) /* holes of 93, 63, 43 and 73 bytes */
        take_out(d, key);
    assert_int_equal(chain_length(d), 4);
    unsigned free_bytes = tl_page_free_bytes(d->page);
    assert_true(insert(d, 10, 40)); /* 43, exactly */
    assert_int_equal(chain_length(d), 3);
    assert_true(insert(d, 11, 60)); /* 63, exactly */
    assert_true(insert(d, 12, 60)); /* of 73: ten bytes stay a block */
    assert_int_equal(chain_length(d), 2);
    assert_int_equal(tl_page_free_bytes(d->page), free_bytes - 43 - 63 - 63);
    assert_true(insert(d, 13, 88)); /* of 93: two bytes are too few for a block */
    assert_int_equal(chain_length(d), 1);
    assert_int_equal(tl_page_frag(d->page), 2);
    assert_int_equal(d->stats.alloc_fit_freeblock, 4);
}

static void a_value_that_shrinks_gives_its_end_back_and_one_that_grows_takes_it_again(void **state)
{
    (void)state;
    desk *d = desk_set();
    for (uint8_t key = 1; key <= 3; key++)
        assert_true(insert(d, key, 100));
    assert_true(update(d, 2, 60));
    assert_int_equal(tl_page_free_bytes(d->page), 40);
    assert_true(update(d, 2, 58)); /* two bytes, which join the forty behind them */
    assert_int_equal(tl_page_free_bytes(d->page), 42);
    assert_int_equal(tl_page_frag(d->page), 0);
    uint32_t heap_lo = tl_page_heap_lo(d->page);
    assert_true(update(d, 2, 100));
    assert_int_equal(tl_page_free_bytes(d->page), 0);
    assert_int_equal(tl_page_heap_lo(d->page), heap_lo);
    assert_true(update(d, 1, 98)); /* two bytes alone are garbage */
    assert_int_equal(tl_page_frag(d->page), 2);
    assert_int_equal(d->stats.alloc_compactions, 0);
}

static void an_update_that_does_not_fit_leaves_the_old_value(void **state)
{
    (void)state;
    desk *d = desk_set();
    uint8_t before[PAGE_BYTES];
    for (uint8_t key = 1; key <= 8; key++)
        assert_true(insert(d, key, 450));
    memcpy(before, d->page, PAGE_BYTES);
    assert_false(update(d, 4, 1500));
    assert_memory_equal(before, d->page, PAGE_BYTES);
    assert_int_equal(d->stats.alloc_misses, 1);
}

/* Fill the page with equal records, then remove and insert again and again. */
static void alternating_insert_and_delete_on_a_full_page_never_compacts(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    desk *d = desk_set();
    unsigned count = 0;
    while (count < 250 && insert(d, (uint8_t)count, 20))
        count++;
    assert_true(count > 100);
    tl_stats before = d->stats;
    for (unsigned round = 0; round < 4000; round++) {
        uint8_t key = (uint8_t)unit_below(&random, count);
        take_out(d, key);
        assert_true(insert(d, key, 20));
    }
    assert_int_equal(d->stats.alloc_compactions, before.alloc_compactions);
    assert_int_equal(d->stats.alloc_failures, 0);
    assert_int_equal(d->stats.alloc_misses, before.alloc_misses);
}

enum { ROUNDS = 20000 };

/* Records of mixed sizes come and go on a page that stays full; returns how many came. */
static unsigned mixed_sizes(desk *d, const tl_leaf_mode *mode, uint64_t random)
{
    unsigned inserts = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t key = (uint8_t)unit_below(&random, 90);
        bool present;
        unsigned index = find(d, key, &present);
        size_t bytes = present ? 0 : 20 + unit_below(&random, 100);
        if (present)
            mode->remove(&d->edit, d->page, index);
        else
            inserts += mode->insert(&d->edit, d->page, index, tl_slice_of(&key, 1),
                                    tl_slice_of(d->value, bytes));
        check(d);
    }
    return inserts;
}

/* Values of mixed sizes leave holes that do not fit, so a full page is compacted now and then.  How
 * often is told by `bump`, which remembers no hole: of the same records the same ones find room, a
 * third of them in a hole, and that saves a quarter of the compactions (24.8 to 26.9 % over eleven
 * seeds). */
static void holes_of_mixed_sizes_save_every_fifth_compaction(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    desk *d = desk_set();
    unsigned inserts = mixed_sizes(d, &tl_leaf_bump, random);
    tl_stats bump = d->stats;
    assert_true(inserts > ROUNDS / 4);
    assert_true(bump.alloc_compactions > inserts / 6); /* the page is full */
    d = desk_set();
    assert_int_equal(mixed_sizes(d, &tl_leaf_freelist, random), inserts);
    assert_int_equal(d->stats.alloc_misses, bump.alloc_misses); /* no byte is lost to holes */
    assert_true(d->stats.alloc_fit_freeblock * 10 > inserts * UINT64_C(3));
    assert_true(d->stats.alloc_compactions * 5 <= bump.alloc_compactions * 4);
    assert_int_equal(d->stats.alloc_failures, 0);
}

/* However many holes there are: eight cache lines, then the gap. */
static void a_cell_looks_at_eight_holes_and_no_more(void **state)
{
    (void)state;
    desk *d = desk_set();
    for (uint8_t key = 0; key < 40; key++)
        assert_true(insert(d, key, 20));
    for (uint8_t key = 0; key < 39; key += 2) /* downward: each enters at the front */
        take_out(d, key);
    assert_int_equal(chain_length(d), 20);
    assert_int_equal(d->stats.alloc_scans, 0);
    uint32_t heap_lo = tl_page_heap_lo(d->page);
    assert_true(insert(d, 50, 40)); /* fits none of them */
    assert_int_equal(d->stats.alloc_scans, 8);
    assert_int_equal(tl_page_heap_lo(d->page), heap_lo - 43);
    assert_int_equal(chain_length(d), 20);
}

static void a_hole_behind_the_first_is_garbage_until_a_compaction(void **state)
{
    (void)state;
    desk *d = desk_set();
    unsigned count = 0;
    while (count < 250 && insert(d, (uint8_t)count, 4))
        count++;
    for (unsigned key = count - 2; key > 0; key -= 2) /* upward through the page */
        take_out(d, (uint8_t)key);
    assert_int_equal(d->stats.alloc_scans, 0); /* nothing was walked */
    assert_true(tl_page_frag(d->page) > 0);
    assert_int_equal(chain_length(d), 1);
    assert_true(insert(d, 255, 1500)); /* a compaction brings all of it back */
    assert_int_equal(d->stats.alloc_compactions, 1);
    assert_int_equal(tl_page_frag(d->page), 0);
    assert_int_equal(chain_length(d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_given_back_from_behind_become_one_block),
        cmocka_unit_test(a_block_that_touches_the_gap_becomes_gap),
        cmocka_unit_test(the_block_that_fits_best_is_taken),
        cmocka_unit_test(a_value_that_shrinks_gives_its_end_back_and_one_that_grows_takes_it_again),
        cmocka_unit_test(an_update_that_does_not_fit_leaves_the_old_value),
        cmocka_unit_test(alternating_insert_and_delete_on_a_full_page_never_compacts),
        cmocka_unit_test(holes_of_mixed_sizes_save_every_fifth_compaction),
        cmocka_unit_test(a_cell_looks_at_eight_holes_and_no_more),
        cmocka_unit_test(a_hole_behind_the_first_is_garbage_until_a_compaction),
    };
    return cmocka_run_group_tests_name("page_freelist", tests, NULL, NULL);
}
