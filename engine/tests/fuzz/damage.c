/* engine/tests/fuzz/damage.c -- see damage.h. */
#include "engine/tests/fuzz/damage.h"
#include "engine/base/bytes.h"
#include "engine/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECORDS = 400, STEPS_MAX = 200000, MAP_BYTES = 8 << 20 };

static const struct kind_row {
    uint32_t page_bytes;
    const char *commit, *leaf;
    unsigned key_shape;
    bool closed; /* else abandoned: the log holds the last txns */
} kinds[DAMAGE_KINDS] = {
    {1024, "log",     NULL,      0, true },
    {1024, "log",     "rebuild", 1, false},
    {1024, "shadow2", NULL,      2, true },
    {1024, "log",     NULL,      2, false},
    {4096, "log",     NULL,      1, false},
    {8192, "log",     "bump",    0, true },
    {1024, "log",     "dense",   0, true }, /* and values of one size, which it needs */
};

static void must(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "damage: %s\n", what);
    abort();
}

uint64_t damage_below(damage_source *from, uint64_t bound)
{
    uint64_t number = 0;
    for (uint64_t reach = 1; reach < bound && from->left > 0; from->left--, reach <<= 8)
        number = number << 8 | *from->bytes++;
    return bound == 0 ? 0 : number % bound;
}

static tl_arena *arena(void)
{
    static tl_arena *made;
    if (made == NULL)
        must(tl_arena_create(MAP_BYTES, &made) == TL_OK, "no arena");
    return made;
}

static tl_env_options options_of(memdisk *disk, unsigned kind)
{
    return (tl_env_options){.flags = TL_OPEN_DETERMINISTIC,
                            .durability = TL_DURABILITY_COMMIT,
                            .seed = 3,
                            .page_bytes = kinds[kind].page_bytes,
                            .commit = kinds[kind].commit,
                            .leaf = kinds[kind].leaf,
                            .growth_bytes = 16 * kinds[kind].page_bytes,
                            .log_bytes = 8192,
                            .readers_max = 8,
                            .arena = arena(),
                            .io = memdisk_io(disk)};
}

/* Key `i` in one of three shapes: numbers, a long common beginning, all lengths. */
static tl_slice key_of(unsigned shape, unsigned i, uint8_t bytes[64])
{
    if (shape == 0) {
        tl_store64(bytes, tl_mix64(i));
        return (tl_slice){bytes, 8};
    }
    if (shape == 1)
        return (tl_slice){bytes, (size_t)snprintf((char *)bytes, 64, "a long beginning %06u", i)};
    memset(bytes, (int)(i % 7), 64);
    bytes[i % 50] = (uint8_t)i;
    return (tl_slice){bytes, 1 + i % 50};
}

static void fill(tl_env *env, unsigned shape, bool one_size, unsigned first, unsigned count)
{
    tl_txn *txn = NULL;
    uint8_t key[64], value[64];
    static uint8_t large[20000];
    must(tl_txn_begin(env, 0, &txn) == TL_OK, "begin");
    for (unsigned i = first; i < first + count; i++) {
        memset(value, (int)i, sizeof value);
        tl_slice bytes = {value, one_size ? 16 : i % 64};
        if (!one_size && i % 60 == 7) /* longer than a page */
            bytes = (tl_slice){large, 1000 + i * 37 % 19000};
        must(tl_put(txn, TL_TREE_MAIN, key_of(shape, i, key), bytes, 0) == TL_OK, "put");
    }
    for (unsigned i = first; i < first + count; i += 5) {
        tl_status status = tl_del(txn, TL_TREE_MAIN, key_of(shape, i, key));
        must(status == TL_OK || status == TL_NOT_FOUND, "del");
    }
    tl_tree other;
    must(tl_tree_open(txn, (tl_slice){"other", 5}, TL_TREE_CREATE, &other) == TL_OK, "tree");
    for (unsigned i = first; i < first + count / 4; i++)
        must(tl_put(txn, other, key_of(1, i, key), (tl_slice){value, 20}, 0) == TL_OK, "put other");
    must(tl_txn_commit(txn) == TL_OK, "commit");
}

