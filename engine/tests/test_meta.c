/* engine/tests/test_meta.c -- meta blocks, zone pages, and what a damaged page says when loaded. */
#include "engine/base/checksum.h"
#include "engine/page/meta.h"
#include "engine/page/zone.h"
#include "engine/tests/unit.h"

#include <string.h>

static tl_meta sample(void)
{
    tl_meta meta = {
        .version = TL_FORMAT_VERSION,
        .features_compat = 0x80000001, /* unknown compatible features are fine */
        .page_bytes = 4096,
        .ckpt_no = UINT64_C(0x1122334455667788),
        .txn = UINT64_C(0x99aabbccddeeff00),
        .log_salt = UINT64_C(0x0123456789abcdef),
        .log_chain = UINT64_C(0xfedcba9876543210),
        .catalog = {0x1234,                       0x5678                      },
        .page_count = 0xfffffffe,
        .zone_digest = 42,
        .discipline = TL_DISCIPLINE_SHADOW,
        .sum_kind = TL_SUM_CRC32C,
        .max_key_bytes = 511,
        .record_bytes_max = 1249,
        .count = 77,
        .log_pad_bytes = 4096,
        .catalog_depth = 3,
        .tree_id_next = 0x87654321,
        .log_begin = UINT64_C(0x123456789a00),
        .manifest_pgno = 0xabcdef01,
        .manifest_crc = 0x10fedcba,
        .log_bytes = {UINT64_C(0x1020304050607080), UINT64_C(0xa0b0c0d0e0f00010)}
    };
    memcpy(meta.uuid, "0123456789abcdef", 16);
    return meta;
}

static void expect_same(const tl_meta *a, const tl_meta *b)
{
    uint8_t left[TL_META_BLOCK_BYTES], right[TL_META_BLOCK_BYTES];
    tl_meta_encode(a, left);
    tl_meta_encode(b, right);
    assert_memory_equal(left, right, sizeof left);
    assert_true(a->ckpt_no == b->ckpt_no && a->txn == b->txn && a->log_salt == b->log_salt);
    assert_true(a->log_chain == b->log_chain && a->page_count == b->page_count);
    assert_int_equal(a->catalog.pgno, b->catalog.pgno);
    assert_int_equal(a->catalog.tag, b->catalog.tag);
    assert_int_equal(a->features_compat, b->features_compat);
    assert_int_equal(a->page_bytes, b->page_bytes);
    assert_int_equal(a->max_key_bytes, b->max_key_bytes);
    assert_int_equal(a->log_pad_bytes, b->log_pad_bytes);
    assert_true(a->log_begin == b->log_begin);
    assert_int_equal(a->manifest_pgno, b->manifest_pgno);
    assert_int_equal(a->manifest_crc, b->manifest_crc);
    assert_true(a->log_bytes[0] == b->log_bytes[0] && a->log_bytes[1] == b->log_bytes[1]);
    assert_int_equal(a->catalog_depth, b->catalog_depth);
    assert_int_equal(a->tree_id_next, b->tree_id_next);
    assert_true(a->count == b->count && a->zone_digest == b->zone_digest);
    assert_memory_equal(a->uuid, b->uuid, 16);
}

static void a_meta_decodes_to_what_was_encoded(void **state)
{
    (void)state;
    uint8_t block[TL_META_BLOCK_BYTES];
    tl_meta meta = sample(), got;
    tl_meta_encode(&meta, block);
    assert_int_equal(tl_meta_decode(block, &got), TL_META_VALID);
    expect_same(&meta, &got);
    assert_memory_equal(block, block + TL_META_COPY_AT, TL_META_RECORD_BYTES);
}

