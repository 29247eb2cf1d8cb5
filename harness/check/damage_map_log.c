/* harness/check/damage_map_log.c -- the log of an image, by FORMAT.md: which frames recovery
 * applies, which of them reached the file together, and which extents they name. */
#include "harness/check/damage_map_body.h"

#include <stdlib.h>

enum { HEADER_BYTES = 512, BLOCK_BYTES = 4096, FRAME_BYTES = 56 };
enum { FLAG_MORE = 8 }; /* the next frame belongs to the same flush */
enum { OP_PUT = 1, OP_DELETE = 2, OP_PUT_EXTENTS = 3, EXTENT_BYTES = 16 };

typedef struct log_place { /* where replay stands */
    uint64_t txn, chain;   /* of the last frame applied */
    bool more;             /* the flush goes on */
} log_place;

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Five bytes at most; *at moves behind it. */
static uint64_t take_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 35; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            break;
    }
    return value;
}

static void add_key(map_reader *reader, const uint8_t *key, size_t key_bytes)
{
    if (reader->logged_count == reader->logged_capacity) {
        size_t capacity = reader->logged_capacity == 0 ? 64 : reader->logged_capacity * 2;
        tl_slice *grown = realloc(reader->logged_keys, capacity * sizeof *grown);
        if (grown == NULL) {
            reader->status = TL_NO_MEMORY;
            return;
        }
        reader->logged_keys = grown;
        reader->logged_capacity = capacity;
    }
    reader->logged_keys[reader->logged_count++] = (tl_slice){key, key_bytes};
}

/* Note the keys that the ops touch, and the extents that belong to this flush. */
static void read_ops(map_reader *reader, const uint8_t *at, const uint8_t *end)
{
    while (at < end && reader->status == TL_OK) {
        uint8_t code = *at++;
        (void)take_varint(&at, end);
        uint64_t key_bytes = take_varint(&at, end), value_bytes = take_varint(&at, end);
        if (key_bytes + value_bytes > (uint64_t)(end - at)) {
            reader->status = TL_CORRUPT;
            return;
        }
        const uint8_t *value = at + key_bytes;
        if (code >= OP_PUT && code <= OP_PUT_EXTENTS)
            add_key(reader, at, (size_t)key_bytes);
        for (uint64_t i = 0; code == OP_PUT_EXTENTS && i + EXTENT_BYTES <= value_bytes;
             i += EXTENT_BYTES) {
            uint32_t pgno = map_u32(value + i), pages = map_u32(value + i + 4);
            map_extent(reader, pgno, true, false);
            map_span(reader, reader->page_file, (uint64_t)pgno * reader->page_bytes,
                     (uint64_t)pages * reader->page_bytes);
        }
        at = value + value_bytes;
    }
}

static void begin_flush(map_reader *reader)
{
    tl_damage_map *map = reader->map;
    if (map->flush_count == map->flush_capacity) {
        size_t capacity = map->flush_capacity == 0 ? 16 : map->flush_capacity * 2;
        tl_damage_flush *grown = realloc(map->flushes, capacity * sizeof *grown);
        if (grown == NULL) {
            reader->status = TL_NO_MEMORY;
            return;
        }
        map->flushes = grown;
        map->flush_capacity = capacity;
    }
    map->flushes[map->flush_count++] = (tl_damage_flush){.first_span = map->span_count};
}

/* The frame at `at` when it continues the history, else NULL. */
static const uint8_t *frame_at(const map_reader *reader, unsigned log, uint64_t at,
                               uint64_t ckpt_no, const log_place *place)
{
    const tl_damage_bytes *file = &reader->image->files[reader->log_files[log]].now;
    if (at + FRAME_BYTES > file->size_bytes)
        return NULL;
    const uint8_t *frame = file->data + at;
    uint64_t ops_bytes = map_u32(frame + 4), txn = map_u64(frame + 24);
    if (ops_bytes > file->size_bytes - at - FRAME_BYTES ||
        map_u64(frame + 8) != map_u64(reader->meta + 40) || map_u64(frame + 16) != ckpt_no ||
        map_u64(frame + 40) != place->chain || (txn != place->txn && txn != place->txn + 1))
        return NULL;
    uint32_t crc = map_crc(0, reader->meta + 104, 16);
    return map_crc(crc, frame + 4, FRAME_BYTES - 4 + (size_t)ops_bytes) == map_u32(frame) ? frame
                                                                                          : NULL;
}

