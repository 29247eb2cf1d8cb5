/* engine/tests/by_hand_log.c -- see by_hand.h: headers, frames and operations of the log. */
#include "engine/tests/by_hand.h"

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
static void extents_apply(by_hand *r, uint32_t tree_id, const uint8_t *key, size_t key_bytes,
                          const uint8_t *at, size_t bytes)
{
    const uint8_t *data;
    uint32_t pgno = u32(at), pages = u32(at + 4);
    assert_int_equal(bytes, 16); /* of one extent */
    const uint8_t *head = by_hand_reach(r, pgno, pages);
    assert_int_equal(u32(head), u32(at + 12));
    assert_int_equal(by_hand_extent(head, pgno, pages, tree_id, &data), u32(at + 8));
    by_hand_apply(by_hand_tree(r, tree_id), key, key_bytes, data, u32(at + 8));
}

static void range_erase(golden_tree *tree, const uint8_t *lower, size_t lower_bytes,
                        const uint8_t *upper, size_t upper_bytes)
{
    size_t first = lower_bytes == 0 ? 0 : by_hand_place(tree, lower, lower_bytes);
    by_hand_remove(tree, first,
                   upper_bytes == 0 ? tree->count : by_hand_place(tree, upper, upper_bytes));
}

static void ops_apply(by_hand *r, const uint8_t *at, const uint8_t *end, bool may_have_extents)
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
            by_hand_apply(by_hand_tree(r, tree_id), key, key_bytes, value, value_bytes);
            break;
        case 2:
            assert_int_equal(value_bytes, 0);
            by_hand_apply(by_hand_tree(r, tree_id), key, key_bytes, NULL, 0);
            break;
        case 3:
            assert_true(may_have_extents);
            extents_apply(r, tree_id, key, key_bytes, value, value_bytes);
            break;
        case 4:
            assert_true(tree_id >= r->tree_id_next && value_bytes == 0);
            r->tree_id_next = tree_id + 1;
            by_hand_new_tree(r, key, key_bytes, tree_id);
            break;
        case 5:
            assert_true(key_bytes == 0 && value_bytes == 0 && tree_id > 1);
            *by_hand_tree(r, tree_id) = (golden_tree){.count = 0};
            break;
        default:
            range_erase(by_hand_tree(r, tree_id), key, key_bytes, value, value_bytes);
        }
    }
    assert_ptr_equal(at, end);
}

void by_hand_log_header(const by_hand *r, unsigned file_no)
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

unsigned by_hand_replay(by_hand *r)
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