memdisk *damage_base(unsigned kind)
{
    static memdisk *made[DAMAGE_KINDS];
    if (made[kind] == NULL) {
        tl_env *env = NULL;
        memdisk *disk = memdisk_create();
        tl_env_options options = options_of(disk, kind);
        must(tl_env_open("d", &options, &env) == TL_OK, "open");
        bool one_size = kinds[kind].leaf != NULL && strcmp(kinds[kind].leaf, "dense") == 0;
        fill(env, kinds[kind].key_shape, one_size, 0, RECORDS);
        must(tl_env_checkpoint(env) == TL_OK, "checkpoint");
        for (unsigned i = 0; i < 4; i++)
            fill(env, kinds[kind].key_shape, one_size, RECORDS + 20 * i, 20);
        if (kinds[kind].closed)
            must(tl_env_close(env) == TL_OK, "close");
        else
            tl_env_abandon(env);
        made[kind] = disk;
    }
    return memdisk_clone(made[kind]);
}

uint32_t damage_page_bytes(unsigned kind)
{
    return kinds[kind].page_bytes;
}

void damage_bytes(damage_source *from, uint8_t *bytes, size_t size)
{
    static const uint16_t edges[] = {0,     1,     2,     3,      4,      0x7f,   0x80,  0xff,
                                     0x100, 0x3ff, 0x400, 0x7fff, 0x8000, 0xfffe, 0xffff};
    for (uint64_t times = 1 + damage_below(from, 8); times > 0 && from->left > 0; times--) {
        uint64_t how = damage_below(from, 8);
        /* headers, slots and lengths stand at the front: half of the damage goes there */
        size_t reach = how % 2 == 0 && size > 160 ? 160 : size;
        size_t at = (size_t)damage_below(from, reach);
        if (how < 2)
            bytes[at] = (uint8_t)damage_below(from, 256);
        else if (how < 4)
            bytes[at] ^= (uint8_t)(1u << damage_below(from, 8));
        else if (how < 6 && at + 2 <= size)
            tl_store16(bytes + (at & ~(size_t)1),
                       edges[damage_below(from, sizeof edges / sizeof edges[0])]);
        else if (how == 6 && at + 2 <= size)
            tl_store16(bytes + at, tl_load16(bytes + at) + (unsigned)damage_below(from, 16) - 8);
        else {
            size_t source = (size_t)damage_below(from, size),
                   length = 1 + (size_t)damage_below(from, 32);
            size_t room = size - (at > source ? at : source);
            memmove(bytes + at, bytes + source, length < room ? length : room);
        }
    }
}

/* --- using it --- */

/* A status that a call may give on damaged bytes. */
static bool is_status(tl_status status)
{
    return (unsigned)status < TL_STATUS_COUNT;
}

/* Touch every byte that was handed out, so that a sanitizer sees where it came from. */
static uint64_t touch(tl_slice bytes)
{
    const uint8_t *at = bytes.data;
    uint64_t sum = bytes.size_bytes;
    for (size_t i = 0; i < bytes.size_bytes; i++)
        sum = sum * 31 + at[i];
    return sum;
}

static volatile uint64_t touched; /* so that no compiler leaves the reads out */

static void walk(tl_txn *txn, tl_tree tree, bool forward)
{
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    unsigned steps = 0;
    if (tl_cursor_open(txn, tree, &cursor) != TL_OK)
        return;
    tl_status status;
    do {
        status =
            forward ? tl_cursor_next(cursor, &key, &value) : tl_cursor_prev(cursor, &key, &value);
        if (status == TL_OK)
            touched += touch(key) + touch(value);
        must(steps++ < STEPS_MAX, "a walk does not end");
    } while (status == TL_OK);
    must(is_status(status), "a status that is none");
    tl_cursor_close(cursor);
}

static void read_it(tl_env *env, damage_source *from)
{
    tl_txn *txn = NULL;
    tl_tree other;
    uint8_t bytes[64];
    if (tl_txn_begin(env, TL_TXN_READ_ONLY, &txn) != TL_OK)
        return;
    for (unsigned i = 0; i < 40; i++) {
        tl_slice value;
        unsigned number = (unsigned)damage_below(from, RECORDS) + i * 11;
        if (tl_get(txn, TL_TREE_MAIN, key_of(i % 3, number, bytes), &value) == TL_OK)
            touched += touch(value);
    }
    walk(txn, TL_TREE_MAIN, true);
    walk(txn, TL_TREE_MAIN, false);
    if (tl_tree_open(txn, (tl_slice){"other", 5}, 0, &other) == TL_OK)
        walk(txn, other, true);
    tl_txn_abort(txn);
}

static bool note_finding(void *context, const tl_finding *finding)
{
    unsigned *count = context;
    must(finding->rule != NULL && finding->text != NULL, "a finding without words");
    return ++*count < 100;
}

