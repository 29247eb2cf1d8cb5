/* engine/tests/test_page_check.c -- the checks of a page can fail, each for its own reason. */
#include "engine/base/hash.h"
#include "engine/page/check.h"
#include "engine/page/edit.h"
#include "engine/page/run.h"
#include "engine/page/search.h"
#include "engine/tests/unit.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES = 1024 };

typedef struct specimen {
    uint8_t leaf[PAGE_BYTES], branch[PAGE_BYTES];
    uint64_t marks[PAGE_BYTES / 64];
} specimen;

/* A leaf with prefix "us", five records, garbage and a gap; a branch with long and short keys. */
static void specimen_make(specimen *s)
{
    static const char *const keys[] = {"usa", "usb", "usbcd", "usbcdefgh", "usc"};
    tl_page_identity identity = {
        .page_bytes = PAGE_BYTES, .pgno = 7, .tree_id = 1, .birth = 3, .kind = TL_PAGE_LEAF};
    tl_builder builder;
    tl_slice none = {NULL, 0};
    memset(s, 0, sizeof *s);
    tl_build_begin(&builder, s->leaf, &identity, unit_text("usa"), unit_text("usx"), 8);
    for (size_t i = 0; i < 5; i++)
        tl_build_record(&builder, unit_text(keys[i]), none, unit_text("value"), 0);
    tl_build_end(&builder);
    tl_stats stats = {0};
    uint8_t scratch[PAGE_BYTES];
    tl_edit edit = {.page_bytes = PAGE_BYTES, .scratch = scratch, .stats = &stats};
    tl_leaf_bump.remove(&edit, s->leaf, 1);
    identity.kind = TL_PAGE_BRANCH;
    identity.level = 1;
    tl_build_begin(&builder, s->branch, &identity, unit_text("usA"), unit_text("usx"), 8);
    tl_build_first_child(&builder, (tl_ref){20, 3});
    for (size_t i = 0; i < 5; i++)
        tl_build_entry(&builder, unit_text(keys[i]), none, (tl_ref){(uint32_t)i + 21, 3});
    tl_build_end(&builder);
}

static void expect_sound(specimen *s)
{
    assert_null(tl_page_check_bounds(s->leaf, PAGE_BYTES));
    assert_null(tl_page_check_bounds(s->branch, PAGE_BYTES));
    assert_null(tl_page_check_whole(s->leaf, PAGE_BYTES, s->marks).rule);
    assert_null(tl_page_check_whole(s->branch, PAGE_BYTES, s->marks).rule);
}

/* Store `value` in 16 bits at `at`, expect the bounds check to speak, put the old value back. */
static void expect_out_of_bounds(uint8_t *page, size_t at, unsigned value, const char *words)
{
    unsigned old = tl_load16(page + at);
    tl_store16(page + at, value);
    const char *fault = tl_page_check_bounds(page, PAGE_BYTES);
    if (fault == NULL || strstr(fault, words) == NULL)
        fail_msg("offset %zu: expected '%s', got '%s'", at, words, fault ? fault : "nothing");
    tl_store16(page + at, old);
}

static void every_offset_that_leaves_the_page_is_out_of_bounds(void **state)
{
    (void)state;
    specimen s;
    specimen_make(&s);
    expect_sound(&s);
    size_t slot = TL_PAGE_HEADER_BYTES + 4 * (size_t)tl_page_cap(s.leaf);
    expect_out_of_bounds(s.leaf, TL_AT_KIND, 9, "kind");
    expect_out_of_bounds(s.leaf, TL_AT_KIND, TL_PAGE_BRANCH, "level");
    expect_out_of_bounds(s.leaf, TL_AT_COUNT, 9, "more entries");
    expect_out_of_bounds(s.leaf, TL_AT_CAP, 200, "arrays");
    expect_out_of_bounds(s.leaf, TL_AT_HEAP_LO, PAGE_BYTES + 1, "arrays");
    expect_out_of_bounds(s.leaf, TL_AT_FRAG, PAGE_BYTES, "garbage");
    expect_out_of_bounds(s.leaf, TL_AT_LOWER_OFF, PAGE_BYTES - 1, "fence");
    expect_out_of_bounds(s.leaf, TL_AT_UPPER_LEN, 600, "fence");
    expect_out_of_bounds(s.leaf, TL_AT_UPPER_LEN, 4000, "fence");
    expect_out_of_bounds(s.leaf, TL_AT_PREFIX_OFF, 10, "prefix");
    expect_out_of_bounds(s.leaf, TL_AT_FREE_HEAD, PAGE_BYTES - 1, "free block");
    expect_out_of_bounds(s.leaf, TL_AT_FREE_BYTES, 1, "free bytes");
    expect_out_of_bounds(s.leaf, slot, 1, "cell");
    expect_out_of_bounds(s.leaf, slot, PAGE_BYTES - 1, "cell");
    expect_out_of_bounds(s.leaf, slot + 2, 700, "cell");
    expect_out_of_bounds(s.leaf, slot + 2, 2040, "length");
    expect_out_of_bounds(s.leaf, tl_page_cell_off(s.leaf, 0), 900, "value");
    size_t long_slot = TL_PAGE_HEADER_BYTES + 4 * (size_t)tl_page_cap(s.branch) + 4 * 3;
    expect_out_of_bounds(s.branch, long_slot, PAGE_BYTES - 2, "separator");
    expect_out_of_bounds(s.branch, long_slot, 0, "separator");
    expect_sound(&s);
}

