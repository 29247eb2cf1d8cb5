/* engine/tests/test_page_dense.c -- leaves of records of one size, under every mode. */
#include "engine/base/hash.h"
#include "engine/page/check.h"
#include "engine/page/edit_parts.h"
#include "engine/page/run.h"
#include "engine/page/search.h"
#include "engine/tests/unit.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 8192, ENTRIES_MAX = 1024, KEY_BYTES = 8, VALUE_MAX = 64 };

typedef struct entry {
    uint8_t key[KEY_BYTES], value[VALUE_MAX];
    size_t value_bytes;
} entry;

typedef struct desk {
    uint32_t page_bytes;
    uint8_t page[PAGE_MAX], scratch[PAGE_MAX];
    uint64_t marks[PAGE_MAX / 64];
    tl_stats stats;
    tl_edit edit;
    entry entries[ENTRIES_MAX];
    unsigned count;
} desk;

static desk the_desk;

static const tl_leaf_mode *const modes[] = {&tl_leaf_dense, &tl_leaf_freelist, &tl_leaf_bump,
                                            &tl_leaf_sidecar, &tl_leaf_rebuild};
enum { MODES = sizeof modes / sizeof modes[0] };

static tl_page_identity identity_of(const desk *d)
{
    return (tl_page_identity){.page_bytes = d->page_bytes,
                              .pgno = 7,
                              .tree_id = 1,
                              .birth = 3,
                              .kind = TL_PAGE_LEAF,
                              .dense = true};
}

static desk *desk_set(uint32_t page_bytes, const char *lower, const char *upper)
{
    desk *d = &the_desk;
    tl_edit_close(&d->edit);
    memset(d, 0, sizeof *d);
    d->page_bytes = page_bytes;
    d->edit = (tl_edit){.page_bytes = page_bytes,
                        .scratch = d->scratch,
                        .stats = &d->stats,
                        .memory = tl_memory_default(),
                        .mode = &tl_leaf_sidecar};
    tl_edit_open(&d->edit);
    tl_page_identity identity = identity_of(d);
    tl_builder builder;
    memset(d->page, 0xee, page_bytes);
    tl_build_begin(&builder, d->page, &identity, unit_text(lower), unit_text(upper), 0);
    tl_build_end(&builder);
    return d;
}

static void check(desk *d)
{
    const char *fault = tl_page_check_bounds(d->page, d->page_bytes);
    if (fault == NULL)
        fault = tl_page_check_whole(d->page, d->page_bytes, d->marks).text;
    if (fault != NULL)
        fail_msg("%s", fault);
    assert_int_equal(tl_page_count(d->page), d->count);
    size_t used = TL_PAGE_HEADER_BYTES + tl_page_lower(d->page).size_bytes +
                  tl_page_upper(d->page).size_bytes;
    if (tl_page_is_soft(d->page))
        used += tl_page_prefix_len(d->page);
    tl_run run = {.kind = tl_page_kind_of(d->page)};
    tl_run_add_page(&run, d->page, 0, d->count);
    assert_int_equal(run.kind, TL_PAGE_LEAF);
    for (unsigned i = 0; i < d->count; i++) {
        const entry *e = &d->entries[i];
        uint8_t key[TL_KEY_BYTES_MAX];
        assert_int_equal(tl_slice_compare(tl_run_key(&run, i, key), tl_slice_of(e->key, KEY_BYTES)),
                         0);
        assert_int_equal(
            tl_slice_compare(tl_leaf_value(d->page, i), tl_slice_of(e->value, e->value_bytes)), 0);
        used += 10 + KEY_BYTES - tl_page_prefix_len(d->page) + e->value_bytes;
    }
    assert_int_equal(tl_page_used(d->page, d->page_bytes), used);
}

static entry entry_of(uint32_t number, size_t value_bytes)
{
    entry e = {.key = "kkkk", .value_bytes = value_bytes};
    for (unsigned i = 0; i < 4; i++)
        e.key[4 + i] = (uint8_t)(number >> (8 * (3 - i)));
    for (unsigned i = 0; i < value_bytes; i++)
        e.value[i] = (uint8_t)(number * 7 + i);
    return e;
}

