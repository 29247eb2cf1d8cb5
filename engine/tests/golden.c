/* engine/tests/golden.c -- see golden.h. */
#include "engine/tests/golden.h"

#include <stdio.h>
#include <string.h>

enum { NUMBERS = 90, GONE_FIRST = 10, GONE_END = 30, LONG_KEYS = 8, SHORT_KEYS = 3 };

tl_env_options golden_options(void)
{
    return (tl_env_options){.flags = TL_OPEN_DETERMINISTIC,
                            .page_bytes = GOLDEN_PAGE_BYTES,
                            .growth_bytes = 8 * GOLDEN_PAGE_BYTES,
                            .log_bytes = 8192,
                            .seed = 7};
}

static golden_record number(unsigned i)
{
    golden_record record = {.key_bytes = 8, .value_bytes = i % 7 * 5};
    char digits[16];
    snprintf(digits, sizeof digits, "%08u", i);
    memcpy(record.key, digits, 8);
    memset(record.value, 'a' + (int)(i % 26), record.value_bytes);
    return record;
}

static golden_record long_key(unsigned i)
{
    static const char shared[] = "a long key that shares its beginning with seven others, so that "
                                 "separators are long ";
    golden_record record = {.key_bytes = sizeof shared, .value = "long", .value_bytes = 4};
    memcpy(record.key, shared, sizeof shared - 1);
    record.key[sizeof shared - 1] = (uint8_t)('0' + i);
    return record;
}

static golden_record short_key(unsigned i) /* "~", "~\0", "~\0\0" */
{
    return (golden_record){.key = "~", .key_bytes = 1 + i, .value = "short", .value_bytes = 5};
}

static void put(tl_txn *txn, golden_record record)
{
    assert_int_equal(tl_put(txn, TL_TREE_MAIN, unit_slice(record.key, record.key_bytes),
                            unit_slice(record.value, record.value_bytes), 0),
                     TL_OK);
}

static void del(tl_txn *txn, golden_record record)
{
    assert_int_equal(tl_del(txn, TL_TREE_MAIN, unit_slice(record.key, record.key_bytes)), TL_OK);
}

static tl_txn *begin(tl_env *env)
{
    tl_txn *txn = NULL;
    assert_int_equal(tl_txn_begin(env, 0, &txn), TL_OK);
    return txn;
}

static golden_record updated(void)
{
    golden_record record = number(0);
    memcpy(record.value, "updated", 7);
    record.value_bytes = 7;
    return record;
}

void golden_make(const unit_place *place)
{
    tl_env_options options = golden_options();
    tl_env *env = unit_open(place, &options);
    tl_txn *txn = begin(env);
    for (unsigned i = 0; i < 60; i++)
        put(txn, number(i));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    txn = begin(env);
    for (unsigned i = 0; i < LONG_KEYS; i++)
        put(txn, long_key(i));
    for (unsigned i = 0; i < SHORT_KEYS; i++)
        put(txn, short_key(i));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    assert_int_equal(tl_env_checkpoint(env), TL_OK);
    txn = begin(env);
    for (unsigned i = GONE_FIRST; i < GONE_END; i++)
        del(txn, number(i));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    txn = begin(env);
    for (unsigned i = 60; i < NUMBERS; i++)
        put(txn, number(i));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    tl_env_abandon(env);

    env = unit_open(place, &options); /* recovery's checkpoint, and a new life of the log */
    txn = begin(env);
    put(txn, updated());
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    txn = begin(env);
    del(txn, short_key(1));
    assert_int_equal(tl_txn_commit(txn), TL_OK);
    tl_env_abandon(env);
}

void golden_contents(golden_record records[GOLDEN_RECORDS])
{
    size_t count = 0;
    for (unsigned i = 0; i < NUMBERS; i++)
        if (i < GONE_FIRST || i >= GONE_END)
            records[count++] = i == 0 ? updated() : number(i);
    for (unsigned i = 0; i < LONG_KEYS; i++)
        records[count++] = long_key(i);
    for (unsigned i = 0; i < SHORT_KEYS; i += 2)
        records[count++] = short_key(i);
    assert_int_equal(count, GOLDEN_RECORDS);
}

static unit_bytes kept_file(unsigned version, const char *name)
{
    char path[80]; /* tests run at the root of the source tree */
    snprintf(path, sizeof path, "engine/tests/golden/v%u/%s", version, name);
    return unit_file_read(path);
}

void golden_copy(const unit_place *place, unsigned version)
{
    unit_files files = {
        kept_file(version, "x.tl"), {kept_file(version, "x.log.0"), kept_file(version, "x.log.1")}
    };
    unit_files_write(place, &files);
    unit_files_free(&files);
}
