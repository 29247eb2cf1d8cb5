/* harness/check/damage_map.c -- see damage_map.h: metas, bitmaps, trees, extents.
 *
 * The image is sound (it was judged so before any damage), so contradictions only end the map.
 */
#include "harness/check/damage_map_body.h"

#include <stdlib.h>

enum {
    META_BYTES = 512,
    META_SECOND = 2048, /* where a block has its second copy */
    BLOCK_BYTES = 4096,
    HEADER_BYTES = 64,
    CHUNK_BYTES = 65536,
    DEPTH_MAX = 34, /* a tree, and the extents of a leaf */
};
enum { KIND_LEAF = 1, KIND_BRANCH = 2, KIND_EXTENT = 3, KIND_DENSE = 4, KIND_ZONE = 5 };

typedef struct region_row {
    const char *name, *text;
} region_row;
#define REGION_AS_ROW(upper, lower, text) {#lower, text},
static const region_row regions[] = {TL_DAMAGE_REGION_MAP(REGION_AS_ROW)};

const char *tl_damage_region_name(tl_damage_region region)
{
    return region < TL_DAMAGE_REGION_COUNT ? regions[region].name : "?";
}

const char *tl_damage_region_text(tl_damage_region region)
{
    return region < TL_DAMAGE_REGION_COUNT ? regions[region].text : "?";
}

uint32_t map_crc(uint32_t crc, const uint8_t *at, size_t size_bytes)
{
    crc = ~crc;
    for (size_t i = 0; i < size_bytes; i++) {
        crc ^= at[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? UINT32_C(0x82f63b78) : 0);
    }
    return ~crc;
}

void map_mark(map_reader *reader, unsigned file, uint64_t begin, uint64_t size_bytes, unsigned what)
{
    uint64_t there = reader->image->files[file].now.size_bytes;
    if (reader->status == TL_OK && (begin > there || size_bytes > there - begin))
        reader->status = TL_CORRUPT;
    if (reader->status == TL_OK)
        memset(reader->map->bytes[file] + begin, (int)what, (size_t)size_bytes);
}

void map_span(map_reader *reader, unsigned file, uint64_t begin, uint64_t size_bytes)
{
    tl_damage_map *map = reader->map;
    if (map->span_count == map->span_capacity) {
        size_t capacity = map->span_capacity == 0 ? 64 : map->span_capacity * 2;
        tl_damage_span *grown = realloc(map->spans, capacity * sizeof *grown);
        if (grown == NULL) {
            reader->status = TL_NO_MEMORY;
            return;
        }
        map->spans = grown;
        map->span_capacity = capacity;
    }
    map->spans[map->span_count++] = (tl_damage_span){file, begin, begin + size_bytes};
}

/* ---- pages ---- */

static const uint8_t *page_at(map_reader *reader, uint32_t pgno)
{
    const tl_damage_bytes *file = &reader->image->files[reader->page_file].now;
    uint64_t at = (uint64_t)pgno * reader->page_bytes;
    if (at + reader->page_bytes > file->size_bytes && reader->status == TL_OK)
        reader->status = TL_CORRUPT;
    return reader->status == TL_OK ? file->data + at : NULL;
}

static void mark_page(map_reader *reader, uint32_t pgno, tl_damage_region region, bool bitwise)
{
    uint64_t at = (uint64_t)pgno * reader->page_bytes;
    unsigned what = (unsigned)region | TL_DAMAGE_LIVE;
    map_mark(reader, reader->page_file, at, reader->page_bytes,
             what | (bitwise ? TL_DAMAGE_BITWISE : 0));
    map_mark(reader, reader->page_file, at, HEADER_BYTES, what | TL_DAMAGE_BITWISE);
}

