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

enum { PAGE = GOLDEN_PAGE_BYTES, MAP_MAX = 400 };

typedef struct reader {
    unsigned version;
    unit_files files;
    const uint8_t *meta; /* the newest record */
    bool reached[64];    /* pages found by walking */
    golden_record map[MAP_MAX];
    size_t count;
} reader;

static int order(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes)
{
    int same = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
    return same != 0 ? same : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

/* Put or, without a value, delete. */
static void map_apply(reader *r, const uint8_t *key, size_t key_bytes, const uint8_t *value,
                      size_t value_bytes)
{
    size_t i = 0;
    while (i < r->count && order(r->map[i].key, r->map[i].key_bytes, key, key_bytes) < 0)
        i++;
    bool there = i < r->count && order(r->map[i].key, r->map[i].key_bytes, key, key_bytes) == 0;
    if (value == NULL) {
        assert_true(there);
        memmove(&r->map[i], &r->map[i + 1], (--r->count - i) * sizeof r->map[0]);
        return;
    }
    if (!there) {
        assert_true(r->count < MAP_MAX);
        memmove(&r->map[i + 1], &r->map[i], (r->count++ - i) * sizeof r->map[0]);
    }
    assert_true(key_bytes <= sizeof r->map[i].key && value_bytes <= sizeof r->map[i].value);
    r->map[i] = (golden_record){.key_bytes = key_bytes, .value_bytes = value_bytes};
    memcpy(r->map[i].key, key, key_bytes);
    memcpy(r->map[i].value, value, value_bytes);
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
        assert_int_equal(u32(record + 124), 1); /* levels of the catalog */
        assert_int_equal(u32(record + 128), 2); /* next tree id */
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
    assert_int_equal(u64(r->meta + 64) * PAGE, r->files.page.size_bytes);
}

typedef struct view { /* one tree page, taken apart */
    const uint8_t *page;
    uint32_t kind, level, count, cap, prefix_off, prefix_len;
} view;

/* The common header; `tag` is what the parent said. */
static view page_open(reader *r, uint32_t pgno, uint32_t tag, uint32_t level, uint32_t tree_id)
{
    assert_true(pgno < 64 && (size_t)(pgno + 1) * PAGE <= r->files.page.size_bytes);
    const uint8_t *page = r->files.page.data + (size_t)pgno * PAGE;
    view v = {page,           page[16],       page[17],      u16(page + 20),
              u16(page + 22), u16(page + 34), u16(page + 36)};
    assert_int_equal(u32(page), crc32c(0, page + 4, PAGE - 4));
    assert_int_equal(u32(page + 4), pgno);
    assert_int_equal((uint32_t)u64(page + 8), tag);
    assert_true(u64(page + 8) <= u64(r->meta + 32)); /* born before the checkpoint */
    assert_int_equal(v.kind, level == 0 ? 1 : 2);
    assert_int_equal(v.level, level);
    assert_int_equal(page[18] & (r->version > 1 ? ~1 : ~0), 0); /* flags: SOFT since version 2 */
    assert_int_equal(page[19], 0);
    assert_true(v.count <= v.cap);
    assert_true(r->version > 1 || all_zero(page + 28, 4)); /* free blocks came with version 2 */
    assert_true(all_zero(page + 46, 10));                  /* zero, next, prev */
    assert_int_equal(u32(page + 60), tree_id);
    assert_false(r->reached[pgno]);
    r->reached[pgno] = true;
    return v;
}

static bool page_is_soft(const view *v)
{
    return (v->page[18] & 1) != 0;
}

/* The suffix of entry `i`, put behind the prefix: the whole key. */
static size_t key_read(const view *v, unsigned i, uint8_t *key)
{
    const uint8_t *head = v->page + 64 + 4 * (size_t)i;
    const uint8_t *slot = v->page + 64 + 4 * (size_t)v->cap + 4 * (size_t)i;
    size_t offset = u16(slot), suffix = u16(slot + 2);
    uint8_t shown[4] = {head[3], head[2], head[1], head[0]}; /* most significant first */
    uint8_t padded[4] = {0};
    memcpy(key, v->page + v->prefix_off, v->prefix_len);
    if (v->kind == 2 && suffix <= 4) {
        assert_int_equal(offset, 0); /* the head is all there is */
        memcpy(key + v->prefix_len, shown, suffix);
    } else {
        size_t at = v->kind == 1 ? offset + 2 : offset;
        assert_true(offset >= u32(v->page + 24) && at + suffix <= PAGE);
        memcpy(key + v->prefix_len, v->page + at, suffix);
    }
    memcpy(padded, key + v->prefix_len, suffix < 4 ? suffix : 4);
    assert_memory_equal(shown, padded, 4);
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

/* Header, arrays, gap, cells, fences, free blocks and garbage make up the page. */
static void bytes_expect(const view *v)
{
    size_t arrays = 64 + 8 * (size_t)v->cap + (v->kind == 2 ? 8 * ((size_t)v->cap + 1) : 0);
    size_t heap_lo = u32(v->page + 24), fences = u16(v->page + 40) + u16(v->page + 44);
    fences += page_is_soft(v) ? v->prefix_len : 0;
    assert_true(arrays <= heap_lo);
    assert_int_equal(heap_lo + heap_of_entries(v) + fences + free_blocks(v) + u16(v->page + 32),
                     PAGE);
}

static void page_walk(reader *r, const uint8_t *ref, uint32_t level, const fence *lower,
                      const fence *upper)
{
    view v = page_open(r, u32(ref), u32(ref + 4), level, 1);
    uint8_t key[256];
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
        for (unsigned i = 0; i < v.count; i++) {
            size_t size = key_read(&v, i, key);
            const uint8_t *slot = v.page + 64 + 4 * (size_t)v.cap + 4 * (size_t)i;
            const uint8_t *cell = v.page + u16(slot);
            assert_true(u16(cell) < 0x8000); /* no overflow in version 1 */
            map_apply(r, key, size, cell + 2 + u16(slot + 2), u16(cell));
        }
        return;
    }
    const uint8_t *children = v.page + 64 + 8 * (size_t)v.cap;
    fence low = *lower, high;
    for (unsigned i = 0; i <= v.count; i++) {
        high = *upper;
        if (i < v.count)
            high.size_bytes = key_read(&v, i, high.bytes);
        page_walk(r, children + 8 * (size_t)i, level - 1, &low, &high);
        low = high;
    }
}

/* The catalog is a leaf of tree 0 with one record: "main" and 24 bytes about it. */
static void catalog_walk(reader *r)
{
    view v = page_open(r, u32(r->meta + 56), u32(r->meta + 60), 0, 0);
    uint8_t key[256];
    fence infinite = {.size_bytes = 0};
    assert_int_equal(v.count, 1);
    assert_int_equal(key_read(&v, 0, key), 4);
    assert_memory_equal(key, "main", 4);
    const uint8_t *slot = v.page + 64 + 4 * (size_t)v.cap;
    const uint8_t *cell = v.page + u16(slot), *value = cell + 2 + 4;
    assert_int_equal(u16(cell), 24);
    assert_int_equal(u32(value), 1);      /* tree id */
    assert_int_equal(u16(value + 14), 0); /* flags */
    assert_int_equal(u64(value + 16), u64(r->meta + 96));
    assert_true(u16(value + 12) >= 2); /* the golden tree has a branch */
    page_walk(r, value + 4, u16(value + 12) - 1, &infinite, &infinite);
    assert_int_equal(r->count, u64(value + 16));
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
    for (uint32_t pgno = 0; pgno < 64; pgno++) {
        bool live = (best[64 + pgno / 8] >> (pgno % 8) & 1) != 0;
        assert_int_equal(live, pgno < 10 || r->reached[pgno]);
    }
    assert_true(all_zero(best + 64 + 8, PAGE - 72)); /* beyond the file's end */
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

static void ops_apply(reader *r, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        unsigned code = *at++;
        assert_int_equal(varint(&at), 1); /* tree */
        size_t key_bytes = (size_t)varint(&at), value_bytes = (size_t)varint(&at);
        assert_true(code == 1 || (code == 2 && value_bytes == 0));
        map_apply(r, at, key_bytes, code == 1 ? at + key_bytes : NULL, value_bytes);
        at += key_bytes + value_bytes;
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
        bool more = (frame[48] & 8) != 0;        /* the next txn follows in the same flush */
        assert_int_equal(frame[48] & ~8, 1 | 2); /* first and last of its txn */
        assert_true(r->version > 1 || !more);
        assert_true(all_zero(frame + 49, 7));
        ops_apply(r, frame + 56, frame + bytes);
        chain = mix(chain ^ mix(++txn) ^ u32(frame));
        frames++;
        size_t next = more ? at + bytes : (at + bytes + 511) / 512 * 512;
        assert_true(all_zero(frame + bytes, next - at - bytes));
        at = next;
    }
    return frames;
}

static void read_by_hand(unsigned version)
{
    static reader r;
    static golden_record wanted[GOLDEN_RECORDS];
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
    assert_int_equal(log_replay(&r), 2);
    golden_contents(wanted);
    assert_int_equal(r.count, GOLDEN_RECORDS);
    for (size_t i = 0; i < GOLDEN_RECORDS; i++) {
        assert_int_equal(r.map[i].key_bytes, wanted[i].key_bytes);
        assert_memory_equal(r.map[i].key, wanted[i].key, wanted[i].key_bytes);
        assert_int_equal(r.map[i].value_bytes, wanted[i].value_bytes);
        assert_memory_equal(r.map[i].value, wanted[i].value, wanted[i].value_bytes);
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
