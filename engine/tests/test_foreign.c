/* engine/tests/test_foreign.c -- pages that no sound writer wrote, behind a right checksum: an edit
 * that would build on what they promise is refused, and writes nothing beyond them. */
#include "engine/base/checksum.h"
#include "engine/page/page.h"
#include "engine/tests/support/rig.h"

enum { PAGE = 1024, FIRST = 10, RECORDS = 300 };

/* A leaf of the main tree in the closed file, with `least` records at least. */
static uint8_t *find_leaf(rig *on, unsigned least)
{
    uint64_t size;
    uint8_t *file = memdisk_bytes(on->disk, rig_path, &size);
    for (uint64_t at = FIRST * PAGE; at + PAGE <= size; at += PAGE) {
        uint8_t *page = file + at;
        if (tl_page_kind_of(page) == TL_PAGE_LEAF && tl_page_tree_id(page) == TL_TREE_MAIN &&
            tl_page_count(page) >= least && tl_page_lower(page).size_bytes != 0 &&
            tl_page_upper(page).size_bytes != 0)
            return page;
    }
    fail_msg("no such leaf");
    return NULL;
}

static void seal(uint8_t *page)
{
    tl_store32(page, tl_crc32c(0, page + 4, PAGE - 4));
}

static void make(rig *on)
{
    rig_open(on);
    put_range(on->env, &on->truth, 0, RECORDS, 'x', 20);
    rig_close(on);
}

/* Every key is deleted or refused; the first refusal names the page and ends the txn. */
static void edit_until_refused(rig *on, const char *words)
{
    tl_txn *txn = NULL;
    key_buffer buffer;
    tl_status status = TL_OK;
    rig_open(on);
    check_ok(tl_txn_begin(on->env, 0, &txn));
    for (unsigned i = 0; i < RECORDS && status != TL_CORRUPT; i++)
        status =
            tl_put(txn, TL_TREE_MAIN, key_of(i, &buffer), slice_of_text("grown: a longer one"), 0);
    check_status(TL_CORRUPT, status);
    tl_error error;
    tl_env_error(on->env, &error);
    assert_non_null(strstr(error.text, words));
    assert_true(error.pgno >= FIRST);
    tl_txn_abort(txn);
}

static void a_leaf_whose_keys_do_not_ascend_is_not_edited(void **state)
{
    rig *on = *state;
    uint8_t swapped[4];
    make(on);
    uint8_t *page = find_leaf(on, 4), *heads = page + TL_PAGE_HEADER_BYTES;
    uint8_t *slots = heads + 4 * tl_page_cap(page);
    for (unsigned array = 0; array < 2; array++) {
        uint8_t *at = array == 0 ? heads : slots;
        memcpy(swapped, at + 4, 4);
        memcpy(at + 4, at + 8, 4);
        memcpy(at + 8, swapped, 4);
    }
    seal(page);
    edit_until_refused(on, "do not ascend");
}

static void a_leaf_with_a_prefix_that_its_fences_do_not_have_is_not_edited(void **state)
{
    rig *on = *state;
    make(on);
    uint8_t *page = find_leaf(on, 4);
    assert_true(tl_page_prefix_len(page) > 1);
    tl_store16(page + TL_AT_PREFIX_LEN, tl_page_prefix_len(page) - 1);
    seal(page);
    edit_until_refused(on, "prefix");
}

/* The sum of what a page holds: cells that share bytes would overflow it when it is compacted. */
static void a_page_whose_cells_share_bytes_is_refused_when_it_is_loaded(void **state)
{
    rig *on = *state;
    make(on);
    uint8_t *page = find_leaf(on, 4);
    uint8_t *slots = page + TL_PAGE_HEADER_BYTES + 4 * tl_page_cap(page);
    unsigned longer = tl_load16(slots + 4 + 2) + 1; /* one byte of the next cell with it */
    tl_store16(slots + 4 + 2, longer);
    seal(page);
    edit_until_refused(on, "do not add up");
}

static void a_page_from_the_future_is_refused_when_it_is_loaded(void **state)
{
    rig *on = *state;
    make(on);
    uint8_t *page = find_leaf(on, 4);
    tl_page_set_birth(page, tl_page_birth(page) + (UINT64_C(1) << 32)); /* the tag stays right */
    seal(page);
    edit_until_refused(on, "younger than the checkpoint");
}

/* A sound leaf put in another's place: born in the same txn, so its tag is right there. */
static void a_leaf_in_anothers_place_is_not_edited(void **state)
{
    rig *on = *state;
    make(on);
    uint8_t *page = find_leaf(on, 4);
    uint32_t pgno = tl_page_pgno(page);
    tl_store32(page + TL_AT_PGNO, UINT32_MAX); /* so that the next search passes it by */
    tl_page_set_count(page, 0);
    uint8_t *other = find_leaf(on, 4);
    memcpy(page, other, PAGE);
    tl_store32(page + TL_AT_PGNO, pgno);
    seal(page);
    edit_until_refused(on, "");
}

/* It is in memory, sits right beside leaves that split, and has room: still nothing is shared. */
static void a_damaged_neighbour_takes_no_part_in_splits(void **state)
{
    rig *on = *state;
    uint8_t fence[PAGE], key[PAGE], value[40] = {0};
    tl_txn *txn = NULL;
    tl_slice got, lower;
    key_buffer buffer;
    on->options.split = "half_bytes"; /* so that there is room in it */
    make(on);
    on->options.split = "adaptive";
    uint8_t *page = find_leaf(on, 4), *slots = page + TL_PAGE_HEADER_BYTES + 4 * tl_page_cap(page);
    lower = tl_page_lower(page);
    memcpy(fence, lower.data, lower.size_bytes);
    lower.data = fence;
    tl_store32(page + TL_PAGE_HEADER_BYTES, tl_page_head(page, 2));
    memcpy(slots, slots + 8, 4); /* the first key is now the third; sizes are equal */
    seal(page);
    rig_open(on);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
    for (unsigned i = 0; i < RECORDS; i++)
        (void)!tl_get(txn, TL_TREE_MAIN, key_of(i, &buffer), &got); /* all of it is in memory */
    tl_txn_abort(txn);
    check_ok(tl_txn_begin(on->env, 0, &txn));
    for (unsigned i = 0; i < RECORDS; i++)
        for (uint8_t more = 1; more < 8; more++) {
            tl_slice base = key_of(i, &buffer);
            memcpy(key, base.data, base.size_bytes);
            key[base.size_bytes] = more;
            tl_slice longer = tl_slice_of(key, base.size_bytes + 1);
            if (tl_slice_compare(longer, lower) < 0)
                check_ok(tl_put(txn, TL_TREE_MAIN, longer, tl_slice_of(value, 40), 0));
        }
    tl_stats stats;
    tl_env_stats(on->env, &stats);
    assert_true(stats.leaf_splits > 5 && stats.splits_shift_left + stats.splits_shift_right > 0);
    check_status(TL_CORRUPT, tl_put(txn, TL_TREE_MAIN, lower, tl_slice_of(value, 40), 0));
    tl_txn_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_leaf_whose_keys_do_not_ascend_is_not_edited),
        rig_test(a_leaf_with_a_prefix_that_its_fences_do_not_have_is_not_edited),
        rig_test(a_page_whose_cells_share_bytes_is_refused_when_it_is_loaded),
        rig_test(a_page_from_the_future_is_refused_when_it_is_loaded),
        rig_test(a_leaf_in_anothers_place_is_not_edited),
        rig_test(a_damaged_neighbour_takes_no_part_in_splits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