void map_extent(map_reader *reader, uint32_t pgno, bool live, bool chain)
{
    unsigned what = TL_DAMAGE_REGION_OVERFLOW | (live ? TL_DAMAGE_LIVE : 0);
    for (size_t links = 0; pgno != 0 && reader->status == TL_OK; links++) {
        const uint8_t *page = page_at(reader, pgno);
        if (page == NULL || page[16] != KIND_EXTENT || links > reader->image->page_bytes) {
            reader->status = TL_CORRUPT;
            return;
        }
        uint64_t at = (uint64_t)pgno * reader->page_bytes, bytes = map_u32(page + 20);
        uint64_t pages = map_u32(page + 36);
        uint64_t sums_end = HEADER_BYTES + 4 * ((bytes + CHUNK_BYTES - 1) / CHUNK_BYTES);
        uint64_t data = (sums_end + 15) / 16 * 16;
        unsigned file = reader->page_file;
        map_mark(reader, file, at, pages * reader->page_bytes, TL_DAMAGE_REGION_PADDING);
        map_mark(reader, file, at + data, bytes, what);
        map_mark(reader, file, at, sums_end, what);
        if (live)
            map_mark(reader, file, at, HEADER_BYTES, what | TL_DAMAGE_BITWISE);
        pgno = chain ? map_u32(page + 24) : 0;
    }
}

/* A key that the log puts or deletes has a new value: the one in the page is not read any more. */
static bool key_is_logged(const map_reader *reader, const uint8_t *prefix, size_t prefix_bytes,
                          const uint8_t *suffix, size_t suffix_bytes)
{
    for (size_t i = 0; i < reader->logged_count; i++) {
        const tl_slice *key = &reader->logged_keys[i];
        const uint8_t *bytes = key->data;
        if (key->size_bytes == prefix_bytes + suffix_bytes &&
            memcmp(bytes, prefix, prefix_bytes) == 0 &&
            memcmp(bytes + prefix_bytes, suffix, suffix_bytes) == 0)
            return true;
    }
    return false;
}

static void walk_tree(map_reader *reader, uint32_t pgno, bool catalog);

static void walk_leaf(map_reader *reader, const uint8_t *page, bool catalog)
{
    uint32_t count = map_u16(page + 20), cap = map_u16(page + 22);
    const uint8_t *prefix = page + map_u16(page + 34);
    uint32_t prefix_bytes = map_u16(page + 36);
    for (uint32_t i = 0; i < count && page[16] == KIND_LEAF && reader->status == TL_OK; i++) {
        const uint8_t *slot = page + HEADER_BYTES + 4 * cap + 4 * i;
        uint32_t offset = map_u16(slot), suffix_bytes = map_u16(slot + 2);
        if (offset + 2 + suffix_bytes + 16 > reader->page_bytes)
            continue; /* no room for a reference behind it */
        const uint8_t *cell = page + offset, *value = cell + 2 + suffix_bytes;
        if (catalog)
            walk_tree(reader, map_u32(value + 4), false);
        else if ((map_u16(cell) & 0x8000) != 0)
            map_extent(reader, map_u32(value),
                       !key_is_logged(reader, prefix, prefix_bytes, cell + 2, suffix_bytes), true);
    }
}

static void walk_tree(map_reader *reader, uint32_t pgno, bool catalog)
{
    const uint8_t *page = page_at(reader, pgno);
    if (page == NULL || ++reader->depth > DEPTH_MAX) {
        reader->status = TL_CORRUPT;
        return;
    }
    uint32_t count = map_u16(page + 20), cap = map_u16(page + 22);
    bool branch = page[16] == KIND_BRANCH;
    mark_page(reader, pgno, branch ? TL_DAMAGE_REGION_BRANCH : TL_DAMAGE_REGION_LEAF, branch);
    for (uint32_t i = 0; branch && i <= count && reader->status == TL_OK; i++)
        walk_tree(reader, map_u32(page + HEADER_BYTES + 8 * cap + 8 * i), catalog);
    if (!branch)
        walk_leaf(reader, page, catalog);
    reader->depth--;
}

/* ---- what names them ---- */

