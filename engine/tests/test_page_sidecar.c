/* engine/tests/test_page_sidecar.c -- what leaf mode sidecar remembers, forgets and does without.
 */
#include "engine/page/check.h"
#include "engine/page/edit.h"
#include "engine/page/run.h"
#include "engine/page/search.h"
#include "engine/tests/unit.h"

#include <string.h>

enum { PAGE_BYTES = 4096, PGNO = 7 };

typedef struct desk {
    uint8_t page[PAGE_BYTES], scratch[PAGE_BYTES], value[PAGE_BYTES];
    uint64_t marks[PAGE_BYTES / 64];
    tl_stats stats;
    tl_edit edit;
    const tl_leaf_mode *mode; /* of the next edit */
} desk;

static desk the_desk;

static void *no_memory(tl_memory *memory, size_t size_bytes)
{
    (void)memory, (void)size_bytes;
    return NULL;
}

static void no_release(tl_memory *memory, void *block, size_t size_bytes)
{
    (void)memory, (void)size_bytes;
    assert_null(block);
}

static desk *desk_set(tl_memory *memory)
{
    desk *d = &the_desk;
    tl_edit_close(&d->edit);
    memset(d, 0, sizeof *d);
    d->mode = &tl_leaf_sidecar;
    d->edit = (tl_edit){.page_bytes = PAGE_BYTES,
                        .scratch = d->scratch,
                        .stats = &d->stats,
                        .memory = memory,
                        .mode = &tl_leaf_sidecar};
    tl_edit_open(&d->edit);
    tl_page_identity identity = {
        .page_bytes = PAGE_BYTES, .pgno = PGNO, .tree_id = 1, .birth = 3, .kind = TL_PAGE_LEAF};
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

static unsigned find(const desk *d, uint8_t key, bool *present)
{
    tl_search_counts counts = {0};
    return tl_leaf_find(d->page, tl_slice_of(&key, 1), present, &counts);
}

static void insert(desk *d, uint8_t key, size_t value_bytes)
{
    bool present;
    unsigned index = find(d, key, &present);
    memset(d->value, key, value_bytes);
    assert_true(d->mode->insert(&d->edit, d->page, index, tl_slice_of(&key, 1),
                                tl_slice_of(d->value, value_bytes)));
    check(d);
}

static void take_out(desk *d, uint8_t key)
{
    bool present;
    unsigned index = find(d, key, &present);
    assert_true(present);
    d->mode->remove(&d->edit, d->page, index);
    check(d);
}

static void expect(desk *d, uint8_t key, size_t value_bytes)
{
    bool present;
    unsigned index = find(d, key, &present);
    assert_true(present);
    memset(d->value, key, value_bytes);
    assert_int_equal(tl_leaf_value(d->page, index).size_bytes, value_bytes);
    assert_memory_equal(tl_leaf_value(d->page, index).data, d->value, value_bytes);
}

static void a_hole_is_used_again_although_the_page_does_not_know_it(void **state)
{
    (void)state;
    desk *d = desk_set(tl_memory_default());
    for (uint8_t key = 1; key <= 5; key++)
        insert(d, key, 50);
    uint32_t heap_lo = tl_page_heap_lo(d->page);
    take_out(d, 2);
    take_out(d, 4);
    take_out(d, 3); /* the three are one hole now */
    assert_int_equal(tl_page_frag(d->page), 3 * 53);
    assert_int_equal(tl_page_free_bytes(d->page), 0);
    insert(d, 9, 3 * 53 - 3);
    assert_int_equal(tl_page_heap_lo(d->page), heap_lo);
    assert_int_equal(tl_page_frag(d->page), 0);
    assert_int_equal(d->stats.sidecar_builds, 0);
    assert_int_equal(d->stats.alloc_compactions, 0);
    expect(d, 1, 50);
    expect(d, 5, 50);
    expect(d, 9, 3 * 53 - 3);
    take_out(d, 9);
    take_out(d, 5); /* the lowest cell: the gap takes it, and the hole behind it */
    assert_int_equal(tl_page_frag(d->page), 0);
    assert_int_equal(tl_page_heap_lo(d->page), PAGE_BYTES - 53);
}

static void holes_of_an_unknown_page_are_found_by_looking_once(void **state)
{
    (void)state;
    desk *d = desk_set(tl_memory_default());
    for (uint8_t key = 1; key <= 40; key++)
        insert(d, key, 50);
    d->mode = &tl_leaf_freelist; /* blocks on the chain, and splinters beside it */
    for (uint8_t key = 2; key <= 20; key += 2)
        take_out(d, key);
    insert(d, 100, 48);
    assert_int_equal(tl_page_frag(d->page), 2);
    unsigned holes = tl_page_free_bytes(d->page) + tl_page_frag(d->page);
    d->mode = &tl_leaf_sidecar;
    tl_edit_forget(&d->edit, PGNO);
    insert(d, 101, 50);
    assert_int_equal(d->stats.sidecar_builds, 1);
    assert_int_equal(tl_page_free_head(d->page), 0);
    assert_int_equal(tl_page_frag(d->page), holes - 53);
    for (uint8_t key = 102; key < 110; key++)
        insert(d, key, 50);
    assert_int_equal(d->stats.sidecar_builds, 1);
    assert_int_equal(tl_page_frag(d->page), 2);
    for (uint8_t key = 1; key < 20; key += 2)
        expect(d, key, 50);
}

/* The sidecar of a page that was written anew would lead into living cells. */
static void a_page_written_anew_is_not_believed_to_have_its_old_holes(void **state)
{
    (void)state;
    desk *d = desk_set(tl_memory_default());
    for (uint8_t key = 1; key <= 30; key++)
        insert(d, key, 100);
    for (uint8_t key = 2; key < 30; key += 2)
        take_out(d, key);
    d->mode = &tl_leaf_rebuild;
    insert(d, 50, 100); /* no garbage is left, and no cell where it was */
    assert_int_equal(tl_page_frag(d->page), 0);
    d->mode = &tl_leaf_sidecar;
    take_out(d, 3); /* a hole of its own */
    insert(d, 51, 100);
    insert(d, 52, 100);
    for (uint8_t key = 5; key < 30; key += 2)
        expect(d, key, 100);
    expect(d, 50, 100);
    expect(d, 51, 100);
    expect(d, 52, 100);
}

/* Another page at the same place, with just as much garbage elsewhere: only forgetting helps. */
static void a_page_number_that_holds_another_page_is_forgotten(void **state)
{
    (void)state;
    desk *d = desk_set(tl_memory_default());
    uint8_t other[PAGE_BYTES];
    for (uint8_t key = 1; key <= 20; key++)
        insert(d, key, 100);
    memcpy(other, d->page, PAGE_BYTES);
    take_out(d, 5);
    memcpy(d->page, other, PAGE_BYTES);
    d->mode = &tl_leaf_bump;
    take_out(d, 15);
    d->mode = &tl_leaf_sidecar;
    tl_edit_forget(&d->edit, PGNO);
    insert(d, 30, 100);
    assert_int_equal(d->stats.sidecar_builds, 1);
    for (uint8_t key = 1; key <= 20; key++)
        if (key != 15)
            expect(d, key, 100);
    expect(d, 30, 100);
}

static void without_memory_the_mode_is_bump(void **state)
{
    (void)state;
    static tl_memory nothing = {no_memory, no_release};
    static uint8_t wanted[PAGE_BYTES];
    for (unsigned pass = 0; pass < 2; pass++) {
        desk *d = desk_set(&nothing);
        d->mode = pass == 0 ? &tl_leaf_bump : &tl_leaf_sidecar;
        uint64_t random = 5;
        for (unsigned round = 0; round < 3000; round++) {
            uint8_t key = (uint8_t)unit_below(&random, 40);
            bool present;
            (void)find(d, key, &present);
            if (present)
                take_out(d, key);
            else
                insert(d, key, 20 + unit_below(&random, 60));
        }
        assert_int_equal(d->stats.sidecar_builds + d->stats.sidecar_reuse, 0);
        assert_true(d->stats.alloc_compactions > 0);
        if (pass == 0)
            memcpy(wanted, d->page, PAGE_BYTES);
        else
            assert_memory_equal(wanted, d->page, PAGE_BYTES);
    }
}

/* More holes than a sidecar has room for: the small ones stay garbage, nothing is lost. */
static void a_page_full_of_small_holes_stays_sound(void **state)
{
    (void)state;
    desk *d = desk_set(tl_memory_default());
    for (unsigned key = 0; key < 200; key++)
        insert(d, (uint8_t)key, 4 + key % 5);
    for (unsigned key = 0; key < 200; key += 2)
        take_out(d, (uint8_t)key);
    assert_true(tl_page_frag(d->page) > 0);
    for (unsigned key = 0; key < 200; key += 2)
        insert(d, (uint8_t)key, 4 + key % 7);
    for (unsigned key = 0; key < 200; key++)
        expect(d, (uint8_t)key, 4 + (key % 2 == 0 ? key % 7 : key % 5));
    assert_int_equal(d->stats.alloc_failures, 0);
}

static int close_desk(void **state)
{
    (void)state;
    tl_edit_close(&the_desk.edit);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hole_is_used_again_although_the_page_does_not_know_it),
        cmocka_unit_test(holes_of_an_unknown_page_are_found_by_looking_once),
        cmocka_unit_test(a_page_written_anew_is_not_believed_to_have_its_old_holes),
        cmocka_unit_test(a_page_number_that_holds_another_page_is_forgotten),
        cmocka_unit_test(without_memory_the_mode_is_bump),
        cmocka_unit_test(a_page_full_of_small_holes_stays_sound),
    };
    return cmocka_run_group_tests_name("page_sidecar", tests, NULL, close_desk);
}
