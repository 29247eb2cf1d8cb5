/* engine/tests/by_hand.c -- see by_hand.h: trees of records, and the metas. */
#include "engine/tests/by_hand.h"

golden_tree *by_hand_tree(by_hand *r, uint64_t id)
{
    assert_true(id >= 1 && id < TREE_IDS_MAX && r->trees[id].name[0] != '\0');
    return &r->trees[id];
}

golden_tree *by_hand_new_tree(by_hand *r, const uint8_t *name, size_t name_bytes, uint64_t id)
{
    assert_true(id >= 1 && id < r->tree_id_next && id < TREE_IDS_MAX && name_bytes < 16);
    assert_true(r->trees[id].name[0] == '\0'); /* never given to a second tree */
    memcpy(r->trees[id].name, name, name_bytes);
    return &r->trees[id];
}

size_t by_hand_place(const golden_tree *tree, const uint8_t *key, size_t key_bytes)
{
    size_t i = 0;
    while (i < tree->count &&
           order(tree->records[i].key, tree->records[i].key_bytes, key, key_bytes) < 0)
        i++;
    return i;
}

void by_hand_remove(golden_tree *tree, size_t first, size_t end)
{
    assert_true(first <= end && end <= tree->count);
    memmove(&tree->records[first], &tree->records[end],
            (tree->count - end) * sizeof tree->records[0]);
    tree->count -= end - first;
}

void by_hand_apply(golden_tree *tree, const uint8_t *key, size_t key_bytes, const uint8_t *value,
                   size_t value_bytes)
{
    size_t i = by_hand_place(tree, key, key_bytes);
    golden_record *at = &tree->records[i];
    bool there = i < tree->count && order(at->key, at->key_bytes, key, key_bytes) == 0;
    if (value == NULL) {
        assert_true(there);
        by_hand_remove(tree, i, i + 1);
        return;
    }
    if (!there) {
        assert_true(tree->count < GOLDEN_RECORDS_MAX);
        memmove(at + 1, at, (tree->count++ - i) * sizeof *at);
    }
    assert_true(key_bytes <= sizeof at->key && value_bytes <= sizeof at->value);
    *at = (golden_record){.key_bytes = key_bytes, .value_bytes = value_bytes};
    memcpy(at->key, key, key_bytes);
    memcpy(at->value, value, value_bytes);
}

const uint8_t *by_hand_reach(by_hand *r, uint32_t pgno, uint32_t pages)
{
    assert_true(pgno < PAGES_MAX && pages <= PAGES_MAX - pgno);
    assert_true((size_t)(pgno + pages) * PAGE <= r->files.page.size_bytes);
    for (uint32_t i = pgno; i < pgno + pages; i++) {
        assert_false(r->reached[i]);
        r->reached[i] = true;
    }
    return r->files.page.data + (size_t)pgno * PAGE;
}

static void meta_record_check(const by_hand *r, const uint8_t *record)
{
    unsigned version = r->version;
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
        for (unsigned i = 0; i < 2; i++)           /* log_bytes */
            assert_in_range(u64(record + 152 + 8 * i), 4096, r->files.log[i].size_bytes);
    }
    size_t used = version > 1 ? 168 : 124;
    assert_true(all_zero(record + used, 508 - used));
}

void by_hand_metas(by_hand *r)
{
    const uint8_t *block[2] = {r->files.page.data, r->files.page.data + 4096};
    for (unsigned slot = 0; slot < 2; slot++) {
        meta_record_check(r, block[slot]);
        meta_record_check(r, block[slot] + 2048);
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