static const uint8_t *meta_record(const map_reader *reader, uint64_t block)
{
    const tl_damage_bytes *file = &reader->image->files[reader->page_file].now;
    for (unsigned copy = 0; copy < 2; copy++) {
        uint64_t at = block + copy * META_SECOND;
        if (at + META_BYTES > file->size_bytes)
            break;
        const uint8_t *record = file->data + at;
        if (memcmp(record, "treelab\x1a", 8) == 0 &&
            map_crc(0, record, META_BYTES - 4) == map_u32(record + META_BYTES - 4))
            return record;
    }
    return NULL;
}

/* Find the metas; false when the image is in another format. */
static bool read_metas(map_reader *reader)
{
    uint64_t second = reader->page_bytes > BLOCK_BYTES ? reader->page_bytes : BLOCK_BYTES;
    uint64_t blocks[2] = {0, second};
    const uint8_t *records[2] = {meta_record(reader, 0), meta_record(reader, second)};
    if (records[0] == NULL && records[1] == NULL)
        return false;
    unsigned newest = records[0] == NULL ||
                      (records[1] != NULL && map_u64(records[1] + 24) > map_u64(records[0] + 24));
    reader->meta = records[newest];
    reader->older_meta = records[!newest];
    for (unsigned b = 0; b < 2; b++) {
        unsigned what =
            TL_DAMAGE_REGION_META | TL_DAMAGE_BITWISE | (b == newest ? TL_DAMAGE_LIVE : 0);
        uint64_t pages_end = (blocks[b] / reader->page_bytes + 1) * reader->page_bytes;
        uint64_t end = pages_end > blocks[b] + BLOCK_BYTES ? pages_end : blocks[b] + BLOCK_BYTES;
        map_mark(reader, reader->page_file, blocks[b], end - blocks[b], TL_DAMAGE_REGION_PADDING);
        map_mark(reader, reader->page_file, blocks[b], META_BYTES, what);
        map_mark(reader, reader->page_file, blocks[b] + META_SECOND, META_BYTES, what);
    }
    for (unsigned copy = 0; copy < 2; copy++) {
        uint64_t at = blocks[newest] + copy * META_SECOND;
        reader->map->meta_copies[copy] = (tl_damage_span){reader->page_file, at, at + META_BYTES};
    }
    return true;
}

static void read_zones(map_reader *reader)
{
    uint64_t zone_pages = (uint64_t)(reader->page_bytes - HEADER_BYTES) * 8;
    uint64_t page_count = map_u64(reader->meta + 64), ckpt_no = map_u64(reader->meta + 24);
    uint64_t meta_pages = 2 * BLOCK_BYTES / reader->page_bytes;
    for (uint64_t first = 0; first < page_count && reader->status == TL_OK; first += zone_pages) {
        uint32_t slots = (uint32_t)(first > 0 ? first : meta_pages < 2 ? 2 : meta_pages);
        int chosen = -1;
        uint64_t best = 0;
        for (unsigned s = 0; s < 2; s++) {
            const uint8_t *page = page_at(reader, slots + s);
            if (page == NULL)
                return;
            uint64_t at = (uint64_t)(slots + s) * reader->page_bytes, epoch = map_u64(page + 8);
            map_mark(reader, reader->page_file, at, reader->page_bytes, TL_DAMAGE_REGION_BITMAP);
            if (page[16] == KIND_ZONE && map_u32(page + 4) == slots + s && epoch <= ckpt_no &&
                map_crc(0, page + 4, reader->page_bytes - 4) == map_u32(page) &&
                (chosen < 0 || epoch > best)) {
                chosen = (int)s;
                best = epoch;
            }
        }
        if (chosen >= 0)
            mark_page(reader, slots + (uint32_t)chosen, TL_DAMAGE_REGION_BITMAP, false);
    }
}

