/* engine/tests/test_pairs.c -- the table of option combinations keeps what its name promises. */
#include "engine/tests/support/check.h"
#include "engine/tests/support/cover.h"
#include "engine/tests/support/pairs.h"

#include <inttypes.h>
#include <stdlib.h>

static pairs *made(const unsigned *counts, unsigned axis_count)
{
    pairs *out = malloc(sizeof *out);
    assert_non_null(out);
    pairs_make(out, counts, axis_count);
    return out;
}

static void every_pair_of_values_occurs_in_some_row(void **state)
{
    /* clang-format off */ /* version 14 stops at rows of unequal length */
    static const unsigned shapes[][PAIRS_AXES_MAX] = {
        {2, 2}, {1, 7, 1}, {5, 3, 2, 3, 2}, {5, 5, 5, 5, 5, 5}, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}};
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        unsigned axes = 0, longest = 0, second = 0;
        for (; axes < PAIRS_AXES_MAX && shapes[i][axes] != 0; axes++) {
            unsigned count = shapes[i][axes];
            second = count > longest ? longest : count > second ? count : second;
            longest = count > longest ? count : longest;
        }
        pairs *rows = made(shapes[i], axes);
        assert_int_equal(0, pairs_missing(rows));
        assert_true(rows->row_count >= longest * second);     /* fewer cannot be */
        assert_true(rows->row_count <= 2 * longest * second); /* more would be careless */
        free(rows);
    }
}

static void a_row_taken_away_leaves_pairs_without_a_place(void **state)
{
    static const unsigned counts[] = {5, 4, 3, 2};
    (void)state;
    pairs *rows = made(counts, 4);
    rows->row_count--;
    assert_true(pairs_missing(rows) > 0);
    free(rows);
}

static void the_same_axes_give_the_same_rows(void **state)
{
    static const unsigned counts[] = {6, 5, 4, 3, 2};
    (void)state;
    pairs *once = made(counts, 5), *again = made(counts, 5);
    assert_memory_equal(once, again, sizeof *once);
    free(once);
    free(again);
}

static void every_two_options_of_the_engine_meet(void **state)
{
    (void)state;
    uint64_t pair_count;
    assert_int_equal(0, cover_missing(&pair_count));
    assert_true(pair_count > 0);
    print_message("%u rows cover %" PRIu64 " pairs\n", cover_count(), pair_count);
}

/* A row of options says by name what it chooses. */
static void every_row_of_a_registry_is_chosen_by_some_row(void **state)
{
    (void)state;
    char name[COVER_NAME_BYTES];
    const char *const *registries[] = {tl_commit_protocols(), tl_leaf_modes(), tl_splits(),
                                       tl_fills(), tl_space_policies()};
    for (size_t r = 0; r < sizeof registries / sizeof registries[0]; r++)
        for (const char *const *each = registries[r]; *each != NULL; each++) {
            unsigned found = 0;
            for (unsigned row = 0; row < cover_count(); row++) {
                tl_env_options options = {.flags = 0};
                cover_apply(row, &options, name);
                const char *chosen[] = {options.commit, options.leaf, options.split, options.fill,
                                        options.space};
                found += strcmp(chosen[r], *each) == 0;
                assert_non_null(strstr(name, chosen[r]));
            }
            assert_true(found > 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_values_occurs_in_some_row),
        cmocka_unit_test(a_row_taken_away_leaves_pairs_without_a_place),
        cmocka_unit_test(the_same_axes_give_the_same_rows),
        cmocka_unit_test(every_two_options_of_the_engine_meet),
        cmocka_unit_test(every_row_of_a_registry_is_chosen_by_some_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
