/* engine/tests/test_page_branch.c -- one branch against a sorted array of separators. */
#include "engine/base/hash.h"
#include "engine/page/check.h"
#include "engine/page/edit.h"
#include "engine/page/run.h"
#include "engine/page/search.h"
#include "engine/tests/unit.h"

#include <string.h>

enum { ENTRIES_MAX = 4096, SUFFIX_MAX = 40 };

typedef struct entry {
    uint8_t suffix[SUFFIX_MAX];
    unsigned suffix_len;
    tl_ref right;
} entry;

typedef struct desk {
    uint32_t page_bytes;
    uint8_t page[TL_PAGE_BYTES_MAX], scratch[TL_PAGE_BYTES_MAX];
    uint64_t marks[TL_PAGE_BYTES_MAX / 64];
    tl_stats stats;
    tl_edit edit;
    tl_ref first;
    entry entries[ENTRIES_MAX];
    unsigned count;
} desk;

static desk the_desk;

static tl_slice suffix_of(const entry *e)
{
    return tl_slice_of(e->suffix, e->suffix_len);
}

static desk *desk_set(uint32_t page_bytes, const char *lower, const char *upper)
{
    desk *d = &the_desk;
    memset(d, 0, sizeof *d);
    d->page_bytes = page_bytes;
    d->edit = (tl_edit){.page_bytes = page_bytes, .scratch = d->scratch, .stats = &d->stats};
    d->first = (tl_ref){4711, 11};
    tl_page_identity identity = {.page_bytes = page_bytes,
                                 .pgno = 9,
                                 .tree_id = 1,
                                 .birth = 5,
                                 .kind = TL_PAGE_BRANCH,
                                 .level = 1};
    tl_builder builder;
    memset(d->page, 0xee, page_bytes);
    tl_build_begin(&builder, d->page, &identity, unit_text(lower), unit_text(upper), 0);
    tl_build_first_child(&builder, d->first);
    tl_build_end(&builder);
    return d;
}

static void expect_ref(tl_ref got, tl_ref wanted)
{
    assert_int_equal(got.pgno, wanted.pgno);
    assert_int_equal(got.tag, wanted.tag);
}

static void desk_check(desk *d)
{
    const char *fault = tl_page_check_bounds(d->page, d->page_bytes);
    if (fault != NULL)
        fail_msg("%s", fault);
    tl_page_fault whole = tl_page_check_whole(d->page, d->page_bytes, d->marks);
    if (whole.rule != NULL)
        fail_msg("%s: %s", whole.rule, whole.text);
    assert_int_equal(tl_page_count(d->page), d->count);
    expect_ref(tl_branch_child(d->page, 0), d->first);
    size_t used = TL_PAGE_HEADER_BYTES + TL_CHILD_BYTES + tl_page_lower(d->page).size_bytes +
                  tl_page_upper(d->page).size_bytes;
    for (unsigned i = 0; i < d->count; i++) {
        unsigned suffix_len = d->entries[i].suffix_len;
        used += 16 + (suffix_len > TL_HEAD_BYTES ? suffix_len : 0);
        uint8_t scratch[TL_HEAD_BYTES];
        tl_slice suffix = tl_branch_suffix(d->page, i, scratch);
        assert_int_equal(tl_slice_compare(suffix, suffix_of(&d->entries[i])), 0);
        expect_ref(tl_branch_child(d->page, i + 1), d->entries[i].right);
    }
    assert_int_equal(tl_page_used(d->page, d->page_bytes), used); /* spare slots are not used */
}

/* How many separators are <= suffix: the child to take. */
static unsigned model_find(const desk *d, tl_slice suffix)
{
    unsigned index = 0;
    while (index < d->count && tl_slice_compare(suffix_of(&d->entries[index]), suffix) <= 0)
        index++;
    return index;
}

static bool model_has(const desk *d, tl_slice suffix)
{
    unsigned index = model_find(d, suffix);
    return index > 0 && tl_slice_compare(suffix_of(&d->entries[index - 1]), suffix) == 0;
}

/* Mostly of the four bytes and fewer that the head holds, zeros at the end included. */
static entry random_entry(uint64_t *random)
{
    static const uint8_t letters[] = {0, 'a', 'b', 0xff};
    entry e = {.suffix_len = 1 + unit_below(random, unit_below(random, 3) == 0 ? SUFFIX_MAX : 6)};
    for (unsigned i = 0; i < e.suffix_len && i < SUFFIX_MAX; i++)
        e.suffix[i] = letters[unit_below(random, sizeof letters)];
    e.suffix[0] = (uint8_t)('k' + unit_below(random, 3));
    e.right.pgno = (uint32_t)tl_random_next(random);
    e.right.tag = (uint32_t)tl_random_next(random);
    return e;
}

