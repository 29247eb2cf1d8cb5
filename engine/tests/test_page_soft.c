/* engine/tests/test_page_soft.c -- prefixes taken from a page's keys, and keys that break them. */
#include "engine/page/check.h"
#include "engine/page/edit.h"
#include "engine/page/run.h"
#include "engine/page/search.h"
#include "engine/tests/unit.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_BYTES = 2048, ENTRIES = 30 };

typedef struct desk {
    uint8_t page[PAGE_BYTES], scratch[PAGE_BYTES];
    uint64_t marks[PAGE_BYTES / 64];
    char keys[ENTRIES][32]; /* ascending */
    tl_stats stats;
    tl_edit edit;
} desk;

static desk the_desk;

static const tl_page_identity leaf_identity = {
    .page_bytes = PAGE_BYTES, .pgno = 7, .tree_id = 1, .birth = 3, .kind = TL_PAGE_LEAF};
static const tl_page_identity branch_identity = {.page_bytes = PAGE_BYTES,
                                                 .pgno = 7,
                                                 .tree_id = 1,
                                                 .birth = 3,
                                                 .kind = TL_PAGE_BRANCH,
                                                 .level = 1};

static void check(desk *d)
{
    const char *fault = tl_page_check_bounds(d->page, PAGE_BYTES);
    if (fault == NULL)
        fault = tl_page_check_whole(d->page, PAGE_BYTES, d->marks).text;
    if (fault != NULL)
        fail_msg("%s", fault);
}

/* Keys user0010, user0012, user0014 ... by way of a page whose fences say nothing. */
static desk *desk_set(const tl_page_identity *identity, const char *lower, const char *upper)
{
    static uint8_t plain[PAGE_BYTES];
    desk *d = &the_desk;
    memset(d, 0, sizeof *d);
    d->edit = (tl_edit){.page_bytes = PAGE_BYTES, .scratch = d->scratch, .stats = &d->stats};
    tl_builder builder;
    tl_slice none = {NULL, 0};
    tl_build_begin(&builder, plain, identity, none, none, ENTRIES);
    if (identity->kind == TL_PAGE_BRANCH)
        tl_build_first_child(&builder, (tl_ref){100, 1});
    for (unsigned i = 0; i < ENTRIES; i++) {
        snprintf(d->keys[i], sizeof d->keys[i], "user%04u", 10 + 2 * i);
        if (identity->kind == TL_PAGE_LEAF)
            tl_build_record(&builder, unit_text(d->keys[i]), none, unit_text("value"), 0);
        else
            tl_build_entry(&builder, unit_text(d->keys[i]), none, (tl_ref){101 + i, 1});
    }
    tl_build_end(&builder);
    assert_false(tl_page_is_soft(plain));
    tl_run run = {.kind = identity->kind};
    tl_run_add_page(&run, plain, 0, ENTRIES);
    tl_slice low = unit_text(lower), high = unit_text(upper);
    size_t bytes = tl_run_page_bytes(&run, 0, ENTRIES, low, high);
    tl_run_build(&run, 0, ENTRIES, d->page, identity, low, high, (tl_ref){100, 1});
    assert_int_equal(tl_page_used(d->page, PAGE_BYTES) + tl_page_reserve(d->page), bytes);
    check(d);
    return d;
}

static const struct {
    const char *lower, *upper;
} edges[] = {
    {"",     "" }, /* the root */
    {"",     "v"}, /* the first page */
    {"abc",  "" }, /* the last page */
    {"user", "" },
};
enum { EDGES = sizeof edges / sizeof edges[0] };

static void a_page_at_the_edge_cuts_what_its_keys_share(void **state)
{
    (void)state;
    for (unsigned e = 0; e < EDGES; e++) {
        desk *d = desk_set(&leaf_identity, edges[e].lower, edges[e].upper);
        assert_true(tl_page_is_soft(d->page));
        assert_int_equal(tl_page_prefix_len(d->page), 6); /* user00 */
        for (unsigned i = 1; i < ENTRIES; i++)            /* the heads tell the keys apart */
            assert_true(tl_page_head(d->page, i - 1) < tl_page_head(d->page, i));
    }
    desk *d = desk_set(&leaf_identity, "user", "userz"); /* fences on both sides are enough */
    assert_false(tl_page_is_soft(d->page));
    assert_int_equal(tl_page_prefix_len(d->page), 4);
}

