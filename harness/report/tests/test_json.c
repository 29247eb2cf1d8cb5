/* What is written is read back, whole; what cannot be written whole is not written. */
#define _GNU_SOURCE
#include "folder.h"
#include "harness/report/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

/* Write `root` and read it back; both are the caller's. */
static tl_json *round_trip(void **state, const tl_json *root)
{
    const char *path = folder_join(*state, "x.json");
    tl_json *back = NULL;
    assert_int_equal(tl_json_write(root, path), TL_OK);
    assert_int_equal(tl_json_read(path, &back), TL_OK);
    assert_non_null(back);
    return back;
}

static void every_kind_of_value_comes_back(void **state)
{
    tl_json *root = tl_json_object_new();
    tl_json_add_count(root, "count", 12345678901);
    tl_json_add_real(root, "real", 0.1);
    tl_json_add_text(root, "text", "leaf");
    tl_json_add_hex(root, "hex", 42);
    tl_json_add_bool(root, "yes", true);
    tl_json_add_bool(root, "no", false);
    tl_json_add_null(root, "null");
    tl_json *list = tl_json_add_array(root, "list");
    for (uint64_t i = 0; i < 3; i++)
        tl_json_add_count(list, NULL, i * 10);
    tl_json_add_text(tl_json_add_object(root, "object"), "inner", "x");
    tl_json *back = round_trip(state, root);

    assert_int_equal(tl_json_size(back), 9);
    assert_int_equal(tl_json_count(tl_json_get(back, "count"), 0), 12345678901);
    assert_true(tl_json_real(tl_json_get(back, "real"), 0) == 0.1);
    assert_string_equal(tl_json_text(tl_json_get(back, "text"), ""), "leaf");
    assert_string_equal(tl_json_text(tl_json_get(back, "hex"), ""), "0x000000000000002a");
    assert_true(tl_json_is_true(tl_json_get(back, "yes")));
    assert_false(tl_json_is_true(tl_json_get(back, "no")));
    assert_non_null(tl_json_get(back, "null"));
    assert_int_equal(tl_json_size(tl_json_get(back, "list")), 3);
    assert_int_equal(tl_json_count(tl_json_at(tl_json_get(back, "list"), 2), 0), 20);
    assert_string_equal(tl_json_name(tl_json_at(back, 0)), "count");
    assert_string_equal(tl_json_text(tl_json_get(tl_json_get(back, "object"), "inner"), ""), "x");
    tl_json_free(back);
    tl_json_free(root);
}

static void a_getter_gives_its_fallback_for_another_kind_and_for_nothing(void **state)
{
    (void)state;
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "text", "7");
    tl_json_add_real(root, "negative", -1);
    tl_json_add_real(root, "broken", 1.5);
    tl_json_add_real(root, "huge", 9007199254740992.0);
    static const char *const names[] = {"text", "negative", "broken", "huge", "absent", "Text"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(tl_json_count(tl_json_get(root, names[i]), 99), 99);
    assert_true(tl_json_real(tl_json_get(root, "text"), 2.5) == 2.5);
    assert_string_equal(tl_json_text(tl_json_get(root, "broken"), "none"), "none");
    assert_false(tl_json_is_true(tl_json_get(root, "text")));
    assert_null(tl_json_at(root, 4));
    assert_null(tl_json_at(root, SIZE_MAX));
    tl_json_free(root);
}

