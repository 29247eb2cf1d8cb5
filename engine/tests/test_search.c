/* engine/tests/test_search.c -- every way to search heads gives the same answer, and reads no
 * further than the heads.
 */
#include "engine/base/hash.h"
#include "engine/page/search.h"
#include "engine/tests/unit.h"

#include <sys/mman.h>

enum { HEADS_MAX = 1024, PAGE = 4096 };

static unsigned by_counting(const uint8_t *heads, unsigned count, uint32_t head)
{
    unsigned below = 0;
    for (unsigned i = 0; i < count; i++)
        below += tl_load32(heads + 4 * (size_t)i) < head;
    return below;
}

/* Heads that end where readable memory ends. */
static uint8_t *heads_at_the_edge(uint8_t *end, unsigned count, uint32_t step, uint32_t first)
{
    uint8_t *heads = end - 4 * (size_t)count;
    for (unsigned i = 0; i < count; i++)
        tl_store32(heads + 4 * (size_t)i, first + i * step);
    return heads;
}

static void check_all_ways(const uint8_t *heads, unsigned count, uint32_t head)
{
    unsigned wanted = by_counting(heads, count, head);
    assert_int_equal(wanted, tl_heads_lower(heads, count, head));
    for (const tl_search_way *way = tl_search_way_rows(); way->name != NULL; way++)
        if (way->available())
            assert_int_equal(wanted, way->lower(heads, count, head));
}

static void every_way_finds_the_same_place_and_reads_no_further(void **state)
{
    (void)state;
    uint8_t *memory =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    assert_int_equal(0, mprotect(memory + PAGE, PAGE, PROT_NONE));
    static const uint32_t steps[] = {0, 1, 3, 0x00200000};
    uint64_t random = 1;
    for (unsigned count = 0; count <= HEADS_MAX; count += count < 140 ? 1 : 61)
        for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
            uint8_t *heads = heads_at_the_edge(memory + PAGE, count, steps[s], 7);
            check_all_ways(heads, count, 0);
            check_all_ways(heads, count, UINT32_MAX);
            for (unsigned i = 0; i < 12; i++) {
                uint32_t near = (uint32_t)(tl_random_next(&random) % (count + 1)) * steps[s] + 7;
                check_all_ways(heads, count, near - 1);
                check_all_ways(heads, count, near);
                check_all_ways(heads, count, near + 1);
            }
        }
    munmap(memory, 2 * PAGE);
}

static void bytes_compare_as_memcmp_and_then_by_length(void **state)
{
    (void)state;
    for (unsigned size = 0; size < 40; size++)
        for (unsigned at = 0; at < size; at++)
            for (unsigned longer = 0; longer < 3; longer++) {
                uint8_t a[64], b[64];
                memset(a, 0x55, sizeof a);
                memset(b, 0x55, sizeof b);
                int by_length = longer != 0 ? -1 : 0;
                assert_int_equal(by_length, tl_bytes_compare(a, size, b, size + longer));
                assert_int_equal(-by_length, tl_bytes_compare(b, size + longer, a, size));
                b[at] = 0xaa; /* as signed bytes the order would be the other way */
                assert_true(tl_bytes_compare(a, size, b, size + longer) < 0);
                assert_true(tl_bytes_compare(b, size + longer, a, size) > 0);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_finds_the_same_place_and_reads_no_further),
        cmocka_unit_test(bytes_compare_as_memcmp_and_then_by_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