static unsigned model_find(const desk *d, tl_slice key, bool or_equal)
{
    unsigned index = 0;
    while (index < ENTRIES) {
        int order = tl_slice_compare(unit_text(d->keys[index]), key);
        if (order > 0 || (order == 0 && !or_equal))
            break;
        index++;
    }
    return index;
}

/* Shorter, longer, below, above, equal, and all but equal. */
static tl_slice random_key(uint64_t *random, char text[40])
{
    static const char letters[] = {'0', '1', '3', 'r', 's', 'u', '\xff'};
    int size = snprintf(text, 40, "user%04u", unit_below(random, 90));
    if (unit_below(random, 3) == 0) /* break it anywhere */
        text[unit_below(random, (uint32_t)size)] = letters[unit_below(random, sizeof letters)];
    if (unit_below(random, 4) == 0)
        size = 1 + (int)unit_below(random, (uint32_t)size);
    else if (unit_below(random, 4) == 0)
        text[size++] = (char)unit_below(random, 2);
    return tl_slice_of(text, (size_t)size);
}

static void any_key_finds_its_place_on_a_soft_page(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    char text[40];
    for (unsigned e = 0; e < EDGES; e++) {
        desk *d = desk_set(&leaf_identity, edges[e].lower, edges[e].upper);
        for (unsigned round = 0; round < 4000; round++) {
            tl_slice key = random_key(&random, text);
            tl_search_counts counts = {0};
            bool equal;
            unsigned wanted = model_find(d, key, false);
            assert_int_equal(tl_leaf_find(d->page, tl_page_cut(d->page, key), &equal, &counts),
                             wanted);
            assert_int_equal(equal, wanted < ENTRIES &&
                                        tl_slice_compare(unit_text(d->keys[wanted]), key) == 0);
        }
        d = desk_set(&branch_identity, edges[e].lower, edges[e].upper);
        assert_true(tl_page_is_soft(d->page));
        for (unsigned round = 0; round < 4000; round++) {
            tl_slice key = random_key(&random, text);
            tl_search_counts counts = {0};
            assert_int_equal(tl_branch_find(d->page, tl_page_cut(d->page, key), &counts),
                             model_find(d, key, true));
        }
    }
}

/* 2040 bytes of 0xff behind the prefix: the suffix that stands for "above" is greater still. */
static void the_greatest_key_is_below_what_lies_outside(void **state)
{
    (void)state;
    static uint8_t page[65536], longest[TL_KEY_BYTES_MAX];
    tl_page_identity identity = leaf_identity;
    identity.page_bytes = sizeof page;
    memset(longest, 0xff, sizeof longest);
    longest[0] = 'a';
    tl_run run = {.kind = TL_PAGE_LEAF};
    tl_slice none = {NULL, 0};
    for (unsigned i = 0; i < 3; i++)
        tl_run_add_record(&run, tl_slice_of(longest, sizeof longest - 2 + i), none, 0);
    tl_builder builder;
    tl_build_begin_with(&builder, page, &identity, none, none, unit_text("a"), 3);
    for (unsigned i = 0; i < 3; i++)
        tl_build_record(&builder, run.pieces[i].key, none, none, 0);
    tl_build_end(&builder);
    assert_true(tl_page_is_soft(page));
    tl_search_counts counts = {0};
    bool equal;
    assert_int_equal(tl_leaf_find(page, tl_page_cut(page, unit_text("b")), &equal, &counts), 3);
    assert_false(equal);
    (void)tl_leaf_find(page, tl_page_cut(page, run.pieces[2].key), &equal, &counts);
    assert_true(equal);
}

