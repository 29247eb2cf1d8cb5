/* harness/fault/memo.c -- see memo.h.
 *
 * Two ways to an entry: from the first version, by an array; from the hash, by a table with open
 * addresses, emptied when it is full.  Small facts stand in the entry, large ones beside it.
 */
#include "harness/fault/memo.h"

#include <stdlib.h>
#include <string.h>

enum { SECTOR_BYTES = 512, TABLE_SLOTS = 1 << 16, TABLE_PROBES = 8 };

typedef struct entry {
    tl_hash128 hash;                  /* of contents known by it */
    uint32_t size_bytes, facts_bytes; /* size_bytes 0: no entry */
    uint32_t large_bytes;             /* 0: no large facts */
    void *large;
    uint8_t facts[TL_MEMO_SMALL_MAX];
} entry;

struct tl_memo {
    uint32_t version_end;
    uint32_t *entry_of; /* by first version: index + 1 */
    entry *entries, *table;
    uint32_t entry_count, entry_capacity, table_count;
    uint64_t found, missed;
};

tl_status tl_memo_create(uint32_t version_end, tl_memo **out)
{
    tl_memo *memo = calloc(1, sizeof *memo);
    if (memo == NULL)
        return TL_NO_MEMORY;
    memo->version_end = version_end;
    memo->entry_of = calloc((size_t)version_end + 1, sizeof *memo->entry_of);
    memo->table = calloc(TABLE_SLOTS, sizeof *memo->table);
    if (memo->entry_of == NULL || memo->table == NULL) {
        tl_memo_destroy(memo);
        return TL_NO_MEMORY;
    }
    *out = memo;
    return TL_OK;
}

static void large_free(entry *entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(entries[i].large);
}

void tl_memo_destroy(tl_memo *memo)
{
    if (memo == NULL)
        return;
    large_free(memo->entries, memo->entry_count);
    if (memo->table != NULL)
        large_free(memo->table, TABLE_SLOTS);
    free(memo->entry_of);
    free(memo->entries);
    free(memo->table);
    free(memo);
}

