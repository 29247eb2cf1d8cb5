/* harness/measure/hdr_codec.h -- histograms as text that HdrHistogram's tools read: "HISTF…".
 *
 *     base64 of  cookie u32 | length u32 | zlib stream of
 *                cookie u32 | payload bytes u32 | normalizing offset u32 | figures u32
 *                | lowest u64 | highest u64 | ratio f64 | payload            (all big-endian)
 *
 * The payload is a row of signed numbers, zigzag and in 7-bit groups from the low end, the ninth
 * byte whole: a count of the next slot, or -n for n slots that count nothing.  It ends with the
 * last slot that counts something.
 *
 * Source: the format is "V2 compressed" of HdrHistogram; tests exchange histograms with
 * its Java library.
 */
#ifndef TL_HARNESS_HDR_CODEC_H
#define TL_HARNESS_HDR_CODEC_H

#include "harness/measure/hdr.h"

#include "tl/status.h"

/* *text is released with free().  TL_INVALID: a count is above INT64_MAX.  TL_NO_MEMORY */
TL_MUST_USE tl_status tl_hdr_encode(const tl_hdr *hdr, char **text);
TL_MUST_USE tl_status tl_histogram_encode(const tl_histogram *histogram, char **text);

/* Read a histogram from `size_bytes` characters of text.
 *
 * TL_OK           *hdr is the caller's
 * TL_UNSUPPORTED  a histogram, but of another encoding (V0, V1, not compressed, normalized)
 * TL_CORRUPT      anything else; in both cases *problem says in one line what is wrong
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_hdr_decode(const char *text, size_t size_bytes, tl_hdr **hdr,
                                    const char **problem);

#endif