static void expect_fault(specimen *s, const uint8_t *page, const char *rule)
{
    tl_page_fault fault = tl_page_check_whole(page, PAGE_BYTES, s->marks);
    assert_non_null(fault.rule);
    assert_string_equal(fault.rule, rule);
    assert_true(strlen(fault.text) > 5);
    specimen_make(s);
}

static void each_broken_promise_of_a_page_is_named(void **state)
{
    (void)state;
    specimen s;
    specimen_make(&s);
    uint8_t *heads = s.leaf + TL_PAGE_HEADER_BYTES;
    uint8_t *slots = heads + 4 * (size_t)tl_page_cap(s.leaf);

    tl_page_set_frag(s.leaf, tl_page_frag(s.leaf) + 1);
    expect_fault(&s, s.leaf, "page-layout"); /* bytes do not add up */
    memcpy(slots + 4, slots, 4);
    expect_fault(&s, s.leaf, "page-layout"); /* two slots, one cell */
    tl_store16(s.leaf + TL_AT_LOWER_OFF, tl_page_cell_off(s.leaf, 0));
    expect_fault(&s, s.leaf, "page-layout"); /* a fence over a cell */
    tl_page_set_prefix_len(s.leaf, 1);
    expect_fault(&s, s.leaf, "page-prefix");
    s.leaf[TL_AT_FLAGS] |= TL_PAGE_SOFT;
    expect_fault(&s, s.leaf, "page-layout"); /* a prefix of its own would need its own bytes */
    heads[0] ^= 1;
    expect_fault(&s, s.leaf, "page-heads");
    s.leaf[tl_load16(s.leaf + TL_AT_UPPER_OFF) + 2] = 'B';
    expect_fault(&s, s.leaf, "page-prefix"); /* upper fence below the lower one */
    s.leaf[tl_load16(s.leaf + TL_AT_UPPER_OFF) + 2] = 'c';
    expect_fault(&s, s.leaf, "page-order"); /* last key not below the upper fence */
    s.leaf[tl_load16(s.leaf + TL_AT_LOWER_OFF) + 2] = 'b';
    expect_fault(&s, s.leaf, "page-order"); /* first key below the lower fence */
    uint8_t entry[4];
    memcpy(entry, slots, 4); /* swap records 0 and 1, heads and all */
    memcpy(slots, slots + 4, 4);
    memcpy(slots + 4, entry, 4);
    memcpy(entry, heads, 4);
    memcpy(heads, heads + 4, 4);
    memcpy(heads + 4, entry, 4);
    expect_fault(&s, s.leaf, "page-order");
    s.branch[tl_load16(s.branch + TL_AT_LOWER_OFF) + 2] = 'a';
    expect_fault(&s, s.branch, "page-order"); /* a separator may not equal the lower fence */
    expect_sound(&s);
}

/* A page that passes the bounds check may hold nonsense, but reading it stays inside it. */
static void no_page_that_passes_the_bounds_check_is_read_beyond_its_end(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    specimen s;
    unsigned passed = 0;
    uint8_t *page = malloc(PAGE_BYTES); /* exactly: the address sanitizer watches its end */
    assert_non_null(page);
    for (unsigned round = 0; round < 60000; round++) {
        specimen_make(&s);
        memcpy(page, round % 2 == 0 ? s.leaf : s.branch, PAGE_BYTES);
        for (unsigned i = 0; i < 1 + unit_below(&random, 3); i++) {
            uint32_t at = unit_below(&random, unit_below(&random, 2) == 0 ? 160 : PAGE_BYTES);
            page[at] = (uint8_t)(page[at] ^ (1u << unit_below(&random, 8)));
        }
        if (tl_page_check_bounds(page, PAGE_BYTES) != NULL)
            continue;
        passed++;
        (void)tl_page_check_whole(page, PAGE_BYTES, s.marks);
        tl_search_counts counts = {0};
        bool equal;
        uint8_t key[TL_KEY_BYTES_MAX * 2];
        if (tl_page_kind_of(page) == TL_PAGE_LEAF) {
            unsigned index = tl_leaf_find(page, unit_text("bcd"), &equal, &counts);
            if (index < tl_page_count(page))
                (void)tl_record_hash(tl_leaf_suffix(page, index), tl_leaf_value(page, index));
        } else {
            unsigned index = tl_branch_find(page, unit_text("bcd"), &counts);
            assert_true(index <= tl_page_count(page));
            (void)tl_branch_child(page, index);
        }
        tl_run run = {.kind = tl_page_kind_of(page)};
        tl_run_add_page(&run, page, 0, tl_page_count(page));
        for (unsigned i = 0; i < tl_page_count(page); i++)
            assert_true(tl_run_key(&run, i, key).size_bytes <= TL_KEY_BYTES_MAX);
    }
    assert_true(passed > 1000);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_offset_that_leaves_the_page_is_out_of_bounds),
        cmocka_unit_test(each_broken_promise_of_a_page_is_named),
        cmocka_unit_test(no_page_that_passes_the_bounds_check_is_read_beyond_its_end),
    };
    return cmocka_run_group_tests_name("page_check", tests, NULL, NULL);
}