static uint64_t load64(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Both halves of a product of two words, each of which every bit of both words reaches. */
static uint64_t product(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide both = (wide)a * b;
    return (uint64_t)both ^ (uint64_t)(both >> 64);
}

/* Four lanes of sixteen bytes a step, which do not wait for each other; two results from different
 * pairs of them.  The rest is none: sizes are whole sectors. */
tl_memo_key tl_memo_key_of_bytes(const void *bytes, size_t size_bytes)
{
    const uint8_t *at = bytes, *end = at + size_bytes;
    uint64_t a = UINT64_C(0x243f6a8885a308d3), b = UINT64_C(0x13198a2e03707344);
    uint64_t c = UINT64_C(0xa4093822299f31d0), d = UINT64_C(0x082efa98ec4e6c89);
    for (; at < end; at += 64) {
        a = product(load64(at) ^ a, load64(at + 8) ^ UINT64_C(0x9e3779b97f4a7c15));
        b = product(load64(at + 16) ^ b, load64(at + 24) ^ UINT64_C(0xc2b2ae3d27d4eb4f));
        c = product(load64(at + 32) ^ c, load64(at + 40) ^ UINT64_C(0xd6e8feb86659fd93));
        d = product(load64(at + 48) ^ d, load64(at + 56) ^ UINT64_C(0xa0761d6478bd642f));
    }
    tl_hash128 hash = {product(a ^ c, b + UINT64_C(0x9e3779b97f4a7c15)) + d,
                       product(c ^ d, a + UINT64_C(0xe7037ed1a0b428db)) + b};
    return (tl_memo_key){true, 0, (uint32_t)size_bytes, hash};
}

tl_memo_key tl_memo_key_of_sectors(const tl_memo *memo, const tl_versions *versions,
                                   const uint32_t *sectors, uint32_t sector_count)
{
    uint32_t first = sectors[0];
    for (uint32_t i = 0; i < sector_count; i++) {
        if (sectors[i] != first + i || sectors[i] >= versions->count) /* the mark of a choice too */
            return (tl_memo_key){0};
    }
    if (first == 0)
        return (tl_memo_key){0};
    size_t size_bytes = (size_t)sector_count * SECTOR_BYTES;
    if (first + sector_count > memo->version_end)
        return tl_memo_key_of_bytes(tl_version_bytes(versions, first), size_bytes);
    return (tl_memo_key){
        true, first, (uint32_t)size_bytes, {0, 0}
    };
}

uint32_t tl_memo_number(const tl_memo *memo, const uint32_t *sectors, uint32_t sector_count)
{
    uint32_t first = sectors[0], differing = 0;
    for (uint32_t i = 0; i < sector_count; i++)
        differing |= sectors[i] ^ (first + i);
    bool of_trace = first < memo->version_end && sector_count <= memo->version_end - first;
    return differing == 0 && of_trace ? first : 0;
}

/* The place of these contents in the table, or an empty one; NULL: all are taken. */
static entry *table_place(const tl_memo *memo, const tl_memo_key *key)
{
    for (uint32_t i = 0; i < TABLE_PROBES; i++) {
        entry *at = &memo->table[(key->hash.low + i) % TABLE_SLOTS];
        if (at->size_bytes == 0 ||
            (at->hash.low == key->hash.low && at->hash.high == key->hash.high &&
             at->size_bytes == key->size_bytes))
            return at;
    }
    return NULL;
}

static entry *entry_find(const tl_memo *memo, const tl_memo_key *key)
{
    if (key->version == 0)
        return table_place(memo, key);
    uint32_t number = memo->entry_of[key->version];
    return number != 0 ? &memo->entries[number - 1] : NULL;
}

bool tl_memo_find(tl_memo *memo, const tl_memo_key *key, void *facts, size_t facts_bytes)
{
    const entry *at = entry_find(memo, key);
    bool large = facts_bytes > TL_MEMO_SMALL_MAX;
    if (at == NULL || at->size_bytes != key->size_bytes ||
        (large ? at->large_bytes : at->facts_bytes) != facts_bytes) {
        memo->missed++;
        return false;
    }
    memcpy(facts, large ? at->large : at->facts, facts_bytes);
    memo->found++;
    return true;
}

static entry *entry_new(tl_memo *memo, const tl_memo_key *key)
{
    if (key->version == 0) {
        entry *place = table_place(memo, key);
        if (place == NULL || memo->table_count >= TABLE_SLOTS / 2) {
            large_free(memo->table, TABLE_SLOTS);
            memset(memo->table, 0, TABLE_SLOTS * sizeof *memo->table);
            memo->table_count = 0;
            place = table_place(memo, key);
        }
        memo->table_count += place->size_bytes == 0;
        return place;
    }
    if (memo->entry_count == memo->entry_capacity) {
        uint32_t capacity = memo->entry_capacity == 0 ? 256 : memo->entry_capacity * 2;
        entry *grown = realloc(memo->entries, capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        memo->entries = grown;
        memo->entry_capacity = capacity;
    }
    memo->entry_of[key->version] = ++memo->entry_count;
    memo->entries[memo->entry_count - 1] = (entry){0};
    return &memo->entries[memo->entry_count - 1];
}

static void large_keep(entry *at, const void *facts, size_t facts_bytes)
{
    void *copy = at->large_bytes == facts_bytes ? at->large : realloc(at->large, facts_bytes);
    if (copy == NULL) {
        at->large_bytes = 0;
        return;
    }
    memcpy(copy, facts, facts_bytes);
    at->large = copy;
    at->large_bytes = (uint32_t)facts_bytes;
}

void tl_memo_add(tl_memo *memo, const tl_memo_key *key, const void *facts, size_t facts_bytes)
{
    if (facts_bytes > TL_MEMO_FACTS_MAX)
        return;
    entry *at = key->version != 0 ? entry_find(memo, key) : NULL;
    if (at == NULL)
        at = entry_new(memo, key);
    if (at == NULL)
        return;
    if (at->size_bytes != key->size_bytes)
        at->facts_bytes = at->large_bytes = 0; /* of another range that begins here */
    at->hash = key->hash;
    at->size_bytes = key->size_bytes;
    if (facts_bytes > TL_MEMO_SMALL_MAX) {
        large_keep(at, facts, facts_bytes);
        return;
    }
    at->facts_bytes = (uint32_t)facts_bytes;
    memcpy(at->facts, facts, facts_bytes);
}

tl_memo_counts tl_memo_count(const tl_memo *memo)
{
    return (tl_memo_counts){memo->found, memo->missed, memo->entry_count + memo->table_count};
}