static void numbers_that_are_not_finite_become_null(void **state)
{
    tl_json *root = tl_json_array_new();
    tl_json_add_real(root, NULL, NAN);
    tl_json_add_real(root, NULL, INFINITY);
    tl_json_add_real(root, NULL, -INFINITY);
    tl_json *back = round_trip(state, root);
    assert_int_equal(tl_json_size(back), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(tl_json_real(tl_json_at(back, i), 4.0) == 4.0);
    tl_json_free(back);
    tl_json_free(root);
}

static void any_bytes_become_text_that_json_allows(void **state)
{
    static const struct {
        const char *given, *kept;
    } rows[] = {
        {"quote \" backslash \\ slash /",          NULL                                              },
        {"\b\f\n\r\t\x01\x1f\x7f",                 NULL                                              },
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8c\xb3", NULL                                              }, /* 2, 3 and 4 bytes */
        {"a\xff"
         "b",                             "a\xef\xbf\xbd"
         "b"                                                                   }, /* never a first byte */
        {"\xc0\xaf",                               "\xef\xbf\xbd\xef\xbf\xbd"                        }, /* overlong */
        {"\xed\xa0\x80",                           "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"            }, /* a surrogate */
        {"\xf4\x90\x80\x80",                       "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"cut \xe2\x82",                           "cut \xef\xbf\xbd\xef\xbf\xbd"                    },
        {"",                                       NULL                                              },
    };
    enum { ROW_COUNT = sizeof rows / sizeof rows[0] };
    tl_json *root = tl_json_array_new();
    for (size_t i = 0; i < ROW_COUNT; i++)
        tl_json_add_text(root, NULL, rows[i].given);
    tl_json *back = round_trip(state, root);
    for (size_t i = 0; i < ROW_COUNT; i++)
        assert_string_equal(tl_json_text(tl_json_at(back, i), NULL),
                            rows[i].kept != NULL ? rows[i].kept : rows[i].given);
    tl_json_free(back);
    tl_json_free(root);
}

static void null_is_a_node_that_everything_takes(void **state)
{
    tl_json_add_count(NULL, "a", 1);
    tl_json_add_real(NULL, "a", 1);
    tl_json_add_text(NULL, "a", "x");
    tl_json_add_hex(NULL, "a", 1);
    tl_json_add_bool(NULL, "a", true);
    tl_json_add_null(NULL, "a");
    tl_json_attach(NULL, "a", tl_json_object_new()); /* released, or the leak check tells */
    assert_null(tl_json_add_object(NULL, "a"));
    assert_null(tl_json_add_array(NULL, "a"));
    assert_null(tl_json_get(NULL, "a"));
    assert_null(tl_json_at(NULL, 0));
    assert_int_equal(tl_json_size(NULL), 0);
    assert_string_equal(tl_json_name(NULL), "");
    assert_int_equal(tl_json_count(NULL, 7), 7);
    assert_false(tl_json_is_true(NULL));
    tl_json_free(NULL);
    assert_int_equal(tl_json_write(NULL, folder_join(*state, "x")), TL_NO_MEMORY);
    assert_int_equal(folder_count(((folder *)*state)->path), 0);

    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "nothing", NULL);
    tl_json *back = round_trip(state, root);
    assert_non_null(tl_json_get(back, "nothing"));
    assert_null(tl_json_text(tl_json_get(back, "nothing"), NULL));
    tl_json_free(back);
    tl_json_free(root);
}

/* Last of the tests that look: the mark stays for the life of the process. */
static void counts_are_exact_below_two_to_the_53_and_marked_from_there_on(void **state)
{
    const uint64_t end = UINT64_C(1) << 53;
    tl_json *root = tl_json_array_new();
    tl_json_add_count(root, NULL, end - 1);
    tl_json_add_count(root, NULL, end - 2);
    assert_int_equal(tl_json_count(tl_json_at(root, 1), 0), end - 2); /* also before writing */
    assert_false(tl_json_overflowed());
    tl_json_add_count(root, NULL, end);
    assert_true(tl_json_overflowed());
    tl_json_add_count(root, NULL, UINT64_MAX);
    tl_json *back = round_trip(state, root);
    assert_int_equal(tl_json_count(tl_json_at(back, 0), 0), end - 1);
    assert_int_equal(tl_json_count(tl_json_at(back, 1), 0), end - 2);
    assert_int_equal(tl_json_count(tl_json_at(back, 2), 0), end - 1);
    assert_int_equal(tl_json_count(tl_json_at(back, 3), 0), end - 1);
    tl_json_free(back);
    tl_json_free(root);
}

/* libcjson alone prints 15 digits of some longer numbers. */
static void counts_of_every_length_keep_their_last_digit(void **state)
{
    tl_json *root = tl_json_array_new();
    uint64_t value = 1;
    size_t count = 0;
    for (; value < UINT64_C(1) << 53; value = value * 3 + 1)
        for (uint64_t step = 0; step < 2; step++, count++)
            tl_json_add_count(root, NULL, value - step);
    tl_json *back = round_trip(state, root);
    size_t index = 0;
    for (value = 1; value < UINT64_C(1) << 53; value = value * 3 + 1)
        for (uint64_t step = 0; step < 2; step++, index++)
            assert_int_equal(tl_json_count(tl_json_at(back, index), 99), value - step);
    assert_int_equal(index, count);
    tl_json_free(back);
    tl_json_free(root);
}

/* Memory that ends after so many allocations. */
static size_t allocations_left;
static bool refused; /* an allocation */

static void *scarce_malloc(size_t size_bytes)
{
    if (allocations_left == 0) {
        refused = true;
        return NULL;
    }
    allocations_left--;
    return malloc(size_bytes);
}

static void use_scarce_memory(size_t allocation_count)
{
    cJSON_Hooks scarce = {.malloc_fn = scarce_malloc, .free_fn = free};
    allocations_left = allocation_count;
    refused = false;
    cJSON_InitHooks(&scarce);
}

static tl_json *build_sample(void)
{
    tl_json *root = tl_json_object_new();
    tl_json_add_count(root, "count", 1);
    tl_json_add_text(root, "text", "\xff");
    tl_json *list = tl_json_add_array(root, "list");
    tl_json_add_real(list, NULL, 0.5);
    tl_json_add_hex(tl_json_add_object(list, NULL), "hex", 3);
    tl_json *child = tl_json_object_new();
    tl_json_add_bool(child, "bool", true);
    tl_json_attach(root, "child", child);
    return root;
}

static void a_document_with_a_hole_is_never_written_whichever_allocation_fails(void **state)
{
    enum { ALLOCATIONS_MAX = 1000, PRINTING_ALLOCATIONS = 100 };
    const char *path = folder_join(*state, "x.json");
    for (size_t allowed = 0; allowed < ALLOCATIONS_MAX; allowed++) {
        use_scarce_memory(allowed);
        tl_json *root = build_sample();
        bool hole = refused;
        allocations_left = PRINTING_ALLOCATIONS; /* what goes wrong now is the hole's fault */
        tl_status status = tl_json_write(root, path);
        cJSON_InitHooks(NULL);
        tl_json_free(root);
        assert_int_equal(status, hole ? TL_NO_MEMORY : TL_OK);
        assert_int_equal(folder_count(((folder *)*state)->path), hole ? 0 : 1);
        if (!hole) {
            assert_true(allowed > 15); /* the sample takes more: each of them has failed once */
            return;
        }
    }
    fail_msg("a small document took over %d allocations", ALLOCATIONS_MAX);
}

static void printing_without_memory_leaves_the_older_file(void **state)
{
    const char *path = folder_join(*state, "x.json");
    char text[16];
    folder_write(path, "older");
    tl_json *root = build_sample();
    use_scarce_memory(0);
    tl_status status = tl_json_write(root, path);
    cJSON_InitHooks(NULL);
    tl_json_free(root);
    assert_int_equal(status, TL_NO_MEMORY);
    folder_read(path, text, sizeof text);
    assert_string_equal(text, "older");
}

static void a_place_that_cannot_be_written_is_told(void **state)
{
    tl_json *root = build_sample();
    assert_int_equal(tl_json_write(root, folder_join(*state, "absent/x.json")), TL_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(tl_json_write(root, "/dev/full"), TL_NO_SPACE);
    assert_int_equal(tl_json_write(root, "/sys/treelab-test.json"), TL_ACCESS);
    tl_json_free(root);
}

static void what_is_not_json_is_refused(void **state)
{
    static const char *const rows[] = {
        "", "{", "{\"a\":1", "{\"a\":1} x", "nonsense", "[1,]", "{\"a\" 1}", "\"open",
    };
    const char *path = folder_join(*state, "x.json");
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_NOT_FOUND);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        folder_write(path, rows[i]);
        assert_int_equal(tl_json_read(path, &root), TL_INVALID);
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite("{}\0{\"unseen\":1}", 1, 15, file), 15);
    fclose(file);
    assert_int_equal(tl_json_read(path, &root), TL_INVALID);
    file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 100000; i++)
        fputc('[', file); /* deeper than any stack should follow */
    fclose(file);
    assert_int_equal(tl_json_read(path, &root), TL_INVALID);
    assert_null(root);
}