/* Bit rot and torn writes of one sector: the other copy tells the whole truth. */
static void any_damage_to_one_copy_is_corrected_by_the_other(void **state)
{
    (void)state;
    uint8_t block[TL_META_BLOCK_BYTES];
    tl_meta meta = sample(), got;
    tl_meta_encode(&meta, block);
    for (size_t copy = 0; copy < 2; copy++) {
        uint8_t *at = block + copy * TL_META_COPY_AT;
        for (size_t bit = 0; bit < 8 * TL_META_RECORD_BYTES; bit++) {
            at[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            memset(&got, 0, sizeof got);
            assert_int_equal(tl_meta_decode(block, &got), TL_META_VALID);
            expect_same(&meta, &got);
            at[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        uint8_t saved[TL_META_RECORD_BYTES];
        memcpy(saved, at, sizeof saved);
        memset(at, 0, sizeof saved); /* a sector that was never written */
        assert_int_equal(tl_meta_decode(block, &got), TL_META_VALID);
        expect_same(&meta, &got);
        memcpy(at, saved, sizeof saved);
    }
}

/* A write of one sector that was lost leaves an older copy that is intact. */
static void an_older_intact_copy_does_not_hide_the_newer_one(void **state)
{
    (void)state;
    uint8_t block[TL_META_BLOCK_BYTES], before[TL_META_BLOCK_BYTES];
    tl_meta meta = sample(), older = sample(), got;
    older.ckpt_no -= 2;
    older.txn--;
    for (size_t copy = 0; copy < 2; copy++) {
        tl_meta_encode(&meta, block);
        tl_meta_encode(&older, before);
        memcpy(block + copy * TL_META_COPY_AT, before, TL_META_RECORD_BYTES);
        assert_int_equal(tl_meta_decode(block, &got), TL_META_VALID);
        expect_same(&meta, &got);

        older = meta; /* the write that dropped the manifest */
        older.manifest_pgno = 77;
        meta.manifest_pgno = 0;
        tl_meta_encode(&meta, block);
        tl_meta_encode(&older, before);
        memcpy(block + copy * TL_META_COPY_AT, before, TL_META_RECORD_BYTES);
        assert_int_equal(tl_meta_decode(block, &got), TL_META_VALID);
        assert_int_equal(got.manifest_pgno, 0);
        older = meta = sample();
        older.ckpt_no -= 2;
        older.txn--;
    }
}

static void damage_to_both_copies_is_told_from_a_strange_file(void **state)
{
    (void)state;
    uint8_t block[TL_META_BLOCK_BYTES];
    tl_meta meta = sample(), got;
    for (size_t bit = 64; bit < 8 * TL_META_RECORD_BYTES; bit++) { /* behind the magic number */
        tl_meta_encode(&meta, block);
        block[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        block[TL_META_COPY_AT + 300] ^= 1;
        assert_int_equal(tl_meta_decode(block, &got), TL_META_DAMAGED);
    }
    tl_meta_encode(&meta, block);
    block[0] ^= 1;
    block[TL_META_COPY_AT + 300] ^= 1;
    assert_int_equal(tl_meta_decode(block, &got), TL_META_DAMAGED); /* one magic is enough */
    block[TL_META_COPY_AT] ^= 1;
    assert_int_equal(tl_meta_decode(block, &got), TL_META_NOT_OURS);
    memset(block, 0, sizeof block);
    assert_int_equal(tl_meta_decode(block, &got), TL_META_NOT_OURS);
}

static void what_this_build_cannot_read_is_newer_not_damaged(void **state)
{
    (void)state;
    uint8_t block[TL_META_BLOCK_BYTES];
    tl_meta rows[4] = {sample(), sample(), sample(), sample()}, got;
    rows[0].version = TL_FORMAT_VERSION + 1;
    rows[1].features_incompat = 1u << 31;
    rows[2].discipline = 1;
    rows[3].sum_kind = 1;
    for (size_t i = 0; i < 4; i++) {
        tl_meta_encode(&rows[i], block);
        assert_int_equal(tl_meta_decode(block, &got), TL_META_NEWER);
    }
}

static void impossible_fields_with_a_right_checksum_are_damage(void **state)
{
    (void)state;
    uint8_t block[TL_META_BLOCK_BYTES];
    tl_meta rows[7], got;
    for (size_t i = 0; i < 7; i++)
        rows[i] = sample();
    rows[0].page_bytes = 512;
    rows[1].page_bytes = 131072;
    rows[2].max_key_bytes = 0;
    rows[3].max_key_bytes = 512; /* a page of 4096 allows 511 */
    rows[4].record_bytes_max = 1250;
    rows[5].page_count = UINT64_C(1) << 32;
    rows[6].log_pad_bytes = 1024;
    for (size_t i = 0; i < 7; i++) {
        tl_meta_encode(&rows[i], block);
        assert_int_equal(tl_meta_decode(block, &got), TL_META_DAMAGED);
    }
    tl_meta meta = sample(); /* a shift of 32 and more must not be shifted by */
    tl_meta_encode(&meta, block);
    for (size_t copy = 0; copy < 2; copy++) {
        uint8_t *at = block + copy * TL_META_COPY_AT;
        tl_store32(at + 20, 33);
        tl_store32(at + 508, tl_crc32c(0, at, 508));
    }
    assert_int_equal(tl_meta_decode(block, &got), TL_META_DAMAGED);
}

static void metas_lie_in_blocks_of_their_own(void **state)
{
    (void)state;
    for (uint32_t page = 1024; page <= 65536; page *= 2) {
        uint64_t second = tl_meta_offset(page, 1);
        assert_int_equal(tl_meta_offset(page, 0), 0);
        assert_int_equal(second, page > 4096 ? page : 4096);
        assert_true((uint64_t)tl_meta_pages(page) * page >= second + TL_META_BLOCK_BYTES);
    }
}

static void a_sealed_zone_is_valid_only_as_itself(void **state)
{
    (void)state;
    static uint8_t page[1024];
    uint64_t random = unit_seed(__func__);
    for (size_t i = 0; i < sizeof page; i++)
        page[i] = (uint8_t)tl_random_next(&random);
    uint32_t crc = tl_zone_seal(page, sizeof page, 7681, 1, 99);
    assert_int_equal(crc, tl_load32(page));
    assert_true(tl_zone_valid(page, sizeof page, 7681, 1));
    assert_int_equal(tl_zone_epoch(page), 99);
    assert_false(tl_zone_valid(page, sizeof page, 7680, 1)); /* the other slot */
    assert_false(tl_zone_valid(page, sizeof page, 7681, 2));
    for (size_t bit = 0; bit < 8 * sizeof page; bit++) {
        page[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_false(tl_zone_valid(page, sizeof page, 7681, 1));
        page[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_true(tl_zone_valid(page, sizeof page, 7681, 1));
    assert_true(tl_zone_mix(1, 99, crc) != tl_zone_mix(1, 98, crc));
    assert_true(tl_zone_mix(1, 99, crc) != tl_zone_mix(2, 99, crc));
    assert_true(tl_zone_mix(1, 99, crc) != tl_zone_mix(1, 99, crc ^ 1));
}

/* ---- pages of a real file, changed behind the engine's back ---- */

enum { PAGE = 4096 };
static const tl_env_options options = {
    .flags = TL_OPEN_DETERMINISTIC, .page_bytes = PAGE, .log_bytes = 8192};

typedef struct patient {
    unit_place place;
    unit_files files;
    uint32_t leaf, other_leaf, root; /* pgnos in the newest tree: first leaf, second, the branch */
} patient;

static void patient_make(patient *p)
{
    memset(p, 0, sizeof *p);
    unit_place_make(&p->place);
    tl_env *env = unit_open(&p->place, &options);
    unit_put_numbers(env, 0, 300, 50);
    assert_int_equal(tl_env_close(env), TL_OK);
    p->files = unit_files_read(&p->place);
    for (uint32_t pgno = 4; pgno < p->files.page.size_bytes / PAGE; pgno++) {
        const uint8_t *page = p->files.page.data + (size_t)pgno * PAGE;
        if (tl_page_kind_of(page) != TL_PAGE_BRANCH)
            continue;
        const uint8_t *child = page + TL_PAGE_HEADER_BYTES + 8 * (size_t)tl_page_cap(page);
        p->root = pgno;
        p->leaf = tl_load32(child);
        p->other_leaf = tl_load32(child + 8);
    }
    assert_int_not_equal(p->leaf, 0);
}

static uint8_t *page_at(patient *p, uint32_t pgno)
{
    return p->files.page.data + (size_t)pgno * PAGE;
}

static void reseal(uint8_t *page)
{
    tl_store32(page, tl_page_checksum(page, PAGE));
}

typedef struct first_finding {
    char rule[40];
    uint32_t pgno;
} first_finding;

static bool note_finding(void *context, const tl_finding *finding)
{
    first_finding *first = context;
    strncpy(first->rule, finding->rule, sizeof first->rule - 1);
    first->pgno = finding->pgno;
    return false;
}

/* Write the changed files, open, and expect the damage at `pgno` to be reported in `words`. */
static void expect_damage(patient *p, uint32_t pgno, const char *words)
{
    tl_txn *txn = NULL;
    tl_slice value;
    tl_error error;
    first_finding first = {.pgno = 0};
    tl_verify_summary summary = {.findings = 0};
    unit_files_write(&p->place, &p->files);
    tl_env *env = unit_open(&p->place, &options);
    assert_int_equal(tl_txn_begin(env, TL_TXN_READ_ONLY, &txn), TL_OK);
    assert_int_equal(tl_get(txn, TL_TREE_MAIN, unit_text("00000000"), &value), TL_CORRUPT);
    tl_env_error(env, &error);
    assert_int_equal(error.status, TL_CORRUPT);
    assert_int_equal(error.pgno, pgno);
    if (strstr(error.text, words) == NULL)
        fail_msg("expected '%s' in '%s'", words, error.text);
    tl_txn_abort(txn);
    assert_int_equal(tl_verify(env, note_finding, &first, &summary), TL_CORRUPT);
    assert_int_equal(first.pgno, pgno);
    assert_string_equal(first.rule, "page-checksum");
    tl_env_abandon(env);
    unit_files_free(&p->files);
    unit_place_remove(&p->place);
}

static void a_page_with_a_wrong_checksum_is_refused(void **state)
{
    (void)state;
    patient p;
    patient_make(&p);
    page_at(&p, p.leaf)[2000] ^= 4;
    expect_damage(&p, p.leaf, "checksum is wrong");
}

static void a_page_in_the_place_of_another_is_refused(void **state)
{
    (void)state;
    patient p;
    patient_make(&p);
    memcpy(page_at(&p, p.leaf), page_at(&p, p.other_leaf), PAGE);
    expect_damage(&p, p.leaf, "belongs to another place");
}

static void an_older_version_of_a_page_is_refused(void **state)
{
    (void)state;
    patient p;
    patient_make(&p);
    uint8_t *page = page_at(&p, p.leaf);
    tl_page_set_birth(page, tl_page_birth(page) - 1); /* as after a write that was lost */
    reseal(page);
    expect_damage(&p, p.leaf, "another version than its parent names");
}

static void a_page_of_another_level_is_refused(void **state)
{
    (void)state;
    patient p;
    patient_make(&p);
    uint8_t *page = page_at(&p, p.leaf);
    page[TL_AT_LEVEL] = 1;
    reseal(page);
    expect_damage(&p, p.leaf, "another level than its parent says");
}

static void a_page_of_another_tree_is_refused(void **state)
{
    (void)state;
    patient p;
    patient_make(&p);
    uint8_t *page = page_at(&p, p.leaf);
    tl_page_set_tree_id(page, 2);
    reseal(page);
    expect_damage(&p, p.leaf, "belongs to another tree");
}

static void a_page_with_an_offset_beyond_its_end_is_refused(void **state)
{
    (void)state;
    patient p;
    patient_make(&p);
    uint8_t *page = page_at(&p, p.leaf);
    tl_store16(page + TL_PAGE_HEADER_BYTES + 4 * (size_t)tl_page_cap(page), 4095);
    reseal(page);
    expect_damage(&p, p.leaf, "cell lies outside the heap");
}

static void a_reference_beyond_the_file_is_refused(void **state)
{
    (void)state;
    patient p;
    patient_make(&p);
    p.files.page.size_bytes = (size_t)p.leaf * PAGE + 100; /* the file lost its end */
    patient cut = p;
    unit_files_write(&cut.place, &cut.files);
    tl_env *env = NULL;
    tl_status status = tl_env_open(p.place.path, &options, &env);
    if (status == TL_OK) { /* metas and catalog lie before the cut: the leaf tells */
        tl_txn *txn = NULL;
        tl_slice value;
        assert_int_equal(tl_txn_begin(env, TL_TXN_READ_ONLY, &txn), TL_OK);
        assert_int_equal(tl_get(txn, TL_TREE_MAIN, unit_text("00000000"), &value), TL_CORRUPT);
        tl_txn_abort(txn);
        tl_env_abandon(env);
    } else {
        assert_int_equal(status, TL_CORRUPT);
    }
    unit_files_free(&p.files);
    unit_place_remove(&p.place);
}

static void the_rest_of_a_damaged_store_stays_readable(void **state)
{
    (void)state;
    patient p;
    patient_make(&p);
    page_at(&p, p.leaf)[2000] ^= 4;
    unit_files_write(&p.place, &p.files);
    tl_env *env = unit_open(&p.place, &options);
    tl_txn *txn = NULL;
    tl_slice value;
    assert_int_equal(tl_txn_begin(env, TL_TXN_READ_ONLY, &txn), TL_OK);
    assert_int_equal(tl_get(txn, TL_TREE_MAIN, unit_text("00000299"), &value), TL_OK);
    tl_txn_abort(txn);
    tl_env_abandon(env);
    unit_files_free(&p.files);
    unit_place_remove(&p.place);
}

/* Both free-space bitmaps of the only zone are gone, or the newer one is from an older checkpoint.
 */
static void a_lost_or_stale_bitmap_is_corruption(void **state)
{
    (void)state;
    patient p;
    patient_make(&p);
    uint8_t *slots[2] = {page_at(&p, 2), page_at(&p, 3)};
    uint8_t saved[2][PAGE];
    memcpy(saved[0], slots[0], PAGE);
    memcpy(saved[1], slots[1], PAGE);
    slots[0][100] ^= 1;
    slots[1][100] ^= 1;
    unit_files_write(&p.place, &p.files);
    unit_refused(p.place.path, options, TL_CORRUPT, "both free-space bitmaps");
    unsigned newer = tl_zone_epoch(saved[1]) > tl_zone_epoch(saved[0]);
    memcpy(slots[1 - newer], saved[1 - newer], PAGE);
    unit_files_write(&p.place, &p.files);
    unit_refused(p.place.path, options, TL_CORRUPT, "bitmap is older than checkpoint");
    unit_files_free(&p.files);
    unit_place_remove(&p.place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_meta_decodes_to_what_was_encoded),
        cmocka_unit_test(any_damage_to_one_copy_is_corrected_by_the_other),
        cmocka_unit_test(an_older_intact_copy_does_not_hide_the_newer_one),
        cmocka_unit_test(damage_to_both_copies_is_told_from_a_strange_file),
        cmocka_unit_test(what_this_build_cannot_read_is_newer_not_damaged),
        cmocka_unit_test(impossible_fields_with_a_right_checksum_are_damage),
        cmocka_unit_test(metas_lie_in_blocks_of_their_own),
        cmocka_unit_test(a_sealed_zone_is_valid_only_as_itself),
        cmocka_unit_test(a_page_with_a_wrong_checksum_is_refused),
        cmocka_unit_test(a_page_in_the_place_of_another_is_refused),
        cmocka_unit_test(an_older_version_of_a_page_is_refused),
        cmocka_unit_test(a_page_of_another_level_is_refused),
        cmocka_unit_test(a_page_of_another_tree_is_refused),
        cmocka_unit_test(a_page_with_an_offset_beyond_its_end_is_refused),
        cmocka_unit_test(a_reference_beyond_the_file_is_refused),
        cmocka_unit_test(the_rest_of_a_damaged_store_stays_readable),
        cmocka_unit_test(a_lost_or_stale_bitmap_is_corruption),
    };
    return cmocka_run_group_tests_name("meta", tests, NULL, NULL);
}
