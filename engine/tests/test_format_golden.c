/* engine/tests/test_format_golden.c -- the kept database still opens, and is still made the same.
 *
 * After a deliberate change of the format: raise the version, keep the old folder for the tests
 * that open it, and write the new files with
 *
 *     TL_GOLDEN_WRITE=engine/tests/golden/v2 build/engine/tests/test_format_golden
 */
#include "engine/tests/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_tree(tl_txn *txn, const golden_tree *wanted)
{
    tl_tree tree = 0;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    assert_int_equal(tl_tree_open(txn, unit_text(wanted->name), 0, &tree), TL_OK);
    assert_int_equal(tl_cursor_open(txn, tree, &cursor), TL_OK);
    for (size_t i = 0; i < wanted->count; i++) {
        const golden_record *r = &wanted->records[i];
        assert_int_equal(tl_cursor_next(cursor, &key, &value), TL_OK);
        assert_int_equal(key.size_bytes, r->key_bytes);
        assert_memory_equal(key.data, r->key, r->key_bytes);
        assert_int_equal(value.size_bytes, r->value_bytes);
        assert_memory_equal(value.data, r->value, r->value_bytes);
        assert_int_equal(tl_get(txn, tree, key, &value), TL_OK);
    }
    assert_int_equal(tl_cursor_next(cursor, &key, &value), TL_NOT_FOUND);
    tl_cursor_close(cursor);
}

/* The trees of that version and no others.  Returns the number of their records. */
static uint64_t expect_contents(tl_env *env, unsigned version)
{
    static golden_tree trees[GOLDEN_TREES_MAX];
    size_t count = golden_contents(version, trees);
    uint64_t records = 0;
    tl_txn *txn = NULL;
    assert_int_equal(tl_txn_begin(env, TL_TXN_READ_ONLY, &txn), TL_OK);
    for (size_t i = 0; i < count; i++) {
        expect_tree(txn, &trees[i]);
        records += trees[i].count;
    }
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    tl_verify_summary summary = unit_expect_clean(env);
    assert_int_equal(summary.records, records);
    assert_int_equal(summary.trees, count);
    return records;
}

static void open_read_only(unsigned version)
{
    unit_place place;
    unit_place_make(&place);
    golden_copy(&place, version);
    unit_files before = unit_files_read(&place);
    tl_env_options options = {.flags = TL_OPEN_READ_ONLY};
    tl_env *env = unit_open(&place, &options);
    tl_env_info info;
    tl_env_info_get(env, &info);
    assert_int_equal(info.frames_replayed, golden_frames(version));
    expect_contents(env, version);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files after = unit_files_read(&place);
    assert_true(unit_files_equal(&before, &after));
    unit_files_free(&before);
    unit_files_free(&after);
    unit_place_remove(&place);
}

static void every_golden_database_opens_read_only_and_stays_untouched(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= GOLDEN_VERSION; version++)
        open_read_only(version);
}

static void note_version(void *context, const char *line)
{
    unsigned *version = context;
    (void)sscanf(line, "format %u", version);
}

static void open_and_go_on(unsigned version)
{
    unit_place place;
    unit_place_make(&place);
    golden_copy(&place, version);
    tl_env_options options = {.flags = TL_OPEN_NO_CREATE};
    tl_env *env = unit_open(&place, &options);
    unsigned present = 0;
    assert_int_equal(tl_dump_meta(env, note_version, &present), TL_OK);
    assert_int_equal(present, GOLDEN_VERSION); /* recovery's checkpoint wrote today's format */
    uint64_t records = expect_contents(env, version);
    unit_put(env, "one more", "record");
    assert_int_equal(tl_env_close(env), TL_OK);
    env = unit_open(&place, &options);
    assert_int_equal(unit_expect_clean(env).records, records + 1);
    unit_del(env, "one more");
    expect_contents(env, version);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

static void every_golden_database_opens_for_writing_and_goes_on(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= GOLDEN_VERSION; version++)
        open_and_go_on(version);
}

static void keep(const unit_place *place, const char *dir)
{
    unit_files files = unit_files_read(place);
    char path[300];
    snprintf(path, sizeof path, "%s/x.tl", dir);
    unit_file_write(path, files.page.data, files.page.size_bytes);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/x.log.%u", dir, i);
        unit_file_write(path, files.log[i].data, files.log[i].size_bytes);
    }
    print_message("golden files written to %s\n", dir);
    unit_files_free(&files);
}

static void expect_same_bytes(const char *name, const unit_bytes *wanted, const unit_bytes *got)
{
    if (wanted->size_bytes != got->size_bytes)
        fail_msg("%s: %zu bytes are kept, %zu were made", name, wanted->size_bytes,
                 got->size_bytes);
    for (size_t i = 0; i < got->size_bytes; i++)
        if (wanted->data[i] != got->data[i])
            fail_msg("%s: byte %zu is kept as %02x and was made as %02x", name, i, wanted->data[i],
                     got->data[i]);
}

static void the_same_edits_give_the_same_bytes_on_every_compiler(void **state)
{
    (void)state;
    unit_place place, kept;
    unit_place_make(&place);
    unit_place_make(&kept);
    golden_make(&place);
    const char *dir = getenv("TL_GOLDEN_WRITE");
    if (dir != NULL)
        keep(&place, dir);
    golden_copy(&kept, GOLDEN_VERSION);
    unit_files wanted = unit_files_read(&kept), got = unit_files_read(&place);
    expect_same_bytes("x.tl", &wanted.page, &got.page);
    expect_same_bytes("x.log.0", &wanted.log[0], &got.log[0]);
    expect_same_bytes("x.log.1", &wanted.log[1], &got.log[1]);
    unit_files_free(&wanted);
    unit_files_free(&got);
    unit_place_remove(&place);
    unit_place_remove(&kept);
}

/* What lay in memory or on the disk before has no influence on the bytes. */
static void bytes_do_not_depend_on_a_used_arena(void **state)
{
    (void)state;
    tl_arena *arena = NULL;
    assert_int_equal(tl_arena_create(1 << 22, &arena), TL_OK);
    unit_files first = {
        .page = {NULL, 0}
    };
    for (unsigned pass = 0; pass < 2; pass++) {
        unit_place place;
        unit_place_make(&place);
        tl_env_options options = golden_options();
        options.arena = arena;
        tl_env *env = unit_open(&place, &options);
        unit_put_numbers(env, 0, 300, 40);
        for (unsigned i = 0; i < 300; i += 3) {
            char key[16];
            snprintf(key, sizeof key, "%08u", i);
            unit_del(env, key);
        }
        assert_int_equal(tl_env_close(env), TL_OK);
        unit_files files = unit_files_read(&place);
        if (pass == 0)
            first = files;
        else {
            assert_true(unit_files_equal(&first, &files));
            unit_files_free(&files);
        }
        unit_place_remove(&place);
    }
    unit_files_free(&first);
    tl_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_edits_give_the_same_bytes_on_every_compiler),
        cmocka_unit_test(every_golden_database_opens_read_only_and_stays_untouched),
        cmocka_unit_test(every_golden_database_opens_for_writing_and_goes_on),
        cmocka_unit_test(bytes_do_not_depend_on_a_used_arena),
    };
    return cmocka_run_group_tests_name("format_golden", tests, NULL, NULL);
}
