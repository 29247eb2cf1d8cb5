/* harness/measure/hdr_codec.c -- see hdr_codec.h for the format.
 *
 * The decoder believes nothing: lengths are compared with what is there before memory is taken, a
 * payload may be longer than its stream could hold only by zlib's best ratio, counts stay within
 * the slots and their sum within 63 bits.
 */
#include "harness/measure/hdr_codec.h"

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    OUTER_BYTES = 8,
    INNER_BYTES = 40,
    COUNT_BYTES_MAX = 9,
    DEFLATE_RATIO_MAX = 1040, /* no zlib stream grows by more */
};
static const uint32_t outer_cookie = 0x1c849314, inner_cookie = 0x1c849313;
static const uint32_t cookie_base = 0x1c849300, cookie_base_mask = 0xffffff00;

/* Big-endian numbers. */

static void put_number(unsigned char *at, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; number >>= 8)
        at[i] = (unsigned char)number;
}

static uint64_t get_number(const unsigned char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

/* Signed numbers of variable length. */

static size_t put_signed(unsigned char *at, int64_t number)
{
    uint64_t rest = ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0);
    size_t bytes = 0;
    for (; bytes < COUNT_BYTES_MAX - 1 && rest >= 0x80; rest >>= 7)
        at[bytes++] = (unsigned char)(rest | 0x80);
    at[bytes++] = (unsigned char)rest; /* the ninth byte takes all eight bits that are left */
    return bytes;
}

/* How many bytes the number took; 0: it runs past `size_bytes`. */
static size_t get_signed(const unsigned char *at, size_t size_bytes, int64_t *number)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size_bytes && i < COUNT_BYTES_MAX; i++) {
        bool last = i == COUNT_BYTES_MAX - 1 || at[i] < 0x80;
        uint64_t part = i == COUNT_BYTES_MAX - 1 ? at[i] : at[i] & 0x7f;
        bits |= part << (7 * i);
        if (!last)
            continue;
        *number = (int64_t)((bits >> 1) ^ ((bits & 1) != 0 ? UINT64_MAX : 0));
        return i + 1;
    }
    return 0;
}

/* Encoding. */

static size_t used_slots(const uint64_t *slots, size_t slot_count)
{
    while (slot_count > 1 && slots[slot_count - 1] == 0)
        slot_count--;
    return slot_count;
}

/* Bytes of the payload; 0: a count is too large. */
static size_t put_payload(unsigned char *at, const uint64_t *slots, size_t slot_count)
{
    size_t bytes = 0;
    for (size_t slot = 0; slot < slot_count;) {
        int64_t zeros = 0;
        while (slot < slot_count && slots[slot] == 0) {
            zeros++;
            slot++;
        }
        if (zeros > 0) {
            bytes += put_signed(at + bytes, zeros == 1 ? 0 : -zeros);
            continue;
        }
        if (slots[slot] > INT64_MAX)
            return 0;
        bytes += put_signed(at + bytes, (int64_t)slots[slot++]);
    }
    return bytes;
}

/* What is allocated here has the size of the layout, or a step, never one that depends on the
 * counts. Times fill a histogram otherwise in each run; the heap behind it is the same
 * nevertheless, and so are the instructions that later allocations take, which the gate counts. */
enum { TEXT_STEP_BYTES = 4096 };

static tl_status text_of(const unsigned char *bytes, size_t size_bytes, char **text)
{
    size_t length = BASE64_ENCODE_RAW_LENGTH(size_bytes);
    char *made = malloc((length / TEXT_STEP_BYTES + 1) * TEXT_STEP_BYTES);
    if (made == NULL)
        return TL_NO_MEMORY;
    base64_encode_raw(made, size_bytes, bytes);
    made[length] = '\0';
    *text = made;
    return TL_OK;
}

static tl_status compressed_text(const unsigned char *inner, size_t size_bytes,
                                 size_t capacity_bytes, char **text)
{
    uLongf stream_bytes = compressBound((uLong)capacity_bytes);
    unsigned char *outer = malloc(OUTER_BYTES + stream_bytes);
    tl_status status = TL_NO_MEMORY;
    if (outer != NULL &&
        compress(outer + OUTER_BYTES, &stream_bytes, inner, (uLong)size_bytes) == Z_OK) {
        put_number(outer, outer_cookie, 4);
        put_number(outer + 4, stream_bytes, 4);
        status = text_of(outer, OUTER_BYTES + stream_bytes, text);
    }
    free(outer);
    return status;
}

