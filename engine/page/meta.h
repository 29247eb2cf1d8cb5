/* engine/page/meta.h -- the record that names a checkpoint: the root of everything.
 *
 * Two meta blocks of 4 KiB, at byte 0 and at byte max(page, 4096); checkpoint n writes block n & 1.
 * A block holds the 512-byte record twice, at +0 and +2048, each in a sector of its own: the
 * newer valid copy counts, so one rotted byte or lost sector is corrected and never a step back.
 */
#ifndef TL_PAGE_META_H
#define TL_PAGE_META_H

#include "engine/page/page.h"

enum {
    TL_META_BLOCK_BYTES = 4096,
    TL_META_RECORD_BYTES = 512,
    TL_META_COPY_AT = 2048,
    TL_FORMAT_VERSION = 2, /* written; 1 is read too, and becomes 2 with the next checkpoint */
    TL_DISCIPLINE_SHADOW = 0,
    TL_SUM_CRC32C = 0,
};

typedef struct tl_meta {
    uint32_t version, features_incompat, features_compat, page_bytes;
    uint64_t ckpt_no;
    uint64_t txn; /* newest txn that the checkpoint holds */
    uint64_t log_salt, log_chain;
    tl_ref catalog;
    uint64_t page_count; /* pages that the file spans */
    uint64_t zone_digest;
    uint32_t discipline, sum_kind, max_key_bytes, record_bytes_max;
    uint64_t count; /* records in all trees */
    uint8_t uuid[16];
    uint32_t log_pad_bytes;
    uint32_t catalog_depth, tree_id_next; /* since version 2; in version 1 always 1 and 2 */
    /* since version 2 */
    uint64_t log_begin;                   /* where the frames behind `txn` begin in their file */
    uint32_t manifest_pgno, manifest_crc; /* the meta counts only if that holds; pgno 0: none */
    uint64_t log_bytes[2];                /* each log file has at least so many; 0: not said */
} tl_meta;

typedef enum tl_meta_verdict {
    TL_META_VALID,
    TL_META_NOT_OURS, /* no copy carries the magic number */
    TL_META_NEWER,    /* needs features or a version that this build lacks */
    TL_META_DAMAGED,  /* the magic number is there, the rest does not check out */
} tl_meta_verdict;

static inline uint64_t tl_meta_offset(uint32_t page_bytes, unsigned slot)
{
    return slot == 0 ? 0 : page_bytes > TL_META_BLOCK_BYTES ? page_bytes : TL_META_BLOCK_BYTES;
}

/* Pages that the two blocks take: they are never allocated. */
static inline uint32_t tl_meta_pages(uint32_t page_bytes)
{
    return page_bytes >= TL_META_BLOCK_BYTES ? 2 : 2 * TL_META_BLOCK_BYTES / page_bytes;
}

void tl_meta_encode(const tl_meta *meta, uint8_t block[TL_META_BLOCK_BYTES]);
tl_meta_verdict tl_meta_decode(const uint8_t block[TL_META_BLOCK_BYTES], tl_meta *meta);
/* The same of one of the two copies alone. */
tl_meta_verdict tl_meta_decode_copy(const uint8_t record[TL_META_RECORD_BYTES], tl_meta *meta);
/* Of two copies of a block that are both intact but differ, one is what a write left that never
 * arrived, or the same checkpoint's meta from before its manifest was dropped: is `one` the other?
 */
bool tl_meta_is_newer(const tl_meta *one, const tl_meta *other);

#endif