/* What a run's journal kept is attached to its result and written once more. */
static void what_was_read_is_written_again_digit_by_digit(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":9007199254740991,\"b\":[1234567890123456,0.1,\"0x2a\"]}";
    tl_json *root = NULL;
    size_t error_at = 0;
    assert_int_equal(tl_json_parse(text, strlen(text), &root, &error_at), TL_OK);
    assert_true(tl_json_count(tl_json_get(root, "a"), 0) == 9007199254740991);
    char *line = tl_json_line(root);
    assert_string_equal(line, text);
    free(line);
    tl_json_free(root);
    assert_int_equal(tl_json_parse("{\"a\":}", 6, &root, &error_at), TL_INVALID);
    assert_int_equal(error_at, 5);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(every_kind_of_value_comes_back),
        IN_FOLDER(a_getter_gives_its_fallback_for_another_kind_and_for_nothing),
        IN_FOLDER(numbers_that_are_not_finite_become_null),
        IN_FOLDER(any_bytes_become_text_that_json_allows),
        IN_FOLDER(null_is_a_node_that_everything_takes),
        IN_FOLDER(counts_of_every_length_keep_their_last_digit),
        IN_FOLDER(counts_are_exact_below_two_to_the_53_and_marked_from_there_on),
        IN_FOLDER(a_document_with_a_hole_is_never_written_whichever_allocation_fails),
        IN_FOLDER(printing_without_memory_leaves_the_older_file),
        IN_FOLDER(a_place_that_cannot_be_written_is_told),
        IN_FOLDER(what_is_not_json_is_refused),
        IN_FOLDER(what_was_read_is_written_again_digit_by_digit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