static void edits_refuse_a_key_that_breaks_the_prefix(void **state)
{
    (void)state;
    static const char *const outside[] = {"user00", "user", "usar0020", "userz", "user01", "t"};
    static const tl_leaf_mode *const modes[] = {&tl_leaf_freelist, &tl_leaf_bump, &tl_leaf_sidecar,
                                                &tl_leaf_dense, &tl_leaf_rebuild};
    uint8_t before[PAGE_BYTES];
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        desk *d = desk_set(&leaf_identity, "", "");
        tl_slice suffix = tl_page_cut(d->page, unit_text(outside[i]));
        assert_true(tl_suffix_is_outside(d->page, suffix.size_bytes));
        memcpy(before, d->page, PAGE_BYTES);
        for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++)
            assert_false(modes[m]->insert(&d->edit, d->page, 0, suffix, unit_text("value")));
        assert_memory_equal(before, d->page, PAGE_BYTES);
        d = desk_set(&branch_identity, "", "");
        memcpy(before, d->page, PAGE_BYTES);
        assert_false(tl_branch_insert(&d->edit, d->page, 0, suffix, (tl_ref){9, 9}));
        assert_false(tl_branch_fits(d->page, 0, suffix.size_bytes));
        assert_memory_equal(before, d->page, PAGE_BYTES);
    }
}

/* However full the page is: what a page of their own for "below" and for "above" adds to its fences
 * fits, one after the other. */
static void a_full_soft_page_has_room_for_the_fences_of_outsiders(void **state)
{
    (void)state;
    static const tl_leaf_mode *const modes[] = {&tl_leaf_freelist, &tl_leaf_dense,
                                                &tl_leaf_rebuild};
    static const char *const below[] = {"a", "user00", "user", "us", "user"};
    static const char *const above[] = {"z", "user01", "user1", "uz", "user1"};
    uint64_t random = unit_seed(__func__);
    for (unsigned round = 0; round < 300; round++) {
        const tl_leaf_mode *mode = modes[round % 3];
        unsigned e = unit_below(&random, EDGES), refused = 0;
        desk *d = desk_set(&leaf_identity, edges[e].lower, edges[e].upper);
        for (unsigned i = 0; refused < 20; i++) {
            char text[40];
            uint8_t value[60] = {0};
            int size = snprintf(text, sizeof text, "user00%02u/%u", unit_below(&random, 99), i);
            tl_search_counts counts = {0};
            bool equal;
            tl_slice suffix = tl_page_cut(d->page, tl_slice_of(text, (size_t)size));
            unsigned at = tl_leaf_find(d->page, suffix, &equal, &counts);
            if (equal || unit_below(&random, 5) == 0) {
                mode->remove(&d->edit, d->page, unit_below(&random, tl_page_count(d->page)));
                continue;
            }
            refused += !mode->insert(&d->edit, d->page, at, suffix,
                                     tl_slice_of(value, unit_below(&random, sizeof value)));
        }
        check(d);
        tl_run run = {.kind = TL_PAGE_LEAF};
        unsigned count = tl_page_count(d->page), which = unit_below(&random, 5);
        tl_slice low = unit_text(below[which]), high = unit_text(above[which]);
        if (tl_page_lower(d->page).size_bytes > low.size_bytes)
            low = tl_page_lower(d->page);
        if (tl_page_upper(d->page).size_bytes != 0)
            high = tl_page_upper(d->page);
        tl_run_add_page(&run, d->page, 0, count);
        assert_true(tl_run_page_bytes(&run, 0, count, low, tl_page_upper(d->page)) <= PAGE_BYTES);
        assert_true(tl_run_page_bytes(&run, 0, count, low, high) <= PAGE_BYTES);
    }
}

static void a_compaction_keeps_the_prefix(void **state)
{
    (void)state;
    desk *d = desk_set(&leaf_identity, "", "");
    for (unsigned round = 0; d->stats.alloc_compactions == 0; round++) {
        tl_leaf_bump.remove(&d->edit, d->page, round % ENTRIES);
        char key[40];
        snprintf(key, sizeof key, "user00%02u", 10 + 2 * (round % ENTRIES));
        assert_true(tl_leaf_bump.insert(&d->edit, d->page, round % ENTRIES,
                                        tl_page_cut(d->page, unit_text(key)), unit_text("other")));
        check(d);
    }
    assert_true(tl_page_is_soft(d->page));
    assert_int_equal(tl_page_prefix_len(d->page), 6);
}

static void check_closed(desk *d, unsigned prefix, bool soft)
{
    check(d);
    assert_int_equal(tl_page_prefix_len(d->page), prefix);
    assert_int_equal(tl_page_is_soft(d->page), soft);
    assert_int_equal(tl_page_count(d->page), ENTRIES);
    for (unsigned i = 0; i < ENTRIES; i++) {
        tl_slice key = unit_text(d->keys[i]), value = tl_leaf_value(d->page, i);
        assert_int_equal(tl_slice_compare(tl_leaf_suffix(d->page, i), tl_page_cut(d->page, key)),
                         0);
        assert_int_equal(tl_slice_compare(value, unit_text("value")), 0);
    }
}