static void print_nothing(void *context, const char *line)
{
    touched += strlen(line) + (context != NULL);
}

static void inspect_it(tl_env *env, damage_source *from)
{
    unsigned findings = 0;
    tl_verify_summary summary;
    tl_status status = tl_verify(env, note_finding, &findings, &summary);
    must(is_status(status), "verify gave a status that is none");
    (void)!tl_dump_tree(env, print_nothing, NULL);
    (void)!tl_dump_space(env, print_nothing, NULL);
    (void)!tl_dump_meta(env, print_nothing, NULL);
    (void)!tl_dump_page(env, (uint32_t)damage_below(from, 64), print_nothing, NULL);
}

/* Many records at once: a batch, then a range. */
static tl_status write_many(tl_txn *txn, damage_source *from)
{
    enum { COUNT = 24 };
    static const uint8_t filling[200] = {2};
    uint8_t keys[COUNT][8];
    tl_record records[COUNT];
    uint64_t number = damage_below(from, UINT64_MAX), deleted = 0;
    for (unsigned i = 0; i < COUNT; i++, number += damage_below(from, 1 << 24) + 1) {
        for (unsigned b = 0; b < 8; b++)
            keys[i][b] = (uint8_t)(number >> (56 - 8 * b));
        records[i].key = (tl_slice){keys[i], 8};
        records[i].value = (tl_slice){filling, i * 8};
    }
    tl_status status = tl_upsert_sorted(txn, TL_TREE_MAIN, records, COUNT, NULL);
    must(is_status(status), "a status that is none");
    if (status != TL_OK && status != TL_INVALID)
        return status;
    uint8_t low[64], high[64];
    tl_range range;
    memset(&range, 0, sizeof range);
    range.lower = key_of(0, (unsigned)damage_below(from, RECORDS), low);
    range.upper = key_of(0, (unsigned)damage_below(from, RECORDS), high);
    status = tl_del_range(txn, TL_TREE_MAIN, &range, &deleted);
    must(is_status(status), "a status that is none");
    return status;
}

/* Some edits in one txn.  After damage was met the txn can only be aborted. */
static void write_it(tl_env *env, damage_source *from, unsigned seed)
{
    tl_txn *txn = NULL;
    uint8_t bytes[64], filling[120] = {1};
    tl_status status = tl_txn_begin(env, 0, &txn);
    if (status != TL_OK)
        return;
    for (unsigned i = 0; i < 120; i++) {
        unsigned number = (unsigned)damage_below(from, 500) + i * (3 + seed % 5);
        tl_slice key = key_of((i + seed) % 3, number, bytes);
        status = (i + seed) % 3 == 0 ? tl_del(txn, TL_TREE_MAIN, key)
                                     : tl_put(txn, TL_TREE_MAIN, key, (tl_slice){filling, i}, 0);
        must(is_status(status), "a status that is none");
        if (status == TL_CORRUPT || status == TL_IO || status == TL_NO_MEMORY)
            break;
    }
    if (seed > 0 && (status == TL_OK || status == TL_NOT_FOUND))
        status = write_many(txn, from);
    if (damage_below(from, 4) == 0 || status == TL_CORRUPT || status == TL_IO ||
        status == TL_NO_MEMORY)
        tl_txn_abort(txn);
    else
        (void)tl_txn_commit(txn);
}

void damage_use(memdisk *disk, damage_source *from)
{
    for (unsigned round = 0; round < 2; round++) {
        tl_env *env = NULL;
        tl_error error = {.text = ""};
        tl_env_options options = options_of(disk, 0);
        options.page_bytes = 0;
        options.commit = options.leaf = NULL;
        options.flags |= round == 0 ? TL_OPEN_READ_ONLY : 0u;
        options.error = &error;
        tl_status status = tl_env_open("d", &options, &env);
        must(is_status(status), "open gave a status that is none");
        if (status != TL_OK) {
            must(error.text[0] != '\0', "open refused without a word");
            continue;
        }
        read_it(env, from);
        inspect_it(env, from);
        if (round == 1) {
            write_it(env, from, 0);
            write_it(env, from, 1);
            (void)!tl_env_checkpoint(env);
            write_it(env, from, 2);
            tl_compact_progress progress;
            must(is_status(tl_env_compact(env, 8, &progress)), "a status that is none");
            inspect_it(env, from);
            read_it(env, from);
        }
        if (damage_below(from, 2) == 0)
            (void)tl_env_close(env);
        else
            tl_env_abandon(env);
    }
    must(memdisk_open_count(disk) == 0, "files stay open");
}
