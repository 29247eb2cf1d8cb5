/* engine/base/checksum.h -- CRC32C, the checksum of pages, metas, zones and log frames.
 *
 * Polynomial 0x1edc6f41, reflected, initial value and final xor all ones (RFC 3720, appendix B.4).
 * It finds every burst of up to 32 bits.  Pure; any thread.
 */
#ifndef TL_BASE_CHECKSUM_H
#define TL_BASE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CRC32C of `data`, continuing `crc` (0 to begin): f(f(0, a), b) == f(0, ab). */
uint32_t tl_crc32c(uint32_t crc, const void *data, size_t size_bytes);

/* The same, and the bytes copied to `to`, which does not overlap them. */
uint32_t tl_crc32c_copy(uint32_t crc, void *to, const void *data, size_t size_bytes);

/* The ways behind it, for tests.  The hardware ones need tl_crc32c_has_hardware(). */
uint32_t tl_crc32c_table(uint32_t crc, const void *data, size_t size_bytes);
uint32_t tl_crc32c_hardware(uint32_t crc, const void *data, size_t size_bytes);
uint32_t tl_crc32c_hardware_copy(uint32_t crc, void *to, const void *data, size_t size_bytes);
bool tl_crc32c_has_hardware(void);

#endif
