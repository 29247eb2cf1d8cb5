/* engine/tests/test_options_open.c -- what an open refuses, what it says, and what it leaves alone.
 */
#define _GNU_SOURCE /* seteuid */
#include "engine/tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Options to open with, and a word that the message about them must have. */
typedef struct option_row {
    const char *words;
    tl_env_options options;
} option_row;
#define ROW(word, ...)                                                                             \
    {                                                                                              \
        .words = word, .options = { __VA_ARGS__ }                                                  \
    }

static void each_option_outside_its_range_is_refused_by_name(void **state)
{
    (void)state;
    static const option_row rows[] = {
        ROW("page_bytes", .page_bytes = 512),
        ROW("page_bytes", .page_bytes = 3000),
        ROW("page_bytes", .page_bytes = 131072),
        ROW("max_key_bytes", .page_bytes = 1024, .max_key_bytes = 128),
        ROW("max_key_bytes", .page_bytes = 65536, .max_key_bytes = 2041),
        ROW("max_key_bytes", .max_key_bytes = UINT32_MAX),
        ROW("commit", .commit = "shadow3"),
        ROW("commit", .commit = ""),
        ROW("leaf", .leaf = "Bump"),
        ROW("split", .split = "half"),
        ROW("fill", .fill = "lmdb"),
        ROW("simd must be auto or", .simd = "AVX2"),
        ROW("or scalar", .simd = "mmx"),
        ROW("durability", .durability = (tl_durability)3),
        ROW("durability", .durability = (tl_durability)-1),
        ROW("log_bytes", .log_bytes = 8191),
        ROW("log_bytes", .log_bytes = UINT64_MAX),
        ROW("log_pad_bytes", .log_pad_bytes = 1),
        ROW("log_pad_bytes", .log_pad_bytes = 1024),
        ROW("readers_max", .readers_max = 4097),
        ROW("max_bytes", .max_bytes = 1024),
        ROW("map_bytes", .map_bytes = 4096),
        ROW("flags", .flags = 1u << 30),
    };
    unit_place place;
    unit_place_make(&place);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_env *env = NULL;
        tl_error error = {.status = TL_OK};
        tl_env_options options = rows[i].options;
        options.error = &error;
        tl_status status = tl_env_open(place.path, &options, &env);
        bool accepted = status == TL_INVALID || (options.map_bytes != 0 && status == TL_NO_MEMORY);
        if (!accepted || strstr(error.text, rows[i].words) == NULL)
            fail_msg("row %zu, %s: got %s, '%s'", i, rows[i].words, tl_status_name(status),
                     error.text);
        assert_null(env);
        assert_false(unit_file_exists(place.path)); /* nothing half-made stays behind */
    }
    unit_place_remove(&place);
}

