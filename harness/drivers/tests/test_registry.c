/* harness/drivers/tests/test_registry.c -- the table of drivers, their contracts and settings. */
#include "fixture.h"

#include <stdio.h>

#if TL_HAVE_LMDB
#include <lmdb.h>
#endif
#if TL_HAVE_SQLITE
#include <sqlite3.h>
#endif

static void every_driver_is_found_by_its_name_and_complete(void **state)
{
    (void)state;
    assert_true(tl_driver_count() >= 4);
    for (size_t i = 0; i < tl_driver_count(); i++) {
        const tl_driver *driver = tl_driver_at(i);
        assert_ptr_equal(tl_driver_find(driver->name), driver);
        assert_int_equal(driver->abi, TL_DRIVER_ABI);
        assert_int_equal(driver->size_bytes, sizeof(tl_driver));
        assert_true(strlen(driver->summary) > 0);
        assert_true(strlen(driver->version()) > 0);
        assert_non_null(driver->open);
        assert_non_null(driver->close);
        assert_non_null(driver->value_bytes_max);
        assert_non_null(driver->begin);
        assert_non_null(driver->commit);
        assert_non_null(driver->abort);
        assert_non_null(driver->put);
        assert_non_null(driver->space);
        if (driver->capabilities & TL_DRIVER_READS_BACK) {
            assert_non_null(driver->get);
            assert_non_null(driver->scan);
        }
    }
    assert_null(tl_driver_find("trees"));
    assert_null(tl_driver_at(tl_driver_count()));
}

static const tl_driver *altered(tl_driver *copy, void (*alter)(tl_driver *driver))
{
    *copy = *tl_driver_find("model");
    copy->name = "altered";
    if (alter != NULL)
        alter(copy);
    return copy;
}
static void another_abi(tl_driver *driver)
{
    driver->abi = TL_DRIVER_ABI + 1;
}
static void an_older_size(tl_driver *driver)
{
    driver->size_bytes -= 8;
}
static void no_begin(tl_driver *driver)
{
    driver->begin = NULL;
}
static void no_scan_though_it_reads_back(tl_driver *driver)
{
    driver->scan = NULL;
}
static void no_remark(tl_driver *driver)
{
    driver->contracts[2].remark = NULL;
}
static void a_name_that_is_taken(tl_driver *driver)
{
    driver->name = "tree";
}

static void a_driver_that_is_not_whole_does_not_join(void **state)
{
    (void)state;
    static const struct {
        void (*alter)(tl_driver *driver);
        const char *message;
    } rows[] = {
        {another_abi,                  "speaks driver ABI"          },
        {an_older_size,                "set size_bytes to sizeof"   },
        {no_begin,                     "leaves 'begin'"             },
        {no_scan_though_it_reads_back, "leaves 'scan'"              },
        {no_remark,                    "leaves 'contracts'"         },
        {a_name_that_is_taken,         "which another one is called"},
    };
    size_t count = tl_driver_count();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_driver copy;
        char error[256] = "";
        assert_false(tl_driver_join(altered(&copy, rows[i].alter), error, sizeof error));
        if (strstr(error, rows[i].message) == NULL)
            fail_msg("'%s' lacks '%s'", error, rows[i].message);
        assert_false(tl_driver_join(&copy, NULL, 0));
    }
    assert_int_equal(tl_driver_count(), count);
}

static void a_whole_driver_joins_once_and_is_found(void **state)
{
    (void)state;
    static tl_driver joined; /* it must live for ever */
    size_t count = tl_driver_count();
    assert_true(tl_driver_join(altered(&joined, NULL), NULL, 0));
    assert_true(tl_driver_join(&joined, NULL, 0));
    assert_int_equal(tl_driver_count(), count + 1);
    assert_ptr_equal(tl_driver_find("altered"), &joined);
    assert_ptr_equal(tl_driver_at(count), &joined);
}

static void every_contract_says_what_it_asks_for_and_why_it_differs(void **state)
{
    (void)state;
    for (size_t i = 0; i < tl_driver_count(); i++) {
        for (size_t durability = 0; durability < 3; durability++) {
            const tl_driver_contract *contract = &tl_driver_at(i)->contracts[durability];
            assert_non_null(contract->options);
            assert_non_null(contract->remark);
            assert_true(strlen(contract->options) > 0);
            assert_int_equal(contract->promise == TL_PROMISE_SAME, contract->remark[0] == '\0');
        }
    }
}