static tl_status encode(const tl_hdr_layout *layout, const uint64_t *slots, char **text)
{
    size_t slot_count = used_slots(slots, layout->slot_count);
    size_t capacity_bytes = INNER_BYTES + layout->slot_count * COUNT_BYTES_MAX;
    unsigned char *inner = malloc(capacity_bytes);
    if (inner == NULL)
        return TL_NO_MEMORY;
    size_t payload_bytes = put_payload(inner + INNER_BYTES, slots, slot_count);
    put_number(inner, inner_cookie, 4);
    put_number(inner + 4, payload_bytes, 4);
    put_number(inner + 8, 0, 4);
    put_number(inner + 12, layout->figures, 4);
    put_number(inner + 16, layout->lowest, 8);
    put_number(inner + 24, layout->highest, 8);
    put_number(inner + 32, UINT64_C(0x3ff0000000000000), 8); /* 1.0 */
    tl_status status = payload_bytes == 0 ? TL_INVALID
                                          : compressed_text(inner, INNER_BYTES + payload_bytes,
                                                            capacity_bytes, text);
    free(inner);
    return status;
}

tl_status tl_hdr_encode(const tl_hdr *hdr, char **text)
{
    return encode(&hdr->layout, hdr->slots, text);
}

tl_status tl_histogram_encode(const tl_histogram *histogram, char **text)
{
    tl_hdr_layout layout = tl_hdr_layout_of_histogram();
    return encode(&layout, histogram->slots, text);
}

/* Decoding. */

static tl_status refuse(const char **problem, tl_status status, const char *text)
{
    *problem = text;
    return status;
}

static tl_status check_cookie(uint64_t cookie, uint32_t wanted, const char **problem)
{
    if (cookie == wanted)
        return TL_OK;
    if ((cookie & cookie_base_mask) == cookie_base)
        return refuse(problem, TL_UNSUPPORTED,
                      "a histogram in another encoding than V2 compressed");
    return refuse(problem, TL_CORRUPT, "not a histogram: the first bytes are other ones");
}

/* All counts of the payload; their sum stays within 63 bits. */
static tl_status read_payload(const unsigned char *at, size_t size_bytes, tl_hdr *hdr,
                              const char **problem)
{
    size_t slot = 0;
    while (size_bytes > 0) {
        int64_t number = 0;
        size_t used = get_signed(at, size_bytes, &number);
        if (used == 0)
            return refuse(problem, TL_CORRUPT, "the last count is cut off");
        at += used;
        size_bytes -= used;
        uint64_t step = number < 0 ? 0 - (uint64_t)number : 1;
        if (step > hdr->layout.slot_count - slot)
            return refuse(problem, TL_CORRUPT, "more counts than the layout has buckets");
        if (number > 0) {
            hdr->slots[slot] = (uint64_t)number;
            hdr->count += (uint64_t)number;
            if (hdr->count > INT64_MAX)
                return refuse(problem, TL_CORRUPT, "the counts add up to more than 2^63");
        }
        slot += (size_t)step;
    }
    return TL_OK;
}

/* Take `size_bytes` bytes out of the stream; false when it has fewer or is damaged. */
static bool take(z_stream *stream, unsigned char *bytes, size_t size_bytes, bool to_the_end)
{
    stream->next_out = bytes;
    stream->avail_out = (uInt)size_bytes;
    int code = inflate(stream, Z_SYNC_FLUSH);
    if (stream->avail_out != 0 || (code != Z_OK && code != Z_STREAM_END))
        return false;
    if (!to_the_end || code == Z_STREAM_END)
        return true;
    unsigned char more; /* the end and its checksum may still lie ahead */
    stream->next_out = &more;
    stream->avail_out = 1;
    return inflate(stream, Z_SYNC_FLUSH) == Z_STREAM_END && stream->avail_out == 1;
}