static bool desk_insert(desk *d, const entry *e)
{
    unsigned index = model_find(d, suffix_of(e));
    if (!tl_branch_insert(&d->edit, d->page, index, suffix_of(e), e->right))
        return false;
    memmove(&d->entries[index + 1], &d->entries[index], (d->count - index) * sizeof *e);
    d->entries[index] = *e;
    assert_true(++d->count < ENTRIES_MAX);
    return true;
}

static void desk_remove(desk *d, unsigned index)
{
    tl_branch_remove(&d->edit, d->page, index);
    d->count--;
    memmove(&d->entries[index], &d->entries[index + 1], (d->count - index) * sizeof d->entries[0]);
}

/* Replace separator `index` by one that keeps the order, if there is room as promised. */
static bool desk_replace(desk *d, unsigned index, const entry *e)
{
    bool above =
        index == 0 || tl_slice_compare(suffix_of(&d->entries[index - 1]), suffix_of(e)) < 0;
    bool below = index + 1 == d->count ||
                 tl_slice_compare(suffix_of(e), suffix_of(&d->entries[index + 1])) < 0;
    if (!above || !below || !tl_branch_fits(d->page, index, e->suffix_len))
        return false;
    tl_branch_replace(&d->edit, d->page, index, suffix_of(e));
    memcpy(d->entries[index].suffix, e->suffix, e->suffix_len);
    d->entries[index].suffix_len = e->suffix_len;
    return true;
}

static void branch_follows_the_model(uint32_t page_bytes, const char *lower, const char *upper,
                                     unsigned rounds)
{
    uint64_t random = unit_seed(__func__) + page_bytes;
    desk *d = desk_set(page_bytes, lower, upper);
    unsigned refused = 0, replaced = 0;
    for (unsigned round = 0; round < rounds; round++) {
        entry e = random_entry(&random);
        tl_search_counts counts = {0};
        unsigned remove_percent = round * 4 / rounds == 2 ? 80 : 20;
        assert_int_equal(tl_branch_find(d->page, suffix_of(&e), &counts),
                         model_find(d, suffix_of(&e)));
        if (d->count != 0 && unit_below(&random, 100) < remove_percent)
            desk_remove(d, unit_below(&random, d->count));
        else if (d->count != 0 && unit_below(&random, 3) == 0)
            replaced += desk_replace(d, unit_below(&random, d->count), &e);
        else if (!model_has(d, suffix_of(&e)))
            refused += !desk_insert(d, &e);
        desk_check(d);
    }
    assert_true(refused > 0);
    assert_true(replaced > 0);
    assert_true(d->stats.alloc_compactions > 0);
}

static void branch_edits_follow_the_model_without_a_prefix(void **state)
{
    (void)state;
    branch_follows_the_model(1024, "", "", 6000);
    branch_follows_the_model(4096, "b", "", 6000);
}

static void branch_edits_follow_the_model_behind_a_prefix(void **state)
{
    (void)state;
    branch_follows_the_model(1024, "userab", "useryz", 6000);
    branch_follows_the_model(8192, "userj", "user~", 12000);
}

/* A separator of four bytes or fewer takes no heap: the head and the slot tell it whole. */
static void short_separators_live_in_their_heads(void **state)
{
    (void)state;
    desk *d = desk_set(1024, "", "");
    static const struct {
        const char *bytes;
        unsigned size_bytes;
    } rows[] = {
        {"a",                1},
        {"a\0",              2},
        {"a\0\0",            3},
        {"a\0\0\0",          4},
        {"a\0\0\1",          4},
        {"ab",               2},
        {"ab\0",             3},
        {"abc",              3},
        {"abc\0",            4},
        {"abcd",             4},
        {"\xff\xff",         2},
        {"\xff\xff\xff\xff", 4}
    };
    size_t heap = tl_page_heap_lo(d->page);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        entry e = {
            .suffix_len = rows[i].size_bytes, .right = {i + 100, i}
        };
        memcpy(e.suffix, rows[i].bytes, rows[i].size_bytes);
        assert_true(desk_insert(d, &e));
        assert_int_equal(model_find(d, suffix_of(&e)), i + 1); /* rows ascend */
    }
    desk_check(d);
    assert_int_equal(tl_page_heap_lo(d->page), heap);
    entry five = {
        .suffix = "abcde", .suffix_len = 5, .right = {1, 1}
    };
    assert_true(desk_insert(d, &five));
    desk_check(d);
    assert_int_equal(tl_page_heap_lo(d->page), heap - 5);
}