#if TL_HAVE_SQLITE
/* The contract is read as a pragma by SQLite itself: a misspelt level would read back as 0. */
static void sqlites_contracts_name_levels_that_sqlite_knows(void **state)
{
    (void)state;
    static const int levels[3] = {
        [TL_DURABILITY_COMMIT] = 2, [TL_DURABILITY_ASYNC] = 1, [TL_DURABILITY_NONE] = 0};
    const tl_driver *driver = tl_driver_find("sqlite");
    assert_non_null(driver);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (size_t durability = 0; durability < 3; durability++) {
        assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous=EXTRA", NULL, NULL, NULL), SQLITE_OK);
        char *text = sqlite3_mprintf("PRAGMA %s", driver->contracts[durability].options);
        assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_free(text);
        sqlite3_stmt *read;
        assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA synchronous", -1, &read, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(read), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(read, 0), levels[durability]);
        assert_int_equal(sqlite3_finalize(read), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
#endif

#if TL_HAVE_LMDB
/* The names stand here as code, so one that lmdb.h does not define does not compile. */
static void lmdbs_contracts_name_flags_of_lmdb(void **state)
{
    (void)state;
#define FLAG(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }
    static const struct {
        const char *name;
        unsigned flag;
    } flags[] = {FLAG(MDB_NOMETASYNC), FLAG(MDB_NOSYNC)};
    const tl_driver *driver = tl_driver_find("lmdb");
    assert_non_null(driver);
    assert_string_equal(driver->contracts[TL_DURABILITY_COMMIT].options, "no flags");
    assert_string_equal(driver->contracts[TL_DURABILITY_ASYNC].options, flags[0].name);
    assert_string_equal(driver->contracts[TL_DURABILITY_NONE].options, flags[1].name);
    assert_int_not_equal(flags[0].flag, flags[1].flag);
}
#endif

static void a_driver_is_either_there_or_missing_with_its_package(void **state)
{
    (void)state;
    static const char *const peers[] = {"lmdb",       "sqlite",  "bdb",
                                        "wiredtiger", "leveldb", "rocksdb"};
    size_t missing_count = 0;
    for (; tl_driver_missing_at(missing_count) != NULL; missing_count++) {
        assert_null(tl_driver_find(tl_driver_missing_at(missing_count)->name));
        assert_non_null(strstr(tl_driver_missing_at(missing_count)->package, "-dev"));
    }
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        bool missing = false;
        for (size_t m = 0; m < missing_count; m++)
            missing = missing || strcmp(tl_driver_missing_at(m)->name, peers[i]) == 0;
        assert_int_equal(missing, tl_driver_find(peers[i]) == NULL);
    }
}

static tl_status open_with(const char *name, const char *key, const char *value, char *error,
                           size_t error_bytes)
{
    tl_driver_setting setting = {key, value};
    tl_driver_options options = {
        .dir = "/nonexistent/treelab",
        .settings = &setting,
        .setting_count = 1,
        .error = error,
        .error_bytes = error_bytes,
    };
    tl_store *store = NULL;
    tl_status status = tl_driver_find(name)->open(&options, &store);
    assert_null(store);
    return status;
}

static void an_unknown_setting_is_refused_with_the_nearest_name(void **state)
{
    (void)state;
    char error[200];
    assert_status(open_with("tree", "splt", "rightmost", error, sizeof error), TL_INVALID);
    assert_non_null(strstr(error, "'splt'"));
    assert_non_null(strstr(error, "did you mean 'split'?"));
}

static void a_value_of_the_wrong_kind_is_refused_with_the_wanted_kind(void **state)
{
    (void)state;
    char error[200];
    assert_status(open_with("tree", "log_bytes", "many", error, sizeof error), TL_INVALID);
    assert_non_null(strstr(error, "log_bytes wants a number"));
    assert_non_null(strstr(error, "'many'"));
    assert_status(open_with("tree", "log_pad_bytes", "8g", error, sizeof error), TL_INVALID);
    assert_status(open_with("tree", "small_pages", "2", error, sizeof error), TL_INVALID);
    assert_non_null(strstr(error, "wants 0 or 1"));
    assert_status(open_with("tree", "leaf", "bmp", error, sizeof error), TL_INVALID);
    assert_non_null(strstr(error, "did you mean 'bump'?"));
}

static uint64_t tree_counter(tl_store *store, const char *name)
{
    tl_driver_counter rows[256];
    size_t count = tl_driver_find("tree")->counters(store, rows, 256);
    assert_in_range(count, 1, 256);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].value;
    fail_msg("driver tree has no counter %s", name);
    return 0;
}

/* Commits of 1000 bytes until the log got 512 KiB; how many checkpoints that made. */
static uint64_t checkpoints_with(const char *ckpt_bytes)
{
    tl_fixture fixture;
    const tl_driver_setting settings[] = {
        {"ckpt_bytes",        ckpt_bytes},
        {"checkpoint_thread", "off"     },
    };
    tl_fixture_open(&fixture, tl_driver_find("tree"));
    fixture.options.settings = settings;
    fixture.options.setting_count = 2;
    tl_fixture_reopen(&fixture);
    char value[1001], key[24];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    uint64_t made = 0; /* by the first commit: of opening, whatever is asked */
    for (unsigned n = 0; tree_counter(fixture.store, "log_bytes") < 512 << 10; n++) {
        assert_true(n < 2000);
        snprintf(key, sizeof key, "key%08u", n);
        tl_fixture_put(&fixture, key, value);
        made = n == 0 ? tree_counter(fixture.store, "checkpoints") : made;
    }
    made = tree_counter(fixture.store, "checkpoints") - made;
    tl_fixture_release(&fixture);
    return made;
}

/* A commit that goes over the limit makes the checkpoint, so a few bytes more lie between two. */
static void checkpoints_come_as_often_as_ckpt_bytes_asks(void **state)
{
    (void)state;
    assert_int_equal(checkpoints_with("0"), 0); /* 64 MiB */
    assert_in_range(checkpoints_with("128k"), 3, 4);
    assert_in_range(checkpoints_with("32k"), 14, 16);
}

static void drivers_refuse_settings_they_do_not_have(void **state)
{
    (void)state;
    char error[200];
    for (size_t i = 0; i < tl_driver_count(); i++) {
        const char *name = tl_driver_at(i)->name;
        if (strcmp(name, "tree") == 0 || strcmp(name, "model") == 0)
            continue;
        assert_status(open_with(name, "leaf", "bump", error, sizeof error), TL_INVALID);
        assert_non_null(strstr(error, name));
        assert_non_null(strstr(error, "'leaf'"));
    }
}

static void a_missing_directory_is_explained(void **state)
{
    (void)state;
    static const char *const names[] = {"lmdb", "sqlite", "bdb", "wiredtiger", "leveldb", "append"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const tl_driver *driver = tl_driver_find(names[i]);
        if (driver == NULL)
            continue;
        char error[200] = "";
        tl_driver_options options = {
            .dir = "/nonexistent/treelab", .error = error, .error_bytes = sizeof error};
        tl_store *store = NULL;
        assert_int_not_equal(driver->open(&options, &store), TL_OK);
        assert_null(store);
        assert_non_null(strstr(error, "/nonexistent/treelab"));
    }
}

static void append_writes_one_padded_frame_per_commit(void **state)
{
    (void)state;
    tl_fixture fixture;
    tl_fixture_open(&fixture, tl_driver_find("append"));
    const tl_driver *driver = fixture.driver;
    assert_null(driver->get);
    assert_null(driver->scan);
    tl_driver_space space;
    assert_status(driver->space(fixture.store, &space), TL_OK);
    assert_int_equal(space.file_bytes, 64 << 20);

    /* 56 + (1 + 1 + 1 + 2 + 4 + 450) = 515 bytes: two units of 512.  The next frame follows. */
    char value[450];
    memset(value, 'v', sizeof value);
    for (int frame = 0; frame < 2; frame++) {
        tl_store_txn *txn = tl_fixture_begin(&fixture, false);
        tl_slice key = {frame == 0 ? "key1" : "key2", 4};
        assert_status(driver->put(txn, key, (tl_slice){value, sizeof value}, 0), TL_OK);
        assert_status(driver->commit(txn), TL_OK);
    }
    char path[300], content[3072];
    (void)snprintf(path, sizeof path, "%s/append.log", fixture.dir);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(content, sizeof content, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    assert_memory_equal(content + 56, "\x01\x01\x04\xc2\x03key1v", 10);
    assert_int_equal(content[514], 'v');
    assert_int_equal(content[515], 0);
    assert_memory_equal(content + 1024 + 56, "\x01\x01\x04\xc2\x03key2v", 10);
    for (size_t i = 2048; i < sizeof content; i++)
        assert_int_equal(content[i], 0);
    tl_fixture_release(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_driver_is_found_by_its_name_and_complete),
        cmocka_unit_test(a_driver_that_is_not_whole_does_not_join),
        cmocka_unit_test(every_contract_says_what_it_asks_for_and_why_it_differs),
#if TL_HAVE_SQLITE
        cmocka_unit_test(sqlites_contracts_name_levels_that_sqlite_knows),
#endif
#if TL_HAVE_LMDB
        cmocka_unit_test(lmdbs_contracts_name_flags_of_lmdb),
#endif
        cmocka_unit_test(a_driver_is_either_there_or_missing_with_its_package),
        cmocka_unit_test(an_unknown_setting_is_refused_with_the_nearest_name),
        cmocka_unit_test(a_value_of_the_wrong_kind_is_refused_with_the_wanted_kind),
        cmocka_unit_test(checkpoints_come_as_often_as_ckpt_bytes_asks),
        cmocka_unit_test(drivers_refuse_settings_they_do_not_have),
        cmocka_unit_test(a_missing_directory_is_explained),
        cmocka_unit_test(append_writes_one_padded_frame_per_commit),
        cmocka_unit_test(a_whole_driver_joins_once_and_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