/* Apply the frames of one file from `at` on. */
static void read_frames(map_reader *reader, unsigned log, uint64_t at, uint64_t ckpt_no,
                        log_place *place)
{
    unsigned file = reader->log_files[log];
    uint64_t pad = map_u32(reader->meta + 120);
    const uint8_t *frame;
    while (reader->status == TL_OK && (frame = frame_at(reader, log, at, ckpt_no, place)) != NULL) {
        uint64_t bytes = FRAME_BYTES + map_u32(frame + 4), txn = map_u64(frame + 24);
        if (!place->more) {
            begin_flush(reader);
            if (reader->status != TL_OK)
                return;
            reader->map->flushes[reader->map->flush_count - 1].before =
                (size_t)(txn - 1 - map_u64(reader->meta + 32)); /* in txns behind the meta */
        }
        const unsigned what = TL_DAMAGE_REGION_LOG_FRAME | TL_DAMAGE_LIVE;
        map_mark(reader, file, at, bytes, what);
        map_mark(reader, file, at, FRAME_BYTES, what | TL_DAMAGE_BITWISE);
        map_span(reader, file, at, bytes);
        read_ops(reader, frame + FRAME_BYTES, frame + bytes);
        place->txn = txn;
        place->chain = mix(map_u64(frame + 40) ^ mix(txn) ^ map_u32(frame));
        place->more = (frame[48] & FLAG_MORE) != 0;
        at += bytes;
        uint64_t next = place->more || pad == 0 ? at : (at + pad - 1) / pad * pad;
        uint64_t size = reader->image->files[file].now.size_bytes;
        map_mark(reader, file, at, next < size ? next - at : size - at, TL_DAMAGE_REGION_PADDING);
        at = next;
        tl_damage_flush *flush = &reader->map->flushes[reader->map->flush_count - 1];
        flush->span_count = reader->map->span_count - flush->first_span;
    }
}

static void mark_header(map_reader *reader, unsigned log)
{
    unsigned file = reader->log_files[log];
    uint64_t size = reader->image->files[file].now.size_bytes;
    map_mark(reader, file, 0, size < BLOCK_BYTES ? size : BLOCK_BYTES, TL_DAMAGE_REGION_PADDING);
    map_mark(reader, file, 0, HEADER_BYTES,
             TL_DAMAGE_REGION_LOG_HEADER | TL_DAMAGE_LIVE | TL_DAMAGE_BITWISE);
}

void map_logs(map_reader *reader)
{
    uint64_t ckpt_no = map_u64(reader->meta + 24), txn = map_u64(reader->meta + 32);
    log_place place = {txn, map_u64(reader->meta + 48), false};
    mark_header(reader, 0);
    mark_header(reader, 1);
    uint64_t begin = map_u64(reader->meta + 136);
    read_frames(reader, ckpt_no & 1, begin < BLOCK_BYTES ? BLOCK_BYTES : begin, ckpt_no, &place);
    read_frames(reader, (ckpt_no + 1) & 1, BLOCK_BYTES, ckpt_no + 1, &place);

    /* Each commit of the history is a txn, so txns behind the meta are commits. */
    tl_damage_map *map = reader->map;
    size_t logged = (size_t)(place.txn - txn), commit = reader->image->commit;
    map->newest_commit = logged < commit ? commit - logged : 0;
    for (size_t i = 0; i < map->flush_count; i++)
        map->flushes[i].before += map->newest_commit;
    uint64_t older = reader->older_meta == NULL ? txn : map_u64(reader->older_meta + 32);
    map->older_commit =
        txn - older < map->newest_commit ? map->newest_commit - (size_t)(txn - older) : 0;
}
