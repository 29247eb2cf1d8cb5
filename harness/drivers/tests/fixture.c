/* harness/drivers/tests/fixture.c -- see fixture.h. */
#include "fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const tl_driver *tl_tested;
static tl_driver_setting tested_setting; /* of tl_tested; no name: none */

/* Drivers with a setting that changes what they do. */
static const struct variant {
    const char *driver;
    tl_driver_setting setting;
    bool snapshots;
} variants[] = {
    {"lmdb", {"writemap", "1"}, true },
    {"bdb",  {"snapshot", "0"}, false},
};
static bool tested_snapshots;

static void open_store(tl_fixture *fixture)
{
    fixture->error[0] = '\0';
    tl_status status = fixture->driver->open(&fixture->options, &fixture->store);
    if (status != TL_OK)
        fail_msg("%s does not open: %s, %s", fixture->driver->name, tl_status_name(status),
                 fixture->error);
}

void tl_fixture_open(tl_fixture *fixture, const tl_driver *driver)
{
    const char *base = getenv("TMPDIR");
    memset(fixture, 0, sizeof *fixture);
    fixture->driver = driver;
    (void)snprintf(fixture->dir, sizeof fixture->dir, "%s/treelab-drivers-XXXXXX",
                   base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(fixture->dir));
    fixture->options = (tl_driver_options){
        .dir = fixture->dir,
        .durability = TL_DURABILITY_NONE,
        .page_bytes = 4096,
        .map_bytes = 64u << 20,
        .error = fixture->error,
        .error_bytes = sizeof fixture->error,
    };
    if (driver == tl_tested && tested_setting.name != NULL) {
        fixture->options.settings = &tested_setting;
        fixture->options.setting_count = 1;
    }
    open_store(fixture);
}

void tl_fixture_reopen(tl_fixture *fixture)
{
    tl_store *store = fixture->store;
    fixture->store = NULL;
    assert_status(fixture->driver->close(store), TL_OK);
    open_store(fixture);
}

void tl_fixture_release(tl_fixture *fixture)
{
    if (fixture->store != NULL)
        assert_status(fixture->driver->close(fixture->store), TL_OK);
    DIR *listing = opendir(fixture->dir);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        (void)unlinkat(dirfd(listing), entry->d_name, 0); /* refuses . and .. */
    (void)closedir(listing);
    assert_int_equal(rmdir(fixture->dir), 0);
}

tl_store_txn *tl_fixture_begin(tl_fixture *fixture, bool read_only)
{
    tl_store_txn *txn = NULL;
    assert_status(fixture->driver->begin(fixture->store, read_only, &txn), TL_OK);
    return txn;
}

void tl_fixture_put(tl_fixture *fixture, const char *key, const char *value)
{
    tl_store_txn *txn = tl_fixture_begin(fixture, false);
    assert_status(fixture->driver->put(txn, tl_text(key), tl_text(value), 0), TL_OK);
    assert_status(fixture->driver->commit(txn), TL_OK);
}

bool tl_tested_is_blind(void)
{
    return (tl_tested->capabilities & TL_DRIVER_BLIND_WRITES) != 0;
}

bool tl_tested_has_snapshots(void)
{
    return tested_snapshots;
}

bool tl_tested_is_named(const char *name)
{
    return strcmp(tl_tested->name, name) == 0;
}

static bool wanted(int argc, char **argv, const char *label)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], label) == 0)
            return true;
    return argc < 2;
}

int tl_fixture_run_all(int argc, char **argv, int (*suite)(const char *label))
{
    int failed = 0;
    for (size_t i = 0; i < tl_driver_count(); i++) {
        tl_tested = tl_driver_at(i);
        if (!(tl_tested->capabilities & TL_DRIVER_READS_BACK))
            continue;
        tested_setting = (tl_driver_setting){NULL, NULL};
        tested_snapshots = true;
        if (wanted(argc, argv, tl_tested->name))
            failed += suite(tl_tested->name);
        for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
            char label[64];
            (void)snprintf(label, sizeof label, "%s:%s=%s", variants[v].driver,
                           variants[v].setting.name, variants[v].setting.value);
            if (!tl_tested_is_named(variants[v].driver) || !wanted(argc, argv, label))
                continue;
            tested_setting = variants[v].setting;
            tested_snapshots = variants[v].snapshots;
            failed += suite(label);
        }
    }
    return failed;
}

int tl_fixture_set_up(void **state)
{
    tl_fixture *fixture = malloc(sizeof *fixture);
    if (fixture == NULL)
        return -1;
    tl_fixture_open(fixture, tl_tested);
    *state = fixture;
    return 0;
}

int tl_fixture_tear_down(void **state)
{
    tl_fixture_release(*state);
    free(*state);
    return 0;
}

void tl_want_value(tl_store_txn *txn, const char *key, const char *want)
{
    tl_slice value = {"untouched", 9};
    tl_status status = tl_tested->get(txn, tl_text(key), &value);
    if (want == NULL) {
        assert_status(status, TL_NOT_FOUND);
        assert_slice(value, "untouched");
    } else {
        assert_status(status, TL_OK);
        assert_slice(value, want);
    }
}

static bool count_record(void *context, tl_slice key, tl_slice value)
{
    uint64_t *count = context;
    (void)key, (void)value;
    (*count)++;
    return true;
}

void tl_want_count(tl_store_txn *txn, uint64_t want)
{
    uint64_t count = 0;
    if (tl_tested->count != NULL)
        assert_status(tl_tested->count(txn, &count), TL_OK);
    else
        assert_status(tl_tested->scan(txn, tl_text(""), count_record, &count), TL_OK);
    assert_int_equal(count, want);
}

tl_status tl_put_text(tl_store_txn *txn, const char *key, const char *value, unsigned flags)
{
    return tl_tested->put(txn, tl_text(key), tl_text(value), flags);
}

void tl_put_letters(tl_store_txn *txn)
{
    static const char *const keys[] = {"b", "d", "ab", "a", "abc", "f", "ba"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_status(tl_put_text(txn, keys[i], keys[i], 0), TL_OK);
}

typedef struct seen_keys { /* the keys of a scan, joined by spaces */
    char text[256];
    size_t left; /* records after which the visitor stops */
} seen_keys;

static bool see_key(void *context, tl_slice key, tl_slice value)
{
    seen_keys *seen = context;
    size_t used = strlen(seen->text);
    (void)snprintf(seen->text + used, sizeof seen->text - used, "%.*s=%.*s ", (int)key.size_bytes,
                   (const char *)key.data, (int)value.size_bytes, (const char *)value.data);
    return --seen->left > 0;
}

void tl_want_scan(tl_store_txn *txn, const char *from, size_t limit, const char *want)
{
    seen_keys seen = {"", limit};
    assert_status(tl_tested->scan(txn, tl_text(from), see_key, &seen), TL_OK);
    assert_string_equal(seen.text, want);
}

tl_store_cursor *tl_open_cursor(tl_store_txn *txn)
{
    tl_store_cursor *cursor = NULL;
    assert_status(tl_tested->cursor_open(txn, &cursor), TL_OK);
    return cursor;
}

void tl_want_step(tl_store_cursor *cursor, tl_step_fn step, const char *want)
{
    tl_slice key = {"untouched", 9}, value = key;
    tl_status status = step(cursor, &key, &value);
    if (want == NULL) {
        assert_status(status, TL_NOT_FOUND);
        assert_slice(key, "untouched");
        assert_slice(value, "untouched");
    } else {
        assert_status(status, TL_OK);
        assert_slice(key, want);
        assert_slice(value, want);
    }
}
