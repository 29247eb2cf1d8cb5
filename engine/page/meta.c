/* engine/page/meta.c -- see meta.h; FORMAT.md explains each field. */
#include "engine/page/meta.h"
#include "engine/base/checksum.h"
#include "engine/base/mutant.h"

enum {
    AT_MAGIC = 0,
    AT_VERSION = 8,
    AT_INCOMPAT = 12,
    AT_COMPAT = 16,
    AT_PAGE_SHIFT = 20,
    AT_CKPT_NO = 24,
    AT_TXN = 32,
    AT_LOG_SALT = 40,
    AT_LOG_CHAIN = 48,
    AT_CATALOG = 56,
    AT_PAGE_COUNT = 64,
    AT_ZONE_DIGEST = 72,
    AT_DISCIPLINE = 80,
    AT_SUM_KIND = 84,
    AT_MAX_KEY = 88,
    AT_RECORD_MAX = 92,
    AT_RECORDS = 96,
    AT_UUID = 104,
    AT_LOG_PAD = 120,
    AT_CATALOG_DEPTH = 124,
    AT_TREE_ID_NEXT = 128,
    AT_LOG_BEGIN = 136,
    AT_MANIFEST = 144,
    AT_LOG_BYTES = 152,
    AT_CRC = TL_META_RECORD_BYTES - 4,
};

enum { LOG_BEGIN_FIRST = 4096 }; /* behind the header of a log file */

static const uint8_t magic[8] = {'t', 'r', 'e', 'e', 'l', 'a', 'b', 0x1a};

static void record_encode(const tl_meta *meta, uint8_t *at)
{
    memcpy(at + AT_MAGIC, magic, sizeof magic);
    tl_store32(at + AT_VERSION, meta->version);
    tl_store32(at + AT_INCOMPAT, meta->features_incompat);
    tl_store32(at + AT_COMPAT, meta->features_compat);
    tl_store32(at + AT_PAGE_SHIFT, (uint32_t)__builtin_ctz(meta->page_bytes));
    tl_store64(at + AT_CKPT_NO, meta->ckpt_no);
    tl_store64(at + AT_TXN, meta->txn);
    tl_store64(at + AT_LOG_SALT, meta->log_salt);
    tl_store64(at + AT_LOG_CHAIN, meta->log_chain);
    tl_store32(at + AT_CATALOG, meta->catalog.pgno);
    tl_store32(at + AT_CATALOG + 4, meta->catalog.tag);
    tl_store64(at + AT_PAGE_COUNT, meta->page_count);
    tl_store64(at + AT_ZONE_DIGEST, meta->zone_digest);
    tl_store32(at + AT_DISCIPLINE, meta->discipline);
    tl_store32(at + AT_SUM_KIND, meta->sum_kind);
    tl_store32(at + AT_MAX_KEY, meta->max_key_bytes);
    tl_store32(at + AT_RECORD_MAX, meta->record_bytes_max);
    tl_store64(at + AT_RECORDS, meta->count);
    memcpy(at + AT_UUID, meta->uuid, sizeof meta->uuid);
    tl_store32(at + AT_LOG_PAD, meta->log_pad_bytes);
    if (meta->version >= 2) { /* a record of version 1 is written again as it was found */
        tl_store32(at + AT_CATALOG_DEPTH, meta->catalog_depth);
        tl_store32(at + AT_TREE_ID_NEXT, meta->tree_id_next);
        tl_store64(at + AT_LOG_BEGIN, meta->log_begin);
        tl_store32(at + AT_MANIFEST, meta->manifest_pgno);
        tl_store32(at + AT_MANIFEST + 4, meta->manifest_crc);
        tl_store64(at + AT_LOG_BYTES, meta->log_bytes[0]);
        tl_store64(at + AT_LOG_BYTES + 8, meta->log_bytes[1]);
    }
    tl_store32(at + AT_CRC, tl_crc32c(0, at, AT_CRC));
}

void tl_meta_encode(const tl_meta *meta, uint8_t block[TL_META_BLOCK_BYTES])
{
    memset(block, 0, TL_META_BLOCK_BYTES);
    record_encode(meta, block);
    memcpy(block + TL_META_COPY_AT, block, TL_META_RECORD_BYTES);
}

