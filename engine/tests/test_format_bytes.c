/* engine/tests/test_format_bytes.c -- the golden files read by FORMAT.md alone. */
#include "engine/tests/by_hand.h"

static const golden_tree *find_named(const golden_tree *trees, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(trees[i].name, name) == 0)
            return &trees[i];
    fail_msg("there should be no tree '%s'", name);
    return NULL;
}

static void trees_compare(const by_hand *r)
{
    static golden_tree wanted[GOLDEN_TREES_MAX];
    size_t count = golden_contents(r->version, wanted), found = 0;
    for (unsigned id = 1; id < TREE_IDS_MAX; id++) {
        const golden_tree *got = &r->trees[id];
        if (got->name[0] == '\0')
            continue;
        const golden_tree *want = find_named(wanted, count, got->name);
        assert_int_equal(got->count, want->count);
        for (size_t i = 0; i < got->count; i++) {
            const golden_record *a = &got->records[i], *b = &want->records[i];
            assert_int_equal(order(a->key, a->key_bytes, b->key, b->key_bytes), 0);
            assert_int_equal(order(a->value, a->value_bytes, b->value, b->value_bytes), 0);
        }
        found++;
    }
    assert_int_equal(found, count);
}

static void read_by_hand(unsigned version)
{
    static by_hand r;
    unit_place place;
    unit_place_make(&place);
    golden_copy(&place, version);
    memset(&r, 0, sizeof r);
    r.version = version;
    r.files = unit_files_read(&place);
    by_hand_metas(&r);
    by_hand_log_header(&r, 0);
    by_hand_log_header(&r, 1);
    by_hand_trees(&r);
    by_hand_zone(&r);
    assert_int_equal(by_hand_replay(&r), golden_frames(version));
    trees_compare(&r);
    assert_true(r.ran_op[1] && r.ran_op[2]);
    if (version > 1) { /* the kept files have all that came with it */
        assert_true(r.saw_dense && r.saw_soft && r.saw_extent);
        assert_true(r.ran_op[3] && r.ran_op[4] && r.ran_op[5] && r.ran_op[6]);
    }
    unit_files_free(&r.files);
    unit_place_remove(&place);
}

static void the_golden_bytes_say_what_format_md_says(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= GOLDEN_VERSION; version++)
        read_by_hand(version);
}

/* The document names every offset that this reader uses. */
static void format_md_names_every_field(void **state)
{
    (void)state;
    static const char *const words[] = {
        "magic",
        "features_incompat",
        "features_compat",
        "page_shift",
        "ckpt_no",
        "log_salt",
        "log_chain",
        "catalog_pgno",
        "catalog_depth",
        "tree_id_next",
        "page_count",
        "zone_digest",
        "discipline",
        "sum_kind",
        "max_key_bytes",
        "record_bytes_max",
        "uuid",
        "log_pad_bytes",
        "heap_lo",
        "free_head",
        "free_bytes",
        "frag",
        "prefix_off",
        "lower_off",
        "upper_off",
        "last_ins",
        "tree_id",
        "zone_no",
        "epoch",
        "ops_bytes",
        "durable_txn",
        "prev_chain",
        "varint",
        "x.tl.tmp",
        "x.lock",
        "cannot be detected",
        "Change log",
        "log_begin",
        "log_bytes",
        "manifest_pgno",
        "manifest_crc",
        "dense_value",
        "next_pgno",
        "sums_crc",
    };
    unit_bytes text = unit_file_read("engine/FORMAT.md");
    text.data[text.size_bytes] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr((const char *)text.data, words[i]) == NULL)
            fail_msg("engine/FORMAT.md does not mention '%s'", words[i]);
    unit_bytes_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_bytes_say_what_format_md_says),
        cmocka_unit_test(format_md_names_every_field),
    };
    return cmocka_run_group_tests_name("format_bytes", tests, NULL, NULL);
}