static void read_manifest(map_reader *reader)
{
    uint32_t pgno = map_u32(reader->meta + 144);
    tl_damage_map *map = reader->map;
    map->span_bytes = map_u64(reader->meta + 64) * reader->page_bytes;
    map->manifest_span = map->span_count;
    const uint8_t *page = pgno == 0 ? NULL : page_at(reader, pgno);
    if (page == NULL)
        return;
    mark_page(reader, pgno, TL_DAMAGE_REGION_BITMAP, false);
    map_span(reader, reader->page_file, (uint64_t)pgno * reader->page_bytes, reader->page_bytes);
    for (uint32_t i = 0; i < map_u32(page + 20) && HEADER_BYTES + 8 * i + 8 <= reader->page_bytes;
         i++) {
        uint64_t listed = map_u32(page + HEADER_BYTES + 8 * i);
        map_span(reader, reader->page_file, listed * reader->page_bytes, reader->page_bytes);
    }
    map->manifest_span_count = map->span_count - map->manifest_span;
}

static bool name_ends(const char *name, const char *end)
{
    size_t length = strlen(name), wanted = strlen(end);
    return length >= wanted && strcmp(name + length - wanted, end) == 0;
}

static bool find_files(map_reader *reader)
{
    static const char *const ends[] = {".tl", ".log.0", ".log.1"};
    unsigned *const found[] = {&reader->page_file, &reader->log_files[0], &reader->log_files[1]};
    unsigned count = 0;
    for (unsigned e = 0; e < 3; e++)
        for (unsigned f = 0; f < reader->image->file_count; f++)
            if (name_ends(reader->image->files[f].name, ends[e])) {
                *found[e] = f;
                count++;
            }
    return count == 3;
}

static tl_status count_bytes(const tl_damage_image *image, tl_damage_map *map)
{
    for (unsigned f = 0; f < image->file_count; f++) {
        uint64_t size = image->files[f].now.size_bytes, bitwise = 0;
        for (uint64_t i = 0; i < size; i++) {
            unsigned what = map->bytes[f][i], region = what & TL_DAMAGE_REGION_MASK;
            (what & TL_DAMAGE_LIVE ? map->live_bytes : map->dead_bytes)[region]++;
            bitwise += (what & TL_DAMAGE_BITWISE) != 0;
        }
        map->bitwise[f] = malloc((size_t)(bitwise + 1) * sizeof *map->bitwise[f]);
        if (map->bitwise[f] == NULL)
            return TL_NO_MEMORY;
        for (uint64_t i = 0; i < size; i++) {
            if ((map->bytes[f][i] & TL_DAMAGE_BITWISE) != 0)
                map->bitwise[f][map->bitwise_count[f]++] = i;
        }
    }
    return TL_OK;
}

tl_status tl_damage_map_make(const tl_damage_image *image, tl_damage_map *map)
{
    *map = (tl_damage_map){0};
    map_reader reader = {.image = image, .map = map, .page_bytes = image->page_bytes};
    bool ours = find_files(&reader);
    for (unsigned f = 0; f < image->file_count; f++) {
        uint64_t size = image->files[f].now.size_bytes;
        map->bytes[f] = malloc(size == 0 ? 1 : (size_t)size);
        if (map->bytes[f] == NULL)
            return TL_NO_MEMORY;
        map_mark(&reader, f, 0, size,
                 ours ? (unsigned)TL_DAMAGE_REGION_FREE
                      : (unsigned)TL_DAMAGE_REGION_OTHER | TL_DAMAGE_LIVE);
    }
    map->newest_commit = map->older_commit = image->commit;
    map->known = ours && read_metas(&reader);
    if (map->known) {
        read_zones(&reader);
        map_logs(&reader);
        walk_tree(&reader, map_u32(reader.meta + 56), true);
        read_manifest(&reader);
    }
    free(reader.logged_keys);
    return reader.status == TL_OK ? count_bytes(image, map) : reader.status;
}

void tl_damage_map_clear(tl_damage_map *map)
{
    for (unsigned f = 0; f < TL_DAMAGE_FILES_MAX; f++) {
        free(map->bytes[f]);
        free(map->bitwise[f]);
    }
    free(map->spans);
    free(map->flushes);
    *map = (tl_damage_map){0};
}
