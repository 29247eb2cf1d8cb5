/* engine/store/log_format.h -- offsets and checks of a frame, shared by writer and replay. */
#ifndef TL_STORE_LOG_FORMAT_H
#define TL_STORE_LOG_FORMAT_H

#include "engine/base/bytes.h"
#include "engine/base/checksum.h"
#include "engine/base/hash.h"
#include "engine/store/log.h"

enum tl_frame_offset {
    TL_AT_FRAME_CRC = 0,
    TL_AT_FRAME_OPS_BYTES = 4,
    TL_AT_FRAME_SALT = 8,
    TL_AT_FRAME_CKPT_NO = 16,
    TL_AT_FRAME_TXN = 24,
    TL_AT_FRAME_DURABLE = 32,
    TL_AT_FRAME_CHAIN = 40,
    TL_AT_FRAME_FLAGS = 48,
};

/* `origin` is the CRC32C of the database's uuid: a frame of another database that a user stored as
 * a value, whole and by chance on a sector boundary, is no frame of this one. */
static inline uint32_t tl_frame_checksum(uint32_t origin, const uint8_t *frame, size_t frame_bytes)
{
    return tl_crc32c(origin, frame + TL_AT_FRAME_OPS_BYTES, frame_bytes - TL_AT_FRAME_OPS_BYTES);
}

/* The chain value behind a frame. */
static inline uint64_t tl_frame_chain(uint64_t prev_chain, uint64_t txn, uint32_t crc)
{
    return tl_mix64(prev_chain ^ tl_mix64(txn) ^ crc);
}

static inline uint64_t tl_align_up(uint64_t value, uint64_t to)
{
    return (value + to - 1) & ~(to - 1);
}

#endif
