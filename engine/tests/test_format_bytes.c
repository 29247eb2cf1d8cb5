/* engine/tests/test_format_bytes.c -- the golden files read by FORMAT.md alone.
 *
 * A second reader, written from the document and from nothing else: every number below stands in
 * engine/FORMAT.md, and no header of the engine's inside is included.  When this test and the
 * document disagree, one of them is wrong.
 */
#include "engine/tests/golden.h"

#include <stdlib.h>
#include <string.h>

/* ---- numbers and sums ---- */

static uint64_t number_at(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static uint32_t u16(const uint8_t *at)
{
    return (uint32_t)number_at(at, 2);
}

static uint32_t u32(const uint8_t *at)
{
    return (uint32_t)number_at(at, 4);
}

static uint64_t u64(const uint8_t *at)
{
    return number_at(at, 8);
}

static uint32_t crc32c(uint32_t crc, const uint8_t *at, size_t size_bytes)
{
    crc = ~crc;
    for (size_t i = 0; i < size_bytes; i++) {
        crc ^= at[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    }
    return ~crc;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static bool all_zero(const uint8_t *at, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (at[i] != 0)
            return false;
    return true;
}

/* ---- the files ---- */

enum { PAGE = GOLDEN_PAGE_BYTES, PAGES_MAX = 128, TREE_IDS_MAX = 16 };

typedef struct reader {
    unsigned version;
    unit_files files;
    const uint8_t *meta;             /* the newest record */
    bool reached[PAGES_MAX];         /* pages found by walking */
    uint32_t tree_id_next;           /* raised by the log */
    golden_tree trees[TREE_IDS_MAX]; /* by id; no name: none */
    bool ran_op[8], saw_dense, saw_soft, saw_extent;
} reader;

static int order(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes)
{
    int same = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
    return same != 0 ? same : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static golden_tree *tree_at(reader *r, uint64_t id)
{
    assert_true(id >= 1 && id < TREE_IDS_MAX && r->trees[id].name[0] != '\0');
    return &r->trees[id];
}

static golden_tree *tree_named(reader *r, const uint8_t *name, size_t name_bytes, uint64_t id)
{
    assert_true(id >= 1 && id < r->tree_id_next && id < TREE_IDS_MAX && name_bytes < 16);
    assert_true(r->trees[id].name[0] == '\0'); /* never given to a second tree */
    memcpy(r->trees[id].name, name, name_bytes);
    return &r->trees[id];
}

/* Index of the first record whose key is not below `key`. */
static size_t tree_place(const golden_tree *tree, const uint8_t *key, size_t key_bytes)
{
    size_t i = 0;
    while (i < tree->count &&
           order(tree->records[i].key, tree->records[i].key_bytes, key, key_bytes) < 0)
        i++;
    return i;
}

static void tree_remove(golden_tree *tree, size_t first, size_t end)
{
    assert_true(first <= end && end <= tree->count);
    memmove(&tree->records[first], &tree->records[end],
            (tree->count - end) * sizeof tree->records[0]);
    tree->count -= end - first;
}

/* Put or, without a value, delete. */
static golden_record *tree_apply(golden_tree *tree, const uint8_t *key, size_t key_bytes,
                                 const uint8_t *value, size_t value_bytes)
{
    size_t i = tree_place(tree, key, key_bytes);
    golden_record *at = &tree->records[i];
    bool there = i < tree->count && order(at->key, at->key_bytes, key, key_bytes) == 0;
    if (value == NULL) {
        assert_true(there);
        tree_remove(tree, i, i + 1);
        return NULL;
    }
    if (!there) {
        assert_true(tree->count < GOLDEN_RECORDS_MAX);
        memmove(at + 1, at, (tree->count++ - i) * sizeof *at);
    }
    assert_true(key_bytes <= sizeof at->key && value_bytes <= sizeof at->value);
    *at = (golden_record){.key_bytes = key_bytes, .value_bytes = value_bytes};
    memcpy(at->key, key, key_bytes);
    memcpy(at->value, value, value_bytes);
    return at;
}

static void meta_record_check(const uint8_t *record, unsigned version)
{
    static const uint8_t magic[8] = {'t', 'r', 'e', 'e', 'l', 'a', 'b', 0x1a};
    assert_memory_equal(record, magic, 8);
    assert_int_equal(u32(record + 508), crc32c(0, record, 508));
    assert_int_equal(u32(record + 8), version);
    assert_int_equal(u32(record + 12), 0); /* incompatible features */
    assert_int_equal(u32(record + 16), 0); /* compatible features */
    assert_int_equal(1u << u32(record + 20), PAGE);
    assert_int_equal(u32(record + 80), 0);    /* discipline: shadow */
    assert_int_equal(u32(record + 84), 0);    /* checksum: CRC32C */
    assert_int_equal(u32(record + 88), 127);  /* longest key */
    assert_int_equal(u32(record + 92), 289);  /* largest record */
    assert_int_equal(u32(record + 120), 512); /* log pad */
    if (version > 1) {
        assert_int_equal(u32(record + 124), 1);                  /* levels of the catalog */
        assert_in_range(u32(record + 128), 2, TREE_IDS_MAX - 1); /* next tree id */
        assert_int_equal(u32(record + 132), 0);
        assert_int_equal(u64(record + 136), 4096); /* log_begin */
        assert_int_equal(u64(record + 144), 0);    /* no manifest */
    }
    size_t used = version > 1 ? 152 : 124;
    assert_true(all_zero(record + used, 508 - used));
}

static void metas_read(reader *r)
{
    const uint8_t *block[2] = {r->files.page.data, r->files.page.data + 4096};
    for (unsigned slot = 0; slot < 2; slot++) {
        meta_record_check(block[slot], r->version);
        meta_record_check(block[slot] + 2048, r->version);
        assert_memory_equal(block[slot], block[slot] + 2048, 512);
        assert_true(all_zero(block[slot] + 512, 2048 - 512));
        assert_true(all_zero(block[slot] + 2560, 4096 - 2560));
        assert_int_equal(u64(block[slot] + 24) & 1, slot); /* checkpoint n in block n & 1 */
    }
    r->meta = u64(block[0] + 24) > u64(block[1] + 24) ? block[0] : block[1];
    const uint8_t *older = r->meta == block[0] ? block[1] : block[0];
    assert_true(u64(r->meta + 24) == u64(older + 24) + 1);
    assert_memory_equal(r->meta + 104, older + 104, 16); /* one uuid */
    assert_true(u64(r->meta + 64) * PAGE <= r->files.page.size_bytes);
    r->tree_id_next = r->version > 1 ? u32(r->meta + 128) : 2;
}

typedef struct view { /* one tree page, taken apart */
    const uint8_t *page;
    uint32_t kind, level, count, cap, prefix_off, prefix_len;
    uint32_t suffix, value; /* bytes of each, in a dense leaf */
} view;

/* `pages` pages from `pgno` on, which nobody else has. */
static const uint8_t *pages_reach(reader *r, uint32_t pgno, uint32_t pages)
{
    assert_true(pgno < PAGES_MAX && pages <= PAGES_MAX - pgno);
    assert_true((size_t)(pgno + pages) * PAGE <= r->files.page.size_bytes);
    for (uint32_t i = pgno; i < pgno + pages; i++) {
        assert_false(r->reached[i]);
        r->reached[i] = true;
    }
    return r->files.page.data + (size_t)pgno * PAGE;
}

/* The common header; `tag` is what the parent said. */
static view page_open(reader *r, uint32_t pgno, uint32_t tag, uint32_t level, uint32_t tree_id)
{
    const uint8_t *page = pages_reach(r, pgno, 1);
    view v = {page,           page[16],       page[17],       u16(page + 20), u16(page + 22),
              u16(page + 34), u16(page + 36), u16(page + 28), u16(page + 46)};
    bool dense = v.kind == 4;
    assert_int_equal(u32(page), crc32c(0, page + 4, PAGE - 4));
    assert_int_equal(u32(page + 4), pgno);
    assert_int_equal((uint32_t)u64(page + 8), tag);
    assert_true(u64(page + 8) <= u64(r->meta + 32)); /* born before the checkpoint */
    assert_true(dense ? level == 0 && r->version > 1 : v.kind == (level == 0 ? 1 : 2));
    assert_int_equal(v.level, level);
    assert_int_equal(page[18] & (r->version > 1 ? ~1 : ~0), 0); /* flags: SOFT since version 2 */
    assert_int_equal(page[19], 0);
    assert_true(v.count <= v.cap);
    assert_true(r->version > 1 || all_zero(page + 28, 4)); /* free blocks came with version 2 */
    assert_true(dense || u16(page + 46) == 0);
    assert_true(all_zero(page + 48, 8)); /* next, prev */
    assert_int_equal(u32(page + 60), tree_id);
    r->saw_dense = r->saw_dense || dense;
    r->saw_soft = r->saw_soft || (page[18] & 1) != 0;
    return v;
}

static bool page_is_soft(const view *v)
{
    return (v->page[18] & 1) != 0;
}

/* The bytes of a dense leaf's records, from the first on. */
static const uint8_t *dense_records(const view *v)
{
    return v->page + 64 + 4 * (size_t)v->cap;
}

static size_t dense_key_read(const view *v, unsigned i, uint8_t *key)
{
    memcpy(key, v->page + v->prefix_off, v->prefix_len);
    memcpy(key + v->prefix_len, dense_records(v) + (size_t)i * (v->suffix + v->value), v->suffix);
    return v->prefix_len + v->suffix;
}

static void head_check(const view *v, unsigned i, const uint8_t *suffix, size_t suffix_bytes)
{
    const uint8_t *head = v->page + 64 + 4 * (size_t)i;
    uint8_t shown[4] = {head[3], head[2], head[1], head[0]}; /* most significant first */
    uint8_t padded[4] = {0};
    memcpy(padded, suffix, suffix_bytes < 4 ? suffix_bytes : 4);
    assert_memory_equal(shown, padded, 4);
}

/* The suffix of entry `i`, put behind the prefix: the whole key. */
static size_t key_read(const view *v, unsigned i, uint8_t *key)
{
    const uint8_t *head = v->page + 64 + 4 * (size_t)i;
    const uint8_t *slot = v->page + 64 + 4 * (size_t)v->cap + 4 * (size_t)i;
    size_t offset = u16(slot), suffix = u16(slot + 2);
    uint8_t shown[4] = {head[3], head[2], head[1], head[0]}; /* most significant first */
    if (v->kind == 4) {
        size_t size = dense_key_read(v, i, key);
        head_check(v, i, key + v->prefix_len, v->suffix);
        return size;
    }
    memcpy(key, v->page + v->prefix_off, v->prefix_len);
    if (v->kind == 2 && suffix <= 4) {
        assert_int_equal(offset, 0); /* the head is all there is */
        memcpy(key + v->prefix_len, shown, suffix);
    } else {
        size_t at = v->kind == 1 ? offset + 2 : offset;
        assert_true(offset >= u32(v->page + 24) && at + suffix <= PAGE);
        memcpy(key + v->prefix_len, v->page + at, suffix);
    }
    head_check(v, i, key + v->prefix_len, suffix);
    return v->prefix_len + suffix;
}

typedef struct fence { /* empty: infinite */
    uint8_t bytes[128];
    size_t size_bytes;
} fence;

static void fence_expect(const view *v, unsigned at, const fence *wanted)
{
    size_t offset = u16(v->page + at), size = u16(v->page + at + 2);
    assert_int_equal(size, wanted->size_bytes);
    assert_memory_equal(v->page + offset, wanted->bytes, size);
    assert_true(size != 0 || offset == 0);
}

static size_t heap_of_entries(const view *v)
{
    size_t sum = 0;
    for (unsigned i = 0; i < v->count; i++) {
        const uint8_t *slot = v->page + 64 + 4 * (size_t)v->cap + 4 * (size_t)i;
        size_t suffix = u16(slot + 2);
        if (v->kind == 1)
            sum += 2 + suffix + (u16(v->page + u16(slot)) & 0x7fff);
        else
            sum += suffix > 4 ? suffix : 0;
    }
    return sum;
}

/* Free blocks ascend, none touches another; returns their bytes. */
static size_t free_blocks(const view *v)
{
    size_t sum = 0, before = u32(v->page + 24);
    for (size_t at = u16(v->page + 28); at != 0; at = u16(v->page + at)) {
        assert_true(at > before && at + 4 <= PAGE);
        size_t size = u16(v->page + at + 2);
        assert_true(size >= 4 && at + size <= PAGE);
        before = at + size;
        sum += size;
    }
    assert_int_equal(sum, u16(v->page + 30));
    return sum;
}

/* Header, heads, records and gap, then fences and nothing else; and it would fit with slots. */
static void dense_bytes_expect(const view *v)
{
    size_t heap_lo = u32(v->page + 24), fences = u16(v->page + 40) + u16(v->page + 44);
    size_t end = 64 + 4 * (size_t)v->cap + (size_t)v->count * (v->suffix + v->value);
    fences += page_is_soft(v) ? v->prefix_len : 0;
    assert_int_equal(heap_lo + fences, PAGE);
    assert_int_equal(u16(v->page + 30) + u16(v->page + 32), 0); /* free_bytes, frag */
    assert_true(64 + (size_t)v->cap * (10 + v->suffix + v->value) <= heap_lo);
    assert_true(all_zero(v->page + end, heap_lo - end));
}

/* Header, arrays, gap, cells, fences, free blocks and garbage make up the page. */
static void bytes_expect(const view *v)
{
    if (v->kind == 4) {
        dense_bytes_expect(v);
        return;
    }
    size_t arrays = 64 + 8 * (size_t)v->cap + (v->kind == 2 ? 8 * ((size_t)v->cap + 1) : 0);
    size_t heap_lo = u32(v->page + 24), fences = u16(v->page + 40) + u16(v->page + 44);
    fences += page_is_soft(v) ? v->prefix_len : 0;
    assert_true(arrays <= heap_lo);
    assert_int_equal(heap_lo + heap_of_entries(v) + fences + free_blocks(v) + u16(v->page + 32),
                     PAGE);
}

/* ---- extents ---- */

/* Where the data begins: behind the header and a sum for each chunk of `bytes`. */
static size_t extent_data_at(size_t bytes)
{
    return (64 + 4 * ((bytes + 65535) / 65536) + 15) / 16 * 16;
}

/* Check an extent of `pages` pages; returns its bytes, and *data where they are. */
static size_t extent_read(const uint8_t *at, uint32_t pgno, uint32_t pages, uint32_t tree_id,
                          const uint8_t **data)
{
    size_t bytes = u32(at + 20), chunks = (bytes + 65535) / 65536;
    assert_int_equal(u32(at), crc32c(0, at + 4, 60));
    assert_int_equal(u32(at + 4), pgno);
    assert_true(at[16] == 3 && at[17] == 255);
    assert_true(all_zero(at + 18, 2) && all_zero(at + 44, 16));
    assert_true(all_zero(at + 24, 12)); /* no extent follows: the golden values are in one each */
    assert_int_equal(u32(at + 36), pages);
    assert_int_equal(pages, (extent_data_at(bytes) + bytes + PAGE - 1) / PAGE);
    assert_int_equal(u32(at + 60), tree_id);
    assert_int_equal(u32(at + 40), crc32c(0, at + 64, 4 * chunks));
    *data = at + extent_data_at(bytes);
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        size_t left = bytes - 65536 * chunk;
        assert_int_equal(u32(at + 64 + 4 * chunk),
                         crc32c(0, *data + 65536 * chunk, left < 65536 ? left : 65536));
    }
    return bytes;
}

/* The 16 bytes in place of a value: pgno, tag, bytes, pages of the first of a chain. */
static void reference_read(reader *r, golden_tree *tree, uint32_t tree_id, const uint8_t *key,
                           size_t key_bytes, const uint8_t *reference)
{
    const uint8_t *data;
    size_t bytes = u32(reference + 8);
    uint32_t pages = (uint32_t)((extent_data_at(bytes) + bytes + PAGE - 1) / PAGE);
    assert_int_equal(u32(reference + 12), 0); /* one extent holds it all */
    assert_true(8 + 2 + key_bytes + bytes > u32(r->meta + 92));
    const uint8_t *at = pages_reach(r, u32(reference), pages);
    assert_int_equal(extent_read(at, u32(reference), pages, tree_id, &data), bytes);
    assert_int_equal((uint32_t)u64(at + 8), u32(reference + 4));
    assert_true(u64(at + 8) <= u64(r->meta + 32));
    tree_apply(tree, key, key_bytes, data, bytes);
    r->saw_extent = true;
}

/* ---- trees ---- */

static void leaf_read(reader *r, const view *v, golden_tree *tree, uint32_t tree_id)
{
    uint8_t key[256];
    for (unsigned i = 0; i < v->count; i++) {
        size_t size = key_read(v, i, key);
        if (v->kind == 4) {
            const uint8_t *record = dense_records(v) + (size_t)i * (v->suffix + v->value);
            tree_apply(tree, key, size, record + v->suffix, v->value);
            continue;
        }
        const uint8_t *slot = v->page + 64 + 4 * (size_t)v->cap + 4 * (size_t)i;
        const uint8_t *cell = v->page + u16(slot), *value = cell + 2 + u16(slot + 2);
        if (u16(cell) < 0x8000) {
            tree_apply(tree, key, size, value, u16(cell));
            continue;
        }
        assert_true(r->version > 1); /* none in version 1 */
        assert_int_equal(u16(cell), 0x8000 | 16);
        reference_read(r, tree, tree_id, key, size, value);
    }
}

/* A tree's records go to `tree`. */
static void page_walk(reader *r, golden_tree *tree, uint32_t tree_id, const uint8_t *ref,
                      uint32_t level, const fence *lower, const fence *upper)
{
    view v = page_open(r, u32(ref), u32(ref + 4), level, tree_id);
    fence_expect(&v, 38, lower);
    fence_expect(&v, 42, upper);
    bytes_expect(&v);
    size_t common = 0;
    while (common < lower->size_bytes && common < upper->size_bytes &&
           lower->bytes[common] == upper->bytes[common])
        common++;
    if (page_is_soft(&v))
        assert_true(v.prefix_len > common);
    else
        assert_int_equal(v.prefix_len, common);
    if (level == 0) {
        leaf_read(r, &v, tree, tree_id);
        return;
    }
    const uint8_t *children = v.page + 64 + 8 * (size_t)v.cap;
    fence low = *lower, high;
    for (unsigned i = 0; i <= v.count; i++) {
        high = *upper;
        if (i < v.count)
            high.size_bytes = key_read(&v, i, high.bytes);
        page_walk(r, tree, tree_id, children + 8 * (size_t)i, level - 1, &low, &high);
        low = high;
    }
}

/* The catalog is a tree like any other, tree 0: here a leaf, with 24 bytes for each name. */
static void catalog_walk(reader *r)
{
    static golden_tree catalog;
    fence infinite = {.size_bytes = 0};
    uint64_t records = 0;
    catalog = (golden_tree){.count = 0};
    page_walk(r, &catalog, 0, r->meta + 56, 0, &infinite, &infinite);
    assert_true(r->version > 1 || catalog.count == 1);
    for (size_t i = 0; i < catalog.count; i++) {
        const golden_record *row = &catalog.records[i];
        const uint8_t *value = row->value;
        uint32_t tree_id = u32(value), flags = u16(value + 14);
        bool is_main = row->key_bytes == 4 && memcmp(row->key, "main", 4) == 0;
        assert_int_equal(row->value_bytes, 24);
        assert_int_equal(is_main, tree_id == 1);
        assert_true(!is_main || u16(value + 12) >= 2); /* the golden tree has a branch */
        golden_tree *tree = tree_named(r, row->key, row->key_bytes, tree_id);
        bool had_extents = r->saw_extent;
        r->saw_extent = false;
        page_walk(r, tree, tree_id, value + 4, u16(value + 12) - 1, &infinite, &infinite);
        assert_int_equal(flags, r->saw_extent ? 1 : 0);
        r->saw_extent = r->saw_extent || had_extents;
        assert_int_equal(tree->count, u64(value + 16));
        records += tree->count;
    }
    assert_true(r->trees[1].name[0] != '\0');
    assert_int_equal(records, u64(r->meta + 96));
}

static void zone_check(reader *r)
{
    uint64_t best_epoch = 0, ckpt_no = u64(r->meta + 24);
    const uint8_t *best = NULL;
    for (uint32_t pgno = 8; pgno < 10; pgno++) { /* behind 8 KiB of metas */
        const uint8_t *page = r->files.page.data + (size_t)pgno * PAGE;
        uint64_t epoch = u64(page + 8);
        bool valid = u32(page) == crc32c(0, page + 4, PAGE - 4) && u32(page + 4) == pgno &&
                     page[16] == 5 && u32(page + 20) == 0;
        if (valid && epoch <= ckpt_no && (best == NULL || epoch > best_epoch)) {
            best = page;
            best_epoch = epoch;
        }
    }
    assert_non_null(best);
    assert_true(all_zero(best + 17, 3) && all_zero(best + 24, 40));
    assert_true(mix(mix(best_epoch ^ (uint64_t)0 << 32) ^ u32(best)) == u64(r->meta + 72));
    for (uint32_t pgno = 0; pgno < PAGES_MAX; pgno++) {
        bool live = (best[64 + pgno / 8] >> (pgno % 8) & 1) != 0;
        assert_int_equal(live, pgno < 10 || r->reached[pgno]);
    }
    assert_true(
        all_zero(best + 64 + PAGES_MAX / 8, PAGE - 64 - PAGES_MAX / 8)); /* beyond the file's end */
}

static uint64_t varint(const uint8_t **at)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

/* Op 3: what the record's value is, lies in the file already.  The pages are nobody's yet. */
static void extents_apply(reader *r, uint32_t tree_id, const uint8_t *key, size_t key_bytes,
                          const uint8_t *at, size_t bytes)
{
    const uint8_t *data;
    uint32_t pgno = u32(at), pages = u32(at + 4);
    assert_int_equal(bytes, 16); /* of one extent */
    const uint8_t *head = pages_reach(r, pgno, pages);
    assert_int_equal(u32(head), u32(at + 12));
    assert_int_equal(extent_read(head, pgno, pages, tree_id, &data), u32(at + 8));
    tree_apply(tree_at(r, tree_id), key, key_bytes, data, u32(at + 8));
}

static void range_erase(golden_tree *tree, const uint8_t *lower, size_t lower_bytes,
                        const uint8_t *upper, size_t upper_bytes)
{
    size_t first = lower_bytes == 0 ? 0 : tree_place(tree, lower, lower_bytes);
    tree_remove(tree, first, upper_bytes == 0 ? tree->count : tree_place(tree, upper, upper_bytes));
}

static void ops_apply(reader *r, const uint8_t *at, const uint8_t *end, bool may_have_extents)
{
    while (at < end) {
        unsigned code = *at++;
        uint32_t tree_id = (uint32_t)varint(&at);
        size_t key_bytes = (size_t)varint(&at), value_bytes = (size_t)varint(&at);
        const uint8_t *key = at, *value = at + key_bytes;
        at += key_bytes + value_bytes;
        assert_true(at <= end && code >= 1 && code <= (r->version > 1 ? 6u : 2u));
        r->ran_op[code] = true;
        switch (code) {
        case 1:
            tree_apply(tree_at(r, tree_id), key, key_bytes, value, value_bytes);
            break;
        case 2:
            assert_int_equal(value_bytes, 0);
            tree_apply(tree_at(r, tree_id), key, key_bytes, NULL, 0);
            break;
        case 3:
            assert_true(may_have_extents);
            extents_apply(r, tree_id, key, key_bytes, value, value_bytes);
            break;
        case 4:
            assert_true(tree_id >= r->tree_id_next && value_bytes == 0);
            r->tree_id_next = tree_id + 1;
            tree_named(r, key, key_bytes, tree_id);
            break;
        case 5:
            assert_true(key_bytes == 0 && value_bytes == 0 && tree_id > 1);
            *tree_at(r, tree_id) = (golden_tree){.count = 0};
            break;
        default:
            range_erase(tree_at(r, tree_id), key, key_bytes, value, value_bytes);
        }
    }
    assert_ptr_equal(at, end);
}

static void log_header_check(const reader *r, unsigned file_no)
{
    static const uint8_t magic[8] = {'t', 'r', 'e', 'e', 'l', 'o', 'g', 0x1a};
    const uint8_t *at = r->files.log[file_no].data;
    assert_memory_equal(at, magic, 8);
    assert_int_equal(u32(at + 8), 1);
    assert_int_equal(u32(at + 12), file_no);
    assert_memory_equal(at + 16, r->meta + 104, 16);
    assert_true(all_zero(at + 32, 508 - 32) && all_zero(at + 512, 4096 - 512));
    assert_int_equal(u32(at + 508), crc32c(0, at, 508));
}

static unsigned log_replay(reader *r)
{
    uint64_t ckpt_no = u64(r->meta + 24), txn = u64(r->meta + 32), chain = u64(r->meta + 48);
    const unit_bytes *file = &r->files.log[ckpt_no & 1];
    uint32_t origin = crc32c(0, r->meta + 104, 16);
    unsigned frames = 0;
    size_t begin = r->version > 1 ? (size_t)u64(r->meta + 136) : 4096;
    for (size_t at = begin; at + 56 <= file->size_bytes;) {
        const uint8_t *frame = file->data + at;
        size_t bytes = 56 + (size_t)u32(frame + 4);
        if (u64(frame + 24) == 0 || at + bytes > file->size_bytes ||
            u32(frame) != crc32c(origin, frame + 4, bytes - 4))
            break;
        assert_true(u64(frame + 8) == u64(r->meta + 40)); /* salt */
        assert_true(u64(frame + 16) == ckpt_no && u64(frame + 24) == txn + 1);
        assert_true(u64(frame + 32) <= txn && u64(frame + 40) == chain);
        bool more = (frame[48] & 8) != 0;              /* the next txn follows in the same flush */
        assert_int_equal(frame[48] & ~(4 | 8), 1 | 2); /* first and last of its txn */
        assert_true(r->version > 1 || (frame[48] & (4 | 8)) == 0);
        assert_true(all_zero(frame + 49, 7));
        ops_apply(r, frame + 56, frame + bytes, (frame[48] & 4) != 0);
        chain = mix(chain ^ mix(++txn) ^ u32(frame));
        frames++;
        size_t next = more ? at + bytes : (at + bytes + 511) / 512 * 512;
        assert_true(all_zero(frame + bytes, next - at - bytes));
        at = next;
    }
    return frames;
}

static const golden_tree *find_named(const golden_tree *trees, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(trees[i].name, name) == 0)
            return &trees[i];
    fail_msg("there should be no tree '%s'", name);
    return NULL;
}

static void trees_compare(const reader *r)
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
    static reader r;
    unit_place place;
    unit_place_make(&place);
    golden_copy(&place, version);
    memset(&r, 0, sizeof r);
    r.version = version;
    r.files = unit_files_read(&place);
    metas_read(&r);
    log_header_check(&r, 0);
    log_header_check(&r, 1);
    catalog_walk(&r);
    zone_check(&r);
    assert_int_equal(log_replay(&r), golden_frames(version));
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