static void the_ends_of_each_range_are_inside_it(void **state)
{
    (void)state;
    static const option_row rows[] = {
        ROW("", .page_bytes = 1024, .max_key_bytes = 127),
        ROW("", .page_bytes = 1024, .max_key_bytes = 1),
        ROW("", .page_bytes = 65536, .max_key_bytes = 2040),
        ROW("", .log_bytes = 8192, .log_pad_bytes = 4096),
        ROW("", .readers_max = 1, .async_ms = 1, .durability = TL_DURABILITY_ASYNC),
        ROW("", .readers_max = 4096),
        ROW("", .max_bytes = 32 * 8192),
        ROW("", .commit = "shadow2", .leaf = "rebuild", .split = "half_bytes", .fill = "lmdb25"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unit_place place;
        unit_place_make(&place);
        tl_env *env = unit_open(&place, &rows[i].options);
        unit_put(env, "k", "v");
        (void)unit_expect_clean(env);
        assert_int_equal(tl_env_close(env), TL_OK);
        unit_place_remove(&place);
    }
}

static void every_row_of_every_registry_can_be_opened(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unsigned opened = 0;
    for (const char *const *commit = tl_commit_protocols(); *commit != NULL; commit++)
        for (const char *const *leaf = tl_leaf_modes(); *leaf != NULL; leaf++)
            for (const char *const *split = tl_splits(); *split != NULL; split++)
                for (const char *const *fill = tl_fills(); *fill != NULL; fill++) {
                    tl_env_options options = {
                        .commit = *commit, .leaf = *leaf, .split = *split, .fill = *fill};
                    tl_env_info info;
                    tl_env *env = unit_open(&place, &options); /* the file does not care */
                    tl_env_info_get(env, &info);
                    assert_string_equal(info.commit, *commit);
                    assert_string_equal(info.leaf, *leaf);
                    assert_string_equal(info.split, *split);
                    assert_string_equal(info.fill, *fill);
                    unit_put(env, "k", "v");
                    assert_int_equal(tl_env_close(env), TL_OK);
                    opened++;
                }
    assert_true(opened >= 12);
    unit_place_remove(&place);
}

static void a_missing_database_is_not_found_unless_it_may_be_created(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env_options options = {.flags = TL_OPEN_NO_CREATE};
    unit_refused(place.path, options, TL_NOT_FOUND, "x.tl");
    options.flags = TL_OPEN_READ_ONLY;
    unit_refused(place.path, options, TL_NOT_FOUND, "x.tl");
    assert_false(unit_file_exists(place.path));
    unit_refused(unit_in(&place, "nowhere/y.tl"), (tl_env_options){.flags = 0}, TL_NOT_FOUND,
                 "nowhere");
    unit_refused(unit_in(&place, ""), (tl_env_options){.flags = 0}, TL_INVALID, "names no file");
    unit_place_remove(&place);
}

static void the_ending_may_be_left_out(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env *env = NULL;
    assert_int_equal(tl_env_open(unit_in(&place, "x"), NULL, &env), TL_OK);
    assert_int_equal(tl_env_close(env), TL_OK);
    assert_true(unit_file_exists(place.path));
    assert_true(unit_file_exists(place.logs[0]) && unit_file_exists(place.logs[1]));
    assert_true(unit_file_exists(place.lock));
    assert_false(unit_file_exists(unit_in(&place, "x.tl.tmp")));
    unit_place_remove(&place);
}

/* Whoever runs the test may be allowed everything: then it is done as nobody. */
static void a_directory_without_write_permission_is_a_denied_access(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    bool is_root = geteuid() == 0;
    assert_int_equal(chmod(place.dir, 0555), 0);
    if (is_root && seteuid(65534) != 0)
        skip();
    unit_refused(place.path, (tl_env_options){.flags = 0}, TL_ACCESS, "x.lock");
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(place.dir, 0755), 0);
    unit_place_remove(&place);
}

static void what_is_not_ours_is_refused_and_untouched(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size_bytes;
    } rows[] = {
        {"",                                        0 },
        {"x",                                       1 },
        {"A letter to a friend, not a database.\n", 38},
        {"SQLite format 3",                         16},
    };
    unit_place place;
    unit_place_make(&place);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (unsigned flags = 0; flags < 2; flags++) { /* TL_OPEN_READ_ONLY is 1 */
            unit_file_write(place.path, rows[i].bytes, rows[i].size_bytes);
            unit_refused(place.path, (tl_env_options){.flags = flags}, TL_NOT_OURS, "x.tl");
            unit_bytes after = unit_file_read(place.path);
            assert_int_equal(after.size_bytes, rows[i].size_bytes);
            assert_memory_equal(after.data, rows[i].bytes, rows[i].size_bytes);
            unit_bytes_free(&after);
            assert_false(unit_file_exists(place.logs[0]));
        }
    static uint8_t noise[300000];
    memset(noise, 0x5a, sizeof noise);
    unit_file_write(place.path, noise, sizeof noise);
    unit_refused(place.path, (tl_env_options){.flags = 0}, TL_NOT_OURS, "x.tl");
    unit_place_remove(&place);
}

static void a_directory_in_the_place_of_the_file_is_not_ours(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    assert_int_equal(mkdir(place.path, 0755), 0);
    unit_refused(place.path, (tl_env_options){.flags = 0}, TL_NOT_OURS, "x.tl");
    unit_refused(place.path, (tl_env_options){.flags = TL_OPEN_READ_ONLY}, TL_NOT_OURS, "x.tl");
    unit_place_remove(&place);
}

static const tl_env_options small = {
    .flags = TL_OPEN_DETERMINISTIC, .page_bytes = 1024, .log_bytes = 8192, .seed = 1};