static unsigned find(const desk *d, const entry *e, bool *equal)
{
    unsigned low = 0;
    while (low < d->count && memcmp(d->entries[low].key, e->key, KEY_BYTES) < 0)
        low++;
    tl_search_counts counts = {0};
    tl_slice suffix = tl_page_cut(d->page, tl_slice_of(e->key, KEY_BYTES));
    unsigned index = tl_leaf_find(d->page, suffix, equal, &counts);
    assert_int_equal(index, low);
    assert_int_equal(*equal, low < d->count && memcmp(d->entries[low].key, e->key, KEY_BYTES) == 0);
    return index;
}

static bool put(desk *d, const tl_leaf_mode *mode, const entry *e)
{
    bool equal;
    unsigned index = find(d, e, &equal);
    tl_slice value = tl_slice_of(e->value, e->value_bytes);
    tl_slice suffix = tl_page_cut(d->page, tl_slice_of(e->key, KEY_BYTES));
    bool fits = equal ? mode->update(&d->edit, d->page, index, value)
                      : mode->insert(&d->edit, d->page, index, suffix, value);
    if (!fits)
        return false;
    if (!equal) {
        memmove(&d->entries[index + 1], &d->entries[index], (d->count - index) * sizeof *e);
        assert_true(++d->count < ENTRIES_MAX);
    }
    d->entries[index] = *e;
    return true;
}

static void take_out(desk *d, const tl_leaf_mode *mode, unsigned index)
{
    mode->remove(&d->edit, d->page, index);
    d->count--;
    memmove(&d->entries[index], &d->entries[index + 1], (d->count - index) * sizeof d->entries[0]);
}

static void the_first_record_makes_an_empty_leaf_dense(void **state)
{
    (void)state;
    for (unsigned m = 0; m < MODES; m++) {
        desk *d = desk_set(1024, "", "");
        entry e = entry_of(5, 8);
        assert_true(put(d, modes[m], &e));
        assert_int_equal(tl_page_is_dense(d->page), modes[m] == &tl_leaf_dense);
        check(d);
    }
    desk *d = desk_set(1024, "", "");
    d->edit.value_flags = TL_VALUE_OVERFLOW;
    entry e = entry_of(5, 16);
    assert_true(put(d, &tl_leaf_dense, &e)); /* a reference is no record of one size */
    assert_false(tl_page_is_dense(d->page));
    assert_true(tl_leaf_has_overflow(d->page, 0));
}

static void records_of_one_size_stay_dense_under_every_mode(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    static const uint32_t sizes[] = {1024, 8192};
    for (unsigned s = 0; s < 2; s++)
        for (unsigned m = 0; m < MODES; m++) {
            desk *d = desk_set(sizes[s], m % 2 == 0 ? "kkk" : "", m % 2 == 0 ? "kkz" : "");
            unsigned refused = 0;
            for (unsigned round = 0; round < 4000; round++) {
                const tl_leaf_mode *mode = d->count == 0 ? &tl_leaf_dense : modes[m];
                entry e = entry_of(unit_below(&random, 1000), 24);
                e.value[0] = (uint8_t)round;
                if (d->count != 0 && unit_below(&random, 100) < (round / 1000 == 2 ? 80u : 20u))
                    take_out(d, mode, unit_below(&random, d->count));
                else
                    refused += !put(d, mode, &e);
                if (round % 7 == 0)
                    check(d);
                assert_true(tl_page_is_dense(d->page) || d->count == 0 ||
                            modes[m] == &tl_leaf_rebuild);
            }
            assert_true(refused > 0);
            assert_int_equal(d->stats.dense_given_up, 0);
            assert_int_equal(d->stats.alloc_failures, 0);
        }
}

