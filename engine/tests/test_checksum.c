/* engine/tests/test_checksum.c -- CRC32C against published numbers and against itself. */
#include "engine/base/checksum.h"
#include "engine/base/hash.h"
#include "engine/tests/unit.h"

#include <string.h>

typedef uint32_t (*crc_fn)(uint32_t crc, const void *data, size_t size_bytes);

/* Every way to compute it that this machine has. */
static size_t ways(crc_fn *out)
{
    out[0] = tl_crc32c;
    out[1] = tl_crc32c_table;
    out[2] = tl_crc32c_hardware;
    return tl_crc32c_has_hardware() ? 3 : 2;
}

static void crc_of_published_vectors_is_the_published_number(void **state)
{
    (void)state;
    uint8_t zeros[32] = {0}, ones[32], up[32], down[32];
    memset(ones, 0xff, sizeof ones);
    for (unsigned i = 0; i < 32; i++) {
        up[i] = (uint8_t)i;
        down[i] = (uint8_t)(31 - i);
    }
    static const uint8_t iscsi_read[48] = {/* RFC 3720, B.4: a SCSI read (10) command PDU */
                                           0x01, 0xc0, 0, 0,    0,    0, 0, 0,    0,    0, 0,    0,
                                           0,    0,    0, 0,    0x14, 0, 0, 0,    0,    0, 0x04, 0,
                                           0,    0,    0, 0x14, 0,    0, 0, 0x18, 0x28, 0, 0,    0,
                                           0,    0,    0, 0,    0x02, 0, 0, 0,    0,    0, 0,    0};
    const struct {
        const void *data;
        size_t size_bytes;
        uint32_t crc;
    } rows[] = {
        {zeros,       32, 0x8a9136aa},
        {ones,        32, 0x62a8ab43},
        {up,          32, 0x46dd794e},
        {down,        32, 0x113fdb5c},
        {iscsi_read,  48, 0xd9963a56},
        {"123456789", 9,  0xe3069283},
        {"",          0,  0x00000000},
    };
    crc_fn way[3];
    size_t way_count = ways(way);
    for (size_t w = 0; w < way_count; w++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            assert_int_equal(way[w](0, rows[i].data, rows[i].size_bytes), rows[i].crc);
}

enum { LENGTH_MAX = 4000, SLACK = 64 };

static void fill(uint8_t *bytes, size_t size_bytes, uint64_t *random)
{
    for (size_t i = 0; i < size_bytes; i++)
        bytes[i] = (uint8_t)tl_random_next(random);
}

static void hardware_equals_table_at_every_length_and_alignment(void **state)
{
    (void)state;
    if (!tl_crc32c_has_hardware())
        skip();
    uint64_t random = unit_seed(__func__);
    static uint8_t bytes[LENGTH_MAX + SLACK];
    fill(bytes, sizeof bytes, &random);
    for (size_t length = 0; length <= LENGTH_MAX; length++) {
        const uint8_t *at = bytes + unit_below(&random, SLACK);
        uint32_t crc = (uint32_t)tl_random_next(&random);
        assert_int_equal(tl_crc32c_hardware(crc, at, length), tl_crc32c_table(crc, at, length));
    }
}

static void a_summed_copy_is_the_bytes_and_their_crc_and_nothing_beside(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    static uint8_t bytes[LENGTH_MAX + SLACK], copy[LENGTH_MAX + 2 * SLACK];
    fill(bytes, sizeof bytes, &random);
    for (size_t length = 0; length <= LENGTH_MAX; length++) {
        const uint8_t *at = bytes + unit_below(&random, SLACK);
        size_t to = 1 + unit_below(&random, SLACK);
        uint32_t crc = (uint32_t)tl_random_next(&random);
        memset(copy, 0x5a, sizeof copy);
        assert_int_equal(tl_crc32c_copy(crc, copy + to, at, length),
                         tl_crc32c_table(crc, at, length));
        assert_memory_equal(copy + to, at, length);
        assert_int_equal(copy[to - 1], 0x5a);
        assert_int_equal(copy[to + length], 0x5a);
    }
}

static void crc_continues_over_any_cut(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    static uint8_t bytes[LENGTH_MAX];
    fill(bytes, sizeof bytes, &random);
    crc_fn way[3];
    size_t way_count = ways(way);
    for (unsigned round = 0; round < 2000; round++) {
        size_t length = unit_below(&random, LENGTH_MAX + 1);
        size_t cut = unit_below(&random, (uint32_t)length + 1);
        for (size_t w = 0; w < way_count; w++)
            assert_int_equal(way[w](way[w](0, bytes, cut), bytes + cut, length - cut),
                             way[w](0, bytes, length));
    }
}

static void crc_notices_every_flipped_bit(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    static uint8_t bytes[1024];
    fill(bytes, sizeof bytes, &random);
    uint32_t whole = tl_crc32c(0, bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_not_equal(tl_crc32c(0, bytes, sizeof bytes), whole);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_of_published_vectors_is_the_published_number),
        cmocka_unit_test(hardware_equals_table_at_every_length_and_alignment),
        cmocka_unit_test(a_summed_copy_is_the_bytes_and_their_crc_and_nothing_beside),
        cmocka_unit_test(crc_continues_over_any_cut),
        cmocka_unit_test(crc_notices_every_flipped_bit),
    };
    return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