static void a_closed_leaf_keeps_its_records_and_cuts_what_its_fences_share(void **state)
{
    (void)state;
    static const struct {
        const char *lower, *upper;
        unsigned prefix;
        bool soft;
    } closings[] = {
        {"",         "user0069",  6, true }, /* the first leaf of all */
        {"user",     "user0069",  6, true },
        {"user0010", "user0069",  6, false},
        {"user0010", "user00681", 6, false},
        {"user0010", "user1",     6, true },
    };
    for (size_t i = 0; i < sizeof closings / sizeof closings[0]; i++) {
        desk *d = desk_set(&leaf_identity, closings[i].lower, "");
        d->edit.mode = &tl_leaf_freelist;
        assert_true(tl_leaf_close(&d->edit, d->page, unit_text(closings[i].upper)));
        assert_int_equal(tl_slice_compare(tl_page_upper(d->page), unit_text(closings[i].upper)), 0);
        check_closed(d, closings[i].prefix, closings[i].soft);
    }
}

/* Keys that share more than the leaf cuts: the rest is cut where they lie. */
static void closing_a_leaf_can_lengthen_its_prefix(void **state)
{
    (void)state;
    desk *d = desk_set(&leaf_identity, "user0010", "");
    d->edit.mode = &tl_leaf_freelist;
    tl_builder builder;
    tl_slice none = {NULL, 0};
    tl_build_begin_with(&builder, d->page, &leaf_identity, unit_text("user0010"), none,
                        unit_text("use"), ENTRIES);
    for (unsigned i = 0; i < ENTRIES; i++)
        tl_build_record(&builder, unit_text(d->keys[i]), none, unit_text("value"), 0);
    tl_build_end(&builder);
    check_closed(d, 3, true);
    size_t room = PAGE_BYTES - tl_page_used(d->page, PAGE_BYTES);
    assert_true(tl_leaf_could_gain(d->page, unit_text("r0069")) == ENTRIES * 3);
    assert_true(tl_leaf_close(&d->edit, d->page, unit_text("user0069")));
    check_closed(d, 6, false);
    assert_int_equal(PAGE_BYTES - tl_page_used(d->page, PAGE_BYTES), room - 8 + 3 + 3 * ENTRIES);
}

static void a_leaf_without_room_for_its_fence_is_not_closed(void **state)
{
    (void)state;
    desk *d = desk_set(&leaf_identity, "user0010", "");
    d->edit.mode = &tl_leaf_freelist;
    char key[40];
    snprintf(key, sizeof key, "user0068x");
    unsigned count = ENTRIES;
    while (tl_leaf_freelist.insert(&d->edit, d->page, count, tl_page_cut(d->page, unit_text(key)),
                                   unit_text("value"))) {
        count++;
        snprintf(key, sizeof key, "user0068x%03u", count);
    }
    char upper[PAGE_BYTES / 8];
    memset(upper, 'z', sizeof upper);
    memcpy(upper, "user0069", 8);
    uint8_t before[PAGE_BYTES];
    memcpy(before, d->page, PAGE_BYTES);
    assert_false(tl_leaf_close(&d->edit, d->page, tl_slice_of(upper, sizeof upper)));
    assert_memory_equal(before, d->page, PAGE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_at_the_edge_cuts_what_its_keys_share),
        cmocka_unit_test(any_key_finds_its_place_on_a_soft_page),
        cmocka_unit_test(the_greatest_key_is_below_what_lies_outside),
        cmocka_unit_test(edits_refuse_a_key_that_breaks_the_prefix),
        cmocka_unit_test(a_full_soft_page_has_room_for_the_fences_of_outsiders),
        cmocka_unit_test(a_compaction_keeps_the_prefix),
        cmocka_unit_test(a_closed_leaf_keeps_its_records_and_cuts_what_its_fences_share),
        cmocka_unit_test(closing_a_leaf_can_lengthen_its_prefix),
        cmocka_unit_test(a_leaf_without_room_for_its_fence_is_not_closed),
    };
    return cmocka_run_group_tests_name("page_soft", tests, NULL, NULL);
}