/* However full: there is room for slots, and then for nothing less than a slotted leaf had. */
static void a_record_of_another_size_gives_a_full_leaf_slots(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    for (unsigned round = 0; round < 200; round++) {
        const tl_leaf_mode *mode = modes[round % MODES];
        size_t usual = unit_below(&random, 40);
        desk *d = desk_set(1024, round % 3 == 0 ? "kkk" : "", "");
        for (unsigned i = 0;; i++) {
            entry e = entry_of(i * 3, usual);
            if (!put(d, &tl_leaf_dense, &e))
                break;
        }
        assert_true(tl_page_is_dense(d->page));
        check(d);
        for (unsigned i = unit_below(&random, 5); i > 0; i--)
            take_out(d, mode, unit_below(&random, d->count));
        check(d);
        uint8_t before[1024];
        memcpy(before, d->page, sizeof before);
        entry other = entry_of(unit_below(&random, 200), unit_below(&random, VALUE_MAX));
        if (!put(d, mode, &other))
            assert_memory_equal(before, d->page, sizeof before);
        check(d);
        for (unsigned i = 0; i < 40; i++) { /* life goes on */
            entry e = entry_of(unit_below(&random, 200), unit_below(&random, VALUE_MAX));
            if (unit_below(&random, 2) == 0 && d->count != 0)
                take_out(d, mode, unit_below(&random, d->count));
            else
                (void)put(d, mode, &e);
            check(d);
        }
        assert_int_equal(d->stats.alloc_failures, 0);
    }
}

static void a_shrinking_value_gives_slots_too(void **state)
{
    (void)state;
    for (unsigned m = 0; m < MODES; m++) {
        desk *d = desk_set(1024, "", "");
        for (unsigned i = 0; i < 10; i++) {
            entry e = entry_of(i, 20);
            assert_true(put(d, &tl_leaf_dense, &e));
        }
        entry shorter = entry_of(4, 3), longer = entry_of(5, 60);
        assert_true(put(d, modes[m], &shorter));
        assert_false(tl_page_is_dense(d->page));
        check(d);
        assert_true(put(d, modes[m], &longer));
        check(d);
    }
}

/* The builder decides by the records: all of one size, or not. */
static void a_leaf_written_anew_is_dense_when_its_records_are_of_one_size(void **state)
{
    (void)state;
    static uint8_t built[PAGE_MAX];
    static const struct {
        const char *lower, *upper;
    } fences[] = {
        {"",    ""   },
        {"kkk", "kkz"},
        {"a",   ""   },
        {"",    "z"  }
    };
    for (unsigned f = 0; f < 4; f++)
        for (unsigned odd = 0; odd < 3; odd++) {
            desk *d = desk_set(1024, "", "");
            for (unsigned i = 0; i < 20; i++) {
                entry e = entry_of(i, odd == 1 && i == 7 ? 15 : 16);
                d->edit.value_flags = odd == 2 && i == 7 ? TL_VALUE_OVERFLOW : 0;
                assert_true(put(d, &tl_leaf_freelist, &e));
            }
            d->edit.value_flags = 0;
            assert_false(tl_page_is_dense(d->page));
            tl_page_identity identity = identity_of(d);
            for (unsigned pass = 0; pass < 2; pass++) { /* from slots, then from a dense leaf */
                tl_slice lower = unit_text(fences[f].lower), upper = unit_text(fences[f].upper);
                tl_run run = {.kind = TL_PAGE_LEAF};
                tl_run_add_page(&run, d->page, 0, 20);
                size_t bytes = tl_run_page_bytes(&run, 0, 20, lower, upper);
                tl_run_build(&run, 0, 20, built, &identity, lower, upper, (tl_ref){0, 0});
                memcpy(d->page, built, d->page_bytes);
                assert_int_equal(tl_page_is_dense(d->page), odd == 0);
                assert_int_equal(tl_page_used(d->page, d->page_bytes) + tl_page_reserve(d->page),
                                 bytes);
                assert_int_equal(tl_leaf_has_overflow(d->page, 7), odd == 2);
                check(d);
            }
            identity.dense = false;
            tl_run run = {.kind = TL_PAGE_LEAF};
            tl_run_add_page(&run, d->page, 0, 20);
            tl_run_build(&run, 0, 20, built, &identity, unit_text(""), unit_text(""),
                         (tl_ref){0, 0});
            assert_false(tl_page_is_dense(built));
        }
}

