/* engine/tests/test_page_map.c -- the map of a file's pages says what verifier and allocator do. */
#include "engine/tests/support/rig.h"

#include <string.h>

typedef struct tally {
    uint32_t next;
    uint64_t leaves, branches, values, catalog, other;
} tally;

static void count_page(void *context, const tl_page_info *info)
{
    tally *of = context;
    assert_int_equal(info->pgno, of->next++); /* ascending, none left out */
    assert_true(info->used_bytes <= info->usable_bytes);
    of->leaves += strcmp(info->kind, "leaf") == 0;
    of->branches += strcmp(info->kind, "branch") == 0;
    of->values += strcmp(info->kind, "value") == 0;
    of->catalog += strcmp(info->kind, "catalog") == 0;
    of->other += strcmp(info->kind, "other") == 0;
}

static void page_map_agrees_with_verifier_and_allocator(void **state)
{
    rig *on = *state;
    on->options.page_bytes = 4096;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 3000, 'a', 100);
    put_range(on->env, &on->truth, 5000, 20, 'b', 30000); /* values in pages of their own */
    tl_verify_summary summary;
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    tally counted = {0};
    check_ok(tl_env_pages(on->env, count_page, &counted));
    tl_env_info info;
    tl_env_info_get(on->env, &info);
    assert_int_equal(counted.next, info.page_count);
    assert_int_equal(counted.leaves, summary.leaves);
    assert_int_equal(counted.branches, summary.branches);
    assert_true(counted.branches > 0 && counted.catalog > 0);
    assert_in_range(counted.values, 20 * 30000 / 4096, 20 * (30000 / 4096 + 2));
    assert_int_equal(counted.other, 0);
    rig_compare(on); /* looking changed nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(page_map_agrees_with_verifier_and_allocator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
