/* engine/tests/unit.c -- see unit.h. */
#include "engine/tests/unit.h"
#include "engine/base/hash.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t unit_seed(const char *test)
{
    const char *given = getenv("TL_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 20260711;
    print_message("%s: TL_TEST_SEED=%llu\n", test, (unsigned long long)seed);
    return seed;
}

uint32_t unit_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)(((tl_random_next(state) >> 32) * limit) >> 32);
}

static void join(char *out, size_t out_bytes, const char *dir, const char *name)
{
    int length = snprintf(out, out_bytes, "%s/%s", dir, name);
    assert_true(length > 0 && (size_t)length < out_bytes);
}

void unit_place_make(unit_place *place)
{
    bool in_memory = access("/dev/shm", W_OK | X_OK) == 0;
    join(place->dir, sizeof place->dir, in_memory ? "/dev/shm" : "/tmp", "treelab_unit_XXXXXX");
    if (mkdtemp(place->dir) == NULL)
        fail_msg("no directory for the test's files");
    join(place->path, sizeof place->path, place->dir, "x.tl");
    join(place->logs[0], sizeof place->logs[0], place->dir, "x.log.0");
    join(place->logs[1], sizeof place->logs[1], place->dir, "x.log.1");
    join(place->lock, sizeof place->lock, place->dir, "x.lock");
}

const char *unit_in(unit_place *place, const char *name)
{
    join(place->present, sizeof place->present, place->dir, name);
    return place->present;
}

void unit_place_remove(unit_place *place)
{
    DIR *dir = opendir(place->dir);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[400];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", place->dir, entry->d_name);
        if (remove(path) != 0)
            print_message("left behind: %s\n", path);
    }
    closedir(dir);
    (void)rmdir(place->dir);
}

void unit_bytes_free(unit_bytes *bytes)
{
    free(bytes->data);
    *bytes = (unit_bytes){NULL, 0};
}

unit_bytes unit_file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("'%s' cannot be read", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    unit_bytes bytes = {malloc((size_t)size + 1), (size_t)size};
    assert_non_null(bytes.data);
    assert_int_equal(fread(bytes.data, 1, bytes.size_bytes, file), bytes.size_bytes);
    fclose(file);
    return bytes;
}

void unit_file_write(const char *path, const void *data, size_t size_bytes)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        fail_msg("'%s' cannot be written", path);
    if (size_bytes != 0)
        assert_int_equal(fwrite(data, 1, size_bytes, file), size_bytes);
    assert_int_equal(fclose(file), 0);
}

bool unit_file_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

unit_files unit_files_read(const unit_place *place)
{
    unit_files files = {
        unit_file_read(place->path),
        {unit_file_read(place->logs[0]), unit_file_read(place->logs[1])}
    };
    return files;
}

void unit_files_write(const unit_place *place, const unit_files *files)
{
    unit_file_write(place->path, files->page.data, files->page.size_bytes);
    for (unsigned i = 0; i < 2; i++)
        unit_file_write(place->logs[i], files->log[i].data, files->log[i].size_bytes);
}

void unit_files_free(unit_files *files)
{
    unit_bytes_free(&files->page);
    unit_bytes_free(&files->log[0]);
    unit_bytes_free(&files->log[1]);
}

static bool bytes_equal(const unit_bytes *a, const unit_bytes *b)
{
    return a->size_bytes == b->size_bytes && memcmp(a->data, b->data, a->size_bytes) == 0;
}

bool unit_files_equal(const unit_files *a, const unit_files *b)
{
    return bytes_equal(&a->page, &b->page) && bytes_equal(&a->log[0], &b->log[0]) &&
           bytes_equal(&a->log[1], &b->log[1]);
}

tl_slice unit_text(const char *text)
{
    return unit_slice(text, strlen(text));
}

tl_env *unit_open(const unit_place *place, const tl_env_options *options)
{
    tl_env *env = NULL;
    tl_error error = {.status = TL_OK};
    tl_env_options wanted = *options;
    wanted.error = &error;
    if (tl_env_open(place->path, &wanted, &env) != TL_OK)
        fail_msg("open: %s: %s", tl_status_name(error.status), error.text);
    return env;
}