/* A search among separators that share one head looks at all their bytes. */
static void separators_with_equal_heads_are_told_apart(void **state)
{
    (void)state;
    desk *d = desk_set(4096, "", "");
    tl_search_counts counts = {0};
    for (unsigned size = 1; size <= 30; size++) {
        entry e = {
            .suffix = "a", .suffix_len = size, .right = {size, size}
        };
        assert_true(desk_insert(d, &e));
    }
    desk_check(d);
    for (unsigned size = 1; size <= 31; size++) {
        uint8_t key[32] = "a";
        assert_int_equal(tl_branch_find(d->page, tl_slice_of(key, size), &counts),
                         size <= 30 ? size : 30);
        key[size - 1] = size == 1 ? 'b' : 1; /* just above the separator of the same size */
        unsigned wanted = model_find(d, tl_slice_of(key, size));
        assert_int_equal(tl_branch_find(d->page, tl_slice_of(key, size), &counts), wanted);
    }
    assert_true(counts.head_ties > 0);
}

/* A promise of tl_branch_fits holds even when garbage has to be gathered first. */
static void a_replacement_that_fits_never_splits(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    desk *d = desk_set(1024, "", "");
    for (unsigned i = 0; i < 2000; i++) {
        entry e = random_entry(&random);
        if (!model_has(d, suffix_of(&e)))
            (void)desk_insert(d, &e);
    }
    unsigned longer = 0, refused = 0;
    for (unsigned round = 0; round < 20000; round++) {
        unsigned index = unit_below(&random, d->count);
        entry e = d->entries[index];
        e.suffix_len = 1 + unit_below(&random, SUFFIX_MAX); /* cut, or longer by some bytes */
        for (unsigned i = d->entries[index].suffix_len; i < e.suffix_len; i++)
            e.suffix[i] = (uint8_t)tl_random_next(&random);
        bool grows = e.suffix_len > d->entries[index].suffix_len;
        refused += !tl_branch_fits(d->page, index, e.suffix_len);
        longer += desk_replace(d, index, &e) && grows;
        desk_check(d);
    }
    assert_true(longer > 0);
    assert_true(refused > 0);
}

static void rebuilding_between_other_fences_keeps_separators_and_children(void **state)
{
    (void)state;
    static const struct {
        const char *lower, *upper;
    } others[] = {
        {"",       ""      },
        {"u",      "v"     },
        {"userab", ""      },
        {"userjz", "userz" },
        {"userab", "useryz"}
    };
    uint64_t random = unit_seed(__func__);
    desk *d = desk_set(4096, "userab", "useryz");
    while (d->count < 30) {
        entry e = random_entry(&random);
        if (!model_has(d, suffix_of(&e)))
            assert_true(desk_insert(d, &e));
    }
    tl_page_identity identity = {.page_bytes = 4096,
                                 .pgno = 9,
                                 .tree_id = 1,
                                 .birth = 5,
                                 .kind = TL_PAGE_BRANCH,
                                 .level = 1};
    for (unsigned round = 0; round < 40; round++) {
        static uint8_t target[4096];
        size_t to = unit_below(&random, sizeof others / sizeof others[0]);
        tl_slice lower = unit_text(others[to].lower), upper = unit_text(others[to].upper);
        tl_run run = {.kind = TL_PAGE_BRANCH}, again = run;
        tl_run_add_page(&run, d->page, 0, d->count);
        tl_run_build(&run, 0, d->count, target, &identity, lower, upper, d->first);
        memcpy(d->page, target, sizeof target);
        assert_null(tl_page_check_bounds(target, 4096));
        assert_null(tl_page_check_whole(target, 4096, d->marks).rule);
        expect_ref(tl_branch_child(target, 0), d->first);
        tl_run_add_page(&again, target, 0, d->count);
        for (unsigned i = 0; i < d->count; i++) {
            uint8_t key[TL_KEY_BYTES_MAX], wanted[4 + SUFFIX_MAX] = "user";
            memcpy(wanted + 4, d->entries[i].suffix, d->entries[i].suffix_len);
            assert_int_equal(tl_slice_compare(tl_run_key(&again, i, key),
                                              tl_slice_of(wanted, 4 + d->entries[i].suffix_len)),
                             0);
            expect_ref(tl_run_child(&again, i), d->entries[i].right);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(branch_edits_follow_the_model_without_a_prefix),
        cmocka_unit_test(branch_edits_follow_the_model_behind_a_prefix),
        cmocka_unit_test(short_separators_live_in_their_heads),
        cmocka_unit_test(separators_with_equal_heads_are_told_apart),
        cmocka_unit_test(a_replacement_that_fits_never_splits),
        cmocka_unit_test(rebuilding_between_other_fences_keeps_separators_and_children),
    };
    return cmocka_run_group_tests_name("page_branch", tests, NULL, NULL);
}