/* FORMAT.md by hand: kind 4, sizes at 28 and 46, heads, then records side by side. */
static void the_bytes_are_where_format_md_says(void **state)
{
    (void)state;
    desk *d = desk_set(1024, "kkkk", "kkkm"); /* prefix "kkk" */
    for (unsigned i = 0; i < 9; i++) {
        entry e = entry_of(100 * i, 6);
        assert_true(put(d, &tl_leaf_dense, &e));
    }
    const uint8_t *page = d->page;
    unsigned count = tl_load16(page + 20), cap = tl_load16(page + 22);
    assert_int_equal(page[16], 4);
    assert_int_equal(page[17], 0);
    assert_int_equal(count, 9);
    assert_int_equal(page[28] | page[29] << 8, 5); /* a suffix without "kkk" */
    assert_int_equal(page[46] | page[47] << 8, 6);
    assert_int_equal(page[30] | page[31] << 8, 0);
    assert_int_equal(cap, (1024 - 64 - 8) / (10 + 5 + 6));
    for (unsigned i = 0; i < count; i++) {
        entry wanted = entry_of(100 * i, 6);
        const uint8_t *head = page + 64 + 4 * i, *record = page + 64 + 4 * cap + 11 * i;
        assert_memory_equal(record, wanted.key + 3, 5);
        assert_memory_equal(record + 5, wanted.value, 6);
        for (unsigned b = 0; b < 4; b++)
            assert_int_equal(head[3 - b], record[b]);
    }
    for (size_t at = 64 + 4 * cap + 11 * count; at < 1024 - 8; at++)
        assert_int_equal(page[at], 0);
}

static void no_damaged_dense_leaf_is_read_beyond_its_end(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    desk *d = desk_set(1024, "kkk", "kkz");
    for (unsigned i = 0; i < 20; i++) {
        entry e = entry_of(i, 20);
        assert_true(put(d, &tl_leaf_dense, &e));
    }
    uint8_t *page = malloc(1024); /* exactly: the address sanitizer watches its end */
    assert_non_null(page);
    unsigned passed = 0;
    for (unsigned round = 0; round < 60000; round++) {
        memcpy(page, d->page, 1024);
        for (unsigned i = 0; i < 1 + unit_below(&random, 3); i++) {
            uint32_t at = unit_below(&random, 64);
            page[at] = (uint8_t)(page[at] ^ (1u << unit_below(&random, 8)));
        }
        if (tl_page_check_bounds(page, 1024) != NULL || tl_page_kind_of(page) != TL_PAGE_LEAF)
            continue;
        passed++;
        (void)tl_page_check_whole(page, 1024, d->marks);
        tl_search_counts counts = {0};
        bool equal;
        unsigned index = tl_leaf_find(page, unit_text("\1\1\1\1\1\1"), &equal, &counts);
        assert_true(index <= tl_page_count(page));
        for (unsigned i = 0; i < tl_page_count(page); i++)
            (void)tl_record_hash(tl_leaf_suffix(page, i), tl_leaf_value(page, i));
        assert_true(tl_page_room(page) <= 1024);
    }
    assert_true(passed > 1000);
    free(page);
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
        cmocka_unit_test(the_first_record_makes_an_empty_leaf_dense),
        cmocka_unit_test(records_of_one_size_stay_dense_under_every_mode),
        cmocka_unit_test(a_record_of_another_size_gives_a_full_leaf_slots),
        cmocka_unit_test(a_shrinking_value_gives_slots_too),
        cmocka_unit_test(a_leaf_written_anew_is_dense_when_its_records_are_of_one_size),
        cmocka_unit_test(the_bytes_are_where_format_md_says),
        cmocka_unit_test(no_damaged_dense_leaf_is_read_beyond_its_end),
    };
    return cmocka_run_group_tests_name("page_dense", tests, NULL, close_desk);
}
