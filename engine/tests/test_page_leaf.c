/* engine/tests/test_page_leaf.c -- one leaf in every mode against a sorted array. */
#include "engine/base/hash.h"
#include "engine/page/check.h"
#include "engine/page/edit.h"
#include "engine/page/run.h"
#include "engine/page/search.h"
#include "engine/tests/unit.h"

#include <string.h>

enum { ENTRIES_MAX = 2048, SUFFIX_MAX = 24, VALUE_MAX = 656, MODES = 5 };

typedef struct entry {
    uint8_t suffix[SUFFIX_MAX], value[VALUE_MAX];
    unsigned suffix_len, value_len;
} entry;

typedef struct desk { /* one leaf per mode, and what they should hold */
    uint32_t page_bytes;
    const tl_leaf_mode *modes[MODES];
    uint8_t pages[MODES][TL_PAGE_BYTES_MAX], scratch[TL_PAGE_BYTES_MAX];
    uint64_t marks[TL_PAGE_BYTES_MAX / 64];
    tl_stats stats;
    tl_edit edit;
    entry entries[ENTRIES_MAX];
    unsigned count;
} desk;

static desk the_desk; /* too large for the stack */

static tl_slice suffix_of(const entry *e)
{
    return tl_slice_of(e->suffix, e->suffix_len);
}

static desk *desk_set(uint32_t page_bytes, const char *lower, const char *upper)
{
    desk *d = &the_desk;
    tl_edit_close(&d->edit); /* of the desk before */
    memset(d, 0, sizeof *d);
    d->page_bytes = page_bytes;
    d->modes[0] = &tl_leaf_bump;
    d->modes[1] = &tl_leaf_freelist;
    d->modes[2] = &tl_leaf_sidecar;
    d->modes[3] = &tl_leaf_rebuild;
    d->modes[4] = &tl_leaf_dense;
    d->edit = (tl_edit){.page_bytes = page_bytes,
                        .scratch = d->scratch,
                        .stats = &d->stats,
                        .memory = tl_memory_default(),
                        .mode = &tl_leaf_sidecar};
    tl_edit_open(&d->edit);
    tl_page_identity identity = {
        .page_bytes = page_bytes, .pgno = 7, .tree_id = 1, .birth = 3, .kind = TL_PAGE_LEAF};
    for (unsigned m = 0; m < MODES; m++) {
        tl_builder builder;
        memset(d->pages[m], 0xee, page_bytes); /* old bytes of the arena are never trusted */
        tl_build_begin(&builder, d->pages[m], &identity, unit_text(lower), unit_text(upper), 0);
        tl_build_end(&builder);
    }
    return d;
}

static void desk_check(desk *d)
{
    for (unsigned m = 0; m < MODES; m++) {
        const uint8_t *page = d->pages[m];
        const char *fault = tl_page_check_bounds(page, d->page_bytes);
        if (fault != NULL)
            fail_msg("%s: %s", d->modes[m]->name, fault);
        tl_page_fault whole = tl_page_check_whole(page, d->page_bytes, d->marks);
        if (whole.rule != NULL)
            fail_msg("%s: %s: %s", d->modes[m]->name, whole.rule, whole.text);
        assert_int_equal(tl_page_count(page), d->count);
        assert_int_equal(tl_page_pgno(page), 7);
        assert_int_equal(tl_page_birth(page), 3);
        assert_int_equal(tl_page_tree_id(page), 1);
    }
}

/* What a page's accounts say its records weigh is what they weigh one by one. */
static void desk_weigh(const desk *d)
{
    for (unsigned m = 0; m < MODES && d->count != 0; m++) {
        tl_run by_entry = {.kind = TL_PAGE_LEAF}, by_accounts = by_entry;
        by_accounts.page_bytes = d->page_bytes;
        tl_run_add_page(&by_entry, d->pages[m], 0, d->count);
        tl_run_add_page(&by_accounts, d->pages[m], 0, d->count);
        tl_slice none = {NULL, 0};
        assert_int_equal(tl_run_weight(&by_entry, 0, d->count),
                         tl_run_weight(&by_accounts, 0, d->count));
        assert_int_equal(tl_run_page_bytes(&by_entry, 0, d->count, none, none),
                         tl_run_page_bytes(&by_accounts, 0, d->count, none, none));
    }
}

static void desk_compare(desk *d)
{
    desk_weigh(d);
    for (unsigned m = 0; m < MODES; m++) {
        size_t used = TL_PAGE_HEADER_BYTES + tl_page_lower(d->pages[m]).size_bytes +
                      tl_page_upper(d->pages[m]).size_bytes;
        for (unsigned i = 0; i < d->count; i++) {
            const entry *e = &d->entries[i];
            tl_slice suffix = tl_leaf_suffix(d->pages[m], i);
            tl_slice value = tl_leaf_value(d->pages[m], i);
            assert_int_equal(tl_slice_compare(suffix, suffix_of(e)), 0);
            assert_int_equal(tl_slice_compare(value, tl_slice_of(e->value, e->value_len)), 0);
            used += 10 + e->suffix_len + e->value_len;
        }
        assert_int_equal(tl_page_used(d->pages[m], d->page_bytes), used);
    }
}