static tl_status read_inner_header(const unsigned char *header, tl_hdr_layout *layout,
                                   const char **problem)
{
    tl_status status = check_cookie(get_number(header, 4), inner_cookie, problem);
    if (status != TL_OK)
        return status;
    if (get_number(header + 8, 4) != 0)
        return refuse(problem, TL_UNSUPPORTED, "a histogram with shifted buckets");
    if (!tl_hdr_layout_init(layout, get_number(header + 16, 8), get_number(header + 24, 8),
                            (uint32_t)get_number(header + 12, 4)))
        return refuse(problem, TL_CORRUPT, "its range and significant figures are not possible");
    return TL_OK;
}

static tl_status read_body(z_stream *stream, size_t stream_bytes, tl_hdr **out,
                           const char **problem)
{
    unsigned char header[INNER_BYTES];
    if (!take(stream, header, sizeof header, false))
        return refuse(problem, TL_CORRUPT, "the compressed data is damaged");
    tl_hdr_layout layout;
    tl_status status = read_inner_header(header, &layout, problem);
    if (status != TL_OK)
        return status;
    size_t payload_bytes = (size_t)get_number(header + 4, 4);
    if (payload_bytes > layout.slot_count * COUNT_BYTES_MAX ||
        payload_bytes > stream_bytes * DEFLATE_RATIO_MAX)
        return refuse(problem, TL_CORRUPT, "more counts than the data can hold");
    unsigned char *payload = malloc(payload_bytes + 1);
    tl_hdr *hdr = tl_hdr_new(&layout);
    if (payload == NULL || hdr == NULL)
        status = TL_NO_MEMORY;
    else if (!take(stream, payload, payload_bytes, true))
        status = refuse(problem, TL_CORRUPT, "the compressed data is damaged");
    else
        status = read_payload(payload, payload_bytes, hdr, problem);
    free(payload);
    if (status == TL_OK)
        *out = hdr;
    else
        tl_hdr_free(hdr);
    return status;
}

static tl_status read_outer(const unsigned char *bytes, size_t size_bytes, tl_hdr **hdr,
                            const char **problem)
{
    if (size_bytes < OUTER_BYTES)
        return refuse(problem, TL_CORRUPT, "shorter than a histogram's header");
    tl_status status = check_cookie(get_number(bytes, 4), outer_cookie, problem);
    if (status != TL_OK)
        return status;
    if (get_number(bytes + 4, 4) != size_bytes - OUTER_BYTES)
        return refuse(problem, TL_CORRUPT, "its length is not the one it was written with");
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)(bytes + OUTER_BYTES),
                       .avail_in = (uInt)(size_bytes - OUTER_BYTES)};
    if (inflateInit(&stream) != Z_OK)
        return TL_NO_MEMORY;
    status = read_body(&stream, size_bytes - OUTER_BYTES, hdr, problem);
    bool rest = stream.avail_in != 0;
    inflateEnd(&stream);
    if (status != TL_OK || !rest)
        return status;
    tl_hdr_free(*hdr);
    *hdr = NULL;
    return refuse(problem, TL_CORRUPT, "bytes behind the end of the compressed data");
}

tl_status tl_hdr_decode(const char *text, size_t size_bytes, tl_hdr **out, const char **problem)
{
    *problem = "";
    if (size_bytes > UINT32_MAX)
        return refuse(problem, TL_CORRUPT, "longer than any histogram");
    struct base64_decode_ctx context;
    size_t decoded_bytes = BASE64_DECODE_LENGTH(size_bytes);
    unsigned char *bytes = malloc(decoded_bytes + 1);
    if (bytes == NULL)
        return TL_NO_MEMORY;
    base64_decode_init(&context);
    tl_hdr *hdr = NULL;
    tl_status status = TL_OK;
    if (!base64_decode_update(&context, &decoded_bytes, bytes, size_bytes, text) ||
        !base64_decode_final(&context))
        status = refuse(problem, TL_CORRUPT, "not base64");
    else
        status = read_outer(bytes, decoded_bytes, &hdr, problem);
    free(bytes);
    if (status == TL_OK)
        *out = hdr;
    return status;
}