static tl_meta_verdict fields_verdict(const tl_meta *meta, uint32_t page_shift)
{
    if (meta->version > TL_FORMAT_VERSION || meta->features_incompat != 0 ||
        meta->discipline != TL_DISCIPLINE_SHADOW || meta->sum_kind != TL_SUM_CRC32C)
        return TL_META_NEWER;
    bool sound =
        meta->version != 0 && page_shift < 32 && tl_page_bytes_valid(meta->page_bytes) &&
        meta->max_key_bytes >= 1 &&
        meta->max_key_bytes <= tl_page_key_bytes_limit(meta->page_bytes) &&
        meta->record_bytes_max == tl_page_record_bytes_max(meta->page_bytes, meta->max_key_bytes) &&
        meta->page_count <= UINT32_MAX && meta->catalog_depth >= 1 &&
        meta->catalog_depth <= TL_TREE_DEPTH_MAX && meta->tree_id_next > TL_TREE_FIRST &&
        (meta->log_pad_bytes == 512 || meta->log_pad_bytes == 4096) &&
        meta->log_begin >= LOG_BEGIN_FIRST && meta->log_begin % 512 == 0;
    return sound ? TL_META_VALID : TL_META_DAMAGED;
}

tl_meta_verdict tl_meta_decode_copy(const uint8_t at[TL_META_RECORD_BYTES], tl_meta *meta)
{
    if (memcmp(at + AT_MAGIC, magic, sizeof magic) != 0)
        return TL_META_NOT_OURS;
    if (tl_load32(at + AT_CRC) != tl_crc32c(0, at, AT_CRC) && !TL_MUTANT(skip_meta_crc))
        return TL_META_DAMAGED;
    uint32_t page_shift = tl_load32(at + AT_PAGE_SHIFT);
    tl_meta made = {
        .version = tl_load32(at + AT_VERSION),
        .features_incompat = tl_load32(at + AT_INCOMPAT),
        .features_compat = tl_load32(at + AT_COMPAT),
        .page_bytes = page_shift < 32 ? UINT32_C(1) << page_shift : 0,
        .ckpt_no = tl_load64(at + AT_CKPT_NO),
        .txn = tl_load64(at + AT_TXN),
        .log_salt = tl_load64(at + AT_LOG_SALT),
        .log_chain = tl_load64(at + AT_LOG_CHAIN),
        .catalog = {tl_load32(at + AT_CATALOG), tl_load32(at + AT_CATALOG + 4)},
        .page_count = tl_load64(at + AT_PAGE_COUNT),
        .zone_digest = tl_load64(at + AT_ZONE_DIGEST),
        .discipline = tl_load32(at + AT_DISCIPLINE),
        .sum_kind = tl_load32(at + AT_SUM_KIND),
        .max_key_bytes = tl_load32(at + AT_MAX_KEY),
        .record_bytes_max = tl_load32(at + AT_RECORD_MAX),
        .count = tl_load64(at + AT_RECORDS),
        .log_pad_bytes = tl_load32(at + AT_LOG_PAD),
    };
    made.catalog_depth = made.version < 2 ? 1 : tl_load32(at + AT_CATALOG_DEPTH);
    made.tree_id_next = made.version < 2 ? TL_TREE_FIRST + 1 : tl_load32(at + AT_TREE_ID_NEXT);
    made.manifest_pgno = made.version < 2 ? 0 : tl_load32(at + AT_MANIFEST);
    made.manifest_crc = made.version < 2 ? 0 : tl_load32(at + AT_MANIFEST + 4);
    for (unsigned i = 0; i < 2; i++)
        made.log_bytes[i] = made.version < 2 ? 0 : tl_load64(at + AT_LOG_BYTES + 8 * i);
    made.log_begin = made.version < 2 ? LOG_BEGIN_FIRST : tl_load64(at + AT_LOG_BEGIN);
    memcpy(made.uuid, at + AT_UUID, sizeof made.uuid);
    tl_meta_verdict verdict = fields_verdict(&made, page_shift);
    if (verdict == TL_META_VALID)
        *meta = made;
    return verdict;
}

bool tl_meta_is_newer(const tl_meta *one, const tl_meta *other)
{
    if (one->ckpt_no != other->ckpt_no)
        return one->ckpt_no > other->ckpt_no;
    return one->manifest_pgno == 0 && other->manifest_pgno != 0;
}

tl_meta_verdict tl_meta_decode(const uint8_t block[TL_META_BLOCK_BYTES], tl_meta *meta)
{
    tl_meta two;
    tl_meta_verdict first = tl_meta_decode_copy(block, meta);
    tl_meta_verdict second = tl_meta_decode_copy(block + TL_META_COPY_AT, &two);
    if (second == TL_META_VALID && (first != TL_META_VALID || tl_meta_is_newer(&two, meta))) {
        *meta = two;
        return second;
    }
    return first == TL_META_NOT_OURS ? second : first;
}