void unit_refused(const char *path, tl_env_options options, tl_status status, const char *words)
{
    tl_env *env = NULL;
    tl_error error = {.status = TL_OK};
    options.error = &error;
    tl_status got = tl_env_open(path, &options, &env);
    if (got != status || error.status != status || strstr(error.text, words) == NULL)
        fail_msg("expected %s with '%s', got %s with '%s'", tl_status_name(status), words,
                 tl_status_name(got), error.text);
    assert_null(env);
}

void unit_put(tl_env *env, const char *key, const char *value)
{
    tl_txn *txn = NULL;
    assert_int_equal(tl_txn_begin(env, 0, &txn), TL_OK);
    assert_int_equal(tl_put(txn, TL_TREE_MAIN, unit_text(key), unit_text(value), 0), TL_OK);
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

void unit_del(tl_env *env, const char *key)
{
    tl_txn *txn = NULL;
    assert_int_equal(tl_txn_begin(env, 0, &txn), TL_OK);
    assert_int_equal(tl_del(txn, TL_TREE_MAIN, unit_text(key)), TL_OK);
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

enum { NUMBER_VALUE_MAX = 8192 };

static tl_slice number_key(char key[16], unsigned number)
{
    snprintf(key, 16, "%08u", number);
    return unit_slice(key, 8);
}

static tl_slice number_value(uint8_t *value, unsigned number, unsigned value_bytes)
{
    uint64_t state = number;
    assert_true(value_bytes <= NUMBER_VALUE_MAX);
    for (unsigned i = 0; i < value_bytes; i++)
        value[i] = (uint8_t)tl_random_next(&state);
    return unit_slice(value, value_bytes);
}

void unit_put_numbers(tl_env *env, unsigned first, unsigned end, unsigned value_bytes)
{
    static uint8_t value[NUMBER_VALUE_MAX];
    char key[16];
    tl_txn *txn = NULL;
    assert_int_equal(tl_txn_begin(env, 0, &txn), TL_OK);
    for (unsigned i = first; i < end; i++)
        assert_int_equal(
            tl_put(txn, TL_TREE_MAIN, number_key(key, i), number_value(value, i, value_bytes), 0),
            TL_OK);
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

void unit_expect_numbers(tl_env *env, unsigned first, unsigned end, unsigned value_bytes)
{
    static uint8_t value[NUMBER_VALUE_MAX];
    char key[16];
    tl_txn *txn = NULL;
    uint64_t count = 0;
    assert_int_equal(tl_txn_begin(env, TL_TXN_READ_ONLY, &txn), TL_OK);
    assert_int_equal(tl_count(txn, TL_TREE_MAIN, &count), TL_OK);
    assert_int_equal(count, end - first);
    for (unsigned i = first; i < end; i++) {
        tl_slice got = {NULL, 0}, wanted = number_value(value, i, value_bytes);
        assert_int_equal(tl_get(txn, TL_TREE_MAIN, number_key(key, i), &got), TL_OK);
        assert_int_equal(got.size_bytes, wanted.size_bytes);
        assert_memory_equal(got.data, wanted.data, wanted.size_bytes);
    }
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

static bool print_finding(void *context, const tl_finding *finding)
{
    (void)context;
    print_message("verifier: %s, page %u: %s\n", finding->rule, finding->pgno, finding->text);
    return true;
}

tl_verify_summary unit_expect_clean(tl_env *env)
{
    tl_verify_summary summary = {.findings = 0};
    tl_status status = tl_verify(env, print_finding, NULL, &summary);
    if (status != TL_OK || summary.findings != 0)
        fail_msg("verifier: %s, %llu findings", tl_status_name(status),
                 (unsigned long long)summary.findings);
    return summary;
}

uint64_t unit_scan_hash(tl_env *env, uint64_t *count, tl_status *status)
{
    tl_txn *txn = NULL;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    uint64_t sum = 0;
    *count = 0;
    assert_int_equal(tl_txn_begin(env, TL_TXN_READ_ONLY, &txn), TL_OK);
    assert_int_equal(tl_cursor_open(txn, TL_TREE_MAIN, &cursor), TL_OK);
    for (;;) {
        *status = tl_cursor_next(cursor, &key, &value);
        if (*status != TL_OK)
            break;
        sum += tl_record_hash(key, value);
        ++*count;
    }
    if (*status == TL_NOT_FOUND)
        *status = TL_OK; /* the end, as it should be */
    tl_cursor_close(cursor);
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    return sum;
}
