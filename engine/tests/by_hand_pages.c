/* engine/tests/by_hand_pages.c -- see by_hand.h: tree pages, extents, the catalog, zones. */
#include "engine/tests/by_hand.h"

/* ---- tree pages ---- */

typedef struct view { /* one tree page, taken apart */
    const uint8_t *page;
    uint32_t kind, level, count, cap, prefix_off, prefix_len;
    uint32_t suffix, value; /* bytes of each, in a dense leaf */
} view;

/* The common header; `tag` is what the parent said. */
static view page_open(by_hand *r, uint32_t pgno, uint32_t tag, uint32_t level, uint32_t tree_id)
{
    const uint8_t *page = by_hand_reach(r, pgno, 1);
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

size_t by_hand_extent(const uint8_t *at, uint32_t pgno, uint32_t pages, uint32_t tree_id,
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
static void reference_read(by_hand *r, golden_tree *tree, uint32_t tree_id, const uint8_t *key,
                           size_t key_bytes, const uint8_t *reference)
{
    const uint8_t *data;
    size_t bytes = u32(reference + 8);
    uint32_t pages = (uint32_t)((extent_data_at(bytes) + bytes + PAGE - 1) / PAGE);
    assert_int_equal(u32(reference + 12), 0); /* one extent holds it all */
    assert_true(8 + 2 + key_bytes + bytes > u32(r->meta + 92));
    const uint8_t *at = by_hand_reach(r, u32(reference), pages);
    assert_int_equal(by_hand_extent(at, u32(reference), pages, tree_id, &data), bytes);
    assert_int_equal((uint32_t)u64(at + 8), u32(reference + 4));
    assert_true(u64(at + 8) <= u64(r->meta + 32));
    by_hand_apply(tree, key, key_bytes, data, bytes);
    r->saw_extent = true;
}

static void leaf_read(by_hand *r, const view *v, golden_tree *tree, uint32_t tree_id)
{
    uint8_t key[256];
    for (unsigned i = 0; i < v->count; i++) {
        size_t size = key_read(v, i, key);
        if (v->kind == 4) {
            const uint8_t *record = dense_records(v) + (size_t)i * (v->suffix + v->value);
            by_hand_apply(tree, key, size, record + v->suffix, v->value);
            continue;
        }
        const uint8_t *slot = v->page + 64 + 4 * (size_t)v->cap + 4 * (size_t)i;
        const uint8_t *cell = v->page + u16(slot), *value = cell + 2 + u16(slot + 2);
        if (u16(cell) < 0x8000) {
            by_hand_apply(tree, key, size, value, u16(cell));
            continue;
        }
        assert_true(r->version > 1); /* none in version 1 */
        assert_int_equal(u16(cell), 0x8000 | 16);
        reference_read(r, tree, tree_id, key, size, value);
    }
}

/* ---- trees ---- */

/* A tree's records go to `tree`. */
static void page_walk(by_hand *r, golden_tree *tree, uint32_t tree_id, const uint8_t *ref,
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
void by_hand_trees(by_hand *r)
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
        golden_tree *tree = by_hand_new_tree(r, row->key, row->key_bytes, tree_id);
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

/* ---- free space ---- */

void by_hand_zone(const by_hand *r)
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