static unit_files small_database(unit_place *place, uint64_t seed)
{
    tl_env_options options = small;
    options.seed = seed;
    unit_place_make(place);
    tl_env *env = unit_open(place, &options);
    unit_put_numbers(env, 0, 20, 30);
    assert_int_equal(tl_env_close(env), TL_OK);
    return unit_files_read(place);
}

static void a_database_without_its_logs_is_corrupt_not_empty(void **state)
{
    (void)state;
    for (unsigned missing = 0; missing < 2; missing++) {
        unit_place place;
        unit_files files = small_database(&place, 1);
        assert_int_equal(remove(place.logs[missing]), 0);
        unit_refused(place.path, small, TL_CORRUPT, missing == 0 ? "x.log.0" : "x.log.1");
        unit_bytes after = unit_file_read(place.path);
        assert_memory_equal(after.data, files.page.data, after.size_bytes);
        assert_false(unit_file_exists(place.logs[missing]));
        unit_bytes_free(&after);
        unit_files_free(&files);
        unit_place_remove(&place);
    }
}

static void the_log_of_another_database_is_refused(void **state)
{
    (void)state;
    unit_place place, other;
    unit_files files = small_database(&place, 1), others = small_database(&other, 2);
    for (unsigned i = 0; i < 2; i++) {
        unit_files mixed = files;
        mixed.log[i] = others.log[i];
        unit_files_write(&place, &mixed);
        unit_refused(place.path, small, TL_CORRUPT, "not the log of this database");
        unit_files after = unit_files_read(&place);
        assert_true(unit_files_equal(&after, &mixed));
        unit_files_free(&after);
    }
    unit_files swapped = {
        files.page, {files.log[1], files.log[0]}
    };
    unit_files_write(&place, &swapped);
    unit_refused(place.path, small, TL_CORRUPT, "not the log of this database");
    unit_files_write(&place, &files);
    tl_env *env = unit_open(&place, &small);
    unit_expect_numbers(env, 0, 20, 30);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&files);
    unit_files_free(&others);
    unit_place_remove(&place);
    unit_place_remove(&other);
}

static void logs_without_a_page_file_are_leftovers_and_replaced(void **state)
{
    (void)state;
    unit_place place;
    unit_files files = small_database(&place, 1);
    assert_int_equal(remove(place.path), 0);
    unit_file_write(unit_in(&place, "x.tl.tmp"), "half", 4);
    tl_env *env = unit_open(&place, &small);
    unit_expect_numbers(env, 0, 0, 0);
    assert_int_equal(tl_env_close(env), TL_OK);
    assert_false(unit_file_exists(unit_in(&place, "x.tl.tmp")));
    unit_files_free(&files);
    unit_place_remove(&place);
}

static void a_second_opener_learns_who_holds_the_database(void **state)
{
    (void)state;
    unit_place place;
    unit_files files = small_database(&place, 1);
    char words[40];
    snprintf(words, sizeof words, "process %ld", (long)getpid());
    tl_env *env = unit_open(&place, &small);
    unit_refused(place.path, small, TL_BUSY, words);
    tl_env_options reading = small;
    reading.flags |= TL_OPEN_READ_ONLY;
    unit_refused(place.path, reading, TL_BUSY, words);
    unit_put(env, "still", "there"); /* the holder did not notice */
    assert_int_equal(tl_env_close(env), TL_OK);
    tl_env *first = unit_open(&place, &reading), *second = unit_open(&place, &reading);
    unit_refused(place.path, small, TL_BUSY, "close it first"); /* readers share, writers wait */
    assert_int_equal(tl_env_close(first), TL_OK);
    assert_int_equal(tl_env_close(second), TL_OK);
    env = unit_open(&place, &small);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&files);
    unit_place_remove(&place);
}

static void use_read_only(const unit_place *place, unsigned records)
{
    tl_env_options reading = small;
    reading.flags |= TL_OPEN_READ_ONLY;
    tl_env *env = unit_open(place, &reading);
    tl_txn *txn = NULL;
    unit_expect_numbers(env, 0, records, 30);
    (void)unit_expect_clean(env);
    assert_int_equal(tl_txn_begin(env, 0, &txn), TL_READ_ONLY);
    assert_int_equal(tl_env_checkpoint(env), TL_READ_ONLY);
    assert_int_equal(tl_env_sync(env), TL_OK);
    assert_int_equal(tl_env_close(env), TL_OK);
}