/* Where `suffix` belongs, by the definition. */
static unsigned model_find(const desk *d, tl_slice suffix, bool *equal)
{
    unsigned low = 0, high = d->count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (tl_slice_compare(suffix_of(&d->entries[middle]), suffix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *equal = low < d->count && tl_slice_compare(suffix_of(&d->entries[low]), suffix) == 0;
    return low;
}

static unsigned find_everywhere(const desk *d, tl_slice suffix, bool *equal)
{
    tl_search_counts counts = {0};
    unsigned index = model_find(d, suffix, equal);
    for (unsigned m = 0; m < MODES; m++) {
        bool page_equal;
        assert_int_equal(tl_leaf_find(d->pages[m], suffix, &page_equal, &counts), index);
        assert_int_equal(page_equal, *equal);
    }
    return index;
}

static void desk_insert(desk *d, unsigned index, const entry *e, bool *fits)
{
    bool fit[MODES];
    for (unsigned m = 0; m < MODES; m++)
        fit[m] = d->modes[m]->insert(&d->edit, d->pages[m], index, suffix_of(e),
                                     tl_slice_of(e->value, e->value_len));
    for (unsigned m = 1; m < MODES; m++)
        assert_int_equal(fit[m], fit[0]); /* an insert fits in every mode or in none */
    *fits = fit[0];
    if (!*fits)
        return;
    memmove(&d->entries[index + 1], &d->entries[index], (d->count - index) * sizeof *e);
    d->entries[index] = *e;
    assert_true(++d->count < ENTRIES_MAX);
}

static void desk_update(desk *d, unsigned index, const entry *e)
{
    tl_slice value = tl_slice_of(e->value, e->value_len);
    bool fits = d->modes[0]->update(&d->edit, d->pages[0], index, value);
    for (unsigned m = 1; m < MODES; m++)
        assert_int_equal(d->modes[m]->update(&d->edit, d->pages[m], index, value), fits);
    if (fits)
        d->entries[index] = *e;
}

static void desk_remove(desk *d, unsigned index)
{
    for (unsigned m = 0; m < MODES; m++)
        d->modes[m]->remove(&d->edit, d->pages[m], index);
    d->count--;
    memmove(&d->entries[index], &d->entries[index + 1], (d->count - index) * sizeof d->entries[0]);
}

/* `first` opens every suffix, so that it obeys the fences of the page; few letters follow. */
static entry random_entry(uint64_t *random, char first, uint32_t value_max)
{
    static const uint8_t letters[] = {0, 'a', 'b', 0xff};
    entry e = {.suffix_len = 1 + unit_below(random, SUFFIX_MAX - 1)};
    if (unit_below(random, 3) != 0)
        e.suffix_len = 1 + unit_below(random, 6);
    for (unsigned i = 0; i < e.suffix_len; i++)
        e.suffix[i] = letters[unit_below(random, sizeof letters)];
    e.suffix[0] = (uint8_t)(first + (char)unit_below(random, 3));
    e.value_len = unit_below(random, value_max + 1);
    for (unsigned i = 0; i < e.value_len; i++)
        e.value[i] = (uint8_t)tl_random_next(random);
    return e;
}

static void random_edit(desk *d, uint64_t *random, char first, unsigned remove_percent,
                        bool *refused)
{
    entry e = random_entry(random, first, d->page_bytes < 6400 ? 64 : d->page_bytes / 100);
    bool equal, fits = true;
    if (d->count != 0 && unit_below(random, 100) < remove_percent) {
        desk_remove(d, unit_below(random, d->count));
        return;
    }
    if (d->count != 0 && unit_below(random, 3) == 0) { /* an update is rarely hit by chance */
        const entry *present = &d->entries[unit_below(random, d->count)];
        memcpy(e.suffix, present->suffix, present->suffix_len);
        e.suffix_len = present->suffix_len;
    }
    unsigned index = find_everywhere(d, suffix_of(&e), &equal);
    if (equal)
        desk_update(d, index, &e);
    else
        desk_insert(d, index, &e, &fits);
    *refused = *refused || !fits;
}

static const struct {
    const char *lower, *upper;
    char first; /* of each suffix behind the page's prefix */
} fences[] = {
    {"",        "",         'k'}, /* a lone leaf */
    {"b",       "",         'k'}, /* the last leaf */
    {"",        "z",        'k'}, /* the first leaf */
    {"k",       "p",        'k'},
    {"userab",  "useryz",   'k'}, /* prefix "user" */
    {"prefixk", "prefixk~", 'k'}, /* prefix is the whole lower fence */
};

/* The checks follow every `stride`-th edit: they cost more than the edits on a large page. */
static void all_modes_follow_the_model(uint32_t page_bytes, unsigned rounds, unsigned stride)
{
    uint64_t random = unit_seed(__func__) + page_bytes;
    for (size_t f = 0; f < sizeof fences / sizeof fences[0]; f++) {
        desk *d = desk_set(page_bytes, fences[f].lower, fences[f].upper);
        bool refused = false;
        for (unsigned round = 0; round < rounds; round++) {
            unsigned phase = round * 4 / rounds; /* fill, churn, drain, fill again */
            random_edit(d, &random, fences[f].first,
                        phase == 2   ? 90
                        : phase == 1 ? 45
                                     : 5,
                        &refused);
            if (round % stride != 0)
                continue;
            desk_check(d);
            desk_compare(d);
        }
        desk_compare(d);
        assert_true(refused); /* the page was full at some time */
        assert_int_equal(d->stats.alloc_failures, 0);
        assert_true(d->stats.alloc_compactions > 0 && d->stats.alloc_rebuilds > 0);
        assert_true(d->stats.alloc_fit_freeblock > 0 && d->stats.alloc_scans > 0);
        assert_true(d->stats.sidecar_reuse > 0);
    }
}

static void leaf_modes_follow_the_model_at_1_kib(void **state)
{
    (void)state;
    all_modes_follow_the_model(1024, 3000, 1);
}

static void leaf_modes_follow_the_model_at_8_kib(void **state)
{
    (void)state;
    all_modes_follow_the_model(8192, 4000, 5);
}

static void leaf_modes_follow_the_model_at_64_kib(void **state)
{
    (void)state;
    all_modes_follow_the_model(65536, 5000, 10);
}

/* Keys that differ only behind their zero padding all have one head. */
static void keys_with_equal_heads_keep_their_order(void **state)
{
    (void)state;
    desk *d = desk_set(4096, "", "");
    uint64_t random = unit_seed(__func__);
    for (unsigned round = 0; round < 2000; round++) {
        entry e = {.suffix_len = 1 + unit_below(&random, 20), .value_len = 1};
        e.suffix[0] = 'a'; /* "a", "a\0", "a\0\0", ... and some that end in another byte */
        if (e.suffix_len > 4 && unit_below(&random, 3) == 0)
            e.suffix[e.suffix_len - 1] = (uint8_t)unit_below(&random, 256);
        bool equal, fits;
        unsigned index = find_everywhere(d, suffix_of(&e), &equal);
        if (equal && unit_below(&random, 4) == 0)
            desk_remove(d, index);
        else if (!equal)
            desk_insert(d, index, &e, &fits);
        desk_check(d);
    }
    desk_compare(d);
    assert_true(d->count > 20);
    for (unsigned i = 0; i < d->count; i++)
        assert_int_equal(tl_page_head(d->pages[0], i), 0x61000000);
}

static void an_empty_suffix_is_a_key_like_any_other(void **state)
{
    (void)state;
    desk *d = desk_set(1024, "ab", "ab~"); /* prefix "ab": the key "ab" leaves nothing */
    entry bare = {.suffix_len = 0, .value_len = 1}, longer = {.suffix = {0}, .suffix_len = 1};
    bool equal, fits;
    desk_insert(d, find_everywhere(d, suffix_of(&longer), &equal), &longer, &fits);
    unsigned index = find_everywhere(d, suffix_of(&bare), &equal);
    assert_int_equal(index, 0);
    assert_false(equal);
    desk_insert(d, index, &bare, &fits);
    desk_check(d);
    desk_compare(d);
    (void)find_everywhere(d, suffix_of(&bare), &equal);
    assert_true(equal);
}

static void a_page_of_one_mode_is_edited_under_every_other(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    desk *d = desk_set(2048, "userab", "useryz");
    bool refused = false;
    for (unsigned round = 0; round < 3000; round++) {
        if (unit_below(&random, 10) == 0) { /* the pages change hands */
            unsigned one = unit_below(&random, MODES), other = unit_below(&random, MODES);
            const tl_leaf_mode *mode = d->modes[one];
            d->modes[one] = d->modes[other];
            d->modes[other] = mode;
            tl_edit_forget(&d->edit, 7);
            if (one != other)
                memcpy(d->pages[one], d->pages[other], d->page_bytes);
        }
        entry e = random_entry(&random, 'k', 64);
        bool equal;
        unsigned index = find_everywhere(d, suffix_of(&e), &equal);
        if (equal || (d->count > 5 && unit_below(&random, 2) == 0))
            desk_remove(d, equal ? index : unit_below(&random, d->count));
        else
            desk_insert(d, index, &e, &refused);
        desk_check(d);
    }
    desk_compare(d);
    assert_true(d->stats.sidecar_builds > 100);
}

/* The same records between other fences: the prefix grows or shrinks, the keys stay. */
static void rebuilding_between_other_fences_keeps_every_key(void **state)
{
    (void)state;
    static const struct {
        const char *lower, *upper;
    } others[] = {
        {"",       ""      },
        {"u",      "v"     },
        {"userab", ""      },
        {"userk",  "usern" },
        {"userab", "useryz"}
    };
    uint64_t random = unit_seed(__func__);
    desk *d = desk_set(4096, "userab", "useryz");
    for (unsigned i = 0; i < 20; i++) {
        bool equal, fits;
        entry e = random_entry(&random, 'k', 64);
        unsigned index = find_everywhere(d, suffix_of(&e), &equal);
        if (!equal)
            desk_insert(d, index, &e, &fits);
    }
    tl_page_identity identity = {
        .page_bytes = 4096, .pgno = 7, .tree_id = 1, .birth = 3, .kind = TL_PAGE_LEAF};
    for (unsigned round = 0; round < 40; round++) { /* from any fences to any other */
        static uint8_t target[4096];
        size_t to = unit_below(&random, sizeof others / sizeof others[0]);
        tl_slice lower = unit_text(others[to].lower), upper = unit_text(others[to].upper);
        tl_run run = {.kind = TL_PAGE_LEAF};
        tl_run_add_page(&run, d->pages[0], 0, d->count);
        size_t bytes = tl_run_page_bytes(&run, 0, d->count, lower, upper);
        run.page_bytes = 4096; /* soft pages too weigh the same by their accounts */
        assert_int_equal(tl_run_page_bytes(&run, 0, d->count, lower, upper), bytes);
        tl_run_build(&run, 0, d->count, target, &identity, lower, upper, (tl_ref){0, 0});
        assert_int_equal(tl_page_used(target, 4096) + tl_page_reserve(target), bytes);
        memcpy(d->pages[0], target, sizeof target);
        bool at_edge = lower.size_bytes == 0 || upper.size_bytes == 0;
        assert_true(tl_page_is_soft(target) || !at_edge);
        if (!tl_page_is_soft(target))
            assert_int_equal(tl_page_prefix_len(target), tl_slice_common(lower, upper));
        assert_null(tl_page_check_bounds(target, 4096));
        assert_null(tl_page_check_whole(target, 4096, d->marks).rule);
        for (unsigned i = 0; i < d->count; i++) {
            uint8_t key[TL_KEY_BYTES_MAX], wanted[4 + SUFFIX_MAX] = "user";
            memcpy(wanted + 4, d->entries[i].suffix, d->entries[i].suffix_len);
            tl_run again = {.kind = TL_PAGE_LEAF};
            tl_run_add_page(&again, target, 0, d->count);
            assert_int_equal(tl_slice_compare(tl_run_key(&again, i, key),
                                              tl_slice_of(wanted, 4 + d->entries[i].suffix_len)),
                             0);
        }
    }
}

static void equal_edits_give_equal_bytes_whatever_lay_in_the_page_before(void **state)
{
    (void)state;
    static uint8_t first[MODES][4096];
    for (unsigned pass = 0; pass < 2; pass++) {
        uint64_t random = 99;
        desk *d = desk_set(4096, "b", "");
        if (pass == 1)
            memset(d->scratch, 0x55, sizeof d->scratch);
        bool refused = false;
        for (unsigned round = 0; round < 2000; round++)
            random_edit(d, &random, 'k', 30, &refused);
        for (unsigned m = 0; m < MODES; m++) {
            if (pass == 0)
                memcpy(first[m], d->pages[m], 4096);
            else
                assert_memory_equal(first[m], d->pages[m], 4096);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_modes_follow_the_model_at_1_kib),
        cmocka_unit_test(leaf_modes_follow_the_model_at_8_kib),
        cmocka_unit_test(leaf_modes_follow_the_model_at_64_kib),
        cmocka_unit_test(keys_with_equal_heads_keep_their_order),
        cmocka_unit_test(an_empty_suffix_is_a_key_like_any_other),
        cmocka_unit_test(a_page_of_one_mode_is_edited_under_every_other),
        cmocka_unit_test(rebuilding_between_other_fences_keeps_every_key),
        cmocka_unit_test(equal_edits_give_equal_bytes_whatever_lay_in_the_page_before),
    };
    return cmocka_run_group_tests_name("page_leaf", tests, NULL, NULL);
}