static void a_read_only_open_writes_nothing(void **state)
{
    (void)state;
    unit_place place;
    unit_files before = small_database(&place, 1);
    unit_bytes lock_before = unit_file_read(place.lock);
    use_read_only(&place, 20);
    unit_files after = unit_files_read(&place);
    unit_bytes lock_after = unit_file_read(place.lock);
    assert_true(unit_files_equal(&before, &after));
    assert_int_equal(lock_before.size_bytes, lock_after.size_bytes);
    assert_memory_equal(lock_before.data, lock_after.data, lock_after.size_bytes);
    assert_int_equal(remove(place.lock), 0); /* a copy that nobody ever locked */
    use_read_only(&place, 20);
    assert_false(unit_file_exists(place.lock));
    unit_bytes_free(&lock_before);
    unit_bytes_free(&lock_after);
    unit_files_free(&before);
    unit_files_free(&after);
    unit_place_remove(&place);
}

/* With frames to replay, more of them than the page file has room for. */
static void a_read_only_open_after_a_crash_replays_in_memory_alone(void **state)
{
    (void)state;
    unit_place place;
    unit_files files = small_database(&place, 1);
    unit_files_free(&files);
    tl_env *env = unit_open(&place, &small);
    for (unsigned i = 20; i < 2000; i += 60)
        unit_put_numbers(env, i, i + 60, 30);
    tl_env_abandon(env);
    unit_files before = unit_files_read(&place);
    use_read_only(&place, 2000);
    use_read_only(&place, 2000);
    unit_files after = unit_files_read(&place);
    assert_true(unit_files_equal(&before, &after));
    unit_files_free(&before);
    unit_files_free(&after);
    env = unit_open(&place, &small); /* and a writer still finds all of it */
    unit_expect_numbers(env, 0, 2000, 30);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

static void an_existing_file_keeps_its_page_size_and_key_limit(void **state)
{
    (void)state;
    unit_place place;
    unit_files files = small_database(&place, 1);
    tl_env_options options = {.page_bytes = 65536, .max_key_bytes = 2000};
    tl_env *env = unit_open(&place, &options);
    tl_env_info info;
    tl_env_info_get(env, &info);
    assert_int_equal(info.page_bytes, 1024);
    assert_int_equal(info.max_key_bytes, 127);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&files);
    unit_place_remove(&place);
}

static void a_file_larger_than_the_address_space_is_refused(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env_options options = {.page_bytes = 65536, .durability = TL_DURABILITY_NONE};
    tl_env *env = unit_open(&place, &options);
    assert_int_equal(tl_env_close(env), TL_OK);
    options.map_bytes = 8 * 65536; /* a new file has 16 pages */
    unit_refused(place.path, options, TL_INVALID, "map_bytes");
    unit_place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_option_outside_its_range_is_refused_by_name),
        cmocka_unit_test(the_ends_of_each_range_are_inside_it),
        cmocka_unit_test(every_row_of_every_registry_can_be_opened),
        cmocka_unit_test(a_missing_database_is_not_found_unless_it_may_be_created),
        cmocka_unit_test(the_ending_may_be_left_out),
        cmocka_unit_test(a_directory_without_write_permission_is_a_denied_access),
        cmocka_unit_test(what_is_not_ours_is_refused_and_untouched),
        cmocka_unit_test(a_directory_in_the_place_of_the_file_is_not_ours),
        cmocka_unit_test(a_database_without_its_logs_is_corrupt_not_empty),
        cmocka_unit_test(the_log_of_another_database_is_refused),
        cmocka_unit_test(logs_without_a_page_file_are_leftovers_and_replaced),
        cmocka_unit_test(a_second_opener_learns_who_holds_the_database),
        cmocka_unit_test(a_read_only_open_writes_nothing),
        cmocka_unit_test(a_read_only_open_after_a_crash_replays_in_memory_alone),
        cmocka_unit_test(an_existing_file_keeps_its_page_size_and_key_limit),
        cmocka_unit_test(a_file_larger_than_the_address_space_is_refused),
    };
    return cmocka_run_group_tests_name("options_open", tests, NULL, NULL);
}
